//! Which identifiers from 0x8000 on stand for which names ([MS-PST] 2.4.7).

use super::orphaned::Orphaned;
use crate::{
    error::Result,
    mapi::{CodePage, Guid, NamedProperties, PropertyName},
    pst::{
        le::{u16_at, u32_at},
        nid,
    },
    read::pst::{ltp::PropertyContext, ndb::Ndb},
};
use std::sync::Arc;

/// Properties of the map: property sets, names, strings.
const GUID_STREAM: u16 = 0x0002;
const ENTRY_STREAM: u16 = 0x0003;
const STRING_STREAM: u16 = 0x0004;

/// Octets of each stream that are read: room for every identifier that there is.
const STREAM: usize = 4 << 20;

pub(super) fn read(ndb: &Arc<Ndb>) -> Result<NamedProperties> {
    let mut names = NamedProperties::default();
    let node = match ndb.node(nid::NAME_TO_ID_MAP)? {
        None if ndb.lacks_nodes() => Orphaned::new(ndb, CodePage::WINDOWS_1252)?.names()?,
        node => node,
    };
    let Some(node) = node else { return Ok(names) };
    let map = PropertyContext::open(ndb, &node)?;
    let stream = |id| -> Result<Vec<u8>> {
        match map.get(id)? {
            Some(value) => value.octets().map_or_else(|| Ok(Vec::new()), |octets| octets.first(STREAM)),
            None => Ok(Vec::new()),
        }
    };
    let sets = stream(GUID_STREAM)?;
    let strings = stream(STRING_STREAM)?;
    for entry in stream(ENTRY_STREAM)?.chunks_exact(8) {
        let (Some(lid), Some(set), Some(index)) = (u32_at(entry, 0), u16_at(entry, 4), u16_at(entry, 6)) else {
            continue;
        };
        let guid = match set >> 1 {
            0 => continue,
            1 => Guid::PS_MAPI,
            2 => Guid::PS_PUBLIC_STRINGS,
            n => match sets.chunks_exact(16).nth(usize::from(n) - 3).and_then(|guid| guid.try_into().ok()) {
                Some(guid) => Guid(guid),
                None => continue,
            },
        };
        let name = if set & 1 == 0 {
            PropertyName::Lid(guid, lid)
        } else {
            match string(&strings, lid) {
                Some(name) => PropertyName::Name(guid, name),
                None => continue,
            }
        };
        if let Some(id) = index.checked_add(0x8000) {
            names.insert(id, name);
        }
    }
    Ok(names)
}

/// The string at `at`: its length in octets, then UTF-16LE.
fn string(strings: &[u8], at: u32) -> Option<String> {
    let at = usize::try_from(at).ok()?;
    let len = usize::try_from(u32_at(strings, at)?).ok()?;
    let octets = strings.get(at + 4..(at + 4).checked_add(len)?)?;
    let units: Vec<_> = octets.chunks_exact(2).filter_map(|unit| u16_at(unit, 0)).collect();
    Some(String::from_utf16_lossy(&units))
}
