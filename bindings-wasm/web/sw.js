// Hands what comes over a port to the browser as a download. Nothing is fetched, nothing is kept.
const waiting = new Map();

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', ({ data, source }) => {
  // A message every few seconds keeps a worker awake while a download is under way; that is all it is for.
  if (!data.from) return;
  waiting.set(data.id, data);
  source.postMessage({ ready: data.id });
});

self.addEventListener('fetch', (event) => {
  const id = new URL(event.request.url).pathname.match(/\/download\/([\w-]+)\/?$/)?.[1];
  const download = waiting.get(id);
  if (!download) return;
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
});

/** What a port gives, as it is asked for. */
function stream(port) {
  let came = () => {};
  return new ReadableStream(
    {
      start(controller) {
        port.onmessage = ({ data }) => {
          // An array that is made here, unlike one that came, lets the collector of Chromium see how many there are.
          if (data instanceof Uint8Array) controller.enqueue(data.slice());
          else if (data === null) controller.close();
          else controller.error(new Error(data));
          came();
        };
      },
      pull() {
        port.postMessage('more');
        return new Promise((resolve) => (came = resolve));
      },
      cancel: () => port.postMessage('the download was stopped'),
    },
    { highWaterMark: 1 },
  );
}
