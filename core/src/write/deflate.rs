//! Deflate (RFC 1951) for mail: what has no repeats is Huffman-coded only, everything else is searched for matches.
//!
//! Three quarters of the octets of real mailboxes are base64 of data that is compressed already. A match finder spends
//! most of its time on them and finds nothing; their Huffman code alone gives the same 76 %.
//!
//! A long stream consists of blocks that can be deflated apart, on as many threads as there are, and joined: each ends on an octet, by
//! a sync flush, and may refer back to the last piece of the one before (as `pigz` does). Where blocks end depends on the octets alone,
//! so that the outcome is the same on any number of threads.

use super::ZipLevel;
#[cfg(not(target_family = "wasm"))]
use super::pool::Pool;
#[cfg(not(target_family = "wasm"))]
use crate::crew::{Arriving, Hands, PartHeld};
#[cfg(not(target_family = "wasm"))]
use std::collections::VecDeque;
use std::io;
use zlib_rs::{Deflate, DeflateConfig, DeflateError, DeflateFlush, Status, Strategy};

/// Octets that are coded one way or the other; the choice never depends on how the octets arrive. A match reaches as far back.
const PIECE: usize = 32 << 10;
/// Pieces of a block.
const PIECES: usize = 8;
/// Octets that are deflated apart.
#[cfg(any(test, not(target_family = "wasm")))]
pub(super) const BLOCK: usize = PIECES * PIECE;
/// Octets looked at in every [`STRIDE`] of a piece to tell whether it repeats itself.
const SAMPLE: usize = 1 << 10;
const STRIDE: usize = 8 << 10;
/// Octets that must recur to count as a repeat: shorter ones come by chance in base64, and pay little.
const REPEAT: usize = 6;
const OUT: usize = 64 << 10;

/// A deflate encoder that is used again for entry after entry.
pub(crate) struct Deflater {
    level: i32,
    matches: Deflate,
    literals: Deflate,
    /// Whether the piece before was coded by `literals`.
    literal: bool,
    pending: Vec<u8>,
    out: Box<[u8]>,
    started: bool,
    /// Whether `matches` and `literals` have forgotten what was before the block at hand.
    are_ready: [bool; 2],
    /// Pieces of the block at hand.
    pieces: usize,
    /// The last piece of the block before, where the next may refer back to it.
    before: Vec<u8>,
    /// Whether `matches` was given a piece to refer back to: what it makes after a reset is not always the same then.
    primed: bool,
}

fn raw(level: i32, strategy: Strategy) -> Deflate {
    let window_bits = -15;
    Deflate::new_with_config(DeflateConfig { window_bits, strategy, ..DeflateConfig::new(level) })
}

impl Deflater {
    pub(crate) fn new(level: ZipLevel) -> Self {
        let level = match level {
            ZipLevel::Store | ZipLevel::Fast => 4,
            ZipLevel::Best => 8,
        };
        Self {
            level,
            matches: raw(level, Strategy::Default),
            literals: raw(1, Strategy::HuffmanOnly),
            literal: false,
            pending: Vec::new(),
            out: vec![0; OUT].into_boxed_slice(),
            started: false,
            are_ready: [false; 2],
            pieces: 0,
            before: Vec::new(),
            primed: false,
        }
    }

    /// Forgets everything and begins a new stream.
    pub(crate) fn start(&mut self) {
        self.are_ready = [false; 2];
        self.literal = false;
        self.started = false;
        self.pieces = 0;
        self.before.clear();
        self.pending.clear();
    }

    /// Begins a block behind the piece `before`.
    fn start_behind(&mut self, before: &[u8]) {
        self.start();
        if repeats(before) {
            self.before.extend_from_slice(before);
        }
    }

    /// Takes more octets and hands what is deflated to `out`.
    pub(crate) fn write(&mut self, mut octets: &[u8], mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if !self.pending.is_empty() {
            let (head, rest) = octets.split_at(octets.len().min(PIECE - self.pending.len()));
            self.pending.extend_from_slice(head);
            octets = rest;
            if self.pending.len() < PIECE {
                return Ok(());
            }
            let piece = std::mem::take(&mut self.pending);
            self.piece(&piece, &mut out)?;
            self.pending = piece;
            self.pending.clear();
        }
        let mut pieces = octets.chunks_exact(PIECE);
        for piece in &mut pieces {
            self.piece(piece, &mut out)?;
        }
        self.pending.extend_from_slice(pieces.remainder());
        Ok(())
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let piece = std::mem::take(&mut self.pending);
        self.piece(&piece, &mut out)?;
        self.pending = piece;
        self.pending.clear();
        self.run(&[], DeflateFlush::Finish, &mut out)
    }

    fn piece(&mut self, piece: &[u8], out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.pieces == PIECES && !piece.is_empty() {
            self.end_block(out)?;
            let before = std::mem::take(&mut self.before);
            self.start_behind(&before);
        }
        self.pieces += 1;
        let literal = piece.len() == PIECE && !repeats(piece);
        if literal != self.literal {
            // A full flush ends on an octet and leaves nothing to refer back to, so the streams can be joined.
            if self.started {
                self.run(&[], DeflateFlush::FullFlush, out)?;
            }
            self.literal = literal;
        }
        self.make_ready()?;
        self.started = true;
        self.run(piece, DeflateFlush::NoFlush, out)?;
        self.before.clear();
        if self.pieces == PIECES {
            self.before.extend_from_slice(piece);
        }
        Ok(())
    }

    /// Has the encoder of the piece at hand forget what was before the block at hand, but for what it may refer back to.
    fn make_ready(&mut self) -> io::Result<()> {
        let [matches, literals] = &mut self.are_ready;
        let is_ready = if self.literal { literals } else { matches };
        if std::mem::replace(is_ready, true) {
            return Ok(());
        }
        if self.literal {
            self.literals.reset();
        } else if !self.started && !self.before.is_empty() {
            // A new one: a reset one would not always make the same of the same octets.
            self.matches = raw(self.level, Strategy::Default);
            self.primed = true;
            self.matches.set_dictionary(&self.before).map_err(refusal)?;
        } else if std::mem::take(&mut self.primed) {
            self.matches = raw(self.level, Strategy::Default);
        } else {
            self.matches.reset();
        }
        Ok(())
    }

    /// Ends a block behind which another follows.
    fn end_block(&mut self, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.run(&[], DeflateFlush::SyncFlush, out)
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
                Err(error) => return Err(refusal(error)),
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

fn refusal(error: DeflateError) -> io::Error {
    match error {
        DeflateError::MemError => io::ErrorKind::OutOfMemory.into(),
        error => io::Error::other(error.as_str()),
    }
}

/// Deflates one stream on several threads: block after block is given away, and what came of them taken back in their order.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct Spread {
    hands: Hands,
    level: ZipLevel,
    deflaters: Pool<Box<Deflater>>,
    buffers: Pool<Vec<u8>>,
    /// The last piece of the block before, if there was one, and the octets of the block at hand.
    octets: Vec<u8>,
    /// Octets of it that are of the block before.
    before: usize,
    under_way: VecDeque<Arriving<io::Result<Vec<u8>>, PartHeld>>,
}

#[cfg(not(target_family = "wasm"))]
impl Spread {
    pub(crate) fn new(hands: Hands, level: ZipLevel, deflaters: &Pool<Box<Deflater>>, buffers: &Pool<Vec<u8>>) -> Self {
        let (deflaters, buffers) = (deflaters.clone(), buffers.clone());
        let octets = buffer(&buffers);
        Self { hands, level, deflaters, buffers, octets, before: 0, under_way: VecDeque::new() }
    }

    /// Takes more octets and hands what is deflated to `out`, perhaps of octets that came long ago.
    pub(crate) fn write(&mut self, mut octets: &[u8], mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        while !octets.is_empty() {
            let room = self.before + BLOCK - self.octets.len();
            if room == 0 {
                self.give(false, &mut out)?;
                continue;
            }
            let (head, rest) = octets.split_at(octets.len().min(room));
            self.octets.extend_from_slice(head);
            octets = rest;
        }
        Ok(())
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, mut out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.give(true, &mut out)?;
        while self.take(&mut out)? {}
        Ok(())
    }

    /// Gives away the block at hand.
    fn give(&mut self, is_last: bool, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut next = Vec::new();
        if !is_last {
            next = buffer(&self.buffers);
            next.extend_from_slice(self.octets.get(self.octets.len().saturating_sub(PIECE)..).unwrap_or_default());
        }
        let after = next.len();
        let octets = std::mem::replace(&mut self.octets, next);
        let before = std::mem::replace(&mut self.before, after);
        let (level, deflaters, buffers) = (self.level, self.deflaters.clone(), self.buffers.clone());
        let work = move || {
            let mut deflater = deflaters.take().unwrap_or_else(|| Box::new(Deflater::new(level)));
            let mut deflated = buffer(&buffers);
            let (before, block) = octets.split_at_checked(before).unwrap_or((&[], &octets));
            deflater.start_behind(before);
            let mut sink = |out: &[u8]| {
                deflated.extend_from_slice(out);
                Ok(())
            };
            deflater.write(block, &mut sink)?;
            match is_last {
                true => deflater.finish(&mut sink)?,
                false => deflater.end_block(&mut sink)?,
            }
            deflaters.put(deflater);
            buffers.rest(octets);
            Ok(deflated)
        };
        loop {
            if let Some(held) = self.hands.room_for_part() {
                self.under_way.push_back(self.hands.part(held, work));
                return Ok(());
            }
            if !self.take(out)? {
                // Others have all the room.
                let deflated = work()?;
                out(&deflated)?;
                self.buffers.rest(deflated);
                return Ok(());
            }
        }
    }

    /// Takes back what came of the first block that is under way; `false` where none is.
    fn take(&mut self, out: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<bool> {
        let Some(first) = self.under_way.pop_front() else { return Ok(false) };
        let deflated = self.hands.wait(&first).ok_or_else(|| io::Error::other("a thread of the run has ended"))??;
        out(&deflated)?;
        self.buffers.rest(deflated);
        Ok(true)
    }
}

#[cfg(not(target_family = "wasm"))]
fn buffer(buffers: &Pool<Vec<u8>>) -> Vec<u8> {
    let mut buffer = buffers.take().unwrap_or_default();
    buffer.clear();
    buffer.reserve_exact(BLOCK + PIECE);
    buffer
}

/// Whether a sample of the piece recurs often enough for a search for matches to pay.
fn repeats(piece: &[u8]) -> bool {
    let mut seen = [0_u32; 4096];
    let (mut sampled, mut found) = (0_usize, 0_usize);
    for sample in piece.chunks(STRIDE).filter_map(|stride| stride.get(..SAMPLE)) {
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
    use zlib_rs::{Inflate, InflateFlush, Strategy};

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
            for octets in [&mixed, &text(PIECE), &noise(PIECE), &noise(2 * PIECE), &b"x".to_vec(), &Vec::new()] {
                let deflated = deflate(&mut deflater, &[octets]);
                assert!(inflate(&deflated, octets.len()) == *octets, "{} octets at {level:?}", octets.len());
            }
        }
    }

    #[test]
    fn noise_is_told_from_text() {
        assert!(!repeats(&noise(PIECE)));
        assert!(repeats(&text(PIECE)));
        assert!(repeats(&[0; PIECE]));
    }

    #[test]
    fn base64_of_noise_takes_six_bits_a_character() {
        let deflated = deflate(&mut Deflater::new(ZipLevel::Fast), &[&noise(1 << 20)]);
        assert!(deflated.len() < (1 << 20) * 77 / 100, "{}", deflated.len());
    }

    /// What a crew of so many threads makes of it.
    #[cfg(not(target_family = "wasm"))]
    fn spread(threads: usize, level: ZipLevel, chunks: &[&[u8]]) -> Vec<u8> {
        let threads = std::num::NonZeroUsize::new(threads).unwrap();
        let crew = crate::crew::Crew::start(threads, crate::crew::HELD, crate::limits::Stop::default()).unwrap();
        let mut spread = Spread::new(crew.hands(), level, &Pool::default(), &Pool::default());
        let mut deflated = Vec::new();
        let mut sink = |octets: &[u8]| {
            deflated.extend_from_slice(octets);
            Ok(())
        };
        chunks.iter().try_for_each(|chunk| spread.write(chunk, &mut sink)).unwrap();
        spread.finish(&mut sink).unwrap();
        deflated
    }

    /// Blocks that end in text, in noise, and that change from one to the other where they end.
    fn blocks() -> Vec<u8> {
        [text(BLOCK + 100_000), noise(BLOCK - 100_000), noise(BLOCK), text(2 * BLOCK + 7), mixed(), text(1)].concat()
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn blocks_are_the_same_on_any_number_of_threads() {
        let blocks = blocks();
        for level in [ZipLevel::Fast, ZipLevel::Best] {
            let mut deflater = Deflater::new(level);
            for len in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + PIECE, blocks.len()] {
                let octets = &blocks[..len];
                // The second time it has deflated something before.
                let alone = [(); 2].map(|()| deflate(&mut deflater, &[octets]));
                assert!(alone[0] == alone[1] && inflate(&alone[0], len) == octets, "{len} octets at {level:?}");
                for threads in [2, 3, 8] {
                    let chunks: Vec<&[u8]> = octets.chunks(100_001 * threads).collect();
                    assert!(
                        spread(threads, level, &chunks) == alone[0],
                        "{len} octets at {level:?} on {threads} threads"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_longer_than_a_block_is_one() {
        let octets = text(BLOCK);
        let mut alone = raw(4, Strategy::Default);
        let mut deflated = vec![0; BLOCK];
        for piece in octets.chunks(PIECE) {
            let at = usize::try_from(alone.total_out()).unwrap();
            alone.compress(piece, &mut deflated[at..], DeflateFlush::NoFlush).unwrap();
        }
        let at = usize::try_from(alone.total_out()).unwrap();
        alone.compress(&[], &mut deflated[at..], DeflateFlush::Finish).unwrap();
        deflated.truncate(usize::try_from(alone.total_out()).unwrap());
        assert!(deflate(&mut Deflater::new(ZipLevel::Fast), &[&octets]) == deflated);
    }

    #[test]
    fn blocks_cost_less_than_half_a_percent() {
        let octets = text(8 * BLOCK);
        let mut whole = raw(4, Strategy::Default);
        let mut deflated = vec![0; octets.len()];
        whole.compress(&octets, &mut deflated, DeflateFlush::Finish).unwrap();
        let in_blocks = deflate(&mut Deflater::new(ZipLevel::Fast), &[&octets]).len() as u64;
        assert!(in_blocks * 1000 <= whole.total_out() * 1005, "{in_blocks} instead of {}", whole.total_out());
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
