//! MAPI properties in a stream ([MS-OXTNEF] 2.1.3.4).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{FileTime, Guid, NamedProperties, Octets, PropertyBag, PropertyName, PropertyType, PropertyValue, pid},
    source::{Content, Window},
};
use std::sync::Arc;

/// Octets of the name of a property that are read.
const NAME: u32 = 1024;

/// Properties, and the one that is an object apart.
#[derive(Debug, Default)]
pub(super) struct Properties {
    pub(super) bag: PropertyBag,
    /// PidTagAttachDataObject: the interface it was stored with, and its octets.
    pub(super) object: Option<(Guid, Content)>,
    /// Where they are broken, if they are.
    pub(super) broken: Option<Error>,
}

/// Reads what is laid out in multiples of four octets.
pub(super) struct Reader {
    content: Content,
    window: Window,
    at: u64,
}

impl Reader {
    pub(super) fn new(content: &Content) -> Self {
        Self { content: content.clone(), window: Window::new(Arc::new(content.clone())), at: 0 }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let octets = self.window.array(self.at)?.ok_or_else(cut)?;
        self.at = self.at.saturating_add(N as u64);
        Ok(octets)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next `length` octets and their padding.
    fn take(&mut self, length: u32) -> Result<Content> {
        let end = self.at.saturating_add(length.into());
        if end > self.content.len() {
            return Err(cut());
        }
        let taken = self.content.slice(self.at..end);
        self.at = end.checked_next_multiple_of(4).unwrap_or(end);
        Ok(taken)
    }

    /// A counted list of properties; where it is broken, those before.
    ///
    /// `budget` is how many may still be read, of all lists of a message together.
    pub(super) fn properties(&mut self, budget: &mut usize) -> Properties {
        let mut properties = Properties::default();
        let mut names = NamedProperties::default();
        let mut values = Vec::new();
        if let Err(error) = self.each_property(budget, &mut names, &mut values, &mut properties.object) {
            properties.broken = Some(error);
        }
        properties.bag = PropertyBag::new(Arc::new(names));
        values.into_iter().for_each(|(id, value)| properties.bag.insert(id, value));
        properties
    }

    fn each_property(
        &mut self,
        budget: &mut usize,
        names: &mut NamedProperties,
        values: &mut Vec<(u16, PropertyValue)>,
        object: &mut Option<(Guid, Content)>,
    ) -> Result<()> {
        for _ in 0..self.u32()? {
            *budget = budget
                .checked_sub(1)
                .ok_or_else(|| Error::new(ErrorKind::Limit, "the TNEF stream has too many properties").non_fatal())?;
            let [kind_low, kind_high, id_low, id_high] = self.array()?;
            let id = u16::from_le_bytes([id_low, id_high]);
            let kind = PropertyType::from_code(u16::from_le_bytes([kind_low, kind_high])).ok_or_else(|| {
                Error::new(ErrorKind::Malformed, format!("property {id:#06x} is of an unknown type")).non_fatal()
            })?;
            if id >= 0x8000 {
                names.insert(id, self.name()?);
            }
            match self.value(kind)? {
                PropertyValue::Binary(octets) if kind == PropertyType::Object && id == pid::ATTACH_DATA => {
                    *object = interface(&octets.content());
                }
                value => values.push((id, value)),
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<PropertyName> {
        let set = Guid(self.array()?);
        if self.u32()? == 0 {
            return Ok(PropertyName::Lid(set, self.u32()?));
        }
        let length = self.u32()?;
        let name = Octets::from(self.take(length)?).first(length.min(NAME) as usize)?;
        let name = PropertyValue::String(Octets::from(name));
        Ok(PropertyName::Name(set, name.text(crate::mapi::CodePage::UTF_8, NAME as usize).unwrap_or_default()))
    }

    fn value(&mut self, kind: PropertyType) -> Result<PropertyValue> {
        let one = PropertyType::from_code(kind.code() & !0x1000).unwrap_or(kind);
        let is_multiple = kind.code() & 0x1000 != 0;
        if !is_multiple && let Some(value) = self.fixed(one)? {
            return Ok(value);
        }
        // Values without a fixed size are counted even where there can be one only.
        let mut values = Vec::new();
        for _ in 0..self.u32()? {
            let value = match self.fixed(one)? {
                Some(value) => value,
                None => {
                    let length = self.u32()?;
                    let octets = Octets::from(self.take(length)?);
                    match one {
                        PropertyType::String8 => PropertyValue::String8(octets),
                        PropertyType::String => PropertyValue::String(octets),
                        _ => PropertyValue::Binary(octets),
                    }
                }
            };
            // Beyond what any program writes they are passed over, not held.
            if values.len() < 1 << 12 {
                values.push(value);
            }
        }
        Ok(match (is_multiple, values.len()) {
            (false, 1) => values.remove(0),
            (false, _) => PropertyValue::Null,
            (true, _) => PropertyValue::Multiple(values),
        })
    }

    /// A value of a type whose values are all of one size.
    fn fixed(&mut self, kind: PropertyType) -> Result<Option<PropertyValue>> {
        Ok(Some(match kind {
            PropertyType::Null => PropertyValue::Null,
            PropertyType::Integer16 => {
                let [low, high, ..] = self.array::<4>()?;
                PropertyValue::Integer16(i16::from_le_bytes([low, high]))
            }
            PropertyType::Boolean => PropertyValue::Boolean(self.array::<4>()?.first() != Some(&0)),
            PropertyType::Integer32 => PropertyValue::Integer32(i32::from_le_bytes(self.array()?)),
            PropertyType::ErrorCode => PropertyValue::ErrorCode(self.u32()?),
            PropertyType::Floating32 => PropertyValue::Floating(f32::from_le_bytes(self.array()?).into()),
            PropertyType::Floating64 => PropertyValue::Floating(f64::from_le_bytes(self.array()?)),
            PropertyType::FloatingTime => PropertyValue::FloatingTime(f64::from_le_bytes(self.array()?)),
            PropertyType::Integer64 | PropertyType::Currency => {
                PropertyValue::Integer64(i64::from_le_bytes(self.array()?))
            }
            PropertyType::Time => PropertyValue::Time(FileTime(u64::from_le_bytes(self.array()?))),
            PropertyType::Guid => PropertyValue::Guid(Guid(self.array()?)),
            _ => return Ok(None),
        }))
    }
}

fn cut() -> Error {
    Error::new(ErrorKind::Malformed, "the properties of the TNEF stream are incomplete").non_fatal()
}

/// The identifier of the interface that an object was stored with, and the object.
fn interface(octets: &Content) -> Option<(Guid, Content)> {
    let identifier = octets.slice(0..16).to_vec(16).ok()?.try_into().ok()?;
    Some((Guid(identifier), octets.slice(16..u64::MAX)))
}
