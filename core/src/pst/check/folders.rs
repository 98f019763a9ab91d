//! Folders, and the rows of their tables against the objects ([MS-PST] 2.4.4).

use super::{
    Check,
    context::{Properties, Value},
    file::{STEP, Tree, node_entry},
    findings::Place,
    ids::{CONTAINER_CLASS, CONTENT_COUNT, CONTENT_UNREAD_COUNT, DISPLAY_NAME, MESSAGE_FLAGS, SUBFOLDERS},
    rules::Rule,
    sorted::{Sorted, Sorter},
    store::{ASSOCIATED, CONTENTS, CONTENTS_SHOWN, HIERARCHY, HIERARCHY_RECENT, SEARCHED},
    table::{Row, Table},
    trees::{Walked, be},
};
use crate::{error::Result, pst::nid};
use std::collections::HashSet;

const READ: u64 = 1;

/// What belongs to folders: their folders, messages, hidden messages.
const FOLDERS: u8 = 0;
const MESSAGES: u8 = 1;
const HIDDEN: u8 = 2;

/// Octets of text that are compared.
const COMPARED: usize = 4096;
/// Octets that a name takes in memory besides its text.
const NAME: usize = 64;

/// The types of nodes that belong to a search folder ([MS-PST] 2.4.8.6).
const SEARCH_QUEUE: u32 = 0x06;
const SEARCH_CRITERIA: u32 = 0x07;
const SEARCH_CONTENTS: u32 = 0x10;
/// Search folders from here on are made by users.
const FIRST_SEARCH: u32 = 0x2000;

/// What the tables of a folder have.
#[derive(Default)]
struct Counts {
    folders: Option<(u64, u64)>,
    messages: Option<(u64, u64)>,
}

impl Check {
    /// Whether all folders hang together.
    pub(super) fn folder_tree(&self, walked: &Walked) -> Result<()> {
        self.folders.set(walked.folder_count);
        let folders = &walked.folders;
        if walked.folder_count > folders.len() as u64 {
            self.too_much(&Place::node(nid::ROOT_FOLDER));
            return Ok(());
        }
        let place_of = |nid: u32| folders.binary_search_by_key(&nid, |folder| folder.0).ok();
        // Of each folder: not seen, on the way at hand, reaches the root.
        let mut states = vec![0_u8; folders.len()];
        for (index, (nid, parent)) in folders.iter().enumerate() {
            self.file.charge(STEP)?;
            let place = Place::node(*nid);
            if *nid == nid::ROOT_FOLDER {
                if *parent != nid::ROOT_FOLDER {
                    self.add(Rule::FolderTree, &place, || {
                        format!("the parent of the root folder is {parent:#x} instead of itself")
                    });
                }
                continue;
            }
            let is_search = nid::kind(*nid) == nid::SEARCH_FOLDER;
            if place_of(*parent).is_none() && !self.file.is_cache && !(is_search && *parent == 0) {
                self.add(Rule::NodeParent, &place, || format!("its parent {parent:#x} is not a folder of the store"));
            }
            let mut way = Vec::new();
            let mut at = Some(index);
            let mut circles = false;
            while let Some(index) = at {
                let Some(state) = states.get_mut(index).filter(|state| **state != 2) else { break };
                if *state == 1 {
                    circles = true;
                    break;
                }
                *state = 1;
                way.push(index);
                let Some((nid, parent)) = folders.get(index) else { break };
                at = if *nid == nid::ROOT_FOLDER { None } else { place_of(*parent) };
            }
            for index in way {
                if let Some(state) = states.get_mut(index) {
                    *state = 2;
                }
            }
            if circles {
                self.add(Rule::FolderTree, &place, || "its parents go round in a circle".to_owned());
            }
        }
        Ok(())
    }

    /// Goes through all folders and what is in them.
    pub(super) fn folders(&self, children: Sorter<9>) -> Result<()> {
        let mut children = children.sorted()?;
        self.walk(self.file.nodes, Tree::Nodes, None, &mut |_, _, entry| {
            let Some(entry) = node_entry(entry, self.file.variant) else { return Ok(()) };
            let kind = nid::kind(entry.nid);
            let base = nid::with_kind(entry.nid, 0);
            match kind {
                nid::NORMAL_FOLDER | nid::SEARCH_FOLDER => {
                    // What belongs to a folder that is not there.
                    while let Some(record) = children.peek()?.filter(|record| be(record.get(..4)) < entry.nid.into()) {
                        children.next()?;
                        self.lost(record)?;
                    }
                    self.folder(entry.nid, kind == nid::SEARCH_FOLDER, &mut children)
                }
                // Tables of folders are looked at with their folder.
                0x0D..=0x0F if entry.nid >= FIRST_SEARCH => {
                    let is_lone = !self.file.has_node(base | nid::NORMAL_FOLDER)?;
                    self.lone_table(entry.nid, is_lone)
                }
                0x0B | 0x0C | 0x16 | 0x18 if entry.nid >= FIRST_SEARCH => self.lone_table(entry.nid, true),
                SEARCH_CONTENTS if entry.nid >= FIRST_SEARCH => {
                    let is_lone = !self.file.has_node(base | nid::SEARCH_FOLDER)?;
                    self.lone_table(entry.nid, is_lone)
                }
                _ => Ok(()),
            }
        })?;
        while let Some(record) = children.next()? {
            self.lost(record)?;
        }
        Ok(())
    }

    fn lone_table(&self, node: u32, is_lone: bool) -> Result<()> {
        if is_lone && let Some(table) = self.table_of(node)? {
            table.each_row(&mut |_, _| Ok(()))?;
        }
        Ok(())
    }

    /// What belongs to no folder that is there; folders were told of already.
    fn lost(&self, record: [u8; 9]) -> Result<()> {
        let (parent, group, node) = (be(record.get(..4)), record.get(4).copied(), be(record.get(5..)) as u32);
        if group == Some(FOLDERS) {
            return Ok(());
        }
        if !self.file.is_cache {
            self.add(Rule::NodeParent, &Place::node(node), || {
                format!("its parent {parent:#x} is not a folder of the store")
            });
        }
        self.message(node, None)
    }

    fn folder(&self, node: u32, is_search: bool, children: &mut Sorted<9>) -> Result<()> {
        let place = Place::node(node);
        let base = nid::with_kind(node, 0);
        let properties = self.properties_of(node)?;
        let mut counts = Counts::default();
        if is_search {
            for kind in [SEARCH_QUEUE, SEARCH_CRITERIA, SEARCH_CONTENTS] {
                let part = base | kind;
                let is_asked =
                    node > FIRST_SEARCH && !self.file.is_cache && (kind != SEARCH_CONTENTS || self.is_recent());
                if is_asked && !self.file.has_node(part)? {
                    self.add(Rule::FolderNodes, &place, || format!("its node {part:#x} was not found"));
                }
            }
            self.properties_of(base | SEARCH_CRITERIA)?;
            let contents = if node > FIRST_SEARCH { self.table_of(base | SEARCH_CONTENTS)? } else { None };
            if let Some(table) = contents {
                if self.is_recent() {
                    self.require_columns(&table, &[&SEARCHED]);
                }
                table.each_row(&mut |_, _| Ok(()))?;
            }
            // Nothing may be in it.
            while let Some(record) = children.peek()?.filter(|record| be(record.get(..4)) == u64::from(node)) {
                children.next()?;
                if record.get(4) == Some(&MESSAGES) {
                    self.lost(record)?;
                } else if record.get(4) == Some(&HIDDEN) {
                    self.message(be(record.get(5..)) as u32, None)?;
                }
            }
        } else {
            for kind in [nid::HIERARCHY_TABLE, nid::CONTENTS_TABLE, nid::ASSOCIATED_CONTENTS_TABLE] {
                let table = base | kind;
                if !self.file.has_node(table)? {
                    self.add(Rule::FolderNodes, &place, || format!("its table {table:#x} was not found"));
                }
            }
            let recent: &[u16] = if self.is_recent() { &HIERARCHY_RECENT } else { &[] };
            let shown: &[u16] = if self.is_recent() { &CONTENTS_SHOWN } else { &[] };
            let table = self.table_of(base | nid::HIERARCHY_TABLE)?;
            counts.folders = self.hierarchy(node, table.as_ref(), children, &[&HIERARCHY, recent])?;
            let table = self.table_of(base | nid::CONTENTS_TABLE)?;
            counts.messages = self.contents(node, MESSAGES, table.as_ref(), children, &[&CONTENTS, shown])?;
            let table = self.table_of(base | nid::ASSOCIATED_CONTENTS_TABLE)?;
            self.contents(node, HIDDEN, table.as_ref(), children, &[&ASSOCIATED])?;
        }
        if let Some(properties) = properties {
            self.folder_properties(&place, node, is_search, &properties, &counts)?;
            properties.heap.tell_unnamed();
        }
        Ok(())
    }

    fn folder_properties(
        &self,
        place: &Place,
        node: u32,
        is_search: bool,
        properties: &Properties<'_>,
        counts: &Counts,
    ) -> Result<()> {
        for id in [DISPLAY_NAME, CONTENT_COUNT, CONTENT_UNREAD_COUNT, SUBFOLDERS] {
            let is_free = self.file.is_cache || (is_search && id == DISPLAY_NAME);
            if !properties.has(id) && !is_free {
                self.add(Rule::FolderProperty, &place.of(id), || "the property is missing".to_owned());
            }
        }
        if properties.text(DISPLAY_NAME)?.is_some_and(|name| name.is_empty()) && node != nid::ROOT_FOLDER {
            self.add(Rule::FolderProperty, &place.of(DISPLAY_NAME), || "the name is empty".to_owned());
        }
        let compare = |id: u16, counted: Option<u64>, what: &str| {
            if let Some((stated, counted)) = properties.number(id).map(u64::from).zip(counted)
                && stated != counted
            {
                self.add(Rule::FolderCount, &place.of(id), || {
                    format!("the folder says {stated}, and its table has {counted} {what}")
                });
            }
        };
        compare(CONTENT_COUNT, counts.messages.map(|(rows, _)| rows), "messages");
        compare(CONTENT_UNREAD_COUNT, counts.messages.map(|(_, unread)| unread), "unread messages");
        if let Some((rows, real)) = counts.folders
            && let Some(stated) = properties.number(SUBFOLDERS)
            && ((real > 0 && stated == 0) || (rows == 0 && stated != 0))
        {
            self.add(Rule::FolderCount, &place.of(SUBFOLDERS), || {
                format!("the folder says {stated} (0 for no folders), and its table has {rows} folders")
            });
        }
        Ok(())
    }

    /// The next one that belongs to `parent`, of this group, if it is before `end` or there is none.
    fn child(children: &mut Sorted<9>, parent: u32, group: u8, end: Option<u32>) -> Result<Option<u32>> {
        let Some(record) = children.peek()? else { return Ok(None) };
        let node = be(record.get(5..)) as u32;
        let belongs = be(record.get(..4)) == u64::from(parent) && record.get(4) == Some(&group);
        if !belongs || end.is_some_and(|end| node >= end) {
            return Ok(None);
        }
        children.next()?;
        Ok(Some(node))
    }

    /// Rows of folders, and how many there are, those that are no search among them.
    fn hierarchy(
        &self,
        parent: u32,
        table: Option<&Table<'_>>,
        children: &mut Sorted<9>,
        columns: &[&[u16]],
    ) -> Result<Option<(u64, u64)>> {
        let place = table.map_or_else(
            || Place::node(nid::with_kind(parent, nid::HIERARCHY_TABLE)),
            |table| table.heap.place.clone(),
        );
        let missing = |folder: u32| {
            // Searches are kept elsewhere.
            if nid::kind(folder) == nid::NORMAL_FOLDER {
                self.add(Rule::HierarchyRow, &place, || format!("the folder {folder:#x} has no row"));
            }
        };
        let mut counts = None;
        if let Some(table) = table {
            self.require_columns(table, columns);
            let mut names: HashSet<String> = HashSet::new();
            let (held, mut is_held) = (self.hold(), true);
            let mut real = 0;
            let rows = table.each_row(&mut |id, row| {
                real = u64::from(nid::kind(id) == nid::NORMAL_FOLDER).saturating_add(real);
                while let Some(folder) = Self::child(children, parent, FOLDERS, Some(id))? {
                    missing(folder);
                }
                if Self::child(children, parent, FOLDERS, id.checked_add(1))? != Some(id) {
                    self.add(Rule::HierarchyRow, &place.in_row(id), || {
                        "the folder of this row was not found below".to_owned()
                    });
                    return Ok(());
                }
                if let Some(properties) = self.properties_of(id)? {
                    self.mirror(&place.in_row(id), id, row, &properties)?;
                    let name = properties.text(DISPLAY_NAME)?.unwrap_or_default();
                    let lower = name.to_lowercase();
                    is_held = is_held && held.take(lower.len().saturating_add(NAME));
                    if is_held && properties.has(DISPLAY_NAME) && !names.insert(lower) {
                        self.add(Rule::FolderNames, &place.in_row(id), || {
                            format!("another folder is named {name:?} too")
                        });
                    }
                }
                Ok(())
            })?;
            if !is_held {
                self.too_much(&place);
            }
            counts = Some((rows, real));
        }
        while let Some(folder) = Self::child(children, parent, FOLDERS, None)? {
            missing(folder);
        }
        Ok(counts)
    }

    /// Whether the row of a folder says what the folder says.
    fn mirror(&self, place: &Place, folder: u32, row: &Row<'_, '_>, properties: &Properties<'_>) -> Result<()> {
        for id in [DISPLAY_NAME, CONTENT_COUNT, CONTENT_UNREAD_COUNT, SUBFOLDERS, CONTAINER_CLASS] {
            let in_row = row.of(id)?.map(|(_, value)| value);
            let of_folder = match properties.find(id) {
                Some(property) => properties.value(property, COMPARED)?,
                None => None,
            };
            let is_search = nid::kind(folder) == nid::SEARCH_FOLDER;
            let is_same = match (&in_row, &of_folder) {
                (None, None) => true,
                // What is nothing is often left out.
                (None, Some(Value::Number(0))) => true,
                (None, Some(Value::Octets(octets))) if octets.is_empty() => true,
                (None, Some(_)) => id == CONTAINER_CLASS || is_search,
                (Some(row), Some(folder)) => row == folder,
                (Some(_), None) => false,
            };
            if !is_same {
                self.add(Rule::HierarchyMirror, &place.of(id), || {
                    format!("the row has {}, the folder {}", shown(in_row.as_ref()), shown(of_folder.as_ref()))
                });
            }
        }
        Ok(())
    }

    /// Rows of messages, and the messages; gives how many rows there are, and unread ones.
    fn contents(
        &self,
        parent: u32,
        group: u8,
        table: Option<&Table<'_>>,
        children: &mut Sorted<9>,
        columns: &[&[u16]],
    ) -> Result<Option<(u64, u64)>> {
        let kind = if group == MESSAGES { nid::CONTENTS_TABLE } else { nid::ASSOCIATED_CONTENTS_TABLE };
        let place = table.map_or_else(|| Place::node(nid::with_kind(parent, kind)), |table| table.heap.place.clone());
        let missing = |message: u32| {
            self.add(Rule::ContentsRow, &place, || format!("the message {message:#x} has no row"));
            self.message(message, None)
        };
        let mut counts = None;
        if let Some(table) = table {
            self.require_columns(table, columns);
            let mut unread = 0;
            let rows = table.each_row(&mut |id, row| {
                let is_unread = row.number_of(MESSAGE_FLAGS)?.unwrap_or(0) & READ == 0;
                unread = u64::from(is_unread).saturating_add(unread);
                while let Some(message) = Self::child(children, parent, group, Some(id))? {
                    missing(message)?;
                }
                if Self::child(children, parent, group, id.checked_add(1))? != Some(id) {
                    self.add(Rule::ContentsRow, &place.in_row(id), || {
                        "the message of this row was not found in the folder".to_owned()
                    });
                    return Ok(());
                }
                self.message(id, Some((table, row)))
            })?;
            counts = Some((rows, unread));
            table.heap.tell_unnamed();
        }
        while let Some(message) = Self::child(children, parent, group, None)? {
            missing(message)?;
        }
        Ok(counts)
    }
}

/// A value as a finding shows it.
pub(super) fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Octets(octets)) => {
            let text = super::context::text(super::context::STRING, octets);
            let is_text =
                octets.len() % 2 == 0 && text.chars().all(|c| !c.is_control() && c != char::REPLACEMENT_CHARACTER);
            match is_text {
                true => format!("{:?}", text.chars().take(40).collect::<String>()),
                false => format!("{} bytes", octets.len()),
            }
        }
    }
}
