//! Messages that were written as a tree of parts are read as that tree, from memory and from a source, and no octets panic.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    mime::{Structure, decode_text},
    model::{Message, MessageView},
    source::{Content, ReadAt, Source},
};
use proptest::prelude::*;
use std::{fmt::Write, io, sync::Arc};

#[derive(Clone, Debug)]
enum Part {
    Leaf(String),
    Multipart(Vec<Part>),
}

fn part() -> impl Strategy<Value = Part> {
    let leaf = "[ -~\n]{0,30}".prop_map(|text| Part::Leaf(text.replace("--", "- ")));
    leaf.prop_recursive(5, 30, 4, |inner| prop::collection::vec(inner, 1..4).prop_map(Part::Multipart))
}

/// Writes the part with boundaries that no other has, and notes what must be read.
fn write(part: &Part, end: &str, count: &mut usize, out: &mut String, expected: &mut Vec<String>) {
    *count += 1;
    let boundary = format!("=b{count}");
    match part {
        Part::Leaf(text) => {
            let text = text.replace('\n', end);
            write!(out, "Content-Type: application/x-part{end}{end}{text}").unwrap();
            expected.push(text);
        }
        Part::Multipart(parts) => {
            write!(out, "Content-Type: multipart/mixed; boundary=\"{boundary}\"{end}{end}preamble").unwrap();
            expected.push("multipart".into());
            for part in parts {
                write!(out, "{end}--{boundary}{end}").unwrap();
                write(part, end, count, out, expected);
            }
            write!(out, "{end}--{boundary}--").unwrap();
        }
    }
}

/// Octets that are not in memory as far as anyone can see.
struct Unseen(Vec<u8>);

impl ReadAt for Unseen {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf)
    }
}

fn read(content: &Content) -> Vec<String> {
    let structure = Structure::read(content, &mailferry::Limits::default()).unwrap();
    assert!(structure.defects().is_empty(), "{:?}", structure.defects());
    let octets = content.to_vec(1 << 20).unwrap();
    let entities = structure.entities().iter();
    let said = entities.map(|entity| match entity.media_type().is_multipart() {
        true => "multipart".into(),
        false => {
            String::from_utf8_lossy(&octets[entity.body().start as usize..entity.body().end as usize]).into_owned()
        }
    });
    said.collect()
}

/// How many parts each multipart has, in order.
fn shape(part: &Part, shape: &mut Vec<usize>) {
    match part {
        Part::Leaf(_) => shape.push(0),
        Part::Multipart(parts) => {
            shape.push(parts.len());
            parts.iter().for_each(|part| self::shape(part, shape));
        }
    }
}

proptest! {
    #[test]
    fn a_tree_that_was_written_is_read(part in part(), end in prop::sample::select(vec!["\r\n", "\n"])) {
        let (mut text, mut expected) = (String::new(), Vec::new());
        write(&part, end, &mut 0, &mut text, &mut expected);
        let octets = text.into_bytes();
        let len = octets.len() as u64;
        let in_memory = Content::from(octets.clone());
        prop_assert_eq!(read(&in_memory), expected.clone());
        prop_assert_eq!(read(&Content::new(Arc::new(Unseen(octets)), Some(0..len))), expected);
        let structure = Structure::read(&in_memory, &mailferry::Limits::default()).unwrap();
        let counts: Vec<usize> = (0..structure.entities().len()).map(|place| structure.parts(place).count()).collect();
        let mut shape = Vec::new();
        self::shape(&part, &mut shape);
        prop_assert_eq!(counts, shape);
    }

    #[test]
    fn no_octets_panic(octets: Vec<u8>) {
        MessageView::of(&Message::new(octets.into())).unwrap();
    }

    #[test]
    fn no_mail_panics(lines in prop::collection::vec(prop::sample::select(vec![
        "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/digest; boundary=\"b\"", "Content-Type: text/html",
        "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: x-uue", "--b", "--b--",
        "--c", "", "", "text", " folded", "From: a <b@c>", "From x", "begin 644 a", "#0V%T", "\u{e9}=", "AAAA=",
    ]), 0..30), end in prop::sample::select(vec!["\r\n", "\n", "\r"])) {
        let octets = lines.join(end).into_bytes();
        let len = octets.len() as u64;
        let unseen = Message::new(Content::new(Arc::new(Unseen(octets.clone())), Some(0..len)));
        prop_assert_eq!(MessageView::of(&Message::new(octets.into())).unwrap(), MessageView::of(&unseen).unwrap());
    }

    #[test]
    fn text_in_encoded_words_comes_back_however_it_is_cut(text in "\\PC{0,40}", cut in 1_usize..9, base64: bool) {
        let words = text.as_bytes().chunks(cut).map(|octets| {
            if base64 {
                return format!("=?utf-8?B?{}?=", to_base64(octets));
            }
            let encoded: String = octets.iter().map(|octet| format!("={octet:02X}")).collect();
            format!("=?utf-8?Q?{encoded}?=")
        });
        let value = words.collect::<Vec<_>>().join("\r\n ");
        prop_assert_eq!(decode_text(value.as_bytes()), text);
    }
}

fn to_base64(octets: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, &octet| bits << 8 | u32::from(octet)) << (8 * (3 - group.len()));
        let digit =
            |at: usize| if at <= group.len() { char::from(digits[(bits >> (18 - 6 * at)) as usize & 63]) } else { '=' };
        (0..4).map(digit).collect::<String>()
    };
    octets.chunks(3).map(group).collect()
}

#[test]
fn what_stands_in_a_multipart_without_parts_is_text() {
    for (body, kind, text) in [
        ("Content-Type: text/html\n\n<p>Hello\n--b--\n", "text/plain", "Content-Type: text/html\n\n<p>Hello"),
        ("Hello\n--b--\nepilogue\n", "text/plain", "Hello"),
        // There is nothing to be read, and nothing to be told.
        ("\n--b--\n", "multipart/mixed", "\n"),
        ("Hello\n--b\n\npart\n--b--\n", "multipart/mixed", "Hello\n--b\n\npart\n"),
    ] {
        let octets = format!("Content-Type: multipart/mixed; boundary=b\n\n{body}").into_bytes();
        for content in [Content::from(octets.clone()), Content::from(Arc::new(Unseen(octets.clone())) as Source)] {
            let structure = Structure::read(&content, &mailferry::Limits::default()).unwrap();
            let entity = &structure.entities()[0];
            assert_eq!(entity.media_type().essence(), kind, "{body}");
            let body = entity.body();
            assert_eq!(String::from_utf8_lossy(&octets[body.start as usize..body.end as usize]), text);
            let told: Vec<_> = structure.defects().iter().map(ToString::to_string).collect();
            assert_eq!(told.len(), usize::from(kind == "text/plain"), "{told:?}");
        }
    }
}
