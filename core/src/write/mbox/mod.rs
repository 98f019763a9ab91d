//! MBOX files: a folder's messages one behind the other, each behind its From_ line (RFC 4155).

mod from_line;
mod quoting;
mod state;
mod tree;

pub use state::StateFields;
pub use tree::MboxTree;

use super::{
    ItemName, ItemWriter, Rendered, Renderer, WriteOptions, Written,
    container::{Container, Entry},
    files::Files,
    growing::{Growing, refused},
};
use crate::{
    error::{Error, Result},
    model::{Folder, FolderPath, Item, MboxQuoting},
};
use from_line::from_line;
use quoting::Quoter;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, io};

/// How mail is put into mbox files.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MboxOptions {
    /// How body lines are told from From_ lines.
    pub quoting: Quoting,
    /// Where the mbox of a folder stands.
    pub tree: MboxTree,
    /// The header fields that tell the state of a message, added where it has none that does.
    pub state: StateFields,
}

impl Default for MboxOptions {
    fn default() -> Self {
        Self { quoting: Quoting::default(), tree: MboxTree::default(), state: StateFields::Unix }
    }
}

/// How a line of a message that starts with `From ` is kept from being taken for a From_ line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quoting {
    /// Every `^>*From ` gets one more `>`, which can be taken back.
    #[default]
    Mboxrd,
    /// Only `^From ` gets a `>`.
    Mboxo,
}

/// Writes an mbox a folder; calendar objects and cards go to `calendars`, `tasks`, `journals` and `contacts`.
pub(super) struct MboxWriter {
    files: Files,
    growing: Growing,
    /// The mbox of every folder.
    boxes: HashMap<FolderPath, Mbox>,
    /// In the order in which they were met.
    order: Vec<FolderPath>,
}

struct Mbox {
    path: String,
    /// The names of the folder in which mailboxes below stand.
    below: FolderPath,
    grown: usize,
}

impl MboxWriter {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        #[cfg(not(target_family = "wasm"))]
        let growing = Growing::within(container.home().as_deref());
        #[cfg(target_family = "wasm")]
        let growing = Growing::default();
        Self { files: Files::new(container, options), growing, boxes: HashMap::new(), order: Vec::new() }
    }

    /// The number and the path of the mbox of `folder`, which is begun with those around it.
    fn mbox(&mut self, folder: &FolderPath) -> (usize, String) {
        let tree = self.files.options.mbox.tree;
        let mut below = FolderPath::default();
        let names = folder.names();
        let root = FolderPath::default();
        for depth in 1..=names.len().max(1) {
            let path = names.get(..depth).map_or_else(|| root.clone(), |names| FolderPath::new(names.iter().cloned()));
            // A mailbox that is only a folder of others is a file too: some programs show no others.
            if let Some(mbox) = self.boxes.get(&path) {
                below = mbox.below.clone();
                continue;
            }
            let name = path.names().last().map_or("Items", String::as_str);
            let place = tree.place(&mut self.files.paths, &below, name);
            below = place.below.clone();
            let grown = self.growing.begin();
            self.boxes.insert(path.clone(), Mbox { path: place.file, below: place.below, grown });
            self.order.push(path);
        }
        let key = if names.is_empty() { &root } else { folder };
        self.boxes.get(key).map_or((usize::MAX, String::new()), |mbox| (mbox.grown, mbox.path.clone()))
    }

    fn append(&mut self, grown: usize, item: &Item, rendered: &Rendered) -> Result<()> {
        let start = self.growing.len(grown);
        let appended = self.append_message(grown, item, rendered);
        if appended.is_err() {
            self.growing.truncate(grown, start).map_err(refused)?;
        }
        appended
    }

    fn append_message(&mut self, grown: usize, item: &Item, rendered: &Rendered) -> Result<()> {
        let mut quoter = Quoter::new(match self.files.options.mbox.quoting {
            Quoting::Mboxrd => MboxQuoting::Mboxrd,
            Quoting::Mboxo => MboxQuoting::Mboxo,
        });
        let growing = &mut self.growing;
        let mut refusal = None;
        let mut begun = false;
        let mut put = |octets: &[u8]| {
            growing.append(grown, octets).map_err(|error| {
                let kind = error.kind();
                refusal = Some(error);
                io::Error::from(kind)
            })
        };
        let mut last = [0; 2];
        let mut crlf = false;
        let outcome = rendered.for_each_chunk(|chunk| {
            if !begun {
                begun = true;
                crlf = is_crlf(chunk);
                put(&from_line(item, crlf))?;
            }
            for octet in chunk.iter().rev().take(2).rev() {
                last = [last[1], *octet];
            }
            quoter.quote(chunk, &mut put)
        });
        let outcome = outcome.and_then(|()| {
            if !begun {
                put(&from_line(item, false))?;
            }
            quoter.finish(&mut put)?;
            let line_end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
            if last[1] != b'\n' && rendered.size() > 0 {
                put(line_end)?;
            }
            put(line_end)
        });
        match (refusal, outcome) {
            (Some(error), _) => Err(refused(error)),
            (None, outcome) => outcome.map_err(|error| Error::from(error).non_fatal()),
        }
    }

    fn add(&mut self, path: &str, grown: usize) -> Result<()> {
        #[cfg(not(target_family = "wasm"))]
        if self.files.container.home().is_some() {
            let settled = self.growing.settle(grown)?;
            if let Some(adopted) = self.files.container.adopt(path, &settled) {
                return adopted.map(drop);
            }
        }
        let content = self.growing.take(grown)?;
        let renderer = Renderer::new(super::Eol::Keep, self.files.options.checksums, self.files.container.zip_level());
        let rendered = renderer.render_octets(content)?;
        self.files.container.entry(Entry::file(path, None), &rendered).map(drop)
    }
}

/// Whether the first line of a message ends in CRLF.
fn is_crlf(octets: &[u8]) -> bool {
    memchr::memchr(b'\n', octets).and_then(|at| octets.get(at.checked_sub(1)?)) == Some(&b'\r')
}

impl ItemWriter for MboxWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer().with_state(self.files.options.mbox.state).uncompressed()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for folder in self.files.folders(item) {
            let path = if item.message().is_some() {
                let (grown, path) = self.mbox(&folder.path);
                self.append(grown, item, &rendered)?;
                path
            } else {
                self.files.beside_mail(item, name, &folder, &rendered)?
            };
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        if !folder.path.names().is_empty() {
            self.mbox(&folder.path);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        for folder in std::mem::take(&mut self.order) {
            if let Some(Mbox { path, grown, .. }) = self.boxes.remove(&folder) {
                self.add(&path, grown)?;
            }
        }
        self.files.finish()
    }
}
