// The page: look into files, then convert them.
import { check, showChecked } from './check.js';
import { engine } from './engine.js';
import { link, showLeft } from './left.js';
import { showMessage } from './message.js';
import { destination, destinations, forget, lacks, savesWhere } from './save.js';
import { bytes, choose, current, day, languages, nameOf, number, percent, say, time } from './text.js';
import { showTree, unticked } from './tree.js';

const part = (id) => document.getElementById(id);
const SECTIONS = ['choose', 'work', 'problem', 'found', 'done', 'checked'];

/** What is chosen among the targets and is none. */
const BUNDLE = 'bundle';

/** How packagings are called where that is not their word. */
const PACKAGING = { zip: 'ZIP', tgz: 'tar.gz', pst: 'PST (Outlook)' };

let files = [];
let found;
let targets = [];
let stop;
/** What says the page again when the language changes. */
let again = () => {};

function show(...sections) {
  for (const section of SECTIONS) part(section).hidden = !sections.includes(section);
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/* Choosing */

part('files').addEventListener('change', ({ target }) => look([...target.files]));
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    part('drop').classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type === 'drop' && !stop && event.dataTransfer.files.length > 0) look([...event.dataTransfer.files]);
  });
}

async function look(chosen) {
  files = chosen;
  try {
    found = await atWork('looking', (ports) => engine.inspect(files, ports));
    found.subjects = await engine.list(files, 8);
    if (targets.length === 0) {
      targets = await engine.targets();
      const { words } = (await engine.options()).find(({ name }) => name === 'packaging');
      part('packaging').replaceChildren(...words.map((word) => new Option(PACKAGING[word] ?? word, word)));
    }
    again = showFound;
    showFound();
    show('found');
    part('found-title').focus();
  } catch (error) {
    failed(error);
  }
}

part('check-files').addEventListener('change', async ({ target }) => {
  files = [...target.files];
  target.value = '';
  try {
    const outcome = await atWork('checking', (ports) => check(files, ports));
    again = () => showChecked(outcome);
    again();
    show('checked');
    part('checked-title').focus();
  } catch (error) {
    failed(error);
  }
});

function failed(error) {
  if (error.name === 'AbortError') {
    show('choose');
    part('files').focus();
    return;
  }
  part('problem-text').textContent = error.message;
  show('problem', 'choose', ...(found ? ['found'] : []));
  part('files').value = '';
}

/* While something is under way */

async function atWork(key, work) {
  stop = new AbortController();
  const names = files.map((file) => file.name).join(', ');
  const title = () => {
    part('work-title').textContent = say(key);
    document.title = `${say(key)} – mailferry`;
  };
  again = title;
  title();
  part('work-names').textContent = `${names} · ${bytes(files.reduce((sum, file) => sum + file.size, 0))}`;
  part('cancel').disabled = false;
  part('cancel').textContent = say('cancel');
  part('bar').removeAttribute('value');
  part('numbers').textContent = '';
  show('work');
  part('work-title').focus();
  try {
    return await work({ onProgress: progressShown(), signal: stop.signal });
  } finally {
    stop = undefined;
    document.title = 'mailferry';
  }
}

function progressShown() {
  let started = performance.now();
  let spoken = started;
  let before = false;
  return ({ position, total, available, surveying }) => {
    const now = performance.now();
    if (before && !surveying) started = now;
    before = surveying;
    const rate = position / ((now - started) / 1000 || 1);
    const share = total ? position / total : undefined;
    if (share !== undefined) part('bar').value = share;
    const left = total && now - started > 1_500 ? say('timeLeft', { time: time((total - position) / rate) }) : '';
    const values = { percent: share === undefined ? bytes(position) : percent(share), items: number(available), rate: number(Math.round(rate / 1e6)), left };
    part('numbers').textContent = `${surveying ? `${say('surveying')} · ` : ''}${say('progress', values)}`.replace(/ · $/, '');
    if (now - spoken > 10_000) {
      spoken = now;
      part('live').textContent = say('spoken', values);
    }
  };
}

part('cancel').addEventListener('click', () => {
  part('cancel').disabled = true;
  part('cancel').textContent = say('stopping');
  stop?.abort();
});

addEventListener('beforeunload', (event) => {
  if (!stop) return;
  event.preventDefault();
  event.returnValue = say('leave');
});

/* What was found */

function showFound() {
  part('found-title').textContent = say('found', { items: number(found.items), bytes: bytes(found.bytes) });
  const formats = [...new Set(found.sources.map(([, format]) => format.toUpperCase()))].join(', ');
  const span = found.earliest ? say('span', { earliest: day(found.earliest), latest: day(found.latest) }) : '';
  part('found-span').textContent = `${formats}. ${span}`;
  const problems = found.problems.slice(0, 20).map((problem) => element('li', { textContent: problem }));
  part('found-problems').replaceChildren(...problems);
  part('found-problems').hidden = problems.length === 0;
  showTree(part('folders'), found.folders, found.slashed);
  part('folders').ariaLabel = say('folders');
  const kinds = Object.entries(found.kinds).map(([kind, size]) => {
    const box = element('input', { type: 'checkbox', name: 'kind', value: kind, checked: true });
    return element('label', { className: 'check' }, box, ` ${say(kind)} (${number(size.items)})`);
  });
  part('kind-boxes').replaceChildren(...kinds);
  part('sample').max = found.items;
  showTargets();
  showYears();
  part('largest').replaceChildren(...found.largest.map((item) => element('li', {}, element('div', {}, opener(item), element('span', { className: 'size', textContent: bytes(item.bytes) })))));
  part('subjects').replaceChildren(...found.subjects.map((item) => element('li', {}, element('div', {}, opener(item)))));
  part('planned').replaceChildren();
}

function opener(item) {
  const button = element('button', { type: 'button', className: 'link', textContent: item.subject ?? say('noSubject') });
  button.ariaHasPopup = 'dialog';
  button.addEventListener('click', () => showMessage(files, item.id).catch(failed));
  return button;
}

function showTargets() {
  const chosen = part('target').value;
  const options = targets.filter((target) => target.name !== 'generic').map((target) => new Option(target.title, target.name));
  part('target').replaceChildren(new Option(say('noTarget'), ''), new Option(say('bundle'), BUNDLE), ...options);
  part('target').value = chosen;
  targetChosen();
}

function targetChosen() {
  const target = targets.find(({ name }) => name === part('target').value);
  const packaging = target?.packaging.find((one) => one !== 'folder') ?? 'zip';
  part('packaging').value = packaging;
  part('packaging').disabled = Boolean(target);
  showHow();
  part('target-steps').textContent = part('target').value === BUNDLE ? say('bundleHint') : target && !target.packaging.includes(packaging) ? say('unpack') : '';
  part('planned').replaceChildren();
  showGuide(target?.name);
}

part('target').addEventListener('change', targetChosen);

let guides;

// How files are imported there: a file of its own, which is loaded when it is wanted for the first time.
async function showGuide(name) {
  const place = part('guide');
  place.hidden = true;
  if (!name) return;
  guides ??= fetch(new URL('./mailferry/guides.json', import.meta.url))
    .then((answer) => (answer.ok ? answer.json() : {}))
    .catch(() => ({}));
  const guide = (await guides)[name];
  if (!guide || part('target').value !== name) return;
  const language = current();
  const list = (key, kind) => {
    const heading = document.createElement('h3');
    heading.textContent = say(`guide_${key}`);
    const entries = document.createElement(kind);
    for (const advice of guide[key]) {
      const entry = document.createElement('li');
      entry.textContent = advice[language] ?? advice.en;
      if (advice.source) entry.title = `${advice.source}, ${advice.checked ?? say('notChecked')}`;
      entries.append(entry);
    }
    return [heading, entries];
  };
  const keys = ['steps', 'limits', 'time', 'check', 'undo'].filter((key) => guide[key].length);
  part('guide-text').replaceChildren(...keys.flatMap((key) => list(key, key === 'steps' ? 'ol' : 'ul')));
  place.hidden = false;
}

function showHow() {
  // A bundle is one archive, whole.
  part('split').disabled = !['zip', 'pst'].includes(part('packaging').value) || part('target').value === BUNDLE;
  const below = limit();
  part('save-how').textContent = below ? say(`${savesWhere}Parts`, { bytes: bytes(below) }) : say(savesWhere);
}

/** Octets that no archive is to reach, as the user or the target wants it. */
function limit() {
  if (part('split').disabled) return undefined;
  const target = targets.find(({ name }) => name === part('target').value);
  const asked = part('split').valueAsNumber > 0 ? Math.ceil(part('split').valueAsNumber * 1e6) : Infinity;
  const least = Math.min(asked, target?.settings.splitOctets ?? Infinity);
  return least === Infinity ? undefined : least;
}

part('packaging').addEventListener('change', showHow);
part('split').addEventListener('input', showHow);

function showYears() {
  const most = Math.max(...Object.values(found.years).map(({ items }) => items));
  const rows = Object.entries(found.years).map(([year, { items }]) => {
    const bar = element('i', { ariaHidden: 'true' });
    bar.style.inlineSize = `${(100 * items) / most}%`;
    return element('tr', {}, element('th', { scope: 'row', textContent: year }), element('td', {}, bar), element('td', { textContent: number(items) }));
  });
  part('years').tBodies[0].replaceChildren(...rows);
}

/** What is asked for, as the library wants it; nothing that was left as it is. */
function options() {
  const select = {};
  const boxes = [...document.querySelectorAll('[name=kind]')];
  const off = unticked(part('folders'));
  if (boxes.some((box) => !box.checked)) select.kinds = boxes.filter((box) => box.checked).map((box) => box.value);
  if (off.length > 0) select.skipFolders = off;
  if (part('after').value) select.after = part('after').value;
  if (part('before').value) select.before = part('before').value;
  if (part('dedupe').checked) select.dedupe = 'exact';
  if (part('sample').valueAsNumber > 0) select.sample = part('sample').valueAsNumber;
  const asked = { packaging: part('packaging').value, select };
  // A store of Outlook is a form of its own, and for mail alone.
  if (asked.packaging === 'pst' && !part('target').value) {
    asked.as = 'pst';
    select.kinds = ['mail'];
  } else if (part('target').value === BUNDLE) asked.as = 'bundle';
  else if (part('target').value) asked.target = part('target').value;
  if (limit()) asked.split = limit();
  if (part('compress').checked) asked.zipLevel = 'fast';
  return asked;
}

part('plan').addEventListener('click', async () => {
  const asked = options();
  try {
    const plan = await atWork('planning', (ports) => engine.plan(files, asked.target ?? 'generic', { ...asked, ...ports }));
    const lines = [say('planGoes', { items: number(plan.goes.items), bytes: bytes(plan.goes.bytes) })];
    for (const { items, because } of Object.values(plan.refused)) lines.push(say('planRefused', { items: number(items), because }));
    for (const [because, { items }] of Object.entries(plan.flagged)) lines.push(say('planFlagged', { items: number(items), because }));
    if (lines.length === 1) lines.push(say('planClear'));
    part('planned').replaceChildren(...lines.map((textContent) => element('p', { textContent })));
  } catch (error) {
    if (error.name !== 'AbortError') return failed(error);
  }
  again = showFound;
  show('found');
  part('plan').focus();
});

/* Converting */

part('selecting').addEventListener('submit', async (event) => {
  event.preventDefault();
  const asked = options();
  if (asked.select.kinds?.length === 0) return part('kind-boxes').querySelector('input').focus();
  const stem = files[0].name.replace(/\.[^.]*$/, '') || 'mail';
  const name = `${stem}.${asked.packaging}`;
  let place;
  try {
    place = asked.split ? await destinations() : await destination(name);
  } catch (error) {
    return error.name === 'AbortError' ? undefined : failed(error);
  }
  try {
    const outcome = await atWork('converting', async (ports) => {
      const converted = await engine.convert(files, asked, { to: place.to, name: stem, ...ports });
      // The archive is there, whether or not there is a page about it.
      const page = await engine.reportPage(converted.report, converted.log, { name, logName: `${name}.items.jsonl` }).catch(() => undefined);
      return { ...converted, page };
    });
    outcome.kept = (await place.kept?.()) ?? [];
    again = () => showDone(outcome, name);
    again();
    show('done');
    part('done-title').focus();
  } catch (error) {
    failed(error);
  } finally {
    place.over?.();
  }
});

function showDone({ report, page, log, files: list, left, kept }, name) {
  const { available, migrated, failed: broken, skipped, bytes: written } = report.totals;
  const counts = { available: number(available), migrated: number(migrated) };
  const { state, reasons = [] } = report.outcome;
  const title = state === 'nothing_migrated' ? 'nothingMigrated' : state === 'complete' ? 'done' : 'incomplete';
  part('done-title').textContent = say(report.cancelled ? 'cancelled' : title, counts);
  const text = [
    say('doneText', { bytes: bytes(written), seconds: number(Math.ceil(report.seconds * 10) / 10) }),
    state === 'complete' ? say('nothingFailed') : broken === 0 ? '' : say('someFailed', { failed: number(broken) }),
    ...reasons.filter(({ what }) => what !== 'failed_items').map(({ text }) => `${text}.`),
    skipped === 0 ? '' : say('someSkipped', { skipped: number(skipped) }),
    showLeft(left, name),
  ];
  const json = new Blob([JSON.stringify(report, undefined, 2)], { type: 'application/json' });
  const links = [link(log, `${name}.items.jsonl`, say('log')), link(json, `${name}.report.json`, say('report'))];
  if (list.size > 0) links.push(link(list, `${name}.files.jsonl`, say('list')));
  if (page) links.unshift(Object.assign(link(page, `${name}.report.html`, say('page')), { id: 'page' }));
  const [archive, ...more] = kept.map((one) => {
    const text = say('save', { bytes: bytes(one.file.size) });
    return Object.assign(link(one.file, one.name, kept.length > 1 ? `${one.name}: ${text}` : text), { className: 'button' });
  });
  if (archive) links.unshift(Object.assign(archive, { id: 'archive' }), ...more);
  part('done-links').replaceChildren(...links);
  part('done-text').textContent = text.filter(Boolean).join(' ');
}

for (const id of ['again', 'checked-again']) {
  part(id).addEventListener('click', () => {
    part('files').value = '';
    found = undefined;
    again = () => {};
    show('choose');
    part('files').focus();
  });
}

/* Language */

part('language').append(...languages().map((code) => new Option(nameOf(code), code)));
part('language').addEventListener('change', ({ target }) => speak(target.value));

function speak(code) {
  choose(code);
  part('language').value = current();
  part('lacks').replaceChildren(...lacks().map((key) => element('li', { textContent: say(key) })));
  part('lacks').hidden = lacks().length === 0;
  again();
}

speak((navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((code) => languages().includes(code)) ?? 'en');
forget().catch(() => {});
document.documentElement.dataset.ready = '';
