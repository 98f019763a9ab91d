use super::{
    begun::{Begun, Lock},
    journal::{Replayed, SyncJournal},
    names::{ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, UNFINISHED, beside, refused, with_suffix},
    settings::{self, address_map, check_further, check_resumed},
};
use crate::{
    convert::{
        ConvertOptions, SyncLog,
        keys::{Key, Keys},
        report::{GoneItem, MOST_TOLD, Report, SyncReport},
    },
    error::{Error, ErrorKind, Result},
    read::Given,
    write::{self, Checksums, ItemWriter, KEPT, Made, Ours, Standing},
};
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::Path,
};
use twox_hash::XxHash3_64;

/// The complete syncs into a destination, in order.
pub(in crate::convert) struct Syncs(pub(in crate::convert) Vec<(SyncPaths, Report)>);

impl Syncs {
    /// Those that left a log and a report beside `destination`.
    ///
    /// # Errors
    /// [`ErrorKind::Destination`] when something else stands there under such a name.
    pub(in crate::convert) fn at(destination: &Path) -> Result<Self> {
        let mut syncs = Vec::new();
        for number in 1.. {
            let paths = SyncPaths::new(destination, number);
            let report = paths.beside(REPORT);
            if !is_there(&report) {
                break;
            }
            if !is_there(&paths.beside(ITEM_LOG)) {
                return Err(not_ours(&report));
            }
            let read = File::open(&report).ok().and_then(|file| {
                serde_json::from_reader::<_, Report>(BufReader::new(file)).ok().filter(|read| read.sync.is_some())
            });
            let read = read.ok_or_else(|| not_ours(&report))?;
            let form = read.sync.as_ref().and_then(|sync| sync.form.parse().ok()).unwrap_or_default();
            syncs.push((paths.in_form(form), read));
        }
        Ok(Self(syncs))
    }
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn not_ours(path: &Path) -> Error {
    let message = "is there already, and not from a conversion that can be continued: move it away, or choose another \
                   destination";
    Error::new(ErrorKind::Destination, message).in_file(path.to_string_lossy())
}

/// A run into a destination, with all that earlier ones left there.
pub(in crate::convert) struct Sync {
    paths: SyncPaths,
    lock: Lock,
    begun: Begun,
    octets: String,
    form: String,
    earlier: Vec<(SyncPaths, Report)>,
    journal: SyncJournal,
}

impl Sync {
    /// Begins a sync into `destination`, or the one again that was cut off there, and gives what its items go to. `given` are the
    /// options without what the target asks for.
    ///
    /// # Errors
    /// When it cannot start; then all is as it was before.
    pub(in crate::convert) fn begin(
        destination: &Path,
        sources: &[Given],
        given: &ConvertOptions,
        options: &ConvertOptions,
    ) -> Result<(Self, Box<dyn ItemWriter>)> {
        let (mut lock, cut_off, was_locked) = Lock::take(destination)?;
        let Syncs(earlier) = Syncs::at(destination)?;
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let paths = SyncPaths::new(destination, number).in_form(options.archive.form);
        let map = address_map(destination, options)?;
        let cut_off = cut_off.filter(|begun| begun.sync == number);
        match &cut_off {
            Some(begun) => check_resumed(destination, begun, sources, options)?,
            None => {
                for suffix in [ITEM_LOG, TABLE, FILES, GONE] {
                    let path = paths.beside(suffix);
                    if is_there(&path) {
                        return Err(not_ours(&path));
                    }
                }
                let kept = beside(destination, ADDRESS_MAP);
                if number == 1 && map.is_some() && is_there(&kept) {
                    return Err(not_ours(&kept));
                }
            }
        }
        if let Some((_, report)) = earlier.last() {
            check_further(destination, report, options)?;
        }
        if number > 1 && options.archive.checksums == Checksums::None {
            let message = "was written with --checksums none, so that nothing tells what has changed since: convert to \
                           another destination";
            return Err(Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy()));
        }
        let resumed = cut_off.is_some();
        let folder_made = cut_off
            .as_ref()
            .map_or_else(|| !paths.is_archive() && !is_there(&paths.archive()), |begun| begun.folder_made);
        if resumed || (was_locked && paths.is_archive()) {
            clear(&paths, resumed)?;
        }
        let ours = if !paths.is_archive() && (resumed || (number > 1 && options.archive.form.goes_on())) {
            let mut ours = Ours::default();
            let log = SyncLog::at(&paths)?;
            log.for_each_line(|line, _| {
                line.paths().for_each(|path| ours.add(path));
                Ok(())
            })?;
            log.for_each_made(|made| {
                ours.add(made.path());
                Ok(())
            })?;
            Some(ours)
        } else {
            None
        };
        let mut writer = write::reopen(&paths.archive(), options.archive.clone(), ours)?;
        let mut keys = Keys::default();
        for (paths, _) in &earlier {
            adopt(paths, &mut *writer, &mut keys)?;
        }
        keys.sort();
        let begun = Begun {
            sync: number,
            settings: settings::settings(sources, options),
            folder_made,
            options: Some(given.recorded(map.as_ref().map(|(kept, _)| kept))),
        };
        if !resumed {
            lock.begin(&begun)?;
        }
        if let Some((kept, octets)) = &map {
            settings::keep(destination, kept, octets)?;
        }
        let mut log = Replayed::new(paths.beside(ITEM_LOG), resumed)?;
        log.create()?;
        let files = Replayed::new(paths.beside(FILES), resumed)?;
        let journal =
            SyncJournal { sync: number, log, files, earlier: keys, written: Vec::new(), left_out: Vec::new() };
        let (octets, form) = (settings::octets(options), options.archive.form.to_string());
        Ok((Self { paths, lock, begun, octets, form, earlier, journal }, writer))
    }

    /// What the report keeps of the options.
    pub(in crate::convert) fn options(&self) -> Option<serde_json::Value> {
        self.begun.options.clone()
    }

    /// What the conversion tells its items to.
    pub(in crate::convert) fn journal(&mut self) -> &mut SyncJournal {
        &mut self.journal
    }

    /// Writes the report, with which the sync is complete.
    ///
    /// One that was stopped before it had come as far as the run that was cut off is left as it is, to be resumed.
    ///
    /// # Errors
    /// When something cannot be written.
    pub(in crate::convert) fn finish(mut self, report: &mut Report, table: bool) -> Result<()> {
        let stopped = report.cancelled || report.error.is_some();
        self.lock.make_room();
        report.sync = Some(SyncReport {
            number: self.begun.sync,
            settings: std::mem::take(&mut self.octets),
            folder_made: self.begun.folder_made,
            form: std::mem::take(&mut self.form),
            ..SyncReport::default()
        });
        if self.journal.log.is_behind() {
            if stopped {
                return Ok(());
            }
            let message = "has lines of items that its source no longer holds: undo that run with `mailferry undo`, and \
                           convert again";
            let log = self.journal.log.path().to_string_lossy();
            return Err(Error::new(ErrorKind::Destination, message).in_file(log));
        }
        if !stopped {
            self.tell_gone(report)?;
        }
        if table {
            write_whole(&self.paths.beside(TABLE), |file| report.write_csv(file))?;
        }
        write_whole(&self.paths.beside(REPORT), |file| {
            serde_json::to_writer_pretty(&mut *file, report)?;
            file.write_all(b"\n")
        })?;
        self.lock.complete();
        Ok(())
    }

    /// Lists what the destination holds and the sources of this run, all of them read to their ends, do not.
    fn tell_gone(&mut self, report: &mut Report) -> Result<()> {
        let Some(sync) = &mut report.sync else { return Ok(()) };
        let journal = &mut self.journal;
        if journal.earlier.are_all_taken() {
            return Ok(());
        }
        let read: HashSet<&str> =
            report.sources.iter().filter(|source| source.error.is_none()).map(|source| source.file.as_str()).collect();
        let mut newer = Keys::default();
        journal.written.drain(..).for_each(|key| newer.push(key));
        newer.sort();
        let mut left_out = Keys::default();
        journal.left_out.drain(..).for_each(|key| left_out.push(key));
        left_out.sort();
        let path = self.paths.beside(GONE);
        let mut list = None;
        for (paths, _) in self.earlier.iter().rev() {
            let collected = Collected::of(paths)?;
            let mut names = MaildirNames::default();
            let mut identities = Vec::new();
            SyncLog::at(paths)?.for_each_line(|line, octets| {
                if !line.is_migrated() {
                    return Ok(());
                }
                let identity = Key::of_identity(&line);
                if paths.number() > 1 {
                    identities.extend(identity);
                }
                let Some(digest) = line.digest() else { return Ok(()) };
                // The run has taken each as often as it met it; what is left is what it did not meet.
                if !read.contains(&*line.source.file)
                    || !journal.earlier.take(Key::of_item(digest, line.folder_written()))
                    || !line.paths().all(|path| collected.stands(paths, path) || names.has(&paths.archive(), path))
                {
                    return Ok(());
                }
                if identity.is_some_and(|key| newer.contains(key)) {
                    sync.changed += 1;
                    return Ok(());
                }
                if identity.is_some_and(|key| left_out.contains(key)) {
                    return Ok(());
                }
                sync.gone += 1;
                if sync.first_gone.len() < MOST_TOLD {
                    sync.first_gone.push(GoneItem {
                        sync: paths.number(),
                        id: line.id.to_string(),
                        folder: line.folder.to_string(),
                        subject: line.subject.clone(),
                        path: line.path.clone(),
                    });
                }
                let list = match &mut list {
                    Some(list) => list,
                    None => list.insert(BufWriter::new(File::create(&path).map_err(|error| refused(error, &path))?)),
                };
                list.write_all(octets).and_then(|()| list.write_all(b"\n")).map_err(|error| refused(error, &path))
            })?;
            let mut both = Keys::default();
            newer.into_iter().chain(identities).for_each(|key| both.push(key));
            both.sort();
            newer = both;
        }
        match list {
            Some(mut list) => list.flush().map_err(|error| refused(error, &path)),
            None => Ok(()),
        }
    }
}

/// Takes over what an earlier sync left, less what somebody has removed since.
fn adopt(paths: &SyncPaths, writer: &mut dyn ItemWriter, keys: &mut Keys) -> Result<()> {
    let takes_paths = writer.goes_on();
    let mut names = MaildirNames::default();
    let collected = Collected::of(paths)?;
    SyncLog::at(paths)?.for_each_made(|made| {
        if takes_paths {
            match &made {
                Made::Folder { names, path, files, shard } => {
                    writer.adopt(Standing::Folder { names, path, files: *files, shard });
                }
                Made::Mailbox { names, path, messages } => {
                    writer.adopt(Standing::Mailbox { names, path, messages: *messages });
                }
                Made::Index { .. } => {}
                Made::Collection { path, .. } => writer.adopt(Standing::File(path)),
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
            if !collected.stands(paths, path) && !names.has(&paths.archive(), path) {
                all = false;
            } else if takes_paths {
                writer.adopt(Standing::File(path.split_once('!').map_or(path, |(_, entry)| entry)));
            }
        }
        if all && let Some(digest) = line.digest() {
            keys.push(Key::of_item(digest, line.folder_written()));
        }
        Ok(())
    })
}

/// The part of a split archive that each file of many items went to, by its path there: when their lines were written, that was
/// not known yet.
struct Collected(HashMap<String, String>);

impl Collected {
    fn of(paths: &SyncPaths) -> Result<Self> {
        let mut parts = HashMap::new();
        SyncLog::at(paths)?.for_each_made(|made| {
            if let Made::Collection { path, .. } = made
                && let (part, Some(_)) = paths.locate(&path)
                && part != paths.archive()
                && let Some((part, entry)) = path.split_once('!')
            {
                parts.insert(entry.to_owned(), part.to_owned());
            }
            Ok(())
        })?;
        Ok(Self(parts))
    }

    /// Whether the file that holds what was logged under this path is there.
    fn stands(&self, paths: &SyncPaths, logged: &str) -> bool {
        let archive = match self.0.get(logged) {
            Some(part) => paths.archive().with_file_name(part),
            None => paths.locate(logged).0,
        };
        is_there(&archive)
    }
}

/// The messages of Maildirs whose flags may have changed since they were written: a mail program tells flags in their names.
#[derive(Default)]
struct MaildirNames(HashMap<String, HashSet<u64>>);

impl MaildirNames {
    /// Whether the message that was written to this path is there under another name, as far as it was in a Maildir.
    fn has(&mut self, root: &Path, logged: &str) -> bool {
        let (directory, name) = logged.rsplit_once('/').unwrap_or(("", logged));
        let (Some(maildir), Some((unique, _))) = (in_maildir(directory), name.split_once(":2,")) else { return false };
        let names = self.0.entry(maildir.to_owned()).or_insert_with(|| {
            let folders = ["cur", "new"].map(|folder| root.join(maildir).join(folder));
            let entries = folders.into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
            entries.map(|entry| unique_of(&entry.file_name().to_string_lossy())).collect()
        });
        names.contains(&unique_of(unique))
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

/// Removes what a run that was cut off has kept for the time being; where it is `resumed`, its archive too: that is begun again.
pub(in crate::convert) fn clear(paths: &SyncPaths, resumed: bool) -> Result<()> {
    let archive = paths.archive();
    if !paths.is_archive() {
        return clear_kept(&archive, KEPT);
    }
    let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    clear_kept(folder, &format!("{KEPT}{name}-"))?;
    clear_archive(paths, resumed)
}

/// Removes what is left of an archive. Nothing was there under these names when it was begun.
fn clear_archive(paths: &SyncPaths, resumed: bool) -> Result<()> {
    let archive = paths.archive();
    let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
    let mut names = vec![archive.clone()];
    for number in 1.. {
        let part = archive.with_file_name(format!("{stem}.part{number:03}.zip"));
        let is_last = !is_there(&part);
        names.push(part);
        if is_last {
            break;
        }
    }
    for name in names {
        let unfinished = [UNFINISHED, ".directory.unfinished"].map(|suffix| with_suffix(name.clone(), suffix));
        for path in unfinished.into_iter().chain(resumed.then_some(name)) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error, &path)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Removes folders for the time being whose names start like this and end in six letters or digits.
fn clear_kept(folder: &Path, prefix: &str) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|octet| octet.is_ascii_alphanumeric()));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(entry.path()).map_err(|error| refused(error, &entry.path()))?;
        }
    }
    Ok(())
}

/// Writes a file that has its name only when it is complete.
pub(in crate::convert) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    let unfinished = with_suffix(path.to_owned(), UNFINISHED);
    let written = File::create(&unfinished).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| {
        // Whether this succeeds or not, the error to tell is the first.
        let _leftover = fs::remove_file(&unfinished);
        refused(error, path)
    })
}
