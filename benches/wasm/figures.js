// `cargo xtask wasm && node figures.js [--bytes N] [--large N]`: how long a look takes and a conversion, how soon any message can be shown
// after the look, and how large the memory of the core grows with a large mailbox, of which one part is read again and again.
import { readFileSync, statSync } from 'node:fs';
import { mailbox } from './mailbox.js';

const argument = (name, otherwise) => Number(process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise);
const SIZE = argument('--bytes', 300e6);
const LARGE = argument('--large', 5e9);
const RUNS = 5;
/** Messages that are shown, anywhere in the mailbox. */
const SHOWN = 300;
/** Octets that are in memory of a large mailbox. */
const PART = 50e6;

// The package does not hand its memory out.
const { instantiate } = WebAssembly;
let memory;
WebAssembly.instantiate = async (...given) => {
  const made = await instantiate(...given);
  const { exports } = made.instance ?? made;
  // Node has modules of its own.
  if ('__wbindgen_malloc' in exports) memory = exports.memory;
  return made;
};
const { convert, index } = await import('../../bindings-wasm/npm/node.js');

/** Seconds by the clock and of processor time, the least of some runs; what the first one gave. */
async function least(work, runs = RUNS) {
  let [seconds, processor, result] = [Infinity, Infinity];
  for (let run = 0; run < runs; run++) {
    const [begun, before] = [performance.now(), process.cpuUsage()];
    const given = await work();
    seconds = Math.min(seconds, (performance.now() - begun) / 1e3);
    const { user, system } = process.cpuUsage(before);
    processor = Math.min(processor, (user + system) / 1e6);
    result ??= given;
  }
  return { result, told: `${seconds.toFixed(2)} s by the clock, ${processor.toFixed(2)} s of processor` };
}

const nothing = () => ({ borrows: true, write() {} });
const megabytes = (octets) => `${(octets / 1e6).toFixed(0)} MB`;

const path = await mailbox(SIZE);
const looked = await least(() => index(path));
console.log(`${megabytes(statSync(path).size)} looked at: ${looked.told}`);
for (const checksums of ['none', 'sha256']) console.log(`converted, checksums ${checksums}: ${(await least(() => convert(path, { checksums }, { sink: nothing() }))).told}`);

const box = looked.result;
const waits = [];
for (let shown = 0; shown < SHOWN; shown++) {
  const { id } = box.items[(shown * 7919) % box.items.length];
  const begun = performance.now();
  const view = (await box.find(id)).view();
  if (!view.text) throw new Error(`${id} has no text`);
  waits.push(performance.now() - begun);
}
waits.sort((a, b) => a - b);
console.log(`any of ${box.items.length} messages shown: ${waits[SHOWN >> 1].toFixed(1)} ms, at most ${waits.at(-1).toFixed(1)} ms`);
box.close();

const part = readFileSync(await mailbox(PART));
const size = part.length * Math.ceil(LARGE / part.length);
const large = {
  name: 'Large.mbox',
  size,
  readAt(offset, into) {
    const some = part.subarray(offset % part.length, (offset % part.length) + into.length);
    into.set(some);
    return some.length;
  },
};
for (const [what, work] of [['looked at', () => index(large, { onItems() {} })], ['converted', () => convert(large, {}, { sink: nothing() })]]) {
  const { told } = await least(work, 1);
  console.log(`${megabytes(size)} ${what}: ${told}; the core has ${megabytes(memory.buffer.byteLength)}, the process ${megabytes(process.memoryUsage.rss() - part.length)} besides the mailbox`);
}
