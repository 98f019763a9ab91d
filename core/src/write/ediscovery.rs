//! Natives and a Concordance load file that names them: fields separated by U+0014 and quoted by U+00FE, in UTF-8.

use super::{
    Grouping, ItemName, ItemWriter, Lost, Product, Rendered, Renderer, WriteOptions, Written,
    container::{Container, Entry},
    entry_name::extension,
    files::Files,
    growing::{Growing, refused},
    product::Tell,
};
use crate::{
    error::Result,
    hex::hex,
    mime::Address,
    model::{Folder, Item},
};
use std::fmt::Write as _;

const FIELDS: [&str; 14] = [
    "DOCID",
    "KIND",
    "FOLDER",
    "FROM",
    "TO",
    "CC",
    "BCC",
    "SUBJECT",
    "DATE_SENT",
    "DATE_RECEIVED",
    "MESSAGE_ID",
    "FILE_SIZE",
    "SHA256",
    "NATIVE_PATH",
];
const DELIMITER: char = '\u{14}';
const QUOTE: char = '\u{FE}';
/// What stands for a line end in a field.
const NEWLINE: &str = "\u{AE}";
const LOAD_FILE: &str = "loadfile.dat";
/// Files of one folder.
const FOLDER: u64 = 5_000;

/// Writes every item as a native file, and a line of the load file for it.
pub(super) struct EdiscoveryWriter {
    files: Files,
    growing: Growing,
    lines: usize,
    items: u64,
}

impl EdiscoveryWriter {
    pub(super) fn new(container: Box<dyn Container>, mut options: WriteOptions) -> Result<Self> {
        // Every item is a document of its own.
        options.collections.grouping = Grouping::EachItem;
        #[cfg(not(target_family = "wasm"))]
        let mut growing = Growing::within(container.home());
        #[cfg(target_family = "wasm")]
        let mut growing = Growing::default();
        let lines = growing.begin();
        growing.append(lines, "\u{FEFF}".as_bytes()).map_err(refused)?;
        growing.append(lines, line(FIELDS).as_bytes()).map_err(refused)?;
        Ok(Self { files: Files::new(container, options), growing, lines, items: 0 })
    }
}

fn line<S: AsRef<str>>(fields: impl IntoIterator<Item = S>) -> String {
    let mut line = String::new();
    for (i, field) in fields.into_iter().enumerate() {
        if i > 0 {
            line.push(DELIMITER);
        }
        let field = field.as_ref().replace("\r\n", NEWLINE).replace(['\r', '\n'], NEWLINE);
        let field: String = field.chars().map(|c| if c == QUOTE || c.is_control() { ' ' } else { c }).collect();
        let _infallible = write!(line, "{QUOTE}{field}{QUOTE}");
    }
    line + "\r\n"
}

fn addresses(addresses: Vec<Address>) -> String {
    let mailboxes = addresses.iter().flat_map(|address| address.mailboxes());
    let names = mailboxes.map(|mailbox| match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.clone(),
    });
    names.collect::<Vec<_>>().join("; ")
}

impl ItemWriter for EdiscoveryWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let number = self.items + 1;
        let id = format!("DOC{number:09}");
        let native = format!("NATIVES/{:06}/{id}{}", (number - 1) / FOLDER + 1, extension(&item.kind));
        let path = self.files.container.entry(Entry::file(&native, name.date), &rendered)?;
        self.items = number;
        let message = item.message();
        let list = |read: fn(&crate::model::Message) -> Result<Vec<Address>>| {
            message.and_then(|message| read(message).ok()).map_or_else(String::new, addresses)
        };
        let sent = message.and_then(|message| message.date().ok().flatten());
        let sha256 = rendered.sha256().map_or_else(String::new, |digest| hex(digest));
        let fields = [
            id,
            item.kind.as_str().to_owned(),
            item.folder.path.to_string(),
            list(crate::model::Message::from),
            list(crate::model::Message::to),
            list(crate::model::Message::cc),
            list(crate::model::Message::bcc),
            name.subject.clone().unwrap_or_default(),
            sent.map_or_else(String::new, |date| date.to_string()),
            name.date.map_or_else(String::new, |date| date.to_string()),
            name.message_id.clone().unwrap_or_default(),
            rendered.size().to_string(),
            sha256,
            native.replace('/', "\\"),
        ];
        self.growing.append(self.lines, line(fields).as_bytes()).map_err(refused)?;
        Ok(vec![Written { path, folder: item.folder.clone() }])
    }

    fn folder(&mut self, _folder: &Folder) -> Result<()> {
        Ok(())
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        self.files.take_lost()
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        // Natives without the load file cannot be loaded.
        self.complete(tell).inspect_err(|error| self.files.lose_all(error))
    }
}

impl EdiscoveryWriter {
    fn complete(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        let content = self.growing.take(self.lines)?;
        let rendered = self.files.plain_renderer().render_octets(content)?;
        self.files.add(Entry::file(LOAD_FILE, None), &rendered, tell)?;
        self.files.finish(tell)
    }
}
