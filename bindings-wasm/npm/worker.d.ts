import type { ConvertOptions, ConvertProgress, Difference, Format, Inspection, ItemRecord, LogLine, MessageView, Part, Plan, Progress, ReadOptions, Report, Target, VerifyPorts, VerifyReport } from './mailferry.js';

export { MailferryError } from './mailferry.js';

/** What a Worker can read: a File that was chosen, or octets. */
export type Input = Blob | ArrayBuffer | ArrayBufferView;

/**
 * Where an archive goes: a file that the user chose; one of the origin private file system, by its name; or what is transferred:
 * a port, or a stream (which copies octets on their way, and so takes more memory). For every `'more'` that is sent to it, a port
 * gives a `Uint8Array`, and `null` behind the last; its `ArrayBuffer`, sent back, counts as `'more'` and is filled again. A text says why
 * there are no more, from either side.
 */
export type Output = FileSystemFileHandle | MessagePort | WritableStream<Uint8Array> | string;

/** An item with what is asked for of it. */
export interface ReadItem extends ItemRecord {
  defects: { kind: string; message: string; offset: number | null }[];
  /** Of a message only. The HTML is that of the sender: not to be trusted. */
  view: MessageView | null;
  /** Of what is no message; of a message where `octets` was asked for. */
  octets?: Uint8Array;
}

export interface Converted {
  report: Report;
  /** The item log: a JSON object a line, an item each. */
  log: Blob;
  /** The list of files of many items, and of those beside the items: a JSON object a line. */
  files: Blob;
  /** What is not in the archive: the first 10,000 of them. */
  left: (Pick<LogLine, 'id' | 'status' | 'reason' | 'folder' | 'subject'> & { source?: string })[];
}

/** The functions of the package, run in a Worker, one thing after the other. */
export interface Engine {
  version(): Promise<string>;
  formats(): Promise<Format[]>;
  targets(): Promise<Target[]>;
  /** What is known of the first items, `most` of them. */
  list(source: Input | Input[], most: number, options?: ReadOptions): Promise<ItemRecord[]>;
  /** The item of this id; those before it are passed over. */
  item(source: Input | Input[], id: string, options?: ReadOptions & { octets?: boolean }): Promise<ReadItem | undefined>;
  inspect(
    source: Input | Input[],
    options?: ReadOptions & { largest?: number; signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Inspection>;
  plan(
    source: Input | Input[],
    target: string,
    options?: ConvertOptions & { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Plan>;
  convert(
    source: Input | Input[],
    options: ConvertOptions | undefined,
    ports: {
      /** Or, on the page, what is asked where an archive, and each of its parts, goes, when it begins. */
      to: Output | ((part: Part) => Output | Promise<Output>);
      /** What archives are named after, without an ending, where `to` is a function. */
      name?: string;
      onProgress?: (progress: ConvertProgress) => void;
      signal?: AbortSignal;
    },
  ): Promise<Converted>;
  /** The first 10,000 differences are `found`. */
  verify(
    archive: Input | Input[],
    ports?: Omit<VerifyPorts, 'log' | 'files' | 'source' | 'onDifference'> & { log?: Input; files?: Input; source?: Input | Input[] },
  ): Promise<{ report: VerifyReport; found: Difference[] }>;
  /** The report as a page for people, which calls the archive and the log by these names. */
  reportPage(report: Report, log: Blob, names?: { name?: string; logName?: string }): Promise<Blob>;
  /** Ends the Worker, and what it is doing; what is asked for later starts another. */
  close(): void;
}

/** Starts a Worker when it is first asked for something; one is enough for a page. */
export declare function inWorker(): Engine;
