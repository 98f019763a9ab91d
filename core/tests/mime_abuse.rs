//! Messages made to exhaust time, memory or the stack are read in time linear in their length.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    DefectKind, Limits,
    model::{Message, MessageView},
    source::{Content, ReadAt},
};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

/// How much longer eight times the octets may take: eight times, and what a busy machine adds; quadratic would be sixty-four.
const MAX_RATIO: u32 = 30;
const OCTETS: usize = 200 << 10;

fn view(octets: Vec<u8>) -> (MessageView, Duration) {
    let mut limits = Limits::default();
    limits.header_section = 64 << 20;
    let start = Instant::now();
    let message = Message::with_limits(octets.into(), limits);
    let view = MessageView::of(&message).unwrap();
    (view, start.elapsed())
}

#[test]
fn time_is_linear_whatever_the_message() {
    type Make = fn(usize) -> Vec<u8>;
    fn field(start: &str, text: &str, len: usize) -> Vec<u8> {
        format!("From: a@b\r\n{start}{}\r\n\r\nbody", text.repeat(len / text.len())).into_bytes()
    }
    fn body(start: &str, text: &str, len: usize) -> Vec<u8> {
        format!("{start}\r\n\r\n{}", text.repeat(len / text.len())).into_bytes()
    }
    let cases: &[(&str, Make)] = &[
        ("fields", |n| field("", "X-A: b\r\n", n)),
        ("stray lines", |n| field("", "stray\r\n", n)),
        ("stray lines and a field", |n| field("X: y\r\n", "stray\r\nTo: a\r\n", n)),
        ("folds", |n| field("Subject: a", "\r\n b", n)),
        ("encoded words", |n| field("Subject: ", "=?utf-8?Q?a?= ", n)),
        ("open encoded words", |n| field("Subject: ", "=?u?Q?a", n)),
        ("open base64 words", |n| field("Subject: ", "=?u?B?a ", n)),
        ("question marks", |n| field("Subject: =?u?Q?", "?=41", n)),
        ("starts of words", |n| field("Subject: ", "=?", n)),
        ("addresses", |n| field("To: ", "a@b,", n)),
        ("addresses without commas", |n| field("To: ", "a@b ", n)),
        ("open quotes", |n| field("To: ", "\"\\\"", n)),
        ("open comments", |n| field("To: ", "(", n)),
        ("open literals", |n| field("To: ", "[(\"", n)),
        ("open angles", |n| field("To: ", "<a", n)),
        ("groups", |n| field("To: ", "a:b;", n)),
        ("open words in addresses", |n| field("To: ", "=?u?Q?a", n)),
        ("identifiers", |n| field("Message-ID: ", "<a", n)),
        ("a long date", |n| field("Date: ", "1 (", n)),
        ("parameters", |n| field("Content-Type: text/plain", "; a=b", n)),
        ("sections", |n| {
            let sections: String = (0..n / 20).map(|at| format!(";\r\n name*{at}*=a%41")).collect();
            format!("Content-Type: text/plain{sections}\r\n\r\nb").into_bytes()
        }),
        ("open values", |n| field("Content-Type: text/plain", ";a=\"", n)),
        ("words in a value", |n| field("Content-Type: text/plain; a=b", " c", n)),
        ("nested multiparts", |n| {
            let levels: String = (0..n / 60)
                .map(|at| format!("Content-Type: multipart/mixed; boundary={at}\r\n\r\n--{at}\r\n"))
                .collect();
            levels.into_bytes()
        }),
        ("parts", |n| body("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\n", n)),
        ("parts without blank lines", |n| body("Content-Type: multipart/mixed; boundary=b", "--b\r\nA: b\r\n", n)),
        ("almost delimiters", |n| body("Content-Type: multipart/mixed; boundary=b", "--\r\n--bb\r\n", n)),
        ("guesses", |n| {
            body(
                "Content-Type: multipart/mixed; boundary=b",
                "--c\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n",
                n,
            )
        }),
        ("quoted-printable", |n| body("Content-Transfer-Encoding: quoted-printable", "= =\r", n)),
        ("blanks", |n| body("Content-Transfer-Encoding: quoted-printable", " ", n)),
        ("padding", |n| body("Content-Transfer-Encoding: base64", "AA==", n)),
        ("uuencode", |n| body("Content-Transfer-Encoding: x-uuencode", "begin 644 a\n", n)),
        ("utf-7", |n| body("Content-Type: text/plain; charset=utf-7", "+A", n)),
        ("files in a text", |n| body("Subject: s", "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n", n)),
        ("files that do not end", |n| body("Subject: s", "begin 644 a\r\n#0V%T\r\n", n)),
        ("raw octets", |n| [&b"Subject: "[..], &b"\xE9 ".repeat(n / 2), b"\r\n\r\nbody"].concat()),
        ("fields of raw octets", |n| [&b"A: \xE9\r\n".repeat(n / 6)[..], b"\r\nbody"].concat()),
        ("nested signatures", |n| {
            body("Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64", "MIAwgDCA", n)
        }),
    ];
    let mut slow = Vec::new();
    for (name, make) in cases {
        let fastest = |octets: usize| (0..2).map(|_| view(make(octets)).1).min().unwrap();
        let (short, long) = (fastest(OCTETS).max(Duration::from_millis(2)), fastest(OCTETS * 8));
        if long > short * MAX_RATIO {
            slow.push(format!("{name}: {short:?}, then {long:?} for eight times the octets"));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn a_hundred_thousand_nested_multiparts_are_bounded_and_told() {
    let levels: String =
        (0..100_000).map(|at| format!("Content-Type: multipart/mixed; boundary={at}\r\n\r\n--{at}\r\n")).collect();
    let message = Message::new(levels.into_bytes().into());
    assert!(message.defects().unwrap().iter().any(|defect| defect.kind() == DefectKind::NestingLimit));
    assert_eq!(message.structure().unwrap().entities().len(), Limits::default().nesting + 1);
}

#[test]
fn more_parts_than_the_limit_are_left_out_and_told() {
    let mut limits = Limits::default();
    limits.entities = 10;
    let text = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100));
    let message = Message::with_limits(text.into_bytes().into(), limits);
    assert_eq!(message.structure().unwrap().entities().len(), 10);
    assert!(message.defects().unwrap().iter().any(|defect| defect.kind() == DefectKind::EntityLimit));
}

#[test]
fn a_header_section_of_ten_megabytes_is_cut_and_its_body_found() {
    let text = format!("Subject: a\n{}\nbody", "X-A: b\n".repeat(10 << 20 >> 3));
    let message = Message::new(text.into_bytes().into());
    assert_eq!(message.subject().unwrap().as_deref(), Some("a"));
    assert_eq!(message.text().unwrap().as_deref(), Some("body"));
    assert!(message.defects().unwrap().iter().any(|defect| defect.kind() == DefectKind::HeaderSectionLimit));
}

/// A header section, then one line of zeros that is not in memory, then a closing delimiter.
struct Sparse {
    start: Vec<u8>,
    end: Vec<u8>,
    len: u64,
}

impl ReadAt for Sparse {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let end = self.len - self.end.len() as u64;
        let len = buf.len().min(usize::try_from(self.len - offset).unwrap_or(usize::MAX));
        buf[..len].fill(0);
        for (at, octet) in
            (offset..).zip(&mut buf[..len]).take(if offset < 4096 || offset + len as u64 > end { len } else { 0 })
        {
            if let Some(start) = self.start.get(at as usize) {
                *octet = *start;
            } else if at >= end {
                *octet = self.end[(at - end) as usize];
            }
        }
        Ok(len)
    }
}

#[test]
fn a_message_of_four_gigabytes_is_scanned() {
    // Little of it in a debug build; the offsets are what matters.
    let len = if cfg!(debug_assertions) { (4_u64 << 30) + 100 } else { (5 << 30) + 7 };
    let start = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n\n".to_vec();
    let sparse = Sparse { start, end: b"\n--b--\n".to_vec(), len };
    let message = Message::new(Content::new(Arc::new(sparse), Some(0..len)));
    let entities = message.structure().unwrap().entities();
    assert_eq!(entities.len(), 2);
    assert_eq!(entities[1].body().end, len - 7);
    assert!(message.defects().unwrap().is_empty());
}
