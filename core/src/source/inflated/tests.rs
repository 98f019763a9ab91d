use super::*;
use crate::source::{Checked, Content};
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder},
};
use proptest::prelude::*;
use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

fn deflate(octets: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Text that compresses like mail: words of a small vocabulary in an order without pattern.
fn text(len: usize) -> Vec<u8> {
    let words = ["From ", "the ", "mail ", "boundary=", "\r\n", "Received: ", "=20", "aGVsbG8gd29ybGQ", "x", "zürich "];
    let mut state = 1_u64;
    let mut octets = Vec::new();
    while octets.len() < len {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        octets.extend_from_slice(words[(state >> 33) as usize % words.len()].as_bytes());
        octets.push((state >> 40) as u8);
    }
    octets.truncate(len);
    octets
}

fn open_deflate(compressed: Vec<u8>, octets: &[u8]) -> Inflated {
    Inflated::deflate(Arc::new(compressed), octets.len() as u64)
}

fn open_gzip(compressed: Vec<u8>) -> Result<Inflated> {
    Inflated::gzip(Arc::new(compressed), &Limits::default())
}

/// What can be read from the start on, and the error that ends it.
fn read_all(source: &dyn ReadAt, step: usize) -> (Vec<u8>, Option<io::Error>) {
    let (mut octets, mut buf) = (Vec::new(), vec![0; step]);
    loop {
        match source.read_at(octets.len() as u64, &mut buf) {
            Ok(0) => return (octets, None),
            Ok(n) => octets.extend_from_slice(&buf[..n]),
            Err(e) => return (octets, Some(e)),
        }
    }
}

/// Counts the octets read from it.
struct Counted {
    octets: Vec<u8>,
    read: Arc<AtomicU64>,
}

impl ReadAt for Counted {
    fn len(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.octets.read_at(offset, buf)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_of_reading_gives_the_plain_octets(
        len in 0_usize..6_000_000,
        members in 1_usize..4,
        reads in prop::collection::vec((0.0_f64..1.0, 1_usize..200_000), 1..40),
    ) {
        let plain = text(len);
        let zipped: Vec<u8> = plain.chunks(len / members + 1).flat_map(gzip).collect();
        let zipped = if plain.is_empty() { gzip(b"") } else { zipped };
        let sources = [open_deflate(deflate(&plain), &plain), open_gzip(zipped).unwrap()];
        for source in &sources {
            prop_assert_eq!(source.len(), len as u64);
            for (place, step) in &reads {
                let from = (place * len as f64) as usize;
                let to = (from + step).min(len);
                let mut buf = vec![0; to - from];
                source.read_exact_at(from as u64, &mut buf).unwrap();
                prop_assert!(buf == plain[from..to], "{}..{}", from, to);
            }
            let state = source.state();
            prop_assert!(state.cursors.len() <= CURSORS && state.blocks.len() <= KEPT_BLOCKS);
            prop_assert!(state.restarts.len() <= 32);
            drop(state);
            prop_assert!(source.take_defects().is_empty());
        }
    }
}

#[test]
fn reading_forward_gives_all_and_no_defect() {
    let plain = text(300_000);
    for step in [1000, RING, 1 << 20] {
        let source = open_deflate(deflate(&plain), &plain);
        let (octets, error) = read_all(&source, step);
        assert!(octets == plain && error.is_none());
        assert_eq!(source.take_defects(), []);
    }
}

#[test]
fn scanning_and_reading_again_is_linear() {
    let plain = text(40 << 20);
    let compressed = deflate(&plain);
    let (read, len) = (Arc::new(AtomicU64::new(0)), compressed.len() as u64);
    let counted = Counted { octets: compressed, read: Arc::clone(&read) };
    let source = Inflated::deflate(Arc::new(counted), plain.len() as u64);
    let mut buf = vec![0; 1 << 20];
    // Messages of 5 MiB: each is scanned to its end, then read twice from its start.
    for message in 0..8_u64 {
        for _ in 0..3 {
            for part in 0..5 {
                let at = (message * 5 + part) << 20;
                source.read_exact_at(at, &mut buf).unwrap();
                assert!(buf == plain[at as usize..][..1 << 20]);
            }
        }
    }
    let read = read.load(Ordering::Relaxed);
    assert!(read < 5 * len, "{read} octets read of {len}");
    assert_eq!(source.take_defects(), []);
}

#[test]
fn every_truncation_of_gzip_gives_a_prefix_and_says_so() {
    let plain = text(3_000);
    let whole = gzip(&plain);
    for len in 0..whole.len() {
        match open_gzip(whole[..len].to_vec()) {
            Err(e) => assert!(len < 10 && e.kind() == ErrorKind::Malformed, "{len}: {e}"),
            Ok(source) => {
                let (octets, error) = read_all(&source, 700);
                assert!(plain.starts_with(&octets) && error.is_none(), "{len}");
                assert_eq!(octets.len() as u64, source.len());
                let kinds: Vec<_> = source.take_defects().iter().map(Defect::kind).collect();
                assert_eq!(kinds, [DefectKind::Truncated], "{len}");
            }
        }
    }
}

#[test]
fn every_truncation_of_deflate_is_an_error_with_its_place() {
    let plain = text(3_000);
    let whole = deflate(&plain);
    for len in 0..whole.len() {
        let (octets, error) = read_all(&open_deflate(whole[..len].to_vec(), &plain), 700);
        assert!(plain.starts_with(&octets));
        match error {
            Some(e) => assert!(e.to_string().contains(&format!("octet {}", octets.len())), "{len}: {e}"),
            // The last octets may hold no more than the end of the block.
            None => assert!(octets == plain && len + 3 > whole.len(), "{len}"),
        }
    }
}

#[test]
fn a_wrong_octet_is_told() {
    let plain = text(200_000);
    let crc = crate::crc32::crc32(0, &plain);
    for (i, whole) in [deflate(&plain), gzip(&plain)].into_iter().enumerate() {
        for place in (20..whole.len() - 8).step_by(whole.len() / 50) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            let source: Source = match i {
                0 => Arc::new(Checked::new(Arc::new(open_deflate(damaged, &plain)), crc)),
                _ => Arc::new(open_gzip(damaged).unwrap()),
            };
            let (octets, error) = read_all(&*source, 10_000);
            assert!(octets == plain || error.is_some() || !source.take_defects().is_empty(), "{i} {place}");
            assert!(octets != plain || error.is_none());
        }
    }
}

#[test]
fn lengths_that_lie_are_told() {
    let plain = text(RING * 2);
    for told in [RING - 1, RING, RING * 2 - 1] {
        let source = Inflated::deflate(Arc::new(deflate(&plain)), told as u64);
        let (octets, error) = read_all(&source, 10_000);
        assert!(octets == plain[..told] && error.is_none());
        assert_eq!(source.take_defects().len(), 1, "{told}");
    }
    let source = Inflated::deflate(Arc::new(deflate(&plain)), BLOCK * 2 + 1);
    let (octets, error) = read_all(&source, 10_000);
    assert!(octets == plain && error.is_some());
}

#[test]
fn what_follows_the_gzip_data_is_told() {
    let mut zipped = gzip(b"From ");
    let end = zipped.len() as u64;
    zipped.extend_from_slice(&[0; 512]);
    let source = open_gzip(zipped).unwrap();
    assert_eq!(read_all(&source, 10).0, b"From ");
    let defects = source.take_defects();
    assert_eq!(defects.len(), 1);
    assert_eq!((defects[0].kind(), defects[0].offset()), (DefectKind::TrailingGarbage, Some(end)));
}

#[test]
fn many_empty_members_cost_what_they_weigh() {
    let member = gzip(b"");
    let mut zipped = member.repeat(50_000);
    zipped.extend(gzip(b"end"));
    let (read, len) = (Arc::new(AtomicU64::new(0)), zipped.len() as u64);
    let counted = Counted { octets: zipped, read: Arc::clone(&read) };
    let source = Inflated::gzip(Arc::new(counted), &Limits::default()).unwrap();
    assert_eq!(source.len(), 3);
    let read = read.load(Ordering::Relaxed);
    assert!(read < 2 * len, "{read} octets read of {len}");
}

#[test]
fn a_bomb_is_refused() {
    let zipped = gzip(&vec![0; 4 << 20]);
    let limits = Limits { expansion_floor: 1 << 20, expansion_ratio: 100, ..Limits::default() };
    let error = Inflated::gzip(Arc::new(zipped.clone()), &limits).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert_eq!(open_gzip(zipped).unwrap().len(), 4 << 20, "below the floor any ratio is fine");
}

#[test]
fn a_source_that_shrinks_is_an_error() {
    let plain = text(1 << 20);
    let whole = deflate(&plain);
    let cut: Source = Arc::new(whole[..whole.len() / 2].to_vec());
    let cut = Content::new(cut, Some(0..whole.len() as u64));
    let source = Inflated::deflate(Arc::new(cut), plain.len() as u64);
    let (octets, error) = read_all(&source, 10_000);
    assert!(plain.starts_with(&octets));
    assert_eq!(error.unwrap().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn threads_may_read_at_once() {
    let plain = text(4 << 20);
    let source = open_deflate(deflate(&plain), &plain);
    std::thread::scope(|scope| {
        for thread in 0..6_usize {
            let (source, plain) = (&source, &plain);
            scope.spawn(move || {
                let mut buf = vec![0; 100_000];
                for i in 0..20 {
                    let at = (thread * 700_001 + i * 150_001) % (plain.len() - buf.len());
                    source.read_exact_at(at as u64, &mut buf).unwrap();
                    assert!(buf == plain[at..at + buf.len()]);
                }
            });
        }
    });
}
