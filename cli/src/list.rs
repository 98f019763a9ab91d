use crate::{
    Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    terminal::{complain, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    convert::{ItemRecord, Place, ReadAhead},
    model::{Item, Message},
    read::Event,
};
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::List) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut mailbox = arguments.source.mailbox();
    mailbox.start()?;
    let mut selector = arguments.selecting.selector(arguments.source.mailbox(), &interrupt)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut status = ExitCode::SUCCESS;
    let mut source = 0;
    // The header section, which the item keeps, is parsed on any thread.
    let examine = |item: &Item| drop(item.message().map(Message::header));
    let mut ahead = ReadAhead::new(mailbox, args::default_jobs(), examine);
    while let Some((event, _)) = ahead.next_event().filter(|_| !interrupt.is_asked()) {
        match event {
            Event::Item(mut item) => {
                let place = Place { source, ordinal: item.origin.ordinal };
                if selector.decide(&mut item, place).is_some() {
                    continue;
                }
                let record = ItemRecord::of(&item, source);
                if arguments.json {
                    write!(out, "{}", crate::terminal::json(&record, false)?)?;
                    writeln!(out)?;
                } else {
                    print(&mut out, &record)?;
                }
            }
            Event::Opened(_) => source += 1,
            Event::Failed { error, within } => {
                source += u64::from(!within);
                complain(error);
                status = ExitCode::from(SOME_FAILED);
            }
            Event::Closed(closed) => {
                if let Some(cut) = closed.cut_short {
                    complain(format!("{cut}: what should follow is missing"));
                    status = ExitCode::from(SOME_FAILED);
                }
            }
            _ => {}
        }
    }
    out.flush()?;
    if interrupt.is_asked() {
        status = ExitCode::from(SOME_FAILED);
    }
    Ok(status)
}

fn print(out: &mut impl Write, record: &ItemRecord) -> io::Result<()> {
    let date = record.received_at.as_deref().unwrap_or("-");
    let subject = plain(record.subject.as_deref().unwrap_or("(no subject)"));
    let size = HumanBytes(record.size.unwrap_or(0)).to_string();
    writeln!(out, "{:>8}  {date:25}  {size:>12}  {}  {subject}", record.id, plain(&record.folder))
}
