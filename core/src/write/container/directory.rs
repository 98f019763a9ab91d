use super::{Ahead, Container, Entry, Home, KEPT, Ours, Stopped, WrittenAhead, copy, refused};
use crate::{
    date_time::DateTime,
    disk::{At, Disk, link_in},
    divide::divide,
    error::{Error, ErrorKind, Result},
    source::{Content, FileSource},
    write::{Product, Rendered, product::Tell, render::file_digests},
};
use std::{
    collections::HashSet,
    fs::{self, File, FileTimes},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Octets that are compared at a time.
const COMPARED: usize = 256 << 10;
/// Names that are tried beside that of a file of others.
const MOST_BESIDE: u32 = 10_000;
/// Octets of an index that are read again.
const MOST_INDEX: u64 = 64 << 10;
/// Until it is complete, a file stands under this name beside its own; no item has a name with a leading dot.
pub(crate) const UNFINISHED: &str = ".mailferry-unfinished";

/// A folder of the file system. Every file appears under its name at once, complete and with its date, or not at all.
pub(crate) struct Directory {
    root: PathBuf,
    disk: Disk,
    created: HashSet<String>,
    /// The folder of the entry before, so that the next need not look it up.
    recent: String,
    /// What a run that was cut off has written here, where this one goes on in a folder that holds something.
    ours: Option<Ours>,
    /// Files of others that stay, and what was written instead of them.
    kept: Vec<Product>,
}

/// What stands where a file is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing, or what may be written over: it is ours and unchanged, or the torn beginning of the same octets.
    Free,
    /// The same octets.
    Equal,
    /// Something of others, or something of ours that somebody has changed since.
    Others,
}

impl Directory {
    /// Creates the folder `root`, unless it is there and empty.
    pub(crate) fn create(root: &Path, disk: &Disk) -> Result<Self> {
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
                disk.make_base(root).map_err(|error| refused(error, &at))?;
            }
            Err(error) => return Err(refused(error, &at)),
        }
        Ok(Self::at(root, disk, None))
    }

    fn at(root: &Path, disk: &Disk, ours: Option<Ours>) -> Self {
        let (created, recent) = (HashSet::new(), String::new());
        Self { root: root.to_owned(), disk: disk.clone(), created, recent, ours, kept: Vec::new() }
    }

    /// Opens the folder `root`, which may hold what earlier runs have written; `ours` is what the last one has that was cut
    /// off.
    pub(crate) fn reopen(root: &Path, ours: Ours, disk: &Disk) -> Result<Self> {
        disk.make_base(root).map_err(|error| refused(error, &root.to_string_lossy()))?;
        Ok(Self::at(root, disk, Some(ours)))
    }

    /// What stands at `path`, where an entry of the octets `rendered` is to be.
    fn standing_at(&self, path: &str, replaces: bool, rendered: &Rendered) -> Result<Standing> {
        let Some(ours) = &self.ours else { return Ok(Standing::Free) };
        let file = self.root.join(path);
        let Ok(metadata) = fs::symlink_metadata(&file) else { return Ok(Standing::Free) };
        if !metadata.is_file() {
            return Ok(Standing::Others);
        }
        if metadata.len() <= rendered.size() {
            // Shorter octets that are the same as far as they go were torn off, by a full disk or a loss of power, which also
            // leaves zeros.
            let there = File::open(&file).map_err(|error| refused(error, &file.to_string_lossy()))?;
            match likeness(rendered, there, metadata.len()) {
                Some(Likeness::Equal) if metadata.len() == rendered.size() => return Ok(Standing::Equal),
                Some(_) => return Ok(Standing::Free),
                None => {}
            }
        }
        if replaces || self.is_as_written(ours, path, &file) {
            return Ok(Standing::Free);
        }
        Ok(Standing::Others)
    }

    /// Whether the file at `path` has octets that were written there.
    fn is_as_written(&self, ours: &Ours, path: &str, file: &Path) -> bool {
        let digests = FileSource::open(file)
            .map_err(io::Error::other)
            .and_then(|file| file_digests(&Content::from(Arc::new(file) as crate::source::Source)));
        digests.is_ok_and(|digests| ours.has(path, &digests))
    }

    /// The path for an entry at or beside `path`, where nothing of others stands; `None` where its octets are there already.
    fn free_path(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<(String, bool)> {
        match self.standing_at(entry.path, entry.replaces, rendered)? {
            Standing::Free => return Ok((entry.path.to_owned(), false)),
            Standing::Equal => return Ok((entry.path.to_owned(), true)),
            Standing::Others => {}
        }
        for number in 2..MOST_BESIDE {
            let path = beside(entry.path, number);
            let is_there = match self.standing_at(&path, false, rendered)? {
                Standing::Others => continue,
                standing => standing == Standing::Equal,
            };
            self.kept.push(Product::Kept { path: entry.path.to_owned(), instead: path.clone() });
            return Ok((path, is_there));
        }
        Err(not_ours(&self.root.join(entry.path)))
    }

    /// Gives a file its name that was written before its turn.
    fn name_written(&self, written: WrittenAhead, entry: Entry<'_>, to: At<'_>) -> io::Result<()> {
        let (path, file) = written.take().ok_or(io::ErrorKind::NotFound)?;
        let from = At::beside(&path);
        complete(file, entry);
        let synced = if entry.synced { self.disk.sync() } else { Ok(()) };
        let named = synced.and_then(|()| self.disk.rename(from, to));
        named.inspect_err(|_| {
            // It is written anew, which tells what is wrong.
            let _leftover = self.disk.remove(from);
        })
    }

    fn write_unfinished(
        &self,
        unfinished: At<'_>,
        entry: Entry<'_>,
        rendered: &Rendered,
    ) -> std::result::Result<(), Stopped> {
        let file = match &self.ours {
            // A run that was cut off may have left it.
            Some(_) => self.disk.create_anew(unfinished),
            None => self.disk.create(unfinished),
        };
        let mut file = file.map_err(Stopped::Destination)?;
        copy(rendered, false, |octets| file.write_all(octets))?;
        complete(file, entry);
        if entry.synced { self.disk.sync().map_err(Stopped::Destination) } else { Ok(()) }
    }
}

impl Container for Directory {
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != self.recent {
            self.add_folder(folder)?;
            folder.clone_into(&mut self.recent);
        }
        let (path, is_there) = self.free_path(entry, rendered)?;
        let file = At::new(&self.root, &path);
        if is_there {
            self.disk.found(file).map_err(|error| refused(error, &path))?;
            return Ok(path);
        }
        if let Some(written) = rendered.take_written_ahead()
            && self.name_written(written, entry, file).is_ok()
        {
            return Ok(path);
        }
        let unfinished = entry.staged.map_or_else(|| Path::new(&path).with_file_name(UNFINISHED), PathBuf::from);
        let unfinished = At::new(&self.root, &unfinished);
        let stopped = match self.write_unfinished(unfinished, entry, rendered) {
            Ok(()) => match self.disk.rename(unfinished, file) {
                Ok(()) => return Ok(path),
                Err(error) => Stopped::Destination(error),
            },
            Err(stopped) => stopped,
        };
        let is_of_others = match &stopped {
            Stopped::Destination(error) => error.kind() == io::ErrorKind::AlreadyExists || link_in(error).is_some(),
            Stopped::Source(_) => false,
        };
        if !is_of_others {
            // Whether this succeeds or not, the error to tell is the first.
            let _leftover = self.disk.remove(unfinished);
        }
        Err(match stopped {
            Stopped::Source(error) => Error::from(error).non_fatal(),
            Stopped::Destination(error) => refused(error, &file.path().to_string_lossy()),
        })
    }

    fn is_taken(&self, path: &str) -> bool {
        let Some(ours) = &self.ours else { return false };
        let file = self.root.join(path);
        match fs::symlink_metadata(&file) {
            Ok(metadata) if metadata.is_file() => metadata.len() > 0 && !self.is_as_written(ours, path, &file),
            Ok(_) => true,
            Err(_) => false,
        }
    }

    fn take_products(&mut self) -> Vec<Product> {
        std::mem::take(&mut self.kept)
    }

    fn add_folder(&mut self, path: &str) -> Result<()> {
        if path.is_empty() || self.created.contains(path) {
            return Ok(());
        }
        let folder = At::new(&self.root, path);
        self.disk.make_folder(folder).map_err(|error| refused(error, &folder.path().to_string_lossy()))?;
        self.created.insert(path.to_owned());
        Ok(())
    }

    fn standing(&self, path: &str) -> Option<String> {
        Some(path.to_owned())
    }

    fn home(&self) -> Option<Home> {
        Some(Home { folder: self.root.clone(), disk: self.disk.clone(), prefix: KEPT.to_owned() })
    }

    fn ahead(&self) -> Option<Ahead> {
        // Where something stands already, not all that comes is written.
        self.ours.is_none().then(|| {
            Ahead::within(Home { folder: self.root.clone(), disk: self.disk.clone(), prefix: KEPT.to_owned() })
        })
    }

    fn left_by_earlier(&self, path: &str) -> Option<String> {
        self.ours.as_ref()?;
        let mut text = String::new();
        File::open(self.root.join(path)).ok()?.take(MOST_INDEX).read_to_string(&mut text).ok()?;
        // A loss of power leaves zeros.
        Some(text).filter(|text| !text.contains('\0'))
    }

    fn secure(&mut self) -> Result<()> {
        self.disk.sync().map_err(|error| refused(error, &self.root.to_string_lossy()))
    }

    fn adopt(&mut self, path: &str, file: &Path) -> Option<Result<String>> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let to = self.root.join(path);
        // It had the name for itself when it was begun.
        if self.is_taken(path) {
            return Some(Err(not_ours(&to)));
        }
        let adopted = self.add_folder(folder).and_then(|()| {
            let named = self.disk.rename(At::beside(file), At::new(&self.root, path));
            named.map_err(|error| refused(error, &to.to_string_lossy()))
        });
        Some(adopted.map(|()| path.to_owned()))
    }

    fn finish(&mut self, _tell: &mut Tell<'_>) -> Result<()> {
        self.disk.finish().map_err(|error| refused(error, &self.root.to_string_lossy()))
    }
}

/// Gives a file its date, and closes it.
fn complete(file: crate::disk::File, entry: Entry<'_>) {
    if let Some(modified) = entry.modified.and_then(system_time) {
        // Some network file systems keep no dates; the item log has them too.
        let _unsupported = file.set_times(FileTimes::new().set_modified(modified));
    }
}

/// How a file is like the beginning of other octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Equal,
    /// Where it is not, it is zeros.
    Zeroed,
}

/// How the `len` octets of a file are like those that `rendered` starts with, if they are.
fn likeness(rendered: &Rendered, mut file: File, len: u64) -> Option<Likeness> {
    let mut left = len;
    let mut buffer = Vec::new();
    let mut likeness = Likeness::Equal;
    let compared = rendered.for_each_chunk(|octets| {
        for octets in octets.chunks(COMPARED) {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(octets.len());
            buffer.resize(most, 0);
            file.read_exact(&mut buffer)?;
            if !octets.starts_with(&buffer) {
                likeness = Likeness::Zeroed;
                if !buffer.iter().zip(octets).all(|(there, octet)| there == octet || *there == 0) {
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
            left -= most as u64;
        }
        Ok(())
    });
    compared.ok().map(|()| likeness)
}

/// The path beside `path` with this number in its name, before what the name ends in.
fn beside(path: &str, number: u32) -> String {
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(_, name)| divide(path, path.len() - name.len()));
    // The flags of a Maildir stay at the end (`:2,`).
    let at = name.find(":2,").or_else(|| name.rfind('.').filter(|at| *at > 0)).unwrap_or(name.len());
    let (stem, end) = divide(name, at);
    match end.starts_with(':') {
        true => format!("{folder}{stem}_{number}{end}"),
        false => format!("{folder}{stem} ({number}){end}"),
    }
}

fn not_ours(file: &Path) -> Error {
    let message = "exists already and was not written by a conversion: move it away, and convert again";
    Error::new(ErrorKind::Destination, message).in_file(file.to_string_lossy()).non_fatal()
}

fn system_time(date: DateTime) -> Option<SystemTime> {
    let seconds = Duration::from_secs(date.unix_seconds().unsigned_abs());
    if date.unix_seconds() < 0 { UNIX_EPOCH.checked_sub(seconds) } else { UNIX_EPOCH.checked_add(seconds) }
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn a_name_beside_another_keeps_what_programs_look_at() {
        assert_eq!(beside("Inbox/x.eml", 2), "Inbox/x (2).eml");
        assert_eq!(beside("x", 3), "x (3)");
        assert_eq!(beside("a.b/.hidden", 2), "a.b/.hidden (2)");
        assert_eq!(beside(".Sent/cur/1.M2.host,S=3:2,RS", 2), ".Sent/cur/1.M2.host,S=3_2:2,RS");
    }
}
