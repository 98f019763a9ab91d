// What became of every file that was given: nothing is passed over in silence.
import { reasonOf } from './problems.js';
import { count, say } from './text.js';

/** Whether a source is a file that was given under this name, or lies in it. */
const isOf = (source, name) => source === name || source.startsWith(`${name}!`) || name.startsWith(`${source}.`);

/**
 * Of each file its name, its items, and in plain words what is wrong with it. `perSource` has the items by the number of their source.
 */
export function fates(given, { met, told, ignored }, perSource) {
  return given.map(({ name, file }) => {
    const items = met.reduce((sum, source, at) => sum + (source !== null && isOf(source, name) ? (perSource[at + 1] ?? 0) : 0), 0);
    const own = told.filter(({ source }) => source && isOf(source, name));
    const isPassed = ignored.entries.some((entry) => isOf(entry.name, name));
    return { name, items, ...judged(items, own, { isEmpty: file?.size === 0, isPassed }) };
  });
}

/** The same after a conversion: of what the report says of its sources. */
export function fatesOfReport(given, report, inspection) {
  return given.map(({ name, file }) => {
    const sources = report.sources.filter((source) => isOf(source.file, name));
    const items = sources.reduce((sum, source) => sum + source.items, 0);
    const own = inspection.told.filter(({ source }) => source && isOf(source, name));
    const broken = sources.filter(({ error, cutShort }) => error || cutShort);
    const isTold = own.some(({ what }) => what !== 'defect');
    const told = isTold ? own : [...own, ...broken.map(({ error, cutShort }) => ({ what: cutShort ? 'cut_short' : 'rest', kind: 'malformed', message: error ?? cutShort }))];
    const isPassed = report.ignored.entries.some((entry) => isOf(entry.name, name));
    return { name, items, ...judged(items, told, { isEmpty: file?.size === 0, isPassed }) };
  });
}

function judged(items, told, { isEmpty, isPassed }) {
  const bad = told.filter(({ what }) => what !== 'defect');
  const raw = told.map(({ message }) => message);
  if (items === 0 && isEmpty) return { isGood: false, text: say('fileEmpty'), remedy: say('fileEmptyRemedy'), raw };
  if (items === 0 && bad.length > 0) return { isGood: false, ...reasonOf(bad[0]), raw };
  if (items === 0) return { isGood: false, text: say('fileNothing'), remedy: say(isPassed ? 'fileNothingRemedy' : 'fileNoItemsRemedy'), raw };
  if (bad.some(({ what }) => what === 'cut_short' || what === 'rest')) return { isGood: false, text: `${count('items', items)}, ${say('fileCut')}`, remedy: say('fileCutRemedy'), raw };
  if (bad.length > 0) return { isGood: false, text: `${count('items', items)}, ${count('someUnread', bad.length)}`, remedy: say('someUnreadRemedy'), raw };
  return { isGood: true, text: count('items', items), remedy: '', raw };
}
