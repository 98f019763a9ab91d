// The package as it is published: what publint and attw say of it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

test('publint and attw find nothing', { timeout: 240_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'mailferry-pack-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', root, new URL('../../npm', import.meta.url).pathname]);
    const [archive] = readdirSync(root);
    const tool = (name) => new URL(`./node_modules/.bin/${name}`, import.meta.url).pathname;
    execFileSync(tool('publint'), ['--strict', join(root, archive)], { stdio: 'inherit' });
    // The core is no module.
    execFileSync(tool('attw'), [join(root, archive), '--exclude-entrypoints', 'mailferry.wasm', '--profile', 'node16'], { stdio: 'inherit' });
  } finally {
    rmSync(root, { recursive: true });
  }
});
