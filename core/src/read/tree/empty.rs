//! The folders of an archive in which no item lies.

use super::{Notes, names};
use crate::model::Folder;
use std::{
    collections::{BTreeSet, HashSet},
    hash::Hasher as _,
};
use twox_hash::XxHash3_64;

/// Empty folders that are told.
pub(super) const MOST_EMPTY: usize = 10_000;

/// The directories that an archive has entries for, and those that hold something, in 8 octets each.
#[derive(Default)]
pub(in crate::read) struct EmptyFolders {
    entries: BTreeSet<Vec<String>>,
    used: HashSet<u64>,
}

impl EmptyFolders {
    /// Notes that the archive has an entry for the directory.
    pub(in crate::read) fn directory(&mut self, directories: Vec<String>) {
        if let Some((_, above)) = directories.split_last() {
            self.hold(above);
            if self.entries.len() < MOST_EMPTY {
                self.entries.insert(directories);
            }
        }
    }

    /// Notes that a file lies in these directories.
    pub(in crate::read) fn file(&mut self, directories: &[String], name: &str) {
        match Notes::is_of_folder(name) {
            true => self.directory(directories.to_vec()),
            false => self.hold(directories),
        }
    }

    /// Notes that these directories hold something, all of them.
    fn hold(&mut self, directories: &[String]) {
        let mut hasher = XxHash3_64::new();
        for directory in directories {
            hasher.write(directory.as_bytes());
            hasher.write_u8(b'/');
            self.used.insert(hasher.finish());
        }
    }

    fn is_used(&self, directories: &[String]) -> bool {
        let mut hasher = XxHash3_64::new();
        for directory in directories {
            hasher.write(directory.as_bytes());
            hasher.write_u8(b'/');
        }
        self.used.contains(&hasher.finish())
    }

    /// The folders in which no item lies, once each.
    pub(in crate::read) fn take(&mut self, notes: &Notes) -> Vec<Folder> {
        let entries = std::mem::take(&mut self.entries);
        let is_delivery = |name: &str| matches!(name, "cur" | "new");
        let mut folders = Vec::new();
        for directories in &entries {
            let Some((last, above)) = directories.split_last() else { continue };
            if is_delivery(last) {
                // A Maildir is told with the first of its two.
                let both =
                    ["cur", "new"].map(|name| above.iter().cloned().chain([name.to_owned()]).collect::<Vec<_>>());
                let first = both.iter().find(|directories| entries.contains(*directories));
                let is_empty = both.iter().all(|directories| !self.is_used(directories));
                let is_inbox = above.is_empty();
                if first == Some(directories) && is_empty && !is_inbox {
                    folders.push(names::of_maildir(above, notes));
                }
            } else if last != "tmp" && !self.is_used(directories) {
                folders.extend(notes.empty_folder(directories, false));
            }
        }
        folders
    }
}
