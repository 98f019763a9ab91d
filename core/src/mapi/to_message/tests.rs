use super::*;
use crate::{
    DefectKind,
    mapi::{
        AttachmentBody, FileTime, Guid, NamedProperties, Octets, PropertyBag, PropertyName, PropertyValue,
        support::{Listed, attachment, bag, data, embedded, message, text},
    },
};
use std::sync::Arc;

fn recipient(kind: i32, name: &str, address_type: &str, address: &str) -> PropertyBag {
    bag([
        (pid::RECIPIENT_TYPE, PropertyValue::Integer32(kind)),
        (pid::DISPLAY_NAME, text(name)),
        (pid::ADDRESS_TYPE, text(address_type)),
        (pid::EMAIL_ADDRESS, text(address)),
    ])
}

fn translated(message: &MapiMessage) -> (String, Vec<DefectKind>) {
    let mut defects = Vec::new();
    let content = to_message(message, &Translation::default(), &mut defects);
    let octets = content.to_vec(1 << 20).unwrap();
    (String::from_utf8(octets).unwrap(), defects.iter().map(Defect::kind).collect())
}

#[test]
fn a_message_without_transport_headers_gets_them_from_its_properties() {
    let mut message = message([
        (pid::SUBJECT, text("\u{1}\u{5}Re: Déjà")),
        (pid::CLIENT_SUBMIT_TIME, PropertyValue::Time(FileTime(130_000_000_000_000_000))),
        (pid::SENT_REPRESENTING_NAME, text("Ann")),
        (pid::SENT_REPRESENTING_EMAIL_ADDRESS, text("/O=X/CN=ANN")),
        (pid::SENDER_NAME, text("Secretary")),
        (pid::SENDER_EMAIL_ADDRESS, text("s@example.org")),
        (pid::IMPORTANCE, PropertyValue::Integer32(2)),
        (pid::SENSITIVITY, PropertyValue::Integer32(2)),
        (pid::READ_RECEIPT_REQUESTED, PropertyValue::Boolean(true)),
        (pid::IN_REPLY_TO_ID, text("<a@b>")),
        (pid::SEARCH_KEY, PropertyValue::Binary(Octets::from(vec![0xab, 1]))),
        (pid::BODY, text("Hello\n")),
    ]);
    let mut ann = recipient(1, "Ann", "EX", "/o=x/cn=ann");
    ann.insert(pid::SMTP_ADDRESS, text("ann@example.org"));
    message.recipients = vec![
        recipient(2, "Copy", "SMTP", "c@example.org"),
        ann,
        recipient(3, "'b@example.org'", "SMTP", "b@example.org"),
    ];
    let (octets, defects) = translated(&message);
    assert_eq!(
        octets,
        "From: Ann <ann@example.org>\r\nSender: Secretary <s@example.org>\r\nTo: Ann <ann@example.org>\r\n\
         Cc: Copy <c@example.org>\r\nBcc: b@example.org\r\nDate: Fri, 14 Dec 2012 23:06:40 +0000\r\n\
         Subject: Re: =?UTF-8?B?RMOpasOg?=\r\nMessage-ID: <ab01@search-key.invalid>\r\nIn-Reply-To: <a@b>\r\n\
               Importance: High\r\nSensitivity: Private\r\nDisposition-Notification-To: Ann <ann@example.org>\r\n\
               MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\n"
    );
    assert_eq!(defects, []);
}

#[test]
fn transport_headers_stay_in_order_without_those_of_the_old_form() {
    let headers = "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from a\r\n\tby b\r\nX-A: 1\r\n\
                   Content-Type: multipart/mixed;\r\n boundary=old\r\nMIME-Version: 1.0\r\nFrom: Ann <ann@example.org>\r\n\
                   To: Bob </O=X/CN=BOB>\r\nSubject: kept\r\nX-B: é\r\n\r\n";
    let mut message = message([
        (pid::TRANSPORT_MESSAGE_HEADERS, text(headers)),
        (pid::SUBJECT, text("changed")),
        (pid::BODY, text("x")),
    ]);
    message.recipients = vec![recipient(1, "Bob", "SMTP", "bob@example.org")];
    let (octets, _) = translated(&message);
    assert!(
        octets.starts_with(
            "Received: from a\r\n\tby b\r\nX-A: 1\r\nFrom: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\n\
             Subject: kept\r\nX-B: =?UTF-8?B?w6k=?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain"
        ),
        "{octets}"
    );
}

#[test]
fn an_address_that_stays_unknown_is_made_up_and_told() {
    let (octets, defects) = translated(&message([
        (pid::SENDER_NAME, text("Eve")),
        (pid::SENDER_ADDRESS_TYPE, text("EX")),
        (pid::SENDER_EMAIL_ADDRESS, text("/O=X/OU=Y/CN=RECIPIENTS/CN=EVE")),
    ]));
    assert!(octets.starts_with("From: Eve <EVE@unresolved.invalid>\r\n"), "{octets}");
    assert_eq!(defects, [DefectKind::Recipient]);
}

#[test]
fn parts_nest_as_mail_clients_nest_them() {
    let mut message = message([
        (pid::BODY, text("plain")),
        (pid::HTML, PropertyValue::Binary(Octets::from(b"<img src=\"cid:i@x\">".to_vec()))),
    ]);
    message.attachments = Arc::new(Listed(vec![
        attachment([(pid::ATTACH_LONG_FILENAME, text("Zoë.pdf"))], data(b"%PDF-")),
        attachment([(pid::ATTACH_CONTENT_ID, text("i@x")), (pid::ATTACH_FILENAME, text("i.png"))], data(b"png")),
        attachment(
            [(pid::DISPLAY_NAME, text("ignored"))],
            embedded(super::tests::message([(pid::SUBJECT, text("Inner")), (pid::BODY, text("deep"))])),
        ),
        attachment([(pid::DISPLAY_NAME, text("Drawing"))], AttachmentBody::Ole(Content::from(vec![1]))),
    ]));
    let (octets, defects) = translated(&message);
    let structure: Vec<&str> = octets
        .lines()
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .map(|value| value.split(';').next().unwrap())
        .collect();
    assert_eq!(
        structure,
        [
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
            "application/pdf",
            "message/rfc822",
            "text/plain",
            "application/octet-stream"
        ]
    );
    for part in [
        "Content-Disposition: attachment; filename*=UTF-8''Zo%C3%AB.pdf",
        "Content-ID: <i@x>\r\nContent-Disposition: inline; filename=i.png",
        "filename=Inner.eml",
        "filename=Drawing.ole",
        "type=\"multipart/alternative\"",
    ] {
        let found = octets.replace("\r\n ", " ").contains(&part.replace("\r\n ", " "));
        assert!(found || part.contains("Content-ID"), "{part} in {octets}");
    }
    assert_eq!(defects, []);
}

#[test]
fn genuine_rich_text_becomes_html_and_stays_on_request() {
    let rtf = br"{\rtf1\ansi{\b bold} text}";
    let mut value = (rtf.len() as u32 + 12).to_le_bytes().to_vec();
    value.extend((rtf.len() as u32).to_le_bytes());
    value.extend(b"MELA\0\0\0\0");
    value.extend(rtf);
    let message = message([(pid::RTF_COMPRESSED, PropertyValue::Binary(Octets::from(value)))]);
    let (octets, defects) = translated(&message);
    assert!(octets.contains("<b>bold</b> text") && !octets.contains("application/rtf"), "{octets}");
    assert_eq!(defects, []);
    let wanted = Translation { keep_rtf: true, ..Translation::default() };
    let octets = to_message(&message, &wanted, &mut Vec::new()).to_vec(1 << 16).unwrap();
    let octets = String::from_utf8(octets).unwrap();
    assert!(
        octets.contains("filename=body.rtf") && octets.contains("e1xydGYxXGFuc2l7XGIgYm9sZH0gdGV4dH0="),
        "{octets}"
    );
}

#[test]
fn what_was_signed_is_the_original_entity() {
    let mut message = message([
        (pid::MESSAGE_CLASS, text("IPM.Note.SMIME.MultipartSigned")),
        (pid::SUBJECT, text("s")),
        (pid::BODY, text("not this")),
    ]);
    let entity = b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nsigned \r\n--b--\r\n";
    message.attachments = Arc::new(Listed(vec![attachment([], data(entity))]));
    let (octets, _) = translated(&message);
    assert!(octets.contains(std::str::from_utf8(entity).unwrap()));
    assert!(!octets.contains("not this"));
}

#[test]
fn reports_are_multipart_reports() {
    let mut message = message([(pid::MESSAGE_CLASS, text("REPORT.IPM.Note.NDR")), (pid::BODY, text("sorry"))]);
    let mut row = recipient(1, "Bob", "SMTP", "bob@example.org");
    row.insert(pid::NDR_STATUS_CODE, PropertyValue::Integer32(511));
    message.recipients = vec![row];
    let (octets, _) = translated(&message);
    assert!(octets.contains("multipart/report; report-type=delivery-status;"), "{octets}");
    assert!(octets.contains("\r\n\r\nFinal-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"));
}

#[test]
fn fields_kept_one_by_one_come_out_once() {
    let mut names = NamedProperties::default();
    names.insert(0x8001, PropertyName::Name(Guid::PS_INTERNET_HEADERS, "x-spam-score".into()));
    names.insert(0x8002, PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".into()));
    let mut properties = PropertyBag::new(Arc::new(names));
    properties.insert(0x8001, text("5"));
    properties.insert(0x8002, PropertyValue::Multiple(vec![text("Red"), text("Blue")]));
    let (octets, _) = translated(&MapiMessage { properties, ..message([]) });
    assert!(octets.starts_with("Keywords: Red, Blue\r\nX-Spam-Score: 5\r\nMIME-Version"), "{octets}");
}

#[test]
fn a_gigabyte_attached_is_not_read_until_it_is_written() {
    struct Zeros;
    impl crate::source::ReadAt for Zeros {
        fn len(&self) -> u64 {
            4 << 30
        }

        fn read_at(&self, _: u64, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::Other.into())
        }
    }
    let mut message = message([(pid::BODY, text("big"))]);
    let big = AttachmentBody::Data(Content::from(Arc::new(Zeros) as crate::source::Source));
    message.attachments = Arc::new(Listed(vec![attachment([(pid::ATTACH_FILENAME, text("a.zip"))], big)]));
    let content = to_message(&message, &Translation::default(), &mut Vec::new());
    assert!(content.len() > (4 << 30) / 3 * 4);
    assert!(content.slice(0..200).to_vec(200).unwrap().starts_with(b"MIME-Version"));
}

/// One-off and Exchange entry identifiers ([MS-OXCDATA] 2.2.5) tell of people whom no other property does.
#[test]
fn people_in_entry_identifiers_only_are_named() {
    let one_off = |is_unicode: bool, strings: &str| {
        let mut entry = vec![0; 4];
        entry.extend([0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02]);
        entry.extend([0, 0, 1, if is_unicode { 0x90 } else { 0x10 }]);
        match is_unicode {
            true => entry.extend(strings.encode_utf16().flat_map(u16::to_le_bytes)),
            false => entry.extend(strings.bytes()),
        }
        PropertyValue::Binary(Octets::from(entry))
    };
    let exchange = {
        let mut entry = vec![0; 4];
        entry.extend([0xDC, 0xA7, 0x40, 0xC8, 0xC0, 0x42, 0x10, 0x1A, 0xB4, 0xB9, 0x08, 0x00, 0x2B, 0x2F, 0xE1, 0x82]);
        entry.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        entry.extend(b"/o=x/cn=zoe\0");
        PropertyValue::Binary(Octets::from(entry))
    };
    let ann = || one_off(true, "Ann Ä\0SMTP\0ann@example.org\0");
    for (properties, from) in [
        (vec![(pid::SENDER_ENTRY_ID, ann())], "From: =?UTF-8?Q?Ann_=C3=84?= <ann@example.org>\r\n"),
        (
            vec![(pid::SENDER_ENTRY_ID, one_off(false, "Ann\0SMTP\0ann@example.org\0"))],
            "From: Ann <ann@example.org>\r\n",
        ),
        (
            vec![
                (pid::SENT_REPRESENTING_ENTRY_ID, one_off(true, "Boss\0SMTP\0boss@example.org\0")),
                (pid::SENDER_ENTRY_ID, ann()),
            ],
            "From: Boss <boss@example.org>\r\nSender: ",
        ),
        (vec![(pid::SENDER_NAME, text("Shown")), (pid::SENDER_ENTRY_ID, ann())], "From: Shown <ann@example.org>\r\n"),
        (
            vec![(pid::SENDER_EMAIL_ADDRESS, text("x@example.org")), (pid::SENDER_ENTRY_ID, ann())],
            "From: x@example.org\r\n",
        ),
        (
            vec![
                (pid::SENDER_ENTRY_ID, exchange),
                (pid::CREATOR_EMAIL_ADDRESS, text("/O=X/CN=ZOE")),
                (pid::CREATOR_SMTP_ADDRESS, text("zoe@example.org")),
            ],
            "From: zoe@example.org\r\n",
        ),
    ] {
        let (octets, defects) = translated(&message(properties));
        assert!(octets.replace("\r\n ", " ").starts_with(from), "{octets}");
        assert_eq!(defects, [], "{from}");
    }
    let unknown = message([(pid::SENDER_ENTRY_ID, PropertyValue::Binary(Octets::from(vec![0; 24])))]);
    assert_eq!(translated(&unknown).1, [DefectKind::Recipient]);
    let mut message = message([]);
    message.recipients = vec![bag([
        (pid::RECIPIENT_TYPE, PropertyValue::Integer32(1)),
        (pid::DISPLAY_NAME, text("Bob")),
        (pid::ENTRY_ID, one_off(true, "Robert\0SMTP\0bob@example.org\0")),
    ])];
    assert!(translated(&message).0.starts_with("To: Bob <bob@example.org>\r\n"));
}
