// The declarations are what a strict compiler takes, and they name what there is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

test('all that is exported is declared, and all that is declared is exported', () => {
  for (const [name, module] of Object.entries({ mailferry, worker })) {
    const declarations = readFileSync(new URL(`./${name}.d.ts`, import.meta.resolve('mailferry')), 'utf8');
    const declared = [...declarations.matchAll(/export (?:declare (?:function|class)|\{) (\w+)/g)].map(([, exported]) => exported);
    assert.deepEqual(Object.keys(module).sort(), declared.sort());
  }
});
