use crate::source::Content;
use std::io::{self, Read, Write};

/// What an mbox has around and inside a message that is not a part of it: with it, the mbox can be written back as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MboxOrigin {
    /// The From_ line with its line end, or what is in its place (the `^A^A^A^A` line of MMDF); may be empty.
    pub from_line: Vec<u8>,
    /// What is between the message and the next From_ line: one line end, if it was blank, or nothing.
    pub separator: Vec<u8>,
    /// The rule by which quoted From_ lines of the body lost one `>`; `None` when they were left as they stood.
    pub quoting: Option<MboxQuoting>,
    /// The offset in the message from where on lines were unquoted.
    pub body_offset: u64,
    /// How many lines lost one `>`.
    pub unquoted_lines: u64,
    /// Offsets in the message of body lines that start with `From ` and were not quoted in the mbox, in rising order.
    pub bare_from_lines: Vec<u64>,
}

/// How a body line that starts with `From ` is kept apart from a From_ line.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MboxQuoting {
    /// mboxrd: `^>*From ` gets one more `>`; the reverse loses nothing.
    Mboxrd,
    /// mboxo: only `^From ` gets a `>`, so that a `>From ` of the author cannot be distinguished.
    Mboxo,
}

const FROM: &[u8] = b"From ";

impl MboxOrigin {
    /// Writes `message` as the mbox had it: From_ line, quoted message, separator.
    ///
    /// # Errors
    /// What the source of `message` or `out` says.
    pub fn write_stored(&self, message: &Content, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.from_line)?;
        match self.quoting {
            None => message.write_to(out).map(|_| ())?,
            Some(quoting) => {
                message.slice(0..self.body_offset).write_to(out)?;
                self.write_quoted(quoting, &message.slice(self.body_offset..u64::MAX), out)?;
            }
        }
        out.write_all(&self.separator)
    }

    fn write_quoted(&self, quoting: MboxQuoting, body: &Content, out: &mut impl Write) -> io::Result<()> {
        let line_end = if self.from_line.ends_with(b"\r") { b'\r' } else { b'\n' };
        let mut bare = self.bare_from_lines.iter().peekable();
        let mut at = self.body_offset;
        let mut start = Some(LineStart::new(at));
        body.for_each_chunk(|mut chunk| {
            while let Some(&octet) = chunk.first() {
                let Some(line) = &mut start else {
                    let n = memchr::memchr(line_end, chunk).map_or(chunk.len(), |end| end + 1);
                    let (passed, rest) = chunk.split_at(n);
                    out.write_all(passed)?;
                    at += n as u64;
                    start = passed.ends_with(&[line_end]).then(|| LineStart::new(at));
                    chunk = rest;
                    continue;
                };
                if line.takes(octet) {
                    chunk = chunk.get(1..).unwrap_or_default();
                    at += 1;
                    if line.matched < FROM.len() {
                        continue;
                    }
                    let is_bare = bare.next_if(|offset| **offset == line.offset).is_some();
                    if !is_bare && (quoting == MboxQuoting::Mboxrd || line.quotes == 0) {
                        out.write_all(b">")?;
                    }
                }
                line.write_to(out)?;
                start = None;
            }
            Ok(())
        })?;
        start.map_or(Ok(()), |line| line.write_to(out))
    }
}

/// The start of a line, as long as it may still become `>*From `.
struct LineStart {
    offset: u64,
    quotes: u64,
    matched: usize,
}

impl LineStart {
    fn new(offset: u64) -> Self {
        Self { offset, quotes: 0, matched: 0 }
    }

    fn takes(&mut self, octet: u8) -> bool {
        if octet == b'>' && self.matched == 0 {
            self.quotes += 1;
        } else if FROM.get(self.matched) == Some(&octet) {
            self.matched += 1;
        } else {
            return false;
        }
        true
    }

    fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        io::copy(&mut io::repeat(b'>').take(self.quotes), out)?;
        out.write_all(FROM.get(..self.matched).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MboxQuoting::{Mboxo, Mboxrd};

    fn stored(quoting: MboxQuoting, message: &str, bare: &[u64]) -> String {
        let origin = MboxOrigin { quoting: Some(quoting), bare_from_lines: bare.to_vec(), ..MboxOrigin::default() };
        let mut out = Vec::new();
        origin.write_stored(&Content::from(message.as_bytes().to_vec()), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn quotes_every_from_line_but_the_bare_ones() {
        let message = "From a\n>From b\nFro\n\n>>Fr\nFrom c\nnot From\n>>";
        assert_eq!(stored(Mboxrd, message, &[25]), ">From a\n>>From b\nFro\n\n>>Fr\nFrom c\nnot From\n>>");
        assert_eq!(stored(Mboxo, message, &[]), ">From a\n>From b\nFro\n\n>>Fr\n>From c\nnot From\n>>");
    }
}
