//! EMLX: what Apple Mail keeps a message in. A line with the length of the message in octets, the message, and a property
//! list with its state. A `.partial.emlx` lacks its attachments, which lie in files of their own and are put back from there.

mod bounds;
#[cfg(not(target_family = "wasm"))]
mod parts;
mod plist;

use super::{
    FormatInfo, Head, Holds, ItemReader, Request, Score, hints::FilesBeside, message_file::MessageFile,
    tree::folder_of_apple_mail,
};
use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    model::{DateSource, Item, Keywords, Received},
    source::{Source, Window},
};
#[cfg(not(target_family = "wasm"))]
use parts::PartFiles;
use plist::Plist;
use std::path::Path;
#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["emlx"],
    media_types: &["message/x-emlx"],
    archived: &["emlx"],
    companions: &["emlxpart"],
    holds: Holds::Message,
    folder: folder_of_apple_mail,
    beside: files_beside,
    ..FormatInfo::new("emlx", "A message of Apple Mail (EMLX)", detect, |request| {
        Ok(Box::new(EmlxReader::open(request)?))
    })
};

/// What the name of a message ends in whose attachments lie in files of their own.
const PARTIAL: &str = ".partial.emlx";
/// Octets of the first line at most.
const LENGTH_LINE: u16 = 64;
/// Octets of the property list that are read.
const PLIST: u16 = u16::MAX;

#[cfg(not(target_family = "wasm"))]
fn files_beside(path: &Path, limits: &Limits) -> Option<FilesBeside> {
    PartFiles::of(path, limits).map(|parts| Arc::new(parts) as FilesBeside)
}

#[cfg(target_family = "wasm")]
fn files_beside(_: &Path, _: &Limits) -> Option<FilesBeside> {
    None
}

fn detect(head: &Head<'_>) -> Score {
    let by_name = if head.has_extension(FORMAT.extensions) { Score::Possible } else { Score::No };
    let Some((length, start)) = length_line(head.octets) else { return by_name };
    let rest = head.octets.get(start..).unwrap_or_default();
    let name = rest.split(|octet| *octet == b':').next().unwrap_or_default();
    let fits = (start as u64).checked_add(length).is_some_and(|end| end <= head.len);
    match crate::mime::is_field_line(rest.split(|octet| *octet == b'\n').next().unwrap_or_default()) {
        true if fits && crate::mime::is_known_field_name(name) => Score::Likely,
        _ => by_name,
    }
}

/// The length that the first line tells, and where the message starts.
fn length_line(octets: &[u8]) -> Option<(u64, usize)> {
    let end = memchr::memchr(b'\n', octets.get(..usize::from(LENGTH_LINE)).unwrap_or(octets))?;
    let digits = str::from_utf8(octets.get(..end)?).ok()?.trim_matches([' ', '\t', '\r']);
    let only_digits = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    Some((only_digits.then(|| digits.parse().ok())??, end + 1))
}

struct EmlxReader {
    message: MessageFile,
    source: Source,
    /// Where the property list starts.
    end: u64,
    /// Where the first line and the property list do not agree.
    disagreement: Option<Defect>,
    partial: bool,
}

impl EmlxReader {
    fn open(request: Request) -> Result<Self> {
        let source = request.source.clone();
        let first = Window::new(source.clone()).octets(0, LENGTH_LINE)?;
        let (length, start) = length_line(&first).ok_or_else(|| {
            let message = "does not start with a line that gives the length of the message";
            Error::new(ErrorKind::Malformed, message)
        })?;
        let start = start as u64;
        let (end, disagreement) = bounds::end_of_message(&source, start, length)?;
        let partial = request.name.to_ascii_lowercase().ends_with(PARTIAL);
        let message = MessageFile::open(request, start..end).with_state_elsewhere();
        Ok(Self { message, source, end, disagreement, partial })
    }

    fn add_state(&mut self, item: &mut Item) -> Result<()> {
        item.defects.extend(self.disagreement.take());
        if self.partial {
            item.defects.push(Defect::new(DefectKind::Attachment, without(item)));
        }
        let octets = Window::new(self.source.clone()).octets(self.end, PLIST)?;
        let plist = Plist::parse(&octets);
        match plist.integer("flags") {
            Some(flags) => {
                for (bit, keyword) in FLAGS {
                    if flags & (1 << bit) != 0 {
                        item.keywords.insert(*keyword);
                    }
                }
            }
            None => {
                let detail = "no property list with flags follows the message: its state is unknown";
                item.defects.push(Defect::new(DefectKind::Property, detail).at(self.end));
            }
        }
        if let Some(seconds) = plist.integer("date-received").filter(|seconds| *seconds > 0) {
            item.received = Some(Received { at: DateTime::from_unix_seconds(seconds), source: DateSource::Recorded });
            item.defects.retain(|defect| defect.kind() != DefectKind::NoDate);
        }
        Ok(())
    }
}

/// What a message that Apple Mail keeps in parts is without.
fn without(item: &Item) -> String {
    /// Names that are told.
    const MOST: usize = 8;
    let attachments = item.message().and_then(|message| message.attachments().ok()).unwrap_or_default();
    let names =
        attachments.iter().map(|attachment| attachment.file_name().unwrap_or_else(|| "one without a name".into()));
    let mut list: Vec<String> = names.take(MOST).collect();
    if attachments.len() > MOST {
        list.push(format!("and {} more", attachments.len() - MOST));
    }
    let list = if list.is_empty() { "unknown".to_owned() } else { list.join(", ") };
    format!("its attachments are in separate files, in Attachments or next to it, and are not included: {list}")
}

/// Bits of `flags` that say a state; the others tell the number of attachments, a priority, colours.
const FLAGS: &[(u32, &str)] = &[
    (0, Keywords::SEEN),
    (1, Keywords::DELETED),
    (2, Keywords::ANSWERED),
    (4, Keywords::FLAGGED),
    (6, Keywords::DRAFT),
    (8, Keywords::FORWARDED),
    (24, Keywords::JUNK),
    (25, "$notjunk"),
];

impl ItemReader for EmlxReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        let mut item = self.message.next_item()?;
        if let Some(item) = &mut item {
            self.add_state(item)?;
        }
        Ok(item)
    }

    fn position(&self) -> u64 {
        self.message.position()
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        self.message.take_defects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_stands_alone_on_the_first_line() {
        assert_eq!(length_line(b"12\nx"), Some((12, 3)));
        assert_eq!(length_line(b"1795      \nx"), Some((1795, 11)));
        assert_eq!(length_line(b"12\r\nx"), Some((12, 4)));
        for octets in [&b"\nx"[..], b"-1\n", b"+1\n", b"1 2\n", b"12", b"99999999999999999999\n", b"Subject: 1\n"] {
            assert_eq!(length_line(octets), None, "{octets:?}");
        }
    }
}
