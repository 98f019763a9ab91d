//! Files next to a message that have its state: those of Zimbra and of Proton.

use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::Result,
    model::{DateSource, Folder, FolderPath, Keywords, Label, Received, Role},
    read::{
        archive::without_packing,
        hints::Hints,
        maildir,
        metadata::{self, GmailLabels},
    },
    source::{Content, Source},
};
use serde_json::Value;
use std::collections::BTreeMap;

use super::names;

/// Octets of such a file at most.
const MOST: usize = 4 << 20;

/// The names that the file beside the message `eml` may have: that of Zimbra, those of Proton, that of gmvault, which may compress
/// the message.
pub(in crate::read) fn names_beside(eml: &str) -> Vec<String> {
    let eml = without_packing(eml).unwrap_or(eml);
    let stem = eml.strip_suffix(".eml").unwrap_or(eml);
    vec![
        format!("{eml}.meta"),
        format!("{stem}.metadata.json"),
        format!("{stem}metadata.json"),
        format!("{stem}{GMVAULT}"),
    ]
}

/// Whether a file of this name tells the state of a message.
pub(in crate::read) fn is_beside(name: &str) -> bool {
    name.ends_with(".eml.meta") || name.ends_with("metadata.json") || is_of_gmvault(name)
}

const GMVAULT: &str = ".meta";

/// Whether it is called `NUMBER.meta`.
fn is_of_gmvault(name: &str) -> bool {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let number = last.strip_suffix(GMVAULT).unwrap_or_default();
    number.len() >= 8 && number.bytes().all(|octet| octet.is_ascii_digit())
}

/// Adds what the file `name`, `.meta`, says of a message: that of gmvault or of Zimbra.
pub(super) fn tell_meta(name: &str, file: &Value, hints: &mut Hints) {
    match is_of_gmvault(name) && file.get("gm_id").is_some() {
        true => tell_gmvault(file, hints),
        false => tell_zimbra(file, hints),
    }
}

/// Adds what `NUMBER.meta` of gmvault says: labels, flags and date as Gmail's IMAP server gave them.
fn tell_gmvault(file: &Value, hints: &mut Hints) {
    let strings = |key: &str| {
        let list = file.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let names = strings("labels").into_iter().map(|label| match label.strip_prefix('\\') {
        Some("Draft") => "Drafts".to_owned(),
        Some("Junk") => "Spam".to_owned(),
        Some("Flagged") => "Starred".to_owned(),
        Some(system) => system.to_owned(),
        None => maildir::decoded(&label),
    });
    let mut labels = GmailLabels::of_names(names);
    labels.keywords.remove(Keywords::SEEN);
    for flag in strings("flags") {
        labels.keywords.insert(metadata::keyword(&flag));
    }
    hints.folder = Some(match labels.labels.is_empty() {
        true => Folder { path: FolderPath::new(["All Mail"]), role: Some(Role::All) },
        false => labels.primary,
    });
    hints.over_labels = true;
    hints.labels = labels.labels;
    hints.keywords = labels.keywords;
    hints.received = recorded(file.get("internal_date")).or(hints.received);
}

/// The value that a file of JSON holds; `None` for one that is too large, or is none.
pub(super) fn json(source: &Source) -> Result<Option<Value>> {
    if source.len() > MOST as u64 {
        return Ok(None);
    }
    let octets = Content::new(source.clone(), Some(0..source.len())).to_vec(MOST)?;
    Ok(serde_json::from_slice(&octets).ok())
}

/// The folders and labels of a Proton export by their identifiers: `labels.json`.
#[derive(Default)]
pub(super) struct ProtonLabels(BTreeMap<String, (Vec<String>, bool)>);

impl ProtonLabels {
    /// Reads `{"Version": 1, "Payload": [{"ID", "Name", "Path", "Type"}]}`; a type of 3 is a folder, 1 a label.
    pub(super) fn parse(file: &Value) -> Self {
        let list = file.get("Payload").unwrap_or(file).as_array();
        let label = |entry: &Value| {
            let id = entry.get("ID")?.as_str()?.to_owned();
            let path = match entry.get("Path") {
                Some(Value::String(path)) => path.split('/').map(str::to_owned).collect(),
                Some(Value::Array(names)) => names.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
                _ => vec![entry.get("Name")?.as_str()?.to_owned()],
            };
            Some((id, (path, entry.get("Type").and_then(Value::as_i64) == Some(3))))
        };
        Self(list.into_iter().flatten().filter_map(label).collect())
    }

    /// Adds what `<ID>.metadata.json` says of a message.
    pub(super) fn tell(&self, file: &Value, hints: &mut Hints) {
        let message = file.get("Payload").unwrap_or(file);
        let ids = message.get("LabelIDs").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let is_set =
            |key: &str| message.get(key).is_some_and(|value| value.as_bool().unwrap_or(value.as_i64() == Some(1)));
        let (mut folder, mut labels) = (None, Vec::new());
        for id in ids {
            match (SYSTEM.iter().find(|(system, ..)| *system == id), self.0.get(id)) {
                (Some((_, name, role)), _) => folder = Some(Folder { path: FolderPath::new([*name]), role: *role }),
                (None, Some((path, true))) => folder = Some(Folder { path: FolderPath::new(path.clone()), role: None }),
                (None, Some((path, false))) => {
                    let name = path.join("/");
                    let stands_for = Folder { path: FolderPath::new(path.clone()), role: None };
                    labels.push(Label { name, folder: Some(stands_for) });
                }
                _ if id == STARRED => hints.keywords.insert(Keywords::FLAGGED),
                _ => {}
            }
        }
        let said = [
            ("IsReplied", Keywords::ANSWERED),
            ("IsRepliedAll", Keywords::ANSWERED),
            ("IsForwarded", Keywords::FORWARDED),
        ];
        said.iter().filter(|(key, _)| is_set(key)).for_each(|(_, keyword)| hints.keywords.insert(*keyword));
        if message.get("Unread").is_some() && !is_set("Unread") {
            hints.keywords.insert(Keywords::SEEN);
        }
        let folder = folder.unwrap_or_else(|| Folder { path: FolderPath::new(["All Mail"]), role: Some(Role::All) });
        match folder.role {
            Some(Role::Drafts) => hints.keywords.insert(Keywords::DRAFT),
            Some(Role::Junk) => hints.keywords.insert(Keywords::JUNK),
            _ => {}
        }
        if !labels.is_empty() {
            labels.insert(0, Label { name: folder.path.to_string(), folder: Some(folder.clone()) });
        }
        hints.labels = labels;
        hints.folder = Some(folder);
        hints.over_labels = true;
        hints.received = recorded(message.get("Time"));
    }
}

/// The folders that every Proton mailbox has; 1, 2, 5 and 15 hold what lies in one of these as well.
const SYSTEM: [(&str, &str, Option<Role>); 6] = [
    ("0", "Inbox", Some(Role::Inbox)),
    ("3", "Trash", Some(Role::Trash)),
    ("4", "Spam", Some(Role::Junk)),
    ("6", "Archive", Some(Role::Archive)),
    ("7", "Sent", Some(Role::Sent)),
    ("8", "Drafts", Some(Role::Drafts)),
];
const STARRED: &str = "10";

/// Adds what `X.eml.meta` of a Zimbra export says of a message: its flags, its tags, its date, its folder.
pub(super) fn tell_zimbra(file: &Value, hints: &mut Hints) {
    let flags = file.get("FlagStr").and_then(Value::as_str).unwrap_or_default();
    hints.keywords = Keywords::default();
    if !flags.contains('u') {
        hints.keywords.insert(Keywords::SEEN);
    }
    for (letter, keyword) in ZIMBRA_FLAGS {
        if flags.contains(letter) {
            hints.keywords.insert(keyword);
        }
    }
    hints.received = recorded(file.get("date")).or(hints.received);
    if let Some(path) = file.get("Path").and_then(Value::as_str) {
        let path: Vec<String> = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        hints.folder =
            Some(names::folder(path)).filter(|folder| !folder.path.names().is_empty()).or(hints.folder.take());
    }
    let tags = file.get("TagNames").and_then(Value::as_str).unwrap_or_default();
    hints.labels = tags
        .split(['\0', ','])
        .map(|tag| tag.replace('\\', ""))
        .filter(|tag| !tag.is_empty())
        .map(|name| Label { name, folder: None })
        .collect();
}

const ZIMBRA_FLAGS: [(char, &str); 5] = [
    ('f', Keywords::FLAGGED),
    ('r', Keywords::ANSWERED),
    ('w', Keywords::FORWARDED),
    ('d', Keywords::DRAFT),
    ('x', Keywords::DELETED),
];

fn recorded(seconds: Option<&Value>) -> Option<Received> {
    let at = DateTime::from_unix_seconds(seconds?.as_i64().filter(|seconds| *seconds > 0)?);
    Some(Received { at, source: DateSource::Recorded })
}

/// What is said of a message whose file of state is there and cannot be read.
pub(super) fn unreadable(name: &str) -> Defect {
    Defect::new(
        DefectKind::Property,
        format!("{name} is not valid JSON of at most 4 MiB: the state of the message is unknown"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_proton_message_has_one_folder_and_its_labels() {
        let labels = ProtonLabels::parse(&json!({"Version": 1, "Payload": [
            {"ID": "f==", "Name": "2024", "Path": "Clients/2024", "Type": 3},
            {"ID": "l==", "Name": "urgent", "Path": ["urgent"], "Type": 1}, {"ID": 5}, "x"]}));
        let mut hints = Hints::default();
        let message = json!({"Version": 1, "Payload": {"LabelIDs": ["5", "15", "f==", "l==", "10"], "Unread": 0, "IsReplied": 1, "Time": 1_700_000_000}});
        labels.tell(&message, &mut hints);
        assert_eq!(hints.folder.unwrap().path.names(), ["Clients", "2024"]);
        assert_eq!(hints.labels.iter().map(|label| &*label.name).collect::<Vec<_>>(), ["Clients/2024", "urgent"]);
        assert_eq!(hints.keywords.iter().collect::<Vec<_>>(), ["$answered", "$flagged", "$seen"]);
        let mut hints = Hints::default();
        labels.tell(&json!({"LabelIDs": ["7", "2", "5"], "Unread": 1}), &mut hints);
        assert_eq!(hints.folder.unwrap().role, Some(Role::Sent));
        assert!(hints.labels.is_empty() && hints.keywords.iter().next().is_none());
        for broken in [json!(null), json!([]), json!({"LabelIDs": 5, "Unread": "x"})] {
            labels.tell(&broken, &mut Hints::default());
        }
    }

    #[test]
    fn gmvault_tells_labels_flags_and_date() {
        let tell = |file: &Value| {
            let mut hints = Hints::default();
            tell_meta("1412679471642059988.meta", file, &mut hints);
            (hints.folder.unwrap().path.to_string(), hints.labels, hints.keywords, hints.received)
        };
        let (folder, labels, keywords, received) = tell(
            &json!({"msg_id": "a@b", "gm_id": 1_412_679_471_642_059_988_u64,
            "labels": ["\\Inbox", "\\Important", "Perso/Foo", "B&APw-ro"], "thread_ids": 1, "flags": ["\\Seen", "\\Answered"],
            "internal_date": 1_347_243_329, "subject": "x"}),
        );
        assert_eq!(folder, "Inbox");
        assert_eq!(
            labels.iter().map(|l| &*l.name).collect::<Vec<_>>(),
            ["Inbox", "Important", "Perso/Foo", "B\u{fc}ro"]
        );
        assert_eq!(keywords.iter().collect::<Vec<_>>(), ["$answered", "$important", "$seen"]);
        assert_eq!(received.unwrap().at.unix_seconds(), 1_347_243_329);
        let (folder, labels, keywords, _) = tell(&json!({"gm_id": 5, "labels": [], "flags": []}));
        assert_eq!((&*folder, labels.len(), keywords.iter().count()), ("All Mail", 0, 0));
        assert_eq!(tell(&json!({"gm_id": 5, "labels": ["\\Sent"], "flags": ["\\Flagged"]})).0, "Sent");
        for broken in [json!({"gm_id": 5}), json!({"gm_id": 5, "labels": 7, "flags": "x", "internal_date": "x"})] {
            tell(&broken);
        }
        assert!(is_beside("db/2012-09/1412679471642059988.meta") && !is_beside("Inbox.meta"));
        assert!(names_beside("1412679471642059988.eml.gz").contains(&"1412679471642059988.meta".to_owned()));
    }

    #[test]
    fn zimbra_tells_flags_tags_and_date() {
        let mut hints = Hints::default();
        tell_zimbra(
            &json!({"Path": "/Sent/", "FlagStr": "sfr", "TagNames": "a\0b", "date": 1_562_655_467}),
            &mut hints,
        );
        assert_eq!(hints.folder.as_ref().unwrap().role, Some(Role::Sent));
        assert_eq!(hints.keywords.iter().collect::<Vec<_>>(), ["$answered", "$flagged", "$seen"]);
        assert_eq!(hints.labels.len(), 2);
        tell_zimbra(&json!({"FlagStr": "u"}), &mut hints);
        assert!(hints.keywords.iter().next().is_none());
    }
}
