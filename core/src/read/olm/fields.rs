//! Message objects made of elements.

use super::element::Element;
use crate::{
    defect::{Defect, DefectKind},
    error::{ErrorKind, Result},
    mapi::{
        Attachment, AttachmentBody, CodePage, FileTime, Guid, MapiMessage, NamedProperties, Octets, PropertyBag,
        PropertyName, PropertyValue, pid,
    },
    read::archive::ZipIndex,
    source::Content,
};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// Properties on their way into a bag.
#[derive(Default)]
pub(super) struct Fields {
    values: Vec<(u16, PropertyValue)>,
    names: Vec<PropertyName>,
    /// What could not be put into properties.
    defects: Vec<Defect>,
}

impl Fields {
    /// Those of an item of a message class, which are told from others by what they say.
    pub(super) fn of(class: &str, item: &Element) -> Self {
        let mut fields = Self::default();
        fields.text(pid::MESSAGE_CLASS, Some(class));
        let mut digest = XxHash3_128::new();
        item.for_each_text(&mut |text| digest.write(text.as_bytes()));
        fields.set(pid::SEARCH_KEY, binary(digest.finish_128().to_be_bytes().to_vec()));
        fields
    }

    #[inline(never)] // It and the next ones are called for each field.
    pub(super) fn set(&mut self, id: u16, value: PropertyValue) {
        self.values.push((id, value));
    }

    pub(super) fn text(&mut self, id: u16, value: Option<&str>) {
        if let Some(value) = value {
            self.set(id, text(value.trim()));
        }
    }

    #[inline(never)]
    pub(super) fn integer(&mut self, id: u16, value: i32) {
        self.set(id, PropertyValue::Integer32(value));
    }

    #[inline(never)]
    pub(super) fn time(&mut self, id: u16, value: Option<FileTime>) {
        if let Some(value) = value {
            self.set(id, PropertyValue::Time(value));
        }
    }

    /// A property that has a name.
    #[inline(never)]
    pub(super) fn named(&mut self, set: Guid, lid: u32, value: Option<PropertyValue>) {
        if let Some(value) = value {
            self.with_name(PropertyName::Lid(set, lid), value);
        }
    }

    pub(super) fn named_text(&mut self, set: Guid, lid: u32, value: Option<&str>) {
        self.named(set, lid, value.map(|value| text(value.trim())));
    }

    fn with_name(&mut self, name: PropertyName, value: PropertyValue) {
        let id = u16::try_from(self.names.len()).ok().and_then(|n| n.checked_add(0x8000));
        if let Some(id) = id {
            self.names.push(name);
            self.set(id, value);
        }
    }

    /// The categories in a list.
    pub(super) fn categories(&mut self, list: Option<&Element>) {
        let names = list.into_iter().flat_map(|list| &list.children);
        let names = names.filter_map(|category| category.attribute("OPFCategoryCopyName"));
        let names: Vec<_> = names.map(|name| text(name.trim())).collect();
        if !names.is_empty() {
            let name = PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned());
            self.with_name(name, PropertyValue::Multiple(names));
        }
    }

    /// A body: HTML, which is also what stands where plain text should, and plain text.
    pub(super) fn bodies(&mut self, html: Option<&str>, plain: Option<&str>) {
        if let Some(html) = html {
            self.set(pid::HTML, binary(html.as_bytes().to_vec()));
            self.integer(pid::INTERNET_CODEPAGE, 65_001);
        }
        if let Some(plain) = plain {
            self.set(pid::BODY, text(plain));
        }
    }

    /// The same of elements, whose text may be long.
    pub(super) fn bodies_of(&mut self, html: Option<&Element>, plain: Option<&Element>) {
        let held = |element: Option<&'_ Element>| element.is_none_or(|element| element.long_text.is_none());
        let text = |element: Option<&'_ Element>| element.and_then(Element::own_text).map(str::to_owned);
        if held(html) && held(plain) {
            return self.bodies(text(html).as_deref(), text(plain).as_deref());
        }
        let octets = |element: &Element| match &element.long_text {
            Some(text) => Octets::from(text.content.clone()),
            None => Octets::from(element.text.as_bytes().to_vec()),
        };
        if let Some(html) = html {
            self.set(pid::HTML, PropertyValue::Binary(octets(html)));
            self.integer(pid::INTERNET_CODEPAGE, 65_001);
        }
        if let Some(plain) = plain {
            self.set(pid::BODY, PropertyValue::String8(octets(plain)));
        }
    }

    pub(super) fn tell(&mut self, kind: DefectKind, what: impl Into<std::borrow::Cow<'static, str>>) {
        self.defects.push(Defect::new(kind, what));
    }

    pub(super) fn message(mut self, recipients: Vec<PropertyBag>, attachments: Vec<Attachment>) -> MapiMessage {
        MapiMessage {
            recipients,
            attachments: Arc::new(attachments),
            code_page: CodePage::UTF_8,
            defects: std::mem::take(&mut self.defects),
            ..MapiMessage::new(self.bag())
        }
    }

    pub(super) fn bag(self) -> PropertyBag {
        let mut names = NamedProperties::default();
        (0x8000..).zip(self.names).for_each(|(id, name)| names.insert(id, name));
        let mut bag = PropertyBag::new(Arc::new(names));
        self.values.into_iter().for_each(|(id, value)| bag.insert(id, value));
        bag
    }
}

/// Text that is HTML: Outlook writes it where plain text is asked for, too.
pub(super) fn is_html(text: &str) -> bool {
    let start = text.trim_start().as_bytes();
    ["<!doctype", "<html", "<meta", "<head", "<body", "<div"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes())))
}

/// Text that has tags at its start and in it: beside HTML it is a second HTML body, and no plain text.
pub(super) fn has_tags(text: &str) -> bool {
    let mut start = text.trim_start().chars();
    start.next() == Some('<')
        && start.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '!')
        && text.contains("</")
}

pub(super) fn text(text: &str) -> PropertyValue {
    PropertyValue::String(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().into())
}

pub(super) fn binary(octets: Vec<u8>) -> PropertyValue {
    PropertyValue::Binary(octets.into())
}

/// A person as a row of a recipient table.
pub(super) fn recipient(kind: i32, address: Option<&str>, name: Option<&str>) -> Fields {
    let mut row = Fields::default();
    row.integer(pid::RECIPIENT_TYPE, kind);
    row.text(pid::DISPLAY_NAME, name.or(address));
    row.text(pid::ADDRESS_TYPE, address.map(|_| "SMTP"));
    row.text(pid::EMAIL_ADDRESS, address);
    row
}

/// The people in a list: address and name.
pub(super) fn people(list: Option<&Element>) -> Vec<(Option<&str>, Option<&str>)> {
    let people = list.into_iter().flat_map(|list| &list.children);
    let people = people.map(|person| {
        (person.attribute("OPFContactEmailAddressAddress"), person.attribute("OPFContactEmailAddressName"))
    });
    people.filter(|(address, name)| address.is_some() || name.is_some()).collect()
}

/// The first `most` rows of a recipient table; that there are more is told.
pub(super) fn first_rows(mut rows: Vec<PropertyBag>, most: usize, fields: &mut Fields) -> Vec<PropertyBag> {
    if rows.len() > most {
        let what = format!("only the first {most} of {} people are read", rows.len());
        fields.tell(DefectKind::EntityLimit, what);
        rows.truncate(most);
    }
    rows
}

/// What a list of attachments names, out of the archive.
///
/// # Errors
/// When the archive itself cannot be read.
pub(super) fn attachments(
    list: Option<&Element>,
    archive: &mut ZipIndex,
    most: usize,
    of_item: &mut Fields,
) -> Result<Vec<Attachment>> {
    let elements = list.map(|list| list.children.as_slice()).unwrap_or_default();
    if elements.len() > most {
        let what = format!("only the first {most} of {} attachments are read", elements.len());
        of_item.tell(DefectKind::EntityLimit, what);
    }
    let mut attachments = Vec::new();
    for element in elements.iter().take(most) {
        let mut fields = Fields::default();
        fields.integer(pid::ATTACH_METHOD, 1);
        let name = element.attribute("OPFAttachmentName");
        fields.text(pid::ATTACH_LONG_FILENAME, name);
        fields.text(pid::ATTACH_MIME_TAG, element.attribute("OPFAttachmentContentType"));
        fields.text(pid::ATTACH_CONTENT_ID, element.attribute("OPFAttachmentContentID"));
        let content = element.attribute("OPFAttachmentURL").map(|place| octets(place, archive)).transpose()?;
        let mut defects = Vec::new();
        let body = content.and_then(|(content, what)| {
            let told = what.map(|what| format!("the attachment \"{}\" {what}", name.unwrap_or_default()));
            defects.extend(told.map(|told| Defect::new(DefectKind::Attachment, told)));
            content
        });
        let body = body.map_or(AttachmentBody::None, AttachmentBody::Data);
        attachments.push(Attachment { properties: fields.bag(), body, defects });
    }
    Ok(attachments)
}

/// The octets of an entry of the archive, as many as can be read, and what is wrong with them; nothing of both where there is no such
/// entry.
///
/// # Errors
/// When the archive itself cannot be read.
pub(super) fn octets(place: &str, archive: &mut ZipIndex) -> Result<(Option<Content>, Option<String>)> {
    Ok(match archive.checked_source_of(place.trim_start_matches('/')) {
        Ok(None) => (None, None),
        Ok(Some((source, None))) => (Some(Content::from(source)), None),
        Ok(Some((_, Some(flaw)))) if flaw.readable == 0 => (None, Some(format!("is lost: {}", flaw.what))),
        Ok(Some((source, Some(flaw)))) => {
            let len = source.len();
            let content = Content::from(source).slice(0..flaw.readable);
            let what = match flaw.readable == len {
                true => format!("is damaged: {}", flaw.what),
                false => {
                    format!("is damaged: only its first {} of {len} octets can be read: {}", flaw.readable, flaw.what)
                }
            };
            (Some(content), Some(what))
        }
        Err(error) if error.kind() == ErrorKind::Io => return Err(error),
        Err(error) if error.kind() == ErrorKind::Limit => {
            (None, Some(format!("was left out because of a limit: {error}")))
        }
        Err(error) => (None, Some(format!("is lost: {error}"))),
    })
}
