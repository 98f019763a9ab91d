use super::{
    Attached, Translator,
    class::{Opaque, entity_of},
    decoded::{decoded, held_or_counted},
    properties::{Properties, file_time},
};
use crate::{
    defect::DefectKind,
    error::Result,
    mapi::{
        Attachment, AttachmentBody, PropertyValue,
        contents::media_type::{self, extension},
        pid,
    },
    mime::{self, BodyReader, Disposition, Entity},
    model,
    source::Content,
};
use std::{collections::HashSet, sync::Arc};

/// Values of PidTagAttachMethod ([MS-OXCMSG] 2.2.2.9).
const BY_VALUE: i32 = 1;
const EMBEDDED: i32 = 5;
/// The HTML shows it: a bit of PidTagAttachFlags ([MS-OXCMSG] 2.2.2.18).
const SHOWN: i32 = 4;
/// Octets of a media type's guess.
const MAGIC: usize = 16;
/// References of HTML to its pictures that are remembered.
const REFERENCES: usize = 1 << 16;
/// Octets of a file that stands in a text.
const IN_TEXT: usize = 64 << 20;

impl Translator<'_> {
    /// The attachments of a message ([MS-OXCMAIL] 2.2.3.4.2).
    pub(super) fn attached(&mut self, html: Option<&str>) -> Result<Attached> {
        let shown = html.map(references).unwrap_or_default();
        let message = self.message;
        let mut attached = Attached::new();
        self.tell_of_structure()?;
        for (index, attachment) in message.attachments()?.iter().enumerate() {
            attached.push(self.attachment(index, attachment, &shown, html.is_some())?);
        }
        Ok(attached)
    }

    /// How the parts were told from one another where that is not clear, and what they lose with the multiparts that they stood in.
    fn tell_of_structure(&mut self) -> Result<()> {
        let structure = self.message.structure()?;
        structure.defects().iter().for_each(|defect| self.tell_defect(defect.clone()));
        for entity in structure.entities().iter().skip(1) {
            match entity.media_type().essence() {
                "multipart/signed" => {
                    let detail =
                        "a signed part of the message was taken apart: its signature cannot be verified any more";
                    self.tell(DefectKind::Signature, detail);
                }
                "text/calendar" => {
                    let detail = "an invitation in the message is kept as an attachment (text/calendar)";
                    self.tell(DefectKind::Conversion, detail);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn attachment(
        &mut self,
        index: usize,
        attachment: &model::Attachment<'_>,
        shown: &HashSet<String>,
        has_html: bool,
    ) -> Result<Attachment> {
        let mut properties = Properties::default();
        let media_type = attachment.media_type();
        let name = attachment.file_name();
        if let Some(embedded) = self.message_in(attachment, name.as_deref())? {
            let subject = embedded.1.filter(|subject| !subject.trim().is_empty());
            let name = name.or(subject).unwrap_or_else(|| "message".to_owned());
            properties.integer(pid::ATTACH_METHOD, EMBEDDED);
            properties.text(pid::DISPLAY_NAME, &name);
            describe(&mut properties, attachment.entity());
            return Ok(Attachment {
                properties: properties.finish(),
                body: AttachmentBody::Message(Arc::new(embedded.0)),
                defects: Vec::new(),
            });
        }
        let (content, broken) = octets_of(attachment)?;
        let first = || content.slice(0..MAGIC as u64).to_vec(MAGIC).unwrap_or_default();
        let name = name.unwrap_or_else(|| unnamed(index, media_type, first));
        if broken {
            self.tell_broken(&format!("the attachment \"{name}\""));
        }
        properties.integer(pid::ATTACH_METHOD, BY_VALUE);
        properties.text(pid::DISPLAY_NAME, &name);
        properties.text(pid::ATTACH_LONG_FILENAME, &name);
        if let Some((_, extension)) = name.rsplit_once('.').filter(|(stem, end)| !stem.is_empty() && !end.is_empty()) {
            properties.text(ATTACH_EXTENSION, &format!(".{extension}"));
        }
        if media_type.contains('/') {
            properties.text(pid::ATTACH_MIME_TAG, media_type);
        }
        describe(&mut properties, attachment.entity());
        if let Some(id) = attachment.content_id() {
            properties.text(pid::ATTACH_CONTENT_ID, id);
            let is_shown = shown.contains(&id.to_lowercase());
            if has_html && (is_shown || attachment.disposition() == Some("inline")) {
                properties.integer(pid::ATTACH_FLAGS, SHOWN);
            }
            properties.truth(pid::ATTACHMENT_HIDDEN, is_shown);
        }
        Ok(Attachment { properties: properties.finish(), body: AttachmentBody::Data(content), defects: Vec::new() })
    }

    /// The message object of a message in this one, and its subject; none where it is kept as its octets.
    fn message_in(
        &mut self,
        attachment: &model::Attachment<'_>,
        name: Option<&str>,
    ) -> Result<Option<(crate::mapi::MapiMessage, Option<String>)>> {
        if attachment.media_type() != "message/rfc822" && attachment.media_type() != "message/global" {
            return Ok(None);
        }
        let message = match attachment.message() {
            Ok(message) => message,
            Err(error) if !error.is_fatal() => {
                let name = name.unwrap_or("message");
                self.tell(DefectKind::Attachment, format!("the message \"{name}\" is attached as a file: {error}"));
                None
            }
            Err(error) => return Err(error),
        };
        let Some(message) = message else { return Ok(None) };
        // What does not begin as a message would become an empty one.
        if message.header()?.fields().all(|field| field.name().is_empty()) {
            return Ok(None);
        }
        let subject = message.subject()?;
        Ok(self.embedded(&message)?.map(|embedded| (embedded, subject)))
    }

    /// The one attachment of a message that is signed or encrypted ([MS-OXOSMIME] 2.1.3).
    pub(super) fn opaque(&mut self, opaque: Opaque) -> Result<Attachment> {
        let mut properties = Properties::default();
        let (content, media_type) = match opaque {
            Opaque::Entity => (entity_of(self.message)?, "multipart/signed"),
            Opaque::Decoded => {
                let structure = self.message.structure()?;
                let content = match structure.entities().first() {
                    Some(entity) => decoded(entity, self.message.content())?.0,
                    None => Content::from(Vec::new()),
                };
                // What is no CMS structure is kept as it came.
                match content.slice(0..1).to_vec(1)?.first() {
                    Some(0x30) => (content, "application/pkcs7-mime"),
                    _ => (entity_of(self.message)?, "application/pkcs7-mime"),
                }
            }
        };
        properties.integer(pid::ATTACH_METHOD, BY_VALUE);
        for id in [pid::DISPLAY_NAME, pid::ATTACH_LONG_FILENAME, pid::ATTACH_FILENAME] {
            properties.text(id, "smime.p7m");
        }
        properties.text(ATTACH_EXTENSION, ".p7m");
        properties.text(pid::ATTACH_MIME_TAG, media_type);
        Ok(Attachment { properties: properties.finish(), body: AttachmentBody::Data(content), defects: Vec::new() })
    }
}

/// PidTagAttachExtension and PidTagAttachContentBase have no other use.
const ATTACH_EXTENSION: u16 = 0x3703;

/// The decoded octets of an attachment, and whether its transfer encoding is broken.
fn octets_of(attachment: &model::Attachment<'_>) -> Result<(Content, bool)> {
    if attachment.is_in_text() {
        let mut reader: BodyReader = attachment.reader();
        let mut octets = Vec::new();
        loop {
            let piece = reader.next_piece()?;
            if piece.is_empty() || octets.len() + piece.len() > IN_TEXT {
                return Ok((octets.into(), reader.defect().is_some()));
            }
            octets.extend_from_slice(piece);
        }
    }
    let (entity, message) = (attachment.entity().clone(), attachment.content_of_message().clone());
    if entity.encoding() == mime::TransferEncoding::Identity {
        return Ok((message.slice(entity.body()), false));
    }
    held_or_counted(move || entity.reader(&message))
}

/// Dates that the part tells (RFC 2183 §2.4, §2.5), and where it is.
fn describe(properties: &mut Properties, entity: &Entity) {
    let date = |name: &str| {
        let text = entity.disposition().map(Disposition::parameters)?.text(name)?;
        file_time(mime::parse_date(text.as_bytes())?)
    };
    for (id, name) in [(pid::CREATION_TIME, "creation-date"), (pid::LAST_MODIFICATION_TIME, "modification-date")] {
        if let Some(time) = date(name) {
            properties.put(id, PropertyValue::Time(time));
        }
    }
}

/// A name for what has none.
fn unnamed(index: usize, media_type: &str, first: impl FnOnce() -> Vec<u8>) -> String {
    let known = match media_type {
        "text/plain" => ".txt".to_owned(),
        "message/delivery-status" | "message/disposition-notification" | "text/rfc822-headers" => ".txt".to_owned(),
        media_type => extension(media_type),
    };
    let known = if known.is_empty() { extension(media_type::guessed("", first)) } else { known };
    let known = if known.is_empty() { ".bin".to_owned() } else { known };
    match index {
        0 => format!("attachment{known}"),
        index => format!("attachment{}{known}", index + 1),
    }
}

/// The identifiers by which HTML refers to its pictures (RFC 2392), in lower case.
fn references(html: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let octets = html.as_bytes();
    for at in memchr::memchr_iter(b':', octets) {
        let is_cid = at
            .checked_sub(3)
            .and_then(|from| octets.get(from..at))
            .is_some_and(|word| word.eq_ignore_ascii_case(b"cid"));
        if !is_cid || found.len() >= REFERENCES {
            continue;
        }
        let rest = html.get(at + 1..).unwrap_or_default();
        let end = rest.find(['"', '\'', '>', '<', ')', ' ', '\r', '\n']).unwrap_or(rest.len()).min(1024);
        let id = rest.get(..end).unwrap_or_default();
        found.insert(id.to_lowercase());
        found.insert(percent_decoded(id).to_lowercase());
    }
    found
}

fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let value = behind.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match (first, value) {
            (b'%', Some(value)) => {
                octets.push(value);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => {
                octets.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}
