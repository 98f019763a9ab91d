use super::{
    AddressMap, Head, ItemReader, Lists, Score, eml, emlx, hints::FilesBeside, ics, maildir, mbox, part::Part, vcf,
};
use crate::{error::Result, limits::Limits, model::Folder, source::Source};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, sync::Arc};
#[cfg(feature = "outlook")]
use {
    super::{msg, olm, pst, tnef},
    crate::mapi::Translation,
};

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
    /// Extensions that its files have too, but others as well: no part of the name of a folder, and no sign of the format.
    pub doubtful_extensions: &'static [&'static str],
    /// Extensions of files that are read with one of its files, and never alone.
    pub companions: &'static [&'static str],
    /// The octets that its files start with, and no others do; none where there are no such octets.
    pub signature: &'static [u8],
    /// What one of its files holds.
    pub holds: Holds,
    /// Whether the first octets are enough to know it where no name speaks for it. Mail in plain text is looked at more closely.
    pub known_by_octets: bool,
    /// Whether files in a tree are taken for its own by their extension. Where other files have it too, their octets decide.
    pub known_by_name: bool,
    /// A closer look than at the first octets, which are handed to it too: for a format in a container that other formats share.
    pub look: Option<Look>,
    /// How sure it is that a source is of this format.
    pub detect: fn(&Head<'_>) -> Score,
    /// Opens a source of this format.
    pub open: fn(Request) -> Result<Box<dyn ItemReader>>,
    /// The folder that directories stand for, where the program that writes this format names them in a way of its own.
    pub(super) folder: fn(&[String]) -> Option<Folder>,
    /// The files beside the one at a path that its item is put together with.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "there are no paths"))]
    pub(super) beside: fn(&Path, &Limits) -> Option<FilesBeside>,
}

/// Whether a source, whose first octets are handed to it too, is of a format.
pub type Look = fn(&Source, &[u8]) -> Result<bool>;

/// What a file of a format holds, and so what its name and its place say.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// One message; its directory is its folder, and all that lie in one tree count as one source.
    Message,
    /// The messages of one folder, whose name it has.
    Folder,
    /// Items that have folders of their own, or that need none.
    Items,
}

impl FormatInfo {
    /// A format that is known by what `detect` says: a new one states beside that only what it does not share with most.
    pub(super) const fn new(
        name: &'static str,
        title: &'static str,
        detect: fn(&Head<'_>) -> Score,
        open: fn(Request) -> Result<Box<dyn ItemReader>>,
    ) -> Self {
        Self {
            name,
            title,
            extensions: &[],
            media_types: &[],
            archived: &[],
            doubtful_extensions: &[],
            companions: &[],
            signature: &[],
            holds: Holds::Items,
            known_by_octets: true,
            known_by_name: true,
            look: None,
            detect,
            open,
            folder: |_| None,
            beside: |_, _| None,
        }
    }

    /// Whether octets start as its files alone do.
    pub(super) fn has_signature(&self, octets: &[u8]) -> bool {
        !self.signature.is_empty() && octets.starts_with(self.signature)
    }
}

/// Whether `extension` is one of `extensions`, whatever its case.
pub(super) fn is_one_of(extension: &str, extensions: &[&str]) -> bool {
    extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
}

/// The files beside the one at `path` that its item is put together with.
#[cfg(not(target_family = "wasm"))]
pub(super) fn files_beside(path: &Path, limits: &Limits) -> Option<FilesBeside> {
    FORMATS.iter().find_map(|format| (format.beside)(path, limits))
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
    /// Which items of the sources are read, where others read the rest: not an option, and not recorded.
    #[serde(skip)]
    pub(crate) part: Option<Part>,
    /// Whether items are made of the lists of their folders: not an option, and not recorded.
    #[serde(skip)]
    pub lists: Lists,
    /// Whether items of stores keep the [`MapiMessage`](crate::mapi::MapiMessage) that they were made of, in their
    /// [`object`](crate::model::Item): not an option, and not recorded.
    #[serde(skip)]
    pub keep_objects: bool,
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
    #[cfg(feature = "outlook")]
    pub tnef: tnef::TnefParts,
}

#[cfg(feature = "outlook")]
impl ReadOptions {
    /// How message objects are translated.
    pub(super) fn translation(&self) -> Translation {
        let (limits, addresses) = (self.limits.clone(), self.addresses.clone());
        Translation { limits, addresses, keep_rtf: self.keep_rtf, keep_objects: self.keep_objects }
    }
}

/// All formats that can be read. A new format is one more line here.
pub const FORMATS: &[FormatInfo] = &[
    mbox::FORMAT,
    eml::FORMAT,
    emlx::FORMAT,
    maildir::FORMAT,
    #[cfg(feature = "outlook")]
    pst::FORMAT,
    #[cfg(feature = "outlook")]
    msg::FORMAT,
    #[cfg(feature = "outlook")]
    olm::FORMAT,
    #[cfg(feature = "outlook")]
    tnef::FORMAT,
    ics::FORMAT,
    vcf::FORMAT,
];

#[cfg(all(test, feature = "outlook"))]
mod tests {
    use super::*;
    use crate::read::{Head, detect};

    fn of_extension(extension: &str) -> Option<(&'static str, Holds)> {
        let format = FORMATS.iter().find(|format| is_one_of(extension, format.extensions))?;
        Some((format.name, format.holds))
    }

    #[test]
    fn the_table_says_what_files_hold() {
        for (extension, name, holds) in [
            ("mbox", "mbox", Holds::Folder),
            ("MBX", "mbox", Holds::Folder),
            ("mmdf", "mbox", Holds::Folder),
            ("eml", "eml", Holds::Message),
            ("emlx", "emlx", Holds::Message),
            ("ics", "ics", Holds::Items),
            ("vcf", "vcf", Holds::Items),
            ("pst", "pst", Holds::Items),
            ("tnef", "tnef", Holds::Items),
            ("msg", "msg", Holds::Message),
            ("olm", "olm", Holds::Items),
            ("oft", "msg", Holds::Message),
        ] {
            assert_eq!(of_extension(extension), Some((name, holds)), "{extension}");
        }
        for doubtful in ["mbs", "mail", "txt", "emlxpart"] {
            assert_eq!(of_extension(doubtful), None, "{doubtful}");
        }
    }

    #[test]
    fn a_signature_alone_is_enough() {
        let mut signatures = 0;
        for format in FORMATS.iter().filter(|format| !format.signature.is_empty()) {
            let octets = [format.signature, &[0; 64]].concat();
            let found =
                detect(&Head { octets: &octets, len: octets.len() as u64, name: "x" }).map(|format| format.name);
            assert_eq!(found.ok(), Some(format.name));
            signatures += 1;
        }
        assert_eq!(signatures, 2);
    }
}
