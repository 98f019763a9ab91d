// Before the package is packed: the compiled core is there, or is made now, or nothing is packed; and the types of CommonJS are those of
// modules.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';

const here = (name) => new URL(name, import.meta.url);
const core = here('./wasm/mailferry_bg.wasm');

if (!existsSync(core) || !existsSync(here('./wasm/mailferry.js'))) {
  console.error('the core is not compiled yet: cargo xtask wasm');
  execFileSync('cargo', ['xtask', 'wasm'], { cwd: here('../..'), stdio: 'inherit' });
}
if (!existsSync(core) || statSync(core).size < 100_000) throw new Error('wasm/mailferry_bg.wasm is missing or incomplete: compile it with cargo xtask wasm');
for (const name of ['mailferry', 'node', 'worker', 'worker-node']) {
  const types = readFileSync(here(`./${name}.d.ts`), 'utf8');
  writeFileSync(here(`./${name}.d.cts`), types.replace(/'\.\/(\w+)\.js'/g, "'./$1.cjs'"));
}
