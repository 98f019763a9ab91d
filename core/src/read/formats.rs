use super::{Head, ItemReader, Score, eml, emlx, ics, maildir, mbox, pst, tnef, vcf};
use crate::{
    error::Result,
    limits::Limits,
    mapi::{AddressMap, Translation},
    source::Source,
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// A format that can be read: its names, how it is known, and how it is opened.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct FormatInfo {
    /// The stable name in lower case, as in reports: `mbox`.
    pub name: &'static str,
    /// What it is, for a person.
    pub title: &'static str,
    /// Extensions of its files, in lower case and without the dot.
    pub extensions: &'static [&'static str],
    /// Its media types, the registered one first.
    pub media_types: &'static [&'static str],
    /// Extensions of the entries that are read out of an archive; none for a format that needs random access.
    pub archived: &'static [&'static str],
    /// How sure it is that a source is of this format.
    pub detect: fn(&Head<'_>) -> Score,
    /// Opens a source of this format.
    pub open: fn(Request) -> Result<Box<dyn ItemReader>>,
}

impl fmt::Debug for FormatInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormatInfo({})", self.name)
    }
}

/// What a reader needs to open a source.
#[derive(Clone)]
pub struct Request {
    /// The name of the source, as in the origin of its items.
    pub name: Arc<str>,
    /// The octets.
    pub source: Source,
    /// How they are to be read.
    pub options: ReadOptions,
}

/// How sources are to be read.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ReadOptions {
    /// Limits of what a source may cost, and who may stop it: not an option, and not recorded.
    #[serde(skip)]
    pub limits: Limits,
    /// How quoted From_ lines in an mbox are unquoted.
    #[serde(rename = "mboxQuoting")]
    pub unquoting: mbox::Unquoting,
    /// Of a store that has folders: also the hidden items associated with them (views, rules, settings).
    pub hidden: bool,
    /// Of a store that has folders: also items that no folder lists any more. Of a mailbox of Thunderbird: also messages that were
    /// deleted and not yet compacted away. Both go into a folder `Recovered`.
    pub recover: bool,
    /// Internet addresses of people whom a store names by their Exchange address only.
    #[serde(rename = "addressMap", alias = "addresses")]
    pub addresses: AddressMap,
    /// Of a store with 8-bit text: the Windows code page that it is in where nothing in the store says so.
    pub code_page: Option<u32>,
    /// Of a store whose messages have rich text bodies: also the rich text itself, as an attachment.
    pub keep_rtf: bool,
    /// How TNEF parts (`winmail.dat`) in mail are handled.
    pub tnef: tnef::TnefParts,
}

impl ReadOptions {
    /// How message objects are translated.
    pub(super) fn translation(&self) -> Translation {
        Translation { limits: self.limits.clone(), addresses: self.addresses.clone(), keep_rtf: self.keep_rtf }
    }
}

/// All formats that can be read. A new format is one more line here.
pub const FORMATS: &[FormatInfo] =
    &[mbox::FORMAT, eml::FORMAT, emlx::FORMAT, maildir::FORMAT, pst::FORMAT, tnef::FORMAT, ics::FORMAT, vcf::FORMAT];
