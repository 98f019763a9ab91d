//! `EXPORT-metadata.xml`, which Google Vault puts next to its mailboxes: the labels and dates of their messages (EDRM XML).

use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    model::{DateSource, Item, Received},
    order,
    read::metadata::GmailLabels,
    source::{Source, Window},
};
use memchr::memmem::Finder;
use std::fmt;
use twox_hash::XxHash3_64;

use super::item_log::rfc_3339;

/// What the name of such a file ends in.
pub(in crate::read) const METADATA: &str = "-metadata.xml";

/// Octets of one document at most: a message to thousands of people has a long line of addresses.
const DOCUMENT: usize = 4 << 20;

const START: &[u8] = b"<Document ";
const END: &[u8] = b"</Document>";

/// The documents of the file by the identifiers of their messages: 16 octets of memory a message.
pub(in crate::read) struct Vault {
    name: String,
    source: Source,
    /// The digest of a Message-ID and where its document starts, in the order of the digests.
    documents: Vec<(u64, u64)>,
}

impl Vault {
    /// The file in `source`, gone through once for where its documents are.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`] when it tells of more than `most` messages.
    pub(in crate::read) fn open(name: &str, source: Source, most: u64) -> Result<Self> {
        let mut window = Window::new(source.clone());
        let mut documents = Vec::new();
        let mut at = 0;
        while let Some((start, octets)) = next_document(&mut window, at)? {
            if let Some(id) = tag(&octets, "RfcMessageId") {
                documents.push((digest(&id), start));
            }
            if documents.len() as u64 > most {
                return Err(Error::new(ErrorKind::Limit, format!("describes more than {most} messages")).in_file(name));
            }
            at = start + octets.len() as u64;
        }
        order::sort(&mut documents);
        Ok(Self { name: name.to_owned(), source, documents })
    }

    /// The name of the export: that of the file, less what all have.
    pub(super) fn export(&self) -> &str {
        self.name.strip_suffix(METADATA).unwrap_or(&self.name)
    }

    /// Tells the message what the file says of it.
    pub(in crate::read) fn tell(&self, item: &mut Item) {
        let Some(id) = item.message().and_then(|message| message.message_id().ok().flatten()) else { return };
        match self.find(&id) {
            Ok(Some(document)) => apply(&document, item),
            // It tells of no other messages than those of its export.
            Ok(None) => {}
            Err(error) => {
                let detail = format!("{} cannot be read, its labels are unknown: {error}", self.name);
                item.defects.push(Defect::new(DefectKind::Property, detail));
            }
        }
    }

    fn find(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let wanted = digest(id);
        let first = self.documents.partition_point(|(digest, _)| *digest < wanted);
        let mut window = Window::new(self.source.clone());
        for (_, at) in self.documents.iter().skip(first).take_while(|(digest, _)| *digest == wanted) {
            if let Some((_, octets)) = next_document(&mut window, *at)?
                && tag(&octets, "RfcMessageId").is_some_and(|found| bare(&found) == bare(id))
            {
                return Ok(Some(octets));
            }
        }
        Ok(None)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({}, {} messages)", self.name, self.documents.len())
    }
}

fn apply(document: &[u8], item: &mut Item) {
    if let Some(labels) = tag(document, "Labels") {
        let labels = GmailLabels::of_names(GmailLabels::split(&labels).iter().filter_map(|name| label(name)));
        item.folder = labels.primary;
        item.labels = labels.labels;
        labels.keywords.iter().for_each(|keyword| item.keywords.insert(keyword.to_owned()));
    }
    let date = |name: &str| tag(document, name).and_then(|value| date(&value));
    if let Some(at) = date("#DateReceived").or_else(|| date("#DateSent").filter(|_| item.received.is_none())) {
        item.received = Some(Received { at, source: DateSource::Recorded });
        item.defects.retain(|defect| defect.kind() != DefectKind::NoDate);
    }
}

/// The label that Vault calls `name`: those of Gmail itself start with `^`, and not all of them are for people.
fn label(name: &str) -> Option<String> {
    let Some(own) = name.strip_prefix('^') else { return Some(name.to_owned()) };
    let known = match &*own.to_ascii_lowercase() {
        "inbox" | "i" => "Inbox",
        "sent" | "f" => "Sent",
        "draft" | "drafts" | "r" => "Drafts",
        "spam" | "s" => "Spam",
        "trash" | "deleted" | "k" => "Trash",
        "starred" | "t" => "Starred",
        "important" | "io_im" => "Important",
        "unread" | "u" => "Unread",
        "opened" | "o" => "Opened",
        "archived" => "Archived",
        "chat" | "chats" | "b" => "Chat",
        _ => return None,
    };
    Some(known.to_owned())
}

/// RFC 3339 as Vault writes it, with or without a zone and parts of seconds.
fn date(value: &str) -> Option<DateTime> {
    rfc_3339(value).or_else(|| {
        let (seconds, zone) = value.split_once('.').unwrap_or((value, "Z"));
        let zone = zone.trim_start_matches(|c: char| c.is_ascii_digit());
        rfc_3339(&format!("{seconds}{}", if zone.is_empty() { "Z" } else { zone }))
    })
}

/// The value of the tag of this name.
fn tag(document: &[u8], name: &str) -> Option<String> {
    for element in memchr::memmem::find_iter(document, b"<Tag ") {
        let rest = document.get(element..)?;
        let element = rest.get(..memchr::memchr(b'>', rest)?)?;
        if attribute(element, b"TagName").is_some_and(|found| found == name) {
            return attribute(element, b"TagValue");
        }
    }
    None
}

/// The value of an attribute, its entities resolved. `>` may stand in a value as it is, and then the value is cut there; Vault writes `&gt;`.
fn attribute(element: &[u8], name: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(element, &[name, b"="].concat())? + name.len() + 1;
    let (quote, rest) = element.get(at..)?.split_first()?;
    let value = rest.get(..memchr::memchr(*quote, rest).filter(|_| matches!(quote, b'"' | b'\''))?)?;
    Some(resolved(&String::from_utf8_lossy(value)))
}

fn resolved(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((plain, entity)) = rest.split_once('&') {
        text.push_str(plain);
        let end = entity.find(';').filter(|end| *end < 10);
        let c = end.and_then(|end| entity.get(..end)).and_then(|entity| match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)
            }
        });
        match (c, end) {
            (Some(c), Some(end)) => {
                text.push(c);
                rest = entity.get(end + 1..).unwrap_or_default();
            }
            _ => {
                text.push('&');
                rest = entity;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Where the next document at or behind `at` starts, and its octets; one that is longer than is read is cut.
fn next_document(window: &mut Window, at: u64) -> Result<Option<(u64, Vec<u8>)>> {
    let Some(start) = find(window, at, &Finder::new(START), u64::MAX)? else { return Ok(None) };
    let end = find(window, start, &Finder::new(END), start.saturating_add(DOCUMENT as u64))?;
    let len = end.map_or(DOCUMENT, |end| usize::try_from(end - start).unwrap_or(DOCUMENT) + END.len());
    let mut octets = Vec::new();
    while octets.len() < len {
        let some = window.at(start + octets.len() as u64)?;
        if some.is_empty() {
            break;
        }
        let n = some.len().min(len - octets.len());
        octets.extend(some.iter().take(n));
    }
    Ok(Some((start, octets)))
}

/// Where `finder` finds something between `at` and `limit`.
fn find(window: &mut Window, mut at: u64, finder: &Finder<'_>, limit: u64) -> Result<Option<u64>> {
    let overlap = finder.needle().len() - 1;
    // What was at the end of the octets before may be the start of what is looked for.
    let mut tail: Vec<u8> = Vec::new();
    while at < limit {
        let some = window.at(at)?;
        if some.is_empty() {
            return Ok(None);
        }
        if !tail.is_empty() {
            let joint: Vec<u8> = tail.iter().chain(some.iter().take(overlap)).copied().collect();
            if let Some(found) = finder.find(&joint) {
                return Ok(Some(at - tail.len() as u64 + found as u64));
            }
        }
        if let Some(found) = finder.find(some) {
            return Ok(Some(at + found as u64));
        }
        tail.extend(some);
        tail.drain(..tail.len().saturating_sub(overlap));
        at += some.len() as u64;
    }
    Ok(None)
}

fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('<').trim_end_matches('>')
}

fn digest(id: &str) -> u64 {
    XxHash3_64::oneshot(bare(id).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn documents_are_found_wherever_they_lie() {
        let document = |n: usize| {
            format!(
                "<Document DocID='{n}' DocType=\"Message\"><Tags><Tag TagName=\"#Subject\" TagValue=\"a &lt; b\"/>\
                 <Tag TagName='RfcMessageId' TagDataType='Text' TagValue='&lt;{n}@x&gt;'/></Tags>{}</Document>\n",
                "<!-- -->".repeat(n % 97)
            )
        };
        let xml: String = (0..3_000).map(document).collect();
        let vault = Vault::open("a", Arc::new(xml.into_bytes()), 10_000).unwrap();
        assert_eq!(vault.documents.len(), 3_000);
        for n in [0, 1, 1_234, 2_999] {
            let found = vault.find(&format!("{n}@x")).unwrap().unwrap();
            assert_eq!(tag(&found, "RfcMessageId").as_deref(), Some(&*format!("<{n}@x>")));
            assert_eq!(tag(&found, "#Subject").as_deref(), Some("a < b"));
        }
        assert!(vault.find("3000@x").unwrap().is_none());
        for broken in ["<Document ", "<Document ><Tag TagName=", "</Document><Document x='", "<Tag >", ""] {
            let vault = Vault::open("a", Arc::new(broken.as_bytes().to_vec()), 10).unwrap();
            assert!(vault.find("x").unwrap().is_none());
        }
    }

    #[test]
    fn dates_and_labels_as_vault_writes_them() {
        for value in
            ["2019-01-02T03:04:05Z", "2019-01-02T03:04:05.0Z", "2019-01-02T03:04:05.123", "2019-01-02T04:04:05.0+01:00"]
        {
            assert_eq!(date(value).map(DateTime::unix_seconds), Some(1_546_398_245), "{value}");
        }
        assert_eq!(date("yesterday"), None);
        assert_eq!(label("^INBOX").as_deref(), Some("Inbox"));
        assert_eq!(label("^smartlabel_social"), None);
        assert_eq!(label("Work/2019").as_deref(), Some("Work/2019"));
    }
}
