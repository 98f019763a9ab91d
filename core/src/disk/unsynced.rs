use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

/// Files and folders that are listed before they are synced, where each has to be.
const MOST_LISTED: usize = 10_000;

/// What was written and may be lost with the power.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Folders on the file systems that something was written to.
    bases: BTreeSet<PathBuf>,
    /// Files, and folders with names that are new, where each has to be synced.
    files: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
    /// Files that tell of others, which come after them.
    logs: BTreeSet<PathBuf>,
    /// Files that got their names.
    pub(super) named: usize,
    pub(super) any: bool,
}

impl Unsynced {
    pub(super) fn at(&mut self, base: &Path) {
        self.any = true;
        if !self.bases.contains(base) {
            self.bases.insert(base.to_owned());
        }
    }

    pub(super) fn file(&mut self, path: &Path, is_log: bool) {
        let list = if is_log { &mut self.logs } else { &mut self.files };
        list.insert(path.to_owned());
    }

    pub(super) fn renamed(&mut self, from: &Path, to: &Path) {
        self.files.remove(from);
        self.files.insert(to.to_owned());
        self.folder_of(from);
        self.folder_of(to);
    }

    /// The names in the folder around this path.
    pub(super) fn folder_of(&mut self, path: &Path) {
        if let Some(folder) = path.parent()
            && !self.folders.contains(folder)
        {
            self.folders.insert(folder.to_owned());
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.files.len() + self.folders.len() >= MOST_LISTED
    }

    /// The file systems that something was written to.
    pub(super) fn bases(&self) -> impl Iterator<Item = &Path> {
        self.bases.iter().map(PathBuf::as_path)
    }

    /// Syncs each file, then the folders, then what tells of them.
    pub(super) fn sync_each(
        &self,
        file: &mut dyn FnMut(&Path) -> io::Result<()>,
        folder: &mut dyn FnMut(&Path) -> io::Result<()>,
    ) -> io::Result<()> {
        let there = |path: &PathBuf, sync: &mut dyn FnMut(&Path) -> io::Result<()>| match sync(path) {
            // It was for the time being.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            synced => synced,
        };
        self.files.iter().try_for_each(|path| there(path, file))?;
        self.folders.iter().try_for_each(|path| there(path, folder))?;
        self.logs.iter().try_for_each(|path| there(path, file))
    }
}
