// The package from a page: the same functions, in a Worker, where a File can be read without waiting and the page stays free.
import { client } from './client.js';

export { MailferryError } from './error.js';

/** What starts a Worker when it is first asked for something; one is enough for a page. */
export function inWorker() {
  return client(() => new Worker(new URL('./engine.js', import.meta.url), { type: 'module' }));
}
