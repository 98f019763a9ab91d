//! The map of named properties ([MS-PST] 2.4.7).

use super::{
    Check,
    context::{FIRST_NAMED, STRING, text},
    file::STEP,
    findings::Place,
    rules::Rule,
};
use crate::{
    error::Result,
    pst::{
        checksum,
        le::{u16_at, u32_at},
        nid,
    },
};
use std::collections::{HashMap, HashSet};

const BUCKET_COUNT: u16 = 1;
const SETS: u16 = 2;
const ENTRIES: u16 = 3;
const STRINGS: u16 = 4;
const FIRST_BUCKET: u16 = 0x1000;
/// Buckets as Outlook has them.
const BUCKETS: u32 = 251;
/// Names that there are identifiers for, from 0x8000 to 0xFFFE.
const NAMES: usize = 0x7FFF;
/// Octets of the streams, and of a bucket, that are looked at: sets and entries of all names, one more to see that there are too many.
const OF_SETS: usize = 16 * (NAMES + 1);
const OF_ENTRIES: usize = 8 * (NAMES + 1);
const OF_STRINGS: usize = 8 << 20;
/// Octets that a name takes in memory besides its text: in the two maps of names.
const NAME: usize = 128;
/// The sets without an entry in the stream: none, PS_MAPI, PS_PUBLIC_STRINGS.
const BUILT_IN: usize = 3;

/// An entry of a bucket or, with the place of its name instead of its hash, of the stream of entries.
type Entry = (u32, u16, u16);

fn entries(octets: &[u8]) -> impl Iterator<Item = Entry> {
    octets
        .chunks_exact(8)
        .map(|entry| (u32_at(entry, 0).unwrap_or(0), u16_at(entry, 4).unwrap_or(0), u16_at(entry, 6).unwrap_or(0)))
}

impl Check {
    pub(super) fn names(&self) -> Result<()> {
        let place = Place::node(nid::NAME_TO_ID_MAP);
        let Some(map) = self.properties_of(nid::NAME_TO_ID_MAP)? else { return Ok(()) };
        for id in [BUCKET_COUNT, SETS, ENTRIES, STRINGS] {
            if !map.has(id) {
                self.add(Rule::NamesStream, &place.of(id), || "the stream is missing".to_owned());
            }
        }
        let count = map.number(BUCKET_COUNT).unwrap_or(0);
        if count != BUCKETS {
            self.add(Rule::NamesStream, &place.of(BUCKET_COUNT), || {
                format!("there are {count} buckets instead of {BUCKETS}")
            });
        }
        if count == 0 || count > u32::from(FIRST_NAMED - FIRST_BUCKET) {
            return Ok(());
        }
        let held = self.hold();
        let stream = |id: u16, most: usize| map.octets(id, most).map(Option::unwrap_or_default);
        let (sets, of_names, strings) =
            (stream(SETS, OF_SETS)?, stream(ENTRIES, OF_ENTRIES)?, stream(STRINGS, OF_STRINGS)?);
        if !held.take(sets.len().saturating_add(of_names.len()).saturating_add(strings.len())) {
            self.too_much(&place);
            return Ok(());
        }
        for (id, octets, size) in [(SETS, &sets, 16), (ENTRIES, &of_names, 8)] {
            if !octets.len().is_multiple_of(size) {
                self.add(Rule::NamesStream, &place.of(id), || format!("{} bytes for entries of {size}", octets.len()));
            }
        }
        if of_names.len() >= OF_ENTRIES {
            self.add(Rule::NamesStream, &place.of(ENTRIES), || {
                format!("the stream has more than {NAMES} entries, and there are no identifiers for more")
            });
            return Ok(());
        }
        let mut known = HashSet::new();
        let mut names: HashMap<(u16, Vec<u8>), u16> = HashMap::new();
        let mut wanted: HashMap<u32, HashSet<Entry>> = HashMap::new();
        for (index, (value, kind, own)) in entries(&of_names).enumerate() {
            self.file.charge(STEP)?;
            let id = FIRST_NAMED.wrapping_add(own);
            let place = place.of(id);
            if usize::from(own) != index && self.is_recent() {
                self.add(Rule::NamesStream, &place, || format!("the entry {index} says that it is {own}"));
            }
            known.insert(id);
            let set = usize::from(kind >> 1);
            if set.checked_sub(BUILT_IN).is_some_and(|set| set >= sets.len() / 16) {
                self.add(Rule::NamesSet, &place, || {
                    format!("its property set is number {set}, and the stream has {}", sets.len() / 16)
                });
            }
            let (hash, name) = match kind & 1 {
                0 => (value, value.to_le_bytes().to_vec()),
                _ => {
                    let at = value as usize;
                    let length = u32_at(&strings, at).unwrap_or(u32::MAX) as usize;
                    let octets = at.checked_add(4).and_then(|at| strings.get(at..at.checked_add(length)?));
                    let whole = octets.filter(|octets| octets.len().is_multiple_of(2) && at.is_multiple_of(4));
                    let Some(octets) = whole else {
                        self.add(Rule::NamesText, &place, || format!("the name is at {at} of {} bytes", strings.len()));
                        continue;
                    };
                    self.file.charge(octets.len())?;
                    (checksum::crc(octets), text(STRING, octets).to_lowercase().into_bytes())
                }
            };
            if !held.take(name.len().saturating_add(NAME)) {
                self.too_much(&place);
                return Ok(());
            }
            if let Some(other) = names.insert((kind, name), id) {
                self.add(Rule::NamesTwice, &place, || format!("the property {other:#x} has the same name"));
            }
            let bucket = (hash ^ u32::from(kind)).checked_rem(count).unwrap_or(0);
            wanted.entry(bucket).or_default().insert((hash, kind, own));
        }
        for (bucket, id) in (0..count).zip(FIRST_BUCKET..) {
            self.file.charge(STEP)?;
            let octets = map.octets(id, OF_ENTRIES)?.unwrap_or_default();
            let mut wanted = wanted.remove(&bucket).unwrap_or_default();
            let place = place.of(id);
            if !octets.len().is_multiple_of(8) {
                self.add(Rule::NamesBucket, &place, || format!("{} bytes for entries of 8", octets.len()));
            }
            for entry in entries(&octets) {
                if !wanted.remove(&entry) {
                    self.add(Rule::NamesBucket, &place, || {
                        format!(
                            "{:#x}, {:#x}, {:#x} does not belong there or is there twice",
                            entry.0, entry.1, entry.2
                        )
                    });
                }
            }
            for entry in wanted {
                self.add(Rule::NamesBucket, &place, || {
                    format!("{:#x}, {:#x}, {:#x} is missing", entry.0, entry.1, entry.2)
                });
            }
        }
        if self.is_recent() {
            let last = u32::from(FIRST_BUCKET).saturating_add(count);
            for property in &map.all {
                let is_bucket = property.id >= FIRST_BUCKET && u32::from(property.id) < last;
                if !is_bucket && !(BUCKET_COUNT..=STRINGS).contains(&property.id) {
                    self.add(Rule::NamesBucket, &place.of(property.id), || {
                        format!("it is none of the {count} buckets")
                    });
                }
            }
        }
        for (id, place) in self.named.borrow().iter().filter(|(id, _)| !known.contains(id)) {
            self.add(Rule::NamesUsed, place, || format!("the property {id:#06x} is not in the map of names"));
        }
        map.heap.tell_unnamed();
        Ok(())
    }
}
