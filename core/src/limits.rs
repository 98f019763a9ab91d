//! Bounds that are always on, so that no file can exhaust memory or time.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Upper bounds on what a source may make this crate hold or follow.
///
/// The defaults let every real file through that is known; a caller may tighten or widen them.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a header section that are parsed; the rest passes through unread.
    pub header_section: usize,
    /// Depth of multipart and message/rfc822 nesting that is parsed.
    pub nesting: usize,
    /// Entities (body parts) of one message that are parsed.
    pub entities: usize,
    /// Quoted From_ lines of one message that are unquoted; the rest stays unchanged.
    pub quoted_lines: usize,
    /// Octets that an mbox reader looks ahead for the closing delimiter of a multipart.
    pub multipart_lookahead: u64,
    /// Entries of an archive (ZIP, tar).
    pub archive_entries: u64,
    /// How many times its compressed size an input may expand to, once past [`Limits::expansion_floor`].
    pub expansion_ratio: u64,
    /// Octets that any compressed input may expand to whatever its ratio.
    pub expansion_floor: u64,
    /// Overrides of recurring components in one calendar that are brought together with their masters, 40 octets of memory each.
    pub overrides: usize,
    /// Octets of a calendar component or a card that is converted; a larger one passes through unchanged.
    pub component: usize,
    /// Octets of decoded text that one body yields to a person (text, HTML).
    pub text: usize,
    /// Octets of memory for the nodes and blocks that a search of a damaged PST or OST keeps; of more, the first of the file count.
    pub salvage: usize,
    /// Files and folders that are not read, wherever they are met in a tree.
    pub excluded: Exclusion,
    /// Whether to give up.
    pub stop: Stop,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_section: 1 << 20,
            nesting: 64,
            entities: 100_000,
            quoted_lines: 1 << 19,
            multipart_lookahead: 32 << 20,
            archive_entries: 10_000_000,
            expansion_ratio: 250,
            expansion_floor: 256 << 20,
            overrides: 1 << 18,
            component: 8 << 20,
            text: 64 << 20,
            salvage: 136 << 20,
            excluded: Exclusion::default(),
            stop: Stop::default(),
        }
    }
}

/// Ends the reading of sources from outside, in the middle of an item too: it is asked before each read, on any thread.
///
/// Once it says yes, every read fails. A [`Conversion`](crate::convert::Conversion) then ends as if it had been stopped between
/// two items, so that what it has written is valid.
///
/// ```
/// use mailferry::Stop;
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering::Relaxed}};
///
/// let asked = Arc::new(AtomicBool::new(false));
/// let flag = Arc::clone(&asked);
/// let stop = Stop::when(move || flag.load(Relaxed));
/// assert!(!stop.is_asked());
/// asked.store(true, Relaxed);
/// assert!(stop.is_asked());
/// ```
#[derive(Clone, Default)]
pub struct Stop {
    ask: Option<Arc<Ask>>,
    /// Whether what was asked for waits until what is in hand is complete.
    waits: Arc<AtomicBool>,
}

type Ask = dyn Fn() -> bool + Send + Sync;

impl Stop {
    /// Ends it as soon as `ask` gives `true`; it is called often, and should be quick.
    pub fn when(ask: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { ask: Some(Arc::new(ask)), waits: Arc::default() }
    }

    /// Whether to give up.
    pub fn is_asked(&self) -> bool {
        self.was_asked() && !self.waits.load(Ordering::Relaxed)
    }

    /// Whether it was asked for, though it may have to wait.
    pub(crate) fn was_asked(&self) -> bool {
        self.ask.as_ref().is_some_and(|ask| ask())
    }

    /// The same question, so that whether it waits is decided apart from all others that ask it.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn apart(&self) -> Self {
        Self { ask: self.ask.clone(), waits: Arc::default() }
    }

    /// From now on it waits: what was migrated is to be completed, and is read once more for it.
    pub(crate) fn wait(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    /// Whether anybody may ask for it.
    pub(crate) fn is_possible(&self) -> bool {
        self.ask.is_some()
    }
}

impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        match (&self.ask, &other.ask) {
            (Some(this), Some(that)) => Arc::ptr_eq(this, that),
            (this, that) => this.is_none() && that.is_none(),
        }
    }
}

impl Eq for Stop {}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_possible() { "Stop(when asked)" } else { "Stop(never)" })
    }
}

/// Files and folders that are left out of the trees of a file system, each with its reason.
///
/// ```
/// use mailferry::Exclusion;
/// use std::path::Path;
///
/// let cache = Exclusion::when("a cache", |path| path.ends_with("cache"));
/// assert_eq!(cache.of(Path::new("mail/cache")), Some("a cache"));
/// assert_eq!(cache.of(Path::new("mail/Inbox")), None);
/// ```
#[derive(Clone, Default)]
pub struct Exclusion(Option<(&'static str, Arc<Excludes>)>);

type Excludes = dyn Fn(&Path) -> bool + Send + Sync;

impl Exclusion {
    /// Leaves out paths for which `excludes` returns true, with the reason `why`.
    pub fn when(why: &'static str, excludes: impl Fn(&Path) -> bool + Send + Sync + 'static) -> Self {
        Self(Some((why, Arc::new(excludes))))
    }

    /// Why the file or folder at `path` is left out; `None` where it is read.
    pub fn of(&self, path: &Path) -> Option<&'static str> {
        self.0.as_ref().filter(|(_, excludes)| excludes(path)).map(|(why, _)| *why)
    }
}

impl PartialEq for Exclusion {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some((_, this)), Some((_, that))) => Arc::ptr_eq(this, that),
            (this, that) => this.is_none() && that.is_none(),
        }
    }
}

impl Eq for Exclusion {}

impl fmt::Debug for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exclusion({:?})", self.0.as_ref().map(|(why, _)| why))
    }
}
