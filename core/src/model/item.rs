use super::{CalendarObject, Fidelity, Folder, Keywords, MboxOrigin, Message, VCard};
use crate::{
    date_time::DateTime,
    defect::Defect,
    error::Result,
    source::{Content, ReadAt as _},
};
use std::{any::Any, borrow::Cow, fmt, sync::Arc};

/// One thing of a mailbox: a message, a calendar object or a contact, with what the mailbox knows about it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The folder it is in; of several labels, the primary one.
    pub folder: Folder,
    /// Where in the source it came from.
    pub origin: Origin,
    /// Read, flagged, answered, and whatever its mail client added.
    pub keywords: Keywords,
    /// All labels it carries, the primary one included; none where the source knows no labels.
    pub labels: Vec<Label>,
    /// When it arrived.
    pub received: Option<Received>,
    /// The item itself.
    pub kind: ItemKind,
    /// What was wrong with it and survived.
    pub defects: Vec<Defect>,
    /// How its octets relate to those that its source holds; whoever reads them, or changes them on the way, says so.
    pub provenance: Fidelity,
    /// What of it was mended on the way, as text, each once.
    pub mended: Vec<Cow<'static, str>>,
    /// Whether its mail program no longer shows it: it was deleted for good, and its octets are there only because the mailbox was not
    /// compacted since. Such an item is left out, unless [`ReadOptions::recover`](crate::read::ReadOptions) asks for it.
    pub expunged: bool,
    /// What it was made of, where that is more than octets and [`ReadOptions::keep_objects`](crate::read::ReadOptions) asks for it: of a
    /// store of Outlook a message object.
    pub object: Option<Object>,
}

/// An object of a store, of whatever type the store's reader has for it. Copies share it.
#[derive(Clone)]
pub struct Object(Arc<dyn Any + Send + Sync>);

impl Object {
    /// This object.
    pub fn new(object: impl Any + Send + Sync) -> Self {
        Self(Arc::new(object))
    }

    /// The object, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Object")
    }
}

impl Item {
    /// `kind` in `folder`, of which nothing more is known.
    pub fn new(kind: ItemKind, folder: Folder, origin: Origin) -> Self {
        Self {
            folder,
            origin,
            keywords: Keywords::default(),
            labels: Vec::new(),
            received: None,
            kind,
            defects: Vec::new(),
            provenance: Fidelity::default(),
            mended: Vec::new(),
            expunged: false,
            object: None,
        }
    }

    /// Notes that some of its octets are not those that its source holds.
    pub(crate) fn note_change(&mut self) {
        self.provenance = self.provenance.max(Fidelity::Normalized);
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match &self.kind {
            ItemKind::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Its octets: of a message all of it, of anything else what its source holds of it.
    pub fn size(&self) -> u64 {
        self.message().map_or(self.origin.length, |message| message.content().len())
    }

    /// Octets of it that are in memory, of those that lie in a file `most` at a time.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn holds(&self, most: u64) -> u64 {
        // What is read of a store where it is asked for, and what was composed, cannot be told apart.
        let is_composed = self.provenance == Fidelity::Synthesized || self.origin.node.is_some();
        if is_composed { self.size() } else { self.size().min(most) }
    }

    /// Adds what was found wrong while its octets were read, where it was composed of what its store keeps apart: the octets of other
    /// items are those of their source, which tells that itself.
    pub(crate) fn add_late_defects(&mut self) {
        if let ItemKind::Message(message) = &self.kind
            && self.origin.node.is_some()
        {
            self.defects.append(&mut message.content().take_defects());
        }
    }

    /// The item as it is exchanged: an RFC 5322 message, an iCalendar object, a vCard.
    ///
    /// # Errors
    /// Errors of its source.
    pub fn to_content(&self) -> Result<Content> {
        match &self.kind {
            ItemKind::Message(message) => Ok(message.content().clone()),
            ItemKind::Calendar(object) => Ok(object.to_content()?),
            ItemKind::Contact(card) => Ok(card.to_content()?),
        }
    }

    /// The calendar object, if it is one.
    pub fn calendar(&self) -> Option<&CalendarObject> {
        match &self.kind {
            ItemKind::Calendar(object) => Some(object),
            _ => None,
        }
    }

    /// The card, if it is a contact.
    pub fn card(&self) -> Option<&VCard> {
        match &self.kind {
            ItemKind::Contact(card) => Some(card),
            _ => None,
        }
    }
}

/// What an item is.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// A mail message (RFC 5322).
    Message(Message),
    /// An event, a task, a journal entry: a calendar object (RFC 5545).
    Calendar(CalendarObject),
    /// A contact or a list of contacts (RFC 6350).
    Contact(VCard),
}

impl ItemKind {
    /// The kind as in the item log.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Message(_) => "mail",
            Self::Calendar(object) => object.kind().as_str(),
            Self::Contact(_) => "contact",
        }
    }
}

/// A label as the source spells it, with the folder that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// As the source spells it, decoded.
    pub name: String,
    /// The folder it stands for; `None` for a label that is a state, such as "Important".
    pub folder: Option<Folder>,
}

/// When an item arrived, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The date.
    pub at: DateTime,
    /// Where it was taken from.
    pub source: DateSource,
}

/// Where the date of an item was taken from.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateSource {
    /// The From_ line of an mbox.
    FromLine,
    /// The newest `Received` header field.
    ReceivedField,
    /// The `Date` header field.
    DateField,
    /// When its store received it (MAPI PidTagMessageDeliveryTime).
    DeliveryTime,
    /// When it was sent (MAPI PidTagClientSubmitTime).
    SubmitTime,
    /// When its file was last changed, where a mail store keeps the date of arrival so (Maildir, Zimbra).
    FileTime,
    /// The name of its file (Maildir).
    FileName,
    /// What a mail program or an archive keeps next to it (Apple Mail, Proton, an item log).
    Recorded,
}

impl DateSource {
    /// The stable name in the item log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FromLine => "from_line",
            Self::ReceivedField => "received",
            Self::DateField => "date",
            Self::DeliveryTime => "delivery_time",
            Self::SubmitTime => "submit_time",
            Self::FileTime => "file_time",
            Self::FileName => "file_name",
            Self::Recorded => "recorded",
        }
    }

    /// The origin of a date, by its name in an item log; [`Self::Recorded`] for an unknown name.
    pub fn of_name(name: &str) -> Self {
        const ALL: [DateSource; 7] = [
            DateSource::FromLine,
            DateSource::ReceivedField,
            DateSource::DateField,
            DateSource::DeliveryTime,
            DateSource::SubmitTime,
            DateSource::FileTime,
            DateSource::FileName,
        ];
        ALL.into_iter().find(|source| source.as_str() == name).unwrap_or(Self::Recorded)
    }
}

/// Where an item came from, precisely enough to find it again or to write it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The name of the source, as the user gave it; `archive.zip!Takeout/Mail/Inbox.mbox` inside an archive, the file in a
    /// directory.
    pub source: Arc<str>,
    /// What names it in its mailbox wherever its file is moved and whatever its state: the unique name in a Maildir with
    /// the folder before it. `None` where the source and the offset say it.
    pub key: Option<Arc<str>>,
    /// The number of the item in its source, from 1.
    pub ordinal: u64,
    /// The offset of its first octet in the source (of an mbox message: of its From_ line).
    pub offset: u64,
    /// Octets of the source that belong to it: From_ line, message as stored, and separator.
    pub length: u64,
    /// How an mbox held it.
    pub mbox: Option<MboxOrigin>,
    /// Its node in a PST or OST ([MS-PST] 2.2.2.1, NID), from whose properties it was composed.
    pub node: Option<u32>,
}
