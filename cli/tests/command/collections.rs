//! How calendars and address books are put into files.

use crate::{
    archive::Archive,
    run::{Bench, mbox, message},
};

fn calendar(events: u32) -> String {
    let events: String = (1..=events)
        .map(|i| format!("BEGIN:VEVENT\r\nUID:{i}\r\nDTSTART:2024010{i}\r\nSUMMARY:event {i}\r\nEND:VEVENT\r\n"))
        .collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Work\r\n{events}END:VCALENDAR\r\n")
}

fn cards(count: u32) -> String {
    (1..=count).map(|i| format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c{i}\r\nFN:Ann {i}\r\nEND:VCARD\r\n")).collect()
}

/// Converts a calendar of five events, three cards and a message.
fn converted(to: &str, options: &[&str]) -> (Bench, Archive) {
    let bench = Bench::new(&mbox([message("one")]));
    bench.file("cal.ics", calendar(5).as_bytes());
    bench.file("people.vcf", cards(3).as_bytes());
    let run = bench.run(&[&["convert", "cal.ics", "people.vcf", "in.mbox", "--to", to], options].concat());
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let archive = bench.archive(to);
    (bench, archive)
}

fn names(archive: &Archive) -> Vec<&str> {
    archive.files.keys().map(String::as_str).filter(|name| !name.ends_with(".eml")).collect()
}

#[test]
fn a_calendar_and_an_address_book_come_out_as_they_were() {
    for to in ["out", "out.zip"] {
        let (_bench, archive) = converted(to, &[]);
        assert_eq!(names(&archive), ["Work/Work.ics", "people/people.vcf"]);
        assert!(archive.files["Work/Work.ics"] == calendar(5).as_bytes());
        assert!(archive.files["people/people.vcf"] == cards(3).as_bytes());
    }
}

#[test]
fn the_log_tells_of_each_item_in_a_file_of_many() {
    let (_bench, archive) = converted("out", &[]);
    assert_eq!(archive.log.len(), 9);
    let line = archive.line("event 2");
    assert_eq!((&line["kind"], &line["uid"], &line["start"]), (&"event".into(), &"2".into(), &"2024-01-02".into()));
    assert_eq!((&line["path"], &line["recurring"]), (&"Work/Work.ics".into(), &false.into()));
    let line = archive.line("Ann 3");
    assert_eq!(
        (&line["kind"], &line["uid"], &line["path"]),
        (&"contact".into(), &"c3".into(), &"people/people.vcf".into())
    );
    assert_eq!(archive.report["totals"]["migrated"], 9);
}

#[test]
fn each_item_can_have_its_file() {
    let (_bench, archive) = converted("out", &["--collect", "item"]);
    archive.check();
    assert_eq!(names(&archive).len(), 8);
    let octets = String::from_utf8(archive.octets("event 3").to_vec()).unwrap();
    assert_eq!((octets.matches("BEGIN:VCALENDAR").count(), octets.matches("BEGIN:VEVENT").count()), (1, 1));
}

#[test]
fn parts_take_so_many_items() {
    let (_bench, archive) = converted("out", &["--collect", "2"]);
    let count = |name: &str, of: &str| String::from_utf8_lossy(&archive.files[name]).matches(of).count();
    let events: Vec<_> = names(&archive).iter().map(|name| count(name, "BEGIN:VEVENT")).filter(|n| *n > 0).collect();
    assert_eq!(events.iter().sum::<usize>(), 5);
    assert!(events.iter().all(|n| *n <= 2) && events.len() == 3, "{events:?}");
    for (name, octets) in archive.files.iter().filter(|(name, _)| name.ends_with(".ics")) {
        let text = String::from_utf8_lossy(octets);
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n"),
            "{name}"
        );
    }
    for i in 1..=5 {
        let path = archive.line(&format!("event {i}"))["path"].as_str().unwrap().to_owned();
        assert_eq!(count(&path, &format!("UID:{i}\r\n")), 1, "the log names the part");
    }
}

#[test]
fn parts_take_so_many_octets() {
    let whole = calendar(5).len();
    let (_bench, archive) = converted("out", &["--collect", "250B"]);
    assert!(whole > 250);
    let mut events = 0;
    for (name, octets) in archive.files.iter().filter(|(name, _)| name.ends_with(".ics")) {
        assert!(octets.len() <= 250, "{name} has {} octets", octets.len());
        events += String::from_utf8_lossy(octets).matches("BEGIN:VEVENT").count();
    }
    assert_eq!(events, 5);
}

#[test]
fn a_bound_that_is_none_is_refused() {
    let bench = Bench::new(&mbox([message("one")]));
    for bound in ["0", "none", "-1", "12Q"] {
        let run = bench.convert("out", &["--collect", bound]);
        assert_eq!(run.status, Some(2), "{bound}");
    }
}
