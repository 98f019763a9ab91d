//! Other crates that read an mbox, each as a whole process.

use crate::Result;
use std::{fs::File, io::BufReader, path::Path};

/// Reads the mailbox at `path` with the crate `name` and prints what it found.
pub(crate) fn run(name: &str, path: &Path) -> Result<()> {
    let (messages, octets) = match name {
        "mail-parser" => mail_parser(path)?,
        "mbox-reader" => mbox_reader(path)?,
        _ => return Err(format!("no rival is called {name}").into()),
    };
    println!("{messages} messages, {octets} octets");
    Ok(())
}

fn mail_parser(path: &Path) -> Result<(u64, u64)> {
    let reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let (mut messages, mut octets) = (0, 0);
    for message in mail_parser::mailbox::mbox::MessageIterator::new(reader) {
        let message = message.map_err(|error| format!("{error:?}"))?;
        messages += 1;
        octets += message.contents().len() as u64;
    }
    Ok((messages, octets))
}

fn mbox_reader(path: &Path) -> Result<(u64, u64)> {
    let file = mbox_reader::MboxFile::from_file(path)?;
    let (mut messages, mut octets) = (0, 0);
    for entry in file.iter() {
        messages += 1;
        octets += entry.message().map_or(0, |message| message.len() as u64);
    }
    Ok((messages, octets))
}
