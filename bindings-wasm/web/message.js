// One message, shown so that nothing in it can act: as text, or as HTML in a frame without scripts and without a network.
import { element, part as whole, save } from './dom.js';
import { engine } from './engine.js';
import { showProblem } from './problems.js';
import { bytes, moment, say } from './text.js';

const dialog = whole('message');
const part = (name) => whole(`message-${name}`);

export async function showMessage({ id }) {
  try {
    const item = await engine.find(id);
    if (item) show(item);
  } catch (error) {
    whole('messages').close();
    showProblem(error);
  }
}

function show(item) {
  const { inline } = item;
  const view = item.view ?? {};
  const people = (all) => (all ?? []).map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
  const fields = [
    ['headerFrom', people(view.from)],
    ['headerTo', people(view.to)],
    ['headerCc', people(view.cc)],
    ['headerBcc', people(view.bcc)],
    ['headerReplyTo', people(view.replyTo)],
    ['headerDate', moment(item.receivedAt ?? view.date)],
    ['folder', item.folder],
  ];
  part('subject').textContent = item.subject || say('noSubject');
  part('fields').replaceChildren(...fields.filter(([, value]) => value).flatMap(([key, value]) => [element('dt', { textContent: say(key) }), element('dd', { textContent: value })]));
  part('attachments').replaceChildren(...(view.attachments ?? []).map((one, number) => element('li', {}, attachment(item, one, number))));
  part('attachments').hidden = !view.attachments?.length;
  const text = view.text ?? (item.octets && new TextDecoder().decode(item.octets)) ?? (view.html ? wordsOf(view.html) : undefined);
  part('text').textContent = text || say('noText');
  part('html').hidden = !view.html;
  part('html').onclick = () => showHtml(view.html, inline, part('frame').childElementCount === 0);
  part('save').hidden = !view.from;
  part('save').onclick = async () => save(new Blob([await engine.octets(item.id)], { type: 'message/rfc822' }), `${fileName(item.subject ?? item.id)}.eml`);
  showHtml(view.html, inline, Boolean(view.html));
  if (!dialog.open) dialog.showModal();
  part('subject').focus();
}

function attachment(item, one, number) {
  const name = one.name ?? say('unnamed');
  const button = element('button', { type: 'button', className: 'chip' }, name, ' ', element('small', { className: 'quiet', textContent: bytes(one.size) }));
  button.title = say('saveAttachment');
  button.addEventListener('click', async () => save(await engine.attachment(item.id, number), fileName(one.name ?? `attachment-${number + 1}`)));
  return button;
}

/** A name that no system takes for a path. */
const fileName = (text) => text.replace(/[\p{Cc}/\\:*?"<>|]+/gu, '_').slice(0, 120).trim() || 'message';

function showHtml(html, inline, shown) {
  part('html').ariaPressed = String(!shown);
  part('text').hidden = shown;
  part('frame').replaceChildren();
  if (!shown) return;
  const frame = element('iframe', { title: part('subject').textContent, referrerPolicy: 'no-referrer' });
  // Without `allow-scripts` nothing in it can act; it is of this site so that what is shown can be put into it.
  frame.sandbox = 'allow-same-origin';
  frame.src = './mail.html';
  frame.addEventListener('load', () => fill(frame.contentDocument, html, inline));
  part('frame').append(frame);
}

/** What a sender may say of a message is what it looks like: whatever loads, sends or leads elsewhere by itself is taken out. */
function fill(into, html, inline = {}) {
  const { head, body } = new DOMParser().parseFromString(html, 'text/html');
  for (const element of body.querySelectorAll('script, iframe, frame, object, embed, base, meta, link, form, input, button, textarea, select')) element.replaceWith(...(element.localName === 'form' ? element.childNodes : []));
  for (const image of body.querySelectorAll('img[src^="cid:" i]')) {
    const cid = decodeURIComponent(image.getAttribute('src').slice(4));
    if (inline[cid]) image.src = inline[cid];
  }
  for (const anchor of body.querySelectorAll('a, area')) {
    if (anchor.hasAttribute('href')) anchor.title = anchor.getAttribute('href');
    anchor.removeAttribute('href');
    anchor.removeAttribute('ping');
  }
  into.head.append(...[...head.querySelectorAll('style')].map((style) => into.importNode(style, true)));
  into.body.replaceChildren(...[...body.childNodes].map((node) => into.importNode(node, true)));
  for (const { name, value } of [...body.attributes].filter(({ name }) => ['style', 'bgcolor', 'dir', 'lang'].includes(name))) into.body.setAttribute(name, value);
}

/** The text of a document that is never shown: a parser runs no scripts and fetches nothing. */
function wordsOf(html) {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  for (const element of body.querySelectorAll('style, script, title')) element.remove();
  for (const element of body.querySelectorAll('p, div, tr, br, li, h1, h2, h3')) element.append('\n');
  return body.textContent.replace(/[ \t]+/g, ' ').replace(/\n\s*\n\s*/g, '\n\n').trim();
}
