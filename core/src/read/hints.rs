use super::{metadata, tree::Vault};
use crate::{
    defect::Defect,
    model::{Folder, FolderPath, Item, Keywords, Label, Received, Role},
};
use std::{fmt, sync::Arc};

/// Files beside a message that hold what it is kept without.
pub(super) trait Beside: fmt::Debug + Send + Sync {
    /// Puts what is found there back into the message of `item`; it says what that is, and what is not there.
    fn put_back(&self, item: &mut Item);
}

pub(super) type FilesBeside = Arc<dyn Beside>;

/// What the place of a file, its name and the files beside it tell of the items in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// The folder.
    pub(super) folder: Option<Folder>,
    /// Whether that folder goes before the labels in the items themselves.
    pub(super) over_labels: bool,
    /// The names that stand before those of the folder that the items themselves are in.
    pub(super) within: Vec<String>,
    /// States beside those that the items tell themselves.
    pub(super) keywords: Keywords,
    /// Whether `keywords` are all there are, whatever the items say.
    pub(super) all_keywords: bool,
    /// Labels, where something beside the items tells them.
    pub(super) labels: Vec<Label>,
    /// When they arrived.
    pub(super) received: Option<Received>,
    /// What names them in their mailbox; see [`Origin::key`](crate::model::Origin::key).
    pub(super) key: Option<Arc<str>>,
    /// The files that attachments of a message lie in, where it is kept without them.
    pub(super) parts: Option<FilesBeside>,
    /// What Google Vault says of the messages of a mailbox.
    pub(super) vault: Option<Arc<Vault>>,
    /// Whether only its name tells what the folder in the file is for.
    pub(super) by_name: bool,
    /// What is wrong with what was told.
    pub(super) defects: Vec<Defect>,
}

/// What the folder of these names is for, the last of which is for `own` by itself: a folder in one of the user's own is the user's
/// own, whatever it is called, but an inbox is one wherever its account lies; below the inbox and `[Gmail]` servers have folders of a
/// role.
pub(super) fn role_by_name(around: &[String], names: &[String], own: Option<Role>) -> Option<Role> {
    let is_of_account = metadata::within_account(around).is_empty();
    let own = own.filter(|role| is_of_account || *role == Role::Inbox);
    own.or_else(|| metadata::role_of_path(metadata::within_account(names)))
}

impl Hints {
    /// The folder that `own` is, seen from the root of the tree.
    pub(super) fn placed(&self, own: &Folder) -> Folder {
        match (&self.folder, self.within.is_empty()) {
            (Some(folder), _) => folder.clone(),
            (None, true) => own.clone(),
            (None, false) => {
                let names: Vec<String> = self.within.iter().chain(own.path.names()).cloned().collect();
                let role = if self.by_name { role_by_name(&self.within, &names, own.role) } else { own.role };
                Folder { path: FolderPath::new(names), role }
            }
        }
    }

    pub(super) fn tell(&self, item: &mut Item) {
        if let Some(parts) = &self.parts {
            parts.put_back(item);
        }
        if self.over_labels || item.labels.is_empty() {
            item.folder = self.placed(&item.folder);
        }
        if self.all_keywords {
            item.keywords = self.keywords.clone();
            item.expunged = false;
        } else {
            self.keywords.iter().for_each(|keyword| item.keywords.insert(keyword.to_owned()));
        }
        if !self.labels.is_empty() {
            item.labels.clone_from(&self.labels);
        }
        if let Some(vault) = &self.vault {
            vault.tell(item);
        }
        if let Some(received) = self.received {
            item.received = Some(received);
            // The reader looked for a date where there is none.
            item.defects.retain(|defect| defect.kind() != crate::DefectKind::NoDate);
        }
        if self.key.is_some() {
            item.origin.key.clone_from(&self.key);
        }
        item.defects.extend(self.defects.iter().cloned());
    }
}
