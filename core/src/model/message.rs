use crate::{
    date_time::DateTime,
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    mime::{
        self, Address, BodyParts, BodyReader, EnclosedFile, Entity, Evidence, Field, HeaderSection, Structure,
        encoded_word_decisions, read_by_evidence, signed_data,
    },
    source::Content,
};
use std::{
    borrow::Cow,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// Signed messages inside of one another that are opened: a triple wrapping (RFC 2634 §1.1) has two.
const MAX_SIGNED: usize = 3;
/// Different defects of one message that are told.
const MAX_DEFECTS: usize = 100;

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

/// What the body of an entity encloses beside MIME.
#[derive(Debug)]
enum Inside {
    /// The files in a text.
    Files(Vec<EnclosedFile>),
    /// The message that an opaque signature signs, and whether it is there to its end.
    Signed(Message, bool),
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

    /// The plain text, its parts one after the other; `None` where there is none.
    ///
    /// Files that are in it, as uuencode has them, are left out: they are [attachments](Self::attachments). What an opaque
    /// S/MIME message (`signed-data`) encloses is read as if it were not signed: no signature is verified.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn text(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.text, Self::text)
    }

    /// The HTML, its parts one after the other; `None` where there is none.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn html(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.html, Self::html)
    }

    /// Whether there is HTML for a person to read.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn has_html(&self) -> Result<bool> {
        if !self.parsed()?.1.html.is_empty() {
            return Ok(true);
        }
        for (_, inside) in self.inside()? {
            if let Inside::Signed(message, _) = inside
                && message.has_html()?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its files, pictures and messages, in order; among them files that are in a text, as uuencode has them, and those of
    /// the message that an opaque S/MIME message encloses, in place of that.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn attachments(&self) -> Result<Vec<Attachment<'_>>> {
        let (structure, parts) = self.parsed()?;
        let inside = self.inside()?;
        let is_inside = |place: &usize| inside.binary_search_by_key(place, |(of, _)| *of).is_ok();
        let mut places: Vec<(usize, Option<&Inside>)> =
            inside.iter().map(|(place, inside)| (*place, Some(inside))).collect();
        places.extend(parts.attachments.iter().filter(|place| !is_inside(place)).map(|&place| (place, None)));
        places.sort_by_key(|(place, _)| *place);
        let mut attachments = Vec::new();
        for (place, inside) in places {
            let Some(entity) = structure.entities().get(place) else { continue };
            match inside {
                Some(Inside::Signed(message, _)) => attachments.extend(message.attachments()?),
                Some(Inside::Files(files)) => {
                    attachments.extend(files.iter().map(|file| Attachment { message: self, entity, file: Some(file) }));
                }
                None => attachments.push(Attachment { message: self, entity, file: None }),
            }
        }
        Ok(attachments)
    }

    /// What is wrong with it and was survived; offsets count from its start.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn defects(&self) -> Result<&[Defect]> {
        Ok(self.structure()?.defects())
    }

    /// What is wrong with it, its header section and its texts, and what was decided in reading them; all of it is read for it.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn all_defects(&self) -> Result<Vec<Defect>> {
        let mut all = Vec::new();
        let mut tell = |defect: Defect| {
            if all.len() < MAX_DEFECTS && !all.contains(&defect) {
                all.push(defect);
            }
        };
        let (structure, parts) = self.parsed()?;
        let header = self.header()?;
        header.defects().iter().chain(structure.defects()).cloned().for_each(&mut tell);
        for field in header.fields() {
            self.charset_defects(&field).into_iter().for_each(&mut tell);
        }
        for &place in parts.text.iter().chain(&parts.html) {
            if let Some(entity) = structure.entities().get(place) {
                self.text_of(place, entity)?.1.into_iter().for_each(&mut tell);
            }
        }
        for (place, inside) in self.inside()? {
            let at = structure.entities().get(*place).map_or(0, |entity| entity.header().start);
            let Inside::Signed(message, complete) = inside else { continue };
            let said = if *complete { "" } else { ", and it is cut off" };
            let detail =
                format!("the message inside an S/MIME signature is shown; the signature was not verified{said}");
            tell(Defect::new(DefectKind::Signature, detail).at(at));
            // Offsets in what was encoded tell nothing.
            let inner = message.all_defects()?.into_iter();
            inner.for_each(|defect| tell(Defect::new(defect.kind(), defect.detail().to_owned())));
        }
        Ok(all)
    }

    /// What was decided on the charset of its subject, once that was asked for.
    pub(crate) fn subject_defects(&self) -> &[Defect] {
        self.parsed.of_subject.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// What was decided on the charset of a header field: of raw 8-bit octets, and of encoded words that are not in theirs.
    fn charset_defects(&self, field: &Field<'_>) -> Vec<Defect> {
        let mut defects = Vec::new();
        let mut tell = |detail: String| defects.push(Defect::new(DefectKind::Charset, detail).at(field.offset()));
        let (value, used) = self.in_utf_8(field.value());
        if let Some(used) = used {
            tell(format!("8-bit octets without a declared charset in {} were read as {used}", field.name()));
        }
        if memchr::memmem::find(&value, b"=?").is_some() {
            for (label, used) in encoded_word_decisions(&value) {
                tell(format!(
                    "an encoded word in {} that is not in the declared charset {label} was read as {used}",
                    field.name()
                ));
            }
        }
        defects
    }

    /// The value of a header field with its raw 8-bit octets in UTF-8, and the charset they were in where that is another.
    fn in_utf_8<'v>(&self, value: &'v [u8]) -> (Cow<'v, [u8]>, Option<Cow<'static, str>>) {
        if value.is_ascii() {
            return (Cow::Borrowed(value), None);
        }
        let reading = read_by_evidence(b"", value, &|| self.evidence_of_header());
        match reading.used {
            Some(used) if used != "utf-8" => (Cow::Owned(reading.text.into_owned().into_bytes()), Some(used)),
            _ => (Cow::Borrowed(value), None),
        }
    }

    /// What the message says of charsets, for its texts.
    pub(crate) fn evidence(&self) -> Evidence {
        let read = || Ok(Evidence::of(self.header()?, self.structure()?));
        get_or_read(&self.parsed.evidence, read).cloned().unwrap_or_default()
    }

    /// What the message says of charsets, for its raw header fields: that of its text before all others, or of all of them.
    fn evidence_of_header(&self) -> Evidence {
        let read = || {
            let evidence = self.evidence();
            let (structure, parts) = self.parsed()?;
            for entity in parts.text.iter().chain(&parts.html).filter_map(|&place| structure.entities().get(place)) {
                if let Some(label) = mime::charset_of(entity, &self.content, &|| evidence.clone())?
                    && Evidence::is_telling(label.as_bytes())
                {
                    return Ok(evidence.led_by(label.as_bytes()));
                }
            }
            let values = self.header()?.fields().map(|field| field.value());
            let raw: Vec<&[u8]> = values.filter(|value| std::str::from_utf8(value).is_err()).collect();
            let used = read_by_evidence(b"", &raw.join(&b'\n'), &|| evidence.clone()).used.unwrap_or_default();
            Ok(evidence.led_by(used.as_bytes()))
        };
        get_or_read(&self.parsed.evidence_of_header, read).cloned().unwrap_or_default()
    }

    /// What bodies enclose beside MIME, by the places of their entities.
    fn inside(&self) -> Result<&[(usize, Inside)]> {
        let all = get_or_read(&self.parsed.inside, || {
            let (structure, parts) = self.parsed()?;
            let limits = &self.parsed.limits;
            let mut found = Vec::new();
            let mut files_left = limits.entities;
            for &place in &parts.text {
                let Some(entity) = structure.entities().get(place) else { continue };
                let files = EnclosedFile::all(entity, &self.content, files_left)?;
                files_left -= files.len();
                if !files.is_empty() {
                    found.push((place, Inside::Files(files)));
                }
            }
            let mut room = limits.text;
            for &place in parts.attachments.iter().filter(|_| self.parsed.depth < MAX_SIGNED) {
                let Some(entity) = structure.entities().get(place) else { continue };
                if signed_data::may_be(entity)
                    && let Some(enclosed) = signed_data::enclosed(entity, &self.content, room)?
                {
                    room -= enclosed.octets.len();
                    let content = Content::from(enclosed.octets);
                    let parsed = Parsed { limits: limits.clone(), depth: self.parsed.depth + 1, ..Parsed::default() };
                    let message = Self { content, parsed: Arc::new(parsed) };
                    found.push((place, Inside::Signed(message, enclosed.complete)));
                }
            }
            found.sort_by_key(|(place, _)| *place);
            Ok(found)
        })?;
        Ok(all)
    }

    /// The text of an entity without the files that stand in it.
    fn text_of(&self, place: usize, entity: &Entity) -> Result<(String, Vec<Defect>)> {
        let inside = self.inside()?;
        let found = inside.binary_search_by_key(&place, |(of, _)| *of).ok().and_then(|at| inside.get(at));
        let files = match found {
            Some((_, Inside::Files(files))) => Some(files.as_slice()),
            _ => None,
        };
        let left_out: Vec<Range<u64>> = files.unwrap_or_default().iter().map(EnclosedFile::range).collect();
        mime::text_without(entity, &self.content, &self.parsed.limits, &left_out, &|| self.evidence())
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

    /// The texts at these places one after the other, and between them what `of_signed` gives of a message that is signed.
    fn joined(
        &self,
        structure: &Structure,
        places: &[usize],
        of_signed: fn(&Self) -> Result<Option<String>>,
    ) -> Result<Option<String>> {
        let signed = self.inside()?.iter().filter_map(|(place, inside)| match inside {
            Inside::Signed(message, _) => Some((*place, Some(message))),
            Inside::Files(_) => None,
        });
        let mut places: Vec<_> = signed.chain(places.iter().map(|&place| (place, None))).collect();
        places.sort_by_key(|(place, _)| *place);
        let mut joined: Option<String> = None;
        for (place, signed) in places {
            let text = match (signed, structure.entities().get(place)) {
                (Some(message), _) => of_signed(message)?,
                (None, Some(entity)) => Some(self.text_of(place, entity)?.0),
                (None, None) => None,
            };
            let Some(text) = text else { continue };
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
    /// Where it stands in the text of the entity.
    file: Option<&'a EnclosedFile>,
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
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for an encoded one larger than [`Limits::text`].
    pub fn message(&self) -> Result<Option<Message>> {
        if self.file.is_some() || !self.entity.media_type().is_message() {
            return Ok(None);
        }
        let limits = self.message.parsed.limits.clone();
        let content = self.entity.decoded(&self.message.content, limits.text)?;
        Ok(Some(Message::with_limits(content, limits)))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of a few octets")]
mod tests {
    use super::*;
    use encoding_rs::Encoding;
    use std::io::Read;

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        let (octets, _, wrong) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        assert!(!wrong, "{text} is not in {label}");
        octets.into_owned()
    }

    fn message(parts: &[&[u8]]) -> Message {
        Message::new(parts.concat().into())
    }

    fn details(message: &Message) -> Vec<String> {
        message.all_defects().unwrap().iter().map(ToString::to_string).collect()
    }

    fn attachments(message: &Message) -> Vec<(Option<String>, String)> {
        let attachments = message.attachments().unwrap();
        let said = attachments.iter().map(|attachment| {
            let mut octets = String::new();
            attachment.reader().read_to_string(&mut octets).unwrap();
            (attachment.file_name(), octets)
        });
        said.collect()
    }

    #[test]
    fn raw_header_fields_follow_the_body() {
        for (label, text) in [
            ("windows-1251", "Электронный чек"),
            ("koi8-r", "Счёт за январь"),
            ("gb2312", "会议通知"),
            ("gb2312", "通知"),
            ("big5", "會議通知"),
            ("euc-kr", "회의"),
            ("shift_jis", "表示"),
            ("iso-8859-7", "Γιώργος"),
            ("iso-8859-2", "PÓŁKA"),
            ("windows-1255", "שלום"),
        ] {
            let raw = encoded(label, text);
            for (before, behind) in [
                ("Content-Type: text/plain; charset=", "\n\n"),
                ("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=", "\n\nx\n--b--"),
            ] {
                let message = message(&[
                    b"Subject: ",
                    &raw,
                    b"\nFrom: \"",
                    &raw,
                    b"\" <a@x.test>\n",
                    before.as_bytes(),
                    label.as_bytes(),
                    behind.as_bytes(),
                ]);
                assert_eq!(message.subject().unwrap().as_deref(), Some(text), "{label}");
                let from = message.from().unwrap();
                assert_eq!(from[0].mailboxes()[0].name.as_deref(), Some(text), "{label}");
                assert_eq!(from[0].mailboxes()[0].address, "a@x.test");
                let used = details(&message).into_iter().find(|detail| detail.contains(" in Subject were read as "));
                assert!(used.is_some_and(|used| used.starts_with("charset: ")), "{label}");
            }
        }
        let utf_8 = message(&["Subject: Grüße\nContent-Type: text/plain; charset=windows-1251\n\nx".as_bytes()]);
        assert_eq!(utf_8.subject().unwrap().as_deref(), Some("Grüße"));
        assert_eq!(details(&utf_8), [""; 0]);
    }

    #[test]
    fn a_body_that_declares_nothing_decides_by_what_it_is() {
        let text = encoded("koi8-r", "Добрый день! Высылаю вам счёт за январь. С уважением, Анна");
        let subject = encoded("koi8-r", "Счёт");
        let message = message(&[b"Subject: ", &subject, b"\n\n", &text]);
        assert_eq!(message.subject().unwrap().as_deref(), Some("Счёт"));
        assert_eq!(message.text().unwrap().unwrap().chars().take(6).collect::<String>(), "Добрый");
    }

    #[test]
    fn texts_are_read_by_what_other_parts_say_where_their_own_label_fails() {
        let text = encoded("windows-1251", "Да");
        let by_word =
            message(&[b"Subject: =?windows-1251?Q?=D7?=\nContent-Type: text/plain; charset=utf-8\n\n", &text]);
        assert_eq!(by_word.text().unwrap().as_deref(), Some("Да"));
        assert_eq!(
            details(&by_word),
            ["charset: text that is not in the declared charset utf-8 was read as windows-1251"]
        );
        let by_meta = message(&[
            b"Content-Type: text/html; charset=utf-8\n\n<META CONTENT=\"text/html; CHARSET=koi8-r\">",
            &encoded("koi8-r", "Да"),
        ]);
        assert!(by_meta.html().unwrap().unwrap().ends_with("Да"));
        let by_part = message(&[
            b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n",
            &text,
            b"\n--b\nContent-Type: text/html; charset=windows-1251\n\n<p>x\n--b--\n",
        ]);
        assert_eq!(by_part.text().unwrap().as_deref(), Some("Да"));
    }

    #[test]
    fn encoded_words_that_are_not_in_their_charset_are_told() {
        let wrong = message(&[b"Subject: =?iso-2022-jp?B?5Lya6K2w?=\n\nx"]);
        assert_eq!(wrong.subject().unwrap().as_deref(), Some("会議"));
        assert_eq!(
            details(&wrong),
            [
                "charset: an encoded word in Subject that is not in the declared charset iso-2022-jp was read as utf-8 at byte 0"
            ]
        );
    }

    #[test]
    fn names_of_files_in_raw_octets_follow_the_body() {
        let message = message(&[
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b\n",
            b"Content-Type: application/pdf; name=\"",
            &encoded("koi8-r", "счёт.pdf"),
            b"\"\n\ny\n--b--\n",
        ]);
        assert_eq!(attachments(&message), [(Some("счёт.pdf".to_owned()), "y".to_owned())]);
    }

    #[test]
    fn uuencoded_files_in_texts_are_attachments() {
        let uu = "see\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye";
        let mixed = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{uu}\n--b\nContent-Type: image/png; name=a.png\n\npng\n--b--\n"
        );
        let cat = (Some("cat.txt".to_owned()), "Cat".to_owned());
        let alone = message(&[b"Subject: s\n\n", uu.as_bytes()]);
        assert_eq!(alone.text().unwrap().as_deref(), Some("see\nbye"));
        assert_eq!(attachments(&alone), std::slice::from_ref(&cat));
        let mixed = message(&[mixed.as_bytes()]);
        assert_eq!(mixed.text().unwrap().as_deref(), Some("see\nbye"));
        assert_eq!(attachments(&mixed), [cat, (Some("a.png".to_owned()), "png".to_owned())]);
    }

    #[test]
    fn an_opaque_signature_shows_what_it_signs() {
        let inner =
            b"Content-Type: multipart/mixed; boundary=i\n\n--i\n\nHello\n--i\nContent-Type: text/html\n\n<p>Hi\n--i\n\
            Content-Disposition: attachment; filename=a.txt\n\nfile\n--i--\n";
        let header = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\n";
        let signed = signed_data::tests::signing(inner);
        let once = message(&[b"Subject: s\n", header, &signed]);
        let twice = message(&[header, &signed_data::tests::signing(&[&header[..], &signed].concat())]);
        for message in [&once, &twice] {
            assert_eq!(message.text().unwrap().as_deref(), Some("Hello"));
            assert_eq!(message.html().unwrap().as_deref(), Some("<p>Hi"));
            assert!(message.has_html().unwrap());
            assert_eq!(attachments(message), [(Some("a.txt".to_owned()), "file".to_owned())]);
        }
        let told =
            "signature: the message inside an S/MIME signature is shown; the signature was not verified at byte 0";
        assert_eq!(details(&once), [told]);
        let cut = message(&[header, &signed[..signed.len() - 40]]);
        assert_eq!(cut.text().unwrap().as_deref(), Some("Hello"));
        assert!(details(&cut)[0].contains("was not verified, and it is cut off"), "{:?}", details(&cut));
        let encrypted = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\n\x30\x80";
        assert_eq!(message(&[encrypted]).attachments().unwrap().len(), 1);
        // No more than three of them are opened.
        let deep =
            (0..10).fold(inner.to_vec(), |inside, _| [&header[..], &signed_data::tests::signing(&inside)].concat());
        let deep = message(&[&deep]);
        assert_eq!((deep.text().unwrap(), deep.attachments().unwrap().len()), (None, 1));
    }
}
