use crate::{
    convert::report::SyncReport,
    divide::divide,
    error::Error,
    write::{self, BESIDE_STORE, OutputForm},
};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What the name of the item log appends to that of the destination.
pub const ITEM_LOG: &str = ".items.jsonl";
/// What the name of the report appends to that of the destination.
pub const REPORT: &str = ".report.json";
/// What the name of the report as a table appends to that of the destination.
pub const TABLE: &str = ".report.csv";
/// What the name of the list of folders, and of files that hold many items, appends to that of the destination.
pub const FILES: &str = ".files.jsonl";
/// What the name of the list of items that the sources no longer hold appends to that of the destination.
pub const GONE: &str = ".gone.jsonl";
/// What the name of the address map that is kept for later runs appends to that of the destination.
pub const ADDRESS_MAP: &str = ".address-map.tsv";
/// What the name of a store ends in.
const STORE: &str = ".pst";
/// What a name has behind it until what it names is complete.
pub(in crate::convert) const UNFINISHED: &str = ".unfinished";
/// What the name of the file that says that a sync was begun has behind that of the destination.
pub(in crate::convert) const NOTE: &str = ".unfinished.json";

/// The path of the file that is next to `destination` and ends in `suffix`.
pub fn beside(destination: &Path, suffix: &str) -> PathBuf {
    // The components leave out a slash at the end.
    let path: PathBuf = destination.components().collect();
    // What is beside "." or ".." has to know its real name.
    let path = if path.file_name().is_none() { fs::canonicalize(&path).unwrap_or(path) } else { path };
    with_suffix(path, suffix)
}

pub(super) fn note_path(destination: &Path) -> PathBuf {
    beside(destination, NOTE)
}

pub(in crate::convert) fn with_suffix(path: PathBuf, suffix: &str) -> PathBuf {
    let mut path: OsString = path.into();
    path.push(suffix);
    path.into()
}

pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The error for a file that cannot be written.
pub(in crate::convert) fn refused(error: io::Error, path: &Path) -> Error {
    write::refused(error, &path.to_string_lossy())
}

/// Where one sync leaves what it writes.
///
/// ```
/// use mailferry::convert::{ITEM_LOG, SyncPaths};
/// use std::path::Path;
///
/// let first = SyncPaths::new(Path::new("mail.zip"), 1);
/// assert_eq!(first.beside(ITEM_LOG), Path::new("mail.zip.items.jsonl"));
/// let second = SyncPaths::new(Path::new("mail.zip"), 2);
/// assert_eq!(second.beside(ITEM_LOG), Path::new("mail.zip.sync002.items.jsonl"));
/// assert_eq!(second.archive(), Path::new("mail.sync002.zip"));
/// assert_eq!(SyncPaths::new(Path::new("mail"), 2).archive(), Path::new("mail"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPaths {
    destination: PathBuf,
    number: u32,
    /// Whether a sync into a folder makes a folder of its own.
    apart: bool,
}

impl SyncPaths {
    /// The paths of the sync `number`, from 1, into `destination`.
    pub fn new(destination: &Path, number: u32) -> Self {
        Self { destination: destination.to_owned(), number, apart: false }
    }

    /// Those of the sync in `report`: in a form that does not [go on](OutputForm::goes_on) each has a folder of its
    /// own.
    pub fn of(destination: &Path, report: &SyncReport) -> Self {
        Self::new(destination, report.number).in_form(report.form.parse().unwrap_or_default())
    }

    pub(in crate::convert) fn in_form(self, form: OutputForm) -> Self {
        Self { apart: !form.goes_on(), ..self }
    }

    /// Those of the sync behind it.
    pub(in crate::convert) fn next(&self) -> Self {
        Self { number: self.number.saturating_add(1), ..self.clone() }
    }

    /// The number of the sync, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The path of what is next to the destination: [`ITEM_LOG`], [`REPORT`], [`TABLE`], [`FILES`] or [`GONE`].
    pub fn beside(&self, suffix: &str) -> PathBuf {
        match self.number {
            1 => beside(&self.destination, suffix),
            number => beside(&self.destination, &format!(".sync{number:03}{suffix}")),
        }
    }

    /// The path of what stands beside the destination once, whatever the number of syncs.
    pub(in crate::convert) fn first_beside(&self, suffix: &str) -> PathBuf {
        beside(&self.destination, suffix)
    }

    /// The path that it has until it is complete.
    pub(in crate::convert) fn unfinished_beside(&self, suffix: &str) -> PathBuf {
        with_suffix(self.beside(suffix), UNFINISHED)
    }

    /// Where the items go: the folder itself, or an archive, or such a folder, for each sync.
    pub fn archive(&self) -> PathBuf {
        let extension = archive_extension(&self.destination).or(self.apart.then_some(""));
        let Some(extension) = extension.filter(|_| self.number > 1) else {
            return self.destination.clone();
        };
        let name = self.destination.file_name().unwrap_or_default().to_string_lossy();
        let (stem, extension) = divide(&name, name.len() - extension.len());
        self.destination.with_file_name(format!("{stem}.sync{:03}{extension}", self.number))
    }

    /// The name of the folder that this sync made for itself, if it did.
    pub(in crate::convert) fn own_folder(&self) -> Option<String> {
        let folder = (self.apart && self.number > 1 && !self.is_archive()).then(|| self.archive())?;
        Some(folder.file_name()?.to_string_lossy().into_owned())
    }

    /// Whether the items go to an archive.
    pub(in crate::convert) fn is_archive(&self) -> bool {
        archive_extension(&self.destination).is_some()
    }

    /// Whether it is a store: one file of all messages, with what is no message beside it. The log has the names of these files.
    pub(in crate::convert) fn is_store(&self) -> bool {
        archive_extension(&self.destination) == Some(STORE)
    }

    /// Where the paths in the log start from, where they are those of files.
    pub(in crate::convert) fn root(&self) -> PathBuf {
        let archive = self.archive();
        if !self.is_store() {
            return archive;
        }
        let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The folder of what is no message, beside a store.
    pub(in crate::convert) fn beside_store(&self) -> Option<PathBuf> {
        self.is_store().then(|| with_suffix(self.archive(), BESIDE_STORE))
    }

    /// Whether `name` is that of a part of the archive.
    pub(in crate::convert) fn is_part(&self, name: &str) -> bool {
        let archive = self.archive();
        let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
        let extension = if self.is_store() { STORE } else { ".zip" };
        let number = name.strip_prefix(&*stem).and_then(|rest| rest.strip_prefix(".part")?.strip_suffix(extension));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit()))
    }

    /// The parts of the archive that are there, in order.
    pub(in crate::convert) fn parts(&self) -> io::Result<Vec<PathBuf>> {
        let archive = self.archive();
        let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut parts = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            if self.is_part(&name.to_string_lossy()) {
                parts.push(archive.with_file_name(name));
            }
        }
        parts.sort();
        Ok(parts)
    }
}

/// The end of a name that makes it one of an archive.
fn archive_extension(destination: &Path) -> Option<&'static str> {
    let name = destination.file_name()?.to_string_lossy().to_ascii_lowercase();
    [".tar.gz", ".tgz", ".tar", ".zip", STORE].into_iter().find(|extension| name.ends_with(extension))
}
