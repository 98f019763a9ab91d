//! The `mailferry` command: arguments, progress, exit status. All else is in the library.
//!
//! Exit status: 0 when all was done, 1 when some items or sources failed, 2 when nothing could be started.

mod args;
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
mod run;
mod selecting;
mod show;
mod table;
mod tagging;
mod targets;
mod terminal;
mod undo;
mod verify;

use args::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;
use terminal::{complain, is_closed_pipe};

/// Some items or sources failed.
const SOME_FAILED: u8 = 1;
/// Nothing could be started.
const NOT_STARTED: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Undo(arguments) => undo::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
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
