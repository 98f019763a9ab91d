//! Message objects made for tests.

use super::{
    Attachment, AttachmentBody, Attachments, CodePage, EmbeddedMessage, Guid, MapiMessage, NamedProperties, Octets,
    PropertyBag, PropertyName, PropertyValue,
};
use crate::{Error, ErrorKind, Result, source::Content};
use std::sync::Arc;

pub(super) fn text(text: &str) -> PropertyValue {
    PropertyValue::String(Octets::from(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()))
}

pub(super) fn binary(octets: &[u8]) -> PropertyValue {
    PropertyValue::Binary(Octets::from(octets.to_vec()))
}

pub(super) fn bag(properties: impl IntoIterator<Item = (u16, PropertyValue)>) -> PropertyBag {
    let mut bag = PropertyBag::default();
    properties.into_iter().for_each(|(id, value)| bag.insert(id, value));
    bag
}

pub(super) fn message(properties: impl IntoIterator<Item = (u16, PropertyValue)>) -> MapiMessage {
    MapiMessage {
        properties: bag(properties),
        recipients: Vec::new(),
        attachments: Arc::new(()),
        code_page: CodePage::WINDOWS_1252,
        directory: None,
        defects: Vec::new(),
    }
}

/// A message with fixed and with named properties.
pub(super) fn message_with_lids(
    properties: impl IntoIterator<Item = (u16, PropertyValue)>,
    lids: impl IntoIterator<Item = (Guid, u32, PropertyValue)>,
) -> MapiMessage {
    let lids: Vec<_> = lids.into_iter().collect();
    let mut names = NamedProperties::default();
    for (i, (set, lid, _)) in lids.iter().enumerate() {
        names.insert(0x8000 + i as u16, PropertyName::Lid(*set, *lid));
    }
    let mut bag = PropertyBag::new(Arc::new(names));
    properties.into_iter().for_each(|(id, value)| bag.insert(id, value));
    for (i, (_, _, value)) in lids.into_iter().enumerate() {
        bag.insert(0x8000 + i as u16, value);
    }
    MapiMessage { properties: bag, ..message([]) }
}

#[derive(Debug)]
pub(super) struct Listed(pub(super) Vec<Attachment>);

impl Attachments for Listed {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn open(&self, index: usize) -> Result<Attachment> {
        self.0.get(index).cloned().ok_or_else(|| Error::new(ErrorKind::Malformed, "none"))
    }
}

#[derive(Debug)]
struct Embedded(MapiMessage);

impl EmbeddedMessage for Embedded {
    fn open(&self) -> Result<MapiMessage> {
        Ok(self.0.clone())
    }
}

pub(super) fn attachment(
    properties: impl IntoIterator<Item = (u16, PropertyValue)>,
    body: AttachmentBody,
) -> Attachment {
    Attachment { properties: bag(properties), body, defects: Vec::new() }
}

pub(super) fn data(octets: &[u8]) -> AttachmentBody {
    AttachmentBody::Data(Content::from(octets.to_vec()))
}

pub(super) fn embedded(message: MapiMessage) -> AttachmentBody {
    AttachmentBody::Message(Arc::new(Embedded(message)))
}
