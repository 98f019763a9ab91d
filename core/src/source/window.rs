use super::Source;
use std::io;

/// Octets fetched at a time.
const FETCH: usize = 64 << 10;

/// A forward reader's view of a source: the octets around its place are in memory.
pub(crate) struct Window {
    source: Source,
    from: u64,
    octets: Vec<u8>,
}

impl Window {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, from: 0, octets: Vec::new() }
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Octets from `offset` on: at least one, unless the source ends there.
    pub(crate) fn at(&mut self, offset: u64) -> io::Result<&[u8]> {
        let held = self.from..self.from.saturating_add(self.octets.len() as u64);
        if !held.contains(&offset) {
            let left = usize::try_from(self.source.len().saturating_sub(offset)).unwrap_or(usize::MAX);
            self.octets.resize(left.min(FETCH), 0);
            self.from = offset;
            if let Err(e) = self.source.read_exact_at(offset, &mut self.octets) {
                self.octets.clear();
                return Err(e);
            }
        }
        let skip = usize::try_from(offset.saturating_sub(self.from)).unwrap_or(usize::MAX);
        Ok(self.octets.get(skip..).unwrap_or_default())
    }

    /// The octet at `offset`, `None` at the end.
    pub(crate) fn octet(&mut self, offset: u64) -> io::Result<Option<u8>> {
        Ok(self.at(offset)?.first().copied())
    }

    /// The `N` octets from `offset` on; `None` when fewer are left.
    pub(crate) fn array<const N: usize>(&mut self, offset: u64) -> io::Result<Option<[u8; N]>> {
        let mut array = [0; N];
        for (index, octet) in (0..).zip(&mut array) {
            // An offset that a file tells may be the last there is.
            let Some(place) = offset.checked_add(index) else { return Ok(None) };
            match self.octet(place)? {
                Some(found) => *octet = found,
                None => return Ok(None),
            }
        }
        Ok(Some(array))
    }

    /// The `len` octets from `offset` on, or as many as are left.
    pub(crate) fn octets(&mut self, offset: u64, len: u16) -> io::Result<Vec<u8>> {
        let mut octets = Vec::new();
        while octets.len() < usize::from(len) {
            let some = self.at(offset.saturating_add(octets.len() as u64))?;
            let n = some.len().min(usize::from(len).saturating_sub(octets.len()));
            if n == 0 {
                break;
            }
            octets.extend(some.iter().take(n));
        }
        Ok(octets)
    }
}
