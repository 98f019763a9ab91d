use memchr::memchr;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The longest line, its `=` included (RFC 2045 §6.7).
const LINE: usize = 76;

/// Text with CRLF line ends in quoted-printable.
///
/// `From ` and a lone full stop at the start of a line are encoded too: mbox files and SMTP may change them.
pub(crate) fn encode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.reserve_exact(text.len() + text.len() / 8);
    let mut rest = text;
    while !rest.is_empty() {
        let (line, next) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |at| at + 1));
        rest = next;
        let (line, end) = match line.strip_suffix(b"\r\n") {
            Some(line) => (line, &b"\r\n"[..]),
            None => (line, &b""[..]),
        };
        let mut column = 0;
        let mut i = 0;
        while let Some(&octet) = line.get(i) {
            // What stands in the middle of a line is plain whatever is around it: it is copied at once.
            let middle = line.get(i..line.len() - 1).filter(|_| i > 0).unwrap_or_default();
            let most = middle.len().min(LINE - 1 - column);
            let run = plain_run(middle.get(..most).unwrap_or_default());
            if run > 0 {
                out.extend(middle.get(..run).unwrap_or_default());
                column += run;
                i += run;
                continue;
            }
            let is_last = i + 1 == line.len();
            i += 1;
            let plain = match octet {
                b' ' | b'\t' => !is_last,
                b'=' => false,
                b'F' => i > 1 || !line.starts_with(b"From "),
                b'.' => i > 1 || !is_last,
                _ => octet.is_ascii_graphic(),
            };
            let width = if plain { 1 } else { 3 };
            // The last character of a line may stand where a soft line break would.
            let room = if is_last && !end.is_empty() { LINE } else { LINE - 1 };
            if column + width > room {
                out.extend(b"=\r\n");
                column = 0;
            }
            if plain {
                out.push(octet);
            } else {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                out.extend([b'=', digit(octet >> 4), digit(octet & 15)]);
            }
            column += width;
        }
        out.extend(end);
    }
    out
}

/// How many octets from the first on are plain inside a line; many are looked at together.
fn plain_run(octets: &[u8]) -> usize {
    let (portions, _) = octets.as_chunks::<16>();
    let is_plain = |portion: &&[u8; 16]| portion.iter().fold(true, |plain, octet| plain & is_plain_inside(*octet));
    let whole = 16 * portions.iter().take_while(is_plain).count();
    let rest = octets.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|octet| is_plain_inside(**octet)).count()
}

fn is_plain_inside(octet: u8) -> bool {
    matches!(octet, b'\t' | b' '..=b'~') && octet != b'='
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2045 §6.7 the plain way.
    fn decode(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = text;
        while let [first, tail @ ..] = rest {
            rest = tail;
            match (first, tail) {
                (b'=', [b'\r', b'\n', tail @ ..]) => rest = tail,
                (b'=', [high, low, tail @ ..]) => {
                    out.push(u8::from_str_radix(&format!("{}{}", *high as char, *low as char), 16).unwrap());
                    rest = tail;
                }
                _ => out.push(*first),
            }
        }
        out
    }

    #[test]
    fn what_software_on_the_way_may_change_is_encoded() {
        assert_eq!(encode(b"From me\r\n.\r\na \r\n=\r\nFromage."), b"=46rom me\r\n=2E\r\na=20\r\n=3D\r\nFromage.");
    }

    proptest! {
        #[test]
        fn comes_back_in_lines_of_76(lines in proptest::collection::vec("[a-zé= \t.F]{0,200}", 0..5)) {
            let text = lines.join("\r\n");
            let encoded = encode(text.as_bytes());
            prop_assert_eq!(decode(&encoded), text.as_bytes());
            for line in encoded.split(|octet| *octet == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                prop_assert!(line.len() <= 76 && !line.ends_with(b" ") && line.is_ascii());
            }
        }
    }
}
