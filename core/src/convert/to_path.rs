use super::{
    Conversion, ConvertOptions, Gates, Plan, Progress, Report, Selector,
    outputs::{check_page, exclusion},
    selection::Decided,
    sync::{ITEM_LOG, REPORT, Sync, SyncPaths, write_whole},
};
use crate::{
    disk::Disk,
    error::{Error, ErrorKind, Result},
    platform::Target,
    read::{Given, Mailbox, ReadOptions},
};
use std::{
    fs::File,
    io::{self, BufReader},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::Instant,
};

/// Converts `sources` into the form that the options ask for at `destination`, whose name tells the
/// [`Packaging`](crate::write::Packaging).
///
/// The item log and the report are next to it, where [`SyncPaths`](super::SyncPaths) says. `observe` is asked after every
/// item whether to continue; the archive is valid wherever it stops.
///
/// Where an earlier run has left a report, this one is a further sync: it adds items that are new or changed since, by their
/// octets and their folder; those that are there already are skipped as `already_migrated`, and what the sources hold no
/// more is listed and stays. Where an earlier run was cut off, this one goes through it again and writes nothing twice.
///
/// # Errors
/// Only when it cannot start, and then nothing was written: when none of the sources can be opened, why the first cannot;
/// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when something of others is at the destination or next to it, a
/// conversion to it is under way, or it cannot be written; [`ErrorKind::Options`](crate::ErrorKind::Options) when the run
/// before cannot be continued with these options; [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) when it is stopped in
/// a first pass over the sources. What goes wrong later is told in the report.
pub fn convert<G: Into<Given>>(
    sources: impl IntoIterator<Item = G>,
    destination: &Path,
    options: &ConvertOptions,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    let disk = Disk::of_run(options.archive.fsync, options.archive.mode);
    let sources = sources.into_iter().map(Into::into).collect();
    convert_on(&disk, sources, destination, options, None, observe)
}

/// The same by `disk`; of a share, `decided` says what was decided upon its items.
pub(super) fn convert_on(
    disk: &Disk,
    sources: Vec<Given>,
    destination: &Path,
    options: &ConvertOptions,
    decided: Option<&Decided>,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    let started = Instant::now();
    options.selection.check()?;
    if let Some(target) = options.target {
        target.check_destination(&destination.file_name().unwrap_or_default().to_string_lossy())?;
    }
    let given = options;
    let mut options = options.for_target();
    options.read.limits.excluded = exclusion(destination, options.page.as_deref());
    options.read.limits.stop = options.read.limits.stop.apart();
    let options = &options;
    let mut mailbox = mailbox_of(&sources, &options.read);
    // Of several who read, one may have nothing to read.
    if options.read.part.is_none() {
        mailbox.start()?;
    }
    let nothing_yet = Report::default();
    let selector = match decided {
        Some(decided) => Selector::decided(&options.selection, Arc::new(decided.decisions()?)),
        None => Selector::surveying_on_threads(
            &options.selection,
            mailbox_of(&sources, &options.read),
            options.threads,
            &mut |mailbox| {
                observe(Progress { position: mailbox.position(), total: mailbox.total(), report: &nothing_yet })
            },
        )?,
    };
    let mut gates = Gates::new(selector, options);
    gates.know_uids(decided.map_or(&[], |decided| &decided.uids));
    let (mut sync, writer) = Sync::begin(destination, &sources, given, options, disk)?;
    let recorded = sync.options();
    let conversion = Conversion::told_to(mailbox, writer, sync.journal())
        .with_gates(gates)
        .with_threads(options.threads)
        .with_attachments(options.attachments);
    let mut report = conversion.run(observe);
    report.seconds = Some((started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
    report.options = recorded;
    let written = sync.finish(&mut report, options.table).and_then(|()| match &options.page {
        Some(page) => write_page_on(disk, destination, page),
        None => Ok(()),
    });
    if let Err(error) = written {
        report.error.get_or_insert_with(|| error.to_string());
    }
    Ok(report)
}

/// Writes the report of the last conversion to `destination` as a page to `page`, from the report and the item log
/// that are next to it.
///
/// # Errors
/// [`ErrorKind::Io`] when they cannot be read, [`ErrorKind::Malformed`] when the report is none,
/// [`ErrorKind::Destination`] when the page cannot be written, or something else than such a page stands there.
pub fn write_page(destination: &Path, page: &Path) -> Result<()> {
    write_page_on(&Disk::default(), destination, page)
}

pub(super) fn write_page_on(disk: &Disk, destination: &Path, page: &Path) -> Result<()> {
    check_page(page)?;
    let syncs = (1..).map(|number| SyncPaths::new(destination, number));
    let is_reported = |paths: &SyncPaths| paths.number() == 1 || paths.beside(REPORT).exists();
    let paths = syncs.take_while(is_reported).last().unwrap_or_else(|| SyncPaths::new(destination, 1));
    let open = |suffix| {
        let path = paths.beside(suffix);
        let unread = |error: io::Error| Error::from(error).in_file(path.to_string_lossy());
        File::open(&path).map(BufReader::new).map_err(unread)
    };
    let report: Report = serde_json::from_reader(open(REPORT)?).map_err(|error| {
        let path = paths.beside(REPORT);
        Error::new(ErrorKind::Malformed, "is not the report of a conversion")
            .because(error)
            .in_file(path.to_string_lossy())
    })?;
    let paths = report.sync.as_ref().map_or_else(|| paths.clone(), |sync| SyncPaths::of(destination, sync));
    let log = open(ITEM_LOG)?;
    let log_path = paths.beside(ITEM_LOG);
    let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let names = [name(&paths.archive()), name(&log_path)];
    write_whole(page, disk, |file| {
        let [name, log_name] = &names;
        report.write_page(name, log_name, log, file)
    })
}

/// A preview of what `target` accepts of `sources`, read, selected, changed and marked as [`convert`] does it with the same options,
/// and split as they say. Nothing is written. `observe` is told how many octets of how many were read, as
/// [`Mailbox::position`] and [`Mailbox::total`] say, and whether to continue.
///
/// # Errors
/// When none of the sources can be opened, why the first cannot; [`ErrorKind::Cancelled`] when `observe` stops it.
pub fn plan<G: Into<Given>>(
    sources: impl IntoIterator<Item = G>,
    target: &'static Target,
    options: &ConvertOptions,
    observe: &mut dyn FnMut(u64, Option<u64>) -> ControlFlow<()>,
) -> Result<Plan> {
    options.selection.check()?;
    let sources: Vec<Given> = sources.into_iter().map(Into::into).collect();
    let mut mailbox = mailbox_of(&sources, &options.read);
    mailbox.start()?;
    let selector = Selector::surveying_on_threads(
        &options.selection,
        mailbox_of(&sources, &options.read),
        options.threads,
        &mut |mailbox| observe(mailbox.position(), mailbox.total()),
    )?;
    let mut plan = Plan::new(target, &options.archive).with_gates(Gates::new(selector, options));
    while let Some(event) = mailbox.next_event() {
        plan.count(event);
        if observe(mailbox.position(), mailbox.total()).is_break() {
            return Err(Error::new(ErrorKind::Cancelled, "stopped before everything was read"));
        }
    }
    Ok(plan.finish())
}

/// All items of the sources.
pub(super) fn mailbox_of(sources: &[Given], options: &ReadOptions) -> Mailbox {
    let mut mailbox = Mailbox::new(options.clone());
    sources.iter().for_each(|source| mailbox.add(source.clone()));
    mailbox
}
