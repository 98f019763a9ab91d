//! What leaves for a target is what it needs, whatever comes in: by rule, over all calendars of `fixtures/`, and for what stands in several
//! calendars of one file.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads what it wrote itself"
)]

use mailferry::{
    convert::{ConvertOptions, Report, convert, plan},
    platform::Target,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// All files below a folder that end so.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(kind), &format!(".{kind}"))
}

/// What is written of some sources, and the lines of the log.
fn converted(sources: &[PathBuf], options: &ConvertOptions) -> (tempfile::TempDir, Report, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out");
    let report = convert(sources.to_vec(), &destination, options, &mut |_| ControlFlow::Continue(())).unwrap();
    let log = fs::read_to_string(folder.path().join("out.items.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (folder, report, lines)
}

fn for_target(name: &str) -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.target = Some(Target::named(name).unwrap());
    options
}

/// One calendar in a file of its own.
fn calendar(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("in.ics");
    fs::write(&path, text).unwrap();
    path
}

fn event(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nDTSTAMP:20240101T000000Z\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[test]
fn what_leaves_for_a_target_is_as_it_needs_it() {
    let sources = fixtures("ics");
    assert!(sources.len() > 20);
    for target in Target::all().iter().filter(|target| target.needs.calendars.mend) {
        if target.packaging.iter().all(|packaging| packaging.to_string() != "folder") {
            continue;
        }
        let (folder, report, lines) = converted(&sources, &for_target(&target.name));
        let totals = report.totals;
        assert_eq!(totals.available, totals.migrated + totals.failed + totals.skipped, "{}", target.name);
        for path in files(&folder.path().join("out"), ".ics") {
            let octets = fs::read(&path).unwrap();
            let at = format!("{}: {}", target.name, path.display());
            let text = String::from_utf8(octets).unwrap_or_else(|error| panic!("{at}: {error}"));
            assert!(!text.starts_with('\u{feff}') && !text.contains("VERSION:1.0"), "{at}");
            assert!(text.split('\n').all(|line| line.is_empty() || line.ends_with('\r')), "{at}: line ends");
            let unfolded = text.replace("\r\n ", "").replace("\r\n\t", "");
            for line in unfolded.lines() {
                let is_party = ["ATTENDEE", "ORGANIZER"]
                    .iter()
                    .any(|name| line.starts_with(&format!("{name};")) || line.starts_with(&format!("{name}:")));
                if is_party && target.needs.calendars.strip_scheduling {
                    assert!(
                        line.contains(";SCHEDULE-AGENT=CLIENT") || line.contains(";SCHEDULE-AGENT=NONE"),
                        "{at}: {line}"
                    );
                }
                assert!(!line.starts_with("METHOD") || !target.needs.calendars.strip_scheduling, "{at}: {line}");
            }
        }
        // Whatever was changed is said, and what was not touched is what it was.
        for line in lines.iter().filter(|line| line["status"] == "migrated" && line.get("mended").is_some()) {
            assert_eq!(line["fidelity"], "normalized", "{}", line["id"]);
        }
    }
}

#[test]
fn the_outcome_does_not_depend_on_threads_and_comes_again() {
    let sources = fixtures("ics");
    let mut options = for_target("nextcloud");
    let (_, _, one) = converted(&sources, &options);
    options.threads = NonZeroUsize::new(4).unwrap();
    let (_, _, many) = converted(&sources, &options);
    assert_eq!(one, many);
}

#[test]
fn without_a_target_nothing_is_mended() {
    let (_, _, lines) = converted(&fixtures("ics"), &ConvertOptions::default());
    assert!(lines.iter().all(|line| line.get("mended").is_none()));
    let mut options = ConvertOptions::default();
    options.archive.collections.ics.mend = true;
    let (_, _, lines) = converted(&fixtures("ics"), &options);
    assert!(lines.iter().any(|line| line.get("mended").is_some()));
}

#[test]
fn what_is_right_stays_octet_for_octet() {
    let folder = tempfile::tempdir().unwrap();
    let right = event(
        "UID:1\r\nDTSTART:20240501T090000Z\r\nX-ODD;A=\"b:c\":d\\,e\r\nSUMMARY:a long text that is folded where nobody else folds\r\n  it\r\n",
    );
    let source = calendar(&folder, &right);
    let (out, _, lines) = converted(&[source], &for_target("nextcloud"));
    assert_eq!(fs::read_to_string(out.path().join("out/in/in.ics")).unwrap(), right);
    assert_eq!((&lines[0]["fidelity"], lines[0].get("mended")), (&"verbatim".into(), None));
}

/// What it is; what is in the file; what comes of each item; the summaries that are written, and the number of UIDs.
type Case<'a> = (&'a str, Vec<&'a String>, &'a [&'a str], &'a [&'a str], usize);

#[test]
fn what_has_one_uid_is_joined_or_told_apart() {
    let series = event("UID:u\r\nDTSTART:20240101T090000Z\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:series\r\n");
    let moved = event("UID:u\r\nRECURRENCE-ID:20240108T090000Z\r\nDTSTART:20240108T110000Z\r\nSUMMARY:moved\r\n");
    let again = event(
        "UID:u\r\nRECURRENCE-ID:20240108T090000Z\r\nDTSTART:20240108T120000Z\r\nSEQUENCE:1\r\nSUMMARY:moved again\r\n",
    );
    let old = event("UID:u\r\nSEQUENCE:0\r\nDTSTART:20240101T090000Z\r\nSUMMARY:old\r\n");
    let new = event("UID:u\r\nSEQUENCE:2\r\nDTSTART:20240102T090000Z\r\nSUMMARY:new\r\n");
    let other = event("UID:u\r\nDTSTART:20240301T090000Z\r\nSUMMARY:other\r\n");
    let later =
        event("UID:u\r\nDTSTART:20240101T090000Z\r\nSUMMARY:old\r\n").replace("20240101T000000Z", "20240202T000000Z");
    let far = other.replace("UID:u", "UID:v");
    let cases: [Case<'_>; 8] = [
        ("an occurrence behind its series", vec![&series, &moved], &["migrated", "joined"], &["series", "moved"], 1),
        ("an occurrence before its series", vec![&moved, &series], &["migrated", "joined"], &["series", "moved"], 1),
        (
            "two versions of an occurrence",
            vec![&series, &moved, &again],
            &["migrated", "joined", "joined"],
            &["series", "moved again"],
            1,
        ),
        ("an older version first", vec![&old, &new], &["migrated", "joined"], &["new"], 1),
        ("an older version last", vec![&new, &old], &["migrated", "superseded"], &["new"], 1),
        ("the same written later", vec![&old, &later], &["migrated", "joined"], &["old"], 1),
        (
            "a copy, and something else between",
            vec![&old, &far, &old],
            &["migrated", "migrated", "duplicate"],
            &["old", "other"],
            2,
        ),
        ("two events of one UID", vec![&series, &other], &["migrated", "migrated"], &["series", "other"], 2),
    ];
    for (what, parts, outcomes, summaries, uids) in cases {
        let folder = tempfile::tempdir().unwrap();
        let source = calendar(&folder, &parts.into_iter().cloned().collect::<String>());
        let (out, _, lines) = converted(std::slice::from_ref(&source), &for_target("nextcloud"));
        let told: Vec<&str> =
            lines.iter().map(|line| line.get("reason").unwrap_or(&line["status"]).as_str().unwrap()).collect();
        assert_eq!(told, outcomes, "{what}");
        let text = fs::read_to_string(out.path().join("out/in/in.ics")).unwrap();
        let values = |name: &str| -> Vec<String> {
            let mut values: Vec<_> =
                text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect();
            values.sort();
            values
        };
        let mut expected: Vec<String> = summaries.iter().map(|summary| (*summary).to_owned()).collect();
        expected.sort();
        assert_eq!(values("SUMMARY:"), expected, "{what}");
        let mut written = values("UID:");
        written.dedup();
        assert_eq!(written.len(), uids, "{what}");
        let preview = plan([source], Target::named("nextcloud").unwrap(), &ConvertOptions::default(), &mut |_, _| {
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(
            preview.goes.items as usize,
            outcomes.iter().filter(|outcome| **outcome == "migrated").count(),
            "{what}"
        );
    }
}

#[test]
fn equal_events_without_a_uid_are_told_and_others_all_arrive() {
    let lunch = event("DTSTART:20240501T120000Z\r\nSUMMARY:lunch\r\n");
    let dinner = lunch.replace("lunch", "dinner");
    let zone = |offset: &str| {
        let zone = format!(
            "BEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\n\
             END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
        );
        lunch.replace("DTSTART:20240501T120000Z", "DTSTART;TZID=Here:20240501T120000").replace("BEGIN:VEVENT", &zone)
    };
    let cases: [(&str, Vec<String>, &[&str], usize); 4] = [
        ("two that are equal", vec![lunch.clone(), lunch.clone()], &["migrated", "duplicate"], 1),
        (
            "three of which one differs",
            vec![lunch.clone(), dinner, lunch.clone()],
            &["migrated", "migrated", "duplicate"],
            2,
        ),
        ("equal lines of different clocks", vec![zone("+0100"), zone("+0200")], &["migrated", "migrated"], 2),
        ("equal lines of the same clocks", vec![zone("+0100"), zone("+0100")], &["migrated", "duplicate"], 1),
    ];
    for (what, parts, outcomes, uids) in cases {
        let folder = tempfile::tempdir().unwrap();
        let source = calendar(&folder, &parts.concat());
        let run = || {
            let (out, _, lines) = converted(std::slice::from_ref(&source), &for_target("nextcloud"));
            let told: Vec<String> = lines
                .iter()
                .map(|line| line.get("reason").unwrap_or(&line["status"]).as_str().unwrap().to_owned())
                .collect();
            let text = fs::read_to_string(out.path().join("out/in/in.ics")).unwrap();
            let written: BTreeSet<String> =
                text.lines().filter(|line| line.starts_with("UID:")).map(str::to_owned).collect();
            (told, written)
        };
        let (told, written) = run();
        assert_eq!(told, outcomes, "{what}");
        assert_eq!(written.len(), uids, "{what}");
        assert_eq!(run().1, written, "the same in every run: {what}");
    }
}

#[test]
fn a_preview_counts_what_is_mended_and_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let text = event("UID:1\r\nDTSTART:20240501\r\n")
        + &event("UID:2\r\nDTSTART:20240502\r\n")
        + &event("UID:3\r\nDTSTART:20240503T100000Z\r\nDTEND:20240502T100000Z\r\n")
        + &event("UID:4\r\nDTSTART:20240503T100000Z\r\n").replace("VEVENT", "VFREEBUSY")
        + &event("UID:5\r\nDTSTART;TZID=Nowhere:20240503T100000\r\n");
    let source = calendar(&folder, &text);
    let plan = plan([source], Target::named("nextcloud").unwrap(), &ConvertOptions::default(), &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let mended = &plan.mended["VALUE=DATE added to dates"];
    assert_eq!((mended.size.items, &*mended.first), (2, &["1:1".to_owned(), "1:2".to_owned()][..]));
    assert_eq!(plan.flagged["DTEND is before DTSTART"].first, ["1:3"]);
    assert_eq!(plan.flagged["\"Nowhere\" is neither defined nor a known time zone"].first, ["1:5"]);
    assert_eq!(plan.refused["target_takes_no_freebusy"].size.items, 1);
    assert!(!plan.is_clear());
}
