// What runs in the Worker: it is asked for one thing after the other. What differs between environments is given to it.
import { convert, formats, index, init, inspect, list, open, options, plan, reportPage, targets, verify, version } from './mailferry.js';

/** Items that did not come through, and differences, of which a list is kept. */
const MOST_LEFT = 10_000;
const running = new Map();

const DOES = {
  version,
  formats,
  targets,
  options,
  inspect: ({ source, options }, { ports }) => inspect(source, { ...options, ...ports }),
  async look({ source, options }, { ports, tell }) {
    box?.close();
    box = undefined;
    const looked = await index(source, { ...options, ...ports, onItems: (items) => tell({ items }) });
    box = looked;
    return looked.inspection;
  },
  async find({ item: id }) {
    const item = await box?.find(id);
    if (!item) return undefined;
    const view = item.view();
    const inline = view?.html ? inlined(view) : undefined;
    return { ...JSON.parse(JSON.stringify(item)), view: view && JSON.parse(JSON.stringify(view)), inline, octets: view ? undefined : item.octets() };
  },
  async attachment({ item: id, number }) {
    const view = (await box?.find(id))?.view();
    return view?.attachments[number]?.blob();
  },
  async octets({ item: id }) {
    return (await box?.find(id))?.octets();
  },
  plan: ({ source, target, options }, { ports }) => plan(source, target, { ...options, ...ports }),
  async verify({ archive, options }, { ports }) {
    const found = [];
    const report = await verify(archive, { ...options, ...ports, onDifference: (difference) => void (found.length < MOST_LEFT && found.push(difference)) });
    return { report, found };
  },
  reportPage: async ({ report, log, name, logName }) => new Blob([await reportPage(report, { name: logName, blob: log }, name)], { type: 'text/html' }),
  async list({ source, most, options }) {
    const records = [];
    if (most > 0) for await (const record of list(source, options)) if (records.push(record) >= most) break;
    return records;
  },
  async item({ source, item: id, options }) {
    const { octets = false, ...reading } = options ?? {};
    const mailbox = await open(source, reading);
    try {
      const item = await mailbox.find(id);
      if (!item) return undefined;
      const view = item.view();
      return { ...JSON.parse(JSON.stringify(item)), view, octets: octets || !view ? item.octets() : undefined };
    } finally {
      mailbox.close();
    }
  },
  async convert({ source, options, to, name, named }, { ports, place }) {
    const [log, files] = [new Log(), new Lines()];
    const made = (report) => ({ report, log: log.blob(), files: files.blob(), left: log.left });
    if (named) {
      const sink = async (part) => opened(await place(part));
      return made(await convert(source, options, { ...ports, sink, name, log, files }));
    }
    const sink = await opened(to);
    try {
      const report = await convert(source, options, { ...ports, sink, log, files });
      await sink.close();
      return made(report);
    } catch (error) {
      await sink.abort(error);
      throw error;
    }
  },
};

/** What was looked at last. */
let box;

/** Octets of pictures that go into the text of a message. */
const MOST_INLINE = 16 << 20;

/** Pictures that the HTML of a message refers to, as data: URLs by their identifiers. */
function inlined({ html, attachments }) {
  const found = {};
  let room = MOST_INLINE;
  for (const attachment of attachments) {
    const { cid, type, size } = attachment;
    if (!cid || !/^image\/(?!svg)/.test(type) || size > room || !html.includes(`cid:${cid}`)) continue;
    room -= size;
    found[cid] = `data:${type};base64,${base64(attachment.bytes())}`;
  }
  return found;
}

function base64(octets) {
  let text = '';
  for (let at = 0; at < octets.length; at += 0x8000) text += String.fromCharCode(...octets.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Those who wait to be told where a part goes. */
const placing = new Map();

/** Where an archive goes, as a sink. */
let opened;

/** Answers what `listen` hears with `post`; `sinkOf` makes a sink of where an archive is to go. */
export function serve({ post, listen, sinkOf }) {
  opened = sinkOf;
  listen(async ({ id, does, abort, to, refusal, ...question }) => {
    if (abort) return running.get(abort)?.abort();
    if (!does) return placed(id, to, refusal);
    const stop = new AbortController();
    running.set(id, stop);
    const onProgress = (progress) => post({ id, progress });
    const place = (part) => {
      post({ id, part });
      return new Promise((resolve, reject) => placing.set(id, { resolve, reject }));
    };
    const tell = (more) => post({ id, ...more });
    try {
      await init();
      stop.signal.throwIfAborted();
      tell({ begun: true });
      post({ id, result: await DOES[does]({ to, ...read(question) }, { ports: { onProgress, signal: stop.signal }, place, tell }) });
    } catch (error) {
      const { name, message, kind, path, location, fatal } = error ?? {};
      post({ id, error: { name, message, kind, path, location, fatal } });
    } finally {
      running.delete(id);
    }
  });
}

/** URLs, which cannot be handed over, of their text. */
function read(question) {
  const one = (source) => (typeof source?.url === 'string' ? new URL(source.url) : source);
  const all = (source) => (Array.isArray(source) ? source.map(one) : one(source));
  return { ...question, source: all(question.source), archive: all(question.archive) };
}

function placed(id, to, refusal) {
  const { resolve, reject } = placing.get(id);
  placing.delete(id);
  if (refusal) reject(new DOMException(refusal.message, refusal.name));
  else resolve(to);
}

/** Lines of JSON: in Blobs, which browsers keep on disk when they are large. */
class Lines {
  #blobs = [];
  #parts = [];
  #octets = 0;

  write(octets) {
    this.#parts.push(octets);
    this.#octets += octets.length;
    if (this.#octets > 1 << 20) this.#gather();
  }

  blob() {
    this.#gather();
    return new Blob(this.#blobs, { type: 'application/x-ndjson' });
  }

  #gather() {
    this.#blobs.push(new Blob(this.#parts));
    this.#parts = [];
    this.#octets = 0;
  }
}

/** The item log, and of it what did not come through. */
class Log extends Lines {
  #decoder = new TextDecoder();
  #rest = '';
  left = [];

  write(octets) {
    super.write(octets);
    const lines = (this.#rest + this.#decoder.decode(octets, { stream: true })).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) {
      if (this.left.length >= MOST_LEFT || line.includes('"status":"migrated"')) continue;
      const { id, status, reason, folder, subject, source } = JSON.parse(line);
      if (status !== 'migrated') this.left.push({ id, status, reason, folder, subject, source: source?.file });
    }
  }
}
