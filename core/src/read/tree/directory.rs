use super::{
    File, GYB, GYB_LABELS, Look, NOTED, Notes, Verdict,
    empty::MOST_EMPTY,
    listing::{HELD, Kind, Listing},
    look, names, names_beside,
};
use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    model::Folder,
    read::{
        FormatInfo, Found, Input, Inputs, Passed, archive::without_packing, detect::extension, formats::files_beside,
        hints::Hints, input::Group, takeout::Parts,
    },
    source::{Compression, FileSource, SIGNATURE, Source, Stoppable, Window},
};
use std::{
    borrow::Cow,
    ffi::OsString,
    fs::{self, Metadata},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Directories that lie in each other at most.
const DEPTH: usize = 128;

/// The sources in a directory and all below it, in the order of the octets of their names.
///
/// One directory is listed at a time. Symbolic links are passed over: what they lead to may lie outside, or above.
pub(in crate::read) struct Directory {
    group: Arc<Group>,
    limits: Limits,
    notes: Notes,
    levels: Vec<Level>,
    /// An archive in the directory.
    archive: Option<Box<Inputs>>,
    archive_name: String,
    /// The parts of a Takeout, as they come.
    parts: Parts,
    /// What was wrong with archives.
    defects: Vec<Defect>,
    empty: Vec<Folder>,
    /// Entries met so far that are no directories.
    met: u64,
    /// Of these, those that are read, where others read the rest.
    part: Option<(u64, Option<u64>)>,
}

struct Level {
    listing: Listing,
    is_maildir: bool,
    /// Whether there is anything in it; in a Maildir, whether there are messages or other folders.
    is_used: bool,
}

impl Directory {
    /// The tree at `root`, which the user calls `name`.
    ///
    /// `log` is the item log that lies beside it, if there is one; else that of a bundle in it is read.
    ///
    /// # Errors
    /// What the log cannot be read for.
    pub(in crate::read) fn new(root: PathBuf, name: &str, log: Option<PathBuf>, limits: &Limits) -> Result<Self> {
        let called = fs::canonicalize(&root).ok();
        let called = called.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
        let mut notes = Notes::new(&called.unwrap_or_else(|| name.to_owned()));
        if root.join("maildirfolder").is_file() {
            notes = notes.with_root_folder(true);
        } else if root.file_name().is_some_and(|name| names::of_kmail(&text(name)).is_some())
            && maildir_directories(&root) == 0
        {
            notes = notes.with_root_folder(false);
        }
        let inside = ["meta/items.jsonl", "data/meta/items.jsonl"].map(|path| root.join(path));
        if let Some(log) = log.into_iter().chain(inside).find(|path| path.is_file()) {
            let open = || FileSource::open(&log).map(|file| Arc::new(file) as Source);
            notes.take(&[], "items.jsonl", open, limits).map_err(|e| e.in_file(log.to_string_lossy()))?;
        }
        let mut directory = Self {
            group: Arc::new(Group { name: name.into(), source: None }),
            limits: limits.clone(),
            notes,
            levels: Vec::new(),
            archive: None,
            archive_name: String::new(),
            parts: Parts::default(),
            defects: Vec::new(),
            empty: Vec::new(),
            met: 0,
            part: None,
        };
        directory.enter(root);
        Ok(directory)
    }

    /// The next source or file that is passed over; `None` at the end.
    ///
    /// # Errors
    /// None of them is fatal: of a directory that cannot be listed, a file that cannot be opened.
    pub(in crate::read) fn next_found(&mut self) -> Result<Option<Found>> {
        loop {
            if let Some(archive) = &mut self.archive {
                match archive.next() {
                    Some(found) => return found.map(Some).map_err(Error::non_fatal),
                    None => {
                        self.empty.append(&mut archive.take_folders());
                        let defects = archive.take_defects();
                        self.archive = None;
                        let cut = defects.iter().find(|defect| defect.cuts_short()).map(|defect| {
                            let message = format!("ends too early, what should follow is missing: {defect}");
                            Error::new(ErrorKind::Malformed, message).in_file(&*self.archive_name).non_fatal()
                        });
                        self.defects.extend(defects);
                        if let Some(error) = cut {
                            return Err(error);
                        }
                    }
                }
            }
            let Some(level) = self.levels.last_mut() else { return Ok(None) };
            let listed = match level.listing.next() {
                Err(_)
                    if self
                        .part
                        .is_some_and(|(first, end)| self.met < first || end.is_some_and(|end| self.met >= end)) =>
                {
                    continue;
                }
                listed => listed?,
            };
            let Some((name, kind)) = listed else {
                self.leave();
                continue;
            };
            let is_of_folder = name.to_str().is_some_and(Notes::is_of_folder);
            if kind != Kind::Directory && !level.is_maildir && !is_of_folder
                || kind == Kind::Directory && !is_part_of_maildir(&name)
            {
                level.is_used = true;
            }
            let path = level.listing.path().join(&name);
            let number = self.met;
            self.met += u64::from(kind != Kind::Directory);
            let is_of_part = self.part.is_none_or(|(first, end)| number >= first && end.is_none_or(|end| number < end));
            if !is_of_part && (kind != Kind::Directory || self.limits.excluded.of(&path).is_some()) {
                continue;
            }
            if let Some(why) = self.limits.excluded.of(&path) {
                return Ok(Some(self.pass(&name, 0, why)));
            }
            match kind {
                Kind::Directory => match self.descend(path, &name) {
                    Ok(Some(_)) | Err(_) if !is_of_part => {}
                    descended => {
                        if let Some(passed) = descended? {
                            return Ok(Some(passed));
                        }
                    }
                },
                Kind::File => {
                    if let Some(found) = self.file(&path, &name)? {
                        return Ok(Some(found));
                    }
                }
                Kind::Link => {
                    return Ok(Some(self.pass(
                        &name,
                        0,
                        "is a symbolic link, which is not followed: give the path that it points to",
                    )));
                }
                Kind::Other => return Ok(Some(self.pass(&name, 0, "is neither a file nor a directory"))),
            }
        }
    }

    fn descend(&mut self, path: PathBuf, name: &OsString) -> Result<Option<Found>> {
        let label = name.to_string_lossy();
        if label.starts_with('.') && names::of_kmail(&label).is_none() && maildir_directories(&path) == 0 {
            return Ok(Some(self.pass(name, 0, "is a hidden directory: if it contains mail, give its path")));
        }
        if self.levels.len() >= DEPTH {
            let message = format!("is more than {DEPTH} directories deep: it is not read");
            return Err(Error::new(ErrorKind::Limit, message).in_file(path.to_string_lossy()).non_fatal());
        }
        self.enter(path);
        Ok(None)
    }

    fn enter(&mut self, path: PathBuf) {
        /// Names that a directory may hold though those above it hold many.
        const LEAST: usize = 1 << 10;
        let held: usize = self.levels.iter().map(|level| level.listing.held()).sum();
        let is_maildir = is_maildir(&path);
        self.levels.push(Level {
            listing: Listing::new(path, HELD.saturating_sub(held).max(LEAST)),
            is_maildir,
            is_used: false,
        });
        self.note_beforehand();
    }

    /// Goes up to the directory above, and notes the one behind as a folder if it is empty.
    fn leave(&mut self) {
        let directories = self.directories();
        let Some(level) = self.levels.pop() else { return };
        let above = self.levels.last_mut();
        let is_part =
            above.as_ref().is_some_and(|above| above.is_maildir) && directories.last().is_some_and(is_part_of_maildir);
        match above {
            Some(above) if is_part => above.is_used |= level.is_used,
            Some(_) if !level.is_used && self.empty.len() < MOST_EMPTY => {
                self.empty.extend(self.notes.empty_folder(&directories, level.is_maildir));
            }
            _ => {}
        }
    }

    /// What was wrong with archives in the tree, since the last call.
    pub(in crate::read) fn take_defects(&mut self) -> Vec<Defect> {
        // That they break off was told of each.
        self.defects.retain(|defect| !defect.cuts_short());
        std::mem::take(&mut self.defects)
    }

    /// The folders without an item, since the last call.
    pub(in crate::read) fn take_folders(&mut self) -> Vec<Folder> {
        let folders = std::mem::take(&mut self.empty);
        // Every reader of a part meets them; the last one tells.
        if self.part.is_some_and(|(_, end)| end.is_some()) { Vec::new() } else { folders }
    }

    /// The same directory of whose files those with these numbers are read.
    pub(in crate::read) fn part(self, first: u64, end: Option<u64>) -> Self {
        Self { part: Some((first, end)), ..self }
    }

    /// The path of the next entry that is no directory, in the order in which they are read; nothing is opened.
    #[cfg(feature = "convert")]
    pub(in crate::read) fn next_path(&mut self) -> Result<Option<PathBuf>> {
        loop {
            let Some(level) = self.levels.last_mut() else { return Ok(None) };
            let Some((name, kind)) = level.listing.next()? else {
                self.leave();
                continue;
            };
            let path = level.listing.path().join(&name);
            match kind {
                Kind::Directory if self.limits.excluded.of(&path).is_some() => {}
                Kind::Directory => drop(self.descend(path, &name)),
                Kind::File | Kind::Link | Kind::Other => return Ok(Some(path)),
            }
        }
    }

    /// Reads the files that tell of others, which may come before them in the order of names.
    fn note_beforehand(&mut self) {
        let Some(level) = self.levels.last() else { return };
        let directories = self.directories();
        for name in Notes::NAMES {
            let path = level.listing.path().join(name);
            if path.is_file() {
                // What cannot be read here is told when its turn comes.
                let open = || FileSource::open(&path).map(|file| Arc::new(file) as Source);
                let _unreadable = self.notes.take(&directories, name, open, &self.limits);
            }
        }
    }

    /// Reads the files of Google Vault that lie in the directory in hand, which have no fixed names.
    fn note_vaults(&mut self, directories: &[String]) {
        let Some(level) = self.levels.last_mut() else { return };
        for name in level.listing.take_notes() {
            let path = level.listing.path().join(&name);
            let open = || FileSource::open(&path).map(|file| Arc::new(file) as Source);
            let _unreadable = self.notes.take(directories, &text(&name), open, &self.limits);
        }
    }

    /// Adds what the file beside the message at `path` says of it, if there is one.
    fn tell_beside(&self, path: &Path, label: &str, hints: &mut Hints) -> Result<()> {
        for name in names_beside(label) {
            let beside = path.with_file_name(&name);
            if beside.is_file() {
                let source: Source = Arc::new(FileSource::open(&beside).map_err(Error::non_fatal)?);
                let hints = self.notes.tell_beside(&name, &source, hints);
                return hints.map_err(|e| e.in_file(beside.to_string_lossy()).non_fatal());
            }
        }
        Ok(())
    }

    /// The names of the directories from the root on, those of the directory in hand last.
    fn directories(&self) -> Vec<String> {
        let below = self.levels.iter().skip(1);
        below.map(|level| level.listing.path().file_name().map(text).unwrap_or_default()).collect()
    }

    fn file(&mut self, path: &Path, name: &OsString) -> Result<Option<Found>> {
        let in_file = |e: std::io::Error| {
            Error::new(ErrorKind::Io, "cannot be read").because(e).in_file(path.to_string_lossy()).non_fatal()
        };
        let metadata = fs::symlink_metadata(path).map_err(in_file)?;
        let directories = self.directories();
        self.note_vaults(&directories);
        let label = text(name);
        if label == GYB {
            self.defects.push(Defect::new(DefectKind::Property, GYB_LABELS));
        }
        if extension(&label).is_some_and(is_archive) {
            return self.enter_archive(path, name);
        }
        let mut index = path.as_os_str().to_owned();
        index.push(".msf");
        let file = File {
            directories: &directories,
            name: &label,
            modified: modified(&metadata),
            mode: None,
            in_maildir: self.levels.iter().rev().nth(1).is_some_and(|above| above.is_maildir),
            any_format: true,
            indexed: extension(&label) != Some("msf") && Path::new(&index).is_file(),
        };
        let found = match file.verdict(&self.notes) {
            Verdict::Pass(why) => self.pass(name, metadata.len(), why),
            Verdict::Note => self.pass(name, metadata.len(), NOTED),
            Verdict::Take { format, mut hints } => {
                if without_packing(&label).unwrap_or(&label).ends_with(".eml") {
                    self.tell_beside(path, &label, &mut hints)?;
                }
                hints.parts = files_beside(path, &self.limits);
                Found::Input(self.open(path, name, format, *hints)?)
            }
            Verdict::Look => {
                let source = self.octets(path)?;
                match look(&source, &file).map_err(|e| e.in_file(path.to_string_lossy()).non_fatal())? {
                    Look::Items(format) => {
                        let hints = file.hints_as(format, &self.notes);
                        Found::Input(self.open(path, name, Some(format), hints)?)
                    }
                    Look::Archive => return self.enter_archive(path, name),
                    Look::Nothing(why) => self.pass(name, metadata.len(), why),
                }
            }
        };
        Ok(Some(found))
    }

    /// Reads on in the archive at `path`.
    fn enter_archive(&mut self, path: &Path, name: &OsString) -> Result<Option<Found>> {
        let source = Arc::new(FileSource::open(path).map_err(Error::non_fatal)?);
        self.archive_name = self.name_of(name);
        let vault = self.notes.vault(&self.directories(), &text(name));
        let inputs = Inputs::with_notes((&*self.archive_name).into(), source, None, vault, &self.limits);
        let missing = self.parts.missing_before(&self.archive_name);
        self.archive = Some(Box::new(inputs.map_err(Error::non_fatal)?));
        missing.map_or(Ok(None), Err)
    }

    fn octets(&self, path: &Path) -> Result<Source> {
        let file = Arc::new(FileSource::open(path).map_err(Error::non_fatal)?);
        Ok(Stoppable::over(file, &self.limits.stop))
    }

    fn open(&self, path: &Path, name: &OsString, format: Option<&'static FormatInfo>, hints: Hints) -> Result<Input> {
        let file = self.octets(path)?;
        let in_file = |e: Error| e.in_file(path.to_string_lossy()).non_fatal();
        let start = Window::new(file.clone()).octets(0, SIGNATURE).map_err(|e| in_file(e.into()))?;
        let name = self.name_of(name);
        let (name, source) = match Compression::of(&start) {
            Some(compression) => {
                let source = compression.open(file, &self.limits).map_err(|e| e.in_file(&*name).non_fatal())?;
                (without_packing(&name).unwrap_or(&name), source)
            }
            None => (&*name, file),
        };
        let input = Input::new(name.into(), source).map_err(Error::non_fatal)?;
        Ok(input.placed(format, hints).grouped(&self.group))
    }

    fn pass(&self, name: &OsString, size: u64, why: impl Into<Cow<'static, str>>) -> Found {
        Found::Passed(Passed { name: self.name_of(name).into(), size, why: why.into() })
    }

    /// The name of a file in the directory in hand: that of the root and the path from there.
    fn name_of(&self, name: &OsString) -> String {
        let mut path = self.group.name.trim_end_matches('/').to_owned();
        for segment in self.directories() {
            path.push('/');
            path.push_str(&segment);
        }
        path.push('/');
        path.push_str(&text(name));
        path
    }
}

/// Whether the directory at `path` is a Maildir: it has two of `cur`, `new` and `tmp`, or one and the mark or the name of a
/// folder in a Maildir++. Copies leave out what is empty.
fn is_maildir(path: &Path) -> bool {
    let is_folder =
        || path.join("maildirfolder").is_file() || path.file_name().is_some_and(|name| text(name).starts_with('.'));
    match maildir_directories(path) {
        0 => false,
        1 => is_folder(),
        _ => true,
    }
}

fn is_part_of_maildir(name: impl AsRef<std::ffi::OsStr>) -> bool {
    ["cur", "new", "tmp"].iter().any(|part| name.as_ref() == *part)
}

fn maildir_directories(path: &Path) -> usize {
    ["cur", "new", "tmp"].iter().filter(|name| path.join(name).is_dir()).count()
}

fn is_archive(extension: &str) -> bool {
    ["zip", "tar", "tgz", "tbz", "tbz2", "txz", "tzst"].iter().any(|known| known.eq_ignore_ascii_case(extension))
}

fn modified(metadata: &Metadata) -> Option<DateTime> {
    let modified = metadata.modified().ok()?;
    let seconds = match modified.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).ok()?,
        Err(before) => -i64::try_from(before.duration().as_secs()).ok()?,
    };
    Some(DateTime::from_unix_seconds(seconds))
}

/// A name as text on one line that no other name has: what is no UTF-8 and what is no character to see stands as `\xNN`.
fn text(name: impl AsRef<std::ffi::OsStr>) -> String {
    let mut text = String::new();
    for chunk in name.as_ref().as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { text.extend(c.escape_unicode()) } else { text.push(c) }
        }
        chunk.invalid().iter().for_each(|octet| text.push_str(&format!("\\x{octet:02x}")));
    }
    text
}
