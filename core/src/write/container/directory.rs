use super::{Container, Entry, Home, KEPT, Stopped, copy, refused};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    write::{Rendered, made::Tell},
};
use std::{
    collections::HashSet,
    fs::{self, File, FileTimes},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use twox_hash::XxHash3_64;

/// Octets that are compared at a time.
const COMPARED: usize = 256 << 10;
/// Octets of an index that are read again.
const MOST_INDEX: u64 = 64 << 10;
/// Until it is complete, a file stands under this name beside its own; no item has a name with a leading dot.
pub(crate) const UNFINISHED: &str = ".mailferry-unfinished";

/// A folder of the file system. Every file appears under its name at once, complete and with its date, or not at all.
pub(crate) struct Directory {
    root: PathBuf,
    created: HashSet<String>,
    /// The folder of the entry before, so that the next need not look it up.
    recent: String,
    /// What a run that was cut off has written here, where this one goes on in a folder that holds something.
    ours: Option<Ours>,
}

/// Paths of files that are ours: to be written over, if need be.
#[derive(Default)]
pub(crate) struct Ours(HashSet<u64>);

impl Ours {
    pub(crate) fn add(&mut self, path: &str) {
        self.0.insert(XxHash3_64::oneshot(path.as_bytes()));
    }

    fn has(&self, path: &str) -> bool {
        self.0.contains(&XxHash3_64::oneshot(path.as_bytes()))
    }
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
        Ok(Self { root: root.to_owned(), created: HashSet::new(), recent: String::new(), ours: None })
    }

    /// Opens the folder `root`, which may hold what earlier runs have written; `ours` is what the last one has that was cut
    /// off.
    pub(crate) fn reopen(root: &Path, ours: Ours) -> Result<Self> {
        fs::create_dir_all(root).map_err(|error| refused(error, &root.to_string_lossy()))?;
        Ok(Self { root: root.to_owned(), created: HashSet::new(), recent: String::new(), ours: Some(ours) })
    }

    /// Whether the file of an entry is there already, as a run that was cut off has left it.
    ///
    /// # Errors
    /// When something else is there.
    fn stands(&self, entry: Entry<'_>, file: &Path, rendered: &Rendered) -> Result<bool> {
        let Some(ours) = &self.ours else { return Ok(false) };
        let Ok(metadata) = fs::symlink_metadata(file) else { return Ok(false) };
        let is_equal = metadata.is_file() && metadata.len() == rendered.size() && {
            let mut there = File::open(file).map_err(|error| refused(error, &file.to_string_lossy()))?;
            let mut buffer = Vec::new();
            let compared = rendered.for_each_chunk(|octets| {
                for octets in octets.chunks(COMPARED) {
                    buffer.resize(octets.len(), 0);
                    there.read_exact(&mut buffer)?;
                    if buffer != octets {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
                Ok(())
            });
            compared.is_ok()
        };
        if is_equal || (metadata.is_file() && (entry.replaces || ours.has(entry.path))) {
            return Ok(is_equal);
        }
        Err(not_ours(file))
    }

    fn write_unfinished(
        &self,
        unfinished: &Path,
        entry: Entry<'_>,
        rendered: &Rendered,
    ) -> std::result::Result<(), Stopped> {
        let file = match &self.ours {
            // A run that was cut off may have left it.
            Some(_) => File::create(unfinished),
            None => File::create_new(unfinished),
        };
        let mut file = file.map_err(Stopped::Destination)?;
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
        if self.stands(entry, &file, rendered)? {
            return Ok(path.to_owned());
        }
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

    fn standing(&self, path: &str) -> Option<String> {
        Some(path.to_owned())
    }

    fn home(&self) -> Option<Home> {
        Some(Home { folder: self.root.clone(), prefix: KEPT.to_owned() })
    }

    fn left_by_earlier(&self, path: &str) -> Option<String> {
        self.ours.as_ref()?;
        let mut text = String::new();
        File::open(self.root.join(path)).ok()?.take(MOST_INDEX).read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn adopt(&mut self, path: &str, file: &Path) -> Option<Result<String>> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let to = self.root.join(path);
        if let Some(ours) = &self.ours
            && !ours.has(path)
            && fs::symlink_metadata(&to).is_ok()
        {
            return Some(Err(not_ours(&to)));
        }
        let adopted = self
            .add_folder(folder)
            .and_then(|()| fs::rename(file, &to).map_err(|error| refused(error, &to.to_string_lossy())));
        Some(adopted.map(|()| path.to_owned()))
    }

    fn finish(&mut self, _tell: &mut Tell<'_>) -> Result<()> {
        Ok(())
    }
}

fn not_ours(file: &Path) -> Error {
    let message = "is there already, and no conversion has written it: move it away, and convert again";
    Error::new(ErrorKind::Destination, message).in_file(file.to_string_lossy()).non_fatal()
}

fn system_time(date: DateTime) -> Option<SystemTime> {
    let seconds = Duration::from_secs(date.unix_seconds().unsigned_abs());
    if date.unix_seconds() < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) }
}
