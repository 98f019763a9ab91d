//! Files that stand in the text of a body: between `begin` and `end` (POSIX.1-2017, `uuencode`), as mail had them before MIME.

use super::{
    Entity, TransferEncoding,
    evidence::{self, Evidence},
    header::trim_line_end,
    transfer_encoding::BodyReader,
};
use crate::source::Content;
use std::{io, ops::Range};

/// Octets of a line that are looked at: an encoded line has 61, a name no more than 255.
const MAX_LINE: usize = 1 << 10;

/// Files of one encoded body: to read each, the body is decoded from its start.
const MAX_IN_ENCODED: usize = 64;

/// A file in the text of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnclosedFile {
    name: Vec<u8>,
    /// From the `begin` line to the `end` line, in the decoded body.
    range: Range<u64>,
    encoding: TransferEncoding,
    /// Where its encoded octets are, the lines around them left out.
    octets: Range<u64>,
}

impl EnclosedFile {
    /// The files in the body of `entity`, `most` of them, or 64 of an encoded one: the others stay text. Little of it is
    /// in memory.
    pub(crate) fn all(entity: &Entity, message: &Content, most: usize) -> io::Result<Vec<Self>> {
        let most = match entity.encoding() {
            TransferEncoding::Identity => most,
            _ => most.min(MAX_IN_ENCODED),
        };
        let mut scan = Scan { most, ..Scan::default() };
        let mut reader = entity.reader(message);
        loop {
            let piece = reader.next_piece()?;
            if piece.is_empty() {
                scan.end_line();
                scan.finish();
                return Ok(scan.found);
            }
            scan.push(piece);
        }
    }

    /// What of the decoded body it is.
    pub(crate) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The name in its `begin` line.
    pub(crate) fn name(&self, entity: &Entity, evidence: &dyn Fn() -> Evidence) -> String {
        let charset = entity.media_type().parameters().octets("charset").unwrap_or_default();
        evidence::read(charset, &self.name, evidence).text.into_owned()
    }

    /// Reads its octets.
    pub(crate) fn reader(&self, entity: &Entity, message: &Content) -> BodyReader {
        let range = match self.encoding {
            TransferEncoding::Uuencode => self.range(),
            _ => self.octets.clone(),
        };
        match entity.encoding() {
            TransferEncoding::Identity => BodyReader::new(message.slice(entity.body()).slice(range), self.encoding),
            _ => BodyReader::within(entity.reader(message), range, self.encoding),
        }
    }
}

/// Goes over the lines of a body.
#[derive(Debug, Default)]
struct Scan {
    line: Vec<u8>,
    /// Where the line starts, and how far the body was read.
    start: u64,
    at: u64,
    open: Option<Open>,
    found: Vec<EnclosedFile>,
    most: usize,
}

/// A file whose `end` line was not met yet.
#[derive(Debug)]
struct Open {
    file: EnclosedFile,
    /// Lines of it so far, and whether the last of them was met, which holds no octets.
    lines: u64,
    closing: bool,
}

impl Scan {
    fn push(&mut self, piece: &[u8]) {
        if self.line.ends_with(b"\r") && !piece.starts_with(b"\n") {
            self.end_line();
        }
        let mut rest = piece;
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            let len = match rest.get(end..) {
                // What follows is not known yet.
                Some(b"\r") => break,
                Some([b'\r', b'\n', ..]) => end + 2,
                _ => end + 1,
            };
            let (line, behind) = rest.split_at_checked(len).unwrap_or_default();
            self.take(line);
            self.end_line();
            rest = behind;
        }
        self.take(rest);
    }

    fn take(&mut self, octets: &[u8]) {
        let room = (MAX_LINE + 1).saturating_sub(self.line.len());
        self.line.extend_from_slice(octets.get(..room).unwrap_or(octets));
        self.at += octets.len() as u64;
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.take_line(trim_line_end(&line));
        self.start = self.at;
        // The room is used again.
        self.line = line;
        self.line.clear();
    }

    fn take_line(&mut self, line: &[u8]) {
        if let Some(open) = &mut self.open {
            if line.is_empty() {
                return;
            }
            let is_base64 = open.file.encoding == TransferEncoding::Base64;
            let text = line.trim_ascii_end();
            if text == if is_base64 { &b"===="[..] } else { b"end" } {
                let Some(mut open) = self.open.take() else { return };
                open.file.range.end = self.at;
                self.add(open.file);
                return;
            }
            let is_line = if is_base64 { is_base64_line(text) } else { is_uu_line(line, open.lines == 0) };
            if is_line && !open.closing {
                open.lines += 1;
                open.closing = !is_base64 && matches!(line, [b'`' | b' ']);
                open.file.range.end = self.at;
                open.file.octets.end = self.at;
                return;
            }
            self.finish();
        }
        if line.starts_with(b"begin") && self.found.len() < self.most {
            self.open = self.begins(line);
        }
    }

    fn begins(&self, line: &[u8]) -> Option<Open> {
        let (encoding, rest) = match line.strip_prefix(b"begin ") {
            Some(rest) => (TransferEncoding::Uuencode, rest),
            None => (TransferEncoding::Base64, line.strip_prefix(b"begin-base64 ")?),
        };
        let space = rest.iter().position(|&octet| octet == b' ')?;
        let (mode, name) = rest.split_at_checked(space)?;
        let name = name.trim_ascii();
        let is_mode = (3..=6).contains(&mode.len()) && mode.iter().all(|octet| (b'0'..=b'7').contains(octet));
        let is_header = is_mode && !name.is_empty() && line.len() <= MAX_LINE;
        is_header.then(|| Open {
            file: EnclosedFile { name: name.to_vec(), range: self.start..self.at, encoding, octets: self.at..self.at },
            lines: 0,
            closing: false,
        })
    }

    /// A file whose `end` is missing, at the end of the text or before a line that is none of its own: it is what was read so far.
    fn finish(&mut self) {
        if let Some(open) = self.open.take().filter(|open| open.lines > u64::from(open.closing)) {
            self.add(open.file);
        }
    }

    fn add(&mut self, file: EnclosedFile) {
        if self.found.len() < self.most {
            self.found.push(file);
        }
    }
}

/// Whether a line can be one of uuencode: its first octet says how many octets it holds, and it has as many digits, or a
/// checksum more, or fewer where spaces at its end were lost.
fn is_uu_line(line: &[u8], is_first: bool) -> bool {
    let Some((&first, digits)) = line.split_first() else { return false };
    let is_digit = |octet: &u8| (b' '..=b'`').contains(octet);
    if !is_digit(&first) || !digits.iter().all(is_digit) {
        return false;
    }
    let len = usize::from(first.wrapping_sub(b' ') & 63);
    let wanted = len.div_ceil(3) * 4;
    let lost = if is_first { 3 } else { wanted };
    digits.len() <= wanted + 2 && digits.len() + lost >= wanted
}

fn is_base64_line(line: &[u8]) -> bool {
    line.len() <= 128
        && line.len().is_multiple_of(4)
        && line.iter().all(|octet| octet.is_ascii_alphanumeric() || b"+/=".contains(octet))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of a few octets")]
mod tests {
    use super::*;
    use crate::{limits::Limits, mime::Structure};
    use std::io::Read;

    /// The files of a text as `name:octets`, and the text without them.
    fn files(body: &str, header: &str) -> (Vec<String>, String) {
        let message = Content::from(format!("{header}\n\n{body}").into_bytes());
        let structure = Structure::read(&message, &Limits::default()).unwrap();
        let entity = &structure.entities()[0];
        let files = EnclosedFile::all(entity, &message, 10).unwrap();
        let said = files.iter().map(|file| {
            let mut octets = String::new();
            file.reader(entity, &message).read_to_string(&mut octets).unwrap();
            format!("{}:{octets}", file.name(entity, &Evidence::default))
        });
        let ranges: Vec<_> = files.iter().map(EnclosedFile::range).collect();
        let text = crate::mime::text_without(entity, &message, &Limits::default(), &ranges, &Evidence::default);
        (said.collect(), text.unwrap().0)
    }

    #[test]
    fn files_in_a_text_are_found() {
        let cat = "#0V%T\n`\nend\n";
        for (body, said, text) in [
            (format!("see\nbegin 644 cat.txt\n{cat}bye\n"), &["cat.txt:Cat"][..], "see\nbye\n"),
            (format!("see\nbegin 644 cat.txt\n{cat}bye\n").replace('\n', "\r\n"), &["cat.txt:Cat"], "see\nbye\n"),
            (format!("begin 0644 a b.txt\n{cat}x\nbegin 755 c\n{cat}"), &["a b.txt:Cat", "c:Cat"], "x\n"),
            ("a\nbegin-base64 644 d.txt\nQ2F0\n====\nb".into(), &["d.txt:Cat"], "a\nb"),
            // The end is missing.
            ("begin 644 cat.txt\n#0V%T\n".into(), &["cat.txt:Cat"], ""),
            ("begin 644 cat.txt\n#0V%T\n\nRegards\n".into(), &["cat.txt:Cat"], "\nRegards\n"),
            // None of them is a file.
            ("begin 644 reading at\nthe start\nend\n".into(), &[], "begin 644 reading at\nthe start\nend\n"),
            ("begin 644 list\nEND\nend\n".into(), &[], "begin 644 list\nEND\nend\n"),
            ("begin 999 cat.txt\n#0V%T\n`\nend\n".into(), &[], "begin 999 cat.txt\n#0V%T\n`\nend\n"),
            ("> begin 644 a\n> #0V%T\n> `\n> end\n".into(), &[], "> begin 644 a\n> #0V%T\n> `\n> end\n"),
            (format!("begin 644 x\nbegin 644 cat.txt\n{cat}"), &["cat.txt:Cat"], "begin 644 x\n"),
        ] {
            assert_eq!(
                files(&body, "Subject: s"),
                (said.iter().map(|&s| s.to_owned()).collect(), text.into()),
                "{body}"
            );
        }
    }

    #[test]
    fn files_in_an_encoded_text_are_found() {
        let header = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable";
        let body = "gr=C3=BC=C3=9Fe\nbegin 644 =C3=BC.txt\n#0V%T\n`\nend\nbye";
        assert_eq!(files(body, header), (vec!["ü.txt:Cat".to_owned()], "grüße\nbye".to_owned()));
    }
}
