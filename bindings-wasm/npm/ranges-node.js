// Parts of files of servers, fetched on a thread of their own: who asks for one sleeps until it is there.
import { parentPort, workerData } from 'node:worker_threads';
import { ATTEMPTS, fieldsFor, isForTheMoment, refusalOf } from './ranges.js';

const state = new Int32Array(workerData.state);
const shared = new Uint8Array(workerData.shared);

parentPort.on('message', async (part) => {
  try {
    const octets = await fetched(part);
    shared.set(octets);
    tell(1, octets.length);
  } catch (error) {
    const text = new TextEncoder().encode(error.cause?.message ? `${part.url}: ${error.cause.message}` : error.message).subarray(0, shared.length);
    shared.set(text);
    tell(2, text.length);
  }
});
parentPort.postMessage('ready');

function tell(what, length) {
  state[1] = length;
  Atomics.store(state, 0, what);
  Atomics.notify(state, 0);
}

async function fetched(part) {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(part.url, { headers: { ...fieldsFor(part), 'accept-encoding': 'identity' } });
      if (isForTheMoment(answer.status) && attempt < ATTEMPTS) await answer.body?.cancel();
      else {
        const octets = answer.status === 206 ? await taken(answer, part.to - part.from) : new Uint8Array(0);
        if (answer.status !== 206) await answer.body?.cancel();
        const refusal = refusalOf(part, { status: answer.status, headers: answer.headers, length: octets.length });
        if (refusal) throw refusal;
        return octets;
      }
    } catch (error) {
      // What it says is final; that it breaks off need not be.
      if (error.name === 'MailferryError' || attempt >= ATTEMPTS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100 * 3 ** attempt));
  }
}

/** The octets of an answer, one more than was asked for at most. */
async function taken(answer, most) {
  const octets = new Uint8Array(most + 1);
  let length = 0;
  for await (const some of answer.body) {
    const room = some.subarray(0, octets.length - length);
    octets.set(room, length);
    length += room.length;
    if (length > most) break;
  }
  return octets.subarray(0, length);
}
