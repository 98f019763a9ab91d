use crate::{
    Outcome, SOME_FAILED,
    args::{Arguments, Command, Verify},
    convert,
    terminal::plain,
};
use clap::Parser;
use indicatif::HumanBytes;
use mailferry::convert::{ConvertOptions, Difference, REPORT, Report, SyncPaths, verify};
use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::Path,
    process::ExitCode,
};

/// Differences that are printed in a JSON object.
const MOST: usize = 100_000;

pub(crate) fn run(arguments: &Verify) -> Outcome {
    let options = options_of(&arguments.destination);
    let mut out = io::stdout().lock();
    let mut differences: Vec<Difference> = Vec::new();
    let mut told = Ok(());
    let report = verify(&arguments.destination, &arguments.sources, &options, &mut |difference| {
        if arguments.json {
            if differences.len() < MOST {
                differences.push(difference.clone());
            }
        } else if told.is_ok() {
            told = writeln!(out, "{}: {}", plain(&difference.what), plain(&difference.told));
        }
    })?;
    told?;
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
            writeln!(out, "{} items of the sources were held against them", report.source_items)?;
        }
        if report.gone > 0 {
            writeln!(out, "{} items are there that the sources hold no more", report.gone)?;
        }
        if report.without_proof {
            writeln!(out, "Written with --checksums none: files were compared by size and first 64 KiB only")?;
        }
        writeln!(out, "{} differences", report.differences)?;
    }
    Ok(if report.differences == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// The options that the first run was given, as its report tells them.
fn options_of(destination: &Path) -> ConvertOptions {
    let report = File::open(SyncPaths::new(destination, 1).beside(REPORT));
    let report = report.ok().and_then(|file| serde_json::from_reader::<_, Report>(BufReader::new(file)).ok());
    let arguments = report.and_then(|report| {
        let words = report.options?.get("arguments")?.as_array()?.clone();
        let words = words.into_iter().filter_map(|word| word.as_str().map(str::to_owned));
        Arguments::try_parse_from(["mailferry".to_owned()].into_iter().chain(words)).ok()
    });
    match arguments.map(|arguments| arguments.command) {
        Some(Command::Convert(arguments)) => convert::options(&arguments, []),
        _ => ConvertOptions::default(),
    }
}
