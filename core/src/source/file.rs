use super::ReadAt;
use crate::error::{Error, ErrorKind, Result};
use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// A file of the operating system, opened for reading only and read by position.
///
/// Not mapped into memory: a mapped file that is cut while it is read kills the process.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    file: File,
    len: u64,
}

impl FileSource {
    /// Opens the regular file at `path`, or the one that a symbolic link there leads to.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be opened, [`ErrorKind::Unsupported`] when it is a directory, a pipe or a device.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let in_file = |e: Error| e.in_file(path.to_string_lossy());
        let cannot = |e: io::Error| in_file(Error::new(ErrorKind::Io, "cannot be opened for reading").because(e));
        // Asked before it is opened: to open a pipe waits for its writer.
        let metadata = fs::metadata(path).map_err(cannot)?;
        if metadata.is_dir() {
            return Err(in_file(Error::new(ErrorKind::Unsupported, "is a directory, not a file")));
        }
        if !metadata.is_file() {
            let message = "is a pipe or a device, which cannot be read by position: copy it to a file first";
            return Err(in_file(Error::new(ErrorKind::Unsupported, message)));
        }
        let file = File::open(path).map_err(cannot)?;
        let len = file.metadata().map_err(cannot)?.len();
        Ok(Self { path: path.to_owned(), file, len })
    }

    /// A temporary file of `len` octets, which has no name.
    pub(crate) fn unnamed(file: File, len: u64) -> Self {
        Self { path: PathBuf::from("a temporary file"), file, len }
    }

    #[cfg(unix)]
    fn pread(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buf, offset)
    }

    #[cfg(windows)]
    fn pread(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buf, offset)
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = left.min(buf.len());
        let buf = buf.get_mut(..n).unwrap_or_default();
        if buf.is_empty() {
            return Ok(0);
        }
        match self.pread(offset, buf) {
            Ok(0) => {
                let (path, len) = (self.path.display(), self.len);
                let message = format!("{path} ends before byte {offset}, it had {len} octets when it was opened");
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
            }
            Err(e) if e.kind() != io::ErrorKind::Interrupted => {
                let path = self.path.display().to_string();
                Err(io::Error::new(e.kind(), ReadFailed { path, offset, cause: e }))
            }
            read => read,
        }
    }
}

/// What the operating system said, and of which octets.
#[derive(Debug)]
struct ReadFailed {
    path: String,
    offset: u64,
    cause: io::Error,
}

impl fmt::Display for ReadFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.path, self.offset, self.cause)
    }
}

impl std::error::Error for ReadFailed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_that_shrinks_is_an_error_with_its_path_and_byte() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let source = FileSource::open(file.path()).unwrap();
        file.as_file().set_len(4).unwrap();
        let mut buf = [0; 10];
        assert_eq!(source.read_at(0, &mut buf).unwrap(), 4);
        let error = source.read_exact_at(0, &mut buf).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let message = error.to_string();
        assert!(message.contains(&*file.path().to_string_lossy()) && message.contains("byte 4"), "{message}");
    }

    #[test]
    fn a_file_that_grows_ends_where_it_ended_when_it_was_opened() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123").unwrap();
        let source = FileSource::open(file.path()).unwrap();
        file.write_all(b"4567").unwrap();
        let mut buf = [0; 8];
        assert_eq!(source.read_at(2, &mut buf).unwrap(), 2);
        assert_eq!(source.read_at(4, &mut buf).unwrap(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&*pipe, Path::new("/dev/null"), directory.path()] {
            assert_eq!(FileSource::open(path).unwrap_err().kind(), ErrorKind::Unsupported, "{path:?}");
        }
        assert_eq!(FileSource::open(directory.path().join("none")).unwrap_err().kind(), ErrorKind::Io);
    }
}
