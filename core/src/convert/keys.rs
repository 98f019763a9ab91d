#[cfg(not(target_family = "wasm"))]
use super::log_reader::RecordedLine;
use sha2::{Digest, Sha256};
use std::{ops::Range, sync::Arc};

/// Octets and their folder, by which an item is known again wherever it stands in its source.
///
/// 128 bits of a SHA-256: two unlike items with one key cannot be made on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::convert) struct Key([u64; 2]);

impl Key {
    /// The key of the parts, in this order.
    pub(in crate::convert) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let mut words = digest.as_chunks::<8>().0.iter().map(|octets| u64::from_le_bytes(*octets));
        Self([words.next().unwrap_or(0), words.next().unwrap_or(0)])
    }

    /// That of octets in a folder.
    pub(in crate::convert) fn of_item(digest: &str, folder: &str) -> Self {
        Self::of([digest.as_bytes(), folder.as_bytes()])
    }

    /// That of an item whose octets may change: its node, UID or message id; none where it has nothing of its own.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn of_identity(line: &RecordedLine<'_>) -> Option<Self> {
        identity(
            &line.source.file,
            line.folder_written(),
            line.source.nid,
            line.uid.as_deref(),
            line.message_id.as_deref(),
        )
    }
}

/// The key of an item whose octets may change.
#[cfg(not(target_family = "wasm"))]
pub(in crate::convert) fn identity(
    file: &str,
    folder: &str,
    nid: Option<u32>,
    uid: Option<&str>,
    message_id: Option<&str>,
) -> Option<Key> {
    let node = nid.map(u32::to_le_bytes);
    let own = match (&node, uid.or(message_id)) {
        (Some(node), _) => &node[..],
        (None, own) => own?.as_bytes(),
    };
    Some(Key::of([file.as_bytes(), folder.as_bytes(), own]))
}

/// Keys, each as often as it was added, in 17 octets and a bit each.
#[derive(Default)]
pub(in crate::convert) struct Keys {
    pushed: Vec<Key>,
    sorted: Arc<Sorted>,
    taken: Vec<u64>,
}

/// Keys in order, and where those start that have the same first bits: they are digests, so that each is as likely as any other.
#[derive(Clone, Default)]
pub(in crate::convert) struct Sorted {
    keys: Vec<Key>,
    starts: Vec<usize>,
    bits: u32,
}

/// Keys that have the same first bits, about.
const TOGETHER: usize = 8;

impl Sorted {
    fn of(mut keys: Vec<Key>) -> Self {
        keys.sort_unstable();
        let bits = (keys.len() / TOGETHER).checked_ilog2().unwrap_or(0);
        let mut sorted = Self { keys, starts: vec![0], bits };
        let mut at = 0;
        for bucket in 0..1_u64 << bits {
            at += sorted
                .keys
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|key| sorted.bucket(**key) == bucket)
                .count();
            sorted.starts.push(at);
        }
        sorted
    }

    /// The first bits of a key.
    fn bucket(&self, key: Key) -> u64 {
        key.0[0].checked_shr(u64::BITS - self.bits).unwrap_or(0)
    }

    /// Where the keys are that equal `key`.
    fn equal(&self, key: Key) -> Range<usize> {
        let bucket = usize::try_from(self.bucket(key)).unwrap_or(usize::MAX);
        let start = self.starts.get(bucket).copied().unwrap_or(0);
        let end = bucket.checked_add(1).and_then(|next| self.starts.get(next)).copied().unwrap_or(start);
        let together = self.keys.get(start..end).unwrap_or_default();
        let first = together.partition_point(|other| *other < key);
        let count = together.iter().skip(first).take_while(|other| **other == key).count();
        start + first..start + first + count
    }

    /// Whether `key` is among them.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn contains(&self, key: Key) -> bool {
        !self.equal(key).is_empty()
    }
}

impl Keys {
    /// Adds a key. Before any is taken, [`Keys::sort`] them.
    pub(in crate::convert) fn push(&mut self, key: Key) {
        self.pushed.push(key);
    }

    pub(in crate::convert) fn sort(&mut self) {
        self.taken = vec![0; self.pushed.len().div_ceil(64)];
        self.sorted = Arc::new(Sorted::of(std::mem::take(&mut self.pushed)));
    }

    /// All of them, taken or not.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn sorted(&self) -> &Arc<Sorted> {
        &self.sorted
    }

    /// Takes out one of those that equal `key`; `false` where none is left.
    pub(in crate::convert) fn take(&mut self, key: Key) -> bool {
        let Range { start: mut low, end } = self.sorted.equal(key);
        // Taken from the first on: the last of them says how many are.
        let is_taken = |at: usize| self.taken.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1);
        let mut high = end;
        while low < high {
            let middle = low + (high - low) / 2;
            if is_taken(middle) { low = middle + 1 } else { high = middle }
        }
        if low == end {
            return false;
        }
        if let Some(bits) = self.taken.get_mut(low / 64) {
            *bits |= 1 << (low % 64);
        }
        true
    }

    /// Whether each was taken as often as it was added.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn are_all_taken(&self) -> bool {
        self.taken.iter().map(|bits| bits.count_ones() as usize).sum::<usize>() == self.sorted.keys.len()
    }

    /// All of them, taken or not.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn into_iter(self) -> impl Iterator<Item = Key> {
        Arc::unwrap_or_clone(self.sorted).keys.into_iter()
    }

    /// Whether one of those that equal `key` is there, taken or not.
    #[cfg(not(target_family = "wasm"))]
    pub(in crate::convert) fn contains(&self, key: Key) -> bool {
        self.sorted.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn key(number: u8) -> Key {
        Key::of([&[number][..]])
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(Key::of_item("ab", "c"), Key::of_item("a", "bc"));
        assert_eq!(Key::of_item("ab", "c"), Key::of_item("ab", "c"));
    }

    proptest! {
        #[test]
        fn each_is_taken_as_often_as_it_was_added(
            added in proptest::collection::vec(0..200_u8, 0..600),
            asked in proptest::collection::vec(0..250_u8, 0..800),
        ) {
            let mut keys = Keys::default();
            let mut left: HashMap<u8, usize> = HashMap::new();
            for number in added {
                keys.push(key(number));
                *left.entry(number).or_default() += 1;
            }
            keys.sort();
            for number in asked {
                prop_assert_eq!(keys.contains(key(number)), left.contains_key(&number));
                let expected = left.get_mut(&number).filter(|left| **left > 0).map(|left| *left -= 1).is_some();
                prop_assert_eq!(keys.take(key(number)), expected);
            }
        }
    }
}
