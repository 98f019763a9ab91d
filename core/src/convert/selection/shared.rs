//! The first pass of a selection where processes share it: what each of them finds out of its items ([`KeyWriter`]), what follows from
//! all of it ([`Merger`]), and what then is known of the items of one share ([`Decided`]).

use super::{
    Dedupe, Selection, Selector,
    duplicates::{Duplicates, packed, unpacked},
    sample::{Sample, group_of},
    selector::Looked,
};
use crate::{
    convert::Place,
    error::{Error, ErrorKind, Result},
    model::{Folder, FolderPath, Item, Label, Role},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    hash::Hasher,
    io::{self, BufRead, Read, Write},
};
use twox_hash::XxHash3_64;

/// Octets of what is kept of an item: its place and a digest of 16.
const RECORD: usize = 24;
/// In place of a place: the group and the labels of the items that follow.
const OF_ALL: u64 = 0;
/// In place of a place: the UID of a calendar object.
const UID: u64 = u64::MAX;
/// Sets of labels of a share that are told once; of more, those beyond are told again for each item.
const MOST_SETS: usize = 1 << 16;

/// A label, as it travels between processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SharedLabel {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

impl SharedLabel {
    fn of(label: &Label) -> Self {
        let folder = label.folder.as_ref();
        Self {
            name: label.name.clone(),
            folder: folder.map(|folder| folder.path.names().to_vec()),
            role: folder.and_then(|folder| folder.role),
        }
    }

    fn label(&self) -> Label {
        let folder = self.folder.as_ref().map(|names| Folder { path: FolderPath::new(names.clone()), role: self.role });
        Label { name: self.name.clone(), folder }
    }
}

/// Writes what the first pass keeps of the items of a share, 24 octets each, and their sets of labels, one a line.
pub(in crate::convert) struct KeyWriter<'w> {
    selector: Selector,
    samples: bool,
    keys: &'w mut dyn Write,
    sets: &'w mut dyn Write,
    /// By a digest of the names in it, the number of a set, from 1.
    numbers: HashMap<u64, u64>,
    written: u64,
    /// Group and set that were told last.
    told: (u64, u64),
}

/// What is found out about an item by itself, on any thread.
pub(in crate::convert) type Examined = Option<Looked>;

impl<'w> KeyWriter<'w> {
    pub(in crate::convert) fn new(selection: &Selection, keys: &'w mut dyn Write, sets: &'w mut dyn Write) -> Self {
        Self {
            selector: Selector::compiled(selection),
            samples: selection.sample.is_some(),
            keys,
            sets,
            numbers: HashMap::new(),
            written: 0,
            told: (0, 0),
        }
    }

    /// What examines an item.
    pub(in crate::convert) fn examiner(selection: &Selection) -> impl Fn(&Item) -> Examined + Send + Sync + 'static {
        let selector = Selector::compiled(selection);
        move |item| Some(selector.look(item))
    }

    /// Takes note of an item.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::convert) fn add(&mut self, item: &Item, place: Place, examined: Examined) -> io::Result<()> {
        let Some(digests) = self.selector.selected(item, examined) else { return Ok(()) };
        let Some([high, low]) = packed(place) else { return Ok(()) };
        let group = if self.samples { group_of(item) } else { 0 };
        let told = (group, self.set_of(&item.labels)?);
        if told != self.told {
            self.record(OF_ALL, told)?;
            self.told = told;
        }
        let place = u64::from(high) << 32 | u64::from(low);
        let digests = if digests.is_empty() { vec![[0; 4]] } else { digests };
        digests.iter().try_for_each(|[a, b, c, d]| {
            let word = |high: &u32, low: &u32| u64::from(*high) << 32 | u64::from(*low);
            self.record(place, (word(a, b), word(c, d)))
        })
    }

    /// Takes note of the UID of a calendar object in a file, by a digest of it and its calendar.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::convert) fn add_uid(&mut self, source: u64, uid: u64) -> io::Result<()> {
        self.record(UID, (uid, source))
    }

    fn set_of(&mut self, labels: &[Label]) -> io::Result<u64> {
        if labels.is_empty() {
            return Ok(0);
        }
        let mut hasher = XxHash3_64::new();
        for label in labels {
            hasher.write(label.name.as_bytes());
            hasher.write(&[0xFF]);
        }
        let known = hasher.finish();
        if let Some(number) = self.numbers.get(&known) {
            return Ok(*number);
        }
        let set: Vec<_> = labels.iter().map(SharedLabel::of).collect();
        serde_json::to_writer(&mut *self.sets, &set)?;
        self.sets.write_all(b"\n")?;
        self.written += 1;
        if self.numbers.len() < MOST_SETS {
            self.numbers.insert(known, self.written);
        }
        Ok(self.written)
    }

    fn record(&mut self, place: u64, (first, second): (u64, u64)) -> io::Result<()> {
        let mut record = [0; RECORD];
        let words = [place, first, second];
        record.chunks_exact_mut(8).zip(words).for_each(|(octets, word)| octets.copy_from_slice(&word.to_le_bytes()));
        self.keys.write_all(&record)
    }
}

/// What a share found out of its items.
pub(in crate::convert) struct Found<R> {
    keys: R,
    /// Sets of labels.
    sets: Vec<Vec<SharedLabel>>,
    /// Sources before its first, of all shares.
    sources: u64,
    /// Items before its first, of the source that it goes on with.
    items: u64,
}

/// An item of a share.
struct Key {
    /// Among all items of the share.
    place: u64,
    /// Among all items.
    of_all: Place,
    group: u64,
    set: u64,
    /// None where it cannot be read, or nothing is compared.
    digests: Vec<[u32; 4]>,
}

enum Record {
    Key(Key),
    /// A UID of a source, by its number among all.
    Uid(u64, u64),
}

impl<R: Read> Found<R> {
    /// What stands in `keys` and `sets`, of a share behind so many `sources`, the last of which it goes on with behind so many `items`.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when it is not what was written.
    pub(in crate::convert) fn new(keys: R, sets: impl BufRead, sources: u64, items: u64) -> Result<Self> {
        let wrong =
            |error| Error::new(ErrorKind::Malformed, "is not what a split found out: run it again").because(error);
        let set = |line: io::Result<String>| serde_json::from_str(&line?).map_err(wrong);
        let sets = sets.lines().map(set).collect::<Result<_>>()?;
        Ok(Self { keys, sets, sources, items })
    }

    fn for_each(mut self, f: &mut dyn FnMut(Record, &[Vec<SharedLabel>])) -> Result<()> {
        let (mut group, mut set) = (0, 0);
        let mut at_hand: Option<Key> = None;
        loop {
            let mut record = [0; RECORD];
            match self.keys.read_exact(&mut record) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error.into()),
            }
            let mut words = record.as_chunks::<8>().0.iter().map(|octets| u64::from_le_bytes(*octets));
            let mut word = || words.next().unwrap_or(0);
            let (place, first, second) = (word(), word(), word());
            if at_hand.as_ref().is_some_and(|key| key.place != place)
                && let Some(key) = at_hand.take()
            {
                f(Record::Key(key), &self.sets);
            }
            match place {
                OF_ALL => (group, set) = (first, second),
                UID => f(Record::Uid(first, self.of_all(Place { source: second, ordinal: 0 }).source), &self.sets),
                _ => {
                    let of_all = self.of_all(unpacked([(place >> 32) as u32, place as u32]));
                    let key = at_hand.get_or_insert(Key { place, of_all, group, set, digests: Vec::new() });
                    let digest = [(first >> 32) as u32, first as u32, (second >> 32) as u32, second as u32];
                    key.digests.extend(Some(digest).filter(|digest| *digest != [0; 4]));
                }
            }
        }
        if let Some(key) = at_hand {
            f(Record::Key(key), &self.sets);
        }
        Ok(())
    }

    /// The place among all items.
    fn of_all(&self, place: Place) -> Place {
        let before = if place.source == 1 { self.items } else { 0 };
        Place { source: place.source + self.sources, ordinal: place.ordinal + before }
    }
}

/// What all shares found out, put together in their order, first once and then once more.
pub(in crate::convert) struct Merger {
    duplicates: Option<Duplicates>,
    sample: Option<Sample>,
    uids: HashMap<u64, u64>,
}

/// UIDs that are held, 24 octets each; what is beyond is told of by nobody, as in one run.
const MOST_UIDS: usize = 1 << 20;

impl Merger {
    pub(in crate::convert) fn new(selection: &Selection) -> Self {
        Self {
            duplicates: (selection.dedupe != Dedupe::Off).then(|| Duplicates::new(selection.dedupe)),
            sample: selection.sample.map(|size| Sample::new(size, selection.seed)),
            uids: HashMap::new(),
        }
    }

    /// Adds what a share found out, behind those before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::convert) fn add<R: Read>(&mut self, found: Found<R>) -> Result<()> {
        found.for_each(&mut |record, sets| match record {
            Record::Key(key) => {
                let is_duplicate = !key.digests.is_empty()
                    && self
                        .duplicates
                        .as_mut()
                        .is_some_and(|all| all.look_at(&labels(sets, key.set), key.of_all, key.digests));
                if !is_duplicate {
                    self.sample.iter_mut().for_each(|sample| sample.count(key.group));
                }
            }
            Record::Uid(uid, source) => {
                if self.uids.len() < MOST_UIDS {
                    self.uids.entry(uid).or_insert(source);
                }
            }
        })
    }

    /// Ends the first pass over what was found out.
    pub(in crate::convert) fn end_of_first_pass(&mut self) {
        self.duplicates.iter_mut().for_each(Duplicates::end_of_first_pass);
        self.sample.iter_mut().for_each(Sample::end_of_first_pass);
    }

    /// What follows for the items of a share, which come in their order once more.
    ///
    /// # Errors
    /// When what it found out cannot be read.
    pub(in crate::convert) fn decide<R: Read>(&mut self, found: Found<R>) -> Result<Decided> {
        let mut decided = Decided::default();
        let (mut items, mut before) = (Vec::new(), 0);
        found.for_each(&mut |record, _| match record {
            Record::Key(key) => {
                let kept = self.duplicates.as_ref().and_then(|all| all.kept(key.of_all));
                let is_taken = kept.is_none() && self.sample.as_mut().is_some_and(|sample| sample.takes(key.group));
                let labels = self.duplicates.as_ref().filter(|_| kept.is_none());
                let labels: Vec<_> =
                    labels.into_iter().flat_map(|all| all.joined(key.of_all)).map(SharedLabel::of).collect();
                if kept.is_none() && !is_taken && labels.is_empty() {
                    return;
                }
                // Places are in order, so that what one is beyond the other is small.
                varint(&mut items, key.place - before);
                before = key.place;
                let has_labels = !labels.is_empty();
                items.push(u8::from(kept.is_some()) | u8::from(is_taken) << 1 | u8::from(has_labels) << 2);
                if let Some(kept) = kept {
                    varint(&mut items, kept.source);
                    varint(&mut items, kept.ordinal);
                }
                if has_labels {
                    let number = last_of(&decided.sets, &labels).unwrap_or_else(|| {
                        decided.sets.push(labels);
                        decided.sets.len() - 1
                    });
                    varint(&mut items, number as u64);
                }
            }
            Record::Uid(uid, source) => {
                if self.uids.get(&uid).is_some_and(|first| *first < source) {
                    decided.uids.push(uid);
                }
            }
        })?;
        decided.items = base64_simd::STANDARD.encode_to_string(&items);
        decided.uids.sort_unstable();
        decided.uids.dedup();
        Ok(decided)
    }
}

/// Sets that are compared with another, so that one that was told lately is not told again.
const LATELY: usize = 64;

fn last_of(sets: &[Vec<SharedLabel>], set: &[SharedLabel]) -> Option<usize> {
    let first = sets.len().saturating_sub(LATELY);
    sets.get(first..)?.iter().rposition(|other| other == set).map(|at| first + at)
}

fn labels(sets: &[Vec<SharedLabel>], set: u64) -> Vec<Label> {
    let set = usize::try_from(set).ok().and_then(|set| set.checked_sub(1)).and_then(|at| sets.get(at));
    set.into_iter().flatten().map(SharedLabel::label).collect()
}

/// What is known of the items of a share before its items are read: which of them are left out, and what they are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::convert) struct Decided {
    /// In base64: of each item of which something is known how far its place is behind the one before, what, and what is needed for it.
    #[serde(skip_serializing_if = "String::is_empty")]
    items: String,
    /// Sets of labels that items are given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sets: Vec<Vec<SharedLabel>>,
    /// UIDs of calendar objects that an earlier file has too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::convert) uids: Vec<u64>,
}

/// The same, to be asked.
#[derive(Default)]
pub(in crate::convert) struct Decisions {
    /// In the order of the places.
    items: Vec<(u64, Decision)>,
    sets: Vec<Vec<Label>>,
}

#[derive(Clone, Copy, Default)]
struct Decision {
    kept: Option<Place>,
    is_taken: bool,
    set: Option<usize>,
}

impl Decided {
    /// # Errors
    /// [`ErrorKind::Malformed`] when it is not what was written.
    pub(in crate::convert) fn decisions(&self) -> Result<Decisions> {
        let wrong = || Error::new(ErrorKind::Malformed, "the split is damaged: plan again");
        let octets = base64_simd::STANDARD.decode_to_vec(&self.items).map_err(|_| wrong())?;
        let mut rest = octets.as_slice();
        let (mut items, mut place) = (Vec::new(), 0_u64);
        while !rest.is_empty() {
            let mut next = || varint_of(&mut rest).ok_or_else(wrong);
            place = place.checked_add(next()?).ok_or_else(wrong)?;
            let what = next()?;
            let kept = match what & 1 {
                1 => Some(Place { source: next()?, ordinal: next()? }),
                _ => None,
            };
            let set = if what & 4 == 4 { Some(usize::try_from(next()?).map_err(|_| wrong())?) } else { None };
            items.push((place, Decision { kept, is_taken: what & 2 == 2, set }));
        }
        let sets = self.sets.iter().map(|set| set.iter().map(SharedLabel::label).collect()).collect();
        Ok(Decisions { items, sets })
    }
}

impl Decisions {
    fn at(&self, place: Place) -> Decision {
        let Some([high, low]) = packed(place) else { return Decision::default() };
        let place = u64::from(high) << 32 | u64::from(low);
        let found = self.items.binary_search_by_key(&place, |(place, _)| *place).ok();
        found.and_then(|at| self.items.get(at)).map_or_else(Decision::default, |(_, decision)| *decision)
    }

    /// The item that is kept in the stead of the one at `place` in the share, by its place among all.
    pub(in crate::convert) fn kept(&self, place: Place) -> Option<Place> {
        self.at(place).kept
    }

    /// Whether an item is part of the sample.
    pub(super) fn takes(&self, place: Place) -> bool {
        self.at(place).is_taken
    }

    /// The labels of the duplicates of an item.
    pub(super) fn labels(&self, place: Place) -> impl Iterator<Item = &Label> {
        self.at(place).set.and_then(|set| self.sets.get(set)).into_iter().flatten()
    }
}

/// Seven bits an octet, the lowest first.
fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7F {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn varint_of(octets: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (octet, rest) = octets.split_first()?;
        *octets = rest;
        number |= u64::from(octet & 0x7F) << shift;
        if octet & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers in proptest::collection::vec(any::<u64>(), 0..20)) {
            let mut octets = Vec::new();
            numbers.iter().for_each(|number| varint(&mut octets, *number));
            let mut rest = octets.as_slice();
            let back: Vec<_> = std::iter::from_fn(|| varint_of(&mut rest)).collect();
            prop_assert_eq!(back, numbers);
        }
    }

    #[test]
    fn damaged_decisions_are_refused() {
        for items in ["%", "/w==", "AQE=", "////////////////"] {
            let decided = Decided { items: items.into(), ..Decided::default() };
            assert!(decided.decisions().is_err(), "{items}");
        }
    }
}
