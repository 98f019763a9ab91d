// Step 3: where the mail goes, and what is not taken there.
import { element, part } from './dom.js';
import { keep, ordered, state } from './state.js';
import { count, list, say } from './text.js';

/** Those that are shown at once; '' is just an archive, and `pst` a store of Outlook for anybody. */
const FIRST = ['zoho', 'gmail', 'm365', 'pst', 'proton', 'apple-mail', 'mx-plan', 'zimbra', 'nextcloud', ''];
/** Forms that are no target. */
const FORMS = { pst: { as: 'pst', packaging: 'pst', kinds: ['mail'] }, mbox: { as: 'mbox' }, bundle: { as: 'bundle' }, '': {} };

let targets = [];

export function setTargets(all) {
  targets = all.filter(({ name }) => name !== 'generic');
}

export const target = () => targets.find(({ name }) => name === state.target);
export const form = () => FORMS[state.target];
export const titleOf = (name) => targets.find((one) => one.name === name)?.title.replace(/ \(.*/, '') ?? say(`target_${name || 'archive'}`);

/** What the target takes; nothing where it takes everything. */
export const takes = () => target()?.kinds ?? form()?.kinds;

export function showTargets(kinds, onChoose) {
  const more = [...targets.map(({ name }) => name).filter((name) => !FIRST.includes(name)), 'mbox', 'bundle'];
  const cards = (names) => names.filter((name) => name in FORMS || targets.some((one) => one.name === name)).map((name) => card(name, kinds, onChoose));
  part('targets').replaceChildren(...cards(FIRST));
  part('targets-more').replaceChildren(...cards(more));
  if (more.includes(state.target)) part('more-targets').open = true;
  for (const group of [part('targets'), part('targets-more')]) {
    const isIn = group.querySelector('[aria-checked=true]');
    for (const each of group.children) each.tabIndex = each === (isIn ?? group.firstElementChild) ? 0 : -1;
    group.onkeydown = (event) => moved(event, group);
  }
  tell(kinds);
}

function card(name, kinds, onChoose) {
  const title = titleOf(name);
  const mark = element('span', { className: 'monogram', textContent: name === '' ? '⤓' : title[0], ariaHidden: 'true' });
  mark.dataset.hue = String([...title].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6);
  const made = element('button', { type: 'button', role: 'radio', className: 'card', ariaChecked: String(state.target === name) }, mark, element('span', { textContent: title }));
  made.dataset.target = name || 'archive';
  made.addEventListener('click', () => {
    keep({ target: name, packaging: '', split: '' });
    showTargets(kinds, onChoose);
    document.querySelector(`[data-target="${name || 'archive'}"]`).focus();
    onChoose();
  });
  return made;
}

function moved(event, group) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const all = [...group.children];
  all[(all.indexOf(document.activeElement) + by + all.length) % all.length].click();
}

/** What is told at once: what goes, and what stays out. */
function tell(kinds) {
  const lines = [];
  const title = titleOf(state.target);
  lines.push(element('h2', { textContent: title }));
  if (knowsText()) lines.push(element('p', { textContent: say(`about_${state.target || 'archive'}`) }));
  const out = ordered(kinds).filter(([kind]) => takes() && !takes().includes(kind));
  const goes = ordered(kinds).filter(([kind]) => !takes() || takes().includes(kind));
  if (goes.length > 0) lines.push(element('p', { className: 'good', textContent: say('goes', { what: list(goes.map(([kind, { items }]) => count(`n_${kind}`, items))) }) }));
  if (out.length > 0) lines.push(element('p', { className: 'warn', textContent: say('staysOut', { target: title, what: list(out.map(([kind, { items }]) => count(`n_${kind}`, items))) }) }));
  if (target()?.settings?.splitOctets) lines.push(element('p', { className: 'quiet', textContent: say('inParts') }));
  part('target-told').replaceChildren(...lines);
}

const knowsText = () => ['', 'pst', 'mbox', 'bundle'].includes(state.target);
