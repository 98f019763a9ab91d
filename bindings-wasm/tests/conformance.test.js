// Every fixture, read through the installed package, is what its expectation says.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesSource, fileSource, open } from 'mailferry';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
const EXPECTED = '.expected.jsonl';

/** What the API says of an item, under the names of the expectations. */
const SAYS = {
  offset: (item) => item.source.offset,
  length: (item) => item.source.length,
  fromLine: (item) => item.mbox?.fromLine ?? '',
  separator: (item) => item.mbox?.separator ?? '',
  unquotedLines: (item) => item.mbox?.unquotedLines ?? 0,
  size: (_, octets) => octets.length,
  sha256: (_, octets) => createHash('sha256').update(octets).digest('hex'),
  defects: (item) => item.defects.map((defect) => defect.kind),
  subject: (item) => item.subject ?? null,
  messageId: (item) => item.messageId ?? null,
  uid: (item) => item.uid ?? null,
  key: (item) => item.key ?? null,
  folder: (item) => item.folder,
  role: (item) => item.role ?? null,
  labels: (item) => item.labels ?? [],
  keywords: (item) => item.keywords ?? [],
  receivedAt: (item) => item.receivedAt ?? null,
  dateSource: (item) => item.dateSource ?? null,
  kind: (item) => item.kind,
  start: (item) => item.start ?? null,
  recurring: (item) => item.recurring,
  components: (item) => item.calendar.components,
  zones: (item) => item.calendar.zones,
  version: (item) => item.card.version ?? null,
  group: (item) => item.card.group,
  text: (item) => item.view().text,
  attachments: (item) => item.view().attachments.map((each) => [each.name, each.type]),
  attached: (item) => item.view().attachments.map((each) => each.sha256),
};
/** About the test itself, or told by the whole file. */
const NOT_ITEMS = new Set(['rule', 'quoting']);

function* cases(folder = FIXTURES) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (name !== 'mime') yield* cases(path);
    } else if (name.endsWith(EXPECTED)) {
      const stem = name.slice(0, -EXPECTED.length);
      const input = readdirSync(folder).find((other) => !other.endsWith(EXPECTED) && other.replace(/\.[^.]*$/, '') === stem);
      yield { input: join(folder, input), expected: readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) };
    }
  }
}

/** What a mail program has expunged is left out unless it is asked for. */
const isExpunged = (file) => (item) => file.rule?.includes('8 expunged') && item.keywords.includes('$deleted');

async function differences(source, [file, ...items]) {
  const lines = items.filter((item) => !isExpunged(file)(item));
  const found = [];
  const mailbox = await open(source, { mboxQuoting: file.quoting ?? 'auto' });
  let number = 0;
  for await (const item of mailbox) {
    const octets = item.octets();
    for (const [key, value] of Object.entries(lines[number++] ?? {})) {
      if (NOT_ITEMS.has(key)) continue;
      assert.ok(SAYS[key], `nothing tells ${key}`);
      const said = SAYS[key](item, octets);
      if (JSON.stringify(said) !== JSON.stringify(value)) found.push(`item ${number}: ${key} is ${JSON.stringify(said)}, not ${JSON.stringify(value)}`);
    }
  }
  const left = file.items - (items.length - lines.length);
  if (number !== left) found.push(`${number} items, not ${left}`);
  const problems = mailbox.problems.map((problem) => problem.kind);
  if (file.defects && JSON.stringify(problems) !== JSON.stringify(file.defects)) found.push(`defects ${problems}, not ${file.defects}`);
  return found;
}

const all = [...cases()];

test(`${all.length} fixtures, from memory and in pieces`, async () => {
  assert.ok(all.length > 200);
  const wrong = [];
  for (const { input, expected } of all) {
    const name = input.slice(FIXTURES.length);
    const octets = readFileSync(input);
    // A source may give fewer octets than there is room for.
    const whole = bytesSource(octets, name);
    const pieces = { ...whole, readAt: (offset, into) => whole.readAt(offset, into.subarray(0, 1_000)) };
    for (const source of [whole, pieces]) {
      for (const difference of await differences(source, expected)) wrong.push(`${name}: ${difference}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a file of the file system is a source', async () => {
  const path = join(FIXTURES, 'mbox/takeout.mbox');
  const source = fileSource(path, 'mbox/takeout.mbox');
  const { expected } = all.find(({ input }) => input === path);
  assert.deepEqual(await differences(source, expected), []);
  source.close();
});

for (const line of readFileSync(join(FIXTURES, 'mime/field_cases.jsonl'), 'utf8').trim().split('\n')) {
  const { case: name, message, expected } = JSON.parse(line);
  test(`field case ${name}`, async () => {
    for await (const item of await open(bytesSource(Buffer.from(message, 'latin1'), 'case.eml'))) {
      const { text, attachments } = item.view();
      if ('text' in expected) assert.equal(text, expected.text);
      const digest = (octets) => createHash('sha256').update(octets, 'latin1').digest('hex');
      assert.deepEqual(
        attachments.map((each) => [each.name, each.type, each.sha256]),
        expected.attachments.map((each) => [each.name, each.type, digest(each.octets)]),
      );
    }
  });
}
