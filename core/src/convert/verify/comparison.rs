use super::{Difference, VerifyReport, check::go_on};
use crate::{
    convert::{
        Conversion, LogLine, Progress, Report, Status, SyncLog,
        journal::Journal,
        keys::{Key, Keys},
    },
    error::Result,
    limits::Stop,
    read::Mailbox,
    write::{self, Checksums, OutputForm, Packaging, WriteOptions, ZipLevel},
};
use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Compares every item of sources with the logs of what was written from them: it goes the way of a conversion up to where the
/// item would be written, and then one with these octets must be in a log, in this folder, as often as the sources have it.
///
/// ```
/// use mailferry::{
///     convert::{Comparison, Conversion, SyncLog},
///     read::{Mailbox, ReadOptions},
///     write::{EmlArchive, WriteOptions},
/// };
/// use std::sync::Arc;
///
/// let mailbox = |octets: &[u8]| {
///     let mut mailbox = Mailbox::new(ReadOptions::default());
///     mailbox.add_source("Inbox.mbox", Arc::new(octets.to_vec()));
///     mailbox
/// };
/// let mut log = Vec::new();
/// let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
/// Conversion::new(mailbox(b"From a\nSubject: one\n\nHi\n"), Box::new(archive), &mut log)
///     .run(&mut |_| std::ops::ControlFlow::Continue(()));
///
/// let other = mailbox(b"From a\nSubject: two\n\nHi\n");
/// let logs = vec![SyncLog::new(1, log)];
/// let mut comparison = Comparison::new(logs, other, &WriteOptions::default(), |conversion| conversion)?;
/// let mut differences = Vec::new();
/// while comparison.step(&mut |difference| differences.push(difference.clone()))? {}
/// let report = comparison.finish(&mut |difference| differences.push(difference.clone()))?;
/// assert_eq!((report.source_items, report.gone, differences.len()), (1, 1, 1));
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct Comparison {
    logs: Vec<SyncLog>,
    conversion: Conversion<'static>,
    recorded: Shared,
    stop: Stop,
    differences: u64,
}

impl Comparison {
    /// Reads the `logs` of all syncs that wrote the destination. The items come from `mailbox` and are rendered as `options`
    /// say; `prepare` gives the conversion the selection, the changes and the target that the destination was written with.
    ///
    /// # Errors
    /// When a log cannot be read, or is none; [`ErrorKind::Options`](crate::ErrorKind::Options) for options that contradict
    /// each other.
    pub fn new(
        logs: Vec<SyncLog>,
        mailbox: Mailbox,
        options: &WriteOptions,
        prepare: impl FnOnce(Conversion<'static>) -> Conversion<'static>,
    ) -> Result<Self> {
        let mut recorded = Recorded::default();
        for log in &logs {
            recorded.read(log)?;
        }
        recorded.keys.sort();
        let recorded = Shared(Arc::new(Mutex::new(recorded)));
        let mut options = options.clone();
        options.zip_level = ZipLevel::Store;
        options.zip_split = None;
        if options.form == OutputForm::Bundle {
            // The same octets, and no copy of the log is kept.
            (options.form, options.checksums) = (OutputForm::Eml, Checksums::Sha256);
        }
        let stop = mailbox.stop().clone();
        let writer = write::stream(io::sink(), Packaging::Zip, options)?;
        let conversion = prepare(Conversion::told_to(mailbox, writer, recorded.clone()));
        Ok(Self { logs, conversion, recorded, stop, differences: 0 })
    }

    /// Continues until something was done that is in the report; `false` when there is nothing more to do.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) when the limits of the mailbox stopped it.
    pub fn step(&mut self, found: &mut dyn FnMut(&Difference)) -> Result<bool> {
        let goes_on = self.conversion.step();
        go_on(&self.stop)?;
        self.tell(found);
        goes_on
    }

    /// How far it is. Items that are where they should be count as skipped.
    pub fn progress(&self) -> Progress<'_> {
        self.conversion.progress()
    }

    /// Counts what the logs have and the sources do not. The report does not cover files.
    ///
    /// # Errors
    /// When a log cannot be read any more.
    pub fn finish(mut self, found: &mut dyn FnMut(&Difference)) -> Result<VerifyReport> {
        self.tell(found);
        let Self { logs, conversion, recorded, mut differences, .. } = self;
        let read: Report = conversion.finish()?;
        for error in read.sources.iter().filter_map(|source| source.error.as_ref()) {
            differences += 1;
            found(&Difference::new("unreadable", "", error.clone()));
        }
        let mut report = VerifyReport { source_items: read.totals.available, differences, ..VerifyReport::default() };
        let files: HashSet<&str> = read.sources.iter().map(|source| source.file.as_str()).collect();
        let mut recorded = recorded.lock();
        for log in &logs {
            log.for_each_line(|line, _| {
                if let Some(digest) = line.digest().filter(|_| line.is_migrated() && files.contains(&*line.source.file))
                    && recorded.keys.take(Key::of_item(digest, line.folder_written()))
                {
                    report.gone += 1;
                }
                Ok(())
            })?;
        }
        Ok(report)
    }

    fn tell(&mut self, found: &mut dyn FnMut(&Difference)) {
        for difference in std::mem::take(&mut self.recorded.lock().differences) {
            self.differences += 1;
            found(&difference);
        }
    }
}

/// What the logs have, less what was met.
#[derive(Default)]
struct Recorded {
    keys: Keys,
    failed: HashSet<(String, String)>,
    differences: Vec<Difference>,
}

impl Recorded {
    fn read(&mut self, log: &SyncLog) -> Result<()> {
        log.for_each_line(|line, _| {
            match line.digest() {
                Some(digest) if line.is_migrated() => self.keys.push(Key::of_item(digest, line.folder_written())),
                _ if line.status == Status::Failed => {
                    self.failed.insert((line.source.file.to_string(), line.id.to_string()));
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn tell(&mut self, line: &LogLine, detail: String) {
        let what = format!("{} of {}", line.item.id, line.item.source.file);
        self.differences.push(Difference::new("not_migrated", what, detail));
    }
}

/// Takes each item for one that is there, and tells those that no line calls migrated.
#[derive(Clone)]
struct Shared(Arc<Mutex<Recorded>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for Shared {
    fn has(&mut self, line: &LogLine) -> bool {
        let mut recorded = self.lock();
        let folder = line.target_folder.as_ref().unwrap_or(&line.item.folder);
        let digest = line.sha256.as_ref().or(line.xxh3.as_ref());
        if !digest.is_some_and(|digest| recorded.keys.take(Key::of_item(digest, folder))) {
            let subject = line.item.subject.as_deref().unwrap_or_default();
            recorded.tell(line, format!("not found in the log: {subject:?} in {folder}"));
        }
        true
    }

    fn line(&mut self, line: &LogLine, _json: &[u8]) -> Result<()> {
        let mut recorded = self.lock();
        let is_known = recorded.failed.contains(&(line.item.source.file.clone(), line.item.id.clone()));
        if line.status == Status::Failed && !is_known {
            recorded.tell(line, format!("cannot be read: {}", line.reason.as_deref().unwrap_or_default()));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
