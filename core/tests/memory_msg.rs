//! A message of two gigabytes is read in little memory, whether its attachment lies in one piece or in four million.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod msg_support;

use mailferry::{
    mapi::{Attachment, AttachmentBody, MapiMessage, PropertyBag, PropertyValue, pid},
    read::{ItemReader, ReadOptions, msg::MsgReader},
    source::ReadAt,
};
use std::{fs::File, io, sync::Arc};

const PEAK: u64 = 64 << 20;
const SECTOR: u64 = 512;
/// Sectors of the attachment, and numbers in a sector.
const SECTORS: u64 = 4 << 20;
const NUMBERS: u64 = 128;

/// A small message whose attachment was replaced by a large one behind it, none of which is anywhere until it is read.
struct Large {
    small: Vec<u8>,
    /// The first sector behind those that the table of the small file has room for.
    first: u64,
    tables: u64,
    lists: u64,
    scattered: bool,
}

impl Large {
    fn new(scattered: bool) -> Self {
        let mut properties = PropertyBag::default();
        properties.insert(pid::SUBJECT, PropertyValue::String8(b"large".to_vec().into()));
        let mut of_attachment = PropertyBag::default();
        of_attachment.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(1));
        let body = AttachmentBody::Data(vec![0; 5000].into());
        let attachment = Attachment { properties: of_attachment, body, defects: Vec::new() };
        let message = MapiMessage { attachments: Arc::new(vec![attachment]), ..MapiMessage::new(properties) };
        let mut small = msg_support::made(&message, 512);
        assert!(small.octets.len() as u64 <= (NUMBERS + 1) * SECTOR, "one sector of the table is enough for it");
        let first = NUMBERS;
        // The table has a sector for each 128 of its own, of its lists and of the data.
        let tables = (SECTORS + SECTORS / NUMBERS + 1024).div_ceil(NUMBERS);
        let lists = (tables + 1 - 109).div_ceil(NUMBERS - 1);
        let entry = small.entries("__substg1.0_37010102")[0];
        let data = first + tables + lists;
        small.set(entry + 116, if scattered { data + SECTORS - 1 } else { data } as u32);
        small.set(entry + 120, ((SECTORS - 1) * SECTOR) as u32);
        for i in 1..109 {
            small.set(76 + 4 * i, (first + i as u64 - 1) as u32);
        }
        small.set(44, tables as u32 + 1);
        small.set(68, (first + tables) as u32);
        small.set(72, lists as u32);
        Self { small: small.octets, first, tables, lists, scattered }
    }

    fn data(&self) -> u64 {
        self.first + self.tables + self.lists
    }

    /// What the allocation table has for a sector behind the small file.
    fn link(&self, sector: u64) -> u32 {
        let (data, end) = (self.data(), self.data() + SECTORS);
        match sector {
            _ if sector < data || sector >= end => 0xFFFF_FFFD,
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
                127 if list + 1 == self.lists => 0xFFFF_FFFE,
                127 => (sector + 1) as u32,
                // Those in the header come first: that of the small file, and 108 more.
                i => {
                    let table = 108 + list * (NUMBERS - 1) + i;
                    if table < self.tables { (self.first + table) as u32 } else { 0xFFFF_FFFF }
                }
            })
        } else {
            vec![sector as u8; 512]
        }
    }
}

impl ReadAt for Large {
    fn len(&self) -> u64 {
        (self.data() + SECTORS + 1) * SECTOR
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

#[test]
fn two_gigabytes_are_read_in_little_memory() {
    for scattered in [false, true] {
        let mut reader =
            MsgReader::open(Arc::new(Large::new(scattered)), "large.msg", &ReadOptions::default()).unwrap();
        let item = reader.next_item().unwrap().unwrap();
        let lost: Vec<_> = item.defects.iter().filter(|d| d.to_string().contains("damaged")).collect();
        assert!(lost.is_empty(), "{lost:?}");
        let content = item.message().unwrap().content();
        assert!(content.len() > SECTORS * SECTOR / 3 * 4);
        // Some of it, as reading all takes its time.
        for at in [0, content.len() / 2, content.len() - (1 << 20)] {
            content.slice(at..at + (1 << 20)).write_to(&mut io::sink()).unwrap();
        }
        let peak = peak();
        assert!(peak <= PEAK, "{peak} octets at the peak, scattered: {scattered}");
    }
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
