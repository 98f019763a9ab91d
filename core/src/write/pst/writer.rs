//! Items into stores: mail into a PST, or several, and what is no mail beside it.

use super::{
    super::{
        ItemName, ItemWriter, Lost, Product, Rendered, Renderer, WriteOptions, Written,
        container::{Beside, Container, Entry},
        files::Files,
        growing::{Growing, refused},
        product::Tell,
    },
    FolderId, Layout, PstWriter,
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{AttachmentBody, MapiMessage, PropertyBag, PropertyValue},
    model::{Folder, FolderPath, Item, Role},
    source::Content,
};
use std::{
    collections::{HashMap, HashSet},
    io::{self, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// Levels of folders: programs that import stores take fewer than 300.
const LEVELS: usize = 250;
/// Octets that a store of many items has besides its messages: templates, and its index.
const FIXED: u64 = 1 << 20;
/// Octets of a row, of a folder, and of the index, that are reckoned with.
const A_ROW: u64 = 1200;
const A_FOLDER: u64 = 4096;

/// Writes mail into a store, or into several that are each complete, where they are to be [split](WriteOptions::zip_split).
pub(in crate::write) struct StoreWriter {
    files: Files,
    /// The name of the store without what it ends in.
    name: String,
    open: Option<Open>,
    /// How many stores were begun.
    number: u32,
    /// All folders, in the order in which they were met.
    tree: Vec<Folder>,
    known: HashSet<Folder>,
    /// The names of the stores that were begun.
    stores: Vec<String>,
    owner: Owner,
}

/// Whose mailbox it is, by the fields that a server adds where it delivers.
#[derive(Debug, Default)]
struct Owner {
    messages: u64,
    /// How many of them tell to whom they were delivered, and to whom; nobody once there are two.
    telling: u64,
    address: Option<String>,
    several: bool,
}

/// The part of all messages that must tell it: what was sent does not.
const A_THIRD: u64 = 3;

impl Owner {
    fn note(&mut self, item: &Item) {
        self.messages += 1;
        let Some(Ok(header)) = item.message().map(crate::model::Message::header) else { return };
        let mut tells = false;
        for field in header.all("Delivered-To") {
            let addresses = crate::mime::addresses(field.value());
            for mailbox in addresses.iter().flat_map(|address| address.mailboxes()) {
                let address = mailbox.address.to_lowercase();
                tells = true;
                self.several |= self.address.as_ref().is_some_and(|known| *known != address);
                self.address = Some(address).filter(|_| !self.several);
            }
        }
        self.telling += u64::from(tells);
    }

    fn address(&self) -> &str {
        let is_told = self.telling * A_THIRD >= self.messages;
        self.address.as_deref().filter(|_| is_told && !self.several).unwrap_or_default()
    }
}

/// A store that is being written.
struct Open {
    path: String,
    pst: PstWriter<Output>,
    refusal: Refusal,
    #[cfg(not(target_family = "wasm"))]
    place: Place,
    folders: HashMap<FolderPath, FolderId>,
    /// Names that are taken, in lower case, under the folder that they stand in.
    names: HashSet<(FolderPath, String)>,
    has_trash: bool,
    items: u64,
}

/// Where a store stands until it is complete.
#[cfg(not(target_family = "wasm"))]
struct Place {
    path: std::path::PathBuf,
    /// The folder is removed with it.
    _folder: Option<Arc<tempfile::TempDir>>,
}

impl StoreWriter {
    /// Writes stores of this name into `container`.
    pub(in crate::write) fn new(container: Box<dyn Container>, name: &str, options: WriteOptions) -> Self {
        Self {
            files: Files::new(container, options),
            name: name.to_owned(),
            open: None,
            number: 0,
            tree: Vec::new(),
            known: HashSet::new(),
            stores: Vec::new(),
            owner: Owner::default(),
        }
    }

    /// How large a store may be.
    fn limit(&self) -> Option<u64> {
        let options = &self.files.options;
        options.zip_split.into_iter().chain(options.store_limit).min()
    }

    /// Begins a store, with all folders that are known.
    fn begin(&mut self) -> Result<()> {
        self.number += 1;
        let path = match self.files.options.zip_split.is_some() || self.number > 1 {
            true => format!("{}.part{:03}.pst", self.name, self.number),
            false => format!("{}.pst", self.name),
        };
        let first = path.clone();
        let mut beside = 1;
        let path = self.files.free(|_| {
            beside += 1;
            match beside {
                2 => first.clone(),
                number => format!("{} ({}).pst", first.trim_end_matches(".pst"), number - 1),
            }
        });
        #[cfg(not(target_family = "wasm"))]
        let mut spill = Growing::within(self.files.container.home());
        #[cfg(target_family = "wasm")]
        let spill = Growing::default();
        let refusal = Refusal::default();
        #[cfg(not(target_family = "wasm"))]
        let (out, place) = {
            let id = spill.begin();
            let at = spill.place(id)?;
            let file = spill.create(id)?;
            (file, Place { path: at, _folder: spill.keep() })
        };
        #[cfg(target_family = "wasm")]
        let out = io::Cursor::new(Vec::new());
        let out = Output { out, refusal: refusal.clone() };
        let pst = PstWriter::spilling(out, Layout::Unicode, self.files.options.pst_scrambling, spill);
        let pst = pst.map_err(|error| refusal.or(error))?.named(&self.name).completing();
        let mut open = Open {
            path,
            pst,
            refusal,
            #[cfg(not(target_family = "wasm"))]
            place,
            folders: HashMap::new(),
            names: HashSet::new(),
            has_trash: false,
            items: 0,
        };
        for folder in &self.tree {
            open.folder(folder);
        }
        self.stores.push(open.path.clone());
        self.open = Some(open);
        Ok(())
    }

    /// Fills in what files that go with the items say of the stores.
    fn fill_documents(&mut self) {
        if self.files.container.store() == Some(Beside::Nothing) {
            // They have no place.
            self.files.options.documents.clear();
        }
        for (_, text) in &mut self.files.options.documents {
            if !text.contains("{store}") {
                continue;
            }
            let mut filled = String::new();
            for line in text.split_inclusive('\n') {
                match line.contains("{store}") {
                    true => self.stores.iter().for_each(|store| filled.push_str(&line.replace("{store}", store))),
                    false => filled.push_str(line),
                }
            }
            *text = filled.replace("{mailbox}", self.owner.address());
        }
    }

    fn keep_folder(&mut self, folder: &Folder) {
        if self.known.insert(folder.clone()) {
            self.tree.push(folder.clone());
        }
        if let Some(open) = &mut self.open {
            open.folder(folder);
        }
    }

    /// Adds a message, and gives the path of its store.
    fn add(&mut self, folder: &Folder, rendered: &Rendered) -> Result<String> {
        let full = |open: &Open, split: u64| {
            let tables = open.items * A_ROW + open.folders.len() as u64 * A_FOLDER + open.pst.size() / 256;
            let message = rendered.object().map_or(0, |object| reckoned(object, 0));
            open.items > 0 && open.pst.size() + tables + FIXED + message > split
        };
        let limit = self.limit();
        let is_full = |open: &Open| {
            let id = open.folders.get(&folder.path);
            limit.is_some_and(|limit| full(open, limit)) || id.is_some_and(|id| open.pst.is_full(*id))
        };
        if self.open.as_ref().is_some_and(is_full) {
            let Self { files, open, .. } = self;
            files.telling_later(|files, tell| close(open, files, tell))?;
        }
        if self.open.is_none() {
            self.begin()?;
        }
        self.keep_folder(folder);
        let lost = || Error::new(ErrorKind::Destination, "a store was lost");
        let open = self.open.as_mut().ok_or_else(lost)?;
        let object = rendered.object().ok_or_else(lost)?;
        let id = open.folder(folder);
        match (rendered.sha256(), rendered.xxh3()) {
            (Some(sha256), _) => open.pst.identify(sha256),
            (None, xxh3) => open.pst.identify(&xxh3.unwrap_or_default().to_le_bytes()),
        }
        open.pst.add_message(id, object).map_err(|error| match open.refusal.take() {
            Some(refusal) => refusal,
            None if error.kind() == ErrorKind::Destination => error,
            None => error.non_fatal(),
        })?;
        open.items += 1;
        Ok(open.path.clone())
    }
}

/// About how many octets a message takes in a store, and rather more.
fn reckoned(message: &MapiMessage, depth: usize) -> u64 {
    let of_bag = |bag: &PropertyBag| -> u64 {
        let of_value = |value: &PropertyValue| value.octets().map_or(8, crate::mapi::Octets::len);
        bag.iter().flat_map(|(_, value)| value.values()).map(|value| of_value(value) + 32).sum()
    };
    let mut octets = of_bag(&message.properties) + A_ROW;
    octets += message.recipients.iter().map(|row| 2 * of_bag(row)).sum::<u64>();
    for attachment in (0..message.attachments.len()).filter_map(|index| message.attachments.open(index).ok()) {
        octets += of_bag(&attachment.properties) + A_ROW;
        octets += match &attachment.body {
            AttachmentBody::Data(content) | AttachmentBody::Ole(content) => content.len(),
            AttachmentBody::Message(embedded) if depth < LEVELS => {
                embedded.open().map_or(0, |embedded| reckoned(&embedded, depth + 1))
            }
            _ => 0,
        };
    }
    // The trailers of blocks, and what rounds them up.
    octets + octets / 128 + 4096
}

/// Completes the store that is open, and gives it its place.
fn close(open: &mut Option<Open>, files: &mut Files, tell: &mut Tell<'_>) -> Result<()> {
    let Some(store) = open.take() else { return Ok(()) };
    let path = store.path.clone();
    let refusal = store.refusal.clone();
    let closed = put(store, files, tell).map_err(|error| refusal.or(error));
    if let Err(error) = &closed {
        files.lose(path, error);
    }
    closed
}

fn put(open: Open, files: &mut Files, tell: &mut Tell<'_>) -> Result<()> {
    let mut out = open.pst.finish()?.out;
    let end = out.stream_position()?;
    #[cfg(not(target_family = "wasm"))]
    let content = {
        // What was taken back may lie behind the end.
        out.set_len(end).map_err(refused)?;
        drop(out);
        Content::from(Arc::new(crate::source::FileSource::open(&open.place.path)?) as crate::source::Source)
    };
    #[cfg(target_family = "wasm")]
    let content = {
        let mut octets = std::mem::take(out.get_mut());
        octets.truncate(usize::try_from(end).unwrap_or(usize::MAX));
        Content::from(octets)
    };
    let rendered = files.plain_renderer().render_octets(content)?;
    #[cfg(not(target_family = "wasm"))]
    if let Some(path) = files.container.standing(&open.path) {
        let digests = (rendered.sha256().copied(), rendered.xxh3());
        tell(Product::collection(path, rendered.size(), digests))?;
        // Windows moves no file that is open.
        drop(rendered);
        files.container.secure()?;
        return match files.container.adopt(&open.path, &open.place.path) {
            Some(adopted) => adopted.map(drop),
            None => Err(Error::new(ErrorKind::Destination, "the store cannot be moved to its place")),
        };
    }
    files.add(Entry::file(&open.path, None), &rendered, tell)
}

impl Open {
    /// The folder of the store for this one, made with those around it where it is new.
    fn folder(&mut self, folder: &Folder) -> FolderId {
        let names = folder.path.names();
        let names: Vec<String> = match names.split_at_checked(LEVELS) {
            Some((first, rest)) if !rest.is_empty() => first.iter().cloned().chain([rest.join("/")]).collect(),
            _ if names.is_empty() => vec!["Items".to_owned()],
            _ => names.to_vec(),
        };
        let mut id = PstWriter::<Output>::MAILBOX;
        let mut around = FolderPath::default();
        for depth in 1..=names.len() {
            let path = FolderPath::new(names.iter().take(depth).cloned());
            id = match self.folders.get(&path) {
                Some(id) => *id,
                None => {
                    let name = names.get(depth - 1).map(String::as_str).unwrap_or_default();
                    let role = folder.role.filter(|_| depth == names.len());
                    let id = self.add_folder(id, &around, name, depth, role);
                    self.folders.insert(path.clone(), id);
                    id
                }
            };
            around = path;
        }
        if let Some(role) = folder.role {
            self.pst.designate(id, role);
        }
        id
    }

    fn add_folder(
        &mut self,
        parent: FolderId,
        around: &FolderPath,
        name: &str,
        depth: usize,
        role: Option<Role>,
    ) -> FolderId {
        let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect();
        let clean = if clean.trim().is_empty() { "Folder" } else { clean.trim() };
        let is_trash = role == Some(Role::Trash) || clean.eq_ignore_ascii_case("Deleted Items");
        let deleted = PstWriter::<Output>::DELETED_ITEMS;
        // Every store has one folder of deleted items already.
        let takes_its_place = depth == 1 && is_trash && !self.has_trash;
        if depth == 1 && !self.has_trash && !takes_its_place {
            self.names.insert((around.clone(), "deleted items".to_owned()));
        }
        let mut unique = clean.to_owned();
        for number in 2.. {
            let taken = (around.clone(), unique.to_lowercase());
            let is_its_own = takes_its_place && unique.eq_ignore_ascii_case("Deleted Items");
            if self.names.insert(taken) || is_its_own {
                break;
            }
            unique = format!("{clean} ({number})");
        }
        if takes_its_place {
            self.has_trash = true;
            if !unique.eq_ignore_ascii_case("Deleted Items") {
                self.names.remove(&(around.clone(), "deleted items".to_owned()));
            }
            self.pst.rename(deleted, &unique, "IPF.Note");
            return deleted;
        }
        self.pst.add_folder(parent, &unique, "IPF.Note")
    }
}

impl ItemWriter for StoreWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer().uncompressed().with_objects()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for folder in self.files.folders(item) {
            let path = if item.message().is_some() {
                self.owner.note(item);
                let path = self.add(&folder, &rendered)?;
                self.files.container.standing(&path).unwrap_or(path)
            } else if self.files.container.store() == Some(Beside::Nothing) {
                let message = "a store of Outlook alone takes mail only: write it into a ZIP archive, which has room for the rest beside it";
                return Err(Error::new(ErrorKind::Unsupported, message).non_fatal());
            } else {
                let path = self.files.beside_mail(item, name, &folder, &rendered)?;
                match self.files.is_collected(item) {
                    true => self.files.container.standing(&path).unwrap_or(path),
                    false => path,
                }
            };
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        if !folder.path.names().is_empty() {
            self.keep_folder(folder);
        }
        Ok(())
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        let mut lost = self.files.take_lost();
        for lost in &mut lost {
            // As the lines of its items have it: beside the store.
            if let Lost::File { path, .. } = lost
                && let Some(standing) = self.files.container.standing(path)
            {
                *path = standing;
            }
        }
        lost
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        if self.number == 0 && (!self.tree.is_empty() || self.files.container.store().is_some()) {
            self.begin()?;
        }
        close(&mut self.open, &mut self.files, tell)?;
        self.fill_documents();
        self.files.finish_beside(tell)
    }
}

/// What a store is written to: it remembers that it was refused, so that the fault is not taken for that of a source.
struct Output {
    #[cfg(not(target_family = "wasm"))]
    out: crate::disk::File,
    #[cfg(target_family = "wasm")]
    out: io::Cursor<Vec<u8>>,
    refusal: Refusal,
}

#[derive(Clone, Default)]
struct Refusal(Arc<Mutex<Option<io::Error>>>);

impl Refusal {
    fn note(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        kind.into()
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(refused)
    }

    /// Why it was refused, or else this.
    fn or(&self, error: Error) -> Error {
        self.take().unwrap_or(error)
    }
}

impl Write for Output {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.out.write(octets).map_err(|error| self.refusal.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|error| self.refusal.note(error))
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to).map_err(|error| self.refusal.note(error))
    }
}
