use crate::{Outcome, SOME_FAILED, args::Undo, interrupt::Interrupt, project, terminal::plain};
use mailferry::convert::{Difference, undo};
use serde_json::Value;
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

pub(crate) fn run(arguments: &Undo) -> Outcome {
    if project::is_project(&arguments.destination) {
        return project::each(&arguments.destination, false, arguments.json, |out, mailbox| {
            one(out, &mailbox.destination, arguments)
        });
    }
    let mut out = io::stdout().lock();
    let (json, is_well) = one(&mut out, &arguments.destination, arguments)?;
    if arguments.json {
        write!(out, "{}", crate::terminal::json(&json, true)?)?;
        writeln!(out)?;
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn one(out: &mut dyn Write, destination: &Path, arguments: &Undo) -> project::Ended {
    let mut kept: Vec<Difference> = Vec::new();
    let mut printed = Ok(());
    // What was removed until then is to be listed too.
    let stop = Interrupt::catch().stop();
    let report = undo(destination, arguments.since.get(), arguments.dry_run, &stop, &mut |difference| {
        if arguments.json {
            kept.push(difference.clone());
        } else if printed.is_ok() {
            printed = writeln!(out, "kept: {}: {}", plain(&difference.what), plain(&difference.detail));
        }
    })?;
    printed?;
    let is_well = report.kept == 0;
    if arguments.json {
        let mut json = serde_json::to_value(&report)?;
        if let Some(object) = json.as_object_mut() {
            object.insert("keptFiles".into(), serde_json::to_value(&kept)?);
        }
        return Ok((json, is_well));
    }
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
    Ok((Value::Null, is_well))
}
