use super::Message;
use crate::{
    error::Result,
    mime::{BodyReader, EnclosedFile, Entity},
    source::Content,
};

/// A file, picture or message in a message.
#[derive(Clone, Copy, Debug)]
pub struct Attachment<'a> {
    pub(super) message: &'a Message,
    pub(super) entity: &'a Entity,
    /// Where it stands in the text of the entity.
    pub(super) file: Option<&'a EnclosedFile>,
}

impl<'a> Attachment<'a> {
    /// Its body part, or the one whose text contains it.
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    /// Its file name, decoded, as the sender gave it: not to be used as a path.
    pub fn file_name(&self) -> Option<String> {
        let evidence = || self.message.evidence_of_header();
        match self.file {
            Some(file) => Some(file.name(self.entity, &evidence)),
            None => self.entity.file_name_by(&evidence),
        }
    }

    /// Its media type as `type/subtype`, in lower case.
    pub fn media_type(&self) -> &'a str {
        if self.file.is_some() { "application/octet-stream" } else { self.entity.media_type().essence() }
    }

    /// `attachment`, `inline` or another, in lower case (RFC 2183); `None` where it does not say.
    pub fn disposition(&self) -> Option<&'a str> {
        let disposition = self.entity.disposition().filter(|_| self.file.is_none());
        disposition.map(|disposition| disposition.kind()).filter(|kind| !kind.is_empty())
    }

    /// Its `Content-ID` without angle brackets, by which HTML refers to it (RFC 2392).
    pub fn content_id(&self) -> Option<&'a str> {
        self.entity.content_id().filter(|_| self.file.is_none())
    }

    /// Whether it stands in a text, as uuencode has it.
    #[cfg_attr(not(feature = "outlook"), expect(dead_code, reason = "only message objects ask for it"))]
    pub(crate) fn is_in_text(&self) -> bool {
        self.file.is_some()
    }

    /// The message that it is in.
    #[cfg_attr(not(feature = "outlook"), expect(dead_code, reason = "only message objects ask for it"))]
    pub(crate) fn content_of_message(&self) -> &'a Content {
        &self.message.content
    }

    /// Reads its decoded octets.
    pub fn reader(&self) -> BodyReader {
        match self.file {
            Some(file) => file.reader(self.entity, &self.message.content),
            None => self.entity.reader(&self.message.content),
        }
    }

    /// The message it is, where it is one; an encoded one is decoded into memory.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for an encoded one larger than
    /// [`Limits::text`](crate::Limits::text).
    pub fn message(&self) -> Result<Option<Message>> {
        if self.file.is_some() || !self.entity.media_type().is_message() {
            return Ok(None);
        }
        let limits = self.message.parsed.limits.clone();
        let content = self.entity.decoded(&self.message.content, limits.text)?;
        Ok(Some(Message::with_limits(content, limits)))
    }
}
