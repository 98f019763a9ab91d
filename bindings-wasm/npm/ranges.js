// A file of a server, read at any place by ranges (RFC 9110, 14): nothing of it is kept but a few windows. Every answer is held against
// the first, so that a file that changes meanwhile is an error and never a mixture.
import { MailferryError } from './error.js';

/** Octets that are asked for at once: at first, and where one read follows the other. */
const LEAST = 256 << 10;
const MOST = 4 << 20;
/** Windows that are kept. */
const WINDOWS = 4;

const failed = (url, why) => new MailferryError({ kind: 'io', message: `${url}: ${why}` });

/**
 * Asks for the beginning. Gives { size, etag, modified, first }; or { answer }, which is all of it, where the server knows no ranges or
 * does not say how long the file is.
 */
export async function probed(url) {
  const answer = await fetch(url, { headers: { range: `bytes=0-${LEAST - 1}` } });
  // Nothing can be satisfied of an empty file.
  if (answer.status === 416) return { answer: await fetch(url) };
  if (answer.status !== 206) return { answer };
  const size = placeOf(answer.headers.get('content-range'))?.size ?? (await sizeOf(url));
  if (size === undefined || isEncoded(answer.headers)) {
    await answer.body?.cancel();
    return { answer: await fetch(url) };
  }
  const first = new Uint8Array(await answer.arrayBuffer());
  if (first.length !== Math.min(size, LEAST)) throw failed(url, 'the server sent less, or more, than it said');
  return { url: answer.url || url, size, first, ...validators(answer.headers) };
}

/** A server of another site need not let scripts see where a part lies. */
async function sizeOf(url) {
  const { ok, headers } = await fetch(url, { method: 'HEAD' });
  const length = headers.get('content-length');
  return ok && /^\d+$/.test(length ?? '') && !isEncoded(headers) ? Number(length) : undefined;
}

const isEncoded = (headers) => !['', 'identity'].includes(headers.get('content-encoding') ?? '');
const validators = (headers) => ({ etag: headers.get('etag') ?? undefined, modified: headers.get('last-modified') ?? undefined });

function placeOf(range) {
  const [, from, to, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range ?? '') ?? [];
  return size === undefined ? undefined : { from: Number(from), to: Number(to) + 1, size: Number(size) };
}

/** The header fields of the request for a part. A weak ETag proves nothing of octets: it is compared, and not sent. */
export function fieldsFor({ from, to, etag, modified }) {
  const proof = etag && !etag.startsWith('W/') ? etag : etag ? undefined : modified;
  return { range: `bytes=${from}-${to - 1}`, ...(proof ? { 'if-range': proof } : {}) };
}

/** Why an answer is not the part that was asked for; nothing where it is. `headers` has `get`. */
export function refusalOf({ url, from, to, size, etag, modified }, { status, headers, length }) {
  const now = { etag: headers.get('etag') ?? undefined, modified: headers.get('last-modified') ?? undefined };
  const place = placeOf(headers.get('content-range'));
  const isOther = (etag && now.etag && etag !== now.etag) || (!etag && modified && now.modified && modified !== now.modified) || (place && place.size !== size);
  if (status === 200 || status === 412 || status === 416 || isOther) return failed(url, 'the file was changed on the server while it was read: begin again');
  if (status !== 206) return failed(url, `the server answered ${status}`);
  if (length !== to - from || (place && (place.from !== from || place.to !== to))) return failed(url, 'the server sent another part than was asked for');
  return undefined;
}

/** What reads at any place: `ask` gives the octets of { url, from, to, size, etag, modified }, without letting anybody wait. */
export function rangedSource(name, { first, ...file }, ask) {
  const windows = [{ from: 0, octets: first }];
  let step = LEAST;
  let end = first.length;
  return {
    name,
    size: file.size,
    readAt(offset, into) {
      if (offset >= file.size) return 0;
      const at = windows.findIndex(({ from, octets }) => from <= offset && offset < from + octets.length);
      if (at >= 0) windows.unshift(...windows.splice(at, 1));
      else {
        step = offset === end ? Math.min(MOST, step * 2) : LEAST;
        const to = Math.min(file.size, offset + Math.max(step, Math.min(MOST, into.length)));
        windows.unshift({ from: offset, octets: ask({ ...file, from: offset, to }) });
        windows.length = Math.min(windows.length, WINDOWS);
        end = to;
      }
      const [{ from, octets }] = windows;
      const some = octets.subarray(offset - from, offset - from + into.length);
      into.set(some);
      return some.length;
    },
  };
}

/** Attempts at a part, where the network or the server fails for the moment. */
export const ATTEMPTS = 4;
export const isForTheMoment = (status) => status === 0 || status === 429 || status >= 500;

/** In a Worker of a browser a request can be waited for. */
export function askNow(part) {
  const isOurs = new URL(part.url).origin === self.location?.origin;
  for (let attempt = 1; ; attempt++) {
    const request = new XMLHttpRequest();
    request.open('GET', part.url, false);
    request.responseType = 'arraybuffer';
    // Another site would have to allow If-Range: there the fields of the answer are compared alone.
    for (const [field, value] of Object.entries(fieldsFor(part))) if (field === 'range' || isOurs) request.setRequestHeader(field, value);
    try {
      request.send();
    } catch {
      // Its status is 0 then.
    }
    const octets = new Uint8Array(request.response ?? new ArrayBuffer(0));
    if (isForTheMoment(request.status) && attempt < ATTEMPTS) continue;
    if (request.status === 0) throw failed(part.url, 'the server cannot be reached any more');
    const refusal = refusalOf(part, { status: request.status, headers: { get: (field) => request.getResponseHeader(field) }, length: octets.length });
    if (refusal) throw refusal;
    return octets;
  }
}
