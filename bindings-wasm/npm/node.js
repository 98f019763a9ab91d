// The package in Node: the core is read from the file system, and files are sources and sinks.
import { closeSync, fstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MailferryError } from './error.js';
import { environment } from './sources.js';

export * from './mailferry.js';

environment.core = () => readFile(new URL('./wasm/mailferry_bg.wasm', import.meta.url));

/** A file by its path, or by a descriptor that the caller opened. */
export function fileSource(file, name = String(file)) {
  const fd = typeof file === 'number' ? file : openSync(file, 'r');
  return {
    fd,
    name,
    size: fstatSync(fd).size,
    readAt: (offset, into) => readSync(fd, into, 0, into.length, offset),
    close: () => closeSync(fd),
  };
}

/** Descriptors of files that were opened here: they are closed when nothing refers to their source any more. */
const unused = new FinalizationRegistry((fd) => closeSync(fd));

environment.source = (source) => {
  if (source instanceof URL && source.protocol === 'file:') return environment.source(fileURLToPath(source));
  if (typeof source === 'string') {
    try {
      const own = fileSource(source);
      unused.register(own, own.fd);
      return own;
    } catch (error) {
      throw new MailferryError({ kind: 'io', message: error.message, path: source }, { cause: error });
    }
  }
  // A FileHandle, or what else has a descriptor.
  if (typeof source?.fd === 'number' && typeof source.readAt !== 'function' && typeof source.pipe !== 'function') return fileSource(source.fd, 'input');
  return undefined;
};

environment.sink = (sink) => (typeof sink?.fd === 'number' && typeof sink.appendFile === 'function' ? { ...fileSink(sink.fd), close: () => sink.close() } : undefined);

/** Octets of files of servers that are asked for at once, at most. */
const MOST_ASKED = 8 << 20;

/** Milliseconds until a part has to be there. */
const PATIENCE = 120_000;

let fetching;

/** Starts the thread that fetches parts, once; nothing waits for its end. */
environment.asker = () => {
  fetching ??= new Promise((resolve, reject) => {
    const [state, shared] = [new SharedArrayBuffer(8), new SharedArrayBuffer(MOST_ASKED)];
    const worker = new Worker(new URL('./ranges-node.js', import.meta.url), { workerData: { state, shared } });
    worker.once('error', reject);
    worker.once('message', () => {
      worker.unref();
      resolve(asking(worker, new Int32Array(state), new Uint8Array(shared)));
    });
  });
  return fetching;
};

function asking(worker, state, shared) {
  return (part) => {
    Atomics.store(state, 0, 0);
    worker.postMessage(part);
    if (Atomics.wait(state, 0, 0, PATIENCE) === 'timed-out') throw new MailferryError({ kind: 'io', message: `${part.url}: no answer within two minutes`, path: part.url });
    const octets = shared.slice(0, state[1]);
    if (state[0] !== 1) throw new MailferryError({ kind: 'io', message: new TextDecoder().decode(octets), path: part.url });
    return octets;
  };
}

/** Streams are kept in a temporary file that has no name any more. */
environment.spool = async (stream, name) => {
  const folder = await mkdtemp(join(tmpdir(), 'mailferry-'));
  const path = join(folder, 'stream');
  const fd = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    await rmdir(folder);
  } catch {
    // Where an open file cannot lose its name, the system clears it away some day.
  }
  for await (const part of stream) for (let rest = typeof part === 'string' ? Buffer.from(part) : part; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
  const source = fileSource(fd, name);
  unused.register(source, fd);
  return source;
};

/** A new file by its path, or a descriptor that the caller opened. */
export function fileSink(file) {
  const fd = typeof file === 'number' ? file : openSync(file, 'wx');
  return {
    borrows: true,
    write(octets) {
      for (let rest = octets; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
    },
    close: () => closeSync(fd),
  };
}
