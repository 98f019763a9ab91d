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
             Subject: changed\r\nX-Original-Subject: kept\r\nX-B: =?UTF-8?B?w6k=?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain"
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

/// [MS-OXOSMIME] 2.1.3.1: the attachment is the entity, whatever header field it starts with, and what is signed stays octet for octet.
#[test]
fn what_was_signed_stays_whatever_its_header_starts_with() {
    const TYPE: &str = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b";
    let body = "\r\n--b\r\nContent-Type: text/plain\r\n\r\nsigned \nFrom here\r\n--b\r\n\
                Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--b--";
    for (header, kept, told) in [
        (format!("MIME-Version: 1.0\r\n{TYPE}\r\n"), TYPE.to_owned(), false),
        (format!("mime-version: 1.0\r\n{}\r\n", TYPE.to_lowercase()), TYPE.to_lowercase(), false),
        (
            format!("X-MimeOLE: Produced By X\r\n{TYPE}\r\nMIME-Version: 1.0\r\n"),
            format!("X-MimeOLE: Produced By X\r\n{TYPE}"),
            false,
        ),
        (
            format!("Received: from a\r\n\tby b\r\nSubject: s\r\n{TYPE}\r\n"),
            format!("Received: from a\r\n\tby b\r\n{TYPE}"),
            false,
        ),
        (format!("{TYPE}\nMIME-Version: 1.0\nSubject: other\n"), format!("{TYPE}\r\nX-Original-Subject: other"), true),
        (format!("\r\n{TYPE}\r\n"), TYPE.to_owned(), false),
        (
            format!("DKIM-Signature: v=1;\r\n b=x:y\r\n{TYPE};\r\n\tmicalg=sha-256\r\n"),
            format!("DKIM-Signature: v=1;\r\n b=x:y\r\n{TYPE};\r\n\tmicalg=sha-256"),
            false,
        ),
    ] {
        for class in ["IPM.Note.SMIME.MultipartSigned", "ipm.note.smime", "IPM.InfoPathForm.1.SMIME.MultipartSigned"] {
            let mut message = message([(pid::MESSAGE_CLASS, text(class)), (pid::SUBJECT, text("s"))]);
            let line_end = if header.ends_with("\r\n") { "\r\n" } else { "\n" };
            let entity = format!("{header}{line_end}{body}");
            message.attachments = Arc::new(Listed(vec![attachment([], data(entity.as_bytes()))]));
            let (octets, defects) = translated(&message);
            let wanted = format!("Subject: s\r\nMIME-Version: 1.0\r\n{kept}\r\n\r\n{body}\r\n");
            assert_eq!(octets, wanted, "{class}: {header}");
            assert_eq!(defects, if told { vec![DefectKind::Rewritten] } else { vec![] }, "{header}");
        }
    }
}

#[test]
fn a_signed_multipart_without_its_header_gets_one_where_it_can() {
    let body = "--b:1\r\nContent-Type: text/plain\r\n\r\nsigned\r\n--b:1\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b:1--\r\n";
    let named = "Content-Type: multipart/signed; boundary=\"b:1\"";
    for (octets, transport, kinds, wanted) in [
        (body.to_owned(), Some(format!("Subject: s\r\n{named}\r\n\r\n")), vec![], format!("{named}\r\n\r\n{body}")),
        (
            format!("preamble\r\n{body}"),
            None,
            vec![DefectKind::Rewritten],
            format!(
                "Content-Type: multipart/signed; protocol=\"application/pgp-signature\";\r\n boundary=\"b:1\"\r\n\r\npreamble\r\n{body}"
            ),
        ),
        ("neither".to_owned(), None, vec![DefectKind::Attachment], "Content-Type: text/plain".to_owned()),
    ] {
        let mut message = message([
            (pid::MESSAGE_CLASS, text("IPM.Note.SMIME.MultipartSigned")),
            (pid::SUBJECT, text("s")),
            (pid::BODY, text("shown")),
        ]);
        if let Some(transport) = transport {
            message.properties.insert(pid::TRANSPORT_MESSAGE_HEADERS, text(&transport));
        }
        message.attachments = Arc::new(Listed(vec![attachment([], data(octets.as_bytes()))]));
        let (octets, defects) = translated(&message);
        assert!(octets.contains(&wanted), "{octets}");
        assert_eq!(defects, kinds);
    }
}

/// [MS-OXCMSG] 2.2.2.7: what has no data is lost, and no empty file.
#[test]
fn an_attachment_without_data_is_told() {
    for (method, properties) in [
        (1, vec![(pid::ATTACH_LONG_FILENAME, text("offer.pdf"))]),
        (5, vec![(pid::DISPLAY_NAME, text("offer.pdf"))]),
        (6, vec![(pid::ATTACH_FILENAME, text("offer.pdf")), (pid::ATTACH_MIME_TAG, text("application/pdf"))]),
    ] {
        let mut message = message([(pid::BODY, text("see there"))]);
        let properties = properties.into_iter().chain([(pid::ATTACH_METHOD, PropertyValue::Integer32(method))]);
        message.attachments = Arc::new(Listed(vec![attachment(properties, AttachmentBody::None)]));
        let (octets, defects) = translated(&message);
        assert_eq!(defects, [DefectKind::Attachment]);
        assert!(
            octets.contains("Content-Type: message/external-body; access-type=x-missing; name=offer.pdf"),
            "{octets}"
        );
        assert!(octets.contains("Content-Disposition: attachment; filename=offer.pdf"), "{octets}");
        assert!(octets.contains("\r\n\r\nContent-Type: application/pdf\r\n"), "{octets}");
    }
    let mut message = message([(pid::BODY, text("see there"))]);
    message.attachments = Arc::new(Listed(vec![attachment([(pid::ATTACH_FILENAME, text("empty.txt"))], data(b""))]));
    assert_eq!(translated(&message).1, [], "an empty file is one");
}

#[test]
fn names_and_identifiers_of_attachments_hold() {
    let mut message = message([
        (pid::BODY, text("plain")),
        (pid::HTML, PropertyValue::Binary(Octets::from("<img src=\"cid:Bild ü(1)\">".as_bytes().to_vec()))),
        (pid::INTERNET_CODEPAGE, PropertyValue::Integer32(65001)),
    ]);
    let inner = super::tests::message([(pid::SUBJECT, text("Offer 5/6")), (pid::BODY, text("deep"))]);
    message.attachments = Arc::new(Listed(vec![
        attachment([(pid::ATTACH_LONG_FILENAME, text("Invoice 12/2021.pdf"))], data(b"%PDF-")),
        attachment([(pid::ATTACH_CONTENT_ID, text("Bild ü(1)")), (pid::ATTACH_FILENAME, text("i.png"))], data(b"png")),
        attachment([(pid::ATTACH_LONG_FILENAME, text("..")), (pid::ATTACH_FILENAME, text("SHORT~1.TXT"))], data(b"x")),
        attachment([], embedded(inner)),
    ]));
    let (octets, defects) = translated(&message);
    for part in [
        "filename=\"Invoice 12_2021.pdf\"",
        "Content-ID: <Bild=20=C3=BC=281=29@invalid>\r\nContent-Disposition: inline; filename=i.png",
        "cid:Bild=20=C3=BC=281=29@invalid",
        "filename=SHORT~1.TXT",
        "filename=\"Offer 5_6.eml\"",
    ] {
        assert!(octets.replace("\r\n ", " ").replace("=\r\n", "").contains(part), "{part} in {octets}");
    }
    assert_eq!(defects, [DefectKind::Rewritten; 2]);
    assert_eq!(octets.matches("multipart/related").count(), 1);
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

#[test]
fn long_bodies_are_read_when_they_are_written() {
    let lines = |count: usize| "Grüße an alle 😀 \r\n".repeat(count);
    let long = lines(230_000);
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let body = |octets: Vec<u8>| PropertyValue::String(Octets::from(octets));
    let html = |text: &str| PropertyValue::Binary(Octets::from(text.as_bytes().to_vec()));
    let unicode = (pid::INTERNET_CODEPAGE, PropertyValue::Integer32(65_001));
    let bare = long.replace("\r\n", "\n");
    let with_image = format!("<img src=\"cid:i@x\">{long}");
    for (id, value, wanted, subtype, kinds) in [
        (pid::BODY, body(utf_16(&long)), &long, "plain", vec![]),
        (pid::BODY, body(utf_16(&bare)), &long, "plain", vec![]),
        (pid::BODY, body([utf_16(&long), vec![0, 0]].concat()), &long, "plain", vec![]),
        (
            pid::BODY,
            body([utf_16(&long), vec![0, 0xD8]].concat()),
            &format!("{long}\u{FFFD}"),
            "plain",
            vec![DefectKind::Charset],
        ),
        (pid::HTML, html(&long), &long, "html", vec![]),
        (pid::HTML, html(&with_image), &with_image, "html", vec![]),
    ] {
        let mut message = message([(id, value), unicode.clone()]);
        let image =
            attachment([(pid::ATTACH_CONTENT_ID, text("i@x"))], AttachmentBody::Data(Content::from(b"GIF".to_vec())));
        message.attachments = Arc::new(Listed(vec![image]));
        let mut defects = Vec::new();
        let content = to_message(&message, &Translation::default(), &mut defects);
        assert!(content.as_slice().is_none());
        let read = crate::model::Message::new(content);
        let text = if subtype == "plain" { read.text() } else { read.html() };
        let text = text.unwrap().unwrap();
        let wanted_text = wanted.replace("\r\n", "\n");
        assert!(text.trim_end() == wanted_text.trim_end(), "{subtype}: {} octets", text.len());
        assert_eq!(defects.iter().map(Defect::kind).collect::<Vec<_>>(), kinds);
        let related =
            read.content().slice(0..4096).to_vec(4096).unwrap().windows(17).any(|at| at == b"multipart/related");
        assert_eq!(related, wanted.starts_with("<img"));
    }
    // Escapes hold to the end of their line: where lines are too long, it is decoded at once, and no more of it than is held.
    let limits = crate::Limits { text: 5 << 20, ..crate::Limits::default() };
    let translation = Translation { limits, ..Translation::default() };
    let ascii = "no letter beyond ASCII \r\n".repeat(300_000);
    let one_line = ascii.replace("\r\n", " ");
    for (page, long, is_cut) in
        [(65_001, &long, false), (1252, &long, false), (50_220, &ascii, false), (50_220, &one_line, true)]
    {
        let page = (pid::INTERNET_CODEPAGE, PropertyValue::Integer32(page));
        let mut defects = Vec::new();
        to_message(&message([(pid::HTML, html(long)), page.clone()]), &translation, &mut defects);
        assert_eq!(defects.iter().any(|defect| defect.kind() == DefectKind::Truncated), is_cut, "{page:?}");
    }
}
