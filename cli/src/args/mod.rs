//! What the command line takes, by command.

mod convert;
mod source;
mod split;

pub(crate) use convert::{Convert, Progress};
pub(crate) use source::{Reading, Source};
pub(crate) use split::{Planned, Split, SplitCommand, SplitPlan, SplitRun};

use crate::{selecting::Selecting, tagging::Tagging, words::words};
use clap::{Args, Parser, Subcommand};
use convert::labels;
use mailferry::{
    platform::{Language, Target},
    write::{Placement, size},
};
use split::SPLIT_EXAMPLES;
use std::{
    num::{NonZeroU32, NonZeroU64, NonZeroUsize},
    path::PathBuf,
};

/// Convert mailboxes without losing anything.
///
/// Reads MBOX (Gmail Takeout, Thunderbird, Apple Mail, Unix), PST and OST, EML, EMLX, ICS and VCF, Maildir and other trees of
/// files, also inside .gz, .zip, .tar and .tgz, and writes EML archives, mailboxes and import bundles. Sources are never changed.
/// Every item ends as migrated, skipped or failed, and has a line in the item log.
#[derive(Debug, Parser)]
#[command(name = "mailferry", version, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 complete, 1 incomplete or nothing migrated (the reasons are printed), 2 could not start."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CONVERT_EXAMPLES: &str = "\
Examples:
  mailferry convert 'All mail Including Spam and Trash.mbox' --to mail
  mailferry convert takeout.zip --to archive.zip --split 480M
  mailferry convert outlook.pst contacts.vcf --to outlook --attachments --csv
  mailferry convert takeout.mbox --to 2024.zip --after 2024-01-01 --skip-trash --skip-junk --dedupe exact
  mailferry convert takeout.mbox --to trial --sample 100";

const PLAN_EXAMPLES: &str = "\
Examples:
  mailferry plan takeout.zip --target zoho
  mailferry plan outlook.pst --target icloud --json";

const VERIFY_STATUS: &str = "Exit status: 0 no differences, 1 differences (each is printed), 2 could not start.";

const CHECK_STATUS: &str = "Exit status: 0 nothing was found, 1 something was (each rule that is broken is printed, with where), 2 the file could not be checked: it was not found or could not be read, is no PST or OST, is cut off inside its header, or is protected.";

const RUN_HELP: &str = "\
The table is CSV with the columns source and destination; paths are relative to the folder of the table. The columns name, mailbox and \
email say what reports call a mailbox. Further columns are options of `mailferry convert`, by their long names: skip-trash, eol, split … A row whose source is * gives the values \
of cells that other rows leave empty. Several sources of one mailbox are separated by |. The column pilot says which \
mailboxes --pilot takes, and how many items of each.

PROJECT.report.html, .json and .csv tell the result. `mailferry plan`, `verify`, `undo` and `report` take the table, too, and do the \
same for each of its mailboxes.

Run it again to continue where it was stopped. Ctrl-Z and fg, or the signals TSTP and CONT, pause and resume it.

Example:
  source,destination,pilot,skip-trash,split
  *,,,yes,480M
  ann.pst,out/ann.zip,yes,,
  bob.mbox|bob.vcf,out/bob.zip,,,";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert mailboxes into an archive
    #[command(after_help = CONVERT_EXAMPLES)]
    Convert(Box<Convert>),
    /// Check what was written against its item logs, and against the sources if they are given
    #[command(after_help = VERIFY_STATUS)]
    Verify(Verify),
    /// Check a PST or OST file against its specification: why a program refuses it, or what it would repair
    #[command(after_help = CHECK_STATUS)]
    Check(Check),
    /// Remove what was written to a destination, except files that were changed since
    Undo(Undo),
    /// Share a conversion among processes or machines, with any scheduler
    #[command(after_help = SPLIT_EXAMPLES)]
    Split(Split),
    /// Convert many mailboxes, listed in a table
    #[command(after_help = RUN_HELP)]
    Run(Run),
    /// Check and write the project tables of other migration tools
    Project(Project),
    /// Count the items of mailboxes; nothing is written
    Inspect(Inspect),
    /// List the items of mailboxes, one line each
    List(List),
    /// Print one item, as text or as JSON
    Show(Show),
    /// Write the report of a conversion as an HTML page
    Report(Report),
    /// Preview what a target accepts, what it rejects, and why; nothing is written
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<Plan>),
    /// List the targets: what each accepts, its limits, and how that is known
    Targets(Targets),
    /// List the formats that can be read
    Formats(Formats),
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page of mailferry, or of one of its commands
    Man {
        /// The command
        command: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// What was written: DEST of `mailferry convert`, or the table of a project: then each of its mailboxes
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// The sources it was written from: each of their items must be at the destination. Those of a project are in its table
    #[arg(value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// A PST or OST file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Undo {
    /// What was written: DEST of `mailferry convert`, or the table of a project: then each of its mailboxes
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// Only remove what run N and later runs have written
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN)]
    pub(crate) since: NonZeroU32,

    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The table; its report is written next to it, as PROJECT.report.json and .csv
    #[arg(value_name = "PROJECT.csv")]
    pub(crate) project: PathBuf,

    /// Mailboxes that are converted at the same time
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    pub(crate) jobs: NonZeroUsize,

    /// A test migration: only mailboxes with a value in the column pilot, some items of each, to DEST.pilot
    #[arg(long)]
    pub(crate) pilot: bool,

    /// Also sync mailboxes that were completed before; without it they are skipped
    #[arg(long)]
    pub(crate) delta: bool,

    /// Only preview what is accepted of each mailbox, as `mailferry plan PROJECT.csv` does; nothing is written
    #[arg(long, conflicts_with_all = ["delta", "notify"])]
    pub(crate) dry_run: bool,

    /// How to show progress on standard error: a bar for all and one for each mailbox in work, JSON objects, or not
    #[arg(long, value_enum, default_value_t = Progress::Auto, value_name = "HOW")]
    pub(crate) progress: Progress,

    /// Run COMMAND in the shell at the first mailbox that is not complete and at the end, with a JSON summary on its standard input
    #[arg(long, value_name = "COMMAND")]
    pub(crate) notify: Option<String>,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Project {
    #[command(subcommand)]
    pub(crate) of: ProjectOf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectOf {
    /// OVH Mail Migrator: check a table of accounts, and write it in the form that it accepts
    Omm(Omm),
}

#[derive(Args, Debug)]
pub(crate) struct Omm {
    /// A table with the columns of the template, in any order. It is checked and shown, without passwords; nothing is written
    /// without --to
    #[arg(value_name = "TABLE", required_unless_present = "to")]
    pub(crate) table: Option<PathBuf>,

    /// Write the table in the form of the template, passwords included; without TABLE, the empty template. The file must not exist
    /// yet
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// How many of the largest items are listed
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) largest: usize,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    /// Print one JSON object per line, as in the item log
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A mailbox
    pub(crate) source: PathBuf,

    /// The number of the item, starting from 1
    #[arg(default_value = "1", value_name = "N")]
    pub(crate) number: NonZeroU64,

    /// Print a JSON object
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,

    /// Print the unchanged octets of the item
    #[arg(long)]
    pub(crate) raw: bool,

    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// DEST of `mailferry convert`; its report and item log must be next to it. Or the table of a project: the page is that of the
    /// project then, and each mailbox gets its own, DEST.report.html
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// The HTML page to write; an earlier page is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) html: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) source: Source,

    #[command(flatten)]
    pub(crate) selecting: Selecting,

    #[command(flatten)]
    pub(crate) tagging: Tagging,

    /// Where a message with several labels goes
    #[arg(long, value_parser = words(labels), default_value_t, value_name = "WHERE", help_heading = "Archive")]
    pub(crate) labels: Placement,

    /// Count the ZIP archives it will take, each smaller than SIZE (480M, 2G); the target may require smaller ones
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Archive")]
    pub(crate) split: Option<u64>,

    /// The platform that will import the items; see `mailferry targets`. The mailboxes of a project (`plan PROJECT.csv`) have their
    /// own in its table
    #[arg(long, value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// Of a project: only mailboxes with a value in the column pilot, some items of each
    #[arg(long)]
    pub(crate) pilot: bool,

    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Targets {
    /// Only this target, with its guide: what to do, limits, time, how to check and to take it back, and their sources
    #[arg(value_name = "NAME", value_parser = target)]
    pub(crate) target: Option<&'static Target>,

    /// The language of the guide
    #[arg(long, value_parser = words(language), default_value_t, value_name = "LANGUAGE")]
    pub(crate) lang: Language,

    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

fn language(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::French => "Français",
        _ => "",
    }
}

fn target(name: &str) -> Result<&'static Target, String> {
    Target::named(name).map_err(|error| error.to_string())
}

#[derive(Args, Debug)]
pub(crate) struct Formats {
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn default_jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
