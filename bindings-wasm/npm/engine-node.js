// The Worker of worker-node.js.
import { unlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { fileSink } from './node.js';
import { MailferryError } from './error.js';
import { serve } from './serve.js';
import { portSink, webStreamSink } from './sinks.js';

serve({ post: (message) => parentPort.postMessage(message), listen: (heard) => parentPort.on('message', heard), sinkOf });

/** Where an archive goes: a stream or port, or a new file of this path. */
async function sinkOf(to) {
  if (to instanceof WritableStream) return webStreamSink(to);
  if (to instanceof MessagePort) return portSink(to);
  if (typeof to !== 'string') throw new MailferryError({ kind: 'options', message: 'convert needs { to }: the path of a new file, a MessagePort, or a WritableStream' });
  const sink = fileSink(to);
  return {
    ...sink,
    abort() {
      sink.close();
      unlinkSync(to);
    },
  };
}
