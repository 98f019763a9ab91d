// All ten first tasks, in Chromium and in Firefox.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { firefox, missing, missingFirefox, start } from '../browser.js';
import { TASKS, perform } from '../tasks.js';

/**
 * What a test cannot do in Firefox over WebDriver BiDi: it takes no folder for a chooser, and measures by text that is evaluated, which the
 * policy of the page forbids.
 */
const NOT_IN_FIREFOX = ['a folder in a chooser', 'measures of what is shown'];

for (const [name, skip, launch] of [
  ['Chromium', missing(), undefined],
  ['Firefox', missingFirefox(), firefox],
]) {
  describe(name, { skip }, () => {
    let site;
    let refusal;
    const downloads = mkdtempSync(join(tmpdir(), 'mailferry-downloads-'));
    before(async () => {
      site = await start(launch ? { launch: () => launch(downloads) } : {}).catch((error) => void (refusal = error.message.split('\n')[0]));
    });
    after(async () => {
      await site?.stop();
      rmSync(downloads, { recursive: true });
    });
    for (const task of TASKS) {
      test(task.title, { timeout: 180_000 }, (t) => {
        if (refusal) return t.skip(refusal);
        if (launch && NOT_IN_FIREFOX.includes(task.needs)) return t.skip(`no test can do this in Firefox over WebDriver BiDi: ${task.needs}`);
        return perform(task, site, launch && downloads);
      });
    }
  });
}
