//! Maildir++: a directory a folder, a file a message, flags in its name, its date the file's.
//!
//! <https://cr.yp.to/proto/maildir.html>, <https://www.courier-mta.org/imap/README.maildirquota.html>; keywords as Dovecot
//! keeps them (`dovecot-keywords`).

mod flags;
mod utf7;

use super::{
    ItemName, ItemWriter, Lost, Product, Rendered, Renderer, Standing, WriteOptions, Written,
    container::{Container, Entry},
    files::Files,
    product::Tell,
};
use crate::{
    error::Result,
    model::{Folder, FolderPath, Item, Role},
};
use flags::KeywordLetters;
use std::collections::{HashMap, HashSet};

/// Octets that a file system takes in a name.
const NAME: usize = 255;

/// Writes a Maildir++; calendar objects and cards go to `calendars`, `tasks`, `journals` and `contacts` in it.
pub(super) struct MaildirWriter {
    files: Files,
    directories: HashMap<FolderPath, Directory>,
    /// In the order in which they were met.
    order: Vec<FolderPath>,
    /// The names of directories so far, in lower case.
    taken: HashSet<String>,
}

struct Directory {
    /// With a slash behind it; nothing for the inbox.
    prefix: String,
    keywords: KeywordLetters,
    messages: u64,
}

const KEYWORDS: &str = "dovecot-keywords";

impl MaildirWriter {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        let files = Files::new(container, options);
        Self { files, directories: HashMap::new(), order: Vec::new(), taken: HashSet::new() }
    }

    /// The directory of `folder`, made if it is not there yet.
    fn directory(&mut self, folder: &Folder) -> Result<&mut Directory> {
        if !self.directories.contains_key(&folder.path) {
            let prefix = self.prefix(folder);
            self.make(&prefix)?;
            if !prefix.is_empty() {
                self.files.add_octets(&format!("{prefix}maildirfolder"), Vec::new())?;
            }
            self.order.push(folder.path.clone());
            let directory = Directory { prefix, keywords: KeywordLetters::default(), messages: 0 };
            self.directories.insert(folder.path.clone(), directory);
        }
        Ok(self.directories.entry(folder.path.clone()).or_insert_with(|| Directory {
            prefix: String::new(),
            keywords: KeywordLetters::default(),
            messages: 0,
        }))
    }

    /// Makes the directories of a Maildir.
    fn make(&mut self, prefix: &str) -> Result<()> {
        ["cur", "new", "tmp"]
            .into_iter()
            .try_for_each(|part| self.files.container.add_folder(&format!("{prefix}{part}")))
    }

    fn prefix(&mut self, folder: &Folder) -> String {
        let names = folder.path.names();
        let is_inbox = match names {
            [] => true,
            [name] => folder.role == Some(Role::Inbox) || name.eq_ignore_ascii_case("INBOX"),
            _ => false,
        };
        if is_inbox && self.taken.insert(String::new()) {
            return String::new();
        }
        let encoded: Vec<String> = names.iter().map(|name| utf7::encoded(&segment(name))).collect();
        let mut name = encoded.join(".");
        if name.is_empty() {
            name.push_str("INBOX");
        }
        let mut cut = name.len().min(NAME - 16);
        while !name.is_char_boundary(cut) {
            cut -= 1;
        }
        name.truncate(cut);
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.taken.insert(candidate.to_ascii_lowercase()) {
            candidate = format!("{name} ({number})");
            number += 1;
        }
        format!(".{candidate}/")
    }

    fn write_message(&mut self, item: &Item, name: &ItemName, folder: &Folder, rendered: &Rendered) -> Result<String> {
        let directory = self.directory(folder)?;
        directory.messages += 1;
        let flags = directory.keywords.flags(&item.keywords);
        let seconds = name.date.map_or(0, |date| date.unix_seconds().max(0));
        let unique = format!("{seconds}.M{}_{}.mailferry", directory.messages, rendered.name_digest());
        let file = format!("{unique},S={}:2,{flags}", rendered.size());
        let (path, staged) = (format!("{}cur/{file}", directory.prefix), format!("{}tmp/{unique}", directory.prefix));
        let entry = Entry { staged: Some(&staged), ..Entry::file(&path, name.date) };
        self.files.container.entry(entry, rendered)
    }
}

/// The name of a folder in the name of a directory, where `.` parts the levels; one that is empty or hides itself is changed.
fn segment(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if matches!(c, '.' | '/' | '\\') || c.is_control() { '_' } else { c }).collect();
    let name = name.trim();
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

impl ItemWriter for MaildirWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for folder in self.files.folders(item) {
            let path = match item.message() {
                Some(_) => self.write_message(item, name, &folder, &rendered)?,
                None => self.files.beside_mail(item, name, &folder, &rendered)?,
            };
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.directory(folder).map(drop)
    }

    fn has_folders_of_mail(&self) -> bool {
        true
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        self.files.take_lost()
    }

    fn goes_on(&self) -> bool {
        self.files.goes_on()
    }

    fn adopt(&mut self, standing: Standing<'_>) {
        let Standing::Mailbox { names, path, messages } = standing else { return self.files.adopt(standing) };
        if path.is_empty() && messages == 0 {
            // The inbox, if there is one now, goes there.
            return;
        }
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let folder = FolderPath::new(names.iter().cloned());
        self.taken.insert(path.trim_start_matches('.').to_lowercase());
        let keywords = self.files.left_by_earlier(&format!("{prefix}{KEYWORDS}"));
        let keywords = keywords.map(|text| KeywordLetters::of_file(&text)).unwrap_or_default();
        if self.directories.insert(folder.clone(), Directory { prefix, keywords, messages }).is_none() {
            self.order.push(folder);
        }
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        for folder in std::mem::take(&mut self.order) {
            let Some(directory) = self.directories.remove(&folder) else { continue };
            if let Some(keywords) = directory.keywords.file() {
                self.files.add_index(&format!("{}{KEYWORDS}", directory.prefix), keywords, tell)?;
            }
            let path = directory.prefix.trim_end_matches('/');
            tell(Product::Mailbox {
                path: path.to_owned(),
                names: folder.names().to_vec(),
                messages: directory.messages,
            })?;
        }
        if self.taken.insert(String::new()) {
            // What holds the others is a Maildir too, though nothing is in it.
            self.make("")?;
            tell(Product::Mailbox { path: String::new(), names: Vec::new(), messages: 0 })?;
        }
        self.files.finish(tell)
    }
}
