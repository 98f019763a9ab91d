use super::{ReadAt, Source};
use crate::{defect::Defect, limits::Stop};
use std::{io, sync::Arc};

/// A source that cannot be read any more once it is asked to stop.
pub(crate) struct Stoppable {
    source: Source,
    stop: Stop,
}

impl Stoppable {
    /// The same source where nobody may ask.
    pub(crate) fn over(source: Source, stop: &Stop) -> Source {
        if stop.is_possible() { Arc::new(Self { source, stop: stop.clone() }) } else { source }
    }
}

impl ReadAt for Stoppable {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        match self.stop.is_asked() {
            // Not `Interrupted`, upon which a read is tried again.
            true => Err(io::Error::other("reading was stopped")),
            false => self.source.read_at(offset, buf),
        }
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.source.take_defects()
    }
}
