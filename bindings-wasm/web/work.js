// What is under way: how far it is, how long it takes, told to eyes and ears; and what stops it.
import { announce, part } from './dom.js';
import { bytes, count, number, percent, say, time } from './text.js';

let stop;
let title = '';
let shown = () => {};

export const isBusy = () => Boolean(stop);
export const stopWork = () => stop?.abort();

/**
 * Does `work`, which is given { onProgress, signal }, and shows it in a bar and a line of numbers. `key` says what it is; every phase
 * and every tenth is announced.
 */
export async function underWay(key, { bar, numbers, big }, work) {
  stop = new AbortController();
  title = key;
  shown = () => {};
  document.title = `${say(key)} – mailferry`;
  part(bar).removeAttribute('value');
  part(numbers).textContent = '';
  if (big) part(big).textContent = '';
  announce(say(key));
  try {
    return await work({ onProgress: told({ bar, numbers, big }), signal: stop.signal });
  } finally {
    stop = undefined;
    document.title = 'mailferry';
  }
}

/** Says it in the language that is chosen now. */
export function sayWork() {
  if (!stop) return;
  document.title = `${say(title)} – mailferry`;
  shown();
}

function told({ bar, numbers, big }) {
  let started = performance.now();
  let tenth = 0;
  let before = false;
  return ({ position, total, available, surveying }) => {
    const now = performance.now();
    if (before !== surveying) {
      [started, tenth, before] = [now, 0, surveying];
      announce(say(surveying ? 'surveying' : title));
    }
    const rate = position / ((now - started) / 1000 || 1);
    const share = total ? Math.min(1, position / total) : undefined;
    shown = () => {
      if (share !== undefined) part(bar).value = share;
      const left = total && now - started > 1_500 && rate > 0 ? say('timeLeft', { time: time((total - position) / rate) }) : '';
      const parts = [surveying ? say('surveying') : '', big || share === undefined ? '' : percent(share), count('items', available), `${number(Math.round(rate / 1e6))} MB/s`, left];
      part(numbers).textContent = parts.filter(Boolean).join(' · ');
      if (big) part(big).textContent = share === undefined ? bytes(position) : percent(Math.floor(share * 100) / 100);
    };
    shown();
    const reached = share === undefined ? 0 : Math.floor(share * 10);
    if (reached > tenth) {
      tenth = reached;
      announce(say('spoken', { percent: percent(reached / 10), items: number(available) }));
    }
  };
}
