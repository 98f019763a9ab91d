// `cargo xtask wasm && npm ci && npm run bench -- [--pst FOLDER] [--native COMMAND]`: what README.md tells.
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { convert, fileSource, list } from '../../bindings-wasm/npm/node.js';
import { mailbox } from './mailbox.js';

const require = createRequire(import.meta.url);
const argument = (name) => process.argv[process.argv.indexOf(name) + 1];
const has = (name) => process.argv.includes(name);
const SIZE = Number(has('--bytes') ? argument('--bytes') : 300e6);
const RUNS = 7;
const nothing = { borrows: true, write() {} };

/** Seconds of processor time that something takes here. */
async function here(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The least that each of some works tells of as many runs, by turns: so what else the machine does is the same for all, and counts least. */
async function least(works) {
  const least = works.map(() => Infinity);
  for (let run = 0; run < RUNS; run++) {
    for (const [at, work] of works.entries()) least[at] = Math.min(least[at], await work());
  }
  return least;
}

async function rival(path) {
  const { MboxStream } = require('node-mbox');
  const { Zip, ZipPassThrough } = require('fflate');
  const zip = new Zip(() => {});
  const mbox = MboxStream(createReadStream(path), {});
  let messages = 0;
  for await (const message of mbox) {
    const entry = new ZipPassThrough(`${++messages}.eml`);
    zip.add(entry);
    entry.push(message, true);
  }
  zip.end();
  return messages;
}

/** Seconds of processor time that the command takes. */
function native(path, checksums) {
  const folder = mkdtempSync('/dev/shm/mailferry-bench-');
  const args = ['convert', path, '--to', join(folder, 'x.zip'), '--zip-level', 'store', '--jobs', '1', '--checksums', checksums, '--progress', 'none'];
  const { stderr } = spawnSync('/usr/bin/time', ['-f', '%U %S', argument('--native'), ...args], { encoding: 'utf8' });
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  rmSync(folder, { recursive: true });
  return user + system;
}

async function mboxes() {
  const path = await mailbox(SIZE);
  const octets = statSync(path).size;
  const works = [['node-mbox + fflate', () => here(() => rival(path))]];
  for (const checksums of ['none', 'sha256']) {
    works.push([`mbox → stored zip, checksums ${checksums}`, () => here(() => convert(fileSource(path), { checksums }, { sink: nothing }))]);
    if (has('--native')) works.push([`native, one thread, checksums ${checksums}`, () => native(path, checksums)]);
  }
  const seconds = await least(works.map(([, work]) => work));
  works.forEach(([name], at) => console.log(`${name}: ${(octets / 1e6 / seconds[at]).toFixed(0)} MB/s, ${(seconds[0] / seconds[at]).toFixed(1)} times the first`));
}

function* psts(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* psts(path);
    else if (/\.(pst|ost)$/i.test(entry.name)) yield path;
  }
}

function walk(path) {
  const { PSTFile } = require('pst-extractor');
  const file = new PSTFile(path);
  let items = 0;
  const into = (folder) => {
    if (folder.hasSubfolders) folder.getSubFolders().forEach(into);
    if (folder.contentCount > 0) for (let item = folder.getNextChild(); item; item = folder.getNextChild()) items += item.subject === undefined ? 0 : 1;
  };
  into(file.getRootFolder());
  return items;
}

async function stores() {
  const files = [...psts(argument('--pst'))];
  const counts = { ours: 0, theirs: 0, opened: 0, theirOpened: 0, unlike: 0 };
  for (const path of files) {
    let ours;
    let theirs;
    try {
      ours = 0;
      const source = fileSource(path);
      for await (const record of list(source)) ours += record.id ? 1 : 0;
      source.close();
      counts.opened++;
    } catch (error) {
      ours = error.kind;
    }
    if (has('--native')) {
      const { status, stdout } = spawnSync(argument('--native'), ['list', '--json', path], { encoding: 'utf8', maxBuffer: 1 << 30 });
      const native = status === 2 ? 0 : stdout.split('\n').length - 1;
      if (native !== (Number(ours) || 0)) console.log(`  ${path}: ${ours} items, the command lists ${native}`, counts.unlike++);
    }
    const { status, stdout } = spawnSync(process.execPath, [new URL(import.meta.url).pathname, '--walk', path], { encoding: 'utf8', timeout: 60_000 });
    if (status === 0) {
      theirs = Number(stdout);
      counts.theirOpened++;
    }
    counts.ours += Number(ours) || 0;
    counts.theirs += Number(theirs) || 0;
  }
  console.log(`${files.length} stores: mailferry opens ${counts.opened} with ${counts.ours} items, pst-extractor ${counts.theirOpened} with ${counts.theirs}`);
  if (has('--native')) console.log(`  the command lists as many items of ${files.length - counts.unlike} of them`);
  const largest = files.sort((a, b) => statSync(b).size - statSync(a).size)[0];
  const [ours, theirs] = await least([
    () => here(async () => {
      for await (const record of list(fileSource(largest))) void record;
    }),
    () => here(() => walk(largest)),
  ]);
  console.log(`the largest, ${statSync(largest).size} octets: ${ours.toFixed(2)} s, pst-extractor ${theirs.toFixed(2)} s`);
}

if (has('--walk')) {
  console.log(walk(argument('--walk')));
} else {
  const wasm = readFileSync(new URL('../../bindings-wasm/npm/wasm/mailferry_bg.wasm', import.meta.url));
  const brotli = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  console.log(`mailferry_bg.wasm: ${wasm.length} octets, ${brotli.length} by brotli`);
  console.log(`node ${process.version}, ${execFileSync('uname', ['-srm'], { encoding: 'utf8' }).trim()}`);
  await mboxes();
  if (has('--pst')) await stores();
}
