use super::FromLines;
use crate::{date_time::DateTime, model::Item};

/// Who is named where nobody is known, as mail transfer agents do.
const NOBODY: &str = "MAILER-DAEMON";

/// Octets of a sender: a line of text has at most 998 (RFC 5322 §2.1.1).
const SENDER: usize = 900;

/// The From_ line of an item with its line end: the one that it came with, where that is to be kept, else one of its sender and date
/// in UTC.
pub(super) fn from_line(item: &Item, lines: FromLines, crlf: bool) -> Vec<u8> {
    let original = item.origin.mbox.as_ref().map(|origin| &*origin.from_line);
    // One that names nobody would be no From_ line any more when the blank behind it is gone.
    let original = original.map(<[u8]>::trim_ascii_end).filter(|line| line.starts_with(b"From "));
    let mut line = match (original, lines) {
        (Some(line), FromLines::Keep) => line.to_vec(),
        (original, _) => made(item, original.and_then(sender)).into_bytes(),
    };
    line.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    line
}

/// The sender that a From_ line names, where every reader takes it for one.
fn sender(line: &[u8]) -> Option<String> {
    let word = line.get(5..)?.split(|octet| *octet == b' ').next()?;
    let word = std::str::from_utf8(word).ok()?;
    (word.contains('@') && is_one_word(word)).then(|| word.to_owned())
}

fn made(item: &Item, sender: Option<String>) -> String {
    let header = || item.message().and_then(|message| message.header().ok());
    let address = sender.or_else(|| {
        let header = header()?;
        let fields = ["Return-Path", "From", "Sender"].into_iter().filter_map(|name| header.first(name));
        fields.flat_map(|field| crate::mime::addresses(field.value())).find_map(|address| {
            let mailbox = address.mailboxes().first()?;
            Some(mailbox.address.clone()).filter(|address| is_one_word(address))
        })
    });
    let epoch = DateTime::from_unix_seconds(0);
    let date = item.received.map(|received| received.at).filter(|date| (1970..=9999).contains(&date.year()));
    format!("From {} {}", address.as_deref().unwrap_or(NOBODY), date.unwrap_or(epoch).to_asctime())
}

fn is_one_word(address: &str) -> bool {
    // Python's mailbox, and what is built on it, takes no line that is not ASCII.
    !address.is_empty() && address.len() <= SENDER && address.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DateSource, Folder, ItemKind, MboxOrigin, Message, Origin, Received};

    fn line(from_line: &str, lines: FromLines) -> String {
        let message = Message::new(b"From: Ann <ann@example.org>\n\nx\n".to_vec().into());
        let mbox = MboxOrigin { from_line: from_line.as_bytes().to_vec(), ..MboxOrigin::default() };
        let origin = Origin { mbox: Some(mbox), ..Origin::default() };
        let mut item = Item::new(ItemKind::Message(message), Folder::default(), origin);
        item.received =
            Some(Received { at: DateTime::from_unix_seconds(1_525_341_845), source: DateSource::ReceivedField });
        String::from_utf8(super::from_line(&item, lines, false)).unwrap()
    }

    #[test]
    fn a_line_that_is_made_has_one_word_and_a_date_in_utc() {
        let date = "Thu May  3 10:04:05 2018\n";
        for (original, sender) in [
            ("From bob@example.org Thu May  3 12:04:05 +0200 2018\n", "bob@example.org"),
            ("From 1598472651324@xxx Thu May 03 10:04:05 +0000 2018\r\n", "1598472651324@xxx"),
            ("From bob@example.org\n", "bob@example.org"),
            ("From - Thu May  3 10:04:05 2018\n", "ann@example.org"),
            ("From Bob Miller Thu May  3 10:04:05 2018\n", "ann@example.org"),
            ("From \n", "ann@example.org"),
            ("From дом@пример.рф Thu May  3 10:04:05 2018\n", "ann@example.org"),
            ("\u{1}\u{1}\u{1}\u{1}\n", "ann@example.org"),
        ] {
            assert_eq!(line(original, FromLines::Made), format!("From {sender} {date}"), "{original:?}");
        }
    }

    #[test]
    fn a_line_that_is_kept_stays_as_it_is() {
        assert_eq!(line("From bob@example.org\r\n", FromLines::Keep), "From bob@example.org\n");
        assert_eq!(line("From \n", FromLines::Keep), "From ann@example.org Thu May  3 10:04:05 2018\n");
    }
}
