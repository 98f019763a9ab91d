//! Names that every file system takes, the same on all of them, that never leave the destination.

mod fingerprints;
mod paths;
mod segment;
mod template;

pub(crate) use paths::{Paths, StandingFolder};
pub use template::NameTemplate;

use crate::date_time::DateTime;

/// What an item's file name can tell of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemName {
    /// Its date, which is the file's date of modification too.
    pub date: Option<DateTime>,
    /// Its decoded subject, or what it has instead: a summary, a display name.
    pub subject: Option<String>,
    /// The address it is from.
    pub from: Option<String>,
    /// Its message id or UID, without angle brackets.
    pub message_id: Option<String>,
}
