// The page: six steps from where mail is to where it goes. Each module does one of them; here is what leads from one to the next.
import { check, showChecked, verdict } from './check.js';
import { options, setFound, showChoices, showPlan } from './choose.js';
import { loadGuides, showDone } from './done.js';
import { announce, element, part } from './dom.js';
import { engine } from './engine.js';
import { add, chosen, clear, dropped, names, remove, showGiven, size, sources } from './files.js';
import { openMessages, setMessages } from './messages.js';
import { showOrigins } from './origins.js';
import { plainly, sayProblem, showProblem } from './problems.js';
import './said.js';
import { destination, destinations, forget, install, lacks } from './save.js';
import { STEPS, keep, ordered, startAgain, state } from './state.js';
import { setTargets, showTargets } from './targets.js';
import { bytes, choose, count, current, day, list, number, say } from './text.js';
import { isBusy, sayWork, stopWork, underWay } from './work.js';

const SECTIONS = { from: 'from', files: 'files-step', to: 'to', choose: 'choose', work: 'work', done: 'done', check: 'checking' };
const LANGUAGE = 'mailferry-language';

let step = 'from';
/** What the look found, and all items; nothing as long as it is not over. */
let found;
let items = [];
let perSource = [];
let packagings;
/** How many items go, as it is chosen. */
let goes = 0;
/** The end of the last conversion. */
let ended;
let checked;

/* Steps */

/** Whether there is what a step needs. */
const isOpen = (name) => ({ from: !converting(), files: !converting(), check: !converting(), to: Boolean(found?.items) && !converting(), choose: Boolean(found?.items) && !converting(), work: converting(), done: Boolean(ended) && !converting() })[name];
const converting = () => step === 'work' && isBusy();

/** Goes to a step; Back comes back from there. */
function go(name, { replace = false } = {}) {
  const to = isOpen(name) || name === 'work' ? name : found?.items ? 'choose' : 'files';
  if (location.hash !== `#${to}`) history[replace ? 'replaceState' : 'pushState'](null, '', `#${to}`);
  show(to);
}

function show(name) {
  const isNew = step !== name;
  step = name;
  for (const [key, id] of Object.entries(SECTIONS)) part(id).hidden = key !== name;
  if (isNew) showProblem(undefined);
  render();
  if (!isNew) return;
  part(SECTIONS[name]).classList.add('come');
  scrollTo({ top: 0 });
  part(SECTIONS[name]).querySelector('h1').focus({ preventScroll: true });
  announce(part(SECTIONS[name]).querySelector('h1').textContent);
}

/** Everything that depends on the step and on what is known. */
function render() {
  for (const button of document.querySelectorAll('[data-step]')) {
    const name = button.dataset.step;
    button.disabled = name !== step && !isOpen(name);
    if (name === step) button.setAttribute('aria-current', 'step');
    else button.removeAttribute('aria-current');
    button.classList.toggle('past', STEPS.indexOf(name) < STEPS.indexOf(step));
  }
  const next = { from: 'toFiles', files: 'next', to: 'next' }[step];
  part('next').hidden = !next;
  part('next').textContent = next ? say(next) : '';
  part('next').disabled = step === 'files' && !found?.items;
  part('convert').hidden = step !== 'choose';
  part('convert').disabled = goes === 0;
  part('cancel').hidden = step !== 'work';
  document.querySelector('footer').hidden = step === 'work';
  part('again').hidden = !['done', 'check'].includes(step);
  part('back').hidden = step === 'from' || step === 'work';
  part('action-hint').textContent = step === 'files' && names().length === 0 ? '' : step === 'files' && isBusy() ? say('looking') : '';
}

addEventListener('popstate', () => {
  const wanted = location.hash.slice(1) || 'from';
  if (converting()) history.pushState(null, '', '#work');
  else if (wanted in SECTIONS && isOpen(wanted)) show(wanted);
  else go(found?.items ? 'choose' : 'files', { replace: true });
});
for (const button of document.querySelectorAll('[data-step]')) button.addEventListener('click', () => go(button.dataset.step));
part('next').addEventListener('click', () => go({ from: 'files', files: 'to', to: 'choose' }[step]));
part('back').addEventListener('click', () => go({ files: 'from', to: 'files', choose: 'to', done: 'choose', check: 'from' }[step]));
for (const id of ['open-check', 'open-check-below']) part(id).addEventListener('click', () => go('check'));
part('home').addEventListener('click', (event) => {
  event.preventDefault();
  if (!converting()) go('from');
});
part('again').addEventListener('click', () => {
  startAgain();
  clear();
  [found, ended, checked, items] = [undefined, undefined, undefined, []];
  part('checked').hidden = true;
  showFound();
  sayAll();
  go('from');
});

/* Files */

for (const id of ['files', 'folder']) {
  part(id).addEventListener('change', ({ target }) => {
    const more = chosen([...target.files]);
    target.value = '';
    if (more.length > 0) given(more);
  });
}
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, async (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    document.body.classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type !== 'drop' || converting()) return;
    if (step === 'check') return checkFiles([...event.dataTransfer.files]);
    try {
      const more = await dropped(event.dataTransfer);
      if (more.length > 0) given(more);
    } catch (error) {
      showProblem(error);
    }
  });
}

/** Files that were chosen or dropped are looked at together with those that were there. */
function given(more) {
  add(more);
  go('files');
  look();
}

let looks = 0;

async function look() {
  const mine = ++looks;
  stopWork();
  [found, items, perSource, ended] = [undefined, [], [], undefined];
  showProblem(undefined);
  showFound();
  if (names().length === 0) return;
  part('looking').hidden = false;
  part('looking-text').textContent = say('looking');
  try {
    const take = (some) => {
      for (const item of some) {
        const source = Number(item.id.split(':')[0]);
        perSource[source] = (perSource[source] ?? 0) + 1;
        items.push(item);
      }
    };
    const inspection = await underWay('looking', { bar: 'looking-bar', numbers: 'looking-numbers' }, async (ports) => {
      const looked = engine.look(sources(), { ...ports, onItems: (some) => mine === looks && take(some) });
      const [known, named, result] = await Promise.all([engine.targets(), engine.options(), looked]);
      setTargets(known);
      packagings = named.find(({ name }) => name === 'packaging').words;
      return result;
    });
    if (mine !== looks) return;
    found = inspection;
    setMessages(items);
    setFound(found, items, packagings, (count_) => {
      goes = count_;
      render();
    });
  } catch (error) {
    if (mine !== looks) return;
    if (error.name !== 'AbortError') unread(error);
  } finally {
    if (mine === looks) {
      part('looking').hidden = true;
      sayAll();
      if (found) {
        announce(part('found-title').textContent);
        part('found-title').focus({ preventScroll: true });
      }
    }
  }
}

/** None of the files can be read: they are told with their reasons all the same. */
function unread(error) {
  const told = names().map((name) => ({ ...error, kind: error.kind, message: error.message, what: 'unopened', source: error.path === name || names().length === 1 ? name : undefined })).filter(({ source }) => source);
  found = { items: 0, bytes: 0, kinds: {}, folders: {}, years: {}, sources: [], met: [], told, ignored: { count: 0, entries: [] }, warnings: {} };
  showProblem(error);
}

part('looking-stop').addEventListener('click', () => stopWork());

function showFound() {
  showGiven(found, perSource, (gone) => {
    gone.forEach(remove);
    look();
  });
  part('drop').classList.toggle('small', names().length > 0);
  document.querySelector('#drop .drop-title').textContent = say(names().length > 0 ? 'addMore' : 'dropHere');
  const lost = names().length === 0 && (state.names?.length ?? 0) > 0;
  part('files-lead').textContent = lost ? say('filesAgain', { names: list(state.names) }) : say('filesLead');
  part('found').hidden = !found?.items;
  if (!found?.items) return;
  part('found-title').textContent = say('foundTitle', { items: count('items', found.items), bytes: bytes(found.bytes) });
  part('found-span').textContent = found.earliest ? say('span', { earliest: day(found.earliest), latest: day(found.latest) }) : '';
  part('found-kinds').replaceChildren(...ordered(found.kinds).map(([kind, of]) => element('span', { className: 'chip', textContent: count(`n_${kind}`, of.items) })));
  part('open-messages').textContent = count('openMessages', items.length);
  const notes = found.told.filter(({ what }) => what === 'defect').map(({ source, message }) => `${source ?? ''}: ${message}`);
  const warned = Object.values(found.warnings).reduce((sum, of) => sum + of, 0);
  part('notes').hidden = notes.length + warned === 0;
  part('notes-title').textContent = count('notes', notes.length + warned);
  const lines = [...notes.slice(0, 50), ...Object.entries(found.warnings).map(([kind, of]) => `${kind}: ${number(of)}`)];
  part('notes-list').replaceChildren(...lines.map((textContent) => element('li', { textContent })));
  showYears();
}

function showYears() {
  const years = Object.entries(found.years);
  const most = Math.max(1, ...years.map(([, { items: of }]) => of));
  part('years').hidden = years.length < 2;
  const rows = years.map(([year, { items: of }]) => {
    const bar = element('i', { ariaHidden: 'true' });
    bar.style.inlineSize = `${(100 * of) / most}%`;
    return element('tr', {}, element('th', { scope: 'row', textContent: year }), element('td', {}, bar), element('td', { textContent: number(of) }));
  });
  part('years').tBodies[0].replaceChildren(...rows);
}

part('open-messages').addEventListener('click', openMessages);

/* What goes, and the conversion */

part('plan').addEventListener('click', async () => {
  const asked = options();
  part('plan').disabled = true;
  part('planned').textContent = say('planning');
  try {
    showPlan(await engine.plan(sources(), asked.target ?? 'generic', asked));
  } catch (error) {
    part('planned').replaceChildren();
    showProblem(error);
  }
  part('plan').disabled = false;
});

/** The name of an archive, without its ending: never that of a source. */
function stemOf(ending) {
  const all = names();
  const first = all[0].replace(/\.[^.]*$/, '').replace(/-\d{3}$/, '') || 'mail';
  let stem = `${first}-${state.target || 'archive'}`;
  const isTaken = () => all.some((name) => name.toLowerCase() === `${stem}.${ending}`.toLowerCase());
  while (isTaken()) stem += '-new';
  return stem;
}

part('selecting').addEventListener('submit', async (event) => {
  event.preventDefault();
  if (goes === 0) return;
  const asked = options();
  const stem = stemOf(asked.packaging);
  const name = `${stem}.${asked.packaging}`;
  let place;
  try {
    place = asked.split ? await destinations() : await destination(name, names());
  } catch (error) {
    return error.name === 'AbortError' ? undefined : showProblem(error);
  }
  showProblem(undefined);
  sayConverting(name);
  part('cancel').disabled = false;
  part('cancel').textContent = say('cancel');
  try {
    const outcome = await underWay('converting', { bar: 'bar', numbers: 'numbers', big: 'percent' }, async (ports) => {
      go('work');
      await loadGuides();
      const converted = await engine.convert(sources(), asked, { to: place.to, name: stem, ...ports });
      // The archive is there, whether or not there is a page about it.
      const page = await engine.reportPage(converted.report, converted.log, { name, logName: `${name}.items.jsonl` }).catch(() => undefined);
      return { ...converted, page };
    });
    outcome.kept = (await place.kept?.()) ?? [];
    outcome.handles = place.handles?.() ?? [];
    ended = { outcome, name: place.name?.() ?? name };
    sayDone(true);
    go('done', { replace: true });
  } catch (error) {
    go('choose', { replace: true });
    if (error.name !== 'AbortError') showProblem(error);
  } finally {
    place.over?.();
  }
});

function sayConverting(name) {
  part('work-title').textContent = say('converting');
  part('work-names').dataset.name = name;
  part('work-names').textContent = say('convertingTo', { names: list(names().slice(0, 3)), bytes: bytes(size()), name });
}

function sayDone(isNew = false) {
  if (!ended) return;
  const given_ = sources().map(({ name, blob }) => ({ name, file: blob }));
  showDone(ended.outcome, { name: ended.name, given: given_, inspection: found, isNew });
  part('check-now').hidden = ended.outcome.kept.length + ended.outcome.handles.length === 0;
  part('check-now-told').textContent = '';
}

part('check-now').addEventListener('click', async () => {
  part('check-now').disabled = true;
  part('check-now-told').textContent = say('checking');
  try {
    const { outcome } = ended;
    const archives = outcome.kept.length > 0 ? outcome.kept.map(({ file }) => file) : await Promise.all(outcome.handles.map((handle) => handle.getFile()));
    part('check-now-told').textContent = verdict(await engine.verify(archives, { log: outcome.log, ...(outcome.files.size > 0 ? { files: outcome.files } : {}) }));
  } catch (error) {
    part('check-now-told').textContent = '';
    showProblem(error);
  }
  part('check-now').disabled = false;
});

part('cancel').addEventListener('click', () => {
  part('cancel').disabled = true;
  part('cancel').textContent = say('stopping');
  stopWork();
});

/* Checking an archive */

part('check-files').addEventListener('change', ({ target }) => {
  const files = [...target.files];
  target.value = '';
  checkFiles(files);
});

async function checkFiles(files) {
  showProblem(undefined);
  part('checked').hidden = true;
  announce(say('checking'));
  try {
    if (files.length === 0) throw plainly(say('checkNoArchive'));
    checked = await check(files, {});
    showChecked(checked);
    part('checked-title').focus();
  } catch (error) {
    showProblem(error);
  }
}

/* Leaving: only what would be lost asks for it. */

addEventListener('beforeunload', (event) => {
  const isKept = ended?.outcome.kept.length > 0 && step === 'done';
  if (!converting() && !isKept) return;
  event.preventDefault();
  event.returnValue = '';
});

part('problem-close').addEventListener('click', () => showProblem(undefined));
for (const dialog of document.querySelectorAll('dialog')) dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());

/* Language */

part('language').addEventListener('change', async ({ target }) => {
  await choose(target.value);
  try {
    localStorage.setItem(LANGUAGE, current());
  } catch {
    // It is asked for again next time.
  }
  sayAll();
});

/** Says everything again that is not said by its key alone; nothing that was chosen changes by it. */
function sayAll() {
  part('lacks').replaceChildren(...lacks().map((key) => element('li', { textContent: say(key) })));
  part('lacks').hidden = lacks().length === 0;
  showOrigins();
  showFound();
  if (found?.items) {
    showTargets(found.kinds, () => {
      showChoices();
      render();
    });
    showChoices();
  }
  part('looking-text').textContent = say('looking');
  if (converting()) sayConverting(part('work-names').dataset.name ?? '');
  sayWork();
  sayDone();
  if (checked && !part('checked').hidden) showChecked(checked);
  sayProblem();
  render();
}

sayAll();
const first = location.hash.slice(1);
show(first in SECTIONS && isOpen(first) ? first : first && first !== 'from' ? 'files' : 'from');
keep();
forget().catch(() => {});
delete document.documentElement.dataset.waits;
document.documentElement.dataset.ready = '';
// What is not needed for the first screen.
(window.requestIdleCallback ?? setTimeout)(() => install());
