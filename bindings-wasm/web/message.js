// One message, shown so that nothing in it can act: as text, or as HTML in a frame without scripts and without a network.
import { engine } from './engine.js';
import { bytes, moment, say } from './text.js';

const dialog = document.getElementById('message');
const part = (name) => document.getElementById(`message-${name}`);
const FORBIDS = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"><base target="_blank">`;

export async function showMessage(files, id) {
  const item = await engine.item(files, id);
  if (!item) return;
  const view = item.view ?? {};
  const people = (list) => (list ?? []).map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
  const attached = (view.attachments ?? []).map((one) => `${one.name ?? one.type} (${bytes(one.size)})`).join(', ');
  const fields = [
    ['headerFrom', people(view.from)],
    ['headerTo', people(view.to)],
    ['headerCc', people(view.cc)],
    ['headerDate', moment(item.receivedAt)],
    ['headerAttachments', attached],
  ];
  part('subject').textContent = item.subject ?? say('noSubject');
  part('fields').replaceChildren(
    ...fields
      .filter(([, value]) => value)
      .flatMap(([key, value]) => [Object.assign(document.createElement('dt'), { textContent: say(key) }), Object.assign(document.createElement('dd'), { textContent: value })]),
  );
  const text = view.text ?? (item.octets && new TextDecoder().decode(item.octets)) ?? (view.html ? wordsOf(view.html) : undefined);
  part('text').textContent = text ?? say('noText');
  part('html').hidden = !view.html;
  part('html').onclick = () => showHtml(view.html, part('frame').childElementCount === 0);
  showHtml(view.html, false);
  dialog.showModal();
  part('subject').focus();
}

function showHtml(html, shown) {
  part('html').ariaPressed = String(shown);
  part('text').hidden = shown;
  part('frame').replaceChildren();
  if (!shown) return;
  const frame = document.createElement('iframe');
  frame.sandbox = '';
  frame.referrerPolicy = 'no-referrer';
  frame.title = part('subject').textContent;
  frame.srcdoc = FORBIDS + html;
  part('frame').append(frame);
}

/** The text of a document that is never shown: a parser runs no scripts and fetches nothing. */
function wordsOf(html) {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  for (const element of body.querySelectorAll('style, script, title')) element.remove();
  for (const element of body.querySelectorAll('p, div, tr, br, li, h1, h2, h3')) element.append('\n');
  return body.textContent.replace(/[ \t]+/g, ' ').replace(/\n\s*\n\s*/g, '\n\n').trim();
}
