// A browser on the page, served from target/web, or on another site.
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const SITE = new URL('../../target/web/', import.meta.url).pathname;
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };
const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

export const executablePath = BROWSERS.find((path) => path && existsSync(path));

/** Why there can be no browser; nothing where there is one. */
export function noBrowser() {
  return executablePath ? undefined : 'no Chromium: install it (apt-get install chromium), or say where it is in CHROMIUM';
}

const FIREFOX = [process.env.FIREFOX, '/usr/bin/firefox', '/usr/bin/firefox-esr', '/Applications/Firefox.app/Contents/MacOS/firefox'].find((path) => path && existsSync(path));

/** Why there can be no Firefox on the page; nothing where there is one. */
export function missingFirefox() {
  return FIREFOX ? unbuilt() : 'no Firefox: install it (apt-get install firefox-esr), or say where it is in FIREFOX';
}

/** Firefox over WebDriver BiDi, which saves downloads in a folder without asking. */
export async function firefox(downloads) {
  const { _bidiFirefox } = (await import('playwright-core')).default;
  const firefoxUserPrefs = { 'browser.download.folderList': 2, 'browser.download.dir': downloads, 'browser.download.useDownloadDir': true, 'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream,application/zip', 'browser.download.always_ask_before_handling_new_types': false };
  return _bidiFirefox.launch({ executablePath: FIREFOX, firefoxUserPrefs });
}

/** The same of a browser on the page. */
export function missing() {
  return noBrowser() ?? unbuilt();
}

function unbuilt() {
  if (!existsSync(join(SITE, 'index.html'))) return 'the page is not built: cargo xtask web';
  return undefined;
}

export async function start(options = {}) {
  const { chromium } = await import('playwright-core');
  let isOffline = false;
  const served = new Set();
  const server = createServer((request, response) => {
    if (isOffline) return request.socket.destroy();
    const path = join(options.site ?? SITE, new URL(request.url, 'http://x').pathname.replace(/\/$/, '/index.html'));
    const type = TYPES[extname(path)];
    if (!type || !existsSync(path)) return response.writeHead(404).end();
    response.on('finish', () => served.add(path));
    response.writeHead(200, { 'content-type': type }).end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...(options.args ?? [])];
  const browser = await (options.launch?.() ?? chromium.launch({ executablePath, args }));
  const url = `http://localhost:${server.address().port}/`;
  return {
    browser,
    url,
    served,
    /** Has the server answer nothing any more, whatever a browser lets a test do to its network. */
    offline(wanted) {
      isOffline = wanted;
      server.closeIdleConnections();
    },
    /** A page of its own; `without` are the ways of saving that it is to have not. */
    async page({ without = ['showSaveFilePicker'], ...context } = {}) {
      // Firefox takes no locale of a context: there the language is one that was chosen before.
      const { locale, ...rest } = context;
      const own = await browser.newContext(options.launch ? rest : { acceptDownloads: true, locale: 'en-GB', ...context });
      if (options.launch && locale) await own.addInitScript((language) => localStorage.setItem('mailferry-language', language), locale.slice(0, 2));
      await own.addInitScript((names) => {
        for (const name of names) {
          if (name === 'serviceWorker') delete Navigator.prototype.serviceWorker;
          else delete window[name];
        }
      }, without);
      const page = await own.newPage();
      page.faults = [];
      page.on('pageerror', (error) => page.faults.push(String(error)));
      page.on('console', (message) => message.type() === 'error' && page.faults.push(message.text()));
      await page.goto(url);
      await page.waitForSelector('html[data-ready]');
      return page;
    },
    async stop() {
      await browser.close();
      server.close();
    },
  };
}
