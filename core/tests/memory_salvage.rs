//! A file of nothing but pages and blocks that prove themselves is searched in bounded memory.
//!
//! One test only, in a program of its own, so that the peak is its alone. With `MAILFERRY_SALVAGE` the file is of so many octets, and
//! the limits are those that are always on; what came of it stands in `benches/README.md`.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    read::{ItemReader, ReadOptions, pst::PstReader},
    source::ReadAt,
};
use std::{
    fs::File,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

/// Pages of the Unicode layout, made where they are read: by turns leaves of the two B-trees, and blocks of the smallest size. No two
/// have a node or a block in common, and no node is the neighbour of another.
struct Hostile(u64);

const PAGE: u64 = 512;

impl ReadAt for Hostile {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let (index, inside) = (offset / PAGE, (offset % PAGE) as usize);
        let page = match index % 3 {
            0 if index > 0 => leaf(index, 0x81, 32),
            1 => leaf(index, 0x80, 24),
            2 => blocks(index),
            _ => [0; PAGE as usize],
        };
        let n = buf.len().min(page.len() - inside).min((self.0 - offset) as usize);
        buf[..n].copy_from_slice(&page[inside..inside + n]);
        Ok(n)
    }
}

fn crc(octets: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(octets);
    (!hasher.finalize()).to_le_bytes()
}

fn signature(ib: u64, bid: u64) -> [u8; 2] {
    let mixed = (ib ^ bid) as u32;
    ((mixed >> 16 ^ mixed) as u16).to_le_bytes()
}

/// A leaf ([MS-PST] 2.2.2.7.7) whose nodes are messages, 64 apart in their words, or whose blocks lie anywhere.
fn leaf(index: u64, kind: u8, size: usize) -> [u8; PAGE as usize] {
    let mut page = [0; PAGE as usize];
    let count = 488 / size;
    for i in 0..count {
        let number = index * 20 + i as u64;
        let key = if kind == 0x81 { (number % (1 << 21)) << 11 | 4 } else { number << 2 | 1 << 40 };
        page[i * size..i * size + 8].copy_from_slice(&key.to_le_bytes());
        page[i * size + 8..i * size + 16].copy_from_slice(&(number << 6).to_le_bytes());
        page[i * size + 16] = 48;
    }
    page[488..492].copy_from_slice(&[count as u8, count as u8, size as u8, 0]);
    let sum = crc(&page[..496]);
    page[496..498].fill(kind);
    page[498..500].copy_from_slice(&signature(index * PAGE, index << 2));
    page[500..504].copy_from_slice(&sum);
    page[504..].copy_from_slice(&(index << 2).to_le_bytes());
    page
}

/// Eight blocks ([MS-PST] 2.2.2.8.1) that start like properties.
fn blocks(index: u64) -> [u8; PAGE as usize] {
    let mut page = [0; PAGE as usize];
    for (i, block) in page.chunks_mut(64).enumerate() {
        let (ib, bid) = (index * PAGE + i as u64 * 64, (index * 8 + i as u64) << 2);
        block[..4].copy_from_slice(&[12, 0, 0xEC, 0xBC]);
        let sum = crc(&block[..48]);
        block[48] = 48;
        block[50..52].copy_from_slice(&signature(ib, bid));
        block[52..56].copy_from_slice(&sum);
        block[56..].copy_from_slice(&bid.to_le_bytes());
    }
    page
}

#[test]
fn a_file_of_nothing_but_pages_and_blocks_is_searched_in_bounded_memory() {
    let heavy = std::env::var("MAILFERRY_SALVAGE").ok().map(|size| size.parse::<u64>().unwrap());
    let mut options = ReadOptions::default();
    options.recover = true;
    if heavy.is_none() {
        options.limits.salvage = 8 << 20;
    }
    let before = peak();
    let start = Instant::now();
    let source = Arc::new(Hostile(heavy.unwrap_or(24 << 20)));
    let mut reader = PstReader::open(source, "hostile.pst", &options).unwrap();
    let mut errors = 0_u64;
    let nodes = loop {
        match reader.next_message() {
            Ok(Some(_)) => panic!("there is no message"),
            Ok(None) => panic!("a store in which nothing is found is an error"),
            Err(e) if e.is_fatal() => {
                assert!(e.to_string().contains("nothing was found"), "{e}");
                break errors;
            }
            Err(_) => {
                errors += 1;
            }
        }
    };
    let told: Vec<String> = reader.take_defects().iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("more nodes or blocks than can be kept")), "{told:?}");
    let (grown, peak, took) = (peak() - before, peak(), start.elapsed());
    println!(
        "{nodes} nodes that could not be read, {took:?}, {peak} octets at the peak, {grown} of them for the search"
    );
    match heavy {
        Some(_) => assert!(peak < 256 << 20, "{peak} octets at the peak"),
        None => assert!(grown < 32 << 20 && took < Duration::from_secs(60), "{grown} octets, {took:?}"),
    }
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
