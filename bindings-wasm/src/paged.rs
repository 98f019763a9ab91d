//! Fewer and larger reads: a call into JavaScript costs a millisecond where a browser reads a file.

use mailferry::source::ReadAt;
use std::{io, sync::Mutex};

/// Octets of a page.
const PAGE: usize = 256 << 10;
/// Octets that are kept.
const KEPT: usize = 16 << 20;
/// Octets that are kept of what is read from front to back.
const BEHIND: usize = 8 << 20;
/// Pages that are read at a time where one is read after the other: 4 MiB.
const AHEAD: usize = 16;

/// A source of which the pages are kept that were used last.
pub(crate) struct Paged<S> {
    source: S,
    kept: Mutex<Kept>,
}

struct Kept {
    runs: Vec<Run>,
    /// Counts what was asked for.
    clock: u64,
    /// The page behind the last one that was fetched.
    next: u64,
}

/// Pages that were read at once.
struct Run {
    from: u64,
    used: u64,
    octets: Vec<u8>,
}

impl<S: ReadAt> Paged<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, kept: Mutex::new(Kept { runs: Vec::new(), clock: 0, next: 0 }) }
    }
}

impl<S: ReadAt> ReadAt for Paged<S> {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
        let mut kept = self.kept.try_lock().map_err(|_| io::Error::other("a read was asked for within a read"))?;
        if kept.from(offset).is_empty() {
            // What is larger than a page goes where it is wanted, if it has to be fetched anyway.
            if octets.len() >= PAGE * 2 {
                kept.next = 0;
                return self.source.read_at(offset, octets);
            }
            kept.fetch(offset / PAGE as u64, &self.source)?;
        }
        let found = kept.from(offset);
        let n = found.len().min(octets.len());
        if let (Some(to), Some(from)) = (octets.get_mut(..n), found.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

impl Kept {
    /// What is there of the octets from `offset` on.
    fn from(&mut self, offset: u64) -> &[u8] {
        self.clock += 1;
        let found = self.runs.iter_mut().find_map(|run| {
            let within = usize::try_from(offset.checked_sub(run.from)?).ok()?;
            let octets = run.octets.get(within..).filter(|octets| !octets.is_empty())?;
            run.used = self.clock;
            Some(octets)
        });
        found.unwrap_or_default()
    }

    /// Reads the page `number`, and those behind it where the page before was the last that was fetched.
    fn fetch(&mut self, number: u64, source: &impl ReadAt) -> io::Result<()> {
        let from = number * PAGE as u64;
        let left = usize::try_from(source.len().saturating_sub(from)).unwrap_or(usize::MAX);
        let (most, room) = if number == self.next { (AHEAD, BEHIND) } else { (1, KEPT) };
        let wanted = left.min(most * PAGE);
        let mut octets = self.room(wanted, room);
        source.read_exact_at(from, &mut octets)?;
        self.next = number + wanted.div_ceil(PAGE) as u64;
        self.runs.push(Run { from, used: self.clock, octets });
        Ok(())
    }

    /// So many octets to read into; those that were not used for the longest time make room, where `most` are kept or more.
    fn room(&mut self, wanted: usize, most: usize) -> Vec<u8> {
        let kept = |runs: &[Run]| runs.iter().map(|run| run.octets.len()).sum::<usize>();
        let most = most.max(kept(&self.runs)).saturating_sub(wanted);
        let mut last = Vec::new();
        while kept(&self.runs) > most
            && let Some((oldest, _)) = self.runs.iter().enumerate().min_by_key(|(_, run)| run.used)
        {
            last = self.runs.swap_remove(oldest).octets;
        }
        if last.len() == wanted { last } else { vec![0; wanted] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::{Arc, Mutex};

    fn noise(len: usize) -> Vec<u8> {
        (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    /// Notes where and how much is read.
    struct Noted(Vec<u8>, Arc<Mutex<Vec<(u64, usize)>>>);

    impl ReadAt for Noted {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, octets: &mut [u8]) -> io::Result<usize> {
            self.1.lock().unwrap().push((offset, octets.len()));
            self.0.read_at(offset, octets)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn pages_change_nothing(len in 0..6 * PAGE, reads in proptest::collection::vec((0..7 * PAGE as u64, 0..3 * PAGE), 1..24)) {
            let octets = noise(len);
            let paged = Paged::new(octets.clone());
            for (offset, wanted) in reads {
                let (mut here, mut there) = (vec![0; wanted], vec![0; wanted]);
                let n = octets.read_at(offset, &mut there).unwrap();
                let exact = paged.read_exact_at(offset, &mut here[..n]);
                prop_assert!(exact.is_ok());
                prop_assert_eq!(&here[..n], &there[..n]);
                if n == 0 {
                    prop_assert_eq!(paged.read_at(offset, &mut here).unwrap(), 0);
                }
            }
        }
    }

    #[test]
    fn what_is_read_in_small_pieces_is_fetched_in_large_ones_and_only_once() {
        let reads = Arc::default();
        let paged = Paged::new(Noted(noise(40 * PAGE), Arc::clone(&reads)));
        let mut octets = [0; 4_096];
        for offset in (0..40 * PAGE as u64).step_by(4_096) {
            paged.read_exact_at(offset, &mut octets).unwrap();
        }
        assert_eq!(reads.lock().unwrap().len(), 3);
        paged.read_exact_at(16 * PAGE as u64, &mut octets).unwrap();
        assert_eq!(reads.lock().unwrap().len(), 3, "what lies a little way back is kept");
        paged.read_exact_at(5, &mut octets).unwrap();
        assert_eq!(reads.lock().unwrap().len(), 4, "and no more, as it is not read again");
    }

    #[test]
    fn what_is_read_here_and_there_is_fetched_by_the_page() {
        let reads = Arc::default();
        let paged = Paged::new(Noted(noise(200 * PAGE), Arc::clone(&reads)));
        for page in [150, 20, 90] {
            paged.read_exact_at(page * PAGE as u64 + 9, &mut [0; 100]).unwrap();
        }
        assert!(reads.lock().unwrap().iter().all(|(_, len)| *len == PAGE));
    }

    #[test]
    fn a_source_that_ends_too_early_is_an_error() {
        struct Short;
        impl ReadAt for Short {
            fn len(&self) -> u64 {
                10
            }
            fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
                Ok(0)
            }
        }
        let error = Paged::new(Short).read_at(0, &mut [0; 4]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
