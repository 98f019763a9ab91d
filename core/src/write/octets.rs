use crate::{error::Result, source::Content};
use memchr::memchr2;
use std::io;

/// The line ends of what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eol {
    /// As the source has them: the octets stay untouched.
    #[default]
    Keep,
    /// CRLF, the line end of the wire (RFC 5322 §2.1); a bare CR or LF is a line end too.
    Crlf,
    /// LF alone, the line end of Unix files; a CRLF or a bare CR becomes one.
    Lf,
}

/// What is written: octets of a source and the line ends they are to have, made while they are read.
#[derive(Clone, Debug)]
pub(crate) struct Octets {
    content: Content,
    eol: Eol,
}

impl Octets {
    pub(crate) fn new(content: Content, eol: Eol) -> Self {
        Self { content, eol }
    }

    /// The same octets in memory, ready to be written, when there are at most `limit` of them; tells whether line ends
    /// were changed on the way.
    pub(crate) fn held(self, limit: u64) -> Result<(Self, bool)> {
        if self.content.len() > limit || (self.eol == Eol::Keep && self.content.as_slice().is_some()) {
            return Ok((self, false));
        }
        let mut octets = Vec::new();
        let changed = self.for_each_chunk(|chunk| {
            octets.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok((Self::new(octets.into(), Eol::Keep), changed))
    }

    /// Calls `f` with the octets, a piece at a time, and tells whether a line end was changed.
    pub(crate) fn for_each_chunk(&self, mut f: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
        let mut lines = match self.eol {
            Eol::Keep => return self.content.for_each_chunk(f).map(|()| false),
            Eol::Crlf => LineEnds::new(b"\r\n"),
            Eol::Lf => LineEnds::new(b"\n"),
        };
        self.content.for_each_chunk(|chunk| f(lines.convert(chunk)))?;
        f(lines.finish())?;
        Ok(lines.changed)
    }
}

/// Rewrites line ends in chunks that may part a CR from its LF.
struct LineEnds {
    eol: &'static [u8],
    converted: Vec<u8>,
    /// The octets so far end with a CR that may be half of a CRLF.
    pending_cr: bool,
    changed: bool,
}

impl LineEnds {
    fn new(eol: &'static [u8]) -> Self {
        Self { eol, converted: Vec::new(), pending_cr: false, changed: false }
    }

    fn convert(&mut self, mut chunk: &[u8]) -> &[u8] {
        self.converted.clear();
        if self.pending_cr && !chunk.is_empty() {
            self.pending_cr = false;
            match chunk.strip_prefix(b"\n") {
                Some(rest) => {
                    self.end_line(b"\r\n");
                    chunk = rest;
                }
                None => self.end_line(b"\r"),
            }
        }
        while let Some((line, rest)) = memchr2(b'\r', b'\n', chunk).and_then(|at| chunk.split_at_checked(at)) {
            self.converted.extend_from_slice(line);
            chunk = match rest {
                [b'\r', b'\n', rest @ ..] => {
                    self.end_line(b"\r\n");
                    rest
                }
                [b'\r'] => {
                    self.pending_cr = true;
                    &[]
                }
                [b'\r', rest @ ..] => {
                    self.end_line(b"\r");
                    rest
                }
                [_, rest @ ..] => {
                    self.end_line(b"\n");
                    rest
                }
                [] => rest,
            };
        }
        self.converted.extend_from_slice(chunk);
        &self.converted
    }

    fn finish(&mut self) -> &[u8] {
        self.converted.clear();
        if std::mem::take(&mut self.pending_cr) {
            self.end_line(b"\r");
        }
        &self.converted
    }

    fn end_line(&mut self, found: &[u8]) {
        self.changed |= found != self.eol;
        self.converted.extend_from_slice(self.eol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn convert(chunks: &[&[u8]], eol: &'static [u8]) -> (Vec<u8>, bool) {
        let mut lines = LineEnds::new(eol);
        let mut all = Vec::new();
        for chunk in chunks {
            all.extend_from_slice(lines.convert(chunk));
        }
        all.extend_from_slice(lines.finish());
        (all, lines.changed)
    }

    #[test]
    fn every_line_end_becomes_the_one_asked_for() {
        assert_eq!(convert(&[b"a\rb\nc\r\nd\n\re"], b"\r\n"), (b"a\r\nb\r\nc\r\nd\r\n\r\ne".to_vec(), true));
        assert_eq!(convert(&[b"a\rb\nc\r\nd\n\re"], b"\n"), (b"a\nb\nc\nd\n\ne".to_vec(), true));
    }

    #[test]
    fn octets_that_have_the_line_ends_already_are_unchanged() {
        assert_eq!(convert(&[b"a\r\n\r\nb\r\n"], b"\r\n"), (b"a\r\n\r\nb\r\n".to_vec(), false));
        assert_eq!(convert(&[b"a\n\nb"], b"\n"), (b"a\n\nb".to_vec(), false));
    }

    #[test]
    fn octets_on_disk_and_in_memory_read_alike() {
        let content = Content::from(b"a\nb\rc\r".to_vec());
        let (held, changed) = Octets::new(content.clone(), Eol::Crlf).held(100).unwrap();
        assert!(changed);
        assert_eq!(held.content.to_vec(100).unwrap(), b"a\r\nb\r\nc\r\n");
        let (far, _) = Octets::new(content, Eol::Crlf).held(1).unwrap();
        let mut read = Vec::new();
        assert!(
            far.for_each_chunk(|chunk| {
                read.extend_from_slice(chunk);
                Ok(())
            })
            .unwrap()
        );
        assert_eq!(read, b"a\r\nb\r\nc\r\n");
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(octets in "[a\r\n]{0,40}", cut in 0_usize..40) {
            let octets = octets.as_bytes();
            let (head, tail) = octets.split_at(cut.min(octets.len()));
            for eol in [&b"\r\n"[..], b"\n"] {
                let whole = convert(&[octets], eol);
                prop_assert_eq!(&convert(&[head, tail], eol), &whole);
                prop_assert_eq!(convert(&[&whole.0], eol), (whole.0.clone(), false));
            }
        }
    }
}
