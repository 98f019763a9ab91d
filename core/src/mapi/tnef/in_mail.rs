//! Replaces TNEF parts in a mail by their contents (RFC 2045, [MS-OXTNEF] 1.3).

use super::{attribute::SIGNATURE, read_tnef};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    mapi::{Translation, to_message},
    mime::{
        self, HeaderSection, Structure,
        compose::{Entity, HeaderWriter},
    },
    model::Message,
    source::Content,
};
use std::{collections::BTreeMap, ops::Range};

/// The mail with its TNEF parts replaced by their contents: the HTML next to the plain text, attachments as attachments. `None`
/// where there is no such part, or none that can be read; `defects` says what was done.
///
/// All other parts stay octet for octet, also those of messages that are attached to it.
///
/// # Errors
/// Errors of the source.
pub fn decode_in_mail(
    message: &Message,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Result<Option<Content>> {
    let mail = Mail { octets: message.content(), structure: message.structure()? };
    Decoder { translation, defects, depth: 0 }.mail(&mail)
}

/// A mail or a message attached to one.
struct Mail<'a> {
    octets: &'a Content,
    structure: &'a Structure,
}

impl Mail<'_> {
    /// The octets of an entity, its header section included.
    fn whole(&self, entity: &mime::Entity) -> Content {
        self.octets.slice(span(entity))
    }
}

struct Decoder<'a> {
    translation: &'a Translation,
    defects: &'a mut Vec<Defect>,
    /// How many messages are around the one at hand.
    depth: usize,
}

impl Decoder<'_> {
    fn mail(&mut self, mail: &Mail<'_>) -> Result<Option<Content>> {
        let mut changes = Changes::default();
        for (place, entity) in mail.structure.entities().iter().enumerate() {
            if (may_be_tnef(entity) || entity.media_type().is_message()) && is_signed(mail, place) {
                continue;
            }
            if entity.media_type().is_message() && entity.encoding() == mime::TransferEncoding::Identity {
                if let Some(decoded) = self.attached_message(mail, entity)? {
                    changes.replace(entity.body(), decoded);
                }
            } else if may_be_tnef(entity) {
                match self.decoded(mail, place) {
                    Ok(Some(decoded)) => self.put(mail, place, decoded, &mut changes),
                    Ok(None) => {}
                    Err(error) if error.kind() == ErrorKind::Io => return Err(error),
                    Err(error) => {
                        let what = format!("winmail.dat was kept unchanged: {error}");
                        self.defects.push(Defect::new(DefectKind::Tnef, what));
                    }
                }
            }
        }
        Ok(changes.applied_to(mail.octets))
    }

    fn attached_message(&mut self, mail: &Mail<'_>, entity: &mime::Entity) -> Result<Option<Content>> {
        if self.depth >= self.translation.limits.nesting {
            return Ok(None);
        }
        let octets = mail.octets.slice(entity.body());
        let structure = Structure::read(&octets, &self.translation.limits)?;
        let depth = self.depth.saturating_add(1);
        let mut inner = Decoder { translation: self.translation, defects: &mut *self.defects, depth };
        inner.mail(&Mail { octets: &octets, structure: &structure })
    }

    /// What the entity at `place` holds, if it is TNEF.
    fn decoded(&mut self, mail: &Mail<'_>, place: usize) -> Result<Option<to_message::Parts>> {
        let Some(entity) = mail.structure.entities().get(place) else { return Ok(None) };
        let Limits { text: limit, .. } = self.translation.limits;
        let stream = entity.decoded(mail.octets, limit)?;
        if stream.slice(0..4).to_vec(4)? != SIGNATURE {
            return match entity.media_type().essence() {
                "application/ms-tnef" | "application/vnd.ms-tnef" => {
                    Err(Error::new(ErrorKind::Malformed, "its signature is not that of TNEF").non_fatal())
                }
                _ => Ok(None),
            };
        }
        let message = read_tnef(&stream, &self.translation.limits)?;
        self.defects.extend(message.defects.iter().cloned());
        Ok(Some(to_message::parts(&message, self.translation, self.defects)))
    }

    /// Puts decoded parts in place of the entity at `place`.
    fn put(&mut self, mail: &Mail<'_>, place: usize, parts: to_message::Parts, changes: &mut Changes) {
        let entities = mail.structure.entities();
        let Some(entity) = entities.get(place) else { return };
        let to_message::Parts { plain, shown, mut attached } = parts;
        let attachments = attached.len();
        let body = body_beside(mail, place).filter(|body| !changes.touches(&span(body)));
        match (body, shown.is_empty()) {
            (Some(body), false) => {
                let mut alternatives = vec![Entity::verbatim(mail.whole(body))];
                alternatives.extend(shown);
                changes.replace(span(body), Entity::multipart("alternative", alternatives).into_part());
            }
            (Some(_), true) => {}
            (None, _) => {
                let mut alternatives: Vec<Entity> = plain.into_iter().chain(shown).collect();
                match alternatives.len() {
                    0 => {}
                    1 => attached.insert(0, alternatives.remove(0)),
                    _ => attached.insert(0, Entity::multipart("alternative", alternatives)),
                }
            }
        }
        let what = format!("winmail.dat was decoded: {attachments} attachments");
        self.defects.push(Defect::new(DefectKind::Rewritten, what));
        let part = match attached.len() {
            0 => {
                // What it held stands beside it already, so it goes, with the delimiter before it.
                if let Some(before) = part_before(mail, place) {
                    return changes.replace(before..span(entity).end, Content::from(Vec::new()));
                }
                Entity::text("plain", "")
            }
            1 => attached.remove(0),
            _ => Entity::multipart("mixed", attached),
        };
        match entity.parent() {
            Some(_) => changes.replace(span(entity), part.into_part()),
            None => changes.replace(span(entity), part.compose(header_of(&mail.octets.slice(entity.header())))),
        }
    }
}

/// Where an entity stands, its header section included.
fn span(entity: &mime::Entity) -> Range<u64> {
    entity.header().start..entity.body().end
}

/// By type, or by the name that it has wherever its type was lost.
fn may_be_tnef(entity: &mime::Entity) -> bool {
    match entity.media_type().essence() {
        "application/ms-tnef" | "application/vnd.ms-tnef" => true,
        "application/octet-stream" => entity.file_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat")),
        _ => false,
    }
}

/// The end of the part before the one at `place`, in the same multipart.
fn part_before(mail: &Mail<'_>, place: usize) -> Option<u64> {
    let entities = mail.structure.entities();
    let multipart = entities.get(place)?.parent()?;
    let before = mail.structure.parts(multipart).take_while(|part| *part < place).last()?;
    Some(span(entities.get(before)?).end)
}

/// Whether the entity at `place` is signed: changed, its signature would no longer be good (RFC 1847 §2.1).
fn is_signed(mail: &Mail<'_>, place: usize) -> bool {
    let entities = mail.structure.entities();
    let parent = |entity: &mime::Entity| entity.parent().and_then(|parent| entities.get(parent));
    let mut above = entities.get(place).and_then(parent);
    while let Some(entity) = above {
        if entity.media_type().essence() == "multipart/signed" {
            return true;
        }
        above = parent(entity);
    }
    false
}

/// The plain text that the sender's program put before the TNEF part, in the same multipart.
fn body_beside<'a>(mail: &Mail<'a>, place: usize) -> Option<&'a mime::Entity> {
    let entities = mail.structure.entities();
    let multipart = entities.get(place)?.parent()?;
    let first = mail.structure.parts(multipart).next().filter(|first| *first < place)?;
    let is_mixed = entities.get(multipart)?.media_type().essence() == "multipart/mixed";
    entities.get(first).filter(|first| {
        let is_attached = first.disposition().is_some_and(|disposition| disposition.kind() == "attachment");
        is_mixed && first.media_type().essence() == "text/plain" && !is_attached
    })
}

/// The header section of a mail that was TNEF as a whole, less what described it.
fn header_of(header: &Content) -> HeaderWriter {
    let mut out = HeaderWriter::default();
    let octets = header.to_vec(usize::MAX).unwrap_or_default();
    for field in HeaderSection::parse(&octets).fields() {
        let name = field.name().to_ascii_lowercase();
        if !name.starts_with("content-") && name != "mime-version" {
            out.verbatim(&[field.name().as_bytes(), b":", field.value(), b"\r\n"].concat());
        }
    }
    out
}

/// What stands where in place of the octets there.
#[derive(Default)]
struct Changes {
    by_start: BTreeMap<u64, (u64, Content)>,
}

impl Changes {
    fn replace(&mut self, range: Range<u64>, with: Content) {
        self.by_start.insert(range.start, (range.end, with));
    }

    fn touches(&self, range: &Range<u64>) -> bool {
        self.by_start.contains_key(&range.start)
    }

    fn applied_to(self, octets: &Content) -> Option<Content> {
        if self.by_start.is_empty() {
            return None;
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        for (start, (end, with)) in self.by_start {
            if start >= at {
                pieces.extend([octets.slice(at..start), with]);
                at = end;
            }
        }
        pieces.push(octets.slice(at..u64::MAX));
        Some(Content::join(pieces))
    }
}
