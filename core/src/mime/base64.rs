use base64_simd::{Out, STANDARD_NO_PAD};

/// Octets of a line behind padding that are looked at before they are decoded.
const MAX_HELD: usize = 1 << 10;

/// Octets decoded at once: room is made for no more than a line.
const MAX_RUN: usize = 256;

/// Decodes base64 (RFC 2045 §6.8) and adds the octets to `out`.
pub(super) fn decode(encoded: &[u8], out: &mut Vec<u8>) {
    let mut decoder = Decoder::default();
    decoder.push(encoded, out);
    decoder.finish(out);
}

/// Base64 (RFC 2045 §6.8) that arrives in pieces.
///
/// Octets outside the alphabet are passed over and padding may be missing. Behind padding, more base64 may begin anew; a line
/// of anything else, such as a mailing list's footer, ends it.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    bits: u32,
    digits: u8,
    /// The line behind padding, as far as it was seen.
    held: Option<Vec<u8>>,
    ended: bool,
    broken: bool,
}

impl Decoder {
    pub(super) fn push(&mut self, mut encoded: &[u8], out: &mut Vec<u8>) {
        while !encoded.is_empty() && !self.ended {
            encoded = match &self.held {
                None => self.push_digits(encoded, out),
                Some(_) => self.hold(encoded, out),
            };
        }
    }

    /// Adds the octets of a last group that is not whole.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.release(out);
        self.end_group(out);
    }

    /// Whether octets were met that are no base64.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Decodes up to the next padding and gives what is behind it.
    fn push_digits<'a>(&mut self, encoded: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let mut rest = encoded;
        loop {
            if self.digits == 0 {
                rest = whole_groups(rest, out);
            }
            let Some((&octet, behind)) = rest.split_first() else { return rest };
            rest = behind;
            match value(octet) {
                Some(value) => {
                    self.bits = self.bits << 6 | u32::from(value);
                    self.digits += 1;
                    if self.digits == 4 {
                        let [_, octets @ ..] = self.bits.to_be_bytes();
                        out.extend_from_slice(&octets);
                        (self.bits, self.digits) = (0, 0);
                    }
                }
                None if octet == b'=' => {
                    self.end_group(out);
                    self.held = Some(Vec::new());
                    return rest;
                }
                None => self.broken |= !octet.is_ascii_whitespace(),
            }
        }
    }

    /// Holds what stands behind padding up to the end of its line, then decides what it is.
    fn hold<'a>(&mut self, encoded: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(held) = &mut self.held else { return encoded };
        let room = MAX_HELD - held.len();
        let len = memchr::memchr(b'\n', encoded).map_or(encoded.len(), |at| at + 1).min(room);
        let (line, behind) = encoded.split_at_checked(len).unwrap_or_default();
        held.extend_from_slice(line);
        if line.ends_with(b"\n") || held.len() == MAX_HELD {
            self.release(out);
        }
        behind
    }

    fn release(&mut self, out: &mut Vec<u8>) {
        let Some(line) = self.held.take() else { return };
        let digits = line.iter().filter(|&&octet| value(octet).is_some()).count();
        if line.trim_ascii().iter().any(|&octet| octet != b'=' && value(octet).is_none()) {
            self.broken = true;
            self.ended = true;
        } else if digits == 0 {
            self.held = line.ends_with(b"\n").then(Vec::new);
        } else {
            for part in line.split_inclusive(|&octet| octet == b'=') {
                self.push_digits(part, out);
            }
            self.held = if line.trim_ascii().ends_with(b"=") { Some(Vec::new()) } else { None };
        }
    }

    fn end_group(&mut self, out: &mut Vec<u8>) {
        match self.digits {
            1 => self.broken = true,
            2 => out.push((self.bits >> 4) as u8),
            3 => out.extend_from_slice(&[(self.bits >> 10) as u8, (self.bits >> 2) as u8]),
            _ => {}
        }
        (self.bits, self.digits) = (0, 0);
    }
}

/// Decodes groups of four digits, to the end of the line or up to the first that is not whole, and gives the rest.
fn whole_groups<'a>(encoded: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let near = encoded.get(..MAX_RUN).unwrap_or(encoded);
    let line = near.get(..memchr::memchr(b'\n', near).unwrap_or(near.len())).unwrap_or_default();
    let (groups, _) = line.as_chunks::<4>();
    let start = out.len();
    out.resize(start + groups.len() * 3, 0);
    let octets = out.get_mut(start..).unwrap_or_default();
    let n = match STANDARD_NO_PAD.decode(groups.as_flattened(), Out::from_slice(octets)) {
        Ok(_) => groups.len(),
        Err(_) => decode_groups(groups, octets.as_chunks_mut().0),
    };
    out.truncate(start + n * 3);
    encoded.get(n * 4..).unwrap_or_default()
}

/// Decodes groups up to the first that is not whole, and gives their number.
fn decode_groups(groups: &[[u8; 4]], out: &mut [[u8; 3]]) -> usize {
    let mut decoded = 0;
    for (group, octets) in groups.iter().zip(out) {
        let [a, b, c, d] = group.map(|digit| VALUES.get(usize::from(digit)).map_or(INVALID, |&value| u32::from(value)));
        if (a | b | c | d) & INVALID != 0 {
            break;
        }
        let [_, whole @ ..] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
        *octets = whole;
        decoded += 1;
    }
    decoded
}

const INVALID: u32 = 0x80;

#[allow(clippy::indexing_slicing, reason = "evaluated while compiling")]
const VALUES: [u8; 256] = {
    let mut values = [INVALID as u8; 256];
    let mut octet = 0;
    while octet < 256 {
        if let Some(value) = value(octet as u8) {
            values[octet] = value;
        }
        octet += 1;
    }
    values
};

/// The six bits that a digit stands for.
pub(super) const fn value(octet: u8) -> Option<u8> {
    Some(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(encoded: &str) -> String {
        let mut out = Vec::new();
        decode(encoded.as_bytes(), &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(crate) fn encode(octets: &[u8], line: usize) -> String {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        let mut column = 0;
        for group in octets.chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, &octet| bits << 8 | u32::from(octet)) << (8 * (3 - group.len()));
            for at in 0..4 {
                let digit = char::from(digits[(bits >> (18 - 6 * at)) as usize & 63]);
                text.push(if at <= group.len() { digit } else { '=' });
                column += 1;
                if column % line == 0 {
                    text.push_str("\r\n");
                }
            }
        }
        text
    }

    #[test]
    fn vectors_of_rfc_4648_section_10() {
        for (encoded, octets) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmFy", "foobar")]
        {
            assert_eq!(decoded(encoded), octets);
            assert_eq!(decoded(encoded.trim_end_matches('=')), octets, "padding may be missing");
            assert_eq!(encode(octets.as_bytes(), 76), encoded);
        }
    }

    #[test]
    fn junk_is_passed_over_and_what_follows_padding_starts_anew() {
        assert_eq!(decoded("Zm\u{0}9v!\r\n YmFy"), "foobar");
        assert_eq!(decoded("Zg==Zm8="), "ffo");
        assert_eq!(decoded("Zg==\r\nZm8=\r\n\r\nZm9v\r\nYmFy"), "ffofoobar");
        assert_eq!(decoded("Zg==\r\n\r\n_______\r\nmailing list\r\nZm9v"), "f");
        assert_eq!(decoded("Zg=\r\n="), "f");
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back_however_it_is_cut(octets: Vec<u8>, line in 1_usize..90, cut in 1_usize..50) {
            let encoded = encode(&octets, line);
            let mut decoder = Decoder::default();
            let mut out = Vec::new();
            for piece in encoded.as_bytes().chunks(cut) {
                decoder.push(piece, &mut out);
            }
            decoder.finish(&mut out);
            prop_assert!(!decoder.is_broken());
            prop_assert_eq!(out, octets);
        }

        #[test]
        fn any_octets_decode_alike_however_they_are_cut(encoded in "[A-Za-z= \r\n!]{0,200}", cut in 1_usize..20) {
            let (mut whole, mut pieces) = (Vec::new(), Vec::new());
            decode(encoded.as_bytes(), &mut whole);
            let mut decoder = Decoder::default();
            for piece in encoded.as_bytes().chunks(cut) {
                decoder.push(piece, &mut pieces);
            }
            decoder.finish(&mut pieces);
            prop_assert_eq!(whole, pieces);
        }
    }
}
