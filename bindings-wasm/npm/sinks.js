// Sinks: anything with write(octets), which may return a promise. With `borrows: true` it is handed the core's own memory,
// which it must be done with when it returns; all others get a copy to keep.

/** A FileSystemSyncAccessHandle of the origin private file system, from its start on. */
export function handleSink(handle) {
  let at = 0;
  return {
    borrows: true,
    write(octets) {
      let rest = octets;
      while (rest.length > 0) {
        const written = handle.write(rest, { at });
        if (written === 0) throw new Error('there is no room left');
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

/** What the core writes to: hands octets on in their order, and knows when all of them were taken. */
export class Drain {
  #sink;
  #pending;
  /** Octets so far. */
  taken = 0;
  /** What the sink threw: the core knows only its text. */
  refusal;

  constructor(sink) {
    this.#sink = sink;
  }

  write(octets) {
    this.taken += octets.length;
    const own = this.#sink.borrows ? octets : octets.slice();
    if (this.#pending) {
      this.#wait(this.#pending.then(() => this.#sink.write(own)));
      return;
    }
    try {
      const promise = this.#sink.write(own);
      if (typeof promise?.then === 'function') this.#wait(promise);
    } catch (error) {
      this.refusal = error;
      throw error;
    }
  }

  /** When the sink has taken everything. */
  async drained() {
    const pending = this.#pending;
    this.#pending = undefined;
    await pending;
  }

  #wait(promise) {
    this.#pending = promise;
    // Whoever asks whether it is drained is told; until then nobody has to listen.
    promise.catch(() => {});
  }
}
