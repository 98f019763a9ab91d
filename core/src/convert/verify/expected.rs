use super::{VerifyReport, bag::Bag, remains::Remains};
use crate::{
    convert::{SyncLog, keys::Key, log_reader::RecordedLine},
    error::Result,
    model::AttachmentView,
    source::Content,
    write::Product,
};
use std::collections::{HashMap, HashSet};

/// What the logs say of every file, in some 100 octets each.
#[derive(Default)]
pub(in crate::convert) struct Expected {
    files: Vec<File>,
    /// Files of many items.
    collections: HashSet<Key>,
    /// Files of calendar objects and cards: a mailbox may have a name that ends like theirs.
    pim: HashSet<Key>,
    /// The names that parts of an archive have in the log.
    archives: HashSet<String>,
    /// The size and the digest of archives, by their names, as far as they are told.
    digests: HashMap<String, (u64, String)>,
    /// Whether some files are in no list.
    unlisted: bool,
    has_payload: bool,
    is_bag: bool,
    /// Files of others that stay.
    kept: HashSet<Key>,
    /// What is left of files of many items that are not as they were written, by their paths.
    remains: HashMap<Key, Remains>,
}

/// What is said of one file.
#[derive(Clone, Copy, Debug)]
pub(in crate::convert) struct File {
    path: Key,
    /// That of the digest in hexadecimal.
    pub(super) digest: Option<Key>,
    pub(super) size: Option<u64>,
    /// That of the attachments, where they are listed.
    pub(super) attachments: Option<Key>,
    /// Whether it is the manifest of a bag that says it.
    pub(super) by_manifest: bool,
    met: bool,
}

impl File {
    /// A file of which nothing is said but that it is there.
    fn at(path: Key) -> Self {
        Self { path, digest: None, size: None, attachments: None, by_manifest: false, met: false }
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

/// Whether a file of this name holds one message and nothing else.
fn is_one_message(path: &str) -> bool {
    path.ends_with(".eml") || path.contains(",S=")
}

impl Expected {
    /// Takes the names of the archives that are read, before any log.
    pub(super) fn name_archives(&mut self, names: impl Iterator<Item = String>) {
        self.archives.extend(names);
    }

    /// Reads the log of a sync, and its list of files.
    pub(in crate::convert) fn read(&mut self, log: &SyncLog, report: &mut VerifyReport) -> Result<()> {
        log.for_each_product(|product| {
            let path = self.key(product.path());
            match &product {
                Product::Collection { path: recorded, size, sha256, xxh3 } => {
                    // Lines are written before it is known to which part of a split archive the file of their items goes.
                    self.collections.extend(recorded.split_once('!').map(|(_, entry)| self.key(entry)));
                    self.collections.insert(path);
                    let digest = sha256.as_deref().or(xxh3.as_deref()).map(digest_key);
                    self.files.push(File { digest, size: Some(*size), ..File::at(path) });
                }
                // The syncs behind this one write it anew, and undoing them leaves it as it is.
                Product::Index { .. } => self.files.push(File::at(path)),
                // Of others, and told: it is as it should be whatever is in it.
                Product::Kept { path, .. } => drop(self.kept.insert(self.key(path))),
                Product::Archive { path, size, xxh3: Some(xxh3), .. } => {
                    self.digests.insert(path.clone(), (*size, xxh3.clone()));
                }
                Product::Folder { .. } | Product::Mailbox { .. } | Product::Archive { .. } => {}
            }
            Ok(())
        })?;
        self.unlisted |= !log.lists_files();
        log.for_each_line(|line, _| {
            if !line.is_migrated() {
                return Ok(());
            }
            report.items += 1;
            report.without_proof |= line.sha256.is_none();
            for recorded in line.paths() {
                let path = self.key(recorded);
                if line.kind != "mail" {
                    self.pim.insert(path);
                }
                self.has_payload |= recorded.split('/').take(2).any(|segment| segment == "data");
                if !log.lists_files() && !is_one_message(recorded) {
                    if self.collections.insert(path) {
                        self.files.push(File::at(path));
                    }
                } else if !self.collections.contains(&path) {
                    let digest = line.digest().map(digest_key);
                    let attachments = line.attachments.as_deref().map(attachments_key);
                    self.files.push(File { digest, size: line.size, attachments, ..File::at(path) });
                }
            }
            Ok(())
        })
    }

    /// How many archives are read.
    pub(super) fn archives(&self) -> usize {
        self.archives.len()
    }

    /// The size and the digest that an archive should have; one alone may have got another name since.
    pub(super) fn digest_of_archive(&self, name: &str) -> Option<&(u64, String)> {
        let only = || self.digests.values().next().filter(|_| self.digests.len() == 1 && self.archives.len() == 1);
        self.digests.get(name).or_else(only)
    }

    /// Whether there may be a bag around the files.
    pub(super) fn has_payload(&self) -> bool {
        self.has_payload
    }

    /// Reads the manifests of a bag.
    pub(super) fn read_bag(&mut self, bag: &Bag) -> Result<()> {
        bag.for_each_line(|path, sha256| {
            let path = self.key(path);
            self.files.push(File { digest: Some(digest_key(sha256)), by_manifest: true, ..File::at(path) });
            Ok(())
        })?;
        if self.unlisted {
            self.files.push(File::at(self.key(&bag.tag_manifest())));
        }
        self.is_bag = true;
        Ok(())
    }

    /// The key of a file as it is logged: parts of an archive have their own name before it.
    fn key(&self, recorded: &str) -> Key {
        match recorded.split_once('!') {
            Some((archive, entry)) if self.archives.contains(archive) => entry_key(archive, entry),
            _ => entry_key("", recorded),
        }
    }

    /// Whether a file of others stands there, which was told.
    pub(super) fn is_kept(&self, path: &str) -> bool {
        !self.kept.is_empty() && self.kept.contains(&self.key(path))
    }

    /// Whether a file of which nothing is said may be there: what is known of others is not all.
    pub(super) fn passes(&self, path: &str) -> bool {
        self.unlisted && !self.is_bag && !is_one_message(path)
    }

    pub(in crate::convert) fn sort(&mut self) {
        self.files.sort_by_key(|file| file.path);
    }

    /// Whether anything is said of a file that stands by itself.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn knows(&mut self, path: &str) -> bool {
        self.is_kept(path) || !self.all(entry_key("", path)).is_empty()
    }

    /// What is said of a file that was met; several, where a later sync has written it again, or a manifest names it too.
    pub(super) fn meet(&mut self, archive: Option<&str>, path: &str) -> Vec<File> {
        let in_part = archive.map(|archive| entry_key(archive, path)).filter(|key| !self.all(*key).is_empty());
        let files = self.all(in_part.unwrap_or_else(|| entry_key("", path)));
        files.iter_mut().for_each(|file| file.met = true);
        files.to_vec()
    }

    /// Whether a file that was met has to be in a manifest and is not.
    pub(super) fn is_unmanifested(&self, files: &[File], path: &str) -> bool {
        let is_payload = || path.split('/').take(2).any(|segment| segment == "data");
        self.is_bag && is_payload() && !files.iter().any(|file| file.by_manifest)
    }

    /// Whether a file holds calendar objects or cards.
    pub(super) fn is_pim(&self, archive: Option<&str>, path: &str) -> bool {
        [Some(""), archive].into_iter().flatten().any(|archive| self.pim.contains(&entry_key(archive, path)))
    }

    /// Looks for the items of a file that is not as it was written, where it is one of many.
    pub(super) fn look_into(&mut self, path: &str, content: &Content) {
        let key = entry_key("", path);
        if self.collections.contains(&key) {
            self.remains.insert(key, Remains::read(path, content));
        }
    }

    /// Whether the item of a line is not found any more in the file of many that it was written to.
    pub(super) fn is_lost(&self, line: &RecordedLine<'_>, recorded: &str) -> bool {
        let path = recorded.split_once('!').filter(|(archive, _)| self.archives.contains(*archive));
        let path = path.map_or(recorded, |(_, path)| path);
        self.remains.get(&entry_key("", path)).is_some_and(|remains| !remains.has(line, path))
    }

    /// Whether what was logged under this path is in a file of many items.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn is_collection(&self, recorded: &str) -> bool {
        self.collections.contains(&self.key(recorded))
    }

    /// Whether nobody has met what was logged under this path.
    pub(super) fn is_missing(&mut self, recorded: &str) -> bool {
        self.all(self.key(recorded)).iter().any(|file| !file.met && !file.by_manifest)
    }

    /// Whether nobody has met what only a manifest names.
    pub(super) fn is_missing_in_bag(&mut self, path: &str) -> bool {
        let files = self.all(self.key(path));
        files.iter().all(|file| file.by_manifest) && files.iter().any(|file| !file.met)
    }

    fn all(&mut self, path: Key) -> &mut [File] {
        let first = self.files.partition_point(|file| file.path < path);
        let count = self.files.get(first..).unwrap_or_default().iter().take_while(|file| file.path == path).count();
        self.files.get_mut(first..first + count).unwrap_or_default()
    }
}
