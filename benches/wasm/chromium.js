// `cargo xtask wasm && npm run chromium -- [--bytes N] [--pst FILE]`: what README.md tells of a browser. The playwright-core of
// bindings-wasm/tests is used, where `cargo xtask test` installs it.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noBrowser, start } from '../../bindings-wasm/tests/browser.js';
import { mailbox } from './mailbox.js';

const argument = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
/** Pages that are opened one after the other, each with nothing left of the one before, and runs in each. */
const PAGES = 3;
const RUNS = 4;

/** In the Worker: nothing is counted but what the package does. */
const WORKER = `
import { convert, inspect, list } from './mailferry/mailferry.js';
const DOES = {
  inspect: (file) => inspect(file),
  none: (file) => convert(file, { checksums: 'none' }, { sink: { borrows: true, write() {} } }),
  sha256: (file) => convert(file, {}, { sink: { borrows: true, write() {} } }),
  async list(file) { for await (const record of list(file)) void record; },
};
onmessage = async ({ data: { file, does } }) => {
  const begun = performance.now();
  await DOES[does](file);
  postMessage(performance.now() - begun);
};`;
const PAGE = `<!doctype html><meta charset="utf-8"><input type="file"><script type="module">
const worker = new Worker('./worker.js', { type: 'module' });
window.timed = (does) => new Promise((resolve, reject) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage({ file: document.querySelector('input').files[0], does });
});</script>`;

/** Seconds of processor time that the renderers of this browser have had (Linux). */
function processor() {
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / 100;
}

if (noBrowser()) throw new Error(noBrowser());
const root = mkdtempSync(join(tmpdir(), 'mailferry-chromium-'));
writeFileSync(join(root, 'worker.js'), WORKER);
writeFileSync(join(root, 'index.html'), PAGE);
mkdirSync(join(root, 'mailferry'));
cpSync(new URL('../../bindings-wasm/npm/', import.meta.url).pathname, join(root, 'mailferry'), { recursive: true });
const site = await start({ site: root });
try {
  const large = await mailbox(Number(argument('--bytes') ?? 900e6));
  const pst = argument('--pst');
  for (const [path, ways] of [[large, ['inspect', 'none', 'sha256']], ...(pst ? [[pst, ['list']]] : [])]) {
    const megabytes = statSync(path).size / 1e6;
    for (const does of ways) {
      const [first, again] = [[], []];
      for (let opened = 0; opened < PAGES; opened++) {
        const page = await site.browser.newPage();
        await page.goto(site.url);
        await page.setInputFiles('input', path);
        for (let run = 0; run < RUNS; run++) {
          const before = processor();
          const seconds = (await page.evaluate((what) => window.timed(what), does)) / 1e3;
          (run === 0 ? first : again).push({ seconds, cpu: processor() - before });
        }
        await page.close();
      }
      const least = (key, of) => Math.min(...of.map((run) => run[key]));
      const told = (of) => `${least('cpu', of).toFixed(2)} s of processor (${(megabytes / least('cpu', of)).toFixed(0)} MB/s), ${least('seconds', of).toFixed(2)} s by the clock`;
      console.log(`${does}, ${megabytes.toFixed(0)} MB: at first ${told(first)}; then ${told(again)}`);
    }
  }
} finally {
  await site.stop();
  rmSync(root, { recursive: true });
}
