use crate::model::MboxQuoting;
use memchr::memchr;
use std::io;

const FROM: &[u8] = b"From ";
/// Quotes that are written at a time.
const QUOTES: [u8; 64] = [b'>'; 64];

/// Puts a `>` before lines that a reader could take for a From_ line, in chunks that may part a line anywhere.
///
/// Readers take it back in bodies only. So in a header section nothing is quoted but a line that starts with `From ` itself,
/// which would part the message in two.
pub(super) struct Quoter {
    quoting: MboxQuoting,
    in_header: bool,
    /// The start of a line, as long as it may still become `>*From `.
    start: Option<Start>,
}

#[derive(Clone, Copy, Default)]
struct Start {
    quotes: u64,
    matched: usize,
    /// A CR alone so far, which may be half of a blank line.
    cr: bool,
}

impl Quoter {
    pub(super) fn new(quoting: MboxQuoting) -> Self {
        Self { quoting, in_header: true, start: Some(Start::default()) }
    }

    pub(super) fn quote(&mut self, mut chunk: &[u8], out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        while let Some(&octet) = chunk.first() {
            let Some(start) = &mut self.start else {
                chunk = self.pass(chunk, out)?;
                continue;
            };
            let is_empty = start.quotes == 0 && start.matched == 0;
            if octet == b'\n' && is_empty {
                self.in_header = false;
                self.end_start(out)?;
                continue;
            }
            if octet == b'\r' && is_empty && !start.cr && self.in_header {
                start.cr = true;
            } else if start.cr {
                self.end_start(out)?;
                continue;
            } else if octet == b'>' && start.matched == 0 {
                start.quotes += 1;
            } else if FROM.get(start.matched) == Some(&octet) {
                start.matched += 1;
            } else {
                self.end_start(out)?;
                continue;
            }
            chunk = chunk.get(1..).unwrap_or_default();
            if self.start.is_some_and(|start| start.matched == FROM.len()) {
                self.end_start(out)?;
            }
        }
        Ok(())
    }

    /// Writes the rest of a line and, of a body, whole lines behind it that start with neither `F` nor `>`.
    fn pass<'c>(&mut self, chunk: &'c [u8], out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<&'c [u8]> {
        let mut at = 0;
        while let Some(end) = memchr(b'\n', chunk.get(at..).unwrap_or_default()) {
            at += end + 1;
            if self.in_header || chunk.get(at).is_none_or(|octet| matches!(octet, b'F' | b'>')) {
                self.start = Some(Start::default());
                break;
            }
        }
        let (passed, rest) = chunk.split_at(if self.start.is_some() { at } else { chunk.len() });
        out(passed)?;
        Ok(rest)
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.end_start(out)
    }

    fn end_start(&mut self, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let Some(Start { mut quotes, matched, cr }) = self.start.take() else { return Ok(()) };
        if cr {
            out(b"\r")?;
        }
        if matched == FROM.len() && (quotes == 0 || (self.quoting == MboxQuoting::Mboxrd && !self.in_header)) {
            quotes += 1;
        }
        while quotes > 0 {
            let n = usize::try_from(quotes).unwrap_or(usize::MAX).min(QUOTES.len());
            out(QUOTES.get(..n).unwrap_or_default())?;
            quotes -= n as u64;
        }
        out(FROM.get(..matched).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(quoting: MboxQuoting, chunks: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |octets: &[u8]| {
            out.extend_from_slice(octets);
            Ok(())
        };
        let mut quoter = Quoter::new(quoting);
        for chunk in chunks {
            quoter.quote(chunk, &mut put).unwrap();
        }
        quoter.finish(&mut put).unwrap();
        out
    }

    #[test]
    fn quotes_what_could_be_taken_for_a_from_line() {
        let body = b"\nFrom a\n>From b\nFrom\n>>Fro\n x From c\nFrom ";
        assert_eq!(quoted(MboxQuoting::Mboxrd, &[body]), b"\n>From a\n>>From b\nFrom\n>>Fro\n x From c\n>From ");
        assert_eq!(quoted(MboxQuoting::Mboxo, &[body]), b"\n>From a\n>From b\nFrom\n>>Fro\n x From c\n>From ");
    }

    #[test]
    fn of_a_header_section_only_what_parts_messages_is_quoted() {
        for line_end in ["\n", "\r\n"] {
            let message = ["A: b", ">From c", "From d", "", ">From e"].join(line_end);
            let expected = ["A: b", ">From c", ">From d", "", ">>From e"].join(line_end);
            assert_eq!(quoted(MboxQuoting::Mboxrd, &[message.as_bytes()]), expected.as_bytes());
        }
        assert_eq!(quoted(MboxQuoting::Mboxrd, &[b"\r", b"\n>From a"]), b"\r\n>>From a");
    }

    proptest! {
        #[test]
        fn quoting_can_be_taken_back_wherever_chunks_part(
            lines in proptest::collection::vec("(>{0,3}(From |Fro)?[a ]{0,3}\r?\n?)", 0..8), cut in 0_usize..60
        ) {
            let body = format!("\n{}", lines.concat());
            let (head, tail) = body.as_bytes().split_at(cut.min(body.len()));
            let whole = quoted(MboxQuoting::Mboxrd, &[body.as_bytes()]);
            prop_assert_eq!(&whole, &quoted(MboxQuoting::Mboxrd, &[head, tail]));
            let text = String::from_utf8(whole).unwrap();
            prop_assert!(!text.split('\n').any(|line| line.starts_with("From ")));
            let unquoted: Vec<&str> = text.split('\n').map(|line| {
                match line.strip_prefix('>') {
                    Some(rest) if rest.trim_start_matches('>').starts_with("From ") => rest,
                    _ => line,
                }
            }).collect();
            prop_assert_eq!(unquoted.join("\n"), body);
        }
    }
}
