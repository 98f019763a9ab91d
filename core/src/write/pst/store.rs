use super::{
    file::File,
    message::{Counters, attachment_columns, contents_row, recipient_columns, text},
    names::Names,
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{MapiMessage, PropertyBag, PropertyType, PropertyValue, pid},
    pst::{Variant, encoding::Encoding, nid},
};
use std::io::{Seek, Write};

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

/// How the data is scrambled ([MS-PST] 5.1, 5.2); it protects nothing.
///
/// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrambling {
    /// Not at all.
    None,
    /// As Outlook does by default ("compressible encryption").
    Permute,
    /// "High encryption".
    Cyclic,
}

/// A folder of a PST that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderId(u32);

/// Folders that every store has.
const ROOT: u32 = nid::ROOT_FOLDER;
const MAILBOX: u32 = 0x8022;
const SEARCH_ROOT: u32 = 0x8042;
const DELETED_ITEMS: u32 = 0x8062;

/// The record key of the store, which entry identifiers repeat. Always the same, so that the same input gives the same file.
const RECORD_KEY: [u8; 16] = *b"mailferry-store!";

struct FolderInMaking {
    nid: u32,
    parent: u32,
    name: String,
    class: String,
    messages: Vec<(u32, PropertyBag)>,
    associated: Vec<(u32, PropertyBag)>,
}

/// Writes a PST. Messages and attachments go out as they come; folders, tables of contents and the index are kept until the end.
pub struct PstWriter<W> {
    file: File<W>,
    folders: Vec<FolderInMaking>,
    names: Names,
    counters: Counters,
    next_associated: u32,
    next_folder: u32,
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
        let mut writer = Self {
            file: File::new(out, variant, encoding)?,
            folders: Vec::new(),
            names: Names::default(),
            counters: Counters { messages: 0x1_0000, attachments: 0x400 },
            next_associated: 0x400,
            next_folder: 0x404,
        };
        for (nid, parent, name) in [
            (ROOT, ROOT, ""),
            (MAILBOX, ROOT, "Top of Personal Folders"),
            (SEARCH_ROOT, ROOT, "Search Root"),
            (DELETED_ITEMS, MAILBOX, "Deleted Items"),
        ] {
            writer.push_folder(nid, parent, name, "");
        }
        Ok(writer)
    }

    fn push_folder(&mut self, nid: u32, parent: u32, name: &str, class: &str) {
        let (name, class) = (name.to_owned(), class.to_owned());
        self.folders.push(FolderInMaking { nid, parent, name, class, messages: Vec::new(), associated: Vec::new() });
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

    /// Writes a message into a folder, and gives its node.
    ///
    /// # Errors
    /// [`Limit`](ErrorKind::Limit) for what a PST cannot hold, and what the message's content or the output says.
    pub fn add_message(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = self.counters.messages << 5 | nid::NORMAL_MESSAGE;
        self.counters.messages += 1;
        self.write_message(folder, nid, message)?;
        let columns = contents_columns(self.file.variant);
        let row = contents_row(&columns, &message.properties);
        if let Some(folder) = self.folder(folder) {
            folder.messages.push((nid, row));
        }
        Ok(nid)
    }

    /// Writes a hidden message that is associated with a folder, and gives its node.
    ///
    /// # Errors
    /// As [`PstWriter::add_message`].
    pub fn add_associated(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = self.next_associated << 5 | nid::ASSOCIATED_MESSAGE;
        self.next_associated += 1;
        self.write_message(folder, nid, message)?;
        if let Some(folder) = self.folder(folder) {
            folder.associated.push((nid, PropertyBag::default()));
        }
        Ok(nid)
    }

    /// Writes a message that belongs to a folder but is in no table, as a crash leaves it, and gives its node.
    ///
    /// # Errors
    /// As [`PstWriter::add_message`].
    pub fn add_orphan(&mut self, folder: FolderId, message: &MapiMessage) -> Result<u32> {
        let nid = self.counters.messages << 5 | nid::NORMAL_MESSAGE;
        self.counters.messages += 1;
        self.write_message(folder, nid, message)?;
        Ok(nid)
    }

    fn write_message(&mut self, folder: FolderId, nid: u32, message: &MapiMessage) -> Result<()> {
        if self.folder(folder).is_none() {
            return Err(Error::new(ErrorKind::Options, "the folder is of another PST"));
        }
        let written = self.file.message(message, &mut self.names, &mut self.counters, 0)?;
        self.file.node(nid, written.data, written.subnodes, folder.0);
        Ok(())
    }

    fn folder(&mut self, id: FolderId) -> Option<&mut FolderInMaking> {
        self.folders.iter_mut().find(|folder| folder.nid == id.0)
    }

    /// Writes the folders, the store and the index, and gives back the output.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> Result<W> {
        self.write_store()?;
        let map = std::mem::take(&mut self.names).properties();
        let (data, subnodes) = self.file.properties(&map, None, Vec::new())?;
        self.file.node(nid::NAME_TO_ID_MAP, data, subnodes, 0);
        let folders = std::mem::take(&mut self.folders);
        for folder in &folders {
            self.write_folder(folder, &folders)?;
        }
        self.write_templates()?;
        self.file.finish(&[
            (nid::NORMAL_FOLDER as usize, self.next_folder),
            (nid::NORMAL_MESSAGE as usize, self.counters.messages),
            (nid::ATTACHMENT as usize, self.counters.attachments),
            (nid::ASSOCIATED_MESSAGE as usize, self.next_associated),
        ])
    }

    fn text(&self, text: &str) -> PropertyValue {
        match self.file.variant {
            Variant::Ansi => PropertyValue::String8(encoding_rs::WINDOWS_1252.encode(text).0.into_owned().into()),
            Variant::Unicode | Variant::Unicode4k => {
                PropertyValue::String(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().into())
            }
        }
    }

    fn write_store(&mut self) -> Result<()> {
        let entry_id = |nid: u32| PropertyValue::Binary([&[0; 4][..], &RECORD_KEY, &nid.to_le_bytes()].concat().into());
        let properties = [
            (pid::RECORD_KEY, PropertyValue::Binary(RECORD_KEY.to_vec().into())),
            (pid::DISPLAY_NAME, self.text("mailferry")),
            (pid::VALID_FOLDER_MASK, PropertyValue::Integer32(0x89)),
            (pid::IPM_SUBTREE_ENTRY_ID, entry_id(MAILBOX)),
            (pid::IPM_WASTEBASKET_ENTRY_ID, entry_id(DELETED_ITEMS)),
            (pid::FINDER_ENTRY_ID, entry_id(SEARCH_ROOT)),
            (0x6633, PropertyValue::Boolean(true)),
            (0x66FA, PropertyValue::Integer32(0x000E_000D)),
            (pid::PST_PASSWORD, PropertyValue::Integer32(0)),
        ];
        let (data, subnodes) = self.file.properties(&properties, None, Vec::new())?;
        self.file.node(nid::MESSAGE_STORE, data, subnodes, 0);
        Ok(())
    }

    fn folder_properties(&self, folder: &FolderInMaking, folders: &[FolderInMaking]) -> Vec<(u16, PropertyValue)> {
        let has_folders = folders.iter().any(|other| other.parent == folder.nid && other.nid != folder.nid);
        let mut properties = vec![
            (pid::DISPLAY_NAME, self.text(&folder.name)),
            (pid::CONTENT_COUNT, PropertyValue::Integer32(folder.messages.len() as i32)),
            (0x3603, PropertyValue::Integer32(0)),
            (0x360A, PropertyValue::Boolean(has_folders)),
        ];
        if !folder.class.is_empty() {
            properties.push((pid::CONTAINER_CLASS, self.text(&folder.class)));
        }
        properties
    }

    fn write_folder(&mut self, folder: &FolderInMaking, folders: &[FolderInMaking]) -> Result<()> {
        let variant = self.file.variant;
        let properties = self.folder_properties(folder, folders);
        let (data, subnodes) = self.file.properties(&properties, None, Vec::new())?;
        self.file.node(folder.nid, data, subnodes, folder.parent);
        let children = folders.iter().filter(|other| other.parent == folder.nid && other.nid != folder.nid);
        let children = children.map(|child| {
            let mut row = PropertyBag::default();
            for (id, value) in self.folder_properties(child, folders) {
                row.insert(id, value);
            }
            (child.nid, row)
        });
        let children: Vec<_> = children.collect();
        for (kind, columns, rows) in [
            (nid::HIERARCHY_TABLE, hierarchy_columns(variant), &children),
            (nid::CONTENTS_TABLE, contents_columns(variant), &folder.messages),
            (nid::ASSOCIATED_CONTENTS_TABLE, associated_columns(variant), &folder.associated),
        ] {
            let (data, subnodes) = self.file.table(&columns, rows, Vec::new())?;
            self.file.node(nid::with_kind(folder.nid, kind), data, subnodes, 0);
        }
        Ok(())
    }

    /// The empty tables that new objects are made after ([MS-PST] 2.4.1), and the queues that must be there.
    fn write_templates(&mut self) -> Result<()> {
        let variant = self.file.variant;
        for (nid, columns) in [
            (0x60D, hierarchy_columns(variant)),
            (0x60E, contents_columns(variant)),
            (0x60F, associated_columns(variant)),
            (0x610, contents_columns(variant)),
            (nid::ATTACHMENT_TABLE, attachment_columns(variant)),
            (nid::RECIPIENT_TABLE, recipient_columns(variant)),
        ] {
            let (data, subnodes) = self.file.table(&columns, &[], Vec::new())?;
            self.file.node(nid, data, subnodes, 0);
        }
        for nid in [0x1E1, 0x201, 0x261, 0x281] {
            self.file.node(nid, 0, 0, 0);
        }
        Ok(())
    }
}

fn hierarchy_columns(variant: Variant) -> Vec<(u16, PropertyType)> {
    use PropertyType::{Binary, Boolean, Integer32, Integer64};
    vec![
        (0x0E30, Binary),
        (0x0E33, Integer64),
        (0x0E34, Binary),
        (0x0E38, Integer32),
        (0x3001, text(variant)),
        (0x3602, Integer32),
        (0x3603, Integer32),
        (0x360A, Boolean),
        (0x3613, text(variant)),
        (0x6635, Integer32),
        (0x6636, Integer32),
    ]
}

fn contents_columns(variant: Variant) -> Vec<(u16, PropertyType)> {
    use PropertyType::{Binary, Boolean, Integer32, Integer64, Time};
    let text = text(variant);
    vec![
        (0x0017, Integer32),
        (0x001A, text),
        (0x0036, Integer32),
        (0x0037, text),
        (0x0039, Time),
        (0x0042, text),
        (0x0057, Boolean),
        (0x0058, Boolean),
        (0x0070, text),
        (0x0071, Binary),
        (0x0E03, text),
        (0x0E04, text),
        (0x0E06, Time),
        (0x0E07, Integer32),
        (0x0E08, Integer32),
        (0x0E17, Integer32),
        (0x0E30, Binary),
        (0x0E33, Integer64),
        (0x0E34, Binary),
        (0x0E38, Integer32),
        (0x0E3C, Binary),
        (0x0E3D, Binary),
        (0x1097, Integer32),
        (0x3008, Time),
        (0x65C6, Integer32),
    ]
}

fn associated_columns(variant: Variant) -> Vec<(u16, PropertyType)> {
    use PropertyType::{Binary, Boolean, Integer32, MultipleInteger32, Time};
    let text = text(variant);
    vec![
        (0x001A, text),
        (0x0E07, Integer32),
        (0x0E17, Integer32),
        (0x3001, text),
        (0x3008, Time),
        (0x6800, text),
        (0x6803, Boolean),
        (0x6805, MultipleInteger32),
        (0x682F, text),
        (0x7003, Integer32),
        (0x7004, Binary),
        (0x7005, Binary),
        (0x7006, text),
        (0x7007, Integer32),
    ]
}
