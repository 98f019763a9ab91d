//! Property contexts ([MS-PST] 2.3.3).

use super::{
    btree_on_heap::BtreeOnHeap,
    heap::{Client, Heap, is_subnode},
    value::{self, Held},
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{NamedProperties, Octets, PropertyBag, PropertyType, PropertyValue},
    pst::le::{u16_at, u32_at},
    read::pst::ndb::{Ndb, Node},
};
use std::sync::Arc;

/// Defects of one property context that are told one by one.
const TOLD: usize = 16;

/// A node whose data is a set of properties.
#[derive(Debug)]
pub(crate) struct PropertyContext {
    heap: Heap,
    /// Identifier, type, and the value itself or where it is.
    records: Vec<(u16, u16, u32)>,
    defects: Vec<Defect>,
}

impl PropertyContext {
    pub(crate) fn open(ndb: &Arc<Ndb>, node: &Node) -> Result<Self> {
        let heap = Heap::open(ndb, node, Client::PropertyContext)?;
        let tree = BtreeOnHeap::open(&heap, heap.root, 2, 6).map_err(|e| e.at(super::super::ndb::at_node(node.nid)))?;
        let mut cursor = tree.cursor(&heap);
        let mut records = Vec::new();
        let mut defects = Vec::new();
        loop {
            match cursor.next(&heap, |r| Some((u16_at(r, 0)?, u16_at(r, 2)?, u32_at(r, 4)?))) {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(e) if e.is_fatal() => return Err(e),
                Err(e) if records.len() > usize::from(u16::MAX) => return Err(e),
                Err(e) => defects.push(Defect::new(DefectKind::Property, e.to_string())),
            }
        }
        Ok(Self { heap, records, defects })
    }

    pub(crate) fn heap(&self) -> &Heap {
        &self.heap
    }

    /// The 32 bits that stand for a property: its value, or where it is.
    pub(crate) fn raw(&self, id: u16) -> Option<(u16, u32)> {
        self.records.iter().find(|(known, ..)| *known == id).map(|(_, kind, value)| (*kind, *value))
    }

    /// The subnodes that values lie in.
    pub(crate) fn subnodes(&self) -> impl Iterator<Item = u32> {
        self.records.iter().filter_map(|(_, kind, raw)| match PropertyType::from_code(*kind)? {
            PropertyType::Object => self.object_node(*raw).ok(),
            kind => (value::held(kind) == Held::Elsewhere && is_subnode(*raw)).then_some(*raw),
        })
    }

    /// The types of the properties, by identifier.
    pub(crate) fn types(&self) -> impl Iterator<Item = (u16, Option<PropertyType>)> {
        self.records.iter().map(|(id, kind, _)| (*id, PropertyType::from_code(*kind)))
    }

    /// One property.
    pub(crate) fn get(&self, id: u16) -> Result<Option<PropertyValue>> {
        self.raw(id).map(|(kind, value)| self.value(kind, value)).transpose()
    }

    /// All properties but `without`, and what was wrong with them.
    pub(crate) fn bag(&self, names: &Arc<NamedProperties>, without: Option<u16>) -> (PropertyBag, Vec<Defect>) {
        let mut bag = PropertyBag::new(names.clone());
        let mut defects = self.defects.clone();
        for (id, kind, raw) in &self.records {
            // Some writers leave room behind the last record.
            let padding = *id == 0 && *kind == 0;
            if padding || Some(*id) == without {
                continue;
            }
            match self.value(*kind, *raw) {
                Ok(value) => bag.insert(*id, value),
                Err(e) if defects.len() < TOLD => {
                    defects.push(Defect::new(DefectKind::Property, format!("property {id:#06x}: {e}")));
                }
                Err(_) => {}
            }
        }
        (bag, defects)
    }

    fn value(&self, kind: u16, raw: u32) -> Result<PropertyValue> {
        let Some(kind) = PropertyType::from_code(kind) else {
            let what = format!("its type {kind:#06x} is unknown");
            return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
        };
        match value::held(kind) {
            Held::Inline => value::inline(kind, &raw.to_le_bytes()),
            Held::Elsewhere if kind == PropertyType::Object => self.object(raw),
            Held::Elsewhere => value::whole(kind, self.heap.value(raw)?),
        }
    }

    /// The subnode that an object's value names ([MS-PST] 2.3.3.5).
    pub(crate) fn object_node(&self, raw: u32) -> Result<u32> {
        let place = self.heap.get(raw)?;
        place
            .as_slice()
            .and_then(|octets| u32_at(octets, 0))
            .ok_or_else(|| Error::new(ErrorKind::Malformed, "an object has no reference to its data").non_fatal())
    }

    fn object(&self, raw: u32) -> Result<PropertyValue> {
        let nid = self.object_node(raw)?;
        Ok(PropertyValue::Binary(Octets::from(self.heap.subnodes().data(nid)?.content())))
    }
}
