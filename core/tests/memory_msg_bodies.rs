//! Long bodies of messages are read in little memory, whatever they are written in: those of mail as a whole, those of what is no mail
//! as far as is said.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod msg_support;

use mailferry::{
    DefectKind,
    mapi::{Attachment, AttachmentBody, MapiMessage, PropertyBag, PropertyValue, pid},
    model::{Item, ItemKind},
    read::{ItemReader, ReadOptions, msg::MsgReader},
};
use msg_support::large::{Large, SECTOR, peak};
use std::{
    io::{self, Write},
    sync::Arc,
};

const PEAK: u64 = 64 << 20;
const SECTORS: u64 = 12 << 11;
const LEN: u64 = SECTORS * SECTOR - 1;
/// What stands at the end of HTML.
const PICTURE: &[u8] = b"<img src=\"cid:late@x\">";

fn pattern(line: &[u8], at: u64) -> u8 {
    line[(at % line.len() as u64) as usize]
}

/// Whole lines, and the picture behind them.
fn html(line: &[u8], at: u64) -> u8 {
    let end = LEN - PICTURE.len() as u64;
    match at.checked_sub(end) {
        Some(at) => PICTURE[at as usize % PICTURE.len()],
        None if at < end / line.len() as u64 * line.len() as u64 => pattern(line, at),
        None => b'\n',
    }
}

/// Windows-1251: a word, spaces and no line ends.
fn cyrillic(at: u64) -> u8 {
    html(b"\xcf\xf0\xe8\xe2\xe5\xf2 ", at)
}

/// Windows-932 without anything in ASCII.
fn japanese(at: u64) -> u8 {
    html(b"\x93\xfa\x96\x7b\x83\x65\x83\x58", at)
}

/// ISO-2022-JP in lines.
fn escaped(at: u64) -> u8 {
    html(b"\x1b$B$\"$$\x1b(B\n", at)
}

fn ascii(at: u64) -> u8 {
    html(b"<p>one line</p>\r\n", at)
}

/// Compressed RTF, all of it literals.
fn rtf(at: u64) -> u8 {
    const START: &[u8] = b"{\\rtf1\\ansi\\ansicpg1252 \\b Heading\\b0\\par ";
    const LINE: &[u8] = b"Gr\\'fc\\'dfe \\i all\\i0 , one after the other\\par ";
    let header = [(LEN as u32 - 4).to_le_bytes(), (LEN as u32).to_le_bytes(), *b"LZFu", [0; 4]].concat();
    match at.checked_sub(16) {
        None => header[at as usize],
        Some(at) if at % 9 == 0 => 0,
        Some(at) => {
            let at = at / 9 * 8 + at % 9 - 1;
            START.get(at as usize).copied().unwrap_or_else(|| pattern(LINE, at - START.len() as u64))
        }
    }
}

fn item(class: &str, page: i32, stream: (u16, PropertyValue), octet: fn(u64) -> u8) -> Item {
    let text = |text: &str| PropertyValue::String8(text.as_bytes().to_vec().into());
    let mut properties = PropertyBag::default();
    properties.insert(pid::SUBJECT, text("long"));
    properties.insert(pid::MESSAGE_CLASS, text(class));
    properties.insert(pid::INTERNET_CODEPAGE, PropertyValue::Integer32(page));
    properties.insert(0x3FFD, PropertyValue::Integer32(page));
    let kind = match &stream.1 {
        PropertyValue::String8(_) => 0x001E,
        PropertyValue::String(_) => 0x001F,
        _ => 0x0102,
    };
    let name = format!("__substg1.0_{:04X}{kind:04X}", stream.0);
    properties.insert(stream.0, stream.1);
    let mut of_attachment = PropertyBag::default();
    of_attachment.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(1));
    of_attachment.insert(pid::ATTACH_CONTENT_ID, text("late@x"));
    let body = AttachmentBody::Data(vec![7; 50].into());
    let attachment = Attachment { properties: of_attachment, body, defects: Vec::new() };
    let message = MapiMessage { attachments: Arc::new(vec![attachment]), ..MapiMessage::new(properties) };
    let large = Large::new(&message, &name, (SECTORS, false), octet);
    let mut reader = MsgReader::open(Arc::new(large), "long.msg", &ReadOptions::default()).unwrap();
    reader.next_item().unwrap().unwrap()
}

/// Counts what is written.
#[derive(Default)]
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 += octets.len() as u64;
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn written(item: &Item) -> u64 {
    let mut counted = Counted::default();
    item.to_content().unwrap().write_to(&mut counted).unwrap();
    counted.0
}

#[test]
fn long_bodies_are_read_in_little_memory() {
    let held = || vec![b' '; 5000].into();
    let check = |what: &str| {
        let peak = peak();
        println!("{what}: {} MB at the peak so far", peak >> 20);
        assert!(peak <= PEAK, "{peak} octets at the peak, {what}");
    };
    // What an octet becomes in UTF-8, in sixths: Cyrillic letters have two octets, the others three for two.
    for (what, page, octet, sixths) in [
        ("windows-1251", 1251, cyrillic as fn(u64) -> u8, 11),
        ("windows-932", 932, japanese, 9),
        ("ISO-2022-JP", 50_220, escaped, 4),
        ("ASCII", 1252, ascii, 6),
    ] {
        let item = item("IPM.Note", page, (pid::HTML, PropertyValue::Binary(held())), octet);
        assert!(item.defects.is_empty(), "{what}: {:?}", item.defects);
        let len = written(&item);
        assert!(len > LEN * sixths / 6 - 100, "{what}: {len} octets");
        // The picture that is shown at the end stands beside the HTML.
        let start = item.to_content().unwrap().slice(0..2000).to_vec(2000).unwrap();
        assert!(String::from_utf8_lossy(&start).contains("multipart/related"), "{what}");
        check(what);
    }
    let plain = item("IPM.Note", 932, (pid::BODY, PropertyValue::String8(held())), japanese);
    assert!(written(&plain) > LEN * 3 / 2);
    check("plain text");

    let rich = item("IPM.Note", 1252, (0x1009, PropertyValue::Binary(held())), rtf);
    let told: Vec<String> = rich.defects.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("the RTF is attached as body.rtf")), "{told:?}");
    // 8 MiB of HTML and all of the rich text.
    assert!(written(&rich) > (8 << 20) + LEN / 9 * 8);
    check("rich text");

    for class in ["IPM.Appointment", "IPM.Contact"] {
        for (what, property, octet) in [
            ("HTML", (pid::HTML, PropertyValue::Binary(held())), ascii as fn(u64) -> u8),
            ("plain text", (pid::BODY, PropertyValue::String8(held())), cyrillic),
            ("rich text", (0x1009, PropertyValue::Binary(held())), rtf),
        ] {
            let item = item(class, 1251, property, octet);
            assert!(!matches!(item.kind, ItemKind::Message(_)));
            let is_told = item.defects.iter().any(|defect| defect.kind() == DefectKind::Truncated);
            assert!(is_told, "{class}, {what}: {:?}", item.defects);
            assert!(written(&item) > 1 << 20, "{class}, {what}");
            check(&format!("{what} of {class}"));
        }
    }
}
