//! Projects: tables of mailboxes, and what the other commands do with each row of one.

mod notify;
mod omm;
mod progress;
mod rows;
pub(crate) mod run;

pub(crate) use rows::is_project;

use crate::{
    Outcome, SOME_FAILED,
    args::{Project, ProjectOf},
    terminal::{is_closed_pipe, plain},
};
use mailferry::{
    Error, ErrorKind,
    convert::{ProjectMailbox, ProjectReport, write_page},
};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    num::NonZeroUsize,
    path::Path,
    process::ExitCode,
};

pub(crate) fn run(arguments: &Project) -> Outcome {
    match &arguments.of {
        ProjectOf::Omm(arguments) => omm::run(arguments),
    }
}

/// What a command came to for one mailbox: its JSON, and whether all is well.
pub(crate) type Ended = Result<(Value, bool), Box<dyn std::error::Error>>;

/// Does the same for each mailbox of the table at `path`, one after the other; what is wrong with one does not stop the others.
///
/// `one` prints to what it is given, where no JSON is asked for.
pub(crate) fn each(
    path: &Path,
    pilot: bool,
    json: bool,
    mut one: impl FnMut(&mut dyn Write, &ProjectMailbox) -> Ended,
) -> Outcome {
    let mailboxes = rows::mailboxes(path, pilot, NonZeroUsize::MIN)?;
    let mut out = io::stdout().lock();
    let (mut rows, mut well) = (Vec::new(), 0);
    for mailbox in &mailboxes {
        let destination = mailbox.destination.to_string_lossy();
        let title = match &mailbox.name {
            Some(name) if destination.is_empty() => name.clone(),
            Some(name) => format!("{name} ({destination})"),
            None => destination.clone().into_owned(),
        };
        if !json {
            writeln!(out, "== line {}: {}", mailbox.line, plain(&title))?;
        }
        let ended = match &mailbox.options {
            Ok(_) => one(&mut out, mailbox),
            Err(error) => Err(error.to_string().into()),
        };
        let mut row = json!({ "line": mailbox.line, "name": mailbox.name, "destination": destination });
        match ended {
            Ok((result, is_well)) => {
                well += u64::from(is_well);
                row["ok"] = is_well.into();
                row["result"] = result;
            }
            Err(error) => {
                let is_cancelled =
                    error.downcast_ref::<Error>().is_some_and(|error| error.kind() == ErrorKind::Cancelled);
                if is_cancelled || is_closed_pipe(&*error) {
                    return Err(error);
                }
                if !json {
                    writeln!(out, "{}", plain(&error.to_string()))?;
                }
                row["ok"] = false.into();
                row["error"] = error.to_string().into();
            }
        }
        if json {
            rows.push(row);
        } else {
            writeln!(out)?;
        }
    }
    let of = mailboxes.len() as u64;
    if json {
        write!(out, "{}", crate::terminal::json(&json!({ "mailboxes": rows, "ok": well, "of": of }), true)?)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{well} of {of} mailboxes are as they should be")?;
    }
    Ok(if well == of && of > 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// Writes the page of a project, and that of each mailbox, from what stands at the destinations.
pub(crate) fn report(path: &Path, page: &Path) -> Outcome {
    let mut mailboxes = rows::mailboxes(path, false, NonZeroUsize::MIN)?;
    mailboxes.iter_mut().for_each(run::with_page);
    let files: [&Path; 2] = [path, page];
    mailferry::convert::check_project_files(&mailboxes, &files)?;
    run::check_report(page, run::is_page)?;
    for mailbox in &mailboxes {
        if let Some(own) = mailbox.options.as_ref().ok().and_then(|options| options.page.as_ref()) {
            // What was never run has no report to make a page of: its row says so.
            let _not_run = write_page(&mailbox.destination, own);
        }
    }
    let report = ProjectReport::of_destinations(&mailboxes);
    run::write_page(page, path, &report)?;
    let mut out = io::stdout().lock();
    run::print(&mut out, &report)?;
    writeln!(out, "\nPage: {}", page.display())?;
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}
