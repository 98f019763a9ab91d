//! Names that every file system takes, the same on all of them, that never leave the destination.

mod fingerprints;
mod paths;
mod segment;
mod template;

pub(crate) use paths::{Paths, StandingFolder};
pub use template::NameTemplate;

use crate::{date_time::DateTime, model::ItemKind};

/// What an item's file name can say about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemName {
    /// Its date, which is the file's date of modification too.
    pub date: Option<DateTime>,
    /// Its decoded subject, or what it has instead: a summary, a display name.
    pub subject: Option<String>,
    /// Its message id or UID, without angle brackets.
    pub message_id: Option<String>,
}

/// What the name of a file with items of this kind ends in.
pub(super) fn extension(kind: &ItemKind) -> &'static str {
    match kind {
        ItemKind::Message(_) => ".eml",
        ItemKind::Calendar(_) => ".ics",
        ItemKind::Contact(_) => ".vcf",
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Folder, Item, ItemKind, Message, Origin};

    /// A message in a source at `ordinal`.
    pub(super) fn mail(ordinal: u64, from: &str) -> Item {
        let message = Message::new(format!("From: {from}\n\n").into_bytes().into());
        let origin = Origin { ordinal, ..Origin::default() };
        Item::new(ItemKind::Message(message), Folder::default(), origin)
    }
}
