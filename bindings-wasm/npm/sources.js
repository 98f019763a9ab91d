// Sources: anything that becomes { name, size, readAt(offset, octets) }, where readAt fills what it can and gives the number.
import { blobSource } from './blob.js';
import { folderSource } from './folder.js';
import { MailferryError } from './error.js';
import { askNow, probed, rangedSource } from './ranges.js';

/** Octets in memory. */
export function bytesSource(octets, name = 'input') {
  const view = octets instanceof ArrayBuffer ? new Uint8Array(octets) : new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
  return {
    name,
    size: view.length,
    readAt(offset, into) {
      const some = view.subarray(offset, offset + into.length);
      into.set(some);
      return some.length;
    },
  };
}

/** A FileSystemSyncAccessHandle of the origin private file system. */
export function handleSource(handle, name = 'input') {
  return { name, size: handle.getSize(), readAt: (offset, into) => handle.read(into, { at: offset }) };
}

/** What differs between environments: where a stream is kept until all of it is there, and what else can be a source or a sink. */
export const environment = {
  /** Where the core is. */
  core: () => new URL('./wasm/mailferry_bg.wasm', import.meta.url),
  /** Keeps a stream, and gives a source of it. */
  async spool(stream, name) {
    const parts = [];
    let octets = 0;
    let gathered = [];
    for await (const part of chunks(stream)) {
      gathered.push(part);
      octets += part.length;
      // Browsers keep large Blobs on disk.
      if (octets > 8 << 20) [gathered, octets] = [[], parts.push(new Blob(gathered)) * 0];
    }
    return ofBlob(new Blob([...parts, ...gathered]), name);
  },
  /** What gives parts of files of servers without letting anybody wait, if there is such a thing. */
  asker: () => (typeof XMLHttpRequest === 'function' && !isPage() ? askNow : undefined),
  /** A source of what only this environment knows; nothing for what it does not know either. */
  source: () => undefined,
  /** The same of a sink. */
  sink: () => undefined,
};

/** The octets of a stream, whether or not it can be iterated over. */
async function* chunks(stream) {
  if (typeof stream[Symbol.asyncIterator] === 'function') {
    for await (const part of stream) yield octetsOf(part);
    return;
  }
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield octetsOf(value);
  }
}

const octetsOf = (part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part);

/** One source or several, each as it is or as what it can be made of. */
export async function asSources(source) {
  const sources = Array.isArray(source) ? source : [source];
  return Promise.all(sources.map(asSource));
}

async function asSource(source) {
  const known = environment.source(source);
  if (known) return known;
  if (typeof source?.readAt === 'function' && Number.isSafeInteger(source.size) && source.size >= 0) return ofReadAt(source);
  if (isBlob(source)) return ofBlob(source, source.name);
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return bytesSource(source);
  if (isBlob(source?.blob)) return ofBlob(source.blob, source.name);
  if (Array.isArray(source?.entries)) {
    const entries = await Promise.all(source.entries.map(async ({ path, blob }) => ({ path, source: await ofBlob(blob, path), modified: blob.lastModified })));
    return folderSource(source.name, entries);
  }
  if (source instanceof URL) return ofUrl(source);
  if (typeof Response === 'function' && source instanceof Response) return ofAnswer(source, new URL(source.url, 'file:///input').pathname.split('/').pop());
  if (typeof source?.getReader === 'function' || typeof source?.[Symbol.asyncIterator] === 'function') return environment.spool(source, source.name ?? 'input');
  throw new MailferryError({ kind: 'options', message: 'a source is a File or Blob, octets, a URL, a ReadableStream, or { name, size, readAt(offset, octets) }; in Node also a path or a FileHandle' });
}

const isBlob = (source) => typeof Blob === 'function' && source instanceof Blob;

/** Where nothing can be read from a Blob without waiting, it is kept elsewhere first. */
function ofBlob(blob, name = 'input') {
  if (typeof FileReaderSync === 'function') return blobSource(blob, name);
  if (isPage()) throw new MailferryError({ kind: 'options', message: 'a File can be read in a Worker only: open it there (mailferry/worker does), or pass its octets' });
  return environment.spool(blob.stream(), name);
}

const isPage = () => typeof window === 'object' && typeof document === 'object';

/** A file of a server is read by ranges where the server has them, and else from front to back, and kept. */
async function ofUrl(url) {
  if (isPage()) throw new MailferryError({ kind: 'options', message: 'a URL can be read in a Worker only: open it there (mailferry/worker does), or pass its octets' });
  const name = url.pathname.split('/').pop();
  try {
    const ask = await environment.asker();
    const { answer, ...file } = ask ? await probed(url.href) : { answer: await fetch(url) };
    return answer ? ofAnswer(answer, name) : rangedSource(decoded(name), file, ask);
  } catch (error) {
    if (error instanceof MailferryError) throw error;
    throw new MailferryError({ kind: 'io', message: `${url.href}: ${error.cause?.message ?? error.message}`, path: url.href }, { cause: error });
  }
}

function decoded(name) {
  try {
    return decodeURIComponent(name || 'input');
  } catch {
    return name;
  }
}

function ofAnswer(answer, name) {
  if (!answer.ok) throw new MailferryError({ kind: 'io', message: `${answer.url}: the server answered ${answer.status} ${answer.statusText}` });
  return environment.spool(answer.body ?? new Blob([]).stream(), decoded(name));
}

/** What is read at an offset: where that takes a promise, all of it is kept first. */
function ofReadAt(source) {
  const name = typeof source.name === 'string' ? source.name : 'input';
  let first;
  try {
    first = source.size === 0 ? 0 : source.readAt(0, new Uint8Array(Math.min(source.size, 16)));
  } catch {
    // It will throw again where the core reads, which says of what file.
  }
  if (typeof first?.then !== 'function') {
    return typeof source.name === 'string' ? source : { name, size: source.size, readAt: (offset, into) => source.readAt(offset, into), prefetch: () => source.prefetch?.() };
  }
  return environment.spool(fromFrontToBack(source, first), name);
}

async function* fromFrontToBack(source, first) {
  await first;
  for (let at = 0; at < source.size; ) {
    const octets = new Uint8Array(Math.min(4 << 20, source.size - at));
    const got = await source.readAt(at, octets);
    if (!(got > 0)) throw new MailferryError({ kind: 'io', message: `${source.name ?? 'a source'} ends at octet ${at}, before the size it states` });
    yield octets.subarray(0, got);
    at += got;
  }
}

/** Lets sources read ahead, those that can. */
export function prefetched(sources) {
  return Promise.all(sources.map((source) => source.prefetch?.()));
}
