import { inWorker } from './mailferry/worker.js';

/** What reads and converts, away from the page. */
export const engine = inWorker();
