// The page in Firefox, where it is installed: it looks into a mailbox, and what it saves is what the command writes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { firefox, missingFirefox, start } from './browser.js';

const INPUT = new URL('../../fixtures/mbox/takeout.mbox', import.meta.url).pathname;
const COMMAND = process.env.MAILFERRY ?? new URL('../../target/debug/mailferry', import.meta.url).pathname;
const skip = missingFirefox();
const PATIENCE = { timeout: 60_000 };

let site;
/** Why there is a Firefox that cannot be driven. */
let refusal;
let root;

before(async () => {
  if (skip) return;
  root = mkdtempSync(join(tmpdir(), 'mailferry-firefox-'));
  site = await start({ launch: () => firefox(root) }).catch((error) => void (refusal = `Firefox does not start: ${error.message.split('\n')[0]}`));
});

after(async () => {
  await site?.stop();
  if (root) rmSync(root, { recursive: true });
});

/** The file that is downloaded under this name: Firefox writes it beside the browser, and nothing tells of it. */
async function downloaded(name) {
  for (let turn = 0; turn < 600; turn++) {
    if (existsSync(join(root, name)) && !readdirSync(root).some((other) => other.endsWith('.part'))) return readFileSync(join(root, name));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} was not downloaded: ${readdirSync(root)}`);
}

for (const [title, without] of [
  ['what is downloaded from Firefox is what the command writes', []],
  ['so it is where Firefox has to keep it first', ['serviceWorker']],
]) {
  test(title, { skip, timeout: 240_000 }, async (t) => {
    if (refusal) return t.skip(refusal);
    const page = await site.page({ without });
    await page.setInputFiles('#files', INPUT);
    await page.waitForSelector('#found:not([hidden])', PATIENCE);
    assert.match(await page.textContent('#found-title'), /24 items/);
    await page.click('[data-step=choose]');
    await page.uncheck('#skip-spam');
    await page.click('#convert');
    await page.waitForSelector('#done:not([hidden])', PATIENCE);
    if (without.length > 0) await page.click('#archive');
    const wanted = join(root, 'wanted.zip');
    execFileSync(COMMAND, ['convert', INPUT, '--to', wanted, '--zip-level', 'store', '--progress', 'none']);
    assert.ok((await downloaded('takeout-archive.zip')).equals(readFileSync(wanted)));
    for (const name of readdirSync(root)) if (/^(takeout|wanted)/.test(name)) rmSync(join(root, name), { recursive: true });
    await page.context().close();
  });
}
