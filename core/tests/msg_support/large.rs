//! Messages of which one stream is as long as a test wants, and is nowhere until it is read.
#![allow(dead_code, reason = "each test takes what it needs")]

use super::made;
use mailferry::{mapi::MapiMessage, source::ReadAt};
use std::io;

/// Octets of a sector, and numbers in it.
pub(crate) const SECTOR: u64 = 512;
const NUMBERS: u64 = 128;

/// A small message of which a stream was replaced by a long one behind it.
pub(crate) struct Large {
    small: Vec<u8>,
    /// The first sector behind those that the table of the small file has room for.
    first: u64,
    tables: u64,
    lists: u64,
    sectors: u64,
    scattered: bool,
    octet: fn(u64) -> u8,
    /// Whether the lists of the allocation table are linked in a circle.
    pub(crate) is_circular: bool,
}

impl Large {
    /// Replaces the stream of that name, which has to be one of more than 4,096 octets: by so many sectors, less one octet, which
    /// may lie backwards.
    pub(crate) fn new(
        message: &MapiMessage,
        name: &str,
        (sectors, scattered): (u64, bool),
        octet: fn(u64) -> u8,
    ) -> Self {
        let mut small = made(message, 512);
        assert!(small.octets.len() as u64 <= (NUMBERS + 1) * SECTOR, "one sector of the table is enough for it");
        let first = NUMBERS;
        // The table has a sector for each 128 of its own, of its lists and of the data.
        let tables = (sectors + sectors / NUMBERS + 1024).div_ceil(NUMBERS);
        let lists = (tables + 1).saturating_sub(109).div_ceil(NUMBERS - 1);
        let entry = small.entries(name)[0];
        let data = first + tables + lists;
        small.set(entry + 116, if scattered { data + sectors - 1 } else { data } as u32);
        small.set(entry + 120, (sectors * SECTOR - 1) as u32);
        for i in 1..109.min(tables as usize + 1) {
            small.set(76 + 4 * i, (first + i as u64 - 1) as u32);
        }
        small.set(44, tables as u32 + 1);
        if lists > 0 {
            small.set(68, (first + tables) as u32);
        }
        small.set(72, lists as u32);
        Self { small: small.octets, first, tables, lists, sectors, scattered, octet, is_circular: false }
    }

    fn data(&self) -> u64 {
        self.first + self.tables + self.lists
    }

    /// What the allocation table has for a sector behind the small file.
    fn link(&self, sector: u64) -> u32 {
        let (data, end) = (self.data(), self.data() + self.sectors);
        match sector {
            _ if sector < data => 0xFFFF_FFFD,
            _ if sector >= end => 0xFFFF_FFFF,
            _ if self.scattered && sector == data => 0xFFFF_FFFE,
            _ if self.scattered => (sector - 1) as u32,
            _ if sector + 1 == end => 0xFFFF_FFFE,
            _ => (sector + 1) as u32,
        }
    }

    fn sector(&self, sector: u64) -> Vec<u8> {
        let numbers = |number: &dyn Fn(u64) -> u32| (0..NUMBERS).flat_map(|i| number(i).to_le_bytes()).collect();
        if sector < self.first {
            let at = ((sector + 1) * SECTOR) as usize;
            let mut octets: Vec<u8> = self.small.iter().skip(at).take(512).copied().collect();
            octets.resize(512, 0);
            octets
        } else if sector < self.first + self.tables {
            let covered = (sector - self.first + 1) * NUMBERS;
            numbers(&|i| self.link(covered + i))
        } else if sector < self.data() {
            let list = sector - self.first - self.tables;
            numbers(&|i| match i {
                127 if self.is_circular => (self.first + self.tables) as u32,
                127 if list + 1 == self.lists => 0xFFFF_FFFE,
                127 => (sector + 1) as u32,
                // Those in the header come first: that of the small file, and 108 more.
                i => {
                    let table = 108 + list * (NUMBERS - 1) + i;
                    if table < self.tables { (self.first + table) as u32 } else { 0xFFFF_FFFF }
                }
            })
        } else {
            let place = sector - self.data();
            let place = if self.scattered { self.sectors.saturating_sub(place + 1) } else { place };
            (0..SECTOR).map(|i| (self.octet)(place * SECTOR + i)).collect()
        }
    }
}

impl ReadAt for Large {
    fn len(&self) -> u64 {
        (self.data() + self.sectors + 1) * SECTOR
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let skip = (offset % SECTOR) as usize;
        let octets = match (offset / SECTOR).checked_sub(1) {
            None => self.small[..512].to_vec(),
            Some(sector) => self.sector(sector),
        };
        let n = buf.len().min(512 - skip);
        buf[..n].copy_from_slice(&octets[skip..skip + n]);
        Ok(n)
    }
}

/// The most memory this process has had at a time, in octets.
#[cfg(target_os = "linux")]
pub(crate) fn peak() -> u64 {
    let status = io::read_to_string(std::fs::File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
