//! Random access to deflate data (RFC 1951), with or without gzip around it (RFC 1952).

mod cursor;
mod gzip;
mod restarts;
#[cfg(test)]
mod tests;

pub(crate) use gzip::is_gzip;

use super::{ReadAt, Source};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
};
use cursor::Cursor;
pub(in crate::source) use cursor::End;
use restarts::Restarts;
use std::{
    io,
    sync::{Mutex, MutexGuard},
};

/// Octets inflated at a time. The decoder's ring is one block, so it must be a power of two and hold deflate's window.
const BLOCK: u64 = 64 << 10;
const RING: usize = BLOCK as usize;
/// Inflated blocks kept for those who read again what was just read.
const KEPT_BLOCKS: usize = 32;
/// Places at which inflating is under way.
const CURSORS: usize = 4;

/// What is around the deflate data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// Nothing.
    Raw,
    /// The members of a gzip file.
    Gzip,
}

/// Compressed octets, read at any place as if they were not.
///
/// Reading forward costs one inflation, and so does reading again what lies within a few megabytes; going back further
/// begins at a restart, of which the nearer past has more than the farther. At most 4 MiB are held, whatever the length.
pub struct Inflated {
    compressed: Source,
    framing: Framing,
    len: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cursors: Vec<Cursor>,
    blocks: Vec<Block>,
    restarts: Restarts,
    clock: u64,
    end_seen: bool,
    end: Option<End>,
    defects: Vec<Defect>,
}

struct Block {
    index: u64,
    octets: Vec<u8>,
    used: u64,
}

/// Where the block `index` begins.
fn start_of(index: u64) -> u64 {
    index.saturating_mul(BLOCK)
}

impl Inflated {
    /// The `len` octets that the deflate data in `compressed` holds.
    ///
    /// Should it hold more, [`ReadAt::take_defects`] says so once its end has been read; should it hold less, or be damaged,
    /// reading what is not there is an error.
    pub fn deflate(compressed: Source, len: u64) -> Self {
        Self { compressed, framing: Framing::Raw, len, state: Mutex::default() }
    }

    /// What the gzip data in `compressed` holds, all members of it.
    ///
    /// The length is found by inflating all of it once. What can be inflated of damaged or cut data can be read, and
    /// [`ReadAt::take_defects`] says what is wrong.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when it expands beyond `limits`, [`ErrorKind::Malformed`] when there is no whole gzip header,
    /// [`ErrorKind::Io`] when `compressed` cannot be read.
    pub fn gzip(compressed: Source, limits: &Limits) -> Result<Self> {
        let most = expansion_limit(compressed.len(), limits);
        let mut state = State::default();
        let mut cursor = Cursor::at_start(compressed.clone(), Framing::Gzip)?.checked();
        if cursor.end.is_some() {
            return Err(Error::new(ErrorKind::Malformed, "is gzip data with an incomplete header: it is cut off"));
        }
        while cursor.end.is_none() {
            cursor.fill_block()?;
            if cursor.out > most {
                return Err(expands_too_far(most));
            }
            state.restarts.keep(&cursor);
        }
        let (len, end) = (cursor.out, cursor.end);
        state.defects = cursor.into_defects();
        state.defects.extend(end.and_then(|end| end.defect(compressed.len())));
        Ok(Self { compressed, framing: Framing::Gzip, len, state: Mutex::new(state) })
    }

    /// The first octets of the gzip data in `compressed`: 64 KiB, or as many as there are or can be read.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when `compressed` cannot be read.
    pub(super) fn gzip_head(compressed: Source) -> Result<Vec<u8>> {
        Ok(Cursor::at_start(compressed, Framing::Gzip)?.fill_block()?.to_vec())
    }

    /// The state, started anew should a thread have died with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            *state = State::default();
            self.state.clear_poison();
            state
        })
    }

    /// The inflated block `index`, or as much of it as there is.
    fn block<'s>(&self, state: &'s mut State, index: u64) -> io::Result<&'s [u8]> {
        if !state.blocks.iter().any(|block| block.index == index) {
            self.inflate(state, index)?;
        }
        let clock = state.tick();
        let block = state.blocks.iter_mut().find(|block| block.index == index);
        Ok(block.map_or(&[], |block| {
            block.used = clock;
            &block.octets
        }))
    }

    /// Inflates up to and including block `index`, from the nearest place before it.
    fn inflate(&self, state: &mut State, index: u64) -> io::Result<()> {
        let mut cursor = match state.take_cursor(index) {
            Some(cursor) => cursor,
            None => match state.restarts.before(start_of(index)) {
                Some(restart) => Cursor::at_restart(self.compressed.clone(), self.framing, restart),
                None => Cursor::at_start(self.compressed.clone(), self.framing)?,
            },
        };
        let mut result = Ok(());
        while cursor.end.is_none() && cursor.next_block() <= index {
            let block = cursor.next_block();
            match cursor.fill_block() {
                Ok(octets) => state.keep_block(block, octets, self.len),
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
            state.restarts.keep(&cursor);
        }
        if let Some(end) = cursor.end {
            state.end = Some(end);
        }
        if result.is_ok() {
            result = state.look_behind_end(&mut cursor, self.len);
        }
        if cursor.end.is_none() {
            state.put_cursor(cursor);
        }
        result
    }

    fn missing(&self, state: &State, offset: u64) -> io::Error {
        match state.end {
            Some(End::Corrupt(at)) => {
                let message =
                    format!("the compressed data is damaged at its byte {at}; octets from {offset} on are lost");
                io::Error::new(io::ErrorKind::InvalidData, message)
            }
            _ => {
                let message = format!("the compressed data ends at octet {offset} of {}", self.len);
                io::Error::new(io::ErrorKind::UnexpectedEof, message)
            }
        }
    }
}

impl ReadAt for Inflated {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len || buf.is_empty() {
            return Ok(0);
        }
        let mut state = self.state();
        let within = usize::try_from(offset % BLOCK).unwrap_or(0);
        let octets = self.block(&mut state, offset / BLOCK)?.get(within..).unwrap_or_default();
        if octets.is_empty() {
            return Err(self.missing(&state, offset));
        }
        let n = octets.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), octets.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    fn take_defects(&self) -> Vec<Defect> {
        let mut defects = self.compressed.take_defects();
        defects.append(&mut self.state().defects);
        defects
    }
}

impl State {
    /// The time, which goes on with each question.
    fn tick(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(1);
        self.clock
    }

    /// Takes out the cursor nearest before block `index`, unless a restart is nearer.
    fn take_cursor(&mut self, index: u64) -> Option<Cursor> {
        let near = self.cursors.iter().enumerate().filter(|(_, cursor)| cursor.next_block() <= index);
        let (i, nearest) = near.max_by_key(|(_, cursor)| cursor.out)?;
        let restart = self.restarts.before(start_of(index)).map_or(0, |restart| restart.out);
        (nearest.out >= restart).then(|| self.cursors.swap_remove(i))
    }

    fn put_cursor(&mut self, mut cursor: Cursor) {
        cursor.used = self.tick();
        if self.cursors.len() >= CURSORS {
            let oldest = self.cursors.iter().enumerate().min_by_key(|(_, cursor)| cursor.used).map(|(i, _)| i);
            oldest.map(|i| self.cursors.swap_remove(i));
        }
        self.cursors.push(cursor);
    }

    /// Keeps the octets of block `index` that belong to the first `len`, in place of those not used for the longest.
    fn keep_block(&mut self, index: u64, octets: &[u8], len: u64) {
        let left = usize::try_from(len.saturating_sub(start_of(index))).unwrap_or(RING);
        let octets = octets.get(..left).unwrap_or(octets);
        let mut block = Block { index, octets: Vec::new(), used: self.tick() };
        let oldest = self.blocks.iter().enumerate().min_by_key(|(_, block)| block.used).map(|(i, _)| i);
        if let Some(i) = oldest.filter(|_| self.blocks.len() >= KEPT_BLOCKS) {
            block.octets = self.blocks.swap_remove(i).octets;
            block.octets.clear();
        }
        block.octets.extend_from_slice(octets);
        self.blocks.push(block);
    }

    /// Once the end has been reached, asks whether there is more than `len` octets.
    fn look_behind_end(&mut self, cursor: &mut Cursor, len: u64) -> io::Result<()> {
        if self.end_seen || cursor.out < len {
            return Ok(());
        }
        self.end_seen = true;
        if cursor.end.is_none() && cursor.out == len {
            cursor.fill_block()?;
        }
        if cursor.out > len {
            let detail = format!("the compressed data holds more than the {len} octets that the archive states");
            self.defects.push(Defect::new(DefectKind::Damaged, detail).at(len));
        }
        Ok(())
    }
}

impl End {
    /// What is wrong with compressed data of `len` octets that ends so.
    pub(in crate::source) fn defect(self, len: u64) -> Option<Defect> {
        let defect = match self {
            Self::Complete => return None,
            Self::CutOff => Defect::new(DefectKind::Truncated, "the compressed data is cut off").at(len),
            Self::Corrupt(at) => {
                let detail = "the compressed data is damaged, what follows is lost";
                Defect::new(DefectKind::Damaged, detail).at(at)
            }
        };
        Some(defect.cutting_short())
    }
}

/// The octets that `compressed` octets may expand to.
pub(crate) fn expansion_limit(compressed: u64, limits: &Limits) -> u64 {
    compressed.saturating_mul(limits.expansion_ratio).max(limits.expansion_floor)
}

/// The error for what expands beyond `most` octets.
pub(crate) fn expands_too_far(most: u64) -> Error {
    let message = format!(
        "expands to more than {most} octets, as a decompression bomb does: if it is not one, decompress it first"
    );
    Error::new(ErrorKind::Limit, message)
}
