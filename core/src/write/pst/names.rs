//! The map from named properties to identifiers ([MS-PST] 2.4.7).

use crate::mapi::{Guid, PropertyBag, PropertyName, PropertyValue};
use std::collections::{BTreeMap, HashMap};

/// Buckets of the map's hash table, as Outlook has them.
const BUCKETS: u32 = 251;
/// The property of the first bucket.
const FIRST_BUCKET: u16 = 0x1000;

/// Names in the order in which they were met.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<PropertyName, u16>,
    order: Vec<PropertyName>,
}

impl Names {
    /// The properties of a bag under the identifiers of this store.
    pub(super) fn translated(&mut self, bag: &PropertyBag) -> Vec<(u16, PropertyValue)> {
        let named = |id| if id < 0x8000 { None } else { bag.names().name(id) };
        bag.iter().map(|(id, value)| (named(id).map_or(id, |name| self.id(name)), value.clone())).collect()
    }

    fn id(&mut self, name: &PropertyName) -> u16 {
        if let Some(id) = self.known.get(name) {
            return *id;
        }
        let id = 0x8000 + self.order.len().min(0x7FFE) as u16;
        self.known.insert(name.clone(), id);
        self.order.push(name.clone());
        id
    }

    /// The properties of the map's own node.
    pub(super) fn properties(&self) -> Vec<(u16, PropertyValue)> {
        let mut sets: Vec<Guid> = Vec::new();
        let (mut entries, mut strings) = (Vec::new(), Vec::new());
        let mut buckets: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
        for (index, name) in self.order.iter().enumerate() {
            let (set, lid, hash, is_string) = match name {
                PropertyName::Lid(set, lid) => (set, *lid, *lid, 0),
                PropertyName::Name(set, text) => {
                    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                    let place = strings.len() as u32;
                    strings.extend((octets.len() as u32).to_le_bytes());
                    strings.extend_from_slice(&octets);
                    strings.resize(strings.len().next_multiple_of(4), 0);
                    (set, place, crate::pst::checksum::crc(&octets), 1)
                }
            };
            let set = match *set {
                Guid::PS_MAPI => 1,
                Guid::PS_PUBLIC_STRINGS => 2,
                set => {
                    let known = sets.iter().position(|known| *known == set).unwrap_or(sets.len());
                    if known == sets.len() {
                        sets.push(set);
                    }
                    known as u16 + 3
                }
            };
            let kind = set << 1 | is_string;
            let index = (index as u16).to_le_bytes();
            entries.extend([&lid.to_le_bytes()[..], &kind.to_le_bytes(), &index].concat());
            let bucket = (hash ^ u32::from(kind)) % BUCKETS;
            let record = [&hash.to_le_bytes()[..], &kind.to_le_bytes(), &index].concat();
            buckets.entry(FIRST_BUCKET + bucket as u16).or_default().extend(record);
        }
        let sets: Vec<u8> = sets.iter().flat_map(|set| set.0).collect();
        let binary = |octets: Vec<u8>| PropertyValue::Binary(octets.into());
        let mut properties = vec![
            (0x0001, PropertyValue::Integer32(BUCKETS as i32)),
            (0x0002, binary(sets)),
            (0x0003, binary(entries)),
            (0x0004, binary(strings)),
        ];
        properties.extend(buckets.into_iter().map(|(bucket, records)| (bucket, binary(records))));
        properties
    }
}
