use super::*;
use crate::{
    mapi::{AttachmentBody, PropertyBag, keywords, pid, to_message::to_message, translation::Translation},
    source::Content,
};

fn made(octets: &[u8], known: &Known) -> (MapiMessage, Vec<Defect>) {
    let mut defects = Vec::new();
    let message = Message::new(octets.to_vec().into());
    (from_message(&message, known, &mut defects).unwrap(), defects)
}

fn object(text: &str) -> MapiMessage {
    made(text.as_bytes(), &Known::default()).0
}

fn text(bag: &PropertyBag, id: u16) -> String {
    bag.text(id, crate::mapi::CodePage::WINDOWS_1252, 1 << 20).unwrap_or_default()
}

fn data(attachment: &Attachment) -> Vec<u8> {
    match &attachment.body {
        AttachmentBody::Data(content) => content.to_vec(1 << 20).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn back(message: &MapiMessage) -> Message {
    Message::new(to_message(message, &Translation::default(), &mut Vec::new()))
}

/// [MS-OXCMAIL] 2.2.3.1.
#[test]
fn the_header_section_tells_who_and_when() {
    let message = object(
        "From: =?utf-8?Q?Zo=C3=AB?= <zoe@example.org>\nSender: secretary@example.org\nReply-To: r@example.org, \"S\" <s@example.org>\n\
         To: Ann <ann@x.test>, Team: bob@x.test, Cee <c@x.test>;\nCc: d@x.test\nBcc: e@x.test\n\
         Date: Sat, 1 Jan 2022 10:00:00 +0100\nMessage-ID: <1@x>\nIn-Reply-To: <0@x>\nReferences: <a@x> <0@x>\n\
         Subject: Re: Hello\n\nHi\n",
    );
    let p = &message.properties;
    for (id, expected) in [
        (pid::MESSAGE_CLASS, "IPM.Note"),
        (pid::SENT_REPRESENTING_NAME, "Zoë"),
        (pid::SENT_REPRESENTING_EMAIL_ADDRESS, "zoe@example.org"),
        (pid::SENDER_NAME, "secretary@example.org"),
        (pid::SENDER_ADDRESS_TYPE, "SMTP"),
        (pid::SUBJECT, "\u{1}\u{5}Re: Hello"),
        (pid::CONVERSATION_TOPIC, "Hello"),
        (pid::INTERNET_MESSAGE_ID, "<1@x>"),
        (pid::IN_REPLY_TO_ID, "<0@x>"),
        (pid::INTERNET_REFERENCES, "<a@x> <0@x>"),
        (pid::REPLY_RECIPIENT_NAMES, "r@example.org; S"),
        (pid::BODY, "Hi\r\n"),
    ] {
        assert_eq!(text(p, id), expected, "{id:04x}");
    }
    assert_eq!(p.time(pid::CLIENT_SUBMIT_TIME).unwrap().date_time().unwrap().unix_seconds(), 1_641_027_600);
    let rows: Vec<_> = message
        .recipients
        .iter()
        .map(|row| {
            (row.integer(pid::RECIPIENT_TYPE).unwrap(), text(row, pid::DISPLAY_NAME), text(row, pid::EMAIL_ADDRESS))
        })
        .collect();
    let row = |kind, name: &str, address: &str| (kind, name.to_owned(), address.to_owned());
    let expected = [
        row(1, "Ann", "ann@x.test"),
        row(1, "bob@x.test", "bob@x.test"),
        row(1, "Cee", "c@x.test"),
        row(2, "d@x.test", "d@x.test"),
        row(3, "e@x.test", "e@x.test"),
    ];
    assert_eq!(rows, expected);
}

/// What a store has once, and how parts were told from one another where that is not clear, is in the log.
#[test]
fn what_was_left_in_the_header_and_what_was_guessed_is_told() {
    let told = |text: &str| -> Vec<String> {
        let (_, defects) = made(text.as_bytes(), &Known::default());
        defects.iter().map(ToString::to_string).collect()
    };
    let twice = told("From: a@x.test\nFrom: b@x.test\nSubject: 1\nsubject: 2\nTo: c@x.test\nTo: d@x.test\n\nx");
    assert_eq!(
        twice,
        [
            "header_field: more than one From field: all but the first stand in the header only",
            "header_field: more than one Subject field: all but the first stand in the header only",
        ]
    );
    assert_eq!(
        told("From: a@x.test, b@x.test\n\nx"),
        ["header_field: more than one address in the From field: all but the first stand in the header only"]
    );
    let no_delimiter = "From: a@x.test\nContent-Type: multipart/mixed; boundary=b\n\ntext\n";
    assert_eq!(told(no_delimiter), ["missing_boundary: no delimiter: read as text at byte 0"]);
    let unclosed = "From: a@x.test\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n";
    assert_eq!(told(unclosed), ["unclosed_multipart at byte 0"]);
}

/// The table of recipients has 255 characters of each text, as Outlook cuts them: what is more is told, and is in the header.
#[test]
fn long_names_and_addresses_of_recipients_are_cut_and_told() {
    let smile = "\u{1f600}";
    for (name, address, told) in [
        ("n".repeat(255), "a@x.test".to_owned(), 0),
        ("n".repeat(256), "a@x.test".to_owned(), 1),
        (smile.repeat(128), "a@x.test".to_owned(), 1),
        ("Ann".to_owned(), format!("{}@x.test", "a".repeat(300)), 1),
        ("n".repeat(70_000), format!("{}@x.test", "a".repeat(70_000)), 1),
    ] {
        let (message, defects) = made(format!("To: \"{name}\" <{address}>\n\nx").as_bytes(), &Known::default());
        let row = &message.recipients[0];
        let units = |text: String| text.encode_utf16().count();
        assert!(units(text(row, pid::DISPLAY_NAME)) <= 255 && units(text(row, pid::EMAIL_ADDRESS)) <= 255);
        assert!(name.starts_with(&text(row, pid::DISPLAY_NAME)) && address.starts_with(&text(row, pid::EMAIL_ADDRESS)));
        assert!(text(&message.properties, pid::TRANSPORT_MESSAGE_HEADERS).contains(&address));
        assert_eq!(
            defects.iter().filter(|defect| defect.kind() == DefectKind::Recipient).count(),
            told,
            "{}",
            name.len()
        );
    }
}

/// [MS-OXCMSG] 3.2.5.2: one to three letters, a colon and a space are a prefix.
#[test]
fn the_mark_of_a_subject_tells_its_prefix() {
    for (subject, mark, topic) in [
        ("Hello", '\u{1}', "Hello"),
        ("Re: Hello", '\u{5}', "Hello"),
        ("AW: RE: x", '\u{5}', "RE: x"),
        ("Fwd: x", '\u{6}', "x"),
        ("Note: x", '\u{1}', "Note: x"),
        ("R2: x", '\u{1}', "R2: x"),
        ("", '\u{1}', ""),
    ] {
        let message = object(&format!("Subject: {subject}\n\nx"));
        assert_eq!(text(&message.properties, pid::SUBJECT), format!("\u{1}{mark}{subject}"));
        assert_eq!(text(&message.properties, pid::CONVERSATION_TOPIC), topic, "{subject}");
    }
}

/// [MS-OXCMAIL] 2.2.3.2.7, 2.2.3.2.8, 2.2.3.2.10.
#[test]
fn importance_and_sensitivity_are_numbers() {
    for (field, importance, priority, sensitivity) in [
        ("Importance: High", 2, 0, 0),
        ("Importance: low", 0, 0, 0),
        ("X-Priority: 1 (Highest)", 2, 0, 0),
        ("X-Priority: 3", 1, 0, 0),
        ("X-Priority: 5", 0, 0, 0),
        ("Priority: urgent", 2, 1, 0),
        ("Priority: non-urgent", 0, -1, 0),
        ("Sensitivity: Company-Confidential", 1, 0, 3),
        ("Sensitivity: Private", 1, 0, 2),
        ("Sensitivity: none", 1, 0, 0),
    ] {
        let bag = object(&format!("{field}\n\nx")).properties;
        let numbers = [pid::IMPORTANCE, pid::PRIORITY, pid::SENSITIVITY].map(|id| bag.integer(id).unwrap());
        assert_eq!(numbers, [importance, priority, sensitivity], "{field}");
    }
}

#[test]
fn states_come_back_as_they_were() {
    for states in [
        &[][..],
        &[Keywords::SEEN],
        &[Keywords::ANSWERED, Keywords::SEEN],
        &[Keywords::FORWARDED],
        &[Keywords::ANSWERED, Keywords::FORWARDED, Keywords::SEEN],
        &[Keywords::FLAGGED],
        &[Keywords::DRAFT, Keywords::SEEN],
        &[Keywords::DELETED],
    ] {
        let mut known = Known::default();
        states.iter().for_each(|state| known.keywords.insert(*state));
        let (message, _) = made(b"Subject: x\n\nx", &known);
        assert_eq!(keywords(&message.properties), known.keywords, "{states:?}");
    }
}

#[test]
fn labels_and_keywords_are_categories() {
    let mut known = Known { labels: vec!["Work".into(), "a, b".into(), "work".into()], ..Known::default() };
    known.keywords.insert("Invoice");
    known.keywords.insert("$label1");
    let (message, _) = made(b"Keywords: Red; Blue\n\nx", &known);
    let value = message.properties.name(crate::mapi::Guid::PS_PUBLIC_STRINGS, "Keywords").unwrap();
    let texts: Vec<_> = value.values().iter().map(|v| v.text(crate::mapi::CodePage::UTF_8, 100).unwrap()).collect();
    assert_eq!(texts, ["Red", "Blue", "Work", "a  b", "Invoice"]);
}

/// [MS-OXBBODY] 2.1.3.1: HTML stays octets, with its code page.
#[test]
fn html_keeps_its_octets_and_its_code_page() {
    for (charset, octets, page) in [
        ("windows-1252", &b"<p>caf\xe9"[..], 1252),
        ("utf-8", "<p>café".as_bytes(), 65001),
        ("koi8-r", b"<p>\xf0\xf2\xe9\xf7\xe5\xf4, \xed\xe9\xf2", 20866),
        ("us-ascii", b"<p>plain", 65001),
        ("shift_jis", b"<p>\x93\xfa\x96\x7b\x8c\xea", 932),
    ] {
        let source = [format!("Content-Type: text/html; charset={charset}\n\n").as_bytes(), octets].concat();
        let (message, _) = made(&source, &Known::default());
        assert_eq!(message.properties.octets(pid::HTML).unwrap().to_vec(100).unwrap(), octets, "{charset}");
        assert_eq!(message.properties.integer(pid::INTERNET_CODEPAGE), Some(page), "{charset}");
        let html = |message: &Message| message.html().unwrap().unwrap().trim_end().to_owned();
        assert_eq!(html(&back(&message)), html(&Message::new(source.into())), "{charset}");
    }
    // Nothing is no HTML.
    let (message, _) = made(b"Content-Type: text/html\n\n", &Known::default());
    assert!(message.properties.get(pid::HTML).is_none());
    // What is in another charset than it says keeps its octets, with the code page that it is in.
    let (message, _) = made(b"Content-Type: text/html; charset=utf-8\n\n<p>caf\xe9 ol\xe9", &Known::default());
    assert_eq!(message.properties.integer(pid::INTERNET_CODEPAGE), Some(1252));
    assert_eq!(message.properties.octets(pid::HTML).unwrap().to_vec(100).unwrap(), b"<p>caf\xe9 ol\xe9");
}

const MIXED: &str = "Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: multipart/related; boundary=r\n\n\
    --r\nContent-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n--a\nContent-Type: text/html\n\n<img src=\"cid:Pic@x\">\n\
    --a\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--a--\n\
    --r\nContent-Type: image/png; name=p.png\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n\
    --m\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf;\n \
    modification-date=\"Sat, 1 Jan 2022 10:00:00 +0000\"\n\n%PDF-\n\
    --m\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ntext\n--i\n\
    Content-Type: message/rfc822\n\nSubject: innermost\n\ndeep\n--i--\n\
    --m\nContent-Type: image/gif\n\nGIF8\n--m--\n";

#[test]
fn parts_become_bodies_and_attachments() {
    let message = object(MIXED);
    assert_eq!(text(&message.properties, pid::BODY), "plain");
    assert_eq!(message.properties.integer(pid::NATIVE_BODY), Some(3));
    let attachments: Vec<_> = (0..message.attachments.len()).map(|i| message.attachments.open(i).unwrap()).collect();
    let said: Vec<_> = attachments
        .iter()
        .map(|attachment| {
            let p = &attachment.properties;
            let hidden = p.boolean(pid::ATTACHMENT_HIDDEN).unwrap_or(false);
            (text(p, pid::ATTACH_LONG_FILENAME), text(p, pid::ATTACH_MIME_TAG), p.integer(pid::ATTACH_METHOD), hidden)
        })
        .collect();
    let said_of = |name: &str, tag: &str, method, hidden| (name.to_owned(), tag.to_owned(), Some(method), hidden);
    let expected = [
        said_of("attachment.ics", "text/calendar", 1, false),
        said_of("p.png", "image/png", 1, true),
        said_of("Grüße.pdf", "application/pdf", 1, false),
        said_of("", "", 5, false),
        said_of("attachment5.gif", "image/gif", 1, false),
    ];
    assert_eq!(said, expected);
    assert_eq!(data(&attachments[1]), b"\x89PNG\r\n\x1a\n");
    assert_eq!(attachments[1].properties.integer(pid::ATTACH_FLAGS), Some(4));
    assert_eq!(text(&attachments[1].properties, pid::ATTACH_CONTENT_ID), "pic@x");
    assert!(attachments[2].properties.time(pid::LAST_MODIFICATION_TIME).is_some());
    let AttachmentBody::Message(inner) = &attachments[3].body else { panic!() };
    let inner = inner.open().unwrap();
    assert_eq!(text(&inner.properties, pid::SUBJECT), "\u{1}\u{1}inner");
    let AttachmentBody::Message(innermost) = inner.attachments.open(0).unwrap().body else { panic!() };
    assert_eq!(text(&innermost.open().unwrap().properties, pid::BODY), "deep");
}

/// [MS-OXOSMIME] 2.1: the entity stays octet for octet.
#[test]
fn signed_and_encrypted_mail_stays_whole() {
    let entity = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n\tmicalg=sha-256; boundary=s\r\n\r\n\
        preamble\r\n--s\r\nContent-Type: text/plain\r\n\r\nsigned \t\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--s--\r\nepilogue";
    for source in [entity.to_owned(), entity.replace("\r\n", "\n")] {
        let whole = format!("Subject: s\r\n{source}");
        let message = object(&whole);
        assert_eq!(text(&message.properties, pid::MESSAGE_CLASS), "IPM.Note.SMIME.MultipartSigned");
        assert_eq!(text(&message.properties, pid::BODY), "signed \t");
        let attachment = message.attachments.open(0).unwrap();
        assert_eq!(data(&attachment), source.as_bytes());
        let octets = back(&message).content().to_vec(1 << 16).unwrap();
        // A message ends in a line end.
        assert!(octets.trim_ascii_end().ends_with(source.as_bytes()), "{}", String::from_utf8_lossy(&octets));
    }
    let pkcs7 = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHA6CA\n";
    let message = object(pkcs7);
    assert_eq!(text(&message.properties, pid::MESSAGE_CLASS), "IPM.Note.SMIME");
    let stored = data(&message.attachments.open(0).unwrap());
    assert_eq!(stored.get(..3), Some(&b"\x30\x80\x06"[..]));
    let there = back(&message);
    let attachments = there.attachments().unwrap();
    let mut read = Vec::new();
    std::io::copy(&mut attachments[0].reader(), &mut read).unwrap();
    assert_eq!((attachments[0].media_type(), read), ("application/pkcs7-mime", stored));
}

/// [MS-OXCMAIL] 2.2.3.2.2, 2.2.3.2.3.
#[test]
fn reports_have_their_classes() {
    let report = |kind: &str, status: &str| {
        format!(
            "Content-Type: multipart/report; report-type={kind}; boundary=b\n\n--b\n\nSorry\n--b\n\
             Content-Type: message/{kind}\n\n{status}\n\n--b--\n"
        )
    };
    for (kind, status, class) in [
        (
            "delivery-status",
            "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b\nAction: failed",
            "REPORT.IPM.Note.NDR",
        ),
        ("delivery-status", "Reporting-MTA: dns; x\n\nAction: Delivered", "REPORT.IPM.Note.DR"),
        ("delivery-status", "Reporting-MTA: dns; x\n\nAction: delayed", "REPORT.IPM.Note.Delayed"),
        ("delivery-status", "nothing", "REPORT.IPM.Note.NDR"),
        (
            "disposition-notification",
            "Disposition: manual-action/MDN-sent-manually; displayed",
            "REPORT.IPM.Note.IPNRN",
        ),
        (
            "disposition-notification",
            "Disposition: automatic-action/MDN-sent-automatically; deleted",
            "REPORT.IPM.Note.IPNNRN",
        ),
        ("x-other", "", "IPM.Note"),
    ] {
        let source = report(kind, status);
        let message = object(&source);
        assert_eq!(text(&message.properties, pid::MESSAGE_CLASS), class, "{kind} {status}");
        if class != "IPM.Note" {
            let there = back(&message);
            let types: Vec<_> =
                there.structure().unwrap().entities().iter().map(|e| e.media_type().essence().to_owned()).collect();
            assert_eq!(types.get(2), Some(&format!("message/{kind}")), "{types:?}");
        }
    }
}

#[test]
fn what_is_taken_apart_is_told() {
    let kinds = |source: &str| -> Vec<DefectKind> {
        made(source.as_bytes(), &Known::default()).1.iter().map(Defect::kind).collect()
    };
    assert_eq!(kinds(MIXED), [DefectKind::Conversion]);
    assert_eq!(
        kinds(
            "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/signed; boundary=s\n\n--s\n\nx\n--s--\n--m--\n"
        ),
        [DefectKind::Signature]
    );
    assert_eq!(kinds("Date: yesterday\n\nx"), [DefectKind::HeaderField]);
    assert_eq!(kinds("Date: Mon, 1 Jan 1601 00:00:00 +0000\n\nx"), [DefectKind::Conversion]);
    assert_eq!(kinds("Subject: fine\n\nx\0y"), [DefectKind::Conversion]);
    assert_eq!(kinds("Subject: fi\0ne\n\nx"), [DefectKind::Conversion]);
    assert_eq!(kinds("Subject: fine\n\nx"), []);
}

#[test]
fn messages_in_messages_end_somewhere() {
    let deep = (0..200)
        .fold("Subject: deepest\n\nx".to_owned(), |inside, _| format!("Content-Type: message/rfc822\n\n{inside}"));
    let (mut message, defects) = made(deep.as_bytes(), &Known::default());
    let mut levels = 1;
    while let AttachmentBody::Message(inner) = message.attachments.open(0).unwrap().body {
        message = inner.open().unwrap();
        levels += 1;
    }
    assert_eq!(levels, DEPTH);
    assert_eq!(defects.iter().map(Defect::kind).collect::<Vec<_>>(), [DefectKind::NestingLimit]);
}

#[test]
fn fields_of_programs_are_properties_of_their_own() {
    let message = object("X-Spam-Score: 5\nX-spam-score: 6\nX-Long: a\n b\nx-\u{fc}: no\nReceived: by x\n\nx");
    let set = crate::mapi::Guid::PS_INTERNET_HEADERS;
    let named = |name: &str| {
        let value = message.properties.name(set, name).cloned()?;
        value.text(crate::mapi::CodePage::UTF_8, 100)
    };
    assert_eq!(named("x-spam-score").as_deref(), Some("5"));
    assert_eq!(named("x-long").as_deref(), Some("a b"));
    assert_eq!(named("received"), None);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_broken_becomes_a_message_all_the_same(octets: Vec<u8>, at in 0..1200_usize, with: u8) {
        let mut mixed = MIXED.as_bytes().to_vec();
        if let Some(octet) = mixed.get_mut(at) {
            *octet = with;
        }
        for source in [octets, mixed] {
            let message = Message::new(Content::from(source));
            let made = from_message(&message, &Known::default(), &mut Vec::new()).unwrap();
            let again = back(&made);
            proptest::prop_assert!(again.structure().is_ok());
        }
    }
}
