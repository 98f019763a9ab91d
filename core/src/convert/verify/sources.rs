use super::{Difference, Found, VerifyReport, check::go_on};
use crate::{
    convert::{
        Conversion, ConvertOptions, LogLine, Selector, Status,
        journal::Journal,
        sync::{ITEM_LOG, Key, Keys, SyncPaths, Syncs, for_each_line, octets_settings},
        to_path::mailbox_of,
    },
    error::{Error, ErrorKind, Result},
    read::Given,
    write::{self, Packaging, ZipLevel},
};
use std::{collections::HashSet, io, ops::ControlFlow, sync::Mutex};

/// Holds every item of the sources against the logs: it goes the way of a conversion up to where it would be written.
pub(super) fn check(
    complete: &Syncs,
    syncs: &[SyncPaths],
    sources: &[Given],
    options: &ConvertOptions,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) -> Result<()> {
    let options = &options.for_target();
    let settings = octets_settings(options);
    let is_same = |sync: &crate::convert::SyncReport| sync.settings == settings;
    if let Some((paths, _)) = complete.0.iter().find(|(_, report)| !report.sync.as_ref().is_some_and(is_same)) {
        let message = "was written with other line ends, checksums, or changes to calendars and cards: give those options \
                       again to hold it against its sources";
        return Err(Error::new(ErrorKind::Options, message).in_file(paths.archive().to_string_lossy()));
    }
    let mut logged = Keys::default();
    let mut failed = HashSet::new();
    for paths in syncs {
        for_each_line(&paths.beside(ITEM_LOG), |line, _| {
            match line.digest() {
                Some(digest) if line.is_migrated() => logged.push(Key::of_item(digest, line.folder_written())),
                _ if line.status == Status::Failed => {
                    failed.insert((line.source.file.to_string(), line.id.to_string()));
                }
                _ => {}
            }
            Ok(())
        })?;
    }
    logged.sort();
    let mut mailbox = mailbox_of(sources, &options.read);
    mailbox.start()?;
    let again = mailbox_of(sources, &options.read);
    let selector = Selector::surveying(&options.selection, again, &mut |_| ControlFlow::Continue(()))?;
    let mut archive = options.archive.clone();
    archive.zip_level = ZipLevel::Store;
    let writer = write::stream(io::sink(), Packaging::Zip, archive)?;
    let told = Mutex::new(Vec::new());
    let mut journal = Comparison { logged, failed, told: &told };
    let mut conversion = Conversion::told_to(mailbox, writer, &mut journal).with_selector(selector);
    if let Some(transform) = &options.transform {
        conversion = conversion.with_transform(transform.clone());
    }
    conversion = conversion.with_tagging(options.tagging.clone()).with_threads(options.threads);
    if let Some(target) = options.target {
        conversion = conversion.with_target(target);
    }
    let read = conversion.run(&mut |_| {
        if let Ok(mut told) = told.lock() {
            told.drain(..).for_each(&mut *found);
        }
        ControlFlow::Continue(())
    });
    go_on(&options.read.limits.stop)?;
    told.lock().map(|mut told| told.drain(..).for_each(&mut *found)).unwrap_or_default();
    for source in read.sources.iter().filter_map(|source| source.error.as_ref()) {
        found(Difference::new("unreadable", "", source.clone()));
    }
    if let Some(error) = read.error {
        found(Difference::new("unreadable", "", error));
    }
    report.source_items += read.totals.available;
    let files: HashSet<&str> = read.sources.iter().map(|source| source.file.as_str()).collect();
    for paths in syncs {
        for_each_line(&paths.beside(ITEM_LOG), |line, _| {
            if let Some(digest) = line.digest().filter(|_| line.is_migrated() && files.contains(&*line.source.file))
                && journal.logged.take(Key::of_item(digest, line.folder_written()))
            {
                report.gone += 1;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Takes each item for one that is there, and tells those that no line calls migrated.
struct Comparison<'t> {
    logged: Keys,
    failed: HashSet<(String, String)>,
    told: &'t Mutex<Vec<Difference>>,
}

impl Comparison<'_> {
    fn tell(&self, line: &LogLine, told: String) {
        let what = format!("{} of {}", line.item.id, line.item.source.file);
        let difference = Difference::new("not_migrated", what, told);
        if let Ok(mut list) = self.told.lock() {
            list.push(difference);
        }
    }
}

impl Journal for Comparison<'_> {
    fn has(&mut self, line: &LogLine) -> bool {
        let folder = line.target_folder.as_ref().unwrap_or(&line.item.folder);
        let digest = line.sha256.as_ref().or(line.xxh3.as_ref());
        if !digest.is_some_and(|digest| self.logged.take(Key::of_item(digest, folder))) {
            let subject = line.item.subject.as_deref().unwrap_or_default();
            self.tell(line, format!("no line of the log says that it was written: {subject:?} in {folder}"));
        }
        true
    }

    fn line(&mut self, line: &LogLine, _json: &[u8]) -> Result<()> {
        let known = || self.failed.contains(&(line.item.source.file.clone(), line.item.id.clone()));
        if line.status == Status::Failed && !known() {
            self.tell(line, format!("cannot be read: {}", line.reason.as_deref().unwrap_or_default()));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
