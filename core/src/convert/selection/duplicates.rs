use super::{Dedupe, card_digest, compact_map::CompactMap, content_digest::digest};
use crate::{
    convert::Place,
    model::{Item, Label},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Sets of labels, and labels, that are told apart; duplicates that would make more keep their labels to their own lines.
const MOST_SETS: usize = 1 << 16;
/// Labels in all sets together, and every four octets of a name count as one: 16 MiB.
const MOST_MEMBERS: usize = 1 << 22;
/// Bits of a place that are the number of the item in its source; the rest is that of the source.
const ORDINAL_BITS: u32 = 36;

/// Finds the items that are equal to an earlier one.
///
/// Of every item a first pass keeps 24 octets, of a card up to three times so many, and of every duplicate 16 more in place of them; with the empty slots of the
/// maps that stays below 40 octets an item. What the first pass found needs no digest to be applied.
pub(super) struct Duplicates {
    dedupe: Dedupe,
    /// By digest, where the item is that is kept; done with after the first pass.
    seen: CompactMap<4, 2>,
    /// By the place of a duplicate, that of the item that is kept.
    kept: CompactMap<2, 2>,
    /// By the place of an item that is kept, the set of the labels that its duplicates carry.
    joined: CompactMap<2, 1>,
    sets: LabelSets,
}

impl Duplicates {
    pub(super) fn new(dedupe: Dedupe) -> Self {
        Self {
            dedupe,
            seen: CompactMap::new(),
            kept: CompactMap::new(),
            joined: CompactMap::new(),
            sets: LabelSets::default(),
        }
    }

    /// What an item is known by.
    ///
    /// One that cannot be read is known by nothing, and no duplicate: why it fails is told where it is rendered.
    pub(super) fn digests(&self, item: &Item) -> Option<Vec<[u32; 4]>> {
        let mut digests = vec![digest(item, self.dedupe).ok()?];
        if let Some(card) = item.card().filter(|_| self.dedupe == Dedupe::Loose) {
            digests.extend(card_digest::loose(card).unwrap_or_default());
        }
        // A digest of zeros is none that anybody will meet, but it would mark an empty slot.
        digests.iter_mut().filter(|digest| **digest == [0; 4]).for_each(|digest| *digest = [1; 4]);
        Some(digests)
    }

    /// Looks at an item in the first pass, which has these labels and is known by `digests`; whether it is a duplicate.
    pub(super) fn look_at(&mut self, labels: &[Label], place: Place, digests: Vec<[u32; 4]>) -> bool {
        let Some(place) = packed(place) else { return false };
        let kept = digests.iter().find_map(|digest| self.seen.get(*digest));
        for digest in digests {
            self.seen.get_or_insert(digest, kept.unwrap_or(place));
        }
        let Some(kept) = kept else { return false };
        self.kept.insert(place, kept);
        let before = self.joined.get(kept).map_or(LabelSets::EMPTY, |[set]| set);
        if let Some(set) = self.sets.with(before, labels).filter(|set| *set != before) {
            self.joined.insert(kept, [set]);
        }
        true
    }

    /// Forgets what only the first pass needs.
    pub(super) fn end_of_first_pass(&mut self) {
        self.seen = CompactMap::new();
    }

    /// The item that is kept in the stead of the one at `place`, if that is a duplicate.
    pub(super) fn kept(&self, place: Place) -> Option<Place> {
        self.kept.get(packed(place)?).map(unpacked)
    }

    /// The labels that the duplicates of the item at `place` carry.
    pub(super) fn joined(&self, place: Place) -> impl Iterator<Item = &Label> {
        let set = packed(place).and_then(|place| self.joined.get(place));
        set.into_iter().flat_map(|[set]| self.sets.labels(set))
    }
}

/// Gives an item that is kept the labels of its duplicates.
pub(super) fn join_labels<'l>(item: &mut Item, labels: impl Iterator<Item = &'l Label>) {
    let mut labels = labels.peekable();
    if labels.peek().is_none() {
        return;
    }
    if item.labels.is_empty() {
        // Where labels stand for folders, it is still in its own.
        item.labels.push(Label { name: item.folder.path.to_string(), folder: Some(item.folder.clone()) });
    }
    let mut own: HashSet<String> = item.labels.iter().map(|label| label.name.clone()).collect();
    for label in labels {
        if own.insert(label.name.clone()) {
            item.labels.push(label.clone());
        }
    }
}

/// The place in two words; `None` for one that has no room in them.
pub(super) fn packed(place: Place) -> Option<[u32; 2]> {
    let fits = place.source >> (64 - ORDINAL_BITS) == 0 && place.ordinal >> ORDINAL_BITS == 0 && place.source > 0;
    let packed = place.source << ORDINAL_BITS | place.ordinal;
    fits.then_some([(packed >> 32) as u32, packed as u32])
}

pub(super) fn unpacked([high, low]: [u32; 2]) -> Place {
    let packed = u64::from(high) << 32 | u64::from(low);
    Place { source: packed >> ORDINAL_BITS, ordinal: packed & ((1 << ORDINAL_BITS) - 1) }
}

/// Sets of labels, each once: there are few in a mailbox, however many items carry them.
#[derive(Default)]
struct LabelSets {
    labels: Vec<Label>,
    numbers: HashMap<String, u32>,
    sets: Vec<Arc<[u32]>>,
    set_numbers: HashMap<Arc<[u32]>, u32>,
    /// Members of all sets.
    members: usize,
}

impl LabelSets {
    const EMPTY: u32 = u32::MAX;

    /// The set that has the labels of `set` and `more`; `None` when there is no room for another.
    fn with(&mut self, set: u32, more: &[Label]) -> Option<u32> {
        let before = self.members(set);
        let is_there =
            |label: &Label| self.numbers.get(&label.name).is_some_and(|number| before.binary_search(number).is_ok());
        if set != Self::EMPTY && more.iter().all(is_there) {
            return Some(set);
        }
        let mut members = before.to_vec();
        for label in more {
            let number = match self.numbers.get(&label.name) {
                Some(number) => *number,
                None => {
                    let number = u32::try_from(self.labels.len()).ok().filter(|_| self.labels.len() < MOST_SETS)?;
                    let members = self.members.saturating_add(label.name.len() / 4);
                    if members > MOST_MEMBERS {
                        return None;
                    }
                    self.members = members;
                    self.labels.push(label.clone());
                    self.numbers.insert(label.name.clone(), number);
                    number
                }
            };
            members.push(number);
        }
        members.sort_unstable();
        members.dedup();
        if members.is_empty() {
            return Some(Self::EMPTY);
        }
        if let Some(number) = self.set_numbers.get(&*members) {
            return Some(*number);
        }
        let number = u32::try_from(self.sets.len()).ok().filter(|_| self.sets.len() < MOST_SETS)?;
        if self.members + members.len() > MOST_MEMBERS {
            return None;
        }
        self.members += members.len();
        let members: Arc<[u32]> = members.into();
        self.sets.push(Arc::clone(&members));
        self.set_numbers.insert(members, number);
        Some(number)
    }

    fn members(&self, set: u32) -> &[u32] {
        usize::try_from(set).ok().and_then(|set| self.sets.get(set)).map_or(&[], |set| &**set)
    }

    fn labels(&self, set: u32) -> impl Iterator<Item = &Label> {
        self.members(set).iter().filter_map(|label| self.labels.get(usize::try_from(*label).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: String) -> Label {
        Label { name, folder: None }
    }

    #[test]
    fn a_set_that_has_all_is_the_same_and_all_sets_together_are_bounded() {
        let mut sets = LabelSets::default();
        let (a, b) = (label("a".into()), label("b".into()));
        let both = sets.with(LabelSets::EMPTY, &[b.clone(), a.clone(), b.clone()]).unwrap();
        assert_eq!(sets.labels(both).map(|label| &*label.name).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!((sets.with(both, &[a]), sets.with(LabelSets::EMPTY, &[])), (Some(both), Some(LabelSets::EMPTY)));
        // Each duplicate of one message has a label of its own: every set is one longer than the one before.
        let (mut set, mut last) = (both, 0);
        for number in 0..20_000 {
            match sets.with(set, &[label(format!("label {number}"))]) {
                Some(next) => (set, last) = (next, number),
                None => break,
            }
        }
        assert!((1_000..19_000).contains(&last) && sets.members <= MOST_MEMBERS, "{last}");
        let mut sets = LabelSets::default();
        let long = (0..100).map(|number| label(format!("{number}{}", "x".repeat(1 << 20))));
        let held = long.filter(|label| sets.with(LabelSets::EMPTY, std::slice::from_ref(label)).is_some()).count();
        assert!((10..20).contains(&held), "{held}");
    }
}
