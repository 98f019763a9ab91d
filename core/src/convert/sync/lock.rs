use super::{
    earlier::is_torn,
    names::{FILES, ITEM_LOG, REPORT, SyncPaths, note_path, refused},
    note::{RunNote, read},
};
use crate::{
    convert::ConvertOptions,
    disk::{At, Disk, File},
    error::{Error, ErrorKind, Result},
};
use std::{
    fs::{self, TryLockError},
    io::{Seek, Write},
    path::{Path, PathBuf},
};

/// Octets that are kept free, so that a disk that becomes full still has room for the report.
const ROOM: usize = 64 << 10;
/// Keeps every other process from the destination. The operating system takes it back however this one ends.
pub(in crate::convert) struct Lock {
    path: PathBuf,
    file: File,
    disk: Disk,
    /// Octets of what this process has written down.
    len: Option<u64>,
    /// Whether the file stays when the lock is given back, for whoever resumes.
    stays: bool,
}

impl Lock {
    /// Takes the destination, and gives what was begun there and cut off. Tells whether anything was.
    pub(in crate::convert) fn take(destination: &Path, disk: &Disk) -> Result<(Self, Option<RunNote>, bool)> {
        let path = note_path(destination);
        let folder = path.parent().unwrap_or(Path::new(""));
        disk.make_base(folder).map_err(|error| refused(error, folder))?;
        loop {
            let cut_off = fs::symlink_metadata(&path).is_ok();
            let mut file = disk.open(At::beside(&path)).map_err(|error| refused(error, &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let message = "another conversion to this destination is running: wait until it has finished";
                    return Err(Error::new(ErrorKind::Destination, message).in_file(destination.to_string_lossy()));
                }
                // Some network file systems know no locks.
                Err(TryLockError::Error(_)) => {}
            }
            // The one that had it may have removed the file meanwhile, which then keeps nobody away.
            if !is_at(&file, &path) {
                continue;
            }
            let note = read(&mut file);
            if note.is_none() && !is_torn(&path, "{\"sync\":") {
                let message =
                    "exists already and was not written by a conversion: move it away, or choose another destination";
                return Err(Error::new(ErrorKind::Destination, message).in_file(path.to_string_lossy()));
            }
            let disk = disk.clone();
            return Ok((Self { path, file, disk, len: None, stays: note.is_some() }, note, cut_off));
        }
    }

    /// Takes the destination to put the result of splits there, or goes on with that where it was cut off.
    ///
    /// # Errors
    /// When something else stands there.
    pub(in crate::convert) fn take_for(
        destination: &Path,
        disk: &Disk,
        plan: &str,
        options: &ConvertOptions,
    ) -> Result<(Self, RunNote)> {
        let (mut lock, note, _) = Self::take(destination, disk)?;
        if let Some(note) = note.filter(|note| note.settings == plan) {
            return Ok((lock, note));
        }
        let paths = SyncPaths::new(destination, 1);
        let is_filled = |path: &Path| match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => fs::symlink_metadata(path).is_ok(),
        };
        let beside = [ITEM_LOG, FILES, REPORT].map(|suffix| paths.beside(suffix));
        if let Some(there) = beside.iter().chain([&paths.archive()]).find(|path| is_filled(path)) {
            let message = "exists already, and is not from these splits: move it away, or choose another destination";
            return Err(Error::new(ErrorKind::Destination, message).in_file(there.to_string_lossy()));
        }
        let folder_made = !paths.is_archive() && !destination.exists();
        let note = RunNote { sync: 1, settings: plan.to_owned(), folder_made, options: Some(options.record()) };
        lock.begin(&note)?;
        if !paths.is_archive() {
            disk.make_base(destination).map_err(|error| refused(error, destination))?;
        }
        Ok((lock, note))
    }

    /// Writes down what is begun. What is resumed stands there already, and is not to be lost for a moment.
    pub(super) fn begin(&mut self, note: &RunNote) -> Result<()> {
        let text = serde_json::to_string(note).unwrap_or_default();
        self.len = Some(text.len() as u64);
        let written = self.file.set_len(0).and_then(|()| self.file.rewind()).and_then(|()| {
            self.file.write_all(text.as_bytes())?;
            self.file.write_all(&[b'\n'; ROOM])?;
            // Nothing that is written later outlasts a loss of power without it.
            self.file.sync()?;
            self.disk.sync_name(At::beside(&self.path))
        });
        written.map_err(|error| refused(error, &self.path))?;
        self.stays = true;
        Ok(())
    }

    /// Nothing was begun after all.
    pub(super) fn abandon(&mut self) {
        self.stays = false;
    }

    /// Gives back the room that was kept free.
    pub(super) fn make_room(&mut self) {
        let _kept = self.len.map(|len| self.file.set_len(len));
    }

    /// Gives the destination back: what was begun is complete.
    pub(in crate::convert) fn complete(mut self) {
        self.stays = false;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if !self.stays {
            let _leftover = self.disk.remove(At::beside(&self.path));
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(open), Ok(there)) if identity(&open) == identity(&there))
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> RunNote {
        RunNote { sync: 3, settings: "x".into(), folder_made: true, options: None }
    }

    #[test]
    fn one_at_a_time_and_nothing_is_left_of_what_was_not_begun() {
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("out");
        let (first, note, cut_off) = Lock::take(&to, &Disk::default()).unwrap();
        assert_eq!((note, cut_off), (None, false));
        let error = Lock::take(&to, &Disk::default()).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("is running"), "{error}");
        drop(first);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_was_cut_off_is_told_until_it_is_complete() {
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("out");
        let (mut lock, ..) = Lock::take(&to, &Disk::default()).unwrap();
        lock.begin(&some()).unwrap();
        drop(lock);
        assert_eq!(RunNote::at(&to), Some(some()));
        let (lock, note, cut_off) = Lock::take(&to, &Disk::default()).unwrap();
        assert_eq!((note, cut_off), (Some(some()), true));
        lock.complete();
        assert_eq!(RunNote::at(&to), None);
    }
}
