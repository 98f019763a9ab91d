// Sinks: anything with write(octets), which may return a promise. With `borrows: true` it is handed the core's own memory,
// which it must be done with when it returns; all others get a copy to keep.

import { MailferryError } from './error.js';
import { environment } from './sources.js';

/** A sink as it is, or what can be made one: a WritableStream, a Writable of Node, and what the environment knows. */
export function asSink(sink) {
  if (sink === undefined || sink === null) return undefined;
  const known = environment.sink(sink);
  if (known) return known;
  if (typeof sink.getWriter === 'function') return webStreamSink(sink);
  if (typeof sink.write === 'function' && typeof sink.on === 'function') return nodeStreamSink(sink);
  return sink;
}

/** A Writable of Node: it is waited for where it is full, and `close` is when it has written everything. */
function nodeStreamSink(stream) {
  let failed;
  stream.on('error', (error) => (failed ??= error));
  const done = (work) =>
    new Promise((resolve, reject) => {
      if (failed) return reject(failed);
      stream.once('error', reject);
      work((error) => {
        stream.off('error', reject);
        if (error) reject(error);
        else resolve();
      });
    });
  return {
    write: (octets) => done((then) => stream.write(octets, then)),
    close: () => done((then) => stream.end(then)),
    abort: (reason) => void stream.destroy(reason instanceof Error ? reason : undefined),
  };
}

/** A FileSystemSyncAccessHandle of the origin private file system, from its start on. */
export function handleSink(handle) {
  let at = 0;
  return {
    borrows: true,
    write(octets) {
      let rest = octets;
      while (rest.length > 0) {
        const written = handle.write(rest, { at });
        if (written === 0) throw new Error('there is not enough space');
        at += written;
        rest = rest.subarray(written);
      }
    },
  };
}

/** A WritableStream: a file chosen by the user, or a download. */
export function webStreamSink(stream) {
  const writer = stream.getWriter();
  return {
    async write(octets) {
      await writer.ready;
      await writer.write(octets);
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  };
}

/** Octets that a file is handed at a time; what is larger goes as it is. */
const CHUNK = 1 << 20;

/** Copies of borrowed octets, in arrays that are used again. */
class Copies {
  #spare = [];

  of(octets) {
    const buffer = octets.length > CHUNK ? new ArrayBuffer(octets.length) : (this.#spare.pop() ?? new ArrayBuffer(CHUNK));
    const own = new Uint8Array(buffer, 0, octets.length);
    own.set(octets);
    return own;
  }

  /** Takes an array back that nobody uses any more. */
  take(buffer) {
    if (buffer.byteLength === CHUNK) this.#spare.push(buffer);
  }
}

/** A FileSystemFileHandle that the user chose. It is done with octets when it says so. */
export async function fileHandleSink(handle) {
  const stream = await handle.createWritable();
  const copies = new Copies();
  let last = Promise.resolve();
  return {
    borrows: true,
    write(octets) {
      const own = copies.of(octets);
      last = last.then(() => stream.write(own)).then(() => copies.take(own.buffer));
      return last;
    },
    close: () => stream.close(),
    abort: (reason) => stream.abort(reason),
  };
}

/** A MessagePort: arrays go over as they are, one for every `more`, or array, that comes back. */
export function portSink(port) {
  const copies = new Copies();
  let last = Promise.resolve();
  let allowed = 0;
  let refusal;
  let wake = () => {};
  port.onmessage = ({ data }) => {
    if (data === 'more' || data instanceof ArrayBuffer) allowed += 1;
    else refusal = new Error(String(data));
    if (data instanceof ArrayBuffer) copies.take(data);
    wake();
  };
  async function send(own) {
    while (allowed === 0 && !refusal) await new Promise((resolve) => (wake = resolve));
    if (refusal) throw refusal;
    allowed -= 1;
    port.postMessage(own, [own.buffer]);
  }
  return {
    borrows: true,
    write(octets) {
      const own = copies.of(octets);
      last = last.then(() => send(own));
      return last;
    },
    close: () => port.postMessage(null),
    abort: (reason) => port.postMessage(String(reason)),
  };
}

/**
 * What the core writes to: hands octets on in their order, and knows when all of them were taken. Where it is given a function, it
 * opens a sink for each archive that begins, and closes it behind the last octet.
 */
export class Drain {
  #open;
  /** The archive at hand: its sink, as soon as there is one. */
  #part;
  #number = 0;
  #pending;
  /** Octets so far. */
  taken = 0;
  /** What the sink threw: the core knows only its text. */
  refusal;

  constructor(sink) {
    if (typeof sink === 'function') this.#open = sink;
    else this.#part = { sink };
  }

  begin(name) {
    const before = this.#part;
    const part = (this.#part = {});
    const number = ++this.#number;
    const opened = (sink) => {
      if (typeof sink?.write !== 'function') throw new MailferryError({ kind: 'options', message: `no sink was given for ${name}: it has write(octets)` });
      part.sink = sink;
    };
    if (before) this.#next(() => before.sink.close?.());
    this.#next(() => {
      const sink = this.#open({ number, name });
      return typeof sink?.then === 'function' ? sink.then(opened) : opened(sink);
    });
  }

  write(octets) {
    const part = this.#part;
    this.taken += octets.length;
    // What is borrowed cannot wait.
    if (part.sink?.borrows) return this.#now(() => part.sink.write(octets));
    const own = octets.slice();
    this.#next(() => part.sink.write(own));
  }

  /** When the sink has taken everything. */
  async drained() {
    await this.#pending;
    this.#pending = undefined;
  }

  /** The same, when nothing comes any more. */
  async end() {
    await this.drained();
    if (this.#open) await this.#part?.sink.close?.();
  }

  /** Lets go of an archive that is not going to be complete. */
  async abort(reason) {
    if (!this.#open) return;
    this.refusal ??= reason;
    await this.#pending?.catch(() => {});
    const sink = this.#part?.sink;
    await (sink?.abort ? sink.abort(reason) : sink?.close?.());
  }

  #next(work) {
    if (this.#pending) this.#wait(this.#pending.then(work));
    else this.#now(work);
  }

  #now(work) {
    if (this.refusal) throw this.refusal;
    try {
      const promise = work();
      if (typeof promise?.then === 'function') this.#wait(Promise.all([this.#pending, promise]));
    } catch (error) {
      this.refusal = error;
      throw error;
    }
  }

  #wait(promise) {
    this.#pending = promise;
    // Whoever asks whether it is drained is told; until then nobody has to listen.
    promise.catch((error) => (this.refusal ??= error));
  }
}
