// Compiled by `tsc --strict`, never run: what the declarations promise a caller.
import { MailferryError, blobSource, bytesSource, convert, fileSink, fileSource, folderSource, index, inspect, list, open, verify, webStreamSink } from 'mailferry';
import { inWorker } from 'mailferry/worker';
import type { ConvertProgress, Item, LogLine, Report, Sink, Source } from 'mailferry';

const source: Source = { size: 3, readAt: (_offset: number, octets: Uint8Array) => octets.length };
const sink: Sink = { borrows: true, write(octets) { octets.subarray(1); } };

export async function all(blob: Blob, stream: WritableStream<Uint8Array>): Promise<Report> {
  const mailbox = await open([source, blob, new ArrayBuffer(3), bytesSource(new Uint8Array(3), 'x')], { select: { kinds: ['mail'], after: new Date(0) } });
  for await (const item of mailbox) use(item);
  for await (const record of list(blobSource(blob), { signal: AbortSignal.timeout(9) })) record.subject?.length;
  const years: number | undefined = (await inspect(fileSource('x.mbox'))).years['2024']?.items;
  try {
    await convert(source, { as: 'bundle', packaging: 'tgz' }, { sink: webStreamSink(stream) });
  } catch (error) {
    if (error instanceof MailferryError && error.kind === 'encrypted' && error.location && 'byte' in error.location) error.location.byte.toFixed(years);
  }
  await convert(source, { split: 480_000_000 }, { sink: ({ name }) => fileSink(name), name: 'mail' });
  await convert(source, { target: 'zoho' }, { sink: async ({ number }) => (number === 1 ? webStreamSink(stream) : sink) });
  const { items, differences } = await verify([source], { log: new ArrayBuffer(0), onDifference: ({ kind }) => kind.length, onProgress: ({ position }) => position.toFixed() });
  void (items - differences);
  // @ts-expect-error: there is no such form
  await convert(source, { as: 'docx' }, { sink });
  // @ts-expect-error: a sink is needed
  await convert(source, {});
  return convert(source, {}, { sink, log: fileSink('x.jsonl'), onProgress: (progress: ConvertProgress) => progress.written });
}

function use(item: Item): void {
  const octets: Uint8Array = item.octets();
  const html: string | null | undefined = item.view()?.html;
  void [octets, html];
}

export async function everywhere(file: File, handle: { readonly fd: number }, out: import('node:stream').Writable): Promise<string[]> {
  const box = await index(['mail.mbox', handle, new URL('https://example.org/x.mbox'), file, { name: 'x', blob: file }], { onItems: (items) => items.length });
  const view = (await box.find('1:1'))?.view();
  await convert('mail.mbox', {}, { sink: out, log: new WritableStream<Uint8Array>() });
  void [view?.bcc[0]?.address, view?.attachments[0]?.stream(), folderSource('x', [{ path: 'x/a', source }]).size];
  return view?.headers.map(([name]) => name) ?? [];
}

export const line = (text: string): LogLine['status'] => (JSON.parse(text) as LogLine).status;

export async function onThread(out: WritableStream<Uint8Array>): Promise<number> {
  const engine = inWorker();
  const { report } = await engine.convert(['mail.mbox', new URL('https://example.org/x.mbox'), new Blob()], { target: 'zoho' }, { to: ({ name }) => `out/${name}`, name: 'mail' });
  const { log } = await engine.convert('mail.mbox', {}, { to: out });
  // @ts-expect-error: a number is no path
  await engine.convert(42, {}, { to: 'x.zip' });
  return report.totals.migrated + log.size;
}
