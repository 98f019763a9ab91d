// The package in Node: the core is read from the file system, and files are sources and sinks.
import { readFile } from 'node:fs/promises';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { init as load } from './mailferry.js';

export * from './mailferry.js';

let loaded;

export function init(input) {
  loaded ??= (input ? load(input) : readFile(new URL('./wasm/mailferry_bg.wasm', import.meta.url)).then(load)).catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

await init();

/** A file by its path, or by a descriptor that the caller opened. */
export function fileSource(file, name = String(file)) {
  const fd = typeof file === 'number' ? file : openSync(file, 'r');
  return {
    name,
    size: fstatSync(fd).size,
    readAt: (offset, into) => readSync(fd, into, 0, into.length, offset),
    close: () => closeSync(fd),
  };
}

/** A new file by its path, or a descriptor that the caller opened. */
export function fileSink(file) {
  const fd = typeof file === 'number' ? file : openSync(file, 'wx');
  return {
    borrows: true,
    write(octets) {
      for (let rest = octets; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest));
    },
    close: () => closeSync(fd),
  };
}
