use crate::source::{Content, ReadAt};
use std::io;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The two characters of every twelve bits, the first one low.
static PAIRS: [u16; 1 << 12] = pairs();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse to build")]
const fn pairs() -> [u16; 1 << 12] {
    let mut pairs = [0; 1 << 12];
    let mut bits = 0;
    while bits < pairs.len() {
        pairs[bits] = u16::from_le_bytes([ALPHABET[bits >> 6], ALPHABET[bits & 63]]);
        bits += 1;
    }
    pairs
}

/// Octets that a whole line stands for, its characters, and those with the line end between two lines (RFC 2045 §6.8).
const LINE_OCTETS: usize = 57;
const LINE: usize = 76;
const LINE_WITH_END: usize = LINE + 2;

/// Content as base64 in lines of 76 characters, encoded where it is read.
///
/// Every line but the last is equally long, so the length is known beforehand and any place can be read first.
#[derive(Debug)]
pub(super) struct Base64 {
    octets: Content,
}

impl Base64 {
    pub(super) fn new(octets: Content) -> Self {
        Self { octets }
    }

    /// Encodes whole lines from `line` on, and the last one, into `out`; gives how much of it they fill.
    fn encode_lines(&self, line: u64, out: &mut [u8]) -> io::Result<usize> {
        let from = line * LINE_OCTETS as u64;
        // A line's end comes before the next line, so the last one needs two characters less than the others.
        let lines = (out.len() + 2) / LINE_WITH_END;
        let left = usize::try_from(self.octets.len() - from).unwrap_or(usize::MAX);
        let wanted = left.min(lines * LINE_OCTETS);
        let room = out.len().min(wanted.div_ceil(LINE_OCTETS) * LINE_WITH_END);
        let out = out.get_mut(..room).unwrap_or_default();
        // The octets are read to where their encoding ends: it never reaches those of the next line.
        let start = room - wanted;
        self.octets.read_exact_at(from, out.get_mut(start..).unwrap_or_default())?;
        let (mut at, mut written) = (start, 0);
        while at < room {
            let octets = out.get(at..).unwrap_or_default();
            let whole = octets.first_chunk::<LINE_OCTETS>().copied();
            let mut last = [0; LINE_OCTETS];
            let octets = match &whole {
                Some(whole) => &whole[..],
                None => {
                    last.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
                    last.get(..octets.len()).unwrap_or_default()
                }
            };
            at += octets.len();
            let out = out.get_mut(written..).unwrap_or_default();
            let n = encode(octets, out);
            written += n;
            if let Some([cr, lf]) = out.get_mut(n..n + 2).filter(|_| n == LINE) {
                (*cr, *lf) = (b'\r', b'\n');
                written += 2;
            }
        }
        let rest = self.len() - line * LINE_WITH_END as u64;
        Ok(written.min(usize::try_from(rest).unwrap_or(usize::MAX)))
    }
}

impl ReadAt for Base64 {
    fn len(&self) -> u64 {
        let octets = self.octets.len();
        let (lines, rest) = (octets / LINE_OCTETS as u64, octets % LINE_OCTETS as u64);
        let length = lines * LINE_WITH_END as u64 + rest.div_ceil(3) * 4;
        if rest == 0 { length.saturating_sub(2) } else { length }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len() {
            return Ok(0);
        }
        let line = offset / LINE_WITH_END as u64;
        let within = usize::try_from(offset % LINE_WITH_END as u64).unwrap_or(0);
        if within == 0 && buf.len() >= LINE_WITH_END {
            return self.encode_lines(line, buf);
        }
        let mut whole = [0; LINE_WITH_END];
        let filled = self.encode_lines(line, &mut whole)?;
        let rest = whole.get(within..filled).unwrap_or_default();
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(rest.len().min(buf.len()))
    }
}

/// All of `octets` in one line.
pub(crate) fn to_base64(octets: &[u8]) -> String {
    let mut text = String::new();
    let mut line = [0; LINE];
    for chunk in octets.chunks(LINE_OCTETS) {
        let n = encode(chunk, &mut line);
        text.extend(line.iter().take(n).map(|octet| char::from(*octet)));
    }
    text
}

/// Encodes up to a line's octets into `out` and gives the number of characters.
#[inline]
pub(super) fn encode(octets: &[u8], out: &mut [u8]) -> usize {
    let (sixes, rest) = octets.as_chunks::<6>();
    let (eights, _) = out.as_chunks_mut::<8>();
    for ([a, b, c, d, e, f], eight) in sixes.iter().zip(eights) {
        // Put together so that they are loaded as two integers and stored as one.
        let high = u32::from_be_bytes([*a, *b, *c, *d]);
        let low = u16::from_be_bytes([*e, *f]);
        let bits = u64::from(high) << 16 | u64::from(low);
        let characters = pair(bits >> 36) | pair(bits >> 24) << 16 | pair(bits >> 12) << 32 | pair(bits) << 48;
        *eight = characters.to_le_bytes();
    }
    let mut written = sixes.len().min(out.len() / 8) * 8;
    let (fours, _) = out.get_mut(written..).unwrap_or_default().as_chunks_mut::<4>();
    for (triple, four) in rest.chunks(3).zip(fours) {
        let (bits, padding) = match *triple {
            [a, b, c] => (u32::from_be_bytes([0, a, b, c]), None),
            [a, b] => (u32::from_be_bytes([0, a, b, 0]), Some(1)),
            [a] => (u32::from_be_bytes([0, a, 0, 0]), Some(2)),
            _ => break,
        };
        let characters = (pair((bits >> 12).into()) | pair(bits.into()) << 16) as u32;
        *four = characters.to_le_bytes();
        if let Some(padding) = padding {
            four.iter_mut().rev().take(padding).for_each(|place| *place = b'=');
        }
        written += 4;
    }
    written
}

/// The characters of the lowest twelve bits.
fn pair(bits: u64) -> u64 {
    PAIRS.get((bits & 0xFFF) as usize).copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(octets: &[u8]) -> String {
        let base64 = Base64::new(Content::from(octets.to_vec()));
        let mut out = vec![0; usize::try_from(base64.len()).unwrap()];
        base64.read_exact_at(0, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// RFC 4648 §10.
    #[test]
    fn the_vectors_of_the_standard() {
        for (octets, base64) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(octets.as_bytes()), base64);
        }
    }

    #[test]
    fn lines_are_76_long_and_the_last_has_no_end() {
        for n in [56, 57, 58, 113, 114, 115, 57 * 3000] {
            let text = encoded(&vec![b'x'; n]);
            assert!(text.split("\r\n").all(|line| (1..=76).contains(&line.len())), "{n}");
            assert_eq!(text.split("\r\n").count(), n.div_ceil(57));
        }
    }

    proptest! {
        #[test]
        fn any_place_may_be_read_in_any_portion(n in 0..400_usize, from in 0..600_usize, portion in 1..600_usize) {
            let octets: Vec<u8> = (0..n).map(|i| (i * 7) as u8).collect();
            let all = encoded(&octets).into_bytes();
            let base64 = Base64::new(Content::from(octets));
            let mut buf = vec![0; portion];
            let read = base64.read_at(from as u64, &mut buf).unwrap();
            let rest = all.get(from..).unwrap_or_default();
            prop_assert!(read > 0 || rest.is_empty());
            prop_assert!(rest.starts_with(&buf[..read]));
        }
    }
}
