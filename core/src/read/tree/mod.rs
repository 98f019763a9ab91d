//! Trees of files: directories and archives whose files are messages, mailboxes, calendars and contacts. What a file is and
//! which folder it belongs to follow from its place in the tree and from what lies beside it.

#[cfg(not(target_family = "wasm"))]
mod directory;
mod empty;
mod item_log;
#[cfg(not(target_family = "wasm"))]
mod listing;
mod look;
mod names;
mod notes;
mod place;
mod sidecar;
mod vault;

#[cfg(not(target_family = "wasm"))]
pub(super) use directory::Directory;
pub(super) use empty::EmptyFolders;
pub(super) use look::{Look, look};
pub(super) use names::of_apple_mail as folder_of_apple_mail;
pub(super) use notes::Notes;
pub(super) use place::{File, GYB, GYB_LABELS, NOTED, Verdict};
pub(super) use sidecar::{is_beside, names_beside};
#[cfg(not(target_family = "wasm"))]
pub(super) use vault::METADATA;
pub(super) use vault::Vault;

/// A layout of files in a directory or an archive that is read as a whole.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct LayoutInfo {
    /// The stable name in lower case.
    pub name: &'static str,
    /// What it is and what it is known by, for a person.
    pub title: &'static str,
}

/// All layouts that are known; each is read from a directory, a ZIP archive or a tar archive.
pub const LAYOUTS: &[LayoutInfo] = &[
    LayoutInfo {
        name: "tree",
        title: "Any tree of EML, MBOX, ICS and VCF files, with any names (MH, Opera, Pipermail, …): directories become folders",
    },
    LayoutInfo { name: "archive", title: "An EML archive of mailferry, with its item log X.items.jsonl next to it" },
    LayoutInfo { name: "bundle", title: "An import bundle: a BagIt bag with data/mail, data/calendars, data/contacts" },
    LayoutInfo { name: "maildir", title: "Maildir, Maildir++ (.Folder.Sub), trees of Maildirs, Evolution (_2E)" },
    LayoutInfo { name: "kmail", title: "KMail: subfolders of X are in .X.directory" },
    LayoutInfo { name: "thunderbird", title: "A Thunderbird profile: Inbox, Inbox.sbd; .msf files are ignored" },
    LayoutInfo { name: "apple-mail", title: "Apple Mail folders: X.mbox that contains mbox or .emlx files" },
    LayoutInfo { name: "zimbra", title: "A Zimbra export (.tgz), with or without .meta" },
    LayoutInfo {
        name: "gmvault",
        title: "A backup of gmvault: NUMBER.eml or .eml.gz, and NUMBER.meta with labels and states",
    },
    LayoutInfo {
        name: "vault",
        title: "An export of Google Vault: X-metadata.xml next to mailboxes, with their labels and dates",
    },
    LayoutInfo { name: "proton", title: "A Proton Mail export: ID.eml, ID.metadata.json, labels.json" },
];
