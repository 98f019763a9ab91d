//! What a loss of power leaves of a run is gone through again, and comes to what one run comes to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use super::{ConvertOptions, Report, to_path::convert_on, verify};
use crate::{
    disk::{
        Disk, Fsync,
        recorded::{Call, Loss, Record, after_power_loss},
    },
    read::Given,
    write::{Mode, OutputForm},
};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Losses of each kind in each form; `cargo xtask storm` asks for more.
const POINTS: usize = 2;

fn points() -> usize {
    std::env::var("MAILFERRY_POWER_LOSSES").ok().and_then(|points| points.parse().ok()).unwrap_or(POINTS)
}

struct Case {
    name: &'static str,
    to: &'static str,
    set: fn(&mut ConvertOptions),
}

const CASES: [Case; 8] = [
    Case { name: "folder", to: "out", set: |_| {} },
    Case { name: "zip", to: "out.zip", set: |_| {} },
    Case { name: "split", to: "out.zip", set: |options| options.archive.zip_split = Some(6_000) },
    Case { name: "tgz", to: "out.tgz", set: |_| {} },
    Case { name: "mbox", to: "out", set: |options| options.archive.form = OutputForm::Mbox },
    Case { name: "maildir", to: "out", set: |options| options.archive.form = OutputForm::Maildir },
    Case { name: "bundle", to: "out", set: |options| options.archive.form = OutputForm::Bundle },
    Case { name: "pst", to: "out.pst", set: |options| options.archive.form = OutputForm::Pst },
];

fn sources(room: &Path) -> Vec<Given> {
    let (mut mbox, mut calendar, mut cards) =
        (String::new(), String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), String::new());
    for number in 0..24 {
        let label = ["Inbox", "Sent", "Projects/Boathouse"][number % 3];
        write!(mbox, "From a@b Thu Feb {:02} 00:00:00 +0000 2024\nX-Gmail-Labels: {label}\n", 1 + number).unwrap();
        write!(mbox, "Message-ID: <{number}@example.org>\nDate: Thu, {} Feb 2024 10:00:00 +0000\n", 1 + number)
            .unwrap();
        write!(mbox, "From: Ann <ann@example.org>\nSubject: Number {number}\n\n").unwrap();
        (0..number * 3).for_each(|line| {
            writeln!(mbox, "line {line} of {number}: {:x}", (line + 7) * 7_919 * (number + 3)).unwrap()
        });
        mbox.push('\n');
        write!(calendar, "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240102\r\n").unwrap();
        write!(calendar, "SUMMARY:Meeting {number}\r\nEND:VEVENT\r\n").unwrap();
        write!(cards, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c{number}\r\nFN:P {number}\r\nN:P;;;;\r\nEND:VCARD\r\n")
            .unwrap();
    }
    calendar.push_str("END:VCALENDAR\r\n");
    let files = [("in.mbox", mbox), ("work.ics", calendar), ("people.vcf", cards)];
    files
        .map(|(name, text)| {
            let path = room.join(name);
            fs::write(&path, text).unwrap();
            Given::from(path)
        })
        .into()
}

fn options(case: &Case) -> ConvertOptions {
    let mut options = ConvertOptions::default();
    (case.set)(&mut options);
    options
}

fn run(disk: &Disk, sources: &[Given], to: &Path, options: &ConvertOptions) -> crate::Result<Report> {
    convert_on(disk, sources.to_vec(), to, options, None, &mut |_| ControlFlow::Continue(()))
}

/// All files below a folder, the report without its time.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut octets = fs::read(&path).unwrap();
            if path.to_string_lossy().ends_with(".report.json") {
                let mut report: serde_json::Value = serde_json::from_slice(&octets).unwrap();
                report.as_object_mut().unwrap().remove("seconds");
                octets = serde_json::to_vec(&report).unwrap();
            }
            files.insert(path.strip_prefix(root).unwrap().to_owned(), octets);
        }
    }
    files
}

fn difference(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>) -> Option<String> {
    let names = one.keys().chain(other.keys());
    names.filter(|name| one.get(*name) != other.get(*name)).map(|name| name.display().to_string()).next()
}

fn run_case(case: &Case, fsync: Fsync, whole_systems: bool, points: usize) -> usize {
    let room = tempfile::tempdir().unwrap();
    let sources = sources(room.path());
    let options = options(case);
    let (whole, live) = (room.path().join("whole"), room.path().join("live"));
    fs::create_dir(&whole).unwrap();
    fs::create_dir(&live).unwrap();
    assert!(
        run(&Disk::new(Fsync::None, Mode::Private), &sources, &whole.join(case.to), &options).unwrap().is_complete()
    );
    let whole = tree(&whole);
    let record = Record::default();
    run(&record.disk(fsync, whole_systems), &sources, &live.join(case.to), &options).unwrap();
    let calls = record.calls();
    assert_eq!(difference(&whole, &tree(&live)), None, "{}", case.name);
    let mut losses = 0;
    for point in 0..=points {
        let made = if point < points { calls.len() * (2 * point + 1) / (2 * points) } else { calls.len() };
        let made = &calls[..made];
        for loss in [Loss::Dropped, Loss::Zeroed, Loss::Torn, Loss::Mixed(point as u64)] {
            for kept in [false, true] {
                let at = format!("{}, {loss:?} after {} of {} calls, names {kept}", case.name, made.len(), calls.len());
                let left = tempfile::tempdir_in(room.path()).unwrap();
                after_power_loss(made, &live, left.path(), loss, kept);
                losses += 1;
                let to = left.path().join(case.to);
                if point == points {
                    // It was complete: but for the note that it was begun, all is as it was.
                    let mut there = tree(left.path());
                    there.retain(|name, _| !name.to_string_lossy().ends_with(".unfinished.json"));
                    assert_eq!(difference(&whole, &there), None, "{at}");
                    let verified = verify(&to, Vec::<Given>::new(), &options, &mut |found| panic!("{at}: {found:?}"));
                    assert_eq!(verified.unwrap().differences, 0, "{at}");
                    continue;
                }
                let report =
                    run(&Disk::default(), &sources, &to, &options).unwrap_or_else(|error| panic!("{at}: {error}"));
                assert!(report.is_complete(), "{at}: {:?}", report.outcome());
                assert_eq!(difference(&whole, &tree(left.path())), None, "{at}");
            }
        }
    }
    losses
}

#[test]
fn after_a_loss_of_power_the_same_run_again_comes_to_what_one_comes_to() {
    let only = std::env::var("MAILFERRY_FORM").ok();
    let mut losses = 0;
    for case in CASES.iter().filter(|case| only.as_ref().is_none_or(|only| only == case.name)) {
        losses += run_case(case, Fsync::Batch, true, points());
    }
    for case in CASES.iter().filter(|case| ["folder", "mbox"].contains(&case.name)) {
        losses += run_case(case, Fsync::End, false, points());
    }
    println!("{losses} losses of power");
}

#[test]
fn a_run_syncs_as_often_as_is_promised() {
    let room = tempfile::tempdir().unwrap();
    let sources = sources(room.path());
    let syncs = |case: &Case, fsync| {
        let record = Record::default();
        let live = tempfile::tempdir_in(room.path()).unwrap();
        run(&record.disk(fsync, true), &sources, &live.path().join(case.to), &options(case)).unwrap();
        record.calls().iter().filter(|call| call.is_sync()).map(name).collect::<Vec<_>>()
    };
    fn name(call: &Call) -> &'static str {
        match call {
            Call::SyncFile(_) => "file",
            Call::SyncFolder => "folder",
            _ => "all",
        }
    }
    if !cfg!(target_os = "linux") {
        return;
    }
    for case in &CASES {
        assert_eq!(syncs(case, Fsync::None), [""; 0], "{}", case.name);
        let found = syncs(case, Fsync::End);
        // What says that it was begun, and the report; between them all else.
        let (begin, end) = (&found[..2], &found[found.len() - 3..]);
        assert_eq!((begin, end), (&["file", "folder"][..], &["all", "file", "folder"][..]), "{}", case.name);
        let between = match case.name {
            // One more for each file of many before it gets its name, for all mailboxes at once, for the rewritten lists, and for an index.
            "folder" | "bundle" => 2,
            "mbox" | "maildir" => 3,
            "zip" | "tgz" => 1,
            _ => found.len() - 5,
        };
        assert_eq!(found.len() - 5, between, "{}: {found:?}", case.name);
    }
}
