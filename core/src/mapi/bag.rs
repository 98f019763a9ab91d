use super::{CodePage, FileTime, Guid, Octets, PropertyValue};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// The properties of one object, by identifier.
#[derive(Clone, Debug, Default)]
pub struct PropertyBag {
    properties: BTreeMap<u16, PropertyValue>,
    names: Arc<NamedProperties>,
}

impl PropertyBag {
    /// An empty bag whose identifiers from 0x8000 on mean `names`.
    pub fn new(names: Arc<NamedProperties>) -> Self {
        Self { properties: BTreeMap::new(), names }
    }

    /// Adds a property; of two with the same identifier the first that has a value stays.
    pub fn insert(&mut self, id: u16, value: PropertyValue) {
        let empty = |value: &PropertyValue| matches!(value, PropertyValue::Null | PropertyValue::ErrorCode(_));
        match self.properties.entry(id) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(mut place) => {
                if empty(place.get()) {
                    place.insert(value);
                }
            }
        }
    }

    /// Gives a property this value, whatever it had.
    pub fn set(&mut self, id: u16, value: PropertyValue) {
        self.properties.insert(id, value);
    }

    /// Takes a property away.
    pub fn remove(&mut self, id: u16) -> Option<PropertyValue> {
        self.properties.remove(&id)
    }

    /// The property with this identifier, of whatever type.
    pub fn get(&self, id: u16) -> Option<&PropertyValue> {
        self.properties.get(&id)
    }

    /// The property with this name: a PidLid by property set and LID.
    pub fn lid(&self, set: Guid, lid: u32) -> Option<&PropertyValue> {
        self.get(self.names.id(&PropertyName::Lid(set, lid))?)
    }

    /// The property with this name: a PidName by property set and string.
    pub fn name(&self, set: Guid, name: &str) -> Option<&PropertyValue> {
        self.get(self.names.id(&PropertyName::Name(set, name.to_owned()))?)
    }

    /// The integer with this identifier, whatever its width.
    pub fn integer(&self, id: u16) -> Option<i64> {
        self.get(id)?.integer()
    }

    /// The truth value with this identifier.
    pub fn boolean(&self, id: u16) -> Option<bool> {
        match self.get(id)? {
            PropertyValue::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The point in time with this identifier.
    pub fn time(&self, id: u16) -> Option<FileTime> {
        match self.get(id)? {
            PropertyValue::Time(value) => Some(*value),
            _ => None,
        }
    }

    /// The octets of the string or binary with this identifier.
    pub fn octets(&self, id: u16) -> Option<&Octets> {
        self.get(id)?.octets()
    }

    /// The text with this identifier, `limit` octets of it at most; see [`PropertyValue::text`].
    pub fn text(&self, id: u16, code_page: CodePage, limit: usize) -> Option<String> {
        self.get(id)?.text(code_page, limit)
    }

    /// All properties in the order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &PropertyValue)> {
        self.properties.iter().map(|(id, value)| (*id, value))
    }

    /// What the identifiers from 0x8000 on mean.
    pub fn names(&self) -> &Arc<NamedProperties> {
        &self.names
    }
}

/// The name of a property whose identifier differs from store to store ([MS-OXCDATA] 2.6).
///
/// [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyName {
    /// A property set and a number.
    Lid(Guid, u32),
    /// A property set and a string.
    Name(Guid, String),
}

/// Which identifiers from 0x8000 on stand for which names in one store.
#[derive(Clone, Debug, Default)]
pub struct NamedProperties {
    by_name: BTreeMap<PropertyName, u16>,
    by_id: BTreeMap<u16, PropertyName>,
}

impl NamedProperties {
    /// Adds a name; the first to have an identifier keeps it.
    pub fn insert(&mut self, id: u16, name: PropertyName) {
        self.by_name.entry(folded(&name)).or_insert(id);
        self.by_id.entry(id).or_insert(name);
    }

    /// The identifier of a name; strings are compared without regard to ASCII case.
    pub fn id(&self, name: &PropertyName) -> Option<u16> {
        self.by_name.get(&folded(name)).copied()
    }

    /// The name of an identifier.
    pub fn name(&self, id: u16) -> Option<&PropertyName> {
        self.by_id.get(&id)
    }

    /// All names in the order of their identifiers.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &PropertyName)> {
        self.by_id.iter().map(|(id, name)| (*id, name))
    }
}

fn folded(name: &PropertyName) -> PropertyName {
    match name {
        PropertyName::Lid(set, lid) => PropertyName::Lid(*set, *lid),
        PropertyName::Name(set, name) => PropertyName::Name(*set, name.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_properties_are_found_by_name() {
        let mut names = NamedProperties::default();
        names.insert(0x8001, PropertyName::Lid(Guid::PSETID_TASK, 0x8104));
        names.insert(0x8002, PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned()));
        let mut bag = PropertyBag::new(Arc::new(names));
        bag.insert(0x8001, PropertyValue::Integer32(7));
        bag.insert(0x8002, PropertyValue::Boolean(true));
        assert_eq!(bag.lid(Guid::PSETID_TASK, 0x8104).and_then(PropertyValue::integer), Some(7));
        assert!(bag.name(Guid::PS_PUBLIC_STRINGS, "keywords").is_some());
        assert!(bag.lid(Guid::PSETID_COMMON, 0x8104).is_none());
    }

    #[test]
    fn a_value_stays_before_an_error() {
        let mut bag = PropertyBag::default();
        bag.insert(1, PropertyValue::ErrorCode(5));
        bag.insert(1, PropertyValue::Integer16(3));
        bag.insert(1, PropertyValue::Integer16(4));
        assert_eq!(bag.integer(1), Some(3));
    }
}
