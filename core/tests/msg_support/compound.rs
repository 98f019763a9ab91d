//! Compound files made for tests ([MS-CFB]), of either version.
#![allow(dead_code, reason = "each test takes what it needs")]

/// What a storage holds: by name another storage, or a stream.
pub(crate) enum Node {
    Storage(Vec<(String, Node)>),
    Stream(Vec<u8>),
}

const END: u32 = 0xFFFF_FFFE;
const NONE: u32 = 0xFFFF_FFFF;

/// Where things lie in a file that was made, so that a test can break them.
pub(crate) struct Made {
    pub(crate) octets: Vec<u8>,
    pub(crate) sector: usize,
    /// The first sectors of each.
    pub(crate) fat: usize,
    pub(crate) directory: usize,
    pub(crate) mini_fat: usize,
}

impl Made {
    /// Where a sector begins.
    pub(crate) fn at(&self, sector: usize) -> usize {
        (sector + 1) * self.sector
    }

    pub(crate) fn set(&mut self, at: usize, number: u32) {
        self.octets[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn get(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.octets[at..at + 4].try_into().unwrap())
    }

    /// Where the entries of a name begin in the directory.
    pub(crate) fn entries(&self, name: &str) -> Vec<usize> {
        let mut units: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        units.truncate(64);
        let start = self.at(self.directory);
        let entries = (start..self.octets.len()).step_by(128);
        entries.filter(|at| self.octets[*at..].starts_with(&units)).collect()
    }
}

#[derive(Default)]
struct Layout {
    entries: Vec<[u8; 128]>,
    mini: Vec<u8>,
    mini_fat: Vec<u32>,
    /// The entries of long streams, and these.
    long: Vec<(usize, Vec<u8>)>,
}

fn put(record: &mut [u8], at: usize, number: u32) {
    record[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

impl Layout {
    fn add(&mut self, name: &str, kind: u8, node: Node) -> u32 {
        let id = self.entries.len();
        let mut record = [0; 128];
        let units: Vec<u16> = name.encode_utf16().collect();
        for (i, unit) in units.iter().enumerate() {
            record[2 * i..2 * i + 2].copy_from_slice(&unit.to_le_bytes());
        }
        record[64] = 2 * (units.len() as u8 + 1);
        record[66] = kind;
        record[67] = 1;
        for at in [68, 72, 76] {
            put(&mut record, at, NONE);
        }
        put(&mut record, 116, if kind == 2 { END } else { 0 });
        self.entries.push(record);
        match node {
            Node::Stream(octets) => {
                put(&mut self.entries[id], 120, octets.len() as u32);
                if octets.len() >= 4096 {
                    self.long.push((id, octets));
                } else if !octets.is_empty() {
                    let start = self.mini_fat.len() as u32;
                    put(&mut self.entries[id], 116, start);
                    let count = octets.len().div_ceil(64) as u32;
                    self.mini_fat.extend((1..count).map(|i| start + i));
                    self.mini_fat.push(END);
                    self.mini.extend(octets);
                    self.mini.resize(self.mini.len().next_multiple_of(64), 0);
                }
            }
            Node::Storage(mut inside) => {
                inside.sort_by_key(|(name, _)| (name.len(), name.to_uppercase()));
                let add = |(name, node): (String, Node)| {
                    let kind = if matches!(node, Node::Stream(_)) { 2 } else { 1 };
                    self.add(&name, kind, node)
                };
                let ids: Vec<u32> = inside.into_iter().map(add).collect();
                let top = self.link(&ids);
                put(&mut self.entries[id], 76, top);
            }
        }
        id as u32
    }

    fn link(&mut self, ids: &[u32]) -> u32 {
        let (before, rest) = ids.split_at(ids.len() / 2);
        let Some((top, behind)) = rest.split_first() else { return NONE };
        let (left, right) = (self.link(before), self.link(behind));
        put(&mut self.entries[*top as usize], 68, left);
        put(&mut self.entries[*top as usize], 72, right);
        *top
    }
}

/// A compound file with this in its root, in sectors of 512 or 4096 octets.
pub(crate) fn compound(root: Vec<(String, Node)>, sector: usize) -> Made {
    let mut layout = Layout::default();
    layout.add("Root Entry", 5, Node::Storage(root));
    let numbers = sector / 4;
    let sectors = |octets: usize| octets.div_ceil(sector);
    let own = [layout.entries.len() * 128, layout.mini_fat.len() * 4, layout.mini.len()].map(sectors);
    let long: Vec<usize> = layout.long.iter().map(|(_, octets)| sectors(octets.len())).collect();
    let used: usize = own.iter().chain(&long).sum();
    let (mut fats, mut lists) = (0, 0);
    while fats * numbers < used + fats + lists || fats > 109 + lists * (numbers - 1) {
        fats = (used + fats + lists).div_ceil(numbers);
        lists = fats.saturating_sub(109).div_ceil(numbers - 1);
    }
    let mut fat: Vec<u32> = vec![0xFFFF_FFFC; lists];
    fat.resize(lists + fats, 0xFFFF_FFFD);
    let mut starts = Vec::new();
    for count in own.iter().chain(&long) {
        let start = fat.len() as u32;
        starts.push(if *count == 0 { END } else { start });
        fat.extend((1..*count as u32).map(|i| start + i));
        fat.extend((*count > 0).then_some(END));
    }
    fat.resize(fats * numbers, NONE);
    put(&mut layout.entries[0], 116, starts[2]);
    put(&mut layout.entries[0], 120, layout.mini.len() as u32);
    for (i, (id, _)) in layout.long.iter().enumerate() {
        put(&mut layout.entries[*id], 116, starts[3 + i]);
    }
    let version = if sector == 4096 { 4 } else { 3 };
    let mut header = vec![0; 76];
    header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    header[24..34].copy_from_slice(&[0x3E, 0, version, 0, 0xFE, 0xFF, sector.ilog2() as u8, 0, 6, 0]);
    let directory_sectors = if version == 4 { own[0] as u32 } else { 0 };
    let difat = if lists == 0 { END } else { 0 };
    let fields = [directory_sectors, fats as u32, starts[0], 0, 4096, starts[1], own[1] as u32, difat, lists as u32];
    for (i, field) in fields.iter().enumerate() {
        put(&mut header, 40 + 4 * i, *field);
    }
    let mut places = (lists as u32..).take(fats);
    let mut octets = header;
    octets.extend(places.by_ref().take(109).flat_map(u32::to_le_bytes));
    octets.resize(512, 0xFF);
    octets.resize(sector, 0);
    for list in 1..=lists {
        let mut here: Vec<u32> = places.by_ref().take(numbers - 1).collect();
        here.resize(numbers - 1, NONE);
        here.push(if list == lists { END } else { list as u32 });
        octets.extend(here.iter().flat_map(|place| place.to_le_bytes()));
    }
    let table = |table: Vec<u32>| table.iter().flat_map(|next| next.to_le_bytes()).collect::<Vec<u8>>();
    let mut add = |part: Vec<u8>, with: u8| {
        octets.extend(part);
        octets.resize(octets.len().next_multiple_of(sector), with);
    };
    add(table(fat), 0xFF);
    add(layout.entries.concat(), 0);
    add(table(layout.mini_fat), 0xFF);
    add(layout.mini, 0);
    layout.long.into_iter().for_each(|(_, part)| add(part, 0));
    let place = |i: usize| starts[i] as usize;
    Made { octets, sector, fat: lists, directory: place(0), mini_fat: place(1) }
}
