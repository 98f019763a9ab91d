use crate::{Outcome, SOME_FAILED, args::Verify, convert::read_arguments, terminal::plain};
use indicatif::HumanBytes;
use mailferry::convert::{ConvertOptions, Difference, recorded_options, verify};
use std::{
    io::{self, Write},
    process::ExitCode,
};

/// Differences that are printed in a JSON object.
const MOST: usize = 100_000;

pub(crate) fn run(arguments: &Verify) -> Outcome {
    // Without sources nothing is rendered anew, so that it does not matter how it was.
    let options = match arguments.sources.is_empty() {
        true => ConvertOptions::default(),
        false => recorded_options(&arguments.destination, Some(read_arguments))?,
    };
    let mut out = io::stdout().lock();
    let mut differences: Vec<Difference> = Vec::new();
    let mut printed = Ok(());
    let report = verify(&arguments.destination, &arguments.sources, &options, &mut |difference| {
        if arguments.json {
            if differences.len() < MOST {
                differences.push(difference.clone());
            }
        } else if printed.is_ok() {
            printed = writeln!(out, "{}: {}", plain(&difference.what), plain(&difference.detail));
        }
    })?;
    printed?;
    if arguments.json {
        let mut json = serde_json::to_value(&report)?;
        if let Some(object) = json.as_object_mut() {
            object.insert("found".into(), serde_json::to_value(&differences)?);
        }
        serde_json::to_writer_pretty(&mut out, &json)?;
        writeln!(out)?;
    } else {
        let size = HumanBytes(report.bytes);
        writeln!(out, "{} items in {} files ({size}), runs: {}", report.items, report.files, report.syncs)?;
        if !arguments.sources.is_empty() {
            writeln!(out, "{} items of the sources were compared with them", report.source_items)?;
        }
        if report.gone > 0 {
            writeln!(out, "{} items are at the destination that are no longer in the sources", report.gone)?;
        }
        if report.without_proof {
            writeln!(out, "Written with --checksums none: files were compared by size and first 64 KiB only")?;
        }
        writeln!(out, "{} differences", report.differences)?;
    }
    Ok(if report.differences == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}
