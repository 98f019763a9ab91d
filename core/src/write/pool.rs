use std::sync::{Arc, Mutex, PoisonError};

/// Things that cost time to make and rest here between uses: as many as were ever used at once.
pub(crate) struct Pool<T>(Arc<Mutex<Vec<T>>>);

impl<T> Pool<T> {
    /// One that rests, if any.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Lets it rest.
    pub(crate) fn put(&self, thing: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thing);
    }
}

/// Octets of the buffers that rest in one place: each comes to be as large as the largest thing it was ever used for, and as many would
/// rest as were ever used at once.
const MOST_RESTING: usize = 2 << 20;

impl Pool<Vec<u8>> {
    /// Lets a buffer rest, if there is room for it.
    pub(crate) fn rest(&self, buffer: Vec<u8>) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let octets: usize = resting.iter().map(Vec::capacity).sum();
        if octets.saturating_add(buffer.capacity()) <= MOST_RESTING {
            resting.push(buffer);
        }
    }
}

impl<T> Clone for Pool<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}
