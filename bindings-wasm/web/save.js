// Three ways to save what is made as it is made, the best that the browser has.
import { plainly } from './problems.js';
import { say } from './text.js';

const canPick = typeof window.showSaveFilePicker === 'function';
const canKeep = typeof navigator.storage?.getDirectory === 'function';

const canDownload = 'serviceWorker' in navigator;

/** What this page keeps in the browser's own storage. */
const inUse = new Set();

/** Makes the page work without a network, and downloads possible; nothing where a browser does not let it. */
export const install = () => navigator.serviceWorker?.register('./sw.js').catch(() => undefined);

/** What the page cannot do here, as keys of strings. */
export function lacks() {
  if (!canPick && !canDownload && !canKeep) return ['lacksAll'];
  if (canPick) return [];
  if (canDownload) return ['lacksPicker'];
  return ['lacksWorkerDownload'];
}

export const savesWhere = canPick ? 'savePicker' : 'saveDownload';

/**
 * Makes ready what the worker writes to; to be called in the handler of a click. `sources` are names of files that are read: none of them
 * may be written.
 */
export async function destination(name, sources = []) {
  if (canPick) {
    const handle = await window.showSaveFilePicker({ suggestedName: name });
    if (sources.includes(handle.name)) throw plainly(say('sameName', { name: handle.name }));
    return { to: handle, name: () => handle.name, handles: () => [handle] };
  }
  await forget();
  return unpicked(name);
}

/** The same for an archive in parts: `to` is called with the name of each when it begins. */
export async function destinations() {
  if (canPick) {
    const folder = await window.showDirectoryPicker({ mode: 'readwrite' });
    const handles = [];
    return {
      async to({ name }) {
        const handle = await fresh(folder, name);
        handles.push(handle);
        return handle;
      },
      handles: () => handles,
    };
  }
  await forget();
  const places = [];
  return {
    async to({ name }) {
      const place = await unpicked(name);
      places.push(place);
      return place.to;
    },
    kept: async () => (await Promise.all(places.map((place) => place.kept?.() ?? []))).flat(),
    over: () => places.forEach((place) => place.over?.()),
  };
}

/** A new file of a folder. */
async function fresh(folder, name) {
  const isThere = await folder.getFileHandle(name).then(() => true, (error) => error.name !== 'NotFoundError');
  if (isThere) throw plainly(say('thereAlready', { name }));
  return folder.getFileHandle(name, { create: true });
}

/** Where nobody can be asked for a place: a download, or the browser's own storage. */
async function unpicked(name) {
  if (canDownload) {
    try {
      return await download(name);
    } catch (error) {
      if (!canKeep) throw error;
    }
  }
  if (!canKeep) throw plainly(say('lacksAll'));
  const own = `mailferry-${crypto.randomUUID()}`;
  inUse.add(own);
  return { to: own, kept: async () => [{ name, file: await (await (await navigator.storage.getDirectory()).getFileHandle(own)).getFile() }] };
}

/** Removes what earlier conversions left in the browser's own storage. */
export async function forget() {
  if (!canKeep) return;
  const folder = await navigator.storage.getDirectory();
  for await (const name of folder.keys()) {
    if (name.startsWith('mailferry-') && !inUse.has(name)) await folder.removeEntry(name).catch(() => {});
  }
}

async function download(name) {
  const { serviceWorker } = navigator;
  await install();
  await serviceWorker.ready;
  if (!serviceWorker.controller) await new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  const worker = serviceWorker.controller;
  const id = crypto.randomUUID();
  const { port1: to, port2: from } = new MessageChannel();
  const ready = new Promise((resolve) => {
    serviceWorker.addEventListener('message', function heard({ data }) {
      if (data.ready !== id) return;
      serviceWorker.removeEventListener('message', heard);
      resolve();
    });
  });
  serviceWorker.startMessages();
  worker.postMessage({ id, name, from }, [from]);
  await ready;
  const awake = setInterval(() => worker.postMessage({ awake: true }), 10_000);
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = `./download/${id}`;
  document.body.append(frame);
  const over = () => {
    clearInterval(awake);
    setTimeout(() => frame.remove(), 60_000);
  };
  return { to, over };
}
