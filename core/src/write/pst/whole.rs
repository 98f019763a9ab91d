//! What Outlook gives every message, recipient and attachment of a store, where they lack it ([MS-PST] 2.4.5, 2.4.6).

use super::value::{ansi, shown, utf16};
use crate::{
    mapi::{
        Attachment, AttachmentBody, CodePage, FileTime, MapiMessage, PropertyBag, PropertyValue, conversation_id,
        one_off, pid,
    },
    pst::Variant,
};
use sha2::{Digest, Sha256};

/// When something was made of which nobody says when, so that the same input gives the same octets: the year 2000.
const SOME_TIME: FileTime = FileTime(125_911_584_000_000_000);

/// Bits of PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6).
const HAS_ATTACHMENTS: i32 = 0x10;

/// Octets of text that are looked at.
const MOST_TEXT: usize = 4 << 20;

/// Columns and properties that have no name elsewhere.
const OBJECT_TYPE: u16 = 0x0FFE;
const RESPONSIBILITY: u16 = 0x0E0F;
const DISPLAY_TYPE: u16 = 0x3900;
const SEND_RICH_INFO: u16 = 0x3A40;
const CONVERSATION_ID: u16 = 0x3013;
const ATTACHMENT_LINK_ID: u16 = 0x7FFA;
const ATTACHMENT_FLAGS: u16 = 0x7FFD;
const EXCEPTION_END_TIME: u16 = 0x7FFC;
/// The time that stands for none in an attachment.
const NO_TIME: FileTime = FileTime(915_151_392_000_000_000);

/// Completes messages.
pub(super) struct Whole {
    /// What tells the messages of this store apart from those of others.
    pub(super) seed: [u8; 16],
}

/// Text as the layout has it.
pub(super) fn text_of(variant: Variant, text: &str) -> PropertyValue {
    match variant {
        Variant::Ansi => PropertyValue::String8(ansi(text).into()),
        Variant::Unicode | Variant::Unicode4k => PropertyValue::String(utf16(text).into()),
    }
}

impl Whole {
    /// Gives a message what it lacks.
    pub(super) fn complete(&self, nid: u32, message: &mut MapiMessage, variant: Variant) {
        let code_page = message.code_page;
        for row in &mut message.recipients {
            complete_recipient(row, code_page, variant);
        }
        let has_attachments = !message.attachments.is_empty();
        let recipients = &message.recipients;
        let properties = &mut message.properties;
        for (id, kind) in [(pid::DISPLAY_TO, 1), (pid::DISPLAY_CC, 2), (pid::DISPLAY_BCC, 3)] {
            let of_kind = recipients.iter().filter(|row| row.integer(pid::RECIPIENT_TYPE).unwrap_or(1) & 0xF == kind);
            let names: Vec<_> = of_kind.filter_map(|row| row.text(pid::DISPLAY_NAME, code_page, MOST_TEXT)).collect();
            properties.remove(id);
            // The table has no more of each.
            let names = names.iter().map(|name| shown(name)).collect::<Vec<_>>().join("; ");
            if !names.is_empty() {
                properties.set(id, text_of(variant, &names));
            }
        }
        let flags = properties.integer(pid::MESSAGE_FLAGS).unwrap_or(0) as i32 & !HAS_ATTACHMENTS;
        let flags = if has_attachments { flags | HAS_ATTACHMENTS } else { flags };
        properties.set(pid::MESSAGE_FLAGS, PropertyValue::Integer32(flags));
        properties.set(pid::MESSAGE_SIZE, PropertyValue::Integer32(0));
        let sent = properties.time(pid::CLIENT_SUBMIT_TIME);
        let time = properties.time(pid::MESSAGE_DELIVERY_TIME).or(sent).unwrap_or(SOME_TIME);
        let subject = properties.text(pid::SUBJECT, code_page, MOST_TEXT).unwrap_or_default();
        let topic = topic(&subject).to_owned();
        let mut fill = |id: u16, value: PropertyValue| properties.insert(id, value);
        fill(pid::MESSAGE_CLASS, text_of(variant, "IPM.Note"));
        fill(pid::IMPORTANCE, PropertyValue::Integer32(1));
        fill(pid::PRIORITY, PropertyValue::Integer32(0));
        fill(pid::SENSITIVITY, PropertyValue::Integer32(0));
        fill(pid::SUBJECT, text_of(variant, ""));
        fill(pid::MESSAGE_DELIVERY_TIME, PropertyValue::Time(time));
        fill(pid::CREATION_TIME, PropertyValue::Time(time));
        fill(pid::LAST_MODIFICATION_TIME, PropertyValue::Time(time));
        fill(pid::CONVERSATION_TOPIC, text_of(variant, &topic));
        fill(pid::SEARCH_KEY, PropertyValue::Binary(self.search_key(nid).to_vec().into()));
    }

    fn search_key(&self, nid: u32) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::new().chain_update(self.seed).chain_update(nid.to_le_bytes()).finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// Gives an attachment what it lacks.
    #[expect(clippy::unused_self, reason = "whether attachments are completed depends on it")]
    pub(super) fn complete_attachment(&self, attachment: &mut Attachment, code_page: CodePage, variant: Variant) {
        let method = match attachment.body {
            AttachmentBody::None => None,
            AttachmentBody::Data(_) => Some(1),
            AttachmentBody::Message(_) => Some(5),
            AttachmentBody::Ole(_) => Some(6),
        };
        let properties = &mut attachment.properties;
        match method {
            Some(method) => properties.set(pid::ATTACH_METHOD, PropertyValue::Integer32(method)),
            // A method that says that there is data would be a lie.
            None if matches!(properties.integer(pid::ATTACH_METHOD), Some(1 | 5 | 6)) => {
                properties.set(pid::ATTACH_METHOD, PropertyValue::Integer32(0));
            }
            None => properties.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(0)),
        }
        properties.set(pid::ATTACH_SIZE, PropertyValue::Integer32(0));
        let name = properties.text(pid::ATTACH_LONG_FILENAME, code_page, MOST_TEXT);
        if let Some(name) = name.filter(|_| method != Some(5)) {
            properties.insert(pid::ATTACH_FILENAME, text_of(variant, &short_name(&name)));
        }
        properties.insert(pid::ATTACH_RENDERING, PropertyValue::Integer32(-1));
        properties.insert(pid::ATTACH_FLAGS, PropertyValue::Integer32(0));
        properties.insert(ATTACHMENT_LINK_ID, PropertyValue::Integer32(0));
        properties.insert(pid::EXCEPTION_START_TIME, PropertyValue::Time(NO_TIME));
        properties.insert(EXCEPTION_END_TIME, PropertyValue::Time(NO_TIME));
        properties.insert(ATTACHMENT_FLAGS, PropertyValue::Integer32(0));
        properties.insert(pid::ATTACHMENT_HIDDEN, PropertyValue::Boolean(false));
        properties.insert(pid::ATTACHMENT_CONTACT_PHOTO, PropertyValue::Boolean(false));
    }
}

fn complete_recipient(row: &mut PropertyBag, code_page: CodePage, variant: Variant) {
    let text = |row: &PropertyBag, id| row.text(id, code_page, MOST_TEXT).filter(|text| !text.is_empty());
    let address = text(row, pid::EMAIL_ADDRESS).or_else(|| text(row, pid::SMTP_ADDRESS)).unwrap_or_default();
    let kind = text(row, pid::ADDRESS_TYPE).unwrap_or_else(|| "SMTP".to_owned());
    let name = text(row, pid::DISPLAY_NAME).unwrap_or_else(|| address.clone());
    row.insert(pid::RECIPIENT_TYPE, PropertyValue::Integer32(1));
    row.insert(RESPONSIBILITY, PropertyValue::Boolean(false));
    row.insert(OBJECT_TYPE, PropertyValue::Integer32(6));
    row.insert(pid::ENTRY_ID, PropertyValue::Binary(one_off(shown(&name), shown(&kind), shown(&address)).into()));
    for (id, value) in [(pid::DISPLAY_NAME, &name), (pid::ADDRESS_TYPE, &kind), (pid::EMAIL_ADDRESS, &address)] {
        if text(row, id).is_none() {
            row.set(id, text_of(variant, value));
        }
    }
    let key = [kind.as_bytes(), b":", address.as_bytes(), b"\0"].concat().to_ascii_uppercase();
    row.insert(pid::SEARCH_KEY, PropertyValue::Binary(key.into()));
    row.insert(DISPLAY_TYPE, PropertyValue::Integer32(0));
    row.insert(SEND_RICH_INFO, PropertyValue::Boolean(false));
}

/// A subject without the mark that tells the length of its prefix, and without that prefix ([MS-PST] 2.5.3.1.1.1).
fn topic(subject: &str) -> &str {
    let mut rest = subject.chars();
    if rest.next() != Some('\u{1}') {
        return subject;
    }
    let prefix = rest.next().map_or(0, |length| u32::from(length) as usize);
    let rest = rest.as_str();
    rest.char_indices().nth(prefix.saturating_sub(1)).map_or("", |(at, _)| rest.get(at..).unwrap_or_default())
}

/// A name of eight characters and three ([MS-OXCMSG] 2.2.2.11).
fn short_name(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((name, ""));
    let fits = |part: &str, most: usize| part.chars().count() <= most && part.chars().all(|c| c.is_ascii_graphic());
    if fits(stem, 8) && fits(extension, 3) && !stem.contains('.') {
        return name.to_owned();
    }
    let plain = |part: &str, most: usize| -> String {
        part.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').take(most).collect()
    };
    let stem = format!("{}~1", plain(stem, 6));
    let extension = plain(extension, 3);
    if extension.is_empty() { stem } else { format!("{stem}.{extension}") }
}

/// What only the row of a message in the table of its folder has.
pub(super) fn complete_row(row: &mut PropertyBag, message: &MapiMessage) {
    let properties = &message.properties;
    row.insert(pid::MESSAGE_STATUS, PropertyValue::Integer32(0));
    let topic = properties.text(pid::CONVERSATION_TOPIC, message.code_page, MOST_TEXT).unwrap_or_default();
    row.insert(CONVERSATION_ID, PropertyValue::Binary(conversation_id(&topic).to_vec().into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_get_short_ones_beside_them() {
        for (name, expected) in [
            ("alpha.png", "alpha.png"),
            ("a.b", "a.b"),
            ("noextension", "noexte~1"),
            ("Quarterly report.docx", "Quarte~1.doc"),
            ("Grüße.txt", "Gre~1.txt"),
            ("archive.tar.gz", "archiv~1.gz"),
            (".hidden", "hidden~1"),
            ("12345678.123", "12345678.123"),
            ("123456789.123", "123456~1.123"),
        ] {
            assert_eq!(short_name(name), expected, "{name}");
        }
    }

    #[test]
    fn the_topic_is_the_subject_without_its_prefix() {
        for (subject, expected) in [
            ("Hello", "Hello"),
            ("\u{1}\u{1}Alpha", "Alpha"),
            ("\u{1}\u{5}Re: Alpha", "Alpha"),
            ("\u{1}\u{6}FÜR: é", "é"),
            ("\u{1}\u{40}short", ""),
            ("\u{1}", ""),
            ("", ""),
        ] {
            assert_eq!(topic(subject), expected, "{subject:?}");
        }
    }
}
