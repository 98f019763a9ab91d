//! Where an entry of the archive belongs.

use crate::{
    model::{Folder, FolderPath},
    read::metadata::role_of_path,
};

/// What the names of directories that Outlook makes begin with.
const OWN: &str = "com.microsoft.__";
const MESSAGES: &str = "com.microsoft.__Messages";
const ATTACHMENTS: &str = "com.microsoft.__Attachments";

/// Whether an entry of this name makes a ZIP archive one of Outlook for Mac: `Local/com.microsoft.__Messages/Inbox/message_00000.xml`.
pub(super) fn is_of_outlook_for_mac(entry: &str) -> bool {
    let mut segments = entry.split('/');
    let is_store = |segment: Option<&str>| segment.is_some_and(|segment| segment.starts_with(OWN));
    match segments.next() {
        Some("Local") => is_store(segments.next()),
        Some("Accounts") => is_store(segments.nth(1)),
        _ => false,
    }
}

/// An entry, by its name.
pub(super) struct Place<'n> {
    /// The account that it is of; none for what is on the computer alone.
    pub(super) account: Option<&'n str>,
    /// The directories that are folders.
    folders: Vec<&'n str>,
    pub(super) is_mail: bool,
    pub(super) is_attachment: bool,
    /// The name of a file; none for a directory.
    pub(super) file: Option<&'n str>,
}

impl<'n> Place<'n> {
    /// `None` for what lies outside of all accounts.
    pub(super) fn of(entry: &'n str) -> Option<Self> {
        let mut segments = entry.split('/');
        let account = match segments.next()? {
            "Local" => None,
            "Accounts" => Some(segments.next()?).filter(|account| !account.is_empty()),
            _ => return None,
        };
        let mut names: Vec<&str> = segments.collect();
        let file = names.pop().filter(|file| !file.is_empty());
        let is_mail = names.first() == Some(&MESSAGES);
        let is_attachment = names.contains(&ATTACHMENTS);
        let folders = names.into_iter().filter(|name| *name != MESSAGES && !name.is_empty());
        let folders = folders.map(|name| name.strip_prefix(OWN).unwrap_or(name)).collect();
        Some(Self { account, folders, is_mail, is_attachment, file })
    }

    /// The folder, in one of its account where there are several.
    pub(super) fn folder(&self, several_accounts: bool) -> Folder {
        let names: Vec<String> = self.folders.iter().map(|name| (*name).to_owned()).collect();
        let role = if self.is_mail { role_of_path(&names) } else { None };
        let account = several_accounts.then(|| self.account.unwrap_or("On My Computer").to_owned());
        Folder { path: FolderPath::new(account.into_iter().chain(names)), role }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;

    #[test]
    fn entries_tell_an_archive_of_outlook_for_mac() {
        for entry in [
            "Local/com.microsoft.__Messages/Inbox/message_00000.xml",
            "Accounts/a@b.example/com.microsoft.__Address Book/Contacts.xml",
        ] {
            assert!(is_of_outlook_for_mac(entry), "{entry}");
        }
        for entry in ["Local/x.eml", "com.microsoft.__Messages/a.xml", "x/Local/com.microsoft.__Messages/a.xml", ""] {
            assert!(!is_of_outlook_for_mac(entry), "{entry}");
        }
    }

    #[test]
    fn directories_are_folders() {
        for (entry, several, path, role) in [
            ("Local/com.microsoft.__Messages/Inbox/message_00000.xml", false, "Inbox", Some(Role::Inbox)),
            ("Local/com.microsoft.__Messages/Inbox/message_00000.xml", true, "On My Computer/Inbox", Some(Role::Inbox)),
            (
                "Accounts/a@b.example/com.microsoft.__Messages/A/Sent Items/message_1.xml",
                true,
                "a@b.example/A/Sent Items",
                None,
            ),
            ("Accounts/a@b.example/com.microsoft.__Messages/Sent Items/", false, "Sent Items", Some(Role::Sent)),
            ("Local/Address Book/Contacts.xml", false, "Address Book", None),
            ("Accounts/a@b.example/com.microsoft.__Address Book/Contacts.xml", false, "Address Book", None),
        ] {
            let folder = Place::of(entry).unwrap().folder(several);
            assert_eq!((folder.path.to_string().as_str(), folder.role), (path, role), "{entry}");
        }
        for entry in ["Categories.xml", "Accounts", "x/Local/a.xml", ""] {
            assert!(Place::of(entry).is_none(), "{entry}");
        }
    }
}
