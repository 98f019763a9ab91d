// Whether an archive has changed since it was written: it is read again and compared with the log of its conversion.
import { engine } from './engine.js';
import { bytes, number, say } from './text.js';

/** Rows that are shown. */
const MOST_ROWS = 500;
const part = (id) => document.getElementById(id);
/** What stands beside an archive, by the end of its name. */
const BESIDE = { log: '.items.jsonl', files: '.files.jsonl', report: '.report.json', page: '.report.html' };

/** Reads the archive among the files that were chosen, by the log among them. */
export async function check(chosen, ports) {
  const beside = Object.fromEntries(Object.entries(BESIDE).map(([key, end]) => [key, chosen.find(({ name }) => name.endsWith(end))]));
  const archives = chosen.filter((file) => !Object.values(beside).includes(file));
  if (archives.length === 0) throw new Error(say('checkNoArchive'));
  return engine.verify(archives, { log: beside.log, files: beside.files, ...ports });
}

export function showChecked({ report, found }) {
  const values = { items: number(report.items), files: number(report.files), bytes: bytes(report.bytes), count: number(report.differences) };
  part('checked-title').textContent = say(report.differences === 0 ? 'checkedGood' : 'checkedBad', values);
  const more = report.differences > MOST_ROWS ? say('checkedMost', { count: number(MOST_ROWS) }) : '';
  part('checked-text').textContent = `${say('checkedText', values)} ${report.withoutProof ? say('checkedWithoutProof') : ''} ${more}`;
  part('differences').hidden = found.length === 0;
  part('differences').querySelector('tbody').replaceChildren(
    ...found.slice(0, MOST_ROWS).map(({ kind, what, detail }) => {
      const row = document.createElement('tr');
      for (const text of [say(kind), what, detail]) row.insertCell().textContent = text;
      return row;
    }),
  );
}
