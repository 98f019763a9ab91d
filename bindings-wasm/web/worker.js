// Reads and converts, away from the page: only here can a File be read without waiting.
import { convert, handleSink, inspect, list, open, plan, targets, webStreamSink } from './mailferry/mailferry.js';

/** Items that did not come through, of which the page shows a list. */
const MOST_LEFT = 10_000;
const running = new Map();

const DOES = {
  targets: () => targets(),
  inspect: (ask, ports) => inspect(ask.files, { ...ports, largest: 10 }),
  subjects: async ({ files }) => {
    const records = [];
    for await (const record of list(files)) if (records.push(record) === 8) break;
    return records;
  },
  plan: ({ files, options }, ports) => plan(files, options.target, { ...options, ...ports }),
  message: async ({ files, item: id }) => {
    const mailbox = await open(files);
    try {
      const item = await mailbox.find(id);
      return item && { ...JSON.parse(JSON.stringify(item)), view: item.view(), text: item.kind === 'mail' ? undefined : new TextDecoder().decode(item.octets()) };
    } finally {
      mailbox.close();
    }
  },
  convert: async ({ files, options, to }, ports) => {
    const sink = await sinkOf(to);
    const log = new Log();
    try {
      const report = await convert(files, options, { ...ports, sink, log });
      await sink.close();
      return { report, log: log.blob(), left: log.left };
    } catch (error) {
      await sink.abort(error);
      throw error;
    }
  },
};

self.onmessage = async ({ data: ask }) => {
  if (ask.abort) return running.get(ask.abort)?.abort();
  const stop = new AbortController();
  running.set(ask.id, stop);
  const onProgress = (progress) => self.postMessage({ id: ask.id, progress });
  try {
    self.postMessage({ id: ask.id, result: await DOES[ask.does](ask, { onProgress, signal: stop.signal }) });
  } catch (error) {
    self.postMessage({ id: ask.id, error: { name: error.name, message: error.message, kind: error.kind } });
  } finally {
    running.delete(ask.id);
  }
};

/** Where the archive goes: a file that the user chose, a download under way, or the origin private file system. */
async function sinkOf(to) {
  if (to.handle) return webStreamSink(await to.handle.createWritable());
  if (to.stream) return webStreamSink(to.stream);
  const folder = await navigator.storage.getDirectory();
  const handle = await (await folder.getFileHandle(to.own, { create: true })).createSyncAccessHandle();
  handle.truncate(0);
  return {
    ...handleSink(handle),
    close() {
      handle.flush();
      handle.close();
    },
    async abort() {
      handle.close();
      await folder.removeEntry(to.own);
    },
  };
}

/** The item log: in Blobs, which browsers keep on disk when they are large; and of it what did not come through. */
class Log {
  #blobs = [];
  #parts = [];
  #octets = 0;
  #decoder = new TextDecoder();
  #rest = '';
  left = [];

  write(octets) {
    this.#parts.push(octets);
    this.#octets += octets.length;
    if (this.#octets > 1 << 20) this.#gather();
    const lines = (this.#rest + this.#decoder.decode(octets, { stream: true })).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) {
      if (this.left.length >= MOST_LEFT || line.includes('"status":"migrated"')) continue;
      const { id, status, reason, folder, subject, source } = JSON.parse(line);
      if (status !== 'migrated') this.left.push({ id, status, reason, folder, subject, source: source?.file });
    }
  }

  #gather() {
    this.#blobs.push(new Blob(this.#parts));
    this.#parts = [];
    this.#octets = 0;
  }

  blob() {
    this.#gather();
    return new Blob(this.#blobs, { type: 'application/x-ndjson' });
  }
}
