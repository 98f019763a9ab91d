use super::{Checksums, Collections, Eol, MboxOptions, NameTemplate, OutputForm, ZipLevel, size};
use crate::disk::{Fsync, Mode};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    model::{Folder, Item, Role},
    word::words,
};
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    num::NonZeroU32,
};

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
    /// What folders are called at the target, where it asks for something.
    pub folders: Option<FolderRules>,
    /// Whether folders keep the names of the source, whatever they are for.
    pub keep_folder_names: bool,
    /// Stores of Outlook are smaller than this many octets, if the items do not fit into one: as [`Self::zip_split`], but the first has
    /// the name of all.
    pub store_limit: Option<u64>,
    /// How the data of stores of Outlook is scrambled; what is no store has the default alone.
    pub pst_scrambling: Scrambling,
    /// Files of a fixed text that go with the items: a path relative to the destination, and its text. In a form of stores, a line
    /// with `{store}` stands for each of them, and `{mailbox}` for the address that all messages were delivered to, if it is one.
    pub documents: Vec<(String, String)>,
    /// When what was written is synced, where files are.
    pub fsync: Fsync,
    /// Who may read the files and folders that are made.
    pub mode: Mode,
    /// The date that an import bundle states; without one, the same items give the same octets.
    pub created: Option<DateTime>,
}

/// What folders are called at a target: those of a role by one name each, all of a role in one folder; and which characters it refuses.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FolderRules {
    /// The folder of each role.
    pub roles: BTreeMap<Role, String>,
    /// Characters that no name of a folder may have, control characters aside: each becomes `_`.
    pub refused: String,
    /// Characters that none may start with.
    pub refused_first: String,
    /// Characters that none may end with.
    pub refused_last: String,
    /// Names that the target has for folders of its own: another of such a name, in any case, gets ` (2)` behind it.
    pub reserved: Vec<String>,
}

impl FolderRules {
    /// What a Maildir++ needs, wherever it goes: the inbox has no directory of its own, and servers refuse some names.
    fn of_maildir() -> Self {
        Self {
            roles: [(Role::Inbox, INBOX.to_owned())].into(),
            refused: "%*\\".to_owned(),
            refused_first: "~#".to_owned(),
            ..Self::default()
        }
    }

    /// A name of a folder as the target takes it.
    pub(crate) fn name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let last = name.chars().count().saturating_sub(1);
        let refuses = |at: usize, c: char| {
            self.refused.contains(c)
                || (at == 0 && self.refused_first.contains(c))
                || (at == last && self.refused_last.contains(c))
                || (*self != Self::default() && c.is_control())
        };
        let name: Cow<'n, str> = match name.chars().enumerate().any(|(at, c)| refuses(at, c)) {
            true => name.chars().enumerate().map(|(at, c)| if refuses(at, c) { '_' } else { c }).collect(),
            false => name.into(),
        };
        match self.reserved.iter().any(|reserved| reserved.eq_ignore_ascii_case(name.trim())) {
            true => format!("{name} (2)").into(),
            false => name,
        }
    }
}

/// What IMAP calls the inbox, in any case (RFC 9051 §5.1).
pub(crate) const INBOX: &str = "INBOX";

impl WriteOptions {
    /// # Errors
    /// [`ErrorKind::Options`] for what contradicts itself.
    pub(crate) fn check(&self) -> Result<()> {
        if self.form != OutputForm::Pst && self.pst_scrambling != Scrambling::default() {
            let message = format!(
                "pst-scrambling: only stores of Outlook are scrambled, and the form is {}: leave it out, or write a store (--as pst)",
                self.form
            );
            return Err(Error::new(ErrorKind::Options, message));
        }
        self.collections.check()
    }

    /// What folders are called where they are written to.
    pub(crate) fn folder_rules(&self) -> FolderRules {
        let mut rules = match (&self.folders, self.form) {
            (Some(rules), _) => rules.clone(),
            (None, OutputForm::Maildir) => FolderRules::of_maildir(),
            (None, _) => FolderRules::default(),
        };
        if self.keep_folder_names {
            rules.roles.clear();
        }
        rules
    }
}

words! {
    /// How the data of a store of Outlook is scrambled ([MS-PST] 5.1, 5.2). There is no key: it protects nothing.
    ///
    /// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
    #[derive(Default)]
    pub enum Scrambling: "a way to scramble" {
        /// Not at all.
        None = "none",
        /// As Outlook does by default ("compressible encryption").
        #[default]
        Permute = "permute",
        /// "High encryption".
        Cyclic = "cyclic",
    }
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
