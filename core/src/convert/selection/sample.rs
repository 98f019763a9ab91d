use crate::{model::Item, order};
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

    /// Counts an item of a [group](group_of) in the first pass.
    pub(super) fn count(&mut self, group: u64) {
        self.group(group).1.available += 1;
    }

    /// Says how many items each group gives: as many as every other, or all it has.
    pub(super) fn end_of_first_pass(&mut self) {
        let mut sizes: Vec<u64> = self.groups.values().map(|group| group.available).collect();
        sizes.sort_unstable();
        let (mut left, mut level) = (self.size, 0);
        for (smaller, size) in sizes.iter().enumerate() {
            let groups = (sizes.len() - smaller) as u64;
            let rise = (*size - level).min(left / groups);
            left -= rise * groups;
            level += rise;
            if level < *size {
                break;
            }
        }
        // What is left does not go round once more.
        let mut larger: Vec<u64> =
            self.groups.iter().filter(|(_, group)| group.available > level).map(|(key, _)| *key).collect();
        order::sort_by_key(&mut larger, |key| chance(self.seed, *key, u64::MAX));
        self.groups.values_mut().for_each(|group| group.wanted = group.available.min(level));
        for key in larger.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            self.groups.entry(*key).and_modify(|group| group.wanted += 1);
        }
    }

    /// Whether an item of the second pass is chosen, by its group.
    pub(super) fn takes(&mut self, group: u64) -> bool {
        let seed = self.seed;
        let (key, group) = self.group(group);
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

    fn group(&mut self, key: u64) -> (u64, &mut Group) {
        let key = if self.groups.len() < MOST_GROUPS || self.groups.contains_key(&key) { key } else { 0 };
        (key, self.groups.entry(key).or_default())
    }
}

/// The group of an item: its folder and its kind.
pub(super) fn group_of(item: &Item) -> u64 {
    let mut hasher = XxHash3_64::new();
    for name in item.folder.path.names() {
        hasher.write(name.as_bytes());
        hasher.write(&[0xFF]);
    }
    hasher.write(item.kind.as_str().as_bytes());
    hasher.finish()
}

/// A number that anybody finds again who has the seed.
fn chance(seed: u64, key: u64, number: u64) -> u64 {
    let [key, number] = [key, number].map(u64::to_le_bytes);
    XxHash3_64::oneshot_with_seed(seed, &[key, number].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Folder, FolderPath, ItemKind, Message},
        source::Content,
    };
    use proptest::prelude::*;

    fn item(folder: usize) -> Item {
        let folder = Folder { path: FolderPath::new([format!("Folder {folder}")]), role: None };
        Item::new(ItemKind::Message(Message::new(Content::from(Vec::new()))), folder, Default::default())
    }

    /// Of folders with so many items: which are chosen, folder by folder.
    fn chosen(size: u64, seed: u64, folders: &[usize]) -> Vec<Vec<usize>> {
        let mut sample = Sample::new(size, seed);
        let items = || folders.iter().enumerate().flat_map(|(folder, items)| (0..*items).map(move |at| (folder, at)));
        items().for_each(|(folder, _)| sample.count(group_of(&item(folder))));
        sample.end_of_first_pass();
        let mut chosen = vec![Vec::new(); folders.len()];
        items()
            .filter(|(folder, _)| sample.takes(group_of(&item(*folder))))
            .for_each(|(folder, at)| chosen[folder].push(at));
        chosen
    }

    proptest! {
        #[test]
        fn a_sample_has_its_size_and_is_even(
            size in 0_u64..60,
            seed: u64,
            folders in proptest::collection::vec(1_usize..20, 0..12),
        ) {
            let chosen = chosen(size, seed, &folders);
            let taken: usize = chosen.iter().map(Vec::len).sum();
            prop_assert_eq!(taken as u64, size.min(folders.iter().sum::<usize>() as u64));
            let most = chosen.iter().map(Vec::len).max().unwrap_or(0);
            for (chosen, available) in chosen.iter().zip(&folders) {
                prop_assert!(chosen.len() == *available || chosen.len() + 1 >= most, "{:?} of {}", chosen, available);
            }
        }

        #[test]
        fn the_same_seed_chooses_the_same(size in 0_u64..30, seed: u64, folders in proptest::collection::vec(1_usize..20, 0..8)) {
            prop_assert_eq!(chosen(size, seed, &folders), chosen(size, seed, &folders));
        }
    }

    #[test]
    fn another_seed_chooses_others() {
        assert_ne!(chosen(10, 1, &[100, 100]), chosen(10, 2, &[100, 100]));
    }
}
