//! Readers of one file side by side: each tells what is wrong with what it read itself, and some read ahead of their turn.
//!
//! What is read does not depend on what was read before, but for one thing: the whole file is searched when damage first asks for it,
//! and from then on more is found. Ahead of its turn nothing asks for that: reading fails, and begins anew when it is its turn.

use super::{DefectLog, Ndb};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether it is not the reader's turn yet, and whether it would have needed to be.
#[derive(Default)]
pub(super) struct Ahead {
    is_ahead: AtomicBool,
    stumbled: AtomicBool,
    /// Whether the file had been searched when reading ahead began.
    was_searched: bool,
    /// What is to be told of the file if what was read ahead counts.
    of_file: DefectLog,
}

impl Ahead {
    fn stumble(&self) {
        if self.is_ahead.load(Relaxed) {
            self.stumbled.store(true, Relaxed);
        }
    }
}

/// What nobody took is told of the file.
impl Drop for Ndb {
    fn drop(&mut self) {
        self.of_file.join(&self.defects);
    }
}

impl Ndb {
    /// The same file for another reader.
    pub(crate) fn apart(&self) -> Arc<Self> {
        Arc::new(self.with(Ahead::default()))
    }

    /// The same file for a reader ahead of its turn, up to [`Ndb::take_turn`].
    pub(crate) fn ahead(&self) -> Arc<Self> {
        let was_searched = self.salvaged_so_far().is_some();
        Arc::new(self.with(Ahead { is_ahead: true.into(), was_searched, ..Ahead::default() }))
    }

    fn with(&self, ahead: Ahead) -> Self {
        Self {
            source: self.source.clone(),
            variant: self.variant,
            encoding: self.encoding,
            nodes: self.nodes,
            blocks: self.blocks,
            sound: self.sound,
            limits: self.limits.clone(),
            pages: Arc::clone(&self.pages),
            blocks_read: Arc::clone(&self.blocks_read),
            buffer: Mutex::default(),
            defects: DefectLog::default(),
            of_file: Arc::clone(&self.of_file),
            salvage: Arc::clone(&self.salvage),
            ahead,
        }
    }

    /// Whether all that was read so far ahead is what it would be if it were read now.
    pub(crate) fn stands(&self) -> bool {
        !self.ahead.stumbled.load(Relaxed) && self.ahead.was_searched == self.salvaged_so_far().is_some()
    }

    /// Ends reading ahead; tells whether all that was read so far is what it would be if it were read now.
    pub(crate) fn take_turn(&self) -> bool {
        self.ahead.is_ahead.store(false, Relaxed);
        let counts = self.stands();
        match counts {
            true => self.of_file.join(&self.ahead.of_file),
            false => drop(self.defects.take()),
        }
        counts
    }

    /// Asked before the whole file is searched.
    ///
    /// # Errors
    /// Fatal, ahead of one's turn.
    pub(crate) fn needs_turn(&self) -> Result<()> {
        self.ahead.stumble();
        match self.ahead.is_ahead.load(Relaxed) {
            true => Err(Error::new(ErrorKind::Malformed, "the file is not searched ahead of one's turn")),
            false => Ok(()),
        }
    }

    /// Tells of a defect that is not of the reader alone.
    pub(super) fn tell_of_file(&self, place: u64, defect: Defect) {
        match self.ahead.is_ahead.load(Relaxed) {
            true => self.ahead.of_file.add(place, defect),
            false => self.of_file.add(place, defect),
        }
    }

    /// Fills `buf` from `offset` of the file on.
    pub(super) fn read_exact_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        Ok(self.source.read_exact_at(offset, buf).inspect_err(|_| self.ahead.stumble())?)
    }
}
