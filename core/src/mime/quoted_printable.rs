use super::encoded_word::hex_octet;
use memchr::memchr2;

/// Octets of white space at the end of a piece that wait for what follows; a line has under a hundred.
const MAX_HELD: usize = 1 << 10;

/// Quoted-printable (RFC 2045 §6.7) that arrives in pieces.
///
/// White space at the end of a line goes (rule 3), a soft line break may have it too; `=` before anything but two hexadecimal
/// digits stands for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    /// The start of something that only what follows decides: white space, or `=` and what comes with it.
    held: Vec<u8>,
    broken: bool,
}

impl Decoder {
    pub(super) fn push(&mut self, encoded: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() {
            self.decode(encoded, false, out);
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(encoded);
            self.decode(&joined, false, out);
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.decode(&held, true, out);
    }

    /// Whether octets were met that are no quoted-printable.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn decode(&mut self, encoded: &[u8], last: bool, out: &mut Vec<u8>) {
        let mut rest = encoded;
        while let Some(at) = memchr2(b'=', b'\n', rest) {
            let (before, from) = rest.split_at_checked(at).unwrap_or_default();
            if from.first() == Some(&b'\n') {
                let line_end = if before.ends_with(b"\r") { &b"\r\n"[..] } else { b"\n" };
                let line = before.strip_suffix(b"\r").unwrap_or(before);
                out.extend_from_slice(trim_blanks(line));
                out.extend_from_slice(line_end);
                rest = from.get(1..).unwrap_or_default();
                continue;
            }
            out.extend_from_slice(before);
            rest = match self.escape(from, last, out) {
                Some(behind) => behind,
                None => {
                    self.held.extend_from_slice(from);
                    return;
                }
            };
        }
        let text = rest.strip_suffix(b"\r").map_or(trim_blanks(rest), trim_blanks);
        if last {
            out.extend_from_slice(text);
        } else if rest.len() - text.len() > MAX_HELD {
            out.extend_from_slice(rest);
        } else {
            out.extend_from_slice(text);
            self.held.extend_from_slice(rest.get(text.len()..).unwrap_or_default());
        }
    }

    /// What stands behind the `=` at the start, once decoded; `None` where more must be seen.
    fn escape<'a>(&mut self, from: &'a [u8], last: bool, out: &mut Vec<u8>) -> Option<&'a [u8]> {
        let behind = from.get(1..).unwrap_or_default();
        if let [high, low, after @ ..] = behind
            && let Some(octet) = hex_octet(*high, *low)
        {
            out.push(octet);
            return Some(after);
        }
        let blanks = behind.iter().take_while(|octet| b" \t".contains(octet)).count();
        let undecided = match behind.get(blanks..).unwrap_or_default() {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => return Some(after),
            [] | [b'\r'] => true,
            [b'\r', after @ ..] => return Some(after),
            [digit] => blanks == 0 && digit.is_ascii_hexdigit(),
            _ => false,
        };
        match (undecided && blanks < MAX_HELD, last) {
            (true, false) => None,
            // A soft line break at the end of the body.
            (true, true) if behind.trim_ascii().is_empty() => Some(b""),
            _ => {
                self.broken = true;
                out.push(b'=');
                Some(behind)
            }
        }
    }
}

fn trim_blanks(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(encoded: &[u8], cut: usize) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for piece in encoded.chunks(cut) {
            decoder.push(piece, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn rules_of_rfc_2045_section_6_7_and_their_usual_breakages() {
        for (encoded, octets) in [
            (
                "Now's the time =\r\nfor all folk to come=\r\n to the aid",
                "Now's the time for all folk to come to the aid",
            ),
            ("a=3Db=0d=0A", "a=b\r\n"),
            ("a=3db", "a=b"),
            ("a  \t\r\nb \nc", "a\r\nb\nc"),
            ("a =20 \r\nb", "a  \r\nb"),
            ("a= \t\r\nb", "ab"),
            ("a=\nb", "ab"),
            ("a=\rb", "ab"),
            ("a=", "a"),
            ("a=3", "a=3"),
            ("a=ZZ=", "a=ZZ"),
            ("a==3D", "a=="),
            ("100% = all", "100% = all"),
            ("a=\r\n=\r\nb", "ab"),
            ("a \r b", "a \r b"),
            ("a ", "a"),
        ] {
            for cut in [1, 2, 3, 100] {
                let got = decoded(encoded.as_bytes(), cut);
                assert_eq!(String::from_utf8_lossy(&got), octets, "{encoded:?} cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(octets: Vec<u8>, cut in 1_usize..50) {
            let encoded: String = octets.iter().map(|octet| format!("={octet:02X}")).collect();
            prop_assert_eq!(decoded(encoded.as_bytes(), cut), octets);
        }

        #[test]
        fn any_octets_decode_alike_however_they_are_cut(encoded in "[a-c3D= \t\r\n]{0,120}", cut in 1_usize..20) {
            prop_assert_eq!(decoded(encoded.as_bytes(), cut), decoded(encoded.as_bytes(), 1000));
        }
    }
}
