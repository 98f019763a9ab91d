// What did not come through: a list to filter, and to take away as CSV or JSON.
import { number, say } from './text.js';

/** Rows that are shown; the files have all. */
const MOST_ROWS = 500;
const COLUMNS = ['id', 'status', 'reason', 'folder', 'subject'];
const part = (name) => document.getElementById(name);

export function showLeft(left, name) {
  part('left').hidden = left.length === 0;
  const filter = part('filter');
  filter.value = '';
  const show = () => {
    const wanted = filter.value.toLocaleLowerCase();
    const rows = left.filter((item) => !wanted || COLUMNS.some((key) => shown(item, key).toLocaleLowerCase().includes(wanted)));
    part('left-table').tBodies[0].replaceChildren(...rows.slice(0, MOST_ROWS).map(row));
  };
  filter.oninput = show;
  part('left-csv').onclick = () => take(new Blob([csv(left)], { type: 'text/csv' }), `${name}.left.csv`);
  part('left-json').onclick = () => take(new Blob([JSON.stringify(left, undefined, 1)], { type: 'application/json' }), `${name}.left.json`);
  show();
  return left.length > MOST_ROWS ? say('leftMost', { count: number(MOST_ROWS) }) : '';
}

function row(item) {
  const tr = document.createElement('tr');
  for (const key of COLUMNS) tr.insertCell().textContent = shown(item, key);
  return tr;
}

function shown(item, key) {
  const value = String(item[key] ?? '');
  return key === 'status' || key === 'reason' ? say(value) : value;
}

/** RFC 4180; a cell that a spreadsheet would take for a formula starts with an apostrophe. */
export function csv(items) {
  const cell = (value) => {
    const text = String(value ?? '');
    const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  };
  const keys = ['id', 'status', 'reason', 'source', 'folder', 'subject'];
  return [keys, ...items.map((item) => keys.map((key) => item[key]))].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/** A link that saves a Blob. */
export function link(blob, name, text) {
  return Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name, textContent: text });
}

function take(blob, name) {
  const anchor = link(blob, name, '');
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
}
