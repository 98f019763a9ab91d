use crate::{
    Outcome, SOME_FAILED,
    args::{Verify, default_jobs},
    convert::read_arguments,
    project,
    terminal::plain,
};
use indicatif::HumanBytes;
use mailferry::convert::{ConvertOptions, Difference, recorded_options, verify};
use serde_json::Value;
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Differences that are printed in a JSON object.
const MOST: usize = 100_000;

pub(crate) fn run(arguments: &Verify) -> Outcome {
    if arguments.sources.is_empty() && project::is_project(&arguments.destination) {
        return project::each(&arguments.destination, false, arguments.json, |out, mailbox| {
            one(out, &mailbox.destination, &mailbox.sources, arguments.json)
        });
    }
    let mut out = io::stdout().lock();
    let (json, is_well) = one(&mut out, &arguments.destination, &arguments.sources, arguments.json)?;
    if arguments.json {
        write!(out, "{}", crate::terminal::json(&json, true)?)?;
        writeln!(out)?;
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn one(out: &mut dyn Write, destination: &Path, sources: &[PathBuf], is_json: bool) -> project::Ended {
    // Without sources nothing is rendered anew, so that it does not matter how it was.
    let mut options = match sources.is_empty() {
        true => ConvertOptions::default(),
        false => recorded_options(destination, Some(read_arguments))?,
    };
    options.threads = default_jobs();
    let mut differences: Vec<Difference> = Vec::new();
    let mut printed = Ok(());
    let report = verify(destination, sources, &options, &mut |difference| {
        if is_json {
            if differences.len() < MOST {
                differences.push(difference.clone());
            }
        } else if printed.is_ok() {
            printed = writeln!(out, "{}: {}", plain(&difference.what), plain(&difference.detail));
        }
    })?;
    printed?;
    if is_json {
        let mut json = serde_json::to_value(&report)?;
        if let Some(object) = json.as_object_mut() {
            object.insert("found".into(), serde_json::to_value(&differences)?);
        }
        return Ok((json, report.differences == 0));
    }
    let size = HumanBytes(report.bytes);
    writeln!(out, "{} items in {} files ({size}), runs: {}", report.items, report.files, report.syncs)?;
    if !sources.is_empty() {
        writeln!(out, "{} items of the sources were compared with them", report.source_items)?;
    }
    if report.gone > 0 {
        writeln!(out, "{} items are at the destination that are no longer in the sources", report.gone)?;
    }
    if report.without_proof {
        writeln!(out, "Written with --checksums none: files were compared by size and first 64 KiB only")?;
    }
    writeln!(out, "{} differences", report.differences)?;
    Ok((Value::Null, report.differences == 0))
}
