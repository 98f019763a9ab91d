//! How stores and messages in files of their own keep values and names: the octets are the same in both ([MS-PST] 2.3.3 and 2.4.7,
//! [MS-OXMSG] 2.2.3 and 2.4.2, [MS-OXCDATA] 2.11).
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
//! [MS-OXMSG]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg/
//! [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/

use super::{FileTime, Guid, NamedProperties, Octets, PropertyName, PropertyType, PropertyValue};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    pst::le::{u16_at, u32_at, u64_at},
};

/// Octets of a multiple value of fixed-size values that are read at once.
pub(crate) const MAX_ARRAY: usize = 1 << 20;

/// The octets of one value of a type whose values are all of one size.
pub(crate) fn fixed_size(kind: PropertyType) -> Option<usize> {
    Some(match kind {
        PropertyType::Null => 0,
        PropertyType::Boolean => 1,
        PropertyType::Integer16 => 2,
        PropertyType::Integer32 | PropertyType::Floating32 | PropertyType::ErrorCode => 4,
        PropertyType::Floating64
        | PropertyType::Currency
        | PropertyType::FloatingTime
        | PropertyType::Integer64
        | PropertyType::Time => 8,
        PropertyType::Guid => 16,
        _ => return None,
    })
}

/// A value of a fixed-size type out of its octets.
pub(crate) fn fixed(kind: PropertyType, octets: &[u8]) -> Option<PropertyValue> {
    Some(match kind {
        PropertyType::Null => PropertyValue::Null,
        PropertyType::Boolean => PropertyValue::Boolean(*octets.first()? != 0),
        PropertyType::Integer16 => PropertyValue::Integer16(u16_at(octets, 0)? as i16),
        PropertyType::Integer32 => PropertyValue::Integer32(u32_at(octets, 0)? as i32),
        PropertyType::ErrorCode => PropertyValue::ErrorCode(u32_at(octets, 0)?),
        PropertyType::Floating32 => PropertyValue::Floating(f32::from_bits(u32_at(octets, 0)?).into()),
        PropertyType::Floating64 => PropertyValue::Floating(f64::from_bits(u64_at(octets, 0)?)),
        PropertyType::FloatingTime => PropertyValue::FloatingTime(f64::from_bits(u64_at(octets, 0)?)),
        PropertyType::Integer64 | PropertyType::Currency => PropertyValue::Integer64(u64_at(octets, 0)? as i64),
        PropertyType::Time => PropertyValue::Time(FileTime(u64_at(octets, 0)?)),
        PropertyType::Guid => PropertyValue::Guid(Guid(octets.get(..16)?.try_into().ok()?)),
        _ => return None,
    })
}

/// Several values of one size, one after the other; `None` for a type that is none of several such values.
pub(crate) fn fixed_array(kind: PropertyType, octets: &Octets) -> Result<Option<PropertyValue>> {
    let one = PropertyType::from_code(kind.code() & !0x1000).filter(|one| *one != kind);
    let Some((one, size)) = one.and_then(|one| Some((one, fixed_size(one)?.max(1)))) else { return Ok(None) };
    let octets = octets.first(MAX_ARRAY)?;
    Ok(Some(PropertyValue::Multiple(octets.chunks_exact(size).filter_map(|value| fixed(one, value)).collect())))
}

impl NamedProperties {
    /// The names out of the three streams that they are kept in: property sets, names, strings. Beside them, what names nothing.
    pub(crate) fn stored(sets: &[u8], entries: &[u8], strings: &[u8]) -> (Self, Option<Defect>) {
        let mut names = Self::default();
        let mut wrong = Wrong::default();
        let (entries, rest) = entries.as_chunks::<8>();
        for (place, entry) in entries.iter().enumerate() {
            match named(entry, sets, strings) {
                Ok((id, name)) => match names.name(id) {
                    None => names.insert(id, name),
                    Some(_) => wrong.tell(place, || format!("names property {id:#06x}, which has a name already")),
                },
                Err(what) => wrong.tell(place, || what),
            }
        }
        if !rest.is_empty() {
            wrong.tell(entries.len(), || format!("has only {} octets of 8", rest.len()));
        }
        (names, wrong.defect())
    }
}

/// Entries that name nothing: how many, and what is wrong with the first of them.
#[derive(Default)]
struct Wrong {
    count: usize,
    told: Vec<String>,
}

impl Wrong {
    /// Entries that are told one by one.
    const TOLD: usize = 4;

    fn tell(&mut self, place: usize, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < Self::TOLD {
            self.told.push(format!("entry {place} {}", what()));
        }
    }

    fn defect(self) -> Option<Defect> {
        let more = if self.count > self.told.len() { ", and others" } else { "" };
        (self.count > 0).then(|| {
            let what = format!(
                "the names of properties: {} entries are damaged, and the properties that they name have no name: {}{more}",
                self.count,
                self.told.join(", ")
            );
            Defect::new(DefectKind::Property, what)
        })
    }
}

/// What an entry names, and how; otherwise what is wrong with it.
fn named(entry: &[u8; 8], sets: &[u8], strings: &[u8]) -> std::result::Result<(u16, PropertyName), String> {
    let [a, b, c, d, set @ .., low, high] = *entry;
    let (lid, set, index) =
        (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes(set), u16::from_le_bytes([low, high]));
    let guid = match set >> 1 {
        0 => return Err("belongs to no property set".to_owned()),
        1 => Guid::PS_MAPI,
        2 => Guid::PS_PUBLIC_STRINGS,
        n => {
            let (sets, place) = (sets.as_chunks::<16>().0, usize::from(n) - 3);
            let set = sets.get(place).ok_or_else(|| format!("belongs to property set {} of {}", n - 2, sets.len()))?;
            Guid(*set)
        }
    };
    let id = index.checked_add(0x8000).ok_or_else(|| format!("has the number {index}, and there are only 32768"))?;
    if set & 1 == 0 {
        return Ok((id, PropertyName::Lid(guid, lid)));
    }
    let name = string(strings, lid).ok_or_else(|| {
        format!("has its name at octet {lid} of {}, where there is none of that length", strings.len())
    })?;
    Ok((id, PropertyName::Name(guid, name)))
}

/// The string at `at`: its length in octets, then UTF-16LE.
fn string(strings: &[u8], at: u32) -> Option<String> {
    let at = usize::try_from(at).ok()?;
    let len = usize::try_from(u32_at(strings, at)?).ok()?;
    let start = at.checked_add(4)?;
    let octets = strings.get(start..start.checked_add(len)?)?;
    let units: Vec<_> = octets.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of the stream of names.
    fn entry(lid: u32, set: u16, index: u16) -> Vec<u8> {
        [&lid.to_le_bytes()[..], &set.to_le_bytes(), &index.to_le_bytes()].concat()
    }

    #[test]
    fn entries_that_name_nothing_are_told_and_the_others_are_read() {
        let (sets, strings) = ([7; 16], b"\x04\0\0\0a\0b\0".as_slice());
        let good = [entry(0x8205, 3 << 1, 0), entry(0, 3 << 1 | 1, 1), entry(0x85, 1 << 1, 2)].concat();
        let (names, defect) = NamedProperties::stored(&sets, &good, strings);
        assert_eq!((names.iter().count(), defect), (3, None));
        assert_eq!(names.name(0x8001), Some(&PropertyName::Name(Guid([7; 16]), "ab".to_owned())));
        for (bad, told) in [
            (entry(1, 0, 9), "entry 3 belongs to no property set"),
            (entry(1, 4 << 1, 9), "entry 3 belongs to property set 2 of 1"),
            (entry(1, u16::MAX - 1, 9), "entry 3 belongs to property set 32765 of 1"),
            (entry(2, 3 << 1 | 1, 9), "entry 3 has its name at octet 2 of 8, where there is none"),
            (entry(u32::MAX, 2 << 1 | 1, 9), "entry 3 has its name at octet 4294967295 of 8, where there is none"),
            (entry(1, 3 << 1, 0x8000), "entry 3 has the number 32768"),
            (entry(1, 3 << 1, 1), "entry 3 names property 0x8001, which has a name already"),
            (vec![1, 2, 3], "entry 3 has only 3 octets of 8"),
        ] {
            let (names, defect) = NamedProperties::stored(&sets, &[good.clone(), bad].concat(), strings);
            let defect = defect.unwrap();
            assert!(defect.detail().contains(told) && defect.detail().contains(": 1 entries"), "{defect}");
            assert_eq!((names.iter().count(), defect.kind()), (3, DefectKind::Property));
        }
        let (names, defect) = NamedProperties::stored(&[], &good.repeat(1000), &[]);
        let told = defect.unwrap().detail().to_owned();
        assert_eq!(names.iter().count(), 1);
        assert!(told.contains("2999 entries") && told.ends_with(", and others") && told.len() < 500, "{told}");
    }
}
