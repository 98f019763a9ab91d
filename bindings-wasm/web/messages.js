// Every message in a list, of which only the rows in sight exist; it is searched and opened without reading anything again.
import { element, part } from './dom.js';
import { showMessage } from './message.js';
import { count, say, shortDay } from './text.js';

/** The height of a row in pixels, as the style has it; and the rows kept beyond those in sight. */
const ROW = 64;
const BEYOND = 6;
/** The tallest box that browsers lay out right: beyond it rows are reached by searching. */
const MOST_HEIGHT = 15e6;

let items = [];
let shown = [];
let at = 0;

const listed = part('list');

export function setMessages(all) {
  items = all.toSorted((a, b) => (a.date === b.date ? 0 : (a.date ?? '') < (b.date ?? '') ? 1 : -1));
}

export function openMessages() {
  const folders = [...new Set(items.map(({ folder }) => folder))].toSorted((a, b) => a.localeCompare(b));
  part('in-folder').replaceChildren(new Option(say('everyFolder'), '*'), ...folders.map((folder) => new Option(folder || '/', folder)));
  part('search').value = '';
  find();
  part('messages').showModal();
  draw();
  part('search').focus();
}

function find() {
  const words = part('search').value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const folder = part('in-folder').value;
  const isWanted = (item) => (folder === '*' || item.folder === folder) && words.every((word) => text(item).includes(word));
  shown = words.length === 0 && folder === '*' ? items : items.filter(isWanted);
  at = 0;
  listed.scrollTop = 0;
  part('messages-title').textContent = count('items', shown.length);
  part('list-none').hidden = shown.length > 0;
  listed.hidden = shown.length === 0;
  part('list-space').style.blockSize = `${Math.min(MOST_HEIGHT, shown.length * ROW)}px`;
  draw();
}

/** What is searched; made once, when it is asked for. */
function text(item) {
  item.text ??= [item.subject, item.from, item.to, item.date?.slice(0, 10), item.date && shortDay(item.date)].filter(Boolean).join('\n').toLocaleLowerCase();
  return item.text;
}

function draw() {
  const first = Math.max(0, Math.floor(listed.scrollTop / ROW) - BEYOND);
  const last = Math.min(shown.length, Math.ceil((listed.scrollTop + listed.clientHeight) / ROW) + BEYOND);
  const rows = part('list-rows');
  rows.style.transform = `translateY(${first * ROW}px)`;
  rows.replaceChildren(...shown.slice(first, last).map((item, nth) => row(item, first + nth)));
  if (part(`message-${at}`)) listed.setAttribute('aria-activedescendant', `message-${at}`);
  else listed.removeAttribute('aria-activedescendant');
}

function row(item, nth) {
  const made = element(
    'div',
    { id: `message-${nth}`, role: 'option', className: 'mail', ariaSelected: String(nth === at), ariaSetSize: String(shown.length), ariaPosInSet: String(nth + 1) },
    element('span', { className: 'who', textContent: named(item.from) || say(`kind_${item.kind}`) }),
    element('span', { className: 'when quiet', textContent: shortDay(item.date) }),
    element('span', { className: 'subject', textContent: item.subject || say('noSubject') }),
    element('span', { className: 'where quiet', textContent: item.folder }),
  );
  made.dataset.nth = nth;
  return made;
}

/** Who somebody is, without the address where there is a name. */
function named(from = '') {
  return from.replace(/^\s*"?([^"<]*?)"?\s*<([^>]*)>.*$/s, (whole, name, address) => name || address);
}

async function open(nth) {
  at = nth;
  draw();
  await showMessage(shown[nth]);
}

function go(to) {
  at = Math.max(0, Math.min(shown.length - 1, to));
  const top = at * ROW;
  if (top < listed.scrollTop) listed.scrollTop = top;
  else if (top + ROW > listed.scrollTop + listed.clientHeight) listed.scrollTop = top + ROW - listed.clientHeight;
  draw();
}

let frame;
listed.addEventListener('scroll', () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(draw);
});
new ResizeObserver(() => part('messages').open && draw()).observe(listed);
listed.addEventListener('click', ({ target }) => {
  const nth = target.closest('.mail')?.dataset.nth;
  if (nth !== undefined) open(Number(nth));
});
listed.addEventListener('keydown', (event) => {
  const page = Math.max(1, Math.floor(listed.clientHeight / ROW) - 1);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: shown.length - 1 }[event.key];
  if (to === undefined && event.key !== 'Enter' && event.key !== ' ') return;
  event.preventDefault();
  if (to === undefined) open(at);
  else go(to);
});
part('search').addEventListener('input', find);
part('search').addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    listed.focus();
  } else if (event.key === 'Enter' && shown.length > 0) {
    event.preventDefault();
    open(0);
  }
});
part('in-folder').addEventListener('change', find);
