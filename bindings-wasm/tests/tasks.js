// Ten tasks of somebody who is here for the first time, in at most six actions from the first screen: the end tells the truth about
// every file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
const STORE = new URL('../../target/tmp/store.pst', import.meta.url).pathname;
const COMMAND = process.env.MAILFERRY ?? new URL('../../target/debug/mailferry', import.meta.url).pathname;
const PATIENCE = { timeout: 120_000 };
const MOST_ACTIONS = 6;

/** Does what a person does, and counts it. */
class Person {
  actions = 0;

  constructor(page) {
    this.page = page;
  }

  async #act(work) {
    this.actions += 1;
    assert.ok(this.actions <= MOST_ACTIONS, `more than ${MOST_ACTIONS} actions`);
    return work();
  }

  click = (selector) => this.#act(() => this.page.click(selector, PATIENCE));
  press = (key) => this.#act(() => this.page.keyboard.press(key));
  fill = (selector, text) => this.#act(() => this.page.fill(selector, text));
  select = (selector, value) => this.#act(() => this.page.selectOption(selector, value));
  tick = (selector) => this.click(selector);

  async choose(selector, ...paths) {
    await this.#act(() => this.page.setInputFiles(selector, paths));
    if (selector !== '#check-files') await this.page.waitForSelector('#found:not([hidden])', PATIENCE);
  }

  async convert() {
    await this.click('#convert');
    await this.page.waitForSelector('#done:not([hidden])', PATIENCE);
  }

  /** Files, then the target, then the conversion with what is chosen already. */
  async move(target, ...paths) {
    await this.choose('#files', ...paths);
    await this.click('#next');
    await this.click(`[data-target=${target}]`);
    await this.click('#next');
    await this.convert();
  }

  /** The files at the end by name, with whether all is well with each. */
  async fates() {
    const rows = await this.page.locator('#fates > li').all();
    return Object.fromEntries(await Promise.all(rows.map(async (row) => [await row.locator('.name').textContent(), await row.getAttribute('class')])));
  }

  title = () => this.page.textContent('#done-title');
}

function zip(path, entries) {
  const code = 'import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)\nfor n in range(2, len(sys.argv), 2): z.write(sys.argv[n + 1], sys.argv[n])\nz.close()';
  execFileSync('python3', ['-c', code, path, ...Object.entries(entries).flat()]);
  return path;
}

function mailbox(path, messages) {
  writeFileSync(path, messages.map(({ subject, label, date = 'Mon, 1 Jan 2024 10:00:00 +0000', text = 'Hi' }) => `From a\nSubject: ${subject}\nFrom: Ann <ann@example.org>\nDate: ${date}\nX-Gmail-Labels: ${label ?? 'Inbox'}\n\n${text}\n\n`).join(''));
  return path;
}

/** `needs`: what a test must be able to do to a browser, which not all let it. */
export const TASKS = [
  {
    title: 'the parts of a Takeout go to Zoho',
    isQuick: true,
    async run({ page, root }) {
      const person = new Person(page);
      const one = zip(join(root, 'takeout-20240101T000000Z-001.zip'), { 'Takeout/Mail/All mail.mbox': join(FIXTURES, 'mbox/takeout.mbox') });
      const two = zip(join(root, 'takeout-20240101T000000Z-002.zip'), { 'Takeout/Calendar/Work.ics': join(FIXTURES, 'ics/lf/recurring.ics') });
      await person.move('zoho', one, two);
      assert.match(await person.title(), /^2\d items converted$/);
      assert.deepEqual(await person.fates(), { 'takeout-20240101T000000Z-001.zip': 'good', 'takeout-20240101T000000Z-002.zip': 'good' });
      assert.match(await page.textContent('#import-steps'), /Import\/Export Emails/);
      assert.match(await page.textContent('#archives'), /takeout-20240101T000000Z-zoho\.(part001\.)?zip/);
    },
  },
  {
    title: 'a store of Outlook goes to Microsoft 365, in French',
    context: { locale: 'fr-FR' },
    async run({ page }) {
      const person = new Person(page);
      await person.move('m365', STORE);
      assert.match(await person.title(), /éléments convertis/);
      assert.deepEqual(await person.fates(), { 'store.pst': 'good' });
      assert.match(await page.textContent('#import-title'), /Maintenant, importez/);
      assert.equal(await page.getAttribute('#import-steps', 'lang'), 'fr');
    },
  },
  {
    title: 'one message is found, and its attachment saved',
    async run({ page, saved }) {
      const person = new Person(page);
      await person.choose('#files', STORE);
      await person.click('#open-messages');
      await person.fill('#search', 'attach');
      if ((await page.locator('.mail').count()) === 0) await page.fill('#search', '');
      await person.press('Enter');
      await page.waitForSelector('#message[open]');
      assert.ok(await page.isVisible('#message-attachments'));
      assert.ok((await saved(() => person.click('#message-attachments button'))).length > 0);
    },
  },
  {
    title: 'a damaged file is told, and what is left of it converted',
    isQuick: true,
    async run({ page, root }) {
      const person = new Person(page);
      const cut = join(root, 'cut.pst');
      const octets = readFileSync(STORE);
      writeFileSync(cut, octets.subarray(0, octets.length - 30_000));
      const broken = join(root, 'broken.zip');
      writeFileSync(broken, Buffer.from('504b0304140000000800', 'hex'));
      await person.move('archive', join(FIXTURES, 'mbox/takeout.mbox'), broken, cut);
      assert.match(await person.title(), /but not everything/);
      assert.deepEqual(await person.fates(), { 'takeout.mbox': 'good', 'broken.zip': 'bad', 'cut.pst': 'bad' });
    },
  },
  {
    title: 'a folder of thirty files is one source',
    needs: 'a folder in a chooser',
    async run({ page, root }) {
      const person = new Person(page);
      const folder = join(root, 'Letters');
      mkdirSync(folder);
      for (let n = 0; n < 30; n++) writeFileSync(join(folder, `${n}.eml`), `Subject: Letter ${n}\nFrom: a@example.org\n\nHi\n`);
      await person.choose('#folder', folder);
      await person.click('#next');
      await person.click('#next');
      await person.convert();
      assert.match(await person.title(), /^30 items converted$/);
      assert.deepEqual(await person.fates(), { Letters: 'good' });
    },
  },
  {
    title: 'only 2023, without newsletters',
    async run({ page, root }) {
      const person = new Person(page);
      const of = (year, label) => ({ subject: `${label} ${year}`, label, date: `Mon, 2 Jan ${year} 10:00:00 +0000` });
      await person.choose('#files', mailbox(join(root, 'years.mbox'), [of(2022, 'Inbox'), of(2023, 'Inbox'), of(2023, 'Newsletters'), of(2024, 'Inbox')]));
      await person.click('[data-step=choose]');
      await person.select('#year', '2023');
      await person.click('#by-folder summary');
      await person.tick('[role=treeitem][data-glob="Newsletters"] > .row');
      await person.convert();
      assert.match(await person.title(), /^1 item converted$/);
      assert.match(await page.textContent('#left-title'), /3 items are not in the archive/);
    },
  },
  {
    title: 'all of it on a phone',
    isQuick: true,
    context: { viewport: { width: 360, height: 640 } },
    needs: 'measures of what is shown',
    async run({ page }) {
      const person = new Person(page);
      await person.choose('#files', join(FIXTURES, 'mbox/takeout.mbox'));
      const fits = async () => assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), await page.evaluate(() => innerWidth));
      await fits();
      for (const next of ['#next', '[data-target=gmail]', '#next']) {
        await person.click(next);
        await fits();
      }
      const { y, height } = await page.locator('#convert').boundingBox();
      assert.ok(y + height <= 640, 'the next action is in sight');
      await person.convert();
      await fits();
      assert.match(await person.title(), /items converted$/);
    },
  },
  {
    title: 'without a network',
    async run({ page, offline, cached }) {
      await cached();
      offline(true);
      await page.reload();
      await page.waitForSelector('html[data-ready]');
      const person = new Person(page);
      await person.move('zoho', join(FIXTURES, 'mbox/takeout.mbox'));
      assert.match(await person.title(), /items converted$/);
      assert.match(await page.textContent('#import-steps'), /Import\/Export Emails/);
    },
  },
  {
    title: 'stopped and started again',
    async run({ page, root }) {
      const person = new Person(page);
      await person.choose('#files', mailbox(join(root, 'large.mbox'), Array.from({ length: 6_000 }, (_, n) => ({ subject: `${n}`, text: 'x'.repeat(72).concat('\n').repeat(150) }))));
      await person.click('[data-step=choose]');
      await person.click('#convert');
      await person.click('#cancel');
      await page.waitForSelector('#done:not([hidden]), #choose:not([hidden])', PATIENCE);
      const isDone = await page.isVisible('#done');
      if (isDone) assert.match(await person.title(), /^Stopped: |^6,000 items/);
      if (isDone) await person.click('[data-step=choose]');
      await person.convert();
      assert.match(await person.title(), /^6,000 items converted$/);
    },
  },
  {
    title: 'an archive is checked',
    async run({ page, root }) {
      const person = new Person(page);
      const archive = join(root, 'archive.zip');
      execFileSync(COMMAND, ['convert', join(FIXTURES, 'mbox/takeout.mbox'), '--to', archive, '--progress', 'none']);
      await person.click('#open-check');
      await person.choose('#check-files', archive, `${archive}.items.jsonl`);
      await page.waitForSelector('#checked:not([hidden])', PATIENCE);
      assert.match(await page.textContent('#checked-title'), /Nothing has changed/);
    },
  },
];

/** The octets of what `act` has the browser save, which tells a test of it, or only leaves a file in a folder. */
async function savedOf(page, folder, act) {
  if (!folder) {
    const [download] = await Promise.all([page.waitForEvent('download'), act()]);
    return readFileSync(await download.path());
  }
  const before = new Set(readdirSync(folder));
  await act();
  for (let turn = 0; turn < 600; turn++) {
    const all = readdirSync(folder).filter((name) => !before.has(name));
    if (all.length > 0 && !all.some((name) => name.endsWith('.part'))) return readFileSync(join(folder, all[0]));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nothing was saved');
}

/** When the service worker has fetched all that the page is, the core last, and has had the time to keep it. */
async function cachedOf({ served }) {
  const isThere = () => [...served].some((path) => path.endsWith('mailferry_bg.wasm')) && [...served].some((path) => path.endsWith('tree.js'));
  for (let turn = 0; !isThere(); turn++) {
    assert.ok(turn < 600, 'the service worker fetches nothing');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setTimeout(resolve, 3_000));
}

/** Does a task on a page of its own, with a folder of its own; `downloads` is where a browser saves that tells nobody. */
export async function perform({ context, run }, site, downloads) {
  const root = mkdtempSync(join(tmpdir(), 'mailferry-task-'));
  site.served.clear();
  const page = await site.page({ ...context });
  try {
    await run({ page, root, saved: (act) => savedOf(page, downloads, act), offline: site.offline, cached: () => cachedOf(site) });
  } finally {
    site.offline(false);
    await page.context().close();
    rmSync(root, { recursive: true });
  }
}
