use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::borrow::Cow;

/// Text of content lines and the name of the charset it was read in (WHATWG Encoding Standard).
///
/// `declared` is a `CHARSET` parameter (vCard 2.1); where it is missing, unknown or wrong, the text is UTF-8 if it is valid
/// UTF-8 or mostly so, and else windows-1252, which holds all of Latin-1. No octet is refused.
pub fn decode_text<'a>(octets: &'a [u8], declared: Option<&[u8]>) -> (Cow<'a, str>, &'static str) {
    let declared = declared.and_then(Encoding::for_label).filter(|&encoding| encoding != UTF_8);
    if let Some(encoding) = declared
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(octets)
    {
        return (text, encoding.name());
    }
    match std::str::from_utf8(octets) {
        Ok(text) => (Cow::Borrowed(text), UTF_8.name()),
        Err(_) => {
            let text = String::from_utf8_lossy(octets);
            let (broken, whole) = text.chars().filter(|c| !c.is_ascii()).fold((0, 0), |(broken, whole), c| match c {
                char::REPLACEMENT_CHARACTER => (broken + 1, whole),
                _ => (broken, whole + 1),
            });
            match whole > 2 * broken {
                true => (text, UTF_8.name()),
                false => (WINDOWS_1252.decode_without_bom_handling(octets).0, WINDOWS_1252.name()),
            }
        }
    }
}

/// Whether the octets are UTF-8; most lines are ASCII, which is told faster.
pub(crate) fn is_utf8(octets: &[u8]) -> bool {
    octets.is_ascii() || std::str::from_utf8(octets).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_charsets_come_first_then_utf8_then_windows_1252() {
        assert_eq!(decode_text(b"\xcf\xf0", Some(b"windows-1251")), ("Пр".into(), "windows-1251"));
        assert_eq!(decode_text("é".as_bytes(), None), ("é".into(), "UTF-8"));
        assert_eq!(decode_text(b"\xe9\x80", Some(b"utf-8")), ("é€".into(), "windows-1252"));
    }
}
