use crate::{
    NOT_STARTED, Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    table::{self, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    convert::{Inspection, Size},
    read::Mailbox,
};
use std::process::ExitCode;

pub(crate) fn run(arguments: &args::Inspect) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut mailbox = Mailbox::new(arguments.source.reading.options());
    for source in &arguments.source.sources {
        mailbox.add_path(source);
    }
    mailbox.start()?;
    let mut inspection = Inspection::new(arguments.largest);
    while let Some(event) = mailbox.next_event() {
        inspection.count(event);
        if interrupt.is_asked() {
            return Ok(ExitCode::from(NOT_STARTED));
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&inspection)?);
    } else {
        print(&inspection);
    }
    let complete = inspection.failed == 0 && inspection.problems.is_empty();
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn print(inspection: &Inspection) {
    for (name, format) in &inspection.sources {
        println!("{}: {format}", plain(name));
    }
    println!("{} items, {}", inspection.items, HumanBytes(inspection.bytes));
    if let (Some(earliest), Some(latest)) = (&inspection.earliest, &inspection.latest) {
        println!("from {earliest} to {latest}");
    }
    println!();
    let row = |name: String, size: &Size| [name, size.items.to_string(), HumanBytes(size.bytes).to_string()];
    let folders: Vec<_> = inspection.folders.iter().map(|(name, size)| row(plain(name), size)).collect();
    table::print(["Folder", "items", "size"], &folders);
    if !inspection.years.is_empty() {
        println!();
        let years: Vec<_> = inspection.years.iter().map(|(year, size)| row(year.to_string(), size)).collect();
        table::print(["Year", "items", "size"], &years);
    }
    if !inspection.largest.is_empty() {
        println!("\nLargest");
        for largest in &inspection.largest {
            let subject = largest.item.subject.as_deref().unwrap_or("(no subject)");
            println!("{:>12}  {}  {}", HumanBytes(largest.bytes).to_string(), largest.item.id, plain(subject));
        }
    }
    for (warning, items) in &inspection.warnings {
        println!("{items} × warning: {warning}");
    }
    for problem in &inspection.problems {
        println!("{}", plain(problem));
    }
    if inspection.passed > 0 {
        println!("In archives, passed over because they are no mailboxes: {}", inspection.passed);
    }
}
