//! What stands at a destination of all that earlier syncs have written there.

use super::names::SyncPaths;
use crate::{
    convert::{
        SyncLog,
        keys::{Key, Keys},
        report::MOST_TOLD,
        verify::verification_of,
    },
    error::Result,
    limits::Stop,
    source::{Content, FileSource, Source},
    write::{ItemWriter, Product, Standing, file_digests},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use twox_hash::XxHash3_64;

/// Items that an earlier sync wrote and that do not stand any more as they were written.
#[derive(Default)]
pub(super) struct Damaged {
    pub(super) items: u64,
    /// The paths of the first of them.
    pub(super) first: Vec<String>,
    pub(super) keys: Keys,
}

/// Takes over what an earlier sync left, less what is not there any more as it was written: that is written again. With
/// `check`, all octets are compared, and else sizes.
pub(super) fn adopt(
    paths: &SyncPaths,
    check: Option<&Stop>,
    writer: &mut dyn ItemWriter,
    keys: &mut Keys,
    damaged: &mut Damaged,
) -> Result<()> {
    let takes_paths = writer.goes_on();
    let mut files = StandingFiles::of(paths, check)?;
    SyncLog::at(paths)?.for_each_product(|product| {
        if takes_paths {
            match &product {
                Product::Folder { names, path, files, shard } => {
                    writer.adopt(Standing::Folder { names, path, files: *files, shard });
                }
                Product::Mailbox { names, path, messages } => {
                    writer.adopt(Standing::Mailbox { names, path, messages: *messages });
                }
                Product::Index { .. } | Product::Archive { .. } => {}
                Product::Collection { path, .. } => {
                    if files.stands(path, None, None) {
                        writer.adopt(Standing::File(path));
                    }
                }
                Product::Kept { path, .. } => writer.adopt(Standing::File(path)),
            }
        }
        Ok(())
    })?;
    SyncLog::at(paths)?.for_each_line(|line, _| {
        if !line.is_migrated() {
            return Ok(());
        }
        let mut all = true;
        for path in line.paths() {
            if !files.stands(path, line.size, line.digest()) {
                all = false;
                if damaged.first.len() < MOST_TOLD {
                    damaged.first.push(path.to_owned());
                }
            } else if takes_paths {
                writer.adopt(Standing::File(path.split_once('!').map_or(path, |(_, entry)| entry)));
            }
        }
        if let Some(digest) = line.digest() {
            let key = Key::of_item(digest, line.folder_written());
            if all { keys.push(key) } else { damaged.keys.push(key) }
        }
        damaged.items += u64::from(!all);
        Ok(())
    })
}

/// The files of a sync, by what its log has of them.
pub(super) struct StandingFiles<'p> {
    paths: &'p SyncPaths,
    /// Files of many items, and archives: whether they stand as they were written, by their paths in the log. Lines were
    /// written before it was known to which part of an archive such a file goes, so that it is here under its own name too.
    shared: HashMap<String, bool>,
    /// What [`Verification`](crate::convert::Verification) found to be otherwise, of archives.
    otherwise: HashSet<Key>,
    names: MaildirNames,
    check: bool,
}

impl<'p> StandingFiles<'p> {
    pub(super) fn of(paths: &'p SyncPaths, check: Option<&Stop>) -> Result<Self> {
        let mut files = Self {
            paths,
            shared: HashMap::new(),
            otherwise: HashSet::new(),
            names: MaildirNames::default(),
            check: check.is_some(),
        };
        let is_archive = paths.is_archive() && !paths.is_store();
        if let Some(stop) = check.filter(|_| is_archive) {
            files.compare_archive(stop)?;
        }
        let mut archives = HashMap::new();
        let mut collections = Vec::new();
        SyncLog::at(paths)?.for_each_product(|product| {
            match product {
                Product::Archive { path, size, .. } => drop(archives.insert(path, size)),
                Product::Collection { path, size, sha256, xxh3 } => collections.push((path, size, sha256.or(xxh3))),
                _ => {}
            }
            Ok(())
        })?;
        if is_archive {
            let archive = paths.archive();
            let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Of archives of older versions only this is known: they are not empty.
            archives.entry(name).or_insert(u64::MAX);
            for (name, size) in archives {
                let stands = size_of(&archive.with_file_name(&name)).is_some_and(|len| match size {
                    u64::MAX => len > 0,
                    size => len == size,
                });
                files.shared.insert(name, stands);
            }
        }
        for (path, size, digest) in collections {
            let stands = match is_archive {
                true => files.archive_of(&path) && !files.otherwise.contains(&Key::of([path.as_bytes()])),
                false => files.is_whole(&paths.root().join(&path), size, digest.as_deref()),
            };
            if let Some((_, entry)) = path.split_once('!').filter(|(part, _)| paths.is_part(part)) {
                files.shared.insert(entry.to_owned(), stands);
            }
            files.shared.insert(path, stands);
        }
        Ok(files)
    }

    /// Notes what is not in the archive as it was written.
    fn compare_archive(&mut self, stop: &Stop) -> Result<()> {
        let Ok(mut verification) = verification_of(self.paths, vec![SyncLog::at(self.paths)?], stop) else {
            return Ok(());
        };
        let archive = self.paths.archive();
        let whole = format!("{}!", archive.file_name().unwrap_or_default().to_string_lossy());
        let mut otherwise = HashSet::new();
        let mut note = |difference: &crate::convert::Difference| {
            let what = difference.what.strip_prefix(&whole).unwrap_or(&difference.what);
            otherwise.insert(Key::of([what.as_bytes()]));
        };
        while verification.step(&mut note)? {}
        verification.finish(&mut note)?;
        self.otherwise = otherwise;
        Ok(())
    }

    /// Whether the archive that holds what was logged under `recorded` is as long as it was.
    fn archive_of(&self, recorded: &str) -> bool {
        let part = recorded.split_once('!').map(|(part, _)| part).filter(|part| self.paths.is_part(part));
        let archive = self.paths.archive();
        let name = part.map_or_else(|| archive.file_name().unwrap_or_default().to_string_lossy(), Into::into);
        match self.shared.get(&*name) {
            Some(stands) => *stands,
            None => size_of(&archive.with_file_name(&*name)).is_some_and(|len| len > 0),
        }
    }

    /// Whether a file has so many octets and, where octets are compared, this digest.
    fn is_whole(&self, file: &Path, size: u64, digest: Option<&str>) -> bool {
        size_of(file) == Some(size) && (!self.check || digest.is_none_or(|digest| has_digest(file, digest)))
    }

    /// Whether what was logged under this path, with this size and digest, is there as it was written.
    pub(super) fn stands(&mut self, recorded: &str, size: Option<u64>, digest: Option<&str>) -> bool {
        if let Some(stands) = self.shared.get(recorded) {
            return *stands;
        }
        if self.paths.is_archive() && !self.paths.is_store() {
            return self.archive_of(recorded) && !self.otherwise.contains(&Key::of([recorded.as_bytes()]));
        }
        let root = self.paths.root();
        let Some(size) = size else { return size_of(&root.join(recorded)).is_some() };
        match size_of(&root.join(recorded)) {
            Some(_) => self.is_whole(&root.join(recorded), size, digest),
            None => self.names.find(&root, recorded).is_some_and(|file| self.is_whole(&file, size, digest)),
        }
    }
}

fn size_of(file: &Path) -> Option<u64> {
    fs::symlink_metadata(file).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

fn has_digest(file: &Path, digest: &str) -> bool {
    let content = FileSource::open(file).map(|file| Content::from(Arc::new(file) as Source));
    content.is_ok_and(|content| file_digests(&content).is_ok_and(|found| found.iter().any(|found| found == digest)))
}

/// The messages of Maildirs whose flags may have changed since they were written: a mail program tells flags in their names.
#[derive(Default)]
struct MaildirNames(HashMap<String, HashMap<u64, Box<str>>>);

impl MaildirNames {
    /// Where the message that was written to this path is under another name, as far as it was in a Maildir.
    fn find(&mut self, root: &Path, recorded: &str) -> Option<PathBuf> {
        let (directory, name) = recorded.rsplit_once('/').unwrap_or(("", recorded));
        let (maildir, (unique, _)) = (in_maildir(directory)?, name.split_once(":2,")?);
        let names = self.0.entry(maildir.to_owned()).or_insert_with(|| {
            let mut names = HashMap::new();
            for part in ["cur", "new"] {
                let entries = fs::read_dir(root.join(maildir).join(part)).into_iter().flatten().flatten();
                for entry in entries {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    names.insert(unique_of(&name), format!("{part}/{name}").into());
                }
            }
            names
        });
        names.get(&unique_of(unique)).map(|name| root.join(maildir).join(&**name))
    }
}

/// The Maildir whose directory `cur` this is.
fn in_maildir(directory: &str) -> Option<&str> {
    if directory == "cur" { Some("") } else { directory.strip_suffix("/cur") }
}

/// What stays of a name whatever flags it tells.
fn unique_of(name: &str) -> u64 {
    XxHash3_64::oneshot(name.split(':').next().unwrap_or(name).as_bytes())
}
