use super::{Entity, charset};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    source::Content,
};
use memchr::memmem;

/// Octets of an HTML document in which it may name its charset (HTML Living Standard, 4.2.5.4).
const META: usize = 1 << 10;

/// The text of a `text/…` entity of `message`: decoded, its lines ending in LF, no more than [`Limits::text`] octets of it;
/// and what was wrong with its charset or transfer encoding.
///
/// # Errors
/// What the source says.
pub fn text(entity: &Entity, message: &Content, limits: &Limits) -> Result<(String, Vec<Defect>)> {
    let mut reader = entity.reader(message);
    let mut octets = Vec::new();
    loop {
        let piece = reader.next_piece()?;
        let room = limits.text.saturating_sub(octets.len());
        octets.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if piece.is_empty() || room <= piece.len() {
            break;
        }
    }
    let mut defects: Vec<Defect> = reader.defect().into_iter().collect();
    let declared = entity.media_type().parameters().octets("charset").unwrap_or_default();
    let in_html = entity.media_type().essence() == "text/html" && declared.is_empty();
    let label = if in_html { html_charset(&octets) } else { declared };
    let decoded = charset::decode(label, &octets);
    if !decoded.exact {
        let label = String::from_utf8_lossy(label);
        defects.push(Defect::new(
            DefectKind::Charset,
            match &*label {
                "" => "8-bit text of no declared charset".into(),
                label => format!("text that is not in the charset declared: {label}"),
            },
        ));
    }
    Ok((with_line_feeds(&decoded.text), defects))
}

/// The text with every line end, CRLF or CR, as LF.
fn with_line_feeds(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

/// The charset that an HTML document names in a `meta` element, where it is not UTF-8 anyway.
fn html_charset(octets: &[u8]) -> &[u8] {
    if std::str::from_utf8(octets).is_ok() {
        return b"";
    }
    let head = octets.get(..META).unwrap_or(octets);
    let label = memmem::find(head, b"charset=").and_then(|at| head.get(at + 8..)).unwrap_or_default();
    let label = label.strip_prefix(b"\"").or(label.strip_prefix(b"'")).unwrap_or(label);
    let len = label.iter().position(|octet| !octet.is_ascii_alphanumeric() && !b"-_:.".contains(octet));
    label.get(..len.unwrap_or(label.len())).unwrap_or_default()
}
