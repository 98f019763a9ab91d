use crate::source::ReadAt;
use std::{
    io,
    ops::Range,
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
pub(super) struct Resting(Arc<Mutex<Rested>>);

#[derive(Default)]
struct Rested {
    small: Vec<Vec<u8>>,
    /// The large one, while nobody has it.
    large: Option<Vec<u8>>,
    /// Whether the large one is in use.
    large_is_out: bool,
}

/// A buffer with more octets is large.
const SMALL: usize = 512 << 10;

/// Address space of a large buffer, of which only what is read into takes memory: glibc gives as much back to the system as
/// soon as it is freed, where it would keep less (`M_MMAP_THRESHOLD` in mallopt(3)).
const LARGE_ROOM: usize = if cfg!(target_family = "wasm") { 0 } else { 33 << 20 };

impl Resting {
    /// A buffer with `len` octets at least, one that rests or a new one, which starts with `kept`.
    pub(super) fn take(&self, kept: &[u8], len: usize) -> Buffer {
        let mut rested = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rested.large_is_out |= len > SMALL;
        let found = if len > SMALL { rested.large.take() } else { rested.small.pop() };
        drop(rested);
        let mut octets = found.unwrap_or_default();
        if len > SMALL && octets.is_empty() {
            octets.reserve_exact(LARGE_ROOM);
        }
        lengthen(&mut octets, len);
        octets.iter_mut().zip(kept).for_each(|(to, from)| *to = *from);
        Buffer { octets, resting: self.clone() }
    }

    fn put(&self, octets: Vec<u8>) {
        let mut rested = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if octets.len() <= SMALL {
            rested.small.push(octets);
        } else {
            rested.large = Some(octets);
            rested.large_is_out = false;
        }
    }

    /// Whether a buffer of `len` octets may be taken: there is to be one large buffer at a time, however many threads have
    /// messages in hand that lie in it.
    pub(super) fn has_room(&self, len: usize) -> bool {
        len <= SMALL || !self.0.lock().unwrap_or_else(PoisonError::into_inner).large_is_out
    }
}

impl Buffer {
    pub(super) fn is_large(&self) -> bool {
        self.octets.len() > SMALL
    }

    /// Moves the octets `kept` to the start and has at least `len` octets; `false` if another buffer serves better.
    pub(super) fn keep(&mut self, kept: Range<usize>, len: usize) -> bool {
        if self.is_large() != (len > SMALL) {
            return false;
        }
        self.octets.copy_within(kept, 0);
        lengthen(&mut self.octets, len);
        true
    }
}

/// Makes `octets` at least `len` long, and takes no more memory than that.
fn lengthen(octets: &mut Vec<u8>, len: usize) {
    if let Some(more) = len.checked_sub(octets.len()) {
        octets.reserve_exact(more);
        octets.resize(len, 0);
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
