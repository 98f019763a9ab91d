use super::{
    super::growing::{Growing, refused},
    INDEX,
};
use crate::{
    error::{Error, ErrorKind, Result},
    model::{Folder, Item, Role},
};
use serde_json::json;

/// The `folder.json` of a folder in the making: its items come one by one.
pub(super) struct FolderIndex {
    directory: String,
    grown: usize,
    items: u32,
}

impl FolderIndex {
    pub(super) fn begin(directory: String, folder: &Folder, growing: &mut Growing) -> Result<Self> {
        let grown = growing.begin();
        let name = directory.rsplit('/').next().unwrap_or_default();
        let original = folder.path.names().last().map_or("INBOX", String::as_str);
        let mut head = json!({
            "name": original,
            "path": folder.path.names(),
            "is_subscribed": true,
            "uidvalidity": 1,
        });
        if let Some(head) = head.as_object_mut() {
            if name != original {
                head.insert("original_name".into(), original.into());
            }
            if let Some(special) = folder.role.and_then(special_use) {
                head.insert("special_use".into(), special.into());
            }
            if let Some(role) = folder.role {
                head.insert("role".into(), role.as_str().into());
            }
        }
        let mut head = text(&head)?;
        // The items follow in the same object.
        head.pop();
        head.push_str(",\"items\":[");
        growing.append(grown, head.as_bytes()).map_err(refused)?;
        Ok(Self { directory, grown, items: 0 })
    }

    /// Adds an item whose file is at `path`.
    pub(super) fn add(&mut self, item: &Item, path: &str, growing: &mut Growing) -> Result<()> {
        self.items = self.items.saturating_add(1);
        let file = path.strip_prefix(&*self.directory).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
        let mut entry = json!({ "uid": self.items.to_string(), "filename": file });
        if let Some(entry) = entry.as_object_mut() {
            let flags: Vec<&str> = item.keywords.iter().collect();
            entry.insert("flags".into(), flags.into());
            if let Some(received) = item.received {
                entry.insert("received".into(), received.at.to_string().into());
                entry.insert("received_source".into(), received.source.as_str().into());
            }
            if !item.labels.is_empty() {
                let labels = item.labels.iter().map(|label| match &label.folder {
                    Some(folder) => json!({ "name": label.name, "path": folder.path.names() }),
                    None => json!({ "name": label.name }),
                });
                entry.insert("labels".into(), labels.collect());
            }
            let from_line = item.origin.mbox.as_ref().map(|mbox| String::from_utf8_lossy(&mbox.from_line).into_owned());
            if let Some(line) = from_line.filter(|line| !line.trim_end().is_empty()) {
                entry.insert("from_line".into(), line.trim_end().into());
            }
        }
        let before = if self.items == 1 { "\n" } else { ",\n" };
        growing.append(self.grown, (before.to_owned() + &text(&entry)?).as_bytes()).map_err(refused)
    }

    /// Completes the index and tells its path and where its octets are.
    pub(super) fn end(self, growing: &mut Growing) -> Result<(String, usize)> {
        let tail = format!("\n],\"last_uid\":{}}}\n", self.items);
        growing.append(self.grown, tail.as_bytes()).map_err(refused)?;
        Ok((format!("{}/{INDEX}", self.directory), self.grown))
    }
}

fn text(value: &serde_json::Value) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::Destination, "a folder cannot be written as JSON").because(error))
}

/// The attribute of RFC 6154 for a role.
fn special_use(role: Role) -> Option<&'static str> {
    match role {
        Role::Inbox => None,
        Role::Sent => Some("\\Sent"),
        Role::Drafts => Some("\\Drafts"),
        Role::Trash => Some("\\Trash"),
        Role::Junk => Some("\\Junk"),
        Role::Archive => Some("\\Archive"),
        Role::All => Some("\\All"),
    }
}
