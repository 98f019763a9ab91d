//! The loop from sources to an archive, where sources, destination or observer do what they may: columns, lines and files
//! always agree.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and what it reads is small"
)]

use mailferry::{
    ErrorKind,
    convert::{Columns, Conversion, Report},
    read::{Mailbox, ReadOptions},
    source::{ReadAt, Source},
    write::{EmlArchive, WriteOptions, ZipLevel},
};
use serde_json::Value;
use std::{
    io::{self, Cursor, Read, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// A message whose octets do not repeat, so that an archive of it is not much smaller.
fn message(number: usize, size: usize) -> Vec<u8> {
    let mut message = format!("Subject: number {number}\n\n").into_bytes();
    let mut state = u32::try_from(number).unwrap();
    while message.len() < size {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        message.extend_from_slice(format!("{state:08x}\n").as_bytes());
    }
    message
}

fn mbox(messages: &[Vec<u8>]) -> Vec<u8> {
    let from_line = b"From a@example.org Mon Jan  1 00:00:00 2024\n";
    messages.iter().flat_map(|message| [from_line, &message[..], b"\n"].concat()).collect()
}

fn messages(count: usize, size: usize) -> Vec<Vec<u8>> {
    (1..=count).map(|number| message(number, size)).collect()
}

fn mailbox(sources: impl IntoIterator<Item = (&'static str, Source)>) -> Mailbox {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    for (name, source) in sources {
        mailbox.add_source(name, source);
    }
    mailbox
}

/// Octets in memory that outlive what writes them.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn octets(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.octets()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a conversion to a stored ZIP archive left.
struct Done {
    report: Report,
    lines: Vec<Value>,
    zip: Vec<u8>,
}

fn convert(mailbox: Mailbox, threads: usize, most_items: u64) -> Done {
    let (zip, log) = (Shared::default(), Shared::default());
    let mut options = WriteOptions::default();
    options.zip_level = ZipLevel::Store;
    let archive = EmlArchive::zip(zip.clone(), options);
    let report = Conversion::new(mailbox, Box::new(archive), log.clone())
        .with_threads(NonZeroUsize::new(threads).unwrap())
        .run(&mut |progress| {
            if progress.report.totals.available < most_items {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
    let done = Done { report, lines: log.lines(), zip: zip.octets() };
    done.check();
    done
}

impl Done {
    /// The columns add up, each item has its line, and each line of a migrated item its entry.
    fn check(&self) {
        let adds_up = |columns: &Columns| columns.available == columns.migrated + columns.failed + columns.skipped;
        let sum = |columns: &mut dyn Iterator<Item = Columns>| columns.fold(Columns::default(), |a, b| a + b);
        assert!(adds_up(&self.report.totals));
        assert!(self.report.kinds.values().all(adds_up));
        assert!(self.report.folders.values().all(|folder| adds_up(&folder.columns)));
        assert_eq!(sum(&mut self.report.kinds.values().copied()), self.report.totals);
        assert_eq!(sum(&mut self.report.folders.values().map(|folder| folder.columns)), self.report.totals);
        assert_eq!(self.lines.len() as u64, self.report.totals.available);
        let ids: std::collections::BTreeSet<_> = self.lines.iter().map(|line| line["id"].to_string()).collect();
        assert_eq!(ids.len(), self.lines.len(), "no number twice");

        let mut archive = zip::ZipArchive::new(Cursor::new(&self.zip)).unwrap();
        let mut files = 0;
        for line in self.lines.iter().filter(|line| line["status"] == "migrated") {
            let mut octets = Vec::new();
            archive.by_name(line["path"].as_str().unwrap()).unwrap().read_to_end(&mut octets).unwrap();
            assert_eq!(octets.len() as u64, line["size"]);
            files += 1;
        }
        let folders = (0..archive.len()).filter(|&index| archive.by_index(index).unwrap().is_dir()).count();
        assert_eq!(archive.len() - folders, files);
    }

    fn statuses(&self) -> Vec<(&str, &str)> {
        self.lines.iter().map(|line| (line["id"].as_str().unwrap(), line["status"].as_str().unwrap())).collect()
    }
}

/// A file that is cut while it is read: what lies behind `end` cannot be read once `patience` reads were made of it.
struct Cut {
    octets: Vec<u8>,
    end: u64,
    patience: AtomicU64,
}

impl Cut {
    fn at(octets: Vec<u8>, end: u64, patience: u64) -> Source {
        Arc::new(Self { octets, end, patience: AtomicU64::new(patience) })
    }
}

impl ReadAt for Cut {
    fn len(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let beyond = offset + buf.len() as u64 > self.end;
        let patient = self.patience.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if !beyond || patient {
            return self.octets.read_at(offset, buf);
        }
        if offset >= self.end {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("ends before byte {offset}")));
        }
        self.octets.read_at(offset, &mut buf[..usize::try_from(self.end - offset).unwrap()])
    }
}

#[test]
fn of_a_file_that_shrinks_all_that_can_be_read_comes_out() {
    for threads in [1, 2, 7] {
        let octets = mbox(&messages(40, 200_000));
        let (len, end) = (octets.len() as u64, octets.len() as u64 / 2);
        // Detection reads the head; the cut comes behind it.
        let sources: [(_, Source); 2] =
            [("cut.mbox", Cut::at(octets, end, 0)), ("whole.mbox", Arc::new(mbox(&messages(3, 100))))];
        let done = convert(mailbox(sources), threads, u64::MAX);
        let failed: Vec<_> = done.lines.iter().filter(|line| line["status"] == "failed").collect();
        assert!((1..=3).contains(&failed.len()), "{failed:?}");
        let reason = failed.last().unwrap()["reason"].as_str().unwrap();
        assert!(reason.starts_with("io: cut.mbox: "), "{reason}");
        assert!(reason.contains("ended before the length"), "{reason}");
        let migrated =
            done.statuses().iter().filter(|(id, status)| id.starts_with("1:") && *status == "migrated").count();
        assert!(migrated as u64 >= 40 * end / len - 6, "{migrated} of 40");
        assert_eq!(
            done.statuses()[done.lines.len() - 3..],
            [("2:1", "migrated"), ("2:2", "migrated"), ("2:3", "migrated")]
        );
        assert!(done.report.sources[0].error.is_some() && done.report.sources[1].error.is_none());
        assert!(!done.report.is_complete());
    }
}

/// Fails wherever an octet of `range` is asked for, once it was asked for `patience` times.
struct Hole {
    octets: Vec<u8>,
    range: std::ops::Range<u64>,
    patience: AtomicU64,
}

impl ReadAt for Hole {
    fn len(&self) -> u64 {
        self.octets.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let touches = offset < self.range.end && offset + buf.len() as u64 > self.range.start;
        if touches && self.patience.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err() {
            return Err(io::Error::other("a sector cannot be read"));
        }
        self.octets.read_at(offset, buf)
    }
}

/// The octets of an item too large to be kept are read when it is located, rendered, and written: wherever that ends, the others come out.
#[test]
fn an_item_whose_octets_cannot_be_read_to_the_end_fails_alone() {
    let messages =
        [message(1, 1_000), message(2, 24 << 20), message(3, 1_000), message(4, 24 << 20), message(5, 1_000)];
    let octets = mbox(&messages);
    let middle = octets.len() as u64 / 4;
    let mut alone = 0;
    for patience in 1..12 {
        let hole = Hole { octets: octets.clone(), range: middle..middle + 1, patience: AtomicU64::new(patience) };
        let done = convert(mailbox([("hole.mbox", Arc::new(hole) as Source)]), 1, u64::MAX);
        let failed: Vec<_> = done.lines.iter().filter(|line| line["status"] == "failed").collect();
        if let [failed] = &failed[..] {
            assert!(failed["reason"].as_str().unwrap().contains("a sector cannot be read"), "{failed}");
            alone += u64::from(done.report.totals.migrated == 4 && failed["subject"] == "number 2");
        }
        assert!(failed.len() <= 1);
    }
    assert!(alone > 1, "rendering and writing read the octets, each after the scan");
}

#[test]
fn the_outcome_is_the_same_for_any_number_of_threads() {
    let octets = mbox(&messages(300, 20_000));
    let outcome = |threads| {
        let source: Source = Cut::at(octets.clone(), octets.len() as u64 * 2 / 3, 0);
        let done = convert(mailbox([("a.mbox", source), ("b.mbox", Arc::new(octets.clone()))]), threads, u64::MAX);
        (serde_json::to_value(&done.report).unwrap(), done.lines, done.zip)
    };
    let alone = outcome(1);
    assert!([2, 7].into_iter().all(|threads| outcome(threads) == alone));
}

#[test]
fn a_conversion_that_is_stopped_leaves_a_valid_archive() {
    for (threads, most) in [(1, 1), (1, 25), (2, 25), (7, 25)] {
        let source: Source = Arc::new(mbox(&messages(100, 1_000)));
        let done = convert(mailbox([("in.mbox", source)]), threads, most);
        assert!(done.report.cancelled && !done.report.is_complete());
        assert_eq!(done.report.totals.migrated, most, "no item is begun after it was asked to stop");
        assert_eq!(done.report.error, None);
    }
}

/// Takes so many octets, as a disk does.
struct Disk {
    room: usize,
    octets: Shared,
}

impl Write for Disk {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let fits = octets.len().min(self.room);
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= fits;
        self.octets.write(&octets[..fits])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_conversion_and_is_told() {
    for threads in [1, 7] {
        let source: Source = Arc::new(mbox(&messages(100, 10_000)));
        let archive = EmlArchive::zip(Disk { room: 300_000, octets: Shared::default() }, WriteOptions::default());
        let log = Shared::default();
        let report = Conversion::new(mailbox([("in.mbox", source)]), Box::new(archive), log.clone())
            .with_threads(NonZeroUsize::new(threads).unwrap())
            .run(&mut |_| ControlFlow::Continue(()));
        let error = report.error.clone().unwrap();
        assert!(error.contains("the disk is full") && error.contains("free some space"), "{error}");
        assert!(!report.is_complete());
        let lines = log.lines();
        assert_eq!(lines.len() as u64, report.totals.available);
        assert_eq!(lines.last().unwrap()["status"], "failed");
        assert!(report.totals.failed > 20, "{:?}", report.totals);
        assert_eq!(report.totals.migrated, 0, "what was in the archive is lost with it");
    }
}

#[test]
fn a_log_that_cannot_be_written_ends_the_conversion_and_is_told() {
    let source: Source = Arc::new(mbox(&messages(100, 100)));
    let archive = EmlArchive::zip(Shared::default(), WriteOptions::default());
    let log = Shared::default();
    let disk = Disk { room: 5_000, octets: log.clone() };
    let report = Conversion::new(mailbox([("in.mbox", source)]), Box::new(archive), disk)
        .run(&mut |_| ControlFlow::Continue(()));
    let error = report.error.unwrap();
    assert!(error.contains("the item log: the disk is full: free some space"), "{error}");
    assert!((2..100).contains(&report.totals.available));
    assert_eq!(log.octets().len(), 5_000);
}

#[test]
fn steps_can_be_taken_one_at_a_time() {
    let source: Source = Arc::new(mbox(&messages(3, 100)));
    let archive = EmlArchive::zip(Shared::default(), WriteOptions::default());
    let mut conversion = Conversion::new(mailbox([("in.mbox", source)]), Box::new(archive), Shared::default());
    let mut counts = Vec::new();
    while conversion.step().unwrap() {
        counts.push(conversion.progress().report.totals.available);
    }
    assert!(!conversion.step().unwrap(), "there is nothing more to do");
    assert_eq!(conversion.progress().position, conversion.progress().total.unwrap());
    counts.dedup();
    assert_eq!(counts, [0, 1, 2, 3], "one item a step");
    assert_eq!(conversion.finish().unwrap().totals.migrated, 3);
}

#[test]
fn many_folders_are_counted_in_bounded_rows() {
    let labelled: Vec<_> =
        (0..12_000).map(|number| format!("X-Gmail-Labels: Folder {number}\n\nx\n").into_bytes()).collect();
    let done = convert(mailbox([("in.mbox", Arc::new(mbox(&labelled)) as Source)]), 1, u64::MAX);
    assert_eq!(done.report.totals.migrated, 12_000);
    assert_eq!(done.report.folders.len(), 10_001);
    assert_eq!(done.report.folders["(other)"].columns.migrated, 2_000);
}

#[test]
fn where_no_source_can_be_opened_the_first_tells_why() {
    let mut mailbox = mailbox([
        ("letter.pdf", Arc::new(b"%PDF-1.7".to_vec()) as Source),
        ("x.7z", Arc::new(b"7z\xbc\xaf\x27\x1c".to_vec())),
    ]);
    let error = mailbox.start().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::UnknownFormat, Some("letter.pdf")));
    assert!(mailbox.next_event().is_none());
}
