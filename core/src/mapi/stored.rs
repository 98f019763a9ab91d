//! How stores and messages in files of their own keep values and names: the octets are the same in both ([MS-PST] 2.3.3 and 2.4.7,
//! [MS-OXMSG] 2.2.3 and 2.4.2, [MS-OXCDATA] 2.11).
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
//! [MS-OXMSG]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg/
//! [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/

use super::{FileTime, Guid, NamedProperties, Octets, PropertyName, PropertyType, PropertyValue};
use crate::{
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
    /// The names out of the three streams that they are kept in: property sets, names, strings.
    pub(crate) fn stored(sets: &[u8], entries: &[u8], strings: &[u8]) -> Self {
        let mut names = Self::default();
        for entry in entries.chunks_exact(8) {
            let (Some(lid), Some(set), Some(index)) = (u32_at(entry, 0), u16_at(entry, 4), u16_at(entry, 6)) else {
                continue;
            };
            let guid = match set >> 1 {
                0 => continue,
                1 => Guid::PS_MAPI,
                2 => Guid::PS_PUBLIC_STRINGS,
                n => match sets.chunks_exact(16).nth(usize::from(n) - 3).and_then(|guid| guid.try_into().ok()) {
                    Some(guid) => Guid(guid),
                    None => continue,
                },
            };
            let name = if set & 1 == 0 {
                PropertyName::Lid(guid, lid)
            } else {
                match string(strings, lid) {
                    Some(name) => PropertyName::Name(guid, name),
                    None => continue,
                }
            };
            if let Some(id) = index.checked_add(0x8000) {
                names.insert(id, name);
            }
        }
        names
    }
}

/// The string at `at`: its length in octets, then UTF-16LE.
fn string(strings: &[u8], at: u32) -> Option<String> {
    let at = usize::try_from(at).ok()?;
    let len = usize::try_from(u32_at(strings, at)?).ok()?;
    let octets = strings.get(at + 4..(at + 4).checked_add(len)?)?;
    let units: Vec<_> = octets.chunks_exact(2).filter_map(|unit| u16_at(unit, 0)).collect();
    Some(String::from_utf16_lossy(&units))
}
