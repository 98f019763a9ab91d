//! Files that are written by whichever thread has made their octets, before it is their turn to get a name.

use super::Home;
use crate::{
    disk::{At, Disk, File},
    source::{Content, FileSource, Source},
};
use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::TempDir;

/// A folder for them, made when the first one is written and gone with the last that has it.
#[derive(Clone)]
pub(crate) struct Ahead(Arc<Shared>);

struct Shared {
    home: Home,
    /// `None` where it could not be made.
    folder: OnceLock<Option<TempDir>>,
    count: AtomicU64,
}

/// A file without a name of its own yet; without one, it does not stay.
pub(crate) struct WrittenAhead {
    file: Option<File>,
    name: String,
    of: Ahead,
}

impl Ahead {
    pub(super) fn within(home: Home) -> Self {
        Self(Arc::new(Shared { home, folder: OnceLock::new(), count: AtomicU64::new(0) }))
    }

    /// A file of the octets that `write` gives; `None` where that fails, and the file has to be written in its turn, which tells why.
    pub(crate) fn write(
        &self,
        write: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>,
    ) -> Option<WrittenAhead> {
        self.begin()?.with(|file| write(&mut |octets| file.append(octets)))
    }

    /// A file of no octets yet, where one can be made.
    pub(crate) fn begin(&self) -> Option<WrittenAhead> {
        let folder = self.folder()?;
        let name = self.0.count.fetch_add(1, Ordering::Relaxed).to_string();
        let file = self.disk().create(At::beside(&folder.join(&name))).ok()?;
        Some(WrittenAhead { file: Some(file), name, of: self.clone() })
    }

    fn disk(&self) -> &Disk {
        &self.0.home.disk
    }

    fn folder(&self) -> Option<&Path> {
        let make = || self.disk().temporary_folder(Some(&self.0.home.folder), &self.0.home.prefix).ok();
        self.0.folder.get_or_init(make).as_ref().map(TempDir::path)
    }
}

impl WrittenAhead {
    pub(crate) fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::NotFound)?.write_all(octets)
    }

    /// It, if `write` succeeds.
    pub(crate) fn with(mut self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> Option<Self> {
        write(&mut self).ok().map(|()| self)
    }

    /// Its octets.
    pub(crate) fn content(&self) -> io::Result<Content> {
        let path = self.path().ok_or(io::ErrorKind::NotFound)?;
        let source = FileSource::open(&path).map_err(io::Error::other)?;
        Ok(Content::from(Arc::new(source) as Source))
    }

    /// Its path, to be renamed, and the file, to be closed before.
    pub(super) fn take(mut self) -> Option<(PathBuf, File)> {
        let path = self.path()?;
        self.file.take().map(|file| (path, file))
    }

    fn path(&self) -> Option<PathBuf> {
        Some(self.of.folder()?.join(&self.name))
    }
}

impl Drop for WrittenAhead {
    fn drop(&mut self) {
        if let (Some(file), Some(path)) = (self.file.take(), self.path()) {
            drop(file);
            let _leftover = self.of.disk().remove(At::beside(&path));
        }
    }
}
