//! Stores whose structures refer to one another without end: their check ends soon, without a panic, in little memory, and says why.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_raw;

use mailferry::{Stop, pst::check::check};
use pst_raw::{Raw, bth, data_list, heap, lists, page, properties, subnodes, table};
use std::{fs::File, io, sync::Arc, time::Instant};

/// Of it a good part are the stores themselves.
const PEAK: u64 = 96 << 20;
/// Far more than any of them takes on a machine that does nothing else.
const SECONDS: u64 = 30;

const SIZE: (u16, u16, u32) = (0x0E08, 3, u32::MAX);
const RECIPIENTS: u32 = 0x692;
const ATTACHMENTS: u32 = 0x671;

/// A list of lists of one and the same block, a million times.
fn endless(raw: &mut Raw, block: Vec<u8>) -> u64 {
    let block = raw.data(block);
    let list = raw.list(|_| data_list(1, &[block; 1021]));
    raw.list(|_| data_list(2, &[list; 1021]))
}

/// Pages of which each refers to the next one twenty times, and the last one to the first.
fn pages_in_circles() -> Vec<u8> {
    let mut raw = Raw::default();
    raw.messages(3000, 0, 0);
    let mut file = raw.finish();
    let mut below = file.len().next_multiple_of(512) as u64;
    for level in [0, 1, 2, 3, 4, 5, 6, 7, 8, 5, 8] {
        let entries: Vec<u8> = (0..20).flat_map(|key| [key, 0, below].map(u64::to_le_bytes).concat()).collect();
        below = page(&mut file, &entries, 24, level, 0x81);
    }
    file[224..232].copy_from_slice(&below.to_le_bytes());
    file
}

/// Blocks that are all at one place.
fn blocks_in_one_place() -> Vec<u8> {
    let mut raw = Raw::default();
    raw.data(vec![7; 8176]);
    for _ in 0..20_000 {
        raw.data(Vec::new());
    }
    let mut file = raw.finish_with(|_, _| 0x4800);
    // Entries of the tree with this place have the size of the first one.
    for at in (0x4800..file.len() - 24).step_by(8) {
        if file[at..at + 10] == [&0x4800_u64.to_le_bytes()[..], &[0, 0]].concat() {
            file[at + 8..at + 10].copy_from_slice(&8176_u16.to_le_bytes());
        }
    }
    file
}

fn heaps_of_a_million_blocks() -> Vec<u8> {
    let mut raw = Raw::default();
    let block = heap(0xBC, &[bth(2, 6, 0, 0), vec![1; 3000]]);
    let data = endless(&mut raw, block);
    raw.messages(2000, data, 0);
    raw.finish()
}

fn values_of_a_million_blocks() -> Vec<u8> {
    let mut raw = Raw::default();
    let value = endless(&mut raw, vec![b'x'; 8176]);
    let below = raw.list(|_| subnodes([(0x3F, value, 0)]));
    let all: Vec<_> = [0x001A, 0x0037, 0x0070, 0x0E04, 0x1000, 0x1009].map(|id| (id, 0x1F, 0x3F)).to_vec();
    let data = raw.data(properties(&all, &[]));
    raw.messages(500, data, below);
    raw.finish()
}

fn subnodes_below_themselves() -> Vec<u8> {
    let mut raw = Raw::default();
    let data = raw.data(properties(&[SIZE], &[]));
    let below = raw.list(|own| subnodes((1..=340).map(|index| (index << 5 | 5, data, own))));
    raw.messages(500, data, below);
    raw.finish()
}

/// Tens of thousands of subnodes, each with as many below.
fn lists_of_subnodes_below_themselves() -> Vec<u8> {
    let mut raw = Raw::default();
    let data = raw.data(properties(&[SIZE], &[]));
    let top = raw.list_after(200);
    let mut all = Vec::new();
    for list in 0..200 {
        let first = list * 340;
        all.push((first << 5 | 5, raw.list(|_| subnodes((first..first + 340).map(|nid| (nid << 5 | 5, data, top))))));
    }
    assert_eq!(raw.list(|_| lists(all)), top);
    raw.messages(500, data, top);
    raw.finish()
}

fn levels_of_a_heap_below_themselves() -> Vec<u8> {
    let mut raw = Raw::default();
    // Of each record the identifier of the part below is that of the part itself, whichever size records have.
    let own = [0x40, 0, 0, 0, 0x40, 0].repeat(3576 / 6);
    let data = raw.data(heap(0xBC, &[bth(2, 6, 8, 0x40), own]));
    let keys = [0, 0, 0x40, 0, 0, 0].repeat(3576 / 6);
    let other = raw.data(heap(0xBC, &[bth(2, 6, 8, 0x40), keys]));
    raw.messages(500, data, 0);
    (600..1100_u32).for_each(|index| raw.node(index << 5 | 4, other, 0, 0x122));
    raw.finish()
}

/// A message to which messages are attached that are this one.
fn messages_attached_to_themselves() -> Vec<u8> {
    let mut raw = Raw::default();
    let object = [0x24_u32.to_le_bytes(), [0xFF; 4]].concat();
    let message = raw.data(properties(&[(0x001A, 0x1F, 0), (0x0E07, 3, u32::MAX), SIZE], &[]));
    let attached = [(0x0E20, 3, u32::MAX), (0x3701, 0x0D, 0x60), (0x3705, 3, 5), (0x370B, 3, u32::MAX)];
    let attachment = raw.data(properties(&attached, &[object]));
    let nid = |index: u32| (index + 0x400) << 5 | 5;
    let row = |index: u32| [nid(index).to_le_bytes().to_vec(), vec![0, 0, 0, 0, 0xC0]].concat();
    let index: Vec<_> = (0..100).map(|index| (nid(index), index)).collect();
    let rows: Vec<u8> = (0..100).flat_map(row).collect();
    let rows = raw.data(table(9, 0x80, &index, &[rows]));
    let top = raw.list_after(1);
    let below = raw.list(|_| subnodes([(0x24, message, top)]));
    let of_attachments = (0..100).map(|index| (nid(index), attachment, below));
    assert_eq!(raw.list(|_| subnodes([(ATTACHMENTS, rows, 0)].into_iter().chain(of_attachments))), top);
    raw.messages(50, message, top);
    raw.finish()
}

/// Tables whose rows have a block each, a million of one and the same.
fn tables_of_large_rows() -> Vec<u8> {
    let mut raw = Raw::default();
    let rows = endless(&mut raw, vec![0xFF; 8176]);
    let index: Vec<_> = (0..440).map(|id| (id, u32::MAX - id)).chain([(u32::MAX, 1), (0, 2), (1, 3), (2, 4)]).collect();
    let data = raw.data(table(8176, 0x3F, &index, &[]));
    let below = raw.list(|_| subnodes([(0x3F, rows, 0)]));
    let of_message = raw.list(|_| subnodes([(RECIPIENTS, data, below)]));
    let message = raw.data(properties(&[SIZE], &[]));
    raw.messages(1000, message, of_message);
    for index in 1..200_u32 {
        raw.node(index << 5 | 2, message, 0, 0x122);
        [0x0D, 0x0E, 0x0F].into_iter().for_each(|kind| raw.node((index + 0x100) << 5 | kind, data, below, 0));
    }
    raw.finish()
}

/// As many buckets as can be said, and a name for each octet of a stream without end.
fn names_without_end() -> Vec<u8> {
    let mut raw = Raw::default();
    let entries = endless(&mut raw, vec![1; 8176]);
    let below = raw.list(|_| subnodes([(0x3F, entries, 0)]));
    let mut all = vec![(1, 3, 0x6FFF)];
    all.extend([2, 3, 4].map(|id| (id, 0x102, 0x3F)));
    all.extend((0x1000..0x1100).map(|id| (id, 0x102, 0x3F)));
    let data = raw.data(properties(&all, &[]));
    raw.node(0x61, data, below, 0);
    raw.finish()
}

/// Names that are one long text, and so no two take more memory than one.
fn names_of_one_long_text() -> Vec<u8> {
    let mut raw = Raw::default();
    let strings = [(8100 * 900_u32).to_le_bytes().to_vec(), vec![b'x'; 8172]].concat();
    let (strings, entries) =
        (endless(&mut raw, strings), (0..1000_u16).flat_map(|own| [&[0; 4][..], &[7, 0], &own.to_le_bytes()].concat()));
    let entries = raw.data(entries.collect());
    let below = raw.list(|_| subnodes([(0x3F, strings, 0), (0x5F, entries, 0)]));
    let data = raw.data(properties(&[(1, 3, 251), (2, 0x102, 0x5F), (3, 0x102, 0x5F), (4, 0x102, 0x3F)], &[]));
    raw.node(0x61, data, below, 0);
    raw.finish()
}

/// Folders of which each is below the one that is below it, with tables that all are one.
fn folders_in_a_circle() -> Vec<u8> {
    let mut raw = Raw::default();
    let index: Vec<_> = (0..400).map(|index| (index << 5 | 2, u32::MAX)).collect();
    let data = raw.data(table(u16::MAX, !31, &index, &[]));
    let folder = raw.data(properties(&[(0x3602, 3, u32::MAX), (0x3603, 3, u32::MAX), (0x360A, 0x0B, u32::MAX)], &[]));
    for index in 0x10..5000_u32 {
        raw.node(index << 5 | 2, folder, 0, (index ^ 1) << 5 | 2);
        [0x0D, 0x0E, 0x0F].into_iter().for_each(|kind| raw.node(index << 5 | kind, data, 0, 0));
    }
    raw.finish()
}

#[test]
fn checks_of_stores_without_end_end() {
    type Store = fn() -> Vec<u8>;
    let stores: [(&str, Store, &str); 13] = [
        ("pages in circles", pages_in_circles, "not-checked"),
        ("blocks in one place", blocks_in_one_place, "not-checked"),
        ("heaps of a million blocks", heaps_of_a_million_blocks, "not-checked"),
        ("values of a million blocks", values_of_a_million_blocks, "not-checked"),
        ("subnodes below themselves", subnodes_below_themselves, "not-checked"),
        ("lists of subnodes below themselves", lists_of_subnodes_below_themselves, "not-checked"),
        ("levels of a heap below themselves", levels_of_a_heap_below_themselves, "not-checked"),
        ("messages attached to themselves", messages_attached_to_themselves, "not-checked"),
        ("tables of large rows", tables_of_large_rows, "not-checked"),
        ("names without end", names_without_end, "names-streams"),
        ("names of one long text", names_of_one_long_text, "not-checked"),
        ("folders in a circle", folders_in_a_circle, "folder-tree"),
        ("nothing", || Raw::default().finish(), "node-required"),
    ];
    for (what, store, rule) in stores {
        let (store, start) = (store(), Instant::now());
        let len = store.len();
        let report = check(Arc::new(store), &Stop::default()).unwrap();
        let time = start.elapsed();
        eprintln!("{what}: {len} octets, {time:?}, peak {}", peak() >> 20);
        let rules: Vec<_> = report.rules.iter().map(|count| (count.rule, count.count)).collect();
        assert!(rules.iter().any(|(name, _)| *name == rule), "{what}: {rules:?}");
        assert!(report.advice.is_some());
        assert!(time.as_secs() < SECONDS, "{what}: {time:?}");
        assert!(peak() <= PEAK, "{what}: {} octets at the peak", peak());
    }
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
