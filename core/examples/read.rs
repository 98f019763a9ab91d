//! MBOX, PST/OST, ICS and VCF into one item model: one line for each item of a file or folder.
//!
//!     cargo run -p mailferry --example read -- fixtures/mbox/takeout.mbox

use mailferry::{
    Result,
    model::ItemKind,
    read::{Given, Mailbox, ReadOptions},
};
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Lists the items of `source`: an item that cannot be read is told, and those behind it are read all the same.
pub(crate) fn run(source: impl Into<Given>, out: &mut dyn Write) -> Result<()> {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add(source);
    for item in mailbox {
        let item = match item {
            Ok(item) => item,
            Err(error) => {
                writeln!(out, "failed: {error}")?;
                continue;
            }
        };
        let title = match &item.kind {
            ItemKind::Message(message) => message.subject()?,
            ItemKind::Calendar(object) => object.summary().map(str::to_owned),
            ItemKind::Contact(card) => card.name().map(str::to_owned),
            _ => None,
        };
        writeln!(out, "{} {}: {}", item.kind.as_str(), item.folder.path, title.unwrap_or_default())?;
    }
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "fixtures/mbox/takeout.mbox".into());
    run(PathBuf::from(path), &mut io::stdout())
}
