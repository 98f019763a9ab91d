//! Archives and their logs from anywhere: what a verification says of them, whole and harmed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use mailferry::{
    Stop,
    convert::{Conversion, SyncLog, Verification, VerifyReport},
    read::{Mailbox, ReadOptions},
    source::Source,
    write::{OutputForm, WriteOptions, create_with},
};
use std::{
    collections::BTreeMap,
    io::{self, Cursor, Write},
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

type Archives = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Archives>>);

struct Sink(Shared, String);

impl Write for Sink {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.0.lock().unwrap().entry(self.1.clone()).or_default().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Archives, their item log and their list of files.
struct Made {
    archives: Archives,
    items: Vec<u8>,
    files: Vec<u8>,
}

const MAIL: &[u8] = b"From a\nSubject: one\n\nHi\n\nFrom a\nSubject: two\n\nHo ho\n\nFrom a\nSubject: three\n\nHey\n";
const EVENTS: &[u8] = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20240101T000000Z\r\n\
    SUMMARY:a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn made(name: &str, form: OutputForm, split: Option<u64>) -> Made {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("Inbox.mbox", Arc::new(MAIL.to_vec()));
    mailbox.add_source("Work.ics", Arc::new(EVENTS.to_vec()));
    let mut options = WriteOptions::default();
    (options.form, options.zip_split) = (form, split);
    let shared = Shared::default();
    let opened = shared.clone();
    let writer = create_with(name, move |name| Ok(Sink(opened.clone(), name.to_owned())), options).unwrap();
    let (mut items, mut files) = (Vec::new(), Vec::new());
    let report =
        Conversion::new(mailbox, writer, &mut items).with_files(&mut files).run(&mut |_| ControlFlow::Continue(()));
    assert_eq!((report.totals.migrated, report.error), (5, None), "{form}");
    let archives = std::mem::take(&mut *shared.0.lock().unwrap());
    Made { archives, items, files }
}

/// Kinds and files of all differences.
fn verified(logs: Vec<SyncLog>, archives: &Archives) -> (VerifyReport, Vec<String>) {
    let sources = archives.iter().map(|(name, octets)| (name.clone(), Arc::new(octets.clone()) as Source));
    let mut told = Vec::new();
    let mut verification = Verification::new(logs, sources, &Stop::default()).unwrap();
    while verification.step(&mut |difference| told.push(format!("{} {}", difference.kind, difference.what))).unwrap() {}
    let report = verification
        .finish(&mut |difference| told.push(format!("{} {}: {}", difference.kind, difference.what, difference.detail)))
        .unwrap();
    assert_eq!(report.differences, told.len() as u64);
    (report, told)
}

impl Made {
    fn logs(&self) -> Vec<SyncLog> {
        vec![SyncLog::new(1, self.items.clone()).with_files(self.files.clone())]
    }
}

/// What becomes of an entry.
type Change<'c> = dyn FnMut(&str, Vec<u8>) -> Option<Vec<u8>> + 'c;

/// The same ZIP archive less the entries, or with the octets, that `change` says.
fn rewritten(zip: &[u8], change: &mut Change<'_>) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..from.len() {
        let mut entry = from.by_index(i).unwrap();
        let (name, mut octets) = (entry.name().unwrap().into_owned(), Vec::new());
        io::copy(&mut entry, &mut octets).unwrap();
        if let Some(octets) = change(&name, octets) {
            to.start_file(&*name, zip::write::SimpleFileOptions::default()).unwrap();
            to.write_all(&octets).unwrap();
        }
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn archives_are_as_their_logs_say() {
    for (name, split) in [("a.zip", None), ("a.zip", Some(600)), ("a.tar", None), ("a.tgz", None)] {
        let made = made(name, OutputForm::Eml, split);
        assert_eq!(made.archives.len() > 1, split.is_some(), "{:?}", made.archives.keys());
        let (report, told) = verified(made.logs(), &made.archives);
        assert_eq!((report.syncs, report.items, report.files, told), (1, 5, 4, vec![]), "{name}");
        // Without the list, nothing is known of the calendar but that it is there; it has to be a calendar.
        let (report, told) = verified(vec![SyncLog::new(1, made.items.clone())], &made.archives);
        assert_eq!((report.files, told), (4, vec![]), "{name}");
    }
}

#[test]
fn an_archive_may_have_another_name_now() {
    let mut made = made("a.zip", OutputForm::Eml, None);
    let octets = made.archives.pop_first().unwrap().1;
    made.archives.insert("a (1).zip".into(), octets);
    assert_eq!(verified(made.logs(), &made.archives).1, Vec::<String>::new());
}

#[test]
fn what_is_harmed_is_named() {
    let made = made("a.zip", OutputForm::Eml, None);
    let zip = &made.archives["a.zip"];
    let changed = |change: &mut Change<'_>| {
        let archives = BTreeMap::from([("a.zip".to_owned(), rewritten(zip, change))]);
        verified(made.logs(), &archives).1
    };
    let is_two = |path: &str| path.contains("two");
    let flipped = changed(&mut |path, mut octets| {
        if is_two(path) {
            *octets.last_mut().unwrap() ^= 1;
        }
        Some(octets)
    });
    assert!(flipped.len() == 1 && flipped[0].starts_with("changed a.zip!Inbox/") && is_two(&flipped[0]), "{flipped:?}");
    let shortened = changed(&mut |path, mut octets| {
        octets.truncate(octets.len() - usize::from(is_two(path)));
        Some(octets)
    });
    assert!(shortened.len() == 1 && shortened[0].starts_with("changed a.zip!Inbox/"), "{shortened:?}");
    let gone = changed(&mut |path, octets| (!is_two(path)).then_some(octets));
    assert!(gone.len() == 1 && gone[0].starts_with("missing Inbox/") && gone[0].contains("item 1:2"), "{gone:?}");
    let calendar = changed(&mut |path, octets| {
        let event = String::from_utf8_lossy(&octets).replace("SUMMARY:a", "SUMMARY:c");
        Some(if path.ends_with(".ics") { event.into_bytes() } else { octets })
    });
    assert!(calendar.len() == 1 && calendar[0].starts_with("changed a.zip!Work/"), "{calendar:?}");
    let event = changed(&mut |path, octets| {
        let event = String::from_utf8_lossy(&octets).replace("UID:b", "UID:c");
        Some(if path.ends_with(".ics") { event.into_bytes() } else { octets })
    });
    assert!(event.len() == 2 && event[1].contains("item 2:2 of sync 1"), "{event:?}");
    let mut more = zip::ZipWriter::new_append(Cursor::new(zip.clone())).unwrap();
    more.start_file("Inbox/mine.eml", zip::write::SimpleFileOptions::default()).unwrap();
    let archives = BTreeMap::from([("a.zip".to_owned(), more.finish().unwrap().into_inner())]);
    assert_eq!(verified(made.logs(), &archives).1, ["unknown_file a.zip!Inbox/mine.eml"]);
}

#[test]
fn a_part_that_is_not_there_is_missed() {
    let mut made = made("a.zip", OutputForm::Eml, Some(600));
    let (name, _) = made.archives.pop_last().unwrap();
    let told = verified(made.logs(), &made.archives).1;
    assert!(!told.is_empty() && told.iter().all(|told| told.starts_with(&format!("missing {name}!"))), "{told:?}");
    made.archives.insert("other.zip".into(), b"no archive".to_vec());
    assert!(verified(made.logs(), &made.archives).1.contains(&"unreadable other.zip".to_owned()));
}

#[test]
fn a_bundle_is_its_own_log() {
    for name in ["b.zip", "b.tar"] {
        let made = made(name, OutputForm::Bundle, None);
        let (report, told) = verified(Vec::new(), &made.archives);
        assert_eq!((report.items, told), (5, vec![]), "{name}");
    }
    let made = made("b.zip", OutputForm::Bundle, None);
    let zip = &made.archives["b.zip"];
    let changed = |change: &mut Change<'_>| {
        verified(Vec::new(), &BTreeMap::from([("b.zip".to_owned(), rewritten(zip, change))])).1
    };
    for part in ["two", "Inbox/folder.json", "Work.ics", "bag-info.txt", "archive.json"] {
        let flipped = changed(&mut |path, mut octets| {
            if path.contains(part) {
                let at = octets.len() / 2;
                octets[at] ^= 1;
            }
            Some(octets)
        });
        assert!(
            flipped.len() == 1 && flipped[0].starts_with("changed b.zip!b/") && flipped[0].contains(part),
            "{flipped:?}"
        );
        let gone = changed(&mut |path, octets| (!path.contains(part)).then_some(octets));
        let all = gone.iter().all(|gone| gone.starts_with("missing b/") && gone.contains(part));
        assert!(all && gone.len() == if part == "Work.ics" { 2 } else { 1 }, "{gone:?}");
    }
    let mut more = zip::ZipWriter::new_append(Cursor::new(zip.clone())).unwrap();
    more.start_file("b/data/mine", zip::write::SimpleFileOptions::default()).unwrap();
    let archives = BTreeMap::from([("b.zip".to_owned(), more.finish().unwrap().into_inner())]);
    assert_eq!(verified(Vec::new(), &archives).1, ["unknown_file b.zip!b/data/mine"]);
}

#[test]
fn what_has_no_log_cannot_be_verified() {
    let made = made("a.zip", OutputForm::Eml, None);
    let archive = (String::from("a.zip"), Arc::new(made.archives["a.zip"].clone()) as Source);
    let error = Verification::new(Vec::new(), [archive], &Stop::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("item log"), "{error}");
}

#[test]
fn items_that_a_changed_mailbox_holds_no_more_are_named() {
    let made = made("a.zip", OutputForm::Mbox, None);
    let changed = |change: &dyn Fn(&str) -> String| {
        let zip = rewritten(&made.archives["a.zip"], &mut |path, octets| {
            let text = String::from_utf8(octets).unwrap();
            Some(if path.starts_with("Inbox") { change(&text) } else { text }.into_bytes())
        });
        verified(made.logs(), &BTreeMap::from([("a.zip".to_owned(), zip)])).1
    };
    let flipped = changed(&|text| text.replace("Ho ho", "Ho hi"));
    assert!(flipped.len() == 2 && flipped[0].starts_with("changed a.zip!Inbox"), "{flipped:?}");
    assert!(flipped[1].contains(": item 1:2 of sync 1"), "{flipped:?}");
    let appended = changed(&|text| format!("{text}From b\nSubject: four\n\nHello\n\n"));
    assert!(appended.len() == 1 && appended[0].starts_with("changed a.zip!Inbox"), "{appended:?}");
}

/// How many of the flips of one bit in each octet are not noticed.
fn unnoticed(made: &Made, logs: &dyn Fn() -> Vec<SyncLog>) -> Vec<usize> {
    let (name, octets) = made.archives.first_key_value().unwrap();
    let mut unnoticed = Vec::new();
    for at in 0..octets.len() {
        let mut flipped = octets.clone();
        flipped[at] ^= 1 << (at % 8);
        if verified(logs(), &BTreeMap::from([(name.clone(), flipped)])).1.is_empty() {
            unnoticed.push(at);
        }
    }
    unnoticed
}

#[test]
fn every_flip_in_an_archive_is_noticed() {
    for (name, form) in [
        ("a.zip", OutputForm::Eml),
        ("a.tgz", OutputForm::Eml),
        ("a.zip", OutputForm::Mbox),
        ("a.tgz", OutputForm::Maildir),
    ] {
        let made = made(name, form, None);
        assert_eq!(unnoticed(&made, &|| made.logs()), [0_usize; 0], "{name} {form}");
        for cut in [1, 20] {
            let mut cut_off = made.archives.clone();
            let octets = cut_off.get_mut(name).unwrap();
            octets.truncate(octets.len() - cut);
            assert!(!verified(made.logs(), &cut_off).1.is_empty(), "{name} less {cut}");
            let mut longer = made.archives.clone();
            longer.get_mut(name).unwrap().extend(vec![0; cut]);
            assert!(!verified(made.logs(), &longer).1.is_empty(), "{name} and {cut}");
        }
    }
}

/// Reports of older versions have no digest of the archive.
#[test]
fn without_a_digest_what_readers_go_by_is_compared() {
    let without = |made: &Made| {
        let files = String::from_utf8(made.files.clone()).unwrap();
        let lines = files.lines().map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            if line["is"] == "archive" {
                line.as_object_mut().unwrap().remove("xxh3").expect("it is told");
            }
            format!("{line}\n")
        });
        vec![SyncLog::new(1, made.items.clone()).with_files(lines.collect::<String>().into_bytes())]
    };
    let zip = made("a.zip", OutputForm::Eml, None);
    assert_eq!(verified(without(&zip), &zip.archives).1, Vec::<String>::new());
    let octets = &zip.archives["a.zip"];
    let missed = unnoticed(&zip, &|| without(&zip));
    let local = |at: usize| octets[..at].windows(4).rposition(|window| window == b"PK\x03\x04").map(|start| at - start);
    // Flags, method, checksum, lengths and names.
    let told = |at: usize| {
        local(at).is_some_and(|at| (6..10).contains(&at) || (14..28).contains(&at) || (30..40).contains(&at))
    };
    let directory = octets.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let wrong: Vec<_> = missed.iter().filter(|at| **at < directory && told(**at)).collect();
    assert_eq!(wrong, Vec::<&usize>::new());
    for name in ["a.tar", "a.tgz"] {
        let tar = made(name, OutputForm::Eml, None);
        assert_eq!(verified(without(&tar), &tar.archives).1, Vec::<String>::new(), "{name}");
        let missed = unnoticed(&tar, &|| without(&tar));
        let len = tar.archives[name].len();
        // The trailer of gzip, the end of tar.
        assert!(missed.iter().all(|at| *at < len - 8), "{name}: {missed:?} of {len}");
    }
}
