// What somebody writes who uses the package in a page.
import { inWorker } from 'mailferry/worker';

const mailferry = inWorker();
const mailbox = new File(['From a\nSubject: one\n\nHi\n\nFrom b\nSubject: two\n\nHo\n'], 'Inbox.mbox');
const { items } = await mailferry.inspect(mailbox);
const { report } = await mailferry.convert(mailbox, {}, { to: 'archive.zip' });
const home = await navigator.storage.getDirectory();
const archive = await (await home.getFileHandle('archive.zip')).getFile();
document.body.textContent = JSON.stringify({ items, migrated: report.totals.migrated, begins: [...new Uint8Array(await archive.slice(0, 4).arrayBuffer())] });
