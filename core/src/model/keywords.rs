use std::{borrow::Cow, collections::BTreeSet};

/// The states of a message as JMAP keywords (RFC 8621 §4.1.1): `$seen`, `$flagged`, and what a client added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords(BTreeSet<Cow<'static, str>>);

impl Keywords {
    /// It was read.
    pub const SEEN: &'static str = "$seen";
    /// It was starred or flagged.
    pub const FLAGGED: &'static str = "$flagged";
    /// It was answered.
    pub const ANSWERED: &'static str = "$answered";
    /// It was forwarded.
    pub const FORWARDED: &'static str = "$forwarded";
    /// It is being written.
    pub const DRAFT: &'static str = "$draft";
    /// It is unwanted.
    pub const JUNK: &'static str = "$junk";
    /// It is marked for deletion (IMAP `\Deleted`, RFC 9051 §2.3.2).
    pub const DELETED: &'static str = "$deleted";
    /// It was marked important, by a person or a machine (RFC 8457).
    pub const IMPORTANT: &'static str = "$important";

    /// Adds a keyword; an empty one is nothing.
    pub fn insert(&mut self, keyword: impl Into<Cow<'static, str>>) {
        let keyword = keyword.into();
        if !keyword.is_empty() {
            self.0.insert(keyword);
        }
    }

    /// Takes a keyword away.
    pub fn remove(&mut self, keyword: &str) {
        self.0.remove(keyword);
    }

    /// Whether it has this keyword.
    pub fn contains(&self, keyword: &str) -> bool {
        self.0.contains(keyword)
    }

    /// The keywords in the order of their octets.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|keyword| &**keyword)
    }
}
