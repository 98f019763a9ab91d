use super::{file_name, media_type};
use crate::{
    Defect, DefectKind,
    mapi::{
        Attachment, AttachmentBody, EmbeddedMessage, MapiMessage, Translation, pid, translate_embedded, values::Values,
    },
    source::Content,
};

/// The first octets of an attachment, where they must tell its media type.
const MAGIC: usize = 16;

/// The name, media type and octets of an attachment, for a form that is no mail; `None` where nothing is attached.
pub(in crate::mapi) fn attached_octets(
    attachment: &Attachment,
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Option<(String, String, Content)> {
    AttachmentReader { message, translation, defects }.octets_of(attachment)
}

/// Reads what is attached to a message.
pub(in crate::mapi) struct AttachmentReader<'a> {
    pub(in crate::mapi) message: &'a MapiMessage,
    pub(in crate::mapi) translation: &'a Translation,
    pub(in crate::mapi) defects: &'a mut Vec<Defect>,
}

impl AttachmentReader<'_> {
    /// The name, media type and octets of an attachment, whatever is attached.
    fn octets_of(&mut self, attachment: &Attachment) -> Option<(String, String, Content)> {
        let values = Values::of_part(&attachment.properties, self.message);
        let name = self.file_name(values);
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
            AttachmentBody::None => {
                // What is only referred to, and what was lost, is told by others.
                let path = values.text(pid::ATTACH_LONG_PATHNAME).or_else(|| values.text(pid::ATTACH_PATHNAME));
                if path.is_none() && attachment.defects.is_empty() {
                    self.tell_missing(name.as_deref().unwrap_or("attachment"));
                }
                None
            }
        }
    }

    pub(in crate::mapi) fn tell_missing(&mut self, name: &str) {
        let detail = format!("the store has no data for the attachment \"{name}\": only its name was found");
        self.defects.push(Defect::new(DefectKind::Attachment, detail));
    }

    /// The name of the file: the long one, the short one, or what is displayed ([MS-OXCMSG] 2.2.2.10, 2.2.2.11); never a path.
    pub(in crate::mapi) fn file_name(&mut self, values: Values<'_>) -> Option<String> {
        let names = [pid::ATTACH_LONG_FILENAME, pid::ATTACH_FILENAME, pid::DISPLAY_NAME];
        let names = names.iter().filter_map(|id| values.text(*id));
        let (name, safe) = names.filter_map(|name| file_name::safe(&name).map(|safe| (name, safe))).next()?;
        if name.trim() != safe {
            let detail = format!(
                "the attachment \"{}\" was renamed to \"{safe}\": its name is not valid for a file",
                name.trim()
            );
            self.defects.push(Defect::new(DefectKind::Rewritten, detail));
        }
        Some(safe)
    }

    /// An embedded message in the form of its standard, under the name of its subject.
    pub(in crate::mapi) fn translated(
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
        let (media_type, content) = translate_embedded(&message, self.translation, self.defects);
        let subject = super::subject(Values::of(&message)).and_then(|subject| file_name::safe(&subject));
        let name = subject.or(name).unwrap_or_else(|| "message".to_owned());
        Some((media_type, content, format!("{}{}", name.trim(), media_type::extension(media_type))))
    }
}

/// The media type that an attachment says it has, or that its name or its octets speak of.
pub(in crate::mapi) fn media_type_of(content: &Content, values: Values<'_>, name: Option<&str>) -> String {
    let declared = values.text(pid::ATTACH_MIME_TAG).and_then(|tag| media_type::declared(&tag));
    let declared = declared.filter(|declared| declared != "application/octet-stream");
    declared.unwrap_or_else(|| {
        let first = || content.slice(0..MAGIC as u64).to_vec(MAGIC).unwrap_or_default();
        media_type::guessed(name.unwrap_or_default(), first).to_owned()
    })
}
