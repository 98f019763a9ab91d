use super::{Found, Inputs, ItemReader, Passed, ReadOptions};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    model::{Folder, Item},
    source::Source,
};
use std::{collections::VecDeque, sync::Arc};

/// All items of any number of files, archives and other sources, one after the other.
///
/// What cannot be opened or read is told in its place; the rest follows. The items of a source are numbered from 1, and an
/// item that cannot be read has its number too.
///
/// ```
/// use mailferry::read::{Event, Mailbox, ReadOptions};
/// use std::sync::Arc;
///
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
/// let mut subjects = Vec::new();
/// while let Some(event) = mailbox.next_event() {
///     match event {
///         Event::Item(item) => subjects.push(item.message().map(|message| message.content().len())),
///         Event::Failed { error, .. } => return Err(error),
///         _ => {}
///     }
/// }
/// assert_eq!(subjects, [Some(17)]);
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct Mailbox {
    options: ReadOptions,
    places: VecDeque<Place>,
    inputs: Option<Inputs>,
    open: Option<Open>,
    /// What happened before anybody asked.
    early: VecDeque<Event>,
    /// Octets of sources that are done with.
    behind: u64,
    total: Option<u64>,
}

/// Where sources are to be looked for.
enum Place {
    #[cfg(not(target_family = "wasm"))]
    Path(std::path::PathBuf),
    Source(Arc<str>, Source),
}

struct Open {
    reader: Box<dyn ItemReader>,
    len: u64,
    /// Items so far, those that cannot be read included.
    items: u64,
}

/// What happens while a [`Mailbox`] is read.
#[non_exhaustive]
#[derive(Debug)]
pub enum Event {
    /// A source was recognised and opened; what follows up to [`Event::Closed`] is of it.
    Opened(Opened),
    /// An item.
    Item(Box<Item>),
    /// Something cannot be read.
    Failed {
        /// What happened, and where.
        error: Error,
        /// `false`: a source cannot be opened. `true`: an item of the source in hand cannot be read, or all that is left
        /// of it when the error is [fatal](Error::is_fatal).
        within: bool,
    },
    /// An entry of an archive is no source.
    Passed(Passed),
    /// A source is done with; or the archive that sources came from, if something is wrong with it.
    Closed(Closed),
}

/// A source that was opened.
#[non_exhaustive]
#[derive(Clone)]
pub struct Opened {
    /// Its name: the path as it was given, `archive.zip!Takeout/Mail/Inbox.mbox` for an entry of an archive.
    pub name: Arc<str>,
    /// The name of its format, as in [`FORMATS`](super::FORMATS).
    pub format: &'static str,
    /// Its octets.
    pub source: Source,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({}, {})", self.name, self.format)
    }
}

/// What is known of a source when it is done with.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Its folders that hold no item.
    pub folders: Vec<Folder>,
    /// What was wrong with the source itself.
    pub defects: Vec<Defect>,
}

impl Mailbox {
    /// A mailbox without sources.
    pub fn new(options: ReadOptions) -> Self {
        Self {
            options,
            places: VecDeque::new(),
            inputs: None,
            open: None,
            early: VecDeque::new(),
            behind: 0,
            total: Some(0),
        }
    }

    /// Adds a file, an archive or an Apple Mail folder.
    #[cfg(not(target_family = "wasm"))]
    pub fn add_path(&mut self, path: impl Into<std::path::PathBuf>) {
        let path = path.into();
        let is_plain = |path: &std::path::Path| {
            let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
            !extension.is_some_and(|extension| ["gz", "tgz", "zip", "tar"].iter().any(|e| extension == *e))
        };
        let file = if path.is_dir() { path.join("mbox") } else { path.clone() };
        let len = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
        self.total = self.total.filter(|_| is_plain(&path)).map(|total| total + len);
        self.places.push_back(Place::Path(path));
    }

    /// Adds octets from anywhere under a name, which advises their format and names their folder.
    pub fn add_source(&mut self, name: &str, source: Source) {
        self.total = self.total.map(|total| total + source.len());
        self.places.push_back(Place::Source(name.into(), source));
    }

    /// How many octets of the sources lie behind.
    pub fn position(&self) -> u64 {
        self.behind + self.open.as_ref().map_or(0, |open| open.reader.position())
    }

    /// How many octets there are in all; `None` where archives hide it.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Makes sure that there is something to read, before anything is made ready to take it.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can.
    pub fn start(&mut self) -> Result<()> {
        const MOST_EARLY: usize = 10_000;
        while self.open.is_none() && self.early.len() < MOST_EARLY {
            let Some(event) = self.advance() else { break };
            self.early.push_back(event);
        }
        let opened = self.early.iter().any(|event| matches!(event, Event::Opened(_)));
        if opened || self.early.len() == MOST_EARLY {
            return Ok(());
        }
        let first = self.early.drain(..).find_map(|event| match event {
            Event::Failed { error, .. } => Some(error),
            _ => None,
        });
        Err(first.unwrap_or_else(|| Error::new(ErrorKind::UnknownFormat, "there is nothing that can be read")))
    }

    /// What happens next; `None` when all sources are done with.
    pub fn next_event(&mut self) -> Option<Event> {
        self.early.pop_front().or_else(|| self.advance())
    }

    fn advance(&mut self) -> Option<Event> {
        loop {
            if let Some(open) = &mut self.open {
                open.items += 1;
                return Some(match open.reader.next_item() {
                    Ok(Some(mut item)) => {
                        item.origin.ordinal = open.items;
                        Event::Item(Box::new(item))
                    }
                    Ok(None) => self.close(),
                    // The next call closes it: a reader gives no item after a fatal error.
                    Err(error) => Event::Failed { error, within: true },
                });
            }
            if let Some(inputs) = &mut self.inputs {
                match inputs.next() {
                    Some(Ok(Found::Input(input))) => {
                        return Some(self.open(&input).unwrap_or_else(failed));
                    }
                    Some(Ok(Found::Passed(passed))) => return Some(Event::Passed(passed)),
                    Some(Err(error)) => return Some(failed(error)),
                    None => {
                        let defects = inputs.take_defects();
                        self.inputs = None;
                        if !defects.is_empty() {
                            return Some(Event::Closed(Closed { folders: Vec::new(), defects }));
                        }
                    }
                }
            }
            let limits = &self.options.limits;
            let inputs = match self.places.pop_front()? {
                #[cfg(not(target_family = "wasm"))]
                Place::Path(path) => Inputs::at_path(path, limits),
                Place::Source(name, source) => Inputs::new(name, source, limits),
            };
            match inputs {
                Ok(inputs) => self.inputs = Some(inputs),
                Err(error) => return Some(failed(error)),
            }
        }
    }

    fn open(&mut self, input: &super::Input) -> Result<Event> {
        let reader = input.open(&self.options)?;
        let source = input.source().clone();
        let opened = Opened { name: input.name().into(), format: input.format()?.name, source };
        self.open = Some(Open { reader, len: opened.source.len(), items: 0 });
        Ok(Event::Opened(opened))
    }

    fn close(&mut self) -> Event {
        let Some(mut open) = self.open.take() else { return Event::Closed(Closed::default()) };
        self.behind += open.len;
        Event::Closed(Closed { folders: open.reader.folders(), defects: open.reader.take_defects() })
    }
}

/// A source cannot be opened.
fn failed(error: Error) -> Event {
    Event::Failed { error, within: false }
}

/// The items alone, and what could not be read in their place.
impl Iterator for Mailbox {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_event()? {
                Event::Item(item) => return Some(Ok(*item)),
                Event::Failed { error, .. } => return Some(Err(error)),
                Event::Opened(_) | Event::Closed(_) | Event::Passed(_) => {}
            }
        }
    }
}
