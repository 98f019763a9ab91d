// What did not come through: a list to filter, and to take away as CSV or JSON.
import { element, part, save } from './dom.js';
import { count, knows, number, say } from './text.js';

/** Rows that are shown; the files have all. */
const MOST_ROWS = 500;
const COLUMNS = ['subject', 'reason', 'folder', 'id'];

/** In plain words; what the core calls otherwise stays what it is. */
const why = ({ status, reason }) => (knows(reason) ? say(reason) : status === 'failed' ? say(knows(`problem_${reason}`) ? `problem_${reason}` : 'failed') : (reason ?? ''));

export function showLeft(left, totals, reasons, name) {
  const all = totals.failed + totals.skipped;
  part('left').hidden = all === 0;
  part('left-title').textContent = count('leftTitle', all);
  const rows = Object.entries(reasons).map(([reason, items]) => element('li', { textContent: `${count('items', items)}: ${knows(reason) ? say(reason) : say('failed')}` }));
  part('left-reasons').replaceChildren(...rows);
  part('left-details').open = totals.failed > 0;
  const filter = part('filter');
  const show = () => {
    const wanted = filter.value.toLocaleLowerCase();
    const found = left.filter((item) => !wanted || COLUMNS.some((key) => shown(item, key).toLocaleLowerCase().includes(wanted)));
    part('left-table').tBodies[0].replaceChildren(...found.slice(0, MOST_ROWS).map(row));
  };
  filter.oninput = show;
  part('left-csv').onclick = () => save(new Blob([csv(left)], { type: 'text/csv' }), `${name}.left.csv`);
  part('left-json').onclick = () => save(new Blob([JSON.stringify(left, undefined, 1)], { type: 'application/json' }), `${name}.left.json`);
  part('left-most').textContent = left.length > MOST_ROWS ? say('leftMost', { count: number(MOST_ROWS) }) : '';
  show();
}

function row(item) {
  const tr = document.createElement('tr');
  for (const key of COLUMNS) tr.insertCell().textContent = shown(item, key);
  return tr;
}

const shown = (item, key) => (key === 'reason' ? why(item) : String(item[key] ?? (key === 'subject' ? say('noSubject') : '')));

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
