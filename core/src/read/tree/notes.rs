use super::{
    item_log::{ItemLog, Recorded},
    names,
    place::{File, is_apple_mailbox},
    sidecar::{self, ProtonLabels},
    vault::{METADATA, Vault},
};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    model::{Folder, FolderPath, Role},
    read::{hints::Hints, maildir},
    source::{Content, Source, Window},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Maildirs whose words are held; letters of others stay unknown, and that is a defect of their messages.
const MOST_WORDS: usize = 1 << 16;

/// What a bundle says of a folder, in the directory that the folder is.
const FOLDER_INDEX: &str = "folder.json";

/// What marks a store of Evolution.
const EVOLUTION: &str = "..maildir++";

/// Octets of it that are looked at.
const INDEX_HEAD: usize = 64 << 10;

/// As far as it is read back: its items stand in the item log.
#[derive(Deserialize)]
struct FolderIndex {
    #[serde(default)]
    path: Vec<String>,
    role: Option<String>,
}

impl FolderIndex {
    /// Reads an index; of a long one, whose items stand on lines of their own, only the first line.
    fn read(source: &Source) -> Result<Option<Self>> {
        let content = Content::from(source.clone());
        let mut octets = content.slice(0..source.len().min(INDEX_HEAD as u64)).to_vec(INDEX_HEAD)?;
        if source.len() > INDEX_HEAD as u64 {
            let line_end = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
            octets.truncate(line_end);
            octets.extend_from_slice(b"]}");
        }
        Ok(serde_json::from_slice(&octets).ok())
    }

    fn folder(self) -> Option<Folder> {
        let role = self.role.as_deref().and_then(Role::of_name);
        (!self.path.is_empty()).then(|| Folder { path: FolderPath::new(self.path), role })
    }
}

/// What a tree says of itself beside its messages: what it is called, and the files that tell of others.
#[derive(Default)]
pub(in crate::read) struct Notes {
    /// The name of the directory or archive.
    root: String,
    /// Whether the directory is a folder of a Maildir++ rather than an inbox.
    root_is_folder: bool,
    /// The words of Maildirs, by the directories they lie in.
    words: BTreeMap<Vec<String>, Vec<String>>,
    /// Whether it is a BagIt bag, whose payload lies in `data`.
    bag: bool,
    /// What the folders of a bundle are called and what they are for, by the directories they stand for.
    indices: BTreeMap<Vec<String>, Folder>,
    /// The folders and labels of a Proton export.
    proton: ProtonLabels,
    /// The item log of an archive or a bundle of ours.
    log: Option<ItemLog>,
    /// The directories that Evolution keeps a store in.
    evolution: BTreeSet<Vec<String>>,
    /// The files of Google Vault, by the directories they lie in.
    vaults: BTreeMap<Vec<String>, Vec<Arc<Vault>>>,
    /// The one that lies beside the archive.
    outer_vault: Option<Arc<Vault>>,
    /// The name of the file that an archive is, as it stands in the log of one in parts.
    part: String,
}

impl Notes {
    /// Those of the tree that is called `name`.
    pub(in crate::read) fn new(name: &str) -> Self {
        let last = name.rsplit(['/', '\\', '!']).find(|part| !part.is_empty() && *part != ".").unwrap_or(name);
        let stem = [".tar.gz", ".tgz", ".tar", ".zip"].iter().find_map(|suffix| last.strip_suffix(suffix));
        let root = stem.unwrap_or(last).to_owned();
        let store = root.eq_ignore_ascii_case(".maildir");
        Self {
            root_is_folder: root.len() > 1 && root.starts_with('.') && !store,
            part: last.to_owned(),
            root,
            ..Self::default()
        }
    }

    /// The same of a tree of which it is known whether its uppermost directory is a folder of a Maildir++.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::read) fn with_root_folder(mut self, is_folder: bool) -> Self {
        self.root_is_folder = is_folder;
        self
    }

    /// The files that tell of others.
    pub(in crate::read) const NAMES: [&'static str; 5] =
        ["bagit.txt", "dovecot-keywords", "labels.json", FOLDER_INDEX, EVOLUTION];

    /// Whether a file of this name only says what its directory is.
    pub(in crate::read) fn is_of_folder(name: &str) -> bool {
        name == FOLDER_INDEX
    }

    /// Whether the file is one of [`Notes::NAMES`], or the item log of a bundle.
    pub(in crate::read) fn are_in(directories: &[String], name: &str) -> bool {
        Self::NAMES.contains(&name)
            || name.ends_with(METADATA)
            || (name == "items.jsonl" && directories.last().is_some_and(|last| last == "meta"))
    }

    /// Notes what the file says.
    ///
    /// # Errors
    /// What its octets cannot be read for.
    pub(in crate::read) fn take(
        &mut self,
        directories: &[String],
        name: &str,
        open: impl FnOnce() -> Result<Source>,
        limits: &Limits,
    ) -> Result<()> {
        match name {
            "dovecot-keywords" => {
                let octets = Window::new(open()?).octets(0, u16::MAX)?;
                let words = maildir::words(&String::from_utf8_lossy(&octets));
                if self.words.len() < MOST_WORDS {
                    self.words.insert(directories.to_vec(), words);
                }
            }
            "bagit.txt" => self.bag = true,
            EVOLUTION if self.evolution.len() < MOST_WORDS => {
                self.evolution.insert(directories.to_vec());
            }
            "labels.json" => {
                if let Some(file) = sidecar::json(&open()?)? {
                    self.proton = ProtonLabels::parse(&file);
                }
            }
            FOLDER_INDEX => {
                if let Some(folder) = FolderIndex::read(&open()?)?.and_then(FolderIndex::folder)
                    && self.indices.len() < MOST_WORDS
                {
                    self.indices.insert(directories.to_vec(), folder);
                }
            }
            vault if vault.ends_with(METADATA) && self.vaults.len() < MOST_WORDS => {
                let vault = Arc::new(Vault::open(vault, open()?, limits.archive_entries)?);
                self.vaults.entry(directories.to_vec()).or_default().push(vault);
            }
            "items.jsonl" => self.log = Some(ItemLog::open(open()?, limits.archive_entries)?),
            _ => {}
        }
        Ok(())
    }

    /// What the bundle says of the folder that these directories are.
    pub(super) fn indexed(&self, directories: &[String]) -> Option<&Folder> {
        self.indices.get(directories).filter(|_| self.bag)
    }

    /// The words that stand for letters in the Maildir that lies in `directories`.
    pub(super) fn words_of(&self, directories: &[String]) -> &[String] {
        self.words.get(directories).map_or(&[], Vec::as_slice)
    }

    /// Takes what Google Vault says beside an archive.
    pub(in crate::read) fn take_vault(&mut self, vault: Option<Arc<Vault>>) {
        self.outer_vault = vault;
    }

    /// What Google Vault says of the messages in the file of this name: in the file that is called like it, or else in the only one
    /// that lies beside it or one directory above.
    pub(in crate::read) fn vault(&self, directories: &[String], name: &str) -> Option<Arc<Vault>> {
        let above = directories.split_last().map(|(_, above)| above);
        for directories in [Some(directories), above].into_iter().flatten() {
            let Some(vaults) = self.vaults.get(directories) else { continue };
            let by_name =
                vaults.iter().filter(|vault| name.starts_with(vault.export())).max_by_key(|v| v.export().len());
            if let Some(vault) = by_name.or_else(|| vaults.first().filter(|_| vaults.len() == 1)) {
                return Some(Arc::clone(vault));
            }
        }
        self.outer_vault.clone()
    }

    /// Whether Evolution keeps its Maildirs in this directory: it writes what Maildir++ has no way to write as `_2E`.
    pub(super) fn is_evolution(&self, directories: &[String]) -> bool {
        self.evolution.contains(directories)
    }

    /// The name of the uppermost Maildir, if it is no inbox.
    pub(super) fn maildir_root(&self) -> Option<&str> {
        self.root_is_folder.then_some(&*self.root)
    }

    /// The folder of messages that lie at the root.
    pub(super) fn root_folder(&self) -> Folder {
        let folder = names::folder(vec![self.root.clone()]);
        if self.root.is_empty() { Folder { path: FolderPath::default(), role: None } } else { folder }
    }

    /// Whether these are directories of a Google Takeout, whose messages carry their labels.
    pub(super) fn is_takeout(&self, directories: &[String]) -> bool {
        directories.first().is_some_and(|first| first == "Takeout")
    }

    /// The names of the folders that directories stand for, less those that only hold a tree together.
    pub(super) fn folders(&self, directories: &[String]) -> Vec<String> {
        let payload = |pair: &[String]| matches!(pair, [data, kind] if data == "data" && matches!(&**kind, "mail" | "calendars" | "tasks" | "contacts"));
        let skip = match directories {
            [takeout, ..] if takeout == "Takeout" => 2,
            [mail, ..] if matches!(&**mail, "Mail" | "ImapMail") => 1,
            _ if self.bag => directories.windows(2).position(payload).map_or(0, |place| place + 2),
            _ => 0,
        };
        names::of_directories(directories.get(skip..).unwrap_or_default())
    }

    /// The folder that a directory without an item stands for; only of a Maildir, and of an archive or bundle of ours, is it
    /// known that it is one.
    pub(super) fn empty_folder(&self, directories: &[String], is_maildir: bool) -> Option<Folder> {
        if is_maildir {
            return Some(names::of_maildir(directories, self));
        }
        if directories.last().is_some_and(|last| is_apple_mailbox(last)) {
            return names::of_apple_mail(directories);
        }
        if let Some(folder) = self.indexed(directories) {
            return Some(folder.clone());
        }
        let names = self.folders(directories);
        let is_ours = self.bag || self.log.is_some();
        (is_ours && !names.is_empty()).then(|| names::folder(names))
    }

    /// What the item log says of a file; an error of the log is a defect of what it would have told.
    pub(super) fn recorded(&self, file: &File<'_>) -> Option<Recorded> {
        let log = self.log.as_ref()?;
        let path = file.path();
        let in_part = format!("{}!{path}", self.part);
        let payload = path.strip_prefix("data/").unwrap_or(&path);
        let found =
            [&*path, payload, &in_part].into_iter().find_map(|path| log.find(path, file.directories).transpose())?;
        match found {
            Ok(Recorded::Item(mut hints)) => {
                // The log joins names by a slash that may stand in one.
                if let Some(folder) = self.indexed(file.directories) {
                    hints.folder = Some(folder.clone());
                }
                Some(Recorded::Item(hints))
            }
            Ok(recorded) => Some(recorded),
            Err(error) => {
                let detail = format!("the item log cannot be read: {error}");
                let defects = vec![Defect::new(DefectKind::Property, detail)];
                Some(Recorded::Item(Box::new(Hints { defects, ..Hints::default() })))
            }
        }
    }

    /// Adds what the file `name`, which lies beside a message, says of it.
    ///
    /// # Errors
    /// What its octets cannot be read for.
    pub(in crate::read) fn tell_beside(&self, name: &str, source: &Source, hints: &mut Hints) -> Result<()> {
        match sidecar::json(source)? {
            Some(file) if name.ends_with(".meta") => sidecar::tell_meta(name, &file, hints),
            Some(file) => self.proton.tell(&file, hints),
            None => hints.defects.push(sidecar::unreadable(name)),
        }
        Ok(())
    }
}
