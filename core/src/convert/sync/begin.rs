use super::{
    clear::clear,
    earlier::{Syncs, is_log, not_ours},
    journal::{Replayed, SyncJournal},
    lock::Lock,
    names::{
        ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, UNFINISHED, beside, is_there, refused,
        with_suffix,
    },
    note::RunNote,
    settings::{self, address_map, check_further, check_resumed},
    standing::{Damaged, adopt},
};
use crate::{
    convert::{
        ConvertOptions, SyncLog,
        keys::Keys,
        outputs::{check, check_page, outputs, paths_of},
        report::Report,
    },
    disk::{At, Disk},
    error::{Error, ErrorKind, Result},
    read::Given,
    write::{self, Checksums, ItemWriter, Ours, Product, linked},
};
use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

/// Octets of a line that are held; no log has longer ones.
const MOST_LINE: u64 = 64 << 20;

/// A run into a destination, with all that earlier ones left there.
pub(in crate::convert) struct Sync {
    pub(super) paths: SyncPaths,
    pub(super) lock: Lock,
    pub(super) note: RunNote,
    pub(super) octets: String,
    pub(super) form: String,
    pub(super) earlier: Vec<(SyncPaths, Report)>,
    pub(super) journal: SyncJournal,
    pub(super) disk: Disk,
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
        disk: &Disk,
    ) -> Result<(Self, Box<dyn ItemWriter>)> {
        // Before anything is opened for writing, the lock included.
        for paths in [SyncPaths::new(destination, 1), next(destination, options)?] {
            check(&outputs(&paths, options.page.as_deref()), paths_of(sources), &paths)?;
        }
        options.page.as_deref().map_or(Ok(()), check_page)?;
        let next = next(destination, options)?;
        let lists = [ITEM_LOG, FILES, TABLE, REPORT].map(|suffix| next.unfinished_beside(suffix));
        let others = [next.first_beside(ADDRESS_MAP)].into_iter().chain(options.page.clone());
        check_links(lists.into_iter().chain(others.map(|path| with_suffix(path, UNFINISHED))))?;
        let (mut lock, cut_off, was_locked) = Lock::take(destination, disk)?;
        let Syncs(mut earlier) = Syncs::at(destination)?;
        if let Some(note) = &cut_off
            && note.sync as usize == earlier.len()
        {
            // It left a report and could not complete what it tells of, or was killed before it had said that it did.
            earlier.pop();
        }
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let paths = SyncPaths::new(destination, number).in_form(options.archive.form);
        let map = address_map(destination, options)?;
        let cut_off = cut_off.filter(|note| note.sync == number);
        let resumed = match &cut_off {
            Some(note) => {
                check_resumed(destination, note, sources, options)?;
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
            Some(note) => note.folder_made,
            None => !paths.is_archive() && (resumed && number == 1 || !is_there(&paths.archive())),
        };
        if resumed {
            cut_unreadable(&paths, disk)?;
        }
        if resumed || (was_locked && paths.is_archive()) {
            clear(&paths, disk)?;
        }
        let goes_on = !paths.is_archive() && number > 1 && options.archive.form.goes_on();
        let ours = (resumed || goes_on).then(|| ours(&paths)).transpose()?;
        let note = RunNote {
            sync: number,
            settings: settings::settings(sources, options),
            folder_made,
            options: Some(given.recorded(map.as_ref().map(|(kept, _)| kept))),
        };
        // First, so that the folder that is made next is known to be ours however this ends.
        if cut_off.is_none() {
            lock.begin(&note)?;
        }
        let opened = write::reopen(&paths.archive(), options.archive.clone(), ours, disk);
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
        let mut log = Replayed::new(paths.beside(ITEM_LOG), resumed, disk)?;
        log.create()?;
        let files = Replayed::new(paths.beside(FILES), resumed, disk)?;
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
            settings::keep(destination, kept, octets, disk)?;
        }
        let (octets, form) = (settings::octets(options), options.archive.form.to_string());
        Ok((Self { paths, lock, note, octets, form, earlier, journal, disk: disk.clone() }, writer))
    }

    /// What the report keeps of the options.
    pub(in crate::convert) fn options(&self) -> Option<serde_json::Value> {
        self.note.options.clone()
    }

    /// What the conversion tells its items to.
    pub(in crate::convert) fn journal(&mut self) -> &mut SyncJournal {
        &mut self.journal
    }
}

/// The paths of the sync that comes next into `destination`, as far as is known without a lock.
fn next(destination: &Path, options: &ConvertOptions) -> Result<SyncPaths> {
    let complete = Syncs::at(destination)?.0.len();
    let number = u32::try_from(complete).unwrap_or(u32::MAX).saturating_add(1);
    Ok(SyncPaths::new(destination, number).in_form(options.archive.form))
}

/// Makes sure that none of the files which stand there until they are complete is a link.
fn check_links(paths: impl Iterator<Item = PathBuf>) -> Result<()> {
    let is_link = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink());
    paths.into_iter().find(is_link).map_or(Ok(()), |link| Err(linked(&link)))
}

/// Cuts off what a loss of power has left of the lists of a run that was cut off: zeros, or lines without their beginnings.
fn cut_unreadable(paths: &SyncPaths, disk: &Disk) -> Result<()> {
    for path in [ITEM_LOG, FILES].map(|suffix| paths.beside(suffix)) {
        if !is_there(&path) {
            continue;
        }
        let (readable, len) = readable(&path).map_err(|error| refused(error, &path))?;
        if readable < len {
            let cut = disk.open(At::beside(&path)).and_then(|mut file| file.set_len(readable));
            cut.map_err(|error| refused(error, &path))?;
        }
    }
    Ok(())
}

/// The octets of the lines of a list that are JSON, up to the first that is not, and how many there are; a last line without an end
/// is not looked at.
fn readable(path: &Path) -> io::Result<(u64, u64)> {
    let mut lines = BufReader::with_capacity(256 << 10, File::open(path)?);
    let len = lines.get_ref().metadata()?.len();
    let (mut readable, mut line) = (0_u64, Vec::new());
    loop {
        line.clear();
        let read = lines.by_ref().take(MOST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 || !line.ends_with(b"\n") {
            // A beginning of a line is the end of a list.
            return Ok((if line.contains(&0) { readable } else { len }, len));
        }
        if serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err() {
            return Ok((readable, len));
        }
        readable = readable.saturating_add(read as u64);
    }
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
    log.for_each_product(|product| {
        match &product {
            Product::Index { path, digest } => ours.add(path, digest),
            Product::Collection { path, sha256, xxh3, .. } => {
                sha256.iter().chain(xxh3).for_each(|digest| ours.add(path, digest));
            }
            Product::Archive { path, .. } => ours.add_archive(path),
            Product::Folder { .. } | Product::Mailbox { .. } | Product::Kept { .. } => {}
        }
        Ok(())
    })?;
    Ok(ours)
}
