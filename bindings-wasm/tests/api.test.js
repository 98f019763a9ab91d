// What the functions of the package promise.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MailferryError, bytesSource, convert, fileSink, fileSource, folderSource, formats, index, inspect, list, open, options, plan, reportPage, targets, verify, version, webStreamSink } from 'mailferry';
import { inWorker } from 'mailferry/worker';
import { Worker as Thread } from 'node:worker_threads';
import { mbox } from './generate.js';

const TAKEOUT = new URL('../../fixtures/mbox/takeout.mbox', import.meta.url).pathname;
/** Every kind of item and attachment; made by the tests of the core. */
const STORE = new URL('../../target/tmp/store.pst', import.meta.url).pathname;
const GROUPS = new URL('../../fixtures/vcf/lf/group-apple.vcf', import.meta.url).pathname;
const CATEGORIES = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nN:;Ann;;;\r\nCATEGORIES:Friends\r\nEND:VCARD\r\n';
const COMMAND = new URL('../../target/debug/mailferry', import.meta.url).pathname;
const text = (lines) => bytesSource(new TextEncoder().encode(lines), 'Inbox.mbox');
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex');

async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}

function kept() {
  const parts = [];
  return { write: (octets) => void parts.push(octets), octets: () => Buffer.concat(parts) };
}

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'mailferry-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('formats and version are told', async () => {
  assert.match(await version(), /^\d+\.\d+\.\d+$/);
  const names = (await formats()).map((format) => format.name);
  for (const name of ['mbox', 'pst', 'ics', 'vcf']) assert.ok(names.includes(name), name);
});

test('options are told with their values', async () => {
  const all = await options();
  const named = (name) => all.find((option) => option.name === name);
  assert.deepEqual(named('zip-level'), { name: 'zip-level', decides: 'places', words: ['store', 'fast', 'best'] });
  assert.deepEqual(named('packaging').words, ['zip', 'tar', 'tgz', 'pst']);
  assert.equal(named('eol').decides, 'octets');
  assert.deepEqual(named('subject').words, []);
});

test('items have fields, octets and a view', async () => {
  const mailbox = await open(text('From a\nSubject: =?utf-8?q?caf=C3=A9?=\nFrom: Ann <ann@example.org>\n\nHi\n'));
  const seen = [];
  for await (const item of mailbox) {
    assert.equal(item.subject, 'café');
    assert.match(new TextDecoder().decode(item.octets()), /^Subject: .*\nFrom: .*\n\nHi\n$/);
    assert.deepEqual(item.view().from, [{ name: 'Ann', address: 'ann@example.org' }]);
    assert.equal(item.view().text.trim(), 'Hi');
    seen.push(item);
  }
  assert.equal(seen.length, 1);
  assert.throws(() => seen[0].octets(), (error) => error instanceof MailferryError && error.kind === 'options');
});

test('a list is plain objects of all sources, and obeys a selection', async () => {
  const sources = [text('From a\nSubject: one\n\nHi\n\nFrom b\nSubject: two\n\nHo\n'), text('From c\nSubject: three\n\nHa\n')];
  const subjects = async (options) => (await collect(list(sources, options))).map(({ id, subject }) => `${id} ${subject}`);
  assert.deepEqual(await subjects(), ['1:1 one', '1:2 two', '2:1 three']);
  assert.deepEqual(await subjects({ select: { subject: ['T'] } }), ['1:2 two', '2:1 three']);
});

test('an item is found by its id', async () => {
  const mailbox = await open([text('From a\nSubject: one\n\nHi\n\nFrom b\nSubject: two\n\nHo\n'), text('From c\nSubject: three\n\nHa\n')]);
  assert.equal((await mailbox.find('1:2')).subject, 'two');
  assert.equal((await mailbox.find('2:1')).view().subject, 'three');
  assert.equal(await mailbox.find('1:1'), undefined);
  mailbox.close();
});

test('an inspection counts', async () => {
  const inspection = await inspect(fileSource(TAKEOUT), { largest: 3 });
  assert.equal(inspection.items, 24);
  assert.equal(inspection.largest.length, 3);
  assert.equal(Object.values(inspection.folders).reduce((sum, { items }) => sum + items, 0), 24);
});

test('a plan tells what a target will not take, and the conversion leaves out the same', async () => {
  const names = (await targets()).map((target) => target.name);
  assert.ok(names.includes('nextcloud') && names.includes('gmail'));
  const planned = await plan(fileSource(TAKEOUT), 'nextcloud');
  assert.deepEqual([planned.available.items, planned.goes.items, planned.refused.target_takes_no_mail.items], [24, 0, 24]);
  const report = await convert(fileSource(TAKEOUT), { target: 'nextcloud' }, { sink: kept() });
  assert.deepEqual([report.totals.available, report.totals.skipped], [24, 24]);
  await assert.rejects(plan(fileSource(TAKEOUT), 'fidonet'), { kind: 'options' });
});

test('errors tell their kind and place', async () => {
  const wrong = async (work, kind) =>
    assert.rejects(work, (error) => error instanceof MailferryError && error instanceof Error && error.kind === kind && error.message.length > 10);
  await wrong(open(bytesSource(new TextEncoder().encode('%PDF-1.7 is no mailbox'), 'x.pdf')), 'unknown_format');
  await wrong(open(text('From a\n\n'), { mboxQuoting: 'never' }), 'options');
  await wrong(open(text('From a\n\n'), { select: { folder: ['x'] } }), 'options');
  await wrong(open(42), 'options');
  await wrong(open('no/such/file.mbox'), 'io');
  await wrong(convert(text('From a\n\n'), {}, {}), 'options');
  const cut = Buffer.concat([Buffer.from('!BDN'), Buffer.alloc(600)]);
  await assert.rejects(open(bytesSource(cut, 'x.pst')), (error) => error.path === 'x.pst' && error.kind !== undefined);
});

test('a source that throws, ends early or claims too much fails, and nothing else does', async () => {
  const octets = new TextEncoder().encode('From a\nSubject: one\n\nHi\n'.repeat(100_000));
  const good = bytesSource(octets, 'a.mbox');
  for (const readAt of [
    () => { throw new Error('the disk is gone'); },
    (offset, into) => good.readAt(offset, into.subarray(0, Math.max(0, 1_000_000 - offset))),
    () => 4_000_000_000,
    () => -1,
    () => NaN,
  ]) {
    const outcome = await convert({ ...good, readAt }, {}, { sink: kept() }).then((report) => report.totals.failed + report.sources.filter((source) => source.error).length, (error) => error.kind);
    assert.ok(outcome === 'io' || outcome >= 1, `${readAt}: ${outcome}`);
  }
  for (const size of [NaN, undefined, '9', Infinity, -5, 0.5]) await assert.rejects(open({ ...good, size }), { kind: 'options' });
});

test('an archive is the same as that of the command, whatever takes it', async (t) => {
  if (!existsSync(COMMAND)) return t.skip('the command is not built');
  assert.ok(existsSync(STORE), 'no PST: cargo test -p mailferry --test pst lies_where');
  const root = folder(t);
  const cards = join(root, 'cards.vcf');
  writeFileSync(cards, CATEGORIES);
  for (const [packaging, options, args, input = TAKEOUT] of [
    ['zip', {}, []],
    ['zip', { hidden: true, attachments: true }, ['--hidden', '--attachments'], STORE],
    ['tgz', { as: 'mbox', compress: 'best' }, ['--as', 'mbox', '--zip-level', 'best'], STORE],
    ['zip', { compress: 'fast', labels: 'every', eol: 'crlf', checksums: 'none' }, ['--zip-level', 'fast', '--labels', 'every', '--eol', 'crlf', '--checksums', 'none']],
    ['tar', { as: 'mbox' }, ['--as', 'mbox']],
    ['zip', { cardGroups: 'categories' }, ['--card-groups', 'categories'], GROUPS],
    ['zip', { cardGroups: 'cards', cardUids: true }, ['--card-groups', 'cards', '--card-uids'], cards],
    ['zip', { select: { dedupe: 'exact', after: '2024-02-05' }, as: 'maildir' }, ['--dedupe', 'exact', '--after', '2024-02-05', '--as', 'maildir']],
  ]) {
    const path = join(root, `${Math.random()}.${packaging}`);
    const level = options.compress || packaging !== 'zip' ? [] : ['--zip-level', 'store'];
    execFileSync(COMMAND, ['convert', input, '--to', path, '--progress', 'none', ...level, ...args]);
    const [sync, log] = [kept(), kept()];
    const report = await convert(fileSource(input, input), { packaging, ...options }, { sink: sync, log });
    const wanted = readFileSync(path);
    assert.equal(sha256(sync.octets()), sha256(wanted), `${packaging} ${JSON.stringify(options)}`);
    // Only what is written to a path can be gone on with, and its log and report number the syncs.
    const lines = readFileSync(`${path}.items.jsonl`, 'utf8').replaceAll(',"sync":1}', '}');
    assert.equal(log.octets().toString(), lines);
    const native = JSON.parse(readFileSync(`${path}.report.json`, 'utf8'));
    // The command has its threads among the options, and names of files, which a sink has not.
    delete native.sync;
    const plain = ({ options, files, ...rest }) => ({ ...rest, seconds: 0 });
    assert.deepEqual(plain(report), plain(native));
    assert.equal(report.options.scheme, native.options.scheme);

    const { readable, writable } = new TransformStream();
    const collected = collect(readable);
    const sink = webStreamSink(writable);
    await convert(fileSource(input, input), { packaging, ...options }, { sink });
    await sink.close();
    assert.equal(sha256(Buffer.concat(await collected)), sha256(wanted));
  }
});

test('the report tells what a conversion amounts to', async () => {
  const ended = async (source, options) => (await convert(source, options, { sink: { write() {} } })).outcome;
  const one = text('From a\nSubject: one\n\nHi\n');
  assert.deepEqual(await ended(one), { state: 'complete' });
  assert.equal((await ended(text('From a\nSubject: one\n\nHi\n'), { target: 'nextcloud' })).state, 'nothing_migrated');
  const unknown = bytesSource(new TextEncoder().encode('PK no mail'), 'x.docx');
  const { state, reasons } = await ended([one, unknown]);
  assert.equal(state, 'incomplete');
  assert.match(reasons[0].text, /x\.docx/);
});

test('an archive that its sink refuses is no success', async () => {
  let written = 0;
  const sink = { write(octets) { if ((written += octets.length) > 100) throw new Error('full'); } };
  await assert.rejects(convert(text('From a\nSubject: one\n\nHi\n'), {}, { sink }), /full/);
});

test('the page of a report is that of the command', async (t) => {
  if (!existsSync(COMMAND)) return t.skip('the command is not built');
  const root = folder(t);
  const [archive, page] = [join(root, 'mail.zip'), join(root, 'page.html')];
  execFileSync(COMMAND, ['convert', TAKEOUT, '--to', archive, '--progress', 'none', '--skip-trash', '--html', page]);
  const report = JSON.parse(readFileSync(`${archive}.report.json`, 'utf8'));
  assert.ok(report.totals.skipped > 0);
  const made = await reportPage(report, fileSource(`${archive}.items.jsonl`, 'mail.zip.items.jsonl'), 'mail.zip');
  assert.equal(made, readFileSync(page, 'utf8'));
  await assert.rejects(reportPage({ totals: 'all' }, text('')), { kind: 'options' });
  const gone = { name: 'a.jsonl', size: 9, readAt() { throw new Error('the disk is gone'); } };
  await assert.rejects(reportPage(report, gone), { kind: 'io', path: 'a.jsonl' });
});

test('an archive is verified by its log, whoever wrote it, and what was done to it is told', async (t) => {
  const root = folder(t);
  const tagging = { rootFolder: 'Old', addLabels: ['old'], mapFolders: [['Inbox', 'In']] };
  for (const options of [{}, { as: 'mbox', packaging: 'tgz' }, { as: 'maildir', compress: 'best' }, { as: 'bundle' }, { checksums: 'none' }, { tagging, tnef: 'decode', mboxQuoting: 'raw' }]) {
    const [archive, log, files] = [kept(), kept(), kept()];
    const { options: told } = await convert(fileSource(TAKEOUT, 'takeout.mbox'), options, { sink: archive, log, files });
    const check = async (octets, more) => {
      const found = [];
      const report = await verify(bytesSource(octets, 'a.zip'), { log: bytesSource(log.octets()), files: bytesSource(files.octets()), onDifference: (difference) => found.push(difference), ...more });
      assert.equal(report.differences, found.length);
      return { report, found };
    };
    const whole = await check(archive.octets(), { source: fileSource(TAKEOUT, 'takeout.mbox'), options });
    assert.deepEqual(whole.found, [], JSON.stringify(options));
    const byReport = await check(archive.octets(), { source: fileSource(TAKEOUT, 'takeout.mbox'), report: { options: told } });
    assert.deepEqual([byReport.found, told.scheme], [[], 1], JSON.stringify(told));
    assert.equal(whole.report.items, 24);
    assert.equal(whole.report.sourceItems, 24);
    assert.equal(whole.report.withoutProof, options.checksums === 'none');
    const another = await check(archive.octets(), { source: text('From a\nSubject: another\n\nHi\n'), options });
    assert.deepEqual(another.found.map(({ kind, what }) => [kind, what]), [['not_migrated', '1:1 of Inbox.mbox']]);
    if (options.packaging || options.compress) continue;
    const harmed = archive.octets();
    harmed[harmed.indexOf('\nSubject: ') + 12] ^= 1;
    const [first, ...others] = (await check(harmed)).found;
    assert.ok(['changed', 'unreadable'].includes(first.kind) && others.length <= 2, JSON.stringify([first, ...others]));
    const cut = await check(archive.octets().subarray(0, 3_000)).then(({ found }) => found.length, (error) => error.kind);
    assert.ok(cut > 0 || typeof cut === 'string', `${cut}`);
  }
  const bundle = kept();
  await convert(fileSource(TAKEOUT), { as: 'bundle' }, { sink: bundle });
  assert.equal((await verify(bundle.octets())).items, 24);
  await assert.rejects(verify(text('From a\n\n')), { kind: 'options' });
  await assert.rejects(verify(bundle.octets(), { source: fileSource(TAKEOUT) }), { kind: 'options' });
  const withoutOptions = { source: fileSource(TAKEOUT), log: bundle.octets() };
  await assert.rejects(verify(bundle.octets(), withoutOptions), /needs the \{ report \} of the conversion/);
  await assert.rejects(verify(bundle.octets(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
  await assert.rejects(verify(bundle.octets(), { log: text('no line of a log\n') }), (error) => error instanceof MailferryError);
  if (!existsSync(COMMAND)) return t.skip('the command is not built');
  const path = join(root, 'mail.zip');
  writeFileSync(join(root, 'in.mbox'), mbox(400_000));
  execFileSync(COMMAND, ['convert', join(root, 'in.mbox'), '--to', path, '--progress', 'none', '--zip-level', 'store', '--split', '100000']);
  const parts = readdirSync(root).filter((name) => name.endsWith('.zip')).map((name) => fileSource(join(root, name), name));
  assert.ok(parts.length > 2);
  const ports = { log: fileSource(`${path}.items.jsonl`), files: fileSource(`${path}.files.jsonl`) };
  const report = await verify(parts, ports);
  assert.ok(report.items > 10 && report.differences === 0);
  const missing = [];
  await verify(parts.slice(1), { ...ports, onDifference: ({ kind }) => missing.push(kind) });
  assert.ok(missing.length > 0 && missing.every((kind) => kind === 'missing'), `${missing}`);
});

test('an archive in parts is the same as that of the command, whatever takes the parts', async (t) => {
  if (!existsSync(COMMAND)) return t.skip('the command is not built');
  const root = folder(t);
  const input = join(root, 'in.mbox');
  writeFileSync(input, mbox(6 << 20));
  const zips = (path) => readdirSync(path).filter((name) => name.endsWith('.zip')).sort();
  const later = (work) => new Promise((resolve) => setTimeout(() => resolve(work()), 2));
  const into = (path) => ({ name }) => fileSink(join(path, name));
  const open = new Set();
  /** Sinks that promise, take their time, and of which one is open at a time. */
  const slowly = (path) => (part) => later(() => {
    const sink = into(path)(part);
    assert.equal(open.size, 0);
    open.add(part.number);
    return { write: (octets) => later(() => sink.write(octets)), close: () => later(() => (open.delete(part.number), sink.close())) };
  });
  for (const [options, args, parts] of [
    [{ split: 1_000_000 }, ['--split', '1000000'], 7],
    [{ split: 2_500_000, as: 'maildir', compress: 'fast' }, ['--split', '2500000', '--as', 'maildir', '--zip-level', 'fast'], 1],
    [{ target: 'zoho' }, ['--target', 'zoho'], 1],
    [{}, [], 1],
  ]) {
    const level = options.compress ? [] : ['--zip-level', 'store'];
    const wanted = mkdtempSync(join(root, 'wanted-'));
    execFileSync(COMMAND, ['convert', input, '--to', join(wanted, 'my mail.zip'), '--progress', 'none', ...level, ...args]);
    assert.ok(zips(wanted).length >= parts, `${zips(wanted)}`);
    for (const sinks of [into, slowly]) {
      const got = mkdtempSync(join(root, 'got-'));
      const log = kept();
      const report = await convert(fileSource(input, input), options, { sink: sinks(got), name: 'my mail', log });
      assert.equal(open.size, 0);
      assert.equal(report.totals.failed, 0);
      // A sink has its name before it is known whether another part follows; the command gives a part that stayed alone its name at the end.
      const isAlone = zips(wanted).length === 1 && Boolean(options.split ?? options.target);
      const named = (text) => (isAlone ? text.replaceAll('my mail.zip', 'my mail.part001.zip') : text);
      assert.deepEqual(zips(got), zips(wanted).map(named));
      for (const name of zips(wanted)) assert.equal(sha256(readFileSync(join(got, named(name)))), sha256(readFileSync(join(wanted, name))), name);
      assert.equal(log.octets().toString(), readFileSync(join(wanted, 'my mail.zip.items.jsonl'), 'utf8').replaceAll(',"sync":1}', '}').replaceAll('"path":"', isAlone ? '"path":"my mail.part001.zip!' : '"path":"'));
    }
  }
});

test('parts are asked for one after the other, and what is not complete is aborted', async () => {
  const source = bytesSource(mbox(6 << 20), 'a.mbox');
  const options = { split: 1_000_000 };
  const noRoom = new Error('no room');
  for (const [failing, error] of [
    [() => { throw noRoom; }, (error) => error === noRoom],
    [async () => { throw noRoom; }, (error) => error === noRoom],
    [() => ({ write() { throw noRoom; } }), (error) => error === noRoom],
    [() => ({ write: async () => { throw noRoom; } }), (error) => error === noRoom],
    [() => ({ ...kept(), close: async () => { throw noRoom; } }), (error) => error === noRoom],
    [() => 'a path is no sink', { kind: 'options' }],
  ]) {
    const told = [];
    const sink = ({ number, name }) => {
      told.push(name);
      if (number === 3) return failing();
      return { ...kept(), close: () => void told.push(`close ${number}`), abort: () => void told.push(`abort ${number}`) };
    };
    await assert.rejects(convert(source, options, { sink }), error, `${failing}`);
    assert.deepEqual(told.slice(0, 5), ['archive.part001.zip', 'close 1', 'archive.part002.zip', 'close 2', 'archive.part003.zip'], `${failing}`);
    assert.ok(told.length === 5, `${failing}: ${told}`);
  }
  const stop = new AbortController();
  const parts = [];
  const sink = ({ number }) => {
    if (number === 2) stop.abort();
    const part = { ...kept(), close: () => { part.closed = true; } };
    parts.push(part);
    return part;
  };
  const report = await convert(bytesSource(mbox(30 << 20), 'a.mbox'), options, { sink, signal: stop.signal });
  assert.ok(report.cancelled && parts.length >= 2);
  for (const part of parts) assert.ok(part.closed && part.octets().readUInt32LE(part.octets().length - 22) === 0x06054b50 && part.octets().length < 1_000_000);
  await assert.rejects(convert(source, options, { sink: kept() }), { kind: 'options' });
  await assert.rejects(convert(source, { ...options, packaging: 'tar' }, { sink }), { kind: 'options' });
  const names = [];
  await convert(source, { packaging: 'tgz' }, { sink: ({ name }) => (names.push(name), kept()) });
  assert.deepEqual(names, ['archive.tgz']);
  assert.equal((await plan(source, 'zoho', { split: 1_000_000 })).parts > 3, true);
});

test('a file is a sink, and progress is told', async (t) => {
  const path = join(folder(t), 'x.zip');
  const sink = fileSink(path);
  const notes = [];
  const report = await convert(bytesSource(mbox(20 << 20), 'a.mbox'), {}, { sink, onProgress: (progress) => notes.push(progress) });
  sink.close();
  const last = notes.at(-1);
  assert.equal(last.available, report.totals.available);
  assert.equal(last.position, last.total);
  assert.equal(readFileSync(path).readUInt32LE(0), 0x04034b50);
  assert.throws(() => fileSink(path), { code: 'EEXIST' });
});

test('a signal stops it, and what was written is a valid archive', async () => {
  const octets = mbox(30 << 20);
  const stop = new AbortController();
  const [sink, log] = [kept(), kept()];
  const report = await convert(bytesSource(octets, 'a.mbox'), {}, {
    sink: { write: (some) => { if (sink.octets().length > 4 << 20) stop.abort(); sink.write(some); } },
    log,
    signal: stop.signal,
  });
  assert.equal(report.cancelled, true);
  const zip = sink.octets();
  const entries = zip.readUInt16LE(zip.length - 12);
  assert.equal(zip.readUInt32LE(zip.length - 22), 0x06054b50);
  assert.ok(entries > 10 && report.totals.migrated < 30_000);
  assert.equal(log.octets().toString().trim().split('\n').length, report.totals.available);
  await assert.rejects(convert(bytesSource(octets), {}, { sink, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a signal is heard in the first of two passes', async () => {
  const octets = bytesSource(mbox(40 << 20), 'a.mbox');
  const stop = new AbortController();
  const notes = [];
  const readAt = (offset, into) => {
    if (offset > 8 << 20) stop.abort();
    return octets.readAt(offset, into);
  };
  const ports = { sink: kept(), signal: stop.signal, onProgress: (progress) => notes.push(progress) };
  const report = await convert({ ...octets, readAt }, { select: { dedupe: 'exact' } }, ports);
  assert.deepEqual([report.cancelled, report.totals.available, notes.at(-1).surveying], [true, 0, true]);
  assert.ok(notes.at(-1).position < octets.size);
  await assert.rejects(inspect({ ...octets, readAt }, { select: { sample: 3 }, signal: stop.signal }), { name: 'AbortError' });
});

test('a sink that borrows is done with octets when it returns, whatever it promises', async () => {
  const octets = mbox(12 << 20);
  const [wanted, got] = [kept(), kept()];
  await convert(bytesSource(octets, 'a.mbox'), {}, { sink: wanted });
  const sink = { borrows: true, write: (some) => (got.write(some.slice()), new Promise((resolve) => setTimeout(resolve, 2))) };
  await convert(bytesSource(octets, 'a.mbox'), {}, { sink });
  assert.equal(sha256(got.octets()), sha256(wanted.octets()));
});

test('what a sink throws is thrown', async () => {
  const full = new Error('no room');
  for (const write of [() => { throw full; }, async () => { throw full; }]) {
    await assert.rejects(convert(bytesSource(mbox(8 << 20)), {}, { sink: { write } }), (error) => error === full);
  }
});

test('after a panic of the core the next question goes to a new worker', async (t) => {
  const started = [];
  class FakeWorker {
    constructor() {
      started.push(this);
    }
    postMessage({ id, does }) {
      // The first worker fails as a core does that panics: with a trap.
      const error = { kind: 'internal', message: 'mailferry itself failed (unreachable)' };
      const data = does === 'formats' ? undefined : this === started[0] ? { id, error } : { id, result: '1.2.3' };
      if (data) queueMicrotask(() => this.onmessage({ data }));
    }
    terminate() {
      this.ended = true;
    }
  }
  const before = globalThis.Worker;
  globalThis.Worker = FakeWorker;
  t.after(() => (globalThis.Worker = before));
  const { inWorker: onPage } = await import(new URL('../npm/worker.js', import.meta.url));
  const engine = onPage();
  const beside = engine.formats();
  await assert.rejects(engine.version(), { name: 'MailferryError', kind: 'internal', message: /itself failed/ });
  await assert.rejects(beside, { kind: 'internal', message: /something else in the same worker/ });
  assert.ok(started[0].ended);
  assert.equal(await engine.version(), '1.2.3');
  assert.equal(started.length, 2);
});

test('a trap of the core is an error of kind internal', async () => {
  const { asError } = await import(new URL('../npm/error.js', import.meta.url));
  // A module whose start function is `unreachable`, which is what a panic is compiled to.
  const trap = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 5, 1, 3, 0, 0, 11);
  let thrown;
  await WebAssembly.instantiate(trap).catch((error) => (thrown = error));
  const error = asError(thrown);
  assert.equal(error.kind, 'internal');
  assert.match(error.message, /^mailferry itself failed \(/);
  assert.equal(error.cause, thrown);
});

test('any item is found after one look, in any order', async () => {
  for (const path of [TAKEOUT, STORE, GROUPS]) {
    const box = await index(path);
    assert.ok(box.items.length > 0 && box.items.length === box.inspection.items);
    for (const { id, subject } of box.items.toReversed()) {
      const item = await box.find(id);
      assert.deepEqual([item.id, item.subject], [id, subject]);
      for (const attachment of item.view()?.attachments ?? []) assert.equal(sha256(attachment.bytes()), attachment.sha256);
    }
    assert.equal(await box.find('9:9'), undefined);
    box.close();
  }
});

test('a message has all its header fields, bcc and reply-to, and its attachments', async () => {
  const box = await index(text('From a\nSubject: x\nFrom: A <a@x>\nBcc: B <b@x>\nReply-To: c@x\nX-Own: =?utf-8?q?caf=C3=A9?=\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nnote\n--b--\n'));
  const view = (await box.find('1:1')).view();
  assert.deepEqual([view.bcc, view.replyTo], [[{ name: 'B', address: 'b@x' }], [{ name: null, address: 'c@x' }]]);
  assert.deepEqual(view.headers.find(([name]) => name === 'X-Own'), ['X-Own', 'café']);
  const [attachment] = view.attachments;
  assert.deepEqual([attachment.name, await attachment.blob().text(), await new Response(attachment.stream()).text()], ['a.txt', 'note', 'note']);
});

test('sources of every kind give the same', async (t) => {
  const octets = readFileSync(TAKEOUT);
  const server = createServer((_, response) => response.end(octets));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const handle = await openFile(TAKEOUT);
  t.after(() => handle.close());
  const blob = new Blob([octets]);
  const slow = { name: 'slow.mbox', size: octets.length, readAt: async (offset, into) => octets.copy(into, 0, offset, offset + into.length) };
  for (const source of [TAKEOUT, handle, blob, { name: 'x.mbox', blob }, blob.stream(), createReadStream(TAKEOUT), new URL(`http://127.0.0.1:${server.address().port}/takeout.mbox`), new Response(blob), slow]) {
    assert.equal((await inspect(source)).items, 24);
  }
  await assert.rejects(inspect(42), { kind: 'options' });
});

test('a folder of files is read as the archive that it would be', async () => {
  const file = (path, octets) => ({ path, source: bytesSource(new TextEncoder().encode(octets), path) });
  const long = `Mail/${'é'.repeat(90)}.mbox`;
  const { items, inspection } = await index(folderSource('Mail', [file('Mail/Inbox', 'From a\nSubject: one\n\nHi\n'), file('Mail/.Work/cur/1.a:2,S', 'Subject: two\n\nHo\n'), file(long, 'From a\nSubject: three\n\nHi\n'), file('Mail/x.jpg', 'x')]));
  assert.deepEqual(items.map(({ subject }) => subject).sort(), ['one', 'three', 'two']);
  assert.deepEqual(inspection.ignored.entries.map(({ name }) => name), ['Mail!Mail/x.jpg']);
});

test('sinks of every kind take the same', async (t) => {
  const path = folder(t);
  const whole = kept();
  await convert(TAKEOUT, {}, { sink: whole });
  const stream = createWriteStream(join(path, 'stream.zip'));
  await convert(TAKEOUT, {}, { sink: stream });
  await new Promise((resolve) => stream.end(resolve));
  const handle = await openFile(join(path, 'handle.zip'), 'w');
  await convert(TAKEOUT, {}, { sink: handle });
  await handle.close();
  await convert(TAKEOUT, { split: 200_000 }, { name: 'part', sink: ({ name }) => createWriteStream(join(path, name)) });
  const parts = [];
  const web = new WritableStream({ write: (octets) => void parts.push(octets) });
  await convert(TAKEOUT, {}, { sink: web });
  for (const octets of [readFileSync(join(path, 'stream.zip')), readFileSync(join(path, 'handle.zip')), Buffer.concat(parts)]) assert.equal(sha256(octets), sha256(whole.octets()));
  assert.ok(readdirSync(path).filter((name) => name.startsWith('part.part')).length > 1);
  await assert.rejects(convert(TAKEOUT, {}, { sink: createWriteStream(join(path, 'no', 'such')) }), { code: 'ENOENT' });
});

/** A server on a thread of its own, as one that is read without waiting has to be; `ways` are said by paths. */
async function server(t) {
  const code = `
    const { createServer } = require('node:http');
    const { parentPort, workerData } = require('node:worker_threads');
    const octets = Buffer.from(workerData);
    const seen = { requests: 0, sent: 0 };
    createServer((request, response) => {
      const way = request.url.split('/')[1];
      if (way === 'seen') return response.end(JSON.stringify(seen));
      seen.requests += 1;
      const [, from, to] = /bytes=(\\d+)-(\\d+)/.exec(request.headers.range ?? '') ?? [];
      const isLater = seen.requests > 1;
      const etag = way === 'changed' && isLater ? '"b"' : way === 'weak' ? 'W/"a"' : '"a"';
      const file = way === 'empty' ? octets.subarray(0, 0) : octets;
      const fields = way === 'modified' ? { 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' } : { etag };
      const whole = () => { seen.sent += request.method === 'HEAD' ? 0 : file.length; response.writeHead(200, { ...fields, 'content-length': file.length }).end(file); };
      if (way === 'busy' && seen.requests % 2 === 0) return response.writeHead(503).end();
      if (way === 'down' && isLater) return response.destroy();
      if (way === 'moved') return response.writeHead(302, { location: '/ranges/x.mbox' }).end();
      if (way === 'gone') return response.writeHead(404).end();
      if (from === undefined || way === 'none' || (request.headers['if-range'] && ![etag, fields['last-modified']].includes(request.headers['if-range']))) return whole();
      if (Number(from) >= file.length) return response.writeHead(416, { 'content-range': 'bytes */' + file.length }).end();
      const end = Math.min(Number(to) + 1, file.length);
      const start = Number(from) + (way === 'shifted' && isLater ? 1 : 0);
      const part = file.subarray(start, end);
      seen.sent += part.length;
      response.writeHead(206, { ...fields, ...(way === 'quiet' ? {} : { 'content-range': 'bytes ' + start + '-' + (end - 1) + '/' + (way === 'grown' && isLater ? file.length + 9 : file.length) }) }).end(part);
    }).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port); });`;
  return async (octets) => {
    const thread = new Thread(code, { eval: true, workerData: octets });
    t.after(() => thread.terminate());
    const port = await new Promise((resolve) => thread.once('message', resolve));
    return (path) => new URL(`http://127.0.0.1:${port}/${path}`);
  };
}

test('a file of a server is read by ranges, and a change of it is noticed', async (t) => {
  const serve = await server(t);
  const octets = mbox(9 << 20);
  const { items } = await inspect(bytesSource(octets, 'x.mbox'));
  for (const way of ['ranges', 'none', 'weak', 'modified', 'busy', 'moved', 'quiet']) {
    const url = await serve(octets);
    assert.equal((await inspect(url(`${way}/x.mbox`))).items, items, way);
    const { requests, sent } = await (await fetch(url('seen'))).json();
    assert.ok(sent < octets.length * 1.1 && (way === 'none' || requests > 3), `${way}: ${requests} requests, ${sent} octets`);
  }
  for (const [way, message] of [['changed', /was changed on the server/], ['grown', /was changed on the server/], ['shifted', /another part/], ['down', /x\.mbox/]]) {
    const url = await serve(octets);
    const outcome = await inspect(url(`${way}/x.mbox`)).then(({ told }) => told.map(({ message }) => message).join(), ({ message }) => message);
    assert.match(outcome, message, way);
  }
  const url = await serve(octets);
  await assert.rejects(open(url('gone/x.mbox')), { kind: 'io', message: /404/ });
  await assert.rejects(open(new URL('http://127.0.0.1:1/x.mbox')), { kind: 'io' });
  assert.equal((await inspect(url('empty/x.mbox'))).items, 0);
  // Of an archive only what is looked for comes over the network.
  const zip = kept();
  await convert(bytesSource(octets, 'x.mbox'), {}, { sink: zip });
  const archive = await serve(zip.octets());
  const box = await open(archive('ranges/x.zip'));
  for await (const item of box) if (item.subject) break;
  const { sent } = await (await fetch(archive('seen'))).json();
  assert.ok(sent < zip.octets().length / 2, `${sent}`);
});

test('the functions run on a thread in Node, with paths, URLs and blobs, and give the same', async (t) => {
  const root = folder(t);
  const engine = inWorker();
  t.after(() => engine.close());
  const notes = [];
  const { report, log, left } = await engine.convert(TAKEOUT, { select: { skipTrash: true } }, { to: join(root, 'a.zip'), onProgress: (note) => notes.push(note) });
  const [whole, lines] = [kept(), kept()];
  const wanted = await convert(TAKEOUT, { select: { skipTrash: true } }, { sink: whole, log: lines });
  assert.equal(sha256(readFileSync(join(root, 'a.zip'))), sha256(whole.octets()));
  assert.equal(await log.text(), lines.octets().toString());
  assert.deepEqual([report.totals, left.length, notes.length > 0], [wanted.totals, wanted.totals.skipped, true]);
  assert.match(await (await engine.reportPage(report, log, { name: 'a.zip', logName: 'a.zip.items.jsonl' })).text(), /a\.zip/);
  const { report: checked, found } = await engine.verify(join(root, 'a.zip'), { log });
  assert.deepEqual([checked.differences, found], [0, []]);
  const serve = await server(t);
  const url = await serve(readFileSync(TAKEOUT));
  for (const source of [new Blob([readFileSync(TAKEOUT)]), new Uint8Array(readFileSync(TAKEOUT)), [url('ranges/takeout.mbox')]]) assert.equal((await engine.inspect(source)).items, 24);
  const listed = [];
  assert.equal((await engine.look(TAKEOUT, { onItems: (items) => listed.push(...items) })).items, listed.length);
  assert.equal((await engine.find(listed[3].id)).subject, listed[3].subject);
  const parts = [];
  await engine.convert(TAKEOUT, { split: 200_000 }, { to: async ({ name }) => (parts.push(name), join(root, name)), name: 'p' });
  assert.ok(parts.length > 1 && parts.every((name) => existsSync(join(root, name))));
  await assert.rejects(engine.convert(TAKEOUT, {}, { to: join(root, 'a.zip') }), /EEXIST/);
  await assert.rejects(engine.convert(TAKEOUT, { as: 'docx' }, { to: join(root, 'b.zip') }), { name: 'MailferryError', kind: 'options' });
  assert.ok(!existsSync(join(root, 'b.zip')));
  await assert.rejects(engine.inspect(join(root, 'none.mbox')), { kind: 'io' });
  const stop = new AbortController();
  const stopped = engine.inspect(bytesSource, { signal: stop.signal }).catch((error) => error);
  stop.abort();
  assert.ok((await stopped) instanceof Error);
});

test('nothing waits for the end of a thread that is idle', (t) => {
  const root = folder(t);
  writeFileSync(join(root, 'x.mjs'), `import { inWorker } from ${JSON.stringify(import.meta.resolve('mailferry/worker'))};\nconsole.log(await inWorker().version());\n`);
  assert.match(execFileSync(process.execPath, [join(root, 'x.mjs')], { encoding: 'utf8', timeout: 60_000 }), /^\d+\.\d+/);
});

test('the example converts a large mailbox in little memory', (t) => {
  const root = folder(t);
  const example = new URL('./examples/large.js', import.meta.resolve('mailferry'));
  writeFileSync(join(root, 'large.mjs'), readFileSync(example, 'utf8').replace("'mailferry'", JSON.stringify(import.meta.resolve('mailferry'))));
  writeFileSync(join(root, 'in.mbox'), mbox(120 << 20));
  const told = execFileSync(process.execPath, [join(root, 'large.mjs'), join(root, 'in.mbox'), join(root, 'out.zip')], { encoding: 'utf8' });
  const [, megabytes] = /complete: (?:\d+) of \d+ items, .* (\d+) MB of memory/.exec(told);
  assert.ok(Number(megabytes) < 150, told);
});

test('what is no message lies beside a store of Outlook, where there is a sink for each file', async () => {
  for (const options of [{ target: 'm365', packaging: 'pst' }, { as: 'pst', packaging: 'pst' }, { as: 'pst', packaging: 'pst', split: 300_000 }]) {
    const sinks = {};
    const [log, files] = [kept(), kept()];
    const { outcome, totals } = await convert(STORE, options, { name: 'mail', sink: ({ name }) => (sinks[name] = kept()), log, files });
    assert.deepEqual([outcome.state, totals.failed], ['complete', 0], JSON.stringify(options));
    const names = Object.keys(sinks);
    assert.ok(names.some((name) => /^mail(\.part001)?\.pst$/.test(name)), `${names}`);
    const beside = names.find((name) => name.startsWith('mail.pst.other/calendars/'));
    assert.match(sinks[beside].octets().toString(), /^BEGIN:VCALENDAR/);
    assert.ok(log.octets().toString().includes(JSON.stringify(beside)), beside);
    const stores = names.filter((name) => name.endsWith('.pst')).map((name) => bytesSource(sinks[name].octets(), name));
    assert.equal((await inspect(stores)).items, 43);
  }
  // One sink takes the store alone.
  const { kinds } = await convert(STORE, { target: 'm365', packaging: 'pst' }, { sink: kept() });
  assert.deepEqual([kinds.mail.migrated, kinds.event.failed], [43, 1]);
});

test('calendars and cards have files of their own beside stores and mboxes in one archive', async () => {
  for (const [options, source] of [[{ target: 'm365' }, STORE], [{ as: 'mbox', collect: 'item' }, STORE], [{ as: 'mbox', collect: 'item' }, GROUPS], [{ as: 'mbox', collect: 'item', zipLevel: 'best' }, STORE]]) {
    const { outcome } = await convert(source, options, { sink: () => kept() });
    assert.deepEqual(outcome, { state: 'complete' });
  }
});
