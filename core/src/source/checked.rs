use super::{ReadAt, Source};
use crate::{
    crc32::Crc32,
    defect::{Defect, DefectKind},
};
use std::{
    io,
    sync::{Mutex, PoisonError},
};

/// A source whose CRC-32 is known: once its octets have been read in order, a difference is a defect.
///
/// Going back or reading again does no harm; octets that are skipped leave the checksum uncompared.
pub(crate) struct Checked {
    source: Source,
    expected: u32,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    crc: Crc32,
    upto: u64,
    defect: Option<Defect>,
}

impl Checked {
    pub(crate) fn new(source: Source, crc: u32) -> Self {
        Self { source, expected: crc, progress: Mutex::default() }
    }

    fn note(&self, offset: u64, octets: &[u8]) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = progress.upto.checked_sub(offset) else { return };
        let fresh = usize::try_from(known).ok().and_then(|known| octets.get(known..)).unwrap_or_default();
        if fresh.is_empty() {
            return;
        }
        progress.crc.update(fresh);
        progress.upto = progress.upto.saturating_add(fresh.len() as u64);
        if progress.upto == self.source.len() && progress.crc.value() != self.expected {
            let detail = "the checksum in the archive does not match: some octets are wrong";
            progress.defect = Some(Defect::new(DefectKind::Damaged, detail));
        }
    }
}

impl ReadAt for Checked {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read_at(offset, buf)?;
        self.note(offset, buf.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn take_defects(&self) -> Vec<Defect> {
        let mut defects = self.source.take_defects();
        defects.extend(self.progress.lock().unwrap_or_else(PoisonError::into_inner).defect.take());
        defects
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn compares_once_all_has_been_read_however_it_was_read() {
        let octets = b"0123456789".to_vec();
        for (crc, defects) in [(crate::crc32::crc32(0, &octets), 0), (1, 1)] {
            let source = Checked::new(Arc::new(octets.clone()), crc);
            for (at, len) in [(0, 4), (7, 3), (2, 5), (0, 1), (6, 4), (3, 7)] {
                source.read_exact_at(at, &mut vec![0; len]).unwrap();
            }
            assert_eq!(source.take_defects().len(), defects);
            assert_eq!(source.take_defects().len(), 0, "told once");
        }
    }

    #[test]
    fn says_nothing_of_what_was_not_read() {
        let source = Checked::new(Arc::new(b"0123456789".to_vec()), 1);
        source.read_exact_at(5, &mut [0; 5]).unwrap();
        assert_eq!(source.take_defects(), []);
    }
}
