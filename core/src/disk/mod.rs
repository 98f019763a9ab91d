//! All calls that change files and folders at a destination, and what of them outlasts a loss of power.
//!
//! A path is given as a base, which the user has named and which may lead through links, and what is within it, where no link is
//! followed: whoever can write there cannot have a conversion write elsewhere. Files are made exclusively, never opened to be
//! emptied. `clippy.toml` bans the calls of `std` elsewhere.
#![allow(clippy::disallowed_methods, reason = "here and nowhere else")]

#[cfg(not(target_family = "wasm"))]
mod file;
#[cfg(not(any(unix, target_family = "wasm")))]
mod others;
#[cfg(test)]
pub(crate) mod recorded;
#[cfg(unix)]
mod unix;
#[cfg(not(target_family = "wasm"))]
mod unsynced;
#[cfg(not(target_family = "wasm"))]
mod work;

use crate::word::words;
#[cfg(not(target_family = "wasm"))]
pub(crate) use {
    file::File,
    work::{At, Disk, link_in},
};

words! {
    /// When what was written is made to outlast a loss of power. It costs time, and changes nothing that is written.
    #[derive(Default)]
    pub enum Fsync: "a time to sync" {
        /// Never: the operating system decides.
        None = "none",
        /// At the end, before the report gets its name, and before an archive or a file of many items gets its own.
        End = "end",
        /// Each 1,000 files as well, so that less is written again after a loss of power.
        #[default]
        Batch = "batch",
    }
}

words! {
    /// Who may read the files and folders that are made.
    #[derive(Default)]
    pub enum Mode: "a way to set permissions" {
        /// Their owner alone: files 0600, folders 0700.
        #[default]
        Private = "private",
        /// Whoever the umask of the process lets.
        Umask = "umask",
    }
}

#[cfg(not(target_family = "wasm"))]
impl Mode {
    const fn of_file(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Umask => 0o666,
        }
    }

    const fn of_folder(self) -> u32 {
        match self {
            Self::Private => 0o700,
            Self::Umask => 0o777,
        }
    }
}

#[cfg(not(any(unix, target_family = "wasm")))]
use others::sync_file;
#[cfg(unix)]
use unix::sync_file;

/// What stands under a name.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
    Other,
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;
