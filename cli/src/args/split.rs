//! `mailferry split`.

use super::Convert;
use clap::{Args, Subcommand};
use mailferry::write::size;
use std::path::PathBuf;

pub(super) const SPLIT_EXAMPLES: &str = "\
Examples:
  mailferry split plan *.mbox *.pst --to mail --target-size 1G > plan.jsonl
  mailferry split run plan.jsonl --to mail --only $SLURM_ARRAY_TASK_ID
  seq $(wc -l < plan.jsonl) | parallel mailferry split run plan.jsonl --to mail --only {}
  mailferry split finish plan.jsonl --to mail
  mailferry split decide plan.jsonl --to mail > second.jsonl

--dedupe and --sample, and --mend of several files of calendars, look at all items before the first is decided upon: run the plan, then
`decide` prints the splits to run and to finish.
All processes need the same paths. A split may be run again at any time, and several times at once: one of them counts.";

/// What is done with splits.
#[derive(Args, Debug)]
pub(crate) struct Split {
    #[command(subcommand)]
    pub(crate) command: SplitCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SplitCommand {
    /// Print the splits of a conversion, a JSON object each line
    Plan(Box<SplitPlan>),
    /// Do splits of a plan that are not done, and print the receipt of each, a JSON object each line
    Run(SplitRun),
    /// Print the splits that convert, of a plan that looks at all items first (--dedupe, --sample, --mend) once that is done
    Decide(Planned),
    /// Make one result of all splits: one item log, one report
    Finish(Planned),
}

#[derive(Args, Debug)]
pub(crate) struct SplitPlan {
    #[command(flatten)]
    pub(crate) convert: Convert,

    /// About how much of the sources one split reads (512M, 2G)
    #[arg(long, value_parser = size, value_name = "SIZE", default_value = "1G")]
    pub(crate) target_size: u64,
}

#[derive(Args, Debug)]
pub(crate) struct SplitRun {
    #[command(flatten)]
    pub(crate) planned: Planned,

    /// Only the splits with these numbers, from 1
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(crate) only: Vec<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Planned {
    /// The file of the plan, or - for standard input
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// The destination of the conversion
    #[arg(long, value_name = "DEST")]
    pub(crate) to: PathBuf,
}
