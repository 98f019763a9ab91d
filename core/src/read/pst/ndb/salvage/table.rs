use std::cmp::Ordering;

/// What a [`Table`] holds.
pub(super) trait Entry {
    type Key: Ord;

    fn key(&self) -> Self::Key;

    /// Which of two with the same key counts: the greater one.
    fn rank(&self, other: &Self) -> Ordering;
}

/// Entries by their keys, each in no more memory than itself, and no more of them than there is room for.
///
/// They are taken as they come; whenever as many are new as were there before, all are sorted, and of those with the same key one
/// stays. So an entry costs its place in a few sorts, whatever comes.
pub(super) struct Table<T> {
    entries: Vec<T>,
    /// How many there may be before they are sorted again.
    pause: usize,
    room: usize,
    /// Whether there were more than there is room for; then the first of the file are there.
    pub(super) is_cut: bool,
    is_full: bool,
}

/// Entries that are taken before they are sorted for the first time.
const PAUSE: usize = 1 << 10;

impl<T: Entry> Table<T> {
    pub(super) fn new(room: usize) -> Self {
        Self { entries: Vec::new(), pause: PAUSE.min(room), room, is_cut: false, is_full: false }
    }

    pub(super) fn insert(&mut self, entry: T) {
        if self.entries.len() >= self.pause {
            self.make_room();
        }
        if !self.is_full {
            self.entries.push(entry);
            return;
        }
        match self.place(&entry.key()).ok().and_then(|place| self.entries.get_mut(place)) {
            Some(known) if known.rank(&entry).is_lt() => *known = entry,
            Some(_) => {}
            None => self.is_cut = true,
        }
    }

    fn make_room(&mut self) {
        if self.is_full {
            return;
        }
        self.settle();
        // Were the last places filled one by one, all would be sorted for each.
        self.is_full = self.entries.len() >= self.room.saturating_sub(self.room / 8);
        if self.entries.len() > self.pause / 2 {
            self.pause = self.pause.saturating_mul(2).min(self.room);
        }
    }

    /// Sorts what is there, which everything below asks for.
    pub(super) fn settle(&mut self) {
        self.entries.sort_unstable_by(|a, b| a.key().cmp(&b.key()).then_with(|| b.rank(a)));
        self.entries.dedup_by(|later, earlier| later.key() == earlier.key());
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.entries.retain(keep);
        self.entries.shrink_to_fit();
    }

    fn place(&self, key: &T::Key) -> Result<usize, usize> {
        self.entries.binary_search_by(|entry| entry.key().cmp(key))
    }

    /// Where the entry of this key stands.
    pub(super) fn position(&self, key: &T::Key) -> Option<usize> {
        self.place(key).ok()
    }

    pub(super) fn get(&self, key: &T::Key) -> Option<&T> {
        self.entries.get(self.position(key)?)
    }

    /// The first entry with a key above `key`.
    pub(super) fn above(&self, key: &T::Key) -> Option<&T> {
        self.entries.get(self.entries.partition_point(|entry| entry.key() <= *key))
    }

    pub(super) fn as_slice(&self) -> &[T] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    impl Entry for (u8, u8) {
        type Key = u8;

        fn key(&self) -> u8 {
            self.0
        }

        fn rank(&self, other: &Self) -> Ordering {
            self.1.cmp(&other.1)
        }
    }

    proptest! {
        #[test]
        fn of_each_key_the_greatest_stays(entries in prop::collection::vec(any::<(u8, u8)>(), 0..4_000)) {
            let mut table = Table::new(4096);
            let mut expected = BTreeMap::new();
            for (key, rank) in entries {
                table.insert((key, rank));
                let known = expected.entry(key).or_insert(rank);
                *known = rank.max(*known);
            }
            table.settle();
            prop_assert!(!table.is_cut);
            prop_assert_eq!(table.as_slice(), expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn no_more_are_kept_than_there_is_room_for(
            entries in prop::collection::vec(any::<(u8, u8)>(), 0..600), room in 0_usize..70
        ) {
            let mut table = Table::new(room);
            for entry in &entries {
                table.insert(*entry);
                prop_assert!(table.as_slice().len() <= room);
            }
            table.settle();
            let kept = table.as_slice();
            prop_assert!(kept.iter().all(|entry| entries.contains(entry)));
            let all = entries.iter().all(|(key, _)| table.get(key).is_some());
            prop_assert_eq!(table.is_cut, !all);
        }
    }
}
