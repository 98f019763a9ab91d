//! Values of properties ([MS-PST] 2.3.3, [MS-OXCDATA] 2.11).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{FileTime, Guid, Octets, PropertyType, PropertyValue},
    pst::le::{u16_at, u32_at, u64_at},
};

/// Octets of a multiple value of fixed-size values, or of the list of a multiple value, that are read at once.
const MULTIPLE: usize = 1 << 20;
/// Values of a multiple value that are read.
const VALUES: usize = 1 << 16;

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::Malformed, what).non_fatal()
}

/// How a value is held where a property context or a table has four octets for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// In these octets.
    Inline,
    /// In the heap, or in a subnode.
    Elsewhere,
}

/// The octets of one value of a type whose values are all of one size.
pub(super) fn fixed_size(kind: PropertyType) -> Option<usize> {
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

/// Where a property context holds the values of this type.
pub(super) fn held(kind: PropertyType) -> Held {
    if fixed_size(kind).is_some_and(|size| size <= 4) { Held::Inline } else { Held::Elsewhere }
}

/// A value of a fixed-size type out of its octets.
pub(super) fn fixed(kind: PropertyType, octets: &[u8]) -> Option<PropertyValue> {
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

/// A value of a fixed-size type out of octets that should hold it.
pub(super) fn inline(kind: PropertyType, octets: &[u8]) -> Result<PropertyValue> {
    fixed(kind, octets).ok_or_else(|| broken("the value is shorter than its type"))
}

/// A value out of the octets that hold all of it.
pub(super) fn whole(kind: PropertyType, octets: Octets) -> Result<PropertyValue> {
    if fixed_size(kind).is_some() {
        return inline(kind, &octets.start(16)?);
    }
    match kind {
        PropertyType::String8 => Ok(PropertyValue::String8(octets)),
        PropertyType::String => Ok(PropertyValue::String(octets)),
        PropertyType::MultipleString8 => several(octets, PropertyValue::String8),
        PropertyType::MultipleString => several(octets, PropertyValue::String),
        PropertyType::MultipleBinary => several(octets, PropertyValue::Binary),
        PropertyType::MultipleInteger16 => array(PropertyType::Integer16, &octets),
        PropertyType::MultipleInteger32 => array(PropertyType::Integer32, &octets),
        PropertyType::MultipleFloating32 => array(PropertyType::Floating32, &octets),
        PropertyType::MultipleFloating64 => array(PropertyType::Floating64, &octets),
        PropertyType::MultipleCurrency => array(PropertyType::Currency, &octets),
        PropertyType::MultipleFloatingTime => array(PropertyType::FloatingTime, &octets),
        PropertyType::MultipleInteger64 => array(PropertyType::Integer64, &octets),
        PropertyType::MultipleTime => array(PropertyType::Time, &octets),
        PropertyType::MultipleGuid => array(PropertyType::Guid, &octets),
        _ => Ok(PropertyValue::Binary(octets)),
    }
}

/// Several values of a fixed-size type, one after the other.
fn array(kind: PropertyType, octets: &Octets) -> Result<PropertyValue> {
    let size = fixed_size(kind).unwrap_or(1).max(1);
    let octets = octets.first(MULTIPLE)?;
    Ok(PropertyValue::Multiple(octets.chunks_exact(size).filter_map(|one| fixed(kind, one)).collect()))
}

/// Several values of a type without a fixed size: their number, their offsets, and then themselves ([MS-PST] 2.3.3.4.2).
fn several(octets: Octets, value: fn(Octets) -> PropertyValue) -> Result<PropertyValue> {
    let list = octets.first(MULTIPLE)?;
    let count = u32_at(&list, 0).unwrap_or(0);
    let count = usize::try_from(count).unwrap_or(VALUES).min(VALUES);
    let offset = |i: usize| u32_at(&list, 4 + 4 * i).map(u64::from);
    let whole = octets.content();
    let mut values = Vec::new();
    for i in 0..count {
        let Some(start) = offset(i) else { return Err(broken("the value lists more values than it holds")) };
        let end = if i + 1 < count { offset(i + 1).unwrap_or(start) } else { whole.len() };
        if start > end || end > whole.len() {
            return Err(broken("a value lies outside of the list of values that it belongs to"));
        }
        values.push(value(Octets::from(whole.slice(start..end))));
    }
    Ok(PropertyValue::Multiple(values))
}
