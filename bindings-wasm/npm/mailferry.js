// What the package exports, over the classes of the compiled core. Types and their meaning: mailferry.d.ts.
import load, { Comparer, Converter, Inspector, Planner, Reader, Verifier, formats as formatsJson, options as optionsJson, reportPage as reportPageOf, targets as targetsJson, version as coreVersion } from './wasm/mailferry.js';
import { MailferryError, asError } from './error.js';
import { attachmentsOf } from './message.js';
import { asSources, environment, prefetched } from './sources.js';
import { Drain, asSink } from './sinks.js';

export { MailferryError };
export { blobSource } from './blob.js';
export { folderSource } from './folder.js';
export { bytesSource, handleSource } from './sources.js';
export { handleSink, webStreamSink } from './sinks.js';

/** Octets of the sources between two looks at the signal and the sink. */
const STEP = 4 << 20;
/** Milliseconds between two looks at what else there is to do, and two notes of progress. */
const TURN = 100;

let loaded;

/** Loads the core, once; without an argument from beside this module. */
export function init(input) {
  loaded ??= Promise.resolve(input ?? environment.core()).then((core) => load({ module_or_path: core })).catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded.then(() => undefined);
}

export async function version() {
  await init();
  return coreVersion();
}

export async function formats() {
  await init();
  return JSON.parse(formatsJson());
}

export async function options() {
  await init();
  return JSON.parse(optionsJson());
}

export async function targets() {
  await init();
  return JSON.parse(guarded(targetsJson));
}

/** Options as the core reads them: nothing that is not given. */
function json(options) {
  return JSON.stringify(options ?? {}, (_key, value) => (value instanceof Date ? value.toISOString() : value));
}

/** Does what may throw what the core throws. */
function guarded(work) {
  try {
    return work();
  } catch (thrown) {
    throw asError(thrown);
  }
}

class Mailbox {
  #reader;
  #item;
  #record;
  /** What could not be read, and what was wrong with sources, up to here. */
  problems = [];

  constructor(reader) {
    this.#reader = reader;
  }

  get position() {
    return this.#reader?.position() ?? 0;
  }

  get total() {
    return this.#reader?.total();
  }

  async *[Symbol.asyncIterator]() {
    try {
      let turn = performance.now();
      while (this.#reader) {
        this.#letGo();
        const item = guarded(() => this.#reader.nextItem());
        this.problems.push(...JSON.parse(this.#reader.takeProblems()));
        if (!item) return;
        this.#item = item;
        yield this.#wrapped(item);
        if (performance.now() - turn > TURN) {
          await breathe();
          turn = performance.now();
        }
      }
    } finally {
      this.close();
    }
  }

  /** The item of this id, if it is yet to come; those before it are passed over. */
  async find(id) {
    let turn = performance.now();
    while (this.#reader) {
      this.#letGo();
      this.#item = guarded(() => this.#reader.nextItem());
      if (!this.#item) return undefined;
      if (this.#item.id() === id) return this.#wrapped(this.#item);
      if (performance.now() - turn > TURN) {
        await breathe();
        turn = performance.now();
      }
    }
    return undefined;
  }

  /** Lets go of the source and the item in hand. */
  close() {
    this.#letGo();
    this.#reader?.free();
    this.#reader = undefined;
  }

  #letGo() {
    this.#item?.free();
    this.#item = undefined;
  }

  #wrapped(item) {
    const inHand = () => {
      if (this.#item !== item) throw new MailferryError({ kind: 'options', message: 'an item can be read until the next one is asked for' });
      return item;
    };
    return wrapped(item, inHand);
  }
}

/** An item of the core as an object; `inHand` gives it as long as it can be read. */
function wrapped(item, inHand) {
  return Object.assign(guarded(() => JSON.parse(item.record())), {
    octets: () => guarded(() => inHand().octets()),
    view() {
      const view = guarded(() => JSON.parse(inHand().view() ?? 'null'));
      if (view) view.attachments = attachmentsOf(view.attachments, (number, sink) => guarded(() => inHand().attachment(number, sink)));
      return view;
    },
  });
}

/** All items of sources, listed by one look at them, of which any can be opened after any other. */
class Box {
  #index;
  #item;
  /** Where items lie, by the number of their source: offsets and lengths by their own numbers. */
  #places = new Map();
  items = [];

  /** Takes lines of the list; a caller that wants them as they come keeps them itself. */
  take(lines, onItems) {
    const records = lines.map(([id, kind, folder, date, subject, from, to, size, offset, length, role]) => {
      const [source, ordinal] = numbers(id);
      if (!this.#places.has(source)) this.#places.set(source, { offsets: [], lengths: [] });
      const { offsets, lengths } = this.#places.get(source);
      offsets[ordinal] = offset;
      lengths[ordinal] = length;
      return { id, kind, folder, date: date ?? undefined, subject: subject ?? undefined, from: from ?? undefined, to: to ?? undefined, size, role: role ?? undefined };
    });
    if (onItems) onItems(records);
    else for (const record of records) this.items.push(record);
  }

  done(index, inspection) {
    this.#index = index;
    this.inspection = inspection;
  }

  /** The item of this id, whichever was opened before. */
  async find(id) {
    const [source, ordinal] = numbers(id);
    const place = this.#places.get(source);
    if (!this.#index || place?.offsets[ordinal] === undefined) return undefined;
    this.#item?.free();
    const item = (this.#item = guarded(() => this.#index.item(source, ordinal, place.offsets[ordinal], place.lengths[ordinal])));
    if (!item) return undefined;
    return wrapped(item, () => {
      if (this.#item !== item) throw new MailferryError({ kind: 'options', message: 'an item can be read until the next one is asked for' });
      return item;
    });
  }

  close() {
    this.#item?.free();
    this.#index?.free();
    this.#item = this.#index = undefined;
  }
}

const numbers = (id) => id.split(':').map(Number);

/** Looks at all items once, and keeps where they are. */
export async function index(source, options) {
  const { largest = 10, onItems, ...rest } = options ?? {};
  const box = new Box();
  const between = (inspector) => {
    const lines = JSON.parse(inspector.takeLines());
    if (lines.length > 0) box.take(lines, onItems);
  };
  const found = (inspector) => {
    between(inspector);
    const inspection = inspector.inspection();
    box.done(inspector.index(), JSON.parse(inspection));
    return 'null';
  };
  await look(source, rest, (sources, reading) => new Inspector(sources, json(reading), largest, true), found, between);
  return box;
}

export async function open(source, options) {
  await init();
  const sources = await asSources(source);
  const reader = guarded(() => new Reader(sources, json(options)));
  await surveyed(reader, sources);
  return new Mailbox(reader);
}

/** Goes through the sources a first time, where what is selected needs it. */
async function surveyed(reader, sources, signal) {
  while (guarded(() => reader.survey(STEP))) {
    await prefetched(sources);
    await breathe();
    signal?.throwIfAborted();
  }
}

export async function* list(source, options) {
  const { signal, onProblem, ...reading } = options ?? {};
  await init();
  const sources = await asSources(source);
  const reader = guarded(() => new Reader(sources, json(reading)));
  try {
    await surveyed(reader, sources, signal);
    for (;;) {
      signal?.throwIfAborted();
      const records = JSON.parse(guarded(() => reader.nextRecords(256)));
      if (onProblem) JSON.parse(reader.takeProblems()).forEach((problem) => onProblem(new MailferryError(problem)));
      if (records.length === 0) return;
      yield* records;
      await prefetched(sources);
      await breathe();
    }
  } finally {
    reader.free();
  }
}

export async function inspect(source, options) {
  const { largest = 10, ...rest } = options ?? {};
  return look(source, rest, (sources, reading) => new Inspector(sources, json(reading), largest, false), (inspector) => inspector.inspection());
}

export async function plan(source, target, options) {
  const make = (sources, all) => new Planner(sources, json({ ...all, target }));
  return look(source, options, make, (planner) => planner.finish());
}

/** Takes the steps of what only reads, and gives what it found. */
async function look(source, options, make, found, between) {
  const { signal, onProgress, ...rest } = options ?? {};
  signal?.throwIfAborted();
  await init();
  const sources = await asSources(source);
  return stepped(guarded(() => make(sources, rest)), sources, { signal, onProgress, found, between });
}

async function stepped(looking, sources, { signal, onProgress, found, between }) {
  const progress = () => ({ position: looking.position(), total: looking.total?.(), available: looking.items(), surveying: looking.surveying?.() ?? false });
  try {
    let turn = performance.now();
    while (guarded(() => looking.step(STEP))) {
      between?.(looking);
      await prefetched(sources);
      if (performance.now() - turn > TURN) {
        onProgress?.(progress());
        await breathe();
        turn = performance.now();
      }
      signal?.throwIfAborted();
    }
    onProgress?.(progress());
    return JSON.parse(guarded(() => found(looking)));
  } finally {
    // What was made into something else is gone.
    if (looking.__wbg_ptr !== 0) looking.free();
  }
}

export async function verify(archive, ports) {
  const { log, files, source, options, report: written, onDifference, onProgress, signal } = ports ?? {};
  if (source && !log) throw new MailferryError({ kind: 'options', message: 'verify needs { log } to compare the sources with' });
  if (source && !(options ?? written?.options)) throw new MailferryError({ kind: 'options', message: 'verify needs the { report } of the conversion, or its { options }, to read the sources as they were read then' });
  signal?.throwIfAborted();
  await init();
  const between = (looking) => JSON.parse(guarded(() => looking.takeDifferences())).forEach((difference) => onDifference?.(difference));
  const found = (looking) => {
    const report = looking.finish();
    between(looking);
    return report;
  };
  const [archives, [lines], [list]] = await Promise.all([archive, log, files].map((one) => (one ? asSources(one) : [])));
  const steps = { signal, onProgress, found, between };
  const report = await stepped(guarded(() => new Verifier(archives, lines, list)), archives, steps);
  if (!source) return report;
  const sources = await asSources(source);
  const { sourceItems, gone, differences } = await stepped(guarded(() => new Comparer(sources, json(options ?? written?.options), lines)), sources, steps);
  return { ...report, sourceItems, gone, differences: report.differences + differences };
}

/** The options of a conversion, with the date that a bundle tells. */
function dated(options) {
  return options?.as === 'bundle' ? { ...options, created: options.created ?? new Date() } : options;
}

export async function convert(source, options, ports) {
  const { name, onProgress, signal } = ports ?? {};
  const named = typeof ports?.sink === 'function';
  const sink = named ? async (part) => asSink(await ports.sink(part)) : asSink(ports?.sink);
  const [log, files] = [ports?.log, ports?.files].map(asSink);
  if (!named && typeof sink?.write !== 'function') throw new MailferryError({ kind: 'options', message: 'convert needs { sink }: an object with write(octets), a stream, or a function that returns one for each archive' });
  signal?.throwIfAborted();
  await init();
  const archive = new Drain(sink);
  const [lines, list] = [log, files].map((one) => new Drain(one ?? { borrows: true, write() {} }));
  const started = performance.now();
  const sources = await asSources(source);
  let converter;
  try {
    converter = guarded(() => new Converter(sources, json(dated(options)), archive, lines, list, named ? (name ?? 'archive') : undefined));
    const progress = () => {
      const [available, migrated, failed, skipped] = converter.items();
      return { position: converter.position(), total: converter.total(), available, migrated, failed, skipped, written: archive.taken, surveying: converter.surveying() };
    };
    let cancelled = false;
    let stopped;
    let turn = started;
    try {
      while (converter.step(STEP)) {
        await Promise.all([archive.drained(), lines.drained(), list.drained(), prefetched(sources)]);
        if (performance.now() - turn > TURN) {
          onProgress?.(progress());
          await breathe();
          turn = performance.now();
        }
        if (signal?.aborted) {
          cancelled = true;
          break;
        }
      }
    } catch (thrown) {
      stopped = archive.refusal ?? lines.refusal ?? list.refusal ?? asError(thrown);
    }
    if (!stopped) onProgress?.(progress());
    const report = completed(converter, cancelled, stopped);
    await archive.end();
    await Promise.all([lines.drained(), list.drained()]);
    report.seconds = Math.round(performance.now() - started) / 1000;
    return report;
  } catch (thrown) {
    const error = archive.refusal ?? thrown;
    await archive.abort(error);
    throw error;
  } finally {
    converter?.free();
  }
}

export async function reportPage(report, log, name) {
  await init();
  const [source] = await asSources(log);
  return guarded(() => reportPageOf(JSON.stringify(report), source, name ?? 'archive'));
}

/** Completes the archive; what stopped it before counts for more than what does then. */
function completed(converter, cancelled, stopped) {
  try {
    const report = JSON.parse(converter.finish(cancelled));
    if (stopped) throw stopped;
    return report;
  } catch (thrown) {
    throw stopped ?? asError(thrown);
  }
}

/** Lets others have a turn: messages, painting, the keyboard. */
function breathe() {
  if (typeof MessageChannel !== 'function') return new Promise((resolve) => setTimeout(resolve, 0));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
