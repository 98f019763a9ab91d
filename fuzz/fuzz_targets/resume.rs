#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    Stop,
    convert::{ConvertOptions, convert, undo, verify},
    read::Given,
    write::Fsync,
};
use std::{fs, ops::ControlFlow, path::Path, sync::Arc};

/// The logs of a run, by the ends of their names.
const LOGS: [&str; 4] = ["items.jsonl", "files.jsonl", "report.json", "unfinished.json"];
const KEPT: &[u8] = b"somebody else's";

fn sources() -> [Given; 2] {
    let mbox: String = (0..5)
        .map(|n| format!("From a@b\nMessage-ID: <{n}@x>\nX-Gmail-Labels: L{n}\nSubject: {n}\n\nbody {n}\n\n"))
        .collect();
    let calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\nEND:VCALENDAR\n";
    [("a.mbox", mbox.into_bytes()), ("a.ics", calendar.as_bytes().to_vec())]
        .map(|(name, octets)| Given::Source(name.into(), Arc::new(octets)))
}

/// Puts octets in the place of some of a file: `at` and `len` are parts of 255 of it.
fn change(path: &Path, at: u8, len: u8, octets: &[u8]) {
    let there = fs::read(path).unwrap_or_default();
    let part = |n: u8| there.len() * usize::from(n) / 255;
    let begin = part(at);
    let end = (begin + part(len)).min(there.len());
    fs::write(path, [&there[..begin], octets, &there[end..]].concat()).expect("a file");
}

fuzz_target!(|octets: &[u8]| {
    let [how, which, at, len, octets @ ..] = octets else { return };
    let room = tempfile::tempdir().expect("a folder");
    let name = ["out", "out.zip", "out.tgz", "out"][usize::from(how & 3)];
    let to = room.path().join(name);
    let mut options = ConvertOptions::default();
    options.archive.fsync = Fsync::None;
    let run = || convert(sources(), &to, &options, &mut |_| ControlFlow::Continue(()));
    let beside = |end: &str| room.path().join(format!("{name}.{end}"));
    let mut note = Vec::new();
    let first = convert(sources(), &to, &options, &mut |_| {
        note = fs::read(beside("unfinished.json")).unwrap_or_default();
        ControlFlow::Continue(())
    });
    first.expect("a new destination");
    fs::write(room.path().join("kept"), KEPT).expect("a file");
    if how & 4 != 0 {
        // As if it had been cut off before the end: the note is there, the report is not.
        fs::write(beside("unfinished.json"), &note).expect("a file");
        fs::remove_file(beside("report.json")).expect("the report of a run that ended");
    }
    for (bit, log) in LOGS.iter().enumerate() {
        if which >> bit & 1 == 1 {
            change(&beside(log), *at, *len, octets);
        }
    }
    if let Ok(report) = run() {
        let totals = &report.totals;
        assert_eq!(totals.available, totals.migrated + totals.failed + totals.skipped);
    }
    let _ = verify(&to, sources(), &options, &mut |_| {});
    let _ = undo(&to, 1, how & 8 != 0, &Stop::default(), &mut |_| {});
    assert_eq!(fs::read(room.path().join("kept")).expect("it is not ours"), KEPT);
});
