use super::{Translator, media_type};
use crate::{
    Defect, DefectKind,
    mapi::{Attachment, AttachmentBody, EmbeddedMessage, pid, translate_embedded, values::Values},
    mime::compose::{Entity, HeaderWriter},
    source::Content,
};
use std::collections::BTreeSet;

/// The first octets of an attachment, where they must tell its media type.
const MAGIC: usize = 16;

/// Types whose octets are header fields, which stand as they are (RFC 3464 §2.1, RFC 8098 §3.1), and how many octets of them are read.
const STATUS: [&str; 2] = ["message/delivery-status", "message/disposition-notification"];
const STATUS_FIELDS: usize = 1 << 18;
/// The longest line of a mail (RFC 5322 §2.1.1).
const LINE: usize = 998;

/// The parts that attachments give.
#[derive(Debug, Default)]
pub(super) struct Attached {
    /// Shown inside the HTML.
    pub(super) related: Vec<Entity>,
    pub(super) mixed: Vec<Entity>,
}

impl Translator<'_> {
    /// All attachments ([MS-OXCMAIL] 2.1.3.4), those that the HTML shows apart from the others.
    pub(super) fn attached(&mut self, html: Option<&str>) -> Attached {
        let mut attached = Attached::default();
        let attachments = self.message.attachments.clone();
        let count = attachments.len();
        if count == 0 {
            return attached;
        }
        let shown = html.map(references).unwrap_or_default();
        let limit = self.translation.limits.entities;
        if count > limit {
            let detail = format!("{count} attachments, of which {limit} are read");
            self.defects.push(Defect::new(DefectKind::EntityLimit, detail));
        }
        for index in 0..count.min(limit) {
            match attachments.open(index) {
                Ok(attachment) => self.attachment(attachment, &shown, &mut attached),
                Err(error) => {
                    let detail = format!("attachment {} of {count}: {error}", index + 1);
                    self.defects.push(Defect::new(DefectKind::Attachment, detail));
                }
            }
        }
        attached
    }

    fn attachment(&mut self, mut attachment: Attachment, shown: &References, attached: &mut Attached) {
        self.defects.append(&mut attachment.defects);
        let values = Values::of_part(&attachment.properties, self.message);
        let name = file_name(values);
        let content_id = values.text(pid::ATTACH_CONTENT_ID).map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
        let location = values.text(pid::ATTACH_CONTENT_LOCATION);
        let is_shown = content_id.as_ref().is_some_and(|id| shown.ids.contains(&id.to_ascii_lowercase()))
            || location.as_ref().is_some_and(|location| shown.ids.contains(&location.to_ascii_lowercase()));
        let is_hidden = values.is_true(pid::ATTACHMENT_HIDDEN);
        let Some((mut entity, name)) = self.entity_of(&attachment, name) else { return };
        if let Some(id) = content_id.filter(|id| !id.is_empty()) {
            entity = entity.content_id(&id);
        }
        if let Some(location) = location {
            entity = entity.field("Content-Location", &location);
        }
        if is_shown {
            attached.related.push(entity.inline(name.as_deref()));
        } else if is_hidden {
            attached.mixed.push(entity.inline(name.as_deref()));
        } else {
            attached.mixed.push(entity.attached(name.as_deref()));
        }
    }

    /// What is attached, and the name it gets.
    fn entity_of(&mut self, attachment: &Attachment, name: Option<String>) -> Option<(Entity, Option<String>)> {
        let values = Values::of_part(&attachment.properties, self.message);
        match &attachment.body {
            AttachmentBody::Data(content) => Some(self.data(content.clone(), values, name)),
            AttachmentBody::Ole(content) => {
                let name = name.unwrap_or_else(|| "object".to_owned());
                let name = if name.contains('.') { name } else { format!("{name}.ole") };
                Some((Entity::octets("application/octet-stream", content.clone()), Some(name)))
            }
            AttachmentBody::Message(embedded) => self.embedded(&**embedded, name),
            AttachmentBody::None => {
                let path = values.text(pid::ATTACH_LONG_PATHNAME).or_else(|| values.text(pid::ATTACH_PATHNAME));
                if let Some(path) = path {
                    let detail = format!("the attachment is only referred to: {path}");
                    self.defects.push(Defect::new(DefectKind::Attachment, detail));
                    return Some((by_reference(&path, values), name));
                }
                if attachment.defects.is_empty() {
                    return Some(self.data(Content::from(Vec::new()), values, name));
                }
                None
            }
        }
    }

    /// The name, media type and octets of an attachment, whatever is attached.
    pub(super) fn octets_of(&mut self, attachment: &Attachment) -> Option<(String, String, Content)> {
        let values = Values::of_part(&attachment.properties, self.message);
        let name = file_name(values);
        match &attachment.body {
            AttachmentBody::Data(content) => {
                let media_type = media_type_of(content, values, name.as_deref());
                let name = name.unwrap_or_else(|| format!("attachment{}", media_type::extension(&media_type)));
                Some((name, media_type, content.clone()))
            }
            AttachmentBody::Ole(content) => {
                let name = name.unwrap_or_else(|| "object.ole".to_owned());
                Some((name, "application/octet-stream".to_owned(), content.clone()))
            }
            AttachmentBody::Message(embedded) => {
                let (media_type, content, name) = self.translated(&**embedded, name)?;
                Some((name, media_type.to_owned(), content))
            }
            AttachmentBody::None => None,
        }
    }

    fn data(&mut self, content: Content, values: Values<'_>, name: Option<String>) -> (Entity, Option<String>) {
        let media_type = media_type_of(&content, values, name.as_deref());
        if media_type == "message/rfc822" && looks_like_a_message(&content) {
            let entity = Entity::message(&media_type, content).field("Content-Transfer-Encoding", "8bit");
            return (entity, name);
        }
        if STATUS.contains(&&*media_type)
            && let Some(fields) = status_fields(&content)
        {
            return (Entity::message(&media_type, Content::from(fields)), name);
        }
        // Other message types must not be encoded, and nothing says that their octets could stand as they are.
        let media_type = if media_type.starts_with("message/") { "application/octet-stream" } else { &media_type };
        let name = name.or_else(|| Some(format!("attachment{}", media_type::extension(media_type))));
        (Entity::octets(media_type, content), name)
    }

    fn embedded(&mut self, embedded: &dyn EmbeddedMessage, name: Option<String>) -> Option<(Entity, Option<String>)> {
        let (media_type, content, name) = self.translated(embedded, name)?;
        let entity = match media_type {
            "message/rfc822" => Entity::message(media_type, content),
            _ => Entity::octets(media_type, content).parameter("charset", "utf-8"),
        };
        Some((entity, Some(name)))
    }

    /// An embedded message in the form of its standard, under the name of its subject.
    fn translated(
        &mut self,
        embedded: &dyn EmbeddedMessage,
        name: Option<String>,
    ) -> Option<(&'static str, Content, String)> {
        let message = match embedded.open() {
            Ok(message) => message,
            Err(error) => {
                self.defects.push(Defect::new(DefectKind::Attachment, format!("embedded message: {error}")));
                return None;
            }
        };
        self.defects.extend(message.defects.iter().cloned());
        let (media_type, content) = translate_embedded(&message, self.translation, &mut self.defects);
        let name = super::subject(Values::of(&message)).or(name).unwrap_or_else(|| "message".to_owned());
        Some((media_type, content, format!("{}{}", name.trim(), media_type::extension(media_type))))
    }
}

/// What stands for a file that is only referred to (RFC 2046 §5.2.3, RFC 2017): where it is, and what it would be.
fn by_reference(path: &str, values: Values<'_>) -> Entity {
    const WEB: [&str; 3] = ["http:", "https:", "ftp:"];
    let is_web =
        WEB.iter().any(|scheme| path.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let media_type = values.text(pid::ATTACH_MIME_TAG).and_then(|tag| media_type::declared(&tag));
    let media_type = media_type.unwrap_or_else(|| media_type::guessed(path, Vec::new).to_owned());
    let mut missing = HeaderWriter::default();
    missing.parameters("Content-Type", &media_type, None);
    missing.text("Content-Description", path);
    let octets = [missing.as_octets(), b"\r\n"].concat();
    let entity = Entity::message("message/external-body", Content::from(octets));
    match is_web {
        true => entity.parameter("access-type", "URL").parameter("URL", path),
        false => entity.parameter("access-type", "local-file").parameter("name", path),
    }
}

/// The media type that an attachment says it has, or that its name or its octets speak of.
fn media_type_of(content: &Content, values: Values<'_>, name: Option<&str>) -> String {
    let declared = values.text(pid::ATTACH_MIME_TAG).and_then(|tag| media_type::declared(&tag));
    let declared = declared.filter(|declared| declared != "application/octet-stream");
    declared.unwrap_or_else(|| {
        let first = || content.slice(0..MAGIC as u64).to_vec(MAGIC).unwrap_or_default();
        media_type::guessed(name.unwrap_or_default(), first).to_owned()
    })
}

/// The name of the file: the long one, the short one, or what is displayed ([MS-OXCMSG] 2.2.2.10, 2.2.2.11).
fn file_name(values: Values<'_>) -> Option<String> {
    let names = [pid::ATTACH_LONG_FILENAME, pid::ATTACH_FILENAME, pid::DISPLAY_NAME];
    let name = names.iter().find_map(|id| values.text(*id))?;
    let name = name.rsplit(['\\', '/']).next().unwrap_or_default().trim().to_owned();
    Some(name).filter(|name| !name.is_empty())
}

/// The fields of a status with line ends as mail has them; `None` where they could not stand in a mail unencoded.
fn status_fields(content: &Content) -> Option<Vec<u8>> {
    let octets = content.to_vec(STATUS_FIELDS).ok()?;
    let lines = octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let stands = |line: &[u8]| line.len() <= LINE && line.iter().all(|octet| matches!(octet, b'\t' | b' '..=b'~'));
    let is_field = lines.clone().find(|line| !line.is_empty()).is_some_and(crate::mime::is_field_line);
    (is_field && lines.clone().all(stands)).then(|| lines.collect::<Vec<_>>().join(&b"\r\n"[..]))
}

/// Whether it begins like a message, so that it may stand in one as it is.
fn looks_like_a_message(content: &Content) -> bool {
    let first = content.slice(0..1024).to_vec(1024).unwrap_or_default();
    let line = first.split(|octet| *octet == b'\n').next().unwrap_or_default();
    crate::mime::is_field_line(line)
}

/// What an HTML body refers to.
#[derive(Debug, Default)]
struct References {
    /// Content identifiers and locations, in lower case.
    ids: BTreeSet<String>,
}

/// Finds `cid:…` and the values of `src=…` in one pass.
fn references(html: &str) -> References {
    let lower = html.to_ascii_lowercase();
    let mut ids = BTreeSet::new();
    let is_end = |c: char| matches!(c, '"' | '\'' | '>' | '<' | ')' | '&') || c.is_whitespace();
    for (at, marker) in lower.match_indices("cid:") {
        let rest = lower.get(at + marker.len()..).unwrap_or_default();
        let id: String = rest.chars().take(512).take_while(|c| !is_end(*c)).collect();
        ids.insert(percent_decoded(&id));
        ids.insert(id);
    }
    for (at, marker) in lower.match_indices("src=") {
        let rest = lower.get(at + marker.len()..).unwrap_or_default().trim_start_matches(['"', '\'']);
        ids.insert(rest.chars().take(512).take_while(|c| !is_end(*c)).collect());
    }
    ids.remove("");
    References { ids }
}

fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        octets.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_any_quoting() {
        let found = references("<img src=\"CID:A@b\"><img src='image001.png'><td background=cid:c%20d>url(cid:e)");
        for id in ["a@b", "image001.png", "c d", "e"] {
            assert!(found.ids.contains(id), "{id}: {found:?}");
        }
    }
}
