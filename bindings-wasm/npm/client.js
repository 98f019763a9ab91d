// The same functions, in a Worker: what asks it, wherever it runs.
import { MailferryError } from './error.js';

/** What has `start` start a Worker when it is first asked for something; one is enough. */
export function client(start) {
  const { ask, close } = questions(start);
  return {
    version: () => ask('version'),
    formats: () => ask('formats'),
    targets: () => ask('targets'),
    options: () => ask('options'),
    list: (source, most, options) => ask('list', { source, most, options }),
    item: (source, id, options) => ask('item', { source, item: id, options }),
    look: (source, { onItems, ...options } = {}) => ask('look', { source, onItems, ...parted(options) }),
    find: (id) => ask('find', { item: id }),
    attachment: (id, number) => ask('attachment', { item: id, number }),
    octets: (id) => ask('octets', { item: id }),
    inspect: (source, options) => ask('inspect', { source, ...parted(options) }),
    plan: (source, target, options) => ask('plan', { source, target, ...parted(options) }),
    convert: (source, options, { to, name, onProgress, signal }) =>
      typeof to === 'function'
        ? ask('convert', { source, options, name, named: true, onPart: to, onProgress, signal })
        : ask('convert', { source, options, to, onProgress, signal, transfer: moved(to) }),
    verify: (archive, options) => ask('verify', { archive, ...parted(options) }),
    reportPage: (report, log, { name, logName } = {}) => ask('reportPage', { report, log, name, logName }),
    close,
  };
}

/** What can be cloned, and what cannot. */
function parted({ onProgress, signal, ...options } = {}) {
  return { options, onProgress, signal };
}

/** A question with the text of URLs, which cannot be handed over. */
function sent(question) {
  const one = (source) => (source instanceof URL ? { url: source.href } : source);
  const all = (source) => (Array.isArray(source) ? source.map(one) : one(source));
  return { ...question, source: all(question.source), archive: all(question.archive) };
}

/** What goes over to the Worker, and is not here any more. */
function moved(to) {
  return to instanceof WritableStream || to instanceof MessagePort ? [to] : [];
}

function questions(start) {
  const waiting = new Map();
  let worker;
  let last = 0;
  return { ask, close: () => end({ kind: 'cancelled', message: 'the worker was closed' }) };

  function ask(does, { onProgress, onPart, onItems, signal, transfer = [], ...question } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    worker ??= started();
    const id = ++last;
    // What writes ends between two items, so that its archive is valid; all else, and what has not begun, is stopped at once.
    const stop = () => {
      worker?.postMessage({ abort: id });
      const asked = waiting.get(id);
      if (!asked || (does === 'convert' && asked.begun)) return;
      waiting.delete(id);
      asked.reject(signal.reason);
    };
    signal?.addEventListener('abort', stop);
    const answer = new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, onProgress, onPart, onItems });
      worker.ref?.();
      worker.postMessage({ ...sent(question), does, id }, transfer);
    });
    return answer.finally(() => signal?.removeEventListener('abort', stop));
  }

  function started() {
    const started = start();
    started.onmessage = ({ data: { id, begun, items, progress, part, error, result } }) => {
      const asked = waiting.get(id);
      if (begun) return void (asked && (asked.begun = true));
      if (items) return asked?.onItems?.(items);
      if (progress) return asked?.onProgress?.(progress);
      if (part) return void place(started, id, part, asked);
      waiting.delete(id);
      if (waiting.size === 0) started.unref?.();
      // After a panic nothing in that worker can be relied on: the next question starts another.
      if (error?.kind === 'internal') {
        asked?.reject(asError(error));
        end({ kind: 'internal', message: 'stopped, as mailferry itself failed at something else in the same worker' });
      } else if (error) asked?.reject(asError(error));
      else asked?.resolve(result);
    };
    started.onerror = ({ message }) => end({ kind: 'io', message: `the worker stopped: ${message || 'it cannot be loaded'}` });
    return started;
  }

  /** Asks where a part goes, and passes it on. */
  async function place(started, id, part, asked) {
    try {
      const to = await asked.onPart(part);
      started.postMessage({ id, to }, moved(to));
    } catch (error) {
      started.postMessage({ id, refusal: { name: error.name, message: error.message } });
    }
  }

  function end(why) {
    worker?.terminate();
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new MailferryError(why));
    waiting.clear();
  }
}

function asError({ kind, name, message, ...rest }) {
  return kind ? new MailferryError({ kind, message, ...rest }) : new DOMException(message, name);
}
