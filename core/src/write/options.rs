use super::{Checksums, Collections, Eol, MboxOptions, NameTemplate, OutputForm, ZipLevel, size};
use crate::{
    date_time::DateTime,
    model::{Folder, Item},
    word::words,
};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, num::NonZeroU32};

words! {
    /// Which folders an item with several labels is written to.
    #[derive(Default)]
    pub enum Placement: "a place of labels" {
        /// Its primary folder only.
        #[default]
        Primary = "primary",
        /// The folder of every label that is one.
        Every = "every",
    }
}

impl Placement {
    /// The folders that the item goes to, one at least.
    pub(crate) fn folders(self, item: &Item) -> Vec<Folder> {
        let mut folders: Vec<Folder> = Vec::new();
        if self == Self::Every {
            let mut seen = HashSet::new();
            let of_labels = item.labels.iter().filter_map(|label| label.folder.as_ref());
            folders.extend(of_labels.filter(|folder| seen.insert(&folder.path)).cloned());
        }
        if folders.is_empty() {
            folders.push(item.folder.clone());
        }
        folders
    }
}

/// How items are written.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WriteOptions {
    /// The form they are written in.
    #[serde(rename = "as", alias = "form")]
    pub form: OutputForm,
    /// The line ends of what is written.
    pub eol: Eol,
    /// The digest of what is written.
    pub checksums: Checksums,
    /// Where an item with several labels goes.
    #[serde(rename = "labels")]
    pub placement: Placement,
    /// How files are named.
    pub names: NameTemplate,
    /// The most files in a folder before they go to numbered folders in it; no limit if absent.
    pub shard: Option<NonZeroU32>,
    /// How calendar objects and cards are put into files, and what is changed in them.
    pub collections: Collections,
    /// How hard a ZIP or gzip archive is compressed.
    pub zip_level: ZipLevel,
    /// Each part of a ZIP archive, or each store of Outlook, is smaller than this many octets; one part of any size if absent. A store
    /// is larger only where one message alone is.
    #[serde(rename = "split", deserialize_with = "size::part")]
    pub zip_split: Option<u64>,
    /// How mail is put into mbox files, where they are the form.
    pub mbox: MboxOptions,
    /// Whether an unread message is a file without write permission, as Zimbra marks it.
    pub unread_mode: bool,
    /// How a tar archive stores names that do not fit into its headers.
    pub tar_names: TarNames,
    /// Stores of Outlook are smaller than this many octets, if the items do not fit into one: as [`Self::zip_split`], but the first has
    /// the name of all.
    pub store_limit: Option<u64>,
    /// Files of a fixed text that go with the items: a path relative to the destination, and its text. In a form of stores, a line
    /// with `{store}` stands for each of them, and `{mailbox}` for the address that all messages were delivered to, if it is one.
    pub documents: Vec<(String, String)>,
    /// The date that an import bundle states; without one, the same items give the same octets.
    pub created: Option<DateTime>,
}

words! {
    /// How a tar archive stores names that are long or not ASCII.
    #[derive(Default)]
    pub enum TarNames: "a way to write long names" {
        /// In extended headers, as POSIX has it.
        #[default]
        Pax = "pax",
        /// As GNU tar does, for readers that know no extended headers; names are octets, taken as UTF-8.
        Gnu = "gnu",
    }
}
