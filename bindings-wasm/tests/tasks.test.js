// Three of the ten first tasks in Chromium; the others run in full/.
import { after, before, test } from 'node:test';
import { missing, start } from './browser.js';
import { TASKS, perform } from './tasks.js';

const skip = missing();
let site;
before(async () => {
  if (!skip) site = await start();
});
after(() => site?.stop());

for (const task of TASKS.filter(({ isQuick }) => isQuick)) {
  test(task.title, { skip }, () => perform(task, site));
}
