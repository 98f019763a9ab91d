use super::{ReadAt, Source};
use crate::error::Result;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// Octets of UTF-16 that are decoded at a time.
const BLOCK: usize = 64 << 10;

/// UTF-16 text read as UTF-8.
///
/// One pass over the source notes where each block starts, 16 octets of memory for 64 KiB.
pub(crate) struct Utf16 {
    source: Source,
    big_endian: bool,
    blocks: Vec<Block>,
    len: u64,
    last: Mutex<Option<(usize, Arc<[u8]>)>>,
}

#[derive(Clone, Copy)]
struct Block {
    utf8: u64,
    utf16: u64,
}

impl Utf16 {
    /// The text of `source`, its byte-order mark left out, if it starts with a byte-order mark or with two ASCII characters in UTF-16.
    pub(crate) fn detect(source: &Source) -> Result<Option<Self>> {
        let mut first = [0; 4];
        if source.len() < 4 {
            return Ok(None);
        }
        source.read_exact_at(0, &mut first)?;
        let (big_endian, start) = match first {
            [0xff, 0xfe, 0, 0] => return Ok(None),
            [0xfe, 0xff, ..] => (true, 2),
            [0xff, 0xfe, ..] => (false, 2),
            [0, a, 0, b] if a.is_ascii_graphic() && b.is_ascii_graphic() => (true, 0),
            [a, 0, b, 0] if a.is_ascii_graphic() && b.is_ascii_graphic() => (false, 0),
            _ => return Ok(None),
        };
        let mut this = Self { source: source.clone(), big_endian, blocks: Vec::new(), len: 0, last: Mutex::new(None) };
        let mut at = start;
        while at < source.len() {
            this.blocks.push(Block { utf8: this.len, utf16: at });
            let (text, octets) = this.decode(at)?;
            this.len += text.len() as u64;
            at += octets;
        }
        Ok(Some(this))
    }

    /// The text of the block at `at` and how many octets of UTF-16 it takes.
    fn decode(&self, at: u64) -> io::Result<(String, u64)> {
        let left = self.source.len().saturating_sub(at);
        let n = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let mut octets = vec![0; n];
        self.source.read_exact_at(at, &mut octets)?;
        let mut units: Vec<u16> = octets
            .chunks(2)
            .map(|pair| match pair {
                [a, b] if self.big_endian => u16::from_be_bytes([*a, *b]),
                [a, b] => u16::from_le_bytes([*a, *b]),
                _ => 0xfffd,
            })
            .collect();
        let mut taken = n as u64;
        if taken < left && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
            taken -= 2;
        }
        Ok((String::from_utf16_lossy(&units), taken))
    }

    fn block(&self, index: usize, utf16: u64) -> io::Result<Arc<[u8]>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, text)) = &*last
            && *held == index
        {
            return Ok(text.clone());
        }
        let text: Arc<[u8]> = self.decode(utf16)?.0.into_bytes().into();
        *last = Some((index, text.clone()));
        Ok(text)
    }
}

impl ReadAt for Utf16 {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let after = self.blocks.partition_point(|block| block.utf8 <= offset);
        let Some(index) = after.checked_sub(1) else { return Ok(0) };
        let Some(block) = self.blocks.get(index) else { return Ok(0) };
        let text = self.block(index, block.utf16)?;
        let from = usize::try_from(offset - block.utf8).unwrap_or(usize::MAX);
        let rest = text.get(from..).unwrap_or_default();
        buf.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        Ok(rest.len().min(buf.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Content;
    use proptest::prelude::*;

    fn utf16(text: &str, big_endian: bool) -> Source {
        let unit = |unit: u16| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let mark = unit(0xfeff);
        Arc::new(mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect::<Vec<u8>>())
    }

    #[test]
    fn blocks_never_part_a_character() {
        let text = "x".to_owned() + &"\u{1f600}é".repeat(60_000);
        for big_endian in [true, false] {
            let source: Source = Arc::new(Utf16::detect(&utf16(&text, big_endian)).unwrap().unwrap());
            assert!(Content::from(source).to_vec(1 << 20).unwrap() == text.as_bytes());
        }
    }

    #[test]
    fn utf8_is_left_alone() {
        let source: Source = Arc::new(b"BEGIN:VCARD".to_vec());
        assert!(Utf16::detect(&source).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn every_offset_reads_the_text(text in "\\PC{2,40}", from in 0_usize..60) {
            let source = Utf16::detect(&utf16(&text, true)).unwrap().unwrap();
            prop_assert_eq!(source.len(), text.len() as u64);
            let mut rest = vec![0; text.len().saturating_sub(from)];
            source.read_exact_at(from as u64, &mut rest).unwrap();
            prop_assert_eq!(&*rest, text.as_bytes().get(from..).unwrap_or_default());
        }
    }
}
