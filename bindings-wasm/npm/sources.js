// Sources: anything that becomes { name, size, readAt(offset, octets) }, where readAt fills what it can and gives the number.
import { blobSource } from './blob.js';
import { MailferryError } from './error.js';

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

/** One source or several, each as it is or as what it can be made of. */
export function asSources(source) {
  const sources = Array.isArray(source) ? source : [source];
  return sources.map(asSource);
}

function asSource(source) {
  if (typeof source?.readAt === 'function' && Number.isSafeInteger(source.size) && source.size >= 0) {
    return typeof source.name === 'string' ? source : { name: 'input', size: source.size, readAt: (offset, into) => source.readAt(offset, into) };
  }
  if (typeof Blob === 'function' && source instanceof Blob) return blobSource(source);
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return bytesSource(source);
  throw new MailferryError({ kind: 'options', message: 'a source is a File, octets, or { name, size, readAt(offset, octets) }' });
}

/** Lets sources read ahead, those that can. */
export function prefetched(sources) {
  return Promise.all(sources.map((source) => source.prefetch?.()));
}
