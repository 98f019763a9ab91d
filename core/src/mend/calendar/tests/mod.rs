//! What is mended in calendars, rule by rule: what goes in, what comes out, and what is said of it.

mod aside;

use super::{CalendarMender, IcsOptions};
use crate::{
    limits::Limits,
    mend::Notes,
    model::{CalendarComponent, CalendarObject},
};
use std::sync::Arc;

/// What a strict server needs.
fn needs() -> IcsOptions {
    IcsOptions { mend: true, strip_scheduling: true, complete_zones: true, ..IcsOptions::default() }
}

/// A calendar after mending, without its first lines, its line ends LF and unfolded; and what was said.
fn mend(calendar: &str, options: IcsOptions) -> (String, Notes) {
    let octets = calendar.as_bytes().to_vec();
    let mut object = CalendarObject::parse(Arc::new(octets), &Limits::default()).unwrap();
    let notes = CalendarMender::new(options).mend(&mut object).unwrap();
    for component in object.components() {
        let octets = component.content().to_vec(1 << 20).unwrap();
        assert_eq!(known(component), known(&CalendarComponent::of_octets(octets).unwrap()), "{calendar}");
    }
    let written = object.to_content().unwrap().to_vec(1 << 20).unwrap();
    let text = String::from_utf8(written).unwrap().replace("\r\n", "\n").replace("\n ", "");
    (text, notes)
}

/// What is known of a component beside its octets, which may not have been read again.
fn known(component: &CalendarComponent) -> String {
    let names = [component.uid(), component.summary(), component.zone_id()];
    let flags = (component.kind(), component.is_override(), component.repeats(), component.years());
    format!("{names:?} {flags:?} {:?} {:?}", component.start(), component.zone_ids())
}

/// The lines of the one component in which `lines` stand, UID and DTSTAMP left out; what was mended; what was flagged.
fn component(kind: &str, lines: &str) -> (String, String, String) {
    let calendar = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:{kind}\nUID:u\nDTSTAMP:20240101T000000Z\n{}\nEND:{kind}\nEND:VCALENDAR\n",
        lines.replace('|', "\n")
    );
    let (text, notes) = mend(&calendar, needs());
    let begin = format!("BEGIN:{kind}\nUID:u\nDTSTAMP:20240101T000000Z\n");
    let (_, inner) = text.split_once(&begin).unwrap_or(("", &text));
    let inner = inner.split_once(&format!("\nEND:{kind}\n")).map_or(inner, |(inner, _)| inner);
    let flagged: Vec<_> = notes.flagged.iter().map(|flag| flag.detail()).collect();
    (inner.replace('\n', "|"), notes.mended.join("; "), flagged.join("; "))
}

/// Each: what stands in an event, what comes of it, and what it has in common with what is said.
fn check(kind: &str, cases: &[(&str, &str, &str)]) {
    for (lines, expected, said) in cases {
        let (written, mended, flagged) = component(kind, lines);
        assert_eq!(&written, expected, "{lines}: {mended} / {flagged}");
        match said.strip_prefix('!') {
            Some(said) => assert!(flagged.contains(said), "{lines}: {mended} / {flagged}"),
            None => {
                assert!(mended.contains(said) && (mended.is_empty() == said.is_empty()), "{lines}: {mended}");
                assert!(flagged.is_empty(), "{lines}: {flagged}");
            }
        }
    }
}

#[test]
fn what_is_right_stays() {
    for lines in [
        "DTSTART:20240501T090000Z|DTEND:20240501T100000Z|SUMMARY:x",
        "DTSTART;VALUE=DATE:20240501|DTEND;VALUE=DATE:20240502|RRULE:FREQ=YEARLY;UNTIL=20300501",
        "DTSTART;TZID=Etc/UTC;X-A=\"b;c\":20240501T090000|DURATION:PT1H|RRULE:FREQ=WEEKLY;BYDAY=WE,FR;UNTIL=20240701T000000Z|EXDATE;TZID=Etc/UTC:20240508T090000",
        "DTSTART:20240501T090000|RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3|RDATE:20240601T090000",
        "X-UNKNOWN;FOO=bar:a\\,b;c|DTSTART:20240501T090000Z|BEGIN:VALARM|ACTION:DISPLAY|DESCRIPTION:x|TRIGGER;RELATED=END:-PT5M|END:VALARM",
        "DTSTART:20240501T090000Z|BEGIN:VALARM|ACTION:AUDIO|TRIGGER;VALUE=DATE-TIME:20240501T080000Z|REPEAT:2|DURATION:PT5M|END:VALARM",
    ] {
        let lines = lines.replace("TZID=Etc/UTC", "TZID=Here");
        let zone = "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0000\nEND:STANDARD\nEND:VTIMEZONE\n";
        let zone = if lines.contains("TZID") { zone } else { "" };
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zone}BEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\n{}\nEND:VEVENT\nEND:VCALENDAR\n",
            lines.replace('|', "\n")
        );
        let octets = calendar.clone().into_bytes();
        let mut object = CalendarObject::parse(Arc::new(octets), &Limits::default()).unwrap();
        let notes = CalendarMender::new(needs()).mend(&mut object).unwrap();
        assert_eq!(notes, Notes::default(), "{lines}");
        assert_eq!(object.to_content().unwrap().to_vec(1 << 20).unwrap(), calendar.as_bytes());
    }
}

#[test]
fn dates_get_the_type_that_they_are_of() {
    check(
        "VEVENT",
        &[
            ("DTSTART:20240501", "DTSTART;VALUE=DATE:20240501", "VALUE=DATE added"),
            ("DTSTART;VALUE=DATE-TIME:20240501", "DTSTART;VALUE=DATE:20240501", "VALUE=DATE added"),
            ("DTSTART;VALUE=DATE:20240501T090000Z", "DTSTART:20240501T090000Z", "VALUE=DATE removed"),
            ("DTSTART;VALUE=DATE:20240501T000000", "DTSTART;VALUE=DATE:20240501", "as the standard has them"),
            ("DTSTART;TZID=Europe/Berlin:20240501T090000Z", "DTSTART:20240501T090000Z", "TZID removed"),
            ("DTSTART;TZID=Europe/Berlin;VALUE=DATE:20240501", "DTSTART;VALUE=DATE:20240501", "TZID removed"),
            ("DTSTART:2024-05-01T09:00:00Z", "DTSTART:20240501T090000Z", "as the standard has them"),
            ("DTSTART:20240501T0900", "DTSTART:20240501T090000", "as the standard has them"),
            ("DTSTART:20240231", "DTSTART:20240231", "!invalid date: DTSTART"),
            ("DTSTART:tomorrow", "DTSTART:tomorrow", "!invalid date: DTSTART"),
            ("SUMMARY:x", "SUMMARY:x", "!DTSTART is missing"),
            (
                "DTSTART:20240501T090000Z|CREATED:00001231T000000Z",
                "DTSTART:20240501T090000Z",
                "invalid CREATED removed",
            ),
            (
                "DTSTART:20240501T090000Z|LAST-MODIFIED:20240501",
                "DTSTART:20240501T090000Z|LAST-MODIFIED:20240501T000000Z",
                "brought to UTC",
            ),
        ],
    );
}

#[test]
fn ends_are_after_starts_and_of_their_type() {
    check(
        "VEVENT",
        &[
            (
                "DTSTART;VALUE=DATE:20230310|DTEND;VALUE=DATE:20230310",
                "DTSTART;VALUE=DATE:20230310|DTEND;VALUE=DATE:20230311",
                "next day",
            ),
            ("DTSTART:20230310T100000Z|DTEND:20230310T100000Z", "DTSTART:20230310T100000Z", "DTEND removed"),
            (
                "DTSTART;VALUE=DATE:20230310|DTEND;VALUE=DATE:20230301",
                "DTSTART;VALUE=DATE:20230310|DTEND;VALUE=DATE:20230301",
                "!DTEND is before DTSTART",
            ),
            (
                "DTSTART:20230310T100000Z|DTEND:20230310T090000Z",
                "DTSTART:20230310T100000Z|DTEND:20230310T090000Z",
                "!DTEND is before DTSTART",
            ),
            (
                "DTSTART;VALUE=DATE:20230310|DTEND:20230311T000000",
                "DTSTART;VALUE=DATE:20230310|DTEND;VALUE=DATE:20230311",
                "type of DTSTART",
            ),
            (
                "DTSTART:20230310T000000|DTEND;VALUE=DATE:20230311",
                "DTSTART:20230310T000000|DTEND:20230311T000000",
                "type of DTSTART",
            ),
            (
                "DTSTART:20230310T090000Z|DTEND:20230310T100000",
                "DTSTART:20230310T090000Z|DTEND:20230310T100000Z",
                "type of DTSTART",
            ),
            (
                "DTSTART;VALUE=DATE:20230310|DTEND:20230311T100000Z",
                "DTSTART;VALUE=DATE:20230310|DTEND:20230311T100000Z",
                "!another type",
            ),
            (
                "DTSTART:20230310T090000Z|DTEND:20230310T100000Z|DURATION:PT2H",
                "DTSTART:20230310T090000Z|DTEND:20230310T100000Z|X-MAILFERRY-DURATION:PT2H",
                "DURATION moved",
            ),
            (
                "DTSTART:20230310T090000Z|DURATION:-PT1H",
                "DTSTART:20230310T090000Z|DURATION:-PT1H",
                "!negative DURATION",
            ),
            ("DTSTART;VALUE=DATE:20230310|DURATION:PT24H", "DTSTART;VALUE=DATE:20230310|DURATION:P1D", "in days"),
            ("DTSTART:20230310T090000Z|DURATION:1H", "DTSTART:20230310T090000Z|DURATION:1H", "!invalid DURATION"),
        ],
    );
    check(
        "VTODO",
        &[
            (
                "DTSTART;VALUE=DATE:20210701|DUE:20210702T100000Z",
                "DTSTART:20210701T000000Z|DUE:20210702T100000Z",
                "type of DUE",
            ),
            (
                "DTSTART:20210701T100000Z|DUE;VALUE=DATE:20210702",
                "DTSTART:20210701T100000Z|DUE:20210702T000000Z",
                "type of DTSTART",
            ),
            ("DURATION:PT1H", "X-MAILFERRY-DURATION:PT1H", "needs DTSTART"),
            (
                "DTSTART:20210703T100000Z|DUE:20210702T100000Z",
                "DTSTART:20210703T100000Z|DUE:20210702T100000Z",
                "!DUE is before DTSTART",
            ),
            (
                "DTSTART:20210702T100000Z|DUE:20210702T100000Z",
                "DTSTART:20210702T100000Z|DUE:20210702T100000Z",
                "!DUE is not after",
            ),
        ],
    );
}

#[test]
fn exceptions_are_of_the_type_of_the_series() {
    let series = "DTSTART:20230301T120000Z|RRULE:FREQ=WEEKLY;COUNT=5";
    let all_day = "DTSTART;VALUE=DATE:20230301|RRULE:FREQ=DAILY;COUNT=5";
    for (start, line, expected, said) in [
        (series, "EXDATE:20230308", "EXDATE:20230308T120000Z", "EXDATE brought"),
        (series, "EXDATE;VALUE=DATE:20230308,20230315", "EXDATE:20230308T120000Z,20230315T120000Z", "EXDATE brought"),
        (series, "RDATE;VALUE=DATE:20230309", "RDATE:20230309T120000Z", "RDATE brought"),
        (series, "EXDATE:20230308T120000", "EXDATE:20230308T120000Z", "EXDATE brought"),
        (series, "EXDATE:20230308T130000", "EXDATE:20230308T130000", "!EXDATE is of another type"),
        (series, "EXDATE:", "", "empty EXDATE removed"),
        (all_day, "EXDATE:20230303", "EXDATE;VALUE=DATE:20230303", "VALUE=DATE added"),
        (all_day, "EXDATE:20230303T000000Z", "EXDATE;VALUE=DATE:20230303", "EXDATE brought"),
        (all_day, "EXDATE:20230303T093000", "EXDATE;VALUE=DATE:20230303", "EXDATE brought"),
        (all_day, "EXDATE:20230303T230000Z", "EXDATE:20230303T230000Z", "!EXDATE is of another type"),
    ] {
        let expected = if expected.is_empty() { start.to_owned() } else { format!("{start}|{expected}") };
        check("VEVENT", &[(&format!("{start}|{line}"), &expected, said)]);
    }
    let berlin = "DTSTART;TZID=Europe/Berlin:20240317T100000|RRULE:FREQ=WEEKLY;COUNT=9";
    let (written, _, _) = component("VEVENT", &format!("{berlin}|EXDATE;VALUE=DATE:20240331"));
    assert_eq!(written, format!("{berlin}|EXDATE;TZID=Europe/Berlin:20240331T100000"));
    let (written, _, _) = component("VEVENT", &format!("{berlin}|EXDATE:20240331T100000"));
    assert_eq!(written, format!("{berlin}|EXDATE;TZID=Europe/Berlin:20240331T100000"));
}

#[test]
fn what_servers_may_refuse_is_flagged() {
    for (lines, said) in [
        ("DTSTART;VALUE=DATE:20060102|RRULE:FREQ=DAILY;UNTIL=70060101", "RRULE repeats more than 10000 times"),
        ("DTSTART:20240101T090000Z|RRULE:FREQ=HOURLY;COUNT=10001", "RRULE repeats more than 10000 times"),
        ("DTSTART:20240101T090000Z|RRULE:FREQ=MINUTELY;INTERVAL=5;UNTIL=20240301T000000Z", "RRULE repeats more"),
        ("DTSTART:20240101T090000Z|RRULE:FREQ=MINUTELY;INTERVAL=15;COUNT=8", "RRULE repeats by minutes"),
        ("DTSTART:20240101T090000Z|RECURRENCE-ID:20240101T090000Z", "a changed occurrence (RECURRENCE-ID) without"),
        (
            "DTSTART:20240101T090000Z|IMAGE;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=image/png:iVBORw0KGgo=",
            "a picture inside the event",
        ),
    ] {
        let (written, _, flagged) = component("VEVENT", lines);
        assert!(written == lines && flagged.starts_with(said), "{lines}: {written} / {flagged}");
    }
    for lines in [
        "DTSTART:20240101T090000Z|RRULE:FREQ=DAILY",
        "DTSTART:20240101T090000Z|RRULE:FREQ=HOURLY;COUNT=10000",
        "DTSTART:20240101T090000Z|RRULE:FREQ=WEEKLY;UNTIL=22000101T000000Z",
        "DTSTART:20240101T090000Z|IMAGE;VALUE=URI;FMTTYPE=image/png:https://example.org/a.png",
    ] {
        assert_eq!(component("VEVENT", lines), (lines.to_owned(), String::new(), String::new()));
    }
}

#[test]
fn changed_occurrences_fit_to_their_series() {
    for (start, given, expected) in [
        ("DTSTART:20240101T090000Z", "RECURRENCE-ID;VALUE=DATE:20240108", "RECURRENCE-ID:20240108T090000Z"),
        ("DTSTART;VALUE=DATE:20240101", "RECURRENCE-ID:20240108T000000Z", "RECURRENCE-ID;VALUE=DATE:20240108"),
        (
            "DTSTART;TZID=Asia/Tokyo:20240101T090000",
            "RECURRENCE-ID:20240108T090000",
            "RECURRENCE-ID;TZID=Asia/Tokyo:20240108T090000",
        ),
        ("DTSTART;TZID=Asia/Tokyo:20240101T090000", "RECURRENCE-ID:20240108T000000Z", "RECURRENCE-ID:20240108T000000Z"),
    ] {
        // The override comes first, as it does in some files.
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART:20240109T100000Z\n{given}\nEND:VEVENT\n\
            BEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\n{start}\nRRULE:FREQ=WEEKLY\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let (text, _) = mend(&calendar, needs());
        assert!(text.contains(&format!("\n{expected}\n")), "{text}");
    }
}

#[test]
fn rules_end_in_one_way_and_on_the_clocks_of_the_start() {
    let rule = |start: &str, rule: &str, expected: &str, said: &str| {
        check("VEVENT", &[(&format!("{start}|RRULE:{rule}"), &format!("{start}|RRULE:{expected}"), said)]);
    };
    let utc = "DTSTART:20250601T043000Z";
    rule(utc, "FREQ=WEEKLY;UNTIL=20250615", "FREQ=WEEKLY;UNTIL=20250615T043000Z", "UNTIL of RRULE");
    rule(utc, "FREQ=WEEKLY;UNTIL=20250615T000000", "FREQ=WEEKLY;UNTIL=20250615T000000Z", "UNTIL of RRULE");
    rule(utc, "FREQ=DAILY;BYHOUR=4,9;UNTIL=20250615", "FREQ=DAILY;BYHOUR=4,9;UNTIL=20250615T235959Z", "UNTIL of RRULE");
    rule(
        utc,
        "FREQ=YEARLY;UNTIL=20301027T030000Z;COUNT=16",
        "FREQ=YEARLY;UNTIL=20301027T030000Z",
        "ends the series later",
    );
    rule(utc, "FREQ=DAILY;UNTIL=20301027T030000Z;COUNT=16", "FREQ=DAILY;COUNT=16", "ends the series later");
    rule(
        utc,
        "FREQ=MONTHLY;BYDAY=1SU;UNTIL=20301027T030000Z;COUNT=16",
        "FREQ=MONTHLY;BYDAY=1SU;UNTIL=20301027T030000Z;COUNT=16",
        "!both UNTIL and COUNT",
    );
    rule(utc, "FREQ=WEEKLY;UNTIL=20240101T000000Z", "FREQ=WEEKLY;UNTIL=20240101T000000Z", "!no occurrence");
    rule(utc, "FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY", "!invalid RRULE");
    rule(utc, "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=0", "!invalid RRULE");
    rule(utc, "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=1MO", "!invalid RRULE");
    rule(utc, "FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYMONTH=13", "!invalid RRULE");
    rule(utc, "FREQ=DAILY;COUNT=3;", "FREQ=DAILY;COUNT=3", "as the standard has it");
    rule(
        "DTSTART;VALUE=DATE:20250601",
        "FREQ=DAILY;UNTIL=20250615T220000Z",
        "FREQ=DAILY;UNTIL=20250615",
        "UNTIL of RRULE",
    );
    rule("DTSTART:20250601T043000", "FREQ=DAILY;UNTIL=20250615", "FREQ=DAILY;UNTIL=20250615T043000", "UNTIL of RRULE");
    rule(
        "DTSTART:20250601T043000",
        "FREQ=DAILY;UNTIL=20250615T120000Z",
        "FREQ=DAILY;UNTIL=20250615T120000Z",
        "!another type",
    );
    let berlin = "DTSTART;TZID=Europe/Berlin:20250601T043000|RRULE:FREQ=WEEKLY;UNTIL=";
    for (until, expected) in
        [("20250615T000000", "20250614T220000Z"), ("20250615", "20250615T023000Z"), ("20251201", "20251201T033000Z")]
    {
        let (written, _, _) = component("VEVENT", &format!("{berlin}{until}"));
        assert_eq!(written, format!("{berlin}{expected}"));
    }
}

#[test]
fn alarms_get_what_they_must_have() {
    let alarm = |lines: &str, expected: &str, said: &str| {
        let start = "DTSTART:20250601T043000Z|SUMMARY:Tea\\, now";
        let expected =
            if expected.is_empty() { start.to_owned() } else { format!("{start}|BEGIN:VALARM|{expected}|END:VALARM") };
        check("VEVENT", &[(&format!("{start}|BEGIN:VALARM|{lines}|END:VALARM"), &expected, said)]);
    };
    alarm("TRIGGER:-PT5M|DESCRIPTION:x", "TRIGGER:-PT5M|DESCRIPTION:x|ACTION:DISPLAY", "ACTION added");
    alarm("ACTION:DISPLAY|TRIGGER:-PT5M", "ACTION:DISPLAY|TRIGGER:-PT5M|DESCRIPTION:Tea\\, now", "DESCRIPTION added");
    alarm("ACTION:DISPLAY|DESCRIPTION:x", "", "without TRIGGER removed");
    alarm(
        "ACTION:EMAIL|TRIGGER:PT0S|DESCRIPTION:x|SUMMARY:y",
        "ACTION:DISPLAY|TRIGGER:PT0S|DESCRIPTION:x|SUMMARY:y",
        "shown instead",
    );
    alarm(
        "ACTION:DISPLAY|DESCRIPTION:x|TRIGGER:20250601T040000Z",
        "ACTION:DISPLAY|DESCRIPTION:x|TRIGGER;VALUE=DATE-TIME:20250601T040000Z",
        "TRIGGER",
    );
    alarm(
        "ACTION:DISPLAY|DESCRIPTION:x|TRIGGER;VALUE=DATE-TIME:-PT5M",
        "ACTION:DISPLAY|DESCRIPTION:x|TRIGGER:-PT5M",
        "TRIGGER",
    );
    alarm("ACTION:AUDIO|TRIGGER:-PT5M|REPEAT:4", "ACTION:AUDIO|TRIGGER:-PT5M", "REPEAT or DURATION");
    alarm("ACTION:AUDIO|TRIGGER:soon", "ACTION:AUDIO|TRIGGER:soon", "!invalid TRIGGER");
    let options = IcsOptions { display_alarms: true, ..IcsOptions::default() };
    let calendar = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nBEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:a@example.org\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n";
    let (text, _) = mend(calendar, options);
    assert!(text.contains("ACTION:DISPLAY\nX-MAILFERRY-ATTENDEE:mailto:a@example.org\n"), "{text}");
}

#[test]
fn nobody_is_written_to() {
    let start = "DTSTART:20290710T100000Z|";
    let agent = "marked so that no invitations";
    check(
        "VEVENT",
        &[
            (
                &format!("{start}ORGANIZER:mailto:me@example.org"),
                &format!("{start}ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:me@example.org"),
                agent,
            ),
            (
                &format!("{start}ATTENDEE;RSVP=TRUE;CN=\"Doe, Ann\":mailto:a@example.org"),
                &format!("{start}ATTENDEE;SCHEDULE-AGENT=CLIENT;CN=\"Doe, Ann\":mailto:a@example.org"),
                agent,
            ),
            (
                &format!("{start}ATTENDEE;SCHEDULE-AGENT=SERVER;SCHEDULE-FORCE-SEND=REQUEST:mailto:a@example.org"),
                &format!("{start}ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:a@example.org"),
                agent,
            ),
            (
                &format!("{start}ATTENDEE;SCHEDULE-AGENT=NONE:mailto:a@example.org"),
                &format!("{start}ATTENDEE;SCHEDULE-AGENT=NONE:mailto:a@example.org"),
                "",
            ),
        ],
    );
    let calendar = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:u\nORGANIZER;CN=Me:mailto:me@example.org\nATTENDEE:mailto:a@example.org\nEND:VEVENT\nEND:VCALENDAR\n";
    let (text, _) =
        mend(calendar, IcsOptions { strip_scheduling: true, move_attendees: true, ..IcsOptions::default() });
    assert!(!text.contains("METHOD") && !text.contains("\nATTENDEE") && !text.contains("\nORGANIZER"), "{text}");
    assert!(text.contains("\nDESCRIPTION:Attendees:\\nMe <me@example.org> (organizer)\\na@example.org\n"), "{text}");
}

#[test]
fn lines_are_utf8_and_folded() {
    let latin = b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART:20240101T100000Z\nSUMMARY:Fr\xfchst\xfcck\x07\n\nX-A;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:a=E9=0D=0Ab\nEND:VEVENT\nEND:VCALENDAR\n";
    let mut object = CalendarObject::parse(Arc::new(latin.to_vec()), &Limits::default()).unwrap();
    let notes = CalendarMender::new(needs()).mend(&mut object).unwrap();
    let text = String::from_utf8(object.to_content().unwrap().to_vec(1 << 20).unwrap()).unwrap();
    assert!(text.contains("\nSUMMARY:Frühstück\nX-A:aé\\nb\nEND:VEVENT\n"), "{text}");
    assert_eq!(
        notes.mended,
        [
            "converted to UTF-8: windows-1252",
            "control characters removed",
            "blank lines removed",
            "quoted-printable and charset undone"
        ]
    );
    for (line, is_folded) in [
        (format!("SUMMARY:{}", "é".repeat(33)), false),
        (format!("SUMMARY:{}", "é".repeat(34)), true),
        (format!("SUMMARY:{}", "x".repeat(67)), false),
        (format!("SUMMARY:{}", "x".repeat(68)), true),
    ] {
        let (_, mended, _) = component("VEVENT", &format!("DTSTART:20240101T100000Z|{line}"));
        assert_eq!(!mended.is_empty(), is_folded, "{mended}");
    }
    let (_, mended, flagged) = component("VEVENT", "DTSTART:20240101T100000Z|no colon here");
    assert_eq!((&*mended, &*flagged), ("", "a line without a colon"));
}

#[test]
fn what_may_stand_once_does() {
    check(
        "VEVENT",
        &[
            ("DTSTART:20240101T100000Z|SUMMARY:a|SUMMARY:a", "DTSTART:20240101T100000Z|SUMMARY:a", "the first kept"),
            (
                "DTSTART:20240101T100000Z|LOCATION:a|LOCATION:b",
                "DTSTART:20240101T100000Z|LOCATION:a|X-MAILFERRY-LOCATION:b",
                "the first kept",
            ),
            (
                "DTSTART:20240101T100000Z|DTSTART:20240102T100000Z",
                "DTSTART:20240101T100000Z|X-MAILFERRY-DTSTART:20240102T100000Z",
                "the first kept",
            ),
            ("DTSTART:20240101T100000Z|COMMENT:a|COMMENT:b", "DTSTART:20240101T100000Z|COMMENT:a|COMMENT:b", ""),
        ],
    );
}

#[test]
fn identifiers_and_stamps_are_the_same_in_every_run() {
    let calendar = |lines: &str| {
        format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR\n")
    };
    let (one, notes) = mend(&calendar("DTSTART;TZID=Europe/Berlin:20240701T100000\nSUMMARY:a\n"), needs());
    let (again, _) = mend(&calendar("DTSTART;TZID=Europe/Berlin:20240701T100000\nSUMMARY:a\n"), needs());
    let (other, _) = mend(&calendar("DTSTART;TZID=Europe/Berlin:20240701T100000\nSUMMARY:b\n"), needs());
    assert_eq!(one, again);
    let uid = |text: &str| text.split("\nUID:").nth(1).map(|rest| rest.get(..36).unwrap().to_owned());
    assert!(uid(&one).is_some() && uid(&one) != uid(&other));
    assert!(one.contains("\nDTSTAMP:20240701T080000Z\n"), "{one}");
    assert_eq!(notes.mended, ["UID added", "DTSTAMP added", "time zone defined: Europe/Berlin"]);
    for (lines, stamp) in [
        ("DTSTART:20240701\nCREATED:20230101T000000Z\nLAST-MODIFIED:20230301T000000Z\n", "20230301T000000Z"),
        ("DTSTART:20240701\nCREATED:20230101T000000Z\n", "20230101T000000Z"),
        ("SUMMARY:a\n", "19700101T000000Z"),
    ] {
        let (text, _) = mend(&calendar(lines), needs());
        assert!(text.contains(&format!("\nDTSTAMP:{stamp}\n")), "{text}");
    }
}

#[test]
fn zones_are_defined_and_named_as_what_they_are() {
    let event = |zones: &str, id: &str, start: &str| {
        format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{zones}BEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART;TZID={id}:{start}\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    let zone = |id: &str, offset: &str| {
        format!(
            "BEGIN:VTIMEZONE\nTZID:{id}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:{offset}\nTZOFFSETTO:{offset}\nEND:STANDARD\nEND:VTIMEZONE\n"
        )
    };
    let iana = || IcsOptions { iana_zones: true, ..needs() };
    let start = "20240715T100000";
    for (given, options, named, said) in [
        (event("", "Europe/Vienna", start), needs(), "Europe/Vienna", "time zone defined"),
        (event("", "SA Pacific Standard Time", start), needs(), "SA Pacific Standard Time", "time zone defined"),
        (event("", "SA Pacific Standard Time", start), iana(), "America/Bogota", "named as in the IANA"),
        (
            event("", "\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\"", start),
            needs(),
            "Europe/Berlin",
            "named as in the IANA",
        ),
        (event("", "/mozilla.org/20050126_1/Europe/Berlin", start), iana(), "Europe/Berlin", "named as in the IANA"),
        (
            event(&zone("SA Pacific Standard Time", "-0500"), "SA Pacific Standard Time", start),
            iana(),
            "America/Bogota",
            "named as in the IANA",
        ),
        (
            event(&zone("W. Europe Standard Time", "-0800"), "W. Europe Standard Time", start),
            iana(),
            "W. Europe Standard Time",
            "!it keeps its name",
        ),
        (
            event(&zone("Tokyo Standard Time", "+0900"), "Tokyo Standard Time", "19500701T100000"),
            iana(),
            "Tokyo Standard Time",
            "!it keeps its name",
        ),
        (
            event("BEGIN:VTIMEZONE\nTZID:Home\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n", "Home", start),
            needs(),
            "Home",
            "time zone defined",
        ),
        (event("", "Customized Time Zone", start), needs(), "Customized Time Zone", "!neither defined nor a known"),
    ] {
        let (text, notes) = mend(&given, options);
        assert!(text.contains(&format!("\nDTSTART;TZID={named}:")), "{text}");
        let flagged: Vec<_> = notes.flagged.iter().map(ToString::to_string).collect();
        match said.strip_prefix('!') {
            Some(said) => assert!(flagged.iter().any(|flag| flag.contains(said)), "{notes:?}"),
            None => {
                assert!(notes.mended.iter().any(|mended| mended.contains(said)) && flagged.is_empty(), "{notes:?}");
                assert!(text.contains(&format!("\nTZID:{named}\n")) && text.contains("TZOFFSETTO"), "{text}");
            }
        }
    }
}

#[test]
fn vcalendars_become_icalendars() {
    let convert = |frame: &str, kind: &str, lines: &str| {
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:1.0\n{frame}BEGIN:{kind}\nUID:u\n{}\nEND:{kind}\nEND:VCALENDAR\n",
            lines.replace('|', "\n")
        );
        let options = IcsOptions { mend: true, complete_zones: true, ..IcsOptions::default() };
        let (text, notes) = mend(&calendar, options);
        assert!(
            text.contains("\nVERSION:2.0\n") && !text.contains("VERSION:1.0") && !text.contains("QUOTED-PRINTABLE"),
            "{text}"
        );
        assert!(notes.mended.iter().any(|mended| mended.contains("vCalendar")), "{notes:?}");
        text
    };
    for (kind, lines, expected) in [
        ("VEVENT", "DTSTART:20240402T090000Z|RRULE:W2 TU TH #5", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=5"),
        ("VEVENT", "DTSTART:20240402T090000Z|RRULE:D1 #0|EXRULE:W1 SU #0", "EXRULE:FREQ=WEEKLY;BYDAY=SU"),
        ("VEVENT", "DTSTART:20240402T090000Z|RRULE:D1 20240501", "RRULE:FREQ=DAILY;UNTIL=20240501T090000Z"),
        ("VEVENT", "DTSTART:20240402|RRULE:YM1 #0", "DTSTART;VALUE=DATE:20240402"),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|EXDATE:20240404T090000Z;20240406T090000Z",
            "EXDATE:20240404T090000Z,20240406T090000Z",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|SUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:B=C3=BCro=20a, b\\;c",
            "SUMMARY:Büro a\\, b\\;c",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|DESCRIPTION;QUOTED-PRINTABLE:one=0D=0Atwo C:\\new",
            "DESCRIPTION:one\\ntwo C:\\\\new",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|CATEGORIES:APPOINTMENT;BUSINESS|RESOURCES:EASEL;VCR",
            "RESOURCES:EASEL,VCR",
        ),
        ("VEVENT", "DTSTART:20240402T090000Z|CATEGORIES:APPOINTMENT;BUSINESS", "CATEGORIES:APPOINTMENT,BUSINESS"),
        ("VEVENT", "DTSTART:20240402T090000Z|DCREATED:20240101T000000Z", "CREATED:20240101T000000Z"),
        ("VEVENT", "DTSTART:20240402T090000Z|PRIORITY:12|CLASS:PRIVATE", "PRIORITY:9"),
        ("VEVENT", "DTSTART:20240402T090000Z|TRANSP:1", "TRANSP:TRANSPARENT"),
        ("VEVENT", "DTSTART:20240402T090000Z|STATUS:ACCEPTED", "STATUS:CONFIRMED"),
        ("VEVENT", "DTSTART:20240402T090000Z|STATUS:HAPPY", "X-VCALENDAR-STATUS:HAPPY"),
        ("VEVENT", "DTSTART:20240402T090000Z|GEO:13.4,52.5", "GEO:52.5;13.4"),
        ("VTODO", "DUE:20240402T090000Z|STATUS:NEEDS ACTION", "STATUS:NEEDS-ACTION"),
        ("VTODO", "DUE:20240402T090000Z|COMPLETED:20240401T090000Z|STATUS:COMPLETED", "STATUS:COMPLETED"),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|DALARM:20240402T084500Z;PT5M;2;Tea\\; now",
            "TRIGGER:-PT15M\nDURATION:PT5M\nREPEAT:2\nDESCRIPTION:Tea\\; now",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|AALARM;TYPE=WAVE:20240402T085500Z;;;file:///taps.wav",
            "ACTION:AUDIO\nTRIGGER:-PT5M\nATTACH:file:///taps.wav",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|MALARM:20240402T080000Z;PT1H;2;a@example.org;Go",
            "ACTION:EMAIL\nTRIGGER:-PT1H\nDURATION:PT1H\nREPEAT:2\nATTENDEE:mailto:a@example.org",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|ATTENDEE;ROLE=OWNER;STATUS=CONFIRMED:John Smith <j@example.org>",
            "ORGANIZER;CN=John Smith:mailto:j@example.org\nATTENDEE;CN=John Smith;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:j@example.org",
        ),
        (
            "VEVENT",
            "DTSTART:20240402T090000Z|ATTENDEE;RSVP=YES;EXPECT=REQUEST;STATUS=NEEDS ACTION:a@example.org",
            "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:a@example.org",
        ),
        ("VEVENT", "DTSTART:20240402T090000Z|ATTENDEE;EXPECT=FYI:The boss", "CONTACT:The boss"),
        ("VEVENT", "DTSTART:20240402T090000Z|RRULE:MP1 1+ SU #3 D1 #2", "X-VCALENDAR-RRULE:MP1 1+ SU #3 D1 #2"),
        ("VEVENT", "DTSTART:20240402T090000Z|RNUM:5|SEQUENCE:2", "SEQUENCE:2"),
        ("VEVENT", "DTSTART:20240402T090000Z|X-EPOCAGENDAENTRYTYPE:APPOINTMENT", "X-EPOCAGENDAENTRYTYPE:APPOINTMENT"),
    ] {
        let text = convert("PRODID:x\n", kind, lines);
        assert!(text.contains(&format!("\n{expected}\n")), "{lines}: {text}");
    }
    let text = convert(
        "PRODID:x\nTZ:-0500\nDAYLIGHT:TRUE;-0400;20240310T020000;20241103T020000;EST;EDT\n",
        "VEVENT",
        "DTSTART:20240402T090000",
    );
    assert!(text.contains("\nDTSTART;TZID=vCalendar -0500:20240402T090000\n"), "{text}");
    assert!(
        text.contains("BEGIN:DAYLIGHT\nTZNAME:EDT\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nDTSTART:20240310T020000\n"),
        "{text}"
    );
    assert!(!text.contains("\nTZ:") && !text.contains("\nDAYLIGHT:"), "{text}");
    let text = convert("TZ:+01\n", "VEVENT", "DTSTART:20240402T090000|DTEND:20240402T100000");
    assert!(text.contains("\nPRODID:") && text.contains("\nDTSTAMP:20240402T080000Z\n"), "{text}");
}

#[test]
fn what_is_empty_goes_and_numbers_are_numbers() {
    let start = "DTSTART:20240101T100000Z";
    for (line, expected, said) in [
        ("PRIORITY:", "", "empty PRIORITY removed"),
        ("ORGANIZER:", "", "empty ORGANIZER removed"),
        ("STATUS: ", "", "empty STATUS removed"),
        ("CATEGORIES:|CATEGORIES:A,B", "CATEGORIES:A,B", "empty CATEGORIES removed"),
        ("PRIORITY:high", "PRIORITY:high", "!invalid PRIORITY"),
        ("SEQUENCE:-2", "SEQUENCE:-2", "!invalid SEQUENCE"),
        ("GEO:52.5,13.4", "GEO:52.5;13.4", "GEO separated"),
        ("GEO:52.5\\;13.4", "GEO:52.5;13.4", "GEO separated"),
        ("GEO:Berlin", "GEO:Berlin", "!invalid GEO"),
        ("X-A;B= \"c\" ;D=e:f", "X-A;B=\"c\";D=e:f", "spaces around parameters"),
        ("X-A;B:f", "X-A;B:f", "!a parameter is not NAME=VALUE"),
        ("LOCATION;VALUE=1 MAIN ST:x", "LOCATION;VALUE=1 MAIN ST:x", "!a parameter is not NAME=VALUE"),
        ("X_A:b", "X_A:b", "!the name of a property"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO, TU", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU", "as the standard has it"),
        ("RDATE;VALUE=PERIOD:20240601/20240602", "RDATE;VALUE=PERIOD:20240601/20240602", "!invalid period"),
        ("RDATE;VALUE=PERIOD:20240601T090000Z/PT1H", "RDATE;VALUE=PERIOD:20240601T090000Z/PT1H", "!RDATE with periods"),
    ] {
        let expected = if expected.is_empty() { start.to_owned() } else { format!("{start}|{expected}") };
        check("VEVENT", &[(&format!("{start}|{line}"), &expected, said)]);
    }
}

#[test]
fn what_is_not_closed_or_not_in_a_calendar_is_put_right() {
    let event = "BEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART:20240101T100000Z\n";
    for (given, said) in [
        (format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{event}SUMMARY:cut"), "END added"),
        (format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{event}SUMMARY:cut\nEND:VEVENT\n"), "END:VCALENDAR added"),
        (format!("{event}SUMMARY:cut\nEND:VEVENT\n"), "BEGIN:VCALENDAR added"),
        (format!("BEGIN:VCALENDAR\n{event}SUMMARY:cut\nEND:VEVENT \nEND:VCALENDAR\n"), "VERSION added"),
        (
            format!("\u{feff}BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{event}SUMMARY:cut\nend:vevent\nEND:VCALENDAR\n"),
            "written as the standard",
        ),
    ] {
        let (text, notes) = mend(&given, needs());
        assert!(
            text.starts_with("BEGIN:VCALENDAR\n") && text.ends_with("\nSUMMARY:cut\nEND:VEVENT\nEND:VCALENDAR\n"),
            "{text}"
        );
        assert!(notes.mended.iter().any(|mended| mended.contains(said)), "{notes:?}");
    }
}

#[test]
fn zones_that_are_no_zones_are_defined_anew() {
    let calendar = |id: &str, observance: &str| {
        format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:{id}\nBEGIN:STANDARD\n{observance}END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART;TZID={id}:20240101T100000\nEND:VEVENT\nEND:VCALENDAR\n"
        )
    };
    for observance in [
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n",
        "DTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+9900\n",
        "DTSTART;VALUE=DATE:19700101\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\n",
    ] {
        let (text, notes) = mend(&calendar("Europe/Berlin", observance), needs());
        assert!(text.contains("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU") && notes.flagged.is_empty(), "{text}");
        let (_, notes) = mend(&calendar("Nowhere", observance), needs());
        assert_eq!(notes.flagged.len(), 1, "{notes:?}");
    }
}

#[test]
fn what_a_calendar_defines_is_where_its_clocks_are() {
    use crate::{DateTime, mend::defined_offset, model::CalendarObject};
    let zone = "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16011104T020000\n\
        RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11\nTZOFFSETFROM:-0330\nTZOFFSETTO:-0430\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
        DTSTART:16010311T020000\nRRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3\nTZOFFSETFROM:-0430\nTZOFFSETTO:-0330\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
    let octets = format!(
        "BEGIN:VCALENDAR\n{zone}BEGIN:VEVENT\nDTSTART;TZID=Customized Time Zone:20240701T090000\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    let object = CalendarObject::parse(std::sync::Arc::new(octets.into_bytes()), &Default::default()).unwrap();
    for (month, id, expected) in [
        (1, "Customized Time Zone", Some(-16_200)),
        (7, "Customized Time Zone", Some(-12_600)),
        (7, "Europe/Berlin", None),
    ] {
        let wall = DateTime::from_civil(2024, month, 1, 9, 0, 0, None).unwrap();
        assert_eq!(defined_offset(&object, id, wall).unwrap(), expected, "{month} {id}");
    }
}

#[test]
fn names_that_are_offsets_are_defined() {
    let offsets = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix("TZOFFSETTO:")).map(str::to_owned).collect()
    };
    for (id, written, offset) in [
        ("GMT+0100", "GMT+0100", "+0100"),
        ("UTC+2", "UTC+2", "+0200"),
        ("\"GMT-05:30\"", "UTC-0530", "-0530"),
        ("\"(UTC+05:45)\"", "UTC+0545", "+0545"),
        ("+0900", "+0900", "+0900"),
        ("Etc/GMT+5", "Etc/GMT+5", "-0500"),
    ] {
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART;TZID={id}:20240501T090000\n\
             END:VEVENT\nEND:VCALENDAR\n"
        );
        let (text, notes) = mend(&calendar, needs());
        assert!(text.contains(&format!("TZID:{written}\n")), "{id}: {text}");
        assert!(text.contains(&format!("DTSTART;TZID={written}:20240501T090000\n")), "{id}: {text}");
        assert_eq!(offsets(&text), [offset], "{id}: {text}");
        assert!(notes.flagged.is_empty(), "{id}: {notes:?}");
    }
    for id in ["GMT+25", "CET+1", "Nowhere"] {
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:u\nDTSTAMP:20240101T000000Z\nDTSTART;TZID={id}:20240501T090000\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let (text, notes) = mend(&calendar, needs());
        assert!(offsets(&text).is_empty() && notes.flagged.len() == 1, "{id}: {text}");
    }
}

#[test]
fn a_series_that_exdate_leaves_nothing_of_is_flagged() {
    let right = "DTSTART:20240501T090000Z|";
    for (lines, is_empty) in [
        ("RRULE:FREQ=DAILY;COUNT=1|EXDATE:20240501T090000Z", true),
        ("RRULE:FREQ=WEEKLY;COUNT=2|EXDATE:20240501T090000Z,20240508T090000Z", true),
        ("RRULE:FREQ=DAILY;UNTIL=20240502T090000Z|EXDATE:20240501T090000Z|EXDATE:20240502T090000Z", true),
        ("RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20240508T090000Z|EXDATE:20240501T090000Z,20240508T090000Z", true),
        ("RRULE:FREQ=DAILY;COUNT=2|EXDATE:20240501T090000Z", false),
        ("RRULE:FREQ=DAILY;COUNT=1|EXDATE:20240501T090000Z|RDATE:20240601T090000Z", false),
        ("RRULE:FREQ=DAILY|EXDATE:20240501T090000Z", false),
        ("RRULE:FREQ=WEEKLY;COUNT=1|EXDATE:20240601T090000Z", false),
    ] {
        let (written, _, flagged) = component("VEVENT", &format!("{right}{lines}"));
        assert_eq!(written, format!("{right}{lines}"));
        assert_eq!(flagged.contains("EXDATE leaves no occurrence"), is_empty, "{lines}: {flagged}");
    }
}
