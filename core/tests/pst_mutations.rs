//! Stores broken in a thousand ways: nothing panics, nothing runs for ever, and memory stays small.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod dice;
mod pst_support;

use dice::Dice;
use mailferry::{
    read::ReadOptions,
    write::pst::{Layout, Scrambling},
};
use pst_support::{LAYOUTS, Writer, attachments, dump, every_type, mail, nested};
use std::{
    io::Cursor,
    ops::Range,
    time::{Duration, Instant},
};

/// The longest that one broken store may take; it is far more than any needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The most memory that may be used, the six tests side by side.
const MEMORY: u64 = 256 << 20;

fn store(layout: Layout, scrambling: Scrambling) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, scrambling).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    let inner = pst.add_folder(inbox, "Inner", "IPF.Note");
    pst.add_message(inbox, &mail(layout, "first", &"long body ".repeat(2000))).unwrap();
    pst.add_message(inbox, &attachments(layout, 30_000)).unwrap();
    pst.add_message(inner, &nested(layout, 2)).unwrap();
    pst.add_message(inner, &every_type(layout)).unwrap();
    for i in 0..30 {
        pst.add_message(inner, &mail(layout, &format!("number {i}"), "short")).unwrap();
    }
    pst.finish().unwrap().into_inner()
}

impl Dice {
    fn octet(&mut self) -> u8 {
        let value = self.next() as u8;
        // The values that break most are those at the edges.
        match self.below(6) {
            0 => 0,
            1 => 0xFF,
            2 => 1,
            3 => 0x80,
            _ => value,
        }
    }
}

/// Reads a broken store with and without recovery, to the last octet.
fn survive(octets: &[u8], what: &str) -> usize {
    let mut most = 0;
    for recover in [false, true] {
        let mut options = ReadOptions::default();
        options.recover = recover;
        options.hidden = recover;
        let start = Instant::now();
        if let Ok(found) = dump(octets.to_vec(), &options) {
            most = most.max(found.messages);
        }
        assert!(start.elapsed() < PATIENCE, "{what}: took {:?}", start.elapsed());
        assert!(peak() < MEMORY, "{what}: {} octets of memory", peak());
    }
    most
}

/// The most memory that this process has had at a time, in octets: all tests of this file together.
fn peak() -> u64 {
    let Ok(status) = std::fs::File::open("/proc/self/status").and_then(std::io::read_to_string) else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kibibytes| kibibytes * 1024)
}

fn crc(octets: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(octets);
    !hasher.finalize()
}

/// Where data and checksum of each block and of each page of a tree are.
fn checked(octets: &[u8], layout: Layout) -> Vec<(Range<usize>, usize)> {
    let (page, body, crc_at, trailer, slot, block_crc) = match layout {
        Layout::Ansi => (512, 500, 508, 12, 64, 8),
        Layout::Unicode => (512, 496, 500, 16, 64, 4),
        Layout::Unicode4k => (4096, 4072, 4076, 24, 512, 4),
    };
    let word = |at: usize| octets.get(at..at + 4).map_or(0, |o| u32::from_le_bytes(o.try_into().unwrap()));
    let mut found = Vec::new();
    for end in (slot..=octets.len()).step_by(slot) {
        if end % page == 0 && end >= page {
            let start = end - page;
            let kind = octets[start + body];
            if matches!(kind, 0x80 | 0x81) && crc(&octets[start..start + body]) == word(start + crc_at) {
                found.push((start..start + body, start + crc_at));
            }
        }
        let at = end - trailer;
        let size = usize::from(u16::from_le_bytes([octets[at], octets[at + 1]]));
        let whole = (size + trailer).next_multiple_of(slot);
        if size > 0 && whole <= end && crc(&octets[end - whole..end - whole + size]) == word(at + block_crc) {
            found.push((end - whole..end - whole + size, at + block_crc));
        }
    }
    found
}

#[test]
fn flipped_bits() {
    let mut dice = Dice(1);
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout, Scrambling::Permute);
        for round in 0..250 {
            let mut broken = whole.clone();
            for _ in 0..=dice.below(40) {
                let at = dice.below(broken.len());
                broken[at] ^= 1 << dice.below(8);
            }
            // Half of them in what everything starts from.
            if round % 2 == 0 {
                let at = dice.below(600);
                broken[at] = dice.octet();
            }
            survive(&broken, &format!("{layout:?} {round}"));
        }
    }
}

#[test]
fn cut_short() {
    let mut dice = Dice(2);
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout, Scrambling::Cyclic);
        for _ in 0..120 {
            let len = dice.below(whole.len());
            survive(&whole[..len], &format!("{layout:?} cut at {len}"));
        }
    }
}

#[test]
fn holes_and_swapped_parts() {
    let mut dice = Dice(3);
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout, Scrambling::None);
        for round in 0..100 {
            let mut broken = whole.clone();
            let size = 64 << dice.below(8);
            let (from, to) = (dice.below(whole.len() - size), dice.below(whole.len() - size));
            if round % 2 == 0 {
                broken[to..to + size].fill(0);
            } else {
                broken.copy_within(from..from + size, to);
            }
            survive(&broken, &format!("{layout:?} {round}"));
        }
    }
}

/// The checksum is right, what it covers is not: this is what an attacker writes.
#[test]
fn wrong_structures_with_right_checksums() {
    let mut dice = Dice(4);
    for layout in LAYOUTS {
        let whole = store(layout, Scrambling::None);
        let places = checked(&whole, layout);
        assert!(places.len() > 100, "{layout:?}: {} blocks and pages", places.len());
        let rounds = if layout == Layout::Unicode4k { 40 } else { 400 };
        for round in 0..rounds {
            let mut broken = whole.clone();
            for _ in 0..=dice.below(4) {
                let (data, checksum) = &places[dice.below(places.len())];
                for _ in 0..=dice.below(6) {
                    // The structures stand at the start of a block and at the end.
                    let inside = match dice.below(3) {
                        0 => dice.below(data.len().min(24)),
                        1 => data.len() - 1 - dice.below(data.len().min(40)),
                        _ => dice.below(data.len()),
                    };
                    broken[data.start + inside] = dice.octet();
                }
                let sum = crc(&broken[data.clone()]);
                broken[*checksum..checksum + 4].copy_from_slice(&sum.to_le_bytes());
            }
            survive(&broken, &format!("{layout:?} {round}"));
        }
    }
}

/// Words of the file that look like identifiers and offsets are replaced by one another: trees become circles.
#[test]
fn circles() {
    let mut dice = Dice(5);
    for layout in [Layout::Ansi, Layout::Unicode] {
        let size = if layout == Layout::Ansi { 4 } else { 8 };
        let whole = store(layout, Scrambling::None);
        let places = checked(&whole, layout);
        let internal: Vec<_> = places.iter().filter(|(data, _)| data.len() > 490 || whole[data.start] <= 2).collect();
        for round in 0..200 {
            let mut broken = whole.clone();
            for _ in 0..=dice.below(5) {
                let (data, checksum) = internal[dice.below(internal.len())];
                let words = data.len() / size;
                if words < 2 {
                    continue;
                }
                let (from, to) = (data.start + size * dice.below(words), data.start + size * dice.below(words));
                broken.copy_within(from..from + size, to);
                let sum = crc(&broken[data.clone()]);
                broken[*checksum..checksum + 4].copy_from_slice(&sum.to_le_bytes());
            }
            survive(&broken, &format!("{layout:?} {round}"));
        }
    }
}

/// Without its header, and without the pages of its trees' roots, every message is still found.
#[test]
fn a_store_without_its_header_is_searched() {
    for layout in LAYOUTS {
        let whole = store(layout, Scrambling::Permute);
        let mut broken = whole.clone();
        broken[8..560].fill(0);
        assert_eq!(survive(&broken, "no header"), 34, "{layout:?}");
    }
}

/// A block holds one message, or a list that the nodes know by themselves: no block costs more than a message.
#[test]
fn the_loss_of_a_block_loses_a_message_at_most() {
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout, Scrambling::None);
        let sound = dump(whole.clone(), &ReadOptions::default()).unwrap();
        for (data, _) in checked(&whole, layout) {
            let is_page = data.start % 512 == 0 && matches!(data.len(), 496 | 500);
            if is_page {
                continue;
            }
            let mut broken = whole.clone();
            broken[data.clone()].fill(0);
            let found = dump(broken, &ReadOptions::default()).unwrap();
            assert!(
                found.messages >= 33,
                "{layout:?}: {} messages without the block at {}",
                found.messages,
                data.start
            );
            let told = found.defects + found.errors > 0;
            assert!(told || found.text == sound.text, "{layout:?}: nobody tells of the block at {}", data.start);
        }
    }
}
