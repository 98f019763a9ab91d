// Whether an archive has changed since it was written: it is read again and compared with the log of its conversion.
import { part } from './dom.js';
import { engine } from './engine.js';
import { plainly } from './problems.js';
import { bytes, count, number, say } from './text.js';

/** Rows that are shown. */
const MOST_ROWS = 500;
/** What stands beside an archive, by the end of its name. */
const BESIDE = { log: '.items.jsonl', files: '.files.jsonl', report: '.report.json', page: '.report.html' };

/** Reads the archive among the files that were chosen, by the log among them. */
export async function check(chosen, ports) {
  const beside = Object.fromEntries(Object.entries(BESIDE).map(([key, end]) => [key, chosen.find(({ name }) => name.endsWith(end))]));
  const archives = chosen.filter((file) => !Object.values(beside).includes(file));
  if (archives.length === 0) throw plainly(say('checkNoArchive'));
  return engine.verify(archives, { log: beside.log, files: beside.files, ...ports });
}

export const verdict = ({ report }) => (report.differences === 0 ? say('checkedGood') : count('checkedBad', report.differences));

export function showChecked(outcome) {
  const { report, found } = outcome;
  part('checked').hidden = false;
  part('checked-title').textContent = verdict(outcome);
  const more = report.differences > MOST_ROWS ? say('checkedMost', { count: number(MOST_ROWS) }) : '';
  part('checked-text').textContent = [`${count('items', report.items)}, ${count('files', report.files)}, ${bytes(report.bytes)}.`, report.withoutProof ? say('checkedWithoutProof') : '', more].join(' ').trim();
  part('differences').hidden = found.length === 0;
  part('differences').querySelector('tbody').replaceChildren(
    ...found.slice(0, MOST_ROWS).map(({ kind, what, detail }) => {
      const row = document.createElement('tr');
      for (const text of [what, say(kind), detail]) row.insertCell().textContent = text;
      return row;
    }),
  );
}
