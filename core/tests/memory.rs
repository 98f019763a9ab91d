//! Memory does not grow with the input: a file of 50 GB, most of it holes, is read in as little as a small one.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use mailferry::{
    read::{ItemReader, ReadOptions, mbox::MboxReader},
    source::FileSource,
};
use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

const LENGTH: u64 = 50_000_000_000;
const MIDDLE: u64 = LENGTH / 2 + 12_345;
const PEAK: u64 = 40 << 20;

#[test]
fn fifty_gigabytes_are_read_in_forty_megabytes() {
    let first = b"From a@example.com Thu Jan  4 10:00:00 2024\nSubject: first\n\n";
    let middle = b"\n\nFrom b@example.com Fri Jan  5 10:00:00 2024\nSubject: middle\n\n";
    let last = b"\n\nFrom c@example.com Sat Jan  6 10:00:00 2024\nSubject: last\n\nThe end.\n";
    // Holes are read fastest where no disk is asked for them.
    let folder = Path::new("/dev/shm");
    let folder = if folder.is_dir() { folder } else { Path::new(env!("CARGO_TARGET_TMPDIR")) };
    let path = tempfile::Builder::new().tempfile_in(folder).unwrap().into_temp_path();
    let file = File::create(&path).unwrap();
    file.set_len(LENGTH).unwrap();
    file.write_all_at(first, 0).unwrap();
    file.write_all_at(middle, MIDDLE).unwrap();
    file.write_all_at(last, LENGTH - last.len() as u64).unwrap();

    let source = Arc::new(FileSource::open(&path).unwrap());
    let mut reader = MboxReader::open(source, "huge.mbox", &ReadOptions::default()).unwrap();
    let mut sizes = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        let content = item.message().unwrap().content();
        // Of the huge messages a part is enough to show that it is streamed.
        assert!(content.slice(0..1_000_000_000).write_to(&mut std::io::sink()).is_ok());
        sizes.push(content.len());
    }

    let header = b"Subject: middle\n\n".len() as u64;
    let to_middle = MIDDLE + 1 - b"From a@example.com Thu Jan  4 10:00:00 2024\n".len() as u64;
    let to_last = LENGTH - last.len() as u64 + 1 - (MIDDLE + middle.len() as u64) + header;
    assert_eq!(sizes, [to_middle, to_last, b"Subject: last\n\nThe end.\n".len() as u64]);
    let peak = peak();
    assert!(peak <= PEAK, "{peak} octets at the peak");
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = BufReader::new(File::open("/proc/self/status").unwrap());
    let line = status.lines().map(Result::unwrap).find(|line| line.starts_with("VmHWM:")).unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}
