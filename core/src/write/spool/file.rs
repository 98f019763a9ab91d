use crate::disk::{At, Disk, File};
use std::{
    io::{self, Seek, Write},
    path::PathBuf,
};

/// A file for this process alone, made when it is needed.
pub(super) struct TemporaryFile {
    path: PathBuf,
    disk: Disk,
    file: Option<File>,
    /// Whether it has a name that has to be removed.
    named: bool,
    len: u64,
}

impl TemporaryFile {
    pub(super) fn new(path: PathBuf, disk: Disk) -> Self {
        Self { path, disk, file: None, named: false, len: 0 }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(self.disk.create(At::beside(&self.path))?);
            // An open file needs no name, and without one it is gone however this process ends.
            self.named = self.disk.remove(At::beside(&self.path)).is_err();
        }
        if let Some(file) = &mut self.file {
            file.write_all(octets)?;
            self.len += octets.len() as u64;
        }
        Ok(())
    }

    pub(super) fn write_to(mut self, writer: &mut impl Write) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.rewind()?;
        if io::copy(file, writer)? == self.len {
            Ok(())
        } else {
            Err(io::Error::other(format!("the temporary file {} was changed", self.path.display())))
        }
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Some file systems remove no file that is open.
        self.file = None;
        if self.named {
            let _leftover = self.disk.remove(At::beside(&self.path));
        }
    }
}
