// `node build.js vite|webpack FOLDER`: the app as somebody would bundle it, with nothing set that need not be.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

const [bundler, folder] = process.argv.slice(2);
const here = import.meta.dirname;

if (bundler === 'vite') {
  const { build } = await import('vite');
  await build({ root: here, base: './', logLevel: 'warn', build: { outDir: folder, emptyOutDir: true, target: 'es2022' } });
} else {
  const { default: webpack } = await import('webpack');
  const bundle = webpack({ mode: 'production', context: here, entry: './app.js', output: { path: folder, filename: 'app.js' }, performance: false });
  await new Promise((resolve, reject) =>
    bundle.run((error, stats) => (error || stats.hasErrors() ? reject(error ?? new Error(stats.toString())) : resolve())));
  copyFileSync(join(here, 'index.html'), join(folder, 'index.html'));
}
