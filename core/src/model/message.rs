use crate::{
    date_time::DateTime,
    defect::Defect,
    error::Result,
    limits::Limits,
    mime::{self, Address, BodyParts, BodyReader, Entity, HeaderSection, Structure},
    source::Content,
};
use std::sync::{Arc, OnceLock};

/// A mail message (RFC 5322): its octets, untouched, and what they say when asked.
///
/// Nothing is parsed before it is asked for; what was parsed is kept, for clones too. Every accessor can fail as the source can.
///
/// ```
/// use mailferry::model::Message;
///
/// let message = Message::new(b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Ann <ann@example.org>\r\n\r\nHello\r\n".to_vec().into());
/// assert_eq!(message.subject()?.as_deref(), Some("Grüße"));
/// assert_eq!(message.from()?[0].mailboxes()[0].address, "ann@example.org");
/// assert_eq!(message.text()?.as_deref(), Some("Hello\n"));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Message {
    content: Content,
    parsed: Arc<Parsed>,
}

#[derive(Debug, Default)]
struct Parsed {
    limits: Limits,
    header: OnceLock<HeaderSection<'static>>,
    structure: OnceLock<(Structure, BodyParts)>,
}

impl Message {
    /// The message with these octets, to be parsed within the default [`Limits`].
    pub fn new(content: Content) -> Self {
        Self::with_limits(content, Limits::default())
    }

    /// The message with these octets, to be parsed within `limits`.
    pub fn with_limits(content: Content, limits: Limits) -> Self {
        Self { content, parsed: Arc::new(Parsed { limits, ..Parsed::default() }) }
    }

    /// The octets, header section and body.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The header section: its fields in order, raw and decoded.
    ///
    /// # Errors
    /// What the source says.
    pub fn header(&self) -> Result<&HeaderSection<'static>> {
        get_or_read(&self.parsed.header, || {
            HeaderSection::read(&self.content, &self.parsed.limits).map(HeaderSection::into_owned)
        })
    }

    /// The `Subject`, decoded; of several, the first.
    ///
    /// # Errors
    /// What the source says.
    pub fn subject(&self) -> Result<Option<String>> {
        Ok(self.header()?.first("Subject").map(|field| field.text()))
    }

    /// Who wrote it: `From` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// What the source says.
    pub fn from(&self) -> Result<Vec<Address>> {
        self.first_addresses("From")
    }

    /// Who sent it for them: `Sender` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// What the source says.
    pub fn sender(&self) -> Result<Vec<Address>> {
        self.first_addresses("Sender")
    }

    /// Where answers go: `Reply-To` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// What the source says.
    pub fn reply_to(&self) -> Result<Vec<Address>> {
        self.first_addresses("Reply-To")
    }

    /// Who it is to: `To` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// What the source says.
    pub fn to(&self) -> Result<Vec<Address>> {
        self.all_addresses("To")
    }

    /// Who has a copy: `Cc` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// What the source says.
    pub fn cc(&self) -> Result<Vec<Address>> {
        self.all_addresses("Cc")
    }

    /// Who has a copy that others do not know of: `Bcc` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// What the source says.
    pub fn bcc(&self) -> Result<Vec<Address>> {
        self.all_addresses("Bcc")
    }

    /// When it was written: `Date` (RFC 5322 §3.6.1).
    ///
    /// # Errors
    /// What the source says.
    pub fn date(&self) -> Result<Option<DateTime>> {
        Ok(self.header()?.first("Date").and_then(|field| mime::parse_date(field.value())))
    }

    /// Its `Message-ID`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// What the source says.
    pub fn message_id(&self) -> Result<Option<String>> {
        Ok(self.ids("Message-ID")?.into_iter().next())
    }

    /// The messages it answers: `In-Reply-To`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// What the source says.
    pub fn in_reply_to(&self) -> Result<Vec<String>> {
        self.ids("In-Reply-To")
    }

    /// The messages of its thread, oldest first: `References`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// What the source says.
    pub fn references(&self) -> Result<Vec<String>> {
        self.ids("References")
    }

    /// Its entities, as they are nested.
    ///
    /// # Errors
    /// What the source says.
    pub fn structure(&self) -> Result<&Structure> {
        Ok(&self.parsed()?.0)
    }

    /// What a person reads as plain text, its parts one after the other; `None` where there is none.
    ///
    /// # Errors
    /// What the source says.
    pub fn text(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.text)
    }

    /// What a person reads as HTML, its parts one after the other; `None` where there is none.
    ///
    /// # Errors
    /// What the source says.
    pub fn html(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.html)
    }

    /// Its files, pictures and messages, in order.
    ///
    /// # Errors
    /// What the source says.
    pub fn attachments(&self) -> Result<Vec<Attachment<'_>>> {
        let (structure, parts) = self.parsed()?;
        let entities = parts.attachments.iter().filter_map(|&place| structure.entities().get(place));
        Ok(entities.map(|entity| Attachment { message: self, entity }).collect())
    }

    /// What is wrong with it and was survived; offsets count from its start.
    ///
    /// # Errors
    /// What the source says.
    pub fn defects(&self) -> Result<&[Defect]> {
        Ok(self.structure()?.defects())
    }

    fn parsed(&self) -> Result<&(Structure, BodyParts)> {
        get_or_read(&self.parsed.structure, || {
            let structure = Structure::read(&self.content, &self.parsed.limits)?;
            let parts = BodyParts::of(&structure);
            Ok((structure, parts))
        })
    }

    fn first_addresses(&self, name: &str) -> Result<Vec<Address>> {
        Ok(self.header()?.first(name).map(|field| mime::addresses(field.value())).unwrap_or_default())
    }

    fn all_addresses(&self, name: &str) -> Result<Vec<Address>> {
        Ok(self.header()?.all(name).flat_map(|field| mime::addresses(field.value())).collect())
    }

    fn ids(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.header()?.first(name).map(|field| mime::message_ids(field.value())).unwrap_or_default())
    }

    fn joined(&self, structure: &Structure, places: &[usize]) -> Result<Option<String>> {
        let mut joined: Option<String> = None;
        for entity in places.iter().filter_map(|&place| structure.entities().get(place)) {
            let (text, _) = mime::text(entity, &self.content, &self.parsed.limits)?;
            match &mut joined {
                None => joined = Some(text),
                Some(joined) => {
                    if !joined.is_empty() && !joined.ends_with('\n') {
                        joined.push('\n');
                    }
                    joined.push_str(&text);
                }
            }
            if joined.as_ref().is_some_and(|joined| joined.len() >= self.parsed.limits.text) {
                break;
            }
        }
        Ok(joined)
    }
}

/// What was read before, or else what `read` gives.
fn get_or_read<T>(cell: &OnceLock<T>, read: impl FnOnce() -> Result<T>) -> Result<&T> {
    match cell.get() {
        Some(value) => Ok(value),
        None => {
            let value = read()?;
            Ok(cell.get_or_init(|| value))
        }
    }
}

/// A file, picture or message in a message.
#[derive(Clone, Copy, Debug)]
pub struct Attachment<'a> {
    message: &'a Message,
    entity: &'a Entity,
}

impl<'a> Attachment<'a> {
    /// The body part it is.
    pub fn entity(&self) -> &'a Entity {
        self.entity
    }

    /// Its file name, decoded, as the sender gave it: not to be used as a path.
    pub fn file_name(&self) -> Option<String> {
        self.entity.file_name()
    }

    /// Its media type as `type/subtype`, in lower case.
    pub fn media_type(&self) -> &'a str {
        self.entity.media_type().essence()
    }

    /// `attachment`, `inline` or another, in lower case (RFC 2183); `None` where it does not say.
    pub fn disposition(&self) -> Option<&'a str> {
        self.entity.disposition().map(|disposition| disposition.kind()).filter(|kind| !kind.is_empty())
    }

    /// Its `Content-ID` without angle brackets, by which HTML refers to it (RFC 2392).
    pub fn content_id(&self) -> Option<&'a str> {
        self.entity.content_id()
    }

    /// Reads its decoded octets.
    pub fn reader(&self) -> BodyReader {
        self.entity.reader(&self.message.content)
    }

    /// The message it is, where it is one; an encoded one is decoded into memory.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for an encoded one larger than [`Limits::text`].
    pub fn message(&self) -> Result<Option<Message>> {
        if !self.entity.media_type().is_message() {
            return Ok(None);
        }
        let limits = self.message.parsed.limits.clone();
        let content = self.entity.decoded(&self.message.content, limits.text)?;
        Ok(Some(Message::with_limits(content, limits)))
    }
}
