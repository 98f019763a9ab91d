// The same in Node: the functions run on a thread of their own.
import { Worker } from 'node:worker_threads';
import { client } from './client.js';

export { MailferryError } from './error.js';

/** What starts a thread when it is first asked for something; nothing waits for its end while it is idle. */
export function inWorker() {
  return client(() => {
    const worker = new Worker(new URL('./engine-node.js', import.meta.url));
    const port = {
      postMessage: (message, transfer) => worker.postMessage(message, transfer),
      terminate: () => worker.terminate(),
      ref: () => worker.ref(),
      unref: () => worker.unref(),
    };
    worker.on('message', (data) => port.onmessage({ data }));
    worker.on('error', (error) => port.onerror(error));
    return port;
  });
}
