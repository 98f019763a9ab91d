//! Stores are checked: sound ones have nothing to tell, and of single changes nearly all are found.
#![cfg(all(feature = "outlook", feature = "write"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod dice;
mod pst_mutator;
mod pst_raw;
mod pst_support;

use mailferry::{
    Stop,
    mapi::{PropertyValue, pid},
    model::Role,
    pst::check::{CheckReport, Severity, check},
    write::pst::{Layout, Scrambling},
};
use pst_mutator::Mutator;
use pst_support::{LAYOUTS, SCRAMBLINGS, Writer, attachments, every_type, mail, nested, octets};
use std::{io::Cursor, sync::Arc};

/// A store as whole as one of Outlook, with messages of all kinds.
fn store(layout: Layout, scrambling: Scrambling, messages: usize, large: usize) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, scrambling).unwrap().completing();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    pst.designate(inbox, Role::Inbox);
    let inner = pst.add_folder(inbox, "Inner", "IPF.Note");
    let mut number = 0_u32;
    let mut add = |folder, message: &mailferry::mapi::MapiMessage| {
        pst.identify(&number.to_le_bytes());
        number += 1;
        pst.add_message(folder, message).unwrap();
    };
    add(inbox, &mail(layout, "first", &"long body ".repeat(1000)));
    add(inbox, &attachments(layout, large));
    add(inner, &nested(layout, 2));
    add(inner, &every_type(layout));
    for i in 0..messages {
        let mut message = mail(layout, &format!("number {i}"), "short");
        if i % 3 == 0 {
            message.properties.set(pid::MESSAGE_FLAGS, PropertyValue::Integer32(0));
        }
        message.recipients = vec![pst_support::recipient(layout, 1, "Bob", "bob@example.com")];
        add(if i % 2 == 0 { inbox } else { inner }, &message);
    }
    pst.finish().unwrap().into_inner()
}

fn checked(store: Vec<u8>) -> CheckReport {
    check(Arc::new(store), &Stop::default()).unwrap()
}

fn assert_silent(store: Vec<u8>, what: &str) {
    let report = checked(store);
    assert!(report.findings.is_empty(), "{what}: {:#?}", report.findings);
}

#[test]
fn stores_that_are_written_have_nothing_to_tell() {
    for layout in LAYOUTS {
        for scrambling in SCRAMBLINGS {
            for (messages, large) in [(0, 0), (60, 30_000)] {
                assert_silent(
                    store(layout, scrambling, messages, large),
                    &format!("{layout:?} {scrambling:?} {messages}"),
                );
            }
        }
    }
    // Lists of lists, and maps of several sections.
    assert_silent(store(Layout::Unicode, Scrambling::Permute, 10, 9 << 20), "an attachment of 9 MiB");
    let mut deep = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
    deep.add_message(Writer::MAILBOX, &nested(Layout::Unicode, 60)).unwrap();
    assert_silent(deep.finish().unwrap().into_inner(), "60 messages in one another");
    // Nothing but recipients: of all stores the check has to go through most for its size.
    let mut wide = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
    let mut message = mail(Layout::Unicode, "to all", "short");
    message.recipients =
        (0..3000).map(|i| pst_support::recipient(Layout::Unicode, 3, &format!("B{i}"), &format!("b{i}@x.y"))).collect();
    for _ in 0..2 {
        wide.add_message(Writer::MAILBOX, &message).unwrap();
    }
    assert_silent(wide.finish().unwrap().into_inner(), "3,000 recipients each");
    // Names and addresses longer than the table of recipients has them, and than the check reads.
    let mut long = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
    let mut message = mail(Layout::Unicode, "to long names", "short");
    let recipient = |kind, name: &str, times| {
        pst_support::recipient(Layout::Unicode, kind, &name.repeat(times), &format!("{}@x.y", name.repeat(times)))
    };
    message.recipients = vec![recipient(1, "n", 256), recipient(2, "\u{1f600}", 128), recipient(3, "ab ", 30_000)];
    long.add_message(Writer::MAILBOX, &message).unwrap();
    assert_silent(long.finish().unwrap().into_inner(), "long names of recipients");
    let empty = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
    assert_silent(empty.finish().unwrap().into_inner(), "an empty store");
}

/// Rows have the first 255 units of a text, whatever units these are: halves of characters too, which stores of others have.
#[test]
fn rows_begin_as_long_texts_do() {
    let units =
        |text: Vec<u16>| PropertyValue::String(text.into_iter().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().into());
    let faces = |count: usize| "\u{1F600}".repeat(count).encode_utf16().collect::<Vec<u16>>();
    let mut pst = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap().completing();
    for subject in [
        vec![0xD83D; 300],
        [vec![0xDE00], faces(200)].concat(),
        faces(200),
        vec![0xFEFF; 300],
        [vec![0x41; 254], faces(1)].concat(),
        [0x41, 0, 0xFFFF].repeat(100),
    ] {
        let mut message = mail(Layout::Unicode, "", "short");
        message.properties.set(pid::SUBJECT, units(subject.clone()));
        message.properties.set(0x0042, units(subject));
        let name = "\u{1F600}".repeat(300);
        message.recipients = (1..4).map(|kind| pst_support::recipient(Layout::Unicode, kind, &name, "a@b.c")).collect();
        pst.add_message(Writer::MAILBOX, &message).unwrap();
    }
    // That there are halves of characters is told of, as it has to be.
    let mut findings = checked(pst.finish().unwrap().into_inner()).findings;
    findings.retain(|finding| finding.rule != "text-octets");
    assert!(findings.is_empty(), "{findings:#?}");
}

/// The same changes on every run.
#[test]
fn nearly_every_single_change_is_found() {
    let sound = store(Layout::Unicode, Scrambling::None, 60, 30_000);
    let mut mutator = Mutator::new(&sound, 20_261_130);
    let count: usize = std::env::var("MAILFERRY_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let mut missed = Vec::new();
    for _ in 0..count {
        let (broken, what) = mutator.next();
        if std::env::var_os("MAILFERRY_SHOW").is_some() {
            eprintln!("{what}");
        }
        let is_found = check(Arc::new(broken), &Stop::default()).map_or(true, |report| !report.findings.is_empty());
        if !is_found {
            missed.push(what);
        }
    }
    eprintln!("{} of {count} were not found: {missed:#?}", missed.len());
    assert!(missed.len() * 50 <= count, "{} of {count} were not found: {missed:#?}", missed.len());
}

#[test]
fn each_finding_says_where_and_by_which_rule() {
    let sound = store(Layout::Unicode, Scrambling::Permute, 4, 100);
    for (at, rule, section) in [
        (0_usize, "header-magic", "[MS-PST] 2.2.2.6"),
        (184, "root-file-end", "[MS-PST] 2.2.2.5"),
        (0x4400, "page-crc", "[MS-PST] 2.2.2.7.1"),
        (0x4600, "pmap-bits", "[MS-PST] 2.2.2.7.3"),
        (0x4400 + 1024, "block-crc", "[MS-PST] 2.2.2.8.1"),
    ] {
        let mut broken = sound.clone();
        broken[at] ^= 1;
        let report = checked(broken);
        let found = report.findings.iter().find(|finding| finding.rule == rule);
        let found = found.unwrap_or_else(|| panic!("{rule}: {:#?}", report.findings));
        assert_eq!((found.section, found.severity), (section, Severity::Error));
        assert!(found.place.offset.is_some() && !found.found.is_empty() && !found.meaning.is_empty());
        assert!(report.errors > 0 && report.rules.iter().any(|count| count.rule == rule));
    }
}

/// What is broken in any way is told of, and takes neither a panic nor long.
#[test]
fn stores_broken_at_random_end_the_check() {
    for layout in LAYOUTS {
        let sound = store(layout, Scrambling::Permute, 6, 9000);
        for seed in 0..30_u32 {
            let mut broken = sound.clone();
            for (i, octet) in octets(12, seed + 1).chunks(3).enumerate() {
                let at = usize::from(octet[0]) << 10 | usize::from(octet[1]) << 2;
                let at = if i == 0 { at % 564 } else { at % broken.len() };
                broken[at] = octet[2];
            }
            broken.truncate(sound.len() - (seed as usize % 7) * 1000);
            let _found = check(Arc::new(broken), &Stop::default());
        }
    }
    // Numbers as high as they can be, at each place in turn.
    let sound = store(Layout::Unicode, Scrambling::None, 0, 100);
    for at in (0..sound.len() - 8).step_by(1973).chain((180..564).step_by(8)) {
        for fill in [0xFF, 0x7F] {
            let mut broken = sound.clone();
            broken[at..at + 8].fill(fill);
            let _found = check(Arc::new(broken), &Stop::default());
        }
    }
    assert!(check(Arc::new(b"no store".repeat(100)), &Stop::default()).is_err());
    assert!(check(Arc::new(b"!BDN".to_vec()), &Stop::default()).is_err());
    assert!(check(Arc::new(store(Layout::Unicode, Scrambling::None, 1, 1)), &Stop::when(|| true)).is_err());
}

/// What is lost in a heap takes no number from what is behind it.
#[test]
fn blocks_and_allocations_of_a_heap_keep_their_numbers() {
    use pst_raw::{Raw, bth, data_list, heap, subnodes};

    let value = b"in the third block".to_vec();
    let of_third = |hid: u32| {
        let record = [&[0x01, 0x68, 0x02, 0x01][..], &hid.to_le_bytes()].concat();
        heap(0xBC, &[bth(2, 6, 0, 0x40), record])
    };
    // The second entry is a list instead of data.
    let mut raw = Raw::default();
    let first = raw.data(of_third(2 << 16 | 0x20));
    let second = raw.list(|_| subnodes([]));
    let map = value.len() as u16 + 2;
    let third = [map, 1, 0, 2, map].map(u16::to_le_bytes);
    let third = raw.data([&third[0][..], &value, third[1..].as_flattened()].concat());
    let data = raw.list(|_| data_list(1, &[first, second, third]));
    raw.messages(1, data, 0);
    let rules = |store: Vec<u8>| checked(store).rules.iter().map(|rule| rule.rule).collect::<Vec<_>>();
    let found = rules(raw.finish());
    assert!(!found.iter().any(|rule| matches!(*rule, "property-value" | "heap-unused")), "{found:?}");

    // The third allocation begins before the second one, which so has a size below nothing.
    let mut raw = Raw::default();
    let mut octets =
        heap(0xBC, &[bth(2, 6, 0, 0x40), [[0x01, 0x68, 0x02, 0x01], [0x80, 0, 0, 0]].concat(), vec![7; 9], vec![8; 9]]);
    let at = octets.len() - 4;
    octets[at..at + 2].copy_from_slice(&30_u16.to_le_bytes());
    octets[at - 2..at].copy_from_slice(&40_u16.to_le_bytes());
    let data = raw.data(octets);
    raw.messages(1, data, 0);
    let found = rules(raw.finish());
    assert!(found.contains(&"heap-map") && !found.contains(&"property-value"), "{found:?}");
}

#[test]
fn a_check_that_is_asked_to_stop_stops_wherever_it_is() {
    let sound = store(Layout::Unicode, Scrambling::None, 20, 100_000);
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counting = asked.clone();
    let all = check(
        Arc::new(sound.clone()),
        &Stop::when(move || counting.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 1 << 20),
    );
    assert!(all.is_ok());
    let times = asked.load(std::sync::atomic::Ordering::Relaxed);
    assert!(times > 10, "{times}");
    for most in [0, 1, times / 2, times - 1] {
        let counting = std::sync::atomic::AtomicU32::new(0);
        let stop = Stop::when(move || counting.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= most);
        let error = check(Arc::new(sound.clone()), &stop).unwrap_err();
        assert_eq!(error.kind(), mailferry::ErrorKind::Cancelled);
    }
}
