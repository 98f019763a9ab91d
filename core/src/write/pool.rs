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

/// A larger buffer is given back: every thread would come to hold the largest there was.
const MOST_RESTING: usize = 1 << 20;

impl Pool<Vec<u8>> {
    /// Lets a buffer rest, if it is not too large to be kept for nothing.
    pub(crate) fn rest(&self, buffer: Vec<u8>) {
        if buffer.capacity() <= MOST_RESTING {
            self.put(buffer);
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
