//! Reading ahead of one's turn: on any thread, as long as nothing is damaged.
//!
//! What is made of damage depends on what was read before, and so does who tells of it. Ahead of its turn damage is therefore neither
//! mended nor told: reading fails, and what was read is read again when it is its turn.

use super::{DefectLog, Ndb};
use crate::error::{Error, ErrorKind, Result};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether it is not the reader's turn yet, and whether it would have needed to be.
#[derive(Default)]
pub(super) struct Ahead {
    is_ahead: AtomicBool,
    stumbled: AtomicBool,
}

impl Ahead {
    fn stumble(&self) {
        if self.is_ahead.load(Relaxed) {
            self.stumbled.store(true, Relaxed);
        }
    }
}

impl Ndb {
    /// The same file, to be read ahead of its turn up to [`Ndb::take_turn`].
    pub(crate) fn ahead(&self) -> Self {
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
            salvage: Arc::clone(&self.salvage),
            ahead: Ahead { is_ahead: true.into(), stumbled: false.into() },
        }
    }

    /// Ends reading ahead; tells whether all that was read so far is what it would be if it were read now.
    pub(crate) fn take_turn(&self) -> bool {
        self.ahead.is_ahead.store(false, Relaxed);
        !self.ahead.stumbled.load(Relaxed) && !self.is_damaged()
    }

    /// Asked before anything is made of damage.
    ///
    /// # Errors
    /// Fatal, ahead of one's turn.
    pub(super) fn needs_turn(&self) -> Result<()> {
        self.ahead.stumble();
        match self.ahead.is_ahead.load(Relaxed) {
            true => Err(Error::new(ErrorKind::Malformed, "damage is not looked into ahead of its turn")),
            false => Ok(()),
        }
    }

    /// Fills `buf` from `offset` of the file on.
    pub(super) fn read_exact_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        Ok(self.source.read_exact_at(offset, buf).inspect_err(|_| self.ahead.stumble())?)
    }
}
