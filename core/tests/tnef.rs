//! TNEF streams made by hand ([MS-OXTNEF] 2.1): what they hold, where it comes to stand in a mail, and what happens when they are broken.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    DefectKind, Limits,
    convert::Conversion,
    mapi::{AttachmentBody, MapiMessage, Translation, pid, tnef},
    model::{Item, Message},
    read::{Event, Mailbox, ReadOptions, tnef::TnefParts},
    source::Content,
    write::{EmlArchive, WriteOptions},
};
use proptest::prelude::*;
use std::{ops::ControlFlow, sync::Arc};

const SUBJECT: u32 = 0x0001_8004;
const CLASS: u32 = 0x0007_8008;
const PROPERTIES: u32 = 0x0006_9003;
const RENDERING: u32 = 0x0006_9002;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800F;
const ATTACHMENT: u32 = 0x0006_9005;

fn stream(attributes: &[(u8, u32, Vec<u8>)]) -> Vec<u8> {
    let mut octets = vec![0x78, 0x9F, 0x3E, 0x22, 1, 0];
    for (level, id, data) in attributes {
        octets.push(*level);
        octets.extend(id.to_le_bytes());
        octets.extend((data.len() as u32).to_le_bytes());
        octets.extend(data);
        octets.extend(data.iter().fold(0_u16, |sum, octet| sum.wrapping_add((*octet).into())).to_le_bytes());
    }
    octets
}

/// A property of a type whose values have no fixed size: one value, padded.
fn property(id: u16, kind: u16, value: &[u8]) -> Vec<u8> {
    let mut octets = [kind.to_le_bytes(), id.to_le_bytes()].concat();
    octets.extend(1_u32.to_le_bytes());
    octets.extend((value.len() as u32).to_le_bytes());
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn properties(list: &[Vec<u8>]) -> Vec<u8> {
    [&(list.len() as u32).to_le_bytes()[..], &list.concat()].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A mail with HTML that shows an image, a file, and a message attached to it.
fn winmail() -> Vec<u8> {
    let inner = stream(&[
        (1, CLASS, b"IPM.Microsoft Mail.Note\0".to_vec()),
        (1, SUBJECT, b"inner\0".to_vec()),
        (1, 0x0002_800C, b"inside\0".to_vec()),
    ]);
    let message = [&[7, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46][..], &inner].concat();
    let image = vec![property(0x3712, 0x1E, b"img@x\0"), property(0x370E, 0x1F, &utf16("image/png"))];
    stream(&[
        (1, 0x0006_9007, [1252_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat()),
        (1, CLASS, b"IPM.Microsoft Mail.Note\0".to_vec()),
        (1, SUBJECT, b"Caf\xe9\0".to_vec()),
        (1, PROPERTIES, properties(&[property(0x1013, 0x102, b"<p>Hi <img src=\"cid:img@x\">")])),
        (2, RENDERING, vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (2, TITLE, b"A.PNG\0".to_vec()),
        (2, DATA, b"\x89PNG\r\n".to_vec()),
        (2, ATTACHMENT, properties(&image)),
        (2, RENDERING, vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (2, TITLE, b"LONGNA~1.TXT\0".to_vec()),
        (2, DATA, b"text\n".to_vec()),
        (2, ATTACHMENT, properties(&[property(0x3707, 0x1F, &utf16("Größe.txt"))])),
        (2, RENDERING, vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        (2, ATTACHMENT, properties(&[property(0x3701, 0x0D, &message)])),
    ])
}

fn base64(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let quads = octets.chunks(3).map(|triple| {
        let bits = triple.iter().enumerate().fold(0, |bits, (i, octet)| bits | u32::from(*octet) << (16 - 8 * i));
        let character =
            |i: usize| if i <= triple.len() { ALPHABET[(bits >> (18 - 6 * i)) as usize & 63] as char } else { '=' };
        (0..4).map(character).collect::<String>()
    });
    quads.collect::<Vec<_>>().chunks(19).map(<[_]>::concat).collect::<Vec<_>>().join("\r\n")
}

fn mail(winmail: &[u8]) -> String {
    format!(
        "From: a@b.example\r\nSubject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=XX\r\n\r\n\
         preamble\r\n--XX\r\nContent-Type: text/plain\r\n\r\nHi\r\n--XX\r\nContent-Type: application/ms-tnef; \
         name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--XX--\r\n",
        base64(winmail)
    )
}

fn read(mail: &str, tnef: TnefParts) -> Item {
    let mut options = ReadOptions::default();
    options.tnef = tnef;
    let mut mailbox = Mailbox::new(options);
    mailbox.add_source("a.mbox", Arc::new(format!("From a@b.example Thu Jan  1 00:00:00 2015\n{mail}\n").into_bytes()));
    loop {
        match mailbox.next_event().unwrap() {
            Event::Item(item) => return *item,
            Event::Failed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
}

fn octets(message: &Message) -> String {
    String::from_utf8(message.content().to_vec(1 << 20).unwrap()).unwrap()
}

fn kinds(item: &Item) -> Vec<DefectKind> {
    item.defects.iter().map(mailferry::Defect::kind).collect()
}

#[test]
fn a_mail_keeps_its_winmail_dat_unless_it_is_to_be_decoded() {
    let item = read(&mail(&winmail()), TnefParts::Keep);
    assert_eq!(octets(item.message().unwrap()).trim_end(), mail(&winmail()).trim_end());
    assert_eq!(kinds(&item), []);
}

#[test]
fn what_a_winmail_dat_holds_comes_to_stand_in_its_place() {
    let item = read(&mail(&winmail()), TnefParts::Decode);
    assert_eq!(kinds(&item), [DefectKind::Rewritten]);
    let message = item.message().unwrap();
    assert_eq!(message.defects().unwrap(), []);
    let structure = message.structure().unwrap();
    let types: Vec<&str> = structure.entities().iter().map(|entity| entity.media_type().essence()).collect();
    assert_eq!(
        types,
        [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "multipart/related",
            "text/html",
            "image/png",
            "multipart/mixed",
            "text/plain",
            "message/rfc822"
        ]
    );
    let octets = octets(message);
    assert!(octets.starts_with(
        "From: a@b.example\r\nSubject: outer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=XX"
    ));
    assert!(octets.contains("\r\n\r\npreamble\r\n--XX\r\n") && octets.contains("Content-ID: <img@x>"));
    assert!(octets.contains("Content-Type: text/plain\r\n\r\nHi\r\n"), "the text stays as it was");
    let names: Vec<_> =
        message.attachments().unwrap().iter().filter_map(mailferry::model::Attachment::file_name).collect();
    assert!(names.contains(&"Größe.txt".to_owned()), "{names:?}");
    assert!(octets.contains("Subject: inner") && octets.contains("inside"));
}

#[test]
fn a_stream_without_anything_to_show_beside_its_html_leaves_no_empty_part() {
    let html = stream(&[(1, PROPERTIES, properties(&[property(0x1013, 0x102, b"<p>Hi")]))]);
    let item = read(&mail(&html), TnefParts::Decode);
    let structure = item.message().unwrap().structure().unwrap();
    let types: Vec<&str> = structure.entities().iter().map(|entity| entity.media_type().essence()).collect();
    assert_eq!(types, ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(structure.defects(), []);
}

#[test]
fn a_mail_that_is_tnef_as_a_whole_and_one_in_a_message_that_is_attached_are_decoded() {
    let whole = format!(
        "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        base64(&winmail())
    );
    let octets_of = |mail: &str| octets(read(mail, TnefParts::Decode).message().unwrap());
    let decoded = octets_of(&whole);
    assert!(
        decoded.starts_with("From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed"),
        "{decoded}"
    );
    assert_eq!(decoded.matches("MIME-Version").count(), 2, "its own and that of the message attached to it");
    let around = format!(
        "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=YY\r\n\r\n--YY\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--YY--\r\n",
        mail(&winmail())
    );
    assert!(octets_of(&around).contains("image/png"));
    let signed = around.replace("multipart/mixed; boundary=YY", "multipart/signed; boundary=YY");
    assert_eq!(octets_of(&signed).trim_end(), signed.trim_end(), "what is signed stays");
}

#[test]
fn a_stream_that_is_broken_stays_with_a_defect() {
    let item = read(&mail(b"no TNEF at all"), TnefParts::Decode);
    assert_eq!(kinds(&item), [DefectKind::Tnef]);
    assert_eq!(octets(item.message().unwrap()).trim_end(), mail(b"no TNEF at all").trim_end());
    let cut = &winmail()[..300];
    let item = read(&mail(cut), TnefParts::Decode);
    assert!(kinds(&item).contains(&DefectKind::Tnef) && kinds(&item).contains(&DefectKind::Rewritten));
}

/// The log says how octets came about as their reader says it, whatever store they are from.
#[test]
fn the_log_tells_what_was_composed_from_what_was_changed() {
    let utf16 = |text: &str| {
        text.encode_utf16().fold(vec![0xFF, 0xFE], |octets, unit| [octets, unit.to_le_bytes().to_vec()].concat())
    };
    let mail = mail(&winmail());
    for (name, octets, tnef, fidelity) in [
        ("winmail.dat", winmail(), TnefParts::Keep, "synthesized"),
        ("a.tnef", winmail(), TnefParts::Decode, "synthesized"),
        ("a.eml", mail.clone().into_bytes(), TnefParts::Keep, "verbatim"),
        ("a.eml", mail.into_bytes(), TnefParts::Decode, "normalized"),
        ("a.eml", utf16("Subject: a\nFrom: a@b.example\n\nx\n"), TnefParts::Keep, "normalized"),
        ("a.vcf", b"BEGIN:VCARD\nVERSION:3.0\nFN:a\nEND:VCARD\n".to_vec(), TnefParts::Keep, "verbatim"),
        ("a.vcf", utf16("BEGIN:VCARD\nVERSION:3.0\nFN:a\nEND:VCARD\n"), TnefParts::Keep, "normalized"),
    ] {
        let mut options = ReadOptions::default();
        options.tnef = tnef;
        let mut mailbox = Mailbox::new(options);
        mailbox.add_source(name, Arc::new(octets));
        let mut log = Vec::new();
        let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
        Conversion::new(mailbox, Box::new(archive), &mut log).run(&mut |_| ControlFlow::Continue(()));
        let line: serde_json::Value = serde_json::from_slice(&log).unwrap();
        assert_eq!(line["fidelity"], fidelity, "{name} {tnef:?} {line}");
    }
}

fn read_all(message: &MapiMessage, left: &mut usize) {
    for (_, value) in message.properties.iter() {
        let _ = value.octets().map(|octets| octets.to_vec(1 << 20));
    }
    for i in 0..message.attachments.len() {
        let Some(less) = left.checked_sub(1) else { return };
        *left = less;
        match message.attachments.open(i).map(|attachment| attachment.body) {
            Ok(AttachmentBody::Message(embedded)) => drop(embedded.open().map(|message| read_all(&message, left))),
            Ok(AttachmentBody::Data(content) | AttachmentBody::Ole(content)) => drop(content.to_vec(1 << 20)),
            _ => {}
        }
    }
}

#[test]
fn streams_in_one_another_end() {
    let mut inner = winmail();
    for _ in 0..300 {
        let message = [&[7, 3, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46][..], &inner].concat();
        inner = stream(&[(2, ATTACHMENT, properties(&[property(0x3701, 0x0D, &message)]))]);
    }
    let message = tnef::read_tnef(&Content::from(inner.clone()), &Limits::default()).unwrap();
    read_all(&message, &mut 10_000);
    let item = read(&mail(&inner), TnefParts::Decode);
    assert!(kinds(&item).contains(&DefectKind::Attachment), "{:?}", item.defects);
}

/// Counts and lengths that no octets stand behind cost nothing.
#[test]
fn nothing_is_held_because_a_stream_says_so() {
    for claimed in [u32::MAX, 1 << 28] {
        let counted = stream(&[
            (1, PROPERTIES, claimed.to_le_bytes().to_vec()),
            (1, 0x0006_9004, claimed.to_le_bytes().to_vec()),
        ]);
        let empty = [&[0x03, 0x10, 0, 0x10][..], &claimed.to_le_bytes()].concat();
        let many = stream(&[(1, PROPERTIES, properties(&[empty]))]);
        for octets in [counted, many] {
            let message = tnef::read_tnef(&Content::from(octets), &Limits::default()).unwrap();
            assert!(!message.defects.is_empty() && message.recipients.len() < 2);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_stream_with_octets_changed_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        keep in any::<bool>(),
    ) {
        let mut octets = winmail();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if !keep {
            octets.truncate(cut.index(octets.len()));
        }
        if let Ok(message) = tnef::read_tnef(&Content::from(octets.clone()), &Limits::default()) {
            read_all(&message, &mut 1000);
        }
        let message = Message::new(Content::from(mail(&octets).into_bytes()));
        if let Some(decoded) = tnef::decode_in_mail(&message, &Translation::default(), &mut Vec::new()).unwrap() {
            prop_assert!(Message::new(decoded).structure().is_ok());
        }
    }
}

#[test]
fn the_class_and_the_code_page_are_those_of_the_stream() {
    let message = tnef::read_tnef(&Content::from(winmail()), &Limits::default()).unwrap();
    let text = |id| message.properties.text(id, message.code_page, 99);
    assert_eq!((text(pid::SUBJECT).as_deref(), text(pid::MESSAGE_CLASS).as_deref()), (Some("Café"), Some("IPM.Note")));
}
