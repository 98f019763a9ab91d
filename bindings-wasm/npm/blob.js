// A Blob or File as a source. Read without waiting it leaves an array behind for every read, which a collector lets gather
// by hundreds of MB; so where it is read from front to back, a stream fills the same arrays again and again, ahead of the reads.
import { MailferryError } from './error.js';

/** Octets of an array, as much as the core reads at a time. */
const CHUNK = 4 << 20;
/** Arrays that are filled ahead. */
const CHUNKS = 2;

export function blobSource(blob, name = blob.name ?? 'input') {
  if (typeof FileReaderSync !== 'function') {
    throw new MailferryError({ kind: 'options', message: 'a File can be read in a Worker only: open it there, or pass its octets' });
  }
  const now = new FileReaderSync();
  const ahead = new Ahead(blob);
  return {
    name,
    size: blob.size,
    readAt(offset, into) {
      const taken = ahead.take(offset, into);
      if (taken > 0) return taken;
      const octets = new Uint8Array(now.readAsArrayBuffer(blob.slice(offset, offset + into.length)));
      into.set(octets);
      return octets.length;
    },
    /** Called between two steps of the core. */
    prefetch: () => ahead.fill(),
  };
}

class Ahead {
  #blob;
  #reader;
  /** Where the stream is. */
  #at = 0;
  /** The arrays that are filled: { from, octets }, in their order. */
  #filled = [];
  #spare = [];
  /** The end of the last read that was answered; and how many large reads in a row began where the one before ended. */
  #end = -1;
  #inRow = 0;

  constructor(blob) {
    this.#blob = blob;
  }

  /** Gives what is there of what begins at `offset`. */
  take(offset, into) {
    this.#inRow = offset === this.#end && into.length > CHUNK / 8 ? this.#inRow + 1 : 0;
    const chunk = this.#filled.find(({ from, octets }) => from <= offset && offset < from + octets.length);
    if (!chunk) {
      this.#end = offset + into.length;
      return 0;
    }
    const some = chunk.octets.subarray(offset - chunk.from, offset - chunk.from + into.length);
    into.set(some);
    this.#end = offset + some.length;
    this.#inRow = Math.max(this.#inRow, 1);
    return some.length;
  }

  /** Reads on, as far as there is room; begins where reads go from front to back. */
  async fill() {
    while (this.#filled.length > 0 && this.#filled[0].from + this.#filled[0].octets.length <= this.#end) this.#spare.push(this.#filled.shift().octets.buffer);
    const next = this.#filled[0]?.from ?? this.#at;
    if (this.#reader && (this.#end < next - CHUNK || this.#end > this.#at)) await this.#stop();
    if (!this.#reader && this.#inRow > 0 && this.#end < this.#blob.size) this.#begin();
    while (this.#reader && this.#filled.length < CHUNKS) {
      const octets = await this.#read(this.#spare.pop() ?? new ArrayBuffer(CHUNK));
      if (octets.length === 0) return this.#stop();
      this.#filled.push({ from: this.#at, octets });
      this.#at += octets.length;
    }
  }

  #begin() {
    try {
      this.#reader = this.#blob.slice(this.#end).stream().getReader({ mode: 'byob' });
      this.#at = this.#end;
    } catch {
      // This browser has no such streams: all is read without waiting.
      this.#inRow = -Infinity;
    }
  }

  /** Fills an array, less where the blob ends. */
  async #read(buffer) {
    let length = 0;
    while (length < CHUNK) {
      const { value, done } = await this.#reader.read(new Uint8Array(buffer, length, CHUNK - length));
      if (!value) return new Uint8Array(0);
      buffer = value.buffer;
      length += value.length;
      if (done) break;
    }
    return new Uint8Array(buffer, 0, length);
  }

  async #stop() {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#inRow = 0;
    await reader?.cancel().catch(() => {});
  }
}
