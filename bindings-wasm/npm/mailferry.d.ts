/** Octets at an offset. `readAt` fills as much of `octets` as it can and gives the number, 0 only at the end. */
export interface Source {
  /** Advises the format, and names the folder of what has no folders. */
  readonly name?: string;
  readonly size: number;
  readAt(offset: number, octets: Uint8Array): number;
}

/** Takes octets in their order. */
export interface Sink {
  /** Where `true`, the octets are the memory of the core: `write` is done with them when it returns. Else they are a copy. */
  readonly borrows?: boolean;
  /** A promise is waited for before the next octets are made. */
  write(octets: Uint8Array): void | Promise<void>;
}

/** An archive that begins, or a part of one. */
export interface Part {
  /** From 1. */
  number: number;
  /** `archive.zip`, or, where it is in parts, `archive.part001.zip`, `archive.part002.zip` … */
  name: string;
}

/** A sink for one archive of several: closed behind its last octet, or aborted, or else closed, where it will not be complete. */
export interface PartSink extends Sink {
  /** A promise is waited for before the next part begins. */
  close?(): void | Promise<void>;
  abort?(reason: unknown): void | Promise<void>;
}

/** A `File` or `Blob` is a source in a Worker only. */
export type SourceLike = Source | Blob | ArrayBuffer | ArrayBufferView;

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
  | 'cancelled';

/** The place in a source: an octet, or a node of a PST. */
export type Location = { byte: number } | { node: number };

export declare class MailferryError extends Error {
  readonly kind: ErrorKind;
  readonly path?: string;
  readonly location?: Location;
  /** Whether nothing more can come from the same source. */
  readonly fatal: boolean;
}

export type Kind = 'mail' | 'event' | 'task' | 'journal' | 'contact';

/** Which items are taken; those that are left out are `skipped`, each with its reason. */
export interface Selection {
  kinds?: Kind[];
  /** Globs: `*` within a name, `**` over any number of names, `?` one character, in any case. */
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
  /** So many of all, spread evenly over folders and kinds. The sources are read twice. */
  sample?: number;
  seed?: number;
  /** Leaves out what is equal to an earlier item. The sources are read twice. */
  dedupe?: 'off' | 'exact' | 'loose';
}

/** How sources are read. */
export interface ReadOptions {
  /** What becomes of quoted From_ lines of an mbox. */
  mboxQuoting?: 'auto' | 'rd' | 'o' | 'raw';
  /** Of a PST or OST: also the hidden items of each folder. */
  hidden?: boolean;
  /**
   * Also what is deleted but still there, into a folder `Recovered`: of a PST or OST items that no folder lists any more, of a mailbox
   * of Thunderbird messages that were not compacted away.
   */
  recover?: boolean;
  /** Of a PST or OST: attach genuine rich text bodies too. */
  keepRtf?: boolean;
  /** The Windows code page of 8-bit text in a store that says nothing of it. */
  codePage?: number;
  /** What becomes of winmail.dat attachments (TNEF) in mail: they stay, or what they hold replaces them. */
  tnef?: 'keep' | 'decode';
  /** Internet addresses by Exchange addresses (`/O=…/CN=…`). `addresses` is an older name of it. */
  addressMap?: Record<string, string>;
  addresses?: Record<string, string>;
  select?: Selection;
}

/** How items are marked, to tell where they come from. */
export interface Tagging {
  addLabels?: string[];
  /** Folders, and what takes their place, with all below them; of several the first that applies. Names separated by `/`. */
  mapFolders?: [string, string][];
  /** The folder that all others are put into. */
  rootFolder?: string;
  /** What the subject of every message gets behind it, which breaks signatures over it. */
  subjectSuffix?: string;
}

/** What is written, and how. */
export interface ConvertOptions extends ReadOptions {
  /** Files of messages, mboxes, Maildir++, an import bundle, what Proton's tool restores, or natives with a load file. */
  as?: 'eml' | 'mbox' | 'maildir' | 'bundle' | 'proton' | 'ediscovery';
  tagging?: Tagging;
  /** Where the items are to go: the name of one of {@link targets}, which has its own way with some of what follows. */
  target?: string;
  packaging?: 'zip' | 'tar' | 'tgz';
  /** Where a message with several labels goes: to its primary folder, or to all. */
  labels?: 'primary' | 'every';
  eol?: 'keep' | 'crlf' | 'lf';
  checksums?: 'sha256' | 'none';
  /** How files are named, of {date} {hash} {subject} {from} {messageid} {ordinal}. */
  names?: string;
  /** How many files a folder takes. */
  shard?: number;
  /** How hard a ZIP archive is compressed: not at all, where nothing is said. `compress` is an older name of it. */
  zipLevel?: 'store' | 'fast' | 'best';
  compress?: 'store' | 'fast' | 'best';
  /**
   * Octets that no ZIP archive reaches: there are several then, each complete, and `sink` is a function. A target may ask for
   * them too (`settings.splitOctets` of {@link targets}); where `sink` is no function, it gets one archive all the same.
   */
  split?: number;
  /** Calendars and contacts: one file a calendar or address book, one an item, or parts of so many items (`500`) or octets (`900K`). */
  collect?: 'calendar' | 'item' | (string & {});
  vcard?: '3.0' | '4.0';
  cardUids?: boolean;
  /** Groups of cards: as they are, as categories of their members (Google, Nextcloud, Outlook), or as cards of their own (Apple). */
  cardGroups?: 'keep' | 'categories' | 'cards';
  noInvitations?: boolean;
  ianaZones?: boolean;
  /** Whether the log lists the attachments of every message. */
  attachments?: boolean;
  /** When it is written, as a bundle tells. */
  created?: string | Date;
}

export interface Progress {
  /** Octets of the sources that lie behind. */
  position: number;
  /** Octets of all sources; not known where archives hide it. */
  total?: number;
  /** Items so far. */
  available: number;
  /** Whether this is the first of two times through the sources, which a sample, and leaving out duplicates, need. */
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
  /** Takes the archive; or gives what takes it, and each of its parts. */
  sink: Sink | ((part: Part) => PartSink | Promise<PartSink>);
  /** What archives are named after, without an ending, where `sink` is a function: `archive` where nothing is said. */
  name?: string;
  /** Takes the item log: a JSON object a line, an item each. */
  log?: Sink;
  /** Takes the list of files of many items, and of those beside the items: a JSON object a line. {@link verify} asks for it. */
  files?: Sink;
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

/** What is known of an item. What is not known is absent. */
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
}

export interface Address {
  name: string | null;
  address: string;
}

export interface MessageView {
  subject: string | null;
  from: Address[];
  to: Address[];
  cc: Address[];
  date: string | null;
  messageId: string | null;
  text: string | null;
  html: string | null;
  attachments: Attachment[];
  /** What is wrong with it and was survived, and what was decided in reading it. */
  defects: { kind: string; message: string; offset: number | null }[];
}

/** An item in hand: its octets can be read until the next one is asked for. */
export interface Item extends ItemRecord {
  defects: { kind: string; message: string; offset: number | null }[];
  key?: string;
  mbox?: { fromLine: string; separator: string; unquotedLines: number };
  calendar?: { components: number; zones: string[] };
  card?: { version: string | null; group: boolean };
  /** An RFC 5322 message, an iCalendar object or a vCard. */
  octets(): Uint8Array;
  /** A message as a person wants to see it; nothing of another item. The HTML is that of the sender: not to be trusted. */
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
  /** What could not be read, and what was wrong with sources, up to here. */
  readonly problems: Problem[];
  readonly position: number;
  readonly total?: number;
  /** The item of this id, if it is yet to come; those before it are passed over. */
  find(id: string): Promise<Item | undefined>;
  /** Lets go of everything; the end of a loop does it too. */
  close(): void;
}

export interface Size {
  items: number;
  bytes: number;
}

export interface Inspection extends Size {
  failed: number;
  /** Items among them that are marked as deleted and still shown. */
  deleted: number;
  /** Items that are left out because their mail program shows them no more. */
  expunged: number;
  earliest: string | null;
  latest: string | null;
  kinds: Partial<Record<Kind, Size>>;
  /** By the names of the folder, joined by `/`. */
  folders: Record<string, Size>;
  /** The names of those folders of which one itself holds a `/`. */
  slashed?: Record<string, string[]>;
  years: Record<string, Size>;
  warnings: Record<string, number>;
  preflight: Record<string, number>;
  largest: (ItemRecord & { bytes: number })[];
  sources: [name: string, format: string][];
  unopened: number;
  problems: string[];
  /** Sources that break off. */
  cutShort: number;
  ignored: Ignored;
}

/** Files in directories and archives that are no sources: the first thousand by name, the others by extension. */
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

/** What a conversion amounts to. */
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
  ignored: Ignored;
  seconds: number;
  /** The options that are not at their defaults, for {@link verify}. */
  options?: { scheme: number; [group: string]: unknown };
}

/** Something that is not as the log says. */
export interface Difference {
  kind: 'missing' | 'changed' | 'unknown_file' | 'unreadable' | 'attachments' | 'unfinished' | 'not_migrated';
  /** The file in the archive, or the item of the source. */
  what: string;
  /** What is wrong, for people. */
  told: string;
}

export interface VerifyPorts {
  /** The item log of the conversion; an import bundle carries its own. */
  log?: SourceLike;
  /** Its list of files: without it files of many items are held to be there and readable, no more. */
  files?: SourceLike;
  /** What was converted: every item is read and rendered again, and has to be in the log. */
  source?: SourceLike | SourceLike[];
  /** The report of the conversion, which tells its options, where there is a source. */
  report?: Pick<Report, 'options'>;
  /** The options themselves, where there is no report of them. */
  options?: ConvertOptions;
  onDifference?: (difference: Difference) => void;
  /** `available` are files, then items of the source; of an archive `position` is in the octets of its files. */
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface VerifyReport {
  syncs: number;
  /** Files that were read, and their octets. */
  files: number;
  bytes: number;
  /** Items that the log calls migrated. */
  items: number;
  /** Items of the source that were held against the log, and those of the log that it does not hold any more. */
  sourceItems: number;
  gone: number;
  /** Whether files were compared by their size and first 64 KiB only, as no SHA-256 was asked for. */
  withoutProof: boolean;
  /** Differences that were told. */
  differences: number;
}

export interface Format {
  name: string;
  title: string;
  extensions: string[];
  mediaTypes: string[];
}

/** What a platform takes. */
export interface Target {
  name: string;
  title: string;
  form: string;
  /** What the files may be put in, the best first; what is to be a folder is unpacked from an archive. */
  packaging: ('folder' | 'zip' | 'tar' | 'tgz')[];
  kinds: Kind[];
  lacks: Partial<Record<Kind, string>>;
  /** How its files are written, as far as it asks for that. */
  settings: { splitOctets?: number; [setting: string]: unknown };
  limits: { of: string; octets?: number; items?: number; then: string; because: string }[];
  /** How the files are imported there. */
  steps: string[];
  knowledge: { claim: string; source: string; status: string }[];
}

/** What will go to a target, and what will not. */
export interface Plan {
  target: string;
  available: Size;
  goes: Size;
  kinds: Partial<Record<Kind, Size>>;
  /** What the target does not take, by reason. */
  refused: Record<string, Size & { because: string }>;
  /** What is not selected, by reason. */
  leftOut: Record<string, Size>;
  /** What is beyond a limit and goes all the same, by limit. */
  flagged: Record<string, Size & { first: string[] }>;
  missing: { from: number; date: number; unparsableDate: number; messageId: number; arrival: number };
  preflight: Record<string, number>;
  folders: number;
  longestFolder: number;
  shortenedFolders: number;
  parts: number | null;
  estimate: { bytes: number; seconds: number };
  failed: number;
  problems: string[];
}

/** Loads the core; everything else does so when it is first called. `input`: where it is, its octets, or its module. */
export declare function init(input?: string | URL | Request | Response | BufferSource | WebAssembly.Module): Promise<void>;
export declare function version(): Promise<string>;
export declare function formats(): Promise<Format[]>;

export declare function targets(): Promise<Target[]>;

/** The items of sources, one after the other. Throws a {@link MailferryError} where none of the sources can be opened. */
export declare function open(source: SourceLike | SourceLike[], options?: ReadOptions): Promise<Mailbox>;

/** What is known of the items, without their octets; for many items faster than {@link open}. */
export declare function list(
  source: SourceLike | SourceLike[],
  options?: ReadOptions & { signal?: AbortSignal; onProblem?: (problem: MailferryError) => void },
): AsyncGenerator<ItemRecord, void, undefined>;

/** Counts what sources hold; writes nothing. */
export declare function inspect(
  source: SourceLike | SourceLike[],
  options?: ReadOptions & { largest?: number; signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<Inspection>;

/** Finds what will go to a target, and what will not; writes nothing. */
export declare function plan(
  source: SourceLike | SourceLike[],
  target: string,
  options?: ConvertOptions & { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
): Promise<Plan>;

/** Writes the items of sources into an archive. What a sink throws is thrown; what stopped items stands in the report. */
export declare function convert(
  source: SourceLike | SourceLike[],
  options: ConvertOptions | undefined,
  ports: ConvertPorts,
): Promise<Report>;

/** Reads every file of an archive, or of its parts, again and holds it against the log of the conversion; writes nothing. */
export declare function verify(archive: SourceLike | SourceLike[], ports?: VerifyPorts): Promise<VerifyReport>;

/**
 * The report as one HTML page that needs nothing else, with what failed and was left out by `log`, which is named as its source is.
 * `name` is what the page calls the archive.
 */
export declare function reportPage(report: Report, log: SourceLike, name?: string): Promise<string>;

/** Octets in memory. */
export declare function bytesSource(octets: ArrayBuffer | ArrayBufferView, name?: string): Source;
/** A Blob or File; in a Worker only. */
export declare function blobSource(blob: Blob, name?: string): Source;
/** A file of the origin private file system; in a Worker only. */
export declare function handleSource(handle: SyncHandle, name?: string): Source;
export declare function handleSink(handle: SyncHandle): Sink;
/** A file chosen by the user, or a download; `close` completes it. */
export declare function webStreamSink(
  stream: WritableStream<Uint8Array>,
): Sink & { close(): Promise<void>; abort(reason?: unknown): Promise<void> };

/** In Node: a file by its path, or by a descriptor that the caller opened. */
export declare function fileSource(file: string | number, name?: string): Source & { close(): void };
/** In Node: a new file by its path, or a descriptor that the caller opened. */
export declare function fileSink(file: string | number): Sink & { close(): void };
