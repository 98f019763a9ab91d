use crate::{
    defect::DefectKind,
    error::{Error, Location},
    model::{CalendarObject, Item, VCard},
    write::{Fidelity, ItemName, Rendered, Written},
};
use serde::Serialize;
use std::fmt::Write as _;

/// How an item ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was written.
    Migrated,
    /// It was left out, as was asked.
    Skipped,
    /// It could not be read or written.
    Failed,
}

/// One line of the item log: what became of one item of a source.
///
/// Serialised as one JSON object a line, in the order of the sources; a field that is not known is left out.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// The number of the source and that of the item in it, both from 1: `1:42`.
    pub id: String,
    /// What it is: mail, event, task, journal, contact.
    pub kind: &'static str,
    /// How it ended.
    pub status: Status,
    /// Why it was skipped or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The names of its folder, joined by `/`, as the source has them.
    pub folder: String,
    /// What that folder is for (RFC 8621 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// All its labels, as the source has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Its JMAP keywords (RFC 8621 §4.1.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// When it arrived (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<String>,
    /// What told that date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_source: Option<&'static str>,
    /// Its message id without angle brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The UID of a calendar object or a contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// When an event or a task starts, as [`CalendarTime`](crate::model::CalendarTime) is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Whether an event or a task has more than one occurrence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurring: Option<bool>,
    /// Its decoded subject; the summary of a calendar object, the name of a contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where it was written, relative to the destination; `part.zip!entry` in a split archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where else it was written, for its other labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
    /// Octets written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The SHA-256 of the octets written, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How the octets written relate to those of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<&'static str>,
    /// Where it came from.
    pub source: LogSource,
    /// What was wrong with it and survived.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Where an item came from.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct LogSource {
    /// The name of the source, as it was given.
    pub file: String,
    /// The number of the item in it, from 1.
    pub ordinal: u64,
    /// The offset of its first octet.
    pub offset: u64,
    /// Octets of the source that belong to it.
    pub length: u64,
}

impl LogLine {
    /// The line of `item`, of source number `source`, before it is known what becomes of it.
    pub(super) fn of(item: &Item, source: u64, name: &ItemName) -> Self {
        let origin = &item.origin;
        let calendar = item.calendar();
        Self {
            id: format!("{source}:{}", origin.ordinal),
            kind: item.kind.as_str(),
            status: Status::Failed,
            reason: None,
            folder: item.folder.path.to_string(),
            role: item.folder.role.map(|role| role.as_str()),
            labels: item.labels.iter().map(|label| label.name.clone()).collect(),
            keywords: item.keywords.iter().map(str::to_owned).collect(),
            received_at: item.received.map(|received| received.at.to_string()),
            date_source: item.received.map(|received| received.source.as_str()),
            message_id: name.message_id.clone(),
            uid: calendar.and_then(CalendarObject::uid).or(item.card().and_then(VCard::uid)).map(str::to_owned),
            start: calendar.and_then(CalendarObject::start).map(ToString::to_string),
            recurring: calendar.map(CalendarObject::is_recurring),
            subject: name.subject.clone(),
            path: None,
            copies: Vec::new(),
            size: None,
            sha256: None,
            fidelity: None,
            source: LogSource {
                file: origin.source.to_string(),
                ordinal: origin.ordinal,
                offset: origin.offset,
                length: origin.length,
            },
            warnings: item.defects.iter().map(ToString::to_string).collect(),
        }
    }

    /// The line of an item of the source `file` that could not even be read.
    pub(super) fn unreadable(file: &str, source: u64, ordinal: u64, error: &Error) -> Self {
        let offset = match error.location() {
            Some(Location::Byte(offset)) => offset,
            _ => 0,
        };
        Self {
            id: format!("{source}:{ordinal}"),
            kind: "mail",
            status: Status::Failed,
            reason: Some(reason(error)),
            folder: String::new(),
            role: None,
            labels: Vec::new(),
            keywords: Vec::new(),
            received_at: None,
            date_source: None,
            message_id: None,
            uid: None,
            start: None,
            recurring: None,
            subject: None,
            path: None,
            copies: Vec::new(),
            size: None,
            sha256: None,
            fidelity: None,
            source: LogSource { file: file.to_owned(), ordinal, offset, length: 0 },
            warnings: Vec::new(),
        }
    }

    /// Notes what was rendered.
    pub(super) fn rendered(&mut self, item: &Item, rendered: &Rendered) {
        // Octets of 16-bit text were changed before they were read.
        let transcoded = item.defects.iter().any(|defect| defect.kind() == DefectKind::Utf16);
        let fidelity = if transcoded { Fidelity::Normalized } else { rendered.fidelity() };
        self.size = Some(rendered.size());
        self.sha256 = rendered.sha256().map(|digest| hex(digest));
        self.fidelity = Some(fidelity.as_str());
    }

    /// Notes where it was written.
    pub(super) fn migrated(&mut self, written: Vec<Written>) {
        let mut paths = written.into_iter().map(|written| written.path);
        self.status = Status::Migrated;
        self.path = paths.next();
        self.copies = paths.collect();
    }

    /// Notes why it failed: nothing of it was written.
    pub(super) fn failed(&mut self, error: &Error) {
        self.status = Status::Failed;
        self.reason = Some(reason(error));
        self.size = None;
        self.sha256 = None;
        self.fidelity = None;
    }
}

/// `kind: what happened`, the kind being what reports count by.
fn reason(error: &Error) -> String {
    format!("{}: {error}", error.kind().as_str())
}

/// Octets in lower-case hexadecimal.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut hex, octet| {
        let _infallible = write!(hex, "{octet:02x}");
        hex
    })
}
