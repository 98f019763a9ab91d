use super::{
    Input,
    archive::{Budget, Tar, Zip, is_tar, is_zip, without_packing},
    detect::extension,
    tree::Vault,
};
#[cfg(not(target_family = "wasm"))]
use super::{
    part::{Borders, Part},
    tree::METADATA,
};
use crate::{
    defect::Defect,
    error::{Error, Result},
    limits::Limits,
    model::Folder,
    source::{Compression, Source, Stoppable},
};
use std::{borrow::Cow, sync::Arc};

/// What is found in a file or a directory: a source to read, or something that is skipped and why.
#[derive(Clone, Debug)]
pub enum Found {
    /// A source to open.
    Input(Input),
    /// An entry of an archive or a file in a directory that is not a source.
    Passed(Passed),
}

/// An entry of an archive, or a file in a directory, that is skipped.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The name: `archive.zip!Takeout/archive_browser.html`.
    pub name: Arc<str>,
    /// Its length in octets, according to the archive.
    pub size: u64,
    /// Why it is skipped.
    pub why: Cow<'static, str>,
}

/// The sources in one file, in its order, or in one directory, in the order of names; found one at a time and in constant memory.
///
/// A file is one source, without its compression if it has one (gzip, bzip2, xz, Zstandard); of a ZIP or tar archive, compressed or
/// not, each entry is one that is mail, a calendar or contacts by its name or by its octets. A ZIP archive is read where it lies, never
/// unpacked.
///
/// After an error that is not [fatal](crate::Error::is_fatal) the iteration goes on with the next entry; after a fatal one it ends.
pub struct Inputs {
    kind: Kind,
    defects: Vec<Defect>,
}

enum Kind {
    One(Input),
    Zip(Zip),
    Tar(Tar),
    #[cfg(not(target_family = "wasm"))]
    Directory(super::tree::Directory),
    Done,
}

impl Inputs {
    /// The sources in `source`, which the user calls `name`.
    ///
    /// What is compressed is decompressed once here: gzip to find its length, the others into memory or a temporary file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be read, [`ErrorKind::Malformed`](crate::ErrorKind::Malformed)
    /// when it is an archive without its list of entries, [`ErrorKind::Limit`](crate::ErrorKind::Limit) when it expands
    /// beyond `limits`.
    pub fn new(name: impl Into<Arc<str>>, source: Source, limits: &Limits) -> Result<Self> {
        Self::with_notes(name.into(), source, None, None, limits)
    }

    /// The same of an archive whose item log is `log`, and of whose messages `vault` tells.
    pub(super) fn with_notes(
        name: Arc<str>,
        source: Source,
        log: Option<Source>,
        vault: Option<Arc<Vault>>,
        limits: &Limits,
    ) -> Result<Self> {
        let in_file = |e: Error| e.in_file(&*name);
        let source = Stoppable::over(source, &limits.stop);
        let packed = source.clone();
        let input = Input::new(Arc::clone(&name), source)?;
        let mut input = match Compression::of(input.head()) {
            Some(compression) => {
                let inner = without_packing(&name).map_or_else(|| Arc::clone(&name), Arc::from);
                Input::new(inner, compression.open(input.source().clone(), limits).map_err(in_file)?)?
            }
            None => input,
        };
        let (mut defects, source) = (Vec::new(), input.source().clone());
        let mut budget = Budget::new(Arc::clone(&name), packed, limits);
        if let Some(log) = log {
            budget.take_log(log)?;
        }
        budget.take_vault(vault);
        let kind = if is_tar(input.head()) {
            defects = input.take_defects();
            Kind::Tar(Tar::open(source, budget)?)
        } else if is_zip(input.head()) && input.format().is_ok_and(|format| format.look.is_some()) {
            // An archive that is a format of its own.
            Kind::One(input)
        } else if is_zip(input.head()) {
            Kind::Zip(Zip::open(&source, budget)?)
        } else if is_called_zip(&name) {
            // The archive may stand behind a program that unpacks it.
            match Zip::open(&source, budget) {
                Ok(zip) => Kind::Zip(zip),
                Err(e) if input.format().is_err() => return Err(e),
                Err(_) => Kind::One(input),
            }
        } else {
            Kind::One(input)
        };
        Ok(Self { kind, defects })
    }

    /// The sources at `path`: in a file, as [`Inputs::new`] says; in an Apple Mail folder `X.mbox` the file `mbox`; of any
    /// other directory the files in it and in all below it, in the order of their names. Symbolic links in it are skipped.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be opened, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported)
    /// when it is a device or a pipe; otherwise as [`Inputs::new`].
    #[cfg(not(target_family = "wasm"))]
    pub fn at_path(path: impl AsRef<std::path::Path>, limits: &Limits) -> Result<Self> {
        use super::{formats::files_beside, hints::Hints};
        use crate::source::FileSource;
        let path = path.as_ref();
        let name = path.to_string_lossy();
        let apple_mail = path.join("mbox");
        let is_apple_mail = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mbox"))
            && apple_mail.is_file()
            && !has_directories(path);
        let file = match path.is_dir() {
            true if is_apple_mail => FileSource::open(apple_mail)?,
            true => {
                let directory = super::tree::Directory::new(path.to_owned(), &name, log_beside(path), limits)?;
                return Ok(Self { kind: Kind::Directory(directory), defects: Vec::new() });
            }
            false => FileSource::open(path)?,
        };
        let log = log_beside(path).map(FileSource::open).transpose()?;
        let log = log.map(|log| Arc::new(log) as Source);
        let vault = vault_beside(path, limits)?;
        let inputs = Self::with_notes((&*name).into(), Arc::new(file), log, vault.clone(), limits)?;
        Ok(match (inputs.kind, files_beside(path, limits)) {
            (Kind::One(input), parts) if parts.is_some() || vault.is_some() => {
                let hints = Hints { parts, vault, ..Hints::default() };
                Self { kind: Kind::One(input.placed(None, hints)), defects: inputs.defects }
            }
            (kind, _) => Self { kind, defects: inputs.defects },
        })
    }
}

/// What Google Vault says of the messages in the mailbox or archive at `path`: `X-metadata.xml` beside `X.mbox` or `X-1.zip`.
#[cfg(not(target_family = "wasm"))]
fn vault_beside(path: &std::path::Path, limits: &Limits) -> Result<Option<Arc<Vault>>> {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return Ok(None) };
    let numbered = stem.rsplit_once(['-', '.', '_']).filter(|(_, n)| n.bytes().all(|octet| octet.is_ascii_digit()));
    for export in [Some(stem), numbered.map(|(export, _)| export)].into_iter().flatten() {
        let name = format!("{export}{METADATA}");
        let beside = path.with_file_name(&name);
        if beside.is_file() {
            let source = Arc::new(crate::source::FileSource::open(&beside)?);
            return Vault::open(&name, source, limits.archive_entries).map(|vault| Some(Arc::new(vault)));
        }
    }
    Ok(None)
}

/// Whether other directories lie in the one at `path`.
#[cfg(not(target_family = "wasm"))]
fn has_directories(path: &std::path::Path) -> bool {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.filter_map(std::result::Result::ok).any(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
}

/// The item log that lies beside an archive: `X.zip.items.jsonl`, also for its part `X.part002.zip`.
#[cfg(not(target_family = "wasm"))]
fn log_beside(path: &std::path::Path) -> Option<std::path::PathBuf> {
    let path: std::path::PathBuf = path.components().collect();
    let path = if path.file_name().is_none() { std::fs::canonicalize(&path).ok()? } else { path };
    let name = path.file_name()?.to_str()?;
    let whole =
        name.rsplit_once(".part").filter(|(_, part)| part.ends_with(".zip")).map(|(stem, _)| format!("{stem}.zip"));
    let names = [Some(name.to_owned()), whole];
    names.into_iter().flatten().map(|name| path.with_file_name(name + ".items.jsonl")).find(|log| log.is_file())
}

impl Inputs {
    /// The same, of a directory of whose files `part` says which are read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn part(self, part: Option<&Part>) -> Self {
        match (self.kind, part.map(|part| &part.borders)) {
            (Kind::Directory(directory), Some(Borders::Files(first, end))) => {
                Self { kind: Kind::Directory(directory.part(*first, *end)), defects: self.defects }
            }
            (kind, _) => Self { kind, defects: self.defects },
        }
    }

    /// What was wrong with the archive itself, since the last call.
    pub fn take_defects(&mut self) -> Vec<Defect> {
        let mut defects = std::mem::take(&mut self.defects);
        match &mut self.kind {
            Kind::Tar(tar) => defects.append(&mut tar.take_defects()),
            #[cfg(not(target_family = "wasm"))]
            Kind::Directory(directory) => defects.append(&mut directory.take_defects()),
            Kind::Zip(zip) => defects.append(&mut zip.take_defects()),
            Kind::One(_) | Kind::Done => {}
        }
        defects
    }

    /// The directories that are folders without an item, since the last call.
    pub fn take_folders(&mut self) -> Vec<Folder> {
        match &mut self.kind {
            #[cfg(not(target_family = "wasm"))]
            Kind::Directory(directory) => directory.take_folders(),
            Kind::Zip(zip) => zip.take_folders(),
            Kind::Tar(tar) => tar.take_folders(),
            Kind::One(_) | Kind::Done => Vec::new(),
        }
    }
}

fn is_called_zip(name: &str) -> bool {
    extension(name).is_some_and(|e| e.eq_ignore_ascii_case("zip") || e.eq_ignore_ascii_case("exe"))
}

impl Iterator for Inputs {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = match &mut self.kind {
            Kind::Zip(zip) => zip.next_found().transpose(),
            Kind::Tar(tar) => tar.next_found().transpose(),
            #[cfg(not(target_family = "wasm"))]
            Kind::Directory(directory) => directory.next_found().transpose(),
            Kind::One(_) | Kind::Done => match std::mem::replace(&mut self.kind, Kind::Done) {
                Kind::One(input) => Some(Ok(Found::Input(input))),
                _ => None,
            },
        };
        let ended = match &found {
            Some(found) => found.as_ref().is_err_and(Error::is_fatal),
            // There are still folders to tell.
            None => false,
        };
        if ended {
            self.kind = Kind::Done;
        }
        found
    }
}
