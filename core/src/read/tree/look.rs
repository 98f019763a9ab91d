//! What a file is by its octets, whatever it is called.

use super::File;
use crate::{
    error::Result,
    mime,
    read::{
        FormatInfo, Head, Score,
        archive::{is_tar, is_zip},
        detect::{HEAD, closer_look, signature},
        eml,
        formats::FORMATS,
        mbox,
    },
    source::{Compression, SIGNATURE, Source, Utf16},
};
use std::borrow::Cow;

/// Octets that tell data from text.
const GLANCE: usize = 512;
const _: () = assert!(GLANCE >= SIGNATURE as usize);

/// What a file is by its octets.
pub(in crate::read) enum Look {
    /// Items of this format.
    Items(&'static FormatInfo),
    /// A tar archive.
    Archive,
    /// Nothing that can be read, and why.
    Nothing(Cow<'static, str>),
}

use Look::{Archive, Items, Nothing};

const EMPTY: &str = "is empty";
const DATA: &str = "contains data that is not mail, a calendar or contacts";
const TEXT: &str = "contains text that is not mail, a calendar or contacts";
const STORE: &str = "is a PST or OST file in an archive, where it cannot be read: unpack the archive first";
const ZIP: &str =
    "is a ZIP archive, or a document made of one: if it contains mail, unpack it, or rename it to end in .zip";
const INNER: &str = "is an archive in an archive: unpack the outer one first";
const WEB_PAGE: &str = "is a web page that was saved as one file (MHTML)";

/// Looks at the octets of `source`; of compressed ones at those that they hold.
///
/// Little is read of what is no mail: a tree may hold a million photographs.
///
/// # Errors
/// What the source says.
pub(in crate::read) fn look(source: &Source, file: &File<'_>) -> Result<Look> {
    if source.is_empty() {
        return Ok(Nothing(EMPTY.into()));
    }
    let start = first(source, GLANCE)?;
    if let Some(compression) = Compression::of(&start) {
        let head = compression.head(source.clone(), HEAD)?;
        let short = head.len() < HEAD;
        let len = if short { head.len() as u64 } else { u64::MAX };
        return Ok(match (of_head(&head, len, file), head.is_empty()) {
            (_, true) => Nothing(format!("is {} data that cannot be read", compression.name()).into()),
            (Nothing(why), _) => Nothing(format!("{why} ({} data)", compression.name()).into()),
            (look, _) => look,
        });
    }
    if matches!(*start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        && let Some(text) = Utf16::detect(source)?
    {
        let text: Source = std::sync::Arc::new(text);
        return Ok(of_head(&first(&text, HEAD)?, text.len(), file));
    }
    if let Some(format) = closer_look(source, &start)? {
        let can_be_read = file.any_format || !format.archived.is_empty();
        return Ok(if can_be_read { Items(format) } else { Nothing(INNER.into()) });
    }
    let is_data = start.contains(&0) && !is_tar(&first(source, 512)?);
    let head = if is_data { start } else { first(source, HEAD)? };
    Ok(of_head(&head, source.len(), file))
}

/// The first octets, `most` or as many as there are.
fn first(source: &Source, most: usize) -> Result<Vec<u8>> {
    let mut octets = vec![0; most];
    let mut filled = 0;
    while let Some(rest) = octets.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read_at(filled as u64, rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            // A file of the kernel's may have fewer octets than it tells.
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error.into()),
        }
    }
    octets.truncate(filled);
    Ok(octets)
}

fn of_head(octets: &[u8], len: u64, file: &File<'_>) -> Look {
    let head = Head { octets, len, name: "" };
    if is_tar(octets) {
        return if file.any_format { Archive } else { Nothing(INNER.into()) };
    }
    if is_zip(octets) {
        return Nothing(if file.any_format { ZIP.into() } else { INNER.into() });
    }
    if let Some(what) = signature(octets) {
        return Nothing(format!("is {what}").into());
    }
    if (mbox::FORMAT.detect)(&head) == Score::Certain {
        let is_one = file.is_called_like_a_message() && len <= octets.len() as u64 && !has_second_from_line(octets);
        return Items(if is_one { &eml::FORMAT } else { &mbox::FORMAT });
    }
    let known = FORMATS.iter().filter(|format| format.known_by_octets);
    if let Some(format) =
        known.max_by_key(|format| (format.detect)(&head)).filter(|f| (f.detect)(&head) >= Score::Likely)
    {
        let can_be_read = file.any_format || !format.archived.is_empty();
        return if can_be_read { Items(format) } else { Nothing(STORE.into()) };
    }
    match message(octets) {
        Message::WebPage => Nothing(WEB_PAGE.into()),
        Message::Fields(0) => Nothing(if octets.contains(&0) { DATA.into() } else { TEXT.into() }),
        Message::Fields(1) if !file.is_called_like_a_message() => Nothing(TEXT.into()),
        Message::Fields(_) => Items(&eml::FORMAT),
    }
}

fn has_second_from_line(octets: &[u8]) -> bool {
    memchr::memmem::find_iter(octets, b"\nFrom ").next().is_some()
}

enum Message {
    WebPage,
    /// How many different header fields speak for a message.
    Fields(usize),
}

/// What a message is known by. Others have fields such as `Content-Type`, too.
const OF_MAIL: [&[u8]; 20] = [
    b"from",
    b"to",
    b"cc",
    b"bcc",
    b"date",
    b"subject",
    b"message-id",
    b"received",
    b"return-path",
    b"sender",
    b"reply-to",
    b"mime-version",
    b"delivered-to",
    b"newsgroups",
    b"path",
    b"in-reply-to",
    b"references",
    b"x-mozilla-status",
    b"x-mailer",
    b"status",
];

/// Looks at what stands before the first blank line.
fn message(octets: &[u8]) -> Message {
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets).trim_ascii_start();
    let mut found = [false; OF_MAIL.len()];
    let is_cr_only = !octets.contains(&b'\n');
    for (i, line) in octets.split(|octet| *octet == if is_cr_only { b'\r' } else { b'\n' }).enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.contains(&0) {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        if !mime::is_field_line(line) {
            break;
        }
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii_end();
        if i == 0 && !mime::is_known_field_name(name) {
            return Message::Fields(0);
        }
        if name.eq_ignore_ascii_case(b"Snapshot-Content-Location") || line.starts_with(b"From: <Saved by ") {
            return Message::WebPage;
        }
        if let Some(place) = OF_MAIL.iter().position(|known| known.eq_ignore_ascii_case(name))
            && let Some(found) = found.get_mut(place)
        {
            *found = true;
        }
    }
    Message::Fields(found.iter().filter(|found| **found).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn called<'n>(name: &'n str, any_format: bool) -> File<'n> {
        File { directories: &[], name, modified: None, mode: None, in_maildir: false, any_format, indexed: false }
    }

    fn looked(name: &str, octets: &[u8], any_format: bool) -> String {
        match look(&(Arc::new(octets.to_vec()) as Source), &called(name, any_format)).unwrap() {
            Items(format) => format.name.to_owned(),
            Archive => "archive".to_owned(),
            Nothing(why) => format!("- {why}"),
        }
    }

    #[test]
    fn octets_tell_what_a_file_is_whatever_it_is_called() {
        let mail = b"Received: from a\r\nFrom: a@example.org\r\nSubject: x\r\n\r\nhi\r\n";
        let mbox = b"From a@example.org Mon Jan  1 00:00:00 2024\nSubject: x\n\nhi\n";
        let two = [&mbox[..], b"\n", mbox].concat();
        let calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n";
        for (name, octets, format) in [
            ("12", &mail[..], "eml"),
            ("1.", mail, "eml"),
            ("msg.Ab3d", mail, "eml"),
            ("letter.txt", mail, "eml"),
            ("no extension at all", mail, "eml"),
            ("12", mbox, "eml"),
            ("msg.Ab3d", mbox, "eml"),
            ("12", &two, "mbox"),
            ("9.mbs", mbox, "mbox"),
            ("archive.txt", mbox, "mbox"),
            ("plan.txt", calendar, "ics"),
            ("x", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nN:x\r\nEND:VCARD\r\n", "vcf"),
            ("12", b"Subject: alone\n\nx", "eml"),
        ] {
            assert_eq!(looked(name, octets, true), format, "{name}");
            assert_eq!(looked(name, octets, false), format, "{name}");
        }
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain("Subject: x\nFrom: a@b\n\nhi\n".encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(looked("saved.txt", &utf16, true), "eml");
    }

    #[test]
    fn what_is_no_mail_says_what_it_is() {
        for (name, octets, why) in [
            ("a", &b""[..], "empty"),
            ("a.pdf", b"%PDF-1.7", "PDF"),
            ("photo", b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
            ("notes.txt", b"Subject: only a heading\n\nof a text\n", "text"),
            ("notes.txt", b"Note: this\nand that\n", "text"),
            ("PKG-INFO", b"Metadata-Version: 2.1\nName: x\nSubject: y\nDate: z\n", "text"),
            ("page.mht", b"From: <Saved by Blink>\r\nSubject: page\r\nDate: x\r\n\r\n", "web page"),
            (".cache", b"a\0b\0c", "data"),
            ("x.docx", b"PK\x03\x04\x14\0", "ZIP"),
        ] {
            let told = looked(name, octets, true);
            assert!(told.starts_with("- ") && told.contains(why), "{name}: {told}");
        }
        #[cfg(feature = "outlook")]
        assert!(looked("x.pst", b"!BDN\0\0\0\0SM\x17\0", false).contains("unpack the archive first"));
        assert!(looked("x.zip", b"PK\x03\x04\x14\0", false).contains("archive in an archive"));
    }
}
