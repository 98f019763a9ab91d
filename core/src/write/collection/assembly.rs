use crate::{
    error::Result,
    source::{Content, Source},
};
use std::io::{self, Write};
use std::sync::Arc;

/// Pieces of sources that are held as such; what follows is copied.
const PIECES: usize = 1 << 15;

/// Octets that are held in memory before they go to a temporary file, where there are files.
const HELD: usize = 4 << 20;

/// Octets put together from ranges of sources and octets of its own, to be read again as one.
///
/// Neighbouring ranges become one, so that a calendar that passes through untouched is held as a single range.
#[derive(Default)]
pub(super) struct Assembly {
    pieces: Vec<Piece>,
    spool: Spool,
    len: u64,
    /// Octets of pieces that lie in memory, as those do that were made.
    in_memory: u64,
}

enum Piece {
    Content(Content),
    Spooled { from: u64, to: u64 },
}

impl Assembly {
    /// Octets so far.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn content(&mut self, content: &Content) -> io::Result<()> {
        if content.is_empty() {
            return Ok(());
        }
        if let Some(Piece::Content(last)) = self.pieces.last_mut()
            && last.append(content)
        {
            self.len += content.len();
            return Ok(());
        }
        let in_memory = content.as_slice().map_or(0, |_| content.len());
        let is_made = in_memory > 0 && (in_memory < 64 || self.in_memory + in_memory > HELD as u64);
        if is_made || self.pieces.len() >= PIECES {
            return content.for_each_chunk(|octets| self.octets(octets));
        }
        self.in_memory += in_memory;
        self.len += content.len();
        self.pieces.push(Piece::Content(content.clone()));
        Ok(())
    }

    pub(super) fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        let from = self.spool.len;
        self.spool.write(octets)?;
        self.len += octets.len() as u64;
        match self.pieces.last_mut() {
            Some(Piece::Spooled { to, .. }) if *to == from => *to = self.spool.len,
            _ => self.pieces.push(Piece::Spooled { from, to: self.spool.len }),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Content> {
        let spool = self.spool.into_source()?;
        let mut contents = self.pieces.into_iter().map(|piece| match piece {
            Piece::Content(content) => content,
            Piece::Spooled { from, to } => Content::new(spool.clone(), Some(from..to)),
        });
        Ok(match (contents.next(), contents.next()) {
            (Some(only), None) => only,
            (first, second) => Content::join(first.into_iter().chain(second).chain(contents)),
        })
    }
}

/// Octets in memory, and in a temporary file when they are many.
#[derive(Default)]
struct Spool {
    held: Vec<u8>,
    len: u64,
    #[cfg(not(target_family = "wasm"))]
    file: Option<tempfile::NamedTempFile>,
}

impl Spool {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(octets);
        self.len += octets.len() as u64;
        #[cfg(not(target_family = "wasm"))]
        if self.held.len() > HELD {
            self.flush()?;
        }
        Ok(())
    }

    #[cfg(not(target_family = "wasm"))]
    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::NamedTempFile::new()?),
        };
        file.write_all(&self.held)?;
        self.held.clear();
        Ok(())
    }

    #[cfg(not(target_family = "wasm"))]
    fn into_source(mut self) -> Result<Source> {
        if self.file.is_none() {
            return Ok(Arc::new(self.held));
        }
        self.flush()?;
        match self.file.take() {
            Some(file) => {
                Ok(Arc::new(Temporary { source: crate::source::FileSource::open(file.path())?, _file: file }))
            }
            None => Ok(Arc::new(self.held)),
        }
    }

    #[cfg(target_family = "wasm")]
    fn into_source(self) -> Result<Source> {
        Ok(Arc::new(self.held))
    }
}

/// A file that is deleted with the last who reads it.
#[cfg(not(target_family = "wasm"))]
struct Temporary {
    source: crate::source::FileSource,
    _file: tempfile::NamedTempFile,
}

#[cfg(not(target_family = "wasm"))]
impl crate::source::ReadAt for Temporary {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.source.read_at(offset, buf)
    }
}

impl Write for Assembly {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.octets(octets)?;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_source_are_one_piece_and_all_octets_come_in_order() {
        let source: Source = Arc::new(vec![b'x'; 1_000]);
        let mut assembly = Assembly::default();
        assembly.content(&Content::new(source.clone(), Some(0..400))).unwrap();
        assembly.content(&Content::new(source.clone(), Some(400..1_000))).unwrap();
        assert_eq!(assembly.pieces.len(), 1);
        for _ in 0..2_000 {
            assembly.octets(&[b'y'; 5_000]).unwrap();
        }
        assembly.content(&Content::new(source, Some(0..100))).unwrap();
        assert_eq!((assembly.pieces.len(), assembly.len()), (3, 10_001_100));
        let octets = assembly.finish().unwrap().to_vec(20_000_000).unwrap();
        let expected = [vec![b'x'; 1_000], vec![b'y'; 10_000_000], vec![b'x'; 100]].concat();
        assert!(octets == expected);
    }

    #[test]
    fn many_pieces_that_were_made_do_not_stay_in_memory() {
        let mut assembly = Assembly::default();
        for _ in 0..4_000 {
            assembly.content(&Content::from(vec![b'z'; 5_000])).unwrap();
        }
        let in_memory = |piece: &Piece| match piece {
            Piece::Content(content) => content.len(),
            Piece::Spooled { .. } => 0,
        };
        assert!(assembly.pieces.iter().map(in_memory).sum::<u64>() <= HELD as u64);
        assert_eq!(assembly.finish().unwrap().to_vec(20_000_000).unwrap(), vec![b'z'; 20_000_000]);
    }
}
