//! The names of folders that directories stand for.

use super::Notes;
use crate::{
    model::{Folder, FolderPath},
    read::{maildir, metadata},
};

/// The folder of these names.
pub(super) fn folder(names: Vec<String>) -> Folder {
    let role = metadata::role_of_path(&names);
    Folder { path: FolderPath::new(names), role }
}

/// The folder `X` whose subfolders KMail keeps in a directory of this name: `.X.directory`.
pub(super) fn of_kmail(directory: &str) -> Option<&str> {
    directory.strip_prefix('.')?.strip_suffix(".directory").filter(|name| !name.is_empty())
}

/// The names of the folder of a Maildir that lies in these directories.
pub(super) fn of_maildir(directories: &[String], notes: &Notes) -> Folder {
    let is_store = |name: &str| name.eq_ignore_ascii_case("maildir") || name.eq_ignore_ascii_case(".maildir");
    let mut names: Vec<String> = notes.maildir_root().map(maildir::folder_names).unwrap_or_default();
    let mut own = names.len();
    for (depth, directory) in directories.iter().enumerate().filter(|(_, name)| !is_store(name)) {
        // A Maildir itself may be a Maildir++ folder of that name.
        let is_above = depth + 1 < directories.len();
        match (directory.strip_prefix('.'), of_kmail(directory).filter(|_| is_above)) {
            (_, Some(name)) => {
                names.push(maildir::decoded(name));
                own = names.len();
            }
            (Some(_), None) => {
                let mut inner = maildir::folder_names(directory);
                if notes.is_evolution(directories.get(..depth).unwrap_or_default()) {
                    inner = inner.iter().map(|name| maildir::unescaped(name)).collect();
                }
                // What lies below the inbox, which has no name of its own: so Evolution and mbsync name it.
                if directory.starts_with("..") {
                    inner.insert(0, "INBOX".to_owned());
                }
                own = inner.len();
                names.extend(inner);
            }
            (None, None) => {
                names.push(maildir::decoded(directory));
                own = names.len();
            }
        }
    }
    let inbox = names.is_empty() || directories.last().is_some_and(|last| is_store(last));
    if inbox {
        names.push("INBOX".to_owned());
        own = 1;
    }
    let role = metadata::role_of_path(names.get(names.len() - own..).unwrap_or_default());
    Folder { path: FolderPath::new(names), role }
}

/// The names that a mail program's directories stand for: Thunderbird's `Inbox.sbd`, Apple's `Archive.mbox`.
pub(super) fn of_directories(directories: &[String]) -> Vec<String> {
    let thunderbird = directories.iter().any(|name| name.ends_with(".sbd"));
    let name = |directory: &String| {
        let name = directory.strip_suffix(".sbd").or_else(|| directory.strip_suffix(".mbox"));
        let name = name.or_else(|| of_kmail(directory)).unwrap_or(directory);
        if thunderbird { maildir::decoded(name) } else { name.to_owned() }
    };
    directories.iter().map(name).collect()
}

/// The names of the folder whose messages Apple Mail keeps in these directories: those that end in `.mbox`, whatever is between.
pub(in crate::read) fn of_apple_mail(directories: &[String]) -> Option<Folder> {
    let names: Vec<String> = directories
        .iter()
        .filter_map(|name| name.strip_suffix(".mbox").or_else(|| name.strip_suffix(".imapmbox")))
        .map(str::to_owned)
        .collect();
    (!names.is_empty()).then(|| folder(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;

    fn told(path: &str, root: Option<&str>) -> (String, Option<&'static str>) {
        let directories: Vec<String> = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let folder = of_maildir(&directories, &Notes::new(root.unwrap_or_default()));
        (folder.path.to_string(), folder.role.map(Role::as_str))
    }

    #[test]
    fn the_folders_of_maildirs() {
        for (path, root, folder, role) in [
            ("", None, "INBOX", Some("inbox")),
            ("Maildir", None, "INBOX", Some("inbox")),
            (".Sent", None, "Sent", Some("sent")),
            ("Maildir/.Archive.2024", None, "Archive/2024", None),
            (".INBOX.Drafts", None, "INBOX/Drafts", Some("drafts")),
            ("..Work.2024", None, "INBOX/Work/2024", None),
            (".[Gmail].Trash", None, "[Gmail]/Trash", Some("trash")),
            (".Projects.Sent", None, "Projects/Sent", None),
            ("Personal/Work", None, "Personal/Work", None),
            ("Entw&APw-rfe", None, "Entwürfe", Some("drafts")),
            ("ann/Maildir", None, "ann/INBOX", Some("inbox")),
            ("ann/Maildir/.Sent", None, "ann/Sent", Some("sent")),
            ("", Some(".Sent"), "Sent", Some("sent")),
            ("Mail/.inbox.directory/Sub", None, "Mail/inbox/Sub", None),
            ("Mail/.inbox.directory/.Sub.directory/Deep", None, "Mail/inbox/Sub/Deep", None),
            (".my.directory", None, "my/directory", None),
        ] {
            assert_eq!(told(path, root), (folder.to_owned(), role), "{path}");
        }
    }

    #[test]
    fn the_folders_of_mail_programs() {
        let names = |path: &str| of_directories(&path.split('/').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(names("imap.example.org/Inbox.sbd/Entw&APw-rfe.sbd"), ["imap.example.org", "Inbox", "Entwürfe"]);
        assert_eq!(names("a/R&-D"), ["a", "R&-D"], "only a mail program's names are encoded");
        assert_eq!(names("Mail/.inbox.directory/.Work.directory"), ["Mail", "inbox", "Work"]);
        assert_eq!(names(".directory"), [".directory"]);
        let apple = "V10/6E0A/Archive.mbox/2024.mbox/0B1C/Data/1/Messages";
        let directories: Vec<String> = apple.split('/').map(str::to_owned).collect();
        assert_eq!(of_apple_mail(&directories).unwrap().path.to_string(), "Archive/2024");
    }
}
