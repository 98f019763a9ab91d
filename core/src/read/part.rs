//! A part of a source, where several readers share one: each reads the items between two borders, and together they read what one
//! reader of all would.
//!
//! Of an mbox the borders are offsets: a part has the messages whose From_ line starts between them, and finds the first of them by
//! itself. Only the messages before can say for certain that a line is no text of theirs, so a reader notes where its first message
//! starts and where the one behind its last would: where one part ends as the next one starts, both were right.

use super::{Input, ItemReader, ReadOptions, Unopened, archive};
use crate::{
    defect::Defect,
    error::{Error, Result},
    model::{Folder, Item},
    source::{Compression, SIGNATURE, Source, Window},
};
use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// Which items of a source are read.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) borders: Borders,
    met: Arc<Mutex<Met>>,
}

/// The borders of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Borders {
    /// All of the sources, which are not all that there are.
    None,
    /// Messages of an mbox whose From_ line starts in these octets.
    Octets(Range<u64>),
    /// Items by their numbers, the first of which is 0; the last part has no end, as damage may bring up more.
    Items(u64, Option<u64>),
    /// Files of a directory by their numbers, in the same way.
    Files(u64, Option<u64>),
}

/// What was met while a part was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// Where the first item of the part starts.
    pub(crate) first: Option<u64>,
    /// Where the item behind its last one starts, or the source ends.
    pub(crate) next: Option<u64>,
    /// Whether what was read depends on the rest of the source, so that it must be read as a whole.
    pub(crate) depends: bool,
}

impl Part {
    pub(crate) fn new(borders: Borders) -> Self {
        Self { borders, met: Arc::default() }
    }

    /// The octets between its borders.
    pub(super) fn octets(&self) -> Option<&Range<u64>> {
        match &self.borders {
            Borders::Octets(octets) => Some(octets),
            Borders::None | Borders::Items(..) | Borders::Files(..) => None,
        }
    }

    pub(super) fn note(&self, note: impl FnOnce(&mut Met)) {
        note(&mut self.met.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn met(&self) -> Met {
        *self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the items of a source can be shared among readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shares {
    /// By octets: it is an mbox.
    Octets,
    /// By their numbers, of which there are so many.
    Items(u64),
    /// Not at all, because of this.
    None(&'static str),
}

/// Calls `f` with the path of every file in the directory `root`, and with what else is no directory, in the order in which they are
/// read; nothing is opened.
///
/// # Errors
/// When a directory cannot be listed; what `f` gives.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn for_each_file(
    root: &std::path::Path,
    limits: &crate::limits::Limits,
    f: &mut dyn FnMut(&std::path::Path) -> Result<()>,
) -> Result<()> {
    let mut directory = super::tree::Directory::new(root.to_owned(), &root.to_string_lossy(), None, limits)?;
    while let Some(path) = directory.next_path()? {
        f(&path)?;
    }
    Ok(())
}

/// Messages at the start of an mbox whose header sections tell how it separates them.
const FIRST_MESSAGES: usize = 8;
/// Octets before the first message of an mbox that every reader of a part looks through.
const MOST_LEADING: u64 = 1 << 20;

impl Shares {
    /// How those of `source` can.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(name: &str, source: Source, options: &ReadOptions) -> Result<Self> {
        let in_file = |error: std::io::Error| Error::from(error).in_file(name);
        let start = Window::new(source.clone()).octets(0, SIGNATURE).map_err(in_file)?;
        if Compression::of(&start).is_some() {
            return Ok(Self::None("it is compressed, so that a part of it cannot be read without what is before"));
        }
        let input = Input::new(name.into(), source)?;
        if archive::is_zip(input.head()) || archive::is_tar(input.head()) {
            return Ok(Self::None("it is an archive"));
        }
        if input.is_transcoded() {
            return Ok(Self::None("its text is in UTF-16"));
        }
        // What cannot be opened is told by whoever reads it.
        let Ok(format) = input.format() else { return Ok(Self::None("it is of no format that is known")) };
        match format.name {
            "mbox" => Self::of_mbox(&input, options),
            #[cfg(feature = "outlook")]
            "pst" => Self::of_store(&input, options),
            _ => Ok(Self::None("files of its format are read whole")),
        }
    }

    fn of_mbox(input: &Input, options: &ReadOptions) -> Result<Self> {
        let Ok(mut reader) = input.open(options) else { return Ok(Self::None("it cannot be opened")) };
        let mut with_length = 0;
        for number in 0..FIRST_MESSAGES {
            let Ok(Some(item)) = reader.next_item() else { break };
            let Some(mbox) = &item.origin.mbox else { break };
            if !mbox.from_line.starts_with(b"From ") {
                return Ok(Self::None("its messages are not separated by From_ lines"));
            }
            if number == 0 && item.origin.offset > MOST_LEADING {
                return Ok(Self::None("its first message stands behind many octets that belong to none"));
            }
            let header = item.message().map(|message| message.header()).transpose()?;
            if header.is_none_or(|header| header.first("Content-Length").is_none()) {
                return Ok(Self::Octets);
            }
            with_length += 1;
        }
        Ok(if with_length > 0 { Self::None("its messages are separated by Content-Length") } else { Self::Octets })
    }

    /// A store whose tables are damaged is searched as a whole.
    #[cfg(feature = "outlook")]
    fn of_store(input: &Input, options: &ReadOptions) -> Result<Self> {
        let Ok(mut reader) = input.open(options) else { return Ok(Self::None("it cannot be opened")) };
        let mut items = 0;
        loop {
            if options.limits.stop.is_asked() {
                return Err(stopped());
            }
            if reader.next_ahead().is_some() {
                items += 1;
                continue;
            }
            match reader.next_item() {
                Ok(Some(_)) => items += 1,
                Ok(None) => break,
                Err(error) if error.is_fatal() => return Ok(Self::None("it cannot be read to its end")),
                Err(_) => items += 1,
            }
        }
        let damaged = "it is damaged, so that all of it has to be searched";
        Ok(if reader.depends_on_rest() { Self::None(damaged) } else { Self::Items(items) })
    }
}

#[cfg(feature = "outlook")]
fn stopped() -> Error {
    Error::new(crate::error::ErrorKind::Cancelled, "stopped before everything was looked at")
}

/// What was met is no part of the request.
impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.borders == other.borders
    }
}

impl Eq for Part {}

/// A reader of some of the items of another, by their numbers.
pub(super) struct PartReader {
    reader: Box<dyn ItemReader>,
    /// Items before the part that are yet to be passed over.
    before: u64,
    /// Items of the part that are left.
    left: Option<u64>,
    /// Whether no part follows.
    is_last: bool,
    part: Part,
}

impl PartReader {
    /// The items of `reader` that `part` has, or the reader as it is.
    pub(super) fn over(reader: Box<dyn ItemReader>, part: Option<&Part>) -> Box<dyn ItemReader> {
        let Some(part) = part else { return reader };
        let Borders::Items(first, end) = part.borders else { return reader };
        let left = end.map(|end| end.saturating_sub(first));
        Box::new(Self { reader, before: first, left, is_last: end.is_none(), part: part.clone() })
    }

    /// Passes over the items before the part; those that were only found are not opened.
    fn begin(&mut self) -> Result<()> {
        while self.before > 0 {
            self.before -= 1;
            if self.reader.next_ahead().is_some() {
                continue;
            }
            match self.reader.next_item() {
                Ok(Some(_)) => {}
                Ok(None) => self.before = 0,
                Err(error) if error.is_fatal() => return Err(error),
                // It is told by the part that it is in.
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn takes_one(&mut self) -> bool {
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }
}

impl ItemReader for PartReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        self.begin()?;
        if self.takes_one() { self.reader.next_item() } else { Ok(None) }
    }

    fn next_ahead(&mut self) -> Option<Unopened> {
        if self.begin().is_err() || self.left == Some(0) {
            return None;
        }
        let unopened = self.reader.next_ahead()?;
        self.takes_one();
        Some(unopened)
    }

    fn position(&self) -> u64 {
        self.reader.position()
    }

    /// The last part tells of them: before, not all are known.
    fn folders(&self) -> Vec<Folder> {
        if self.is_last { self.reader.folders() } else { Vec::new() }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        if self.reader.depends_on_rest() {
            self.part.note(|met| met.depends = true);
        }
        self.reader.take_defects()
    }
}
