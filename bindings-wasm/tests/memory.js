// `BYTES=5000000000 node memory.js`: converts a generated mailbox in Chromium, and tells the most memory that its renderer took.
import { createWriteStream, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missing, start } from './browser.js';
import { mboxParts } from './generate.js';

const SIZE = Number(process.env.BYTES ?? 5e9);

/** Octets of memory that the renderers of this browser took at most (Linux). */
function peak() {
  let most = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) continue;
      most = Math.max(most, Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+) kB/)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended meanwhile.
    }
  }
  return most;
}

if (missing()) throw new Error(missing());
const root = mkdtempSync(join(tmpdir(), 'mailferry-memory-'));
const path = join(root, 'Large.mbox');
const file = createWriteStream(path);
for (const part of mboxParts(SIZE)) if (!file.write(part)) await new Promise((resolve) => file.once('drain', resolve));
await new Promise((resolve) => file.end(resolve));
const site = await start();
try {
  const page = await site.page();
  await page.waitForTimeout(1_000);
  console.log(`before: ${(peak() / 1e6).toFixed(0)} MB`);
  const patience = { timeout: 3_600_000 };
  let begun = Date.now();
  await page.setInputFiles('#files', path);
  await page.waitForSelector('#found:not([hidden])', patience);
  console.log(`looked: ${(peak() / 1e6).toFixed(0)} MB, ${((Date.now() - begun) / 1e3).toFixed(1)} s`);
  begun = Date.now();
  const downloading = page.waitForEvent('download', patience);
  await page.click('#convert');
  const download = await downloading;
  await page.waitForSelector('#done:not([hidden])', patience);
  console.log(`converted: ${(peak() / 1e6).toFixed(0)} MB, ${((Date.now() - begun) / 1e3).toFixed(1)} s; ${await page.textContent('#done-title')}`);
  await download.delete();
} finally {
  await site.stop();
  rmSync(root, { recursive: true });
}
