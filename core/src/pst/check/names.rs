//! The map of named properties ([MS-PST] 2.4.7).

use super::{Check, context::FIRST_NAMED, findings::Place, rules::Rule};
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
/// Octets of a stream that are looked at: of entries more than there are identifiers for.
const LOOKED_AT: usize = 16 << 20;
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
                self.add(Rule::NamesStream, &place.of(id), || "it is missing".to_owned());
            }
        }
        let count = map.number(BUCKET_COUNT).unwrap_or(0);
        if count != BUCKETS {
            self.add(Rule::NamesStream, &place.of(BUCKET_COUNT), || format!("there are {count} buckets"));
        }
        if count == 0 || count > u32::from(FIRST_NAMED - FIRST_BUCKET) {
            return Ok(());
        }
        let stream = |id: u16| map.octets(id, LOOKED_AT).map(Option::unwrap_or_default);
        let (sets, of_names, strings) = (stream(SETS)?, stream(ENTRIES)?, stream(STRINGS)?);
        for (id, octets, size) in [(SETS, &sets, 16), (ENTRIES, &of_names, 8)] {
            if octets.len() % size != 0 {
                self.add(Rule::NamesStream, &place.of(id), || format!("{} octets for entries of {size}", octets.len()));
            }
        }
        let mut known = HashSet::new();
        let mut names: HashMap<(u16, Vec<u8>), u16> = HashMap::new();
        let mut wanted: HashMap<u32, HashSet<Entry>> = HashMap::new();
        for (index, (value, kind, own)) in entries(&of_names).enumerate() {
            let id = FIRST_NAMED.wrapping_add(own);
            let place = place.of(id);
            if usize::from(own) != index && self.is_recent() {
                self.add(Rule::NamesStream, &place, || format!("the entry {index} says that it is {own}"));
            }
            known.insert(id);
            let set = usize::from(kind >> 1);
            if set >= BUILT_IN && (set - BUILT_IN + 1) * 16 > sets.len() {
                self.add(Rule::NamesSet, &place, || {
                    format!("it is of the set {set}, and {} are there", sets.len() / 16)
                });
            }
            let (hash, name) = match kind & 1 {
                0 => (value, value.to_le_bytes().to_vec()),
                _ => {
                    let at = value as usize;
                    let length = u32_at(&strings, at).unwrap_or(u32::MAX) as usize;
                    let text = at.checked_add(4).and_then(|at| strings.get(at..at.checked_add(length)?));
                    let Some(text) = text.filter(|text| text.len().is_multiple_of(2) && at.is_multiple_of(4)) else {
                        self.add(Rule::NamesText, &place, || {
                            format!("the name is at {at} of {} octets", strings.len())
                        });
                        continue;
                    };
                    (
                        checksum::crc(text),
                        super::context::text(super::context::STRING, text).to_lowercase().into_bytes(),
                    )
                }
            };
            if let Some(other) = names.insert((kind, name), id) {
                self.add(Rule::NamesTwice, &place, || format!("{other:#x} has the same name"));
            }
            wanted.entry((hash ^ u32::from(kind)) % count).or_default().insert((hash, kind, own));
        }
        for bucket in 0..count {
            let id = FIRST_BUCKET + bucket as u16;
            let octets = map.octets(id, LOOKED_AT)?.unwrap_or_default();
            let mut wanted = wanted.remove(&bucket).unwrap_or_default();
            let place = place.of(id);
            if octets.len() % 8 != 0 {
                self.add(Rule::NamesBucket, &place, || format!("{} octets for entries of 8", octets.len()));
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
            let last = u32::from(FIRST_BUCKET) + count;
            for property in &map.all {
                let is_bucket = property.id >= FIRST_BUCKET && u32::from(property.id) < last;
                if !is_bucket && !(BUCKET_COUNT..=STRINGS).contains(&property.id) {
                    self.add(Rule::NamesBucket, &place.of(property.id), || format!("it is no bucket of {count}"));
                }
            }
        }
        for (id, place) in self.named.borrow().iter().filter(|(id, _)| !known.contains(id)) {
            self.add(Rule::NamesUsed, place, || format!("{id:#06x} is not in the map"));
        }
        map.heap.tell_unnamed();
        Ok(())
    }
}
