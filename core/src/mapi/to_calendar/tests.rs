use super::{recurrence::tests::weekly, *};
use crate::{
    Defect, DefectKind,
    mapi::{
        FileTime, Guid, MapiMessage, PropertyValue, Translation, pid,
        support::{Listed, attachment, bag, binary, data, embedded, message_with_lids, text},
    },
};
use std::sync::Arc;

const SET: Guid = Guid::PSETID_APPOINTMENT;

/// 2024-01-01T09:00:00Z and so many minutes.
fn time(minutes: u64) -> PropertyValue {
    PropertyValue::Time(FileTime((1_704_099_600 + minutes * 60 + 11_644_473_600) * 10_000_000))
}

/// PidLidTimeZoneStruct of a zone one hour east that never changes its clocks.
fn one_hour_east() -> PropertyValue {
    let mut octets = (-60_i32).to_le_bytes().to_vec();
    octets.resize(48, 0);
    binary(&octets)
}

fn written(
    translate: impl FnOnce(&MapiMessage, &Translation, &mut Vec<Defect>) -> Component,
    message: &MapiMessage,
) -> (String, Vec<DefectKind>) {
    let mut defects = Vec::new();
    let mut octets = Vec::new();
    translate(message, &Translation::default(), &mut defects).write_to(&mut octets);
    let text = String::from_utf8(octets).unwrap().replace("\r\n ", "").replace("\r\n", "\n");
    (text, defects.iter().map(Defect::kind).collect())
}

#[test]
fn an_appointment_is_an_event_in_its_zone() {
    let message = message_with_lids(
        [
            (pid::SUBJECT, text("Lunch, then work")),
            (pid::BODY, text("Bring\r\nfood")),
            (pid::SENSITIVITY, PropertyValue::Integer32(2)),
            (pid::SEARCH_KEY, binary(&[1, 0xff])),
            (pid::LAST_MODIFICATION_TIME, time(0)),
        ],
        [
            (SET, 0x820D, time(0)),
            (SET, 0x820E, time(30)),
            (SET, 0x8208, text("Here")),
            (SET, 0x8205, PropertyValue::Integer32(0)),
            (SET, 0x8233, one_hour_east()),
            (SET, 0x8234, text("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna")),
            (Guid::PSETID_COMMON, 0x8503, PropertyValue::Boolean(true)),
            (Guid::PSETID_COMMON, 0x8501, PropertyValue::Integer32(10)),
        ],
    );
    let (text, defects) = written(appointment, &message);
    let event = text.split_once("BEGIN:VEVENT\n").unwrap().1;
    assert_eq!(
        event,
        "UID:01ff@search-key.invalid\nDTSTAMP:20240101T090000Z\nLAST-MODIFIED:20240101T090000Z\n\
         SUMMARY:Lunch\\, then work\nDESCRIPTION:Bring\\nfood\nCLASS:PRIVATE\nLOCATION:Here\n\
         DTSTART;TZID=Europe/Berlin:20240101T100000\nDTEND;TZID=Europe/Berlin:20240101T103000\n\
         TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\n\
         BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\nDESCRIPTION:Reminder\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    assert!(text.contains("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n"), "{text}");
    assert_eq!(defects, []);
}

#[test]
fn a_whole_day_is_a_date() {
    // Midnight of 2024-01-02 one hour east of UTC.
    let lids =
        [(SET, 0x820D, time(14 * 60)), (SET, 0x820E, time(38 * 60)), (SET, 0x8215, PropertyValue::Boolean(true))];
    let (text, _) = written(appointment, &message_with_lids([], lids));
    assert!(text.contains("DTSTART;VALUE=DATE:20240102\nDTEND;VALUE=DATE:20240103\n"), "{text}");
}

#[test]
fn a_series_has_its_rule_its_gaps_and_its_overrides() {
    let mut message = message_with_lids(
        [(pid::SUBJECT, text("Weekly"))],
        [
            (SET, 0x820D, time(0)),
            (SET, 0x820E, time(30)),
            (SET, 0x8216, binary(&weekly())),
            (SET, 0x8233, one_hour_east()),
            (SET, 0x8234, text("(UTC+01:00) Nowhere at All")),
        ],
    );
    // The exception of 2024-01-15 starts on 2024-01-16 at 10:00 on the clock of the series.
    let start = time(15 * 24 * 60 + 60);
    let changed = message_with_lids([(pid::BODY, text("changed"))], []);
    message.attachments = Arc::new(Listed(vec![
        attachment([(pid::EXCEPTION_START_TIME, start)], embedded(changed)),
        attachment([(pid::ATTACH_FILENAME, text("a.txt"))], data(b"hello")),
    ]));
    let (text, defects) = written(appointment, &message);
    for line in [
        "TZID:(UTC+01:00) Nowhere at All",
        "DTSTART;TZID=\"(UTC+01:00) Nowhere at All\":20240101T100000",
        "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO",
        "EXDATE;TZID=\"(UTC+01:00) Nowhere at All\":20240108T100000",
        "RECURRENCE-ID;TZID=\"(UTC+01:00) Nowhere at All\":20240115T100000",
        "DTSTART;TZID=\"(UTC+01:00) Nowhere at All\":20240116T100000",
        "DTEND;TZID=\"(UTC+01:00) Nowhere at All\":20240116T110000",
        "SUMMARY:néw!",
        "DESCRIPTION:changed",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt:aGVsbG8=",
    ] {
        assert_eq!(text.lines().filter(|found| *found == line).count(), 1, "{line} in {text}");
    }
    assert_eq!(defects, [DefectKind::TimeZone]);
}

#[test]
fn a_meeting_in_mail_has_its_method_and_people() {
    let recipient = |flags: i32, status: i32, address: &str| {
        bag([
            (pid::DISPLAY_NAME, text(address.split('@').next().unwrap())),
            (pid::SMTP_ADDRESS, text(address)),
            (pid::RECIPIENT_FLAGS, PropertyValue::Integer32(flags)),
            (pid::RECIPIENT_TRACK_STATUS, PropertyValue::Integer32(status)),
            (pid::RECIPIENT_TYPE, PropertyValue::Integer32(1)),
        ])
    };
    let request = |class: &str| {
        let mut message = message_with_lids(
            [
                (pid::MESSAGE_CLASS, text(class)),
                (pid::SENDER_NAME, text("Bob")),
                (pid::SENDER_SMTP_ADDRESS, text("bob@example.org")),
            ],
            [(SET, 0x820D, time(0)), (SET, 0x820E, time(30))],
        );
        message.recipients = vec![recipient(3, 1, "ann@example.org"), recipient(1, 3, "bob@example.org")];
        meeting(&message, &Translation::default(), &mut Vec::new())
    };
    let (method, text) = request("IPM.Schedule.Meeting.Request").unwrap();
    assert_eq!(method, "REQUEST");
    let text = text.replace("\r\n ", "");
    assert!(text.contains("METHOD:REQUEST\r\n") && text.contains("ORGANIZER;CN=ann:mailto:ann@example.org"), "{text}");
    assert!(text.contains("ATTENDEE;CN=bob;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:bob@example.org"), "{text}");
    let (method, text) = request("IPM.Schedule.Meeting.Resp.Neg").unwrap();
    assert_eq!(method, "REPLY");
    assert!(text.contains("ATTENDEE;CN=Bob;PARTSTAT=DECLINED:mailto:bob@example.org"), "{text}");
    assert_eq!(request("IPM.Schedule.Meeting.Canceled").unwrap().0, "CANCEL");
    assert!(request("IPM.Note").is_none());
}

#[test]
fn the_uid_is_that_of_the_meeting() {
    let id = |data: &[u8]| {
        let mut id = vec![4, 0, 0, 0, 0x82, 0, 0xe0, 0, 0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 8, 7, 0xe8, 1, 15];
        id.resize(40, 0);
        id.extend(data);
        let message = message_with_lids([], [(Guid::PSETID_MEETING, 0x0003, binary(&id))]);
        common::uid(crate::mapi::values::Values::of(&message))
    };
    assert_eq!(id(b"vCal-Uid\x01\0\0\0abc@example.org\0"), "abc@example.org");
    assert_eq!(&id(&[0xAB])[..40], "040000008200E00074C5B7101A82E00800000000");
    assert!(id(&[0xAB]).ends_with("AB"));
}

#[test]
fn a_task_has_days_and_a_state() {
    let set = Guid::PSETID_TASK;
    let midnight = |days: u64| time(days * 1440 - 9 * 60);
    let message = message_with_lids(
        [(pid::SUBJECT, text("Do"))],
        [
            (set, 0x8101, PropertyValue::Integer32(1)),
            (set, 0x8102, PropertyValue::Floating(0.25)),
            (set, 0x8104, midnight(1)),
            (set, 0x8105, midnight(3)),
        ],
    );
    let (text, defects) = written(task, &message);
    assert!(
        text.contains("DTSTART;VALUE=DATE:20240102\nDUE;VALUE=DATE:20240104\nPERCENT-COMPLETE:25\nSTATUS:IN-PROCESS\n"),
        "{text}"
    );
    assert_eq!(defects, []);
}

/// SlidingDateTime ([MS-OXOCAL] 2.2.1.44.1): iCalendar has no such rule, and that is told.
#[test]
fn a_task_that_comes_again_after_it_is_done_is_told() {
    // Frequency, pattern type, period, what the pattern says; days, weeks and months.
    let patterns: [(u16, u16, u32, &[u32], &str); 4] = [
        (0x200A, 0, 3 * 1440, &[], "FREQ=DAILY;INTERVAL=3"),
        (0x200B, 0, 2 * 10_080, &[], "FREQ=DAILY;INTERVAL=14"),
        (0x200C, 2, 1, &[15], "FREQ=MONTHLY;BYMONTHDAY=15"),
        (0x200D, 2, 12, &[1], "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1"),
    ];
    for (frequency, kind, period, details, rule) in patterns {
        for sliding in [0_u32, 1] {
            let mut value: Vec<u8> =
                [0x3004, 0x3004, frequency, kind, 0].iter().flat_map(|half| half.to_le_bytes()).collect();
            let words =
                [&[0, period, sliding][..], details, &[0x2023, 10, 0, 0, 0, 154_497 * 1440, 0x5AE9_80DF]].concat();
            value.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            let lids = [(Guid::PSETID_TASK, 0x8116, binary(&value))];
            let (text, defects) = written(task, &message_with_lids([], lids));
            assert!(text.contains(&format!("RRULE:{rule}\n")), "{text}");
            assert_eq!(text.contains("X-MICROSOFT-TASK-REGENERATES:TRUE\n"), sliding == 1);
            assert_eq!(defects, if sliding == 1 { vec![DefectKind::Recurrence] } else { vec![] });
        }
    }
}
