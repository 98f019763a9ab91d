use super::{
    header::unfold,
    parameter::Parameters,
    token::{without_leading_comments, without_quotes},
};

/// A `Content-Type` (RFC 2045 §5) or its default where there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    parameters: Parameters,
}

impl MediaType {
    /// A media type without parameters, `type/subtype` in lower case.
    pub(super) fn of(essence: &str) -> Self {
        Self { essence: essence.to_owned(), parameters: Parameters::default() }
    }

    /// Reads the value of a `Content-Type`, and tells whether it follows its grammar.
    ///
    /// What does not is `text/plain`, as RFC 2045 §5.2 recommends, or `multipart/mixed` where it has a boundary.
    pub(super) fn parse(value: &[u8]) -> (Self, bool) {
        let value = unfold(value);
        let (essence, parameters) = split_value(&value);
        let parameters = Parameters::parse(parameters);
        let essence = String::from_utf8_lossy(essence).to_ascii_lowercase();
        let token = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|octet| octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet))
        };
        let well_formed = essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype));
        let essence = match essence {
            essence if well_formed => essence,
            _ if parameters.octets("boundary").is_some() => "multipart/mixed".to_owned(),
            _ => "text/plain".to_owned(),
        };
        (Self { essence, parameters }, well_formed)
    }

    /// `type/subtype`, in lower case.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// Whether it is `multipart/…` (RFC 2046 §5.1).
    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
    }

    /// Whether its body is a message: `message/rfc822` (RFC 2046 §5.2.1) or `message/global` (RFC 6532 §3.7).
    pub fn is_message(&self) -> bool {
        matches!(self.essence(), "message/rfc822" | "message/global" | "message/news")
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// A `Content-Disposition` (RFC 2183): how a body part is meant to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition {
    kind: String,
    parameters: Parameters,
}

impl Disposition {
    pub(super) fn parse(value: &[u8]) -> Self {
        let value = unfold(value);
        let (kind, parameters) = split_value(&value);
        // `Content-Disposition: filename=a.txt`: the disposition itself is missing.
        let (kind, parameters) = if kind.contains(&b'=') { (&b""[..], &*value) } else { (kind, parameters) };
        Self { kind: String::from_utf8_lossy(kind).to_ascii_lowercase(), parameters: Parameters::parse(parameters) }
    }

    /// `inline`, `attachment` or another, in lower case; empty where only parameters are given.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}

/// What stands before the parameters, and they. Real mail forgets the semicolon between them.
fn split_value(value: &[u8]) -> (&[u8], &[u8]) {
    let value = without_leading_comments(value);
    let end = value.iter().position(|&octet| octet == b';' || octet == b',').unwrap_or(value.len());
    let (before, behind) = value.split_at_checked(end).unwrap_or_default();
    let before = before.trim_ascii_start();
    let word = before.iter().position(u8::is_ascii_whitespace).unwrap_or(before.len());
    let forgotten = before.get(word..).is_some_and(|rest| rest.contains(&b'='));
    let (first, behind) = if forgotten {
        value.split_at_checked(value.len() - behind.len() - before.len() + word).unwrap_or_default()
    } else {
        (before, behind)
    };
    let first = first.split(|&octet| octet == b'(').next().unwrap_or_default();
    (without_quotes(first.trim_ascii()), behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_as_real_mail_has_them() {
        for (value, essence, charset) in [
            ("text/plain; charset=us-ascii (Plain text)", "text/plain", "us-ascii"),
            ("Text/HTML;\r\n\tCharset=\"UTF-8\"", "text/html", "UTF-8"),
            ("text", "text/plain", "none"),
            ("text; charset=utf-8", "text/plain", "utf-8"),
            ("text/plain charset=utf-8", "text/plain", "utf-8"),
            ("text/plain charset=utf-8; format=flowed", "text/plain", "utf-8"),
            ("(a comment; with a semicolon) text/html; charset=utf-8", "text/html", "utf-8"),
            (" text/plain (a comment) ; charset=utf-8", "text/plain", "utf-8"),
            ("\"text/html\"; charset=utf-8", "text/html", "utf-8"),
            ("text/html, text/plain", "text/html", "none"),
            ("text/", "text/plain", "none"),
            ("", "text/plain", "none"),
            ("multipart; boundary=x", "multipart/mixed", "none"),
            ("application/vnd.ms-excel.sheet+xml;", "application/vnd.ms-excel.sheet+xml", "none"),
        ] {
            let (media_type, _) = MediaType::parse(value.as_bytes());
            assert_eq!(media_type.essence(), essence, "{value}");
            let got = media_type.parameters().text("charset").unwrap_or_else(|| "none".into());
            assert_eq!(got, charset, "{value}");
        }
    }

    #[test]
    fn dispositions_as_real_mail_has_them() {
        for (value, kind, name) in [
            (
                "attachment; filename=genome.jpeg;\r\n modification-date=\"Wed, 12 Feb 1997 16:29:51 -0500\"",
                "attachment",
                "genome.jpeg",
            ),
            ("INLINE", "inline", "none"),
            ("filename=\"a.txt\"", "", "a.txt"),
            ("attachment filename=a.txt", "attachment", "a.txt"),
        ] {
            let disposition = Disposition::parse(value.as_bytes());
            assert_eq!(disposition.kind(), kind, "{value}");
            let got = disposition.parameters().text("filename").unwrap_or_else(|| "none".into());
            assert_eq!(got, name, "{value}");
        }
    }
}
