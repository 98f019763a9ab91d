//! Octets to read: positioned, shareable, read-only.
//!
//! ```
//! use mailferry::source::{Content, ReadAt, Source};
//! use std::sync::Arc;
//!
//! let source: Source = Arc::new(b"From here to there".to_vec());
//! let content = Content::new(source, [5..9, 13..18]);
//! assert_eq!(content.to_vec(64)?, b"herethere");
//! # Ok::<(), mailferry::Error>(())
//! ```

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod checked;
mod content;
#[cfg(not(target_family = "wasm"))]
mod file;
mod inflated;
mod joined;
mod packed;
mod recent;
#[cfg(feature = "outlook")]
mod recoded;
#[cfg(feature = "outlook")]
mod shelf;
mod stoppable;
mod utf16;
#[cfg(feature = "outlook")]
mod watched;
mod window;

pub(crate) use checked::Checked;
pub use content::{Content, ContentReader};
#[cfg(not(target_family = "wasm"))]
pub use file::FileSource;
pub use inflated::Inflated;
pub(crate) use inflated::{expands_too_far, expansion_limit, is_gzip};
pub(crate) use packed::{Compression, SIGNATURE};
pub(crate) use recent::Recent;
#[cfg(feature = "outlook")]
pub(crate) use recoded::{Crlf, PIECE, Recode, Recoded};
#[cfg(feature = "outlook")]
pub(crate) use shelf::Shelf;
pub(crate) use stoppable::Stoppable;
pub use utf16::Utf16;
#[cfg(feature = "outlook")]
pub(crate) use watched::{Watched, is_damage};
pub(crate) use window::Window;

use crate::defect::Defect;
use std::{io, sync::Arc};

/// Positioned, shareable, read-only octets: the only I/O this crate does on input.
pub trait ReadAt: Send + Sync {
    /// The length in octets, as seen when the source was opened.
    fn len(&self) -> u64;

    /// Whether there are no octets at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads some octets from `offset` on into `buf` and gives their number, 0 only at the end or for an empty `buf`.
    ///
    /// # Errors
    /// What the operating system or the caller's own source says.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// All octets as one slice, for a source that is in memory.
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }

    /// What was found wrong with the octets since the last call, such as a checksum that does not match.
    fn take_defects(&self) -> Vec<Defect> {
        Vec::new()
    }

    /// Fills `buf` from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the source ends first: a file that was cut while it is read must not look finished.
    fn read_exact_at(&self, mut offset: u64, mut buf: &mut [u8]) -> io::Result<()> {
        while !buf.is_empty() {
            match self.read_at(offset, buf) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    offset = offset.saturating_add(n as u64);
                    buf = buf.get_mut(n..).unwrap_or_default();
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// A source shared by a reader and the items that point into it.
pub type Source = Arc<dyn ReadAt>;

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(from..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(n)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}
