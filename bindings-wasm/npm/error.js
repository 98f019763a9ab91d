/** What went wrong: `kind` is a stable word, `location` the place in the source where one is known. */
export class MailferryError extends Error {
  constructor({ kind, message, path, location, fatal }, options) {
    super(message, options);
    this.name = 'MailferryError';
    this.kind = kind;
    this.path = path ?? undefined;
    this.location = location ?? undefined;
    this.fatal = fatal ?? true;
  }
}

/** An Error of whatever was thrown. */
export function asError(thrown) {
  if (thrown instanceof Error) {
    // A panic: the core is in no state to go on.
    if (typeof WebAssembly === 'object' && thrown instanceof WebAssembly.RuntimeError) {
      return new MailferryError({ kind: 'internal', message: `mailferry itself failed (${thrown.message}). Load it anew, and please report this with the file that it happened with` }, { cause: thrown });
    }
    return thrown;
  }
  return new MailferryError(typeof thrown === 'object' && thrown !== null ? thrown : { kind: 'io', message: String(thrown) });
}
