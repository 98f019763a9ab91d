use crate::{
    Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    progress::Progress,
    table::{self, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    convert::{Columns, ConvertOptions, Report, beside, convert},
    write::{Checksums, Eol, Placement, ZipLevel},
};
use std::{ops::ControlFlow, process::ExitCode};

pub(crate) fn run(arguments: &args::Convert) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut progress = Progress::new(arguments.progress);
    let report = convert(&arguments.source.sources, &arguments.to, &options(arguments), &mut |now| {
        progress.show(now);
        if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    progress.finish();
    print(&report);
    println!("\nItem log: {}", beside(&arguments.to, ".items.jsonl").display());
    println!("Report:   {}", beside(&arguments.to, ".report.json").display());
    if arguments.csv {
        let path = beside(&arguments.to, ".report.csv");
        report.write_csv(std::fs::File::create(&path)?)?;
        println!("Table:    {}", path.display());
    }
    if report.cancelled {
        eprintln!("mailferry: stopped; what was migrated until then is complete and valid");
    }
    Ok(if report.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn options(arguments: &args::Convert) -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.read = arguments.source.reading.options();
    options.threads = arguments.jobs;
    options.attachments = arguments.attachments;
    let archive = &mut options.archive;
    archive.placement = match arguments.labels {
        args::Labels::Primary => Placement::Primary,
        args::Labels::Every => Placement::Every,
    };
    archive.eol = match arguments.eol {
        args::Eol::Keep => Eol::Keep,
        args::Eol::Crlf => Eol::Crlf,
        args::Eol::Lf => Eol::Lf,
    };
    archive.checksums = match arguments.checksums {
        args::Checksums::Sha256 => Checksums::Sha256,
        args::Checksums::None => Checksums::None,
    };
    archive.zip_level = match arguments.zip_level {
        args::ZipLevel::Store => ZipLevel::Store,
        args::ZipLevel::Fast => ZipLevel::Fast,
        args::ZipLevel::Best => ZipLevel::Best,
    };
    archive.names = arguments.names.clone();
    archive.shard = arguments.shard;
    archive.zip_split = arguments.split;
    options.told = Some(
        serde_json::json!({ "arguments": std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect::<Vec<_>>() }),
    );
    options
}

/// Folders that the table names one by one.
const MOST_FOLDERS: usize = 40;

fn print(report: &Report) {
    let row = |name: String, columns: Columns| {
        [
            name,
            columns.available.to_string(),
            columns.migrated.to_string(),
            columns.failed.to_string(),
            columns.skipped.to_string(),
            HumanBytes(columns.bytes).to_string(),
        ]
    };
    let mut rows: Vec<_> =
        report.folders.iter().take(MOST_FOLDERS).map(|(name, folder)| row(plain(name), folder.columns)).collect();
    if report.folders.len() > MOST_FOLDERS {
        let more =
            report.folders.values().skip(MOST_FOLDERS).fold(Columns::default(), |sum, folder| sum + folder.columns);
        rows.push(row(format!("({} more folders)", report.folders.len() - MOST_FOLDERS), more));
    }
    rows.push(row("All".into(), report.totals));
    table::print(["Folder", "available", "migrated", "failed", "skipped", "size"], &rows);
    for (reason, items) in &report.reasons {
        println!("{items} × {reason}");
    }
    for (warning, items) in &report.warnings {
        println!("{items} × warning: {warning}");
    }
    for source in &report.sources {
        // An error names its source itself.
        source.error.iter().for_each(|error| println!("{}", plain(error)));
        source.defects.iter().for_each(|defect| println!("{}: {}", plain(&source.file), plain(defect)));
    }
    if report.passed.count > 0 {
        println!("In archives, passed over because they are no mailboxes: {}", report.passed.count);
    }
    if let Some(error) = &report.error {
        println!("Stopped: {}", plain(error));
    }
    if let Some(seconds) = report.seconds {
        println!("{seconds:.1} s");
    }
}
