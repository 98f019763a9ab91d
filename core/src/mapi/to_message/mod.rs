//! Mail: a message object as an RFC 5322 message ([MS-OXCMAIL] 2.1).

mod attachments;
mod body;
mod header;
mod media_type;
mod report;
mod signed;
#[cfg(test)]
mod tests;

pub(super) use body::Bodies;
pub(super) use header::{from, subject};

use super::{
    Attachment, MapiMessage, Translation,
    address_book::{AddressBook, MapiAddress},
    pid, to_calendar,
    values::Values,
};
use crate::{
    Defect,
    mime::{Mailbox, compose::Entity},
    source::Content,
};

/// The message as its octets in internet format; what could not be carried over is told in `defects`.
///
/// Bodies are in memory, attachments stay where they are until the octets are read.
pub(super) fn to_message(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Content {
    let mut translator = Translator::new(message, translation);
    let content = translator.message();
    defects.append(&mut translator.defects);
    content
}

/// The bodies of a message, for a form that is no mail.
pub(super) fn bodies(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Bodies {
    let mut translator = Translator::new(message, translation);
    let bodies = translator.bodies();
    defects.append(&mut translator.defects);
    bodies
}

/// The name, media type and octets of an attachment, for a form that is no mail; `None` where nothing is attached.
pub(super) fn attached_octets(
    attachment: &Attachment,
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Option<(String, String, Content)> {
    let mut translator = Translator::new(message, translation);
    let attached = translator.octets_of(attachment);
    defects.append(&mut translator.defects);
    attached
}

/// One message on its way.
struct Translator<'a> {
    message: &'a MapiMessage,
    values: Values<'a>,
    translation: &'a Translation,
    book: AddressBook<'a>,
    defects: Vec<Defect>,
}

impl<'a> Translator<'a> {
    fn new(message: &'a MapiMessage, translation: &'a Translation) -> Self {
        Self {
            message,
            values: Values::of(message),
            translation,
            book: AddressBook::new(message, &translation.addresses),
            defects: Vec::new(),
        }
    }

    fn message(&mut self) -> Content {
        let header = self.header();
        let class = self.class();
        if class.starts_with("IPM.NOTE.SMIME")
            && let Some(entity) = self.signed(&class)
        {
            return entity.compose(header);
        }
        let entity = if class.starts_with("REPORT.") { self.report(&class) } else { self.entity() };
        entity.compose(header)
    }

    /// The bodies and the attachments, nested as mail clients nest them:
    /// `mixed { related { alternative { plain, html, calendar }, images }, attachments }`.
    fn entity(&mut self) -> Entity {
        let mut bodies = self.bodies();
        let mut attached = self.attached(bodies.html.as_deref());
        if let Some(rtf) = bodies.rtf.take() {
            attached.mixed.push(Entity::octets("application/rtf", Content::from(rtf)).attached(Some("body.rtf")));
        }
        let mut entity = self.alternative(bodies);
        if !attached.related.is_empty() {
            let media_type = entity.media_type().to_owned();
            let mut parts = vec![entity];
            parts.extend(attached.related);
            entity = Entity::multipart("related", parts).parameter("type", &media_type);
        }
        if !attached.mixed.is_empty() {
            let mut parts = vec![entity];
            parts.extend(attached.mixed);
            entity = Entity::multipart("mixed", parts);
        }
        entity
    }

    fn alternative(&mut self, bodies: body::Bodies) -> Entity {
        let mut parts = Vec::new();
        let calendar = to_calendar::meeting(self.message, self.translation, &mut self.defects);
        if let Some(plain) = bodies.plain {
            parts.push(Entity::text("plain", &plain));
        }
        if let Some(html) = bodies.html {
            parts.push(Entity::text("html", &html));
        }
        if parts.is_empty() {
            parts.push(Entity::text("plain", ""));
        }
        if let Some((method, calendar)) = calendar {
            parts.push(Entity::text("calendar", &calendar).parameter("method", method));
        }
        match parts.len() {
            1 => parts.remove(0),
            _ => Entity::multipart("alternative", parts),
        }
    }

    /// The message class in upper case, as it is compared ([MS-OXCMSG] 2.2.1.3).
    fn class(&self) -> String {
        self.values.text(pid::MESSAGE_CLASS).unwrap_or_default().to_ascii_uppercase()
    }

    /// The recipients of one kind (1 To, 2 Cc, 3 Bcc) in their order.
    fn recipients_of(&self, kind: i64) -> Vec<MapiAddress> {
        let rows = self.message.recipients.iter().map(|row| Values::of_part(row, self.message));
        let wanted = rows.filter(|row| row.integer(pid::RECIPIENT_TYPE).unwrap_or(1) & 0xF == kind);
        wanted.map(MapiAddress::of_recipient).filter(|address| !address.is_empty()).collect()
    }

    fn resolve(&mut self, address: &MapiAddress) -> Mailbox {
        self.book.resolve(address, &mut self.defects)
    }
}
