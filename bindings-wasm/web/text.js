// What is said, in the language that is chosen: one file a language in lang/, loaded when it is wanted.
import en from './lang/en.js';

/** What the page says of itself, which reads it before there are modules; those that nobody who speaks them has read are marked. */
const LANGUAGES = document.documentElement.dataset.languages.split(' ');
const REVIEWED = ['en', 'fr'];

let language = 'en';
let strings = en;

export const current = () => language;

/** Loads a language; another is chosen where it cannot be had. */
export async function choose(wanted) {
  const code = LANGUAGES.includes(wanted) ? wanted : 'en';
  try {
    strings = code === 'en' ? en : (await import(`./lang/${code}.js`)).default;
    language = code;
  } catch {
    [language, strings] = ['en', en];
  }
  document.documentElement.lang = language;
  document.getElementById('language').value = language;
  document.getElementById('unreviewed').hidden = REVIEWED.includes(language);
  // What is said already is left alone: the page has its English text from the start.
  for (const element of document.querySelectorAll('[data-text]')) if (element.textContent !== say(element.dataset.text)) element.textContent = say(element.dataset.text);
  for (const element of document.querySelectorAll('[data-label]')) element.ariaLabel = say(element.dataset.label);
  for (const element of document.querySelectorAll('[data-placeholder]')) element.placeholder = say(element.dataset.placeholder);
}

export const knows = (key) => key in strings || key in en;

export function say(key, values = {}) {
  const text = strings[key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The same of so many: the key has a form for one and one for others. */
export function count(key, number_, values = {}) {
  const form = new Intl.PluralRules(language).select(number_);
  return say(knows(`${key}_${form}`) ? `${key}_${form}` : `${key}_other`, { count: number(number_), ...values });
}

export const number = (value) => new Intl.NumberFormat(language).format(value);
export const percent = (value) => new Intl.NumberFormat(language, { style: 'percent' }).format(value);
export const list = (values) => new Intl.ListFormat(language).format(values);
const dated = (text, style) => {
  const date = new Date(text);
  return text && !Number.isNaN(date.valueOf()) ? new Intl.DateTimeFormat(language, style).format(date) : '';
};
export const day = (text) => dated(text, { dateStyle: 'long' });
export const shortDay = (text) => dated(text, { dateStyle: 'medium' });
export const moment = (text) => dated(text, { dateStyle: 'full', timeStyle: 'short' });

export function bytes(value) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  const style = { style: 'unit', unit: units[power], unitDisplay: power === 0 ? 'long' : 'short', maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(language, style).format(value / 1000 ** power);
}

export function time(seconds) {
  if (seconds >= 5_400) return say('hours', { count: number(Math.round(seconds / 360) / 10) });
  return seconds >= 90 ? say('minutes', { count: number(Math.round(seconds / 60)) }) : say('seconds', { count: number(Math.max(1, Math.ceil(seconds))) });
}
