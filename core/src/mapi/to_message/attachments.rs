use super::{
    Translator,
    content_id::{self, Identity},
};
use crate::{
    Defect, DefectKind,
    defect::Untold,
    mapi::{
        Attachment, AttachmentBody, EmbeddedMessage,
        contents::{AttachmentReader, BodyText, media_type, media_type_of},
        pid,
        values::Values,
    },
    mime::compose::{Entity, HeaderWriter},
    source::Content,
};

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

/// An attachment as an entity, before it is known where it belongs.
struct Part {
    entity: Entity,
    name: Option<String>,
    is_hidden: bool,
}

impl Translator<'_> {
    /// All attachments ([MS-OXCMAIL] 2.1.3.4), those that the HTML shows apart from the others. Identifiers that no header field can
    /// have change in the HTML too.
    pub(super) fn attached(&mut self, html: &mut Option<BodyText>) -> Attached {
        let mut attached = Attached::default();
        let attachments = self.message.attachments.clone();
        let count = attachments.len();
        if count == 0 {
            return attached;
        }
        let limit = self.translation.limits.entities;
        if count > limit {
            let detail = format!("only the first {limit} of {count} attachments are read");
            self.defects.push(Defect::new(DefectKind::EntityLimit, detail));
        }
        let (mut parts, mut identities, mut untold) = (Vec::new(), Vec::new(), Untold::default());
        for index in 0..count.min(limit) {
            match attachments.open(index) {
                Ok(attachment) => {
                    if let Some((part, identity)) = self.part(attachment) {
                        parts.push(part);
                        identities.push(identity);
                    }
                }
                Err(error) => {
                    let detail = format!("attachment {} of {count}: {error}", index + 1);
                    self.defects.push(Defect::new(DefectKind::Attachment, detail));
                }
            }
            untold.take(&mut self.defects);
        }
        self.defects.extend(untold.defect("attachments"));
        for (old, new) in content_id::tie(html, &mut identities) {
            let detail = format!(
                "Content-ID \"{old}\" was changed to \"{new}\", also in the HTML: mail programs would not find the picture otherwise"
            );
            self.defects.push(Defect::new(DefectKind::Rewritten, detail));
        }
        for (Part { mut entity, name, is_hidden }, identity) in parts.into_iter().zip(identities) {
            if let Some(id) = identity.content_id {
                entity = entity.content_id(&id);
            }
            if let Some(location) = identity.location {
                entity = entity.field("Content-Location", &location);
            }
            if identity.is_shown {
                attached.related.push(entity.inline(name.as_deref()));
            } else if is_hidden {
                attached.mixed.push(entity.inline(name.as_deref()));
            } else {
                attached.mixed.push(entity.attached(name.as_deref()));
            }
        }
        attached
    }

    fn attachment_reader(&mut self) -> AttachmentReader<'_> {
        AttachmentReader { message: self.message, translation: self.translation, defects: &mut self.defects }
    }

    fn part(&mut self, attachment: Attachment) -> Option<(Part, Identity)> {
        self.defects.extend(attachment.defects.iter().cloned());
        let values = Values::of_part(&attachment.properties, self.message);
        let name = self.attachment_reader().file_name(values);
        let identity = Identity::new(values.text(pid::ATTACH_CONTENT_ID), values.text(pid::ATTACH_CONTENT_LOCATION));
        let is_hidden = values.is_true(pid::ATTACHMENT_HIDDEN);
        let (entity, name) = self.entity_of(&attachment, name)?;
        Some((Part { entity, name, is_hidden }, identity))
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
                    let detail = format!("the attachment is only a link: {path}");
                    self.defects.push(Defect::new(DefectKind::Attachment, detail));
                    return Some((by_reference(&path, values), name));
                }
                if !attachment.defects.is_empty() {
                    return None;
                }
                let name = name.unwrap_or_else(|| "attachment".to_owned());
                self.attachment_reader().tell_missing(&name);
                Some((missing(&name, values), Some(name)))
            }
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
        let (media_type, content, name) = self.attachment_reader().translated(embedded, name)?;
        let entity = match media_type {
            "message/rfc822" => Entity::message(media_type, content),
            _ => Entity::octets(media_type, content).parameter("charset", "utf-8"),
        };
        Some((entity, Some(name)))
    }
}

/// What stands for a file that is only referred to (RFC 2046 §5.2.3, RFC 2017): where it is, and what it would be.
fn by_reference(path: &str, values: Values<'_>) -> Entity {
    const WEB: [&str; 3] = ["http:", "https:", "ftp:"];
    let is_web =
        WEB.iter().any(|scheme| path.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let entity = external_body(path, values);
    match is_web {
        true => entity.parameter("access-type", "URL").parameter("URL", path),
        false => entity.parameter("access-type", "local-file").parameter("name", path),
    }
}

/// What stands for a file of which there is no data: an empty part would look like a whole file.
fn missing(name: &str, values: Values<'_>) -> Entity {
    external_body(name, values).parameter("access-type", "x-missing").parameter("name", name)
}

/// A body that is not here (RFC 2046 §5.2.3): what it would be.
fn external_body(name: &str, values: Values<'_>) -> Entity {
    let media_type = values.text(pid::ATTACH_MIME_TAG).and_then(|tag| media_type::declared(&tag));
    let media_type = media_type.unwrap_or_else(|| media_type::guessed(name, Vec::new).to_owned());
    let mut header = HeaderWriter::default();
    header.parameters("Content-Type", &media_type, None);
    header.text("Content-Description", name);
    let octets = [header.as_octets(), b"\r\n"].concat();
    Entity::message("message/external-body", Content::from(octets))
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
