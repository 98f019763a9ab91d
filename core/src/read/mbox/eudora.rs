//! Files that Eudora took out of the messages of its mailboxes.
//!
//! It put the attachments of what arrived into a folder of their own, and a line into the body instead:
//! `Attachment Converted: "C:\Eudora\attach\plan.pdf"`, on a Mac `Attachment converted: Disk:plan.pdf (PDF /CARO) (0001A2B3)`,
//! `Embedded Content: picture.gif: 00000001,…`. Of what was sent, the field `X-Attachments` has the names.

use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    mime::HeaderSection,
    source::Content,
};
use encoding_rs::WINDOWS_1252;

/// What the From_ lines of its mailboxes start with.
pub(super) const FROM_LINE: &[u8] = b"From ???@???";

/// Names that are told for one message.
const MOST: usize = 16;
/// Octets of a line that are looked at: a path is no longer.
const LINE: usize = 1024;

/// What is to be told of the files that the message is without.
pub(super) fn missing_files(header: &HeaderSection<'_>, message: &Content) -> Result<Vec<Defect>> {
    let mut found = Found::default();
    for field in header.all("X-Attachments") {
        for path in decoded(&field.unfolded()).split(';') {
            found.add(path.trim());
        }
    }
    let mut line = Vec::new();
    message.for_each_chunk(|mut octets| {
        while let Some(end) = memchr::memchr2(b'\n', b'\r', octets) {
            let (start, rest) = octets.split_at(end);
            keep(&mut line, start);
            found.look_at(&line);
            line.clear();
            octets = rest.get(1..).unwrap_or_default();
        }
        keep(&mut line, octets);
        Ok(())
    })?;
    found.look_at(&line);
    Ok(found.defects())
}

fn keep(line: &mut Vec<u8>, more: &[u8]) {
    let room = LINE.saturating_sub(line.len()).min(more.len());
    line.extend_from_slice(more.get(..room).unwrap_or_default());
}

#[derive(Default)]
struct Found {
    names: Vec<String>,
    more: u64,
}

impl Found {
    fn look_at(&mut self, line: &[u8]) {
        const STARTS: [&str; 2] = ["Attachment Converted:", "Embedded Content:"];
        let value = STARTS.iter().find_map(|start| {
            let (head, value) = line.split_at_checked(start.len())?;
            head.eq_ignore_ascii_case(start.as_bytes()).then_some((*start, value))
        });
        let Some((start, value)) = value else { return };
        let value = decoded(value);
        let value = match start {
            "Embedded Content:" => value.split(": ").find(|part| !part.trim().is_empty()).unwrap_or_default(),
            _ => &value,
        };
        self.add(value.trim());
    }

    /// Adds the file that `path` leads to.
    fn add(&mut self, path: &str) {
        let name = file_name(path);
        match name {
            "" => {}
            _ if self.names.len() < MOST => self.names.push(name.to_owned()),
            _ => self.more += 1,
        }
    }

    fn defects(self) -> Vec<Defect> {
        let defect = |name: &String| {
            let detail = format!("Eudora keeps the attachment \"{name}\" in a separate file: it is not included");
            Defect::new(DefectKind::Attachment, detail)
        };
        let mut defects: Vec<_> = self.names.iter().map(defect).collect();
        if self.more > 0 {
            let detail = format!("{} more attachments that Eudora keeps in separate files", self.more);
            defects.push(Defect::new(DefectKind::Attachment, detail));
        }
        defects
    }
}

/// The name at the end of a path of Windows or of a Mac.
fn file_name(path: &str) -> &str {
    let path = match path.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
        None => without_codes(path),
    };
    path.rsplit(['\\', '/', ':']).next().unwrap_or(path).trim()
}

/// A path of a Mac without what stands behind it: `(TYPE/CREA) (0001A2B3)`.
fn without_codes(path: &str) -> &str {
    let is_number = |code: &str| code.len() == 8 && code.bytes().all(|octet| octet.is_ascii_hexdigit());
    let is_kind = |code: &str| code.len() == 9 && code.as_bytes().get(4) == Some(&b'/');
    let cut = |path: &str, is_code: &dyn Fn(&str) -> bool| -> Option<usize> {
        let (before, code) = path.strip_suffix(')')?.rsplit_once(" (")?;
        is_code(code).then_some(before.len())
    };
    let path = path.trim_end();
    let path = cut(path, &is_number).and_then(|end| path.get(..end)).unwrap_or(path);
    cut(path, &is_kind).and_then(|end| path.get(..end)).unwrap_or(path)
}

/// Text of a program that knew nothing of UTF-8, unless it is that.
fn decoded(octets: &[u8]) -> String {
    match str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(octets).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(message: &str) -> Vec<String> {
        let octets = message.as_bytes().to_vec();
        let header = HeaderSection::parse(&octets);
        let defects = missing_files(&header, &octets.clone().into()).unwrap();
        defects.iter().map(|defect| defect.detail().split('"').nth(1).unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn files_are_told_by_their_names() {
        for (line, name) in [
            (r#"Attachment Converted: "C:\Eudora\attach\plan.pdf""#, "plan.pdf"),
            (r"Attachment Converted: C:\EUDORA\ATTACH\budget 2004.xls", "budget 2004.xls"),
            ("Attachment converted: Disk:Folder:plan 2.pdf (PDF /CARO) (0001A2B3)", "plan 2.pdf"),
            ("Attachment converted: Disk:letter (copy) (TEXT/ttxt) (0001A2B3)", "letter (copy)"),
            ("Attachment Converted: \"/home/ann/attach/r\u{e9}sum\u{e9}.doc\"", "r\u{e9}sum\u{e9}.doc"),
            ("Embedded Content: picture.gif: 00000001,4e3a,00000000,0000", "picture.gif"),
        ] {
            for line_end in ["\n", "\r\n", "\r"] {
                let message = format!("Subject: a\n\nsee file\n{line}\nbye").replace('\n', line_end);
                assert_eq!(names_in(&message), [name], "{message:?}");
            }
            assert_eq!(names_in(&format!("Subject: a\n\nsee: {line}\n> {line}\n")), [""; 0], "{line}");
        }
        assert_eq!(names_in("X-Attachments: C:\\a\\b.txt; C:\\a\\c.txt;\nSubject: a\n\n"), ["b.txt", "c.txt"]);
        assert_eq!(names_in("Subject: a\n\nAttachment Converted:\nAttachment Converted: \"\"\n"), [""; 0]);
    }

    #[test]
    fn no_more_are_told_than_can_be_read() {
        let message = format!("Subject: a\n\n{}", "Attachment Converted: \"C:\\x.pdf\"\n".repeat(1_000));
        assert_eq!(names_in(&message).len(), MOST + 1);
    }
}
