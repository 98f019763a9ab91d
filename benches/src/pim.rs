//! A calendar and an address book like those that Google exports, the same for the same size.
//!
//! Events have no to eight attendees, every second a description of 5 to 120 words with umlauts, every third an alarm, every
//! tenth recurs and every twentieth has an override; every fifth card has a photo of 2 or 8 KB.

use crate::{Result, random::Random};
use mailferry::content_line::fold;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

const HEAD: &str = "BEGIN:VCALENDAR\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\nVERSION:2.0\nCALSCALE:GREGORIAN\n\
X-WR-CALNAME:Work\nX-WR-TIMEZONE:Europe/Berlin\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:DAYLIGHT\n\
TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
END:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nDTSTART:19701025T030000\n\
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nEND:VTIMEZONE\n";

const WORDS: [&str; 12] = [
    "meeting",
    "review",
    "Überprüfung",
    "lunch",
    "project",
    "café",
    "planning",
    "team",
    "call",
    "budget",
    "travel",
    "and",
];

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes a calendar of about `size` octets.
pub(crate) fn calendar(path: &Path, size: u64) -> Result<()> {
    let end = "END:VCALENDAR\n";
    write(path, size, HEAD, event, end)
}

/// Writes an address book of about `size` octets.
pub(crate) fn cards(path: &Path, size: u64) -> Result<()> {
    write(path, size, "", card, "")
}

fn write(path: &Path, size: u64, head: &str, item: fn(&mut Random, u64) -> String, end: &str) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut random = Random::new(3);
    let (mut written, mut number) = (0, 0);
    let mut folded = Vec::new();
    let mut text = head.to_owned();
    while written < size {
        folded.clear();
        text.lines().for_each(|line| fold(line.as_bytes(), &mut folded));
        out.write_all(&folded)?;
        written += folded.len() as u64;
        number += 1;
        text = item(&mut random, number);
    }
    out.write_all(end.replace('\n', "\r\n").as_bytes())?;
    Ok(out.flush()?)
}

fn words(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| *random.of(&WORDS)).collect::<Vec<_>>().join(" ")
}

fn event(random: &mut Random, i: u64) -> String {
    let day = format!("20{:02}{:02}{:02}T{:02}", i % 30, i % 12 + 1, i % 28 + 1, i % 24);
    let uid = format!("UID:{:016x}{:016x}@google.com\n", random.next(), random.next());
    let mut text = format!(
        "BEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:{day}0000\nDTEND;TZID=Europe/Berlin:{day}3000\n\
        DTSTAMP:20240101T000000Z\nORGANIZER;CN=Ann Example:mailto:ann@example.org\n{uid}"
    );
    if i.is_multiple_of(10) {
        text += "RRULE:FREQ=WEEKLY;BYDAY=MO\n";
    }
    for a in 0..*random.of(&[0, 0, 2, 4, 8]) {
        text += &format!(
            "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=person{a}@example.org;\
            X-NUM-GUESTS=0:mailto:person{a}@example.org\n"
        );
    }
    text += "CREATED:20240101T000000Z\n";
    if i.is_multiple_of(2) {
        let count = *random.of(&[5, 40, 120]);
        text += &format!("DESCRIPTION:{}\n", words(random, count).replace(" and", "\\n and"));
    }
    text += &format!(
        "LAST-MODIFIED:20240101T000000Z\nLOCATION:Room {}\\, Berlin\nSEQUENCE:0\nSTATUS:CONFIRMED\nSUMMARY:{}\n\
        TRANSP:OPAQUE\n",
        i % 90,
        words(random, 4)
    );
    if i.is_multiple_of(3) {
        text +=
            "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:This is an event reminder\nTRIGGER:-P0DT0H30M0S\nEND:VALARM\n";
    }
    text += "END:VEVENT\n";
    if i.is_multiple_of(20) {
        text += &format!(
            "BEGIN:VEVENT\nDTSTART;TZID=Europe/Berlin:20240102T100000\n{uid}\
            RECURRENCE-ID;TZID=Europe/Berlin:20240102T090000\nDTSTAMP:20240101T000000Z\nSUMMARY:moved\nEND:VEVENT\n"
        );
    }
    text
}

fn card(random: &mut Random, i: u64) -> String {
    let mut text = format!(
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ann{i} Müller\nN:Müller;Ann{i};;;\nEMAIL;TYPE=INTERNET,HOME:ann{i}@example.org\n\
        EMAIL;TYPE=INTERNET,WORK:ann{i}@example.com\nTEL;TYPE=CELL:+49 151 {i:08}\nTEL;TYPE=WORK:+49 30 {i:07}\n\
        ADR;TYPE=HOME:;;Example Street {i};Berlin;;10115;Germany\nORG:Example GmbH;Sales\nTITLE:Engineer\n\
        item1.URL:https://example.org/{i}\nitem1.X-ABLabel:_$!<HomePage>!$_\nBDAY:19{:02}-0{}-1{}\n\
        NOTE:Met at the conference\\, 20{:02}.\\nCall back.\nCATEGORIES:myContacts,work\n",
        i % 100,
        i % 9 + 1,
        i % 9,
        i % 30
    );
    if i.is_multiple_of(5) {
        let count = *random.of(&[2_000, 8_000]);
        let photo: String = (0..count).map(|_| char::from(*random.of(BASE64))).collect();
        text += &format!("PHOTO;ENCODING=b;TYPE=JPEG:{photo}\n");
    }
    text + "END:VCARD\n"
}
