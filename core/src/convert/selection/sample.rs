use crate::model::Item;
use std::{collections::HashMap, hash::Hasher};
use twox_hash::XxHash3_64;

/// Folders and kinds that are told apart; what is beyond is one group.
const MOST_GROUPS: usize = 1 << 16;

/// Chooses so many items, as evenly over the groups of one folder and one kind as their numbers allow.
///
/// A first pass counts the groups; then each item is decided upon as it comes. A group of n items that gives q of them is
/// parted into q stretches of equal length, of each of which the seed picks one.
pub(super) struct Sample {
    size: u64,
    seed: u64,
    groups: HashMap<u64, Group>,
}

#[derive(Clone, Copy, Default)]
struct Group {
    available: u64,
    wanted: u64,
    /// Those that came by in the second pass.
    passed: u64,
}

impl Sample {
    pub(super) fn new(size: u64, seed: u64) -> Self {
        Self { size, seed, groups: HashMap::new() }
    }

    /// Counts an item in the first pass.
    pub(super) fn count(&mut self, item: &Item) {
        self.group(item).1.available += 1;
    }

    /// Says how many items each group gives: as many as every other, or all it has.
    pub(super) fn end_of_first_pass(&mut self) {
        let mut sizes: Vec<u64> = self.groups.values().map(|group| group.available).collect();
        sizes.sort_unstable();
        let (mut left, mut level) = (self.size, 0);
        for (smaller, size) in sizes.iter().enumerate() {
            let groups = (sizes.len() - smaller) as u64;
            let rise = (size - level).min(left / groups);
            left -= rise * groups;
            level += rise;
        }
        // What is left does not go round once more.
        let mut larger: Vec<u64> =
            self.groups.iter().filter(|(_, group)| group.available > level).map(|(key, _)| *key).collect();
        larger.sort_unstable_by_key(|key| chance(self.seed, *key, u64::MAX));
        self.groups.values_mut().for_each(|group| group.wanted = group.available.min(level));
        for key in larger.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            self.groups.entry(*key).and_modify(|group| group.wanted += 1);
        }
    }

    /// Whether an item of the second pass is chosen.
    pub(super) fn takes(&mut self, item: &Item) -> bool {
        let seed = self.seed;
        let (key, group) = self.group(item);
        let at = group.passed;
        group.passed += 1;
        let (available, wanted) = (u128::from(group.available), u128::from(group.wanted));
        if wanted == 0 || at >= group.available {
            return false;
        }
        let stretch = ((u128::from(at) + 1) * wanted - 1) / available;
        let start = stretch * available / wanted;
        let len = (stretch + 1) * available / wanted - start;
        let pick = u64::try_from(stretch).map_or(0, |stretch| chance(seed, key, stretch));
        u128::from(at) == start + u128::from(pick) % len
    }

    fn group(&mut self, item: &Item) -> (u64, &mut Group) {
        let mut hasher = XxHash3_64::new();
        for name in item.folder.path.names() {
            hasher.write(name.as_bytes());
            hasher.write(&[0xFF]);
        }
        hasher.write(item.kind.as_str().as_bytes());
        let key = hasher.finish();
        let key = if self.groups.len() < MOST_GROUPS || self.groups.contains_key(&key) { key } else { 0 };
        (key, self.groups.entry(key).or_default())
    }
}

/// A number that anybody finds again who has the seed.
fn chance(seed: u64, key: u64, number: u64) -> u64 {
    let [key, number] = [key, number].map(u64::to_le_bytes);
    XxHash3_64::oneshot_with_seed(seed, &[key, number].concat())
}
