//! A message in a file of its own: EML (RFC 5322), as mail programs save it.

use super::{FormatInfo, Head, Score, message_file::MessageFile};
use crate::mime;

pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "eml",
    title: "A single message (EML, RFC 5322)",
    extensions: &["eml"],
    media_types: &["message/rfc822"],
    archived: &["eml"],
    detect,
    open: |request| Ok(Box::new(MessageFile::whole(request).telling_separators())),
};

/// A message starts with a header field; blank lines and a byte-order mark before it are forgiven, and so is a From_ line, where the
/// name says that the file is one message.
fn detect(head: &Head<'_>) -> Score {
    let octets = head.octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.octets);
    let blank = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    let octets = octets.get(blank..).unwrap_or_default();
    let mut lines = octets.split(|octet| matches!(octet, b'\r' | b'\n')).filter(|line| !line.is_empty());
    let line = lines.next().unwrap_or_default();
    if line.starts_with(b"From ")
        && head.has_extension(FORMAT.extensions)
        && lines.next().is_some_and(mime::is_field_line)
    {
        return Score::Certain;
    }
    let name = line.split(|octet| *octet == b':').next().unwrap_or_default();
    match mime::is_field_line(line) {
        true if mime::is_known_field_name(name.trim_ascii_end()) => Score::Likely,
        true if head.has_extension(FORMAT.extensions) => Score::Possible,
        _ if head.has_extension(FORMAT.extensions) && !octets.contains(&0) => Score::Possible,
        _ => Score::No,
    }
}
