use crate::{
    Outcome, SOME_FAILED,
    args::{Arguments, Command, Run},
    convert,
    interrupt::Interrupt,
    table,
    terminal::{complain, plain},
};
use clap::{ArgAction, CommandFactory, Parser};
use indicatif::HumanBytes;
use mailferry::{
    Error, ErrorKind,
    convert::{
        Columns, Project, ProjectMailbox, ProjectOptions, ProjectReport, ProjectRow, check_project_files, run_project,
    },
};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Read as _, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn run(arguments: &Run) -> Outcome {
    let project = Project::open(&arguments.project)?;
    let settings = Settings::new();
    if let Some(unknown) = project.settings.iter().find(|name| settings.action(name).is_none()) {
        return Err(format!(
            "{}: the column {unknown:?} is not an option of `mailferry convert`",
            arguments.project.display()
        )
        .into());
    }
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = (cores.get() / arguments.jobs.get()).max(1);
    let mailboxes: Vec<_> =
        project.rows.into_iter().filter_map(|row| mailbox(row, arguments.pilot, threads, &settings)).collect();
    let pilot = if arguments.pilot { "pilot." } else { "" };
    let beside = |end: &str| arguments.project.with_extension(format!("{pilot}report.{end}"));
    check_project_files(&mailboxes, &[&arguments.project, &beside("json"), &beside("csv")])?;
    check_report(&beside("json"), |start| start.starts_with(b"{") && holds(start, b"\"totals\""))?;
    check_report(&beside("csv"), |start| start.starts_with(b"line,source,destination,state"))?;
    let interrupt = Interrupt::catch();
    let mut options = ProjectOptions::default();
    options.at_a_time = arguments.jobs;
    options.delta = arguments.delta;
    let report = run_project(
        &mailboxes,
        options,
        &|_, _| if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
        &|mailbox| {
            // Where nobody listens there is nobody to tell.
            let destination = plain(&mailbox.destination.to_string_lossy());
            let _unheard = writeln!(io::stderr(), "{destination}: {}", mailbox.state.as_str());
        },
    );
    write_whole(&beside("json"), |file| {
        serde_json::to_writer_pretty(&mut *file, &report)?;
        file.write_all(b"\n")
    })?;
    write_whole(&beside("csv"), |file| report.write_csv(file))?;
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        print(&mut out, &report)?;
        writeln!(out, "\nReport: {}\nTable:  {}", beside("json").display(), beside("csv").display())?;
    }
    if report.cancelled {
        complain("stopped; what was migrated until then is complete and valid: run it again to continue");
    }
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// The mailbox of a row, as `mailferry convert` would be given it; none that a test migration leaves out.
fn mailbox(
    row: Result<ProjectRow, (u64, Error)>,
    pilot: bool,
    threads: usize,
    settings: &Settings,
) -> Option<ProjectMailbox> {
    let row = match row {
        Ok(row) => row,
        Err((line, error)) => return Some(ProjectMailbox::new(line, Vec::new(), PathBuf::new(), Err(error))),
    };
    let sample = if pilot { Some(row.pilot?) } else { None };
    let destination = if pilot { row.pilot_destination() } else { row.destination.clone() };
    let mut words: Vec<OsString> = ["convert", "--jobs"].map(Into::into).to_vec();
    words.push(threads.to_string().into());
    words.extend(sample.into_iter().flat_map(|sample| ["--sample".into(), sample.to_string().into()]));
    let set = row.settings.iter().filter(|(name, _)| sample.is_none() || *name != "sample");
    words.extend(set.flat_map(|(name, value)| settings.words(name, value)));
    words.extend(["--to".into(), destination.clone().into(), "--".into()]);
    words.extend(row.sources.iter().map(Into::into));
    let parsed = Arguments::try_parse_from(["mailferry".into()].iter().chain(&words));
    let options = match parsed.map(|arguments| arguments.command) {
        Ok(Command::Convert(arguments)) => Ok(convert::options(&arguments, words)),
        Ok(_) => Err(Error::new(ErrorKind::Options, "is not a conversion")),
        Err(error) => Err(Error::new(ErrorKind::Options, convert::first_line(&error))),
    };
    Some(ProjectMailbox::new(row.line, row.sources, destination, options))
}

/// The options of `mailferry convert` that a column may set.
struct Settings(clap::Command);

impl Settings {
    fn new() -> Self {
        let mut all = Arguments::command();
        all.build();
        Self(all.find_subcommand("convert").cloned().unwrap_or_default())
    }

    fn action(&self, name: &str) -> Option<&ArgAction> {
        let is_it = |argument: &&clap::Arg| argument.get_long() == Some(name);
        let own = ["to", "progress", "help"];
        self.0.get_arguments().find(is_it).filter(|_| !own.contains(&name)).map(clap::Arg::get_action)
    }

    /// The words that set `name` to the cell `value`.
    fn words(&self, name: &str, value: &str) -> Vec<OsString> {
        let option = |value: &str| format!("--{name}={value}").into();
        match self.action(name) {
            Some(ArgAction::SetTrue) => match &*value.to_ascii_lowercase() {
                "0" | "-" | "n" | "no" | "false" => Vec::new(),
                _ => vec![format!("--{name}").into()],
            },
            Some(ArgAction::Append) => value.split('|').map(str::trim).map(option).collect(),
            _ => vec![option(value)],
        }
    }
}

fn print(out: &mut impl Write, report: &ProjectReport) -> io::Result<()> {
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
    let of = |mailbox: &mailferry::convert::MailboxReport| {
        let name = match mailbox.destination.as_os_str().is_empty() {
            true => format!("line {}", mailbox.line),
            false => plain(&mailbox.destination.to_string_lossy()),
        };
        row(name, mailbox.state.as_str(), mailbox.columns)
    };
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
fn check_report(path: &Path, is_ours: impl Fn(&[u8]) -> bool) -> Result<(), String> {
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

/// Writes a file that has its name only when it is complete.
fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), String> {
    let unfinished = path.with_added_extension("unfinished");
    let written = File::create(&unfinished).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| format!("{}: cannot be written: {error}", path.display()))
}
