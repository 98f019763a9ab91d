//! Marks that a migration leaves on what it moves.

use super::{Place, Skip, decision::Gate, options::one_or_several, selection::fold};
use crate::{
    error::Result,
    mime::compose::append_text,
    model::{FolderPath, Item, ItemKind, Label, Message},
    source::Content,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

/// Octets of one `Subject` field that are held in memory; a longer one stays as it is.
const SUBJECT: usize = 1 << 20;

/// How items are marked to show where they come from. The default changes nothing.
///
/// The item log keeps what the source says, and also records what was changed: `targetFolder`, `labelsAdded`, `changed`.
///
/// ```
/// use mailferry::{convert::Tagging, model::FolderPath};
///
/// let mut tagging = Tagging::default();
/// tagging.map_folders = vec![("Sent Mail".into(), "Sent".into())];
/// tagging.root_folder = Some("Old mailbox".into());
/// assert_eq!(tagging.folder(&FolderPath::new(["Sent Mail", "2024"])).to_string(), "Old mailbox/Sent/2024");
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tagging {
    /// Labels that every item is given. They are not folders: no further copy is written for them.
    #[serde(deserialize_with = "one_or_several")]
    pub add_labels: Vec<String>,
    /// Folders and their new places, names separated by `/`: the first pair applies whose first path, in any case, is that
    /// of a folder or of one above it.
    #[serde(deserialize_with = "folders")]
    pub map_folders: Vec<(String, String)>,
    /// The folder that all others are put into, after they were mapped; names separated by `/`.
    pub root_folder: Option<String>,
    /// What is appended to the subject of every message (encoded by RFC 2047 if necessary). It changes the octets, so that a
    /// signature over them (RFC 6376) is no longer valid: the fidelity is `normalized`, and the log has `subject` in `changed`.
    #[serde(deserialize_with = "one_line")]
    pub subject_suffix: Option<String>,
}

/// Reads pairs of folders.
fn folders<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<(String, String)>, D::Error> {
    const WANTED: &str = "a list of pairs is wanted, each of the path of a folder and its new path";
    let pairs = Value::deserialize(deserializer)?;
    let pairs = Vec::<(String, String)>::deserialize(pairs).map_err(|_| de::Error::custom(WANTED))?;
    match pairs.iter().any(|(old, _)| old.trim_matches('/').is_empty()) {
        true => Err(de::Error::custom("the folder to map has no name: use rootFolder to put all folders into one")),
        false => Ok(pairs),
    }
}

/// Reads text that a subject can take.
fn one_line<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
        true => Err(de::Error::custom("a subject is one line without control characters")),
        false => Ok(text),
    }
}

impl Tagging {
    /// Where a folder goes.
    pub fn folder(&self, path: &FolderPath) -> FolderPath {
        let names = path.names();
        let mapped = self.map_folders.iter().find_map(|(old, new)| {
            let old: Vec<_> = parted(old).collect();
            let (above, below) = names.split_at_checked(old.len())?;
            let is_it = above.iter().zip(old).all(|(name, old)| fold(name) == fold(old));
            is_it.then(|| parted(new).chain(below.iter().map(String::as_str)))
        });
        let root = self.root_folder.as_deref().into_iter().flat_map(parted);
        match mapped {
            Some(mapped) => FolderPath::new(root.chain(mapped)),
            None => FolderPath::new(root.chain(names.iter().map(String::as_str))),
        }
    }
}

fn parted(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

/// Where folders go is the business of [`Moves`](super::moves::Moves).
impl Gate for Tagging {
    fn decide(&mut self, item: &mut Item, _: Place) -> Option<Skip> {
        for name in &self.add_labels {
            if item.labels.iter().all(|label| label.name != *name) {
                item.labels.push(Label { name: name.clone(), folder: None });
            }
        }
        let suffix = self.subject_suffix.as_deref().filter(|suffix| !suffix.trim().is_empty());
        if let (ItemKind::Message(message), Some(suffix)) = (&mut item.kind, suffix)
            // One that cannot be read fails where it is rendered.
            && let Ok(Some(content)) = with_suffix(message, suffix)
        {
            let more = content.len().saturating_sub(message.content().len());
            if let Some(mbox) = &mut item.origin.mbox {
                mbox.body_offset += more;
                mbox.bare_from_lines.iter_mut().for_each(|offset| *offset += more);
            }
            *message = Message::new(content);
        }
        None
    }
}

/// The octets of the message with `suffix` behind its subject; `None` for one without a header field.
fn with_suffix(message: &Message, suffix: &str) -> Result<Option<Content>> {
    let (header, content) = (message.header()?, message.content());
    let Some(field) = header.first("Subject").or_else(|| header.fields().next()) else { return Ok(None) };
    let range = field.range();
    let octets = content.slice(range.clone()).to_vec(SUBJECT)?;
    let line = octets.trim_ascii_end();
    let line_end = match octets.get(line.len()..).unwrap_or_default() {
        end if end.ends_with(b"\r\n") => "\r\n",
        end if end.ends_with(b"\r") => "\r",
        _ => "\n",
    };
    let (mut changed, to) = if field.name().eq_ignore_ascii_case("Subject") {
        let colon = memchr::memchr(b':', &octets).map_or(octets.len(), |colon| colon + 1);
        let head = octets.get(..colon).unwrap_or_default();
        ([head, &append_text(field.value(), suffix, line_end)].concat(), range.end)
    } else {
        ([b"Subject:", &*append_text(b"", suffix, line_end)].concat(), range.start)
    };
    changed.extend_from_slice(line_end.as_bytes());
    Ok(Some(Content::join([content.slice(0..range.start), Content::from(changed), content.slice(to..u64::MAX)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suffixed(message: &str) -> String {
        let message = Message::new(message.as_bytes().to_vec().into());
        let content = with_suffix(&message, " [moved]").unwrap();
        content.map_or("-".into(), |content| String::from_utf8(content.to_vec(1 << 16).unwrap()).unwrap())
    }

    #[test]
    fn only_the_subject_changes() {
        assert_eq!(
            suffixed("From: a\r\nsubject: Hi \r\nTo: b\r\n\r\nSubject: c"),
            "From: a\r\nsubject: Hi [moved]\r\nTo: b\r\n\r\nSubject: c"
        );
        assert_eq!(suffixed("Subject: a\n b\n\nc"), "Subject: a\n b [moved]\n\nc");
        assert_eq!(suffixed("From: a\n\nc"), "Subject: [moved]\nFrom: a\n\nc");
        assert_eq!(suffixed("\n\nno header"), "-");
    }

    #[test]
    fn folders_are_mapped_with_all_below_them() {
        let map_folders = [("a/b", "x"), ("A", "y/z"), ("gone", "")].map(|(old, new)| (old.into(), new.into())).into();
        let tagging = Tagging { map_folders, ..Tagging::default() };
        let folder = |path: &str| tagging.folder(&FolderPath::new(parted(path))).to_string();
        assert_eq!(["A/B/c", "a/c", "a", "ab", "gone/d"].map(folder), ["x/c", "y/z/c", "y/z", "ab", "d"]);
    }
}
