use crate::{
    model::VCardVersion,
    write::{
        CardGroups, Eol, FolderRules, FromLines, Grouping, MboxTree, Quoting, StateFields, TarNames, WriteOptions,
        written_version,
    },
};
use serde::{Deserialize, Serialize};

/// How the files of a target are written; settings that are absent are left to the caller.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Line ends: `crlf`, `lf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eol: Option<Eol>,
    /// Each part of a ZIP archive is smaller than this many octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_octets: Option<u64>,
    /// A store of Outlook is smaller than this many octets; what does not fit goes to further ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_octets: Option<u64>,
    /// How From_ lines are quoted in an mbox: `mboxrd`, `mboxo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoting: Option<Quoting>,
    /// Where mboxes are: `folders`, `sbd`, `apple`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mbox_tree: Option<MboxTree>,
    /// The fields with the state of a message in an mbox: `unix`, `mozilla`, `gmail`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateFields>,
    /// The version of cards: `3.0`, `4.0`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "written_version")]
    pub vcard: Option<VCardVersion>,
    /// Calendar objects and cards: `each` in a separate file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grouping: Option<Files>,
    /// The limits of one file of calendar objects or cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ics_parts: Option<Parts>,
    /// Whether cards without a UID get one.
    pub card_uids: bool,
    /// How groups of cards are written: `categories`, `cards`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_groups: Option<CardGroups>,
    /// Whether unread messages are files without write permission.
    pub unread_mode: bool,
    /// How the From_ lines of an mbox are made: `keep`, `made`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_lines: Option<FromLines>,
    /// What folders are called there.
    pub folders: FolderRules,
    /// How tar stores long names: `pax`, `gnu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tar_names: Option<TarNames>,
}

/// How calendar objects and cards are put into files.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Files {
    /// Each in a separate file.
    Each,
}

/// The limits of one file.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// Items.
    pub items: u64,
    /// Octets.
    pub octets: u64,
}

impl Settings {
    pub(super) fn configure(&self, options: &mut WriteOptions) {
        if let Some(split) = self.split_octets {
            options.zip_split = Some(options.zip_split.map_or(split, |asked| asked.min(split)));
        }
        options.store_limit = self.store_octets.or(options.store_limit);
        options.eol = self.eol.unwrap_or(options.eol);
        options.tar_names = self.tar_names.unwrap_or(options.tar_names);
        let mbox = &mut options.mbox;
        mbox.quoting = self.quoting.unwrap_or(mbox.quoting);
        mbox.tree = self.mbox_tree.unwrap_or(mbox.tree);
        mbox.state = self.state.unwrap_or(mbox.state);
        mbox.from_lines = self.from_lines.unwrap_or(mbox.from_lines);
        if self.folders != FolderRules::default() {
            options.folders = Some(self.folders.clone());
        }
        let collections = &mut options.collections;
        collections.vcf.version = self.vcard.or(collections.vcf.version);
        if self.grouping == Some(Files::Each) {
            collections.grouping = Grouping::EachItem;
        }
        if let Some(Parts { items, octets }) = self.ics_parts {
            collections.grouping = Grouping::Parts { items, octets };
        }
        collections.vcf.add_uid |= self.card_uids;
        collections.vcf.groups = self.card_groups.unwrap_or(collections.vcf.groups);
        options.unread_mode |= self.unread_mode;
    }
}
