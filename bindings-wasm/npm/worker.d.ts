import type { Attachment, FolderOfBlobs, ListedItem, NamedBlob, ConvertOptions, ConvertProgress, Difference, Format, Inspection, ItemRecord, LogLine, MessageView, OptionInfo, Part, Plan, Progress, ReadOptions, Report, Target, VerifyPorts, VerifyReport } from './mailferry.js';

export { MailferryError } from './mailferry.js';

/** What a Worker can read: a File that was chosen, octets, or a file of a server. */
export type Input = Blob | NamedBlob | FolderOfBlobs | ArrayBuffer | ArrayBufferView | URL;

/**
 * Where an archive goes: a file that the user chose; one of the origin private file system, by its name; or what is transferred:
 * a port, or a stream (which copies octets, and so needs more memory). For every `'more'` that it receives, a port
 * sends a `Uint8Array`, and `null` after the last; its `ArrayBuffer`, sent back, counts as `'more'` and is reused. A text from either
 * side ends it, and says why.
 */
export type Output = FileSystemFileHandle | MessagePort | WritableStream<Uint8Array> | string;

/** An item with the requested data. */
export interface ReadItem extends ItemRecord {
  defects: { kind: string; message: string; offset: number | null }[];
  /** Of messages only. The HTML is that of the sender: do not trust it. */
  view: (Omit<MessageView, 'attachments'> & { attachments: Attachment[] }) | null;
  /** Pictures that the HTML refers to, as data: URLs by their content identifiers; given by `find`. */
  inline?: Record<string, string>;
  /** Of items that are not messages; of a message if `octets` was requested. */
  octets?: Uint8Array;
}

export interface Converted {
  report: Report;
  /** The item log: one JSON object per line, one per item. */
  log: Blob;
  /** The list of files that hold many items or none: one JSON object per line. */
  files: Blob;
  /** Items that are not in the archive, the first 10,000. */
  left: (Pick<LogLine, 'id' | 'status' | 'reason' | 'folder' | 'subject'> & { source?: string })[];
}

/** The functions of the package, run in a Worker, one thing after the other. */
export interface Engine<Source = Input, Destination = Output> {
  version(): Promise<string>;
  formats(): Promise<Format[]>;
  targets(): Promise<Target[]>;
  options(): Promise<OptionInfo[]>;
  /** What is known about the first items, at most `most`. */
  list(source: Source | Source[], most: number, options?: ReadOptions): Promise<ItemRecord[]>;
  /** The item of this id; those before it are skipped. */
  item(source: Source | Source[], id: string, options?: ReadOptions & { octets?: boolean }): Promise<ReadItem | undefined>;
  /** Looks at all items once and keeps where they are: `find`, `attachment` and `octets` are of what was looked at last. */
  look(
    source: Source | Source[],
    options?: ReadOptions & { largest?: number; signal?: AbortSignal; onProgress?: (progress: Progress) => void; onItems?: (items: ListedItem[]) => void },
  ): Promise<Inspection>;
  find(id: string): Promise<ReadItem | undefined>;
  /** The attachment of this number, from 0. */
  attachment(id: string, number: number): Promise<Blob | undefined>;
  octets(id: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  inspect(
    source: Source | Source[],
    options?: ReadOptions & { largest?: number; signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Inspection>;
  plan(
    source: Source | Source[],
    target: string,
    options?: ConvertOptions & { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Plan>;
  convert(
    source: Source | Source[],
    options: ConvertOptions | undefined,
    ports: {
      /** Or a function that is called where the Worker was started when an archive, or a part of it, begins. */
      to: Destination | ((part: Part) => Destination | Promise<Destination>);
      /** The name of the archives without extension, if `to` is a function. */
      name?: string;
      onProgress?: (progress: ConvertProgress) => void;
      signal?: AbortSignal;
    },
  ): Promise<Converted>;
  /** The first 10,000 differences are `found`. */
  verify(
    archive: Source | Source[],
    ports?: Omit<VerifyPorts, 'log' | 'files' | 'source' | 'onDifference'> & { log?: Source; files?: Source; source?: Source | Source[] },
  ): Promise<{ report: VerifyReport; found: Difference[] }>;
  /** The report as an HTML page, with these names of the archive and the log. */
  reportPage(report: Report, log: Blob, names?: { name?: string; logName?: string }): Promise<Blob>;
  /** Ends the Worker, and what it is doing; a later call starts another. */
  close(): void;
}

/** Starts a Worker at the first call; one is enough for a page. */
export declare function inWorker(): Engine;
