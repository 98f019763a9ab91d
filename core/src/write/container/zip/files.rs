use super::{
    super::{Home, KEPT, Ours, behind::Behind},
    Volumes, refused,
    volume::part_name,
};
use crate::{
    crew::Hands,
    disk::{At, Disk, File},
    error::{Error, ErrorKind, Result},
    write::{Product, spool::Spool},
};
use std::{
    borrow::Cow,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Files: `X.zip`, or `X.part001.zip`, `X.part002.zip` … Each has its name only when it is complete; where that is wanted, one part alone
/// is `X.zip` too.
pub(crate) struct ZipFiles {
    path: PathBuf,
    split: bool,
    /// Whether one part alone gets the name that was asked for.
    joins: bool,
    /// Whether the part at hand is the only one, and gets it.
    is_only: bool,
    number: u32,
    part: String,
    file: Option<Behind<File>>,
    disk: Disk,
    /// What a run that was cut off has completed: it is replaced when its like is complete.
    ours: Option<Ours>,
}

impl ZipFiles {
    /// Makes sure that nothing is at `path`, or at the path of any of its parts, but what is one of `ours`.
    pub(crate) fn create(path: &Path, split: bool, joins: bool, ours: Option<Ours>, disk: &Disk) -> Result<Self> {
        let (joins, is_only) = (joins && split, false);
        let (path_of, part, disk) = (path.to_owned(), String::new(), disk.clone());
        let files = Self { path: path_of, split, joins, is_only, number: 0, part, file: None, disk, ours };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        files.disk.make_base(folder).map_err(|error| refused(error, &folder.to_string_lossy()))?;
        let taken = |path: &Path| {
            let message = "exists already: remove it or choose another destination";
            Err(Error::new(ErrorKind::Destination, message).in_file(path.to_string_lossy()))
        };
        if fs::symlink_metadata(path).is_ok() && !files.is_ours(path) {
            return taken(path);
        }
        if split {
            let prefix = format!("{}.part", files.stem());
            for entry in fs::read_dir(folder).map_err(|error| refused(error, &folder.to_string_lossy()))? {
                let entry = entry.map_err(|error| refused(error, &folder.to_string_lossy()))?;
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let is_part =
                    name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".zip")).is_some_and(is_number);
                if is_part && !files.is_ours(&entry.path()) {
                    return taken(&entry.path());
                }
            }
        }
        Ok(files)
    }

    fn is_ours(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.ours.as_ref().is_some_and(|ours| ours.has_archive(&name))
    }

    fn stem(&self) -> Cow<'_, str> {
        self.path.file_stem().map_or(Cow::Borrowed(""), |stem| stem.to_string_lossy())
    }

    fn target(&self) -> PathBuf {
        if self.is_only { self.path.clone() } else { self.as_begun() }
    }

    /// The name that the archive at hand was begun for.
    fn as_begun(&self) -> PathBuf {
        if self.split { self.path.with_file_name(&self.part) } else { self.path.clone() }
    }

    fn unfinished(&self) -> PathBuf {
        self.beside(".unfinished")
    }

    fn unfinished_directory(&self) -> PathBuf {
        self.beside(".directory.unfinished")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.as_begun().into_os_string();
        path.push(suffix);
        path.into()
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

impl Write for ZipFiles {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or(io::ErrorKind::NotConnected)?.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().ok_or(io::ErrorKind::NotConnected)?.flush()
    }
}

impl Volumes for ZipFiles {
    fn begin(&mut self) -> Result<()> {
        self.number += 1;
        self.part = part_name(&self.stem(), self.number);
        let left = |path: &Path| {
            Error::new(ErrorKind::Destination, "is left over from an interrupted run: remove it")
                .in_file(path.to_string_lossy())
        };
        let directory = self.unfinished_directory();
        if fs::symlink_metadata(&directory).is_ok() {
            return Err(left(&directory));
        }
        let path = self.unfinished();
        let file = self.disk.create(At::beside(&path)).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => left(&path),
            _ => refused(error, &path.to_string_lossy()),
        })?;
        self.file = Some(Behind::new(file));
        Ok(())
    }

    fn use_hands(&mut self, hands: Option<&Hands>) {
        self.file.iter_mut().for_each(|file| file.use_hands(hands));
    }

    fn directory(&self) -> Spool {
        Spool::at(self.unfinished_directory(), &self.disk)
    }

    fn be_last(&mut self) {
        self.is_only = self.joins && self.number == 1;
    }

    fn written(&mut self) -> Result<Option<Product>> {
        let digest = self.file.as_mut().map_or_else(|| Err(io::ErrorKind::NotConnected.into()), Behind::digest);
        let digest = digest.map_err(|error| refused(error, &self.path()))?;
        let metadata = fs::metadata(self.unfinished()).map_err(|error| refused(error, &self.path()))?;
        let path = self.target().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let part = self.is_only.then(|| self.part.clone());
        Ok(Some(Product::Archive { path, size: metadata.len(), xxh3: Some(format!("{:016x}", digest)), part }))
    }

    fn complete(&mut self) -> Result<()> {
        self.flush().map_err(|error| refused(error, &self.path()))?;
        self.file = None;
        // What tells that it is ours comes before its name, and so does all that is in it.
        let (unfinished, target) = (self.unfinished(), self.target());
        let named = self.disk.sync().and_then(|()| self.disk.rename(At::beside(&unfinished), At::beside(&target)));
        named.map_err(|error| refused(error, &self.path()))
    }

    fn discard(&mut self) {
        if let Some(file) = self.file.take() {
            file.discard();
            let _leftover = self.disk.remove(At::beside(&self.unfinished()));
        }
    }

    fn end(&mut self) -> Result<()> {
        // Of a run that was cut off: all that it held is in the parts of this one.
        if self.joins
            && !self.is_only
            && self.any()
            && self.is_ours(&self.path)
            && fs::symlink_metadata(&self.path).is_ok()
        {
            self.disk.remove(At::beside(&self.path)).map_err(|error| refused(error, &self.path.to_string_lossy()))?;
        }
        let first = if self.is_only { 1 } else { self.number.saturating_add(1) };
        for number in first.. {
            let left = self.path.with_file_name(part_name(&self.stem(), number));
            if !self.split || !self.is_ours(&left) || fs::symlink_metadata(&left).is_err() {
                break;
            }
            self.disk.remove(At::beside(&left)).map_err(|error| refused(error, &left.to_string_lossy()))?;
        }
        self.disk.finish().map_err(|error| refused(error, &self.path()))
    }

    fn home(&self) -> Option<Home> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Some(Home { folder, disk: self.disk.clone(), prefix: format!("{KEPT}{name}-") })
    }

    fn any(&self) -> bool {
        self.number > 0
    }

    fn part(&self) -> Option<&str> {
        self.split.then_some(&*self.part)
    }

    fn path(&self) -> Cow<'_, str> {
        self.target().to_string_lossy().into_owned().into()
    }
}

/// What was not completed is no archive and does not stay.
impl Drop for ZipFiles {
    fn drop(&mut self) {
        self.discard();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods, reason = "tests put files where others do")]

    use super::*;

    #[test]
    fn a_part_alone_of_a_run_that_was_cut_off_does_not_stay_beside_the_parts_of_the_next() {
        for parts in [1, 2] {
            let room = tempfile::tempdir().unwrap();
            let path = room.path().join("x.zip");
            fs::write(&path, "of the run before").unwrap();
            assert!(ZipFiles::create(&path, true, true, None, &Disk::default()).is_err(), "it is somebody else's");
            let mut ours = Ours::default();
            ours.add_archive("x.zip");
            let mut files = ZipFiles::create(&path, true, true, Some(ours), &Disk::default()).unwrap();
            for number in 1..=parts {
                files.begin().unwrap();
                files.write_all(b"of this one").unwrap();
                if number == parts {
                    files.be_last();
                }
                files.written().unwrap();
                files.complete().unwrap();
            }
            files.end().unwrap();
            let mut left: Vec<_> = fs::read_dir(room.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            left.sort();
            assert_eq!(left, [&["x.zip"][..], &["x.part001.zip", "x.part002.zip"]][parts - 1]);
        }
    }
}
