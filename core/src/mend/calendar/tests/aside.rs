use super::{check, mend, needs};
use crate::mend::{Notes, calendar::IcsOptions};

#[test]
fn what_a_whole_object_is_refused_for_is_set_aside() {
    let start = "DTSTART:20240101T100000Z";
    let aside = |kind: &str, lines: &str| {
        let calendar = format!(
            "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:{kind}\nUID:u\nDTSTAMP:20240101T000000Z\n{}\nEND:{kind}\nEND:VCALENDAR\n",
            lines.replace('|', "\n")
        );
        let (text, notes) = mend(&calendar, IcsOptions { set_aside: true, ..needs() });
        let (_, inner) = text.split_once("DTSTAMP:20240101T000000Z\n").unwrap();
        let inner = inner.split_once(&format!("\nEND:{kind}\n")).unwrap().0;
        (inner.replace('\n', "|"), notes)
    };
    for (given, expected) in [
        ("Dear all, hello", "X-MAILFERRY-LINE:Dear all\\, hello"),
        ("2. Call: 5 pm", "X-MAILFERRY-LINE:2. Call: 5 pm"),
        ("X_A:b", "X-MAILFERRY-LINE:X_A:b"),
        ("LOCATION;VALUE=1 MAIN ST:x", "X-MAILFERRY-LINE:LOCATION\\;VALUE=1 MAIN ST:x|LOCATION:x"),
        ("SUMMARY;HOME;LANGUAGE=en:x", "X-MAILFERRY-LINE:SUMMARY\\;HOME\\;LANGUAGE=en:x|SUMMARY;LANGUAGE=en:x"),
        ("RRULE:FREQ=SOMETIMES", "X-MAILFERRY-RRULE:FREQ=SOMETIMES"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20230101T000000Z", "X-MAILFERRY-RRULE:FREQ=WEEKLY;UNTIL=20230101T000000Z"),
        ("RRULE:FREQ=DAILY|RRULE:FREQ=YEARLY", "RRULE:FREQ=DAILY|X-MAILFERRY-RRULE:FREQ=YEARLY"),
        ("RRULE:RSCALE=CHINESE;FREQ=YEARLY", "X-MAILFERRY-RRULE:RSCALE=CHINESE;FREQ=YEARLY"),
        ("DTEND:20240101T090000Z", "X-MAILFERRY-DTEND:20240101T090000Z"),
        ("DTEND;VALUE=DATE:20240102", "X-MAILFERRY-DTEND;VALUE=DATE:20240102"),
        ("DTEND:tomorrow", "X-MAILFERRY-DTEND:tomorrow"),
        ("DURATION:-PT1H", "X-MAILFERRY-DURATION:-PT1H"),
        ("DURATION:soon", "X-MAILFERRY-DURATION:soon"),
        (
            "EXDATE:20240108T100000Z,20240231T100000Z",
            "EXDATE:20240108T100000Z|X-MAILFERRY-EXDATE:20240108T100000Z,20240231T100000Z",
        ),
        ("PRIORITY:high", "X-MAILFERRY-PRIORITY:high"),
        ("GEO:Berlin", "X-MAILFERRY-GEO:Berlin"),
        (
            "DURATION:PT1H|RDATE;VALUE=PERIOD:20240601T090000Z/PT1H,20240602T090000Z/20240602T100000Z",
            "DURATION:PT1H|RDATE:20240601T090000Z,20240602T090000Z",
        ),
        (
            "RDATE;VALUE=PERIOD:20240601T090000Z/PT2H",
            "RDATE:20240601T090000Z|X-MAILFERRY-RDATE;VALUE=PERIOD:20240601T090000Z/PT2H",
        ),
        ("IMAGE;VALUE=BINARY;ENCODING=BASE64;DISPLAY=BADGE:AP+A", "ATTACH;VALUE=BINARY;ENCODING=BASE64:AP+A"),
        ("BEGIN:VALARM|ACTION:AUDIO|TRIGGER:soon|END:VALARM", ""),
    ] {
        let (written, notes) = aside("VEVENT", &format!("{start}|{given}"));
        let expected = if expected.is_empty() { start.to_owned() } else { format!("{start}|{expected}") };
        assert_eq!(written, expected);
        assert!(!notes.flagged.is_empty() && !notes.mended.is_empty() && notes.refusal.is_none(), "{given}: {notes:?}");
    }
    for (given, expected) in [
        ("DTSTART:20240102T100000Z|DUE:20240101T100000Z", "X-MAILFERRY-DTSTART:20240102T100000Z|DUE:20240101T100000Z"),
        ("DTSTART:20240101T100000Z|DUE:20240101T100000Z", "X-MAILFERRY-DTSTART:20240101T100000Z|DUE:20240101T100000Z"),
        ("COMPLETED:yes", "X-MAILFERRY-COMPLETED:yes"),
    ] {
        assert_eq!(aside("VTODO", given).0, expected);
    }
    // What no server takes is left out; what is right stays.
    for lines in ["SUMMARY:x", "DTSTART:20240230T100000Z", "DTSTART:"] {
        assert_eq!(aside("VEVENT", lines).1.refusal, Some("event_without_start"), "{lines}");
    }
    let (written, notes) = aside("VEVENT", "RECURRENCE-ID:20240108T100000Z|SUMMARY:moved");
    assert_eq!(
        (&*written, notes.refusal),
        ("DTSTART:20240108T100000Z|RECURRENCE-ID:20240108T100000Z|SUMMARY:moved", None)
    );
    let right = "DTSTART:20240101T100000Z|DTEND:20240101T110000Z|RRULE:FREQ=DAILY;COUNT=3|EXDATE:20240102T100000Z";
    assert_eq!(aside("VEVENT", right), (right.to_owned(), Notes::default()));
}

#[test]
fn durations_that_programs_write_are_read() {
    check(
        "VEVENT",
        &[
            (
                "DTSTART:20240101T100000Z|DURATION:PT1D",
                "DTSTART:20240101T100000Z|DURATION:P1D",
                "as the standard has it",
            ),
            (
                "DTSTART:20240101T100000Z|DURATION:P2H",
                "DTSTART:20240101T100000Z|DURATION:PT2H",
                "as the standard has it",
            ),
            (
                "DTSTART:20240101T100000Z|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:-PT1W|END:VALARM",
                "DTSTART:20240101T100000Z|BEGIN:VALARM|ACTION:AUDIO|TRIGGER:-P7D|END:VALARM",
                "TRIGGER written",
            ),
        ],
    );
}
