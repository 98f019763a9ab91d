//! The `mailferry` command: arguments, progress, exit status. All else is in the crate `mailferry`.
//!
//! It is a library so that what carries it elsewhere, as the Python package does, has the same command line.
//!
//! Exit status: 0 when all was done, 1 when something was not or nothing was migrated, 2 when nothing could be started.

mod args;
mod check;
mod convert;
mod documents;
mod formats;
mod inspect;
mod interrupt;
mod list;
mod plan;
mod progress;
mod project;
mod report;
mod selecting;
mod show;
mod split;
mod table;
mod tagging;
mod targets;
mod terminal;
mod undo;
mod verify;
mod words;

pub use convert::read_arguments;

use args::{Arguments, Command};
use clap::Parser;
use std::{ffi::OsString, process::ExitCode};
use terminal::{complain, is_closed_pipe};

/// Some items or sources failed.
const SOME_FAILED: u8 = 1;
/// Nothing could be started.
const NOT_STARTED: u8 = 2;

/// Runs the command with these arguments, the first of which is its own name.
///
/// What it prints goes to standard output and standard error; what it ends in is the exit status of the process.
pub fn run(arguments: impl IntoIterator<Item: Into<OsString> + Clone>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(refused) => {
            // Where nobody listens there is nobody to tell.
            let _unheard = refused.print();
            return ExitCode::from(u8::try_from(refused.exit_code()).unwrap_or(NOT_STARTED));
        }
    };
    let outcome = match arguments.command {
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
        Command::Split(arguments) => split::run(&arguments.command),
        Command::Run(arguments) => project::run::run(&arguments),
        Command::Project(arguments) => project::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Targets(arguments) => targets::run(&arguments),
        Command::Formats(arguments) => formats::run(&arguments),
        Command::Completions { shell } => documents::completions(shell),
        Command::Man { command } => documents::man(command.as_deref()),
    };
    match outcome {
        Ok(status) => status,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(error);
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// What a command ends in.
type Outcome = Result<ExitCode, Box<dyn std::error::Error>>;
