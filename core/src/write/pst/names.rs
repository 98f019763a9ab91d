//! The map from named properties to identifiers ([MS-PST] 2.4.7).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{Guid, PropertyBag, PropertyName, PropertyValue},
};
use std::{borrow::Cow, collections::HashMap};

/// Buckets of the map's hash table, as Outlook has them.
const BUCKETS: u32 = 251;
/// The property of the first bucket.
const FIRST_BUCKET: u16 = 0x1000;
/// PidLidReminderSet, of PSETID_Common, which is in the map of every store of Outlook.
const REMINDER_SET: u32 = 0x8503;

/// Names that a store has at most; some are left for those that every store has.
const MOST: usize = 0x7FE0;

/// Names of header fields are given identifiers as long as there are fewer names than this.
const MOST_FIELDS: usize = 0x2000;

/// Names of header fields are kept in lower case ([MS-OXCMAIL] 2.2.3.4.1.2), so that one field has one property.
fn folded(name: &PropertyName) -> Cow<'_, PropertyName> {
    match name {
        PropertyName::Name(Guid::PS_INTERNET_HEADERS, text) if text.bytes().any(|octet| octet.is_ascii_uppercase()) => {
            Cow::Owned(PropertyName::Name(Guid::PS_INTERNET_HEADERS, text.to_ascii_lowercase()))
        }
        name => Cow::Borrowed(name),
    }
}

/// Names in the order in which they were met.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<PropertyName, u16>,
    order: Vec<PropertyName>,
}

impl Names {
    /// The properties of a bag under the identifiers of this store.
    ///
    /// # Errors
    /// When there are more names than a store can have.
    pub(super) fn translated(&mut self, bag: &PropertyBag) -> Result<Vec<(u16, PropertyValue)>> {
        let mut translated = Vec::new();
        for (id, value) in bag.iter() {
            let name = if id < 0x8000 { None } else { bag.names().name(id) };
            let id = match name {
                None => id,
                Some(name) if self.has_room_for(name) => self.id(name)?,
                Some(_) => continue,
            };
            translated.push((id, value.clone()));
        }
        Ok(translated)
    }

    /// Whether a name gets an identifier. Senders of junk make up header fields by the thousand: what they say stands in the transport
    /// headers too.
    fn has_room_for(&self, name: &PropertyName) -> bool {
        let is_field = matches!(name, PropertyName::Name(Guid::PS_INTERNET_HEADERS, _));
        !is_field || self.order.len() < MOST_FIELDS || self.known.contains_key(&*folded(name))
    }

    /// libpff takes a map without entries or without a property set of its own for a broken store, and Outlook writes none without
    /// strings. What is missing comes last, so that the names of messages keep their places.
    fn leave_no_stream_empty(&mut self) {
        let is_own = |set: &Guid| ![Guid::PS_MAPI, Guid::PS_PUBLIC_STRINGS].contains(set);
        if !self.order.iter().any(|name| matches!(name, PropertyName::Name(..))) {
            self.add(&PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned()));
        }
        if !self.order.iter().any(|(PropertyName::Lid(set, _) | PropertyName::Name(set, _))| is_own(set)) {
            self.add(&PropertyName::Lid(Guid::PSETID_COMMON, REMINDER_SET));
        }
    }

    fn id(&mut self, name: &PropertyName) -> Result<u16> {
        let name = folded(name);
        if let Some(id) = self.known.get(&*name) {
            return Ok(*id);
        }
        if self.order.len() >= MOST {
            let message = "a store cannot have more names of properties: split it";
            return Err(Error::new(ErrorKind::Limit, message).non_fatal());
        }
        Ok(self.add(&name))
    }

    fn add(&mut self, name: &PropertyName) -> u16 {
        let id = 0x8000 + self.order.len() as u16;
        self.known.insert(name.clone(), id);
        self.order.push(name.clone());
        id
    }

    /// The properties of the map's own node.
    pub(super) fn properties(mut self) -> Vec<(u16, PropertyValue)> {
        self.leave_no_stream_empty();
        let mut sets: Vec<Guid> = Vec::new();
        let (mut entries, mut strings) = (Vec::new(), Vec::new());
        let mut buckets = vec![Vec::new(); BUCKETS as usize];
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
            if let Some(bucket) = buckets.get_mut(((hash ^ u32::from(kind)) % BUCKETS) as usize) {
                bucket.extend([&hash.to_le_bytes()[..], &kind.to_le_bytes(), &index].concat());
            }
        }
        let sets: Vec<u8> = sets.iter().flat_map(|set| set.0).collect();
        let binary = |octets: Vec<u8>| PropertyValue::Binary(octets.into());
        let mut properties = vec![
            (0x0001, PropertyValue::Integer32(BUCKETS as i32)),
            (0x0002, binary(sets)),
            (0x0003, binary(entries)),
            (0x0004, binary(strings)),
        ];
        let filled = (FIRST_BUCKET..).zip(buckets).filter(|(_, records)| !records.is_empty());
        properties.extend(filled.map(|(bucket, records)| (bucket, binary(records))));
        properties
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_leave_room_for_other_names() {
        let mut names = crate::mapi::NamedProperties::default();
        for i in 0..0x3000_u16 {
            names.insert(0x8000 + i, PropertyName::Name(Guid::PS_INTERNET_HEADERS, format!("X-Junk-{i}")));
        }
        names.insert(0xC000, PropertyName::Lid(Guid::PSETID_COMMON, 0x8530));
        names.insert(0xC001, PropertyName::Name(Guid::PS_INTERNET_HEADERS, "x-junk-5".to_owned()));
        let mut bag = PropertyBag::new(std::sync::Arc::new(names));
        (0x8000..0xB000).chain([0xC000, 0xC001]).for_each(|id| bag.set(id, PropertyValue::Integer32(1)));
        let mut map = Names::default();
        let translated = map.translated(&bag).unwrap();
        assert_eq!(translated.len(), MOST_FIELDS + 2);
        assert_eq!(translated.last().map(|(id, _)| *id), Some(0x8005), "the case of a field does not matter");
        assert_eq!(map.order.len(), MOST_FIELDS + 1);
    }

    /// The streams of [MS-PST] 2.4.7.1 to 2.4.7.3: programs refuse a store where one of them is empty.
    #[test]
    fn no_stream_of_the_map_is_empty_whatever_the_messages_have() {
        let lid = |set| PropertyName::Lid(set, 0x8104);
        let string = |set| PropertyName::Name(set, "name".to_owned());
        for names in [
            vec![],
            vec![lid(Guid::PS_MAPI)],
            vec![lid(Guid::PSETID_TASK)],
            vec![string(Guid::PS_PUBLIC_STRINGS)],
            vec![string(Guid::PSETID_TASK)],
        ] {
            let mut map = Names::default();
            for (name, id) in names.iter().zip(0x8000..) {
                assert_eq!(map.id(name).unwrap(), id);
            }
            let order = map.order.clone();
            let properties = map.properties();
            for stream in [0x0002, 0x0003, 0x0004] {
                let value = properties.iter().find(|(id, _)| *id == stream).map(|(_, value)| value);
                let length = value.and_then(PropertyValue::octets).map_or(0, |octets| octets.len());
                assert!(length > 0, "stream {stream:#x} with {order:?}");
            }
        }
    }
}
