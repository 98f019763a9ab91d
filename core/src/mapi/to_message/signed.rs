use super::Translator;
use crate::{
    Defect, DefectKind,
    mapi::{AttachmentBody, pid, values::Values},
    mime::{HeaderSection, compose::Entity},
    source::Content,
};

/// Octets at the start of an attachment that must hold its media type, if it is an entity.
const HEAD: usize = 4096;

/// The protocol of encrypted multiparts of PGP/MIME (RFC 3156 §4).
const PGP_ENCRYPTED: &str = "application/pgp-encrypted";

impl Translator<'_> {
    /// The entity that was signed or encrypted, as it was ([MS-OXOSMIME] 2.1): it is the only attachment.
    pub(super) fn signed(&mut self, class: &str) -> Option<Entity> {
        let attachment = (self.message.attachments.len() == 1).then(|| self.message.attachments.open(0).ok())??;
        let AttachmentBody::Data(content) = &attachment.body else { return None };
        let head = content.slice(0..HEAD as u64).to_vec(HEAD).ok()?;
        if head.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-")) {
            return Some(Entity::verbatim(content.clone()));
        }
        let tag = Values::of_part(&attachment.properties, self.message).text(pid::ATTACH_MIME_TAG).unwrap_or_default();
        if class.contains("MULTIPARTSIGNED") || tag.starts_with("multipart/") {
            return self.with_boundary_of_transport(content);
        }
        // BER: a SEQUENCE of definite or indefinite length.
        if !matches!(head.as_slice(), [0x30, ..]) {
            let detail = "a signed or encrypted message whose attachment is no such entity";
            self.defects.push(Defect::new(DefectKind::Attachment, detail));
            return None;
        }
        let entity = Entity::octets("application/pkcs7-mime", content.clone());
        let entity = match self.smime_type() {
            Some(smime_type) => entity.parameter("smime-type", &smime_type),
            None => entity,
        };
        Some(entity.attached(Some("smime.p7m")))
    }

    /// PGP/MIME whose multipart a store took apart into two attachments (RFC 3156 §4): the octets of both are as they were.
    pub(super) fn encrypted_by_pgp(&self) -> Option<Entity> {
        let attachments = &self.message.attachments;
        let headers =
            self.values.long_text(pid::TRANSPORT_MESSAGE_HEADERS, 1 << 20).filter(|_| attachments.len() == 2)?;
        let section = HeaderSection::parse(headers.trim_start().as_bytes());
        let declared = section.first("Content-Type")?.raw_text().to_ascii_lowercase();
        if !declared.starts_with("multipart/encrypted") || !declared.contains(PGP_ENCRYPTED) {
            return None;
        }
        let content = |index| match attachments.open(index).ok()?.body {
            AttachmentBody::Data(content) => Some(content),
            _ => None,
        };
        let (version, encrypted) = (content(0)?, content(1)?);
        let starts_with =
            |content: &Content, start: &[u8]| content.slice(0..64).to_vec(64).is_ok_and(|o| o.starts_with(start));
        if !starts_with(&version, b"Version: 1") || !starts_with(&encrypted, b"-----BEGIN PGP MESSAGE-----") {
            return None;
        }
        let part = |header: &str, content: Content| {
            Entity::verbatim(Content::join([Content::from(header.as_bytes().to_vec()), content]))
        };
        let parts = vec![
            part("Content-Type: application/pgp-encrypted\r\n\r\n", version),
            part(
                "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\nContent-Disposition: inline; \
                 filename=\"encrypted.asc\"\r\n\r\n",
                encrypted,
            ),
        ];
        Some(Entity::multipart("encrypted", parts).parameter("protocol", PGP_ENCRYPTED))
    }

    /// The body of a signed multipart whose header stands with the transport headers only.
    fn with_boundary_of_transport(&mut self, content: &Content) -> Option<Entity> {
        let headers = self.values.long_text(pid::TRANSPORT_MESSAGE_HEADERS, 1 << 20)?;
        let section = HeaderSection::parse(headers.trim_start().as_bytes());
        let value = section.first("Content-Type")?.unfolded().into_owned();
        let is_multipart = value.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"));
        let header = [b"Content-Type: ", value.as_slice(), b"\r\n\r\n"].concat();
        is_multipart.then(|| Entity::verbatim(Content::join([Content::from(header), content.clone()])))
    }

    /// What kind of S/MIME it is, as the transport headers say (RFC 8551 §3.2.2).
    fn smime_type(&self) -> Option<String> {
        let headers = self.values.long_text(pid::TRANSPORT_MESSAGE_HEADERS, 1 << 20)?;
        let section = HeaderSection::parse(headers.trim_start().as_bytes());
        let value = section.first("Content-Type")?.raw_text().to_ascii_lowercase();
        let rest = value.split("smime-type").nth(1)?.trim_start_matches([' ', '=', '"']);
        let smime_type: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Some(smime_type).filter(|smime_type| !smime_type.is_empty())
    }
}
