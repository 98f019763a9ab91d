import type { Sink, Source } from './mailferry.js';

export * from './mailferry.js';

/** A file by its path, or by a descriptor that the caller opened. */
export declare function fileSource(file: string | number, name?: string): Source & { readonly fd: number; close(): void };
/** A new file by its path, or a descriptor that the caller opened. */
export declare function fileSink(file: string | number): Sink & { close(): void };
