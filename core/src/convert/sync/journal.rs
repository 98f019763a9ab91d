use super::{finish::write_whole, names::refused, standing::Damaged};
use crate::{
    convert::{
        SyncLog,
        item_log::LogLine,
        journal::{Journal, log_refused},
        keys::{Key, Keys, identity},
        log_reader::RecordedLine,
    },
    disk::{At, Disk, File},
    error::{Error, ErrorKind, Result},
    model::Item,
    source::{Content, FileSource, Source},
    write::{Known, Lost, Product},
};
use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The files beside a destination that one sync writes.
pub(in crate::convert) struct SyncJournal {
    pub(super) sync: u32,
    pub(super) log: Replayed,
    pub(super) files: Replayed,
    /// What earlier syncs have written.
    pub(super) earlier: Keys,
    /// What of that is not there any more as it was written.
    pub(super) damaged: Damaged,
    /// How many of those were written again.
    pub(super) rewritten: u64,
    /// Identities of items that this sync writes, and of those that it leaves out without a look at their octets.
    pub(super) written: Vec<Key>,
    pub(super) left_out: Vec<Key>,
}

impl Journal for SyncJournal {
    fn sync(&self) -> Option<u32> {
        Some(self.sync)
    }

    fn has(&mut self, line: &LogLine) -> bool {
        if self.sync == 1 {
            return false;
        }
        let folder = line.target_folder.as_ref().unwrap_or(&line.item.folder);
        line.sha256
            .as_ref()
            .or(line.xxh3.as_ref())
            .is_some_and(|digest| self.earlier.take(Key::of_item(digest, folder)))
    }

    fn known(&self) -> Option<Known> {
        let earlier = Arc::clone(self.earlier.sorted());
        let known =
            move |item: &Item, digest: &str| earlier.contains(Key::of_item(digest, &item.folder.path.to_string()));
        (self.sync > 1).then(|| Arc::new(known) as Known)
    }

    fn expect(&mut self, line: &LogLine) -> Result<()> {
        self.log.expect(line)
    }

    fn line(&mut self, line: &LogLine, json: &[u8]) -> Result<()> {
        if self.damaged.items > 0
            && line.path.is_some()
            && let Some(digest) = line.sha256.as_ref().or(line.xxh3.as_ref())
        {
            let folder = line.target_folder.as_ref().unwrap_or(&line.item.folder);
            self.rewritten += u64::from(self.damaged.keys.take(Key::of_item(digest, folder)));
        }
        if self.sync > 1 && line.reason.as_deref() != Some(LogLine::ALREADY_MIGRATED) {
            let item = &line.item;
            let folder = line.target_folder.as_ref().unwrap_or(&item.folder);
            let (uid, message_id) = (item.uid.as_deref(), item.message_id.as_deref());
            let key = identity(&item.source.file, folder, item.source.nid, uid, message_id);
            let list = if line.path.is_some() { &mut self.written } else { &mut self.left_out };
            list.extend(key);
        }
        self.log.append(json)
    }

    fn product(&mut self, product: &Product) -> Result<()> {
        let mut json = serde_json::to_vec(product).map_err(|error| log_refused(error.into()))?;
        json.push(b'\n');
        self.files.append(&json)
    }

    fn lose(&mut self, lost: &[Lost], failed: &mut dyn FnMut(&LogLine, &str)) -> Result<()> {
        let (mut files, mut parts, mut all) = (HashMap::new(), HashMap::new(), None);
        for lost in lost {
            match lost {
                Lost::File { path, reason } => drop(files.insert(path.clone(), &**reason)),
                Lost::Part { name, reason } => drop(parts.insert(&**name, &**reason)),
                Lost::All { reason } => all = Some(&**reason),
            }
        }
        // The lines of what is in a file of many were written before it was known to which part that goes.
        if !parts.is_empty() {
            let lines = Content::from(Arc::new(FileSource::open(self.files.path())?) as Source);
            SyncLog::new(self.sync, Vec::new()).with_files(lines).for_each_product(|product| {
                if let Product::Collection { path, .. } = &product
                    && let Some((part, entry)) = path.split_once('!')
                    && let Some(reason) = parts.get(part)
                {
                    files.insert(entry.to_owned(), reason);
                }
                Ok(())
            })?;
        }
        let reason_of = |path: &str| {
            let of_part = || parts.get(path.split_once('!')?.0).copied();
            all.or_else(|| files.get(path).copied()).or_else(of_part)
        };
        let path = self.log.path();
        let log = SyncLog::new(self.sync, Content::from(Arc::new(FileSource::open(path)?) as Source));
        write_whole(path, &self.log.disk, |file| {
            let rewritten = log.for_each_line(|line, octets| {
                let reason = line.paths().find_map(reason_of).filter(|_| line.is_migrated());
                match reason {
                    Some(reason) => {
                        let mut line: LogLine =
                            serde_json::from_slice(octets).map_err(|error| log_refused(error.into()))?;
                        failed(&line, reason);
                        line.lost(reason);
                        serde_json::to_writer(&mut *file, &line).map_err(|error| log_refused(error.into()))?;
                    }
                    None => file.write_all(octets).map_err(log_refused)?,
                }
                file.write_all(b"\n").map_err(log_refused)
            });
            rewritten.map_err(io::Error::other)
        })
    }

    fn join(&mut self, part: &str) -> Result<()> {
        let whole = |path: &mut String| {
            if let Some((of, entry)) = path.split_once('!')
                && of == part
            {
                *path = entry.to_owned();
            }
        };
        let read = |path: &Path| Ok::<_, Error>(Content::from(Arc::new(FileSource::open(path)?) as Source));
        let log = SyncLog::new(self.sync, read(self.log.path())?);
        write_whole(self.log.path(), &self.log.disk, |file| {
            let rewritten = log.for_each_line(|line, octets| {
                if line.paths().next().is_some() {
                    let mut line: LogLine =
                        serde_json::from_slice(octets).map_err(|error| log_refused(error.into()))?;
                    line.path.iter_mut().chain(&mut line.copies).for_each(whole);
                    serde_json::to_writer(&mut *file, &line).map_err(|error| log_refused(error.into()))?;
                } else {
                    file.write_all(octets).map_err(log_refused)?;
                }
                file.write_all(b"\n").map_err(log_refused)
            });
            rewritten.map_err(io::Error::other)
        })?;
        let files = SyncLog::new(self.sync, Vec::new()).with_files(read(self.files.path())?);
        write_whole(self.files.path(), &self.files.disk, |file| {
            let rewritten = files.for_each_product(|mut product| {
                if let Product::Collection { path, .. } | Product::Index { path, .. } = &mut product {
                    whole(path);
                }
                serde_json::to_writer(&mut *file, &product).map_err(|error| log_refused(error.into()))?;
                file.write_all(b"\n").map_err(log_refused)
            });
            rewritten.map_err(io::Error::other)
        })
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A file of lines that is written anew over what a run that was cut off has written: what is there and equal stays.
///
/// It ends with a whole line, though the disk was full in the middle of one.
pub(super) struct Replayed {
    path: PathBuf,
    disk: Disk,
    file: Option<File>,
    /// Octets that stand as they should.
    len: u64,
    /// What the run that was cut off has written, from `len` on.
    ahead: Option<BufReader<fs::File>>,
    /// The next line of it.
    next: Vec<u8>,
}

impl Replayed {
    /// The file at `path`, which is made with its first line; `resumed` tells that it may be there.
    pub(super) fn new(path: PathBuf, resumed: bool, disk: &Disk) -> Result<Self> {
        let mut replayed = Self { path, disk: disk.clone(), file: None, len: 0, ahead: None, next: Vec::new() };
        if resumed && let Ok(file) = fs::File::open(&replayed.path) {
            replayed.ahead = Some(BufReader::new(file));
            replayed.read_next()?;
        }
        Ok(replayed)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file now.
    pub(super) fn create(&mut self) -> Result<()> {
        self.open().map(|_| ()).map_err(|error| refused(error, &self.path))
    }

    /// Whether the run that was cut off had come further.
    pub(super) fn is_behind(&self) -> bool {
        self.ahead.is_some()
    }

    fn open(&mut self) -> io::Result<&mut File> {
        match self.file {
            Some(ref mut file) => Ok(file),
            None => {
                let file = self.disk.open(At::beside(&self.path))?.telling();
                Ok(self.file.insert(file))
            }
        }
    }

    fn read_next(&mut self) -> Result<()> {
        self.next.clear();
        let Some(ahead) = &mut self.ahead else { return Ok(()) };
        ahead.read_until(b'\n', &mut self.next).map_err(|error| refused(error, &self.path))?;
        if !self.next.ends_with(b"\n") {
            self.leave_rest()?;
        }
        Ok(())
    }

    /// Cuts off what is ahead.
    fn leave_rest(&mut self) -> Result<()> {
        self.ahead = None;
        self.next.clear();
        let len = self.len;
        let cut = self.open().and_then(|file| {
            file.set_len(len)?;
            file.seek(SeekFrom::Start(len))
        });
        cut.map(drop).map_err(|error| refused(error, &self.path))
    }

    fn expect(&mut self, line: &LogLine) -> Result<()> {
        if self.ahead.is_none() {
            return Ok(());
        }
        let there = serde_json::from_slice::<RecordedLine<'_>>(&self.next).ok();
        let digest = line.sha256.as_deref().or(line.xxh3.as_deref());
        let is_it = there.is_some_and(|there| {
            there.id == line.item.id && (there.digest().is_none() || digest.is_none() || there.digest() == digest)
        });
        if is_it {
            return Ok(());
        }
        let message = format!(
            "the interrupted run read a different item where {} is now, so its source has changed: undo that run \
             with `mailferry undo`, and convert again",
            line.item.id
        );
        Err(Error::new(ErrorKind::Destination, message).in_file(self.path.to_string_lossy()))
    }

    pub(super) fn append(&mut self, json: &[u8]) -> Result<()> {
        if self.ahead.is_some() {
            if self.next == json {
                self.len += json.len() as u64;
                return self.read_next();
            }
            self.leave_rest()?;
        }
        let len = self.len;
        let written = self.open().and_then(|file| {
            file.write_all(json).inspect_err(|_| {
                // If even this is refused, the last line is cut off, and its reader will see it.
                let _cut_off = file.set_len(len);
            })
        });
        written.map_err(log_refused)?;
        self.len += json.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_over_an_earlier_file_is_what_stands_there(
            earlier in "([ab]\n){0,6}a?", now in "([ab]\n){0,6}"
        ) {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join("log");
            std::fs::write(&path, &earlier).unwrap();
            let mut file = Replayed::new(path.clone(), true, &Disk::default()).unwrap();
            for line in now.split_inclusive('\n') {
                file.append(line.as_bytes()).unwrap();
            }
            let whole = earlier.rfind('\n').map_or("", |end| &earlier[..=end]);
            let behind = whole.starts_with(&now) && whole != now;
            prop_assert_eq!(file.is_behind(), behind);
            let expected = if behind { &earlier } else { &now };
            let mut there = String::new();
            std::io::Read::read_to_string(&mut fs::File::open(&path).unwrap(), &mut there).unwrap();
            prop_assert_eq!(&there, expected);
        }
    }
}
