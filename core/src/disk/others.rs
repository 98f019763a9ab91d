//! Folders by their paths, each part of which is looked at before it is used.

use super::Kind;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// A folder.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The folder at a path that the user has named.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self(path.to_owned())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The folder of this name in it, made if that is asked for and it is not there.
    pub(super) fn within(&self, name: &OsStr, make: Option<u32>) -> io::Result<Self> {
        if make.is_some() {
            match fs::create_dir(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        match self.kind(name)? {
            Kind::Folder => Ok(Self(self.0.join(name))),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn kind(&self, name: &OsStr) -> io::Result<Kind> {
        let kind = fs::symlink_metadata(self.0.join(name))?.file_type();
        Ok(match (kind.is_symlink(), kind.is_file(), kind.is_dir()) {
            (true, ..) => Kind::Link,
            (_, true, _) => Kind::File,
            (.., true) => Kind::Folder,
            _ => Kind::Other,
        })
    }

    /// A new file.
    pub(super) fn create(&self, name: &OsStr, _bits: u32) -> io::Result<File> {
        File::options().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    /// The file of this name, made if it is not there.
    pub(super) fn open(&self, name: &OsStr, bits: u32) -> io::Result<File> {
        match self.kind(name) {
            Ok(Kind::File) => File::options().read(true).write(true).open(self.0.join(name)),
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create(name, bits),
            Err(error) => Err(error),
        }
    }

    pub(super) fn rename(&self, from: &OsStr, folder: &Self, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), folder.0.join(to))
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub(super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }
}

/// Whether one call syncs all of a file system.
pub(super) const SYNCS_FILE_SYSTEMS: bool = false;

pub(super) fn sync_file_system(_folder: &Path, _last: Option<u64>) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Syncs a file.
pub(super) fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Names in folders are not synced: Windows keeps a journal of them.
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
