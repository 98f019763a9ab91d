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
    date_time::DateTime,
    divide::divide,
    error::Result,
    model::{Folder, FolderPath, Item, Role},
    write::INBOX,
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
    /// Folders that are kept even if no message is in them.
    kept: Vec<Folder>,
    /// Folders of calendar objects and cards: what is a calendar or an address book is no folder of mail.
    others: HashSet<FolderPath>,
}

struct Directory {
    /// With a slash behind it; nothing for the inbox.
    prefix: String,
    keywords: KeywordLetters,
    messages: u64,
}

const KEYWORDS: &str = "dovecot-keywords";

/// The list of folders that are shown, by names as IMAP has them, in the form that Dovecot has always read.
const SUBSCRIPTIONS: &str = "subscriptions";

impl MaildirWriter {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        let files = Files::new(container, options);
        Self {
            files,
            directories: HashMap::new(),
            order: Vec::new(),
            taken: HashSet::new(),
            kept: Vec::new(),
            others: HashSet::new(),
        }
    }

    /// The folder that `folder` is in a Maildir++: every inbox is the one at the top, and what is below an inbox is below `INBOX`,
    /// as servers never show another folder of that name in whatever case.
    fn home(&self, folder: &Folder) -> FolderPath {
        let inbox_by_role = folder.role == Some(Role::Inbox) && !self.files.options.keep_folder_names;
        match folder.path.names() {
            [] => FolderPath::new([INBOX]),
            [_] if inbox_by_role => FolderPath::new([INBOX]),
            [first, below @ ..] if first.trim().eq_ignore_ascii_case(INBOX) => {
                FolderPath::new([INBOX].into_iter().chain(below.iter().map(String::as_str)))
            }
            _ => folder.path.clone(),
        }
    }

    /// The directory of `folder`, made if it is not there yet.
    fn directory(&mut self, folder: &Folder) -> Result<&mut Directory> {
        let home = self.home(folder);
        if !self.directories.contains_key(&home) {
            let prefix = self.prefix(&home);
            self.make(&prefix)?;
            if !prefix.is_empty() {
                self.files.add_octets(&format!("{prefix}maildirfolder"), Vec::new())?;
            }
            self.order.push(home.clone());
            let directory = Directory { prefix, keywords: KeywordLetters::default(), messages: 0 };
            self.directories.insert(home.clone(), directory);
        }
        Ok(self.directories.entry(home).or_insert_with(|| Directory {
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

    fn prefix(&mut self, home: &FolderPath) -> String {
        let names = home.names();
        if matches!(names, [name] if name == INBOX) {
            self.taken.insert(String::new());
            return String::new();
        }
        let encoded: Vec<String> = names.iter().map(|name| utf7::encoded(&segment(name))).collect();
        let name = fitting(&encoded.join("."));
        let mut candidate = name.clone();
        let mut number = 2;
        while !self.taken.insert(candidate.to_ascii_lowercase()) {
            candidate = format!("{name} ({number})");
            number += 1;
        }
        format!(".{candidate}/")
    }

    /// The list of folders, with those that somebody has added to it.
    fn subscriptions(&self, folders: &[String]) -> Vec<u8> {
        let earlier = self.files.left_by_earlier(SUBSCRIPTIONS).unwrap_or_default();
        let mut seen = HashSet::new();
        let lines = earlier.lines().chain(folders.iter().map(String::as_str)).filter(|line| seen.insert(*line));
        lines.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
    }

    fn write_message(&mut self, item: &Item, name: &ItemName, folder: &Folder, rendered: &Rendered) -> Result<String> {
        let directory = self.directory(folder)?;
        directory.messages += 1;
        let flags = directory.keywords.flags(&item.keywords);
        // IMAP writes years with four digits, and programs that upload messages give up at another: as in mbox, it is the epoch then.
        let date = name.date.map(|date| match date.year() {
            1970..=9999 => date,
            _ => DateTime::from_unix_seconds(0),
        });
        let seconds = date.map_or(0, |date| date.unix_seconds());
        let unique = format!("{seconds}.M{}_{}.mailferry", directory.messages, rendered.name_digest());
        let file = format!("{unique},S={}:2,{flags}", rendered.size());
        let (path, staged) = (format!("{}cur/{file}", directory.prefix), format!("{}tmp/{unique}", directory.prefix));
        let entry = Entry { staged: Some(&staged), ..Entry::file(&path, date) };
        self.files.container.entry(entry, rendered)
    }
}

/// As much of the name of a directory as file systems and servers take.
fn fitting(name: &str) -> String {
    let (mut start, _) = divide(name, NAME - 16);
    // What is encoded stands between `&` and `-`: a piece of it is no name that servers take.
    if let Some(begun) = start.rfind('&').filter(|at| !start.bytes().skip(*at).any(|octet| octet == b'-')) {
        start = divide(start, begun).0;
    }
    start.trim_end_matches('.').to_owned()
}

/// The name of a folder in the name of a directory, where `.` parts the levels; one that is empty, hides itself or is refused by
/// servers is changed.
fn segment(name: &str) -> String {
    let is_refused = |c: char| matches!(c, '.' | '/' | '\\' | '%' | '*') || c.is_control();
    let mut name: String = name.trim().chars().map(|c| if is_refused(c) { '_' } else { c }).collect();
    if name.starts_with(['~', '#']) {
        name.replace_range(..1, "_");
    }
    if name.is_empty() { "_".to_owned() } else { name }
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
                None => {
                    self.others.insert(folder.path.clone());
                    self.files.beside_mail(item, name, &folder, &rendered)?
                }
            };
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.kept.push(folder.clone());
        Ok(())
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
        let folder = match path {
            "" => FolderPath::new([INBOX]),
            _ => FolderPath::new(names.iter().cloned()),
        };
        self.taken.insert(path.trim_start_matches('.').to_lowercase());
        let keywords = self.files.left_by_earlier(&format!("{prefix}{KEYWORDS}"));
        let keywords = keywords.map(|text| KeywordLetters::of_file(&text)).unwrap_or_default();
        if self.directories.insert(folder.clone(), Directory { prefix, keywords, messages }).is_none() {
            self.order.push(folder);
        }
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        for folder in std::mem::take(&mut self.kept) {
            if !self.others.contains(&folder.path) {
                self.directory(&folder)?;
            }
        }
        let mut shown = vec![INBOX.to_owned()];
        for folder in std::mem::take(&mut self.order) {
            let Some(directory) = self.directories.remove(&folder) else { continue };
            if let Some(keywords) = directory.keywords.file() {
                self.files.add_index(&format!("{}{KEYWORDS}", directory.prefix), keywords, tell)?;
            }
            let path = directory.prefix.trim_end_matches('/');
            shown.extend(path.strip_prefix('.').map(str::to_owned));
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
        let subscriptions = self.subscriptions(&shown);
        self.files.add_index(SUBSCRIPTIONS, subscriptions, tell)?;
        self.files.finish(tell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_within_what_is_encoded_or_at_a_dot() {
        for before in 0..40 {
            let name = "x".repeat(before + 200) + &utf7::encoded(&"\u{e9}".repeat(60)) + ".y";
            let cut = fitting(&name);
            assert!(cut.len() < NAME && !cut.contains('&') && name.starts_with(&cut), "{cut}");
        }
        assert_eq!(fitting(&format!("{}.b", "a".repeat(NAME - 17))), "a".repeat(NAME - 17));
        assert_eq!(fitting("a.&AOk-"), "a.&AOk-");
    }
}
