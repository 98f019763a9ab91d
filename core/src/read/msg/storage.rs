//! An object in its storage: a stream of properties, and one for each value that has no room there ([MS-OXMSG] 2.1, 2.4).

use crate::{
    cfb::{CompoundFile, Entry, EntryKind},
    defect::{Defect, DefectKind},
    error::Result,
    mapi::{
        MAX_ARRAY, MAX_TEXT, NamedProperties, Octets, PropertyBag, PropertyTag, PropertyType, PropertyValue, fixed,
        fixed_array, fixed_size, pid,
    },
    order::sort_by_key,
    pst::le::{u32_at, u64_at},
};
use std::{collections::HashSet, sync::Arc};

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
/// Texts that are read in full.
const LONG_TEXTS: [u16; 3] = [pid::BODY, pid::HTML, pid::TRANSPORT_MESSAGE_HEADERS];
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
    properties: Option<Slot>,
    /// Streams and storages of values, by their tags.
    values: Vec<(u32, Slot)>,
    /// Streams of one of several values, by tag and place.
    several: Vec<((u32, u32), Slot)>,
    pub(super) recipients: Vec<Slot>,
    pub(super) attachments: Vec<Slot>,
    names: Option<Slot>,
    /// Entries that begin like those above and go on in another way: how many, and the names of the first.
    unknown: usize,
    unknown_names: Vec<String>,
}

/// Where an entry is in the directory: there may be millions, and their names say nothing more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    id: u32,
    kind: EntryKind,
}

impl Slot {
    fn of(entry: &Entry) -> Self {
        Self { id: entry.id, kind: entry.kind }
    }

    /// The entry.
    pub(super) fn open(self, file: &CompoundFile) -> Result<Entry> {
        file.entry(self.id)
    }
}

/// Whether the file holds a message.
pub(super) fn is_message(file: &CompoundFile) -> Result<bool> {
    let mut is_one = false;
    file.children(file.root(), &mut |entry| is_one |= entry.name == PROPERTIES || entry.name.starts_with(VALUE))?;
    Ok(is_one)
}

/// A number of at most eight digits, as names have it.
fn number(digits: &str) -> Option<u32> {
    let is_number = digits.len() <= 8 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

/// A tag has eight digits.
fn tag_number(digits: &str) -> Option<u32> {
    number(digits).filter(|_| digits.len() == 8)
}

impl Storage {
    pub(super) fn list(file: &CompoundFile, entry: &Entry) -> Result<Self> {
        let mut storage = Self::default();
        let (mut recipients, mut attachments) = (Vec::new(), Vec::new());
        file.children(entry, &mut |entry| {
            let slot = Slot::of(&entry);
            let is_storage = slot.kind == EntryKind::Storage;
            let is_known = if entry.name == PROPERTIES {
                storage.properties.replace(slot).is_none()
            } else if entry.name == NAMES {
                storage.names.replace(slot).is_none()
            } else if let Some(tag) = entry.name.strip_prefix(VALUE) {
                match tag.split_once('-') {
                    None => tag_number(tag).map(|tag| storage.values.push((tag, slot))).is_some(),
                    Some((tag, place)) => {
                        let place = tag_number(tag).zip(number(place));
                        place.map(|place| storage.several.push((place, slot))).is_some()
                    }
                }
            } else if let Some(place) = entry.name.strip_prefix(RECIPIENT) {
                number(place).filter(|_| is_storage).map(|place| recipients.push((place, slot))).is_some()
            } else if let Some(place) = entry.name.strip_prefix(ATTACHMENT) {
                number(place).filter(|_| is_storage).map(|place| attachments.push((place, slot))).is_some()
            } else {
                true
            };
            if !is_known {
                storage.unknown += 1;
                if storage.unknown <= TOLD {
                    storage.unknown_names.push(entry.name);
                }
            }
        })?;
        sort_by_key(&mut storage.values, |(tag, _)| *tag);
        sort_by_key(&mut storage.several, |(place, _)| *place);
        let in_order = |mut entries: Vec<(u32, Slot)>| {
            sort_by_key(&mut entries, |(place, _)| *place);
            entries.into_iter().map(|(_, slot)| slot).collect()
        };
        (storage.recipients, storage.attachments) = (in_order(recipients), in_order(attachments));
        Ok(storage)
    }

    /// Whether it holds an object.
    pub(super) fn is_object(&self) -> bool {
        self.properties.is_some() || !self.values.is_empty()
    }

    /// The storage or stream of a value, whatever its type.
    pub(super) fn value(&self, id: u16) -> Option<Slot> {
        let first = self.values.partition_point(|(tag, _)| PropertyTag(*tag).id() < id);
        self.values.get(first).filter(|(tag, _)| PropertyTag(*tag).id() == id).map(|(_, slot)| *slot)
    }

    /// What identifiers from 0x8000 on stand for, if it is said here ([MS-OXMSG] 2.2.3).
    pub(super) fn names(&self, file: &CompoundFile, defects: &mut Vec<Defect>) -> Result<Option<Arc<NamedProperties>>> {
        let Some(slot) = self.names else { return Ok(None) };
        let inside = Self::list(file, &slot.open(file)?)?;
        let mut stream = |id| match inside.value(id) {
            Some(slot) if slot.kind == EntryKind::Stream => {
                let entry = slot.open(file)?;
                if entry.len > NAME_STREAM as u64 {
                    let what = format!(
                        "the names of properties: only the first {NAME_STREAM} of {} octets of the stream \"{}\" are read",
                        entry.len, entry.name
                    );
                    defects.push(Defect::new(DefectKind::Property, what));
                }
                file.stream(&entry)?.first(NAME_STREAM)
            }
            _ => Ok(Vec::new()),
        };
        let (names, defect) = NamedProperties::stored(&stream(0x0002)?, &stream(0x0003)?, &stream(0x0004)?);
        defects.extend(defect);
        Ok(Some(Arc::new(names)))
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
        for name in &self.unknown_names {
            reading.tell(&|| {
                format!("\"{name}\" has no valid name for a property, a recipient or an attachment, or is there twice")
            });
        }
        reading.wrong += self.unknown - self.unknown_names.len();
        let mut listed = HashSet::new();
        let records = reading.records(object)?;
        for record in records.chunks_exact(RECORD) {
            let (Some(tag), Some(value)) = (u32_at(record, 0), u64_at(record, 8)) else { continue };
            if tag == 0 || Some(PropertyTag(tag).id()) == without {
                continue;
            }
            // One that is listed again is not read again: that would take the square of their number.
            match listed.insert(tag) {
                true => reading.listed(PropertyTag(tag), &value.to_le_bytes())?,
                false => {
                    reading.tell(&|| format!("property {:#06x} is listed again: the first one is used", tag >> 16))
                }
            }
        }
        // Values that are there without being listed are values all the same; of two, that in Unicode.
        let mut last = None;
        for (tag, slot) in self.values.iter().rev() {
            if last.replace(*tag) == Some(*tag) {
                reading.tell(&|| format!("property {:#06x} has several streams: one of them is used", tag >> 16));
                continue;
            }
            let is_known = listed.contains(tag) || Some(PropertyTag(*tag).id()) == without;
            if !is_known && slot.kind == EntryKind::Stream {
                reading.stored(PropertyTag(*tag), *slot)?;
            }
        }
        // So are several values without the stream of their lengths.
        let mut rest = self.several.as_slice();
        while let Some((((tag, _), slot), _)) = rest.split_first() {
            rest = rest.get(rest.partition_point(|((of, _), _)| of == tag)..).unwrap_or_default();
            let has_lengths = self.values.binary_search_by_key(tag, |(tag, _)| *tag).is_ok();
            if !has_lengths && Some(PropertyTag(*tag).id()) != without {
                reading.stored(PropertyTag(*tag), *slot)?;
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
    #[inline(never)] // Damage is rare, and this would stand at each place that may tell of it.
    fn tell(&mut self, what: &dyn Fn() -> String) {
        self.wrong += 1;
        if self.wrong <= TOLD {
            self.defects.push(Defect::new(DefectKind::Property, what()));
        }
    }

    /// The records of properties, without what stands before them.
    fn records(&mut self, object: Object) -> Result<Vec<u8>> {
        let Some(slot) = self.storage.properties else {
            self.tell(&|| "the stream of properties is missing: times and numbers are lost".to_owned());
            return Ok(Vec::new());
        };
        let entry = slot.open(self.file)?;
        let mut octets = self.file.stream(&entry)?.first(STREAM)?;
        if entry.len > STREAM as u64 {
            let len = entry.len;
            self.tell(&|| format!("the stream of properties has {len} octets: only the first {STREAM} are read"));
        }
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
            self.tell(&|| format!("the stream of properties has {len} octets: the last property in it is incomplete"));
        }
        Ok(octets.split_off(header.min(octets.len())))
    }

    /// A property of the stream: its value there, or the length of the value elsewhere.
    fn listed(&mut self, tag: PropertyTag, value: &[u8]) -> Result<()> {
        let Some(kind) = tag.property_type() else {
            self.tell(&|| format!("property {:#06x}: its type is unknown", tag.id()));
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
            Some((_, slot)) if slot.kind == EntryKind::Stream => self.stored(tag, *slot),
            // Objects lie in storages, and an empty value may have no stream.
            _ if kind == PropertyType::Object || u32_at(value, 0).is_none_or(|len| len <= 2) => Ok(()),
            _ if self.storage.several.binary_search_by_key(&tag.0, |((of, _), _)| *of).is_ok() => Ok(()),
            // It is there in the other kind of text.
            _ if self.storage.value(tag.id()).is_some() => Ok(()),
            _ => {
                self.tell(&|| format!("property {:#06x}: its value is not in the file", tag.id()));
                Ok(())
            }
        }
    }

    /// A value that is a stream.
    fn stored(&mut self, tag: PropertyTag, slot: Slot) -> Result<()> {
        let Some(kind) = tag.property_type() else {
            self.tell(&|| format!("property {:#06x}: its type is unknown", tag.id()));
            return Ok(());
        };
        let value = match kind {
            PropertyType::MultipleString8 => self.several(tag, PropertyValue::String8)?,
            PropertyType::MultipleString => self.several(tag, PropertyValue::String)?,
            PropertyType::MultipleBinary => self.several(tag, PropertyValue::Binary)?,
            kind => {
                let octets = self.octets(slot)?;
                self.tell_length(tag.id(), kind, octets.len());
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
            None => self.tell(&|| format!("property {:#06x}: the value is shorter than its type", tag.id())),
        }
        Ok(())
    }

    /// Tells of a value that is longer than what is read of it.
    fn tell_length(&mut self, id: u16, kind: PropertyType, len: u64) {
        let most = match kind {
            PropertyType::String8 | PropertyType::String if !LONG_TEXTS.contains(&id) => MAX_TEXT,
            kind if is_array(kind) => MAX_ARRAY,
            _ => return,
        };
        if len > most as u64 {
            self.tell(&|| format!("property {id:#06x} has {len} octets: only the first {most} are read"));
        }
    }

    /// Several values, each in a stream of its own.
    fn several(&mut self, tag: PropertyTag, value: fn(Octets) -> PropertyValue) -> Result<Option<PropertyValue>> {
        let several = &self.storage.several;
        let first = several.partition_point(|((of, _), _)| *of < tag.0);
        let end = several.partition_point(|((of, _), _)| *of <= tag.0);
        let of_tag = several.get(first..end).unwrap_or_default();
        if of_tag.len() > VALUES {
            let count = of_tag.len();
            self.tell(&|| format!("property {:#06x} has {count} values: only the first {VALUES} are read", tag.id()));
        }
        let mut values = Vec::new();
        for (_, slot) in of_tag.iter().take(VALUES) {
            values.push(value(self.octets(*slot)?));
        }
        Ok(Some(PropertyValue::Multiple(values)))
    }

    fn octets(&self, slot: Slot) -> Result<Octets> {
        Ok(match self.file.stream(&slot.open(self.file)?)? {
            crate::cfb::Stream::Short(octets) => Octets::from(octets),
            crate::cfb::Stream::Long(content) => Octets::from(content),
        })
    }
}

/// Whether a value of this type is several of one size.
fn is_array(kind: PropertyType) -> bool {
    PropertyType::from_code(kind.code() & !0x1000).is_some_and(|one| one != kind && fixed_size(one).is_some())
}
