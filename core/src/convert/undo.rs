use super::{
    Report, SyncLog,
    sync::{FILES, GONE, ITEM_LOG, Lock, REPORT, RunNote, SyncPaths, Syncs, TABLE, beside, clear, forget, refused},
    verify::{
        Difference, Expected, VerifyReport, archives, check_file, go_on, logged_syncs, places, verification_of, walk,
    },
};
use crate::{
    disk::{At, Disk, File, link_in},
    error::{Error, ErrorKind, Result},
    limits::Stop,
    source::{Content, FileSource, Stoppable},
    write::{Product, UNFINISHED, file_digests},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What [`undo`] did.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UndoReport {
    /// The syncs that were undone, the last first.
    pub syncs: Vec<u32>,
    /// Files that were removed.
    pub removed: u64,
    /// Files that were gone already.
    pub missing: u64,
    /// Files that stay, because their octets are not those that were written.
    pub kept: u64,
    /// Whether files were compared by their size and first 64 KiB only, because no SHA-256 was requested.
    pub without_proof: bool,
    /// The list of what was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<PathBuf>,
}

/// A line of the list of what was removed.
#[derive(Serialize)]
struct Undone<'a> {
    sync: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    done: &'static str,
}

/// Removes what the syncs from `since` on have written at `destination`: only files whose octets are still those that were
/// written, the folders that are empty then, and the logs and reports of those syncs. A ZIP or tar archive is one file, which
/// stays if anything in it is not as its log says; so is an mbox, a calendar, an address book. A run that was cut off is a sync
/// too; the file that it wrote last may be one that no log names yet: that is told, and stays.
///
/// What becomes of each item is written to a list next to the destination, `DEST.undo001.jsonl`; each file that stays goes to
/// `kept`. With `dry` nothing is removed or written.
///
/// # Errors
/// [`ErrorKind::Options`] when there is no such sync, [`ErrorKind::Destination`] when a conversion is under way, or something
/// cannot be removed, [`ErrorKind::Cancelled`] when `stop` asks for it: then what is left can be undone again.
pub fn undo(
    destination: &Path,
    since: u32,
    dry: bool,
    stop: &Stop,
    kept: &mut dyn FnMut(&Difference),
) -> Result<UndoReport> {
    let (lock, note, _) = Lock::take(destination, &Disk::default())?;
    let Syncs(complete) = Syncs::at(destination)?;
    let mut syncs = logged_syncs(destination)?;
    if note.as_ref().is_some_and(|note| note.sync as usize == syncs.len() + 1) {
        // It was cut off before it had written a line.
        syncs.push(syncs.last().map_or_else(|| SyncPaths::new(destination, 1), SyncPaths::next));
    }
    if since == 0 || syncs.len() < since as usize {
        let message = match syncs.len() {
            0 => "has no item log next to it, so there is nothing to undo: name the destination of a conversion"
                .to_owned(),
            last => format!("sync {since} not found: it has syncs 1 to {last}"),
        };
        return Err(Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy()));
    }
    let mut report = UndoReport::default();
    let mut undoing = Undoing {
        destination,
        root: PathBuf::new(),
        dry,
        stop,
        list: None,
        report: &mut report,
        kept,
        folders: BTreeSet::new(),
        indices: BTreeMap::new(),
    };
    for place in places(&syncs).collect::<Vec<_>>().into_iter().rev() {
        let (stay, undone) = place.split_at(place.partition_point(|paths| paths.number() < since));
        let (Some(first), Some(last)) = (undone.first(), undone.last()) else { continue };
        undoing.root = first.root();
        let is_complete = complete.iter().any(|(paths, _)| paths.number() == last.number());
        let cut_off = note.as_ref().map_or(!is_complete, |note| note.sync == last.number());
        if cut_off && !dry {
            clear(last, &Disk::default())?;
        }
        undone.iter().rev().try_for_each(|paths| undoing.undo(paths))?;
        // The folders of syncs that stay are theirs, empty or not.
        let mut theirs = HashSet::new();
        for paths in stay {
            SyncLog::at(paths)?.for_each_product(|product| {
                match product {
                    Product::Folder { path, .. } | Product::Index { path, .. } => drop(theirs.insert(path)),
                    Product::Mailbox { path, .. } => theirs.extend(mailbox_folders(&path)),
                    Product::Collection { .. } | Product::Archive { .. } | Product::Kept { .. } => {}
                }
                Ok(())
            })?;
        }
        undoing.remove_indices(&theirs)?;
        if first.is_store() {
            undoing.remove_folders(&theirs, false);
        }
        if first.is_archive() {
            continue;
        }
        let folder_made = stay.is_empty() && folder_made(first, note.as_ref(), &complete);
        if cut_off {
            undoing.look_around(place, folder_made)?;
        }
        undoing.remove_folders(&theirs, folder_made);
    }
    if let Some(list) = &mut undoing.list {
        list.flush().map_err(|error| refused(error, destination))?;
    }
    drop(undoing.list.take());
    if dry {
        return Ok(report);
    }
    for paths in syncs.iter().rev().take_while(|paths| paths.number() >= since) {
        if since == 1 {
            // All runs of a destination have the same, and nobody goes on now.
            let report = complete.iter().find(|(other, _)| other.number() == paths.number());
            let note = note.as_ref().and_then(|note| note.options.as_ref());
            forget(destination, report.map_or(note, |(_, report)| report.options.as_ref()))?;
        }
        // The log comes last: as long as it is there, this can be done again.
        for suffix in [TABLE, GONE, FILES, REPORT, ITEM_LOG] {
            remove(At::beside(&paths.unfinished_beside(suffix)))?;
            remove(At::beside(&paths.beside(suffix)))?;
        }
    }
    if since == 1 {
        super::split::forget(destination, &Disk::default())?;
    }
    lock.complete();
    Ok(report)
}

/// Whether the folder that a sync was written to was made by it.
fn folder_made(paths: &SyncPaths, note: Option<&RunNote>, complete: &[(SyncPaths, Report)]) -> bool {
    match note.filter(|note| note.sync == paths.number()) {
        Some(note) => note.folder_made,
        None => {
            let report = complete.iter().find(|(other, _)| other.number() == paths.number());
            match report {
                Some((_, report)) => report.sync.as_ref().is_some_and(|sync| sync.folder_made),
                // Its note and its report are lost; the first sync is not begun in a folder with anything in it.
                None => paths.number() == 1,
            }
        }
    }
}

/// Whether a file has such a name only until it is complete.
fn is_unfinished(folder: &str, name: &str) -> bool {
    let in_tmp = folder == "tmp" || folder.ends_with("/tmp");
    name == UNFINISHED || (in_tmp && name.ends_with(".mailferry"))
}

/// Removes a file; `false` where there was none.
fn remove(at: At<'_>) -> Result<bool> {
    match Disk::default().remove(at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if link_in(&error).is_some() => Err(refused(error, &at.path())),
        Err(error) => {
            let path = at.path();
            Err(Error::new(ErrorKind::Destination, "cannot be removed").because(error).in_file(path.to_string_lossy()))
        }
    }
}

struct Undoing<'u> {
    destination: &'u Path,
    /// The folder that the paths of the sync in hand start from.
    root: PathBuf,
    dry: bool,
    stop: &'u Stop,
    list: Option<BufWriter<File>>,
    report: &'u mut UndoReport,
    kept: &'u mut dyn FnMut(&Difference),
    /// Folders that something was removed from, or that were made.
    folders: BTreeSet<String>,
    /// Files that every sync writes anew, and the digests that they had.
    indices: BTreeMap<String, Vec<String>>,
}

/// The folders that a directory of a Maildir is made of, itself among them.
fn mailbox_folders(path: &str) -> Vec<String> {
    let below = |folder: &str| if path.is_empty() { folder.to_owned() } else { format!("{path}/{folder}") };
    vec![path.to_owned(), below("cur"), below("new"), below("tmp")]
}

impl Undoing<'_> {
    fn undo(&mut self, paths: &SyncPaths) -> Result<()> {
        self.report.syncs.push(paths.number());
        let mut expected = Expected::default();
        let mut facts = VerifyReport::default();
        let log = SyncLog::at(paths)?;
        expected.read(&log, &mut facts)?;
        expected.sort();
        self.report.without_proof |= facts.without_proof;
        let archive = match paths.is_archive() && !paths.is_store() {
            true => Some(self.remove_archive(paths, &log)?),
            false => None,
        };
        log.for_each_line(|line, _| {
            if !line.is_migrated() {
                return Ok(());
            }
            for path in line.paths() {
                let done = match archive {
                    Some(done) => done,
                    // What is in a file with others goes with that.
                    None if expected.is_collection(path) => "with_its_file",
                    None => self.remove_file(path, &mut expected)?,
                };
                let (id, folder, subject) = (Some(&*line.id), Some(&*line.folder), line.subject.as_deref());
                self.tell(&Undone { sync: paths.number(), id, folder, subject, path, digest: line.digest(), done })?;
            }
            Ok(())
        })?;
        log.for_each_product(|product| {
            match &product {
                Product::Folder { path, .. } => drop(self.folders.insert(path.clone())),
                Product::Mailbox { path, .. } => self.folders.extend(mailbox_folders(path)),
                Product::Index { path, digest } if archive.is_none() => {
                    self.indices.entry(path.clone()).or_default().push(digest.clone());
                }
                Product::Collection { path, sha256, xxh3, .. } if archive.is_none() => {
                    let done = self.remove_file(path, &mut expected)?;
                    let digest = sha256.as_deref().or(xxh3.as_deref());
                    let (id, folder, subject) = (None, None, None);
                    self.tell(&Undone { sync: paths.number(), id, folder, subject, path, digest, done })?;
                }
                Product::Index { .. } | Product::Collection { .. } | Product::Archive { .. } | Product::Kept { .. } => {
                }
            }
            Ok(())
        })
    }

    /// Removes the archive of a sync if all of it is as its log says.
    fn remove_archive(&mut self, paths: &SyncPaths, log: &SyncLog) -> Result<&'static str> {
        let archives = archives(paths)?;
        if archives.is_empty() {
            // A sync that found nothing new left no archive.
            let mut wrote = false;
            log.for_each_line(|line, _| {
                wrote |= line.is_migrated();
                Ok(())
            })?;
            self.report.missing += u64::from(wrote);
            return Ok("missing");
        }
        let mut first = None;
        let mut verification = verification_of(paths, vec![log.clone()], self.stop)?;
        let mut keep = |difference: &Difference| {
            first.get_or_insert_with(|| difference.clone());
        };
        while verification.step(&mut keep)? {}
        // A run that was cut off has named what it did not complete, so that what is missing is no reason to keep the rest.
        verification.changed_around().iter().for_each(keep);
        if let Some(Difference { what, detail, .. }) = first {
            self.report.kept += archives.len() as u64;
            for archive in archives {
                let detail = format!("kept, because something in it was changed since it was written: {what} {detail}");
                (self.kept)(&Difference::new("changed", archive.to_string_lossy(), detail));
            }
            return Ok("kept");
        }
        for archive in archives {
            self.report.removed += 1;
            if !self.dry {
                remove(At::beside(&archive))?;
            }
        }
        Ok("removed")
    }

    /// The first link among the folders around a file.
    fn linked(&self, path: &str) -> Option<PathBuf> {
        let ends = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        let folders = ends.map(|folder| self.root.join(folder));
        folders.into_iter().find(|folder| fs::symlink_metadata(folder).is_ok_and(|found| found.is_symlink()))
    }

    fn remove_file(&mut self, path: &str, expected: &mut Expected) -> Result<&'static str> {
        let file = self.root.join(path);
        let mut folder = path;
        while let Some((around, _)) = folder.rsplit_once('/') {
            if !self.folders.insert(around.to_owned()) {
                break;
            }
            folder = around;
        }
        if let Some(link) = self.linked(path) {
            self.report.kept += 1;
            let detail = format!("kept, because the symbolic link {} leads to it", link.display());
            (self.kept)(&Difference::new("changed", path, detail));
            return Ok("kept");
        }
        let source = match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.report.missing += 1;
                return Ok("missing");
            }
            _ => FileSource::open(&file),
        };
        let mut difference = None;
        match source {
            Ok(source) => {
                let source = Stoppable::over(Arc::new(source), self.stop);
                check_file(path, source, expected, &mut VerifyReport::default(), &mut |found| {
                    // That its octets are no good message is no reason to keep them.
                    if found.kind == "changed" {
                        difference = Some(found);
                    }
                });
            }
            Err(error) => difference = Some(Difference::new("unreadable", path, error.to_string())),
        }
        go_on(self.stop)?;
        if let Some(difference) = difference {
            self.report.kept += 1;
            (self.kept)(&difference);
            return Ok("kept");
        }
        self.report.removed += 1;
        if !self.dry {
            remove(At::new(&self.root, path))?;
        }
        Ok("removed")
    }

    /// Removes files that no sync that stays has written, if they are as one of those that were undone wrote them.
    fn remove_indices(&mut self, theirs: &HashSet<String>) -> Result<()> {
        for (path, digests) in std::mem::take(&mut self.indices) {
            let file = self.root.join(&path);
            if theirs.contains(&path) || fs::symlink_metadata(&file).is_err() {
                continue;
            }
            let found = FileSource::open(&file)
                .and_then(|source| Ok(file_digests(&Content::from(Stoppable::over(Arc::new(source), self.stop)))?));
            go_on(self.stop)?;
            if found.is_ok_and(|found| found.iter().any(|digest| digests.contains(digest))) {
                self.report.removed += 1;
                if !self.dry {
                    remove(At::new(&self.root, &path))?;
                }
            } else {
                self.report.kept += 1;
                (self.kept)(&Difference::new("changed", path, "was changed since it was written"));
            }
        }
        Ok(())
    }

    /// Looks for what a run that was cut off had not completed, and tells of files that no log names: the last one that it
    /// wrote may have no line yet. Where the folder is its own, so are the folders in it.
    fn look_around(&mut self, place: &[SyncPaths], folder_made: bool) -> Result<()> {
        let mut expected = Expected::default();
        for paths in place {
            expected.read(&SyncLog::at(paths)?, &mut VerifyReport::default())?;
        }
        expected.sort();
        let root = self.root.clone();
        walk(&root, &mut |path, kind| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            if kind.is_dir() {
                if folder_made {
                    self.folders.insert(path.to_owned());
                }
            } else if is_unfinished(folder, name) {
                self.folders.insert(folder.to_owned());
                if !self.dry {
                    remove(At::new(&root, path))?;
                }
            } else if !expected.knows(path) {
                self.report.kept += 1;
                let detail = "kept, because no log lists it; it may be the last file that the interrupted run wrote";
                (self.kept)(&Difference::new("unknown_file", path, detail));
            }
            Ok(())
        })
    }

    fn tell(&mut self, undone: &Undone<'_>) -> Result<()> {
        if self.dry {
            return Ok(());
        }
        if self.list.is_none() {
            let paths = (1_u32..).map(|number| beside(self.destination, &format!(".undo{number:03}.jsonl")));
            for path in paths {
                match Disk::default().create(At::beside(&path)) {
                    Ok(file) => {
                        self.list = Some(BufWriter::new(file));
                        self.report.list = Some(path);
                        break;
                    }
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(refused(error, &path)),
                }
            }
        }
        let Some(list) = &mut self.list else { return Ok(()) };
        let written = serde_json::to_writer(&mut *list, undone).map_err(io::Error::from);
        written.and_then(|()| list.write_all(b"\n")).map_err(|error| refused(error, self.destination))
    }

    /// Removes folders that are empty now, those within others first.
    fn remove_folders(&mut self, theirs: &HashSet<String>, root: bool) {
        let folders = std::mem::take(&mut self.folders);
        if self.dry {
            return;
        }
        let disk = Disk::default();
        for folder in folders.iter().rev().filter(|folder| !folder.is_empty() && !theirs.contains(*folder)) {
            // What a run that was cut off had not completed.
            let _none = disk.remove(At::new(&self.root, &Path::new(folder).join(UNFINISHED)));
            let _not_empty = disk.remove_folder(At::new(&self.root, folder));
        }
        if root {
            let _none = disk.remove(At::new(&self.root, UNFINISHED));
            let _not_empty = disk.remove_folder(At::beside(&self.root));
        }
    }
}
