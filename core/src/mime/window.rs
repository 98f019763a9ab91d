use crate::{
    error::Result,
    source::{Content, ReadAt},
};
use memchr::memmem::Finder;

/// Octets read at a time; more are held only where a header section is longer.
const CHUNK: usize = 256 << 10;

/// A part of a content, moved forward over it; all of it where it lies in memory.
pub(super) struct Window<'a> {
    content: &'a Content,
    whole: Option<&'a [u8]>,
    held: Vec<u8>,
    base: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(content: &'a Content) -> Self {
        Self { content, whole: content.as_slice(), held: Vec::new(), base: 0 }
    }

    /// The octets from `offset` on: at least `wanted`, unless the content ends first.
    pub(super) fn at(&mut self, offset: u64, wanted: usize) -> Result<&[u8]> {
        if let Some(whole) = self.whole {
            return Ok(usize::try_from(offset).ok().and_then(|from| whole.get(from..)).unwrap_or_default());
        }
        let end = self.content.len();
        let have = self.base + self.held.len() as u64;
        if offset < self.base || offset.saturating_add(wanted as u64).min(end) > have {
            let kept = usize::try_from(offset.wrapping_sub(self.base)).ok().filter(|&from| from < self.held.len());
            match kept {
                Some(from) => drop(self.held.drain(..from)),
                None => self.held.clear(),
            }
            self.base = offset.min(end);
            let len = usize::try_from(end - self.base).unwrap_or(usize::MAX).min(wanted.max(CHUNK));
            let from = self.held.len();
            self.held.resize(len.max(from), 0);
            self.content.read_exact_at(self.base + from as u64, self.held.get_mut(from..).unwrap_or_default())?;
        }
        let from = usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX);
        Ok(self.held.get(from..).unwrap_or_default())
    }

    /// The offset of the next needle from `offset` on.
    pub(super) fn find(&mut self, finder: &Finder, mut offset: u64) -> Result<Option<u64>> {
        let overlap = finder.needle().len().saturating_sub(1);
        loop {
            let octets = self.at(offset, overlap + 1)?;
            if let Some(at) = finder.find(octets) {
                return Ok(Some(offset + at as u64));
            }
            let len = octets.len();
            if len <= overlap || offset + len as u64 >= self.content.len() {
                return Ok(None);
            }
            offset += (len - overlap) as u64;
        }
    }
}
