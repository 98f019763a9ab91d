//! A mail message and what is in it.

mod attachment;
mod charset;
mod inside;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of a few octets")]
mod tests;
mod text;

pub use attachment::Attachment;
use inside::Inside;

use crate::{
    date_time::DateTime,
    defect::Defect,
    error::Result,
    limits::Limits,
    mime::{self, Address, BodyParts, Evidence, Field, HeaderSection, Structure},
    source::Content,
};
use std::sync::{Arc, OnceLock};

/// A mail message (RFC 5322): its octets, unchanged, and accessors to what is in them.
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
    inside: OnceLock<Vec<(usize, Inside)>>,
    evidence: OnceLock<Evidence>,
    evidence_of_header: OnceLock<Evidence>,
    /// What was decided on a subject in raw octets.
    of_subject: OnceLock<Vec<Defect>>,
    /// How many signed messages it is inside of.
    depth: usize,
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
    /// Errors of the source.
    pub fn header(&self) -> Result<&HeaderSection<'static>> {
        get_or_read(&self.parsed.header, || {
            HeaderSection::read(&self.content, &self.parsed.limits).map(HeaderSection::into_owned)
        })
    }

    /// The `Subject`, decoded; of several, the first.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn subject(&self) -> Result<Option<String>> {
        let Some(field) = self.header()?.first("Subject") else { return Ok(None) };
        if !field.value().is_ascii() {
            self.parsed.of_subject.get_or_init(|| self.charset_defects(&field));
        }
        Ok(Some(self.field_text(&field)))
    }

    /// The value of one of its header fields as text: unfolded, its encoded words decoded (RFC 2047).
    ///
    /// Raw 8-bit octets, which are of no declared charset, are UTF-8 (RFC 6532) where valid so; otherwise they follow the body,
    /// the encoded words of other fields, or what they look like.
    pub fn field_text(&self, field: &Field<'_>) -> String {
        mime::decode_text(&self.in_utf_8(field.value()).0)
    }

    /// The header section as text, its line ends CRLF: raw 8-bit octets are read as [`Self::field_text`] reads them, all else stands as
    /// it is.
    #[cfg_attr(not(feature = "outlook"), expect(dead_code, reason = "only message objects have it"))]
    pub(crate) fn header_text(&self) -> Result<String> {
        let header = self.header()?;
        let octets =
            self.content.slice(0..header.body_offset()).to_vec(self.parsed.limits.header_section + (1 << 10))?;
        let mut text = match std::str::from_utf8(&octets) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                let mut text = String::new();
                for field in header.fields() {
                    let range = field.range();
                    let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
                    let raw = octets.get(place(range.start)..place(range.end)).unwrap_or_default();
                    match std::str::from_utf8(raw) {
                        Ok(raw) => text.push_str(raw),
                        Err(_) if field.name().is_empty() => text.push_str(&String::from_utf8_lossy(raw)),
                        Err(_) => {
                            let value = self.in_utf_8(field.value()).0;
                            text.push_str(&format!("{}:{}", field.name(), String::from_utf8_lossy(&value)));
                        }
                    }
                    if !text.ends_with(['\r', '\n']) {
                        text.push('\n');
                    }
                }
                text
            }
        };
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        Ok(text.trim_end_matches('\n').replace('\n', "\r\n") + "\r\n")
    }

    /// Who wrote it: `From` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn from(&self) -> Result<Vec<Address>> {
        self.first_addresses("From")
    }

    /// Who sent it for them: `Sender` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn sender(&self) -> Result<Vec<Address>> {
        self.first_addresses("Sender")
    }

    /// Where answers go: `Reply-To` (RFC 5322 §3.6.2).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn reply_to(&self) -> Result<Vec<Address>> {
        self.first_addresses("Reply-To")
    }

    /// Who it is to: `To` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn to(&self) -> Result<Vec<Address>> {
        self.all_addresses("To")
    }

    /// Who has a copy: `Cc` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn cc(&self) -> Result<Vec<Address>> {
        self.all_addresses("Cc")
    }

    /// Who has a copy that others do not know of: `Bcc` (RFC 5322 §3.6.3), of all fields with this name.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn bcc(&self) -> Result<Vec<Address>> {
        self.all_addresses("Bcc")
    }

    /// When it was written: `Date` (RFC 5322 §3.6.1).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn date(&self) -> Result<Option<DateTime>> {
        Ok(self.header()?.first("Date").and_then(|field| mime::parse_date(field.value())))
    }

    /// Its `Message-ID`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn message_id(&self) -> Result<Option<String>> {
        Ok(self.ids("Message-ID")?.into_iter().next())
    }

    /// The messages it answers: `In-Reply-To`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn in_reply_to(&self) -> Result<Vec<String>> {
        self.ids("In-Reply-To")
    }

    /// The messages of its thread, oldest first: `References`, without angle brackets (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// Errors of the source.
    pub fn references(&self) -> Result<Vec<String>> {
        self.ids("References")
    }

    /// Its entities, as they are nested.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn structure(&self) -> Result<&Structure> {
        Ok(&self.parsed()?.0)
    }

    /// What is wrong with it and was survived; offsets count from its start.
    ///
    /// # Errors
    /// Errors of the source.
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
        let addresses = |field: Field<'_>| mime::addresses(&self.in_utf_8(field.value()).0);
        Ok(self.header()?.first(name).map(addresses).unwrap_or_default())
    }

    fn all_addresses(&self, name: &str) -> Result<Vec<Address>> {
        Ok(self.header()?.all(name).flat_map(|field| mime::addresses(&self.in_utf_8(field.value()).0)).collect())
    }

    fn ids(&self, name: &str) -> Result<Vec<String>> {
        Ok(self.header()?.first(name).map(|field| mime::message_ids(field.value())).unwrap_or_default())
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
