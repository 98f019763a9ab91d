// Compiled by `tsc --strict` as a bundler resolves it, never run: what the declarations promise a page.
import { reportPage } from 'mailferry';
import { inWorker } from 'mailferry/worker';
// @ts-expect-error: there are no files of a file system in a browser
import { fileSource } from 'mailferry';

export async function onPage(files: File[], to: WritableStream<Uint8Array>): Promise<Blob> {
  const engine = inWorker();
  const { folders } = await engine.inspect(files, { signal: AbortSignal.timeout(9), largest: 3, onProgress: ({ position }) => position.toFixed() });
  const message = await engine.item(files, '1:1', { octets: true });
  void [Object.keys(folders), message?.view?.subject, message?.octets?.length];
  // @ts-expect-error: a page has no ports of its own that a Worker could call
  await engine.convert({ size: 3, readAt: () => 3 }, {}, { to });
  const { report, log, left } = await engine.convert(files, { target: 'gmail' }, { to });
  void [report.totals.migrated, left[0]?.reason];
  const folder = await navigator.storage.getDirectory();
  await engine.convert(files, { split: 9e6 }, { to: async ({ name }) => folder.getFileHandle(name, { create: true }), name: 'mail' });
  const page: Blob = await engine.reportPage(report, log, { name: 'mail.zip' });
  void new Blob([await reportPage(report, new ArrayBuffer(0)), page]);
  const { found } = await engine.verify(files, { log, source: files, options: { target: 'gmail' }, signal: AbortSignal.timeout(9) });
  void found[0]?.what;
  return log;
}

void fileSource;
