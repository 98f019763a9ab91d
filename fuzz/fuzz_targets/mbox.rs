#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::read::{ItemReader, ReadOptions, mbox::MboxReader};
use std::sync::Arc;

/// Offset, length, octets of each item.
type Items = Vec<(u64, u64, Vec<u8>)>;

fn read(octets: &[u8], window: usize) -> Option<Items> {
    let source = Arc::new(octets.to_vec());
    let mut reader = MboxReader::open_with_window(source, "fuzz.mbox", &ReadOptions::default(), window).ok()?;
    let mut items = Items::new();
    while let Some(item) = reader.next_item().expect("octets in memory can be read") {
        let content = item.message().expect("a message").content().to_vec(octets.len());
        items.push((item.origin.offset, item.origin.length, content.expect("no longer than the file")));
    }
    Some(items)
}

fuzz_target!(|octets: &[u8]| {
    let items = read(octets, 1 << 20);
    assert_eq!(items, read(octets, 16));
    let mut at = None;
    for (offset, length, _) in items.iter().flatten() {
        assert!(at.is_none_or(|at| at == *offset), "a gap before {offset}");
        at = Some(offset + length);
    }
    assert!(at.unwrap_or(0) <= octets.len() as u64);
});
