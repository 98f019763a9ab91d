//! Files that hold many items, where one of them cannot be made.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    convert::{Columns, ConvertOptions, ITEM_LOG, LogLine, Status, beside, convert},
    read::{Given, ItemReader, ReadOptions, ics::IcsReader},
    source::ReadAt,
    write::{EmlArchive, Eol, Grouping, ItemName, ItemWriter, OutputForm, Product, WriteOptions},
};
use std::{
    io::{self, BufRead},
    ops::ControlFlow,
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
    let mut paths = Vec::new();
    let mut tell = |told: Product| {
        paths.push(told.path().to_owned());
        Ok(())
    };
    let error = archive.finish_telling(&mut tell).unwrap_err();
    assert_eq!(error.path(), Some("lost/lost.ics"));
    assert!(error.to_string().contains("the 1 items in it"), "{error}");
    assert!(paths.contains(&"kept/kept.ics".to_owned()) && !paths.contains(&"lost/lost.ics".to_owned()), "{paths:?}");
    let octets = out.0.lock().unwrap().clone();
    assert!(octets.windows(4).any(|window| window == b"PK\x05\x06"), "the archive is completed");
}

#[test]
fn the_items_of_a_file_that_cannot_be_made_end_as_failed() {
    let calendar = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n".to_vec();
    let broken = Arc::new(AtomicBool::new(false));
    let source =
        |name: &str, broken: Arc<AtomicBool>| Given::Source(name.into(), Arc::new(Failing(calendar.clone(), broken)));
    let sources = [source("lost.ics", broken.clone()), source("kept.ics", Arc::default())];
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("out");
    let report = convert(sources, &to, &ConvertOptions::default(), &mut |progress| {
        broken.store(progress.report.totals.available == 2, Relaxed);
        ControlFlow::Continue(())
    });
    let report = report.unwrap();
    let counts = |columns: &Columns| (columns.available, columns.migrated, columns.failed);
    assert_eq!(counts(&report.totals), (2, 1, 1));
    assert_eq!(counts(&report.kinds["event"]), (2, 1, 1));
    assert_eq!(counts(&report.folders["lost"].columns), (1, 0, 1));
    assert!(report.error.is_some() && report.reasons.len() == 1, "{report:?}");
    let log = io::BufReader::new(std::fs::File::open(beside(&to, ITEM_LOG)).unwrap());
    let lines: Vec<LogLine> = log.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    assert_eq!((lines[0].status, &lines[0].path), (Status::Failed, &None));
    assert!(lines[0].reason.as_ref().unwrap().contains("bad sector"), "{:?}", lines[0].reason);
    assert_eq!((lines[1].status, lines[1].path.as_deref()), (Status::Migrated, Some("kept/kept.ics")));
    assert!(!to.join("lost/lost.ics").exists() && to.join("kept/kept.ics").exists());
}

#[test]
fn the_items_of_a_file_that_cannot_be_made_end_as_failed_in_every_form() {
    let calendar = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n".to_vec();
    let forms = [
        (OutputForm::Mbox, "out"),
        (OutputForm::Maildir, "out"),
        (OutputForm::Bundle, "out"),
        (OutputForm::Proton, "out"),
        (OutputForm::Eml, "out.zip"),
        #[cfg(feature = "outlook")]
        (OutputForm::Pst, "out.pst"),
    ];
    for (form, name) in forms {
        let broken = Arc::new(AtomicBool::new(false));
        let source = |name: &str, broken: Arc<AtomicBool>| {
            Given::Source(name.into(), Arc::new(Failing(calendar.clone(), broken)))
        };
        let sources = [source("lost.ics", broken.clone()), source("kept.ics", Arc::default())];
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join(name);
        let mut options = ConvertOptions::default();
        options.archive.form = form;
        let report = convert(sources, &to, &options, &mut |progress| {
            broken.store(progress.report.totals.available == 2, Relaxed);
            ControlFlow::Continue(())
        });
        let totals = report.unwrap().totals;
        assert_eq!((totals.available, totals.migrated, totals.failed), (2, 1, 1), "{form:?}");
        let log = io::BufReader::new(std::fs::File::open(beside(&to, ITEM_LOG)).unwrap());
        let lines: Vec<LogLine> = log.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        assert_eq!((lines[0].status, &lines[0].path), (Status::Failed, &None), "{form:?}");
        assert!(lines[0].reason.as_ref().unwrap().contains("bad sector"), "{form:?}: {:?}", lines[0].reason);
        assert_eq!(lines[1].status, Status::Migrated, "{form:?}");
    }
}

/// A calendar in parts takes about what it takes in one file, whatever its zones: each part has those that its objects name, before them.
/// Few zones are in each part, as they stand in the source.
#[test]
fn parts_of_a_calendar_have_the_zones_that_they_need() {
    for (zones, in_a_part) in [(100, 10), (1_000, 10), (20, 20), (64, 64)] {
        let definitions: String = (0..zones)
            .map(|zone| {
                format!(
                    "BEGIN:VTIMEZONE\r\nTZID:Z{zone}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\n\
                     TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
                )
            })
            .collect();
        let event =
            |n: usize| format!("BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART;TZID=Z{n}:20240101T100000\r\nEND:VEVENT\r\n");
        let events: String = (0..zones).map(event).collect();
        let calendar = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{definitions}{events}END:VCALENDAR\r\n");
        let root = tempfile::tempdir().unwrap();
        let to = root.path().join("out");
        let mut options = ConvertOptions::default();
        options.archive.collections.grouping = Grouping::Parts { items: 10, octets: u64::MAX };
        let source = Given::Source("work.ics".into(), Arc::new(calendar.clone().into_bytes()));
        assert!(convert([source], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap().is_complete());
        let files: Vec<_> = std::fs::read_dir(to.join("work")).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), zones.div_ceil(10));
        let mut uids = 0;
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            let part = text.matches("UID:").count();
            uids += part;
            assert_eq!(text.matches("BEGIN:VTIMEZONE").count(), in_a_part.min(if zones > 64 { part } else { zones }));
            assert!(
                text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
                    && text.ends_with("END:VCALENDAR\r\n")
            );
            for at in text.match_indices("DTSTART;TZID=").map(|(at, name)| at + name.len()) {
                let id = text[at..].split(':').next().unwrap();
                let zone = text.find(&format!("TZID:{id}\r\n"));
                assert!(zone.is_some_and(|zone| zone < at), "{id} is not defined before it is named");
            }
        }
        assert_eq!(uids, zones);
    }
}

/// What the objects of a calendar share is read and counted once: their digests are those of files of their own all the same.
#[test]
fn a_zone_that_is_longer_than_all_events_is_counted_once() {
    let daylight = |year: usize| {
        format!(
            "BEGIN:STANDARD\r\nDTSTART:{year:04}0101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n"
        )
    };
    let zone = |id: &str, from: usize| {
        let definition: String = (from..from + 500).map(daylight).collect();
        format!("BEGIN:VTIMEZONE\r\nTZID:{id}\r\n{definition}END:VTIMEZONE\r\n")
    };
    let event = |n: usize| {
        let place = [";TZID=A", ";TZID=B", ""][n % 3];
        format!("BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART{place}:20240101T100000\r\nEND:VEVENT\r\n")
    };
    let events: String = (0..300).map(event).collect();
    let calendar = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}{}{events}END:VCALENDAR\r\n",
        zone("A", 1500),
        zone("B", 1600)
    );
    for eol in [Eol::Keep, Eol::Lf] {
        let root = tempfile::tempdir().unwrap();
        let converted = |grouping: Grouping, name: &str| {
            let to = root.path().join(name);
            let mut options = ConvertOptions::default();
            options.archive.collections.grouping = grouping;
            options.archive.eol = eol;
            let source = Given::Source("work.ics".into(), Arc::new(calendar.clone().into_bytes()));
            let report = convert([source], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
            assert!(report.is_complete());
            let log = io::BufReader::new(std::fs::File::open(beside(&to, ITEM_LOG)).unwrap());
            let lines: Vec<LogLine> = log.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
            let sizes: u64 = lines.iter().filter_map(|line| line.item.size).sum();
            assert_eq!(sizes, report.totals.bytes);
            (report.totals.bytes, lines.into_iter().map(|line| line.sha256).collect::<Vec<_>>())
        };
        let (together, of_one) = converted(Grouping::OneFile, "one");
        let (apart, of_many) = converted(Grouping::EachItem, "many");
        assert_eq!(of_one, of_many);
        let own = if eol == Eol::Lf { events.replace('\r', "").len() } else { events.len() };
        assert_eq!(together, own as u64);
        assert!(apart > 100 * together, "{apart} octets in files of their own");
    }
}
