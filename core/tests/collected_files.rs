//! Files that hold many items, where one of them cannot be made.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use mailferry::{
    read::{ItemReader, ReadOptions, ics::IcsReader},
    source::ReadAt,
    write::{EmlArchive, ItemName, ItemWriter, Made, WriteOptions},
};
use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// A file on a disk that comes to be unreadable.
struct Failing(Vec<u8>, Arc<AtomicBool>);

impl ReadAt for Failing {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.1.load(Relaxed) { Err(io::Error::other("bad sector")) } else { self.0.read_at(offset, buf) }
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_cannot_be_made_is_told_and_takes_no_other_with_it() {
    let calendar = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n".to_vec();
    let broken = Arc::new(AtomicBool::new(false));
    let out = Shared::default();
    let mut archive = EmlArchive::zip(out.clone(), WriteOptions::default());
    let mut write = |name: &str, source: Failing| {
        let mut reader = IcsReader::open(Arc::new(source), name, &ReadOptions::default()).unwrap();
        let item = reader.next_item().unwrap().unwrap();
        let rendered = archive.renderer().render(&item).unwrap();
        archive.write(&item, &ItemName::default(), rendered).unwrap();
    };
    write("lost.ics", Failing(calendar.clone(), broken.clone()));
    write("kept.ics", Failing(calendar.clone(), Arc::default()));
    broken.store(true, Relaxed);
    let mut made = Vec::new();
    let mut tell = |told: Made| {
        made.push(told.path().to_owned());
        Ok(())
    };
    let error = archive.finish_telling(&mut tell).unwrap_err();
    assert_eq!(error.path(), Some("lost/lost.ics"));
    assert!(error.to_string().contains("the 1 items that the log has in it"), "{error}");
    assert!(made.contains(&"kept/kept.ics".to_owned()) && !made.contains(&"lost/lost.ics".to_owned()), "{made:?}");
    let octets = out.0.lock().unwrap().clone();
    assert!(octets.windows(4).any(|window| window == b"PK\x05\x06"), "the archive is completed");
}
