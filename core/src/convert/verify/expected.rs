use super::VerifyReport;
use crate::{
    convert::sync::{FILES, ITEM_LOG, Key, SyncPaths, for_each_line, for_each_made},
    error::Result,
    model::AttachmentView,
    write::Made,
};
use std::collections::HashSet;

/// What the logs say of every file, in some 60 octets each.
#[derive(Default)]
pub(in crate::convert) struct Expected {
    files: Vec<File>,
    /// Files of many items.
    collections: HashSet<Key>,
}

/// What the logs say of one file.
#[derive(Clone, Copy)]
pub(in crate::convert) struct File {
    path: Key,
    /// That of the digest in hexadecimal.
    pub(super) digest: Option<Key>,
    pub(super) size: Option<u64>,
    /// That of the attachments, where they are listed.
    pub(super) attachments: Option<Key>,
    met: bool,
}

/// The key of a file: archives have their own name before it.
fn path_key(paths: &SyncPaths, logged: &str) -> Key {
    let (file, entry) = paths.locate(logged);
    match entry {
        None => Key::of([logged.as_bytes()]),
        Some(entry) => entry_key(&file.file_name().unwrap_or_default().to_string_lossy(), entry),
    }
}

fn entry_key(archive: &str, entry: &str) -> Key {
    Key::of([archive.as_bytes(), entry.as_bytes()])
}

/// The key of attachments as they are listed.
pub(super) fn attachments_key(views: &[AttachmentView]) -> Key {
    let parts: Vec<_> = views.iter().map(|view| format!("{:?} {} {}", view.name, view.size, view.sha256)).collect();
    Key::of(parts.iter().map(String::as_bytes))
}

pub(super) fn digest_key(digest: &str) -> Key {
    Key::of([digest.as_bytes()])
}

impl Expected {
    /// Reads the log of a sync, and its list of files.
    pub(in crate::convert) fn read(&mut self, paths: &SyncPaths, report: &mut VerifyReport) -> Result<()> {
        for_each_made(&paths.beside(FILES), |made| {
            if let Made::Collection { path, size, sha256, xxh3 } = &made {
                // Lines are written before it is known to which part of a split archive the file of their items goes.
                self.collections.extend(path.split_once('!').map(|(_, entry)| path_key(paths, entry)));
                let path = path_key(paths, path);
                self.collections.insert(path);
                let digest = sha256.as_deref().or(xxh3.as_deref()).map(digest_key);
                self.files.push(File { path, digest, size: Some(*size), attachments: None, met: false });
            } else if let Made::Index { path, .. } = &made {
                // The syncs behind this one write it anew, and undoing them leaves it as it is.
                let path = path_key(paths, path);
                self.files.push(File { path, digest: None, size: None, attachments: None, met: false });
            }
            Ok(())
        })?;
        for_each_line(&paths.beside(ITEM_LOG), |line, _| {
            if !line.is_migrated() {
                return Ok(());
            }
            report.items += 1;
            report.without_proof |= line.sha256.is_none();
            for path in line.paths() {
                let path = path_key(paths, path);
                if !self.collections.contains(&path) {
                    let digest = line.digest().map(digest_key);
                    let attachments = line.attachments.as_deref().map(attachments_key);
                    self.files.push(File { path, digest, size: line.size, attachments, met: false });
                }
            }
            Ok(())
        })
    }

    pub(in crate::convert) fn sort(&mut self) {
        self.files.sort_by_key(|file| file.path);
    }

    /// What is said of a file that was met; several, where a later sync has written it again.
    pub(super) fn meet(&mut self, archive: Option<&str>, path: &str) -> &[File] {
        let path = match archive {
            Some(archive) => entry_key(archive, path),
            None => Key::of([path.as_bytes()]),
        };
        let files = self.all(path);
        files.iter_mut().for_each(|file| file.met = true);
        files
    }

    /// Whether what was logged under this path is in a file of many items.
    pub(in crate::convert) fn is_collection(&self, paths: &SyncPaths, logged: &str) -> bool {
        self.collections.contains(&path_key(paths, logged))
    }

    /// Whether nobody has met what was logged under this path.
    pub(super) fn is_missing(&mut self, paths: &SyncPaths, logged: &str) -> bool {
        self.all(path_key(paths, logged)).iter().any(|file| !file.met)
    }

    fn all(&mut self, path: Key) -> &mut [File] {
        let first = self.files.partition_point(|file| file.path < path);
        let count = self.files.get(first..).unwrap_or_default().iter().take_while(|file| file.path == path).count();
        self.files.get_mut(first..first + count).unwrap_or_default()
    }
}
