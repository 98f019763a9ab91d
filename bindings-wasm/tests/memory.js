// `BYTES=5000000000 node memory.js [download] [own]`: looks into a generated mailbox and converts it in Chromium, into a download or
// a file of the origin private file system; tells the most memory that its renderer had resident meanwhile,
// of which so much is its own (anonymous) rather than of files and libraries that it maps (Linux).
import { createWriteStream, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing, start } from './browser.js';
import { mboxParts } from './generate.js';

const SIZE = Number(process.env.BYTES ?? 5e9);
const PATIENCE = { timeout: 3_600_000 };

/** kB of the renderers of this browser, under the names that Linux has for them. */
function* renderers() {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) continue;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      yield (name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))?.[1] ?? 0);
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function measured(name, work) {
  const most = { resident: 0, own: 0 };
  const look = () => {
    for (const kB of renderers()) {
      most.resident = Math.max(most.resident, kB('VmRSS'));
      most.own = Math.max(most.own, kB('RssAnon'));
    }
  };
  const watch = setInterval(look, 50);
  const begun = Date.now();
  const told = await work();
  look();
  clearInterval(watch);
  const seconds = (Date.now() - begun) / 1e3;
  const megabytes = (kB) => `${((kB * 1024) / 1e6).toFixed(0)} MB`;
  console.log(`${name}: ${megabytes(most.resident)} resident, ${megabytes(most.own)} its own; ${seconds.toFixed(1)} s, ${(SIZE / 1e6 / seconds).toFixed(0)} MB/s; ${told ?? ''}`);
}

if (missing()) throw new Error(missing());
const root = mkdtempSync(join(tmpdir(), 'mailferry-memory-'));
const path = process.env.MAILBOX ?? join(root, 'Large.mbox');
if (!process.env.MAILBOX) {
  const file = createWriteStream(path);
  for (const part of mboxParts(SIZE)) if (!file.write(part)) await new Promise((resolve) => file.once('drain', resolve));
  await new Promise((resolve) => file.end(resolve));
}
const site = await start();

/** The ways of saving that a page is to have not, so that it takes another. */
const WITHOUT = { download: ['showSaveFilePicker'], own: ['showSaveFilePicker', 'serviceWorker'] };

try {
  for (const way of process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['own']) {
    const page = await site.page({ without: WITHOUT[way] });
    await page.waitForTimeout(1_000);
    await measured('empty', () => {});
    await measured('looking', async () => {
      await page.setInputFiles('#files', path);
      await page.waitForSelector('#found:not([hidden])', PATIENCE);
    });
    await measured(`converting, ${way}`, async () => {
      const downloading = way === 'download' ? page.waitForEvent('download', PATIENCE) : undefined;
      await page.click('#convert');
      const download = await downloading;
      await page.waitForSelector('#done:not([hidden])', PATIENCE);
      await download?.delete();
      return page.textContent('#done-title');
    });
    await page.context().close();
  }
} finally {
  await site.stop();
  rmSync(root, { recursive: true });
}
