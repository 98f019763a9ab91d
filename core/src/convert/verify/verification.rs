#[cfg(not(target_family = "wasm"))]
use super::check::Flaw;
use super::{
    Difference, VerifyReport,
    bag::Bag,
    check::{Check, go_on},
    expected::Expected,
};
#[cfg(not(target_family = "wasm"))]
use crate::crew::{Arriving, Crew, HELD, most_files};
use crate::{
    convert::SyncLog,
    error::{Error, ErrorKind, Result},
    limits::Stop,
    read::ArchiveFiles,
    source::{Source, Stoppable},
};
#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;
use std::{collections::VecDeque, hash::Hasher, num::NonZeroUsize};
use twox_hash::XxHash3_64;

/// A file whose turn it is not yet: what was told of it before it is read, and what reads it, if it is.
struct Pending {
    told: Vec<Difference>,
    #[cfg(not(target_family = "wasm"))]
    check: Option<Reading>,
    #[cfg(target_family = "wasm")]
    check: Option<Check>,
}

/// A file, and where what is wrong with it will arrive; `None` where it is read when it is its turn.
#[cfg(not(target_family = "wasm"))]
struct Reading {
    check: Arc<Check>,
    arrives: Option<Arriving<Option<Flaw>>>,
}

/// An archive whose octets are compared as a whole, a piece at a time.
struct Whole {
    name: String,
    source: Source,
    at: u64,
    digest: XxHash3_64,
}

/// Octets that one step compares.
const STEP: usize = 4 << 20;

impl Whole {
    /// Reads on; `true` at the end.
    fn step(&mut self) -> std::io::Result<bool> {
        let mut octets = vec![0; STEP];
        let read = self.source.read_at(self.at, &mut octets)?;
        self.digest.write(octets.get(..read).unwrap_or_default());
        self.at = self.at.saturating_add(read as u64);
        Ok(read == 0)
    }
}

/// Reads every file of a destination again and compares it with the logs of the syncs that wrote it: its SHA-256, its size,
/// whether it can be read as what it is, the attachments where the log lists them; and tells files that no line names, and
/// lines whose file is not there.
///
/// A destination is archives, which are gone through a file at a time, or [single files](Self::file), or both. Of an import
/// bundle every file is compared with the manifests of the bag too (RFC 8493 §3), and its log may be the one that it carries.
/// Memory grows by some 100 octets a file.
///
/// ```
/// use mailferry::{
///     Stop,
///     convert::{Conversion, SyncLog, Verification},
///     read::{Mailbox, ReadOptions},
///     source::Source,
///     write::{EmlArchive, WriteOptions},
/// };
/// use std::{fs::File, sync::Arc};
///
/// let folder = tempfile::tempdir()?;
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
/// let archive = EmlArchive::zip(File::create(folder.path().join("a.zip"))?, WriteOptions::default());
/// let (mut log, mut files) = (Vec::new(), Vec::new());
/// Conversion::new(mailbox, Box::new(archive), &mut log).with_files(&mut files).run(&mut |_| std::ops::ControlFlow::Continue(()));
///
/// let archive: Source = Arc::new(std::fs::read(folder.path().join("a.zip"))?);
/// let log = SyncLog::new(1, log).with_files(files);
/// let mut verification = Verification::new([log], [("a.zip".to_owned(), archive)], &Stop::default())?;
/// let mut differences = Vec::new();
/// while verification.step(&mut |difference| differences.push(difference.clone()))? {}
/// let report = verification.finish(&mut |difference| differences.push(difference.clone()))?;
/// assert_eq!((report.files, report.items, differences.len()), (1, 1, 0));
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct Verification {
    logs: Vec<SyncLog>,
    expected: Expected,
    bag: Option<Bag>,
    waiting: VecDeque<(String, Source)>,
    open: Option<(String, ArchiveFiles)>,
    /// The archive at hand, as long as its octets are compared as a whole.
    whole: Option<Whole>,
    /// Why the archive at hand is not as it was written, unless what is wrong was told in a file of it.
    changed: Option<String>,
    /// Whether all octets of the archive at hand are as they were written.
    is_proven: bool,
    /// Archives that were changed around their files, which is told where nothing else is that explains it.
    around: Vec<(String, String)>,
    /// What the paths of single files start with where they are told.
    label: String,
    stop: Stop,
    report: VerifyReport,
    /// Files that are read, in their order.
    pending: VecDeque<Pending>,
    #[cfg(not(target_family = "wasm"))]
    most_pending: usize,
    #[cfg(not(target_family = "wasm"))]
    crew: Option<Crew>,
}

impl Verification {
    /// Reads the `logs` of the syncs that wrote one place, the first one first: one folder, or one archive, perhaps in parts.
    /// `archives` are those, each under the name that it has in the log if it is one of several parts. Where there are no
    /// logs, an archive must be an import bundle, which carries its own.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] when there is no log; when one cannot be read, or is none; [`ErrorKind::Cancelled`] as soon as
    /// `stop` says so, here and later.
    pub fn new(
        logs: impl IntoIterator<Item = SyncLog>,
        archives: impl IntoIterator<Item = (String, Source)>,
        stop: &Stop,
    ) -> Result<Self> {
        let archives = archives.into_iter().map(|(name, source)| (name, Stoppable::over(source, stop)));
        let mut verification = Self {
            logs: logs.into_iter().collect(),
            expected: Expected::default(),
            bag: None,
            waiting: archives.collect(),
            open: None,
            whole: None,
            changed: None,
            is_proven: false,
            around: Vec::new(),
            label: String::new(),
            stop: stop.clone(),
            report: VerifyReport::default(),
            pending: VecDeque::new(),
            #[cfg(not(target_family = "wasm"))]
            most_pending: 0,
            #[cfg(not(target_family = "wasm"))]
            crew: None,
        };
        verification.read_logs()?;
        Ok(verification)
    }

    /// The same with files read on `threads` threads; what is found, and its order, do not depend on their number.
    #[must_use]
    #[cfg_attr(target_family = "wasm", expect(unused_variables, unused_mut, reason = "there is one thread"))]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        #[cfg(not(target_family = "wasm"))]
        {
            self.crew = (threads.get() > 1).then(|| Crew::start(threads, HELD, self.stop.clone())).flatten();
            self.most_pending = self.crew.as_ref().map_or(0, |_| most_files(threads));
        }
        self
    }

    /// Whether a file has to be done with before the next.
    fn is_full(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        if let Some(crew) = &self.crew {
            return self.pending.len() >= self.most_pending || (!self.pending.is_empty() && crew.are_full());
        }
        !self.pending.is_empty()
    }

    /// Meets a file and has it read.
    fn push(&mut self, archive: Option<&str>, path: &str, source: Source) {
        let Self { expected, report, label, .. } = self;
        let mut told = Vec::new();
        let check =
            Check::begin(archive, label, path, source, expected, report, &mut |difference| told.push(difference));
        #[cfg(not(target_family = "wasm"))]
        let check = check.map(|check| {
            let check = Arc::new(check);
            let arrives = self.crew.as_ref().map(|crew| {
                let check = Arc::clone(&check);
                crew.job(Check::WAITING, check.may_hold(), move |_held| check.read())
            });
            Reading { check, arrives }
        });
        self.pending.push_back(Pending { told, check });
    }

    /// Tells of the file that was met first of those that are read; `false` where there is none.
    fn conclude(&mut self, found: &mut dyn FnMut(&Difference)) -> Result<bool> {
        let Some(Pending { told, check }) = self.pending.pop_front() else { return Ok(false) };
        let mut differences = 0;
        let mut tell = |difference: Difference| {
            differences += 1;
            found(&difference);
        };
        told.into_iter().for_each(&mut tell);
        #[cfg(not(target_family = "wasm"))]
        if let Some(Reading { check, arrives }) = check {
            let flaw = arrives.and_then(|arrives| self.crew.as_ref()?.wait(&arrives));
            let flaw = flaw.unwrap_or_else(|| check.read());
            check.conclude(flaw, &mut self.expected, &mut tell);
        }
        #[cfg(target_family = "wasm")]
        if let Some(check) = check {
            let flaw = check.read();
            check.conclude(flaw, &mut self.expected, &mut tell);
        }
        if differences > 0 {
            self.changed = None;
        }
        // A file that could not be read because somebody stopped it is no difference.
        go_on(&self.stop)?;
        self.report.differences += differences;
        Ok(true)
    }

    /// Tells of all files that are read.
    fn conclude_all(&mut self, found: &mut dyn FnMut(&Difference)) -> Result<()> {
        while self.conclude(found)? {}
        Ok(())
    }

    fn read_logs(&mut self) -> Result<()> {
        let mut bag = None;
        if self.logs.is_empty() {
            bag = self.bag_in_archives()?;
            self.logs.extend(bag.as_ref().and_then(Bag::log));
            if self.logs.is_empty() {
                let message =
                    "is not an import bundle with its own log: also give the item log that was written next to it";
                let name = self.waiting.front().map(|(name, _)| name.clone()).unwrap_or_default();
                return Err(Error::new(ErrorKind::Options, message).in_file(name));
            }
        }
        self.expected.name_archives(self.waiting.iter().map(|(name, _)| name.clone()));
        for log in &self.logs {
            self.expected.read(log, &mut self.report)?;
        }
        if bag.is_none() && self.expected.has_payload() {
            bag = self.bag_in_archives()?;
        }
        match bag {
            Some(bag) => self.add_bag(bag)?,
            None => self.expected.sort(),
        }
        self.report.syncs = self.logs.len() as u64;
        Ok(())
    }

    fn bag_in_archives(&self) -> Result<Option<Bag>> {
        for (name, source) in &self.waiting {
            if let Ok(files) = ArchiveFiles::open(name, source.clone())
                && let Some(bag) = Bag::in_archive(files)?
            {
                return Ok(Some(bag));
            }
            go_on(&self.stop)?;
        }
        Ok(None)
    }

    /// Holds the files against the manifests of a bag too.
    pub(super) fn add_bag(&mut self, bag: Bag) -> Result<()> {
        self.expected.read_bag(&bag)?;
        self.expected.sort();
        self.bag = Some(bag);
        Ok(())
    }

    /// The same where the paths of single files are told with `label` before them.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn labelled(self, label: String) -> Self {
        Self { label, ..self }
    }

    /// Reads the next file of the archives; `false` when all are read. What differs goes to `found`.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`].
    pub fn step(&mut self, found: &mut dyn FnMut(&Difference)) -> Result<bool> {
        go_on(&self.stop)?;
        if self.is_full() {
            return self.conclude(found);
        }
        if let Some((name, files)) = &mut self.open {
            match files.next_file() {
                Ok(Some((path, source))) => {
                    let name = name.clone();
                    self.push(Some(&name), &path, source);
                    return Ok(true);
                }
                ended => {
                    self.conclude_all(found)?;
                    return self.end_of_files(ended, found);
                }
            }
        }
        self.conclude_all(found)?;
        let expected = &self.expected;
        let mut differences = 0;
        let mut tell = |difference: Difference| {
            differences += 1;
            found(&difference);
        };
        let mut goes_on = true;
        if let Some(whole) = &mut self.whole {
            let end = whole.step();
            if !matches!(end, Ok(false))
                && let Some(Whole { name, source, at, digest }) = self.whole.take()
            {
                let found = format!("{:016x}", digest.finish());
                self.is_proven = false;
                self.changed = match expected.digest_of_archive(&name) {
                    Some((size, _)) if *size != at => Some(format!("has {at} octets, the log says {size}")),
                    Some((_, digest)) if *digest != found => {
                        Some("was changed since it was written, outside of the files in it".to_owned())
                    }
                    told => {
                        self.is_proven = told.is_some();
                        None
                    }
                };
                match end.map_err(Error::from).and_then(|_| ArchiveFiles::open(&name, source)) {
                    Ok(files) => self.open = Some((name, files)),
                    Err(error) => {
                        go_on(&self.stop)?;
                        self.changed = None;
                        tell(Difference::new("unreadable", name, error.to_string()));
                    }
                }
            }
        } else if let Some((name, source)) = self.waiting.pop_front() {
            self.whole = Some(Whole { name, source, at: 0, digest: XxHash3_64::new() });
        } else {
            goes_on = false;
        }
        if differences > 0 {
            self.changed = None;
        }
        // A file that could not be read because somebody stopped it is no difference.
        go_on(&self.stop)?;
        self.report.differences += differences;
        Ok(goes_on)
    }

    /// What follows behind the last file of the archive at hand, or where one cannot be read.
    fn end_of_files(
        &mut self,
        ended: Result<Option<(String, Source)>>,
        found: &mut dyn FnMut(&Difference),
    ) -> Result<bool> {
        let Some((name, files)) = &mut self.open else { return Ok(true) };
        let Err(error) = ended else {
            let flaw = if self.is_proven { None } else { files.flaw().map(|flaw| flaw.to_string()) };
            self.around.extend(self.changed.take().or(flaw).map(|detail| (name.clone(), detail)));
            self.open = None;
            return Ok(true);
        };
        go_on(&self.stop)?;
        self.changed = None;
        self.report.differences += 1;
        found(&Difference::new("unreadable", name.clone(), error.to_string()));
        if error.is_fatal() {
            self.open = None;
        }
        Ok(true)
    }

    /// Reads a file that is in the destination by itself, at `path` as the log has it.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`].
    pub fn file(&mut self, path: &str, source: Source, found: &mut dyn FnMut(&Difference)) -> Result<()> {
        while self.is_full() {
            self.conclude(found)?;
        }
        self.push(None, path, Stoppable::over(source, &self.stop));
        match self.is_ahead() {
            true => go_on(&self.stop),
            false => self.conclude_all(found),
        }
    }

    fn is_ahead(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.crew.is_some();
        #[cfg(target_family = "wasm")]
        false
    }

    /// Tells what is wrong with a file that stands by itself.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn tell(&mut self, kind: &'static str, path: &str, detail: String) {
        let told = vec![Difference::new(kind, format!("{}{path}", self.label), detail)];
        self.pending.push_back(Pending { told, check: None });
    }

    /// What was read so far.
    pub fn report(&self) -> &VerifyReport {
        &self.report
    }

    /// Octets of files that were read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn position(&self) -> u64 {
        self.report.bytes
    }

    /// An archive that was changed around its files, if all were read and one was.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn changed_around(&self) -> Option<Difference> {
        self.around.first().map(|(name, detail)| Difference::new("changed", name.clone(), detail.clone()))
    }

    /// Tells what was not met.
    ///
    /// # Errors
    /// When a log cannot be read any more.
    pub fn finish(mut self, found: &mut dyn FnMut(&Difference)) -> Result<VerifyReport> {
        self.conclude_all(found)?;
        let mut differences = 0;
        let Self { logs, mut expected, bag, label, around, mut report, .. } = self;
        let archives = expected.archives();
        let mut tell = |kind: &'static str, path: &str, detail: String| {
            differences += 1;
            found(&Difference::new(kind, format!("{label}{path}"), detail));
        };
        for log in &logs {
            log.for_each_line(|line, _| {
                for path in line.paths().filter(|_| line.is_migrated()) {
                    let item = format!("item {} of sync {}", line.id, log.number());
                    if expected.is_missing(path) {
                        tell("missing", path, format!("is missing; {item} was written there"));
                    } else if expected.is_lost(&line, path) {
                        tell("changed", path, format!("{item} is not found in it unchanged"));
                    }
                }
                Ok(())
            })?;
            log.for_each_product(|product| {
                if expected.is_missing(product.path()) {
                    tell("missing", product.path(), "is missing, with all its items".to_owned());
                }
                Ok(())
            })?;
        }
        if let Some(bag) = &bag {
            bag.for_each_line(|path, _| {
                if expected.is_missing_in_bag(path) {
                    tell("missing", path, "is missing, but is listed in the manifest of the bag".to_owned());
                }
                Ok(())
            })?;
        }
        if differences == 0 || archives > 1 {
            for (name, detail) in around {
                differences += 1;
                found(&Difference::new("changed", name, detail));
            }
        }
        report.differences += differences;
        Ok(report)
    }
}
