//! A part of a source, where several readers share one: each reads the items between two borders, and together they read what one
//! reader of all would.
//!
//! Of an mbox the borders are offsets: a part has the messages whose From_ line starts between them, and finds the first of them by
//! itself. Only the messages before can say for certain that a line is no text of theirs, so a reader notes where its first message
//! starts and where the one behind its last would: where one part ends as the next one starts, both were right.

#![cfg_attr(
    any(target_family = "wasm", not(feature = "convert")),
    allow(dead_code, reason = "only splits share a source among readers")
)]

use super::{ItemReader, Unopened};
use crate::{
    defect::Defect,
    error::Result,
    model::{Folder, Item},
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
