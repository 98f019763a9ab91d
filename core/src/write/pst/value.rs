//! Values of properties as they are stored ([MS-PST] 2.3.3, [MS-OXCDATA] 2.11).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, Octets, PropertyType, PropertyValue},
};
use std::borrow::Cow;

/// Octets of one of several values that are held in memory.
const ONE_OF_SEVERAL: usize = 16 << 20;

/// A value ready to be stored.
pub(super) enum Stored {
    /// In the four octets that a record has for it.
    Inline([u8; 4]),
    /// In eight octets of a table's row, or in the heap.
    Eight([u8; 8]),
    /// In the heap or in a subnode.
    Octets(Octets),
}

/// The type of a value, and how it is stored.
pub(super) fn stored(value: &PropertyValue) -> Result<(PropertyType, Stored)> {
    let inline = |value: u32| Stored::Inline(value.to_le_bytes());
    let eight = |value: u64| Stored::Eight(value.to_le_bytes());
    Ok(match value {
        PropertyValue::Null => (PropertyType::Null, inline(0)),
        PropertyValue::Integer16(value) => (PropertyType::Integer16, inline((*value as u16).into())),
        PropertyValue::Integer32(value) => (PropertyType::Integer32, inline(*value as u32)),
        PropertyValue::ErrorCode(value) => (PropertyType::ErrorCode, inline(*value)),
        PropertyValue::Boolean(value) => (PropertyType::Boolean, inline((*value).into())),
        PropertyValue::Integer64(value) => (PropertyType::Integer64, eight(*value as u64)),
        PropertyValue::Floating(value) => (PropertyType::Floating64, eight(value.to_bits())),
        PropertyValue::FloatingTime(value) => (PropertyType::FloatingTime, eight(value.to_bits())),
        PropertyValue::Time(value) => (PropertyType::Time, eight(value.0)),
        PropertyValue::Guid(value) => (PropertyType::Guid, Stored::Octets(value.0.to_vec().into())),
        PropertyValue::String8(octets) => (PropertyType::String8, Stored::Octets(octets.clone())),
        PropertyValue::String(octets) => (PropertyType::String, Stored::Octets(octets.clone())),
        PropertyValue::Binary(octets) => (PropertyType::Binary, Stored::Octets(octets.clone())),
        PropertyValue::Multiple(values) => several(values)?,
    })
}

/// Units of a text that a row of a table has at most, as Outlook cuts them.
pub(super) const MOST_SHOWN: usize = 255;

/// The start of a text that a row of a table has of it.
pub(super) fn shown(text: &str) -> &str {
    crate::mapi::first_units(text, MOST_SHOWN)
}

/// A value as a cell of this type has it: text in the encoding of the column, cut where it is long.
pub(super) fn as_text_of(kind: PropertyType, value: &PropertyValue, code_page: CodePage) -> Cow<'_, PropertyValue> {
    let cell = match (kind, value) {
        (PropertyType::String, PropertyValue::String(octets)) if octets.len() > 2 * MOST_SHOWN as u64 => {
            first_octets(octets, 2 * MOST_SHOWN).map(|start| PropertyValue::String(whole_pairs(start).into()))
        }
        (PropertyType::String8, PropertyValue::String8(octets)) if octets.len() > MOST_SHOWN as u64 => {
            first_octets(octets, MOST_SHOWN).map(|start| PropertyValue::String8(start.into()))
        }
        (PropertyType::String, PropertyValue::String8(_)) => {
            let text = value.text(code_page, 4 * MOST_SHOWN);
            text.map(|text| PropertyValue::String(utf16(shown(&text)).into()))
        }
        (PropertyType::String8, PropertyValue::String(_)) => {
            let text = value.text(code_page, 4 * MOST_SHOWN);
            text.map(|text| {
                PropertyValue::String8(text.chars().take(MOST_SHOWN).map(octet).collect::<Vec<u8>>().into())
            })
        }
        _ => None,
    };
    cell.map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Octets as they stand, so that a row begins as its object does, whether they are sound text or not.
fn first_octets(octets: &Octets, most: usize) -> Option<Vec<u8>> {
    octets.start(most).ok().map(|start| start.to_vec())
}

/// Without the half of a pair of units that a cut left at the end.
fn whole_pairs(mut octets: Vec<u8>) -> Vec<u8> {
    if octets.last().is_some_and(|high| (0xD8..0xDC).contains(high)) {
        octets.truncate(octets.len().saturating_sub(2));
    }
    octets
}

/// The octets of a text in UTF-16.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The octets of a text in windows-1252; what that lacks is a question mark.
pub(super) fn ansi(text: &str) -> Vec<u8> {
    text.chars().map(octet).collect()
}

fn octet(c: char) -> u8 {
    let mut buffer = [0; 4];
    match encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut buffer)) {
        (octets, _, false) => octets.first().copied().unwrap_or(b'?'),
        _ => b'?',
    }
}

/// How many octets a value counts in the size of an attachment.
pub(super) fn counted(value: &PropertyValue) -> Result<u64> {
    Ok(match stored(value)? {
        (PropertyType::Boolean, _) => 1,
        (PropertyType::Integer16, _) => 2,
        (_, Stored::Inline(_)) => 4,
        (_, Stored::Eight(_)) => 8,
        (_, Stored::Octets(octets)) => octets.len(),
    })
}

fn several(values: &[PropertyValue]) -> Result<(PropertyType, Stored)> {
    let mut kind = PropertyType::Integer32;
    let mut fixed = Vec::new();
    let mut parts = Vec::new();
    for value in values {
        let (one, stored) = stored(value)?;
        kind = one;
        match stored {
            Stored::Inline([low, high, ..]) if one == PropertyType::Integer16 => fixed.extend([low, high]),
            Stored::Inline(octets) => fixed.extend(octets),
            Stored::Eight(octets) => fixed.extend(octets),
            Stored::Octets(octets) if one == PropertyType::Guid => fixed.extend(octets.to_vec(16)?),
            Stored::Octets(octets) => parts.push(octets.to_vec(ONE_OF_SEVERAL)?),
        }
    }
    let kind = PropertyType::from_code(kind.code() | 0x1000)
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("values of the type {kind:?} cannot be multiple")))?;
    if parts.is_empty() {
        return Ok((kind, Stored::Octets(fixed.into())));
    }
    let mut octets = (parts.len() as u32).to_le_bytes().to_vec();
    let mut offset = 4 + 4 * parts.len() as u32;
    for part in &parts {
        octets.extend(offset.to_le_bytes());
        offset += part.len() as u32;
    }
    octets.extend(parts.concat());
    Ok((kind, Stored::Octets(octets.into())))
}
