//! Stores that stand by themselves: `X.pst`, or `X.part001.pst` …, with what is no message beside them.

use super::{Beside, Container, Entry, Stopped, copy, refused};
use crate::{
    error::{Error, Result},
    write::{Rendered, product::Tell},
};
use std::io::{self, Write};
#[cfg(not(target_family = "wasm"))]
use {
    super::{Directory, Home, KEPT, Ours},
    crate::{disk::Disk, error::ErrorKind, write::Product},
    std::{
        fs,
        path::{Path, PathBuf},
    },
};

/// What the name of the folder with what is no message has behind that of the store.
pub(crate) const BESIDE_STORE: &str = ".other";

fn is_store(path: &str) -> bool {
    !path.contains('/') && path.to_ascii_lowercase().ends_with(".pst")
}

/// Files next to the store: a store under its own name, all else in a folder.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct StoreFiles {
    folder: PathBuf,
    name: String,
    disk: Disk,
    files: Directory,
}

#[cfg(not(target_family = "wasm"))]
impl StoreFiles {
    /// Makes sure that nothing of others is at `path`, at that of one of its parts, or beside it.
    pub(crate) fn create(path: &Path, ours: Option<Ours>, disk: &Disk) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_first = ours.is_none();
        let files = Directory::reopen(&folder, ours.unwrap_or_default(), disk)?;
        let this = Self { folder, name, disk: disk.clone(), files };
        let stem = this.name.get(..this.name.len().saturating_sub(4)).unwrap_or_default();
        let part = format!("{stem}.part");
        let beside = format!("{}{BESIDE_STORE}", this.name);
        for entry in fs::read_dir(&this.folder).map_err(|error| refused(error, &this.folder.to_string_lossy()))? {
            let entry = entry.map_err(|error| refused(error, &this.folder.to_string_lossy()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix(&part).and_then(|rest| rest.strip_suffix(".pst"));
            let is_part = number.is_some_and(|number| number.bytes().all(|octet| octet.is_ascii_digit()));
            if (name == this.name || is_part) && this.files.is_taken(&name) || is_first && name == beside {
                let message = "exists already: remove it or choose another destination";
                return Err(Error::new(ErrorKind::Destination, message).in_file(entry.path().to_string_lossy()));
            }
        }
        Ok(this)
    }

    fn path_of(&self, path: &str) -> String {
        if is_store(path) { path.to_owned() } else { format!("{}{BESIDE_STORE}/{path}", self.name) }
    }
}

#[cfg(not(target_family = "wasm"))]
impl Container for StoreFiles {
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let path = self.path_of(entry.path);
        self.files.entry(Entry { path: &path, staged: None, ..entry }, rendered)
    }

    fn store(&self) -> Option<Beside> {
        Some(Beside::Files)
    }

    fn standing(&self, path: &str) -> Option<String> {
        Some(self.path_of(path))
    }

    fn home(&self) -> Option<Home> {
        Some(Home { folder: self.folder.clone(), disk: self.disk.clone(), prefix: format!("{KEPT}{}-", self.name) })
    }

    fn secure(&mut self) -> Result<()> {
        self.files.secure()
    }

    fn adopt(&mut self, path: &str, file: &Path) -> Option<Result<String>> {
        let path = self.path_of(path);
        self.files.adopt(&path, file)
    }

    fn is_taken(&self, path: &str) -> bool {
        self.files.is_taken(&self.path_of(path))
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn add_folder(&mut self, _path: &str) -> Result<()> {
        // Folders of mail are in the store, and others come with their files.
        Ok(())
    }

    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.files.finish(tell)
    }
}

/// Stores that go to writers by their names; all else goes there too, by paths in the folder that a store has beside it, where there is
/// more than one writer to be had.
pub(crate) struct StoreStream<O> {
    open: O,
    /// The folder of what is no store.
    beside: Option<String>,
}

impl<O> StoreStream<O> {
    /// One store, and nothing beside it.
    pub(crate) fn alone(open: O) -> Self {
        Self { open, beside: None }
    }

    /// The store of this name, its parts, and what lies beside it.
    pub(crate) fn named(name: &str, open: O) -> Self {
        Self { open, beside: Some(format!("{name}{BESIDE_STORE}")) }
    }

    fn path_of(&self, path: &str) -> String {
        match &self.beside {
            Some(folder) if !is_store(path) => format!("{folder}/{path}"),
            _ => path.to_owned(),
        }
    }
}

impl<W: Write + Send, O: FnMut(&str) -> io::Result<W> + Send> Container for StoreStream<O> {
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let path = self.path_of(entry.path);
        let mut out = (self.open)(&path).map_err(|error| refused(error, &path))?;
        match copy(rendered, false, |octets| out.write_all(octets)) {
            Ok(()) => out.flush().map_err(|error| refused(error, &path))?,
            Err(Stopped::Source(error)) => return Err(Error::from(error)),
            Err(Stopped::Destination(error)) => return Err(refused(error, &path)),
        }
        Ok(path)
    }

    fn store(&self) -> Option<Beside> {
        Some(if self.beside.is_some() { Beside::Files } else { Beside::Nothing })
    }

    fn standing(&self, path: &str) -> Option<String> {
        // A store is written here when it is complete; files of many items are told by where they will be.
        (!is_store(path)).then(|| self.path_of(path))
    }

    fn add_folder(&mut self, _path: &str) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _tell: &mut Tell<'_>) -> Result<()> {
        Ok(())
    }
}
