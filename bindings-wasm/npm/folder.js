// A folder of files as one source: a tar archive that is never made, of which the records are thought up where they are read. So what
// the core knows of a directory or an archive (Maildirs, profiles, packages of Apple Mail) holds for a folder that was dropped on a page.

const RECORD = 512;
const encoder = new TextEncoder();

/** `entries` are { path, source }, where a source is { size, readAt }. */
export function folderSource(name, entries) {
  const starts = [];
  let size = 0;
  for (const { path, source } of entries) {
    starts.push(size);
    size += (hasExtension(path, source.size) ? RECORD + padded(extension(path, source.size).length) : 0) + RECORD + padded(source.size);
  }
  const total = size + 2 * RECORD;
  let last;

  /** What of the entry of this number lies at an offset within it. */
  function read(number, offset, into) {
    const { path, source, modified } = entries[number];
    const head = heads(path, source.size, modified);
    if (offset < head.length) return put(head.subarray(offset), into);
    const within = offset - head.length;
    if (within < source.size) {
      last = source;
      return source.readAt(within, into.subarray(0, Math.min(into.length, source.size - within)));
    }
    const end = (starts[number + 1] ?? size) - starts[number];
    return zeros(into, end - offset);
  }

  return {
    name,
    size: total,
    readAt(offset, into) {
      let done = 0;
      while (done < into.length && offset + done < total) {
        const at = offset + done;
        const rest = into.subarray(done);
        const got = at >= size ? zeros(rest, total - at) : read(place(starts, at), at - starts[place(starts, at)], rest);
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    prefetch: () => last?.prefetch?.(),
  };
}

/** The number of the entry that an offset lies in. */
function place(starts, offset) {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

const padded = (length) => Math.ceil(length / RECORD) * RECORD;

function put(octets, into) {
  const some = octets.subarray(0, into.length);
  into.set(some);
  return some.length;
}

function zeros(into, most) {
  const some = into.subarray(0, Math.min(into.length, most));
  some.fill(0);
  return some.length;
}

/** Whether a path or a size says more than a plain record can (POSIX.1-2001, pax). */
function hasExtension(path, size) {
  return path.length > 99 || size >= 8 ** 11 || /[^\x20-\x7e]/.test(path);
}

function extension(path, size) {
  const line = (key, value) => {
    const rest = encoder.encode(` ${key}=${value}\n`).length;
    let length = rest + String(rest).length;
    if (String(length).length + rest > length) length = String(length).length + rest;
    return `${length} ${key}=${value}\n`;
  };
  return encoder.encode(line('path', path) + line('size', size));
}

function heads(path, size, modified = 0) {
  if (!hasExtension(path, size)) return record(path, size, modified, '0');
  const more = extension(path, size);
  const head = new Uint8Array(RECORD + padded(more.length) + RECORD);
  head.set(record('PaxHeader', more.length, modified, 'x'));
  head.set(more, RECORD);
  head.set(record(path.replace(/[^\x20-\x7e]/g, '_').slice(0, 99), size < 8 ** 11 ? size : 0, modified, '0'), RECORD + padded(more.length));
  return head;
}

function record(name, size, modified, type) {
  const octets = new Uint8Array(RECORD);
  const text = (value, at) => octets.set(encoder.encode(value), at);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  text(name, 0);
  text(octal(0o644, 7), 100);
  text(octal(0, 7), 108);
  text(octal(0, 7), 116);
  text(octal(size, 11), 124);
  text(octal(Math.max(0, Math.floor(modified / 1000)), 11), 136);
  text('        ', 148);
  text(type, 156);
  text('ustar\u000000', 257);
  const sum = octets.reduce((all, octet) => all + octet, 0);
  text(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return octets;
}
