// The worker, as functions that return promises.
let worker;
let last = 0;
const waiting = new Map();

function start() {
  worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    if (data.progress) return asked.onProgress?.(data.progress);
    waiting.delete(data.id);
    if (data.error) asked.reject(Object.assign(new Error(data.error.message), data.error));
    else asked.resolve(data.result);
  };
  worker.onerror = (event) => {
    const error = new Error(event.message || 'the worker stopped');
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker.terminate();
    worker = undefined;
  };
}

/** Asks the worker to do something. */
export function ask(does, question = {}, { onProgress, signal, transfer = [] } = {}) {
  if (!worker) start();
  const id = ++last;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject, onProgress });
    signal?.addEventListener('abort', () => worker?.postMessage({ abort: id }), { once: true });
    worker.postMessage({ ...question, does, id }, transfer);
  });
}
