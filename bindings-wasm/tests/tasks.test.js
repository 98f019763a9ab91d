// Three of the ten first tasks in Chromium; the others run in full/.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { missing, start } from './browser.js';
import { TASKS } from './tasks.js';

const skip = missing();
let site;
before(async () => {
  if (!skip) site = await start();
});
after(() => site?.stop());

for (const { title, context, run } of TASKS.filter(({ isQuick }) => isQuick)) {
  test(title, { skip }, async () => {
    const root = mkdtempSync(join(tmpdir(), 'mailferry-task-'));
    const page = await site.page({ ...context });
    try {
      await run({ page, root });
    } finally {
      await page.context().close();
      rmSync(root, { recursive: true });
    }
  });
}
