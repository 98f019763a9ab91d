// node large.js MAILBOX ARCHIVE.zip – a mailbox of any size into an archive and its log; at the end, the most memory that it took.
import { convert, fileSink } from 'mailferry';

const [source, archive] = process.argv.slice(2);
const sink = fileSink(archive);
const log = fileSink(`${archive}.items.jsonl`);
let percent = 0;
let most = 0;
const report = await convert(source, {}, {
  sink,
  log,
  onProgress({ position, total = Infinity }) {
    most = Math.max(most, process.memoryUsage.rss());
    const now = Math.floor((100 * position) / total);
    if (now >= percent + 10) console.log(`${(percent = now)} %`);
  },
});
sink.close();
log.close();
console.log(`${report.outcome.state}: ${report.totals.migrated} of ${report.totals.available} items, ${report.seconds} s, ${Math.round(most / 1e6)} MB of memory`);
