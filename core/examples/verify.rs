//! Without losing anything: reads every file of a destination again and compares it with the item log, and the log with the sources.
//!
//!     cargo run -p mailferry --example verify -- archive.zip fixtures/mbox/takeout.mbox

use mailferry::{
    Result,
    convert::{self, ConvertOptions, Difference},
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Verifies `destination`, written with the default options, against its log and `sources`; gives the number of differences.
pub(crate) fn run(destination: &Path, sources: Vec<PathBuf>, out: &mut dyn Write) -> Result<u64> {
    let mut lines = Vec::new();
    let tell = &mut |difference: &Difference| {
        lines.push(format!("{}: {}: {}", difference.kind, difference.what, difference.detail));
    };
    let report = convert::verify(destination, sources, &ConvertOptions::default(), tell)?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{} files, {} items, {} differences", report.files, report.items, report.differences)?;
    Ok(report.differences)
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let destination = arguments.next().unwrap_or_else(|| "archive.zip".into());
    run(Path::new(&destination), arguments.map(PathBuf::from).collect(), &mut io::stdout()).map(drop)
}
