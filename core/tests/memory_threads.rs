//! What several threads hold stays within 40 MB on two and 96 MB on eight, whatever the sizes of messages.
//!
//! One test only, in a program of its own, so that the peak is its alone; what is read is never held.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![cfg(all(target_os = "linux", feature = "convert"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use mailferry::{
    convert::Conversion,
    read::{Mailbox, ReadOptions},
    source::ReadAt,
    write::{EmlArchive, WriteOptions, ZipLevel},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, sink},
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::Arc,
};

/// Messages of many sizes, one after the other, again and again; none is in memory but for a stock of octets.
struct Messages {
    stock: Vec<u8>,
    /// The length of each message.
    lengths: Vec<u64>,
    rounds: u64,
}

const HEAD: &[u8] = b"From a@x.test Thu Jan  4 10:00:00 2024\nSubject: one\nContent-Transfer-Encoding: base64\n\n";

impl Messages {
    fn new(rounds: u64) -> Self {
        let mut state = 7_u64;
        let mut stock = Vec::with_capacity(1 << 20);
        while stock.len() < 1 << 20 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            stock.push(if stock.len() % 77 == 76 { b'\n' } else { b'A' + (state >> 59) as u8 });
        }
        let small = (1..60).map(|i| i * 997);
        let lengths =
            small.chain([300_000, 6_000_000, 70_000, 1_900_000, 9_000_000, 3_000_000, 7_500_000, 40_000]).collect();
        Self { stock, lengths, rounds }
    }

    fn round(&self) -> u64 {
        self.lengths.iter().sum()
    }
}

impl ReadAt for Messages {
    fn len(&self) -> u64 {
        self.round() * self.rounds
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= ReadAt::len(self) {
            return Ok(0);
        }
        let mut at = offset % self.round();
        for length in &self.lengths {
            if at >= *length {
                at -= length;
                continue;
            }
            let n = usize::try_from(length - at).unwrap().min(buf.len());
            let (from, end) = (usize::try_from(at).unwrap(), usize::try_from(*length).unwrap() - 2);
            let part = match from {
                _ if from < HEAD.len() => &HEAD[from..],
                _ if from >= end => &b"\n\n"[from - end..],
                _ => {
                    &self.stock[from % self.stock.len()..]
                        [..(self.stock.len() - from % self.stock.len()).min(end - from)]
                }
            };
            let n = n.min(part.len());
            buf[..n].copy_from_slice(&part[..n]);
            return Ok(n);
        }
        Ok(0)
    }
}

#[test]
fn what_threads_hold_is_bounded() {
    for (threads, most) in [(2, 40_000_000), (8, 96_000_000)] {
        for level in [ZipLevel::Store, ZipLevel::Fast] {
            let messages = Messages::new(2);
            let expected = messages.lengths.len() as u64 * messages.rounds;
            let mut mailbox = Mailbox::new(ReadOptions::default());
            mailbox.add_source("in.mbox", Arc::new(messages));
            let mut options = WriteOptions::default();
            options.zip_level = level;
            let report = Conversion::new(mailbox, Box::new(EmlArchive::zip(sink(), options)), sink())
                .with_threads(NonZeroUsize::new(threads).unwrap())
                .run(&mut |_| ControlFlow::Continue(()));
            assert_eq!((report.totals.migrated, report.error), (expected, None));
            let peak = peak();
            println!("{peak} octets at the peak of {threads} threads, {level:?}");
            assert!(peak <= most, "{peak} octets at the peak of {threads} threads, {level:?}");
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
