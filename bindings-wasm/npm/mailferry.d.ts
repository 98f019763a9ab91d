/** Octets at an offset. `readAt` fills as much of `octets` as it can and returns the number, 0 only at the end. */
export interface Source {
  /** A hint for the format, and the name of the folder where the source has no folders. */
  readonly name?: string;
  readonly size: number;
  readAt(offset: number, octets: Uint8Array): number;
}

/** Receives octets in order. */
export interface Sink {
  /** If `true`, the octets are memory of the core: `write` must not use them after it returns. Otherwise they are a copy. */
  readonly borrows?: boolean;
  /** A promise is awaited before the next octets are produced. */
  write(octets: Uint8Array): void | Promise<void>;
}

/** An archive, or a part of one, that is about to be written. */
export interface Part {
  /** From 1. */
  number: number;
  /** `archive.zip`, or, if it is split, `archive.part001.zip`, `archive.part002.zip` … (a sink is opened before it is known whether there will be more) */
  name: string;
}

/** A sink for one archive of several. It is closed after its last octet; if it will not be complete, it is aborted, or closed if it has no `abort`. */
export interface PartSink extends Sink {
  /** A promise is awaited before the next part begins. */
  close?(): void | Promise<void>;
  abort?(reason: unknown): void | Promise<void>;
}

/** Octets at an offset that have to be waited for: all of them are kept first, in a temporary file in Node, else in a Blob. */
export interface AsyncSource {
  readonly name?: string;
  readonly size: number;
  readAt(offset: number, octets: Uint8Array): Promise<number>;
}

/** A Blob under a name. */
export interface NamedBlob {
  name?: string;
  blob: Blob;
}

/** A folder: its name, and the files in it by their paths, which begin with that name. */
export interface FolderOfBlobs {
  name: string;
  entries: { path: string; blob: Blob }[];
}

/**
 * What can be read. A `File` or `Blob` is read where it is in a Worker, and kept first in Node; on the main thread of a page it is refused.
 * Streams, answers and URLs are kept until all of them is there, as formats are read at any place. In Node also the path of a file, or a FileHandle.
 */
export type SourceLike =
  | Source
  | AsyncSource
  | Blob
  | NamedBlob
  | FolderOfBlobs
  | ArrayBuffer
  | ArrayBufferView
  | URL
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | string
  | { readonly fd: number };

/** A Writable of Node, as far as it is used. */
export interface NodeWritable {
  write(octets: Uint8Array, done: (error?: Error | null) => void): boolean;
  end(done: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  destroy(reason?: Error): unknown;
}

/** What can be written to: a sink, a stream, or in Node a Writable or a FileHandle. The caller closes it, but for one that a function returned. */
export type SinkLike = Sink | PartSink | WritableStream<Uint8Array> | NodeWritable | { readonly fd: number; appendFile: unknown };

/** The part of FileSystemSyncAccessHandle that is needed. */
export interface SyncHandle {
  getSize(): number;
  read(octets: Uint8Array, options: { at: number }): number;
  write(octets: Uint8Array, options: { at: number }): number;
}

export type ErrorKind =
  | 'io'
  | 'unknown_format'
  | 'malformed'
  | 'unsupported'
  | 'encrypted'
  | 'limit'
  | 'destination'
  | 'options'
  | 'cancelled'
  /** A fault of mailferry itself. */
  | 'internal';

/** The place in a source: an octet, or a node of a PST. */
export type Location = { byte: number } | { node: number };

export declare class MailferryError extends Error {
  readonly kind: ErrorKind;
  readonly path?: string;
  readonly location?: Location;
  /** Whether nothing more can be read from the same source. */
  readonly fatal: boolean;
}

export type Kind = 'mail' | 'event' | 'task' | 'journal' | 'contact';

/** Which items are selected; the others are `skipped`, each with its reason. */
export interface Selection {
  kinds?: Kind[];
  /** Globs: `*` is any part of a name, `**` any number of names, `?` one character; upper and lower case are the same. */
  folders?: string[];
  skipFolders?: string[];
  skipTrash?: boolean;
  skipJunk?: boolean;
  /** Received at this time or later (RFC 3339, or a date). Items without a date are kept, with a warning. */
  after?: string | Date;
  before?: string | Date;
  labels?: string[];
  from?: string[];
  to?: string[];
  subject?: string[];
  /** Octets. */
  larger?: number;
  smaller?: number;
  hasAttachment?: boolean;
  /** Only this many items, spread evenly over folders and kinds. The sources are read twice. */
  sample?: number;
  seed?: number;
  /** Leaves out duplicates of an earlier item. The sources are read twice. */
  dedupe?: 'off' | 'exact' | 'loose';
}

/** How sources are read. */
export interface ReadOptions {
  /** How quoted From_ lines of an mbox are unquoted. */
  mboxQuoting?: 'auto' | 'rd' | 'o' | 'raw';
  /** PST and OST: also read the hidden items of each folder. */
  hidden?: boolean;
  /**
   * Also read deleted items that are still in the file, into a folder `Recovered`: in a PST or OST those that no folder lists, in a
   * Thunderbird mailbox those that were not compacted away.
   */
  recover?: boolean;
  /** PST and OST: also attach rich text (RTF) bodies. */
  keepRtf?: boolean;
  /** The Windows code page of 8-bit text in a store that does not declare one. */
  codePage?: number;
  /** winmail.dat attachments (TNEF) in mail: kept, or replaced by their contents. */
  tnef?: 'keep' | 'decode';
  /** Internet addresses by Exchange addresses (`/O=…/CN=…`). `addresses` is its older name. */
  addressMap?: Record<string, string>;
  addresses?: Record<string, string>;
  select?: Selection;
}

/** How items are marked, to show where they come from. */
export interface Tagging {
  addLabels?: string[];
  /** Folders and their new places, with all folders below them; the first that matches applies. Names are separated by `/`. */
  mapFolders?: [string, string][];
  /** The folder that all others are put into. */
  rootFolder?: string;
  /** Appended to the subject of every message, which breaks signatures over the subject. */
  subjectSuffix?: string;
}

/** What is written, and how. */
export interface ConvertOptions extends ReadOptions {
  /**
   * One file per message, mboxes, Maildir++, an import bundle, what Proton's tool restores, native files with a load file, or a store
   * of Outlook (PST), which is held in memory until it is complete: `split` makes several of it.
   */
  as?: 'eml' | 'mbox' | 'maildir' | 'bundle' | 'proton' | 'ediscovery' | 'pst';
  tagging?: Tagging;
  /** The platform that will import the items: a name from {@link targets}. It decides some of the options below. */
  target?: string;
  /** What the files are put in; `pst` is a store of Outlook and nothing around it, for mail alone (`as: 'pst'`). */
  packaging?: 'zip' | 'tar' | 'tgz' | 'pst';
  /** Folders keep the names of the source; else inbox, sent, drafts … in any language go to the folder that the target has for them. */
  keepFolderNames?: boolean;
  /** Where a message with several labels goes: to its primary folder, or to all. */
  labels?: 'primary' | 'every';
  eol?: 'keep' | 'crlf' | 'lf';
  checksums?: 'sha256' | 'none';
  /** Names of files, made of {date} {hash} {subject} {from} {messageid} {ordinal}. */
  names?: string;
  /** The most files in one folder. */
  shard?: number;
  /** How much a ZIP archive is compressed; by default not at all. `compress` is its older name. */
  zipLevel?: 'store' | 'fast' | 'best';
  compress?: 'store' | 'fast' | 'best';
  /**
   * Each ZIP archive is smaller than this many octets: several independent archives are written, and `sink` must be a function. A
   * target may require it too (`settings.splitOctets` of {@link targets}); if `sink` is not a function then, it gets one archive.
   */
  split?: number;
  /** How the data of a store of Outlook (`as: 'pst'`) is scrambled. There is no key: it protects nothing. `permute`, as Outlook does, by default. */
  pstScrambling?: 'none' | 'permute' | 'cyclic';
  /** Calendars and contacts: one file per calendar or address book, one per item, or parts of at most so many items (`500`) or octets (`900K`). */
  collect?: 'calendar' | 'item' | (string & {});
  vcard?: '3.0' | '4.0';
  cardUids?: boolean;
  /** Groups of contacts: unchanged, as categories of their members (Google, Nextcloud, Outlook), or as contacts of their own (Apple). */
  cardGroups?: 'keep' | 'categories' | 'cards';
  /** Birthdays without a year in vCard 3.0: with the year 1604 and `X-APPLE-OMIT-YEAR` (Apple), or as `--12-24` (Google). */
  yearlessDates?: 'apple' | 'hyphens';
  /** Whether calendars and contacts that break the standards are mended; the log says what was. */
  mend?: boolean;
  noInvitations?: boolean;
  ianaZones?: boolean;
  /** Whether the log lists the attachments of every message. */
  attachments?: boolean;
  /** The date that a bundle states as its own. */
  created?: string | Date;
}

export interface Progress {
  /** Octets of the sources that were read. */
  position: number;
  /** Octets of all sources; undefined where an archive does not say it. */
  total?: number;
  /** Items so far. */
  available: number;
  /** Whether the sources are read for the first of two times, as a sample and leaving out duplicates require. */
  surveying: boolean;
}

export interface ConvertProgress extends Progress {
  migrated: number;
  failed: number;
  skipped: number;
  /** Octets written. */
  written: number;
}

export interface ConvertPorts {
  /** Receives the archive; or a function that returns a sink for it, or for each of its parts. */
  sink: SinkLike | ((part: Part) => SinkLike | Promise<SinkLike>);
  /** The name of the archives without extension, if `sink` is a function; `archive` by default. */
  name?: string;
  /** Receives the item log: one JSON object per line, one per item. */
  log?: SinkLike;
  /** Receives the list of files that hold many items or none: one JSON object per line. {@link verify} takes it. */
  files?: SinkLike;
  onProgress?: (progress: ConvertProgress) => void;
  /** Stops between two items; the archive is valid, and the report says `cancelled`. */
  signal?: AbortSignal;
}

export interface Attachment {
  name: string | null;
  type: string;
  size: number;
  sha256: string;
  cid: string | null;
}

/** What is known about an item; unknown fields are absent. */
export interface ItemRecord {
  /** The number of the source and that of the item in it, both from 1: `1:42`. */
  id: string;
  kind: Kind;
  /** The names of its folder, joined by `/`. */
  folder: string;
  role?: string;
  labels?: string[];
  keywords?: string[];
  receivedAt?: string;
  dateSource?: string;
  messageId?: string;
  uid?: string;
  start?: string;
  recurring?: boolean;
  subject?: string;
  size?: number;
  source: { file: string; ordinal: number; offset: number; length: number; nid?: number };
  warnings?: string[];
  attachments?: Attachment[];
}

/** A line of the item log. */
export interface LogLine extends ItemRecord {
  status: 'migrated' | 'skipped' | 'failed';
  reason?: string;
  path?: string;
  copies?: string[];
  sha256?: string;
  fidelity?: string;
  duplicateOf?: string;
  targetFolder?: string;
  labelsAdded?: string[];
  /** What was mended for the target. */
  mended?: string[];
}

export interface Address {
  name: string | null;
  address: string;
}

/** An attachment whose octets can be read as long as its item can: until the next one is requested. */
export interface ReadableAttachment extends Attachment {
  /** Its decoded octets. */
  bytes(): Uint8Array<ArrayBuffer>;
  blob(): Blob;
  stream(): ReadableStream<Uint8Array>;
}

export interface MessageView {
  subject: string | null;
  from: Address[];
  to: Address[];
  cc: Address[];
  bcc: Address[];
  sender: Address[];
  replyTo: Address[];
  /** All fields of the header section in their order, decoded. */
  headers: [name: string, value: string][];
  date: string | null;
  messageId: string | null;
  text: string | null;
  html: string | null;
  attachments: ReadableAttachment[];
  /** What is wrong with it, and what was decided while reading it. */
  defects: { kind: string; message: string; offset: number | null }[];
}

/** The current item: its octets can be read until the next one is requested. */
export interface Item extends ItemRecord {
  defects: { kind: string; message: string; offset: number | null }[];
  key?: string;
  mbox?: { fromLine: string; separator: string; unquotedLines: number };
  calendar?: { components: number; zones: string[] };
  card?: { version: string | null; group: boolean };
  /** An RFC 5322 message, an iCalendar object or a vCard. */
  octets(): Uint8Array;
  /** A message for display; `null` for other items. The HTML is that of the sender: do not trust it. */
  view(): MessageView | null;
}

export interface Problem {
  kind: string;
  message: string;
  path?: string | null;
  location?: Location | null;
  fatal: boolean;
}

export interface Mailbox extends AsyncIterable<Item> {
  /** What could not be read, and what was wrong with sources, so far. */
  readonly problems: Problem[];
  readonly position: number;
  readonly total?: number;
  /** The item of this id, if it was not read yet; those before it are skipped. */
  find(id: string): Promise<Item | undefined>;
  /** Closes everything; the end of a loop does it too. */
  close(): void;
}

/** An item in the list of an index. */
export interface ListedItem {
  id: string;
  kind: Kind;
  folder: string;
  role?: string;
  date?: string;
  subject?: string;
  /** The fields of a message as text, shortened. */
  from?: string;
  to?: string;
  size: number;
}

/** All items of sources, listed by one look at them. */
export interface Box {
  readonly items: ListedItem[];
  readonly inspection: Inspection;
  /** The item of this id, whichever was opened before, without reading what lies before it where its format allows that. */
  find(id: string): Promise<Item | undefined>;
  close(): void;
}

/** Something that is wrong with a source. */
export interface ToldProblem {
  /** A source that cannot be opened, an item or the rest of a source that cannot be read, a source that ends too early, or what was survived. */
  what: 'unopened' | 'item' | 'rest' | 'cut_short' | 'defect';
  kind: string;
  message: string;
  source: string | null;
  location?: Location | null;
}

export interface Size {
  items: number;
  bytes: number;
}

export interface Inspection extends Size {
  failed: number;
  /** Items among them that are marked as deleted and still shown. */
  deleted: number;
  /** Items that are left out because their mail program no longer shows them. */
  expunged: number;
  earliest: string | null;
  latest: string | null;
  kinds: Partial<Record<Kind, Size>>;
  /** By the names of the folder, joined by `/`. */
  folders: Record<string, Size>;
  /** The names of those folders with a name that contains a `/`. */
  slashed?: Record<string, string[]>;
  years: Record<string, Size>;
  warnings: Record<string, number>;
  preflight: Record<string, number>;
  largest: (ItemRecord & { bytes: number })[];
  sources: [name: string, format: string][];
  unopened: number;
  problems: string[];
  /** The same with their kinds and sources. */
  told: ToldProblem[];
  /** The names of sources by their numbers, from 1; `null` for one that cannot be opened. */
  met: (string | null)[];
  /** Sources that end too early. */
  cutShort: number;
  ignored: Ignored;
}

/** Files in directories and archives that are not sources: the first thousand by name, the others by extension. */
export interface Ignored {
  count: number;
  entries: { name: string; bytes: number; why: string }[];
  others?: Record<string, number>;
}

export interface Columns {
  available: number;
  migrated: number;
  failed: number;
  skipped: number;
  bytes: number;
}

/** The result of a conversion. */
export interface Outcome {
  state: 'complete' | 'incomplete' | 'nothing_migrated';
  /** Why it is not complete. */
  reasons?: { what: string; items?: number; source?: string; reason?: string; text: string }[];
}

export interface Report {
  version: string;
  outcome: Outcome;
  cancelled: boolean;
  totals: Columns;
  kinds: Partial<Record<Kind, Columns>>;
  folders: Record<string, Columns & { role?: string }>;
  years: Record<string, Columns>;
  reasons: Record<string, number>;
  warnings: Record<string, number>;
  preflight: Record<string, number>;
  sources: { file: string; format: string; items: number; error?: string; defects?: string[]; cutShort?: string }[];
  /** What was written, by name: the archives that have one, each with the XXH3-64 of its octets, or else the files of many items. */
  files: { name: string; bytes: number; xxh3?: string }[];
  ignored: Ignored;
  seconds: number;
  /** The options that are not at their defaults, for {@link verify}. */
  options?: { scheme: number; [group: string]: unknown };
}

/** A difference from the log. */
export interface Difference {
  kind: 'missing' | 'changed' | 'unknown_file' | 'unreadable' | 'attachments' | 'unfinished' | 'not_migrated';
  /** The file in the archive, or the item of the source. */
  what: string;
  /** What is wrong, as text. */
  detail: string;
}

export interface VerifyPorts {
  /** The item log of the conversion; an import bundle carries its own. */
  log?: SourceLike;
  /** Its list of files: without it, files of many items are only checked to exist and to be readable. */
  files?: SourceLike;
  /** What was converted: every item is read and rendered again, and must be in the log. */
  source?: SourceLike | SourceLike[];
  /** The report of the conversion, which has its options; needed with `source`. */
  report?: Pick<Report, 'options'>;
  /** The options themselves, if there is no report. */
  options?: ConvertOptions;
  onDifference?: (difference: Difference) => void;
  /** `available` counts files, then items of the source; for an archive `position` is in octets of its files. */
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface VerifyReport {
  syncs: number;
  /** Files that were read, and their octets. */
  files: number;
  bytes: number;
  /** Items that are migrated according to the log. */
  items: number;
  /** Items of the source that were compared with the log, and those of the log that are no longer in the source. */
  sourceItems: number;
  gone: number;
  /** Whether files were compared by their size and first 64 KiB only, because the archive was written without SHA-256. */
  withoutProof: boolean;
  /** The number of differences. */
  differences: number;
}

export interface Format {
  name: string;
  title: string;
  extensions: string[];
  mediaTypes: string[];
}

/** An option. */
export interface OptionInfo {
  /** Its name on the command line, `zip-level`; here it is `zipLevel`. */
  name: string;
  /** What depends on it: what an item is known by, where it is put down, or nothing that is written of items. */
  decides: 'octets' | 'places' | 'neither';
  /** The words that it may be, the default not always first; empty where it is something else. */
  words: string[];
}

/** What a platform accepts. */
export interface Target {
  name: string;
  title: string;
  form: string;
  /** How the files may be packed, the best first; for `folder`, unpack the archive. */
  packaging: ('folder' | 'zip' | 'tar' | 'tgz' | 'pst')[];
  kinds: Kind[];
  lacks: Partial<Record<Kind, string>>;
  /** How its files are written, as far as it requires that. */
  settings: { splitOctets?: number; storeOctets?: number; [setting: string]: unknown };
  limits: { of: string; octets?: number; items?: number; then: string; because: string }[];
  knowledge: { claim: string; source: string; status: string }[];
}

/**
 * How files are imported at a target, as `guides.json` of this package has it by the names of targets; it is a file of its own, which
 * is loaded only where somebody wants to read it: `import guides from 'mailferry/guides.json' with { type: 'json' }`, or `fetch`.
 */
export interface Guide {
  steps: Advice[];
  limits: Advice[];
  time: Advice[];
  check: Advice[];
  undo: Advice[];
}

/** A sentence of a guide, where it is said, and when that was read. */
export interface Advice {
  en: string;
  fr: string;
  source?: string;
  checked?: string;
}

/** What a target accepts, and what it rejects. */
export interface Plan {
  target: string;
  available: Size;
  goes: Size;
  kinds: Partial<Record<Kind, Size>>;
  /** What the target rejects, by reason. */
  refused: Record<string, Size & { because: string }>;
  /** What is not selected, by reason. */
  leftOut: Record<string, Size>;
  /** What exceeds a limit and is written nevertheless, by limit. */
  flagged: Record<string, Size & { first: string[] }>;
  missing: { from: number; date: number; unparsableDate: number; messageId: number; arrival: number };
  preflight: Record<string, number>;
  folders: number;
  /** Where each folder goes, the first thousand. */
  mapping: (Size & { folder: string; role?: string; target: string })[];
  longestFolder: number;
  shortenedFolders: number;
  parts: number | null;
  estimate: { bytes: number; seconds: number };
  failed: number;
  problems: string[];
}

/** Loads the core; every other function does so when it is first called. `input`: where it is, its octets, or its module. */
export declare function init(input?: string | URL | Request | Response | BufferSource | WebAssembly.Module): Promise<void>;
export declare function version(): Promise<string>;
export declare function formats(): Promise<Format[]>;

export declare function targets(): Promise<Target[]>;

/** The options of {@link convert}, {@link plan} and {@link open} that have names. */
export declare function options(): Promise<OptionInfo[]>;

/** The items of sources, one after the other. Throws a {@link MailferryError} where none of the sources can be opened. */
export declare function open(source: SourceLike | SourceLike[], options?: ReadOptions): Promise<Mailbox>;

/** What is known about the items, without their octets; for many items faster than {@link open}. */
export declare function list(
  source: SourceLike | SourceLike[],
  options?: ReadOptions & { signal?: AbortSignal; onProblem?: (problem: MailferryError) => void },
): AsyncGenerator<ItemRecord, void, undefined>;

/** Counts the items of sources; nothing is written. */
export declare function inspect(
  source: SourceLike | SourceLike[],
  options?: ReadOptions & { largest?: number; signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<Inspection>;

/** Looks at all items once, and keeps where they are, so that any of them can be opened. */
export declare function index(
  source: SourceLike | SourceLike[],
  options?: ReadOptions & {
    largest?: number;
    signal?: AbortSignal;
    onProgress?: (progress: Progress) => void;
    /** Receives the items as they are met; `items` stays empty then. */
    onItems?: (items: ListedItem[]) => void;
  },
): Promise<Box>;

/** Previews what a target accepts, what it rejects, and why; nothing is written. */
export declare function plan(
  source: SourceLike | SourceLike[],
  target: string,
  options?: ConvertOptions & { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<Plan>;

/** Writes the items of sources into an archive. Exceptions of a sink are passed on; failures of items are in the report. */
export declare function convert(
  source: SourceLike | SourceLike[],
  options: ConvertOptions | undefined,
  ports: ConvertPorts,
): Promise<Report>;

/** Reads every file of an archive, or of its parts, again and compares it with the log of the conversion; nothing is written. */
export declare function verify(archive: SourceLike | SourceLike[], ports?: VerifyPorts): Promise<VerifyReport>;

/**
 * The report as one self-contained HTML page, with the failed and skipped items of `log`, under the name of that source.
 * `name` is the name of the archive on the page.
 */
export declare function reportPage(report: Report, log: SourceLike, name?: string): Promise<string>;

/** Octets in memory. */
export declare function bytesSource(octets: ArrayBuffer | ArrayBufferView, name?: string): Source;
/** A folder of files as one source, read as the archive that it would be. Paths begin with the name of the folder. */
export declare function folderSource(name: string, entries: { path: string; source: Source; modified?: number }[]): Source;
/** A Blob or File; in a Worker only. */
export declare function blobSource(blob: Blob, name?: string): Source;
/** A file of the origin private file system; in a Worker only. */
export declare function handleSource(handle: SyncHandle, name?: string): Source;
export declare function handleSink(handle: SyncHandle): Sink;
/** A file chosen by the user, or a download; `close` completes it. */
export declare function webStreamSink(
  stream: WritableStream<Uint8Array>,
): Sink & { close(): Promise<void>; abort(reason?: unknown): Promise<void> };
