use super::{Inflated, ReadAt, Source};
use crate::defect::Defect;
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// Pieces of deflate data that are held inflated at the same time.
const HELD: usize = 4;

/// Pieces of deflate data of which only those that were read last are held inflated, however many are in use.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<VecDeque<(u64, Arc<Inflated>)>>);

impl Shelf {
    /// The `len` octets that the deflate data in `compressed` holds; `key` tells it from others of the shelf.
    pub(crate) fn piece(self: &Arc<Self>, key: u64, compressed: Source, len: u64) -> Source {
        Arc::new(Piece { shelf: Arc::clone(self), key, compressed, len })
    }
}

struct Piece {
    shelf: Arc<Shelf>,
    key: u64,
    compressed: Source,
    len: u64,
}

impl Piece {
    fn inflated(&self) -> Arc<Inflated> {
        let mut held = self.shelf.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = held.iter().position(|(key, _)| *key == self.key).and_then(|at| held.remove(at));
        let (key, inflated) =
            known.unwrap_or_else(|| (self.key, Arc::new(Inflated::deflate(Arc::clone(&self.compressed), self.len))));
        held.push_front((key, Arc::clone(&inflated)));
        held.truncate(HELD);
        inflated
    }
}

impl ReadAt for Piece {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.inflated().read_at(offset, buf)
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.inflated().take_defects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Content;

    #[test]
    fn pieces_are_whole_however_few_are_held() {
        let shelf = Arc::new(Shelf::default());
        let octets = |n: u8| (0..200_000_u32).map(|i| (i / 7) as u8 ^ n).collect::<Vec<u8>>();
        let pieces: Vec<Source> = (0..20)
            .map(|n| {
                let compressed = miniz_oxide::deflate::compress_to_vec(&octets(n), 1);
                shelf.piece(n.into(), Arc::new(compressed), 200_000)
            })
            .collect();
        for (n, piece) in (0..).zip(&pieces) {
            assert!(Content::from(Arc::clone(piece)).to_vec(1 << 20).unwrap() == octets(n));
        }
        for at in [199_000, 0, 70_000] {
            for (n, piece) in (0..).zip(&pieces) {
                let mut portion = [0; 1000];
                piece.read_exact_at(at, &mut portion).unwrap();
                assert!(octets(n)[at as usize..].starts_with(&portion));
            }
        }
        assert_eq!(shelf.0.lock().unwrap().len(), HELD);
    }
}
