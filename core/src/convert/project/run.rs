use super::report::{MailboxReport, MailboxState, ProjectReport};
use crate::{
    convert::{
        ConvertOptions, Progress, Report, RunNote, SyncPaths, Syncs, convert,
        outputs::{Known, Named, outputs, same},
    },
    error::{Error, ErrorKind, Result},
    order,
};
use std::{
    collections::HashMap,
    num::NonZeroUsize,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// A mailbox that is to be converted.
#[non_exhaustive]
#[derive(Debug)]
pub struct ProjectMailbox {
    /// The line of the table, from 1.
    pub line: u64,
    /// What the table calls it.
    pub name: Option<String>,
    /// Its files.
    pub sources: Vec<PathBuf>,
    /// Where it goes.
    pub destination: PathBuf,
    /// How it is converted, or why it cannot be.
    pub options: Result<ConvertOptions>,
}

impl ProjectMailbox {
    /// A mailbox of the line `line`.
    pub fn new(line: u64, sources: Vec<PathBuf>, destination: PathBuf, options: Result<ConvertOptions>) -> Self {
        Self { line, name: None, sources, destination, options }
    }

    /// The same under a name for people.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }
}

/// How a project is run.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct ProjectOptions {
    /// Mailboxes at a time.
    pub at_a_time: NonZeroUsize,
    /// Whether a mailbox that was completed before is synced again; else it is skipped.
    pub delta: bool,
}

impl Default for ProjectOptions {
    fn default() -> Self {
        Self { at_a_time: NonZeroUsize::MIN, delta: false }
    }
}

/// Makes sure that what a project writes for itself, `files`, is nothing that its mailboxes read or write.
///
/// # Errors
/// [`ErrorKind::Destination`] when a file would be both; it names them.
pub fn check_project_files(mailboxes: &[ProjectMailbox], files: &[&Path]) -> Result<()> {
    let mut known = Known::default();
    for file in files {
        if let Some(other) = known.add(&Named::new("a file of the project", (*file).to_owned())) {
            return Err(same(&Named::new("a file of the project", (*file).to_owned()), &other));
        }
    }
    for mailbox in mailboxes {
        let Ok(options) = &mailbox.options else { continue };
        let form = options.target.map_or(options.archive.form, |_| options.for_target().archive.form);
        let paths = SyncPaths::new(&mailbox.destination, 1).in_form(form);
        let sources = mailbox.sources.iter().map(|source| Named::new("a source", source.clone()));
        for named in outputs(&paths, options.page.as_deref()).into_iter().chain(sources) {
            if let Some(file) = known.find(&named) {
                return Err(same(&file, &named));
            }
        }
    }
    Ok(())
}

/// Converts `mailboxes`, several at a time, and reports the result of each.
///
/// One that was completed before is skipped, or synced again if `options` say so; one that was stopped goes on. What is
/// wrong with one never stops the others. `observe` is asked between items, on any thread, with the place of the mailbox
/// among `mailboxes`: once it says to stop, those under way are stopped where they are, and the others are not begun.
pub fn run_project(
    mailboxes: &[ProjectMailbox],
    options: ProjectOptions,
    observe: &(dyn Fn(usize, Progress<'_>) -> ControlFlow<()> + Sync),
    ended: &(dyn Fn(&MailboxReport) + Sync),
) -> ProjectReport {
    let mut first = HashMap::new();
    let twice: Vec<Option<u64>> = mailboxes
        .iter()
        .map(|mailbox| {
            let key = mailbox.destination.components().collect::<PathBuf>();
            let line = *first.entry(key).or_insert(mailbox.line);
            (line != mailbox.line).then_some(line)
        })
        .collect();
    let next = AtomicUsize::new(0);
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let reports = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mailbox) = mailboxes.get(at) else { break };
            let watch = &mut |progress: Progress<'_>| {
                let answer = match stopped.load(Ordering::Relaxed) {
                    true => ControlFlow::Break(()),
                    false => observe(at, progress),
                };
                if answer.is_break() {
                    stopped.store(true, Ordering::Relaxed);
                }
                answer
            };
            let twice = twice.get(at).copied().flatten();
            let report = match stopped.load(Ordering::Relaxed) {
                true => MailboxReport::new(mailbox, MailboxState::NotStarted),
                false => one(mailbox, twice, options.delta, watch),
            };
            ended(&report);
            reports.lock().unwrap_or_else(PoisonError::into_inner).push((at, report));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.at_a_time.get().min(mailboxes.len()) {
            // Where there are no more threads, fewer do the work.
            let _none = std::thread::Builder::new().name("mailferry-mailbox".into()).spawn_scoped(scope, work);
        }
        work();
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    order::sort_by_key(&mut reports, |(at, _)| *at);
    ProjectReport::of(reports.into_iter().map(|(_, report)| report).collect(), stopped.into_inner())
}

fn one(
    mailbox: &ProjectMailbox,
    twice: Option<u64>,
    delta: bool,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> MailboxReport {
    let started = Instant::now();
    let converted = match (&mailbox.options, twice) {
        (_, Some(line)) => {
            let message = format!("is also the destination of line {line}: give each mailbox its own");
            Err(Error::new(ErrorKind::Options, message).in_file(mailbox.destination.to_string_lossy()))
        }
        (Err(error), _) => return MailboxReport::failed(mailbox, error.to_string()),
        (Ok(options), None) => {
            if !delta && let Some(done) = completed(&mailbox.destination) {
                return MailboxReport::done_before(mailbox, &done);
            }
            let convert = || convert(&mailbox.sources, &mailbox.destination, options, observe);
            // Whatever happens to one mailbox must not take the others with it.
            catch_unwind(AssertUnwindSafe(convert)).unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Io, "the conversion stopped because of a bug in mailferry: please report it"))
            })
        }
    };
    let mut report = match converted {
        Ok(report) => MailboxReport::ended(mailbox, &report),
        Err(error) => MailboxReport::failed(mailbox, error.to_string()),
    };
    report.seconds = Some((started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
    report
}

/// The report of the last sync into `destination`, if all was read and nothing was begun since.
fn completed(destination: &Path) -> Option<Report> {
    if RunNote::at(destination).is_some() {
        return None;
    }
    let (_, report) = Syncs::at(destination).ok()?.0.pop()?;
    let is_done =
        !report.cancelled && report.error.is_none() && report.sources.iter().all(|source| source.error.is_none());
    is_done.then_some(report)
}
