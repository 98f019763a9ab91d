// Errors in plain words, each with what to do: by the kind that the core gives; its own words stay below, for those who help.
import { part } from './dom.js';
import { knows, say } from './text.js';

/** What an error or a problem of a source is, and what helps. */
export function reasonOf({ kind, name, message }) {
  const own = knows(`problem_${kind}`) ? kind : name === 'NotAllowedError' ? 'not_allowed' : name === 'QuotaExceededError' || /not enough space|quota/i.test(message ?? '') ? 'full' : name === 'NotFoundError' || name === 'NotReadableError' ? 'gone' : 'other';
  // What a browser cannot read any more was moved or changed since it was chosen.
  const key = own === 'io' && /NotFoundError|NotReadableError/.test(message ?? '') ? 'gone' : own;
  return { text: say(`problem_${key}`), remedy: say(`remedy_${key}`) };
}

let shown;

export function showProblem(error) {
  shown = error;
  part('problem').hidden = !error;
  if (!error) return;
  const plain = error.isPlain ? { text: error.message, remedy: '' } : reasonOf(error);
  part('problem-title').textContent = say('problemTitle');
  part('problem-text').textContent = plain.text;
  part('problem-remedy').textContent = plain.remedy;
  part('problem-more').hidden = Boolean(error.isPlain) || !error.message;
  part('problem-raw').textContent = `${error.kind ?? error.name}: ${error.message}`;
  part('problem').scrollIntoView({ block: 'nearest' });
}

/** The same in another language. */
export const sayProblem = () => showProblem(shown);

/** An error that is plain words already. */
export const plainly = (message) => Object.assign(new Error(message), { isPlain: true });
