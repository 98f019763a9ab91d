use super::{
    begun::{Begun, Lock},
    clear::clear,
    journal::{Replayed, SyncJournal},
    names::{
        ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, UNFINISHED, beside, is_there, refused,
        with_suffix,
    },
    settings::{self, address_map, check_further, check_resumed},
    standing::{Damaged, StandingFiles, adopt},
};
use crate::{
    convert::{
        ConvertOptions, SyncLog,
        keys::{Key, Keys},
        logged::LoggedLine,
        outputs::{check, check_page, outputs, paths_of},
        report::{GoneItem, MOST_TOLD, Report, SyncReport},
    },
    error::{Error, ErrorKind, Result},
    read::Given,
    write::{self, Checksums, ItemWriter, Made, Ours},
};
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::Path,
};

/// The complete syncs into a destination, in order.
pub(in crate::convert) struct Syncs(pub(in crate::convert) Vec<(SyncPaths, Report)>);

impl Syncs {
    /// Those that left a log and a report beside `destination`. A report that is empty or torn off tells of none: its sync
    /// counts as cut off, with what its log proves.
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
            let read = match read {
                Some(read) => read,
                None if is_torn(&report, REPORT_START) && is_log(&paths.beside(ITEM_LOG)) => break,
                None => return Err(not_ours(&report)),
            };
            let form = read.sync.as_ref().and_then(|sync| sync.form.parse().ok()).unwrap_or_default();
            syncs.push((paths.in_form(form), read));
        }
        Ok(Self(syncs))
    }
}

/// What a report starts with.
const REPORT_START: &str = "{";

/// Whether a file is what a loss of power leaves of one that starts like this: nothing, zeros, or a piece that is no JSON.
pub(super) fn is_torn(path: &Path, start: &str) -> bool {
    /// Octets of a report that are looked at: whether it is one is known at its start.
    const MOST: u64 = 64 << 20;
    let mut octets = Vec::new();
    if File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut octets)).is_err() {
        return false;
    }
    while octets.last() == Some(&0) {
        octets.pop();
    }
    let cut_off = || serde_json::from_slice::<serde_json::Value>(&octets).is_err_and(|error| error.is_eof());
    octets.is_empty() || (octets.starts_with(start.as_bytes()) && cut_off())
}

/// Whether a file is an item log, or the beginning of one.
fn is_log(path: &Path) -> bool {
    /// Octets of a line that are looked at.
    const MOST: u64 = 64 << 20;
    let mut line = Vec::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).take(MOST).read_until(b'\n', &mut line));
    match read {
        Ok(_) if line.ends_with(b"\n") => serde_json::from_slice::<LoggedLine<'_>>(&line).is_ok(),
        // Of a log that was cut off in its first line nothing is used.
        Ok(_) => line.iter().all(|octet| *octet == 0) || line.starts_with(br#"{"id":"#),
        Err(_) => false,
    }
}

fn not_ours(path: &Path) -> Error {
    let message = "exists already, and is not from a conversion that can be continued: move it away, or choose \
         another destination";
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
        // Before anything is opened for writing, the lock included.
        for paths in [SyncPaths::new(destination, 1), next(destination, options)?] {
            check(&outputs(&paths, options.page.as_deref()), paths_of(sources), &paths)?;
        }
        options.page.as_deref().map_or(Ok(()), check_page)?;
        let (mut lock, cut_off, was_locked) = Lock::take(destination)?;
        let Syncs(mut earlier) = Syncs::at(destination)?;
        if let Some(begun) = &cut_off
            && begun.sync as usize == earlier.len()
        {
            // It left a report and could not complete what it tells of, or was killed before it had said that it did.
            earlier.pop();
        }
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let paths = SyncPaths::new(destination, number).in_form(options.archive.form);
        let map = address_map(destination, options)?;
        let cut_off = cut_off.filter(|begun| begun.sync == number);
        let resumed = match &cut_off {
            Some(begun) => {
                check_resumed(destination, begun, sources, options)?;
                true
            }
            // The note of what was begun is lost, but its log is there.
            None if is_there(&paths.beside(ITEM_LOG)) && is_log(&paths.beside(ITEM_LOG)) => true,
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
                false
            }
        };
        if let Some((_, report)) = earlier.last() {
            check_further(destination, report, options)?;
        }
        if number > 1 && options.archive.checksums == Checksums::None {
            let message = "was written with --checksums none, so changes since then cannot be detected: convert to \
                 another destination";
            return Err(Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy()));
        }
        let folder_made = match &cut_off {
            Some(begun) => begun.folder_made,
            None => !paths.is_archive() && (resumed && number == 1 || !is_there(&paths.archive())),
        };
        if resumed || (was_locked && paths.is_archive()) {
            clear(&paths)?;
        }
        let goes_on = !paths.is_archive() && number > 1 && options.archive.form.goes_on();
        let ours = (resumed || goes_on).then(|| ours(&paths)).transpose()?;
        let begun = Begun {
            sync: number,
            settings: settings::settings(sources, options),
            folder_made,
            options: Some(given.recorded(map.as_ref().map(|(kept, _)| kept))),
        };
        // First, so that the folder that is made next is known to be ours however this ends.
        if cut_off.is_none() {
            lock.begin(&begun)?;
        }
        let opened = write::reopen(&paths.archive(), options.archive.clone(), ours);
        let mut writer = opened.inspect_err(|_| {
            if !resumed {
                lock.abandon();
            }
        })?;
        let (mut keys, mut damaged) = (Keys::default(), Damaged::default());
        let check = options.check.then_some(&options.read.limits.stop);
        for (paths, _) in &earlier {
            adopt(paths, check, &mut *writer, &mut keys, &mut damaged)?;
        }
        keys.sort();
        damaged.keys.sort();
        let mut log = Replayed::new(paths.beside(ITEM_LOG), resumed)?;
        log.create()?;
        let files = Replayed::new(paths.beside(FILES), resumed)?;
        let journal = SyncJournal {
            sync: number,
            log,
            files,
            earlier: keys,
            damaged,
            rewritten: 0,
            written: Vec::new(),
            left_out: Vec::new(),
        };
        if let Some((kept, octets)) = &map {
            settings::keep(destination, kept, octets)?;
        }
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
            damaged: self.journal.damaged.items,
            first_damaged: std::mem::take(&mut self.journal.damaged.first),
            rewritten: self.journal.rewritten,
            ..SyncReport::default()
        });
        if self.journal.log.is_behind() {
            if stopped {
                return Ok(());
            }
            let message = "has lines for items that are no longer in its source: undo that run with `mailferry undo`, and \
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
        // What a destination refused is done again by the next run.
        if report.error.is_none() {
            self.lock.complete();
        }
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
            let mut files = StandingFiles::of(paths, None)?;
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
                    || !line.paths().all(|path| files.stands(path, line.size, None))
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

/// The paths of the sync that comes next into `destination`, as far as is known without a lock.
fn next(destination: &Path, options: &ConvertOptions) -> Result<SyncPaths> {
    let complete = Syncs::at(destination)?.0.len();
    let number = u32::try_from(complete).unwrap_or(u32::MAX).saturating_add(1);
    Ok(SyncPaths::new(destination, number).in_form(options.archive.form))
}

/// What the run that was cut off has written, as far as it says so.
fn ours(paths: &SyncPaths) -> Result<Ours> {
    let mut ours = Ours::default();
    let log = SyncLog::at(paths)?;
    log.for_each_line(|line, _| {
        for path in line.paths() {
            ours.add(path, line.digest().unwrap_or_default());
            if let Some((part, _)) = path.split_once('!').filter(|(part, _)| paths.is_part(part)) {
                ours.add_archive(part);
            }
        }
        Ok(())
    })?;
    log.for_each_made(|made| {
        match &made {
            Made::Index { path, digest } => ours.add(path, digest),
            Made::Collection { path, sha256, xxh3, .. } => {
                sha256.iter().chain(xxh3).for_each(|digest| ours.add(path, digest));
            }
            Made::Archive { path, .. } => ours.add_archive(path),
            Made::Folder { .. } | Made::Mailbox { .. } | Made::Kept { .. } => {}
        }
        Ok(())
    })?;
    Ok(ours)
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
