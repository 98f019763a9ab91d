// Step 4: what goes. Simple first; what is folded away is for those who want more.
import { element, part } from './dom.js';
import { savesWhere } from './save.js';
import { keep, ordered, state } from './state.js';
import { form, takes, target } from './targets.js';
import { bytes, count, number, say } from './text.js';
import { Tree, foldersTold } from './tree.js';

/** How packagings are called where that is not their word. */
const PACKAGING = { zip: 'ZIP', tgz: 'tar.gz', pst: 'PST (Outlook)' };
const FIELDS = { after: 'after', before: 'before', 'by-from': 'from', 'by-to': 'to', 'by-subject': 'subject', sample: 'sample', packaging: 'packaging', split: 'split' };
const BOXES = { 'skip-spam': 'skipSpam', dedupe: 'dedupe', compress: 'compress', mend: 'mend' };

let found;
let items = [];
let words = [];
let changed = () => {};

const tree = new Tree(part('folders'), () => {
  keep({ foldersOff: tree.off() });
  tell();
});

/** Takes what the look found; what was chosen before stays, as far as it is there. */
export function setFound(inspection, all, packagings, onChange) {
  [found, items, words, changed] = [inspection, all, packagings, onChange];
  tree.set(found.folders, found.slashed, state.foldersOff);
}

/** Says everything in the language that is chosen, as it is chosen. */
export function showChoices() {
  if (!found) return;
  const kinds = ordered(found.kinds).map(([kind, { items: of }]) => {
    const isTaken = !takes() || takes().includes(kind);
    const box = element('input', { type: 'checkbox', name: 'kind', value: kind, checked: isTaken && !state.kindsOff.includes(kind), disabled: !isTaken });
    box.addEventListener('change', () => {
      keep({ kindsOff: state.kindsOff.filter((other) => other !== kind).concat(box.checked ? [] : kind) });
      tell();
    });
    const hint = element('small', { className: 'quiet', textContent: isTaken ? count('items', of) : say('notTaken', { count: number(of) }) });
    return element('label', { className: 'check' }, box, element('span', {}, element('span', { textContent: say(kind) }), hint));
  });
  part('kind-boxes').replaceChildren(...kinds);
  const years = Object.entries(found.years).toReversed();
  part('year').replaceChildren(new Option(say('everyYear'), ''), ...years.map(([year, { items: of }]) => new Option(`${year} (${number(of)})`, year)));
  part('year').value = state.after === `${state.after.slice(0, 4)}-01-01` && state.before === `${Number(state.after.slice(0, 4)) + 1}-01-01` ? state.after.slice(0, 4) : '';
  const packagings = target()?.packaging.filter((one) => one !== 'folder') ?? (form()?.packaging ? [form().packaging] : words.filter((one) => one !== 'pst'));
  const choices = packagings.length > 0 ? packagings : ['zip'];
  part('packaging').replaceChildren(...choices.map((word) => new Option(PACKAGING[word] ?? word, word)));
  for (const [id, name] of Object.entries(FIELDS)) part(id).value = state[name];
  if (part('packaging').selectedIndex < 0) part('packaging').selectedIndex = 0;
  part('packaging').disabled = choices.length === 1;
  for (const [id, name] of Object.entries(BOXES)) part(id).checked = state[name];
  part('sample').max = found.items;
  part('planned').replaceChildren();
  tree.show();
  tell();
}

for (const [id, name] of Object.entries(FIELDS)) {
  part(id).addEventListener('input', ({ target: { value } }) => {
    keep({ [name]: value });
    if (id === 'after' || id === 'before') part('year').value = '';
    tell();
  });
}
for (const [id, name] of Object.entries(BOXES)) {
  part(id).addEventListener('change', ({ target: { checked } }) => {
    keep({ [name]: checked });
    tell();
  });
}
part('year').addEventListener('change', ({ target: { value } }) => {
  keep({ after: value && `${value}-01-01`, before: value && `${Number(value) + 1}-01-01` });
  part('after').value = state.after;
  part('before').value = state.before;
  tell();
});
part('find-folder').addEventListener('input', ({ target: { value } }) => tree.find(value));
part('all-folders').addEventListener('click', () => tree.tickAll(true));
part('no-folders').addEventListener('click', () => tree.tickAll(false));

/** Folders for unwanted and deleted mail, and those below them. */
function unwanted() {
  const own = new Set(items.filter(({ role }) => role === 'trash' || role === 'junk').map(({ folder }) => folder));
  return (folder) => {
    for (let path = folder; path; path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) if (own.has(path)) return true;
    return false;
  };
}

/** What goes by the list of all items; of duplicates nothing is known before. */
function tell() {
  const isUnwanted = unwanted();
  const off = tree.offPaths();
  const contains = (text, wanted) => !wanted || (text ?? '').toLocaleLowerCase().includes(wanted.toLocaleLowerCase());
  let [goes, octets, spam, others] = [0, 0, 0, 0];
  for (const item of items) {
    const isSpam = isUnwanted(item.folder);
    spam += isSpam;
    const isOut =
      (takes() && !takes().includes(item.kind)) || state.kindsOff.includes(item.kind) || off.has(item.folder) || (state.skipSpam && isSpam) ||
      (item.date && ((state.after && item.date < state.after) || (state.before && item.date >= state.before))) ||
      !contains(item.from, state.from) || !contains(item.to, state.to) || !contains(item.subject, state.subject);
    if (isOut) continue;
    goes += 1;
    others += item.kind !== 'mail';
    octets += item.size ?? 0;
  }
  if (Number(state.sample) > 0) [goes, octets] = [Math.min(goes, Number(state.sample)), goes ? (octets * Math.min(goes, Number(state.sample))) / goes : 0];
  part('will').textContent = goes === 0 ? say('willNothing') : say(state.dedupe ? 'willMost' : 'will', { goes: number(goes), all: number(items.length), bytes: bytes(octets) });
  part('spam-count').textContent = count('items', spam);
  part('folders-count').textContent = foldersTold(tree);
  // A store alone takes mail; what goes beside it has a place in a ZIP archive.
  const stores = [...part('packaging').options].filter(({ value }) => value === 'pst' && !form()?.kinds);
  for (const option of stores) option.disabled = others > 0;
  if (part('packaging').selectedOptions[0]?.disabled) part('packaging').selectedIndex = [...part('packaging').options].findIndex(({ disabled }) => !disabled);
  // A bundle is one archive, whole.
  part('split').disabled = !['zip', 'pst'].includes(part('packaging').value) || state.target === 'bundle';
  const below = limit();
  part('save-how').textContent = below ? say(`${savesWhere}Parts`, { bytes: bytes(below) }) : say(savesWhere);
  part('planned').replaceChildren();
  changed(goes);
}

/** Octets that no archive is to reach, as the user or the target wants it. */
function limit() {
  if (part('split').disabled) return undefined;
  const asked = Number(state.split) > 0 ? Math.ceil(Number(state.split) * 1e6) : Infinity;
  const least = Math.min(asked, target()?.settings?.splitOctets ?? Infinity);
  return least === Infinity ? undefined : least;
}

/** What is asked for, as the library wants it; nothing that was left as it is. */
export function options() {
  const select = {};
  const kinds = Object.keys(found.kinds).filter((kind) => (!takes() || takes().includes(kind)) && !state.kindsOff.includes(kind));
  // What a target does not take is left out by it, and said so; a form without that knowledge is told.
  if (state.kindsOff.length > 0 || (form() && kinds.length < Object.keys(found.kinds).length)) select.kinds = kinds;
  if (tree.off().length > 0) select.skipFolders = tree.off();
  if (state.skipSpam) {
    select.skipTrash = true;
    select.skipJunk = true;
  }
  if (state.after) select.after = state.after;
  if (state.before) select.before = state.before;
  if (state.from.trim()) select.from = [state.from.trim()];
  if (state.to.trim()) select.to = [state.to.trim()];
  if (state.subject.trim()) select.subject = [state.subject.trim()];
  if (state.dedupe) select.dedupe = 'exact';
  if (Number(state.sample) > 0) select.sample = Number(state.sample);
  const asked = { packaging: part('packaging').value, select };
  if (target()) asked.target = state.target;
  else if (form()?.as) asked.as = form().as;
  if (limit()) asked.split = limit();
  if (state.compress) asked.zipLevel = 'fast';
  if (state.mend) asked.mend = true;
  return asked;
}

/** What the preview says, reason by reason. */
export function showPlan(plan) {
  const lines = [say('planGoes', { items: number(plan.goes.items), bytes: bytes(plan.goes.bytes) })];
  for (const [reason, { items: of }] of Object.entries(plan.refused)) lines.push(`${count('items', of)}: ${say(reason)}`);
  for (const [reason, { items: of }] of Object.entries(plan.leftOut)) lines.push(`${count('items', of)}: ${say(reason)}`);
  for (const [because, { items: of }] of Object.entries(plan.flagged)) lines.push(say('planFlagged', { items: number(of), because }));
  if (lines.length === 1) lines.push(say('planClear'));
  part('planned').replaceChildren(...lines.map((textContent) => element('p', { textContent })));
}
