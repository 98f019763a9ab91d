#[cfg(not(target_family = "wasm"))]
use crate::source::Source;
use crate::{
    defect::Defect,
    source::{Content, ReadAt},
};
use base64_simd::{Out, STANDARD};
use std::io;
#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;

/// Octets that a whole line stands for, its characters, and those with the line end between two lines (RFC 2045 §6.8).
const LINE_OCTETS: usize = 57;
const LINE: usize = 76;
const LONGEST_LINE: usize = LINE + CRLF.len();
const CRLF: &str = "\r\n";

/// Lines that are encoded at a time: the more, the less each costs, as long as they stay near the processor.
const LINES: usize = 40;

/// Content as base64 in lines of 76 characters, encoded where it is read.
///
/// Every line but the last is equally long, so the length is known beforehand and any place can be read first.
#[derive(Debug)]
pub(super) struct Base64 {
    octets: Content,
    line_end: &'static str,
}

impl Base64 {
    pub(super) fn new(octets: Content) -> Self {
        Self { octets, line_end: CRLF }
    }

    fn line_with_end(&self) -> usize {
        LINE + self.line_end.len()
    }

    /// Encodes whole lines from `line` on, and the last one, into `out`; gives how much of it they fill.
    fn encode_lines(&self, line: u64, out: &mut [u8]) -> io::Result<usize> {
        let from = line * LINE_OCTETS as u64;
        // A line's end comes before the next line, so the last one needs less than the others.
        let lines = (out.len() + self.line_end.len()) / self.line_with_end();
        let left = usize::try_from(self.octets.len() - from).unwrap_or(usize::MAX);
        let wanted = left.min(lines * LINE_OCTETS);
        let room = out.len().min(wanted.div_ceil(LINE_OCTETS) * self.line_with_end());
        let out = out.get_mut(..room).unwrap_or_default();
        // The octets are read to where their encoding ends: it never reaches those of the next line.
        let start = room - wanted;
        self.octets.read_exact_at(from, out.get_mut(start..).unwrap_or_default())?;
        let (mut at, mut written) = (start, 0);
        let (mut lines, mut characters) = ([0; LINES * LINE_OCTETS], [0; LINES * LINE]);
        while at < room {
            // Taken out first, as their encoding is longer than they are.
            let octets = out.get(at..).unwrap_or_default();
            let n = octets.len().min(lines.len());
            lines.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
            at += n;
            let encoded = STANDARD.encode(lines.get(..n).unwrap_or_default(), Out::from_slice(&mut characters));
            for line in encoded.chunks(LINE) {
                for part in [line, if line.len() == LINE { self.line_end.as_bytes() } else { b"" }] {
                    if let Some(place) = out.get_mut(written..written + part.len()) {
                        place.copy_from_slice(part);
                        written += part.len();
                    }
                }
            }
        }
        let rest = self.len() - line * self.line_with_end() as u64;
        Ok(written.min(usize::try_from(rest).unwrap_or(usize::MAX)))
    }
}

impl ReadAt for Base64 {
    fn len(&self) -> u64 {
        let octets = self.octets.len();
        let (lines, rest) = (octets / LINE_OCTETS as u64, octets % LINE_OCTETS as u64);
        let length = lines * self.line_with_end() as u64 + rest.div_ceil(3) * 4;
        if rest == 0 { length.saturating_sub(self.line_end.len() as u64) } else { length }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len() {
            return Ok(0);
        }
        let line_with_end = self.line_with_end();
        let line = offset / line_with_end as u64;
        let within = usize::try_from(offset % line_with_end as u64).unwrap_or(0);
        if within == 0 && buf.len() >= line_with_end {
            return self.encode_lines(line, buf);
        }
        let mut whole = [0; LONGEST_LINE];
        let filled = self.encode_lines(line, whole.get_mut(..line_with_end).unwrap_or_default())?;
        let rest = whole.get(within..filled).unwrap_or_default();
        for (to, from) in buf.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(rest.len().min(buf.len()))
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.octets.take_defects()
    }
}

/// `octets` in lines of 76 characters that `line_end` ends, encoded where they are read; none ends the last one.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn in_base64(octets: Content, line_end: &'static str) -> Content {
    Content::from(Arc::new(Base64 { octets, line_end }) as Source)
}

/// All of `octets` in one line.
pub(crate) fn to_base64(octets: &[u8]) -> String {
    STANDARD.encode_to_string(octets)
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
        fn any_place_may_be_read_in_any_portion(
            n in 0..400_usize, from in 0..600_usize, portion in 1..600_usize, line_end in prop_oneof![Just(CRLF), Just("\n")]
        ) {
            let octets: Vec<u8> = (0..n).map(|i| (i * 7) as u8).collect();
            let all = encoded(&octets).replace(CRLF, line_end).into_bytes();
            let base64 = Base64 { octets: Content::from(octets), line_end };
            prop_assert_eq!(base64.len(), all.len() as u64);
            let mut buf = vec![0; portion];
            let read = base64.read_at(from as u64, &mut buf).unwrap();
            let rest = all.get(from..).unwrap_or_default();
            prop_assert!(read > 0 || rest.is_empty());
            prop_assert!(rest.starts_with(&buf[..read]));
        }
    }
}
