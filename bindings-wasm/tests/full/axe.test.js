// axe-core finds nothing wrong in any phase, light and dark, wide and narrow; and nothing shifts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { missing, start } from '../browser.js';

const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const skip = missing();
let site;
before(async () => {
  if (!skip) site = await start();
});
after(() => site?.stop());

for (const [colorScheme, width] of [['light', 1280], ['dark', 360]]) {
  test(`${colorScheme}, ${width} pixels`, { skip, timeout: 240_000 }, async () => {
    const page = await site.page({ colorScheme, reducedMotion: 'reduce', viewport: { width, height: 740 }, bypassCSP: true });
    await page.evaluate(() => {
      window.shifts = [];
      const moved = ({ node, previousRect, currentRect }) => `${node?.id || node?.className || node?.nodeName} ${previousRect.y} → ${currentRect.y}`;
      const told = (entry) => ({ value: entry.value, step: location.hash, moved: entry.sources.map(moved).join(', ') });
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => !entry.hadRecentInput && window.shifts.push(told(entry)))).observe({ type: 'layout-shift', buffered: true });
    });
    await page.addScriptTag({ content: readFileSync(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8') });
    const check = async (phase) => {
      await page.waitForTimeout(200);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary?.slice(0, 200)}`).join('\n')}`);
      assert.deepEqual(told, [], phase);
    };
    await check('from');
    await page.click('[data-origin=gmail]');
    await check('how to get it');
    await page.click('#next');
    await check('files');
    await page.setInputFiles('#files', [`${FIXTURES}mbox/takeout.mbox`, `${FIXTURES}ics/lf/recurring.ics`, new URL('./package.json', import.meta.url).pathname]);
    await page.waitForSelector('#found:not([hidden])');
    await check('found');
    await page.click('#open-messages');
    await check('messages');
    await page.click('.mail');
    await page.waitForSelector('#message[open]');
    await check('message');
    await page.click('#message .close');
    await page.click('#messages .close');
    await page.click('#next');
    await page.click('[data-target=proton]');
    await check('to');
    await page.click('#next');
    for (const id of ['by-folder', 'by-date', 'by-packaging']) await page.click(`#${id} summary`);
    await check('choose');
    await page.click('#convert');
    await page.waitForSelector('#done:not([hidden])');
    await page.click('#left-title');
    await check('done');
    await page.click(width > 704 ? '#open-check' : '#open-check-below');
    await check('check');
    const shifts = await page.evaluate(() => window.shifts);
    assert.ok(shifts.reduce((sum, { value }) => sum + value, 0) < 0.02, JSON.stringify(shifts, undefined, 1));
    await page.context().close();
  });
}
