//! A compound file of its own, for a storage that is taken out of another one (an OLE object).

use super::{DIFAT_SECTOR, END_OF_CHAIN, ENTRY, FAT_SECTOR, FREE, HEADER, IN_HEADER, NO_ENTRY, SIGNATURE};
use crate::order;
use crate::source::Content;

/// Sectors of 512 octets, short streams of fewer than 4096 in pieces of 64 (version 3, [MS-CFB] 2.2).
const SECTOR: u64 = 512;
const MINI_SECTOR: u64 = 64;
const CUTOFF: u64 = 4096;
const NUMBERS: usize = 128;
/// Sectors of the allocation table that a sector of their list tells; the last number is the next such sector's.
const LISTED: usize = NUMBERS - 1;

/// What a storage holds.
pub(crate) struct Composed {
    pub(crate) name: String,
    pub(crate) class: [u8; 16],
    pub(crate) inside: Inside,
}

pub(crate) enum Inside {
    Storage(Vec<Composed>),
    Stream(Content),
}

/// The octets of a compound file with `root` as its root.
pub(crate) fn compose(root: Composed) -> Content {
    let mut file = File::default();
    file.entry(Composed { name: "Root Entry".to_owned(), ..root }, true);
    file.octets()
}

#[derive(Default)]
struct File {
    entries: Vec<Record>,
    mini: Vec<Content>,
    mini_fat: Vec<u32>,
    long: Vec<Content>,
    /// What stands behind the allocation table: the lengths of chains in sectors.
    chains: Vec<u64>,
}

struct Record {
    name: Vec<u16>,
    kind: u8,
    class: [u8; 16],
    left: u32,
    right: u32,
    child: u32,
    start: Start,
    len: u64,
}

#[derive(Clone, Copy)]
enum Start {
    /// A place that is known.
    At(u32),
    /// The long stream of this number.
    Long(usize),
}

impl File {
    /// Adds an entry and what is in it; the answer is its number.
    fn entry(&mut self, of: Composed, is_root: bool) -> u32 {
        let id = u32::try_from(self.entries.len()).unwrap_or(NO_ENTRY);
        let name: Vec<u16> = of.name.encode_utf16().take(31).collect();
        let mut record = Record {
            name,
            kind: 2,
            class: of.class,
            left: NO_ENTRY,
            right: NO_ENTRY,
            child: NO_ENTRY,
            start: Start::At(END_OF_CHAIN),
            len: 0,
        };
        match of.inside {
            Inside::Stream(content) => {
                record.len = content.len();
                record.start = self.stream(content);
                self.entries.push(record);
            }
            Inside::Storage(inside) => {
                record.kind = if is_root { 5 } else { 1 };
                record.start = Start::At(0);
                self.entries.push(record);
                // Shorter names first, then by capital letters ([MS-CFB] 2.6.4).
                let key = |entry: Composed| (entry.name.encode_utf16().count(), entry.name.to_uppercase(), entry);
                let mut inside: Vec<_> = inside.into_iter().map(key).collect();
                order::sort_by(&mut inside, |one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
                let ids: Vec<u32> = inside.into_iter().map(|(.., entry)| self.entry(entry, false)).collect();
                let child = self.tree(&ids);
                if let Some(record) = self.at(id) {
                    record.child = child;
                }
            }
        }
        id
    }

    fn at(&mut self, id: u32) -> Option<&mut Record> {
        self.entries.get_mut(usize::try_from(id).ok()?)
    }

    /// Links entries in their order to a tree; the answer is its top.
    fn tree(&mut self, ids: &[u32]) -> u32 {
        let (before, rest) = ids.split_at(ids.len() / 2);
        let Some((top, behind)) = rest.split_first() else { return NO_ENTRY };
        let (left, right) = (self.tree(before), self.tree(behind));
        if let Some(record) = self.at(*top) {
            (record.left, record.right) = (left, right);
        }
        *top
    }

    fn stream(&mut self, content: Content) -> Start {
        match content.len() {
            0 => Start::At(END_OF_CHAIN),
            len if len < CUTOFF => {
                let start = self.mini_fat.len();
                let count = usize::try_from(len.div_ceil(MINI_SECTOR)).unwrap_or(0);
                chain(&mut self.mini_fat, start, count);
                self.mini.push(padded(content, MINI_SECTOR, 0));
                Start::At(u32::try_from(start).unwrap_or(END_OF_CHAIN))
            }
            len => {
                let number = self.long.len();
                self.chains.push(len.div_ceil(SECTOR));
                self.long.push(padded(content, SECTOR, 0));
                Start::Long(number)
            }
        }
    }

    fn octets(mut self) -> Content {
        let mini = padded(Content::join(std::mem::take(&mut self.mini)), SECTOR, 0);
        let mini_fat = padded(Content::from(octets_of(&self.mini_fat)), SECTOR, 0xFF);
        let directory = (self.entries.len() as u64).saturating_mul(ENTRY);
        let own = [directory.div_ceil(SECTOR), mini_fat.len() / SECTOR, mini.len() / SECTOR];
        let used = own.iter().chain(&self.chains).sum::<u64>();
        // The table describes itself, and the list of its sectors that does not fit into the header.
        let (mut tables, mut lists) = (0_u64, 0_u64);
        loop {
            let wanted = used.saturating_add(tables).saturating_add(lists).div_ceil(NUMBERS as u64);
            let beyond = wanted.saturating_sub(IN_HEADER as u64).div_ceil(LISTED as u64);
            if (wanted, beyond) == (tables, lists) {
                break;
            }
            (tables, lists) = (wanted, beyond);
        }
        let number = |n: u64| u32::try_from(n).unwrap_or(FREE);
        let size = |n: u64| usize::try_from(n).unwrap_or(0);
        let tables_end = lists.saturating_add(tables);
        let mut fat: Vec<u32> = Vec::new();
        fat.resize(size(lists), DIFAT_SECTOR);
        fat.resize(size(tables_end), FAT_SECTOR);
        let mut starts = Vec::new();
        for sectors in own.iter().chain(&self.chains) {
            let start = fat.len();
            starts.push(if *sectors == 0 { END_OF_CHAIN } else { number(start as u64) });
            chain(&mut fat, start, size(*sectors));
        }
        fat.resize(size(tables).saturating_mul(NUMBERS), FREE);
        let start = |i: usize| starts.get(i).copied().unwrap_or(END_OF_CHAIN);
        if let Some(root) = self.at(0) {
            (root.start, root.len) = (Start::At(start(2)), mini.len());
        }
        let mut header = [&SIGNATURE[..], &[0; 16], &[0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0], &[0; 10]].concat();
        let difat = if lists == 0 { END_OF_CHAIN } else { 0 };
        let mini_sectors = number(mini_fat.len() / SECTOR);
        let cutoff = number(CUTOFF);
        let fields = [number(tables), start(0), 0, cutoff, start(1), mini_sectors, difat, number(lists)];
        header.extend(octets_of(&fields));
        let places: Vec<u32> = (lists..tables_end).map(number).collect();
        let (in_header, listed) = places.split_at(places.len().min(IN_HEADER));
        header.extend(octets_of(in_header));
        header.resize(HEADER, 0xFF);
        let mut difat = Vec::new();
        for (list, here) in (1..).zip(listed.chunks(LISTED)) {
            let mut here = here.to_vec();
            here.resize(LISTED, FREE);
            here.push(if list == lists { END_OF_CHAIN } else { number(list) });
            difat.extend(octets_of(&here));
        }
        let mut entries = Vec::new();
        for record in &self.entries {
            let start = match record.start {
                Start::At(place) => place,
                Start::Long(i) => start(own.len().saturating_add(i)),
            };
            entries.extend(record.octets(start));
        }
        let directory = padded(Content::from(entries), SECTOR, 0);
        let mut contents = vec![header.into(), difat.into(), octets_of(&fat).into(), directory, mini_fat, mini];
        contents.append(&mut self.long);
        Content::join(contents)
    }
}

impl Record {
    fn octets(&self, start: u32) -> Vec<u8> {
        let mut octets: Vec<u8> = self.name.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let len_with_nul = octets.len().saturating_add(2);
        octets.resize(64, 0);
        octets.extend(u16::try_from(len_with_nul).unwrap_or(0).to_le_bytes());
        octets.extend([self.kind, 1]);
        octets.extend([self.left, self.right, self.child].iter().flat_map(|id| id.to_le_bytes()));
        octets.extend(self.class);
        // Neither states nor times.
        octets.resize(116, 0);
        octets.extend(start.to_le_bytes());
        octets.extend(self.len.to_le_bytes());
        octets
    }
}

/// The octets of numbers.
fn octets_of(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Adds a chain of `count` sectors that begins at `start` to a table.
fn chain(table: &mut Vec<u32>, start: usize, count: usize) {
    let next = (start..start.saturating_add(count)).skip(1).map(|next| u32::try_from(next).unwrap_or(END_OF_CHAIN));
    table.extend(next.chain((count > 0).then_some(END_OF_CHAIN)));
}

fn padded(content: Content, to: u64, with: u8) -> Content {
    let end = content.len().div_ceil(to).saturating_mul(to);
    let missing = usize::try_from(end.saturating_sub(content.len())).unwrap_or(0);
    Content::join([content, Content::from(vec![with; missing])])
}

#[cfg(test)]
mod tests {
    use super::super::{CompoundFile, EntryKind};
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_is_composed_is_read_again() {
        for lens in [vec![], vec![0, 1, 63, 64, 65, 4095, 4096, 4097], vec![9_000_000, 5, 5000], vec![40; 500]] {
            let octets = |i: usize, len: usize| (0..len).map(|at| (at * 7 + i) as u8).collect::<Vec<u8>>();
            let streams = lens.iter().enumerate().map(|(i, len)| Composed {
                name: format!("stream {i}"),
                class: [0; 16],
                inside: Inside::Stream(Content::from(octets(i, *len))),
            });
            let inner =
                Composed { name: "inner".to_owned(), class: [7; 16], inside: Inside::Storage(streams.collect()) };
            let root = Composed { name: String::new(), class: [9; 16], inside: Inside::Storage(vec![inner]) };
            let whole = compose(root);
            assert_eq!(whole.len() % SECTOR, 0);
            let file = CompoundFile::open(Arc::new(whole)).unwrap();
            let inside = |storage| {
                let mut inside = Vec::new();
                file.children(storage, &mut |entry| inside.push(entry)).unwrap();
                inside
            };
            let found = inside(file.root());
            assert_eq!(file.root().class, [9; 16]);
            assert_eq!((&*found[0].name, found[0].kind, found[0].class), ("inner", EntryKind::Storage, [7; 16]));
            let mut streams = inside(&found[0]);
            streams.sort_by_key(|entry| entry.name[7..].parse::<usize>().unwrap());
            assert_eq!(streams.len(), lens.len());
            for (i, entry) in streams.iter().enumerate() {
                let read = file.stream(entry).unwrap().content().to_vec(1 << 24).unwrap();
                assert!(read == octets(i, lens[i]), "{i}: {}", lens[i]);
            }
            assert!(file.take_defects().is_empty());
        }
    }
}
