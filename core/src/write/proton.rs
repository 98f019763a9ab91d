//! A folder as Proton's export tool makes and restores it: `ID.eml`, `ID.metadata.json`, `labels.json`.

use super::{
    ItemName, ItemWriter, Lost, Product, Rendered, Renderer, WriteOptions, Written,
    container::{Container, Entry},
    files::Files,
    product::Tell,
};
use crate::{
    error::{Error, ErrorKind, Result},
    mime::{Address, Mailbox},
    model::{Folder, FolderPath, Item, Keywords, Message, Role},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use twox_hash::XxHash3_64;

/// The version of both kinds of JSON files.
const VERSION: u32 = 1;
/// The type of a label that is a folder, and of one that every mailbox has.
const FOLDER: u32 = 3;
const SYSTEM: u32 = 4;
const STARRED: &str = "10";
/// The labels of every mailbox that a message may have. A restore takes none that `labels.json` does not name.
const SYSTEM_LABELS: [(&str, &str); 7] = [
    ("0", "Inbox"),
    ("3", "Trash"),
    ("4", "Spam"),
    ("6", "Archive"),
    ("7", "Sent"),
    ("8", "Drafts"),
    (STARRED, "Starred"),
];
/// Bits of `Flags`: it was received, it was sent.
const RECEIVED: u32 = 1;
const SENT: u32 = 2;

/// Writes messages for Proton Mail; calendar objects and cards go to `calendars` and `contacts`.
pub(super) struct ProtonWriter {
    files: Files,
    labels: BTreeMap<FolderPath, String>,
    /// How often a message with the same octets was written.
    copies: HashMap<String, u32>,
}

impl ProtonWriter {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        Self { files: Files::new(container, options), labels: BTreeMap::new(), copies: HashMap::new() }
    }

    /// The identifier of a folder: that of Proton where it has one, else one made of its names.
    fn label(&mut self, folder: &Folder) -> Option<String> {
        let role = folder.role.filter(|_| !self.files.options.keep_folder_names);
        if let Some(id) = role.and_then(system_label) {
            return Some(id.to_owned());
        }
        let names = folder.path.names();
        let mut last = None;
        for depth in 1..=names.len() {
            let path = FolderPath::new(names.iter().take(depth).cloned());
            let id = self.labels.entry(path.clone()).or_insert_with(|| identifier(&path));
            last = Some(id.clone());
        }
        last
    }

    fn write_message(
        &mut self,
        item: &Item,
        message: &Message,
        name: &ItemName,
        rendered: &Rendered,
    ) -> Result<String> {
        let copies = self.copies.entry(rendered.name_digest().to_owned()).or_default();
        *copies += 1;
        let id = match *copies {
            1 => format!("mf{}", rendered.name_digest()),
            n => format!("mf{}-{n}", rendered.name_digest()),
        };
        let (mut labels, mut met) = (Vec::new(), HashSet::new());
        for folder in self.files.folders(item) {
            labels.extend(self.label(&folder).filter(|id| met.insert(id.clone())));
        }
        if item.keywords.contains(Keywords::FLAGGED) {
            labels.push(STARRED.to_owned());
        }
        let metadata = json!({ "Version": VERSION, "Payload": metadata(item, message, name, &id, &labels, rendered)? });
        let path = self.files.container.entry(Entry::file(&format!("{id}.eml"), name.date), rendered)?;
        self.files.add_octets(&format!("{id}.metadata.json"), octets(&metadata)?)?;
        Ok(path)
    }
}

fn identifier(path: &FolderPath) -> String {
    // Not digits alone: those are Proton's own.
    let hash = path.names().iter().fold(0, |hash, name| XxHash3_64::oneshot_with_seed(hash, name.as_bytes()));
    format!("mf{hash:016x}")
}

fn system_label(role: Role) -> Option<&'static str> {
    match role {
        Role::Inbox => Some("0"),
        Role::Trash => Some("3"),
        Role::Junk => Some("4"),
        Role::Archive | Role::All => Some("6"),
        Role::Sent => Some("7"),
        Role::Drafts => Some("8"),
    }
}

fn metadata(
    item: &Item,
    message: &Message,
    name: &ItemName,
    id: &str,
    labels: &[String],
    rendered: &Rendered,
) -> Result<Value> {
    let list = |addresses: Vec<Address>| -> Vec<Value> {
        addresses.iter().flat_map(|address| address.mailboxes()).map(mailbox).collect()
    };
    let from = message.from()?;
    let sender = from.iter().flat_map(|address| address.mailboxes()).next().map(mailbox);
    let sent = item.folder.role == Some(Role::Sent);
    let has = |keyword| item.keywords.contains(keyword);
    Ok(json!({
        "ID": id,
        "AddressID": "",
        "LabelIDs": labels,
        "ExternalID": name.message_id,
        "Subject": name.subject.as_deref().unwrap_or_default(),
        "Sender": sender.unwrap_or_else(|| json!({ "Name": "", "Address": "" })),
        "ToList": list(message.to()?),
        "CCList": list(message.cc()?),
        "BCCList": list(message.bcc()?),
        "ReplyTos": list(message.reply_to()?),
        "Flags": if sent { SENT } else { RECEIVED },
        "Time": name.date.map_or(0, |date| date.unix_seconds()),
        "Size": rendered.size(),
        "Unread": u8::from(!has(Keywords::SEEN)),
        "IsReplied": u8::from(has(Keywords::ANSWERED)),
        "IsRepliedAll": 0,
        "IsForwarded": u8::from(has(Keywords::FORWARDED)),
        "NumAttachments": 0,
        "Attachments": [],
        "MIMEType": "",
        "Headers": "",
        "WriterType": 0,
    }))
}

fn mailbox(mailbox: &Mailbox) -> Value {
    json!({ "Name": mailbox.name.as_deref().unwrap_or_default(), "Address": mailbox.address })
}

fn octets(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Destination, "a message cannot be written as JSON").because(error))
}

impl ItemWriter for ProtonWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let folder = item.folder.clone();
        let path = match item.message() {
            Some(message) => self.write_message(item, message, name, &rendered)?,
            None => self.files.beside_mail(item, name, &folder, &rendered)?,
        };
        Ok(vec![Written { path, folder }])
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.label(folder);
        Ok(())
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        self.files.take_lost()
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        let label = |id: &str, parent: &str, path: &[String], color: &str, kind: u32| {
            json!({
                "ID": id,
                "ParentID": parent,
                "Name": path.last(),
                // One string, which their programs part at the slashes.
                "Path": path.join("/"),
                "Color": color,
                "Type": kind,
            })
        };
        let system = SYSTEM_LABELS.iter().map(|(id, name)| label(id, "", &[(*name).to_owned()], "", SYSTEM));
        let folders = self.labels.iter().map(|(path, id)| {
            let around = path.names().split_last().map_or(&[][..], |(_, around)| around);
            let parent = self.labels.get(&FolderPath::new(around.iter().cloned()));
            label(id, parent.map_or("", String::as_str), path.names(), "#8080FF", FOLDER)
        });
        let labels: Vec<Value> = system.chain(folders).collect();
        let labels = octets(&json!({ "Version": VERSION, "Payload": labels }))?;
        self.files.add_index("labels.json", labels, tell)?;
        for folder in self.labels.keys() {
            tell(Product::Mailbox { path: String::new(), names: folder.names().to_vec(), messages: 0 })?;
        }
        self.files.finish(tell)
    }
}
