//! Memory that structures take which are looked at at the same time: those of messages in one another add up.

use super::Check;
use std::cell::Cell;

/// Octets that all of them hold at most. The table of 500,000 messages takes less than 2 MiB.
const MOST: u64 = 24 << 20;

/// What one structure holds, given back when it is dropped.
pub(super) struct Held<'a> {
    all: &'a Cell<u64>,
    own: Cell<u64>,
}

impl Held<'_> {
    /// Asks for as much more, before it is taken; whether it may be.
    pub(super) fn take(&self, octets: usize) -> bool {
        let all = self.all.get().saturating_add(octets as u64);
        if all > MOST {
            return false;
        }
        self.all.set(all);
        self.own.set(self.own.get().saturating_add(octets as u64));
        true
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.all.set(self.all.get().saturating_sub(self.own.get()));
    }
}

impl Check {
    pub(super) fn hold(&self) -> Held<'_> {
        Held { all: &self.held, own: Cell::new(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_given_back() {
        let all = Cell::new(0);
        let hold = || Held { all: &all, own: Cell::new(0) };
        let outer = hold();
        assert!(outer.take(MOST as usize - 10));
        {
            let inner = hold();
            assert!(inner.take(10) && !inner.take(1) && !inner.take(usize::MAX));
        }
        assert!(outer.take(10));
        drop(outer);
        assert_eq!(all.get(), 0);
    }
}
