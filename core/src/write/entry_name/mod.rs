//! Names that every file system takes, the same on all of them, that never leave the destination.

mod fingerprints;
mod paths;
mod segment;
mod template;

pub(crate) use paths::{Paths, StandingFolder};
pub use template::NameTemplate;

use crate::{date_time::DateTime, model::ItemKind};
use segment::{Room, numbered};

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

/// `name`, which may come from anywhere, as the name of a file that every file system takes and that leaves no folder; `number` tells
/// files of one name apart, from 2.
///
/// ```
/// use mailferry::write::file_name;
///
/// assert_eq!(file_name("../etc/Plan: A.pdf", 1), "_.._etc_Plan_ A.pdf");
/// assert_eq!(file_name("Plan.pdf", 2), "Plan (2).pdf");
/// ```
pub fn file_name(name: &str, number: u32) -> String {
    let is_extension = |extension: &&str| (1..=16).contains(&extension.len()) && !extension.contains(['/', ' ']);
    let parts = name.rsplit_once('.').filter(|(stem, extension)| !stem.is_empty() && is_extension(extension));
    let (stem, extension) = match parts {
        Some((stem, extension)) => (stem, format!(".{}", segment::segment(extension, Room::SEGMENT))),
        None => (name, String::new()),
    };
    let stem = segment::segment(stem, Room::SEGMENT);
    if number > 1 { numbered(&stem, number, &extension, Room::SEGMENT) } else { stem + &extension }
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
