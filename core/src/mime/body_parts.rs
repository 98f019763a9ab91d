use super::{Entity, Structure};

/// What the parts of a message are to a person: text, HTML, or files (RFC 8621 §4.1.4), as places in
/// [`Structure::entities`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyParts {
    /// The parts that are read as plain text, in order.
    pub text: Vec<usize>,
    /// The parts that are read as HTML, in order.
    pub html: Vec<usize>,
    /// Everything else: files, pictures inside HTML, messages.
    pub attachments: Vec<usize>,
}

impl BodyParts {
    /// Sorts the parts of a message.
    pub fn of(structure: &Structure) -> Self {
        let mut parts = Self::default();
        for (place, entity) in structure.entities().iter().enumerate() {
            if entity.media_type().is_multipart() {
                continue;
            }
            let list = match entity.media_type().essence() {
                "text/plain" if is_read(structure, place, entity) => &mut parts.text,
                "text/html" if is_read(structure, place, entity) => &mut parts.html,
                _ => &mut parts.attachments,
            };
            list.push(place);
        }
        parts
    }
}

/// Whether a text is there to be read, rather than a file.
fn is_read(structure: &Structure, place: usize, entity: &Entity) -> bool {
    let kind = entity.disposition().map_or("", |disposition| disposition.kind());
    let parent = entity.parent().and_then(|parent| Some((parent, structure.entities().get(parent)?)));
    let first = parent.is_none_or(|(parent, _)| place == parent + 1);
    let related = parent.is_some_and(|(_, parent)| parent.media_type().essence() == "multipart/related");
    // In a multipart/related, a text that is referred to is a piece of the page; any other is the page itself.
    let piece = related && entity.content_id().is_some();
    kind != "attachment" && (first || (!piece && entity.file_name().is_none()))
}
