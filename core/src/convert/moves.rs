//! Where folders go.

use super::{Place, Skip, Tagging, decision::Gate};
use crate::{
    model::{Folder, FolderPath, Item, Role},
    read::{role_of_path, within_account},
    write::FolderRules,
};
use std::{borrow::Cow, mem};

/// Puts folders where they are asked to go ([`Tagging`]), else those of a role and all below them to the folder of that role at the
/// target; and gives them names that it takes.
#[derive(Default)]
pub(super) struct Moves {
    tagging: Tagging,
    rules: FolderRules,
    /// Whether they are more than the defaults: asked for at every item, compared once.
    asked: bool,
}

impl Moves {
    pub(super) fn new(tagging: Tagging, rules: FolderRules) -> Self {
        let asked = tagging != Tagging::default() || rules != FolderRules::default();
        Self { tagging, rules, asked }
    }

    pub(super) fn set_tagging(&mut self, tagging: Tagging) {
        *self = Self::new(tagging, mem::take(&mut self.rules));
    }

    pub(super) fn set_rules(&mut self, rules: FolderRules) {
        *self = Self::new(mem::take(&mut self.tagging), rules);
    }

    /// Whether every folder stays where it is.
    pub(super) fn is_empty(&self) -> bool {
        !self.asked
    }

    fn move_folder(&self, folder: &mut Folder) {
        let path = self.tagging.folder(&folder.path);
        if path != folder.path {
            // What it is for at the source it need not be for where it is put.
            *folder = Folder { path, role: None };
        } else if let Some(path) = self.home(folder) {
            let is_of_target = folder.role.is_some();
            folder.path = path;
            if is_of_target {
                return;
            }
        }
        let names = folder.path.names();
        if names.iter().any(|name| matches!(self.rules.name(name), Cow::Owned(_))) {
            folder.path = FolderPath::new(names.iter().map(|name| self.rules.name(name)));
        }
    }

    /// The folder at the target for one of a role, or for one below such a folder, which is known by its name.
    fn home(&self, folder: &Folder) -> Option<FolderPath> {
        let at_target = |role: Role| self.rules.roles.get(&role).map(|path| path.split('/'));
        if let Some(home) = folder.role.and_then(at_target) {
            return Some(FolderPath::new(home));
        }
        let names = folder.path.names();
        if folder.role.is_some() || names.len() < 2 || self.rules.roles.is_empty() {
            return None;
        }
        (1..names.len()).find_map(|depth| {
            let (above, below) = names.split_at_checked(depth)?;
            let home = role_of_path(within_account(above)).and_then(at_target)?;
            Some(FolderPath::new(home.chain(below.iter().map(String::as_str))))
        })
    }
}

impl Gate for Moves {
    fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        self.move_folder(&mut item.folder);
        item.labels.iter_mut().filter_map(|label| label.folder.as_mut()).for_each(|folder| self.move_folder(folder));
        self.tagging.decide(item, place)
    }

    fn keeps(&mut self, folder: &mut Folder) -> bool {
        self.move_folder(folder);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Target;

    fn moved(moves: &Moves, path: &str, role: Option<Role>) -> String {
        let mut folder = Folder { path: FolderPath::new(path.split('/')), role };
        moves.move_folder(&mut folder);
        folder.path.to_string()
    }

    #[test]
    fn folders_of_a_role_and_those_below_go_to_the_folder_of_that_role() {
        let rules = Target::named("maildir").unwrap().settings.folders.clone();
        let moves = Moves::new(Tagging::default(), rules);
        for (path, role, expected) in [
            ("Boîte de réception", Some(Role::Inbox), "INBOX"),
            ("Mail/Local Folders/Inbox", Some(Role::Inbox), "INBOX"),
            ("Éléments envoyés", Some(Role::Sent), "Sent"),
            ("Posteingang/Kunden/2024", None, "INBOX/Kunden/2024"),
            ("Mail/Local Folders/Inbox/Sub", None, "INBOX/Sub"),
            ("ImapMail/imap.example.org/[Gmail]/Corbeille/x", None, "Trash/x"),
            ("INBOX/Drafts", Some(Role::Drafts), "Drafts"),
            ("Archives/2024", None, "Archive/2024"),
            ("Projects/Sent", None, "Projects/Sent"),
            ("Projects/Sent/2024", None, "Projects/Sent/2024"),
            ("All", Some(Role::All), "All"),
            ("Rates %/#1/~x/a\\b*", None, "Rates _/_1/_x/a_b_"),
        ] {
            assert_eq!(moved(&moves, path, role), expected, "{path}");
        }
    }

    #[test]
    fn what_somebody_asked_for_is_done_instead() {
        let rules = Target::named("zimbra").unwrap().settings.folders.clone();
        let tagging = |root: Option<&str>, pairs: &[(&str, &str)]| Tagging {
            root_folder: root.map(str::to_owned),
            map_folders: pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect(),
            ..Tagging::default()
        };
        let moves = Moves::new(tagging(None, &[("Gesendet", "Out/Old")]), rules.clone());
        assert_eq!(moved(&moves, "Gesendet", Some(Role::Sent)), "Out/Old");
        assert_eq!(moved(&moves, "Entwürfe", Some(Role::Drafts)), "Drafts");
        let moves = Moves::new(tagging(Some("Anna"), &[]), rules);
        assert_eq!(moved(&moves, "Posteingang", Some(Role::Inbox)), "Anna/Posteingang");
    }

    #[test]
    fn a_folder_never_takes_a_name_that_the_target_has_for_its_own() {
        let moves = Moves::new(Tagging::default(), Target::named("proton").unwrap().settings.folders.clone());
        for (path, role, expected) in [
            ("Posteingang", Some(Role::Inbox), "Inbox"),
            ("Posteingang/Kunden", None, "Inbox (2)/Kunden"),
            ("Projects/Sent", None, "Projects/Sent (2)"),
            ("all mail", None, "all mail (2)"),
            ("Sent 2024", None, "Sent 2024"),
        ] {
            assert_eq!(moved(&moves, path, role), expected, "{path}");
        }
    }

    #[test]
    fn names_that_thunderbird_does_not_show_are_changed() {
        let moves = Moves::new(Tagging::default(), Target::named("thunderbird").unwrap().settings.folders.clone());
        for (name, expected) in [("C#", "C_"), ("#1", "_1"), ("a;b", "a_b"), ("draft~", "draft_"), ("~x", "~x")] {
            assert_eq!(moved(&moves, name, None), expected);
        }
    }
}
