//! Mail out of stores that were written here: signed and encrypted entities as they were, files that are only referred to, meetings
//! that are answered with another time, search folders.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    DefectKind,
    mapi::{
        AttachmentBody, CodePage, FileTime, Guid, MapiMessage, NamedProperties, PropertyBag, PropertyName,
        PropertyValue, pid,
    },
    model::{Fidelity, Item},
    read::{ItemReader, ReadOptions, pst::PstReader},
    write::pst::Layout,
};
use pst_support::{LAYOUTS, SCRAMBLINGS, Writer, attachment, mail, recipient, text};
use std::{io::Cursor, sync::Arc};

fn with_class(layout: Layout, class: &str, properties: &[(u16, PropertyValue)]) -> MapiMessage {
    let base = mail(layout, "subject", "body");
    let mut bag = PropertyBag::new(base.properties.names().clone());
    bag.insert(pid::MESSAGE_CLASS, text(layout, class));
    properties.iter().for_each(|(id, value)| bag.insert(*id, value.clone()));
    base.properties.iter().for_each(|(id, value)| bag.insert(id, value.clone()));
    MapiMessage { properties: bag, ..base }
}

fn items(layout: Layout, messages: &[MapiMessage]) -> (Vec<Item>, Vec<DefectKind>) {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[1]).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    for message in messages {
        pst.add_message(inbox, message).unwrap();
    }
    let octets = pst.finish().unwrap().into_inner();
    let mut reader = PstReader::open(Arc::new(octets), "a.pst", &ReadOptions::default()).unwrap();
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        assert_eq!(item.provenance, Fidelity::Synthesized);
        items.push(item);
    }
    (items, reader.take_defects().iter().map(mailferry::Defect::kind).collect())
}

fn octets(item: &Item) -> String {
    String::from_utf8(item.to_content().unwrap().to_vec(1 << 20).unwrap()).unwrap()
}

const SIGNED: &str = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256;\r\n boundary=\"sig=nat\"\r\n\r\n\
    --sig=nat\r\nContent-Type: text/plain\r\n\r\nTrailing space \r\nFrom here\r\n--sig=nat\r\nContent-Type: application/pkcs7-signature\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nMIIB\r\n--sig=nat--\r\n";

/// What was signed or encrypted is the original entity to its last octet ([MS-OXOSMIME] 2.1, RFC 8551, RFC 3156).
#[test]
fn signed_and_encrypted_mail_keeps_its_entity() {
    for layout in LAYOUTS {
        let attached = |message: MapiMessage, name: &str, tag: &str, data: &[u8]| {
            let body = AttachmentBody::Data(data.to_vec().into());
            let mut file = attachment(layout, name, 1, body);
            file.properties.insert(pid::ATTACH_MIME_TAG, text(layout, tag));
            MapiMessage { attachments: Arc::new(vec![file]), ..message }
        };
        let clear = with_class(layout, "IPM.Note.SMIME.MultipartSigned", &[]);
        let clear = attached(clear, "smime.p7m", "multipart/signed", SIGNED.as_bytes());
        // A store that keeps the entity's header among the transport headers only.
        let (header, body) = SIGNED.split_once("\r\n\r\n").unwrap();
        let headers = format!("Subject: subject\r\n{header}\r\n\r\n");
        let parted = with_class(
            layout,
            "IPM.Note.SMIME.MultipartSigned",
            &[(pid::TRANSPORT_MESSAGE_HEADERS, text(layout, &headers))],
        );
        let parted = attached(parted, "smime.p7m", "multipart/signed", body.as_bytes());
        let der = [0x30, 0x82, 1, 2, 0xFF, 0, 7];
        let opaque_headers =
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\n\r\n";
        let opaque =
            with_class(layout, "IPM.Note.SMIME", &[(pid::TRANSPORT_MESSAGE_HEADERS, text(layout, opaque_headers))]);
        let opaque = attached(opaque, "smime.p7m", "application/pkcs7-mime", &der);
        let pgp_signed = SIGNED.replace("pkcs7-signature", "pgp-signature");
        let pgp = attached(
            with_class(layout, "IPM.Note.SMIME.MultipartSigned", &[]),
            "smime.p7m",
            "multipart/signed",
            pgp_signed.as_bytes(),
        );
        let (items, defects) = items(layout, &[clear, parted, opaque, pgp]);
        assert_eq!(defects, []);
        assert!(octets(&items[0]).ends_with(&format!("MIME-Version: 1.0\r\n{SIGNED}")), "{}", octets(&items[0]));
        assert!(octets(&items[1]).ends_with(body) && octets(&items[1]).contains("boundary=\"sig=nat\""));
        assert!(octets(&items[3]).ends_with(&pgp_signed));
        let message = items[2].message().unwrap();
        let entity = &message.structure().unwrap().entities()[0];
        assert_eq!(entity.media_type().essence(), "application/pkcs7-mime");
        assert_eq!(entity.media_type().parameters().text("smime-type").as_deref(), Some("enveloped-data"));
        assert_eq!(entity.decoded(message.content(), 99).unwrap().to_vec(99).unwrap(), der);
        for item in &items {
            assert_eq!(item.defects, [], "{layout:?}");
            assert_eq!(item.message().unwrap().defects().unwrap(), []);
        }
    }
}

#[test]
fn encrypted_pgp_mime_that_was_taken_apart_is_put_together() {
    let layout = Layout::Unicode;
    let headers = "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\r\n";
    let mut message = with_class(layout, "IPM.Note", &[(pid::TRANSPORT_MESSAGE_HEADERS, text(layout, headers))]);
    let armoured = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n";
    let file =
        |name: &str, data: &str| attachment(layout, name, 1, AttachmentBody::Data(data.as_bytes().to_vec().into()));
    message.attachments =
        Arc::new(vec![file("PGPMIME Versions Identification", "Version: 1\r\n"), file("encrypted.asc", armoured)]);
    let (items, _) = items(layout, &[message]);
    let message = items[0].message().unwrap();
    let types: Vec<_> = message.structure().unwrap().entities().iter().map(|e| e.media_type().essence()).collect();
    assert_eq!(types, ["multipart/encrypted", "application/pgp-encrypted", "application/octet-stream"]);
    assert!(octets(&items[0]).contains(&format!("\r\n\r\n{armoured}\r\n--=_")));
}

#[test]
fn a_file_that_is_only_referred_to_is_named_in_the_mail() {
    let layout = Layout::Unicode;
    let mut message = mail(layout, "see there", "body");
    let referring = |name: &str, method: i32, path: &str| {
        let mut file = attachment(layout, name, method, AttachmentBody::None);
        file.properties.insert(pid::ATTACH_LONG_PATHNAME, text(layout, path));
        file
    };
    message.attachments = Arc::new(vec![
        referring("plan.doc", 4, "\\\\server\\share\\plan.doc"),
        referring("page", 7, "https://cloud.example/plan"),
    ]);
    let (items, _) = items(layout, &[message]);
    let octets = octets(&items[0]);
    assert!(octets.contains("message/external-body; access-type=local-file;"), "{octets}");
    assert!(
        octets.contains("name=\"\\\\\\\\server\\\\share\\\\plan.doc\"") && octets.contains("access-type=URL"),
        "{octets}"
    );
    assert_eq!(items[0].defects.iter().map(mailferry::Defect::kind).collect::<Vec<_>>(), [DefectKind::Attachment; 2]);
}

/// [MS-OXCICAL] 2.1.3.1.1.1, RFC 5546 §3.2.7; RFC 5545 §3.2.18.
#[test]
fn an_answer_that_proposes_another_time_is_a_counter() {
    let layout = Layout::Unicode;
    let mut names = NamedProperties::default();
    let lids = [0x820D, 0x820E, 0x8250, 0x8251, 0x8257];
    for (i, lid) in lids.iter().enumerate() {
        names.insert(0x8000 + i as u16, PropertyName::Lid(Guid::PSETID_APPOINTMENT, *lid));
    }
    let mut bag = PropertyBag::new(Arc::new(names));
    let hour = |n: u64| PropertyValue::Time(FileTime((1_704_099_600 + n * 3600 + 11_644_473_600) * 10_000_000));
    bag.insert(pid::MESSAGE_CLASS, text(layout, "IPM.Schedule.Meeting.Resp.Tent"));
    bag.insert(pid::SUBJECT, text(layout, "New time proposed: Lunch"));
    for (i, value) in [hour(0), hour(1), hour(24), hour(25), PropertyValue::Boolean(true)].into_iter().enumerate() {
        bag.insert(0x8000 + i as u16, value);
    }
    for (id, value) in [
        (pid::SENT_REPRESENTING_NAME, "Boss"),
        (pid::SENT_REPRESENTING_EMAIL_ADDRESS, "boss@example.com"),
        (pid::SENDER_NAME, "Secretary"),
        (pid::SENDER_EMAIL_ADDRESS, "secretary@example.com"),
    ] {
        bag.insert(id, text(layout, value));
    }
    let mut message = MapiMessage::new(bag);
    message.recipients = vec![recipient(layout, 1, "Organizer", "organizer@example.com")];
    let (items, _) = items(layout, &[message]);
    let octets = octets(&items[0]).replace("\r\n ", "");
    for expected in [
        "method=COUNTER",
        "METHOD:COUNTER\r\n",
        "DTSTART:20240102T090000Z",
        "DTEND:20240102T100000Z",
        "X-MS-OLK-ORIGINALSTART:20240101T090000Z",
        "X-MS-OLK-ORIGINALEND:20240101T100000Z",
        "SENT-BY=\"mailto:secretary@example.com\"",
        "PARTSTAT=TENTATIVE:mailto:boss@example.com",
        "ORGANIZER;CN=Organizer:mailto:organizer@example.com",
    ] {
        assert!(octets.contains(expected), "{expected} in {octets}");
    }
}

/// Fields that break their grammar are written as they are meant, and stay as they were (RFC 5322 §3.6).
#[test]
fn header_fields_that_break_their_grammar_are_mended() {
    let layout = Layout::Unicode;
    let headers = "From: ann.lee <ann@example.com>\r\nTo: Team@x@y.example\r\nDate: 5.10.2001\r\nDate: x\r\n\
        Message-ID: <1$@ann@x.example>\r\nReferences: <a@b> <2$@ann@x.example>\r\nSubject: =?GB2312?B?xe2bTtzn?=\r\nX-Odd: 1\r\n\r\n";
    let message = with_class(layout, "IPM.Note", &[(pid::TRANSPORT_MESSAGE_HEADERS, text(layout, headers))]);
    let (items, _) = items(layout, &[message]);
    let octets = octets(&items[0]);
    for expected in [
        "From: \"ann.lee\" <ann@example.com>\r\n",
        "Message-ID: <1$=40ann@x.example>\r\n",
        "X-Original-Message-ID: <1$@ann@x.example>\r\n",
        "\r\nReferences: <a@b> <2$=40ann@x.example>\r\n",
        "X-Original-References: <a@b> <2$@ann@x.example>\r\n",
        "X-Original-Date: 5.10.2001\r\n",
        "X-Odd: 1\r\n",
        "Subject: =?UTF-8?B?",
    ] {
        assert!(octets.contains(expected), "{expected} in {octets}");
    }
    assert_eq!(octets.matches("\r\nDate: ").count(), 1);
    assert!(items[0].defects.iter().any(|defect| defect.kind() == DefectKind::Rewritten));
}

/// A report that came as mail has its machine-readable part as an attachment: who did not get the mail stands there, while the table of
/// recipients has those that the report went to (RFC 3464 §2, RFC 8098 §3).
#[test]
fn a_report_keeps_the_status_that_it_came_with() {
    let status = "Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; nobody@example.org\r\nAction: failed\r\n\
                  Status: 5.1.1\r\n\r\n";
    let read = "Final-Recipient: RFC822; reader@example.org\nDisposition: automatic-action/MDN-sent-automatically; displayed\n";
    for layout in LAYOUTS {
        for (class, kind, fields) in [
            ("REPORT.IPM.Note.NDR", "delivery-status", status),
            ("REPORT.IPM.Note.IPNRN", "disposition-notification", read),
        ] {
            let mut message = with_class(layout, class, &[]);
            message.recipients = vec![recipient(layout, 1, "Sender", "sender@example.org")];
            let mut file =
                attachment(layout, "details.txt", 1, AttachmentBody::Data(fields.as_bytes().to_vec().into()));
            file.properties.insert(pid::ATTACH_MIME_TAG, text(layout, &format!("message/{kind}")));
            message.attachments = Arc::new(vec![file]);
            let (items, _) = items(layout, &[message]);
            let mail = octets(&items[0]);
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("multipart/report; report-type={kind}")), "{mail}");
            assert_eq!(body.matches(&format!("Content-Type: message/{kind}")).count(), 1, "{mail}");
            let fields = fields.replace("\r\n", "\n").replace('\n', "\r\n");
            assert!(body.contains(&format!("\r\n\r\n{fields}")), "{mail}");
            assert!(!body.contains("rfc822; sender@example.org"), "{mail}");
        }
        // What could not stand in a mail as it is stays a file, and the status is made.
        let mut message = with_class(layout, "REPORT.IPM.Note.NDR", &[]);
        message.recipients = vec![recipient(layout, 1, "Nobody", "nobody@example.org")];
        let mut file =
            attachment(layout, "details.txt", 1, AttachmentBody::Data("Status: \u{e9}".as_bytes().to_vec().into()));
        file.properties.insert(pid::ATTACH_MIME_TAG, text(layout, "message/delivery-status"));
        message.attachments = Arc::new(vec![file]);
        let mail = octets(&items(layout, &[message]).0[0]);
        assert!(
            mail.contains("Final-Recipient: rfc822; nobody@example.org") && mail.contains("filename=details.txt"),
            "{mail}"
        );
    }
}

/// Octets as the text that an ANSI store is given them by.
fn as_text(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}

/// The folders, the subjects with their kinds of defects, and the defects of the source.
type Seen = (Vec<String>, Vec<(String, Vec<DefectKind>)>, Vec<DefectKind>);

fn read(octets: Vec<u8>, options: &ReadOptions) -> Seen {
    let mut reader = PstReader::open(Arc::new(octets), "a.pst", options).unwrap();
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        let subject = item.message().unwrap().header().unwrap().first("Subject").map(|field| field.text());
        items.push((subject.unwrap_or_default(), item.defects.iter().map(mailferry::Defect::kind).collect()));
    }
    let folders = reader.folders().iter().map(|folder| folder.path.to_string()).collect();
    (folders, items, reader.take_defects().iter().map(mailferry::Defect::kind).collect())
}

/// 8-bit text in the code page that the item, else the user, the store or its messages tell, or that it looks like.
#[test]
fn text_of_an_ansi_store_is_in_the_code_page_that_it_is_in() {
    let layout = Layout::Ansi;
    // 連絡先; 日本語タイトル; Тема письма; and Входящие in 1251.
    let (contacts, title) =
        (&b"\x98\x41\x97\x8d\x90\xe6"[..], &b"\x93\xfa\x96\x7b\x8c\xea\x83\x5e\x83\x43\x83\x67\x83\x8b"[..]);
    let (letter, inbox) = (&b"\xd2\xe5\xec\xe0 \xef\xe8\xf1\xfc\xec\xe0"[..], &b"\xc2\xf5\xee\xe4\xff\xf9\xe8\xe5"[..]);
    type Given<'m> = (&'m [u8], &'m [(u16, i32)]);
    let store = |folder: &[u8], messages: &[Given<'_>]| {
        let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[1]).unwrap();
        let folder = pst.add_folder(Writer::MAILBOX, &CodePage::WINDOWS_1252.decode(folder).0, "IPF.Note");
        for (subject, numbers) in messages {
            let mut message = mail(layout, &as_text(subject), "plain");
            numbers.iter().for_each(|(id, number)| message.properties.insert(*id, PropertyValue::Integer32(*number)));
            pst.add_message(folder, &message).unwrap();
        }
        pst.finish().unwrap().into_inner()
    };
    let asked = |page| {
        let mut options = ReadOptions::default();
        options.code_page = page;
        options
    };
    let charset = vec![DefectKind::Charset];
    for (octets, page, folder, subject, of_source) in [
        // The folder is in the code page that its messages say of theirs.
        (
            store(contacts, &[(title, &[(pid::INTERNET_CODEPAGE, 50_220), (pid::MESSAGE_LOCALE_ID, 0x411)])]),
            None,
            "連絡先",
            "日本語タイトル",
            true,
        ),
        (store(b"Inbox", &[(title, &[(pid::MESSAGE_CODEPAGE, 932)])]), None, "Inbox", "日本語タイトル", false),
        // Nothing says it: by its looks, or as is asked.
        (store(inbox, &[(letter, &[])]), None, "Входящие", "Тема письма", true),
        (store(contacts, &[(title, &[])]), Some(932), "連絡先", "日本語タイトル", true),
        (store(inbox, &[(letter, &[])]), Some(1251), "Входящие", "Тема письма", true),
        // What an item says itself stays so, whatever is asked.
        (
            store(b"Inbox", &[(letter, &[(pid::INTERNET_CODEPAGE, 20_866), (pid::MESSAGE_LOCALE_ID, 0x419)])]),
            Some(932),
            "Inbox",
            "Тема письма",
            false,
        ),
        (store(b"Inbox", &[(b"plain", &[])]), None, "Inbox", "plain", false),
    ] {
        let (folders, items, source) = read(octets, &asked(page));
        assert!(folders.contains(&folder.to_owned()), "{folders:?}");
        assert_eq!(items, [(subject.to_owned(), vec![])]);
        assert_eq!(source, if of_source { charset.clone() } else { vec![] }, "{folder} {subject}");
    }
}

/// An address of Exchange that a message does not know is known from another one, whichever comes first.
#[test]
fn an_exchange_address_is_known_from_another_message() {
    for layout in LAYOUTS {
        let from = |address: &str| {
            let mut bag = PropertyBag::default();
            for (id, value) in [
                (pid::MESSAGE_CLASS, "IPM.Note"),
                (pid::SUBJECT, "subject"),
                (pid::SENDER_NAME, "Someone"),
                (pid::SENDER_ADDRESS_TYPE, "EX"),
                (pid::SENDER_EMAIL_ADDRESS, address),
            ] {
                bag.insert(id, text(layout, value));
            }
            MapiMessage::new(bag)
        };
        let mut knows = mail(layout, "knows", "body");
        let mut ann = recipient(layout, 1, "Ann", "/o=Org/cn=Recipients/cn=ann");
        ann.insert(pid::SMTP_ADDRESS, text(layout, "ann@example.org"));
        knows.recipients = vec![ann];
        knows.properties.insert(pid::SENT_REPRESENTING_EMAIL_ADDRESS, text(layout, "/O=ORG/CN=RECIPIENTS/CN=BOB"));
        knows.properties.insert(pid::SENT_REPRESENTING_SMTP_ADDRESS, text(layout, "bob@example.org"));
        let (ann, bob) = (from("/O=ORG/CN=RECIPIENTS/CN=ANN"), from("/o=org/cn=recipients/cn=bob"));
        let (items, defects) = items(layout, &[ann, knows, bob, from("/O=ORG/CN=RECIPIENTS/CN=EVE")]);
        assert_eq!(defects, []);
        let senders = items.iter().map(|item| item.message().unwrap().header().unwrap().first("From").unwrap().text());
        assert_eq!(
            senders.collect::<Vec<_>>(),
            [
                "Someone <ann@example.org>",
                "bob@example.org",
                "Someone <bob@example.org>",
                "Someone <EVE@unresolved.invalid>"
            ]
        );
        let kinds: Vec<usize> = items.iter().map(|item| item.defects.len()).collect();
        assert_eq!(kinds, [0, 0, 0, 1], "{layout:?}");
    }
}
