// Step 2: the files, what each of them is, and one look at all of them.
import { drawing, element, part } from './dom.js';
import { fates } from './fates.js';
import { keep } from './state.js';
import { bytes, count, list, say } from './text.js';

/** What was given: { name, file } or, of a folder, { name, entries: [{ path, blob }] }. */
let given = [];

export const sources = () => given.map(({ name, file, entries }) => (entries ? { name, entries } : { name, blob: file }));
export const names = () => given.map(({ name }) => name);
export const size = () => given.reduce((sum, one) => sum + sizeOf(one), 0);
const sizeOf = ({ file, entries }) => (entries ? entries.reduce((sum, { blob }) => sum + blob.size, 0) : file.size);

/** Adds files and folders; each has a name of its own. */
export function add(more) {
  for (const one of more) {
    const isThere = given.some((other) => other.name === one.name && sizeOf(other) === sizeOf(one) && other.file?.lastModified === one.file?.lastModified && !one.entries === !other.entries);
    if (!isThere) given.push({ ...one, name: free(one.name) });
  }
  keep({ names: names() });
}

function free(name) {
  let [own, number_] = [name, 2];
  while (given.some((other) => other.name === own)) own = name.replace(/(\.[^.]*)?$/, ` (${number_++})$1`);
  return own;
}

export function remove(name) {
  given = given.filter((one) => one.name !== name);
  keep({ names: names() });
}

export function clear() {
  given = [];
  keep({ names: [] });
}

/** What a chooser gave: files, or the files of one folder with their paths in it. */
export function chosen(files) {
  const folders = new Map();
  const single = [];
  for (const file of files) {
    const path = file.webkitRelativePath;
    if (!path) single.push({ name: file.name, file });
    else {
      const top = path.split('/')[0];
      if (!folders.has(top)) folders.set(top, []);
      folders.get(top).push({ path, blob: file });
    }
  }
  return [...single, ...[...folders].map(([name, entries]) => folder(name, entries))];
}

function folder(name, entries) {
  return { name, entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** What was dropped, the insides of folders too. To be called in the handler of the event, before anything is waited for. */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const all = [];
  for (const entry of entries) {
    if (!entry) continue;
    if (entry instanceof File) all.push({ name: entry.name, file: entry });
    else if (entry.isFile) all.push({ name: entry.name, file: await fileOf(entry) });
    else all.push(folder(entry.name, await insides(entry)));
  }
  return all;
}

const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function insides(top) {
  const found = [];
  const waiting = [top];
  while (waiting.length > 0) {
    const directory = waiting.pop();
    const reader = directory.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) break;
      for (const entry of some) {
        if (entry.isDirectory) waiting.push(entry);
        else found.push({ path: entry.fullPath.replace(/^\//, ''), blob: await fileOf(entry) });
      }
    }
  }
  return found;
}

const FILE = ['M6 3h8l4 4v14H6z', 'M14 3v4h4'];
const FOLDER = ['M3 6h7l2 3h9v10H3z'];
const PACKED = ['M4 4h16v16H4z', 'M4 9h16M10 13h4'];

/** The files in a list, the parts of a Takeout as one; with what became of each where that is known. */
export function showGiven(inspection, perSource, onRemove) {
  const told = inspection ? fates(given, inspection, perSource) : [];
  const rows = grouped(given).map(({ title, members }) => {
    const own = members.map(({ name }) => told.find((fate) => fate.name === name)).filter(Boolean);
    const bad = own.filter(({ isGood }) => !isGood);
    const items = own.reduce((sum, fate) => sum + fate.items, 0);
    const what = own.length === 0 ? '' : bad.length > 0 ? list(bad.map(({ text }) => text)) : count('items', items);
    const size_ = members.reduce((sum, one) => sum + sizeOf(one), 0);
    const details = members.length > 1 ? count('parts', members.length) : members[0].entries ? count('files', members[0].entries.length) : '';
    const gone = element('button', { type: 'button', className: 'close', textContent: '✕', ariaLabel: say('removeFile', { name: title }) });
    gone.addEventListener('click', () => onRemove(members.map(({ name }) => name)));
    return element(
      'li',
      { className: bad.length > 0 ? 'bad' : '' },
      drawing(members.length > 1 || /\.(zip|tgz|tar)$/i.test(title) ? PACKED : members[0].entries ? FOLDER : FILE),
      element('div', { className: 'grow' }, element('span', { className: 'name', textContent: title }), element('span', { className: 'quiet what', textContent: [details, bytes(size_), what].filter(Boolean).join(' · ') })),
      gone,
    );
  });
  part('given').replaceChildren(...rows);
  part('given').hidden = rows.length === 0;
}

const TAKEOUT_PART = /^(takeout-\d{8}T\d{6}Z(?:-\d+)?)-\d{3}\.(zip|tgz)$/i;

/** The parts of one Takeout are one. */
function grouped(all) {
  const groups = new Map();
  for (const one of all) {
    const [, set] = TAKEOUT_PART.exec(one.name) ?? [];
    const key = set ?? `=${one.name}`;
    if (!groups.has(key)) groups.set(key, { title: set ? `Google Takeout ${set.replace(/^takeout-(\d{4})(\d\d)(\d\d).*/i, '$1-$2-$3')}` : one.name, members: [] });
    groups.get(key).members.push(one);
  }
  for (const group of groups.values()) if (group.members.length === 1) group.title = group.members[0].name;
  return [...groups.values()];
}
