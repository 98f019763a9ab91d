#[cfg(not(unix))]
use super::others::{Folder, SYNCS_FILE_SYSTEMS, sync_file, sync_file_system, sync_folder};
#[cfg(test)]
use super::recorded::{Call, Record};
#[cfg(unix)]
use super::unix::{Folder, SYNCS_FILE_SYSTEMS, sync_file, sync_file_system, sync_folder};
use super::{File, Fsync, Kind, Mode, unsynced::Unsynced};
use std::{
    collections::VecDeque,
    error, fmt, fs, io,
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Files that get their names before all are synced.
const BATCH: usize = 1_000;
/// Folders that are kept open.
const OPEN: usize = 4;

/// The path of a file or a folder: a base that the user has named, and what is within it, where links are not followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    base: &'a Path,
    within: &'a Path,
}

impl<'a> At<'a> {
    pub(crate) fn new(base: &'a Path, within: &'a (impl AsRef<Path> + ?Sized)) -> Self {
        Self { base, within: within.as_ref() }
    }

    /// A file in a folder that the user has named.
    pub(crate) fn beside(path: &'a Path) -> Self {
        let base = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { base, within: path.file_name().map_or(path, Path::new) }
    }

    pub(crate) fn path(self) -> PathBuf {
        self.base.join(self.within)
    }
}

/// What changes files and folders.
#[derive(Clone, Debug)]
pub(crate) struct Disk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    fsync: Fsync,
    mode: Mode,
    /// Whether a file system is synced at once, and not each file.
    whole: bool,
    /// Files that get their names before all are synced.
    batch: usize,
    /// Whether somebody else syncs at the end, when the logs are complete.
    is_shared: bool,
    /// Counts the times between two syncs.
    span: AtomicU64,
    work: Mutex<Work>,
    #[cfg(test)]
    record: Option<Record>,
}

#[derive(Debug, Default)]
struct Work {
    /// Folders that were used last, the last one in front.
    open: VecDeque<(PathBuf, PathBuf, Arc<Folder>)>,
    unsynced: Unsynced,
}

impl Default for Disk {
    /// For files of the time being, and for what is removed: nothing is synced.
    fn default() -> Self {
        Self::new(Fsync::None, Mode::Private)
    }
}

impl Disk {
    pub(crate) fn new(fsync: Fsync, mode: Mode) -> Self {
        Self(Arc::new(Shared {
            fsync,
            mode,
            whole: SYNCS_FILE_SYSTEMS,
            batch: BATCH,
            is_shared: false,
            span: AtomicU64::new(0),
            work: Mutex::default(),
            #[cfg(test)]
            record: None,
        }))
    }

    /// The same for a run that syncs at its end.
    pub(crate) fn of_run(fsync: Fsync, mode: Mode) -> Self {
        let mut disk = Self::new(fsync, mode);
        if let Some(shared) = Arc::get_mut(&mut disk.0) {
            shared.is_shared = true;
        }
        disk
    }

    #[cfg(test)]
    pub(super) fn recorded(fsync: Fsync, whole: bool, batch: usize, record: Record) -> Self {
        let mut disk = Self::of_run(fsync, Mode::Private);
        if let Some(shared) = Arc::get_mut(&mut disk.0) {
            shared.whole = whole && SYNCS_FILE_SYSTEMS;
            shared.batch = batch;
            shared.record = Some(record);
        }
        disk
    }

    #[cfg(test)]
    pub(super) fn is_recorded(&self) -> bool {
        self.0.record.is_some()
    }

    #[cfg(test)]
    pub(super) fn record(&self, call: impl FnOnce() -> Call) {
        if let Some(record) = &self.0.record {
            record.push(call());
        }
    }

    pub(super) fn syncs(&self) -> bool {
        self.0.fsync != Fsync::None
    }

    pub(super) fn span(&self) -> u64 {
        self.0.span.load(Ordering::Relaxed)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.0.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a file was written.
    pub(super) fn touch(&self, base: &Path, path: &Path, is_log: bool) {
        if !self.syncs() {
            return;
        }
        let unsynced = &mut self.work().unsynced;
        unsynced.at(base);
        if !self.0.whole {
            unsynced.file(path, is_log);
        }
    }

    /// Notes a file that was found as it should be, and that may have been written a moment ago.
    pub(crate) fn found(&self, at: At<'_>) -> io::Result<()> {
        self.touch(at.base, &at.path(), false);
        self.note_name(at);
        let is_full = self.work().unsynced.is_full();
        if is_full { self.sync() } else { Ok(()) }
    }

    fn note_name(&self, at: At<'_>) {
        if self.syncs() {
            let unsynced = &mut self.work().unsynced;
            unsynced.at(at.base);
            if !self.0.whole {
                unsynced.folder_of(&at.path());
            }
        }
    }

    /// Makes the folder that the user has named, with those around it.
    pub(crate) fn make_base(&self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        let missing = path.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists());
        let made: Vec<_> = missing.map(Path::to_owned).collect();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, self.0.mode.of_folder());
        builder.create(path)?;
        made.iter().for_each(|made| self.note_name(At::beside(made)));
        #[cfg(test)]
        self.record(|| Call::Folder(path.to_owned()));
        Ok(())
    }

    /// Makes a folder, with those around it, where they are not there.
    pub(crate) fn make_folder(&self, at: At<'_>) -> io::Result<()> {
        self.folder(at.base, at.within, true).map(drop)
    }

    /// A new file; nothing may be there.
    pub(crate) fn create(&self, at: At<'_>) -> io::Result<File> {
        self.within(at, |folder, name| {
            let file = folder.create(name, self.0.mode.of_file()).map_err(|error| unlinked(error, folder, at))?;
            Ok(self.opened(file, at, true))
        })
    }

    /// A new file in place of one that was left over.
    pub(crate) fn create_anew(&self, at: At<'_>) -> io::Result<File> {
        self.within(at, |folder, name| {
            let mode = self.0.mode.of_file();
            let file = match folder.create(name, mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.kind(name)? == Kind::File => {
                    folder.remove(name)?;
                    #[cfg(test)]
                    self.record(|| Call::Remove(at.path()));
                    folder.create(name, mode)
                }
                created => created,
            };
            Ok(self.opened(file.map_err(|error| unlinked(error, folder, at))?, at, true))
        })
    }

    /// A file that may be there.
    pub(crate) fn open(&self, at: At<'_>) -> io::Result<File> {
        self.within(at, |folder, name| {
            let file = folder.open(name, self.0.mode.of_file()).map_err(|error| unlinked(error, folder, at))?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other("is not a regular file: move it away, or choose another destination"));
            }
            #[cfg(unix)]
            if self.0.mode == Mode::Private {
                // One that was there may be open to others; some file systems know no permissions.
                let own = std::os::unix::fs::PermissionsExt::from_mode(self.0.mode.of_file());
                let _unsupported = file.set_permissions(own);
            }
            Ok(self.opened(file, at, false))
        })
    }

    #[cfg_attr(not(test), expect(unused_variables, reason = "tests record it"))]
    fn opened(&self, file: fs::File, at: At<'_>, is_new: bool) -> File {
        self.note_name(at);
        let path = at.path();
        #[cfg(test)]
        let number = self.0.record.as_ref().map_or(0, |record| record.open(path.clone(), is_new));
        File {
            file,
            disk: self.clone(),
            base: at.base.to_owned(),
            path,
            is_log: false,
            span: None,
            #[cfg(test)]
            number,
        }
    }

    /// Gives a file its name, in place of one that has it.
    pub(crate) fn rename(&self, from: At<'_>, to: At<'_>) -> io::Result<()> {
        self.within(from, |folder, name| self.within(to, |around, other| folder.rename(name, around, other)))?;
        #[cfg(test)]
        self.record(|| Call::Rename(from.path(), to.path()));
        if !self.syncs() {
            return Ok(());
        }
        let is_full = {
            let unsynced = &mut self.work().unsynced;
            unsynced.at(to.base);
            if !self.0.whole {
                unsynced.renamed(&from.path(), &to.path());
            }
            unsynced.named += 1;
            (self.0.fsync == Fsync::Batch && unsynced.named >= self.0.batch) || unsynced.is_full()
        };
        if is_full { self.sync() } else { Ok(()) }
    }

    pub(crate) fn remove(&self, at: At<'_>) -> io::Result<()> {
        self.within(at, |folder, name| folder.remove(name))?;
        self.note_name(at);
        #[cfg(test)]
        self.record(|| Call::Remove(at.path()));
        Ok(())
    }

    /// Removes a folder with nothing in it.
    pub(crate) fn remove_folder(&self, at: At<'_>) -> io::Result<()> {
        self.work().open.clear();
        self.within(at, |folder, name| folder.remove_folder(name))?;
        self.note_name(at);
        #[cfg(test)]
        self.record(|| Call::RemoveFolder(at.path()));
        Ok(())
    }

    /// Removes a folder with all that is in it; links are removed and not followed.
    pub(crate) fn remove_tree(&self, at: At<'_>) -> io::Result<()> {
        self.work().open.clear();
        self.folder(at.base, at.within.parent().unwrap_or(Path::new("")), false)?;
        fs::remove_dir_all(at.path())?;
        self.note_name(at);
        #[cfg(test)]
        self.record(|| Call::RemoveFolder(at.path()));
        Ok(())
    }

    /// A folder for the time being, in `home` or where the system has such.
    pub(crate) fn temporary_folder(&self, home: Option<&Path>, prefix: &str) -> io::Result<tempfile::TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        match home {
            Some(home) => builder.tempdir_in(home),
            None => builder.tempdir(),
        }
    }

    /// Makes all that was written so far outlast a loss of power, where any is to.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if !self.syncs() {
            return Ok(());
        }
        let unsynced = {
            let mut work = self.work();
            if !work.unsynced.any {
                return Ok(());
            }
            self.0.span.fetch_add(1, Ordering::Relaxed);
            std::mem::take(&mut work.unsynced)
        };
        if self.0.whole {
            let mut last = None;
            for base in unsynced.bases() {
                match sync_file_system(base, last) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    synced => {
                        let device = synced?;
                        #[cfg(test)]
                        if last != Some(device) {
                            self.record(|| Call::SyncAll);
                        }
                        last = Some(device);
                    }
                }
            }
            return Ok(());
        }
        unsynced.sync_each(
            &mut |path| {
                // Windows syncs no file that is only read.
                sync_file(&fs::OpenOptions::new().read(true).write(cfg!(windows)).open(path)?)?;
                #[cfg(test)]
                self.record(|| Call::SyncFile(path.to_owned()));
                Ok(())
            },
            &mut |path| self.sync_folder(path),
        )
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        sync_folder(if path.as_os_str().is_empty() { Path::new(".") } else { path })?;
        #[cfg(test)]
        self.record(|| Call::SyncFolder);
        Ok(())
    }

    /// Makes the name of a file outlast a loss of power, where any does.
    pub(crate) fn sync_name(&self, at: At<'_>) -> io::Result<()> {
        if self.syncs() { self.sync_folder(at.path().parent().unwrap_or(at.base)) } else { Ok(()) }
    }

    /// Makes all outlast a loss of power, unless whoever began the run will.
    pub(crate) fn finish(&self) -> io::Result<()> {
        if self.0.is_shared { Ok(()) } else { self.sync() }
    }

    /// Calls `f` with the folder around a path and the name in it.
    fn within<T>(&self, at: At<'_>, f: impl FnOnce(&Folder, &std::ffi::OsStr) -> io::Result<T>) -> io::Result<T> {
        let name = at.within.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = self.folder(at.base, at.within.parent().unwrap_or(Path::new("")), false)?;
        f(&folder, name)
    }

    fn folder(&self, base: &Path, within: &Path, make: bool) -> io::Result<Arc<Folder>> {
        let mut work = self.work();
        if let Some(at) = work.open.iter().position(|(of, path, _)| path == within && of == base) {
            if at > 0
                && let Some(found) = work.open.remove(at)
            {
                work.open.push_front(found);
            }
            if let Some((.., folder)) = work.open.front() {
                return Ok(Arc::clone(folder));
            }
        }
        drop(work);
        let start = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        let mut folder = Folder::of(start)?;
        let mut so_far = base.to_owned();
        for component in within.components() {
            let name = match component {
                Component::Normal(name) => name,
                Component::CurDir => continue,
                _ => return Err(io::ErrorKind::InvalidInput.into()),
            };
            so_far.push(name);
            let is_new = make && folder.kind(name).is_err();
            let next = folder.within(name, is_new.then(|| self.0.mode.of_folder()));
            folder = next.map_err(|error| match folder.kind(name) {
                Ok(Kind::Link) => io::Error::other(IsLink(so_far.clone())),
                _ => error,
            })?;
            if is_new {
                self.note_name(At::beside(&so_far));
                #[cfg(test)]
                self.record(|| Call::Folder(so_far.clone()));
            }
        }
        let folder = Arc::new(folder);
        let mut work = self.work();
        work.open.truncate(OPEN - 1);
        work.open.push_front((base.to_owned(), within.to_owned(), Arc::clone(&folder)));
        Ok(folder)
    }
}

/// The error for what could not be opened, which names a link.
fn unlinked(error: io::Error, folder: &Folder, at: At<'_>) -> io::Error {
    match at.within.file_name().map(|name| folder.kind(name)) {
        Some(Ok(Kind::Link)) => io::Error::other(IsLink(at.path())),
        _ => error,
    }
}

/// A symbolic link stands where something was to be written.
#[derive(Debug)]
struct IsLink(PathBuf);

impl fmt::Display for IsLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is a symbolic link", self.0.display())
    }
}

impl error::Error for IsLink {}

/// The symbolic link that kept something from being written, if that is the reason.
pub(crate) fn link_in(error: &io::Error) -> Option<&Path> {
    error.get_ref()?.downcast_ref::<IsLink>().map(|link| &*link.0)
}
