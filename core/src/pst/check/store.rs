//! The message store, and the columns of the tables of folders ([MS-PST] 2.4.3, 2.4.4).

use super::{
    Check,
    context::Properties,
    findings::Place,
    ids::{DISPLAY_NAME, RECORD_KEY, ROW_ID, ROW_VERSION, VALID_FOLDER_MASK},
    rules::Rule,
};
use crate::{
    error::Result,
    pst::{le::u32_at, nid},
};

/// Columns of tables as [MS-PST] asks for them, and those that Outlook 2007 SP2 and later adds.
pub(super) const HIERARCHY: [u16; 6] = [0x3001, 0x3602, 0x3603, 0x360A, ROW_ID, ROW_VERSION];
pub(super) const HIERARCHY_RECENT: [u16; 7] = [0x0E30, 0x0E33, 0x0E34, 0x0E38, 0x3613, 0x6635, 0x6636];
pub(super) const CONTENTS: [u16; 15] = [
    0x0017,
    0x001A,
    0x0036,
    0x0037,
    0x0042,
    0x0057,
    0x0058,
    0x0E03,
    0x0E04,
    0x0E06,
    0x0E07,
    0x0E08,
    0x0E17,
    ROW_ID,
    ROW_VERSION,
];
pub(super) const CONTENTS_SHOWN: [u16; 6] = [0x0039, 0x0070, 0x0071, 0x1097, 0x3008, 0x65C6];
pub(super) const CONTENTS_RECENT: [u16; 13] =
    [0x0039, 0x0070, 0x0071, 0x1097, 0x3008, 0x65C6, 0x0E30, 0x0E33, 0x0E34, 0x0E38, 0x0E3C, 0x0E3D, 0x3013];
pub(super) const ASSOCIATED: [u16; 15] = [
    0x001A,
    0x0E07,
    0x0E17,
    0x3001,
    0x6800,
    0x6803,
    0x6805,
    0x682F,
    0x7003,
    0x7004,
    0x7005,
    0x7006,
    0x7007,
    ROW_ID,
    ROW_VERSION,
];
pub(super) const SEARCHED: [u16; 17] = [
    0x0017,
    0x001A,
    0x0036,
    0x0037,
    0x0042,
    0x0057,
    0x0058,
    0x0E03,
    0x0E04,
    0x0E05,
    0x0E06,
    0x0E07,
    0x0E08,
    0x0E17,
    0x67F1,
    ROW_ID,
    ROW_VERSION,
];
pub(super) const SEARCHED_RECENT: [u16; 2] = [0x0E2A, 0x3008];

/// The bits of the mask, and the folders of which they say that there is an entry identifier.
const FOLDERS: [(u32, u16); 7] =
    [(0x01, 0x35E0), (0x04, 0x35E2), (0x08, 0x35E3), (0x10, 0x35E4), (0x20, 0x35E5), (0x40, 0x35E6), (0x80, 0x35E7)];
/// Of these three every store has one: the mailbox, deleted items, and searches.
const OF_ALL: [u16; 3] = [0x35E0, 0x35E3, 0x35E7];

impl Check {
    /// The properties of a node, if the node is there and has data.
    pub(super) fn properties_of(&self, node: u32) -> Result<Option<Properties<'_>>> {
        match self.file.node_entry(node)? {
            Some(entry) if entry.data != 0 => self.properties(&Place::node(node), entry.data, entry.subnodes),
            _ => Ok(None),
        }
    }

    pub(super) fn store(&self) -> Result<()> {
        let place = Place::node(nid::MESSAGE_STORE);
        let Some(properties) = self.properties_of(nid::MESSAGE_STORE)? else { return Ok(()) };
        let must: &[u16] = match (self.file.is_cache, self.is_recent()) {
            (true, _) => &[],
            (false, true) => &[
                RECORD_KEY,
                0x35E0,
                0x35E3,
                0x35E7,
                DISPLAY_NAME,
                0x0E34,
                0x0E38,
                VALID_FOLDER_MASK,
                0x6633,
                0x66FA,
                0x67FF,
            ],
            (false, false) => &[RECORD_KEY, 0x35E0, 0x35E3, 0x35E7],
        };
        for id in must.iter().filter(|id| !properties.has(**id)) {
            self.add(Rule::StoreProperty, &place.of(*id), || "the property is missing".to_owned());
        }
        let key = properties.octets(RECORD_KEY, 64)?;
        if let Some(key) = &key
            && (key.len() != 16 || key.iter().all(|octet| *octet == 0))
        {
            self.add(Rule::StoreKey, &place.of(RECORD_KEY), || format!("the record key is {key:02x?}"));
        }
        for (_, id) in FOLDERS {
            self.entry_id(key.as_deref(), &properties, id)?;
        }
        let mask = properties.number(VALID_FOLDER_MASK).unwrap_or(0);
        for (bit, id) in FOLDERS {
            if mask & bit != 0 && !properties.has(id) {
                self.add(Rule::StoreMask, &place.of(VALID_FOLDER_MASK), || {
                    format!("the mask is {mask:#x}, and the property {id:#06x} is missing")
                });
            }
            // The other way around holds for those that every store has.
            if OF_ALL.contains(&id)
                && mask & bit == 0
                && properties.has(id)
                && self.is_recent()
                && properties.has(VALID_FOLDER_MASK)
            {
                self.add(Rule::StoreMask, &place.of(VALID_FOLDER_MASK), || {
                    format!("the mask is {mask:#x} without the property {id:#06x}, which is there")
                });
            }
        }
        properties.heap.tell_unnamed();
        Ok(())
    }

    fn entry_id(&self, key: Option<&[u8]>, properties: &Properties<'_>, id: u16) -> Result<()> {
        let Some(entry) = properties.octets(id, 64)? else { return Ok(()) };
        let place = Place::node(nid::MESSAGE_STORE).of(id);
        let add = |found: &dyn Fn() -> String| self.add(Rule::StoreEntry, &place, found);
        if entry.len() != 24 {
            add(&|| format!("the entry identifier has {} bytes instead of 24", entry.len()));
            return Ok(());
        }
        if entry.get(..4) != Some(&[0; 4]) {
            add(&|| format!("the flags are {:02x?} instead of 0", entry.get(..4).unwrap_or_default()));
        }
        if key.is_some_and(|key| entry.get(4..20) != Some(key)) {
            add(&|| "its record key is not that of the store".to_owned());
        }
        let folder = u32_at(&entry, 20).unwrap_or(0);
        let is_folder = matches!(nid::kind(folder), nid::NORMAL_FOLDER | nid::SEARCH_FOLDER);
        if !is_folder || !self.file.has_node(folder)? {
            add(&|| format!("it names {folder:#x}, which is not a folder of the store"));
        }
        Ok(())
    }
}
