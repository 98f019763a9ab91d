// The mailbox that all measurements are of.
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mboxParts } from '../../bindings-wasm/tests/generate.js';

const TARGET = new URL('../../target/', import.meta.url).pathname;

/** Its path; it is generated once. */
export async function mailbox(octets) {
  mkdirSync(TARGET, { recursive: true });
  const path = join(TARGET, `bench-${octets}.mbox`);
  if (!existsSync(path)) {
    const file = createWriteStream(path);
    for (const part of mboxParts(octets)) if (!file.write(part)) await new Promise((resolve) => file.once('drain', resolve));
    await new Promise((resolve) => file.end(resolve));
  }
  return path;
}
