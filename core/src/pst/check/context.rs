//! Property contexts ([MS-PST] 2.3.3).

use super::{Check, file::STEP, findings::Place, heap::Heap, rules::Rule};
use crate::{
    error::Result,
    pst::{
        Variant,
        le::{u16_at, u32_at, u64_at},
    },
};

const PROPERTY_CONTEXT: u8 = 0xBC;
/// Octets of text and of multiple values that are looked at.
const LOOKED_AT: usize = 1 << 20;
/// The first identifier of named properties.
pub(super) const FIRST_NAMED: u16 = 0x8000;

pub(super) const STRING8: u16 = 0x1E;
pub(super) const STRING: u16 = 0x1F;
pub(super) const OBJECT: u16 = 0x0D;
pub(super) const BINARY: u16 = 0x102;
pub(super) const BOOLEAN: u16 = 0x0B;
pub(super) const GUID: u16 = 0x48;
const TIME: u16 = 0x40;
/// Several values of these types.
const STRINGS8: u16 = 0x101E;
const STRINGS: u16 = 0x101F;
const BINARIES: u16 = 0x1102;
/// Nodes of a place that are held where a named property was met first.
const PLACE: usize = 8;

/// Octets of a value of a type with a fixed size.
pub(super) fn fixed(kind: u16) -> Option<usize> {
    Some(match kind {
        BOOLEAN => 1,
        0x02 => 2,
        0x03 | 0x04 | 0x0A => 4,
        0x05..=0x07 | 0x14 | TIME => 8,
        GUID => 16,
        _ => return None,
    })
}

/// Octets of each of several values of a type.
fn one_of_several(kind: u16) -> Option<usize> {
    (kind & 0x1000 != 0).then(|| fixed(kind & !0x1000)).flatten().filter(|size| *size > 1)
}

pub(super) fn is_known(kind: u16) -> bool {
    fixed(kind).is_some()
        || one_of_several(kind).is_some()
        || matches!(
            kind,
            0x01 | OBJECT | STRING8 | STRING | 0xFB | 0xFD | 0xFE | BINARY | STRINGS8 | STRINGS | BINARIES
        )
}

/// A value, so that that of a row and that of an object compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(u64),
    Octets(Vec<u8>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) id: u16,
    pub(super) kind: u16,
    value: u32,
}

/// The properties of a node.
pub(super) struct Properties<'a> {
    pub(super) heap: Heap<'a>,
    pub(super) all: Vec<Property>,
}

impl Check {
    /// The type of a property or a column, which has to be known; whether it is.
    pub(super) fn kind(&self, place: &Place, kind: u16) -> bool {
        let is_ansi = self.file.variant == Variant::Ansi;
        if !is_known(kind) {
            self.add(Rule::PropertyKind, place, || format!("the type {kind:#06x} is unknown"));
            return false;
        }
        let other = if is_ansi { [STRING, STRINGS] } else { [STRING8, STRINGS8] };
        if other.contains(&kind) {
            self.add(Rule::TextKind, place, || {
                format!("the text is of the type {kind:#06x}, which is that of the other layout")
            });
        }
        true
    }

    /// Notes that a named property is used.
    pub(super) fn note_named(&self, id: u16, place: &Place) {
        if (FIRST_NAMED..0xFFFE).contains(&id) {
            self.named.borrow_mut().entry(id).or_insert_with(|| Place {
                nodes: place.nodes.iter().copied().take(PLACE).collect(),
                ..Place::default().of(id)
            });
        }
    }

    /// A value whose octets are `octets`, of a type of variable size.
    pub(super) fn octets_of(&self, place: &Place, kind: u16, octets: &[u8]) -> Result<()> {
        // They are gone through more than once.
        self.file.charge(octets.len().saturating_mul(2))?;
        match kind {
            STRING if !self.file.is_cache => {
                if !octets.len().is_multiple_of(2) {
                    self.add(Rule::PropertySize, place, || format!("text of {} bytes", octets.len()));
                }
                let units = || octets.chunks_exact(2).map(|unit| u16_at(unit, 0).unwrap_or(0));
                let what = match char::decode_utf16(units()).any(|c| c.is_err()) && octets.len() < LOOKED_AT {
                    true => "a unit that is half a character",
                    false if units().any(|unit| unit == 0) => "a NUL",
                    false => return Ok(()),
                };
                self.add(Rule::TextOctets, place, || format!("the text has {what}"));
            }
            STRING8 if !self.file.is_cache && octets.contains(&0) => {
                self.add(Rule::TextOctets, place, || "the text has a NUL".to_owned());
            }
            STRINGS8 | STRINGS | BINARIES if !octets.is_empty() => {
                let count = u32_at(octets, 0).unwrap_or(u32::MAX) as usize;
                let first = count.saturating_mul(4).saturating_add(4);
                let starts = octets.get(4..first).map(|starts| starts.chunks_exact(4));
                let is_right = starts.is_some_and(|starts| {
                    let mut starts = starts.map(|start| u32_at(start, 0).unwrap_or(0) as usize);
                    starts.clone().is_sorted()
                        && starts.clone().next().is_none_or(|start| start == first)
                        && starts.next_back().is_none_or(|start| start <= octets.len())
                });
                if !is_right && octets.len() < LOOKED_AT {
                    self.add(Rule::PropertyMultiple, place, || format!("{count} values in {} bytes", octets.len()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The properties of a node; nothing where they cannot be read.
    pub(super) fn properties(&self, place: &Place, data: u64, subnodes: u64) -> Result<Option<Properties<'_>>> {
        let Some(heap) = Heap::open(self, place, data, subnodes, PROPERTY_CONTEXT)? else { return Ok(None) };
        let mut all: Vec<Property> = Vec::new();
        let mut is_held = true;
        let is_one = heap.records(heap.root, "the property context", (2, 6), &mut |id, record| {
            let id = id as u16;
            let (kind, value) = (u16_at(record, 0).unwrap_or(0), u32_at(record, 2).unwrap_or(0));
            let property = Property { id, kind, value };
            self.note_named(id, place);
            is_held = is_held && heap.held.take(size_of::<Property>());
            if is_held && self.property(&heap, property)? {
                all.push(property);
            }
            Ok(())
        })?;
        if !is_held {
            self.too_much(place);
            return Ok(None);
        }
        // Where they are not in order, which was told of, the first one of an identifier counts.
        all.sort_by_key(|property| property.id);
        Ok(is_one.then_some(Properties { heap, all }))
    }

    /// Whether the value of a property can be read.
    fn property(&self, heap: &Heap<'_>, property: Property) -> Result<bool> {
        let Property { id, kind, value } = property;
        let place = &heap.place.of(id);
        self.file.charge(STEP)?;
        if !self.kind(place, kind) {
            return Ok(false);
        }
        match fixed(kind) {
            Some(size) if size <= 4 => {
                let spare = value & !low(size);
                if (spare != 0 || (kind == BOOLEAN && value > 1)) && !self.file.is_cache {
                    self.add(Rule::PropertySpare, place, || format!("dwValueHnid is {value:#x}"));
                }
                return Ok(true);
            }
            Some(size) => {
                heap.note(value, place);
                let found = if value == 0 { None } else { heap.size_of(value)? };
                match found {
                    None => self.add(Rule::PropertyPlace, place, || format!("the value {value:#x} was not found")),
                    Some(found) if found != size as u64 => {
                        self.add(Rule::PropertySize, place, || format!("{found} bytes instead of {size}"));
                    }
                    Some(_) => return Ok(true),
                }
                return Ok(false);
            }
            None if kind == OBJECT => {
                heap.note(value, place);
                let found = if value & 31 == 0 && value != 0 { heap.value(value, 16)? } else { None };
                let Some(found) = found else {
                    self.add(Rule::PropertyPlace, place, || format!("the value {value:#x} was not found on the heap"));
                    return Ok(false);
                };
                if found.len() != 8 {
                    self.add(Rule::PropertySize, place, || format!("an object of {} bytes instead of 8", found.len()));
                    return Ok(false);
                }
                let nid = u32_at(&found, 0).unwrap_or(0);
                if heap.subnodes.named(nid).is_none() {
                    self.add(Rule::PropertyPlace, place, || {
                        format!("the subnode {nid:#x} of the object was not found")
                    });
                }
                return Ok(true);
            }
            None => {}
        }
        heap.note(value, place);
        let Some(size) = heap.size_of(value)? else {
            self.add(Rule::PropertyPlace, place, || {
                format!("the value {value:#x} was found neither on the heap nor as a subnode")
            });
            return Ok(false);
        };
        if value != 0 && size == 0 {
            self.add(Rule::PropertyPlace, place, || format!("{value:#x} names an empty value"));
        }
        if let Some(one) = one_of_several(kind)
            && !size.is_multiple_of(one as u64)
        {
            self.add(Rule::PropertySize, place, || format!("{size} bytes for values of {one}"));
        }
        if matches!(kind, STRING | STRING8 | STRINGS8 | STRINGS | BINARIES) {
            let octets = heap.value(value, LOOKED_AT)?.unwrap_or_default();
            self.octets_of(place, kind, &octets)?;
        }
        Ok(true)
    }
}

impl Properties<'_> {
    pub(super) fn find(&self, id: u16) -> Option<Property> {
        let at = self.all.partition_point(|property| property.id < id);
        self.all.get(at).filter(|property| property.id == id).copied()
    }

    pub(super) fn has(&self, id: u16) -> bool {
        self.find(id).is_some()
    }

    /// A number that stands in its record.
    pub(super) fn number(&self, id: u16) -> Option<u32> {
        let property = self.find(id)?;
        let size = fixed(property.kind).filter(|size| *size <= 4)?;
        Some(property.value & low(size))
    }

    /// Octets of a value.
    pub(super) fn size(&self, property: Property) -> Result<u64> {
        match fixed(property.kind) {
            Some(size) => Ok(size as u64),
            None => Ok(self.heap.size_of(property.value)?.unwrap_or(0)),
        }
    }

    /// The value of a property, at most so many octets of it.
    pub(super) fn value(&self, property: Property, most: usize) -> Result<Option<Value>> {
        Ok(match fixed(property.kind) {
            Some(size) if size <= 4 => self.number(property.id).map(|number| Value::Number(number.into())),
            Some(8) => {
                let octets = self.heap.value(property.value, 8)?.unwrap_or_default();
                u64_at(&octets, 0).map(Value::Number)
            }
            _ => self.heap.value(property.value, most)?.map(Value::Octets),
        })
    }

    /// The octets of a value of variable size.
    pub(super) fn octets(&self, id: u16, most: usize) -> Result<Option<Vec<u8>>> {
        let Some(property) = self.find(id) else { return Ok(None) };
        Ok(match self.value(property, most)? {
            Some(Value::Octets(octets)) => Some(octets),
            _ => None,
        })
    }

    /// The subnode and the size that an object states.
    pub(super) fn object(&self, id: u16) -> Result<Option<(u32, u32)>> {
        match self.find(id) {
            Some(property) => self.object_of(property),
            None => Ok(None),
        }
    }

    pub(super) fn object_of(&self, property: Property) -> Result<Option<(u32, u32)>> {
        if property.kind != OBJECT {
            return Ok(None);
        }
        let octets = self.heap.value(property.value, 8)?.unwrap_or_default();
        Ok(u32_at(&octets, 0).zip(u32_at(&octets, 4)))
    }

    /// Text for people: both kinds of it.
    pub(super) fn text(&self, id: u16) -> Result<Option<String>> {
        let Some(property) = self.find(id) else { return Ok(None) };
        let octets = self.octets(id, 4096)?;
        Ok(octets.map(|octets| text(property.kind, &octets)))
    }
}

/// The lowest octets of a value.
fn low(octets: usize) -> u32 {
    match octets {
        1 => 0xFF,
        2 => 0xFFFF,
        _ => u32::MAX,
    }
}

/// Octets as text; what is wrong in them is replaced.
pub(super) fn text(kind: u16, octets: &[u8]) -> String {
    if kind == STRING {
        let units = octets.chunks_exact(2).map(|unit| u16_at(unit, 0).unwrap_or(0));
        return char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    }
    octets.iter().copied().map(char::from).collect()
}
