use super::{HeaderWriter, base64::Base64, quoted_printable};
use crate::source::{Content, Source};
use memchr::{memchr_iter, memchr2};
use std::sync::Arc;
use twox_hash::XxHash3_128;

/// The longest line that may stay as it is (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// A body part, or a whole message: what it is, and its body (RFC 2045 §2.4).
#[derive(Clone, Debug)]
pub struct Entity {
    media_type: String,
    parameters: Vec<(String, String)>,
    fields: HeaderWriter,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    /// Text, its line ends CRLF.
    Text(String),
    /// Octets to be written as base64.
    Octets(Content),
    /// Octets to be written as they are.
    Message(Content),
    /// The rest of an entity that begins with its own MIME fields.
    Verbatim(Content),
    Parts(Vec<Entity>),
}

impl Entity {
    /// `text/SUBTYPE` in UTF-8; bare CR and LF become CRLF.
    pub fn text(subtype: &str, text: impl Into<String>) -> Self {
        let body = Body::Text(with_crlf(text.into()));
        Self::new(format!("text/{subtype}"), body).parameter("charset", "utf-8")
    }

    /// Octets of any media type, written as base64.
    pub fn octets(media_type: &str, octets: Content) -> Self {
        Self::new(media_type.to_owned(), Body::Octets(octets))
    }

    /// A message in this one: `message/rfc822`, its octets as they are (RFC 2046 §5.2.1), or another type that is not to be
    /// encoded, such as `message/delivery-status`.
    pub fn message(media_type: &str, message: Content) -> Self {
        Self::new(media_type.to_owned(), Body::Message(message))
    }

    /// A part that begins with its own MIME fields, to pass through untouched: what was signed stays signed (RFC 1847 §2.1).
    pub fn verbatim(entity: Content) -> Self {
        Self::new(String::new(), Body::Verbatim(entity))
    }

    /// `multipart/SUBTYPE` of these parts.
    pub fn multipart(subtype: &str, parts: Vec<Self>) -> Self {
        Self::new(format!("multipart/{subtype}"), Body::Parts(parts))
    }

    fn new(media_type: String, body: Body) -> Self {
        Self { media_type, parameters: Vec::new(), fields: HeaderWriter::default(), body }
    }

    /// The media type it was made with; empty for [`Entity::verbatim`].
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The same entity with one more parameter of its media type.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same entity as an attachment, under this name (RFC 2183).
    #[must_use]
    pub fn attached(self, file_name: Option<&str>) -> Self {
        self.disposed("attachment", file_name)
    }

    /// The same entity to be shown in its place, under this name (RFC 2183).
    #[must_use]
    pub fn inline(self, file_name: Option<&str>) -> Self {
        self.disposed("inline", file_name)
    }

    fn disposed(mut self, disposition: &str, file_name: Option<&str>) -> Self {
        self.fields.parameters("Content-Disposition", disposition, file_name.map(|name| ("filename", name)));
        match file_name {
            Some(name) if !self.media_type.starts_with("message/") => self.parameter("name", name),
            _ => self,
        }
    }

    /// The same entity with a free text field such as `Content-Description`.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.text(name, value);
        self
    }

    /// The same entity with the identifier that HTML refers to it by, without angle brackets (RFC 2392).
    #[must_use]
    pub fn content_id(mut self, id: &str) -> Self {
        let id: String = id.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect();
        self.fields.tokens("Content-ID", [&*format!("<{id}>")]);
        self
    }

    /// A whole message: `header`, the MIME fields, and the body.
    ///
    /// Nothing of the attachments is read.
    pub fn compose(self, mut header: HeaderWriter) -> Content {
        header.verbatim(b"MIME-Version: 1.0\r\n");
        let mut out = Pieces::in_memory(header.into_octets());
        let encoded = self.encode();
        // What passes through untouched must not gain a line where it has its last line's end.
        let ends_itself = encoded.own_header && encoded.body.whole.last().is_some_and(ends_with_line_end);
        out.entity(encoded);
        if !ends_itself && !out.run.last().is_some_and(|last| last.ends_with(b"\n")) {
            out.push(b"\r\n".to_vec());
        }
        out.into_content()
    }

    /// A part of a multipart that is there already: the MIME fields, and the body.
    pub fn into_part(self) -> Content {
        let mut out = Pieces::default();
        let encoded = self.encode();
        out.entity(encoded);
        out.into_content()
    }

    /// The header section and the body. Trees are as deep as a mail client nests them: recursion is bounded by the program.
    fn encode(self) -> Encoded {
        let Self { media_type, mut parameters, fields, body } = self;
        let mut header = HeaderWriter::default();
        let (body, encoding) = match body {
            Body::Text(text) => encode_text(text),
            Body::Octets(octets) => (base64(octets), Some("base64")),
            Body::Message(octets) => (Pieces::of(octets), None),
            Body::Verbatim(octets) => {
                return Encoded { header: fields.into_octets(), body: Pieces::of(octets), own_header: true };
            }
            Body::Parts(parts) => {
                let parts: Vec<Encoded> = parts.into_iter().map(Self::encode).collect();
                let boundary = boundary(fields.as_octets(), &parts);
                let mut body = Pieces::default();
                let mut line_end = "";
                for part in parts {
                    body.push(format!("{line_end}--{boundary}\r\n").into_bytes());
                    body.entity(part);
                    line_end = "\r\n";
                }
                body.push(format!("{line_end}--{boundary}--\r\n").into_bytes());
                parameters.push(("boundary".to_owned(), boundary));
                (body, None)
            }
        };
        let parameters = parameters.iter().map(|(name, value)| (&**name, &**value));
        header.parameters("Content-Type", &media_type, parameters);
        if let Some(encoding) = encoding {
            header.tokens("Content-Transfer-Encoding", [encoding]);
        }
        header.verbatim(fields.as_octets());
        Encoded { header: header.into_octets(), body, own_header: false }
    }
}

/// An entity ready to be written.
struct Encoded {
    header: Vec<u8>,
    body: Pieces,
    /// The body begins with fields, and the blank line is in it.
    own_header: bool,
}

/// Octets in the making: contents, and behind them a run in memory, in parts that are put together once.
#[derive(Default)]
struct Pieces {
    whole: Vec<Content>,
    run: Vec<Vec<u8>>,
}

impl Pieces {
    fn of(content: Content) -> Self {
        Self { whole: vec![content], run: Vec::new() }
    }

    fn in_memory(octets: Vec<u8>) -> Self {
        let mut pieces = Self::default();
        pieces.push(octets);
        pieces
    }

    fn push(&mut self, octets: Vec<u8>) {
        if !octets.is_empty() {
            self.run.push(octets);
        }
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.whole.push(Content::from(self.run.concat()));
            self.run.clear();
        }
    }

    fn entity(&mut self, entity: Encoded) {
        self.push(entity.header);
        if !entity.own_header {
            self.push(b"\r\n".to_vec());
        }
        if !entity.body.whole.is_empty() {
            self.end_run();
            self.whole.extend(entity.body.whole);
        }
        self.run.extend(entity.body.run);
    }

    fn len(&self) -> u64 {
        let run: usize = self.run.iter().map(Vec::len).sum();
        self.whole.iter().map(Content::len).sum::<u64>() + run as u64
    }

    fn into_content(mut self) -> Content {
        self.end_run();
        Content::join(self.whole)
    }
}

fn ends_with_line_end(content: &Content) -> bool {
    content.slice(content.len().saturating_sub(1)..u64::MAX).to_vec(1).is_ok_and(|last| last == b"\n")
}

fn base64(octets: Content) -> Pieces {
    Pieces::of(Content::from(Arc::new(Base64::new(octets)) as Source))
}

/// Text in the transfer encoding that suits it: none, quoted-printable, or base64 where most of it is not ASCII.
fn encode_text(text: String) -> (Pieces, Option<&'static str>) {
    let octets = text.as_bytes();
    let is_plain = |octet: &u8| matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'~');
    // Without leaving off at the first one, a portion is looked at with wide registers.
    let all_plain = |portion: &[u8]| portion.iter().fold(true, |all, octet| all & is_plain(octet));
    if octets.chunks(256).all(all_plain) && lines(octets).all(is_harmless) {
        return (Pieces::in_memory(text.into_bytes()), Some("7bit"));
    }
    // A portion has no more of them than an octet can count.
    let encoded_of =
        |portion: &[u8]| portion.iter().fold(0, |n, octet| n + u8::from(!is_plain(octet) | (*octet == b'=')));
    let to_encode: usize = octets.chunks(255).map(|portion| usize::from(encoded_of(portion))).sum();
    if to_encode > octets.len() / 6 {
        return (base64(Content::from(text.into_bytes())), Some("base64"));
    }
    (Pieces::in_memory(quoted_printable::encode(octets)), Some("quoted-printable"))
}

/// The lines of `octets` up to their LF.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = memchr_iter(b'\n', octets).chain([octets.len()]);
    ends.scan(0, |start, end| {
        let line = octets.get(*start..end);
        *start = end + 1;
        line
    })
}

/// Whether a line may stand as it is: one that could be taken for a boundary of ours, or for a From_ line, must be hidden.
fn is_harmless(line: &[u8]) -> bool {
    line.len() <= MAX_LINE && !line.starts_with(b"--=_") && !line.starts_with(b"From ")
}

/// A delimiter that depends on nothing but the content, and that neither base64 nor quoted-printable can hold (`=_`).
fn boundary(header: &[u8], parts: &[Encoded]) -> String {
    let mut hash = XxHash3_128::new();
    hash.write(header);
    for part in parts {
        hash.write(&part.header);
        hash.write(&part.body.len().to_le_bytes());
        part.body.run.iter().for_each(|octets| hash.write(octets));
    }
    format!("=_{:032x}", hash.finish_128())
}

fn with_crlf(text: String) -> String {
    let mut out = String::new();
    // Most lines end in CRLF already: they are copied together.
    let (mut copied, mut from) = (0, 0);
    while let Some(at) = text.as_bytes().get(from..).and_then(|rest| memchr2(b'\r', b'\n', rest)) {
        let end = from + at;
        let rest = text.get(end..).unwrap_or_default();
        if rest.starts_with("\r\n") {
            from = end + 2;
            continue;
        }
        out.push_str(text.get(copied..end).unwrap_or_default());
        out.push_str("\r\n");
        from = end + 1;
        copied = from;
    }
    if copied == 0 {
        return text;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(entity: Entity) -> String {
        String::from_utf8(entity.compose(HeaderWriter::default()).to_vec(1 << 20).unwrap()).unwrap()
    }

    #[test]
    fn text_takes_the_encoding_it_needs() {
        assert_eq!(
            composed(Entity::text("plain", "a\nb\rc\r\n")),
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\na\r\nb\r\nc\r\n"
        );
        assert!(
            composed(Entity::text("plain", "Café with milk")).contains("quoted-printable\r\n\r\nCaf=C3=A9 with milk")
        );
        assert!(composed(Entity::text("plain", "日本語")).contains("base64\r\n\r\n5pel5pys6Kqe"));
        assert!(composed(Entity::text("plain", "From me")).ends_with("\r\n=46rom me\r\n"));
        assert!(composed(Entity::text("plain", "x".repeat(999))).contains("quoted-printable"));
    }

    #[test]
    fn the_same_tree_gives_the_same_octets() {
        let tree = || {
            let parts = vec![Entity::text("plain", "a"), Entity::text("html", "<p>a")];
            let image = Entity::octets("image/png", Content::from(vec![0; 100])).inline(None).content_id("x@y");
            let related = Entity::multipart("related", vec![Entity::multipart("alternative", parts), image]);
            composed(Entity::multipart("mixed", vec![related]))
        };
        assert_eq!(tree(), tree());
        assert_eq!(tree().matches("boundary=").count(), 3);
    }

    #[test]
    fn what_was_signed_passes_through() {
        let signed = b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n...";
        let octets = composed(Entity::verbatim(Content::from(signed.to_vec())));
        assert!(
            octets.starts_with("MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n...")
        );
    }
}
