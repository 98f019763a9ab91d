use crate::{
    Outcome, SOME_FAILED, args,
    terminal::{complain, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    model::{DocumentView, Item, ItemKind, MailboxView, MessageView},
    read::Mailbox,
};
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Show) -> Outcome {
    let mut mailbox = Mailbox::new(arguments.reading.options());
    mailbox.add_path(&arguments.source);
    mailbox.start()?;
    let wanted = arguments.number.get();
    let mut number = 0;
    for item in mailbox {
        number += 1;
        match item {
            Ok(item) if number == wanted => return show(&item, arguments),
            Ok(_) => {}
            Err(error) if number == wanted => return Err(error.into()),
            Err(error) => complain(error),
        }
    }
    complain(format!("{}: item {wanted} not found, there are {number} items", arguments.source.display()));
    Ok(ExitCode::from(SOME_FAILED))
}

fn show(item: &Item, arguments: &args::Show) -> Outcome {
    let mut out = io::stdout().lock();
    match &item.kind {
        ItemKind::Message(message) if !arguments.raw => {
            let view = MessageView::of(message)?;
            if arguments.json {
                write!(out, "{}", crate::terminal::json(&view, true)?)?;
                writeln!(out)?;
            } else {
                print(&mut out, &view)?;
            }
        }
        _ => match if arguments.json { DocumentView::of(item)? } else { None } {
            Some(view) => {
                write!(out, "{}", crate::terminal::json(&view, true)?)?;
                writeln!(out)?;
            }
            None => {
                item.to_content()?.write_to(&mut out)?;
            }
        },
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, view: &MessageView) -> io::Result<()> {
    let lines = [
        ("From", mailboxes(&view.from)),
        ("To", mailboxes(&view.to)),
        ("Cc", mailboxes(&view.cc)),
        ("Date", view.date.clone().unwrap_or_default()),
        ("Subject", view.subject.clone().unwrap_or_default()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "{:10}{}", format!("{name}:"), plain(value))?;
    }
    for attachment in &view.attachments {
        let name = attachment.name.as_deref().unwrap_or("(no name)");
        let size = HumanBytes(attachment.size);
        writeln!(out, "{:10}{} ({}, {size})", "Attached:", plain(name), plain(&attachment.media_type))?;
    }
    for defect in view.defects.iter().filter(|defect| matches!(defect.kind, "charset" | "signature")) {
        writeln!(out, "{:10}{}", "Note:", plain(&defect.message))?;
    }
    let body = view.text.as_deref().or(view.html.as_deref()).unwrap_or_default();
    writeln!(out)?;
    body.lines().try_for_each(|line| writeln!(out, "{}", line.split('\t').map(plain).collect::<Vec<_>>().join("\t")))
}

fn mailboxes(mailboxes: &[MailboxView]) -> String {
    let one = |mailbox: &MailboxView| match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.clone(),
    };
    mailboxes.iter().map(one).collect::<Vec<_>>().join(", ")
}
