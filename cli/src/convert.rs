use crate::{
    Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    progress::Progress,
    split, table,
    terminal::{complain, is_closed_pipe, plain},
};
use clap::Parser;
use indicatif::HumanBytes;
use mailferry::{
    DateTime, Error, ErrorKind,
    convert::{Columns, ConvertOptions, GONE, ITEM_LOG, IgnoredReport, REPORT, Report, SyncPaths, TABLE, convert},
    write::Packaging,
};
use std::{
    ffi::OsString,
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

pub(crate) fn run(arguments: &args::Convert) -> Outcome {
    if let Some(processes) = arguments.processes {
        return split::convert(arguments, processes);
    }
    let interrupt = Interrupt::catch();
    let mut progress = Progress::new(arguments.progress);
    let mut options = options(arguments, std::env::args_os().skip(1));
    options.read.limits.stop = interrupt.stop();
    let report = convert(&arguments.source.sources, &arguments.to, &options, &mut |now| {
        progress.show(now);
        if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    progress.finish(&report);
    Ok(tell(&report, arguments))
}

/// Prints what came of a conversion, and gives its exit status.
pub(crate) fn tell(report: &Report, arguments: &args::Convert) -> ExitCode {
    match print(&mut io::stdout().lock(), report, arguments) {
        // What was done does not depend on who reads about it.
        Err(error) if !is_closed_pipe(&error) => complain(error),
        _ => {}
    }
    if report.cancelled {
        complain("stopped; what was migrated until then is complete and valid: run the same command again to continue");
    }
    let outcome = report.outcome();
    if !outcome.is_complete() && !report.cancelled {
        complain(plain(&outcome.to_string()));
    }
    if outcome.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) }
}

/// The options of the library; the words of the command are what a report tells of them.
pub(crate) fn options(arguments: &args::Convert, words: impl IntoIterator<Item = OsString>) -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.read = arguments.source.reading.options();
    options.selection = arguments.selecting.selection();
    options.tagging = arguments.tagging.tagging();
    options.page.clone_from(&arguments.html);
    options.target = arguments.target;
    options.threads = arguments.jobs;
    options.check = arguments.check;
    options.attachments = arguments.attachments;
    options.table = arguments.csv;
    let archive = &mut options.archive;
    archive.form = arguments.form;
    archive.created = Some(now());
    archive.placement = arguments.labels;
    archive.keep_folder_names = arguments.tagging.keep_folder_names;
    archive.eol = arguments.eol;
    archive.checksums = arguments.checksums;
    archive.fsync = arguments.fsync;
    archive.mode = arguments.mode;
    archive.zip_level = arguments.zip_level;
    let collections = &mut archive.collections;
    collections.grouping = arguments.collect();
    collections.vcf.version = arguments.vcard;
    collections.vcf.add_uid = arguments.card_uids;
    collections.vcf.groups = arguments.card_groups;
    collections.vcf.yearless = arguments.yearless_dates;
    (collections.ics.mend, collections.vcf.mend) = (arguments.mend, arguments.mend);
    collections.ics.strip_scheduling = arguments.no_invitations;
    collections.ics.iana_zones = arguments.iana_zones;
    collections.ics.complete_zones = arguments.iana_zones;
    archive.names = arguments.names.clone();
    archive.shard = arguments.shard;
    archive.zip_split = arguments.split;
    archive.pst_scrambling = arguments.pst_scrambling;
    let arguments = words.into_iter().map(|word| word.to_string_lossy().into_owned());
    options.arguments = Some(arguments.collect());
    options.older = Some(read_arguments);
    options
}

/// The sources and options of a command line that an older version recorded, for [`ConvertOptions::older`].
///
/// # Errors
/// [`ErrorKind::Options`] for what is no command line of `mailferry convert` any more, with the name of the option: an address map
/// that was moved, for one.
pub fn read_arguments(words: &[String]) -> mailferry::Result<(Vec<PathBuf>, ConvertOptions)> {
    let parsed = args::Arguments::try_parse_from(["mailferry"].into_iter().chain(words.iter().map(String::as_str)));
    match parsed.map(|arguments| arguments.command) {
        Ok(args::Command::Convert(arguments)) => {
            let options = options(&arguments, words.iter().map(OsString::from));
            Ok((arguments.source.sources, options))
        }
        Ok(_) => Err(Error::new(ErrorKind::Options, "the recorded command line is not one of `mailferry convert`")),
        Err(error) => Err(Error::new(ErrorKind::Options, first_line(&error))),
    }
}

/// What is wrong with a command line, less how commands are used.
pub(crate) fn first_line(error: &clap::Error) -> String {
    let message = error.to_string();
    message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What a bundle tells as its date: `SOURCE_DATE_EPOCH` where it is set, so that the same items give the same octets.
fn now() -> DateTime {
    let set = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    DateTime::from_unix_seconds(set.unwrap_or_else(|| i64::try_from(clock()).unwrap_or(0)))
}

/// Folders that the table names one by one.
const MOST_FOLDERS: usize = 40;
/// Ignored files that are told by their names.
const MOST_IGNORED: usize = 10;

/// Tells the files that were ignored: the first of them by name, and where the others are told.
pub(crate) fn print_ignored(out: &mut impl Write, ignored: &IgnoredReport) -> io::Result<()> {
    let (ours, others): (Vec<_>, Vec<_>) = ignored.entries.iter().partition(|entry| entry.why == "this destination");
    ours.iter().try_for_each(|entry| writeln!(out, "ignored: this destination: {}", plain(&entry.name)))?;
    let count = ignored.count - ours.len() as u64;
    if count == 0 {
        return Ok(());
    }
    writeln!(out, "Ignored, because not mail, calendars or contacts: {count}")?;
    for entry in others.iter().take(MOST_IGNORED) {
        writeln!(out, "  {} {}", plain(&entry.name), plain(&entry.why))?;
    }
    if count > MOST_IGNORED as u64 {
        writeln!(out, "  … and {} more, listed in the report and by --json", count - MOST_IGNORED as u64)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, report: &Report, arguments: &args::Convert) -> io::Result<()> {
    let row = |name: String, columns: Columns| {
        [
            name,
            columns.available.to_string(),
            columns.migrated.to_string(),
            columns.failed.to_string(),
            columns.skipped.to_string(),
            HumanBytes(columns.bytes).to_string(),
        ]
    };
    let mut rows: Vec<_> =
        report.folders.iter().take(MOST_FOLDERS).map(|(name, folder)| row(plain(name), folder.columns)).collect();
    if report.folders.len() > MOST_FOLDERS {
        let more =
            report.folders.values().skip(MOST_FOLDERS).fold(Columns::default(), |sum, folder| sum + folder.columns);
        rows.push(row(format!("({} more folders)", report.folders.len() - MOST_FOLDERS), more));
    }
    rows.push(row("All".into(), report.totals));
    table::print(out, ["Folder", "available", "migrated", "failed", "skipped", "size"], &rows)?;
    for (reason, items) in &report.reasons {
        writeln!(out, "{items} × {reason}")?;
    }
    for (warning, items) in &report.warnings {
        writeln!(out, "{items} × warning: {warning}")?;
    }
    for source in &report.sources {
        // An error names its source itself.
        source.error.iter().try_for_each(|error| writeln!(out, "{}", plain(error)))?;
        let cut_short = source.cut_short.as_deref().unwrap_or_default();
        if !cut_short.is_empty() {
            writeln!(out, "{}: what should follow is missing", plain(cut_short))?;
        }
        let others = source.defects.iter().filter(|defect| !cut_short.ends_with(defect.as_str()));
        others.into_iter().try_for_each(|defect| writeln!(out, "{}: {}", plain(&source.file), plain(defect)))?;
    }
    for kept in report.kept.files.iter().take(MOST_FOLDERS) {
        writeln!(
            out,
            "Kept, because it was changed since it was written: {}; written instead: {}",
            plain(&kept.path),
            plain(&kept.instead)
        )?;
    }
    print_ignored(out, &report.ignored)?;
    if let Some(error) = &report.error {
        writeln!(out, "Stopped: {}", plain(error))?;
    }
    if let Some(seconds) = report.seconds {
        writeln!(out, "{seconds:.1} s")?;
    }
    let Some(sync) = &report.sync else { return Ok(()) };
    let paths = SyncPaths::of(&arguments.to, sync);
    let beside = |suffix| paths.beside(suffix);
    if sync.number > 1 {
        let into = paths.archive();
        match report.totals.migrated {
            0 => writeln!(out, "Sync {}: nothing new; items that were already there were skipped", sync.number)?,
            _ => writeln!(
                out,
                "Sync {} into {}: items that were already there were skipped",
                sync.number,
                into.display()
            )?,
        }
        if sync.damaged > 0 {
            writeln!(
                out,
                "{} items written before are missing or changed at the destination; {} of them were written again",
                sync.damaged, sync.rewritten
            )?;
            for path in sync.first_damaged.iter().take(MOST_FOLDERS) {
                writeln!(out, "    {}", plain(path))?;
            }
        }
        if sync.changed > 0 {
            writeln!(
                out,
                "{} items have changed in the source: the new versions were written, the old ones are still there",
                sync.changed
            )?;
        }
        if sync.gone > 0 {
            writeln!(
                out,
                "{} items are no longer in the source, but still at the destination: {}",
                sync.gone,
                beside(GONE).display()
            )?;
        }
    }
    writeln!(out)?;
    if Packaging::of_name(&arguments.to.to_string_lossy()) != Packaging::Folder {
        for file in report.files.iter().take(MOST_FOLDERS) {
            writeln!(
                out,
                "Archive:  {} ({})",
                arguments.to.with_file_name(&file.name).display(),
                HumanBytes(file.bytes)
            )?;
        }
        if report.files.len() > MOST_FOLDERS {
            writeln!(out, "  … and {} more, listed in the report", report.files.len() - MOST_FOLDERS)?;
        }
    }
    writeln!(out, "Item log: {}", beside(ITEM_LOG).display())?;
    writeln!(out, "Report:   {}", beside(REPORT).display())?;
    if arguments.csv {
        writeln!(out, "Table:    {}", beside(TABLE).display())?;
    }
    if let Some(page) = &arguments.html {
        writeln!(out, "Page:     {}", page.display())?;
    }
    Ok(())
}
