//! What waits on disk until the end: records of one size, and rows of tables.

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{FileTime, Octets, PropertyBag, PropertyType, PropertyValue},
    source::Content,
};

/// Octets that are read at a time.
const WINDOW: usize = 64 << 10;

/// Reads what was appended, front to back.
pub(super) struct Records {
    content: Content,
    /// Where the window begins that is read next.
    next: u64,
    window: Vec<u8>,
    at: usize,
}

impl Records {
    pub(super) fn new(content: Content) -> Self {
        Self { content, next: 0, window: Vec::new(), at: 0 }
    }

    /// Reads as many octets as there is room for; `false` where nothing is left.
    fn fill(&mut self, octets: &mut [u8]) -> Result<bool> {
        let mut filled = 0;
        while filled < octets.len() {
            if self.at == self.window.len() {
                self.window = self.content.slice(self.next..self.next + WINDOW as u64).to_vec(WINDOW)?;
                (self.next, self.at) = (self.next + self.window.len() as u64, 0);
                if self.window.is_empty() {
                    return if filled == 0 { Ok(false) } else { Err(cut()) };
                }
            }
            let (to, from) =
                (octets.get_mut(filled..).unwrap_or_default(), self.window.get(self.at..).unwrap_or_default());
            let n = to.len().min(from.len());
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            (filled, self.at) = (filled + n, self.at + n);
        }
        Ok(true)
    }

    fn octets<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        let mut octets = [0; N];
        Ok(self.fill(&mut octets)?.then_some(octets))
    }

    /// The next record of `N` octets.
    pub(super) fn next<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        self.octets()
    }

    fn must<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.octets()?.ok_or_else(cut)
    }

    /// The next row of a table, under its identifier.
    pub(super) fn row(&mut self) -> Result<Option<(u32, PropertyBag)>> {
        let Some(identifier) = self.octets()?.map(u32::from_le_bytes) else { return Ok(None) };
        let mut bag = PropertyBag::default();
        for _ in 0..u16::from_le_bytes(self.must()?) {
            let id = u16::from_le_bytes(self.must()?);
            let kind = PropertyType::from_code(u16::from_le_bytes(self.must()?)).ok_or_else(cut)?;
            let value = match kind {
                PropertyType::Integer32 => PropertyValue::Integer32(i32::from_le_bytes(self.must()?)),
                PropertyType::Boolean => PropertyValue::Boolean(self.must::<1>()? == [1]),
                PropertyType::Time => PropertyValue::Time(FileTime(u64::from_le_bytes(self.must()?))),
                PropertyType::String8 => PropertyValue::String8(self.several()?.into()),
                PropertyType::String => PropertyValue::String(self.several()?.into()),
                PropertyType::Binary => PropertyValue::Binary(self.several()?.into()),
                _ => return Err(cut()),
            };
            bag.insert(id, value);
        }
        Ok(Some((identifier, bag)))
    }

    fn several(&mut self) -> Result<Vec<u8>> {
        let mut octets = vec![0; usize::from(u16::from_le_bytes(self.must()?))];
        if !self.fill(&mut octets)? {
            return Err(cut());
        }
        Ok(octets)
    }
}

fn cut() -> Error {
    Error::new(ErrorKind::Destination, "the data that was kept until the end of the store was changed")
}

/// A row as it waits: values of the types that tables of contents have, each of at most 65,535 octets.
pub(super) fn row_octets(identifier: u32, bag: &PropertyBag) -> Vec<u8> {
    let mut octets = identifier.to_le_bytes().to_vec();
    let mut count = 0_u16;
    octets.extend(count.to_le_bytes());
    for (id, value) in bag.iter() {
        let several = |value: &Octets| {
            let value = value.as_slice().unwrap_or_default();
            let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
            [&(value.len() as u16).to_le_bytes()[..], value].concat()
        };
        let (kind, value) = match value {
            PropertyValue::Integer32(value) => (PropertyType::Integer32, value.to_le_bytes().to_vec()),
            PropertyValue::Boolean(value) => (PropertyType::Boolean, vec![u8::from(*value)]),
            PropertyValue::Time(value) => (PropertyType::Time, value.0.to_le_bytes().to_vec()),
            PropertyValue::String8(value) => (PropertyType::String8, several(value)),
            PropertyValue::String(value) => (PropertyType::String, several(value)),
            PropertyValue::Binary(value) => (PropertyType::Binary, several(value)),
            _ => continue,
        };
        octets.extend(id.to_le_bytes());
        octets.extend(kind.code().to_le_bytes());
        octets.extend(value);
        count += 1;
    }
    for (to, from) in octets.iter_mut().skip(4).zip(count.to_le_bytes()) {
        *to = from;
    }
    octets
}
