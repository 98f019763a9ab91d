/// Decodes quoted-printable octets whose soft line breaks are already taken out (RFC 2045 §6.7, as vCard 2.1 uses it).
///
/// An `=` that no two hexadecimal digits follow stays unchanged.
pub fn decode_quoted_printable(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = encoded;
    while let Some(equals) = memchr::memchr(b'=', rest) {
        let (before, from) = rest.split_at(equals);
        decoded.extend_from_slice(before);
        rest = match from {
            [b'=', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'=', b'\r', b'\n', after @ ..] | [b'=', b'\n' | b'\r', after @ ..] => after,
            [equals, after @ ..] => {
                decoded.push(*equals);
                after
            }
            [] => from,
        };
    }
    decoded.extend_from_slice(rest);
    decoded
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit & 0b0101_1111).wrapping_sub(b'A').wrapping_add(10),
    }
}

/// Encodes octets as quoted-printable on one line: everything but the printable ASCII that needs no quoting.
pub fn encode_quoted_printable(octets: &[u8]) -> String {
    let mut encoded = String::new();
    for &octet in octets {
        match octet {
            b'=' | 0..=0x1f | 0x7f..=0xff => encoded.push_str(&format!("={octet:02X}")),
            _ => encoded.push(char::from(octet)),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_both_cases_and_keeps_what_is_not_encoded() {
        assert_eq!(decode_quoted_printable(b"=C3=a9 = =Z1=\r\nx="), "é = =Z1x=".as_bytes());
    }

    proptest! {
        #[test]
        fn octets_come_back(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode_quoted_printable(encode_quoted_printable(&octets).as_bytes()), octets);
        }
    }
}
