//! Deflate (RFC 1951) for mail: what has no repeats is Huffman-coded only, everything else is searched for matches.
//!
//! Three quarters of the octets of real mailboxes are base64 of data that is compressed already. A match finder spends
//! most of its time on them and finds nothing; their Huffman code alone gives the same 76 %.

use super::ZipLevel;
use std::io;
use zlib_rs::{Deflate, DeflateConfig, DeflateError, DeflateFlush, Status, Strategy};

/// Octets that are coded one way or the other; the choice never depends on how the octets arrive.
const BLOCK: usize = 32 << 10;
/// Octets looked at in every [`STRIDE`] of a block to tell whether it repeats itself.
const SAMPLE: usize = 1 << 10;
const STRIDE: usize = 8 << 10;
/// Octets that must recur to count as a repeat: shorter ones come by chance in base64, and pay little.
const REPEAT: usize = 6;
const OUT: usize = 64 << 10;

/// A deflate encoder that is used again for entry after entry.
pub(crate) struct Deflater {
    matches: Deflate,
    literals: Deflate,
    /// Whether the block before was coded by `literals`.
    literal: bool,
    pending: Vec<u8>,
    out: Box<[u8]>,
    started: bool,
}

impl Deflater {
    pub(crate) fn new(level: ZipLevel) -> Self {
        let raw = |level, strategy| {
            let window_bits = -15;
            Deflate::new_with_config(DeflateConfig { window_bits, strategy, ..DeflateConfig::new(level) })
        };
        let level = match level {
            ZipLevel::Store | ZipLevel::Fast => 4,
            ZipLevel::Best => 8,
        };
        Self {
            matches: raw(level, Strategy::Default),
            literals: raw(1, Strategy::HuffmanOnly),
            literal: false,
            pending: Vec::new(),
            out: vec![0; OUT].into_boxed_slice(),
            started: false,
        }
    }

    /// Forgets everything and begins a new stream.
    pub(crate) fn start(&mut self) {
        self.matches.reset();
        self.literals.reset();
        self.literal = false;
        self.started = false;
        self.pending.clear();
    }

    /// Takes more octets and hands what is deflated to `out`.
    pub(crate) fn write(&mut self, mut octets: &[u8], mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if !self.pending.is_empty() {
            let (head, rest) = octets.split_at(octets.len().min(BLOCK - self.pending.len()));
            self.pending.extend_from_slice(head);
            octets = rest;
            if self.pending.len() < BLOCK {
                return Ok(());
            }
            let block = std::mem::take(&mut self.pending);
            self.block(&block, &mut out)?;
            self.pending = block;
            self.pending.clear();
        }
        let mut blocks = octets.chunks_exact(BLOCK);
        for block in &mut blocks {
            self.block(block, &mut out)?;
        }
        self.pending.extend_from_slice(blocks.remainder());
        Ok(())
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let block = std::mem::take(&mut self.pending);
        self.block(&block, &mut out)?;
        self.pending = block;
        self.pending.clear();
        self.run(&[], DeflateFlush::Finish, &mut out)
    }

    fn block(&mut self, block: &[u8], out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let literal = block.len() == BLOCK && !repeats(block);
        if literal != self.literal {
            // A full flush ends on an octet and leaves nothing to refer back to, so the streams can be joined.
            if self.started {
                self.run(&[], DeflateFlush::FullFlush, out)?;
            }
            self.literal = literal;
        }
        self.started = true;
        self.run(block, DeflateFlush::NoFlush, out)
    }

    fn run(
        &mut self,
        mut octets: &[u8],
        flush: DeflateFlush,
        out: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let encoder = if self.literal { &mut self.literals } else { &mut self.matches };
        loop {
            let (read, written) = (encoder.total_in(), encoder.total_out());
            let status = match encoder.compress(octets, &mut self.out, flush) {
                // Nothing was left to do.
                Ok(Status::BufError) => return Ok(()),
                Ok(status) => status,
                Err(DeflateError::MemError) => return Err(io::ErrorKind::OutOfMemory.into()),
                Err(error) => return Err(io::Error::other(error.as_str())),
            };
            let n = usize::try_from(encoder.total_out() - written).unwrap_or(usize::MAX);
            out(self.out.get(..n).unwrap_or_default())?;
            octets = usize::try_from(encoder.total_in() - read).ok().and_then(|n| octets.get(n..)).unwrap_or_default();
            let done = match flush {
                DeflateFlush::Finish => status == Status::StreamEnd,
                _ => octets.is_empty() && n < self.out.len(),
            };
            if done {
                return Ok(());
            }
        }
    }
}

/// Whether a sample of the block recurs often enough for a search for matches to pay.
fn repeats(block: &[u8]) -> bool {
    let mut seen = [0_u32; 4096];
    let (mut sampled, mut found) = (0_usize, 0_usize);
    for sample in block.chunks(STRIDE).filter_map(|stride| stride.get(..SAMPLE)) {
        for word in sample.array_windows::<REPEAT>() {
            let [a, b, c, d, e, f] = *word;
            let hash = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let (slot, tag) = ((hash >> 52) as usize, (hash >> 20) as u32);
            if let Some(seen) = seen.get_mut(slot) {
                found += usize::from(*seen == tag);
                *seen = tag;
            }
        }
        sampled += SAMPLE;
    }
    found * 64 >= sampled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use zlib_rs::{Inflate, InflateFlush};

    fn deflate(deflater: &mut Deflater, chunks: &[&[u8]]) -> Vec<u8> {
        let mut deflated = Vec::new();
        let mut sink = |octets: &[u8]| {
            deflated.extend_from_slice(octets);
            Ok(())
        };
        deflater.start();
        for chunk in chunks {
            deflater.write(chunk, &mut sink).unwrap();
        }
        deflater.finish(&mut sink).unwrap();
        deflated
    }

    fn inflate(deflated: &[u8], size: usize) -> Vec<u8> {
        let mut inflated = vec![0; size + 1];
        let mut inflate = Inflate::new(false, 15);
        let status = inflate.decompress(deflated, &mut inflated, InflateFlush::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        assert_eq!(inflate.total_in(), deflated.len() as u64, "nothing follows the stream");
        inflated.truncate(usize::try_from(inflate.total_out()).unwrap());
        inflated
    }

    /// Octets without repeats, the same every time (xorshift64*).
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        std::iter::repeat_with(|| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                [(state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 58) as usize]
        })
        .take(len)
        .collect()
    }

    fn text(len: usize) -> Vec<u8> {
        (0..).flat_map(|i: u32| format!("line {i} of a text that repeats itself\n").into_bytes()).take(len).collect()
    }

    /// Text, noise and text again, so that the ways of coding follow each other at and off the bounds of blocks.
    fn mixed() -> Vec<u8> {
        [text(100_000), noise(300_000), text(40_000), noise(70_000), text(10)].concat()
    }

    #[test]
    fn what_was_deflated_inflates_to_the_same() {
        let mixed = mixed();
        for level in [ZipLevel::Fast, ZipLevel::Best] {
            let mut deflater = Deflater::new(level);
            for octets in [&mixed, &text(BLOCK), &noise(BLOCK), &noise(2 * BLOCK), &b"x".to_vec(), &Vec::new()] {
                let deflated = deflate(&mut deflater, &[octets]);
                assert!(inflate(&deflated, octets.len()) == *octets, "{} octets at {level:?}", octets.len());
            }
        }
    }

    #[test]
    fn noise_is_told_from_text() {
        assert!(!repeats(&noise(BLOCK)));
        assert!(repeats(&text(BLOCK)));
        assert!(repeats(&[0; BLOCK]));
    }

    #[test]
    fn base64_of_noise_takes_six_bits_a_character() {
        let deflated = deflate(&mut Deflater::new(ZipLevel::Fast), &[&noise(1 << 20)]);
        assert!(deflated.len() < (1 << 20) * 77 / 100, "{}", deflated.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn neither_chunks_nor_what_was_deflated_before_make_a_difference(
            cuts in proptest::collection::vec(0_usize..520_010, 0..6)
        ) {
            let mixed = mixed();
            let mut cuts = cuts;
            cuts.extend([0, mixed.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|w| &mixed[w[0].min(mixed.len())..w[1].min(mixed.len())]).collect();
            let mut deflater = Deflater::new(ZipLevel::Fast);
            let whole = deflate(&mut deflater, &[&mixed]);
            prop_assert!(deflate(&mut deflater, &chunks) == whole);
        }
    }
}
