use super::{CodePage, FileTime, Guid, MapiMessage, Octets, PropertyBag, PropertyName, PropertyValue};

/// Octets of a text property that are read, where it is no body.
pub(crate) const MAX_TEXT: usize = 256 << 10;

/// The values of a bag, in the forms that the translation asks for: text decoded and not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    bag: &'a PropertyBag,
    code_page: CodePage,
}

impl<'a> Values<'a> {
    pub(super) fn of(message: &'a MapiMessage) -> Self {
        Self { bag: &message.properties, code_page: message.code_page }
    }

    /// The values of a recipient or an attachment of `message`.
    pub(super) fn of_part(bag: &'a PropertyBag, message: &MapiMessage) -> Self {
        Self { bag, code_page: message.code_page }
    }

    pub(super) fn get(self, property: impl Into<Key<'a>>) -> Option<&'a PropertyValue> {
        match property.into() {
            Key::Id(id) => self.bag.get(id),
            Key::Lid(set, lid) => self.bag.lid(set, lid),
            Key::Name(set, name) => self.bag.name(set, name),
        }
    }

    /// Text that is not empty.
    pub(super) fn text(self, property: impl Into<Key<'a>>) -> Option<String> {
        self.long_text(property, MAX_TEXT)
    }

    /// Text that is not empty, `limit` octets of it at most.
    pub(super) fn long_text(self, property: impl Into<Key<'a>>, limit: usize) -> Option<String> {
        self.get(property)?.text(self.code_page, limit).filter(|text| !text.trim().is_empty())
    }

    /// The texts of a property with several values.
    pub(super) fn texts(self, property: impl Into<Key<'a>>) -> Vec<String> {
        let values = self.get(property).map(PropertyValue::values).unwrap_or_default();
        let texts = values.iter().filter_map(|value| value.text(self.code_page, MAX_TEXT));
        texts.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    pub(super) fn integer(self, property: impl Into<Key<'a>>) -> Option<i64> {
        self.get(property)?.integer()
    }

    pub(super) fn is_true(self, property: impl Into<Key<'a>>) -> bool {
        matches!(self.get(property), Some(PropertyValue::Boolean(true)))
    }

    /// A time that is one: neither absent nor one of the values that stand for "none" (year 4501).
    pub(super) fn time(self, property: impl Into<Key<'a>>) -> Option<FileTime> {
        const NONE: u64 = 0x0CB3_4557_A3DD_4000;
        match self.get(property)? {
            PropertyValue::Time(time) if time.0 < NONE && time.date_time().is_some() => Some(*time),
            _ => None,
        }
    }

    pub(super) fn octets(self, property: impl Into<Key<'a>>) -> Option<&'a Octets> {
        self.get(property)?.octets().filter(|octets| !octets.is_empty())
    }

    /// A short binary in memory.
    pub(super) fn binary(self, property: impl Into<Key<'a>>) -> Option<Vec<u8>> {
        self.octets(property)?.first(MAX_TEXT).ok()
    }

    pub(super) fn code_page(self) -> CodePage {
        self.code_page
    }

    /// The named properties of one set that are here.
    pub(super) fn named(self, set: Guid) -> impl Iterator<Item = (&'a str, u16)> {
        self.bag.iter().filter_map(move |(id, _)| match self.bag.names().name(id)? {
            PropertyName::Name(of, name) if *of == set => Some((name.as_str(), id)),
            _ => None,
        })
    }
}

/// What a property is asked for by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'a> {
    Id(u16),
    Lid(Guid, u32),
    Name(Guid, &'a str),
}

impl From<u16> for Key<'_> {
    fn from(id: u16) -> Self {
        Self::Id(id)
    }
}

impl From<(Guid, u32)> for Key<'_> {
    fn from((set, lid): (Guid, u32)) -> Self {
        Self::Lid(set, lid)
    }
}

impl<'a> From<(Guid, &'a str)> for Key<'a> {
    fn from((set, name): (Guid, &'a str)) -> Self {
        Self::Name(set, name)
    }
}

/// The start of a text of at most so many units of UTF-16, whole characters.
pub(crate) fn first_units(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut units = 0;
    let is_behind = |c: char| {
        units += c.len_utf16();
        units > most
    };
    text.find(is_behind).map_or(text, |end| text.get(..end).unwrap_or(text))
}
