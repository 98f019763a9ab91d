// What is said, in the language that is chosen.
import { STRINGS } from './strings.js';

let language = 'en';

export const languages = () => Object.keys(STRINGS);
export const current = () => language;

export function choose(wanted) {
  language = wanted in STRINGS ? wanted : 'en';
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text);
}

export function say(key, values = {}) {
  const text = STRINGS[language][key] ?? STRINGS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const nameOf = (code) => STRINGS[code].languageName;
export const number = (value) => new Intl.NumberFormat(language).format(value);
export const percent = (value) => new Intl.NumberFormat(language, { style: 'percent' }).format(value);
export const day = (text) => (text ? new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(text)) : '');
export const moment = (text) => (text ? new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' }).format(new Date(text)) : '');

export function bytes(value) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const style = { style: 'unit', unit: units[power], unitDisplay: power === 0 ? 'long' : 'short', maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language, style).format(value / 1000 ** power);
}

export function time(seconds) {
  return seconds >= 90 ? say('minutes', { count: number(Math.round(seconds / 60)) }) : say('seconds', { count: number(Math.ceil(seconds)) });
}
