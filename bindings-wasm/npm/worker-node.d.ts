import type { Engine, Input as AnyInput } from './worker.js';

export { MailferryError } from './mailferry.js';
export type { Converted, Engine, ReadItem } from './worker.js';

/** What a thread of Node can read: the path of a file too. */
export type Input = AnyInput | string;

/** Where an archive goes: the path of a new file; or a port or a stream, which is transferred, and sends and takes what it does in a browser. */
export type Output = string | MessagePort | WritableStream<Uint8Array>;

/** Starts a thread at the first call; one is enough. */
export declare function inWorker(): Engine<Input, Output>;
