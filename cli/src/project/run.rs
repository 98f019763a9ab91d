//! `mailferry run`.

use super::{notify::Notifier, progress::ProjectProgress, rows::mailboxes};
use crate::{
    Outcome, SOME_FAILED,
    args::Run,
    interrupt::Interrupt,
    table,
    terminal::{complain, json, plain},
};
use indicatif::HumanBytes;
use mailferry::convert::{
    Columns, MailboxReport, ProjectMailbox, ProjectOptions, ProjectReport, check_project_files, run_project,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read as _, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn run(arguments: &Run) -> Outcome {
    if arguments.dry_run {
        return crate::plan::project(&arguments.project, arguments.pilot, arguments.json);
    }
    let mut mailboxes = mailboxes(&arguments.project, arguments.pilot, arguments.jobs)?;
    mailboxes.iter_mut().for_each(with_page);
    let files = Files::of(&arguments.project, arguments.pilot);
    files.check(&arguments.project, &mailboxes)?;
    let interrupt = Interrupt::catch();
    let mut options = ProjectOptions::default();
    options.at_a_time = arguments.jobs;
    options.delta = arguments.delta;
    let progress = ProjectProgress::new(arguments.progress, &mailboxes);
    let notifier = Notifier::new(arguments.notify.as_deref(), &arguments.project);
    let report = run_project(
        &mailboxes,
        options,
        &|at, now| {
            progress.show(at, now);
            if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
        &|mailbox| {
            progress.ended(mailbox);
            notifier.ended(mailbox);
        },
    );
    progress.finish(&report);
    files.write(&arguments.project, &report)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", json(&report, true)?)?;
    } else {
        print(&mut out, &report)?;
        writeln!(
            out,
            "\nReport: {}\nTable:  {}\nPage:   {}",
            files.json.display(),
            files.csv.display(),
            files.page.display()
        )?;
    }
    if report.cancelled {
        complain("stopped; what was migrated until then is complete and valid: run it again to continue");
    }
    notifier.finish(&report);
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// Gives a mailbox a page of its own beside its destination, unless its row names one.
pub(super) fn with_page(mailbox: &mut ProjectMailbox) {
    let destination = &mailbox.destination;
    if let Ok(options) = &mut mailbox.options
        && options.page.is_none()
    {
        options.page = Some(destination.with_added_extension("report.html"));
    }
}

/// What a project writes for itself, beside its table.
pub(super) struct Files {
    json: PathBuf,
    csv: PathBuf,
    pub(super) page: PathBuf,
}

impl Files {
    pub(super) fn of(project: &Path, pilot: bool) -> Self {
        let pilot = if pilot { "pilot." } else { "" };
        let beside = |end: &str| project.with_extension(format!("{pilot}report.{end}"));
        Self { json: beside("json"), csv: beside("csv"), page: beside("html") }
    }

    /// Makes sure that they may be written.
    fn check(&self, project: &Path, mailboxes: &[ProjectMailbox]) -> Result<(), Box<dyn std::error::Error>> {
        check_project_files(mailboxes, &[project, &self.json, &self.csv, &self.page])?;
        check_report(&self.json, |start| start.starts_with(b"{") && holds(start, b"\"totals\""))?;
        check_report(&self.csv, |start| start.starts_with(b"line,"))?;
        check_report(&self.page, is_page)?;
        Ok(())
    }

    fn write(&self, project: &Path, report: &ProjectReport) -> Result<(), String> {
        write_whole(&self.json, |file| {
            serde_json::to_writer_pretty(&mut *file, report)?;
            file.write_all(b"\n")
        })?;
        write_whole(&self.csv, |file| report.write_csv(file))?;
        write_page(&self.page, project, report)
    }
}

/// Whether a file starts as our pages do.
pub(super) fn is_page(start: &[u8]) -> bool {
    holds(start, b"<meta name=\"generator\" content=\"mailferry\">")
}

/// Writes the page of a project.
pub(super) fn write_page(page: &Path, project: &Path, report: &ProjectReport) -> Result<(), String> {
    let name = project.file_name().unwrap_or_default().to_string_lossy();
    write_whole(page, |file| report.write_page(&name, page.parent().unwrap_or(Path::new("")), file))
}

pub(super) fn print(out: &mut impl Write, report: &ProjectReport) -> io::Result<()> {
    let row = |name: String, state: &str, columns: Columns| {
        [
            name,
            state.to_owned(),
            columns.available.to_string(),
            columns.migrated.to_string(),
            columns.failed.to_string(),
            columns.skipped.to_string(),
            HumanBytes(columns.bytes).to_string(),
        ]
    };
    let of = |mailbox: &MailboxReport| row(plain(&mailbox.title()), mailbox.state.as_str(), mailbox.columns);
    let mut rows: Vec<_> = report.mailboxes.iter().map(of).collect();
    rows.push(row("All".into(), "", report.totals));
    table::print(out, ["Mailbox", "state", "available", "migrated", "failed", "skipped", "size"], &rows)?;
    for mailbox in &report.mailboxes {
        if let Some(error) = &mailbox.error {
            writeln!(out, "line {}: {}", mailbox.line, plain(error))?;
        }
        for defect in &mailbox.defects {
            writeln!(out, "line {}: {}", mailbox.line, plain(defect))?;
        }
    }
    Ok(())
}

/// Makes sure that what stands where a report is to go may be replaced: it is one of an earlier run, or nothing.
pub(super) fn check_report(path: &Path, is_ours: impl Fn(&[u8]) -> bool) -> Result<(), String> {
    /// Octets in which it shows.
    const START: u64 = 4 << 10;
    let mut start = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file
            .and_then(|file| io::copy(&mut file.take(START), &mut start))
            .map_err(|error| format!("{}: {error}", path.display()))?,
    };
    if start.is_empty() || is_ours(&start) {
        return Ok(());
    }
    Err(format!(
        "{}: exists already and is not a report of mailferry, so it was not replaced: move it away",
        path.display()
    ))
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

/// A new file for its owner alone, in place of one that a run left which was cut off; a link is not followed.
#[expect(clippy::disallowed_methods, reason = "a report of a project is in no destination")]
fn create_private(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|there| there.is_file()) {
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file that has its name only when it is complete.
#[expect(clippy::disallowed_methods, reason = "a report of a project is in no destination")]
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), String> {
    let unfinished = path.with_added_extension("unfinished");
    let written = create_private(&unfinished).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        // As zeros under its name it would be taken for a file of somebody else.
        file.get_ref().sync_all()?;
        drop(file);
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| format!("{}: cannot be written: {error}", path.display()))
}
