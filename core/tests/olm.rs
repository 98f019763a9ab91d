//! Archives of Outlook for Mac, as its versions write them: Outlook 2011 with everything in `Local` and an item a file, later ones with
//! accounts, and what damage leaves of them.
#![cfg(feature = "outlook")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

use mailferry::{
    DefectKind, ErrorKind,
    model::{Item, ItemKind, Role},
    read::{ItemReader, Mailbox, ReadOptions, olm::OlmReader},
    source::FileSource,
};
use std::{
    io::{Cursor, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

fn archive(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        match name.strip_suffix('/') {
            Some(directory) => zip.add_directory(directory, options).unwrap(),
            None => {
                zip.start_file(*name, options).unwrap();
                zip.write_all(octets).unwrap();
            }
        }
    }
    zip.finish().unwrap().into_inner()
}

fn open(octets: Vec<u8>) -> OlmReader {
    OlmReader::open(Arc::new(octets), "a.olm", &ReadOptions::default()).unwrap()
}

/// The items, and the errors in their place.
fn read(reader: &mut OlmReader) -> (Vec<Item>, Vec<String>) {
    let (mut items, mut errors) = (Vec::new(), Vec::new());
    loop {
        match reader.next_item() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, errors),
            Err(error) => {
                assert!(!error.is_fatal() && errors.len() < 1000, "{error}");
                errors.push(error.to_string());
            }
        }
    }
}

fn text(item: &Item) -> String {
    let octets = item.to_content().unwrap().to_vec(1 << 24).unwrap();
    // Long lines are folded.
    String::from_utf8(octets).unwrap().replace("\r\n ", "")
}

fn has(item: &Item, lines: &[&str]) {
    let text = text(item);
    for line in lines {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

#[test]
fn outlook_2011_has_an_item_a_file() {
    let message = br#"<emails xml:space="preserve" elementCount="1"><email xml:space="preserve"><OPFMessageCopyAttachmentList><messageAttachment OPFAttachmentContentExtension="bin" OPFAttachmentContentFileSize="1.0E1" OPFAttachmentContentType="application/x-thing" OPFAttachmentName="Gr&#xFC;&#xDF;e.bin" OPFAttachmentURL="Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/1_0000"></messageAttachment></OPFMessageCopyAttachmentList><OPFMessageCopyBody>Hi &amp; bye
</OPFMessageCopyBody><OPFMessageCopyCategoryList><category OPFCategoryCopyBackgroundColor="r:0 g:0 b:0" OPFCategoryCopyName="Red &quot;1&quot;"></category></OPFMessageCopyCategoryList><OPFMessageCopyFromAddresses><emailAddress OPFContactEmailAddressAddress="ann@x.example" OPFContactEmailAddressName="Ann" OPFContactEmailAddressType="0"></emailAddress></OPFMessageCopyFromAddresses><OPFMessageCopyGetFlagStatus>1</OPFMessageCopyGetFlagStatus><OPFMessageCopyMessageID>1@x.example</OPFMessageCopyMessageID><OPFMessageCopyReferences>0@x.example &lt;00@x.example&gt;</OPFMessageCopyReferences><OPFMessageCopyReceivedTime>2011-06-21T23:48:00</OPFMessageCopyReceivedTime><OPFMessageCopySentTime>2011-06-21T23:47:10</OPFMessageCopySentTime><OPFMessageCopySubject>Gr&#252;&#223;e</OPFMessageCopySubject><OPFMessageCopyToAddresses><emailAddress OPFContactEmailAddressAddress="bob@x.example" OPFContactEmailAddressName="Bob B." OPFContactEmailAddressType="0"/><emailAddress OPFContactEmailAddressAddress="c@x.example"/></OPFMessageCopyToAddresses><OPFMessageCopyCCAddresses><emailAddress OPFContactEmailAddressAddress="d@x.example"/></OPFMessageCopyCCAddresses><OPFMessageCopyBCCAddresses><emailAddress OPFContactEmailAddressAddress="e@x.example"/></OPFMessageCopyBCCAddresses><OPFMessageCopyReplyToAddresses><emailAddress OPFContactEmailAddressAddress="r@x.example"/></OPFMessageCopyReplyToAddresses><OPFMessageGetHasHTML>0E0</OPFMessageGetHasHTML><OPFMessageGetIsRead>1E0</OPFMessageGetIsRead><OPFMessageGetPriority>1</OPFMessageGetPriority></email></emails>"#;
    let draft = b"<emails elementCount='1'><email><OPFMessageCopyHTMLBody>&lt;p>Gr\xc3\xbc\xc3\x9fe&lt;/p></OPFMessageCopyHTMLBody><OPFMessageCopySubject>not sent</OPFMessageCopySubject><OPFMessageGetHasHTML>1E0</OPFMessageGetHasHTML></email></emails>";
    let attachment: Vec<u8> = (0..5_000_u32).map(|n| (n / 7) as u8).collect();
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let octets = archive(
            &[
                ("Categories.xml", b"<categories elementCount='1'><category OPFCategoryCopyName='Red'/></categories>"),
                ("Local/com.microsoft.__Messages/", b""),
                ("Local/com.microsoft.__Messages/Inbox/", b""),
                ("Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/1_0000", &attachment),
                ("Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/plan.xml", b"<plan/>"),
                ("Local/com.microsoft.__Messages/Inbox/message_00000.xml", message),
                ("Local/com.microsoft.__Messages/Drafts/message_00000.xml", draft),
                ("Local/com.microsoft.__Messages/Empty/", b""),
                ("Accounts/", b""),
            ],
            method,
        );
        let mut reader = open(octets);
        let (items, errors) = read(&mut reader);
        assert_eq!((items.len(), errors), (2, Vec::new()));
        let mail = items[0].message().unwrap();
        assert_eq!(mail.subject().unwrap().as_deref(), Some("Grüße"));
        assert_eq!(mail.text().unwrap().unwrap().trim_end(), "Hi & bye");
        assert_eq!(mail.date().unwrap().unwrap().to_compact_utc(), "20110621-234710Z");
        has(
            &items[0],
            &[
                "From: Ann <ann@x.example>",
                "To: \"Bob B.\" <bob@x.example>, c@x.example",
                "Cc: d@x.example",
                "Bcc: e@x.example",
                "Reply-To: r@x.example",
                "Message-ID: <1@x.example>",
                "References: <0@x.example> <00@x.example>",
                "Importance: High",
            ],
        );
        let attachments = mail.attachments().unwrap();
        assert_eq!(attachments[0].file_name().as_deref(), Some("Grüße.bin"));
        let mut attached = Vec::new();
        std::io::Read::read_to_end(&mut attachments[0].reader(), &mut attached).unwrap();
        assert!(attached == attachment);
        assert_eq!(items[0].folder.role, Some(Role::Inbox));
        assert!(items[0].keywords.contains("$seen") && items[0].keywords.contains("$flagged"));
        assert!(!items[0].keywords.contains("$draft") && items[1].keywords.contains("$draft"));
        assert_eq!(items[1].message().unwrap().html().unwrap().unwrap().trim_end(), "<p>Grüße</p>");
        let folders: Vec<_> = reader.folders().iter().map(|folder| folder.path.to_string()).collect();
        assert_eq!(folders, ["Empty", "Inbox"]);
    }
}

#[test]
fn later_versions_have_accounts_and_the_source_of_a_message() {
    let message = |subject: &str| {
        let source = "Received: from x by y;\r\n Tue, 1 Jan 2019 10:00:00 +0000\r\nX-Spam: no\r\n\r\nbody";
        format!(
            "<email><OPFMessageCopySubject>{subject}</OPFMessageCopySubject><OPFMessageCopySource>{source}</OPFMessageCopySource>\
             <OPFMessageCopyFromAddresses><emailAddress OPFContactEmailAddressAddress='a@x.example'/></OPFMessageCopyFromAddresses>\
             <OPFMessageCopySenderAddress><emailAddress OPFContactEmailAddressAddress='s@x.example'/></OPFMessageCopySenderAddress>\
             <OPFMessageCopyBody>x</OPFMessageCopyBody><OPFMessageCopySentTime>2019-01-01T10:00:00Z</OPFMessageCopySentTime></email>"
        )
    };
    let two = format!("<emails elementCount=\"2\">{}{}</emails>", message("one"), message("two"));
    let one = format!("<emails elementCount=\"1\">{}</emails>", message("three"));
    let octets = archive(
        &[
            ("Accounts/ann@x.example/com.microsoft.__Messages/INBOX/message_00000.xml", two.as_bytes()),
            ("Accounts/bob@x.example/com.microsoft.__Messages/Sent Items/message_00000.xml", one.as_bytes()),
            ("Local/com.microsoft.__Messages/Old/message_00000.xml", one.as_bytes()),
        ],
        CompressionMethod::Deflated,
    );
    let mut mailbox = Mailbox::new(ReadOptions::default());
    // By its entries, whatever it is called.
    mailbox.add_source("export.zip", Arc::new(octets));
    let items: Vec<Item> = mailbox.map(Result::unwrap).collect();
    let seen: Vec<_> = items
        .iter()
        .map(|item| format!("{} {}", item.folder.path, item.message().unwrap().subject().unwrap().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            "ann@x.example/INBOX one",
            "ann@x.example/INBOX two",
            "bob@x.example/Sent Items three",
            "On My Computer/Old three"
        ]
    );
    assert_eq!((items[0].folder.role, items[2].folder.role), (Some(Role::Inbox), Some(Role::Sent)));
    has(&items[0], &["Received: from x by y;", "X-Spam: no", "From: a@x.example"]);
    assert!(items[1].origin.offset > 0 && items[1].origin.length > 100);
    assert!(items[1].origin.source.ends_with("INBOX/message_00000.xml"));
}

const ZONE: &str = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Mountain Time (US &amp; Canada)\nX-ENTOURAGE-CFTIMEZONE:US/Mountain\nBEGIN:STANDARD\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMO\n NTH=11\nTZOFFSETFROM:-0600\nTZOFFSETTO:-0700\nDTSTART:20071104T020000\nEND:STANDARD\nBEGIN:DAYLIGHT\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3\nTZOFFSETFROM:-0700\nTZOFFSETTO:-0600\nDTSTART:20070311T020000\nEND:DAYLIGHT\nEND:VTIMEZONE\nEND:VCALENDAR\n";

fn event(inner: &str) -> String {
    format!(
        "<appointment><OPFCalendarEventCopySummary>Meet</OPFCalendarEventCopySummary>\
         <OPFCalendarEventCopyStartTime>2018-06-18T17:30:00</OPFCalendarEventCopyStartTime>\
         <OPFCalendarEventCopyEndTime>2018-06-18T18:00:00</OPFCalendarEventCopyEndTime>\
         <OPFCalendarEventCopyUUID>U-1</OPFCalendarEventCopyUUID>\
         <OPFCalendarEventGetStartTimeZoneICSData>{ZONE}</OPFCalendarEventGetStartTimeZoneICSData>{inner}</appointment>"
    )
}

fn series(kind: &str, pattern: &str, rest: &str) -> String {
    event(&format!(
        "<OPFCalendarEventIsRecurring>1</OPFCalendarEventIsRecurring><OPFCalendarEventCopyRecurrence>{rest}\
         <OPFRecurrenceCopyStartDate>2018-06-18T06:00:00</OPFRecurrenceCopyStartDate><OPFRecurrencePattern>{pattern}\
         <OPFRecurrencePatternInterval>2</OPFRecurrencePatternInterval><OPFRecurrencePatternType>OPFRecurrencePattern{kind}\
         </OPFRecurrencePatternType></OPFRecurrencePattern></OPFCalendarEventCopyRecurrence>"
    ))
}

#[test]
fn events_have_their_series_people_and_zones() {
    let days = "<OPFRecurrencePatternDaysOfWeek><monday>1</monday><friday>1E0</friday><sunday>0</sunday></OPFRecurrencePatternDaysOfWeek>";
    let counted = "<OPFRecurrenceGetOccurenceCount>2.7E1</OPFRecurrenceGetOccurenceCount><OPFRecurrenceIsNumbered>1</OPFRecurrenceIsNumbered>";
    let until = "<OPFRecurrenceCopyEndDate>2018-12-18T07:00:00</OPFRecurrenceCopyEndDate><OPFRecurrenceHasEndDate>1</OPFRecurrenceHasEndDate>";
    let monthly = "<OPFRecurrencePatternDayOfMonth>19</OPFRecurrencePatternDayOfMonth>";
    let month = "<OPFRecurrencePatternMonth>7</OPFRecurrencePatternMonth>";
    let last = "<OPFRecurrencePatternWeek>5</OPFRecurrencePatternWeek>";
    let cases = [
        (series("Daily", "", "<OPFRecurrenceIsNoEnd>1</OPFRecurrenceIsNoEnd>"), "RRULE:FREQ=DAILY;INTERVAL=2\r\n"),
        (series("Weekly", days, counted), "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=27\r\n"),
        (series("Weekly", days, until), "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;UNTIL=20181218T183000Z\r\n"),
        (series("AbsoluteMonthly", monthly, ""), "RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=19\r\n"),
        (
            series("AbsoluteYearly", &format!("{monthly}{month}"), ""),
            "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=7;BYMONTHDAY=19\r\n",
        ),
        (
            series("RelativeMonthly", &format!("{days}{last}"), ""),
            "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=-1\r\n",
        ),
        (
            series("RelativeYearly", &format!("{days}{month}<OPFRecurrencePatternWeek>2</OPFRecurrencePatternWeek>"), ""),
            "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=7;BYDAY=MO,FR;BYSETPOS=2\r\n",
        ),
        (
            event("<OPFCalendarEventCopyRecurrenceId>2018-06-25T17:30:00</OPFCalendarEventCopyRecurrenceId>"),
            "RECURRENCE-ID:20180625T173000Z\r\n",
        ),
        (
            series("Weekly", days, "").replace(
                "<OPFCalendarEventIsRecurring>",
                "<OPFCalendarEventCopyNegativeExceptions><XMLElementDate>2018-06-25T06:00:00</XMLElementDate>\
                 <XMLElementDate>2018-12-03T18:30:00</XMLElementDate></OPFCalendarEventCopyNegativeExceptions><OPFCalendarEventIsRecurring>",
            ),
            "EXDATE:20180625T173000Z\r\nEXDATE:20181203T183000Z\r\n",
        ),
        (
            event(
                "<OPFCalendarEventGetIsAllDayEvent>1</OPFCalendarEventGetIsAllDayEvent>\
                 <OPFCalendarEventCopyFreeBusyStatus>1</OPFCalendarEventCopyFreeBusyStatus>",
            )
            .replace("2018-06-18T17:30", "2018-06-18T06:00")
            .replace("2018-06-18T18:00", "2018-06-19T06:00"),
            "DTSTART;VALUE=DATE:20180618\r\nDTEND;VALUE=DATE:20180619\r\nTRANSP:TRANSPARENT",
        ),
        (
            event(
                "<OPFCalendarEventCopyOrganizer>Olga &lt;o@x.example></OPFCalendarEventCopyOrganizer><OPFCalendarEventCopyAttendeeList>\
                 <appointmentAttendee OPFCalendarAttendeeAddress='a@x.example' OPFCalendarAttendeeName='Ann' OPFCalendarAttendeeType='1' \
                 OPFCalendarAttendeeStatus='1'/></OPFCalendarEventCopyAttendeeList>",
            ),
            "ORGANIZER;CN=Olga:mailto:o@x.example\r\nATTENDEE;CN=Ann;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:a@x.example",
        ),
    ];
    let all: String = cases.iter().map(|(event, _)| event.as_str()).collect();
    let calendar = format!("<appointments elementCount='{}'>{all}</appointments>", cases.len());
    let octets = archive(&[("Local/Calendar/Calendar.xml", calendar.as_bytes())], CompressionMethod::Deflated);
    let mut reader = open(octets);
    let (items, errors) = read(&mut reader);
    assert_eq!((items.len(), errors, reader.take_defects().len()), (cases.len(), Vec::new(), 0));
    for (item, (_, wanted)) in items.iter().zip(&cases) {
        has(item, &["UID:U-1\r\n", "SUMMARY:Meet\r\n", wanted]);
        assert_eq!(item.folder.path.to_string(), "Calendar");
    }
    has(&items[0], &["DTSTART;TZID=America/Denver:20180618T113000\r\n", "BEGIN:VTIMEZONE"]);
    // What cannot be read is told, and the event stays.
    for kind in ["Hourly", "RelativeMonthly", "AbsoluteYearly"] {
        let calendar = format!("<appointments>{}</appointments>", series(kind, "", ""));
        let mut reader =
            open(archive(&[("Local/Calendar/Calendar.xml", calendar.as_bytes())], CompressionMethod::Stored));
        let (items, _) = read(&mut reader);
        assert!(items[0].defects.iter().any(|defect| defect.kind() == DefectKind::Recurrence), "{kind}");
    }
}

#[test]
fn tasks_notes_contacts_and_groups() {
    let tasks = b"<tasks><task><OPFTaskCopyName>East</OPFTaskCopyName><OPFTaskCopyDueDateTime>2018-07-11T22:00:00</OPFTaskCopyDueDateTime>\
        <OPFTaskCopyStartDateTime>2018-06-12T06:00:00</OPFTaskCopyStartDateTime><OPFTaskCopyNotePlain>do it</OPFTaskCopyNotePlain>\
        <OPFTaskCopyCompletedDateTime>2018-06-21T03:17:02</OPFTaskCopyCompletedDateTime><OPFTaskGetPriority>5</OPFTaskGetPriority>\
        <OPFTaskCopyReminderTime>2018-08-23T14:00:00</OPFTaskCopyReminderTime></task></tasks>";
    let notes = b"<notes elementCount='1'><note><OPFNoteCopyTitle>t</OPFNoteCopyTitle><OPFNoteCopyText>plain &lt;text&gt;</OPFNoteCopyText>\
        <OPFNoteCopyCreationDate>2018-06-21T00:39:08</OPFNoteCopyCreationDate></note></notes>";
    let emails: String =
        (1..=5).map(|n| format!("<contactEmailAddress OPFContactEmailAddressAddress='{n}@x.example'/>")).collect();
    let contacts = format!(
        "<contacts elementCount='1'><contact><OPFContactCopyFirstName>Zoë</OPFContactCopyFirstName><OPFContactCopyLastName>Doe\
         </OPFContactCopyLastName><OPFContactCopyEmailAddressList>{emails}</OPFContactCopyEmailAddressList>\
         <OPFContactCopyDefaultEmailAddress><contactEmailAddress OPFContactEmailAddressAddress='4@x.example'/>\
         </OPFContactCopyDefaultEmailAddress><OPFContactCopyBirthday>1980-03-03T23:00:00</OPFContactCopyBirthday>\
         <OPFContactCopyCellPhone>1</OPFContactCopyCellPhone><OPFContactCopyBloodType>A</OPFContactCopyBloodType></contact></contacts>"
    );
    let groups = b"<groups><group><OPFGroupCopyDisplayName>Us</OPFGroupCopyDisplayName><OPFGroupCopyMemberList><emailAddress \
        OPFContactEmailAddressAddress='a@x.example' OPFContactEmailAddressName='Ann'/></OPFGroupCopyMemberList></group></groups>";
    let octets = archive(
        &[
            ("Local/Tasks/Tasks.xml", tasks),
            ("Local/Notes/Notes.xml", notes),
            ("Local/Address Book/Contacts.xml", contacts.as_bytes()),
            ("Local/Address Book/Groups.xml", groups),
        ],
        CompressionMethod::Stored,
    );
    let (items, errors) = read(&mut open(octets.clone()));
    assert_eq!(errors, Vec::<String>::new());
    has(
        &items[0],
        &[
            "SUMMARY:East\r\n",
            "DUE;VALUE=DATE:20180712",
            "DTSTART;VALUE=DATE:20180612",
            "STATUS:COMPLETED\r\nCOMPLETED:20180621T031702Z",
            "PRIORITY:9",
            "TRIGGER;VALUE=DATE-TIME:20180823T140000Z",
        ],
    );
    has(&items[1], &["BEGIN:VJOURNAL", "SUMMARY:t\r\n", "DESCRIPTION:plain <text>", "DTSTART:20180621T003908Z"]);
    has(
        &items[2],
        &[
            "N:Doe;Zoë;;;",
            "EMAIL;TYPE=INTERNET,PREF:4@x.example",
            "EMAIL;TYPE=INTERNET:5@x.example",
            "BDAY:1980-03-04",
            "X-OLM-BLOODTYPE:A",
        ],
    );
    assert_eq!(text(&items[2]).matches("EMAIL").count(), 5);
    has(&items[3], &["KIND:group", "FN:Us", "MEMBER;X-CN=Ann:mailto:a@x.example"]);
    assert!(matches!(items[3].kind, ItemKind::Contact(_)));
    // The same items have the same identifiers each time.
    let again = read(&mut open(octets)).0;
    assert!(items.iter().zip(&again).all(|(one, other)| text(one) == text(other)));
}

#[test]
fn what_is_damaged_is_told_and_the_rest_is_read() {
    let good = "<email><OPFMessageCopySubject>good</OPFMessageCopySubject></email>";
    let lost = "<email><OPFMessageCopySubject>x</OPFMessageCopySubject><OPFMessageCopyAttachmentList><messageAttachment \
        OPFAttachmentName='gone.pdf' OPFAttachmentURL='Local/nowhere'/></OPFMessageCopyAttachmentList></email>";
    let folder = |n: usize| format!("Local/com.microsoft.__Messages/Inbox/message_{n:05}.xml");
    let files = [
        format!("<emails elementCount='3'>{good}</emails>"),
        format!("<emails>{good}<email><OPFMessageCopySubject>cut"),
        format!("<emails>{good}<<<</emails>"),
        format!("<emails><thing/>{good}</emails>"),
        format!("<emails>{lost}</emails>"),
        String::new(),
        "no XML".to_owned(),
    ];
    let names: Vec<String> = (0..files.len()).map(folder).collect();
    let entries: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(files.iter().map(String::as_bytes)).collect();
    let whole = archive(&entries, CompressionMethod::Deflated);
    let mut reader = open(whole.clone());
    let (items, errors) = read(&mut reader);
    assert_eq!(items.len(), 5);
    assert!(
        errors.iter().any(|error| error.contains("message_00001.xml") && error.contains("ends in the middle")),
        "{errors:?}"
    );
    assert!(errors.iter().any(|error| error.contains("\"thing\" is an unknown kind of item")), "{errors:?}");
    let told: Vec<String> = reader.take_defects().iter().map(ToString::to_string).collect();
    assert!(told[0].contains("says that it has 3 items, but has 1"), "{told:?}");
    let defects: Vec<String> = items[4].defects.iter().map(ToString::to_string).collect();
    assert!(defects.iter().any(|defect| defect.contains("gone.pdf")), "{defects:?}");
    // Cut and changed at will, it is read or refused.
    let mut state = 7_u64;
    for round in 0..400_usize {
        let mut broken = whole.clone();
        for _ in 0..=round % 7 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % broken.len();
            broken[at] = (state >> 20) as u8;
        }
        if round % 3 == 0 {
            broken.truncate((state >> 40) as usize % broken.len());
        }
        if let Ok(mut reader) = OlmReader::open(Arc::new(broken), "a.olm", &ReadOptions::default()) {
            for _ in 0..100 {
                match reader.next_item() {
                    Ok(None) => break,
                    Err(error) if error.is_fatal() => break,
                    _ => {}
                }
            }
        }
    }
    let error = OlmReader::open(Arc::new(b"PK\x03\x04 cut".to_vec()), "a.olm", &ReadOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

/// The items of one file of the archive, and what the archive tells.
fn of_file(name: &str, xml: &str, others: &[(&str, &[u8])]) -> (Vec<Item>, Vec<String>) {
    let entries: Vec<_> = others.iter().copied().chain([(name, xml.as_bytes())]).collect();
    let mut reader = open(archive(&entries, CompressionMethod::Deflated));
    let (items, errors) = read(&mut reader);
    assert_eq!(errors, Vec::<String>::new());
    (items, reader.take_defects().iter().map(ToString::to_string).collect())
}

fn told(item: &Item) -> String {
    item.defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const INBOX: &str = "Local/com.microsoft.__Messages/Inbox/message_00000.xml";

#[test]
fn both_bodies_of_a_mail_are_written() {
    let mail = |body: &str, html: &str, rest: &str| {
        let html = if html.is_empty() {
            String::new()
        } else {
            format!("<OPFMessageCopyHTMLBody>{html}</OPFMessageCopyHTMLBody>")
        };
        format!("<email><OPFMessageCopyBody>{body}</OPFMessageCopyBody>{html}{rest}</email>")
    };
    let has_html = "<OPFMessageGetHasHTML>1E0</OPFMessageGetHasHTML>";
    for (body, html, rest, plain, shown, is_told) in [
        ("plain words", "&lt;p>rich&lt;/p>", has_html, Some("plain words"), Some("<p>rich</p>"), false),
        ("plain words", "&lt;p>rich&lt;/p>", "", Some("plain words"), Some("<p>rich</p>"), false),
        (
            "&lt;a@x.example> wrote",
            "&lt;p>rich&lt;/p>",
            has_html,
            Some("<a@x.example> wrote"),
            Some("<p>rich</p>"),
            false,
        ),
        ("&lt;p>rich&lt;/p>", "&lt;p>rich&lt;/p>", has_html, None, Some("<p>rich</p>"), false),
        ("&lt;html>other&lt;/html>", "&lt;p>rich&lt;/p>", has_html, None, Some("<p>rich</p>"), true),
        ("&lt;p>only&lt;/p>", "", has_html, None, Some("<p>only</p>"), false),
        ("only", "", "", Some("only"), None, false),
    ] {
        let xml = format!("<emails>{}</emails>", mail(body, html, rest));
        let (items, _) = of_file(INBOX, &xml, &[]);
        let message = items[0].message().unwrap();
        let trimmed = |text: Option<String>| text.map(|text| text.trim_end().to_owned());
        assert_eq!(trimmed(message.html().unwrap()).as_deref(), shown, "{xml}");
        if plain.is_some() {
            assert_eq!(trimmed(message.text().unwrap()).as_deref(), plain, "{xml}");
        }
        assert_eq!(text(&items[0]).contains("multipart/alternative"), plain.is_some() && shown.is_some(), "{xml}");
        assert_eq!(told(&items[0]).contains("two HTML bodies"), is_told, "{xml}: {}", told(&items[0]));
    }
}

#[test]
fn series_of_days_are_told_in_days() {
    let days = "<OPFRecurrencePatternDaysOfWeek><monday>1</monday></OPFRecurrencePatternDaysOfWeek>";
    let until = "<OPFRecurrenceCopyEndDate>2018-12-18T07:00:00</OPFRecurrenceCopyEndDate><OPFRecurrenceHasEndDate>1</OPFRecurrenceHasEndDate>";
    let all_day = |event: String| {
        event.replace("2018-06-18T17:30", "2018-06-18T06:00").replace("2018-06-18T18:00", "2018-06-19T06:00").replace(
            "<appointment>",
            "<appointment><OPFCalendarEventGetIsAllDayEvent>1</OPFCalendarEventGetIsAllDayEvent>",
        )
    };
    let deleted = series("Weekly", days, until).replace(
        "<OPFCalendarEventIsRecurring>",
        "<OPFCalendarEventCopyNegativeExceptions><XMLElementDate>2018-06-25T06:00:00</XMLElementDate>\
         <XMLElementDate>2018-12-03T07:00:00</XMLElementDate><XMLElementDate>soon</XMLElementDate>\
         </OPFCalendarEventCopyNegativeExceptions><OPFCalendarEventIsRecurring>",
    );
    // Without a zone, a midnight somewhere is the nearest day.
    let nowhere = |event: String| event.replace("OPFCalendarEventGetStartTimeZoneICSData", "OPFNothing");
    let moved = "<OPFCalendarEventCopyRecurrenceId>2018-12-03T07:00:00</OPFCalendarEventCopyRecurrenceId>";
    let cases = [
        (
            all_day(series("Weekly", days, until)),
            vec!["DTSTART;VALUE=DATE:20180618\r\n", ";BYDAY=MO;UNTIL=20181218\r\n"],
        ),
        (
            nowhere(all_day(series("Weekly", days, until))),
            vec!["DTSTART;VALUE=DATE:20180618\r\n", ";UNTIL=20181218\r\n"],
        ),
        (all_day(deleted.clone()), vec!["EXDATE;VALUE=DATE:20180625\r\n", "EXDATE;VALUE=DATE:20181203\r\n"]),
        (all_day(event(moved)), vec!["RECURRENCE-ID;VALUE=DATE:20181203\r\n", "DTSTART;VALUE=DATE:20180618\r\n"]),
        (event(moved), vec!["RECURRENCE-ID:20181203T070000Z\r\n"]),
    ];
    for (event, lines) in cases {
        let (items, _) = of_file("Local/Calendar/Calendar.xml", &format!("<appointments>{event}</appointments>"), &[]);
        has(&items[0], &lines);
        assert_eq!(told(&items[0]).contains("1 dates of deleted occurrences cannot be read"), event.contains("soon"));
    }
}

#[test]
fn dates_of_no_calendar_are_no_dates() {
    for date in
        ["9223372036854775807-01-01T00:00:00", "99999999999-12-31T23:59:59", "0-0-0T00:00:00", "1600-01-01T00:00:00"]
    {
        let mail = format!(
            "<email><OPFMessageCopySubject>s</OPFMessageCopySubject><OPFMessageCopySentTime>{date}</OPFMessageCopySentTime></email>"
        );
        let (items, _) = of_file(INBOX, &format!("<emails>{mail}</emails>"), &[]);
        assert_eq!(items[0].message().unwrap().date().unwrap(), None, "{date}");
        let event = event("").replace("2018-06-18T17:30:00", date).replace("2018-06-18T18:00:00", date);
        let (items, _) = of_file("Local/Calendar/Calendar.xml", &format!("<appointments>{event}</appointments>"), &[]);
        assert!(told(&items[0]).contains("without a start"), "{date}");
    }
}

#[test]
fn what_has_no_place_is_kept_or_told() {
    let address = |address: &str, name: &str| {
        let address =
            if address.is_empty() { String::new() } else { format!(" OPFContactEmailAddressAddress='{address}'") };
        format!("<emailAddress{address} OPFContactEmailAddressName='{name}'/>")
    };
    let mail = format!(
        "<emails><email><OPFMessageCopySubject>s</OPFMessageCopySubject><OPFMessageCopyFromAddresses>{}{}</OPFMessageCopyFromAddresses>\
         <OPFMessageCopyReplyToAddresses>{}{}</OPFMessageCopyReplyToAddresses></email></emails>",
        address("a@x.example", "Ann"),
        address("b@x.example", "Bob"),
        address("", "Nobody"),
        address("r@x.example", "Rita")
    );
    let (items, _) = of_file(INBOX, &mail, &[]);
    has(&items[0], &["From: Ann <a@x.example>", "Reply-To: Rita <r@x.example>"]);
    assert!(
        told(&items[0]).contains("left out: b@x.example")
            && told(&items[0]).contains("without an address are left out: Nobody")
    );
    let alone = event("<OPFCalendarEventCopyOrganizer>Olga &lt;o@x.example></OPFCalendarEventCopyOrganizer>");
    let unknown = event(
        "<OPFCalendarEventCopyAttendeeList><appointmentAttendee OPFCalendarAttendeeName='Ann'/><appointmentAttendee/>\
         </OPFCalendarEventCopyAttendeeList>",
    );
    let (items, _) =
        of_file("Local/Calendar/Calendar.xml", &format!("<appointments>{alone}{unknown}</appointments>"), &[]);
    has(&items[0], &["X-OLM-ORGANIZER:Olga <o@x.example>\r\n"]);
    assert!(!text(&items[0]).contains("\nORGANIZER"));
    assert!(told(&items[1]).contains("1 attendees have neither an address nor a name"), "{}", told(&items[1]));
    let group = format!(
        "<groups><group><OPFGroupCopyDisplayName>Us</OPFGroupCopyDisplayName><OPFGroupCopyMemberList>{}{}</OPFGroupCopyMemberList></group></groups>",
        address("a@x.example", "Ann"),
        address("", "Zoe")
    );
    let (items, _) = of_file("Local/Address Book/Groups.xml", &group, &[]);
    has(&items[0], &["MEMBER;X-CN=Ann:mailto:a@x.example", "X-OLM-MEMBER:Zoe"]);
    let picture = |said: &str| {
        format!(
            "<contacts><contact><OPFContactCopyDisplayName>Ann</OPFContactCopyDisplayName>\
                 <OPFContactCopyContactImage xml:space='preserve'>{said}</OPFContactCopyContactImage></contact></contacts>"
        )
    };
    let stored = "Local/Address Book/com.microsoft.__Attachments/ann.png";
    for (said, photo, is_told) in [
        ("0", None, false),
        ("0E0", None, false),
        ("", None, false),
        ("1E0", None, true),
        ("Local/Address Book/nowhere.png", None, true),
        (stored, Some("PHOTO;ENCODING=b;TYPE=PNG:iVBORwFh"), false),
        ("data:image/jpeg;base64,/9j/\n4A==", Some("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4A=="), false),
    ] {
        let others: &[(&str, &[u8])] = if said == stored { &[(stored, b"\x89PNG\x01a")] } else { &[] };
        let (items, of_archive) = of_file("Local/Address Book/Contacts.xml", &picture(said), others);
        assert_eq!(of_archive, Vec::<String>::new());
        assert_eq!(text(&items[0]).contains("PHOTO"), photo.is_some(), "{said}");
        has(&items[0], &[photo.unwrap_or("FN:Ann")]);
        assert_eq!(told(&items[0]).contains("the contact has a picture"), is_told, "{said}");
    }
}

#[test]
fn a_list_of_entries_that_is_damaged_ends_the_archive() {
    let message = b"<emails><email><OPFMessageCopySubject>one</OPFMessageCopySubject></email></emails>";
    let names = ["1", "2", "3"].map(|n| format!("Local/com.microsoft.__Messages/Inbox/message_{n}.xml"));
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &message[..])).collect();
    let mut octets = archive(&entries, CompressionMethod::Stored);
    let second = memchr::memmem::find_iter(&octets, b"PK\x01\x02").nth(1).unwrap();
    octets[second] = 0;
    let mut mailbox = mailferry::read::Mailbox::new(ReadOptions::default());
    mailbox.add_source("a.olm", Arc::new(octets));
    let (mut items, mut failed, mut events) = (0, Vec::new(), 0);
    while let Some(event) = mailbox.next_event() {
        events += 1;
        assert!(events < 100, "{failed:?}");
        match event {
            mailferry::read::Event::Item(_) => items += 1,
            mailferry::read::Event::Failed { error, within: true } => failed.push(error.to_string()),
            _ => {}
        }
    }
    assert!(items == 1 && failed.len() == 1 && failed[0].contains("central directory"), "{items} {failed:?}");
}

#[test]
fn limits_and_stray_tags_of_an_item_are_told() {
    let people = "<emailAddress OPFContactEmailAddressAddress='a@x.example'/>".repeat(5);
    let attachments = "<messageAttachment OPFAttachmentName='a'/>".repeat(4);
    let mail = format!(
        "<emails><email><OPFMessageCopySubject>s</OPFMessageCopySubject></wrong></x><OPFMessageCopyToAddresses>{people}\
         </OPFMessageCopyToAddresses><OPFMessageCopyAttachmentList>{attachments}</OPFMessageCopyAttachmentList></email></emails>"
    );
    let mut options = ReadOptions::default();
    options.limits.entities = 3;
    let octets = archive(&[(INBOX, mail.as_bytes())], CompressionMethod::Stored);
    let mut reader = OlmReader::open(Arc::new(octets), "a.olm", &options).unwrap();
    let item = reader.next_item().unwrap().unwrap();
    for what in ["only the first 3 of 5 people", "only the first 3 of 4 attachments", "2 end tags without a start tag"]
    {
        assert!(told(&item).contains(what), "{what}: {}", told(&item));
    }
}

#[test]
fn an_item_that_is_too_large_fails_alone() {
    let mail = |subject: &str, body: usize| {
        let body = "x &amp; y\n".repeat(body);
        format!(
            "<email><OPFMessageCopySubject>{subject}</OPFMessageCopySubject><OPFMessageCopyBody>{body}</OPFMessageCopyBody></email>"
        )
    };
    for (first, second) in [(1, 50_000), (50_000, 1), (50_000, 50_000)] {
        let file =
            format!("<emails elementCount='3'>{}{}{}</emails>", mail("1", first), mail("2", second), mail("3", 1));
        let mut options = ReadOptions::default();
        options.limits.text = 100_000;
        let octets = archive(&[(INBOX, file.as_bytes())], CompressionMethod::Deflated);
        let mut reader = OlmReader::open(Arc::new(octets), "a.olm", &options).unwrap();
        let (items, errors) = read(&mut reader);
        let failed = usize::from(first > 1) + usize::from(second > 1);
        assert_eq!((items.len(), errors.len()), (3 - failed, failed), "{errors:?}");
        assert_eq!(items.last().unwrap().message().unwrap().subject().unwrap().as_deref(), Some("3"));
        let what = "more than the 100000 octets that are read of one: it was skipped";
        assert!(errors.iter().all(|error| error.contains(what) && error.contains(INBOX)), "{errors:?}");
        assert_eq!(reader.take_defects(), []);
    }
}

/// The octets of an archive in which those of an entry are changed behind its name.
fn damaged(octets: &[u8], entry: &str, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut octets = octets.to_vec();
    let at = memchr::memmem::find(&octets, entry.as_bytes()).unwrap() + entry.len();
    change(&mut octets[at..]);
    octets
}

#[test]
fn octets_that_are_damaged_or_left_out_are_told() {
    let place = "Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/a.bin";
    let mail = format!(
        "<emails><email><OPFMessageCopySubject>s</OPFMessageCopySubject><OPFMessageCopyAttachmentList><messageAttachment \
         OPFAttachmentName='a.bin' OPFAttachmentURL='{place}'/></OPFMessageCopyAttachmentList></email></emails>"
    );
    let content: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(n) / 11) as u8).collect();
    let entries: Vec<(&str, &[u8])> = vec![
        (place, &content),
        ("Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/orphan.bin", b"12345"),
        ("Local/readme.txt", b"hi"),
        ("__MACOSX/x", b""),
        ("Categories.xml", b"<categories/>"),
        (INBOX, mail.as_bytes()),
    ];
    let all = |octets: Vec<u8>| {
        let mut reader = open(octets);
        let (items, errors) = read(&mut reader);
        assert_eq!((items.len(), errors), (1, Vec::new()));
        let archive: Vec<String> = reader.take_defects().iter().map(ToString::to_string).collect();
        // The mail can be read to its end whatever happened to what is attached.
        let octets = items[0].message().unwrap().content().to_vec(1 << 24).unwrap();
        (told(&items[0]), archive.join("\n"), octets.len())
    };
    let (deflated, stored) =
        (archive(&entries, CompressionMethod::Deflated), archive(&entries, CompressionMethod::Stored));
    for whole in [&deflated, &stored] {
        let (of_item, of_archive, len) = all(whole.clone());
        assert!(of_item.is_empty() && len > 400_000, "{of_item} {len}");
        let lost = "attachment: 1 attachments that no item names were left out: Local/com.microsoft.__Messages/Inbox/com.microsoft.\
                    __Attachments/orphan.bin (5 octets)";
        assert!(of_archive.contains(lost), "{of_archive}");
        assert!(
            of_archive.contains(
                "2 files that are not part of an item were left out: Local/readme.txt (2 octets), __MACOSX/x"
            )
        );
        assert!(!of_archive.contains("Categories"));
    }
    let (of_item, _, len) = all(damaged(&stored, place, |octets| octets[5_000] ^= 1));
    assert!(of_item.contains("\"a.bin\" is damaged: the checksum") && len > 400_000, "{of_item}");
    let (of_item, _, _) = all(damaged(&deflated, place, |octets| octets[20_000..20_050].fill(0xFF)));
    assert!(of_item.contains("\"a.bin\" is damaged") || of_item.contains("\"a.bin\" is lost"), "{of_item}");
    let (of_item, _, _) = all(damaged(&deflated, place, |octets| octets[..20].fill(0xFF)));
    assert!(of_item.contains("\"a.bin\" is lost"), "{of_item}");
    // The XML of the items has a checksum, too.
    let (_, of_archive, _) = all(damaged(&stored, INBOX, |octets| {
        let at = memchr::memmem::find(octets, b"Subject>s<").unwrap();
        octets[at + 8] = b't';
    }));
    assert!(of_archive.contains("message_00000.xml: the checksum in the archive does not match"), "{of_archive}");
}

/// A source that fails behind an offset, once it is told to.
struct Failing(Vec<u8>, u64, std::sync::Arc<std::sync::atomic::AtomicBool>);

impl mailferry::source::ReadAt for Failing {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let fails = self.2.load(std::sync::atomic::Ordering::Relaxed);
        let end = if fails { self.1 } else { self.0.len() as u64 };
        if fails && offset >= end {
            return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        }
        let rest = &self.0[offset as usize..end as usize];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

#[test]
fn what_the_system_refuses_is_no_damage_and_a_stop_stops() {
    let place = "Local/com.microsoft.__Messages/Inbox/com.microsoft.__Attachments/a.bin";
    let mail = format!(
        "<emails><email><OPFMessageCopyAttachmentList><messageAttachment OPFAttachmentName='a.bin' OPFAttachmentURL='{place}'/>\
         </OPFMessageCopyAttachmentList></email></emails>"
    );
    let content = vec![7; 300_000];
    let octets = archive(&[(INBOX, mail.as_bytes()), (place, &content)], CompressionMethod::Stored);
    let at = memchr::memmem::find(&octets, place.as_bytes()).unwrap() as u64;
    let xml = memchr::memmem::find(&octets, INBOX.as_bytes()).unwrap() as u64;
    for fails_at in [xml + 100, at + 100_000] {
        let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let source = Arc::new(Failing(octets.clone(), fails_at, Arc::clone(&fails)));
        let mut reader = OlmReader::open(source, "a.olm", &ReadOptions::default()).unwrap();
        fails.store(true, std::sync::atomic::Ordering::Relaxed);
        let error = reader.next_item().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    }
    let mut options = ReadOptions::default();
    options.limits.stop = mailferry::Stop::when(|| true);
    let mut reader = OlmReader::open(Arc::new(octets), "a.olm", &options).unwrap();
    assert_eq!(reader.next_item().unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_contact_of_a_hundred_thousand_addresses_takes_no_square() {
    let start = std::time::Instant::now();
    let emails: String =
        (0..100_000).map(|n| format!("<contactEmailAddress OPFContactEmailAddressAddress='{n}@x.example'/>")).collect();
    let contact = format!(
        "<contacts><contact><OPFContactCopyEmailAddressList>{emails}</OPFContactCopyEmailAddressList></contact></contacts>"
    );
    let (items, _) = of_file("Local/Address Book/Contacts.xml", &contact, &[]);
    assert_eq!(text(&items[0]).matches("EMAIL").count(), 100_000);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "took {:?}", start.elapsed());
}

#[test]
fn an_attachment_that_is_named_a_million_times_is_no_bomb() {
    let one = "<messageAttachment OPFAttachmentName='a' OPFAttachmentURL='Local/com.microsoft.__Attachments/a'/>";
    let message = format!(
        "<emails><email><OPFMessageCopyAttachmentList>{}</OPFMessageCopyAttachmentList></email></emails>",
        one.repeat(60_000)
    );
    let octets = archive(
        &[
            ("Local/com.microsoft.__Attachments/a", &[0; 1 << 20]),
            ("Local/com.microsoft.__Messages/Inbox/message_00000.xml", message.as_bytes()),
        ],
        CompressionMethod::Deflated,
    );
    let (items, _) = read(&mut open(octets));
    let len = items[0].message().unwrap().content().len();
    assert!(len < 1 << 30, "{len} octets");
}

#[test]
fn real_archives_are_read_to_the_last_item() {
    let corpus = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    let path = corpus.join("files/olm/aspose-email+Aspose.Email-for-.NET/Data/Outlook/SampleOLM.olm");
    if !path.is_file() {
        println!("skipped: no corpus of real files");
        return;
    }
    let source = Arc::new(FileSource::open(&path).unwrap());
    let mut reader = OlmReader::open(source, "SampleOLM.olm", &ReadOptions::default()).unwrap();
    let (items, errors) = read(&mut reader);
    let contacts = items.iter().filter(|item| matches!(item.kind, ItemKind::Contact(_))).count();
    // 22 messages with 38 attachments, and 3 contacts: what its XML lists.
    assert_eq!((items.len(), contacts, errors, reader.take_defects().len()), (25, 3, Vec::new(), 0));
    let attachments: usize = items.iter().filter_map(Item::message).map(|mail| mail.attachments().unwrap().len()).sum();
    assert_eq!(attachments, 38);
}
