//! Pictures, sounds and keys: base64 with a TYPE in RFC 2426, a `data:` URI in RFC 6350.

/// What a property with octets holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Media {
    /// The media type, where the card tells it.
    pub(crate) media_type: Option<String>,
    /// The octets in base64, without white space.
    pub(crate) base64: String,
}

impl Media {
    /// The octets of a `data:` URI (RFC 2397), if they are base64; escapes of text in it are passed over.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        let trimmed = uri.trim_start();
        let rest = trimmed.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("data")).and(trimmed.get(4..))?;
        let rest = rest.strip_prefix('\\').unwrap_or(rest).strip_prefix(':')?;
        let (head, data) = rest.split_once(',')?;
        let head = head.replace('\\', "");
        let (media_type, encoding) = head.rsplit_once(';')?;
        encoding.trim().eq_ignore_ascii_case("base64").then(|| {
            let data = data.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            Self { media_type: (!media_type.is_empty()).then(|| media_type.to_owned()), base64: bare(&data) }
        })
    }

    /// As a `data:` URI.
    pub(crate) fn to_uri(&self, name: &str) -> String {
        let media_type = self.media_type.clone().or_else(|| self.sniffed().map(str::to_owned));
        let media_type = media_type.unwrap_or_else(|| match name {
            "SOUND" => "audio/basic".to_owned(),
            _ => "application/octet-stream".to_owned(),
        });
        format!("data:{media_type};base64,{}", self.base64)
    }

    /// The media type that the first octets tell.
    pub(crate) fn sniffed(&self) -> Option<&'static str> {
        const MAGIC: [(&str, &str); 8] = [
            ("/9j/", "image/jpeg"),
            ("iVBORw0KGg", "image/png"),
            ("R0lGOD", "image/gif"),
            ("Qk", "image/bmp"),
            ("UklGR", "image/webp"),
            ("SUkqA", "image/tiff"),
            ("LS0tLS1CRUdJTiBQR1", "application/pgp-keys"),
            ("T2dnU", "audio/ogg"),
        ];
        let (_, media_type) = MAGIC.iter().find(|(magic, _)| self.base64.starts_with(magic))?;
        // RIFF is the frame of sounds too, which its ninth octet on tell.
        match *media_type {
            "image/webp" if self.base64.get(11..15) == Some("XQVZ") => Some("audio/wav"),
            "image/webp" if self.base64.get(11..15) != Some("XRUJ") => None,
            "image/bmp" if self.base64.len() < 72 => None,
            other => Some(other),
        }
    }

    /// Adds the padding that is missing; whether any was.
    pub(crate) fn pad(&mut self) -> bool {
        let missing = self.base64.len().wrapping_neg() % 4;
        (0..missing).for_each(|_| self.base64.push('='));
        missing > 0
    }

    /// Whether it is base64 (RFC 4648 §4), its padding present or not.
    pub(crate) fn is_valid(&self) -> bool {
        let digits = self.base64.trim_end_matches('=');
        let padding = self.base64.len() - digits.len();
        let is_digit = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
        let wanted = digits.len().wrapping_neg() % 4;
        digits.bytes().all(is_digit) && wanted != 3 && padding <= wanted && !digits.is_empty()
    }
}

/// Base64 without the white space and backslashes that programs leave in it.
pub(crate) fn bare(base64: &str) -> String {
    base64.chars().filter(|c| !c.is_whitespace() && *c != '\\').collect()
}

/// Whether it may be base64: nothing but its digits and some of them.
pub(crate) fn is_base64_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    !line.is_empty() && line.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'='))
}

/// The media type that a TYPE of RFC 2426 or vCard 2.1 means.
pub(crate) fn media_type_of(name: &str, kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    if kind.contains('/') {
        return kind;
    }
    match (&*name.to_ascii_uppercase(), &*kind) {
        ("KEY", "x509" | "x.509") => "application/pkix-cert".to_owned(),
        ("KEY", "pgp") => "application/pgp-keys".to_owned(),
        ("KEY", _) => format!("application/{kind}"),
        ("SOUND", _) => format!("audio/{kind}"),
        (_, "jpg") => "image/jpeg".to_owned(),
        _ => format!("image/{kind}"),
    }
}

/// The TYPE of RFC 2426 for a media type.
pub(crate) fn kind_of(name: &str, media_type: &str) -> String {
    match (name, media_type.split(';').next().unwrap_or_default()) {
        ("KEY", "application/pkix-cert") => "X509".to_owned(),
        ("KEY", "application/pgp-keys") => "PGP".to_owned(),
        (_, media_type) => media_type.rsplit('/').next().unwrap_or_default().to_ascii_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_uris_are_read_with_and_without_escapes() {
        for uri in [
            "data:image/png;base64,AAEC",
            "data:image/png\\;base64\\,AAEC",
            "DATA\\:image/png\\;BASE64,AA EC",
            "data:image/png;base64\\,AAEC",
        ] {
            let media = Media::of_uri(uri).unwrap_or_else(|| panic!("{uri}"));
            assert_eq!((media.media_type.as_deref(), &*media.base64), (Some("image/png"), "AAEC"), "{uri}");
        }
        for uri in ["http://example.org", "data:text/plain,hello", "AAEC", "data:"] {
            assert_eq!(Media::of_uri(uri), None, "{uri}");
        }
    }

    #[test]
    fn bad_base64_is_told() {
        for (base64, valid) in [
            ("AAEC", true),
            ("AAE=", true),
            ("AAE", true),
            ("AAECA", false),
            ("A-_C", false),
            ("", false),
            ("A=AA", false),
        ] {
            assert_eq!(Media { media_type: None, base64: base64.to_owned() }.is_valid(), valid, "{base64}");
        }
    }

    #[test]
    fn octets_tell_their_media_type() {
        for (base64, media_type) in [
            ("/9j/4AAQ", Some("image/jpeg")),
            ("iVBORw0KGgoAAAAN", Some("image/png")),
            ("R0lGODlhAQABAIAAAA==", Some("image/gif")),
            ("UklGRiQgAABXQVZFZm10IBAA", Some("audio/wav")),
            ("UklGRowgAABXRUJQVlA4WAoA", Some("image/webp")),
            ("AAEC", None),
        ] {
            assert_eq!(Media { media_type: None, base64: base64.to_owned() }.sniffed(), media_type, "{base64}");
        }
    }
}
