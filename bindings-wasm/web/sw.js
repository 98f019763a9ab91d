// Two things: the page without a network, from a cache of this version; and what comes over a port as a download of the browser.
// Nothing else is fetched, and nothing of anybody's mail is kept.

/** Filled in where the page is put together: what changes with every file of it, and the files. */
const VERSION = 'development';
const FILES = [];

const CACHE = `mailferry ${self.registration.scope} ${VERSION}`;
const waiting = new Map();

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: 'no-cache' })))));
});

self.addEventListener('activate', (event) => {
  const isOld = (name) => name.startsWith(`mailferry ${self.registration.scope} `) && name !== CACHE;
  const cleared = caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))));
  event.waitUntil(Promise.all([cleared, self.clients.claim()]));
});

self.addEventListener('message', ({ data, source }) => {
  // A message every few seconds keeps a worker awake while a download is under way; that is all it is for.
  if (!data.from) return;
  waiting.set(data.id, data);
  source.postMessage({ ready: data.id });
});

self.addEventListener('fetch', (event) => {
  const id = new URL(event.request.url).pathname.match(/\/download\/([\w-]+)\/?$/)?.[1];
  const download = waiting.get(id);
  if (download) {
    waiting.delete(id);
    event.respondWith(
      new Response(stream(download.from), {
        headers: {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(download.name)}`,
          'x-content-type-options': 'nosniff',
        },
      }),
    );
  } else if (FILES.length > 0 && event.request.method === 'GET' && event.request.url.startsWith(self.registration.scope)) {
    event.respondWith(caches.open(CACHE).then(async (cache) => (await cache.match(event.request, { ignoreSearch: true })) ?? fetch(event.request)));
  }
});

/** Arrays that may wait here. */
const AHEAD = 2;

/** What a port gives, as it is asked for; its arrays go back to be filled again. */
function stream(port) {
  const waiting = [];
  let given;
  let came = () => {};
  return new ReadableStream(
    {
      start() {
        port.onmessage = ({ data }) => {
          waiting.push(data);
          came();
        };
        for (let ahead = 0; ahead < AHEAD; ahead++) port.postMessage('more');
      },
      async pull(controller) {
        // Who asks for more has read what was given before, or has taken it away.
        if (given?.byteLength > 0) port.postMessage(given.buffer, [given.buffer]);
        else if (given) port.postMessage('more');
        while (waiting.length === 0) await new Promise((resolve) => (came = resolve));
        given = waiting.shift();
        if (given instanceof Uint8Array) controller.enqueue(given);
        else if (given === null) controller.close();
        else controller.error(new Error(given));
      },
      cancel: () => port.postMessage('the download was stopped'),
    },
    // Nothing is asked for until somebody reads: what was given is then done with.
    { highWaterMark: 0 },
  );
}
