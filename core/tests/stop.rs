//! A conversion is stopped in the middle of an item, and what was written until then is valid.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    Stop,
    convert::{ConvertOptions, convert, verify},
    read::Given,
    source::ReadAt,
};
use std::{
    fs::File,
    io,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// Octets of the second message: more than are kept in memory.
const LARGE: u64 = 12 << 20;
const START: &[u8] = b"From a\nSubject: small\n\nbody\n\nFrom b\nSubject: large\n\n";
const END: &[u8] = b"\n\nFrom c\nSubject: last\n\nbody\n";

/// A mailbox whose second message is large, and who has read of it how often.
struct Large(Arc<AtomicUsize>);

impl ReadAt for Large {
    fn len(&self) -> u64 {
        START.len() as u64 + LARGE + END.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.fetch_add(1, Relaxed);
        let parts: [(u64, &[u8]); 2] = [(0, START), (START.len() as u64 + LARGE, END)];
        let n = buf.len().min(usize::try_from(self.len().saturating_sub(offset)).unwrap());
        buf[..n].fill(b'\n');
        for (start, part) in parts {
            for (at, octet) in (start..).zip(part).skip_while(|(at, _)| *at < offset) {
                if let Some(place) = buf[..n].get_mut(usize::try_from(at - offset).unwrap()) {
                    *place = *octet;
                }
            }
        }
        Ok(n)
    }
}

fn source(reads: &Arc<AtomicUsize>) -> [Given; 1] {
    [Given::Source("Large.mbox".into(), Arc::new(Large(Arc::clone(reads))))]
}

fn options(threads: usize, reads: &Arc<AtomicUsize>, most: usize) -> ConvertOptions {
    let (mut options, reads) = (ConvertOptions::default(), Arc::clone(reads));
    options.threads = NonZeroUsize::new(threads).unwrap();
    options.archive.zip_level = mailferry::write::ZipLevel::Store;
    options.read.limits.stop = Stop::when(move || reads.load(Relaxed) >= most);
    options
}

/// The names of the messages that are at a destination, each read to its end.
fn messages(destination: &Path) -> usize {
    if destination.is_file() {
        let mut archive = zip::ZipArchive::new(File::open(destination).unwrap()).unwrap();
        for at in 0..archive.len() {
            io::copy(&mut archive.by_index(at).unwrap(), &mut io::sink()).unwrap();
        }
        return archive.file_names().filter(|name| name.as_ref().unwrap().ends_with(".eml")).count();
    }
    let Ok(folders) = std::fs::read_dir(destination) else { return 0 };
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.ends_with(".eml")), "nothing unfinished is left: {names:?}");
    names.len()
}

#[test]
fn a_conversion_stops_in_the_middle_of_an_item_and_can_go_on() {
    let reads = Arc::new(AtomicUsize::new(0));
    let nothing_asked = convert(
        source(&reads),
        &tempfile::tempdir().unwrap().path().join("out"),
        &options(1, &reads, usize::MAX),
        &mut |_| ControlFlow::Continue(()),
    );
    assert_eq!(nothing_asked.unwrap().totals.migrated, 3);
    let all = reads.load(Relaxed);
    assert!(all > 100, "it is read to be found, to be digested, and to be written");
    for (name, threads) in [("out", 1), ("out.zip", 1), ("out.zip", 3)] {
        let (mut in_item, mut most) = (0, 0);
        for part in 1..6 {
            let folder = tempfile::tempdir().unwrap();
            let to = folder.path().join(name);
            reads.store(0, Relaxed);
            most = most.max(all * part / 6);
            let report =
                convert(source(&reads), &to, &options(threads, &reads, most), &mut |_| ControlFlow::Continue(()));
            let report = report.unwrap();
            assert!(report.cancelled && report.error.is_none(), "{name} {part}: {:?}", report.error);
            assert!(reads.load(Relaxed) <= most + 1, "nothing is read once it is stopped");
            assert_eq!((report.totals.failed, report.totals.available), (0, report.totals.migrated), "{name} {part}");
            assert_eq!(messages(&to), usize::try_from(report.totals.migrated).unwrap(), "{name} {part}");
            in_item += usize::from(report.totals.migrated == 1);
            reads.store(0, Relaxed);
            let again = options(threads, &reads, usize::MAX);
            let report = convert(source(&reads), &to, &again, &mut |_| ControlFlow::Continue(())).unwrap();
            assert!(!report.cancelled && report.totals.available == 3 && report.totals.failed == 0, "{name} {part}");
        }
        assert!(in_item > 2, "{name}: the large message is what takes the time");
    }
}

#[test]
fn verifying_stops_too() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out", "out.zip"] {
        let (to, reads) = (folder.path().join(name), Arc::new(AtomicUsize::new(0)));
        let free = options(1, &reads, usize::MAX);
        convert(source(&reads), &to, &free, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(verify(&to, source(&reads), &free, &mut |_| {}).unwrap().differences, 0);
        let stopped = verify(&to, Vec::<Given>::new(), &options(1, &reads, 0), &mut |_| {});
        assert_eq!(stopped.unwrap_err().kind(), mailferry::ErrorKind::Cancelled);
        reads.store(0, Relaxed);
        let stopped = verify(&to, source(&reads), &options(1, &reads, 30), &mut |_| {});
        assert_eq!(stopped.unwrap_err().kind(), mailferry::ErrorKind::Cancelled, "in the source");
    }
}
