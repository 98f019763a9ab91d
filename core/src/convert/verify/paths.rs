use super::{Difference, Verification, VerifyReport, bag::Bag, comparison::Comparison};
use crate::{
    convert::{
        ConvertOptions, Gates, Selector, SyncLog,
        outputs::exclusion,
        sync::{ITEM_LOG, RunNote, SyncPaths, Syncs, changes},
        to_path::mailbox_of,
    },
    error::{Error, ErrorKind, Result},
    limits::Stop,
    read::Given,
    source::{FileSource, Source},
};
use std::{
    fs::{self, FileType},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Reads every file at `destination` again and compares it with the item logs, as [`Verification`] does; a run that was cut off
/// is reported as `unfinished`. Each difference goes to `found`.
///
/// Where there are `sources`, every item of them is read and rendered again, and must be in the logs; `options` are those
/// that the destination was written with, as [`recorded_options`](crate::convert::recorded_options) gives them.
///
/// # Errors
/// When there is nothing to verify, or a log or a source cannot be read; [`ErrorKind::Cancelled`] when the
/// [limits](crate::Limits::stop) of the options stopped it.
pub fn verify<G: Into<Given>>(
    destination: &Path,
    sources: impl IntoIterator<Item = G>,
    options: &ConvertOptions,
    found: &mut dyn FnMut(&Difference),
) -> Result<VerifyReport> {
    verify_observed(destination, sources, options, found, &mut |_| {})
}

/// The same, while `observe` is told how many octets were read: of the destination, then of the sources.
///
/// # Errors
/// As [`verify`].
pub fn verify_observed<G: Into<Given>>(
    destination: &Path,
    sources: impl IntoIterator<Item = G>,
    options: &ConvertOptions,
    found: &mut dyn FnMut(&Difference),
    observe: &mut dyn FnMut(u64),
) -> Result<VerifyReport> {
    let stop = &options.read.limits.stop;
    let mut report = VerifyReport::default();
    let syncs = logged_syncs(destination)?;
    if syncs.is_empty() {
        let message = "has no item log next to it, so it cannot be verified: name the destination of a conversion";
        return Err(Error::new(ErrorKind::Destination, message).in_file(destination.to_string_lossy()));
    }
    let Syncs(reported) = Syncs::at(destination)?;
    let unreported = || syncs.get(reported.len()).map(SyncPaths::number);
    // A note may outlast the power beside a report that is complete.
    let is_left =
        |note: &RunNote| reported.iter().any(|(at, report)| at.number() == note.sync && report.error.is_none());
    let noted = RunNote::at(destination).filter(|note| !is_left(note)).map(|note| note.sync);
    if let Some(sync) = noted.or_else(unreported) {
        let detail = format!("sync {sync} was interrupted: run the same conversion again to complete it");
        report.differences += 1;
        found(&Difference::new("unfinished", destination.to_string_lossy(), detail));
    }
    let mut logs = Vec::new();
    for place in places(&syncs) {
        let of_place = place.iter().map(SyncLog::at).collect::<Result<Vec<_>>>()?;
        logs.extend(of_place.iter().cloned());
        let Some(first) = place.first() else { continue };
        let mut of_place = verification(first, of_place, stop)?.with_threads(options.threads);
        let before = report.bytes;
        while of_place.step(found)? {
            observe(before + of_place.position());
        }
        let mut observe = |verification: &Verification| observe(before + verification.position());
        if first.is_store() {
            check_store(first, &mut of_place, found, &mut observe)?;
        } else if !first.is_archive() {
            check_folder(&first.archive(), &mut of_place, found, &mut observe)?;
        }
        report.add(&of_place.finish(found)?);
    }
    let sources: Vec<Given> = sources.into_iter().map(Into::into).collect();
    if !sources.is_empty() {
        let mut options = options.for_target();
        options.read.limits.excluded = exclusion(destination, None);
        let before = report.bytes;
        let mut observe = |position| observe(before + position);
        let syncs = Syncs::at(destination)?;
        report.add(&compare(destination, &syncs, logs, &sources, &options, found, &mut observe)?);
    }
    Ok(report)
}

/// Holds every item of the sources against the logs.
fn compare(
    destination: &Path,
    complete: &Syncs,
    logs: Vec<SyncLog>,
    sources: &[Given],
    options: &ConvertOptions,
    found: &mut dyn FnMut(&Difference),
    observe: &mut dyn FnMut(u64),
) -> Result<VerifyReport> {
    for (paths, report) in &complete.0 {
        // Where its report does not tell its options, the caller knows them.
        let changes = changes(destination, report, options)?.unwrap_or_default();
        if !changes.is_empty() {
            let message = format!(
                "was written with other options ({}): give the same options again to compare it with its sources",
                changes.join(", ")
            );
            return Err(Error::new(ErrorKind::Options, message).in_file(paths.archive().to_string_lossy()));
        }
    }
    let mut mailbox = mailbox_of(sources, &options.read);
    mailbox.start()?;
    let again = mailbox_of(sources, &options.read);
    let selector =
        Selector::surveying_on_threads(&options.selection, again, options.threads, &mut |_| ControlFlow::Continue(()))?;
    let mut comparison = Comparison::new(logs, mailbox, &options.archive, |conversion| {
        conversion.with_gates(Gates::new(selector, options)).with_threads(options.threads)
    })?;
    while comparison.step(found)? {
        observe(comparison.progress().position);
    }
    comparison.finish(found)
}

/// The syncs that left an item log, complete or not.
pub(in crate::convert) fn logged_syncs(destination: &Path) -> Result<Vec<SyncPaths>> {
    let complete = Syncs::at(destination)?.0;
    // All syncs into one destination have one form, and where the first goes does not depend on it.
    let form = complete.first().and_then(|(_, report)| report.sync.as_ref()?.form.parse().ok()).unwrap_or_default();
    let is_logged = |paths: &SyncPaths| fs::symlink_metadata(paths.beside(ITEM_LOG)).is_ok();
    let paths = |number| SyncPaths::new(destination, number).in_form(form);
    Ok((1..).map(paths).take_while(is_logged).collect())
}

/// The syncs of each folder or archive that syncs were written to.
pub(in crate::convert) fn places(syncs: &[SyncPaths]) -> impl Iterator<Item = &[SyncPaths]> {
    syncs.chunk_by(|one, next| one.archive() == next.archive())
}

/// Holds the archive of a sync, or the folder of several, against their logs.
pub(in crate::convert) fn verification(paths: &SyncPaths, logs: Vec<SyncLog>, stop: &Stop) -> Result<Verification> {
    if paths.is_store() {
        return Verification::new(logs, None, stop);
    }
    if paths.is_archive() {
        let mut sources = Vec::new();
        for archive in archives(paths)? {
            let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
            sources.push((name, Arc::new(FileSource::open(&archive)?) as Source));
        }
        return Verification::new(logs, sources, stop);
    }
    let mut verification = Verification::new(logs, None, stop)?;
    let root = paths.archive();
    if let Some(bag) = Bag::of("", |name| FileSource::open(root.join(name)).ok().map(|file| Arc::new(file) as Source)) {
        verification.add_bag(bag)?;
    }
    let label = paths.own_folder().map_or_else(String::new, |name| format!("{name}/"));
    Ok(verification.labelled(label))
}

/// Reads a store, or its parts, and what lies beside it.
fn check_store(
    paths: &SyncPaths,
    verification: &mut Verification,
    found: &mut dyn FnMut(&Difference),
    observe: &mut dyn FnMut(&Verification),
) -> Result<()> {
    let root = paths.root();
    let mut check = |path: &str, verification: &mut Verification| match FileSource::open(root.join(path)) {
        Ok(source) => {
            observe(verification);
            verification.file(path, Arc::new(source), found)
        }
        Err(error) => {
            verification.tell("unreadable", path, error.to_string());
            Ok(())
        }
    };
    for store in archives(paths)? {
        check(&store.file_name().unwrap_or_default().to_string_lossy(), verification)?;
    }
    let Some(beside) = paths.beside_store() else { return Ok(()) };
    let name = beside.file_name().unwrap_or_default().to_string_lossy().into_owned();
    walk(&beside, &mut |path, kind| match kind.is_file() {
        true => check(&format!("{name}/{path}"), verification),
        false => Ok(()),
    })
}

fn check_folder(
    root: &Path,
    verification: &mut Verification,
    found: &mut dyn FnMut(&Difference),
    observe: &mut dyn FnMut(&Verification),
) -> Result<()> {
    walk(root, &mut |path, kind| {
        if kind.is_dir() {
            return Ok(());
        }
        if !kind.is_file() {
            verification.tell("unknown_file", path, "is no file".to_owned());
            return Ok(());
        }
        match FileSource::open(root.join(path)) {
            Ok(source) => {
                observe(verification);
                verification.file(path, Arc::new(source), found)
            }
            Err(error) => {
                verification.tell("unreadable", path, error.to_string());
                Ok(())
            }
        }
    })
}

/// Calls `f` with the path of everything in a folder, if there is one, relative to that and parted by `/`.
pub(in crate::convert) fn walk(root: &Path, f: &mut dyn FnMut(&str, FileType) -> Result<()>) -> Result<()> {
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        let cannot =
            |error: io::Error| Error::new(ErrorKind::Io, "cannot be read").because(error).in_file(at.to_string_lossy());
        let entries = match fs::read_dir(&at) {
            // The lines tell what is missing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(cannot)?,
        };
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(cannot)?;
            f(&path, kind)?;
            if kind.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// The files that an archive of a sync consists of, as far as they are there.
pub(in crate::convert) fn archives(paths: &SyncPaths) -> Result<Vec<PathBuf>> {
    let mut archives = paths.parts()?;
    let whole = paths.archive();
    if fs::symlink_metadata(&whole).is_ok() {
        archives.push(whole);
    }
    Ok(archives)
}
