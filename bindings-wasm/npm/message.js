// The attachments of a message: what is known of each, and its octets, which are decoded when they are asked for.

/** `read` hands the octets of the attachment of a number to a sink, without waiting. */
export function attachmentsOf(views, read) {
  return views.map((view, number) => new Attachment(view, () => parts(number, read)));
}

function parts(number, read) {
  const all = [];
  // What it is handed is memory of the core.
  read(number, { write: (octets) => void all.push(octets.slice()) });
  return all;
}

class Attachment {
  #parts;

  constructor(view, parts) {
    Object.assign(this, view);
    this.#parts = parts;
  }

  /** Its decoded octets. */
  bytes() {
    const parts = this.#parts();
    const octets = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      octets.set(part, at);
      at += part.length;
    }
    return octets;
  }

  blob() {
    return new Blob(this.#parts(), { type: this.type });
  }

  stream() {
    return this.blob().stream();
  }
}
