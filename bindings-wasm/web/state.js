// What was chosen: kept for this tab, so that a reload and Back lose nothing but the files, which no page may open by itself.
const KEY = 'mailferry';

export const STEPS = ['from', 'files', 'to', 'choose', 'work', 'done'];

const NOTHING = {
  origin: '',
  target: '',
  /** Names of the files that were there, to ask for them again. */
  names: [],
  kindsOff: [],
  foldersOff: [],
  skipSpam: true,
  dedupe: false,
  after: '',
  before: '',
  from: '',
  to: '',
  subject: '',
  sample: '',
  packaging: '',
  split: '',
  compress: false,
  mend: false,
};

export const state = { ...NOTHING, ...kept() };

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export function keep(changes = {}) {
  Object.assign(state, changes);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Without storage it is kept as long as the page is.
  }
}

/** Everything as it was at first, but for where the mail goes. */
export function startAgain() {
  const { target } = state;
  keep({ ...NOTHING, target });
}

const KINDS = ['mail', 'event', 'contact', 'task', 'journal', 'freebusy', 'component'];

/** Kinds in the order of what most people look for. */
export const ordered = (kinds) => KINDS.filter((kind) => kind in kinds).map((kind) => [kind, kinds[kind]]);
