// The declarations are what a strict compiler takes, and they name what there is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as mailferry from 'mailferry';
import * as worker from 'mailferry/worker';

test('tsc --strict takes what the declarations promise', () => {
  const tsc = new URL('./node_modules/typescript/bin/tsc', import.meta.url).pathname;
  const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext', '--types', 'node', 'types.ts'];
  try {
    execFileSync(process.execPath, [tsc, ...flags], { cwd: new URL('.', import.meta.url).pathname, encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
});

test('the examples of the README are what a strict compiler takes', () => {
  const here = new URL('.', import.meta.url).pathname;
  const readme = readFileSync(new URL('./README.md', import.meta.resolve('mailferry')), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  assert.ok(examples.length >= 3);
  const names = examples.map((code, at) => {
    writeFileSync(join(here, `readme-${at}.ts`), code);
    return `readme-${at}.ts`;
  });
  const tsc = new URL('./node_modules/typescript/bin/tsc', import.meta.url).pathname;
  const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext', '--types', 'node', ...names];
  try {
    execFileSync(process.execPath, [tsc, ...flags], { cwd: here, encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  } finally {
    for (const name of names) rmSync(join(here, name));
  }
});

test('the first example of the README does what it says', () => {
  const root = mkdtempSync(join(tmpdir(), 'mailferry-readme-'));
  try {
    const readme = readFileSync(new URL('./README.md', import.meta.resolve('mailferry')), 'utf8');
    const [, code] = /```ts\n([\s\S]*?)```/.exec(readme);
    writeFileSync(join(root, 'example.mjs'), code.replace("'mailferry'", JSON.stringify(import.meta.resolve('mailferry'))));
    copyFileSync(new URL('../../fixtures/mbox/takeout.mbox', import.meta.url), join(root, 'All mail.mbox'));
    const told = execFileSync(process.execPath, ['example.mjs'], { cwd: root, encoding: 'utf8' });
    assert.match(told, /^24 [\s\S]*complete 2\d of 24/);
    assert.ok(existsSync(join(root, 'archive.zip')));
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('require() gives the same as import', () => {
  const require = createRequire(import.meta.url);
  assert.deepEqual(Object.keys(require('mailferry')).sort(), Object.keys(mailferry).sort());
  assert.equal(require('mailferry').MailferryError, mailferry.MailferryError);
  assert.deepEqual(Object.keys(require('mailferry/worker')).sort(), Object.keys(worker).sort());
});

test('all that is exported is declared, and all that is declared is exported', () => {
  for (const [name, module] of Object.entries({ mailferry, worker })) {
    const of = (file) => readFileSync(new URL(`./${file}.d.ts`, import.meta.resolve('mailferry')), 'utf8');
    const declarations = name === 'mailferry' ? of(name) + of('node') : of(name);
    const declared = [...declarations.matchAll(/export (?:declare (?:function|class)|\{) (\w+)/g)].map(([, exported]) => exported);
    assert.deepEqual(Object.keys(module).sort(), declared.sort());
  }
});
