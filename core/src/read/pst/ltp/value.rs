//! Values of properties ([MS-PST] 2.3.3, [MS-OXCDATA] 2.11).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{Octets, PropertyType, PropertyValue, fixed, fixed_array, fixed_size},
    pst::le::u32_at,
};

/// Octets of the list of a multiple value that are read at once.
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

/// Where a property context holds the values of this type.
pub(super) fn held(kind: PropertyType) -> Held {
    if fixed_size(kind).is_some_and(|size| size <= 4) { Held::Inline } else { Held::Elsewhere }
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
        _ => match fixed_array(kind, &octets)? {
            Some(values) => Ok(values),
            None => Ok(PropertyValue::Binary(octets)),
        },
    }
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
