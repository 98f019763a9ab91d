// Step 6: how it ended, what became of every file, and how it is imported there.
import { drawing, element, link, part } from './dom.js';
import { fatesOfReport } from './fates.js';
import { showLeft } from './left.js';
import { state } from './state.js';
import { target, titleOf } from './targets.js';
import { bytes, count, current, number, say, time } from './text.js';

const ARCHIVE = ['M4 4h16v16H4z', 'M4 9h16M10 13h4'];
const GOOD = ['M5 13l4 4L19 7'];
const BAD = ['M12 4v10M12 18v2'];

/** Links are made once: a page in another language has the same files. */
let links;

export function showDone(outcome, { name, given, inspection, isNew }) {
  const { report, kept } = outcome;
  const { available, migrated, failed } = report.totals;
  const { state: end } = report.outcome;
  const fates = fatesOfReport(given, report, inspection);
  const bad = fates.filter(({ isGood }) => !isGood);
  const values = { migrated: number(migrated), available: number(available) };
  const isGood = end === 'complete' && bad.length === 0 && !report.cancelled;
  const title = report.cancelled ? 'cancelled' : end === 'nothing_migrated' ? 'nothingMigrated' : isGood ? 'doneGood' : 'donePartly';
  part('done-title').textContent = ['doneGood', 'donePartly'].includes(title) ? count(title, migrated, values) : say(title, values);
  part('done-mark').className = `mark ${isGood ? 'good' : 'bad'}`;
  part('done-mark').replaceChildren(drawing(isGood ? GOOD : BAD));
  const text = [say('doneText', { bytes: bytes(report.totals.bytes), time: time(report.seconds) })];
  if (failed > 0) text.push(count('failedItems', failed));
  if (bad.length > 0) text.push(count('badFiles', bad.length));
  if (report.outcome.reasons?.some(({ what }) => what === 'stopped')) text.push(say('stopped'));
  if (isGood) text.push(say('nothingFailed'));
  part('done-text').textContent = text.join(' ');
  if (isNew) links = made(outcome, name);
  showArchives(report, kept, name, migrated);
  showFates(fates);
  showLeft(outcome.left, report.totals, report.reasons, name);
  part('done-links').replaceChildren(...links.map(({ anchor, key }) => Object.assign(anchor, { textContent: say(key) })));
  showImport(report, name, migrated);
}

function made({ report, page, log, files: list }, name) {
  const json = new Blob([JSON.stringify(report, undefined, 2)], { type: 'application/json' });
  const all = [];
  if (page) all.push({ key: 'page', anchor: Object.assign(link(page, `${name}.report.html`, ''), { id: 'page' }) });
  all.push({ key: 'log', anchor: Object.assign(link(log, `${name}.items.jsonl`, ''), { id: 'log' }) }, { key: 'report', anchor: link(json, `${name}.report.json`, '') });
  if (list.size > 0) all.push({ key: 'list', anchor: link(list, `${name}.files.jsonl`, '') });
  return all;
}

/** The archives: those that are saved by name and size, those that are not yet as buttons. */
function showArchives(report, kept, name, migrated) {
  const written = report.files.length > 0 ? report.files : [{ name, bytes: report.totals.bytes }];
  const archives = written.filter((one) => /\.(zip|tar|tgz|pst)$/i.test(one.name));
  const rows = (archives.length > 0 ? archives : [{ name, bytes: report.totals.bytes }]).map((one, at) => {
    const file = kept[at];
    const saved = file ? Object.assign(link(file.file, file.name, say('save')), { className: 'button' }) : element('span', { className: 'quiet', textContent: say('saved') });
    if (file && at === 0) saved.id = 'archive';
    return element('li', {}, drawing(ARCHIVE), element('div', { className: 'grow' }, element('span', { className: 'name', textContent: file?.name ?? one.name }), element('span', { className: 'quiet what', textContent: bytes(file?.file.size ?? one.bytes) })), saved);
  });
  part('archives').replaceChildren(...(migrated > 0 || kept.length > 0 ? rows : []));
}

function showFates(fates) {
  const rows = fates.map(({ name, text, remedy, isGood, raw }) => {
    const more = raw.length > 0 ? element('details', {}, element('summary', { textContent: say('details') }), element('pre', { textContent: raw.slice(0, 50).join('\n') })) : undefined;
    return element('li', { className: isGood ? 'good' : 'bad' }, drawing(isGood ? GOOD : BAD), element('div', { className: 'grow' }, element('span', { className: 'name', textContent: name }), element('span', { className: 'what', textContent: text }), remedy ? element('span', { className: 'quiet what', textContent: remedy }) : undefined, more));
  });
  part('fates').replaceChildren(...rows);
}

let guides = {};

/** How files are imported there: a file of its own, which is loaded while there is something else to wait for. */
export const loadGuides = async () => {
  guides = await fetch(new URL('./mailferry/guides.json', import.meta.url)).then((answer) => (answer.ok ? answer.json() : guides), () => guides);
};

function showImport(report, name, migrated) {
  const place = part('import');
  const known = { '': 'generic', pst: undefined, mbox: undefined, bundle: undefined };
  const key = state.target in known ? known[state.target] : state.target;
  place.hidden = true;
  if (migrated === 0) return;
  part('import-title').textContent = say('importTitle', { target: titleOf(state.target) });
  part('import-unpack').textContent = target() && !target().packaging.some((one) => name.endsWith(`.${one}`)) ? say('unpack') : '';
  const guide = key ? guides[key] : undefined;
  const language = current() === 'fr' ? 'fr' : 'en';
  // What the page has done already, or what is done with the command, is no step here.
  const said = (all = []) => all.filter((advice) => !advice.en.includes('`mailferry ')).map((advice) => element('li', {}, ...coded(filled(advice[language] ?? advice.en, name))));
  const steps = guide && state.target !== '' ? said(guide.steps) : [1, 2, 3].map((step) => say(`import_${state.target || 'archive'}_${step}`)).filter((text) => !text.startsWith('import_')).map((textContent) => element('li', { textContent }));
  part('import-steps').replaceChildren(...steps);
  const rest = (state.target !== '' && guide ? ['limits', 'time', 'check', 'undo'] : []).flatMap((part_) => {
    const lines = said(guide[part_]);
    return lines.length > 0 ? [element('h3', { textContent: say(`guide_${part_}`) }), element('ul', {}, ...lines)] : [];
  });
  part('import-rest').replaceChildren(...rest);
  part('import-more').hidden = rest.length === 0;
  for (const one of [part('import-steps'), part('import-rest')]) one.lang = guide && state.target !== '' ? language : current();
  place.hidden = steps.length === 0;
}

/** What stands between backticks is to be typed. */
const coded = (text) => text.split('`').map((part_, at) => (at % 2 === 1 ? element('code', { textContent: part_ }) : part_));

/** The name of this archive instead of the one that a guide makes up. */
function filled(text, name) {
  const stem = name.replace(/\.[^.]*$/, '');
  return text.replaceAll(`${state.target}.part001.`, `${stem}.part001.`).replaceAll(`${state.target}.zip`, name).replaceAll(`${state.target}.tgz`, name).replace(/\bDEST\b/g, stem);
}
