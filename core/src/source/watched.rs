use super::{ReadAt, Source};
use crate::defect::Defect;
use std::{
    io,
    sync::{Mutex, PoisonError},
};

/// Whether octets cannot be had because they are damaged, and not because the system refuses them.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// A source that remembers that the system refused to read it: what goes on without those octets is not to be taken for damage.
pub(crate) struct Watched {
    source: Source,
    failure: Mutex<Option<io::Error>>,
}

impl Watched {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, failure: Mutex::default() }
    }

    /// The first refusal since the last call.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, failure: io::Error) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }
}

impl ReadAt for Watched {
    fn len(&self) -> u64 {
        self.source.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read_at(offset, buf);
        match &read {
            Ok(0) if !buf.is_empty() && offset < self.source.len() => self.note(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted && !is_damage(error) => {
                self.note(io::Error::new(error.kind(), error.to_string()));
            }
            _ => {}
        }
        read
    }

    fn as_slice(&self) -> Option<&[u8]> {
        self.source.as_slice()
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.source.take_defects()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Fails in this way behind its fourth octet, and has no octets behind its eighth.
    struct Failing(io::ErrorKind);

    impl ReadAt for Failing {
        fn len(&self) -> u64 {
            10
        }

        fn read_at(&self, offset: u64, _: &mut [u8]) -> io::Result<usize> {
            match offset {
                0..4 => Ok(1),
                4..8 => Err(self.0.into()),
                _ => Ok(0),
            }
        }
    }

    #[test]
    fn what_the_system_refuses_is_remembered_once() {
        for (kind, at, told) in [
            (io::ErrorKind::PermissionDenied, 5, Some(io::ErrorKind::PermissionDenied)),
            (io::ErrorKind::Other, 5, Some(io::ErrorKind::Other)),
            (io::ErrorKind::Other, 0, None),
            (io::ErrorKind::Interrupted, 5, None),
            (io::ErrorKind::InvalidData, 5, None),
            (io::ErrorKind::Other, 9, Some(io::ErrorKind::UnexpectedEof)),
            (io::ErrorKind::Other, 10, None),
        ] {
            let source = Watched::new(Arc::new(Failing(kind)));
            let _read = source.read_at(at, &mut [0; 2]);
            assert_eq!(source.take_failure().map(|failure| failure.kind()), told, "{kind:?} at {at}");
            assert!(source.take_failure().is_none());
        }
    }
}
