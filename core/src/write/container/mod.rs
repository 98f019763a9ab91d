//! What the files of an archive are put in.

#[cfg(not(target_family = "wasm"))]
mod ahead;
mod bag;
#[cfg(not(target_family = "wasm"))]
mod behind;
#[cfg(not(target_family = "wasm"))]
mod directory;
#[cfg(not(target_family = "wasm"))]
mod ours;
mod store;
mod tar;
mod zip;

pub(crate) use bag::Bag;
#[cfg(not(target_family = "wasm"))]
pub(crate) use store::BESIDE_STORE;

use super::{
    Lost, OutputForm, Packaging, Rendered, WriteOptions, ZipLevel,
    product::{Product, Tell},
};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
};
use std::io::{self, Write};
use tar::Tar;
use zip::{Named, Stream, Zip};
#[cfg(not(target_family = "wasm"))]
use {
    crate::disk::{Disk, link_in},
    directory::Directory,
    std::path::Path,
    zip::ZipFiles,
};
#[cfg(not(target_family = "wasm"))]
pub(crate) use {
    ahead::{Ahead, WrittenAhead},
    directory::UNFINISHED,
    ours::Ours,
};

/// What is to be known of a file before its octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) path: &'a str,
    pub(crate) modified: Option<DateTime>,
    /// The permissions of Unix, where the container keeps them.
    pub(crate) mode: u32,
    /// Whether it takes the place of what an earlier run has written under this path.
    #[cfg_attr(
        target_family = "wasm",
        expect(dead_code, reason = "only a folder of a file system is written to again")
    )]
    pub(crate) replaces: bool,
    /// Where it stands until it is complete, where that is to be seen; its folder is there.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "only a folder of a file system shows it"))]
    pub(crate) staged: Option<&'a str>,
    /// Whether its octets are to outlast a loss of power before it has its name: a later run cannot tell what they should be.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "only files outlast a loss of power"))]
    pub(crate) synced: bool,
}

impl<'a> Entry<'a> {
    /// The permissions of a file that its owner may write and everyone may read.
    const MODE: u32 = 0o644;

    pub(crate) fn file(path: &'a str, modified: Option<DateTime>) -> Self {
        Self { path, modified, mode: Self::MODE, replaces: false, staged: None, synced: false }
    }
}

/// The container at `path`, as its name tells. Something may be there already where there are `ours`: what a run that was cut
/// off has written.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn create(
    path: &Path,
    options: &WriteOptions,
    joins: bool,
    ours: Option<Ours>,
    disk: &Disk,
) -> Result<Box<dyn Container>> {
    let name = path.file_name().map(|name| name.to_string_lossy());
    let packaging = Packaging::of_name(&name.unwrap_or_default());
    can_be_split(&path.to_string_lossy(), packaging, options)?;
    can_be_named(&path.to_string_lossy(), packaging, options.form, !cfg!(windows))?;
    Ok(match packaging {
        Packaging::Folder => Box::new(match ours {
            Some(ours) => Directory::reopen(path, ours, disk)?,
            None => Directory::create(path, disk)?,
        }),
        Packaging::Zip => {
            let split = split_of_zip(options);
            let files = ZipFiles::create(path, split.is_some(), joins, ours, disk)?;
            let mut zip = Zip::new(files, options.zip_level, split);
            zip.begin()?;
            Box::new(zip)
        }
        Packaging::Tar => {
            Box::new(Tar::begin(ZipFiles::create(path, false, false, ours, disk)?, None, options.tar_names)?)
        }
        Packaging::Tgz => Box::new(Tar::begin(
            ZipFiles::create(path, false, false, ours, disk)?,
            Some(options.zip_level),
            options.tar_names,
        )?),
        Packaging::Pst => Box::new(store::StoreFiles::create(path, ours, disk)?),
    })
}

/// One archive to `writer`.
pub(crate) fn stream(
    writer: impl Write + Send + 'static,
    packaging: Packaging,
    options: &WriteOptions,
) -> Result<Box<dyn Container>> {
    Ok(match packaging {
        Packaging::Folder => return Err(no_archive()),
        Packaging::Pst => {
            let mut writer = Some(writer);
            let open = move |_: &str| writer.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected));
            Box::new(store::StoreStream::alone(open))
        }
        Packaging::Zip => zip(writer, options),
        Packaging::Tar => Box::new(Tar::begin(Stream::new(writer), None, options.tar_names)?),
        Packaging::Tgz => Box::new(Tar::begin(Stream::new(writer), Some(options.zip_level), options.tar_names)?),
    })
}

/// The archive of this name, or its parts, to the writers that `open` gives for their names.
pub(crate) fn named<W: Write + Send + 'static>(
    name: &str,
    open: impl FnMut(&str) -> io::Result<W> + Send + 'static,
    options: &WriteOptions,
) -> Result<Box<dyn Container>> {
    let packaging = Packaging::of_name(name);
    can_be_split(name, packaging, options)?;
    if packaging == Packaging::Pst {
        return Ok(Box::new(store::StoreStream::named(name, open)));
    }
    let split = split_of_zip(options);
    let volumes = Named::new(name, split.is_some(), open);
    Ok(match packaging {
        Packaging::Folder | Packaging::Pst => return Err(no_archive().in_file(name)),
        Packaging::Zip => {
            let mut zip = Zip::new(volumes, options.zip_level, split);
            zip.begin()?;
            Box::new(zip)
        }
        Packaging::Tar => Box::new(Tar::begin(volumes, None, options.tar_names)?),
        Packaging::Tgz => Box::new(Tar::begin(volumes, Some(options.zip_level), options.tar_names)?),
    })
}

/// Refuses a folder for a form whose file names have colons where `with_colons` are no file names: Windows takes what follows a colon for
/// a stream within the file before it, which no program shows.
#[cfg(not(target_family = "wasm"))]
fn can_be_named(name: &str, packaging: Packaging, form: OutputForm, with_colons: bool) -> Result<()> {
    if with_colons || packaging != Packaging::Folder || form != OutputForm::Maildir {
        return Ok(());
    }
    let message = "a Maildir cannot be written into a folder on Windows, because the names of its files have colons: choose an archive, such as mail.zip, and unpack it where mail is served";
    Err(Error::new(ErrorKind::Options, message).in_file(name))
}

fn no_archive() -> Error {
    Error::new(ErrorKind::Options, "a folder cannot be written to a stream: choose an archive")
}

/// Makes sure that what is to be split can be.
fn can_be_split(name: &str, packaging: Packaging, options: &WriteOptions) -> Result<()> {
    if packaging == Packaging::Pst && options.form != OutputForm::Pst {
        let message =
            "is the name of a store of Outlook: write it in this form (--as pst), or choose another destination";
        return Err(Error::new(ErrorKind::Options, message).in_file(name));
    }
    if split_of_zip(options).is_some() && packaging != Packaging::Zip {
        let message =
            "cannot be split, only ZIP archives and stores of Outlook can: choose a destination that ends in .zip";
        return Err(Error::new(ErrorKind::Options, message).in_file(name));
    }
    Ok(())
}

/// How large the parts of an archive may be: where stores are split, the archive around them is not.
fn split_of_zip(options: &WriteOptions) -> Option<u64> {
    options.zip_split.filter(|_| options.form != OutputForm::Pst)
}

/// One ZIP archive to `writer`.
pub(crate) fn zip(writer: impl Write + Send + 'static, options: &WriteOptions) -> Box<dyn Container> {
    Box::new(Zip::new(Stream::new(writer), options.zip_level, None))
}

/// Holds files and folders under relative paths, parted by `/`, every segment of which is safe and unlike all others.
pub(crate) trait Container: Send {
    /// How entries are compressed, where it is a ZIP archive.
    fn zip_level(&self) -> Option<ZipLevel> {
        None
    }

    /// Adds a file and gives its path as the item log has it.
    ///
    /// # Errors
    /// Not fatal when only this file cannot be added; nothing of it is left then.
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String>;

    /// The path that the item log will have for an entry which is in its place as soon as it is added: in a folder.
    fn standing(&self, _path: &str) -> Option<String> {
        None
    }

    /// Where files that grow can be kept for the time being, on the same file system.
    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<Home> {
        None
    }

    /// Where files can be written before their turn, if that gains something.
    #[cfg(not(target_family = "wasm"))]
    fn ahead(&self) -> Option<Ahead> {
        None
    }

    /// What an earlier run has left under this path, if it is no longer than an index of keywords can be.
    #[cfg(not(target_family = "wasm"))]
    fn left_by_earlier(&self, _path: &str) -> Option<String> {
        None
    }

    /// Makes all that was written so far outlast a loss of power, so that files can get their names which no later run can make out.
    ///
    /// # Errors
    /// When the destination refuses.
    #[cfg(not(target_family = "wasm"))]
    fn secure(&mut self) -> Result<()> {
        Ok(())
    }

    /// Takes over a complete file of the same file system, if that spares copying it.
    #[cfg(not(target_family = "wasm"))]
    fn adopt(&mut self, _path: &str, _file: &Path) -> Option<Result<String>> {
        None
    }

    /// Whether a file of others stands under this path, which has to stay.
    fn is_taken(&self, _path: &str) -> bool {
        false
    }

    /// Whether it is a store of Outlook by itself, and whether something may lie beside it.
    fn store(&self) -> Option<Beside> {
        None
    }

    /// What is to be told since the last call: archives that are complete, files of others that stay.
    fn take_products(&mut self) -> Vec<Product> {
        Vec::new()
    }

    /// What could not be completed, with all that was added to it; nothing is added after.
    fn take_lost(&mut self) -> Option<Lost> {
        None
    }

    /// Adds a folder with nothing in it.
    ///
    /// # Errors
    /// When the destination refuses.
    fn add_folder(&mut self, path: &str) -> Result<()>;

    /// Completes the container; nothing is added after. What it adds itself goes to `tell`, as files do.
    ///
    /// # Errors
    /// When the destination refuses; what `tell` says.
    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()>;
}

/// What may lie beside a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Files of all kinds.
    Files,
    Nothing,
}

/// Adds a file that goes with the items, and tells of it: before it has its name, where it gets one at once.
pub(crate) fn add_told(
    container: &mut dyn Container,
    entry: Entry<'_>,
    rendered: &Rendered,
    tell: &mut Tell<'_>,
) -> Result<()> {
    let product = |path| Product::collection(path, rendered.size(), (rendered.sha256().copied(), rendered.xxh3()));
    match container.standing(entry.path) {
        Some(path) => {
            tell(product(path.clone()))?;
            let written = container.entry(entry, rendered)?;
            if written == path { Ok(()) } else { tell(product(written)) }
        }
        None => {
            let path = container.entry(entry, rendered)?;
            tell(product(path))
        }
    }
}

/// What the name of such a folder starts with; no item has a name with a leading dot.
#[cfg(not(target_family = "wasm"))]
pub(crate) const KEPT: &str = ".mailferry-";

/// A folder for files of the time being.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) folder: std::path::PathBuf,
    pub(crate) disk: Disk,
    /// What their names start with, so that those of a run that was cut off can be told from others.
    pub(crate) prefix: String,
}

/// Which side stopped the octets of an item on their way.
enum Stopped {
    Source(io::Error),
    Destination(io::Error),
}

/// Moves `rendered`, deflated if that is asked for, to `write`, and makes sure that it is as long as it was.
fn copy(
    rendered: &Rendered,
    deflated: bool,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> std::result::Result<(), Stopped> {
    let mut refusal = None;
    let mut copied = 0;
    let sink = |octets: &[u8]| {
        copied += octets.len() as u64;
        write(octets).map_err(|error| {
            let kind = error.kind();
            refusal = Some(error);
            kind.into()
        })
    };
    let (outcome, expected) = match rendered.deflated_size().filter(|_| deflated) {
        Some(size) => (rendered.for_each_deflated_chunk(sink), size),
        None => (rendered.for_each_chunk(sink), rendered.size()),
    };
    match (refusal, outcome) {
        (Some(error), _) => Err(Stopped::Destination(error)),
        (None, Err(error)) => Err(Stopped::Source(error)),
        (None, Ok(())) if copied != expected => {
            Err(Stopped::Source(io::Error::other("the source changed while it was read")))
        }
        (None, Ok(())) => Ok(()),
    }
}

/// The error for a destination that refused: fatal, and it says what to do.
pub(crate) fn refused(error: io::Error, path: &str) -> Error {
    #[cfg(not(target_family = "wasm"))]
    if let Some(link) = link_in(&error) {
        return linked(link);
    }
    Error::new(ErrorKind::Destination, advice(&error)).because(error).in_file(path)
}

/// What happened where something was to be written, and what to do.
pub(crate) fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: free some space, and run the same conversion again"
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "cannot be written: choose a destination where you have write permission"
        }
        io::ErrorKind::FileTooLarge => "is larger than the file system allows: split the archive",
        _ => {
            "cannot be written: the disk or the network share reported an error; check it, and run the same conversion again"
        }
    }
}

/// The error for a link where something was to be written.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn linked(link: &Path) -> Error {
    let message = "is a symbolic link, and nothing is written through it: remove it, or choose another destination";
    Error::new(ErrorKind::Destination, message).in_file(link.to_string_lossy())
}

/// The error for an archive whose end could not be reached, since what stands beside it could not be written.
fn not_completed() -> Error {
    Error::new(ErrorKind::Destination, "the run ended before it was written")
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    #[test]
    fn a_maildir_is_no_folder_where_names_have_no_colons() {
        for (name, form, with_colons, is_right) in [
            ("mail", OutputForm::Maildir, false, false),
            ("mail", OutputForm::Maildir, true, true),
            ("mail.zip", OutputForm::Maildir, false, true),
            ("mail.tgz", OutputForm::Maildir, false, true),
            ("mail", OutputForm::Eml, false, true),
        ] {
            let found = can_be_named(name, Packaging::of_name(name), form, with_colons);
            assert_eq!(found.is_ok(), is_right, "{name} {form:?} {with_colons}");
        }
    }
}
