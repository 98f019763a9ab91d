use crate::{
    date_time::DateTime,
    mapi::{FileTime, NamedProperties, Octets, PropertyBag, PropertyName, PropertyValue},
};
use std::sync::Arc;

/// Years that programs take for dates of mail: others are left out.
const YEARS: std::ops::Range<i64> = 1926..2080;

/// Properties in the making.
#[derive(Debug, Default)]
pub(super) struct Properties {
    bag: Vec<(u16, PropertyValue)>,
    names: NamedProperties,
    named: u16,
}

impl Properties {
    #[inline(never)] // It is called for each property, and would stand there each time.
    pub(super) fn put(&mut self, id: u16, value: PropertyValue) {
        self.bag.push((id, value));
    }

    pub(super) fn text(&mut self, id: u16, text: &str) {
        self.put(id, string(text));
    }

    pub(super) fn integer(&mut self, id: u16, value: i32) {
        self.put(id, PropertyValue::Integer32(value));
    }

    pub(super) fn truth(&mut self, id: u16, value: bool) {
        self.put(id, PropertyValue::Boolean(value));
    }

    pub(super) fn binary(&mut self, id: u16, octets: impl Into<Octets>) {
        self.put(id, PropertyValue::Binary(octets.into()));
    }

    /// A point in time; `false` for one that no program would take.
    pub(super) fn time(&mut self, id: u16, time: DateTime) -> bool {
        let Some(time) = file_time(time) else { return false };
        self.put(id, PropertyValue::Time(time));
        true
    }

    pub(super) fn named(&mut self, name: PropertyName, value: PropertyValue) {
        if self.named < 0x7000 && self.names.id(&name).is_none() {
            let id = 0x8000 + self.named;
            self.named += 1;
            self.names.insert(id, name);
            self.put(id, value);
        }
    }

    pub(super) fn finish(self) -> PropertyBag {
        let mut bag = PropertyBag::new(Arc::new(self.names));
        self.bag.into_iter().for_each(|(id, value)| bag.insert(id, value));
        bag
    }
}

/// Text in UTF-16; a property holds no NUL.
pub(super) fn string(text: &str) -> PropertyValue {
    let mut octets = Vec::new();
    if text.is_ascii() {
        octets.extend(text.bytes().filter(|octet| *octet != 0).flat_map(|octet| [octet, 0]));
    } else {
        octets.extend(text.encode_utf16().filter(|unit| *unit != 0).flat_map(u16::to_le_bytes));
    }
    PropertyValue::String(octets.into())
}

pub(super) fn file_time(time: DateTime) -> Option<FileTime> {
    FileTime::of(time).filter(|_| YEARS.contains(&time.year()))
}
