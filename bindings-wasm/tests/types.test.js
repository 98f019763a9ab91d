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

const HERE = new URL('.', import.meta.url).pathname;

/** As Node resolves modules, and as bundlers do for browsers. */
const RESOLUTIONS = { node: ['--module', 'nodenext', '--types', 'node'], browser: ['--module', 'esnext', '--moduleResolution', 'bundler', '--typeRoots', 'no-types'] };

function compiled(resolution, ...names) {
  const tsc = new URL('./node_modules/typescript/bin/tsc', import.meta.url).pathname;
  const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', ...RESOLUTIONS[resolution]];
  try {
    execFileSync(process.execPath, [tsc, ...flags, ...names], { cwd: HERE, encoding: 'utf8' });
  } catch (error) {
    assert.fail(error.stdout);
  }
}

test('tsc --strict takes what the declarations promise', () => {
  compiled('node', 'types.ts');
  compiled('browser', 'types-browser.ts');
});

test('the examples of the README are what a strict compiler takes', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.resolve('mailferry')), 'utf8');
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
  assert.ok(examples.length >= 4);
  const isOfBrowser = (code) => code.includes('FileSystemFileHandle');
  const names = examples.map((code, at) => {
    writeFileSync(join(HERE, `readme-${at}.ts`), code);
    return `readme-${at}.ts`;
  });
  try {
    compiled('node', ...names.filter((_, at) => !isOfBrowser(examples[at])));
    compiled('browser', ...names.filter((_, at) => isOfBrowser(examples[at])));
  } finally {
    for (const name of names) rmSync(join(HERE, name));
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
    const declarations = name === 'mailferry' ? of(name) + of('node') : of('worker-node');
    const declared = [...declarations.matchAll(/export (?:declare (?:function|class)|\{) (\w+)/g)].map(([, exported]) => exported);
    assert.deepEqual(Object.keys(module).sort(), declared.sort());
  }
});
