/// The fields of a binary property, one behind the other, little-endian; `None` from its end on.
#[derive(Clone, Debug)]
pub(super) struct Blob<'a> {
    rest: &'a [u8],
}

impl<'a> Blob<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_le_bytes)
    }

    /// A block behind its 32-bit length.
    pub(super) fn block(&mut self) -> Option<&'a [u8]> {
        let n = self.u32()?;
        self.take(usize::try_from(n).ok()?)
    }

    /// `n` 32-bit integers; the count is checked against what is there before any is read.
    pub(super) fn u32s(&mut self, n: u32) -> Option<Vec<u32>> {
        let octets = self.take(usize::try_from(n).ok()?.checked_mul(4)?)?;
        let quads = octets.chunks_exact(4).filter_map(|quad| quad.try_into().ok());
        Some(quads.map(u32::from_le_bytes).collect())
    }

    /// `n` code units of UTF-16.
    pub(super) fn utf16(&mut self, n: u16) -> Option<String> {
        let octets = self.take(usize::from(n) * 2)?;
        let pairs = octets.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(u16::from_le_bytes);
        Some(char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    }
}
