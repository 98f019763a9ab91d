use super::Translator;
use crate::{
    Defect, DefectKind,
    mapi::{AttachmentBody, Guid, pid, values::Values},
    mime::{
        Field, HeaderSection,
        compose::{Entity, HeaderWriter},
    },
    source::Content,
};

/// Octets at the start of an attachment that must hold its header section, if it is an entity.
const HEAD: usize = 64 << 10;

/// Octets in which the first delimiter of a multipart without a header section is looked for.
const PREAMBLE: usize = 4096;

/// The protocol of encrypted multiparts of PGP/MIME (RFC 3156 §4).
const PGP_ENCRYPTED: &str = "application/pgp-encrypted";

impl Translator<'_> {
    /// The entity that was signed or encrypted, as it was ([MS-OXOSMIME] 2.1): it is the only attachment.
    pub(super) fn signed(&mut self, class: &str, header: &HeaderWriter) -> Option<Entity> {
        let attachment = (self.message.attachments.len() == 1).then(|| self.message.attachments.open(0).ok())??;
        let AttachmentBody::Data(content) = &attachment.body else { return None };
        let head = content.slice(0..HEAD as u64).to_vec(HEAD).ok()?;
        if let Some(entity) = self.whole_entity(header, content, &head) {
            return Some(entity);
        }
        let tag = Values::of_part(&attachment.properties, self.message).text(pid::ATTACH_MIME_TAG).unwrap_or_default();
        if class.contains("MULTIPARTSIGNED") || tag.starts_with("multipart/") {
            let entity =
                self.with_boundary_of_transport(content).or_else(|| self.with_boundary_of_its_own(content, &head));
            if entity.is_none() {
                let detail =
                    "a signed message whose attachment is not multipart/signed: it is written as shown in Outlook";
                self.defects.push(Defect::new(DefectKind::Attachment, detail));
            }
            return entity;
        }
        // BER: a SEQUENCE of definite or indefinite length.
        if !matches!(head.as_slice(), [0x30, ..]) {
            let detail = "a signed or encrypted message whose attachment is neither signed nor encrypted";
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

    /// An attachment that is a whole entity with its header section, whatever field that starts with. What is signed begins behind it
    /// (RFC 1847 §2.1) and stays octet for octet; of the fields those stay that the message does not have yet.
    fn whole_entity(&mut self, header: &HeaderWriter, content: &Content, head: &[u8]) -> Option<Entity> {
        let starts_with_content = head.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        let section = HeaderSection::parse(head);
        let is_entity = section.is_complete() && section.first("Content-Type").is_some();
        // The body of a multipart may have a delimiter that looks like a field.
        if !starts_with_content && (!is_entity || head.trim_ascii_start().starts_with(b"--")) {
            return None;
        }
        let is_of_content =
            |field: &Field<'_>| field.name().get(..8).is_some_and(|s| s.eq_ignore_ascii_case("content-"));
        if starts_with_content && (!is_entity || section.fields().all(|field| is_of_content(&field))) {
            return Some(Entity::verbatim(content.clone()));
        }
        let of_message = header.as_octets().to_vec();
        let of_message = HeaderSection::parse(&of_message);
        let mut own = HeaderWriter::default();
        for field in section.fields() {
            let name = field.name();
            let mut there = of_message.all(name).peekable();
            if name.is_empty() || name.eq_ignore_ascii_case("MIME-Version") {
                continue;
            } else if is_of_content(&field) || there.peek().is_none() {
                keep_field(&mut own, name, &field);
            } else if !there.any(|other| other.unfolded() == field.unfolded() || other.text() == field.text()) {
                keep_field(&mut own, &format!("X-Original-{name}"), &field);
                let detail = format!("the header field {name} of the signed entity differs from that of the message");
                self.defects.push(Defect::new(DefectKind::Rewritten, detail));
            }
        }
        let body = content.slice(section.body_offset()..u64::MAX);
        own.verbatim(b"\r\n");
        Some(Entity::verbatim(Content::join([Content::from(own.into_octets()), body])))
    }

    /// The body of a signed multipart whose header section is lost: its delimiter stands in it, and its second part says how it is signed.
    fn with_boundary_of_its_own(&mut self, content: &Content, head: &[u8]) -> Option<Entity> {
        let start = head.get(..PREAMBLE).unwrap_or(head);
        let line = start.split(|octet| *octet == b'\n').find(|line| line.starts_with(b"--"))?;
        let boundary = std::str::from_utf8(line.get(2..)?).ok()?.trim_end();
        let is_boundary = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(c);
        if !(1..=70).contains(&boundary.len()) || !boundary.chars().all(is_boundary) {
            return None;
        }
        let signature = content.slice(content.len().saturating_sub(HEAD as u64)..u64::MAX).to_vec(HEAD).ok()?;
        let is_pgp = memchr::memmem::find(&signature, b"application/pgp-signature").is_some();
        let is_smime = memchr::memmem::find(&signature, b"pkcs7-signature").is_some();
        let protocol = match (is_pgp, is_smime) {
            (true, false) => "application/pgp-signature",
            (false, true) => "application/pkcs7-signature",
            _ => return None,
        };
        let detail = "the header section of the signed entity is lost: it was rebuilt from its parts";
        self.defects.push(Defect::new(DefectKind::Rewritten, detail));
        let mut own = HeaderWriter::default();
        own.parameters("Content-Type", "multipart/signed", [("protocol", protocol), ("boundary", boundary)]);
        own.verbatim(b"\r\n");
        Some(Entity::verbatim(Content::join([Content::from(own.into_octets()), content.clone()])))
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
    fn with_boundary_of_transport(&self, content: &Content) -> Option<Entity> {
        let value = self.content_type_of_transport()?;
        let is_multipart = value.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"));
        let header = [b"Content-Type: ", value.as_slice(), b"\r\n\r\n"].concat();
        is_multipart.then(|| Entity::verbatim(Content::join([Content::from(header), content.clone()])))
    }

    /// What kind of S/MIME it is, as the transport headers say (RFC 8551 §3.2.2).
    fn smime_type(&self) -> Option<String> {
        let value = String::from_utf8_lossy(&self.content_type_of_transport()?).to_ascii_lowercase();
        let rest = value.split("smime-type").nth(1)?.trim_start_matches([' ', '=', '"']);
        let smime_type: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        Some(smime_type).filter(|smime_type| !smime_type.is_empty())
    }

    /// The media type that the message had when it came: in the transport headers, or apart from them ([MS-OXOSMIME] 3.1.4.4).
    fn content_type_of_transport(&self) -> Option<Vec<u8>> {
        let headers = self.values.long_text(pid::TRANSPORT_MESSAGE_HEADERS, 1 << 20).unwrap_or_default();
        let section = HeaderSection::parse(headers.trim_start().as_bytes());
        let stated = || {
            self.values.text((Guid::PS_INTERNET_HEADERS, "Content-Type")).map(|value| {
                value
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect::<String>()
                    .trim()
                    .as_bytes()
                    .to_vec()
            })
        };
        section.first("Content-Type").map(|field| field.unfolded().into_owned()).or_else(stated)
    }
}

/// A field of the entity as it stands; what a header section cannot have is encoded.
fn keep_field(out: &mut HeaderWriter, name: &str, field: &Field<'_>) {
    let value = field.value().trim_ascii_end();
    if value.is_ascii() && !value.contains(&0) {
        out.as_it_stands(name, value);
    } else {
        out.text(name, &field.raw_text());
    }
}
