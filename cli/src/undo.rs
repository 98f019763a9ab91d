use crate::{Outcome, SOME_FAILED, args::Undo, interrupt::Interrupt, terminal::plain};
use mailferry::convert::{Difference, undo};
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &Undo) -> Outcome {
    let mut out = io::stdout().lock();
    let mut kept: Vec<Difference> = Vec::new();
    let mut printed = Ok(());
    // What was removed until then is to be listed too.
    let stop = Interrupt::catch().stop();
    let report = undo(&arguments.destination, arguments.since.get(), arguments.dry_run, &stop, &mut |difference| {
        if arguments.json {
            kept.push(difference.clone());
        } else if printed.is_ok() {
            printed = writeln!(out, "kept: {}: {}", plain(&difference.what), plain(&difference.detail));
        }
    })?;
    printed?;
    if arguments.json {
        let mut json = serde_json::to_value(&report)?;
        if let Some(object) = json.as_object_mut() {
            object.insert("keptFiles".into(), serde_json::to_value(&kept)?);
        }
        serde_json::to_writer_pretty(&mut out, &json)?;
        writeln!(out)?;
    } else {
        let done = if arguments.dry_run { "would be removed" } else { "removed" };
        let syncs: Vec<_> = report.syncs.iter().map(ToString::to_string).collect();
        writeln!(out, "Run {}: {} files {done}, {} kept", syncs.join(", "), report.removed, report.kept)?;
        if report.missing > 0 {
            writeln!(out, "{} files were missing already", report.missing)?;
        }
        if report.without_proof {
            writeln!(out, "Written with --checksums none: files were compared by size and first 64 KiB only")?;
        }
        if let Some(list) = &report.list {
            writeln!(out, "List: {}", list.display())?;
        }
    }
    Ok(if report.kept == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}
