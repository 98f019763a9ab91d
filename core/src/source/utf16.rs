use super::{ReadAt, Source};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, PoisonError},
};

/// Octets by which UTF-16 without a byte-order mark is known.
const HEAD: usize = 64;
/// Octets of UTF-16 decoded at a time.
const CHUNK: u64 = 64 << 10;
/// Places whose offset in UTF-8 is known, at most.
const MARKS: usize = 4096;
/// Decoded chunks that are kept.
const KEPT: usize = 8;

/// Text in UTF-16 (RFC 2781), read at any place as if it were UTF-8, without its byte-order mark.
///
/// A surrogate without its other half, and half a code unit at the end, become U+FFFD. All of it is decoded once when it
/// is opened, to find its length; reading forward costs one decoding more, and going elsewhere at most that of the octets
/// between two marks: 64 KiB, or a 2,048th of the source if that is more.
pub struct Utf16 {
    source: Source,
    encoding: &'static Encoding,
    /// Where the text begins, behind the byte-order mark.
    start: u64,
    len: u64,
    /// The offset in UTF-8 of every `stride`-th chunk.
    marks: Vec<u64>,
    stride: u64,
    state: Mutex<State>,
}

struct State {
    kept: VecDeque<Chunk>,
    defects: Vec<Defect>,
}

struct Chunk {
    index: u64,
    /// Its offset in UTF-8.
    start: u64,
    octets: Vec<u8>,
}

impl Utf16 {
    /// The text in `source`, when it is UTF-16: by its byte-order mark, or because every other octet is NUL at its start.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when `source` cannot be read.
    pub fn detect(source: &Source) -> Result<Option<Self>> {
        let mut head = vec![0; usize::try_from(source.len()).unwrap_or(HEAD).min(HEAD)];
        source.read_exact_at(0, &mut head)?;
        let Some((encoding, start)) = encoding_of(&head) else { return Ok(None) };
        let defect = Defect::new(DefectKind::Utf16, format!("the text is {}, read as UTF-8", encoding.name()));
        let state = Mutex::new(State { kept: VecDeque::new(), defects: vec![defect] });
        let mut text = Self { source: source.clone(), encoding, start, len: 0, marks: Vec::new(), stride: 1, state };
        text.measure()?;
        Ok(Some(text))
    }

    /// The text in `source`, which is UTF-16LE without a byte-order mark.
    ///
    /// # Errors
    /// As [`Utf16::detect`].
    #[cfg(feature = "outlook")]
    pub(crate) fn little_endian(source: Source) -> Result<Self> {
        let state = Mutex::new(State { kept: VecDeque::new(), defects: Vec::new() });
        let mut text = Self { source, encoding: UTF_16LE, start: 0, len: 0, marks: Vec::new(), stride: 1, state };
        text.measure()?;
        Ok(text)
    }

    /// Decodes all of it to find its length and the marks.
    fn measure(&mut self) -> io::Result<()> {
        let mut has_errors = false;
        for index in 0..self.source.len().saturating_sub(self.start).div_ceil(CHUNK) {
            if index.is_multiple_of(self.stride) {
                self.marks.push(self.len);
            }
            if self.marks.len() > MARKS {
                let mut keep = false;
                self.marks.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride = self.stride.saturating_mul(2);
            }
            let (octets, wrong) = self.decode(index)?;
            has_errors |= wrong;
            self.len = self.len.saturating_add(octets.len() as u64);
        }
        if has_errors {
            let detail = "some code units of the UTF-16 text are invalid and were replaced by U+FFFD";
            self.lock(|state| state.defects.push(Defect::new(DefectKind::Charset, detail)));
        }
        Ok(())
    }

    /// The chunk `index` in UTF-8, and whether some of it is no text. A pair of surrogates belongs to where it begins.
    fn decode(&self, index: u64) -> io::Result<(Vec<u8>, bool)> {
        let chunk = self.start.saturating_add(index.saturating_mul(CHUNK));
        let before = if index == 0 { 0 } else { 2 };
        let from = chunk.saturating_sub(before);
        let to = chunk.saturating_add(CHUNK + 2).min(self.source.len());
        let mut units = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
        self.source.read_exact_at(from, &mut units)?;
        let unit = |at: usize| Some(self.unit(*units.get(at..)?.first_chunk()?));
        let mut first = usize::try_from(before).unwrap_or(0);
        let mut last = units.len().min(first.saturating_add(CHUNK as usize));
        if first > 0 && is_pair(unit(0), unit(first)) {
            first = first.saturating_add(2);
        }
        if last.checked_sub(2).is_some_and(|high| is_pair(unit(high), unit(last))) {
            last = last.saturating_add(2);
        }
        let units = units.get(first..last).unwrap_or_default();
        let (text, has_errors) = self.encoding.decode_without_bom_handling(units);
        Ok((text.into_owned().into_bytes(), has_errors))
    }

    fn unit(&self, octets: [u8; 2]) -> u16 {
        if self.encoding == UTF_16BE { u16::from_be_bytes(octets) } else { u16::from_le_bytes(octets) }
    }

    fn lock<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The chunk that holds the octet `offset` of the UTF-8, decoded from the nearest place before it that is known.
    fn chunk_at<'s>(&self, state: &'s mut State, offset: u64) -> io::Result<Option<&'s Chunk>> {
        if let Some(i) = state.kept.iter().position(|chunk| chunk.holds(offset)) {
            return Ok(state.kept.get(i));
        }
        let mark = self.marks.partition_point(|start| *start <= offset).saturating_sub(1);
        let marked = ((mark as u64).saturating_mul(self.stride), self.marks.get(mark).copied().unwrap_or(0));
        let ends = state.kept.iter().map(|chunk| (chunk.index.saturating_add(1), chunk.end()));
        let (mut index, mut start) = ends.filter(|(_, end)| *end <= offset).fold(marked, Ord::max);
        while start < self.len {
            let (octets, _) = self.decode(index)?;
            let chunk = Chunk { index, start, octets };
            if chunk.holds(offset) {
                state.kept.truncate(KEPT - 1);
                state.kept.push_front(chunk);
                return Ok(state.kept.front());
            }
            (index, start) = (index.saturating_add(1), chunk.end());
        }
        Ok(None)
    }
}

impl ReadAt for Utf16 {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len || buf.is_empty() {
            return Ok(0);
        }
        self.lock(|state| {
            let Some(chunk) = self.chunk_at(state, offset)? else {
                let message =
                    format!("the UTF-16 text ends before octet {offset}, it had {} when it was opened", self.len);
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            };
            let within = usize::try_from(offset.saturating_sub(chunk.start)).unwrap_or(usize::MAX);
            let octets = chunk.octets.get(within..).unwrap_or_default();
            let n = octets.len().min(buf.len());
            if let (Some(to), Some(from)) = (buf.get_mut(..n), octets.get(..n)) {
                to.copy_from_slice(from);
            }
            Ok(n)
        })
    }

    fn take_defects(&self) -> Vec<Defect> {
        let mut defects = self.source.take_defects();
        self.lock(|state| defects.append(&mut state.defects));
        defects
    }
}

impl Chunk {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.octets.len() as u64)
    }

    fn holds(&self, offset: u64) -> bool {
        (self.start..self.end()).contains(&offset)
    }
}

/// Whether these code units are a high surrogate and a low one.
fn is_pair(high: Option<u16>, low: Option<u16>) -> bool {
    matches!((high, low), (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)))
}

/// The encoding of text that starts with `head`, and where it begins.
fn encoding_of(head: &[u8]) -> Option<(&'static Encoding, u64)> {
    match head {
        // The byte-order mark of UTF-32 starts the same way.
        [0xff, 0xfe, 0, 0, ..] => None,
        [0xff, 0xfe, ..] => Some((UTF_16LE, 2)),
        [0xfe, 0xff, ..] => Some((UTF_16BE, 2)),
        _ => {
            let (units, _) = head.as_chunks::<2>();
            let is_text = |octet: u8| matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'~');
            let all = |test: fn(&[u8; 2]) -> (u8, u8)| {
                units.len() >= 4 && units.iter().map(test).all(|(text, nul)| is_text(text) && nul == 0)
            };
            if all(|[low, high]| (*low, *high)) {
                Some((UTF_16LE, 0))
            } else if all(|[high, low]| (*low, *high)) {
                Some((UTF_16BE, 0))
            } else {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn encode(units: &[u16], big: bool, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        let octets = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        mark.into_iter().chain(units.iter().copied()).flat_map(octets).collect()
    }

    fn open(octets: Vec<u8>) -> Option<Utf16> {
        let source: Source = Arc::new(octets);
        Utf16::detect(&source).unwrap()
    }

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    /// Code units of every kind, more surrogates than text has, whole and halved.
    fn any_units() -> impl Strategy<Value = Vec<u16>> {
        let unit = prop_oneof![0x20_u16..0x7f, 0x80_u16..0xffff, 0xd800_u16..0xdc00, 0xdc00_u16..0xe000];
        (prop::collection::vec(unit, 1..500), 1_usize..600).prop_map(|(units, times)| units.repeat(times))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_order_of_reading_gives_the_text(
            units in any_units(),
            big in any::<bool>(),
            reads in prop::collection::vec((0.0_f64..1.0, 1_usize..200_000), 1..12),
        ) {
            let expected = String::from_utf16_lossy(&units).into_bytes();
            let text = open(encode(&units, big, true)).unwrap();
            prop_assert_eq!(text.len(), expected.len() as u64);
            for (place, n) in reads {
                let from = (place * expected.len() as f64) as usize;
                let to = (from + n).min(expected.len());
                let mut buf = vec![0; to - from];
                text.read_exact_at(from as u64, &mut buf).unwrap();
                prop_assert!(buf == expected[from..to], "{}..{}", from, to);
            }
            let all_text = String::from_utf16(&units).is_ok();
            prop_assert_eq!(text.take_defects().len(), if all_text { 1 } else { 2 });
        }
    }

    #[test]
    fn is_known_by_its_mark_or_by_its_nuls() {
        for big in [false, true] {
            for mark in [false, true] {
                let text = open(encode(&units("From me\r\n"), big, mark)).unwrap();
                let mut octets = [0; 9];
                text.read_exact_at(0, &mut octets).unwrap();
                assert_eq!((text.len(), &octets), (9, b"From me\r\n"));
                assert_eq!(text.read_at(9, &mut octets).unwrap(), 0);
            }
        }
        for other in [&b"From me"[..], b"F\0r\0", b"!BDN\0\0\0\0", b"\xff\xfe\0\0F\0\0\0", b"", b"a\0\0\0\0\0\0\0\0\0"]
        {
            assert!(open(other.to_vec()).is_none(), "{other:?}");
        }
    }

    #[test]
    fn half_a_code_unit_at_the_end_is_told() {
        let mut octets = encode(&units("From me"), false, false);
        octets.push(b'!');
        let text = open(octets).unwrap();
        assert_eq!(text.len(), 7 + 3);
        let kinds: Vec<_> = text.take_defects().iter().map(Defect::kind).collect();
        assert_eq!(kinds, [DefectKind::Utf16, DefectKind::Charset]);
    }
}
