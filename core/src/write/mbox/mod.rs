//! MBOX files: a folder's messages one after the other, each after its From_ line (RFC 4155).

mod from_line;
mod quoting;
mod state;
mod tree;

pub use state::StateFields;
pub use tree::MboxTree;

use super::{
    ItemName, ItemWriter, Lost, Product, Rendered, Renderer, WriteOptions, Written,
    container::{Container, Entry},
    files::Files,
    growing::{Growing, refused},
    product::Tell,
    render::Digests,
};
use crate::{
    error::{Error, ErrorKind, Result},
    model::{Folder, FolderPath, Item, MboxQuoting},
    word::words,
};
use from_line::from_line;
use quoting::Quoter;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
};

/// How mail is put into mbox files.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MboxOptions {
    /// How body lines are distinguished from From_ lines.
    pub quoting: Quoting,
    /// Where the mbox of a folder is.
    pub tree: MboxTree,
    /// The header fields with the state of a message, added where it has none.
    pub state: StateFields,
    /// The lines before each message.
    pub from_lines: FromLines,
}

impl Default for MboxOptions {
    fn default() -> Self {
        Self {
            quoting: Quoting::default(),
            tree: MboxTree::default(),
            state: StateFields::Unix,
            from_lines: FromLines::default(),
        }
    }
}

words! {
    /// The line before each message.
    #[derive(Default)]
    pub enum FromLines: "a way to make From_ lines" {
        /// As the source has it, where it is an mbox.
        #[default]
        Keep = "keep",
        /// One of a sender without spaces and a date in UTC, as RFC 4155 has it: every reader takes it.
        Made = "made",
    }
}

words! {
    /// How a line of a message that starts with `From ` is kept from being taken for a From_ line.
    #[derive(Default)]
    pub enum Quoting: "a way to quote From_ lines" {
        /// Every `^>*From ` gets one more `>`, which can be taken back.
        #[default]
        Mboxrd = "mboxrd",
        /// Only `^From ` gets a `>`.
        Mboxo = "mboxo",
    }
}

/// Writes an mbox a folder; calendar objects and cards go to `calendars`, `tasks`, `journals` and `contacts`.
pub(super) struct MboxWriter {
    files: Files,
    growing: Growing,
    /// The mbox of every folder.
    boxes: HashMap<FolderPath, Mbox>,
    /// In the order in which they were met.
    order: Vec<FolderPath>,
    /// Folders that are kept even if no message is in them.
    kept: Vec<FolderPath>,
    /// Folders of calendar objects and cards: what is a calendar or an address book is no mailbox.
    others: HashSet<FolderPath>,
}

/// A mailbox that is complete and has not its name yet.
struct Settled {
    path: String,
    #[cfg(not(target_family = "wasm"))]
    file: std::path::PathBuf,
}

struct Mbox {
    path: String,
    /// The names of the folder in which mailboxes below stand.
    below: FolderPath,
    grown: usize,
    /// Of what was written to it, where its file is moved to its place and not read again.
    digests: Option<Digests>,
}

impl MboxWriter {
    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        #[cfg(not(target_family = "wasm"))]
        let growing = Growing::within(container.home());
        #[cfg(target_family = "wasm")]
        let growing = Growing::default();
        Self {
            files: Files::new(container, options),
            growing,
            boxes: HashMap::new(),
            order: Vec::new(),
            kept: Vec::new(),
            others: HashSet::new(),
        }
    }

    /// Begins the mbox of `folder` and those around it, and gives the folder that it is known by.
    fn mbox(&mut self, folder: &FolderPath) -> FolderPath {
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
            let mut place = None;
            let file = self.files.free(|files| {
                let next = tree.place(&mut files.paths, &below, name);
                place.insert(next).file.clone()
            });
            let Some(place) = place else { continue };
            below = place.below.clone();
            let grown = self.growing.begin();
            let digests = self.is_standing().then(|| self.files.plain_renderer().digests());
            self.boxes.insert(path.clone(), Mbox { path: file, below: place.below, grown, digests });
            self.order.push(path);
        }
        if names.is_empty() { root } else { folder.clone() }
    }

    /// Whether mailboxes are moved to their places, and not copied.
    fn is_standing(&self) -> bool {
        self.files.container.standing("").is_some()
    }

    /// Adds a message to the mbox of `folder` and gives its path.
    fn append(&mut self, folder: &FolderPath, item: &Item, rendered: &Rendered) -> Result<String> {
        let folder = self.mbox(folder);
        let lost = || Error::new(ErrorKind::Destination, "a mailbox was lost");
        let Self { files, growing, boxes, .. } = self;
        let mbox = boxes.get_mut(&folder).ok_or_else(lost)?;
        let (start, before) = (growing.len(mbox.grown), mbox.digests.clone());
        let appended = append_message(files.options.mbox, growing, mbox, item, rendered);
        if appended.is_err() {
            growing.truncate(mbox.grown, start).map_err(refused)?;
            mbox.digests = before;
        }
        appended.map(|()| mbox.path.clone())
    }

    /// Adds a mailbox that is complete, or tells of it and puts it to those that are `settled`, to be moved to their places.
    fn add(&mut self, mbox: Mbox, tell: &mut Tell<'_>, settled: &mut VecDeque<Settled>) -> Result<()> {
        let Mbox { path, grown, digests, .. } = mbox;
        #[cfg(not(target_family = "wasm"))]
        if let Some(digests) = digests {
            let size = self.growing.len(grown);
            let file = self.growing.settle(grown)?;
            tell(Product::collection(path.clone(), size, digests.finish()))?;
            settled.push_back(Settled { path, file });
            return Ok(());
        }
        #[cfg(target_family = "wasm")]
        let _none_stands = settled;
        #[cfg(target_family = "wasm")]
        let _nothing_stands = digests;
        let content = self.growing.take(grown)?;
        let rendered = self.files.plain_renderer().render_octets(content)?;
        self.files.add(Entry::file(&path, None), &rendered, tell)
    }

    /// Moves mailboxes to their places, when all that tells of them outlasts a loss of power.
    #[cfg(not(target_family = "wasm"))]
    fn move_settled(&mut self, settled: &mut VecDeque<Settled>) -> Result<()> {
        if !settled.is_empty() {
            self.files.container.secure()?;
        }
        while let Some(Settled { path, file }) = settled.front() {
            let cannot = || {
                Error::new(ErrorKind::Destination, "the mailbox cannot be moved to its place").in_file(path.as_str())
            };
            self.files.container.adopt(path, file).unwrap_or_else(|| Err(cannot()))?;
            settled.pop_front();
        }
        Ok(())
    }
}

fn append_message(
    MboxOptions { quoting, from_lines, .. }: MboxOptions,
    growing: &mut Growing,
    mbox: &mut Mbox,
    item: &Item,
    rendered: &Rendered,
) -> Result<()> {
    let mut quoter = Quoter::new(match quoting {
        Quoting::Mboxrd => MboxQuoting::Mboxrd,
        Quoting::Mboxo => MboxQuoting::Mboxo,
    });
    let Mbox { grown, digests, .. } = mbox;
    let mut refusal = None;
    let mut begun = false;
    let mut put = |octets: &[u8]| {
        if let Some(digests) = digests {
            digests.update(octets);
        }
        growing.append(*grown, octets).map_err(|error| {
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
            put(&from_line(item, from_lines, crlf))?;
        }
        for octet in chunk.iter().rev().take(2).rev() {
            last = [last[1], *octet];
        }
        quoter.quote(chunk, &mut put)
    });
    let outcome = outcome.and_then(|()| {
        if !begun {
            put(&from_line(item, from_lines, false))?;
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
                self.append(&folder.path, item, &rendered)?
            } else {
                self.others.insert(folder.path.clone());
                self.files.beside_mail(item, name, &folder, &rendered)?
            };
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        // What imports labels wants mail: an empty mailbox is nothing to it.
        if !folder.path.names().is_empty() && self.files.options.mbox.state != StateFields::Gmail {
            self.kept.push(folder.path.clone());
        }
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

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        for folder in std::mem::take(&mut self.kept) {
            if !self.others.contains(&folder) {
                self.mbox(&folder);
            }
        }
        let mut settled = VecDeque::new();
        let mut at_hand = None;
        let mut added = Ok(());
        for folder in std::mem::take(&mut self.order) {
            let Some(mbox) = self.boxes.remove(&folder) else { continue };
            at_hand = Some(mbox.path.clone());
            added = self.add(mbox, tell, &mut settled);
            if added.is_err() {
                break;
            }
            at_hand = None;
        }
        #[cfg(not(target_family = "wasm"))]
        {
            // What is complete is worth having, whatever became of the rest.
            let moved = self.move_settled(&mut settled);
            added = added.and(moved);
        }
        if let Err(error) = added {
            let others = std::mem::take(&mut self.boxes).into_values().map(|mbox| mbox.path);
            let unmoved = settled.into_iter().map(|settled| settled.path);
            let lost: Vec<_> = unmoved.chain(at_hand).chain(others).collect();
            lost.into_iter().for_each(|path| self.files.lose(path, &error));
            // What is kept for the time being takes room that the log may need.
            self.growing = Growing::default();
            return Err(error);
        }
        self.files.finish(tell)
    }
}
