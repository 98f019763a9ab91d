//! What the values of the properties of a card are (RFC 6350 §6, RFC 2426 §3, vCard 2.1).

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One text: `,` and `;` are escaped in it.
    Text,
    /// Texts separated by `,`.
    List,
    /// Parts separated by `;`, each a list.
    Structured,
    /// Parts separated by `;`, each one text.
    Parts,
    /// A URI, which knows no escapes of text.
    Uri,
    /// Octets, or a URI of them.
    Binary,
    /// A date, as far as it is known.
    Date,
    /// A moment.
    Stamp,
    /// A position on Earth.
    Place,
    /// Anything else, of which nothing is changed.
    Other,
}

impl Kind {
    /// Of the property of this name, in any case.
    pub(crate) fn of(name: &str) -> Self {
        match &*name.to_ascii_uppercase() {
            "FN" | "NOTE" | "TITLE" | "ROLE" | "PRODID" | "MAILER" | "LABEL" | "SORT-STRING" | "NAME" | "EMAIL"
            | "LANG" | "BIRTHPLACE" | "DEATHPLACE" | "EXPERTISE" | "HOBBY" | "INTEREST" | "KIND" | "GRAMGENDER"
            | "PRONOUNS" => Self::Text,
            "CATEGORIES" | "NICKNAME" => Self::List,
            "N" | "ADR" => Self::Structured,
            "ORG" | "GENDER" => Self::Parts,
            "URL" | "SOURCE" | "IMPP" | "FBURL" | "CALURI" | "CALADRURI" | "CAPURI" | "MEMBER" | "RELATED"
            | "ORG-DIRECTORY" | "CONTACT-URI" | "SOCIALPROFILE" | "X-SOCIALPROFILE" => Self::Uri,
            "PHOTO" | "LOGO" | "SOUND" | "KEY" | "X-MS-CARDPICTURE" => Self::Binary,
            "BDAY" | "ANNIVERSARY" | "DEATHDATE" => Self::Date,
            "REV" | "CREATED" => Self::Stamp,
            "GEO" => Self::Place,
            _ => Self::Other,
        }
    }

    /// Whether a value of RFC 6350 is a URI where nothing else is said.
    pub(crate) fn is_uri_by_default(self) -> bool {
        matches!(self, Self::Uri | Self::Binary | Self::Place)
    }
}

/// Whether the text begins with the scheme of a URI (RFC 3986 §3.1) that cards have.
pub(crate) fn looks_like_uri(value: &str) -> bool {
    let Some((scheme, rest)) = value.trim_start().split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme && scheme.len() > 1 && !rest.is_empty() && !rest.starts_with(' ')
}

/// A URI without the escapes that only text has.
pub(crate) fn unescape_uri(value: &str) -> String {
    let mut uri = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(&escaped @ (':' | ';' | ',' | '\\' | '/' | '?' | '=' | '&'))) => {
                uri.push(escaped);
                characters.next();
            }
            _ => uri.push(character),
        }
    }
    uri
}

/// The text with a backslash before each of `separators` that has none.
pub(crate) fn escape_bare(value: &str, separators: &[char]) -> String {
    let mut text = String::new();
    let mut escaped = false;
    for character in value.chars() {
        if !escaped && separators.contains(&character) {
            text.push('\\');
        }
        text.push(character);
        escaped = character == '\\' && !escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_know_no_escapes() {
        for (value, uri) in [
            ("http\\://example.org", "http://example.org"),
            ("https://example.org/?a=1\\,2\\;b", "https://example.org/?a=1,2;b"),
            ("geo:1\\,2", "geo:1,2"),
            ("data:image/png\\;base64\\,AAEC", "data:image/png;base64,AAEC"),
            ("file:///C:\\x", "file:///C:\\x"),
        ] {
            assert_eq!(unescape_uri(value), uri);
        }
    }

    #[test]
    fn only_bare_separators_are_escaped() {
        for (value, escaped) in [("a,b;c", "a\\,b\\;c"), ("a\\,b", "a\\,b"), ("a\\\\,b", "a\\\\\\,b"), ("", "")] {
            assert_eq!(escape_bare(value, &[',', ';']), escaped);
        }
        assert_eq!(escape_bare("a,b;c", &[',']), "a\\,b;c");
    }

    #[test]
    fn uris_are_told_from_text() {
        for (value, is) in [
            ("http://x", true),
            ("urn:uuid:1", true),
            ("tel:+1", true),
            ("Note: this", false),
            ("-----BEGIN PGP", false),
            ("C:\\x", false),
            ("AAEC", false),
        ] {
            assert_eq!(looks_like_uri(value), is, "{value}");
        }
    }
}
