use super::header::trim_line_end;

/// Octets of a line that are looked at: an encoded line has 61.
const MAX_LINE: usize = 1 << 10;

/// Uuencoded octets (POSIX.1-2017, `uuencode`) that arrive in pieces: what stands between the `begin` and `end` lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    line: Vec<u8>,
    state: State,
    broken: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    Inside,
    Ended,
}

impl Decoder {
    pub(super) fn push(&mut self, encoded: &[u8], out: &mut Vec<u8>) {
        for piece in encoded.split_inclusive(|&octet| octet == b'\n' || octet == b'\r') {
            let room = MAX_LINE - self.line.len();
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if piece.ends_with(b"\n") || piece.ends_with(b"\r") {
                self.end_line(out);
            }
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.end_line(out);
        self.broken |= self.state != State::Ended;
    }

    /// Whether the `begin` or `end` line is missing, or a line between them is none of its kind.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        let line = trim_line_end(&line);
        match self.state {
            _ if line.is_empty() => {}
            State::Before if line.starts_with(b"begin ") => self.state = State::Inside,
            State::Inside if line.trim_ascii_end() == b"end" => self.state = State::Ended,
            State::Inside => self.broken |= !decode_line(line, out),
            State::Before | State::Ended => {}
        }
    }
}

/// Decodes a line: its first octet says how many octets it holds. Spaces that were lost at its end count as zeros.
fn decode_line(line: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((&first, digits)) = line.split_first() else { return true };
    if !(b' '..=b'`').contains(&first) {
        return false;
    }
    let len = usize::from(first.wrapping_sub(b' ') & 63);
    let start = out.len();
    for group in digits.chunks(4).chain(std::iter::repeat(&b""[..])).take(len.div_ceil(3)) {
        let bits = (0..4).fold(0_u32, |bits, at| {
            bits << 6 | u32::from(group.get(at).map_or(0, |digit| digit.wrapping_sub(b' ') & 63))
        });
        let [_, octets @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&octets);
    }
    out.truncate(start + len);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(encoded: &str, cut: usize) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for piece in encoded.as_bytes().chunks(cut) {
            decoder.push(piece, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    fn encode(octets: &[u8], zero: char) -> String {
        let digit = |bits: u32| if bits == 0 { zero } else { char::from(b' ' + bits as u8) };
        let mut text = String::from("begin 644 file.bin\n");
        for line in octets.chunks(45) {
            text.push(digit(line.len() as u32));
            for group in line.chunks(3) {
                let bits =
                    group.iter().fold(0_u32, |bits, &octet| bits << 8 | u32::from(octet)) << (8 * (3 - group.len()));
                (0..4).for_each(|at| text.push(digit(bits >> (18 - 6 * at) & 63)));
            }
            text.push('\n');
        }
        text + "`\nend\n"
    }

    #[test]
    fn a_file_is_what_stands_between_begin_and_end() {
        let encoded = "text\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nmore";
        assert_eq!(decoded(encoded, 3), b"Cat");
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(octets: Vec<u8>, cut in 1_usize..50, zero in "[` ]") {
            let zero = zero.chars().next().unwrap();
            prop_assert_eq!(decoded(&encode(&octets, zero), cut), octets.clone());
            let cropped: Vec<String> = encode(&octets, zero).lines().map(|line| line.trim_end().to_owned()).collect();
            if !cropped.iter().any(String::is_empty) {
                prop_assert_eq!(decoded(&cropped.join("\r\n"), cut), octets);
            }
        }

        #[test]
        fn no_octets_panic(encoded in ".{0,100}", cut in 1_usize..20) {
            decoded(&format!("begin 644 a\n{encoded}"), cut);
        }
    }
}
