use super::{ReadAt, Source};
use crate::defect::Defect;
use std::{
    collections::VecDeque,
    io,
    sync::{PoisonError, RwLock},
};

/// Octets from which on what is read is remembered: who reads so many goes through the source.
const LARGE: usize = 32 << 10;
/// Readings that are remembered: those of who goes through it, as far back as items are on their way.
const READINGS: usize = 4;

/// A source of which what was read last in large pieces is in memory, so that the small items in them are not read from it again.
pub(crate) struct Recent {
    source: Source,
    readings: RwLock<VecDeque<Reading>>,
}

/// Octets of the source from `from` on.
#[derive(Default)]
struct Reading {
    from: u64,
    octets: Vec<u8>,
}

impl Recent {
    /// The same octets; one that is in memory stays what it is.
    pub(crate) fn over(source: Source) -> Source {
        match source.as_slice() {
            Some(_) => source,
            None => std::sync::Arc::new(Self { source, readings: RwLock::default() }),
        }
    }

    /// Copies what is remembered from `offset` on to `buf`, and gives the number of octets.
    fn recall(&self, offset: u64, buf: &mut [u8]) -> usize {
        let readings = self.readings.read().unwrap_or_else(PoisonError::into_inner);
        let rest = readings.iter().rev().find_map(|reading| {
            let skip = usize::try_from(offset.checked_sub(reading.from)?).ok()?;
            reading.octets.get(skip..).filter(|rest| !rest.is_empty())
        });
        let rest = rest.unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        n
    }

    fn remember(&self, from: u64, octets: &[u8]) {
        let mut readings = self.readings.write().unwrap_or_else(PoisonError::into_inner);
        let mut reading = match readings.len() >= READINGS {
            true => readings.pop_front().unwrap_or_default(),
            false => Reading::default(),
        };
        reading.from = from;
        reading.octets.clear();
        reading.octets.extend_from_slice(octets);
        readings.push_back(reading);
    }
}

impl ReadAt for Recent {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if buf.len() >= LARGE {
            let n = self.source.read_at(offset, buf)?;
            self.remember(offset, buf.get(..n).unwrap_or_default());
            return Ok(n);
        }
        match self.recall(offset, buf) {
            0 => self.source.read_at(offset, buf),
            n => Ok(n),
        }
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.source.take_defects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Content;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    /// Counts how often it is read.
    struct Counted(Vec<u8>, Arc<AtomicUsize>);

    impl ReadAt for Counted {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read_at(offset, buf)
        }
    }

    #[test]
    fn what_was_read_in_large_pieces_is_not_read_again() {
        let octets: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        let count = Arc::new(AtomicUsize::new(0));
        let source = Recent::over(Arc::new(Counted(octets.clone(), count.clone())));
        for from in [0, 100_000, 300_000] {
            source.read_exact_at(from as u64, &mut vec![0; 100_000]).unwrap();
        }
        assert_eq!(count.swap(0, Ordering::Relaxed), 3);
        // One lies in two of them; the last in none.
        for (from, readings) in [(10, 0), (99_990, 0), (399_000, 0), (399_990, 1), (250_000, 1)] {
            let content = Content::new(source.clone(), std::iter::once(from..from + 500));
            assert_eq!(content.to_vec(500).unwrap(), octets[from as usize..from as usize + 500], "{from}");
            assert_eq!(count.swap(0, Ordering::Relaxed), readings, "{from}");
        }
    }
}
