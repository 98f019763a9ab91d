//! Items that a mailbox no longer shows, if they are requested.

use super::metadata::MOZILLA_EXPUNGED;
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    model::{Folder, FolderPath, Item, ItemKind, Keywords, Message},
    source::Content,
};

/// The field in which Thunderbird keeps the mark.
const FIELD: &str = "X-Mozilla-Status";

/// Where it is put.
pub(super) fn folder() -> Folder {
    Folder { path: FolderPath::new(["Recovered"]), role: None }
}

/// Brings back a message that was expunged, without the mark that would hide it wherever it arrives.
pub(super) fn recover(item: &mut Item, limits: &Limits) -> Result<()> {
    item.expunged = false;
    item.folder = folder();
    item.keywords.insert(Keywords::DELETED);
    let Some(message) = item.message().cloned() else { return Ok(()) };
    let (header, content) = (message.header()?, message.content());
    let (mut pieces, mut behind) = (Vec::new(), 0);
    for field in header.all(FIELD) {
        let range = field.range();
        let octets = content.slice(range.clone()).to_vec(limits.header_section)?;
        let Some((old, new, changed)) = unmarked(&octets) else { continue };
        pieces.extend([content.slice(behind..range.start), Content::from(changed)]);
        behind = range.end;
        let detail = format!("expunged, and recovered: {FIELD} {old} is written as {new}");
        item.defects.push(Defect::new(DefectKind::Rewritten, detail));
    }
    if !pieces.is_empty() {
        pieces.push(content.slice(behind..u64::MAX));
        item.kind = ItemKind::Message(Message::with_limits(Content::join(pieces), limits.clone()));
        item.note_change();
    }
    Ok(())
}

/// The value of a field as it stands, the same without the mark, and the field with that: as many octets as before.
fn unmarked(field: &[u8]) -> Option<(String, String, Vec<u8>)> {
    let start = memchr::memchr(b':', field)? + 1;
    let blank = field.get(start..)?.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let rest = field.get(start + blank..)?;
    let digits = rest.get(..rest.iter().take_while(|octet| octet.is_ascii_hexdigit()).count())?;
    let old = str::from_utf8(digits).ok()?;
    let bits = u16::from_str_radix(old, 16).ok().filter(|bits| bits & MOZILLA_EXPUNGED != 0)?;
    let new = format!("{:0width$x}", bits & !MOZILLA_EXPUNGED, width = old.len());
    let changed = [field.get(..start + blank)?, new.as_bytes(), rest.get(digits.len()..)?].concat();
    Some((old.to_owned(), new, changed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    #[test]
    fn the_mark_alone_is_taken_out() {
        for (message, written) in [
            ("X-Mozilla-Status: 0009\nSubject: a\n\nx", "X-Mozilla-Status: 0001\nSubject: a\n\nx"),
            ("Subject: a\r\nx-mozilla-status:  801B \r\n\r\nx", "Subject: a\r\nx-mozilla-status:  8013 \r\n\r\nx"),
            (
                "X-Mozilla-Status: 8\nX-Mozilla-Status: 0001\nX-Mozilla-Status: 0018\n\n",
                "X-Mozilla-Status: 0\nX-Mozilla-Status: 0001\nX-Mozilla-Status: 0010\n\n",
            ),
            ("X-Mozilla-Status:\n 0008\nSubject: a\n\n", "X-Mozilla-Status:\n 0000\nSubject: a\n\n"),
            ("Subject: a\n\nX-Mozilla-Status: 0008\n", "Subject: a\n\nX-Mozilla-Status: 0008\n"),
        ] {
            let kind = ItemKind::Message(Message::new(message.as_bytes().to_vec().into()));
            let mut item = Item { expunged: true, ..Item::new(kind, Folder::default(), Origin::default()) };
            recover(&mut item, &Limits::default()).unwrap();
            let octets = item.message().unwrap().content().to_vec(1 << 10).unwrap();
            assert_eq!(String::from_utf8(octets).unwrap(), written);
            assert_eq!(item.defects.is_empty(), message == written);
            assert!(!item.expunged && item.keywords.contains(Keywords::DELETED));
            assert_eq!(item.folder.path.to_string(), "Recovered");
        }
    }
}
