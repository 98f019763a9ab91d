//! Mailboxes made to cost: every other message still comes out, in time that grows with the file and no faster.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use mailferry::{
    DefectKind,
    model::Item,
    read::{ItemReader, ReadOptions, mbox::MboxReader},
};
use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

const FROM: &str = "From a@example.com Thu Jan  4 10:00:00 2024\n";
const GOOD: &str = "Subject: good\n\nGood.\n";

/// The items of a good message, `messages`, and a good message, whose first and last must be found as they are.
fn between_good_ones(messages: &str) -> (Vec<Item>, Duration) {
    let file = format!("{FROM}{GOOD}\n{messages}\n{FROM}{GOOD}").into_bytes();
    let started = Instant::now();
    let mut reader = MboxReader::open(Arc::new(file), "abuse.mbox", &ReadOptions::default()).unwrap();
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items.push(item);
    }
    let took = started.elapsed();
    for good in [items.first(), items.last()] {
        let content = good.unwrap().message().unwrap().content();
        assert_eq!(content.to_vec(1000).unwrap(), GOOD.as_bytes());
    }
    (items, took)
}

/// Makes a file of about so many octets.
type Generator = fn(usize) -> String;

#[test]
fn a_line_of_a_hundred_megabytes() {
    let (items, _) = between_good_ones(&format!("{FROM}Subject: long\n\n{}\n", "From >From ".repeat(100_000_000 / 11)));
    assert_eq!(items.len(), 3);
}

#[test]
fn a_header_section_of_ten_megabytes() {
    let (items, _) =
        between_good_ones(&format!("{FROM}Subject: long\n{}\nText.\n", "X-Field: value\n".repeat(700_000)));
    assert_eq!(items.len(), 3);
    assert!(items.iter().any(|item| item.defects.iter().any(|d| d.kind() == DefectKind::HeaderSectionLimit)));
}

#[test]
fn a_hundred_thousand_nested_multiparts() {
    let mut message = format!("{FROM}Subject: deep\n");
    for n in 0..100_000 {
        writeln!(message, "Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}").unwrap();
    }
    assert_eq!(between_good_ones(&message).0.len(), 3);
}

#[test]
fn time_is_linear_whatever_the_mailbox() {
    let repeated = |count: usize, one: fn(usize) -> String| {
        let mut messages = format!("{FROM}Subject: first of many\n\n");
        (0..count).for_each(|n| messages += &one(n));
        messages
    };
    let kinds: [(&str, Generator); 7] = [
        ("multiparts that nothing closes", |n| {
            format!("{FROM}Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n\ntext\n\n")
        }),
        ("multiparts closed by the last message only", |n| {
            format!("{FROM}Content-Type: multipart/mixed; boundary=b{n}\n\n--c{n}--\n\ntext\n\n")
        }),
        ("lengths that land nowhere", |n| format!("{FROM}Content-Length: {}\n\ntext\n\n", 1_000_000 + n)),
        ("lines that look like From_ lines", |_| "From here\n".to_owned()),
        ("dated lines before text", |_| FROM.to_owned() + "text\n"),
        ("messages of no octets", |_| FROM.to_owned()),
        ("quoted lines", |_| ">From here\n".to_owned()),
    ];
    for (name, one) in kinds {
        let (_, small) = between_good_ones(&repeated(10_000, one));
        let (_, large) = between_good_ones(&repeated(80_000, one));
        println!("{name}: {small:?}, {large:?} for eight times as much");
        assert!(large < 40 * small.max(Duration::from_millis(50)), "{name}: {small:?}, then {large:?}");
    }
}
