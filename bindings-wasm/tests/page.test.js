// The page in Chromium: what it saves is what the command writes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { missing, start } from './browser.js';
import { mboxParts } from './generate.js';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
const COMMAND = process.env.MAILFERRY ?? new URL('../../target/debug/mailferry', import.meta.url).pathname;
/** Every kind of item and attachment; made by the tests of the core. */
const STORE = new URL('../../target/tmp/store.pst', import.meta.url).pathname;
/** Of the generated mailbox; BYTES=300000000 for the large run. */
const SIZE = Number(process.env.BYTES ?? 24e6);
const skip = missing();
const PATIENCE = { timeout: 120_000 + SIZE / 1e3 };

let site;
let root;
let mailbox;

before(async () => {
  if (skip) return;
  site = await start();
  root = mkdtempSync(join(tmpdir(), 'mailferry-page-'));
  mailbox = join(root, 'Generated.mbox');
  const file = createWriteStream(mailbox);
  for (const part of mboxParts(SIZE)) if (!file.write(part)) await new Promise((resolve) => file.once('drain', resolve));
  await new Promise((resolve) => file.end(resolve));
});

after(async () => {
  await site?.stop();
  if (root) rmSync(root, { recursive: true });
});

async function sha256(path) {
  const digest = createHash('sha256');
  for await (const octets of createReadStream(path)) digest.update(octets);
  return digest.digest('hex');
}

function byCommand(input, ...args) {
  const path = join(root, `${Math.random().toString(36).slice(2)}.zip`);
  try {
    execFileSync(COMMAND, ['convert', input, '--to', path, '--zip-level', 'store', '--progress', 'none', ...args]);
  } catch (error) {
    assert.equal(error.status, 1, error.stderr?.toString());
  }
  return path;
}

/** Looks at files, and goes on to where it is chosen what goes: everything, as the command takes it. */
async function looked(page, ...paths) {
  await page.setInputFiles('#files', paths);
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  await page.click('[data-step=choose]');
  await page.uncheck('#skip-spam');
  for (const id of ['by-folder', 'by-date', 'by-packaging']) await page.evaluate((id) => (document.getElementById(id).open = true), id);
}

/** Goes back to choose a target, and on again. */
async function target(page, name) {
  await page.click('[data-step=to]');
  await page.evaluate(() => (document.getElementById('more-targets').open = true));
  await page.click(`[data-target=${name}]`);
  await page.click('#next');
}

/** Converts, and gives the path of what was downloaded. */
async function converted(page) {
  const downloading = page.waitForEvent('download', PATIENCE);
  await page.click('#convert');
  const way = await Promise.race([downloading, page.waitForSelector('#archive', PATIENCE)]);
  if (!way.path) await way.click();
  const download = await downloading;
  await page.waitForSelector('#done:not([hidden])', PATIENCE);
  return download.path();
}

test('a dropped mailbox becomes the archive that the command writes', { skip }, async () => {
  const page = await site.page();
  await looked(page, mailbox);
  const download = await converted(page);
  assert.equal(await sha256(download), await sha256(byCommand(mailbox)));
  assert.match(await page.textContent('#done-text'), /Nothing failed/);
  assert.match(await page.textContent('#done-title'), /^[\d,]+ items converted$/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('so it does where it is kept in the browser first', { skip }, async () => {
  const page = await site.page({ without: ['showSaveFilePicker', 'serviceWorker'] });
  const input = join(FIXTURES, 'mbox/takeout.mbox');
  await looked(page, input);
  assert.equal(await sha256(await converted(page)), await sha256(byCommand(input)));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('so it does where the user is asked for a file', { skip }, async () => {
  const page = await site.page({ without: [] });
  // Nobody can answer the dialogue of the browser here: this file is like one that was chosen in it.
  await page.evaluate(() => (window.showSaveFilePicker = async () => (await navigator.storage.getDirectory()).getFileHandle('picked.zip', { create: true })));
  await looked(page, mailbox);
  await page.click('#convert');
  await page.waitForSelector('#done:not([hidden])', PATIENCE);
  const digest = await page.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('picked.zip')).getFile();
    return [...new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  });
  assert.equal(digest, await sha256(byCommand(mailbox)));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('an archive in parts is what the command writes, whichever way it is saved', { skip }, async (t) => {
  const wanted = mkdtempSync(join(root, 'parts-'));
  execFileSync(COMMAND, ['convert', mailbox, '--to', join(wanted, 'Generated-archive.zip'), '--zip-level', 'store', '--progress', 'none', '--split', `${SIZE / 4}`]);
  const digests = {};
  for (const name of readdirSync(wanted).filter((name) => name.endsWith('.zip'))) digests[name] = await sha256(join(wanted, name));
  assert.ok(Object.keys(digests).length > 3);
  const page = async (without, said) => {
    const page = await site.page({ without });
    await looked(page, mailbox);
    await page.fill('#split', `${SIZE / 4e6}`);
    assert.match(await page.textContent('#save-how'), said);
    return page;
  };
  await t.test('as downloads, one after the other', async () => {
    const own = await page(['showSaveFilePicker'], new RegExp(`smaller than ${SIZE / 4e6} MB.*in your downloads`));
    const downloads = [];
    own.on('download', (download) => downloads.push(download));
    await own.click('#convert');
    await own.waitForSelector('#done:not([hidden])', PATIENCE);
    const got = {};
    for (const download of downloads) got[download.suggestedFilename()] = await sha256(await download.path());
    assert.deepEqual(got, digests);
    await own.context().close();
  });
  await t.test('kept in the browser first', async () => {
    const own = await page(['showSaveFilePicker', 'serviceWorker'], /in your downloads/);
    await own.click('#convert');
    await own.waitForSelector('#archive', PATIENCE);
    const got = {};
    for (const link of await own.locator('#archives a[download$=".zip"]').all()) {
      const [download] = await Promise.all([own.waitForEvent('download'), link.click()]);
      got[download.suggestedFilename()] = await sha256(await download.path());
    }
    assert.deepEqual(got, digests);
    await own.context().close();
  });
  await t.test('into a folder, where nothing is replaced', async () => {
    const own = await page([], /asked for a folder/);
    // Nobody can answer the dialogue of the browser here: this folder is like one that was chosen in it.
    await own.evaluate(() => (window.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle('picked', { create: true })));
    await own.click('#convert');
    await own.waitForSelector('#done:not([hidden])', PATIENCE);
    const got = await own.evaluate(async () => {
      const digests = {};
      for await (const [name, handle] of await window.showDirectoryPicker()) {
        const octets = await (await handle.getFile()).arrayBuffer();
        digests[name] = [...new Uint8Array(await crypto.subtle.digest('SHA-256', octets))].map((octet) => octet.toString(16).padStart(2, '0')).join('');
      }
      return digests;
    });
    assert.deepEqual(got, digests);
    await own.click('#again');
    await looked(own, mailbox);
    await own.fill('#split', `${SIZE / 4e6}`);
    await own.click('#convert');
    await own.waitForSelector('#problem:not([hidden])', PATIENCE);
    assert.match(await own.textContent('#problem'), /Generated-archive\.part001\.zip already exists in that folder/);
    await target(own, 'zoho');
    assert.match(await own.textContent('#save-how'), /smaller than 480 MB/);
    await own.context().close();
  });
});

test('so does a PST, a calendar and an address book', { skip }, async () => {
  const corpus = [process.env.MAILFERRY_CORPUS].filter((path) => path && existsSync(path));
  const inputs = [STORE, join(FIXTURES, 'ics/lf/recurring.ics'), join(FIXTURES, 'vcf/lf/group-apple.vcf'), ...corpus];
  assert.ok(existsSync(STORE), 'no PST: cargo test -p mailferry --test pst lies_where');
  for (const input of inputs) {
    const page = await site.page();
    await looked(page, input);
    assert.equal(await sha256(await converted(page)), await sha256(byCommand(input)), input);
    await page.context().close();
  }
});

test('what is not ticked is left out, and told', { skip }, async () => {
  const page = await site.page();
  await looked(page, mailbox);
  await page.click('[role=treeitem][data-glob="Trash"] > .row');
  assert.equal(await page.getAttribute('[role=treeitem][data-glob="Trash"]', 'aria-checked'), 'false');
  const download = await converted(page);
  assert.equal(await sha256(download), await sha256(byCommand(mailbox, '--skip-folder', 'Trash')));
  await page.click('#left-title');
  const rows = await page.locator('#left-table tbody tr').allTextContents();
  assert.ok(rows.length > 0 && rows.every((row) => row.includes('its folder is not ticked')));
  await page.setViewportSize({ width: 360, height: 740 });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  const [csv] = await Promise.all([page.waitForEvent('download'), page.click('#left-csv')]);
  assert.match(readFileSync(await csv.path(), 'utf8'), /^id,status,reason,source,folder,subject\r\n1:\d+,skipped,excluded_folder/);
  const [report] = await Promise.all([page.waitForEvent('download'), page.click('#page')]);
  assert.equal(report.suggestedFilename(), 'Generated-archive.zip.report.html');
  assert.match(readFileSync(await report.path(), 'utf8'), /^<!DOCTYPE html>[\s\S]*Generated-archive\.zip[\s\S]*excluded_folder[\s\S]*Generated-archive\.zip\.items\.jsonl/);
  await page.context().close();
});

test('an archive is checked by its log, and what was done to it is told', { skip }, async () => {
  const page = await site.page();
  const input = join(FIXTURES, 'mbox/takeout.mbox');
  const wanted = join(root, 'good.zip');
  execFileSync(COMMAND, ['convert', input, '--to', wanted, '--zip-level', 'store', '--progress', 'none']);
  const beside = [`${wanted}.items.jsonl`, `${wanted}.files.jsonl`, `${wanted}.report.json`];
  await page.click('#open-check');
  await page.setInputFiles('#check-files', [wanted, ...beside]);
  await page.waitForSelector('#checked:not([hidden])', PATIENCE);
  assert.match(await page.textContent('#checked'), /Nothing has changed since it was written[\s\S]*24 items/);
  const bad = join(root, 'bad.zip');
  const octets = readFileSync(wanted);
  octets[octets.indexOf('\nSubject: ') + 12] ^= 1;
  writeFileSync(bad, octets);
  await page.setInputFiles('#check-files', [bad, ...beside]);
  await page.waitForFunction(() => /[1-3] differences? from the log/.test(document.getElementById('checked-title').textContent), undefined, PATIENCE);
  assert.match(await page.textContent('#differences'), /bad\.zip!.*\.eml/);
  await page.setInputFiles('#check-files', beside);
  await page.waitForSelector('#problem:not([hidden])');
  assert.match(await page.textContent('#problem-text'), /is an archive/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a bundle is one archive, and carries what it is checked by', { skip }, async () => {
  const page = await site.page();
  await looked(page, join(FIXTURES, 'mbox/takeout.mbox'));
  await target(page, 'bundle');
  assert.ok(await page.isDisabled('#split'));
  const bundle = await converted(page);
  const check = 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep="\\n")';
  assert.match(execFileSync('python3', ['-c', check, bundle], { encoding: 'utf8' }), /bagit\.txt[\s\S]*manifest-sha256\.txt|manifest-sha256\.txt[\s\S]*bagit\.txt/);
  await page.click('#open-check');
  await page.setInputFiles('#check-files', bundle);
  await page.waitForSelector('#checked:not([hidden])', PATIENCE);
  assert.match(await page.textContent('#checked'), /Nothing has changed since it was written[\s\S]*24 items/);
  await page.context().close();
});

test('events go beside a store of Outlook, and so need an archive around both', { skip }, async () => {
  const page = await site.page();
  await looked(page, STORE);
  await target(page, 'm365');
  const packagings = () => page.locator('#packaging option').evaluateAll((all) => all.map(({ value, disabled, selected }) => `${value}${disabled ? ' off' : ''}${selected ? ' on' : ''}`));
  assert.deepEqual(await packagings(), ['zip on', 'pst off']);
  await page.uncheck('[name=kind][value=event]');
  assert.deepEqual(await packagings(), ['zip on', 'pst']);
  await page.selectOption('#packaging', 'pst');
  await page.check('[name=kind][value=event]');
  assert.deepEqual(await packagings(), ['zip on', 'pst off']);
  await converted(page);
  assert.match(await page.textContent('#done-title'), /^44 items converted$/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a folder whose name holds a slash is one folder', { skip }, async () => {
  const page = await site.page();
  await looked(page, STORE);
  const inner = page.getByRole('treeitem', { name: /^Ärenden\/2024 41 items/ });
  assert.equal(await inner.getAttribute('aria-level'), '2');
  await inner.locator('.row').click();
  assert.equal(await sha256(await converted(page)), await sha256(byCommand(STORE, '--skip-folder', 'Inbox/Ärenden\\/2024')));
  await page.context().close();
});

test('stopped half way, the archive is valid', { skip }, async () => {
  const page = await site.page({ without: ['showSaveFilePicker', 'serviceWorker'] });
  // Large enough that it is not done before anybody can stop it; half of it is the same again.
  const large = join(root, 'Large.mbox');
  const copies = Math.max(1, Math.round(160e6 / SIZE));
  for (let copy = 0; copy < copies; copy++) writeFileSync(large, readFileSync(mailbox), { flag: 'a' });
  await looked(page, large);
  const all = Number((await page.textContent('#will')).match(/[\d,]+/)[0].replaceAll(',', ''));
  await page.evaluate(() => {
    const numbers = document.getElementById('numbers');
    new MutationObserver(() => /[1-9][\d,]* items/.test(numbers.textContent) && document.getElementById('cancel').click()).observe(numbers, { childList: true });
  });
  await page.click('#convert');
  await page.waitForSelector('#archive', PATIENCE);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#archive')]);
  assert.match(await page.textContent('#done-title'), /Stopped/);
  const check = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(sum(not n.endswith("/") for n in z.namelist()))';
  const entries = Number(execFileSync('python3', ['-c', check, await download.path()]));
  assert.ok(entries > 0 && entries < all, `${entries} of ${all}`);
  await page.context().close();
});

test('a file that is no mailbox is told, and another can be chosen', { skip }, async () => {
  const page = await site.page();
  const bad = join(root, 'holiday.jpg');
  writeFileSync(bad, Buffer.from('ffd8ffe000104a4649460001', 'hex'));
  await page.setInputFiles('#files', bad);
  await page.waitForSelector('#problem:not([hidden])');
  assert.match(await page.textContent('#given'), /holiday\.jpg[\s\S]*not a file of mail, calendars or contacts/);
  assert.match(await page.textContent('#problem'), /not a file of mail[\s\S]*Choose the exported file itself/);
  await looked(page, join(FIXTURES, 'mbox/takeout.mbox'));
  assert.ok(await page.isHidden('#problem'));
  await page.context().close();
});

test('a message is read without anything of it acting', { skip }, async (t) => {
  const arrived = [];
  // A browser tells of requests that its policy then stops: what counts is what reaches somebody.
  const tracker = createServer((request, response) => {
    arrived.push(request.url);
    response.writeHead(204).end();
  });
  await new Promise((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    tracker.closeAllConnections();
    tracker.close();
  });
  const there = `http://localhost:${tracker.address().port}`;
  await fetch(`${there}/control`);
  const page = await site.page();
  const path = join(root, 'evil.mbox');
  const html = `<script>parent.hacked=1</script><link rel=stylesheet href="${there}/a.css"><img src="${there}/x.png" onerror="parent.hacked=1"><iframe src="${there}/f"></iframe><p style="background:url(${there}/b.png)">Hello <b>you</b></p>`;
  writeFileSync(path, `From a\nSubject: <img src=x onerror=hacked=1>\nFrom: A <a@example.org>\nContent-Type: text/html\n\n${html}\n`);
  await looked(page, path);
  await page.click('[data-step=files]');
  await page.click('#open-messages');
  await page.click('.mail');
  await page.waitForSelector('#message[open]');
  assert.equal(await page.textContent('#message-subject'), '<img src=x onerror=hacked=1>');
  await page.frameLocator('#message-frame iframe').locator('b').waitFor();
  await page.click('#message-html');
  assert.match(await page.textContent('#message-text'), /Hello you/);
  await page.click('#message-html');
  await page.frameLocator('#message-frame iframe').locator('b').waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(arrived, ['/control']);
  await page.context().close();
});

test('nothing can be sent anywhere', { skip }, async () => {
  const page = await site.page();
  const sent = await page.evaluate(() => fetch('https://example.org/').then(() => true, () => false));
  assert.equal(sent, false);
  assert.ok(page.faults.some((fault) => fault.includes('Content Security Policy')), page.faults.join());
  await page.context().close();
});

test('it can be used with the keyboard, and says what it is', { skip }, async () => {
  const page = await site.page();
  assert.match(await page.locator('main').ariaSnapshot(), /heading "Where is your mail from\?"[\s\S]*button "Gmail"/);
  await page.focus('#next');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'files-title');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'files');
  await page.setInputFiles('#files', mailbox);
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'found-title');
  await page.click('[data-step=choose]');
  await page.evaluate(() => (document.getElementById('by-folder').open = true));
  const snapshot = await page.locator('main').ariaSnapshot();
  assert.match(snapshot, /tree "Folders":\s+- treeitem "Inbox [\d,]+ items · [^"]*" \[checked\]/);
  for (const named of [/checkbox "Mail [\d,]+ items" \[checked\]/, /checkbox "Leave out spam and trash [\d,]+ items?"/]) assert.match(snapshot, named);
  const unnamed = await page.evaluate(() => [...document.querySelectorAll('main button, main select, main input')].filter((each) => each.checkVisibility() && !(each.labels?.length || each.textContent.trim() || each.ariaLabel)).map((each) => each.id));
  assert.deepEqual(unnamed, []);
  await page.focus('[role=treeitem][tabindex="0"]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  assert.equal(await page.evaluate(() => document.activeElement.ariaChecked), 'false');
  await page.context().close();
});

test('the first screen is there before any script has run, and nothing moves when another language comes', { skip }, async () => {
  const without = await site.browser.newContext({ javaScriptEnabled: false });
  const plain = await without.newPage();
  await plain.goto(site.url);
  assert.ok(await plain.isVisible('h1'));
  assert.match(await plain.locator('body').ariaSnapshot(), /button "Check an archive"[\s\S]*navigation "Steps"[\s\S]*heading "Where is your mail from\?"[\s\S]*button "Gmail"[\s\S]*button "Another"[\s\S]*button "I have my files"/);
  await without.close();
  for (const locale of ['en-GB', 'fr-FR', 'ja-JP']) {
    const page = await site.page({ locale });
    assert.equal(await page.getAttribute('html', 'lang'), locale.slice(0, 2));
    assert.equal(await page.inputValue('#language'), locale.slice(0, 2));
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (sum += value))).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => resolve(sum), 300);
    }));
    assert.ok(shift < 0.02, `${locale}: ${shift}`);
    assert.ok(await page.isVisible('h1'));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test('every language says everything, with the same values', { skip }, async () => {
  const languages = readdirSync(new URL('../web/lang/', import.meta.url)).map((name) => name.replace('.js', ''));
  assert.deepEqual(languages.toSorted(), ['de', 'en', 'es', 'fr', 'ja', 'pt']);
  const of = async (code) => (await import(`../web/lang/${code}.js`)).default;
  const en = await of('en');
  const holes = (text) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
  for (const code of languages) {
    const strings = await of(code);
    assert.deepEqual(Object.keys(strings).sort(), Object.keys(en).sort(), code);
    for (const [key, text] of Object.entries(strings)) assert.deepEqual(holes(text), holes(en[key]), `${code}: ${key}`);
  }
  const page = await site.page({ locale: 'fr-FR' });
  assert.equal(await page.getAttribute('html', 'lang'), 'fr');
  await page.setInputFiles('#files', join(FIXTURES, 'mbox/takeout.mbox'));
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  assert.match(await page.textContent('#found-title'), /24 éléments/);
  await page.selectOption('#language', 'en');
  await page.waitForFunction(() => /24 items/.test(document.getElementById('found-title').textContent));
  assert.ok(await page.isHidden('#unreviewed'));
  await page.selectOption('#language', 'de');
  await page.waitForFunction(() => document.documentElement.lang === 'de');
  assert.ok(await page.isVisible('#unreviewed'));
  await page.context().close();
});

test('every key that the page says, every kind of error and every reason of the core has words', { skip }, async () => {
  const { default: en } = await import('../web/lang/en.js');
  const web = new URL('../web/', import.meta.url);
  const code = readdirSync(web).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, web), 'utf8')).join('\n');
  for (const [, key] of code.matchAll(/\bsay\('(\w+)'|data-(?:text|label|placeholder)="(\w+)"/g)) if (key) assert.ok(key in en, key);
  for (const [, key] of code.matchAll(/\bcount\('(\w+)'/g)) assert.ok(`${key}_one` in en && `${key}_other` in en, key);
  const core = (path) => readFileSync(new URL(`../../core/src/${path}`, import.meta.url), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  const kinds = [...core('error.rs').matchAll(/Self::\w+ => "(\w+)",/g)].map(([, kind]) => kind);
  assert.ok(kinds.length > 8);
  for (const kind of kinds) assert.ok(`problem_${kind}` in en && `remedy_${kind}` in en, kind);
  const files = readdirSync(new URL('../../core/src/', import.meta.url), { recursive: true }).filter((path) => /^(convert|platform)\/.*\.rs$/.test(path));
  const reasons = files.flatMap((path) => [
    ...core(path).matchAll(/(?:Skip::because\(|LeftOut\(|reason: |EXPUNGED: &'static str = )"(\w+)"/g),
    ...core(path).matchAll(/"((?:excluded|target_takes|over_target)_\w+)"/g),
  ].map(([, reason]) => reason));
  assert.ok(reasons.length > 15 && reasons.includes('joined') && reasons.includes('expunged'));
  for (const reason of reasons) assert.ok(reason in en, reason);
});

test('what was chosen stays when the language changes, after a reload, and with Back', { skip }, async () => {
  const page = await site.page();
  await looked(page, mailbox);
  await page.click('[role=treeitem][data-glob="Trash"] > .row');
  await page.check('#dedupe');
  await page.fill('#after', '2017-01-01');
  await page.click('#plan');
  await page.waitForFunction(() => /accepted/.test(document.getElementById('planned').textContent));
  await page.selectOption('#language', 'fr');
  await page.waitForFunction(() => document.documentElement.lang === 'fr');
  const kept = async () => [await page.getAttribute('[role=treeitem][data-glob="Trash"]', 'aria-checked'), await page.isChecked('#dedupe'), await page.isChecked('#skip-spam'), await page.inputValue('#after')];
  assert.deepEqual(await kept(), ['false', true, false, '2017-01-01']);
  await page.goBack();
  await page.waitForSelector('#files-step:not([hidden])');
  await page.goForward();
  await page.waitForSelector('#choose:not([hidden])');
  await page.reload();
  await page.waitForSelector('html[data-ready]');
  assert.match(await page.textContent('#files-lead'), /Generated\.mbox/);
  await page.setInputFiles('#files', mailbox);
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  await page.click('[data-step=choose]');
  await page.evaluate(() => (document.getElementById('by-folder').open = true));
  assert.deepEqual(await kept(), ['false', true, false, '2017-01-01']);
  await page.context().close();
});

test('the end names every file that was given, and says nothing failed only where nothing did', { skip }, async () => {
  const page = await site.page();
  const given = { 'letter.docx': Buffer.from('504b0506000000000000000000000000000000000000', 'hex'), 'empty.mbox': Buffer.alloc(0), 'cut.zip': Buffer.from('504b0304140000000800', 'hex'), 'notes.txt': Buffer.from('milk\neggs\n') };
  const paths = Object.entries(given).map(([name, octets]) => {
    writeFileSync(join(root, name), octets);
    return join(root, name);
  });
  await looked(page, join(FIXTURES, 'mbox/takeout.mbox'), ...paths);
  await converted(page);
  assert.match(await page.textContent('#done-title'), /but not everything/);
  assert.doesNotMatch(await page.textContent('#done-text'), /Nothing failed/);
  assert.match(await page.textContent('#done-text'), /4 files were not read/);
  const fates = await page.locator('#fates > li').evaluateAll((rows) => rows.map((row) => [row.querySelector('.name').textContent, row.className]));
  assert.deepEqual(fates, [['takeout.mbox', 'good'], ...Object.keys(given).map((name) => [name, 'bad'])]);
  await page.context().close();
});

test('an archive never has the name of a source', { skip }, async () => {
  const page = await site.page();
  const input = join(root, 'Takeout-archive.mbox');
  writeFileSync(input, readFileSync(join(FIXTURES, 'mbox/takeout.mbox')));
  for (const [name, wanted] of [['X.zip', 'X-archive.zip'], ['X-archive.zip', 'X-archive-archive.zip']]) {
    const archive = join(root, name);
    execFileSync('python3', ['-c', 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], "w"); z.write(sys.argv[2], "Inbox.mbox"); z.close()', archive, input]);
    await looked(page, archive);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#convert')]);
    assert.equal(download.suggestedFilename(), wanted);
    await page.waitForSelector('#done:not([hidden])', PATIENCE);
    await page.click('#again');
    await page.click('#next');
  }
  await page.context().close();
});

test('a folder that is dropped or chosen is read as the command reads it', { skip }, async () => {
  const folder = mkdtempSync(join(root, 'Mail-'));
  for (const [path, text] of [['Inbox', 'From a\nSubject: one\n\nHi\n'], ['.Work/cur/1.a:2,S', 'Subject: two\n\nHo\n'], ['photo.jpg', 'x']]) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const page = await site.page();
  await page.setInputFiles('#folder', folder);
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  assert.match(await page.textContent('#given'), /Mail-[\s\S]*3 files[\s\S]*2 items/);
  await page.setInputFiles('#files', join(FIXTURES, 'mbox/takeout.mbox'));
  await page.waitForFunction(() => /26 items/.test(document.getElementById('found-title').textContent), undefined, PATIENCE);
  await page.context().close();
});

test('any message is found and opened, its pictures are shown, and its attachments are saved', { skip }, async () => {
  const page = await site.page();
  const path = join(root, 'pictures.mbox');
  const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const message = (n) => `From a\nSubject: Number ${n}\nFrom: Ann ${n} <ann@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Hello</p><img src="cid:p@x">\n--b\nContent-Type: image/png\nContent-ID: <p@x>\nContent-Transfer-Encoding: base64\n\n${picture}\n--b\nContent-Type: text/plain; name="note ${n}.txt"\nContent-Disposition: attachment; filename="note ${n}.txt"\n\nthe note of ${n}\n--b--\n\n`;
  writeFileSync(path, Array.from({ length: 400 }, (_, n) => message(n)).join(''));
  await page.setInputFiles('#files', path);
  await page.waitForSelector('#found:not([hidden])', PATIENCE);
  await page.click('#open-messages');
  assert.ok((await page.locator('.mail').count()) < 60);
  await page.fill('#search', 'number 321');
  assert.equal(await page.textContent('#messages-title'), '1 item');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#message[open]');
  const image = page.frameLocator('#message-frame iframe').locator('img');
  await image.waitFor();
  await page.waitForFunction(() => document.querySelector('#message-frame iframe').contentDocument.querySelector('img').naturalWidth === 1);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#message-attachments button >> nth=1')]);
  assert.equal(download.suggestedFilename(), 'note 321.txt');
  assert.match(readFileSync(await download.path(), 'utf8'), /the note of 321/);
  await page.setViewportSize({ width: 360, height: 640 });
  const { y } = await page.locator('#message .close').boundingBox();
  assert.ok(y >= 0 && y < 640, 'Close is in reach');
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a thousand folders that are not ticked cost no more than one', { skip }, async () => {
  const page = await site.page();
  const path = join(root, 'folders.mbox');
  writeFileSync(path, Array.from({ length: 1_500 }, (_, n) => `From a\nSubject: ${n}\nX-Gmail-Labels: Folder ${n}\n\nHi\n\n`).join(''));
  await looked(page, path);
  await page.click('#no-folders');
  assert.ok(await page.isDisabled('#convert'));
  await page.fill('#find-folder', 'Folder 77');
  await page.click('[role=treeitem][data-glob="Folder 77"] > .row');
  assert.match(await page.textContent('#will'), /^1 of 1,500/);
  const started = Date.now();
  await converted(page);
  assert.ok(Date.now() - started < 4_000, `${Date.now() - started} ms`);
  assert.match(await page.textContent('#done-title'), /^1 item converted/);
  await page.context().close();
});
