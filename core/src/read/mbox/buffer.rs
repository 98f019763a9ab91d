use crate::source::ReadAt;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// Octets that a window read, shared with the messages that lie in them.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) octets: Vec<u8>,
    resting: Resting,
}

/// Where buffers go when the last message that lies in them is gone, on whatever thread that is, and where the next window
/// finds one. Allocators keep for each thread what it frees; so the same few buffers serve for all of a source.
#[derive(Clone, Default)]
pub(super) struct Resting(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer with more octets rests only if no other does: one is enough for the large messages.
const SMALL: usize = 1 << 20;

impl Resting {
    /// A buffer that rests, or a new one.
    pub(super) fn take(&self) -> Buffer {
        let octets = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Buffer { octets, resting: self.clone() }
    }

    fn put(&self, octets: Vec<u8>) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if octets.len() <= SMALL || resting.is_empty() {
            resting.push(octets);
        }
    }
}

impl Buffer {
    /// Has at least `len` octets from now on.
    pub(super) fn grow(&mut self, len: usize) {
        if self.octets.len() < len {
            self.octets.resize(len, 0);
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.resting.put(std::mem::take(&mut self.octets));
    }
}

impl ReadAt for Buffer {
    fn len(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.octets.read_at(offset, buf)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(&self.octets)
    }
}
