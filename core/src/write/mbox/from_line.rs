use crate::{date_time::DateTime, model::Item};

/// Who is named where nobody is known, as mail transfer agents do.
const NOBODY: &str = "MAILER-DAEMON";

/// The From_ line of an item with its line end: the one that it came with, else one of its sender and date in UTC.
pub(super) fn from_line(item: &Item, crlf: bool) -> Vec<u8> {
    let original = item.origin.mbox.as_ref().map(|origin| &*origin.from_line);
    // One that names nobody would be no From_ line any more when the blank behind it is gone.
    let original = original.map(<[u8]>::trim_ascii_end).filter(|line| line.starts_with(b"From "));
    let mut line = match original {
        Some(line) => line.to_vec(),
        None => made(item).into_bytes(),
    };
    line.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    line
}

fn made(item: &Item) -> String {
    let header = item.message().and_then(|message| message.header().ok());
    let address = header.and_then(|header| {
        let fields = ["Return-Path", "From", "Sender"].into_iter().filter_map(|name| header.first(name));
        fields.flat_map(|field| crate::mime::addresses(field.value())).find_map(|address| {
            let mailbox = address.mailboxes().first()?;
            Some(mailbox.address.clone()).filter(|address| is_one_word(address))
        })
    });
    let epoch = DateTime::from_unix_seconds(0);
    let date = item.received.map(|received| received.at).filter(|date| (1..=9999).contains(&date.year()));
    format!("From {} {}", address.as_deref().unwrap_or(NOBODY), date.unwrap_or(epoch).to_asctime())
}

fn is_one_word(address: &str) -> bool {
    !address.is_empty() && !address.contains(|c: char| c.is_whitespace() || c.is_control())
}
