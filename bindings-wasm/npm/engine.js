// The Worker of worker.js.
import { MailferryError } from './error.js';
import { serve } from './serve.js';
import { fileHandleSink, handleSink, portSink, webStreamSink } from './sinks.js';

serve({ post: (message) => self.postMessage(message), listen: (heard) => (self.onmessage = ({ data }) => heard(data)), sinkOf });

/** Where an archive goes: a stream or port, a file that the user chose, or one of the origin private file system, by its name. */
async function sinkOf(to) {
  if (to instanceof WritableStream) return webStreamSink(to);
  if (to instanceof MessagePort) return portSink(to);
  if (typeof to?.createWritable === 'function') return fileHandleSink(to);
  if (typeof to !== 'string') throw new MailferryError({ kind: 'options', message: 'convert needs { to }: a FileSystemFileHandle, a MessagePort, a WritableStream, or the name of a file of the origin private file system' });
  const folder = await navigator.storage.getDirectory();
  const handle = await (await folder.getFileHandle(to, { create: true })).createSyncAccessHandle();
  handle.truncate(0);
  return {
    ...handleSink(handle),
    close() {
      handle.flush();
      handle.close();
    },
    async abort() {
      handle.close();
      await folder.removeEntry(to);
    },
  };
}
