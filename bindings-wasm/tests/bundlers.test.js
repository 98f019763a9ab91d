// What bundlers make of a page that uses the package runs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noBrowser, start } from './browser.js';

const FOLDER = new URL('./bundlers/', import.meta.url).pathname;

for (const bundler of ['vite', 'webpack']) {
  test(`an app runs that ${bundler} built`, { skip: noBrowser() }, async (t) => {
    const site = mkdtempSync(join(tmpdir(), `mailferry-${bundler}-`));
    t.after(() => rmSync(site, { recursive: true }));
    execFileSync(process.execPath, ['build.js', bundler, site], { cwd: FOLDER, encoding: 'utf8' });
    const { browser, url, stop } = await start({ site });
    t.after(stop);
    const page = await browser.newPage();
    const faults = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(url);
    await page.waitForFunction(() => document.body.textContent.startsWith('{'), undefined, { timeout: 30_000 }).catch(() => {});
    assert.deepEqual(faults, []);
    assert.deepEqual(JSON.parse(await page.textContent('body')), { items: 2, migrated: 2, begins: [0x50, 0x4b, 3, 4] });
  });
}
