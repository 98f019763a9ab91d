use crate::{error::Result, mime::Entity, model::Message, source::Content};

/// Octets of a delivery status that are looked at.
const STATUS: usize = 64 << 10;

/// What kind of message object a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Note,
    /// Signed, and readable by everyone ([MS-OXOSMIME] 2.1.3.2).
    ClearSigned,
    /// Signed or encrypted as a whole ([MS-OXOSMIME] 2.1.3.1).
    Opaque,
    /// A delivery report: of a message that did not arrive, that did, that waits.
    NotDelivered,
    Delivered,
    Delayed,
    /// A receipt of a message that was read, or was not.
    Read,
    NotRead,
}

#[inline(never)]
fn parameter(entity: &Entity, name: &str) -> String {
    entity.media_type().parameters().text(name).unwrap_or_default().to_ascii_lowercase()
}

impl Class {
    /// By the media type of the whole message ([MS-OXCMAIL] 2.2.3.2).
    pub(super) fn of(message: &Message) -> Result<Self> {
        let structure = message.structure()?;
        let Some(entity) = structure.entities().first() else { return Ok(Self::Note) };
        Ok(match entity.media_type().essence() {
            "multipart/signed" => Self::ClearSigned,
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
                if parameter(entity, "smime-type") != "certs-only" =>
            {
                Self::Opaque
            }
            "multipart/report" => {
                let status = |media_type: &str| {
                    let part = structure.entities().iter().find(|part| part.media_type().essence() == media_type)?;
                    let text = part.decoded(message.content(), STATUS).ok()?.to_vec(STATUS).ok()?;
                    Some(String::from_utf8_lossy(&text).to_ascii_lowercase())
                };
                let of_field = |text: &str, name: &str| -> Option<String> {
                    text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
                };
                match &*parameter(entity, "report-type") {
                    "disposition-notification" => {
                        let text = status("message/disposition-notification").unwrap_or_default();
                        let disposition = of_field(&text, "disposition:").unwrap_or_default();
                        if disposition.contains("deleted") { Self::NotRead } else { Self::Read }
                    }
                    "delivery-status" => {
                        let text = status("message/delivery-status").unwrap_or_default();
                        match of_field(&text, "action:").as_deref() {
                            Some("delivered" | "relayed" | "expanded") => Self::Delivered,
                            Some("delayed") => Self::Delayed,
                            _ => Self::NotDelivered,
                        }
                    }
                    _ => Self::Note,
                }
            }
            _ => Self::Note,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Note => "IPM.Note",
            Self::ClearSigned => "IPM.Note.SMIME.MultipartSigned",
            Self::Opaque => "IPM.Note.SMIME",
            Self::NotDelivered => "REPORT.IPM.Note.NDR",
            Self::Delivered => "REPORT.IPM.Note.DR",
            Self::Delayed => "REPORT.IPM.Note.Delayed",
            Self::Read => "REPORT.IPM.Note.IPNRN",
            Self::NotRead => "REPORT.IPM.Note.IPNNRN",
        }
    }

    /// How it is kept as a whole, where it is.
    pub(super) fn opaque(self) -> Option<Opaque> {
        match self {
            Self::ClearSigned => Some(Opaque::Entity),
            Self::Opaque => Some(Opaque::Decoded),
            _ => None,
        }
    }
}

/// How a message that is signed or encrypted is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opaque {
    /// Its entity as it is, from the fields that describe its content on.
    Entity,
    /// What is signed or encrypted, decoded.
    Decoded,
}

/// The entity of a whole message: the fields of its header section that describe its content, and its body, octet for octet.
pub(super) fn entity_of(message: &Message) -> Result<Content> {
    let content = message.content();
    let header = message.header()?;
    let mut parts = Vec::new();
    for field in header.fields() {
        if field.name().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-")) {
            parts.push(content.slice(field.range()));
        }
    }
    let body = header.body_offset();
    let line_end: &[u8] = match content.slice(body.saturating_sub(2)..body).to_vec(2)?.as_slice() {
        b"\r\n" => b"\r\n",
        _ => b"\n",
    };
    parts.push(Content::from(line_end.to_vec()));
    parts.push(content.slice(body..u64::MAX));
    Ok(Content::join(parts))
}
