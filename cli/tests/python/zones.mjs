// Offsets by ical.js: reads [{definition, times}] from stdin, writes a list of seconds east of UTC for each.
// The first argument is the file of ical.js.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { default: ICAL } = await import(pathToFileURL(process.argv[2]));
const asked = JSON.parse(readFileSync(0, 'utf8'));
const answers = asked.map(({ definition, times }) => {
  const zone = new ICAL.Timezone(new ICAL.Component(ICAL.parse(definition)));
  return times.map((time) => zone.utcOffset(ICAL.Time.fromDateTimeString(time)));
});
process.stdout.write(JSON.stringify(answers));
