//! The message object that a stream holds.

use super::{
    attribute::{Attribute, Attributes, id},
    properties::{Properties, Reader},
};
use crate::{
    date_time::DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    mapi::{
        Attachment, AttachmentBody, Attachments, CodePage, EmbeddedMessage, Fallback, FileTime, Guid, MapiMessage,
        Octets, PropertyBag, PropertyValue, choose, pid,
    },
    source::Content,
};
use std::sync::Arc;

/// Properties of a message and its recipients that are read, and of each attachment.
const PROPERTIES: usize = 1 << 18;

/// An embedded message is a stream in the stream.
const IID_IMESSAGE: Guid = Guid::well_known(0x0002_0307);

/// Values of PidTagAttachMethod ([MS-OXCMSG] 2.2.2.9), and of attAttachRendData for an OLE object.
const OLE: i64 = 6;
const RENDERED_AS_OLE: u16 = 2;

/// The names that Microsoft Mail gave to message classes ([MS-OXTNEF] 2.1.3.3.7).
const LEGACY_CLASSES: [(&str, &str); 8] = [
    ("IPM.Microsoft Mail.Note", "IPM.Note"),
    ("IPM.Microsoft Mail.Read Receipt", "Report.IPM.Note.IPNRN"),
    ("IPM.Microsoft Mail.Non-Delivery", "Report.IPM.Note.NDR"),
    ("IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"),
    ("IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"),
    ("IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos"),
    ("IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg"),
    ("IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent"),
];

/// Reads the message object of a TNEF stream ([MS-OXTNEF] 2.1). Attachments stay in `stream` until they are read.
///
/// What is broken or cut is a defect of the message; what is before it is kept.
///
/// # Errors
/// [`UnknownFormat`](ErrorKind::UnknownFormat) when it is not a TNEF stream, [`Io`](ErrorKind::Io) when it cannot be read.
///
/// [MS-OXTNEF]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef/
pub fn read_tnef(stream: &Content, limits: &Limits) -> Result<MapiMessage> {
    read_at_depth(stream, limits, 0)
}

fn read_at_depth(stream: &Content, limits: &Limits, depth: usize) -> Result<MapiMessage> {
    let mut attributes = Attributes::open(stream)?;
    let mut read = Read::default();
    let mut parts = Vec::new();
    loop {
        match attributes.next() {
            Ok(Some(attribute)) => {
                if !attribute.sound {
                    read.unsound = read.unsound.saturating_add(1);
                }
                if !attribute.of_attachment {
                    read.attribute(&attribute);
                } else if !part_of(&mut parts, attribute, limits.entities) {
                    let what = format!("more than {} attachments: the rest are not read", limits.entities);
                    read.defects.push(Defect::new(DefectKind::EntityLimit, what));
                    break;
                }
            }
            Ok(None) => break,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                read.defects.push(Defect::new(DefectKind::Tnef, error.to_string()));
                break;
            }
        }
    }
    let parts = Parts { parts, limits: limits.clone(), depth };
    Ok(read.message(Arc::new(parts)))
}

/// What was read of the message itself.
#[derive(Default)]
struct Read {
    properties: Properties,
    recipients: Vec<PropertyBag>,
    /// What the attributes say, which stands where no property does.
    said: Vec<(u16, PropertyValue)>,
    code_page: Option<CodePage>,
    unsound: usize,
    defects: Vec<Defect>,
}

impl Read {
    fn attribute(&mut self, attribute: &Attribute) {
        let data = &attribute.data;
        match attribute.id {
            id::PROPERTIES => {
                self.properties = Reader::new(data).properties(&mut { PROPERTIES });
                self.tell(self.properties.broken.as_ref().map(ToString::to_string));
            }
            id::RECIPIENTS => self.recipients(data),
            id::CODE_PAGE => {
                self.code_page = array(data).map(u32::from_le_bytes).filter(|page| *page != 0).map(CodePage);
            }
            id::SUBJECT => self.text(pid::SUBJECT, data),
            id::BODY => self.text(pid::BODY, data),
            id::MESSAGE_CLASS | id::ORIGINAL_MESSAGE_CLASS => self.class(data),
            id::DATE_SENT => self.date(pid::CLIENT_SUBMIT_TIME, data),
            id::DATE_RECEIVED => self.date(pid::MESSAGE_DELIVERY_TIME, data),
            id::DATE_START => self.date(pid::START_DATE, data),
            id::DATE_END => self.date(pid::END_DATE, data),
            id::FROM => self.sender(data),
            _ => {}
        }
    }

    fn tell(&mut self, what: Option<String>) {
        self.defects.extend(what.map(|what| Defect::new(DefectKind::Tnef, what)));
    }

    fn text(&mut self, id: u16, data: &Content) {
        self.said.push((id, PropertyValue::String8(Octets::from(data.clone()))));
    }

    fn class(&mut self, data: &Content) {
        let class = Octets::from(data.clone()).first(256).unwrap_or_default();
        let (class, _) = CodePage::WINDOWS_1252.decode(&class);
        let known = LEGACY_CLASSES.iter().find(|(legacy, _)| legacy.eq_ignore_ascii_case(&class));
        let class = known.map_or(&*class, |(_, class)| class);
        self.said.push((pid::MESSAGE_CLASS, PropertyValue::String8(Octets::from(class.as_bytes().to_vec()))));
    }

    /// A date in parts ([MS-OXTNEF] 2.1.3.3.3): year, month, day, hour, minute, second, weekday.
    fn date(&mut self, id: u16, data: &Content) {
        let Some(parts) = array::<12>(data) else { return };
        let mut parts = parts.as_chunks::<2>().0.iter().map(|part| i64::from(u16::from_le_bytes(*part)));
        let mut next = || parts.next().unwrap_or(0);
        let date = DateTime::from_civil(next(), next(), next(), next(), next(), next(), Some(0));
        self.said.extend(date.and_then(FileTime::of).map(|time| (id, PropertyValue::Time(time))));
    }

    /// The sender ([MS-OXTNEF] 2.1.3.3.2): kind and lengths, the name, and `SMTP:ann@example.org`.
    fn sender(&mut self, data: &Content) {
        let Ok(octets) = Octets::from(data.clone()).first(4096) else { return };
        let Some((head, rest)) = octets.split_first_chunk::<8>() else { return };
        let [_, _, _, _, name_low, name_high, address_low, address_high] = *head;
        let (name, rest) = split(rest, u16::from_le_bytes([name_low, name_high]).into());
        let (address, _) = split(rest, u16::from_le_bytes([address_low, address_high]).into());
        let mut say = |id: u16, text: &[u8]| {
            self.said.push((id, PropertyValue::String8(Octets::from(text.to_vec()))));
        };
        say(pid::SENDER_NAME, name);
        let colon = address.iter().position(|octet| *octet == b':');
        let (kind, address) = colon.map_or((&b""[..], address), |colon| split(address, colon));
        say(pid::SENDER_ADDRESS_TYPE, kind);
        say(pid::SENDER_EMAIL_ADDRESS, address.strip_prefix(b":").unwrap_or(address));
    }

    fn recipients(&mut self, data: &Content) {
        let mut reader = Reader::new(data);
        let mut budget = PROPERTIES;
        let Ok(count) = reader.u32() else { return };
        for _ in 0..count {
            let row = reader.properties(&mut budget);
            self.recipients.push(row.bag);
            if let Some(broken) = row.broken {
                self.tell(Some(format!("recipients are lost: {broken}")));
                break;
            }
        }
    }

    fn message(mut self, attachments: Arc<dyn Attachments>) -> MapiMessage {
        if self.unsound > 0 {
            let what = format!("{} attributes of the TNEF stream have a wrong checksum", self.unsound);
            self.defects.push(Defect::new(DefectKind::Checksum, what));
        }
        let mut properties = self.properties.bag;
        self.said.into_iter().for_each(|(id, value)| properties.insert(id, value));
        let (recipients, mut defects) = (self.recipients, self.defects);
        // attOemCodepage, or what the properties say where it is left out.
        let code_page =
            self.code_page.unwrap_or_else(|| choose(&properties, &recipients, Fallback::USUAL, &mut defects).page);
        MapiMessage { properties, recipients, attachments, code_page, directory: None, defects }
    }
}

fn array<const N: usize>(data: &Content) -> Option<[u8; N]> {
    data.slice(0..N as u64).to_vec(N).ok()?.try_into().ok()
}

fn split(octets: &[u8], at: usize) -> (&[u8], &[u8]) {
    octets.split_at(at.min(octets.len()))
}

/// The attributes of one attachment.
#[derive(Clone, Debug, Default)]
struct Part {
    rendering: Option<Content>,
    title: Option<Content>,
    name: Option<Content>,
    data: Option<Content>,
    properties: Option<Content>,
}

/// Adds an attribute to the attachment that it belongs to; tells whether there was room for it.
fn part_of(parts: &mut Vec<Part>, attribute: Attribute, most: usize) -> bool {
    // attAttachRendData begins an attachment; programs that leave it out begin one with whatever they had already.
    let place = |part: &Part| match attribute.id {
        id::DATA => part.data.is_some(),
        id::TITLE => part.title.is_some(),
        id::ATTACHMENT_PROPERTIES => part.properties.is_some(),
        _ => false,
    };
    if attribute.id == id::RENDERING || parts.last().is_none_or(place) {
        if parts.len() >= most {
            return false;
        }
        parts.push(Part::default());
    }
    let Some(part) = parts.last_mut() else { return false };
    let data = Some(attribute.data);
    match attribute.id {
        id::RENDERING => part.rendering = data,
        id::TITLE => part.title = data,
        id::TRANSPORT_NAME => part.name = data,
        id::DATA => part.data = data,
        id::ATTACHMENT_PROPERTIES => part.properties = data,
        _ => {}
    }
    true
}

/// The attachments of a message, opened one at a time.
#[derive(Debug)]
struct Parts {
    parts: Vec<Part>,
    limits: Limits,
    /// How many streams are around this one.
    depth: usize,
}

impl Attachments for Parts {
    fn len(&self) -> usize {
        self.parts.len()
    }

    fn open(&self, index: usize) -> Result<Attachment> {
        let Some(part) = self.parts.get(index) else { return ().open(index) };
        let read = |data: &Content| Reader::new(data).properties(&mut { PROPERTIES });
        let Properties { mut bag, object, broken } = part.properties.as_ref().map(read).unwrap_or_default();
        let defects = broken.map(|broken| Defect::new(DefectKind::Tnef, broken.to_string()));
        // The long name, which may be in Unicode, stands among the properties.
        for name in [&part.title, &part.name].into_iter().flatten() {
            bag.insert(pid::ATTACH_FILENAME, PropertyValue::String8(Octets::from(name.clone())));
        }
        let as_ole = part.rendering.as_ref().and_then(array).map(u16::from_le_bytes) == Some(RENDERED_AS_OLE);
        let is_ole = as_ole || bag.integer(pid::ATTACH_METHOD) == Some(OLE);
        let stored = bag.octets(pid::ATTACH_DATA).map(Octets::content);
        let body = match object {
            Some((IID_IMESSAGE, stream)) => {
                let embedded = Embedded { stream, limits: self.limits.clone(), depth: self.depth.saturating_add(1) };
                AttachmentBody::Message(Arc::new(embedded))
            }
            Some((_, content)) => AttachmentBody::Ole(content),
            None => match stored.or_else(|| part.data.clone()) {
                Some(content) if is_ole => AttachmentBody::Ole(content),
                Some(content) => AttachmentBody::Data(content),
                None => AttachmentBody::None,
            },
        };
        Ok(Attachment { properties: bag, body, defects: defects.into_iter().collect() })
    }
}

/// A message attached to a message.
#[derive(Debug)]
struct Embedded {
    stream: Content,
    limits: Limits,
    depth: usize,
}

impl EmbeddedMessage for Embedded {
    fn open(&self) -> Result<MapiMessage> {
        if self.depth > self.limits.nesting {
            let what = "messages are attached to one another too deeply: the inner ones are not read";
            return Err(Error::new(ErrorKind::Limit, what).non_fatal());
        }
        read_at_depth(&self.stream, &self.limits, self.depth)
    }
}
