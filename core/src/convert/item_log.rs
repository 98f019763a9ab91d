use super::decision::{InSource, Skip};
use crate::{
    defect::DefectKind,
    error::{Error, Location},
    hex::hex,
    model::{AttachmentView, CalendarObject, Fidelity, Item, ItemKind, VCard},
    write::{ItemName, Rendered, Written},
};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::HashSet};

/// How an item ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was written.
    Migrated,
    /// It was left out, as was asked.
    Skipped,
    /// It could not be read or written.
    Failed,
}

/// What is known about an item before it is converted or skipped.
///
/// Serialised as one JSON object; a field that is not known is left out.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemRecord {
    /// The number of the source and that of the item in it, both from 1: `1:42`.
    pub id: String,
    /// What it is: mail, event, task, journal, contact.
    pub kind: Cow<'static, str>,
    /// The names of its folder, joined by `/`, as the source has them.
    pub folder: String,
    /// What that folder is for (RFC 8621 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'static, str>>,
    /// All its labels, as the source has them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Its JMAP keywords (RFC 8621 §4.1.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// When it arrived (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<String>,
    /// Where that date was taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_source: Option<Cow<'static, str>>,
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
    /// Its octets; in the item log those that were written, line ends converted if that was requested. Of a calendar object in a file
    /// of many they are those of its components, without the properties and time zones that stand in that file once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Where it came from.
    pub source: RecordSource,
    /// What was wrong with it and survived.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Its attachments, where they were requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachments: Option<Vec<AttachmentView>>,
}

/// One line of the item log: an item, and the result of it.
///
/// Serialised as one JSON object per line, in the order of the sources; a field that is not known is left out.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// The item.
    #[serde(flatten)]
    pub item: ItemRecord,
    /// How it ended.
    pub status: Status,
    /// Why it was skipped or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it was written, relative to the destination; `part.zip!entry` in a split archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where else it was written, for its other labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
    /// The SHA-256 of the octets written, in hexadecimal; of an item that shares its file, those of the item alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Instead, where no SHA-256 was requested, the XXH3-64 of the first 64 KiB and of the number of octets: no proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xxh3: Option<String>,
    /// How the octets written relate to those of the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Cow<'static, str>>,
    /// The id of the item that is kept in the stead of this duplicate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<String>,
    /// The folder it was put into, its names joined by `/`, where that is not the one it has in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_folder: Option<String>,
    /// Labels it was given that it has not in the source: those asked for, and those of its duplicates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels_added: Vec<String>,
    /// What of its octets was changed on request: `subject`, or all `octets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Cow<'static, str>>,
    /// What of it was mended for its target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<Cow<'static, str>>,
    /// The number of the sync, from 1, where it was written to a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<u32>,
}

/// Where an item came from.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordSource {
    /// The name of the source, as it was given.
    pub file: String,
    /// What names it in its mailbox wherever its file is moved, as in a Maildir.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The number of the item in it, from 1.
    pub ordinal: u64,
    /// The offset of its first octet.
    pub offset: u64,
    /// Octets of the source that belong to it.
    pub length: u64,
    /// Its node in a PST or OST.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nid: Option<u32>,
}

impl ItemRecord {
    /// The record of `item`, of the source number `source`, from 1.
    pub fn of(item: &Item, source: u64) -> Self {
        Self::named(item, source, name(item))
    }

    /// The same, with what its file name tells of it.
    pub(super) fn named(item: &Item, source: u64, name: ItemName) -> Self {
        let origin = &item.origin;
        let calendar = item.calendar();
        let of_subject = item.message().map(|message| message.subject_defects()).unwrap_or_default();
        Self {
            id: format!("{source}:{}", origin.ordinal),
            kind: item.kind.as_str().into(),
            folder: item.folder.path.to_string(),
            role: item.folder.role.map(|role| role.as_str().into()),
            labels: item.labels.iter().map(|label| label.name.clone()).collect(),
            keywords: item.keywords.iter().map(str::to_owned).collect(),
            received_at: item.received.map(|received| received.at.to_string()),
            date_source: item.received.map(|received| received.source.as_str().into()),
            message_id: name.message_id,
            uid: calendar.and_then(CalendarObject::uid).or(item.card().and_then(VCard::uid)).map(str::to_owned),
            start: calendar.and_then(CalendarObject::start).map(ToString::to_string),
            recurring: calendar.map(CalendarObject::is_recurring),
            subject: name.subject,
            size: Some(item.size()),
            source: RecordSource {
                file: origin.source.to_string(),
                key: origin.key.as_deref().map(str::to_owned),
                ordinal: origin.ordinal,
                offset: origin.offset,
                length: origin.length,
                nid: origin.node,
            },
            warnings: item.defects.iter().chain(of_subject).map(ToString::to_string).collect(),
            attachments: None,
        }
    }

    /// Lists the attachments of a message, which is read once more for it.
    pub(super) fn list_attachments(&mut self, item: &Item) {
        let Some(message) = item.message() else { return };
        let views = message.attachments().and_then(|list| list.iter().map(AttachmentView::of).collect());
        match views {
            Ok(views) => self.attachments = Some(views),
            Err(error) => self.warnings.push(format!("the attachments cannot be listed: {error}")),
        }
    }

    /// The record of an item of the source `file` that cannot be read.
    pub(super) fn unreadable(file: &str, source: u64, ordinal: u64, error: &Error) -> Self {
        let (offset, nid) = match error.location() {
            Some(Location::Byte(offset)) => (offset, None),
            Some(Location::Node(nid)) => (0, Some(nid)),
            None => (0, None),
        };
        Self {
            id: format!("{source}:{ordinal}"),
            kind: "mail".into(),
            source: RecordSource { file: file.to_owned(), ordinal, offset, nid, ..RecordSource::default() },
            ..Self::default()
        }
    }
}

impl LogLine {
    /// Why an item is left out that an earlier sync has written.
    pub(super) const ALREADY_MIGRATED: &'static str = "already_migrated";

    /// The line of an item of which nothing was written yet.
    pub(super) fn new(item: ItemRecord) -> Self {
        Self {
            item,
            status: Status::Failed,
            reason: None,
            path: None,
            copies: Vec::new(),
            sha256: None,
            xxh3: None,
            fidelity: None,
            sync: None,
            duplicate_of: None,
            target_folder: None,
            labels_added: Vec::new(),
            changed: Vec::new(),
            mended: Vec::new(),
        }
    }

    /// Notes what the source says of an item that is written otherwise.
    pub(super) fn tell_source(&mut self, item: &Item, source: &InSource) {
        if item.folder.path != source.folder.path {
            let written = std::mem::replace(&mut self.item.folder, source.folder.path.to_string());
            self.target_folder = Some(written);
            self.item.role = source.folder.role.map(|role| role.as_str().into());
        }
        let in_source: HashSet<&str> = source.labels.iter().map(|label| &*label.name).collect();
        let labels = source.labels.iter().map(|label| label.name.clone()).collect();
        let written = std::mem::replace(&mut self.item.labels, labels);
        if item.size() != source.size && !is_transformed(item) {
            self.changed.push("subject".into());
        }
        self.labels_added = written.into_iter().filter(|name| !in_source.contains(&**name)).collect();
    }

    /// Notes why it is left out.
    pub(super) fn skipped(&mut self, skip: &Skip) {
        self.status = Status::Skipped;
        self.reason = Some(skip.reason.into());
        self.duplicate_of = skip.duplicate_of.map(|place| place.to_string());
    }

    /// Notes what was rendered.
    pub(super) fn rendered(&mut self, item: &Item, rendered: &Rendered) {
        if is_transformed(item) {
            self.changed.push("octets".into());
        }
        self.mended.clone_from(&item.mended);
        let on_request = if self.changed.is_empty() { Fidelity::Verbatim } else { Fidelity::Normalized };
        let fidelity = item.provenance.max(rendered.fidelity()).max(on_request);
        self.item.size = Some(rendered.own_size());
        self.sha256 = rendered.sha256().map(|digest| hex(digest));
        self.xxh3 = rendered.xxh3().map(|digest| format!("{digest:016x}"));
        self.fidelity = Some(fidelity.as_str().into());
        self.item.warnings.extend(rendered.defects().iter().map(ToString::to_string));
    }

    /// Notes that an earlier sync has written it.
    pub(super) fn already_migrated(&mut self) {
        self.skipped(&Skip::because(Self::ALREADY_MIGRATED));
        self.fidelity = None;
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
        self.sha256 = None;
        self.xxh3 = None;
        self.fidelity = None;
    }

    /// It was put into a file that came to nothing.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn lost(&mut self, reason: &str) {
        self.status = Status::Failed;
        self.reason = Some(reason.to_owned());
        (self.path, self.copies) = (None, Vec::new());
        (self.sha256, self.xxh3, self.fidelity) = (None, None, None);
    }
}

/// Whether a [`Transform`](super::Transform) replaced its octets.
fn is_transformed(item: &Item) -> bool {
    item.defects.iter().any(|defect| defect.kind() == DefectKind::Transformed)
}

/// `kind: what happened`, the kind being what reports count by.
fn reason(error: &Error) -> String {
    format!("{}: {error}", error.kind().as_str())
}

/// What a file name and the log tell of an item.
///
/// A message whose header section cannot be read has no name; that it cannot be read is found where it is rendered.
pub(super) fn name(item: &Item) -> ItemName {
    let mut name = ItemName { date: item.received.map(|received| received.at), ..ItemName::default() };
    match &item.kind {
        ItemKind::Message(message) => {
            name.subject = message.subject().ok().flatten();
            name.message_id = message.message_id().ok().flatten();
        }
        ItemKind::Calendar(object) => name.subject = object.summary().map(str::to_owned),
        ItemKind::Contact(card) => name.subject = card.name().map(str::to_owned),
    }
    name
}
