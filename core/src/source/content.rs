use super::{ReadAt, Source, joined::Joined};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
};
use std::{
    fmt,
    io::{self, Read, Write},
    ops::Range,
    sync::Arc,
};

/// Octets moved at a time between a source that is not in memory and a writer.
const COPY_BUFFER: usize = 256 << 10;

/// Re-readable octets: ranges of one source, in order.
///
/// An mbox message is one range; unquoting it only leaves octets out, so it is several. Nothing is copied until it is read.
#[derive(Clone)]
pub struct Content {
    source: Source,
    pieces: Arc<[Piece]>,
}

/// A range of the source and where it starts in the content.
#[derive(Clone, Debug)]
struct Piece {
    start: u64,
    range: Range<u64>,
}

impl Piece {
    /// Where it ends in the content.
    fn end(&self) -> u64 {
        self.start.saturating_add(self.range.end.saturating_sub(self.range.start))
    }
}

impl Content {
    /// The octets of `ranges` of `source`, in the order given; empty and backward ranges count as nothing.
    pub fn new(source: Source, ranges: impl IntoIterator<Item = Range<u64>>) -> Self {
        let mut start = 0;
        let pieces = ranges
            .into_iter()
            .filter(|range| range.start < range.end)
            .map(|range| {
                let piece = Piece { start, range };
                start = piece.end();
                piece
            })
            .collect();
        Self { source, pieces }
    }

    /// Several contents read as one, in their order.
    pub fn join(contents: impl IntoIterator<Item = Self>) -> Self {
        fn joined(mut contents: Vec<Content>) -> Content {
            contents.retain(|content| !content.is_empty());
            match contents.pop() {
                Some(only) if contents.is_empty() => only,
                last => {
                    contents.extend(last);
                    Content::from(Arc::new(Joined::new(contents)) as Source)
                }
            }
        }
        joined(contents.into_iter().collect())
    }

    /// Takes `next` in if it is the range that follows this one in the same source; says whether it did.
    pub(crate) fn append(&mut self, next: &Self) -> bool {
        match (&*self.pieces, &*next.pieces) {
            ([this], [that]) if this.range.end == that.range.start && Arc::ptr_eq(&self.source, &next.source) => {
                self.pieces = [Piece { start: 0, range: this.range.start..that.range.end }].into();
                true
            }
            _ => false,
        }
    }

    /// The number of octets.
    pub fn len(&self) -> u64 {
        self.pieces.last().map_or(0, Piece::end)
    }

    /// Whether there are no octets.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The octets as one slice, if they are one slice in memory.
    pub fn as_slice(&self) -> Option<&[u8]> {
        match &*self.pieces {
            [] => Some(&[]),
            [piece] => self.slice_of(&piece.range),
            _ => None,
        }
    }

    /// The octets `range` of this content; what lies beyond its end is left out.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Self {
        let first = self.pieces.partition_point(|piece| piece.end() <= range.start);
        let ranges = self.pieces.iter().skip(first).take_while(|piece| piece.start < range.end).map(|piece| {
            let place = |at: u64| piece.range.start.saturating_add(at.saturating_sub(piece.start));
            place(range.start)..place(range.end).min(piece.range.end)
        });
        Self::new(self.source.clone(), ranges)
    }

    /// Reads the octets from the start.
    pub fn reader(&self) -> ContentReader<'_> {
        ContentReader { content: self, at: 0 }
    }

    /// Writes all octets to `out` and gives their number.
    ///
    /// # Errors
    /// What the source or `out` says; [`io::ErrorKind::UnexpectedEof`] when the source has become shorter.
    pub fn write_to(&self, out: &mut (impl Write + ?Sized)) -> io::Result<u64> {
        self.for_each_chunk(|chunk| out.write_all(chunk))?;
        Ok(self.len())
    }

    /// Calls `f` with the octets, a piece at a time, without copying what is in memory.
    ///
    /// # Errors
    /// As [`Content::write_to`]; an error of `f` ends the walk.
    pub fn for_each_chunk(&self, mut f: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut buffer = Vec::new();
        for piece in &*self.pieces {
            if let Some(slice) = self.slice_of(&piece.range) {
                f(slice)?;
                continue;
            }
            let mut at = piece.range.start;
            while at < piece.range.end {
                let n = portion(at..piece.range.end);
                if buffer.len() < n {
                    buffer.resize(n, 0);
                }
                let chunk = buffer.get_mut(..n).unwrap_or_default();
                self.source.read_exact_at(at, chunk)?;
                f(chunk)?;
                at = at.saturating_add(n as u64);
            }
        }
        Ok(())
    }

    /// All octets in memory.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when there are more than `limit`, [`ErrorKind::Io`] as [`Content::write_to`].
    pub fn to_vec(&self, limit: usize) -> Result<Vec<u8>> {
        if self.len() > limit as u64 {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("{} octets where at most {limit} are held in memory", self.len()),
            ));
        }
        let mut octets = Vec::new();
        for piece in &*self.pieces {
            if let Some(slice) = self.slice_of(&piece.range) {
                octets.extend_from_slice(slice);
                continue;
            }
            // Straight to where they stay, and no more room than for what was read so far and one portion.
            let mut at = piece.range.start;
            while at < piece.range.end {
                let have = octets.len();
                let n = portion(at..piece.range.end);
                octets.resize(have.saturating_add(n), 0);
                self.source.read_exact_at(at, octets.get_mut(have..).unwrap_or_default())?;
                at = at.saturating_add(n as u64);
            }
        }
        Ok(octets)
    }

    fn slice_of(&self, range: &Range<u64>) -> Option<&[u8]> {
        let from = usize::try_from(range.start).ok()?;
        let to = usize::try_from(range.end).ok()?;
        self.source.as_slice()?.get(from..to)
    }
}

/// How many octets of a range are moved next.
fn portion(range: Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX).min(COPY_BUFFER)
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        self.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let after = self.pieces.partition_point(|piece| piece.start <= offset);
        let Some(piece) = after.checked_sub(1).and_then(|i| self.pieces.get(i)) else { return Ok(0) };
        let from = piece.range.start.saturating_add(offset.saturating_sub(piece.start));
        let left = usize::try_from(piece.range.end.saturating_sub(from)).unwrap_or(usize::MAX);
        let n = left.min(buf.len());
        if n == 0 {
            return Ok(0);
        }
        match self.source.read_at(from, buf.get_mut(..n).unwrap_or_default())? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => Ok(n),
        }
    }

    fn as_slice(&self) -> Option<&[u8]> {
        self.as_slice()
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.source.take_defects()
    }
}

impl From<Vec<u8>> for Content {
    fn from(octets: Vec<u8>) -> Self {
        let end = octets.len() as u64;
        Self::new(Arc::new(octets), Some(0..end))
    }
}

impl From<Source> for Content {
    fn from(source: Source) -> Self {
        let end = source.len();
        Self::new(source, Some(0..end))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} octets in {} pieces)", self.len(), self.pieces.len())
    }
}

/// Reads a [`Content`] from its start to its end.
#[derive(Clone, Debug)]
pub struct ContentReader<'a> {
    content: &'a Content,
    at: u64,
}

impl Read for ContentReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read_at(self.at, buf)?;
        self.at = self.at.saturating_add(n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content::new(Arc::new(b"0123456789".to_vec()), [1..3, 5..5, 6..10])
    }

    #[test]
    fn reads_its_ranges_in_order() {
        assert_eq!(content().len(), 6);
        assert_eq!(content().to_vec(6).unwrap(), b"126789");
        let mut read = Vec::new();
        io::copy(&mut content().reader(), &mut read).unwrap();
        assert_eq!(read, b"126789");
    }

    #[test]
    fn every_slice_equals_the_slice_of_its_octets() {
        let all = content().to_vec(6).unwrap();
        for from in 0..=7_usize {
            for to in from..=8 {
                let expected = &all[from.min(6)..to.min(6)];
                assert_eq!(content().slice(1..u64::MAX).to_vec(6).unwrap(), all[1..]);
                assert_eq!(content().slice(from as u64..to as u64).to_vec(6).unwrap(), expected, "{from}..{to}");
            }
        }
    }

    #[test]
    fn joined_contents_are_read_as_one() {
        let joined = Content::join([content(), Content::from(Vec::new()), Content::from(b"ab".to_vec())]);
        assert_eq!(joined.to_vec(8).unwrap(), b"126789ab");
        assert_eq!(joined.slice(5..7).to_vec(8).unwrap(), b"9a");
        assert!(Content::join([]).is_empty());
        let only = Content::join([Content::from(Vec::new()), Content::from(b"ab".to_vec())]);
        assert_eq!(only.as_slice(), Some(&b"ab"[..]), "what lies in memory as a whole stays so");
    }

    #[test]
    fn a_source_that_has_shrunk_is_an_error() {
        let content = Content::new(Arc::new(b"0123".to_vec()), Some(0..6));
        assert_eq!(content.to_vec(6).unwrap_err().kind(), ErrorKind::Io);
    }

    #[test]
    fn more_octets_than_the_limit_are_refused() {
        assert_eq!(content().to_vec(5).unwrap_err().kind(), ErrorKind::Limit);
    }
}
