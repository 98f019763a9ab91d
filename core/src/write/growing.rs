//! Files that grow bit by bit, many at a time: the mailboxes of folders whose items come in any order.

use crate::{
    error::{Error, ErrorKind, Result},
    source::Content,
};
use std::io;
#[cfg(not(target_family = "wasm"))]
use {
    super::container::{Home, KEPT},
    crate::{
        disk::{At, Disk, File},
        source::Source,
    },
    std::{
        io::{Seek, SeekFrom, Write},
        path::PathBuf,
        sync::Arc,
    },
};

/// Octets that one file holds in memory before they go to disk, where there is one.
#[cfg(not(target_family = "wasm"))]
const HELD: usize = 256 << 10;
/// Octets that all of them hold.
#[cfg(not(target_family = "wasm"))]
const ALL_HELD: usize = 8 << 20;

/// Any number of files that grow; what does not fit into memory is in a folder for the time being.
#[derive(Default)]
pub(super) struct Growing {
    files: Vec<Grown>,
    held: usize,
    #[cfg(not(target_family = "wasm"))]
    kept: Kept,
}

/// The octets of one file so far.
#[derive(Default)]
struct Grown {
    /// What came behind that on disk.
    held: Vec<u8>,
    on_disk: u64,
}

#[cfg(not(target_family = "wasm"))]
#[derive(Default)]
struct Kept {
    /// Where the folder is made; beside other temporary files where there is none.
    home: Option<Home>,
    folder: Option<Arc<tempfile::TempDir>>,
}

#[cfg(not(target_family = "wasm"))]
impl Kept {
    fn file(&mut self, id: usize) -> io::Result<PathBuf> {
        let folder = match &self.folder {
            Some(folder) => folder,
            None => {
                let folder = match &self.home {
                    Some(home) => home.disk.temporary_folder(Some(&home.folder), &home.prefix)?,
                    None => Disk::default().temporary_folder(None, KEPT)?,
                };
                self.folder.insert(Arc::new(folder))
            }
        };
        Ok(folder.path().join(id.to_string()))
    }

    /// The file, to be written at its end.
    fn open(&mut self, id: usize) -> io::Result<File> {
        let path = self.file(id)?;
        let disk = self.home.as_ref().map_or_else(Disk::default, |home| home.disk.clone());
        let mut file = disk.open(At::beside(&path))?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }
}

impl Growing {
    /// Files that are kept in a folder in `home`, which is gone with them.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn within(home: Option<Home>) -> Self {
        Self { kept: Kept { home, folder: None }, ..Self::default() }
    }

    /// A new file, empty yet.
    pub(super) fn begin(&mut self) -> usize {
        self.files.push(Grown::default());
        self.files.len() - 1
    }

    /// Where a file stands that others write.
    #[cfg(all(feature = "outlook", not(target_family = "wasm")))]
    pub(super) fn place(&mut self, id: usize) -> Result<PathBuf> {
        self.kept.file(id).map_err(refused)
    }

    /// A new file at such a place.
    #[cfg(all(feature = "outlook", not(target_family = "wasm")))]
    pub(super) fn create(&mut self, id: usize) -> Result<File> {
        self.kept.open(id).map_err(refused)
    }

    /// What keeps the folder of such a file as long as it is read.
    #[cfg(all(feature = "outlook", not(target_family = "wasm")))]
    pub(super) fn keep(&self) -> Option<Arc<tempfile::TempDir>> {
        self.kept.folder.clone()
    }

    pub(super) fn len(&self, id: usize) -> u64 {
        self.files.get(id).map_or(0, |file| file.on_disk + file.held.len() as u64)
    }

    pub(super) fn append(&mut self, id: usize, octets: &[u8]) -> io::Result<()> {
        let Some(file) = self.files.get_mut(id) else { return Err(io::ErrorKind::NotFound.into()) };
        file.held.extend_from_slice(octets);
        self.held += octets.len();
        #[cfg(not(target_family = "wasm"))]
        if file.held.len() >= HELD {
            self.flush(id)?;
        } else if self.held >= ALL_HELD {
            (0..self.files.len()).try_for_each(|id| self.flush(id))?;
        }
        Ok(())
    }

    /// Takes back what came behind the first `len` octets.
    pub(super) fn truncate(&mut self, id: usize, len: u64) -> io::Result<()> {
        let Some(file) = self.files.get_mut(id) else { return Ok(()) };
        let keep = usize::try_from(len.saturating_sub(file.on_disk)).unwrap_or(usize::MAX).min(file.held.len());
        self.held -= file.held.len() - keep;
        file.held.truncate(keep);
        #[cfg(not(target_family = "wasm"))]
        if len < file.on_disk {
            file.on_disk = len;
            self.kept.open(id)?.set_len(len)?;
        }
        Ok(())
    }

    #[cfg(not(target_family = "wasm"))]
    fn flush(&mut self, id: usize) -> io::Result<()> {
        let Some(file) = self.files.get_mut(id).filter(|file| !file.held.is_empty()) else { return Ok(()) };
        self.kept.open(id)?.write_all(&file.held)?;
        file.on_disk += file.held.len() as u64;
        self.held -= file.held.len();
        file.held = Vec::new();
        Ok(())
    }

    /// All octets of a file, which then is empty.
    pub(super) fn take(&mut self, id: usize) -> Result<Content> {
        let Some(file) = self.files.get_mut(id) else { return Ok(Vec::new().into()) };
        #[cfg(not(target_family = "wasm"))]
        if file.on_disk > 0 {
            self.flush(id).map_err(refused)?;
            let path = self.kept.file(id).map_err(refused)?;
            let source = Resting { source: crate::source::FileSource::open(&path)?, _folder: self.kept.folder.clone() };
            if let Some(file) = self.files.get_mut(id) {
                file.on_disk = 0;
            }
            return Ok(Content::from(Arc::new(source) as Source));
        }
        self.held -= file.held.len();
        Ok(std::mem::take(&mut file.held).into())
    }

    /// The path of a file that has all its octets on disk, to be moved to where it belongs.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn settle(&mut self, id: usize) -> Result<PathBuf> {
        self.flush(id).map_err(refused)?;
        let path = self.kept.file(id).map_err(refused)?;
        if self.len(id) == 0 {
            self.kept.open(id).map_err(refused)?;
        }
        Ok(path)
    }
}

/// A file in the folder that stays as long as it is read.
#[cfg(not(target_family = "wasm"))]
struct Resting {
    source: crate::source::FileSource,
    _folder: Option<Arc<tempfile::TempDir>>,
}

#[cfg(not(target_family = "wasm"))]
impl crate::source::ReadAt for Resting {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.source.read_at(offset, buf)
    }
}

/// The error for a disk that refused what has to be kept for the time being.
pub(super) fn refused(error: io::Error) -> Error {
    let message = "the data that is collected until the end cannot be kept: free some space next to the destination";
    Error::new(ErrorKind::Destination, message).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_file_gives_what_it_took(
            steps in proptest::collection::vec((0_usize..3, 0_usize..700_000, any::<bool>()), 0..12)
        ) {
            let root = tempfile::tempdir().unwrap();
            let mut growing = Growing::within(Some(Home { folder: root.path().to_owned(), disk: Disk::default(), prefix: KEPT.to_owned() }));
            let ids: Vec<_> = (0..3).map(|_| growing.begin()).collect();
            let mut expected = vec![Vec::new(); 3];
            for (which, len, taken_back) in steps {
                let before = growing.len(ids[which]);
                growing.append(ids[which], &vec![u8::try_from(len % 251).unwrap(); len]).unwrap();
                if taken_back {
                    growing.truncate(ids[which], before).unwrap();
                } else {
                    expected[which].extend(vec![u8::try_from(len % 251).unwrap(); len]);
                }
                prop_assert_eq!(growing.len(ids[which]), expected[which].len() as u64);
            }
            for (id, expected) in ids.into_iter().zip(expected) {
                prop_assert!(growing.take(id).unwrap().to_vec(usize::MAX).unwrap() == expected);
            }
            drop(growing);
            prop_assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        }
    }
}
