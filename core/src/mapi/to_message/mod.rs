//! Mail: a message object as an RFC 5322 message ([MS-OXCMAIL] 2.1).

mod attachments;
mod content_id;
mod header;
mod report;
mod signed;
mod subject;
#[cfg(test)]
mod tests;
mod transport;

use super::{
    MapiMessage, Translation,
    address_book::{AddressBook, MapiAddress},
    contents::{Bodies, BodyText, bodies_of_mail, media_type},
    pid, to_calendar, translate_embedded,
    translation::is_mail,
    values::Values,
};
use crate::{
    Defect,
    mime::{Mailbox, compose::Entity},
    source::{Content, Crlf, Recoded, Source},
};
use std::sync::Arc;

/// The message as its octets in internet format; what could not be carried over is told in `defects`.
///
/// Bodies are in memory, attachments stay where they are until the octets are read.
pub(super) fn to_message(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Content {
    let mut translator = Translator::new(message, translation);
    let content = translator.message();
    defects.append(&mut translator.defects);
    content
}

/// What a message holds, to be put into a mail that is there already.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Its plain text.
    pub(super) plain: Option<Entity>,
    /// Other forms of its body: HTML with its images, a calendar object.
    pub(super) shown: Vec<Entity>,
    /// Its attachments; what is no mail is one itself.
    pub(super) attached: Vec<Entity>,
}

/// The bodies and attachments of a message, apart.
pub(super) fn parts(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Parts {
    if !is_mail(message) {
        let (media_type, content) = translate_embedded(message, translation, defects);
        let name = format!("item{}", media_type::extension(media_type));
        let entity = Entity::octets(media_type, content).parameter("charset", "utf-8").attached(Some(&name));
        return Parts { attached: vec![entity], ..Parts::default() };
    }
    let mut translator = Translator::new(message, translation);
    let parts = translator.parts();
    defects.append(&mut translator.defects);
    parts
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
        // Forms of their own may be signed too ([MS-OXOSMIME] 3.1.4.2, 3.1.4.3).
        let is_smime = class.starts_with("IPM.NOTE.SMIME")
            || class.ends_with(".SMIME")
            || class.ends_with(".SMIME.MULTIPARTSIGNED");
        if is_smime && let Some(entity) = self.signed(&class, &header) {
            return entity.compose(header);
        }
        if let Some(entity) = self.encrypted_by_pgp() {
            return entity.compose(header);
        }
        let entity = if class.starts_with("REPORT.") { self.report(&class) } else { self.entity() };
        entity.compose(header)
    }

    fn bodies(&mut self) -> Bodies {
        bodies_of_mail(self.message, self.translation, &mut self.defects)
    }

    /// The bodies and the attachments, nested as mail clients nest them:
    /// `mixed { related { alternative { plain, html, calendar }, images }, attachments }`.
    fn entity(&mut self) -> Entity {
        let mut bodies = self.bodies();
        let mut attached = self.attached(&mut bodies.html);
        attached.mixed.extend(kept_rtf(&mut bodies));
        let alternatives = self.alternatives(bodies);
        let entity = with_related(alternative(alternatives), attached.related);
        if attached.mixed.is_empty() {
            return entity;
        }
        let mut parts = vec![entity];
        parts.extend(attached.mixed);
        Entity::multipart("mixed", parts)
    }

    /// The bodies and the attachments apart, images with the HTML that shows them.
    fn parts(&mut self) -> Parts {
        let mut bodies = self.bodies();
        let mut attached = self.attached(&mut bodies.html);
        attached.mixed.extend(kept_rtf(&mut bodies));
        let plain = bodies.plain.take().map(|plain| body("plain", plain));
        let mut shown = self.alternatives(bodies);
        if !attached.related.is_empty() && !shown.is_empty() {
            let html = shown.remove(0);
            shown.insert(0, with_related(html, attached.related));
        }
        Parts { plain, shown, attached: attached.mixed }
    }

    /// The forms of the body, the plainest first.
    fn alternatives(&mut self, bodies: Bodies) -> Vec<Entity> {
        let calendar = to_calendar::meeting(self.message, self.translation, &mut self.defects);
        let calendar =
            calendar.map(|(method, calendar)| Entity::text("calendar", calendar).parameter("method", method));
        let plain = bodies.plain.map(|plain| body("plain", plain));
        let html = bodies.html.map(|html| body("html", html));
        plain.into_iter().chain(html).chain(calendar).collect()
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

/// A body; the rest of a long one is read when it is written.
fn body(subtype: &str, BodyText { start, rest }: BodyText) -> Entity {
    let Some(rest) = rest else { return Entity::text(subtype, start) };
    let whole = Content::join([Content::from(start.into_bytes()), rest]);
    // Octets that cannot be read now cannot be read later either, and are told then.
    let content = match Recoded::open(Arc::new(whole.clone()), 0, Crlf, |_| {}) {
        Ok(recoded) => Content::from(Arc::new(recoded) as Source),
        Err(_) => whole,
    };
    Entity::octets(&format!("text/{subtype}"), content).parameter("charset", "utf-8")
}

/// One of several forms of a body; a message without any has an empty one.
fn alternative(mut alternatives: Vec<Entity>) -> Entity {
    match &*alternatives {
        [] => Entity::text("plain", ""),
        [one] if !one.media_type().starts_with("text/calendar") => alternatives.remove(0),
        [_] => Entity::multipart("alternative", [vec![Entity::text("plain", "")], alternatives].concat()),
        _ => Entity::multipart("alternative", alternatives),
    }
}

/// A body with what it shows (RFC 2387).
fn with_related(entity: Entity, related: Vec<Entity>) -> Entity {
    if related.is_empty() {
        return entity;
    }
    let media_type = entity.media_type().to_owned();
    let mut parts = vec![entity];
    parts.extend(related);
    Entity::multipart("related", parts).parameter("type", &media_type)
}

/// Rich text that is wanted beside the HTML made of it.
fn kept_rtf(bodies: &mut Bodies) -> Option<Entity> {
    let rtf = bodies.rtf.take()?;
    Some(Entity::octets("application/rtf", rtf).attached(Some("body.rtf")))
}
