//! The labels of a message, as Google Takeout writes them into `X-Gmail-Labels`: in the language of the account.

use crate::model::{
    Folder, FolderPath, Keywords, Label, Role,
    SystemLabel::{self, Drafts, Inbox, Sent, Spam, Trash, Unread},
};
use std::collections::HashSet;

/// What the labels of one message say.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::read) struct Labels {
    pub(in crate::read) labels: Vec<Label>,
    /// The folder among them: trash, spam, drafts, inbox and sent before a label of the user's own, the archive last.
    pub(in crate::read) primary: Folder,
    pub(in crate::read) keywords: Keywords,
}

impl Labels {
    /// Reads the value of `X-Gmail-Labels`, unfolded and decoded.
    pub(super) fn parse(value: &str) -> Self {
        Self::of_names(split(value))
    }

    /// The names in such a value.
    pub(in crate::read) fn split(value: &str) -> Vec<String> {
        split(value)
    }

    /// The labels of these names.
    pub(in crate::read) fn of_names(names: impl IntoIterator<Item = String>) -> Self {
        let mut keywords = Keywords::default();
        keywords.insert(Keywords::SEEN);
        let mut labels: Vec<Label> = Vec::new();
        let mut met = HashSet::new();
        let mut primary: Option<(Option<SystemLabel>, Folder)> = None;
        for name in names {
            let system = SystemLabel::of(&name);
            if system == Some(Unread) {
                keywords.remove(Keywords::SEEN);
            }
            if let Some(keyword) = system.and_then(SystemLabel::keyword) {
                keywords.insert(keyword);
            }
            if !met.insert(name.clone()) {
                continue;
            }
            let folder = folder(&name, system);
            if let Some(folder) = &folder
                && primary.as_ref().is_none_or(|(chosen, _)| rank(system) < rank(*chosen))
            {
                primary = Some((system, folder.clone()));
            }
            labels.push(Label { name, folder });
        }
        // Archived mail of older exports carries no label of a folder at all.
        let archive = || Folder { path: FolderPath::new(["Archive"]), role: Some(Role::Archive) };
        Self { labels, primary: primary.map_or_else(archive, |(_, folder)| folder), keywords }
    }
}

/// The label of this name.
pub(in crate::read) fn label(name: &str) -> Label {
    Label { name: name.to_owned(), folder: folder(name, SystemLabel::of(name)) }
}

/// The folder that a label stands for, `system` if it is one of Gmail's own.
fn folder(name: &str, system: Option<SystemLabel>) -> Option<Folder> {
    match system {
        Some(label) => label.is_folder().then(|| Folder { path: FolderPath::new([name]), role: label.role() }),
        None => Some(Folder { path: FolderPath::new(name.split('/').filter(|part| !part.is_empty())), role: None }),
    }
}

fn rank(label: Option<SystemLabel>) -> u8 {
    match label {
        Some(label @ (Trash | Spam | Drafts | Inbox | Sent)) => label as u8,
        None => 10,
        Some(_) => 20,
    }
}

/// The fields of one line of comma-separated values; a quoted one may hold commas, and `""` for a quote.
fn split(value: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let (label, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (label, behind) = rest.split_once(',').unwrap_or((rest, ""));
                (label.to_owned(), behind)
            }
        };
        let label = label.trim();
        if !label.is_empty() {
            labels.push(label.to_owned());
        }
        rest = behind.trim_start();
    }
    labels
}

/// The quoted field that `quoted` starts in, and what stands behind the comma after it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut label = String::new();
    let mut rest = quoted;
    loop {
        let Some((part, behind)) = rest.split_once('"') else {
            label.push_str(rest);
            return (label, "");
        };
        label.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                label.push('"');
                rest = behind;
            }
            None => {
                let (junk, behind) = behind.split_once(',').unwrap_or((behind, ""));
                label.push_str(junk.trim_end());
                return (label, behind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(value: &str) -> Vec<String> {
        split(value)
    }

    #[test]
    fn splits_quoted_comma_separated_values() {
        assert_eq!(names("Inbox,\"Clients, 2024\",Projects/Alpha"), ["Inbox", "Clients, 2024", "Projects/Alpha"]);
        assert_eq!(names("\"say \"\"hi\"\"\", b ,, c"), ["say \"hi\"", "b", "c"]);
        assert_eq!(names("Kategorie: \"Neuigkeiten\",x"), ["Kategorie: \"Neuigkeiten\"", "x"]);
        assert_eq!(names("\"open"), ["open"]);
        assert!(names(" ").is_empty());
    }

    #[test]
    fn chooses_a_folder_and_reads_the_states() {
        let labels =
            Labels::parse("Important,Opened,\"Clients, 2024\",Inbox,Starred,Category Personal,Projects/Alpha/Specs");
        assert_eq!(labels.primary.path.names(), ["Inbox"]);
        assert_eq!(labels.primary.role, Some(Role::Inbox));
        assert_eq!(labels.keywords.iter().collect::<Vec<_>>(), ["$flagged", "$important", "$seen"]);
        let folders: Vec<_> =
            labels.labels.iter().filter_map(|label| label.folder.as_ref()).map(|f| f.path.names().to_vec()).collect();
        assert_eq!(folders, [vec!["Clients, 2024"], vec!["Inbox"], vec!["Projects", "Alpha", "Specs"]]);

        assert_eq!(Labels::parse("Archived,Unread").primary.role, Some(Role::Archive));
        assert!(!Labels::parse("Archived,Unread").keywords.contains(Keywords::SEEN));
        assert_eq!(Labels::parse("Archived,Work").primary.path.names(), ["Work"]);
        assert_eq!(Labels::parse("Work,Trash").primary.role, Some(Role::Trash));
        assert_eq!(Labels::parse("Opened").primary.path.names(), ["Archive"]);
    }
}
