use std::borrow::Cow;

/// Escapes a TEXT value: `\`, `;`, `,` and line ends (RFC 5545 §3.3.11, RFC 6350 §3.4).
///
/// Control characters other than the tab are left out: the grammar has no place for them.
pub fn escape_text(text: &str) -> String {
    let mut escaped = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            control if control.is_ascii_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

/// Undoes [`escape_text`]; a backslash before any other character stays.
pub fn unescape_text(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut text = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(escaped @ ('\\' | ';' | ',' | ':' | '"')) => text.push(escaped),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

/// Cuts a structured or list value at every `separator` that no backslash escapes; the pieces stay escaped.
pub fn split_unescaped(value: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    value.split(move |character| {
        let found = character == separator && !escaped;
        escaped = character == '\\' && !escaped;
        found
    })
}

/// Encodes line ends, `^` and `"` of a parameter value (RFC 6868).
pub fn encode_parameter(value: &str) -> Cow<'_, str> {
    if !value.contains(['^', '"', '\n', '\r']) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(value.replace("\r\n", "\n").replace('^', "^^").replace('"', "^'").replace(['\n', '\r'], "^n"))
}

/// Undoes [`encode_parameter`]; `^` before any other character stays (RFC 6868 §3.2).
pub fn decode_parameter(value: &str) -> Cow<'_, str> {
    if !value.contains('^') {
        return Cow::Borrowed(value);
    }
    let mut decoded = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('^') {
        decoded.push_str(before);
        let (character, skip) = match after.as_bytes().first() {
            Some(b'n' | b'N') => ('\n', 1),
            Some(b'\'') => ('"', 1),
            Some(b'^') => ('^', 1),
            _ => ('^', 0),
        };
        decoded.push(character);
        rest = after.get(skip..).unwrap_or_default();
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_ends_become_escapes() {
        assert_eq!(escape_text("a\r\nb\nc;d,e\\f\u{0}"), "a\\nb\\nc\\;d\\,e\\\\f");
    }

    #[test]
    fn unknown_escapes_stay() {
        assert_eq!(unescape_text("C:\\dir \\N \\"), "C:\\dir \n \\");
        assert_eq!(decode_parameter("a^b^^c^'d^ne^"), "a^b^c\"d\ne^");
    }

    #[test]
    fn separators_behind_backslashes_do_not_separate() {
        assert_eq!(split_unescaped("a\\;b;c\\\\;d", ';').collect::<Vec<_>>(), ["a\\;b", "c\\\\", "d"]);
    }

    proptest! {
        #[test]
        fn text_comes_back(text in "[^\u{0}-\u{8}\u{b}-\u{1f}\u{7f}\r]{0,60}") {
            let escaped = escape_text(&text);
            prop_assert_eq!(&*unescape_text(&escaped), &*text);
        }

        #[test]
        fn parameters_come_back(value in "[^\r]{0,60}") {
            let encoded = encode_parameter(&value);
            prop_assert_eq!(&*decode_parameter(&encoded), &*value);
        }
    }
}
