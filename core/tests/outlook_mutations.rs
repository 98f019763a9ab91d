//! Real files of Outlook, broken at will, are read or refused: without a panic, in little time and memory.
//!
//! It takes minutes: `MAILFERRY_MUTATIONS=100 cargo test -p mailferry --test outlook_mutations -- --ignored --nocapture`;
//! `MAILFERRY_SEED` breaks them in other places. One test only,
//! in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

mod dice;

use dice::Dice;
use mailferry::{
    Result,
    read::{ItemReader, ReadOptions, msg::MsgReader, olm::OlmReader},
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Processor time of a file without optimization: other programs of a busy machine count for nothing.
const PATIENCE: Duration = Duration::from_secs(4);
/// Far more than the largest file of the corpus needs.
const PEAK: u64 = 64 << 20;

/// Breaks a file in one to twelve places.
fn broken(whole: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut octets = whole.to_vec();
    for _ in 0..=dice.below(12) {
        let at = dice.below(octets.len());
        match dice.below(8) {
            0 => octets.truncate(at.max(1)),
            1 => {
                let part = octets[at..].iter().take(dice.below(700)).copied().collect::<Vec<_>>();
                let to = dice.below(octets.len());
                octets.splice(to..(to + part.len()).min(octets.len()), part);
            }
            2 => octets[at..].iter_mut().take(600).for_each(|octet| *octet = 0),
            // A number: of a sector, an entry, a length.
            3..6 => {
                let at = if dice.below(2) == 0 { dice.below(512.min(octets.len())) } else { at } & !3;
                let sectors = octets.len() / 512 + 2;
                let number = match dice.below(5) {
                    0 => 0,
                    1 => u32::MAX - dice.below(6) as u32,
                    2 => dice.below(1 << 31) as u32,
                    _ => dice.below(sectors) as u32,
                };
                if let Some(place) = octets.get_mut(at..at + 4) {
                    place.copy_from_slice(&number.to_le_bytes());
                }
            }
            _ => octets[at] = dice.below(256) as u8,
        }
    }
    octets
}

/// Reads all items to their last octet; whether it could be opened.
fn read(reader: Result<impl ItemReader>) -> bool {
    let Ok(mut reader) = reader else { return false };
    for _ in 0..10_000 {
        match reader.next_item() {
            Ok(Some(item)) => drop(item.to_content().map(|content| content.write_to(&mut io::sink()))),
            Ok(None) => break,
            Err(error) if error.is_fatal() => break,
            Err(_) => {}
        }
    }
    reader.take_defects();
    true
}

fn files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { self::files(&path, files) } else { files.push(path) }
    }
}

#[test]
#[ignore = "takes minutes"]
fn real_files_broken_a_hundred_times_each() {
    let corpus = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    let times = std::env::var("MAILFERRY_MUTATIONS").map_or(100, |times| times.parse().unwrap());
    let mut paths = Vec::new();
    files(&corpus.join("files/msg"), &mut paths);
    files(&corpus.join("files/olm"), &mut paths);
    paths.sort();
    if paths.is_empty() {
        println!("skipped: no corpus of real files");
        return;
    }
    let seed = std::env::var("MAILFERRY_SEED").map_or(24, |seed| seed.parse().unwrap());
    let (mut opened, mut longest, mut slowest, mut dice) = (0, Duration::ZERO, String::new(), Dice(seed));
    for path in &paths {
        let whole = fs::read(path).unwrap();
        let is_olm = path.extension().is_some_and(|extension| extension == "olm");
        for number in 0..times {
            let octets = Arc::new(broken(&whole, &mut dice));
            let start = processor_time();
            let options = ReadOptions::default();
            opened += usize::from(match is_olm {
                true => read(OlmReader::open(octets, "broken.olm", &options)),
                false => read(MsgReader::open(octets, "broken.msg", &options)),
            });
            let took = processor_time().saturating_sub(start);
            assert!(took < PATIENCE, "{}: number {number} took {took:?}", path.display());
            if took > longest {
                longest = took;
                slowest = format!("{} number {number}", path.display());
            }
        }
    }
    let peak = peak();
    println!(
        "{} files, {times} times each: {opened} opened, at most {longest:?} of processor time ({slowest}), {} MB at the peak",
        paths.len(),
        peak >> 20
    );
    assert!(peak <= PEAK, "{peak} octets at the peak");
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(times.split_whitespace().next().unwrap().parse().unwrap())
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
