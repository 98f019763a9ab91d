use super::buffer::{Buffer, Resting};
use crate::{
    error::Result,
    source::{Content, Source},
};
use memchr::memmem::Finder;
use std::{borrow::Cow, ops::Range, sync::Arc};

/// The part of a source that is in memory while it is scanned from start to end.
///
/// What a caller asks for never depends on how large the window is: octets outside of it are read from the source.
pub(super) struct Window {
    source: Source,
    /// Nothing at or behind this offset is looked at.
    end: u64,
    /// Octets read at a time.
    size: usize,
    /// The most octets that are kept of what was read before.
    most_kept: usize,
    /// Shared with the messages that lie in it, so that they are not copied.
    buffer: Arc<Buffer>,
    resting: Resting,
    base: u64,
    filled: usize,
    /// Behind the last octet that is not NUL, of all that were loaded.
    text_end: u64,
}

/// A message is read once if it fits into so many windows, else once more for each time that it is needed. Twice as many would
/// save a tenth of the time where half of the octets lie in messages of 7 to 14 MiB, and take 7 MiB more of memory for all.
const KEPT_WINDOWS: usize = 28;

/// NUL octets to compare with.
const NULS: [u8; 4096] = [0; 4096];

impl Window {
    pub(super) fn new(source: Source, size: usize) -> Self {
        Self {
            end: source.len(),
            source,
            size: size.max(1),
            most_kept: size.saturating_mul(KEPT_WINDOWS),
            buffer: Arc::default(),
            resting: Resting::default(),
            base: 0,
            filled: 0,
            text_end: 0,
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Once all is scanned: looks no more at the NUL octets that fill the source from `floor` on at the earliest to its end,
    /// as a crash leaves them.
    pub(super) fn cut_nul_tail(&mut self, floor: u64) {
        self.end = self.end.min(self.text_end.max(floor));
        self.filled = self.filled.min(usize::try_from(self.end.saturating_sub(self.base)).unwrap_or(usize::MAX));
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Up to `max` octets from `at` on; fewer only at the end.
    pub(super) fn octets(&self, at: u64, max: usize) -> Result<Cow<'_, [u8]>> {
        let n = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX).min(max);
        if let Some(octets) = self.loaded(at, n) {
            return Ok(Cow::Borrowed(octets));
        }
        let mut octets = vec![0; n];
        self.source.read_exact_at(at, &mut octets)?;
        Ok(Cow::Owned(octets))
    }

    /// The octet before `at`.
    pub(super) fn before(&self, at: u64) -> Result<Option<u8>> {
        match at.checked_sub(1) {
            Some(at) => Ok(self.octets(at, 1)?.first().copied()),
            None => Ok(None),
        }
    }

    /// Where `needle` next occurs at or after `at`; the octets from `keep` on stay in the window as far as they fit.
    pub(super) fn find(&mut self, needle: &Finder<'_>, mut at: u64, keep: u64) -> Result<Option<u64>> {
        let overlap = needle.needle().len().saturating_sub(1) as u64;
        loop {
            let loaded_end = self.base + self.filled as u64;
            if at < self.base || at > loaded_end {
                self.restart(at);
                continue;
            }
            let from = usize::try_from(at - self.base).unwrap_or(usize::MAX);
            if let Some(found) = self.buffer.octets.get(from..self.filled).and_then(|octets| needle.find(octets)) {
                return Ok(Some(at + found as u64));
            }
            if loaded_end >= self.end {
                return Ok(None);
            }
            at = at.max(loaded_end.saturating_sub(overlap));
            self.advance(keep.min(at), at)?;
        }
    }

    /// Loads everything from `at` on, a window at a time.
    pub(super) fn read_through(&mut self, at: u64) -> Result<()> {
        self.restart(at);
        while self.base + (self.filled as u64) < self.end {
            let loaded_end = self.base + self.filled as u64;
            self.advance(loaded_end, loaded_end)?;
        }
        Ok(())
    }

    /// The octets of `ranges`, from memory if all of them are in the window.
    pub(super) fn content(&self, ranges: &[Range<u64>]) -> Content {
        let loaded = self.base..self.base + self.filled as u64;
        if ranges.iter().all(|range| loaded.start <= range.start && range.end <= loaded.end) {
            let buffer: Source = self.buffer.clone();
            return Content::new(buffer, ranges.iter().map(|range| range.start - self.base..range.end - self.base));
        }
        Content::new(self.source.clone(), ranges.iter().cloned())
    }

    fn loaded(&self, at: u64, n: usize) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.base)?).ok()?;
        self.buffer.octets.get(from..from.checked_add(n)?).filter(|_| from + n <= self.filled)
    }

    fn restart(&mut self, at: u64) {
        self.base = at;
        self.filled = 0;
    }

    /// Reads on, keeping what is loaded from `keep` on if that is not too much, else from `at` on.
    fn advance(&mut self, keep: u64, at: u64) -> Result<()> {
        let loaded_end = self.base + self.filled as u64;
        let fresh = usize::try_from(self.end - loaded_end).unwrap_or(usize::MAX).min(self.size);
        let from = if self.can_keep(keep, loaded_end, fresh) { keep } else { at };
        self.make_room(usize::try_from(from - self.base).unwrap_or(usize::MAX), fresh);
        let room = self.filled..self.filled + fresh;
        let room = Arc::get_mut(&mut self.buffer).and_then(|buffer| buffer.octets.get_mut(room)).unwrap_or_default();
        self.source.read_exact_at(loaded_end, room)?;
        let text = room.len() - nuls_at_end(room);
        if text > 0 {
            self.text_end = self.text_end.max(loaded_end + text as u64);
        }
        self.filled += fresh;
        Ok(())
    }

    /// Whether what is loaded from `from` on can stay, with `fresh` octets behind it.
    fn can_keep(&mut self, from: u64, loaded_end: u64, fresh: usize) -> bool {
        let kept = usize::try_from(loaded_end.saturating_sub(from)).unwrap_or(usize::MAX);
        from >= self.base
            && kept <= self.most_kept
            && (Arc::get_mut(&mut self.buffer).is_some_and(|own| own.is_large())
                || self.resting.has_room(kept.saturating_add(fresh)))
    }

    /// Makes room for `fresh` octets behind those that are loaded; of these, those before `from` may go.
    fn make_room(&mut self, from: usize, fresh: usize) {
        let kept = from..self.filled;
        let len = kept.len() + fresh;
        let own = Arc::get_mut(&mut self.buffer);
        // A message that grows is not moved again and again; a small one is, so that the processor's cache holds all.
        if own.as_ref().is_some_and(|own| self.filled + fresh <= own.octets.len() && kept.len() > 2 * self.size) {
            return;
        }
        if !own.is_some_and(|own| own.keep(kept.clone(), len)) {
            let buffer = self.resting.take(self.buffer.octets.get(kept.clone()).unwrap_or_default(), len);
            self.buffer = Arc::new(buffer);
        }
        self.base += from as u64;
        self.filled = kept.len();
    }
}

fn nuls_at_end(octets: &[u8]) -> usize {
    let whole = octets.rchunks(NULS.len()).take_while(|chunk| NULS.starts_with(chunk)).map(<[u8]>::len).sum::<usize>();
    let rest = octets.get(..octets.len() - whole).unwrap_or_default();
    whole + rest.iter().rev().take_while(|octet| **octet == 0).count()
}
