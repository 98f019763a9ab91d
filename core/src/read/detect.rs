use super::{
    formats::{FORMATS, FormatInfo, is_one_of},
    other_programs,
};
use crate::{
    error::{Error, ErrorKind, Result},
    source::{Compression, ReadAt, Source},
};

/// How many octets from the start of a source are looked at.
pub(super) const HEAD: usize = 64 << 10;

/// What is known of a source before it is read.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The first octets: 64 KiB, or all when there are fewer.
    pub octets: &'a [u8],
    /// The length of the whole source in octets.
    pub len: u64,
    /// The name of the source; it only advises.
    pub name: &'a str,
}

impl Head<'_> {
    /// Whether the name ends in one of `extensions` (without the dot, in lower case), whatever its case.
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        extension(self.name).is_some_and(|found| is_one_of(found, extensions))
    }
}

/// How sure a format is that octets are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// They are not.
    No,
    /// They could be: there is no evidence against it.
    Possible,
    /// They look like it, but another format may look alike.
    Likely,
    /// A signature that no other format has.
    Certain,
}

/// The format with the highest [`Score`]; among equals the one whose extension the name has, then the first of the table.
///
/// An empty source has the format of its extension.
///
/// # Errors
/// [`ErrorKind::UnknownFormat`] when no format knows the octets; the message says what they look like.
pub fn detect(head: &Head<'_>) -> Result<&'static FormatInfo> {
    let chosen = choose(FORMATS, head);
    match other_programs::by_octets(head.octets) {
        // What another program wrote may hold mail that looks like a mailbox; but one that is known inside of it is certain.
        Some(other) if chosen.is_none_or(|format| format.look.is_none()) => Err(other.error()),
        _ => chosen.ok_or_else(|| unknown(head)),
    }
}

/// The format that a closer look at a source tells, of those that need one; `start` are its first octets.
pub(super) fn closer_look(source: &Source, start: &[u8]) -> Result<Option<&'static FormatInfo>> {
    for format in FORMATS {
        if let Some(look) = format.look
            && look(source, start)?
        {
            return Ok(Some(format));
        }
    }
    Ok(None)
}

fn choose<'f>(formats: &'f [FormatInfo], head: &Head<'_>) -> Option<&'f FormatInfo> {
    if head.len == 0 {
        return formats.iter().find(|format| head.has_extension(format.extensions));
    }
    formats
        .iter()
        .map(|format| ((format.detect)(head), head.has_extension(format.extensions), format))
        .filter(|(score, _, _)| *score != Score::No)
        .reduce(|best, next| if (next.0, next.1) > (best.0, best.1) { next } else { best })
        .map(|(_, _, format)| format)
}

/// The first octets of `source`.
pub(super) fn head_of(source: &dyn ReadAt) -> std::io::Result<Vec<u8>> {
    let n = usize::try_from(source.len()).unwrap_or(HEAD).min(HEAD);
    let mut octets = vec![0; n];
    source.read_exact_at(0, &mut octets)?;
    Ok(octets)
}

/// What follows the last dot of the last segment of `name`.
pub(super) fn extension(name: &str) -> Option<&str> {
    let segment = name.rsplit(['/', '\\', '!']).next()?;
    segment.rsplit_once('.').map(|(_, extension)| extension)
}

/// The error for what no format knows: it says what the octets look like.
pub(super) fn unknown(head: &Head<'_>) -> Error {
    if head.len == 0 {
        return Error::new(ErrorKind::UnknownFormat, "is empty");
    }
    if let Some(other) = other_programs::by_octets(head.octets) {
        return other.error();
    }
    let known: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    let message = match (signature(head.octets), other_programs::by_name(head)) {
        (Some(what), _) => format!("is {what}; what can be read is {}", known.join(", ")),
        (None, other) => format!(
            "unknown format: the file starts with {}; {}readable formats: {}",
            first_octets(head.octets),
            other.map(|other| format!("{}; ", other.hint())).unwrap_or_default(),
            known.join(", ")
        ),
    };
    Error::new(ErrorKind::UnknownFormat, message)
}

/// Signatures of files that people take for mailboxes, so that the error can say what to do.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive inside another archive (unpack the outer one first)"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xff\xfe\0\0", "UTF-32 text (convert it to UTF-8 first)"),
    (b"\0\0\xfe\xff", "UTF-32 text (convert it to UTF-8 first)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"<!DOCTYPE html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
];

/// Signatures of what holds other files, or their octets in another form: no message starts like that, whatever its file is called.
const CONTAINERS: &[(&[u8], &str)] = &[
    (b"BZh", "compressed with bzip2 once more (decompress it first)"),
    (b"\xfd7zXZ\0", "compressed with xz once more (decompress it first)"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard once more (decompress it first)"),
    (b"\x1f\x8b", "compressed with gzip once more (decompress it first)"),
    (b"\x1f\x9d", "compressed with compress (decompress it first)"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4 (decompress it first)"),
    (b"Dovecot-LZ4", "compressed with LZ4 by Dovecot (rewrite it with doveadm sync, or export it)"),
    (b"\x5d\0\0", "compressed with LZMA (decompress it first)"),
    (b"LZIP\x01", "compressed with lzip (decompress it first)"),
    (
        b"CRYPTED\x03\x07",
        "encrypted by Dovecot's mail-crypt (rewrite it without encryption with doveadm sync, or export it)",
    ),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (unpack it first)"),
    (b"Rar!\x1a\x07", "a RAR archive (unpack it first)"),
    (b"PK\x03\x04", "a ZIP archive (unpack it first)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE compound file (such as a Word document or an Outlook .msg)"),
];

/// What the octets of a file are by their signature, if it is a known one of no mail.
pub(super) fn signature(octets: &[u8]) -> Option<&'static str> {
    found(SIGNATURES, octets).or_else(|| container(octets))
}

/// What holds other files or a message in another form, by its signature.
pub(super) fn container(octets: &[u8]) -> Option<&'static str> {
    // Three letters may start a text.
    found(CONTAINERS, octets).filter(|_| !octets.starts_with(b"BZh") || Compression::of(octets).is_some())
}

fn found(signatures: &[(&[u8], &'static str)], octets: &[u8]) -> Option<&'static str> {
    // What can be read is not said to be of another kind.
    let is_read = || FORMATS.iter().any(|format| format.has_signature(octets));
    signatures.iter().find(|(start, _)| octets.starts_with(start)).filter(|_| !is_read()).map(|(_, what)| *what)
}

/// The first octets as a person can compare them: in hexadecimal and, where they are text, as text.
fn first_octets(octets: &[u8]) -> String {
    let first = octets.get(..16).unwrap_or(octets);
    let hex: Vec<_> = first.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("{} (\"{}\")", hex.join(" "), first.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Request;

    fn format(name: &'static str, extensions: &'static [&'static str], detect: fn(&Head<'_>) -> Score) -> FormatInfo {
        let open = |_: Request| Err(Error::new(ErrorKind::Unsupported, "only for detection"));
        FormatInfo { extensions, ..FormatInfo::new(name, name, detect, open) }
    }

    fn head<'a>(octets: &'a [u8], name: &'a str) -> Head<'a> {
        Head { octets, len: octets.len() as u64, name }
    }

    #[test]
    fn content_decides_and_the_name_breaks_ties() {
        let formats = [
            format("a", &["a"], |_| Score::Possible),
            format("b", &["b"], |_| Score::Possible),
            format("c", &["c"], |head| if head.octets.starts_with(b"c") { Score::Certain } else { Score::No }),
        ];
        let name = |octets, name| choose(&formats, &head(octets, name)).map(|format| format.name);
        assert_eq!(name(b"x", "file"), Some("a"));
        assert_eq!(name(b"x", "archive.zip!dir/file.B"), Some("b"));
        assert_eq!(name(b"x", "file.c"), Some("a"), "a name alone makes no format");
        assert_eq!(name(b"c", "file.b"), Some("c"));
        assert_eq!(name(b"", "file.c"), Some("c"), "an empty file is what it is called");
        assert_eq!(name(b"", "file"), None);
    }

    #[test]
    fn an_unknown_format_is_told_by_what_it_looks_like() {
        let error = unknown(&head(b"%PDF-1.7", "x.mbox"));
        assert_eq!(error.kind(), ErrorKind::UnknownFormat);
        assert!(error.to_string().contains("PDF"), "{error}");
        let error = unknown(&head(b"\x00\x01abc", "x")).to_string();
        assert!(error.contains("00 01 61 62 63") && error.contains("abc"), "{error}");
        assert!(unknown(&head(b"", "x")).to_string().contains("empty"));
    }

    #[test]
    fn an_extension_is_that_of_the_last_segment() {
        assert_eq!(extension("a.zip!b.d/file"), None);
        assert_eq!(extension("a/b.tar.gz"), Some("gz"));
    }
}
