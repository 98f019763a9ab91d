//! Which items of a mailbox are converted.

mod card_digest;
mod compact_map;
mod content_digest;
mod duplicates;
mod folded;
mod glob;
mod sample;
mod selector;
#[cfg(not(target_family = "wasm"))]
mod shared;
mod survey;

pub(super) use folded::fold;
pub use glob::FolderGlob;
use glob::FolderGlobs;
pub use selector::Selector;
#[cfg(not(target_family = "wasm"))]
pub(super) use shared::{Decided, Decisions, Found, KeyWriter, Merger};
pub use survey::Survey;

use super::options::one_or_several;
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    word::words,
    write::size,
};
use serde::{Deserialize, Serialize};

/// Which items are converted: those that meet all of its conditions. The default selects everything.
///
/// A list that is empty asks for nothing; of one that is not, one entry must be met. It is plain data, and the same in
/// JSON, with its names in camel case. [`Selector`] applies it.
///
/// ```
/// use mailferry::{
///     convert::{Conversion, Selection, Selector},
///     read::{Mailbox, ReadOptions},
///     write::{EmlArchive, WriteOptions},
/// };
/// use std::{ops::ControlFlow, sync::Arc};
///
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: Invoice 7\n\nHi\n\nFrom b\nSubject: Party\n\nHo\n".to_vec()));
///
/// let mut selection = Selection::default();
/// selection.subject = vec!["invoice".into()];
/// let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
/// let report = Conversion::new(mailbox, Box::new(archive), std::io::sink())
///     .with_selector(Selector::new(&selection)?)
///     .run(&mut |_progress| ControlFlow::Continue(()));
/// assert_eq!((report.totals.available, report.totals.migrated, report.totals.skipped), (2, 1, 1));
/// assert_eq!(report.reasons["excluded_subject"], 1);
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Selection {
    /// Of these kinds.
    #[serde(deserialize_with = "one_or_several")]
    pub kinds: Vec<Kind>,
    /// In a folder that one of these globs names, whose grammar is that of [`FolderGlob`].
    #[serde(deserialize_with = "one_or_several")]
    pub folders: Vec<String>,
    /// In no folder that one of these globs names.
    #[serde(deserialize_with = "one_or_several")]
    pub skip_folders: Vec<String>,
    /// In no folder for deleted mail, nor below one, whatever its name and language (RFC 8621 §2, `trash`), and not marked as deleted
    /// (`$deleted`).
    pub skip_trash: bool,
    /// In no folder for unwanted mail, nor below one, whatever its name and language (RFC 8621 §2, `junk`).
    pub skip_junk: bool,
    /// Received at this time or later. This and [`Selection::before`] look at the date that the log has as `receivedAt`,
    /// with its origin as `dateSource`; an item without a date is kept, with the warning `undated`.
    pub after: Option<DateTime>,
    /// Received before this time.
    pub before: Option<DateTime>,
    /// With a label that one of these globs names, whose grammar is that of [`FolderGlob`].
    #[serde(deserialize_with = "one_or_several")]
    pub labels: Vec<String>,
    /// From one of these: a part of the name or the address in `From`, decoded, in any case.
    #[serde(deserialize_with = "one_or_several")]
    pub from: Vec<String>,
    /// To one of these: a part of a name or an address in `To`, `Cc` or `Bcc`, decoded, in any case.
    #[serde(deserialize_with = "one_or_several")]
    pub to: Vec<String>,
    /// With one of these in the decoded subject, in any case; of a calendar object the summary, of a contact the name.
    #[serde(deserialize_with = "one_or_several")]
    pub subject: Vec<String>,
    /// Of more octets than this.
    #[serde(deserialize_with = "size::given")]
    pub larger: Option<u64>,
    /// Of fewer octets than this.
    #[serde(deserialize_with = "size::given")]
    pub smaller: Option<u64>,
    /// With a file, a picture or a message attached.
    pub has_attachment: bool,
    /// So many of all that is selected, spread evenly over folders and kinds, and in each over its length.
    pub sample: Option<u64>,
    /// Which of all samples: the same one for the same number.
    pub seed: u64,
    /// Which of several equal items are left out.
    pub dedupe: Dedupe,
}

impl Selection {
    /// Whether it asks for nothing that the [lists of folders](crate::read::Lists) do not tell as the items themselves do.
    pub fn is_of_lists(&self) -> bool {
        let rest = Self {
            kinds: Vec::new(),
            folders: Vec::new(),
            skip_folders: Vec::new(),
            skip_trash: false,
            skip_junk: false,
            after: None,
            before: None,
            labels: Vec::new(),
            ..self.clone()
        };
        rest == Self::default()
    }

    /// Whether anything can meet all of its conditions.
    ///
    /// # Errors
    /// [`ErrorKind::Options`] for a period that ends before it begins, and sizes that exclude each other.
    pub fn check(&self) -> Result<()> {
        if let (Some(after), Some(before)) = (self.after, self.before)
            && after.unix_seconds() >= before.unix_seconds()
        {
            let message = format!(
                "nothing is received at {after} or later and before {before}: give the earlier date as `after`"
            );
            return Err(Error::new(ErrorKind::Options, message));
        }
        if let (Some(larger), Some(smaller)) = (self.larger, self.smaller)
            && larger.saturating_add(1) >= smaller
        {
            let message = format!(
                "nothing is larger than {larger} bytes and smaller than {smaller}: give the smaller size as `larger`"
            );
            return Err(Error::new(ErrorKind::Options, message));
        }
        Ok(())
    }
}

words! {
    /// A kind of items, named as in the item log.
    pub enum Kind: "a kind of items" {
        /// Messages.
        Mail = "mail",
        /// Events of calendars.
        Event = "event",
        /// Tasks.
        Task = "task",
        /// Journal entries and notes.
        Journal = "journal",
        /// Contacts and lists of them.
        Contact = "contact",
    }
}

words! {
    /// When two items are equal, so that the second is left out, with the reason `duplicate`, and its labels go to the first.
    ///
    /// A message identifier alone proves nothing: mailing lists change what carries it, and programs give it twice.
    #[derive(Default)]
    pub enum Dedupe: "a rule for equal items" {
        /// Never.
        #[default]
        Off = "off",
        /// When their octets are, less the header fields that a mailbox adds: `X-Gmail-Labels`, `X-GM-…`, `Status`, `X-Status`,
        /// `X-Keywords`, `X-UID`, `X-Mozilla-…` and the like, and `Content-Length`.
        Exact = "exact",
        /// When their `Message-ID`, `Date`, `From` and `Subject`, decoded, and the decoded octets of all their body parts are;
        /// text without regard to the white space between its words. Calendar objects when their UID is, and RECURRENCE-ID and
        /// SEQUENCE of all their components; those without a UID as with [`Dedupe::Exact`]. Contacts when UID and REV are, or name,
        /// addresses and telephone numbers.
        Loose = "loose",
    }
}
