//! Holding what stands at a destination against the logs, and the logs against the sources.

mod check;
mod expected;
mod sources;

pub(super) use check::{archives, check_archive, check_file, file_digests};
pub(super) use expected::Expected;

use super::{
    ConvertOptions,
    sync::{Begun, FILES, ITEM_LOG, SyncPaths, Syncs, for_each_line, for_each_made},
};
use crate::{
    error::{Error, ErrorKind, Result},
    limits::Stop,
    read::Given,
    source::{FileSource, Stoppable},
    write::OutputForm,
};
use serde::Serialize;
use std::{fs, path::Path, sync::Arc};

/// What [`verify`] found.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// Syncs whose logs were read.
    pub syncs: u64,
    /// Files that were read.
    pub files: u64,
    /// Their octets.
    pub bytes: u64,
    /// Items that the logs call migrated.
    pub items: u64,
    /// Items of the sources that were held against the logs.
    pub source_items: u64,
    /// Items of the logs that the sources do not hold any more: no difference, as a destination keeps them.
    pub gone: u64,
    /// Whether files were compared by their size and first 64 KiB only, as no SHA-256 was asked for.
    pub without_proof: bool,
    /// Differences that were told.
    pub differences: u64,
}

/// Something that is not as the logs say.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The stable name of what is wrong: `missing`, `changed`, `unknown_file`, `unreadable`, `attachments`, `unfinished`,
    /// `not_migrated`.
    pub kind: &'static str,
    /// The file, relative to the folder that the destination is or stands in; or the item of the source.
    pub what: String,
    /// What is wrong, for people.
    pub told: String,
}

impl Difference {
    pub(super) fn new(kind: &'static str, what: impl Into<String>, told: impl Into<String>) -> Self {
        Self { kind, what: what.into(), told: told.into() }
    }
}

/// What takes differences.
pub(super) type Found<'f> = dyn FnMut(Difference) + 'f;

/// Reads every file at `destination` again and holds it against the item logs: its SHA-256, its size, whether it can be read
/// as what it is, the attachments where the log lists them; and tells files that no line names, and lines whose file is not
/// there. Each difference goes to `found`.
///
/// Where there are `sources`, every item of them is read and rendered again, and has to be in the logs; `options` are those
/// that the destination was written with. Memory grows by some 60 octets a file.
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
    let stop = &options.read.limits.stop;
    let mut report = VerifyReport::default();
    let mut differences = 0;
    let mut tell = |difference: Difference| {
        differences += 1;
        found(&difference);
    };
    let syncs = logged_syncs(destination)?;
    if syncs.is_empty() {
        let message = "has no item log beside it, so that there is nothing to verify it by";
        return Err(Error::new(ErrorKind::Destination, message).in_file(destination.to_string_lossy()));
    }
    if let Some(begun) = Begun::at(destination) {
        let told = format!("sync {} was cut off: convert again to complete it", begun.sync);
        tell(Difference::new("unfinished", destination.to_string_lossy(), told));
    }
    refuse_other_forms(destination)?;
    report.syncs = syncs.len() as u64;
    let mut expected = Expected::default();
    for paths in &syncs {
        expected.read(paths, &mut report)?;
    }
    expected.sort();
    if SyncPaths::new(destination, 1).is_archive() {
        for paths in &syncs {
            check_archive(paths, stop, &mut expected, &mut report, &mut tell)?;
        }
    } else {
        check_folder(destination, stop, &mut expected, &mut report, &mut tell)?;
    }
    for paths in &syncs {
        tell_missing(paths, &mut expected, &mut tell)?;
    }
    let sources: Vec<Given> = sources.into_iter().map(Into::into).collect();
    if !sources.is_empty() {
        let complete = Syncs::at(destination)?;
        sources::check(&complete, &syncs, &sources, options, &mut report, &mut tell)?;
    }
    report.differences = differences;
    Ok(report)
}

/// The syncs that left an item log, complete or not.
pub(super) fn logged_syncs(destination: &Path) -> Result<Vec<SyncPaths>> {
    let is_logged = |paths: &SyncPaths| fs::symlink_metadata(paths.beside(ITEM_LOG)).is_ok();
    Ok((1..).map(|number| SyncPaths::new(destination, number)).take_while(is_logged).collect())
}

/// Only where each line names a file of its own, or one that the list of files tells of, can files be held against lines.
pub(super) fn refuse_other_forms(destination: &Path) -> Result<()> {
    for (_, report) in Syncs::at(destination)?.0 {
        let form = report.sync.and_then(|sync| sync.form.parse::<OutputForm>().ok());
        let Some(form) = form.filter(|form| !form.goes_on()) else { continue };
        let message = format!(
            "is written in the form {form}: only EML archives, Maildirs and Proton folders can be held against their logs, \
             and undone"
        );
        return Err(Error::new(ErrorKind::Unsupported, message).in_file(destination.to_string_lossy()));
    }
    Ok(())
}

fn check_folder(
    root: &Path,
    stop: &Stop,
    expected: &mut Expected,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) -> Result<()> {
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::Io, "cannot be read").because(error).in_file(at.to_string_lossy())
        };
        let entries = match fs::read_dir(&at) {
            // The lines tell what is missing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(cannot)?,
        };
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(cannot)?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            if !kind.is_file() {
                found(Difference::new("unknown_file", path, "is no file"));
                continue;
            }
            match FileSource::open(entry.path()) {
                Ok(source) => {
                    check_file(None, &path, Stoppable::over(Arc::new(source), stop), expected, report, found);
                }
                Err(error) => found(Difference::new("unreadable", path, error.to_string())),
            }
            check::go_on(stop)?;
        }
    }
    Ok(())
}

/// Tells what lines name and nobody has met.
fn tell_missing(paths: &SyncPaths, expected: &mut Expected, found: &mut Found<'_>) -> Result<()> {
    for_each_line(&paths.beside(ITEM_LOG), |line, _| {
        if line.is_migrated() {
            for path in line.paths() {
                if expected.is_missing(paths, path) {
                    let told = format!("is missing; item {} of sync {} was written there", line.id, paths.number());
                    found(Difference::new("missing", path, told));
                }
            }
        }
        Ok(())
    })?;
    for_each_made(&paths.beside(FILES), |made| {
        if expected.is_missing(paths, made.path()) {
            found(Difference::new("missing", made.path(), "is missing, with all its items"));
        }
        Ok(())
    })
}
