//! What the files of an archive are put in.

#[cfg(not(target_family = "wasm"))]
mod directory;
mod zip;

#[cfg(not(target_family = "wasm"))]
pub(crate) use directory::Directory;
#[cfg(not(target_family = "wasm"))]
pub(crate) use zip::ZipFiles;
pub(crate) use zip::{Stream, Zip};

use super::{Rendered, ZipLevel};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
};
use std::io;

/// Holds files and folders under relative paths, parted by `/`, every segment of which is safe and unlike all others.
pub(crate) trait Container: Send {
    /// How entries are compressed, where it is a ZIP archive.
    fn zip_level(&self) -> Option<ZipLevel> {
        None
    }

    /// Adds a file and gives its path as the item log has it.
    ///
    /// # Errors
    /// Not fatal when only this file cannot be added; nothing of it is left then.
    fn entry(&mut self, path: &str, modified: Option<DateTime>, rendered: &Rendered) -> Result<String>;

    /// Adds a folder with nothing in it.
    ///
    /// # Errors
    /// When the destination refuses.
    fn add_folder(&mut self, path: &str) -> Result<()>;

    /// Completes the container; nothing is added after.
    ///
    /// # Errors
    /// When the destination refuses.
    fn finish(&mut self) -> Result<()>;
}

/// Which side stopped the octets of an item on their way.
enum Stopped {
    Source(io::Error),
    Destination(io::Error),
}

/// Moves `rendered`, deflated if that is asked for, to `write`, and makes sure that it is as long as it was.
fn copy(
    rendered: &Rendered,
    deflated: bool,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> std::result::Result<(), Stopped> {
    let mut refusal = None;
    let mut copied = 0;
    let sink = |octets: &[u8]| {
        copied += octets.len() as u64;
        write(octets).map_err(|error| {
            let kind = error.kind();
            refusal = Some(error);
            kind.into()
        })
    };
    let (outcome, expected) = match rendered.deflated_size().filter(|_| deflated) {
        Some(size) => (rendered.for_each_deflated_chunk(sink), size),
        None => (rendered.for_each_chunk(sink), rendered.size()),
    };
    match (refusal, outcome) {
        (Some(error), _) => Err(Stopped::Destination(error)),
        (None, Err(error)) => Err(Stopped::Source(error)),
        (None, Ok(())) if copied != expected => {
            Err(Stopped::Source(io::Error::other("the source changed while it was read")))
        }
        (None, Ok(())) => Ok(()),
    }
}

/// The error for a destination that refused: fatal, and it says what to do.
fn refused(error: io::Error, path: &str) -> Error {
    let message = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space and convert again to a new destination"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "cannot be written: choose a destination that you may write to"
        }
        io::ErrorKind::FileTooLarge => "grew larger than its file system takes: split the archive",
        _ => "cannot be written",
    };
    Error::new(ErrorKind::Destination, message).because(error).in_file(path)
}
