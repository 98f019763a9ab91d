//! Which identifiers from 0x8000 on stand for which names ([MS-PST] 2.4.7).

use super::orphaned::Orphaned;
use crate::{
    defect::Defect,
    error::Result,
    mapi::{CodePage, NamedProperties},
    pst::nid,
    read::pst::{ltp::PropertyContext, ndb::Ndb},
};
use std::sync::Arc;

/// Properties of the map: property sets, names, strings.
const GUID_STREAM: u16 = 0x0002;
const ENTRY_STREAM: u16 = 0x0003;
const STRING_STREAM: u16 = 0x0004;

/// Octets of each stream that are read: room for every identifier that there is.
const STREAM: usize = 4 << 20;

/// The names, and what of them is damaged.
pub(super) fn read(ndb: &Arc<Ndb>) -> Result<(NamedProperties, Option<Defect>)> {
    let node = match ndb.node(nid::NAME_TO_ID_MAP)? {
        None if ndb.lacks_nodes() => Orphaned::new(ndb, CodePage::WINDOWS_1252)?.names()?,
        node => node,
    };
    let Some(node) = node else { return Ok(Default::default()) };
    let map = PropertyContext::open(ndb, &node)?;
    let stream = |id| -> Result<Vec<u8>> {
        match map.get(id)? {
            Some(value) => value.octets().map_or_else(|| Ok(Vec::new()), |octets| octets.first(STREAM)),
            None => Ok(Vec::new()),
        }
    };
    Ok(NamedProperties::stored(&stream(GUID_STREAM)?, &stream(ENTRY_STREAM)?, &stream(STRING_STREAM)?))
}
