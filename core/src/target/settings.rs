use crate::{
    model::VCardVersion,
    write::{Eol, Grouping, MboxTree, Quoting, StateFields, TarNames, WriteOptions},
};
use serde::{Deserialize, Serialize};

/// How the files of a target are written; what is not set is left to the caller.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Line ends: `crlf`, `lf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eol: Option<String>,
    /// Octets that no part of a ZIP archive reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_octets: Option<u64>,
    /// How From_ lines are quoted in an mbox: `mboxrd`, `mboxo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoting: Option<String>,
    /// Where mboxes stand: `folders`, `sbd`, `apple`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mbox_tree: Option<String>,
    /// The fields that tell the state of a message in an mbox: `unix`, `mozilla`, `gmail`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The version of cards: `3.0`, `4.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcard: Option<String>,
    /// Calendar objects and cards: `each` in a file of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grouping: Option<String>,
    /// How much goes to one file of calendar objects or cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ics_parts: Option<Parts>,
    /// Whether what makes an import send invitations is left out.
    pub no_invitations: bool,
    /// Whether time zones get the names of the IANA database.
    pub iana_zones: bool,
    /// Whether cards without a UID get one.
    pub card_uids: bool,
    /// Whether messages that were not read are files that may not be written.
    pub unread_mode: bool,
    /// How tar tells long names: `gnu`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tar_names: Option<String>,
}

/// How much goes to one file.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Parts {
    /// Items.
    pub items: u64,
    /// Octets.
    pub octets: u64,
}

impl Settings {
    pub(super) fn configure(&self, options: &mut WriteOptions) {
        match self.eol.as_deref() {
            Some("crlf") => options.eol = Eol::Crlf,
            Some("lf") => options.eol = Eol::Lf,
            _ => {}
        }
        if let Some(split) = self.split_octets {
            options.zip_split = Some(options.zip_split.map_or(split, |asked| asked.min(split)));
        }
        match self.quoting.as_deref() {
            Some("mboxrd") => options.mbox.quoting = Quoting::Mboxrd,
            Some("mboxo") => options.mbox.quoting = Quoting::Mboxo,
            _ => {}
        }
        match self.mbox_tree.as_deref() {
            Some("folders") => options.mbox.tree = MboxTree::Folders,
            Some("sbd") => options.mbox.tree = MboxTree::Sbd,
            Some("apple") => options.mbox.tree = MboxTree::Apple,
            _ => {}
        }
        match self.state.as_deref() {
            Some("unix") => options.mbox.state = StateFields::Unix,
            Some("mozilla") => options.mbox.state = StateFields::Mozilla,
            Some("gmail") => options.mbox.state = StateFields::Gmail,
            Some("none") => options.mbox.state = StateFields::None,
            _ => {}
        }
        let collections = &mut options.collections;
        match self.vcard.as_deref() {
            Some("3.0") => collections.vcf.version = Some(VCardVersion::V3),
            Some("4.0") => collections.vcf.version = Some(VCardVersion::V4),
            _ => {}
        }
        if self.grouping.as_deref() == Some("each") {
            collections.grouping = Grouping::EachItem;
        }
        if let Some(Parts { items, octets }) = self.ics_parts {
            collections.grouping = Grouping::Parts { items, octets };
        }
        collections.ics.strip_scheduling |= self.no_invitations;
        collections.ics.iana_zones |= self.iana_zones;
        collections.ics.complete_zones |= self.iana_zones;
        collections.vcf.add_uid |= self.card_uids;
        options.unread_mode |= self.unread_mode;
        if self.tar_names.as_deref() == Some("gnu") {
            options.tar_names = TarNames::Gnu;
        }
    }
}
