//! A map of which ten million entries fit in memory.

/// Parts of a map that grow one at a time, so that growing never holds everything twice.
const SHARDS: usize = 256;
/// Entries of a part when it gets its first.
const FIRST: usize = 16;

/// A map from `K` to `V` words of 32 bits, at least 72 % full once it is large: an entry takes at most 1.4 times its size.
///
/// A key of zeros is not to be had: it marks an empty slot.
pub(super) struct CompactMap<const K: usize, const V: usize> {
    shards: Vec<Shard<K, V>>,
}

#[derive(Clone, Copy)]
struct Entry<const K: usize, const V: usize> {
    key: [u32; K],
    value: [u32; V],
}

struct Shard<const K: usize, const V: usize> {
    slots: Box<[Entry<K, V>]>,
    len: usize,
}

impl<const K: usize, const V: usize> CompactMap<K, V> {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| Shard { slots: Box::default(), len: 0 }).collect();
        Self { shards }
    }

    /// The value of `key`.
    pub(super) fn get(&self, key: [u32; K]) -> Option<[u32; V]> {
        let (shard, hash) = place(&key);
        let shard = self.shards.get(shard)?;
        let slot = shard.slots.get(shard.find(&key, hash)?)?;
        (slot.key == key).then_some(slot.value)
    }

    /// The value of `key`, or nothing and then it is `value` from now on.
    pub(super) fn get_or_insert(&mut self, key: [u32; K], value: [u32; V]) -> Option<[u32; V]> {
        let found = self.get(key);
        if found.is_none() {
            self.insert(key, value);
        }
        found
    }

    /// Makes `value` that of `key`.
    pub(super) fn insert(&mut self, key: [u32; K], value: [u32; V]) {
        let (shard, hash) = place(&key);
        if let Some(shard) = self.shards.get_mut(shard) {
            shard.make_room();
            shard.insert(Entry { key, value }, hash);
        }
    }

    /// Octets of memory that the entries take, empty slots included.
    #[cfg(test)]
    pub(super) fn octets(&self) -> usize {
        self.shards.iter().map(|shard| size_of_val(&*shard.slots)).sum()
    }
}

impl<const K: usize, const V: usize> Shard<K, V> {
    /// The slot that holds `key`, or the empty one where it would stand; `None` where there is no slot at all.
    fn find(&self, key: &[u32; K], hash: u32) -> Option<usize> {
        let slots = self.slots.len();
        let first = usize::try_from((u64::from(hash) * slots as u64) >> 32).ok()?;
        (first..slots)
            .chain(0..first)
            .find(|&at| self.slots.get(at).is_none_or(|slot| slot.key == *key || slot.key == [0; K]))
    }

    fn insert(&mut self, entry: Entry<K, V>, hash: u32) {
        if let Some(slot) = self.find(&entry.key, hash).and_then(|at| self.slots.get_mut(at)) {
            self.len += usize::from(slot.key == [0; K]);
            *slot = entry;
        }
    }

    /// Nine slots of ten are filled before there are a quarter more.
    fn make_room(&mut self) {
        if (self.len + 1) * 10 <= self.slots.len() * 9 {
            return;
        }
        let more = (self.slots.len() + self.slots.len() / 4).max(FIRST);
        let empty = Entry { key: [0; K], value: [0; V] };
        let old = std::mem::replace(&mut self.slots, vec![empty; more].into_boxed_slice());
        self.len = 0;
        for entry in old.iter().filter(|entry| entry.key != [0; K]) {
            let (_, hash) = place(&entry.key);
            self.insert(*entry, hash);
        }
    }
}

/// The part that a key belongs to, and where it is looked for there.
fn place<const K: usize>(key: &[u32; K]) -> (usize, u32) {
    let mixed = key.iter().fold(0_u64, |mixed, word| {
        let mixed = (mixed ^ u64::from(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 29
    });
    let [shard, ..] = mixed.to_be_bytes();
    (usize::from(shard), (mixed >> 16) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn it_is_a_map(entries in proptest::collection::vec((1_u32..400, any::<u32>()), 0..2_000)) {
            let (mut map, mut known) = (CompactMap::<2, 1>::new(), HashMap::new());
            for (key, value) in entries {
                if value % 2 == 0 {
                    map.insert([key, 0], [value]);
                    known.insert(key, value);
                } else {
                    let found = map.get_or_insert([key, 0], [value]);
                    prop_assert_eq!(found, known.get(&key).map(|value| [*value]));
                    known.entry(key).or_insert(value);
                }
            }
            for key in 1..400 {
                prop_assert_eq!(map.get([key, 0]), known.get(&key).map(|value| [*value]));
            }
        }
    }

    #[test]
    fn an_entry_takes_at_most_forty_octets_at_any_number() {
        let mut map = CompactMap::<4, 2>::new();
        let mut worst = 0;
        for number in 1..=1_000_000_u32 {
            map.insert([number, number.wrapping_mul(7), 1, 1], [number, 0]);
            if number > 100_000 && number % 1_000 == 0 {
                worst = worst.max(map.octets() * 100 / number as usize);
            }
        }
        assert!(worst <= 40_00, "{worst} hundredths of an octet");
        assert_eq!(map.get([777_777, 777_777 * 7, 1, 1]), Some([777_777, 0]));
    }
}
