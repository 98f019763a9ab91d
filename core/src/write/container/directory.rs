use super::{Container, Entry, Stopped, copy, refused};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    write::Rendered,
};
use std::{
    collections::HashSet,
    fs::{self, File, FileTimes},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Until it is complete, a file stands under this name beside its own; no item has a name with a leading dot.
const UNFINISHED: &str = ".mailferry-unfinished";

/// A folder of the file system. Every file appears under its name at once, complete and with its date, or not at all.
pub(crate) struct Directory {
    root: PathBuf,
    created: HashSet<String>,
    /// The folder of the entry before, so that the next need not look it up.
    recent: String,
}

impl Directory {
    /// Creates the folder `root`, unless it is there and empty.
    pub(crate) fn create(root: &Path) -> Result<Self> {
        let at = root.to_string_lossy();
        match fs::metadata(root) {
            Ok(metadata) if !metadata.is_dir() => {
                return Err(Error::new(ErrorKind::Destination, "is a file, not a folder: choose another destination")
                    .in_file(at));
            }
            Ok(_) => {
                if fs::read_dir(root).map_err(|error| refused(error, &at))?.next().is_some() {
                    return Err(
                        Error::new(ErrorKind::Destination, "is not empty: choose a new or an empty folder").in_file(at)
                    );
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(root).map_err(|error| refused(error, &at))?;
            }
            Err(error) => return Err(refused(error, &at)),
        }
        Ok(Self { root: root.to_owned(), created: HashSet::new(), recent: String::new() })
    }

    fn write_unfinished(
        &self,
        unfinished: &Path,
        entry: Entry<'_>,
        rendered: &Rendered,
    ) -> std::result::Result<(), Stopped> {
        let mut file = File::create_new(unfinished).map_err(Stopped::Destination)?;
        copy(rendered, false, |octets| file.write_all(octets))?;
        if let Some(modified) = entry.modified.and_then(system_time) {
            // Some network file systems keep no dates; the item log has them too.
            let _unsupported = file.set_times(FileTimes::new().set_modified(modified));
        }
        Ok(())
    }
}

impl Container for Directory {
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let path = entry.path;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != self.recent {
            self.add_folder(folder)?;
            folder.clone_into(&mut self.recent);
        }
        let file = self.root.join(path);
        let unfinished = entry.staged.map_or_else(|| file.with_file_name(UNFINISHED), |staged| self.root.join(staged));
        let stopped = match self.write_unfinished(&unfinished, entry, rendered) {
            Ok(()) => match fs::rename(&unfinished, &file) {
                Ok(()) => return Ok(path.to_owned()),
                Err(error) => Stopped::Destination(error),
            },
            Err(stopped) => stopped,
        };
        // Whether this succeeds or not, the error to tell is the first.
        let _leftover = fs::remove_file(&unfinished);
        Err(match stopped {
            Stopped::Source(error) => Error::from(error).non_fatal(),
            Stopped::Destination(error) => refused(error, &file.to_string_lossy()),
        })
    }

    fn add_folder(&mut self, path: &str) -> Result<()> {
        if path.is_empty() || self.created.contains(path) {
            return Ok(());
        }
        let folder = self.root.join(path);
        fs::create_dir_all(&folder).map_err(|error| refused(error, &folder.to_string_lossy()))?;
        self.created.insert(path.to_owned());
        Ok(())
    }

    fn home(&self) -> Option<PathBuf> {
        Some(self.root.clone())
    }

    fn adopt(&mut self, path: &str, file: &Path) -> Option<Result<String>> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let to = self.root.join(path);
        let adopted = self
            .add_folder(folder)
            .and_then(|()| fs::rename(file, &to).map_err(|error| refused(error, &to.to_string_lossy())));
        Some(adopted.map(|()| path.to_owned()))
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

fn system_time(date: DateTime) -> Option<SystemTime> {
    let seconds = Duration::from_secs(date.unix_seconds().unsigned_abs());
    if date.unix_seconds() < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) }
}
