use super::ReadAt;
use crate::error::{Error, ErrorKind, Result};
use std::{fs::File, io, path::Path};

/// A file of the operating system, opened for reading only and read by position.
///
/// Not mapped into memory: a mapped file that is cut while it is read kills the process.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens the regular file at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be opened, [`ErrorKind::Unsupported`] when it is a directory.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let open = || -> io::Result<_> {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            Ok((file, metadata))
        };
        let (file, metadata) = open().map_err(|e| {
            Error::new(ErrorKind::Io, "cannot be opened for reading").because(e).in_file(path.to_string_lossy())
        })?;
        if metadata.is_dir() {
            return Err(
                Error::new(ErrorKind::Unsupported, "is a directory, not a file").in_file(path.to_string_lossy())
            );
        }
        Ok(Self { file, len: metadata.len() })
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buf, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buf, offset)
    }
}
