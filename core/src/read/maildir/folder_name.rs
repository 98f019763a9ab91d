//! Names of folders in modified UTF-7 (RFC 3501 §5.1.3).

/// The names of the folder that the Maildir++ directory `.Archive.2024` stands for, outermost first.
pub(in crate::read) fn folder_names(directory: &str) -> Vec<String> {
    directory.split('.').filter(|name| !name.is_empty()).map(decoded).collect()
}

/// The name that `name` stands for; a name that is not in modified UTF-7 stands for itself.
pub(in crate::read) fn decoded(name: &str) -> String {
    decode(name).unwrap_or_else(|| name.to_owned())
}

/// The name that Evolution wrote as `name`: `_2E` is a dot, `_5F` an underscore.
pub(in crate::read) fn unescaped(name: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = name;
    while let Some((plain, escaped)) = rest.split_once('_') {
        octets.extend_from_slice(plain.as_bytes());
        let digits = escaped.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|octet| *octet >= b' ') {
            Some(octet) => {
                octets.push(octet);
                rest = escaped.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(b'_');
                rest = escaped;
            }
        }
    }
    octets.extend_from_slice(rest.as_bytes());
    // What is no text was never escaped.
    String::from_utf8(octets).unwrap_or_else(|_| name.to_owned())
}

/// `None` where the octets break the rules: then the name was never encoded.
fn decode(name: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        text.push_str(plain);
        let (encoded, behind) = shifted.split_once('-')?;
        if encoded.is_empty() {
            text.push('&');
        } else {
            let decoded = decode_shifted(encoded)?;
            // Printable ASCII has to stand for itself, so "R&D-" and its like were never encoded.
            if decoded.chars().any(|c| matches!(c, ' '..='~')) {
                return None;
            }
            text.push_str(&decoded);
        }
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// UTF-16 in big-endian order in base64 with `,` for `/` and no padding.
fn decode_shifted(encoded: &str) -> Option<String> {
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut units = Vec::new();
    for octet in encoded.bytes() {
        bits = (bits << 6) | value(octet)?;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    // What is left over fills up the last character, and is nothing.
    (held < 6 && bits == 0).then_some(())?;
    String::from_utf16(&units).ok()
}

fn value(octet: u8) -> Option<u32> {
    let value = match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b',' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 3501 §5.1.3, the other way round.
    fn encode(text: &str) -> String {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
        let mut out = String::new();
        let mut run: Vec<u16> = Vec::new();
        let flush = |run: &mut Vec<u16>, out: &mut String| {
            if run.is_empty() {
                return;
            }
            let mut bits: Vec<bool> =
                run.drain(..).flat_map(|unit| (0..16).rev().map(move |bit| unit >> bit & 1 == 1)).collect();
            bits.resize(bits.len().next_multiple_of(6), false);
            out.push('&');
            for sextet in bits.chunks(6) {
                out.push(DIGITS[sextet.iter().fold(0, |n, bit| n * 2 + usize::from(*bit))].into());
            }
            out.push('-');
        };
        for c in text.chars() {
            if matches!(c, ' '..='~') {
                flush(&mut run, &mut out);
                out.push_str(if c == '&' { "&-" } else { "" });
                if c != '&' {
                    out.push(c);
                }
            } else {
                run.extend(c.encode_utf16(&mut [0; 2]).iter());
            }
        }
        flush(&mut run, &mut out);
        out
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(decoded("~peter/mail/&U,BTFw-/&ZeVnLIqe-"), "~peter/mail/台北/日本語");
        assert_eq!(decoded("Entw&APw-rfe"), "Entwürfe");
        assert_eq!(decoded("R&-D"), "R&D");
        assert_eq!(decoded("&2D3eAA-"), "😀", "a surrogate pair");
    }

    #[test]
    fn what_was_never_encoded_stays() {
        for name in ["R&D", "R&D-", "a & b - c", "&AGE-", "&2D0-", "&APx-", "Büro", "&APw"] {
            assert_eq!(decoded(name), name);
        }
    }

    #[test]
    fn a_directory_is_a_path() {
        assert_eq!(folder_names(".Archive.2024"), ["Archive", "2024"]);
        assert_eq!(folder_names("."), [""; 0]);
        assert_eq!(folder_names(".&ANg-vrige.x"), ["Øvrige", "x"]);
    }

    #[test]
    fn evolution_escapes_what_maildir_cannot_write() {
        for (written, name) in [
            ("Foo_2EBar", "Foo.Bar"),
            ("to_5Fdo", "to_do"),
            ("b_C3_BCro", "b\u{fc}ro"),
            ("a_2", "a_2"),
            ("a_", "a_"),
            ("_zz_2F", "_zz/"),
            ("x_FF", "x_FF"),
            ("_\u{e9}2", "_\u{e9}2"),
        ] {
            assert_eq!(unescaped(written), name);
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(text in "\\PC{0,30}|[&a-]{0,10}") {
            prop_assert_eq!(decoded(&encode(&text)), text);
        }

        #[test]
        fn no_name_breaks_it(name in "[&A-D,+wU-]{0,20}|\\PC{0,20}") {
            decoded(&name);
        }
    }
}
