//! Nodes that every store has: queues, templates, the receive folder table ([MS-PST] 2.4.1, 2.7.1).

use super::{
    Check,
    findings::Place,
    ids::{MESSAGE_CLASS, RECEIVE_FOLDER},
    rules::Rule,
    store::{ASSOCIATED, CONTENTS, CONTENTS_RECENT, HIERARCHY, HIERARCHY_RECENT, SEARCHED, SEARCHED_RECENT},
    table::Table,
};
use crate::{
    error::Result,
    pst::{Variant, le::u32_at, nid},
};

const SEARCH_QUEUE: u32 = 0x1E1;
const SEARCH_ACTIVITY: u32 = 0x201;
const SEARCH_DOMAIN: u32 = 0x261;
const OUTGOING_QUEUE: u32 = 0x64C;
const HIERARCHY_TEMPLATE: u32 = 0x60D;
const CONTENTS_TEMPLATE: u32 = 0x60E;
const ASSOCIATED_TEMPLATE: u32 = 0x60F;
const SEARCH_TEMPLATE: u32 = 0x610;

/// Nodes of all stores ([MS-PST] 2.7.1).
const REQUIRED: [u32; 15] = [
    nid::MESSAGE_STORE,
    nid::NAME_TO_ID_MAP,
    nid::ROOT_FOLDER,
    0x12D,
    0x12E,
    0x12F,
    SEARCH_QUEUE,
    SEARCH_ACTIVITY,
    HIERARCHY_TEMPLATE,
    CONTENTS_TEMPLATE,
    ASSOCIATED_TEMPLATE,
    SEARCH_TEMPLATE,
    nid::RECEIVE_FOLDERS,
    nid::ATTACHMENT_TABLE,
    nid::RECIPIENT_TABLE,
];
/// Nodes of all stores of Outlook 2007 SP2 and later, and those of Outlook 2010 and later, which come together.
const RECENT: [u32; 12] =
    [SEARCH_DOMAIN, OUTGOING_QUEUE, 0x6B6, 0x6D7, 0x6F8, 0xC01, 0xE01, 0xE41, 0x2223, 0x2226, 0x2227, 0x2230];
const LATER: [u32; 4] = [0xEC1, 0xEE1, 0xF01, 0xF21];

pub(super) const RECIPIENT_COLUMNS: [u16; 14] =
    [0x0C15, 0x0E0F, 0x0FF9, 0x0FFE, 0x0FFF, 0x3001, 0x3002, 0x3003, 0x300B, 0x3900, 0x39FF, 0x3A40, 0x67F2, 0x67F3];
pub(super) const ATTACHMENT_COLUMNS: [u16; 6] = [0x0E20, 0x3704, 0x3705, 0x370B, 0x67F2, 0x67F3];

/// The most octets of a queue that are looked at.
const LOOKED_AT: usize = 1 << 20;

impl Check {
    /// A table of columns, some of which must be there.
    pub(super) fn require_columns(&self, table: &Table<'_>, columns: &[&[u16]]) {
        let lacking: Vec<u16> = columns.iter().flat_map(|columns| table.lacks(columns)).collect();
        if !lacking.is_empty() {
            self.add(Rule::TableRequired, &table.heap.place, || format!("these columns are missing: {lacking:04x?}"));
        }
    }

    pub(super) fn nodes(&self) -> Result<()> {
        for node in REQUIRED {
            match self.file.node_entry(node)? {
                None => self.add(Rule::NodeRequired, &Place::node(node), || "the node was not found".to_owned()),
                Some(entry) if entry.data == 0 && !matches!(node, SEARCH_QUEUE | SEARCH_ACTIVITY) => {
                    self.add(Rule::NodeRequired, &Place::node(node), || "the node has no data".to_owned());
                }
                Some(_) => {}
            }
        }
        if self.is_recent() {
            let mut later = 0_usize;
            for node in LATER {
                later = later.saturating_add(self.file.has_node(node)?.into());
            }
            // One of them came earlier than the others.
            let is_later = later > 1 || self.file.has_node(0xF01)? || self.file.has_node(0xF21)?;
            for node in RECENT.into_iter().chain(LATER.into_iter().filter(|_| is_later)) {
                if !self.file.has_node(node)? {
                    self.add(Rule::NodeExpected, &Place::node(node), || "the node was not found".to_owned());
                }
            }
        }
        for (node, size) in [(SEARCH_QUEUE, 20_u64), (SEARCH_ACTIVITY, 4), (SEARCH_DOMAIN, 4)] {
            let Some(entry) = self.file.node_entry(node)?.filter(|entry| entry.data != 0) else { continue };
            let octets = self.data_size(entry.data)?;
            if !octets.is_multiple_of(size) {
                self.add(Rule::QueueEntries, &Place::node(node), || format!("{octets} bytes for entries of {size}"));
            }
            if node == SEARCH_ACTIVITY && self.is_recent() {
                let data = self.data(entry.data, LOOKED_AT)?;
                for folder in data.chunks_exact(4).filter_map(|entry| u32_at(entry, 0)).filter(|nid| *nid != 0) {
                    if !self.file.has_node(folder)? {
                        self.add(Rule::QueueEntries, &Place::node(node), || {
                            format!("the queue names the folder {folder:#x}, which was not found")
                        });
                    }
                }
            }
        }
        self.tables()
    }

    /// Tables that belong to no folder.
    fn tables(&self) -> Result<()> {
        let is_recent = self.is_recent();
        let of = |recent: &'static [u16]| if is_recent { recent } else { &[] };
        let templates: [(u32, [&[u16]; 2]); 6] = [
            (HIERARCHY_TEMPLATE, [&HIERARCHY, of(&HIERARCHY_RECENT)]),
            (CONTENTS_TEMPLATE, [&CONTENTS, of(&CONTENTS_RECENT)]),
            (ASSOCIATED_TEMPLATE, [&ASSOCIATED, &[]]),
            (SEARCH_TEMPLATE, [&SEARCHED, of(&SEARCHED_RECENT)]),
            (nid::ATTACHMENT_TABLE, [&ATTACHMENT_COLUMNS, &[]]),
            (nid::RECIPIENT_TABLE, [&RECIPIENT_COLUMNS, &[]]),
        ];
        for (node, columns) in templates {
            let Some(table) = self.table_of(node)? else { continue };
            let rows = table.each_row(&mut |_, _| Ok(()))?;
            if rows > 0 {
                self.add(Rule::TemplateRows, &table.heap.place, || format!("the template has {rows} rows"));
            }
            self.require_columns(&table, &columns);
        }
        for node in [OUTGOING_QUEUE, 0x6B6, 0x6D7, 0x6F8] {
            // What these are in an ANSI store is not known.
            if self.file.variant == Variant::Ansi && node > 0x6B6 {
                continue;
            }
            if let Some(table) = self.table_of(node)? {
                table.each_row(&mut |_, _| Ok(()))?;
            }
        }
        let Some(table) = self.table_of(nid::RECEIVE_FOLDERS)? else { return Ok(()) };
        let mut is_default = false;
        table.each_row(&mut |id, row| {
            is_default |= row.text_of(MESSAGE_CLASS)?.is_some_and(|class| class.is_empty());
            let folder = row.number_of(RECEIVE_FOLDER)?.unwrap_or(0) as u32;
            if nid::kind(folder) != nid::NORMAL_FOLDER || !self.file.has_node(folder)? {
                self.add(Rule::ReceiveFolder, &table.heap.place.in_row(id), || {
                    format!("the row names {folder:#x}, which is not a folder of the store")
                });
            }
            Ok(())
        })?;
        if !is_default {
            self.add(Rule::ReceiveFolder, &table.heap.place, || "there is no row of the class \"\"".to_owned());
        }
        Ok(())
    }

    /// The table that a node is, if the node is there and has data.
    pub(super) fn table_of(&self, node: u32) -> Result<Option<Table<'_>>> {
        match self.file.node_entry(node)? {
            Some(entry) if entry.data != 0 => self.table(&Place::node(node), entry.data, entry.subnodes),
            _ => Ok(None),
        }
    }
}
