//! Properties of the mbox reader that hold for every file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    read::{ItemReader, ReadOptions, mbox::MboxReader},
    source::Source,
};
use proptest::prelude::*;
use std::sync::Arc;

/// The offset of a message, its octets, those it was stored in, and what else is known of it.
type Read = (usize, Vec<u8>, Vec<u8>, String);

/// The messages of `file`; each is written back and compared with the octets it was read from.
fn read(file: &[u8], window: usize) -> Option<Vec<Read>> {
    let source: Source = Arc::new(file.to_vec());
    let mut reader = MboxReader::open_with_window(source, "x.mbox", &ReadOptions::default(), window).ok()?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        let content = item.message().unwrap().content();
        let message = content.to_vec(usize::MAX).unwrap();
        let mut stored = Vec::new();
        item.origin.mbox.as_ref().unwrap().write_stored(content, &mut stored).unwrap();
        let from = item.origin.offset as usize;
        let to = from + item.origin.length as usize;
        assert_eq!(stored, file[from..to], "message {} is not written back as it was", item.origin.ordinal);
        items.push((from, message, stored, format!("{:?} {:?}", item.origin, item.defects)));
    }
    Some(items)
}

/// Lines that matter to the rules, and some that do not.
fn line() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just(""),
        3 => Just("From a@example.org Mon Jan  1 00:00:00 2024"),
        2 => Just("Subject: x"),
        1 => Just("Content-Type: multipart/mixed; boundary=b"),
        1 => Just("Content-Length: 30"),
        1 => Just("--b"),
        1 => Just("--b--"),
        1 => Just("From "),
        1 => Just("From -"),
        1 => Just("From here to there"),
        1 => Just("From Anna"),
        1 => Just("From ann@example.org"),
        1 => Just("From 12345678@xxx"),
        1 => Just("From a@example.org Mon Jan  1 00:00:00 METDST 2024"),
        1 => Just("Message-ID: <1@x>"),
        1 => Just(">From a"),
        1 => Just(">>From b"),
        1 => Just(">From: c"),
        1 => Just("a From b"),
        1 => Just("text"),
        1 => Just("\u{1}\u{1}\u{1}\u{1}"),
    ]
}

fn file() -> impl Strategy<Value = String> {
    let end = prop_oneof![4 => Just("\n"), 2 => Just("\r\n"), 1 => Just("\r")];
    (prop::collection::vec(line(), 0..40), end, any::<bool>(), any::<bool>()).prop_map(
        |(mut lines, end, from, last)| {
            if from {
                lines.insert(0, "From a@example.org Mon Jan  1 00:00:00 2024");
            }
            let mut file = lines.join(end);
            if last {
                file += end;
            }
            file
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Preamble, then message after message without a gap, then a tail of nothing but blank lines, NULs and an opening ^A^A^A^A.
    #[test]
    fn nothing_is_lost_between_messages(file in file()) {
        let file = file.as_bytes();
        let items = read(file, 1 << 20).unwrap_or_default();
        let mut end = items.first().map_or(file.len(), |(offset, ..)| *offset);
        for (offset, _, stored, _) in items {
            prop_assert_eq!(offset, end);
            end += stored.len();
        }
        let tail = &file[end..];
        prop_assert!(tail.iter().all(|octet| matches!(octet, 0 | 1 | b'\r' | b'\n')), "{:?}", tail);
    }

    #[test]
    fn the_window_makes_no_difference(file in file(), window in 1..200_usize) {
        prop_assert_eq!(read(file.as_bytes(), window), read(file.as_bytes(), 1 << 20));
    }

    #[test]
    fn no_octets_make_it_panic(file in prop::collection::vec(any::<u8>(), 0..400), window in 1..64_usize) {
        read(&file, window);
    }
}
