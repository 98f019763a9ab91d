use super::super::growing::{Growing, refused};
use super::{
    columns::{
        associated_columns, attachment_columns, contents_columns, hierarchy_columns, later_templates, outgoing_columns,
        receive_columns, recipient_columns, search_columns,
    },
    context::{Table, Written},
    file::{File, Mark},
    message::{Shared, contents_row, next},
    names::Names,
    spill::{Records, row_octets},
    value::as_text_of,
    whole::{Whole, complete_row, text_of},
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, MapiMessage, PropertyBag, PropertyType, PropertyValue, pid},
    model::Role,
    pst::{Variant, encoding::Encoding, nid},
    write::Scrambling,
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io::{Seek, Write},
};

/// The layouts of a PST ([MS-PST] 2.2.2.6, wVer).
///
/// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Of Outlook 97 to 2002: up to 2 GB, text in a code page.
    Ansi,
    /// Of Outlook 2003 and later.
    Unicode,
    /// Of OST files of Outlook 2013 and later.
    Unicode4k,
}

/// A folder of a PST that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderId(u32);

/// Folders that every store has.
const ROOT: u32 = nid::ROOT_FOLDER;
const MAILBOX: u32 = 0x8022;
const SEARCH_ROOT: u32 = 0x8042;
const DELETED_ITEMS: u32 = 0x8062;
/// The search folder that every store of Outlook has, and the nodes that belong to it ([MS-PST] 2.4.8.6).
const SPAM_SEARCH: u32 = 0x2223;
const SPAM_SEARCH_QUEUE: u32 = 0x2226;
const SPAM_SEARCH_CRITERIA: u32 = 0x2227;
const SPAM_SEARCH_CONTENTS: u32 = 0x2230;

/// Characters of a name of a folder: the tables have no more.
const FOLDER_NAME: usize = 255;

/// Octets of the rows of a folder.
const MOST_ROWS: u64 = 384 << 20;

/// Nodes whose octets are the same in all new files of Outlook; what they are for is not published.
const SEARCH_STATE: [(u32, &[u8]); 2] = [
    (0xC01, b"\x18\0\xec\x9c\x20\0\0\0\0\0\0\0\x40\0\0\0\xb5\x10\x04\0\0\0\0\0\x02\0\0\0\x0c\0\x10\0\x18\0"),
    (
        0xE01,
        b"\x4c\0\xec\xcc\x20\0\0\0\0\0\0\0\x40\0\0\0\x01\0\0\0\x04\0\x20\0\0\0\0\0\x03\0\0\0\0\0\0\0\x0f\0\0\0\0\0\0\0\
          \xd9\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xb5\x04\x04\0\0\0\0\0\x02\0\0\0\x0c\0\x44\0\x4c\0",
    ),
];
/// Nodes that are empty in a new file.
const EMPTY_NODES: [u32; 7] = [0x1E1, 0x261, 0x281, 0xE41, 0xEC1, 0xEE1, 0xF21];
/// The search folders that are kept up to date.
const SEARCH_ACTIVITY: u32 = 0x201;

struct FolderInMaking {
    nid: u32,
    parent: u32,
    name: String,
    class: String,
    /// Where the rows of its messages wait, and how many there are, read and unread.
    rows: usize,
    messages: u32,
    unread: u32,
    associated: Vec<(u32, PropertyBag)>,
}

/// Writes a PST. Messages and attachments go out as they come; rows of folders and entries of the index wait on disk, in memory where
/// there is none.
///
/// It is a store with all tables and nodes that readers ask for; [completing](Self::completing), it is as whole as one of Outlook.
pub struct PstWriter<W> {
    file: File<W>,
    folders: Vec<FolderInMaking>,
    /// The places of folders by their nodes.
    places: HashMap<u32, usize>,
    shared: Shared,
    next_associated: u32,
    next_folder: u32,
    name: String,
    /// Of all that is written: the key of the store.
    key: Sha256,
    roles: Vec<(Role, u32)>,
    /// Whether it has what a store of Outlook has beside folders and messages.
    is_whole: bool,
}

impl<W: Write + Seek> PstWriter<W> {
    /// The mailbox as a mail client shows it: the folder that new ones belong in.
    pub const MAILBOX: FolderId = FolderId(MAILBOX);
    /// The folder of deleted items, which every store has.
    pub const DELETED_ITEMS: FolderId = FolderId(DELETED_ITEMS);

    /// Starts a PST at the start of `out`.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn new(out: W, layout: Layout, scrambling: Scrambling) -> Result<Self> {
        Self::spilling(out, layout, scrambling, Growing::default())
    }

    /// The same; what waits for the end is in `spill`.
    pub(in crate::write) fn spilling(out: W, layout: Layout, scrambling: Scrambling, spill: Growing) -> Result<Self> {
        let variant = match layout {
            Layout::Ansi => Variant::Ansi,
            Layout::Unicode => Variant::Unicode,
            Layout::Unicode4k => Variant::Unicode4k,
        };
        let encoding = match scrambling {
            Scrambling::None => Encoding::Plain,
            Scrambling::Permute => Encoding::Permute,
            Scrambling::Cyclic => Encoding::Cyclic,
        };
        let shared = Shared { names: Names::default(), messages: 0x1_0001, attachments: 0x401, whole: None };
        let mut writer = Self {
            file: File::new(out, variant, encoding, spill)?,
            folders: Vec::new(),
            places: HashMap::new(),
            shared,
            next_associated: 0x8001,
            next_folder: 0x404,
            name: "Outlook Data File".to_owned(),
            key: Sha256::new(),
            roles: Vec::new(),
            is_whole: false,
        };
        for (nid, parent, name) in [
            (ROOT, ROOT, ""),
            (MAILBOX, ROOT, "Top of Outlook data file"),
            (SEARCH_ROOT, ROOT, "Search Root"),
            (DELETED_ITEMS, MAILBOX, "Deleted Items"),
        ] {
            writer.push_folder(nid, parent, name, "");
        }
        Ok(writer)
    }

    /// The same writer, whose store is as whole as one of Outlook: with its search folder, and with what Outlook gives messages and they
    /// lack: sizes, flags, times, search keys, entry identifiers and names of recipients. Without it messages are written as they are,
    /// as other programs leave them and as readers have to be tested with.
    #[must_use]
    pub fn completing(mut self) -> Self {
        self.shared.whole = Some(Whole { seed: [0; 16] });
        self.is_whole = true;
        self
    }

    /// The same writer with a name for the store.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn push_folder(&mut self, nid: u32, parent: u32, name: &str, class: &str) {
        let (name, class) = (name.chars().take(FOLDER_NAME / 2).collect(), class.to_owned());
        let rows = self.file.spill.begin();
        self.places.insert(nid, self.folders.len());
        self.folders.push(FolderInMaking {
            nid,
            parent,
            name,
            class,
            rows,
            messages: 0,
            unread: 0,
            associated: Vec::new(),
        });
    }

    /// Adds a folder to `parent`; `class` is its container class, such as `IPF.Note` ([MS-OXOSFLD] 2.2.5).
    ///
    /// [MS-OXOSFLD]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxosfld/
    pub fn add_folder(&mut self, parent: FolderId, name: &str, class: &str) -> FolderId {
        let nid = self.next_folder << 5 | nid::NORMAL_FOLDER;
        self.next_folder += 1;
        self.push_folder(nid, parent.0, name, class);
        FolderId(nid)
    }

    /// Gives a folder that is there another name and class.
    pub fn rename(&mut self, folder: FolderId, name: &str, class: &str) {
        if let Some(folder) = self.folder(folder) {
            folder.name = name.chars().take(FOLDER_NAME / 2).collect();
            class.clone_into(&mut folder.class);
        }
    }

    /// Says what a folder is for, as Outlook knows it ([MS-OXOSFLD] 2.2): the first folder of a role has it.
    ///
    /// [MS-OXOSFLD]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxosfld/
    pub fn designate(&mut self, folder: FolderId, role: Role) {
        if self.role(role).is_none() {
            self.roles.push((role, folder.0));
        }
    }

    /// The folder of a role.
    fn role(&self, role: Role) -> Option<u32> {
        self.roles.iter().find(|(known, _)| *known == role).map(|(_, nid)| *nid)
    }

    /// Tells of what comes next by its octets or their digest: the keys of the store and of messages are made of it, so that the same
    /// input gives the same file, and another one another.
    pub fn identify(&mut self, octets: &[u8]) {
        self.key.update(octets);
        if let Some(whole) = &mut self.shared.whole {
            let digest: [u8; 32] = Sha256::digest(octets).into();
            whole.seed = digest.first_chunk().copied().unwrap_or_default();
        }
    }

    /// How many octets the file has so far, without its tables and its index.
    pub fn size(&self) -> u64 {
        self.file.len()
    }

    /// Whether a folder has as many messages as its table can hold: their texts lie in a heap of 65,536 blocks ([MS-PST] 2.3.1.1).
    pub(in crate::write) fn is_full(&self, folder: FolderId) -> bool {
        let rows = self.places.get(&folder.0).and_then(|place| self.folders.get(*place)).map(|folder| folder.rows);
        rows.is_some_and(|rows| self.file.spill.len(rows) > MOST_ROWS)
    }

    /// Writes a message into a folder, and gives its node. Where it fails, nothing of it is left.
    ///
    /// # Errors
    /// [`Limit`](ErrorKind::Limit) for what a PST cannot hold, and what the message's content or the output says.
    pub fn add_message(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = self.shared.next_message()?;
        let written = self.write_message(folder, nid, message)?;
        let columns = contents_columns(self.file.variant);
        let mut row = contents_row(&columns, &written.properties);
        if self.shared.whole.is_some() {
            complete_row(&mut row, &written);
        }
        let row = self.shown(&columns, row, message.code_page);
        let flags = row.integer(pid::MESSAGE_FLAGS).unwrap_or(0);
        let rows = match self.folder(folder) {
            Some(folder) => {
                folder.messages += 1;
                folder.unread += u32::from(flags & 1 == 0);
                folder.rows
            }
            None => return Err(lost_folder()),
        };
        self.file.spill.append(rows, &row_octets(nid, &row)).map_err(refused)?;
        Ok(nid)
    }

    /// A row whose texts are as the table has them.
    #[expect(clippy::unused_self, reason = "the encoding of text is that of the store")]
    fn shown(&self, columns: &[(u16, PropertyType)], row: PropertyBag, code_page: CodePage) -> PropertyBag {
        let mut shown = PropertyBag::default();
        for (id, value) in row.iter() {
            let kind = columns.iter().find(|(column, _)| *column == id).map(|(_, kind)| *kind);
            if let Some(kind) = kind {
                shown.insert(id, as_text_of(kind, value, code_page).into_owned());
            }
        }
        shown
    }

    /// Writes a hidden message that is associated with a folder, and gives its node.
    ///
    /// # Errors
    /// As [`PstWriter::add_message`].
    pub fn add_associated(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = next(&mut self.next_associated)? << 5 | nid::ASSOCIATED_MESSAGE;
        let written = self.write_message(folder, nid, message)?;
        let row = match self.shared.whole {
            Some(_) => contents_row(&associated_columns(self.file.variant), &written.properties),
            None => PropertyBag::default(),
        };
        if let Some(folder) = self.folder(folder) {
            folder.associated.push((nid, row));
        }
        Ok(nid)
    }

    /// Writes a message that belongs to a folder but is in no table, as a crash leaves it, and gives its node.
    ///
    /// # Errors
    /// As [`PstWriter::add_message`].
    pub fn add_orphan(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = self.shared.next_message()?;
        self.write_message(folder, nid, message)?;
        Ok(nid)
    }

    /// Writes a message, and gives it as it was written.
    fn write_message(&mut self, folder: FolderId, nid: u32, message: &MapiMessage) -> Result<MapiMessage> {
        if self.folder(folder).is_none() {
            return Err(lost_folder());
        }
        let mark: Mark = self.file.set_mark();
        let mut message = message.clone();
        match self.file.message(nid, &mut message, &mut self.shared, 0) {
            Ok(written) => {
                self.file.release();
                self.key.update(written.size.to_le_bytes());
                self.file.node(nid, written.data, written.subnodes, folder.0)?;
                Ok(message)
            }
            Err(error) => {
                self.file.take_back(mark)?;
                Err(error)
            }
        }
    }

    fn folder(&mut self, id: FolderId) -> Option<&mut FolderInMaking> {
        let place = self.places.get(&id.0)?;
        self.folders.get_mut(*place)
    }

    /// Writes the folders, the store and the index, and gives back the output at the end of the store: what lies behind that was taken
    /// back.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> Result<W> {
        let folders = std::mem::take(&mut self.folders);
        self.write_store(&folders)?;
        let map = std::mem::take(&mut self.shared.names).properties();
        let written = self.file.properties(&map, None, Vec::new())?;
        self.node(nid::NAME_TO_ID_MAP, written, 0)?;
        let mut children: HashMap<u32, Vec<&FolderInMaking>> = HashMap::new();
        for folder in folders.iter().filter(|folder| folder.nid != folder.parent) {
            children.entry(folder.parent).or_default().push(folder);
        }
        for folder in &folders {
            self.write_folder(folder, &children)?;
        }
        match self.is_whole {
            true => self.write_search_folder()?,
            false => self.file.node(SEARCH_ACTIVITY, 0, 0, 0)?,
        }
        self.write_templates()?;
        let last = |next: u32| next.saturating_sub(1);
        let highest = [
            (nid::NORMAL_FOLDER, last(self.next_folder)),
            (nid::NORMAL_MESSAGE, last(self.shared.messages)),
            (nid::ATTACHMENT, last(self.shared.attachments)),
            (nid::ASSOCIATED_MESSAGE, last(self.next_associated)),
            (nid::HIERARCHY_TABLE, last(self.next_folder)),
            (nid::CONTENTS_TABLE, last(self.next_folder)),
            (nid::ASSOCIATED_CONTENTS_TABLE, last(self.next_folder)),
            (nid::LTP, last(self.shared.messages)),
        ];
        self.file.finish(&highest.map(|(kind, last)| (kind as usize, last)))
    }

    fn text(&self, text: &str) -> PropertyValue {
        text_of(self.file.variant, text)
    }

    fn node(&mut self, nid: u32, written: Written, parent: u32) -> Result<()> {
        self.file.node(nid, written.data, written.subnodes, parent)
    }

    /// The key of the store, which entry identifiers repeat: of what is in it.
    fn record_key(&self, folders: &[FolderInMaking]) -> [u8; 16] {
        let mut key = self.key.clone();
        for folder in folders {
            key.update(folder.nid.to_le_bytes());
            key.update(folder.name.as_bytes());
        }
        let digest: [u8; 32] = key.chain_update(self.name.as_bytes()).finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }

    fn write_store(&mut self, folders: &[FolderInMaking]) -> Result<()> {
        let key = self.record_key(folders);
        let entry_id = |nid: u32| PropertyValue::Binary(entry_id_octets(&key, nid).into());
        // IPM subtree, deleted items, search root ([MS-OXCSTOR] 2.2.2.1.1).
        let mut mask = 0x89;
        let version = [&1_u32.to_le_bytes()[..], &key, &1_u32.to_le_bytes()].concat();
        let mut properties = vec![
            (0x0E34, PropertyValue::Binary(version.into())),
            (0x0E38, PropertyValue::Integer32(0)),
            (pid::RECORD_KEY, PropertyValue::Binary(key.to_vec().into())),
            (pid::DISPLAY_NAME, self.text(&self.name)),
            (pid::IPM_SUBTREE_ENTRY_ID, entry_id(MAILBOX)),
            (pid::IPM_WASTEBASKET_ENTRY_ID, entry_id(DELETED_ITEMS)),
            (pid::FINDER_ENTRY_ID, entry_id(SEARCH_ROOT)),
            (0x6633, PropertyValue::Boolean(true)),
            (0x66FA, PropertyValue::Integer32(0x000E_000D)),
            (pid::PST_PASSWORD, PropertyValue::Integer32(0)),
        ];
        if let Some(inbox) = self.role(Role::Inbox) {
            mask |= 0x02;
            properties.push((0x35E1, entry_id(inbox)));
        }
        if let Some(sent) = self.role(Role::Sent) {
            mask |= 0x10;
            properties.push((pid::IPM_SENT_MAIL_ENTRY_ID, entry_id(sent)));
        }
        properties.push((pid::VALID_FOLDER_MASK, PropertyValue::Integer32(mask)));
        let written = self.file.properties(&properties, None, Vec::new())?;
        self.node(nid::MESSAGE_STORE, written, 0)?;
        self.key = Sha256::new().chain_update(key);
        self.shared.whole = Some(Whole { seed: key });
        Ok(())
    }

    fn folder_properties(&self, folder: &FolderInMaking, has_folders: bool) -> Vec<(u16, PropertyValue)> {
        let mut properties = vec![
            (pid::DISPLAY_NAME, self.text(&folder.name)),
            (pid::CONTENT_COUNT, PropertyValue::Integer32(folder.messages as i32)),
            (0x3603, PropertyValue::Integer32(folder.unread as i32)),
            (0x360A, PropertyValue::Boolean(has_folders)),
        ];
        if !folder.class.is_empty() {
            properties.push((pid::CONTAINER_CLASS, self.text(&folder.class)));
        }
        properties
    }

    /// Folders that Outlook finds by what the root and the inbox say ([MS-OXOSFLD] 2.2.3, 2.2.4).
    fn role_properties(&self, folder: &FolderInMaking) -> Vec<(u16, PropertyValue)> {
        let is_asked = folder.nid == ROOT || self.role(Role::Inbox) == Some(folder.nid);
        let Some(Whole { seed: key }) = self.shared.whole.as_ref().filter(|_| is_asked) else { return Vec::new() };
        let entry_id = |role| self.role(role).map(|nid| PropertyValue::Binary(entry_id_octets(key, nid).into()));
        let mut properties = Vec::new();
        properties.extend(entry_id(Role::Drafts).map(|id| (pid::IPM_DRAFTS_ENTRY_ID, id)));
        if let Some(junk) = entry_id(Role::Junk) {
            // Conflicts, and failures of three kinds, come before it.
            let none = || PropertyValue::Binary(Vec::new().into());
            properties.push((
                pid::ADDITIONAL_REN_ENTRY_IDS,
                PropertyValue::Multiple(vec![none(), none(), none(), none(), junk]),
            ));
        }
        properties
    }

    fn write_folder(&mut self, folder: &FolderInMaking, all: &HashMap<u32, Vec<&FolderInMaking>>) -> Result<()> {
        let variant = self.file.variant;
        let children = all.get(&folder.nid).map(Vec::as_slice).unwrap_or_default();
        let mut properties = self.folder_properties(folder, !children.is_empty());
        properties.extend(self.role_properties(folder));
        let written = self.file.properties(&properties, None, Vec::new())?;
        self.node(folder.nid, written, folder.parent)?;
        let row_of = |properties: Vec<(u16, PropertyValue)>| {
            let mut row = PropertyBag::default();
            properties.into_iter().for_each(|(id, value)| row.insert(id, value));
            row
        };
        let mut rows: Vec<_> = children
            .iter()
            .map(|child| (child.nid, row_of(self.folder_properties(child, all.contains_key(&child.nid)))))
            .collect();
        if folder.nid == ROOT && self.is_whole {
            rows.push((SPAM_SEARCH, row_of(self.search_folder_properties())));
        }
        let written = self.file.table(&hierarchy_columns(variant), &rows, CodePage::WINDOWS_1252)?;
        self.node(nid::with_kind(folder.nid, nid::HIERARCHY_TABLE), written, 0)?;
        let mut table = Table::new(&self.file, &contents_columns(variant));
        let mut records = Records::new(self.file.spill.take(folder.rows)?);
        while let Some((nid, row)) = records.row()? {
            table.row(&mut self.file, nid, &row, CodePage::WINDOWS_1252)?;
        }
        let written = table.finish(&mut self.file)?;
        self.node(nid::with_kind(folder.nid, nid::CONTENTS_TABLE), written, 0)?;
        let columns = associated_columns(variant);
        let written = self.file.table(&columns, &folder.associated, CodePage::WINDOWS_1252)?;
        self.node(nid::with_kind(folder.nid, nid::ASSOCIATED_CONTENTS_TABLE), written, 0)
    }

    fn search_folder_properties(&self) -> Vec<(u16, PropertyValue)> {
        vec![
            (pid::DISPLAY_NAME, self.text("SPAM Search Folder 2")),
            (pid::CONTENT_COUNT, PropertyValue::Integer32(0)),
            (0x3603, PropertyValue::Integer32(0)),
            (0x360A, PropertyValue::Boolean(false)),
        ]
    }

    /// The search folder that every store of Outlook has below its root.
    fn write_search_folder(&mut self) -> Result<()> {
        let properties = self.search_folder_properties();
        let written = self.file.properties(&properties, None, Vec::new())?;
        self.node(SPAM_SEARCH, written, ROOT)?;
        self.file.node(SPAM_SEARCH_QUEUE, 0, 0, 0)?;
        let criteria = self.file.properties(&[(0x660B, PropertyValue::Integer32(0))], None, Vec::new())?;
        self.node(SPAM_SEARCH_CRITERIA, criteria, 0)?;
        let columns = search_columns(self.file.variant);
        let written = self.file.table(&columns, &[], CodePage::WINDOWS_1252)?;
        self.node(SPAM_SEARCH_CONTENTS, written, 0)?;
        let activity = self.file.data_of_octets(&SPAM_SEARCH.to_le_bytes())?;
        self.file.node(SEARCH_ACTIVITY, activity.bid, 0, 0)
    }

    /// The empty tables that new objects are made after ([MS-PST] 2.4.1), and the queues that must be there.
    fn write_templates(&mut self) -> Result<()> {
        let variant = self.file.variant;
        let templates = [
            (0x60D, hierarchy_columns(variant)),
            (0x60E, contents_columns(variant)),
            (0x60F, associated_columns(variant)),
            (0x610, search_columns(variant)),
            (0x64C, outgoing_columns()),
            (nid::ATTACHMENT_TABLE, attachment_columns(variant)),
            (nid::RECIPIENT_TABLE, recipient_columns(variant)),
        ];
        for (nid, columns) in templates.into_iter().chain(later_templates(variant)) {
            let written = self.file.table(&columns, &[], CodePage::WINDOWS_1252)?;
            self.node(nid, written, 0)?;
        }
        let mut row = PropertyBag::default();
        row.insert(pid::MESSAGE_CLASS, self.text(""));
        let receiver = self.role(Role::Inbox).unwrap_or(ROOT);
        row.insert(0x6605, PropertyValue::Integer32(receiver as i32));
        let written = self.file.table(&receive_columns(variant), &[(1, row)], CodePage::WINDOWS_1252)?;
        self.node(nid::RECEIVE_FOLDERS, written, 0)?;
        for (nid, octets) in SEARCH_STATE {
            let data = self.file.data_of_octets(octets)?;
            self.file.node(nid, data.bid, 0, 0)?;
        }
        let mut state = vec![0; 104];
        for (at, value) in [(0, 8), (32, 1)] {
            state.iter_mut().skip(at).take(1).for_each(|octet| *octet = value);
        }
        let data = self.file.data_of_octets(&state)?;
        self.file.node(0xF01, data.bid, 0, 0)?;
        EMPTY_NODES.into_iter().try_for_each(|nid| self.file.node(nid, 0, 0, 0))
    }
}

/// The entry identifier of a folder of the store with this key ([MS-PST] 2.4.3.2).
fn entry_id_octets(key: &[u8; 16], nid: u32) -> Vec<u8> {
    [&[0; 4][..], key, &nid.to_le_bytes()].concat()
}

fn lost_folder() -> Error {
    Error::new(ErrorKind::Options, "the folder is of another PST")
}
