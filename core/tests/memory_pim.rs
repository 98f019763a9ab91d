//! Calendars and cards that are made to exhaust a reader: each comes through, octet for octet, in little memory and a time
//! that grows with its length alone.
//!
//! One test only, in a program of its own, so that the peak is its alone; what is read is never held.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use mailferry::{
    model::{ItemKind, VCardVersion},
    read::{ItemReader, ReadOptions, ics::IcsReader, vcf::VcfReader},
    source::{ReadAt, Source},
    write::{IcsCollection, IcsOptions, VcfCollection, VcfOptions},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    sync::Arc,
    time::{Duration, Instant},
};

const PEAK: u64 = 64 << 20;
/// Far above what is needed on a slow machine, far below what a square of the length takes.
const TIME: Duration = Duration::from_secs(60);

/// Octets of units that are copied at a time: one by one would take most of the time.
const BLOCK: usize = 64 << 10;

/// The same octets again and again between a beginning and an end.
struct Repeated {
    input: Input,
    /// So many whole units as fit in a block.
    block: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Input {
    head: &'static [u8],
    unit: &'static [u8],
    times: u64,
    tail: &'static [u8],
}

impl Input {
    fn len(&self) -> u64 {
        self.head.len() as u64 + self.unit.len() as u64 * self.times + self.tail.len() as u64
    }

    fn source(self) -> Source {
        Arc::new(Repeated { input: self, block: self.unit.repeat((BLOCK / self.unit.len()).max(1)) })
    }
}

impl ReadAt for Repeated {
    fn len(&self) -> u64 {
        self.input.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let Input { head, unit, times, tail } = self.input;
        let body = head.len() as u64 + unit.len() as u64 * times;
        let mut at = offset;
        let mut done = 0;
        while done < buf.len() && at < self.len() {
            let piece = match at {
                at if at < head.len() as u64 => &head[at as usize..],
                at if at < body => {
                    let block = &self.block[((at - head.len() as u64) % unit.len() as u64) as usize..];
                    &block[..block.len().min((body - at) as usize)]
                }
                at => &tail[(at - body) as usize..],
            };
            let n = piece.len().min(buf.len() - done);
            buf[done..done + n].copy_from_slice(&piece[..n]);
            done += n;
            at += n as u64;
        }
        Ok(done)
    }
}

/// Items, and octets that were written of them.
fn through(input: Input, convert: bool) -> (u64, u64) {
    let is_card = input.head.starts_with(b"BEGIN:VCARD");
    let source = input.source();
    let options = ReadOptions::default();
    let mut reader: Box<dyn ItemReader> = match is_card {
        true => Box::new(VcfReader::open(source, "x.vcf", &options).unwrap()),
        false => Box::new(IcsReader::open(source, "x.ics", &options).unwrap()),
    };
    let (mut ics, mut vcf) = (IcsOptions::default(), VcfOptions::default());
    ics.strip_scheduling = convert;
    ics.iana_zones = convert;
    vcf.version = convert.then_some(VCardVersion::V4);
    vcf.add_uid = convert;
    let (mut calendars, mut cards) = (IcsCollection::new(ics), VcfCollection::new(vcf));
    let mut items = 0;
    while let Some(item) = reader.next_item().unwrap() {
        items += 1;
        assert!(item.defects.len() < 100, "defects are told up to a bound");
        match &item.kind {
            ItemKind::Calendar(object) => calendars.add(object).unwrap(),
            ItemKind::Contact(card) => drop(cards.add(card).unwrap()),
            _ => {}
        }
    }
    let content = if is_card { cards.finish() } else { calendars.finish() };
    (items, content.unwrap().len())
}

#[test]
fn what_is_made_to_exhaust_a_reader_does_not() {
    const EVENT: &[u8] = b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\n";
    const END: &[u8] = b"END:VEVENT\nEND:VCALENDAR\n";
    const CARD: &[u8] = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann\n";
    let calendar = |unit, times| Input { head: EVENT, unit, times, tail: END };
    let card = |unit, times| Input { head: CARD, unit, times, tail: b"\nEND:VCARD\n" };
    let line = |head: &'static [u8], tail| Input { head, unit: b"0123456789", times: 10_000_000, tail };
    for (what, source, items) in [
        ("a million open components", calendar(b"BEGIN:X-A\n", 1_000_000), 1),
        ("a million open cards", card(b"AGENT:\nBEGIN:VCARD\n", 1_000_000), 1),
        ("a million open alarms that look closed", calendar(b"BEGIN:VALARM\nEND:X\n", 1_000_000), 1),
        (
            "a line of 100 MB",
            line(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:", b"\nEND:VEVENT\nEND:VCALENDAR\n"),
            1,
        ),
        ("a line of 100 MB in a card", line(b"BEGIN:VCARD\nVERSION:3.0\nFN:", b"\nEND:VCARD\n"), 1),
        ("a file of one line", line(b"BEGIN:VCARD:", b""), 0),
        ("a property of a million folds", calendar(b"\n x", 1_000_000), 1),
        (
            "a value of a million soft line breaks",
            Input {
                head: b"BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:",
                unit: b"=41=\n",
                times: 1_000_000,
                tail: b"\nEND:VCARD\n",
            },
            1,
        ),
        ("ten million properties", calendar(b"X-A:1\n", 10_000_000), 1),
        ("a million properties in a card", card(b"X-A:1\n", 1_000_000), 1),
        (
            "a hundred thousand parameters",
            Input {
                head: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE",
                unit: b";TZID=\"a\"",
                times: 100_000,
                tail: b":mailto:a\nEND:VEVENT\nEND:VCALENDAR\n",
            },
            1,
        ),
        (
            "a hundred thousand open quotes",
            Input {
                head: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nATTENDEE",
                unit: b";Z=\"",
                times: 100_001,
                tail: b":mailto:a\nEND:VEVENT\nEND:VCALENDAR\n",
            },
            1,
        ),
        (
            "a hundred thousand parameters in a card",
            Input { head: b"BEGIN:VCARD\nTEL", unit: b";HOME", times: 100_000, tail: b":1\nEND:VCARD\n" },
            1,
        ),
        (
            "a million calendars without a component",
            Input { head: b"", unit: b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", times: 1_000_000, tail: b"" },
            1,
        ),
        (
            "a million zones of one name",
            Input {
                head: b"BEGIN:VCALENDAR\n",
                unit: b"BEGIN:VTIMEZONE\nTZID:a\nEND:VTIMEZONE\n",
                times: 1_000_000,
                tail: b"BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n",
            },
            1,
        ),
        (
            "half a million overrides of one event",
            calendar(b"END:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20240101\n", 500_000),
            483_617,
        ),
        (
            "a quarter of a million events of one UID behind an override",
            Input {
                head: b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20240101\nEND:VEVENT\n",
                unit: b"BEGIN:VEVENT\nUID:1\nEND:VEVENT\n",
                times: 250_000,
                tail: b"END:VCALENDAR\n",
            },
            250_000,
        ),
        (
            "stray ends",
            Input { head: b"BEGIN:VCALENDAR\n", unit: b"END:VEVENT\nEND:VCALENDAR\n", times: 1_000_000, tail: b"" },
            1,
        ),
    ] {
        for convert in [false, true] {
            let start = Instant::now();
            let (found, octets) = through(source, convert);
            let elapsed = start.elapsed();
            assert_eq!(found, items, "{what}: items");
            assert!(convert || octets == source.len() || items == 0, "{what}: {octets} octets of {}", source.len());
            assert!(elapsed < TIME, "{what}: {elapsed:?}");
            let peak = peak();
            println!(
                "{what}, {}: {elapsed:.1?}, {} MB at the peak so far",
                if convert { "changed" } else { "untouched" },
                peak >> 20
            );
            assert!(peak <= PEAK, "{what}: {peak} octets at the peak");
        }
    }
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = BufReader::new(File::open("/proc/self/status").unwrap());
    let line = status.lines().map(Result::unwrap).find(|line| line.starts_with("VmHWM:")).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}
