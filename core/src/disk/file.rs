use super::Disk;
#[cfg(test)]
use super::recorded::Call;
use std::{
    fs::{self, FileTimes, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
};

/// A file that is written.
#[derive(Debug)]
pub(crate) struct File {
    pub(super) file: fs::File,
    pub(super) disk: Disk,
    pub(super) base: PathBuf,
    pub(super) path: PathBuf,
    /// Whether it tells of other files.
    pub(super) is_log: bool,
    /// The time between two syncs in which it was last written.
    pub(super) span: Option<u64>,
    #[cfg(test)]
    pub(super) number: usize,
}

impl File {
    /// The same file, which is synced after those that it tells of.
    pub(crate) fn telling(self) -> Self {
        Self { is_log: true, ..self }
    }

    fn touch(&mut self) {
        let now = self.disk.span();
        if self.span != Some(now) {
            self.disk.touch(&self.base, &self.path, self.is_log);
            self.span = Some(now);
        }
    }

    pub(crate) fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.touch();
        self.file.set_len(len)?;
        #[cfg(test)]
        self.disk.record(|| Call::Cut(self.number, len));
        Ok(())
    }

    pub(crate) fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.file.set_times(times)
    }

    pub(crate) fn try_lock(&self) -> Result<(), TryLockError> {
        self.file.try_lock()
    }

    #[cfg(unix)]
    pub(crate) fn metadata(&self) -> io::Result<fs::Metadata> {
        self.file.metadata()
    }

    /// Makes its octets outlast a loss of power, where any do.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if !self.disk.syncs() {
            return Ok(());
        }
        super::sync_file(&self.file)?;
        #[cfg(test)]
        self.disk.record(|| Call::SyncFile(self.path.clone()));
        Ok(())
    }
}

impl Write for File {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.touch();
        #[cfg(test)]
        let at = self.disk.is_recorded().then(|| self.file.stream_position()).transpose()?;
        let written = self.file.write(octets)?;
        #[cfg(test)]
        if let Some(at) = at {
            self.disk.record(|| Call::Write(self.number, at, octets.get(..written).unwrap_or_default().to_vec()));
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for File {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        self.file.read(octets)
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
