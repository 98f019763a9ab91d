//! The stream: attributes of the message, then those of its attachments ([MS-OXTNEF] 2.1.3.1).

use crate::{
    error::{Error, ErrorKind, Location, Result},
    source::{Content, Window},
};
use std::sync::Arc;

/// The first four octets of every stream.
pub(super) const SIGNATURE: [u8; 4] = [0x78, 0x9F, 0x3E, 0x22];

/// Octets of the signature and the key behind it.
const HEADER: u64 = 6;

/// Level, identifier and length; behind the data there is the sum of its octets.
const ATTRIBUTE_HEADER: u64 = 9;
const CHECKSUM: u64 = 2;

/// Attributes of the message (idAttr, [MS-OXTNEF] 2.1.3.2). The other half of the identifier is the type, which follows from this one and
/// which some programs leave out.
pub(super) mod id {
    pub(in super::super) const FROM: u16 = 0x8000;
    pub(in super::super) const SUBJECT: u16 = 0x8004;
    pub(in super::super) const DATE_SENT: u16 = 0x8005;
    pub(in super::super) const DATE_RECEIVED: u16 = 0x8006;
    pub(in super::super) const MESSAGE_CLASS: u16 = 0x8008;
    pub(in super::super) const BODY: u16 = 0x800C;
    pub(in super::super) const PROPERTIES: u16 = 0x9003;
    pub(in super::super) const RECIPIENTS: u16 = 0x9004;
    pub(in super::super) const CODE_PAGE: u16 = 0x9007;
    pub(in super::super) const ORIGINAL_MESSAGE_CLASS: u16 = 0x0600;
    pub(in super::super) const DATE_START: u16 = 0x0006;
    pub(in super::super) const DATE_END: u16 = 0x0007;

    // Of an attachment.
    pub(in super::super) const RENDERING: u16 = 0x9002;
    pub(in super::super) const DATA: u16 = 0x800F;
    pub(in super::super) const TITLE: u16 = 0x8010;
    pub(in super::super) const TRANSPORT_NAME: u16 = 0x9001;
    pub(in super::super) const ATTACHMENT_PROPERTIES: u16 = 0x9005;
}

/// One attribute.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// Whether it is one of an attachment, not of the message.
    pub(super) of_attachment: bool,
    pub(super) id: u16,
    pub(super) data: Content,
    /// Whether the sum of its octets is what the stream says.
    pub(super) sound: bool,
}

/// Goes through the attributes of a stream.
pub(super) struct Attributes {
    stream: Content,
    window: Window,
    at: u64,
}

impl Attributes {
    pub(super) fn open(stream: &Content) -> Result<Self> {
        let mut window = Window::new(Arc::new(stream.clone()));
        if window.array(0)? != Some(SIGNATURE) {
            return Err(Error::new(ErrorKind::UnknownFormat, "not a TNEF stream: its signature is missing").non_fatal());
        }
        Ok(Self { stream: stream.clone(), window, at: HEADER })
    }

    /// The next attribute, or `None` after the last.
    ///
    /// # Errors
    /// Non-fatal, where the stream is cut or broken: nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<Attribute>> {
        let left = self.stream.len().saturating_sub(self.at);
        // Some programs leave a few octets behind the last attribute.
        if left < ATTRIBUTE_HEADER {
            return Ok(None);
        }
        let at = self.at;
        let broken =
            |what: &'static str| Err(Error::new(ErrorKind::Malformed, what).at(Location::Byte(at)).non_fatal());
        let Some([level, a, b, _, _, e, f, g, h]) = self.window.array::<9>(at)? else { return Ok(None) };
        let of_attachment = match level {
            1 => false,
            2 => true,
            _ => return broken("invalid attribute in the TNEF stream"),
        };
        let length = u64::from(u32::from_le_bytes([e, f, g, h]));
        let start = at.saturating_add(ATTRIBUTE_HEADER);
        let end = start.saturating_add(length);
        if end > self.stream.len() {
            self.at = self.stream.len();
            return broken("the TNEF stream ends inside an attribute");
        }
        let data = self.stream.slice(start..end);
        let sum = self.window.array::<2>(end)?.map(u16::from_le_bytes);
        self.at = end.saturating_add(CHECKSUM);
        let sound = sum.is_some() && sum == Some(sum_of(&data)?);
        Ok(Some(Attribute { of_attachment, id: u16::from_le_bytes([a, b]), data, sound }))
    }
}

/// The sum of the octets, as far as 16 bits hold it.
fn sum_of(data: &Content) -> Result<u16> {
    let mut sum = 0_u16;
    data.for_each_chunk(|chunk| {
        sum = chunk.iter().fold(sum, |sum, octet| sum.wrapping_add((*octet).into()));
        Ok(())
    })?;
    Ok(sum)
}
