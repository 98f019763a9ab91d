/// Decodes base64 (RFC 2045 §6.8) and adds the octets to `out`.
///
/// Octets outside the alphabet are passed over, padding may be missing, and what follows padding starts anew.
pub(super) fn decode(encoded: &[u8], out: &mut Vec<u8>) {
    let mut decoder = Decoder::default();
    decoder.push(encoded, out);
    decoder.finish(out);
}

/// Base64 that arrives in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    bits: u32,
    digits: u8,
}

impl Decoder {
    pub(super) fn push(&mut self, encoded: &[u8], out: &mut Vec<u8>) {
        for &octet in encoded {
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
                None if octet == b'=' => self.finish(out),
                None => {}
            }
        }
    }

    /// Adds the octets of a last group that is not whole.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        match self.digits {
            2 => out.push((self.bits >> 4) as u8),
            3 => out.extend_from_slice(&[(self.bits >> 10) as u8, (self.bits >> 2) as u8]),
            _ => {}
        }
        (self.bits, self.digits) = (0, 0);
    }
}

/// The six bits that a digit stands for.
pub(super) fn value(octet: u8) -> Option<u8> {
    Some(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}
