use crate::{
    Outcome, SOME_FAILED, args,
    convert::print_ignored,
    interrupt::Interrupt,
    table,
    terminal::{complain, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    convert::{Inspection, Place, Preflight, ReadAhead, Size},
    read::Event,
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Inspect) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut mailbox = arguments.source.mailbox();
    mailbox.start()?;
    let mut inspection = Inspection::new(arguments.largest);
    let mut selector = arguments.selecting.selector(arguments.source.mailbox(), &interrupt)?;
    let mut source = 0;
    let mut ahead = ReadAhead::new(mailbox, args::default_jobs(), Preflight::of);
    while let Some((mut event, preflight)) = ahead.next_event() {
        let mut is_selected = true;
        match &mut event {
            Event::Opened(_) | Event::Failed { within: false, .. } => source += 1,
            Event::Item(item) => {
                let place = Place { source, ordinal: item.origin.ordinal };
                // What its mail program no longer shows is counted separately.
                is_selected = selector.decide(item, place).is_none() || item.expunged;
            }
            _ => {}
        }
        if is_selected {
            inspection.count_examined(event, preflight);
        }
        if interrupt.is_asked() {
            complain("stopped; what was read until then is counted");
            break;
        }
    }
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", crate::terminal::json(&inspection, true)?)?;
    } else {
        print(&mut out, &inspection)?;
    }
    let complete =
        !interrupt.is_asked() && inspection.failed == 0 && inspection.unopened == 0 && inspection.cut_short == 0;
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn print(out: &mut impl Write, inspection: &Inspection) -> io::Result<()> {
    for (name, format) in &inspection.sources {
        writeln!(out, "{}: {format}", plain(name))?;
    }
    writeln!(out, "{} items, {}", inspection.items, HumanBytes(inspection.bytes))?;
    if inspection.deleted > 0 {
        writeln!(out, "{} of them are marked as deleted: --skip-trash leaves them out", inspection.deleted)?;
    }
    if inspection.expunged > 0 {
        let count = inspection.expunged;
        writeln!(
            out,
            "{count} more were deleted but not yet compacted away: they are left out; --recover restores them"
        )?;
    }
    if let (Some(earliest), Some(latest)) = (&inspection.earliest, &inspection.latest) {
        writeln!(out, "from {earliest} to {latest}")?;
    }
    writeln!(out)?;
    let row = |name: String, size: &Size| [name, size.items.to_string(), HumanBytes(size.bytes).to_string()];
    let folders: Vec<_> = inspection.folders.iter().map(|(name, size)| row(plain(name), size)).collect();
    table::print(out, ["Folder", "items", "size"], &folders)?;
    if !inspection.years.is_empty() {
        writeln!(out)?;
        let years: Vec<_> = inspection.years.iter().map(|(year, size)| row(year.to_string(), size)).collect();
        table::print(out, ["Year", "items", "size"], &years)?;
    }
    if !inspection.largest.is_empty() {
        writeln!(out, "\nLargest")?;
        for largest in &inspection.largest {
            let subject = largest.item.subject.as_deref().unwrap_or("(no subject)");
            writeln!(out, "{:>12}  {}  {}", HumanBytes(largest.bytes).to_string(), largest.item.id, plain(subject))?;
        }
    }
    for (count, what) in inspection.preflight.counts() {
        writeln!(out, "{count} × may be rejected by a target: {what}")?;
    }
    for (warning, items) in &inspection.warnings {
        writeln!(out, "{items} × warning: {warning}")?;
    }
    for problem in &inspection.problems {
        writeln!(out, "{}", plain(problem))?;
    }
    print_ignored(out, &inspection.ignored)
}
