//! What an item was deflated to, until it is written.

#[cfg(not(target_family = "wasm"))]
use super::container::{Ahead, WrittenAhead};
use super::pool::Pool;
use std::io;

/// Deflated octets of one item that are held; more are deflated again to be written, where they cannot be kept in a file.
const HELD: u64 = 6 << 20;
/// The same where they can.
#[cfg(not(target_family = "wasm"))]
const HELD_BEFORE_FILE: u64 = 1 << 20;
/// They are held in chunks, which all threads share: what is allocated on one and freed on another stays with the allocator.
const HELD_CHUNK: usize = 64 << 10;
/// Deflated octets, held while they are few; many are kept in a file, or else only their number is, and they are made again to be
/// written.
pub(super) struct Deflated {
    held: Vec<Vec<u8>>,
    size: u64,
    chunks: Pool<Vec<u8>>,
    /// Whether only their number is known.
    is_counted: bool,
    #[cfg(not(target_family = "wasm"))]
    ahead: Option<Ahead>,
    #[cfg(not(target_family = "wasm"))]
    file: Option<WrittenAhead>,
}

impl Deflated {
    /// None yet; held in `chunks`.
    pub(super) fn new(chunks: &Pool<Vec<u8>>) -> Self {
        Self {
            held: Vec::new(),
            size: 0,
            chunks: chunks.clone(),
            is_counted: false,
            #[cfg(not(target_family = "wasm"))]
            ahead: None,
            #[cfg(not(target_family = "wasm"))]
            file: None,
        }
    }

    /// The same, of which many are kept in a file of `ahead`.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn kept_in(mut self, ahead: Option<&Ahead>) -> Self {
        self.ahead = ahead.cloned();
        self
    }

    /// Octets that are held at most.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn most_held(ahead: Option<&Ahead>) -> u64 {
        if ahead.is_some() { HELD_BEFORE_FILE } else { HELD }
    }

    /// How many there are.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Takes more.
    #[expect(clippy::unnecessary_wraps, reason = "it is a sink for the encoder")]
    pub(super) fn push(&mut self, mut octets: &[u8]) -> io::Result<()> {
        self.size += octets.len() as u64;
        #[cfg(not(target_family = "wasm"))]
        if self.file.is_some() || (self.ahead.is_some() && self.size > HELD_BEFORE_FILE) {
            self.keep(octets);
            return Ok(());
        }
        if self.is_counted || self.size > HELD {
            self.count();
            return Ok(());
        }
        while !octets.is_empty() {
            let room = self.held.last().map_or(0, |chunk| HELD_CHUNK - chunk.len());
            if room == 0 {
                let mut chunk = self.chunks.take().unwrap_or_default();
                chunk.clear();
                chunk.reserve_exact(HELD_CHUNK);
                self.held.push(chunk);
                continue;
            }
            let (taken, rest) = octets.split_at(octets.len().min(room));
            if let Some(chunk) = self.held.last_mut() {
                chunk.extend_from_slice(taken);
            }
            octets = rest;
        }
        Ok(())
    }

    /// Puts them into a file.
    #[cfg(not(target_family = "wasm"))]
    fn keep(&mut self, octets: &[u8]) {
        let mut file = self.file.take();
        if let Some(ahead) = self.ahead.take() {
            file = ahead
                .begin()
                .and_then(|file| file.with(|file| self.held.iter().try_for_each(|chunk| file.append(chunk))));
            self.rest();
        }
        match file.and_then(|file| file.with(|file| file.append(octets))) {
            Some(file) => self.file = Some(file),
            // The disk may be full of such files, and have room for what is to come.
            None => self.count(),
        }
    }

    fn count(&mut self) {
        self.is_counted = true;
        self.rest();
    }

    /// Calls `f` with them; `None` where they have to be made again.
    pub(super) fn for_each_chunk(&self, mut f: impl FnMut(&[u8]) -> io::Result<()>) -> Option<io::Result<()>> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(file) = &self.file {
            return Some(file.content().and_then(|content| content.for_each_chunk(f)));
        }
        (!self.is_counted).then(|| self.held.iter().try_for_each(|chunk| f(chunk)))
    }

    /// How many of them are in memory.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn holds(&self) -> u64 {
        self.held.iter().map(|chunk| chunk.len() as u64).sum()
    }

    fn rest(&mut self) {
        self.held.drain(..).for_each(|chunk| self.chunks.put(chunk));
    }
}

impl Drop for Deflated {
    fn drop(&mut self) {
        self.rest();
    }
}
