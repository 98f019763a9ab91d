//! Where shares are written, and where they stand when they are done.

use crate::{
    convert::sync::{beside, refused},
    disk::{At, Disk},
    error::Result,
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// What the name of the folder of the splits appends to that of the destination.
pub const SPLITS: &str = ".splits";

/// The folder of what is being written.
const UNDER_WAY: &str = "_tmp";
/// The file that says that all is complete.
const SUCCESS: &str = "_SUCCESS";
/// The receipt in the folder of a share.
const RECEIPT: &str = "receipt.json";

/// The paths of the splits of one destination.
#[derive(Clone, Debug)]
pub(super) struct Places {
    destination: PathBuf,
    splits: PathBuf,
}

impl Places {
    pub(super) fn new(destination: &Path) -> Self {
        Self { destination: destination.to_owned(), splits: beside(destination, SPLITS) }
    }

    pub(super) fn destination(&self) -> &Path {
        &self.destination
    }

    /// The folder of all of it.
    pub(super) fn splits(&self) -> &Path {
        &self.splits
    }

    pub(super) fn under_way(&self) -> PathBuf {
        self.splits.join(UNDER_WAY)
    }

    /// The folder of an attempt at a share.
    pub(super) fn attempt(&self, id: &str, attempt: &str) -> PathBuf {
        self.under_way().join(format!("{id}.{attempt}"))
    }

    /// The folder of a share that is done.
    pub(super) fn done(&self, id: &str) -> PathBuf {
        self.splits.join(id)
    }

    pub(super) fn success(&self) -> PathBuf {
        self.splits.join(SUCCESS)
    }

    /// The end of the destination's name, if it is that of a ZIP archive.
    pub(super) fn is_zip(&self) -> bool {
        self.destination.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
    }

    /// What a share is written to, in its folder.
    pub(super) fn mail(&self, folder: &Path) -> PathBuf {
        folder.join(if self.is_zip() { "mail.zip" } else { "mail" })
    }

    /// The name that what share number `number` wrote has in the end.
    pub(super) fn part(&self, number: usize) -> String {
        if !self.is_zip() {
            return format!("part{number:05}");
        }
        let stem = self.destination.file_stem().unwrap_or_default().to_string_lossy();
        format!("{stem}.part{number:05}.zip")
    }

    /// Where that is.
    pub(super) fn place_of_part(&self, part: &str) -> PathBuf {
        if self.is_zip() { self.destination.with_file_name(part) } else { self.destination.join(part) }
    }
}

/// The receipt in the folder of a share.
pub(super) fn receipt_in(folder: &Path) -> PathBuf {
    folder.join(RECEIPT)
}

/// Removes what is known of the splits of a destination, once nothing of it stands.
///
/// # Errors
/// When it cannot be removed.
pub(in crate::convert) fn forget(destination: &Path, disk: &Disk) -> Result<()> {
    remove_folder(Places::new(destination).splits(), disk)
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_folder(folder: &Path, disk: &Disk) -> Result<()> {
    match disk.remove_tree(At::beside(folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(error, folder)),
        _ => Ok(()),
    }
}
