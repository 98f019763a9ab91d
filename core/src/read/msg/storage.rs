//! An object in its storage: a stream of properties, and one for each value that has no room there ([MS-OXMSG] 2.1, 2.4).

use crate::{
    cfb::{CompoundFile, Entry, EntryKind},
    defect::{Defect, DefectKind},
    error::Result,
    mapi::{
        NamedProperties, Octets, PropertyBag, PropertyTag, PropertyType, PropertyValue, fixed, fixed_array, fixed_size,
    },
    pst::le::{u32_at, u64_at},
};
use std::{collections::BTreeSet, sync::Arc};

/// What things are called ([MS-OXMSG] 2.1.2, 2.2).
const PROPERTIES: &str = "__properties_version1.0";
const VALUE: &str = "__substg1.0_";
const NAMES: &str = "__nameid_version1.0";
const RECIPIENT: &str = "__recip_version1.0_#";
const ATTACHMENT: &str = "__attach_version1.0_#";

/// Octets of a stream of properties that are read: there are as many identifiers as 16 bits can tell.
const STREAM: usize = (1 << 20) + 32;
/// Octets of an entry in it.
const RECORD: usize = 16;
/// Values of a property with several that are read.
const VALUES: usize = 1 << 12;
/// Octets of each stream of names that are read.
const NAME_STREAM: usize = 4 << 20;
/// Defects of one object that are told one by one.
const TOLD: usize = 16;

/// What the octets before the first property are, by the object that they are of ([MS-OXMSG] 2.4.1).
#[derive(Clone, Copy)]
pub(super) enum Object {
    Message,
    /// A recipient or an attachment.
    Part,
}

/// What lies in the storage of an object.
#[derive(Default)]
pub(super) struct Storage {
    properties: Option<Entry>,
    /// Streams and storages of values, by their tags.
    values: Vec<(u32, Entry)>,
    /// Streams of one of several values, by tag and place.
    several: Vec<((u32, u32), Entry)>,
    pub(super) recipients: Vec<Entry>,
    pub(super) attachments: Vec<Entry>,
    names: Option<Entry>,
}

/// Whether the file holds a message.
pub(super) fn is_message(file: &CompoundFile) -> Result<bool> {
    let mut is_one = false;
    file.children(file.root(), |entry| is_one |= entry.name == PROPERTIES || entry.name.starts_with(VALUE))?;
    Ok(is_one)
}

impl Storage {
    pub(super) fn list(file: &CompoundFile, entry: &Entry) -> Result<Self> {
        let mut storage = Self::default();
        let (mut recipients, mut attachments) = (Vec::new(), Vec::new());
        let number = |digits: &str| u32::from_str_radix(digits, 16).ok();
        file.children(entry, |entry| {
            if entry.name == PROPERTIES {
                storage.properties = Some(entry);
            } else if entry.name == NAMES {
                storage.names = Some(entry);
            } else if let Some(tag) = entry.name.strip_prefix(VALUE) {
                match tag.split_once('-') {
                    None => storage.values.extend(number(tag).map(|tag| (tag, entry))),
                    Some((tag, place)) => {
                        storage.several.extend(number(tag).zip(number(place)).map(|place| (place, entry)));
                    }
                }
            } else if let Some(place) = entry.name.strip_prefix(RECIPIENT).and_then(number) {
                recipients.push((place, entry));
            } else if let Some(place) = entry.name.strip_prefix(ATTACHMENT).and_then(number) {
                attachments.push((place, entry));
            }
        })?;
        storage.values.sort_by_key(|(tag, _)| *tag);
        storage.several.sort_by_key(|(place, _)| *place);
        let in_order = |mut entries: Vec<(u32, Entry)>| {
            entries.sort_by_key(|(place, _)| *place);
            entries.into_iter().map(|(_, entry)| entry).collect()
        };
        (storage.recipients, storage.attachments) = (in_order(recipients), in_order(attachments));
        Ok(storage)
    }

    /// Whether it holds an object.
    pub(super) fn is_object(&self) -> bool {
        self.properties.is_some() || !self.values.is_empty()
    }

    /// The storage or stream of a value, whatever its type.
    pub(super) fn value(&self, id: u16) -> Option<&Entry> {
        let first = self.values.partition_point(|(tag, _)| PropertyTag(*tag).id() < id);
        self.values.get(first).filter(|(tag, _)| PropertyTag(*tag).id() == id).map(|(_, entry)| entry)
    }

    /// What identifiers from 0x8000 on stand for, if it is said here ([MS-OXMSG] 2.2.3).
    pub(super) fn names(&self, file: &CompoundFile) -> Result<Option<Arc<NamedProperties>>> {
        let Some(entry) = &self.names else { return Ok(None) };
        let inside = Self::list(file, entry)?;
        let stream = |id| match inside.value(id) {
            Some(entry) if entry.kind == EntryKind::Stream => file.stream(entry)?.first(NAME_STREAM),
            _ => Ok(Vec::new()),
        };
        Ok(Some(Arc::new(NamedProperties::stored(&stream(0x0002)?, &stream(0x0003)?, &stream(0x0004)?))))
    }

    /// All properties but `without`.
    pub(super) fn bag(
        &self,
        file: &CompoundFile,
        object: Object,
        names: &Arc<NamedProperties>,
        without: Option<u16>,
        defects: &mut Vec<Defect>,
    ) -> Result<PropertyBag> {
        let mut reading = Reading { file, storage: self, bag: PropertyBag::new(names.clone()), wrong: 0, defects };
        let mut listed = BTreeSet::new();
        let records = reading.records(object)?;
        for record in records.chunks_exact(RECORD) {
            let (Some(tag), Some(value)) = (u32_at(record, 0), u64_at(record, 8)) else { continue };
            if tag != 0 && Some(PropertyTag(tag).id()) != without {
                listed.insert(tag);
                reading.listed(PropertyTag(tag), &value.to_le_bytes())?;
            }
        }
        // Values that are there without being listed are values all the same; of two, that in Unicode.
        for (tag, entry) in self.values.iter().rev() {
            let is_known = listed.contains(tag) || Some(PropertyTag(*tag).id()) == without;
            if !is_known && entry.kind == EntryKind::Stream {
                reading.stored(PropertyTag(*tag), entry)?;
            }
        }
        let Reading { bag, wrong, defects, .. } = reading;
        if wrong > TOLD {
            defects.push(Defect::new(DefectKind::Property, format!("{} more properties are damaged", wrong - TOLD)));
        }
        Ok(bag)
    }
}

/// Reads the properties of one object.
struct Reading<'a> {
    file: &'a CompoundFile,
    storage: &'a Storage,
    bag: PropertyBag,
    wrong: usize,
    defects: &'a mut Vec<Defect>,
}

impl Reading<'_> {
    fn tell(&mut self, what: impl FnOnce() -> String) {
        self.wrong += 1;
        if self.wrong <= TOLD {
            self.defects.push(Defect::new(DefectKind::Property, what()));
        }
    }

    /// The records of properties, without what stands before them.
    fn records(&mut self, object: Object) -> Result<Vec<u8>> {
        let Some(entry) = &self.storage.properties else {
            self.tell(|| "the stream of properties is missing: times and numbers are lost".to_owned());
            return Ok(Vec::new());
        };
        let mut octets = self.file.stream(entry)?.first(STREAM)?;
        // 32 octets before those of the outermost message, 24 before those of others: what is left of whole records tells which,
        // whoever wrote it.
        let header = match object {
            Object::Part => 8,
            Object::Message if octets.len() % RECORD == 8 => 24,
            Object::Message => 32,
        };
        let rest = octets.len().saturating_sub(header) % RECORD;
        if rest != 0 || octets.len() < header {
            let len = entry.len;
            self.tell(|| format!("the stream of properties has {len} octets, which is no whole number of properties"));
        }
        Ok(octets.split_off(header.min(octets.len())))
    }

    /// A property of the stream: its value there, or the length of the value elsewhere.
    fn listed(&mut self, tag: PropertyTag, value: &[u8]) -> Result<()> {
        let Some(kind) = tag.property_type() else {
            self.tell(|| format!("property {:#06x}: its type is unknown", tag.id()));
            return Ok(());
        };
        if fixed_size(kind).is_some_and(|size| size <= 8) {
            if let Some(value) = fixed(kind, value) {
                self.bag.insert(tag.id(), value);
            }
            return Ok(());
        }
        let values = &self.storage.values;
        let place = values.binary_search_by_key(&tag.0, |(tag, _)| *tag).ok().and_then(|place| values.get(place));
        match place {
            Some((_, entry)) if entry.kind == EntryKind::Stream => self.stored(tag, entry),
            // Objects lie in storages, and an empty value may have no stream.
            _ if kind == PropertyType::Object || u32_at(value, 0).is_none_or(|len| len <= 2) => Ok(()),
            // It is there in the other kind of text.
            _ if self.storage.value(tag.id()).is_some() => Ok(()),
            _ => {
                self.tell(|| format!("property {:#06x}: its value is not in the file", tag.id()));
                Ok(())
            }
        }
    }

    /// A value that is a stream.
    fn stored(&mut self, tag: PropertyTag, entry: &Entry) -> Result<()> {
        let Some(kind) = tag.property_type() else { return Ok(()) };
        let value = match kind {
            PropertyType::MultipleString8 => self.several(tag, PropertyValue::String8)?,
            PropertyType::MultipleString => self.several(tag, PropertyValue::String)?,
            PropertyType::MultipleBinary => self.several(tag, PropertyValue::Binary)?,
            kind => {
                let octets = self.octets(entry)?;
                match (fixed_array(kind, &octets)?, kind) {
                    (Some(values), _) => Some(values),
                    (None, PropertyType::String8) => Some(PropertyValue::String8(octets)),
                    (None, PropertyType::String) => Some(PropertyValue::String(octets)),
                    (None, _) if fixed_size(kind).is_some() => fixed(kind, &octets.first(16)?),
                    (None, _) => Some(PropertyValue::Binary(octets)),
                }
            }
        };
        match value {
            Some(value) => self.bag.insert(tag.id(), value),
            None => self.tell(|| format!("property {:#06x}: the value is shorter than its type", tag.id())),
        }
        Ok(())
    }

    /// Several values, each in a stream of its own.
    fn several(&mut self, tag: PropertyTag, value: fn(Octets) -> PropertyValue) -> Result<Option<PropertyValue>> {
        let several = &self.storage.several;
        let first = several.partition_point(|((of, _), _)| *of < tag.0);
        let of_tag = several.iter().skip(first).take_while(|((of, _), _)| *of == tag.0).take(VALUES);
        let values = of_tag.map(|(_, entry)| self.octets(entry).map(value)).collect::<Result<_>>()?;
        Ok(Some(PropertyValue::Multiple(values)))
    }

    fn octets(&self, entry: &Entry) -> Result<Octets> {
        Ok(match self.file.stream(entry)? {
            crate::cfb::Stream::Short(octets) => Octets::from(octets),
            crate::cfb::Stream::Long(content) => Octets::from(content),
        })
    }
}
