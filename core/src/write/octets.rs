use super::pool::Pool;
use crate::{
    error::Result,
    source::{Content, ReadAt},
    word::words,
};
use memchr::memchr2;
use std::io;

/// Octets of one item that are read once and held; more are read again to be written.
pub(super) const HELD: u64 = 2 << 20;

words! {
    /// The line ends of what is written.
    #[derive(Default)]
    pub enum Eol: "a line end" {
        /// As the source has them: the octets stay untouched.
        #[default]
        Keep = "keep",
        /// CRLF, the line end of the wire (RFC 5322 §2.1); a bare CR or LF is a line end too.
        Crlf = "crlf",
        /// LF alone, the line end of Unix files; a CRLF or a bare CR becomes one.
        Lf = "lf",
    }
}

/// What is written.
pub(crate) enum Octets {
    /// Octets of a source, and the line ends that they get while they are read.
    Streamed { content: Content, eol: Eol },
    /// Octets in memory, ready to be written.
    Held(Held),
}

/// The first `len` octets of a buffer that goes back to where it rests.
pub(crate) struct Held {
    buffer: Vec<u8>,
    len: usize,
    buffers: Pool<Vec<u8>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.buffers.rest(std::mem::take(&mut self.buffer));
    }
}

impl Octets {
    /// The octets of `content` with the line ends `eol`: in one of `buffers`, if they are few and not in memory yet.
    /// Tells whether a line end was changed so far.
    pub(crate) fn new(content: Content, eol: Eol, buffers: &Pool<Vec<u8>>) -> Result<(Self, bool)> {
        let few = usize::try_from(content.len()).ok().filter(|_| content.len() <= HELD);
        let (Some(len), false) = (few, eol == Eol::Keep && content.as_slice().is_some()) else {
            return Ok((Self::Streamed { content, eol }, false));
        };
        let mut held = Held { buffer: buffers.take().unwrap_or_default(), len, buffers: buffers.clone() };
        if eol == Eol::Keep {
            if let Some(more) = len.checked_sub(held.buffer.len()) {
                held.buffer.reserve_exact(more);
                held.buffer.resize(len, 0);
            }
            content.read_exact_at(0, held.buffer.get_mut(..len).unwrap_or_default())?;
            return Ok((Self::Held(held), false));
        }
        held.buffer.clear();
        let changed = Self::Streamed { content, eol }.for_each_chunk(|chunk| {
            held.buffer.extend_from_slice(chunk);
            Ok(())
        })?;
        held.len = held.buffer.len();
        Ok((Self::Held(held), changed))
    }

    /// How many there are, or were before their line ends are changed.
    pub(crate) fn about(&self) -> u64 {
        match self {
            Self::Streamed { content, .. } => content.len(),
            Self::Held(held) => held.len as u64,
        }
    }

    /// Octets in memory of its own.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn holds(&self) -> u64 {
        match self {
            Self::Streamed { .. } => 0,
            Self::Held(held) => held.buffer.capacity() as u64,
        }
    }

    /// Calls `f` with the octets, a piece at a time, and tells whether a line end was changed.
    pub(crate) fn for_each_chunk(&self, mut f: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
        let (content, mut lines) = match self {
            Self::Held(held) => return f(held.buffer.get(..held.len).unwrap_or_default()).map(|()| false),
            Self::Streamed { content, eol: Eol::Keep } => return content.for_each_chunk(f).map(|()| false),
            Self::Streamed { content, eol: Eol::Crlf } => (content, LineEnds::new(b"\r\n")),
            Self::Streamed { content, eol: Eol::Lf } => (content, LineEnds::new(b"\n")),
        };
        content.for_each_chunk(|chunk| f(lines.convert(chunk)))?;
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

    fn read(octets: &Octets) -> (Vec<u8>, bool) {
        let mut read = Vec::new();
        let changed = octets.for_each_chunk(|chunk| {
            read.extend_from_slice(chunk);
            Ok(())
        });
        (read, changed.unwrap())
    }

    #[test]
    fn octets_held_and_streamed_read_alike() {
        let pool = Pool::default();
        // Longer first, so that the buffer holds more than the octets after it.
        for octets in [&b"longer than the one after\n"[..], b"a\nb\rc\r", b""] {
            let content = Content::from(octets.to_vec());
            let (len, cut) = (octets.len() as u64, 3.min(octets.len() as u64));
            let parted = Content::new(std::sync::Arc::new(octets.to_vec()), [0..cut, cut..len]);
            for eol in [Eol::Keep, Eol::Crlf, Eol::Lf] {
                let streamed = read(&Octets::Streamed { content: content.clone(), eol });
                for content in [content.clone(), parted.clone()] {
                    let (octets, changed) = Octets::new(content, eol, &pool).unwrap();
                    let (read, changed_late) = read(&octets);
                    assert_eq!((read, changed | changed_late), streamed);
                }
            }
        }
        assert!(pool.take().is_some() && pool.take().is_none(), "one buffer was enough, and it rests");
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
