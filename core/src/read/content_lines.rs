use super::{Head, Score};
use crate::{
    content_line::ContentLines,
    defect::{Defect, DefectKind},
    error::Result,
    model::{Folder, FolderPath},
    source::{Recent, Source, Utf16},
};
use std::sync::Arc;

/// A source as UTF-8 or as code pages that hold ASCII, its lines behind a byte-order mark, and what is told of its encoding.
pub(super) fn open(source: Source) -> Result<(Source, ContentLines, Vec<Defect>)> {
    let mut defects = Vec::new();
    let source: Source = match Utf16::detect(&source)? {
        Some(utf8) => {
            defects.push(Defect::new(DefectKind::Utf16, "UTF-16 text, read as UTF-8").at(0));
            Arc::new(utf8)
        }
        None => source,
    };
    let source = Recent::over(source);
    let mut lines = ContentLines::new(source.clone())?;
    lines.skip_byte_order_mark();
    Ok((source, lines, defects))
}

/// How sure it is that the first line that is not blank begins one of these components.
pub(super) fn score(head: &Head<'_>, names: &[&[u8]]) -> Score {
    let octets: Vec<u8> = head.octets.iter().copied().filter(|octet| *octet != 0).take(4_096).collect();
    let text = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&octets);
    let text = text.strip_prefix(b"\xff\xfe").or(text.strip_prefix(b"\xfe\xff")).unwrap_or(text).trim_ascii_start();
    let begins = |line: &[u8]| {
        let rest = line.get(..5).filter(|start| start.eq_ignore_ascii_case(b"BEGIN")).and(line.get(5..));
        let name = rest.map(<[u8]>::trim_ascii_start).and_then(|rest| rest.strip_prefix(b":"))?.trim_ascii();
        names.iter().position(|known| name.eq_ignore_ascii_case(known))
    };
    let mut lines = text.split(|octet| matches!(octet, b'\r' | b'\n'));
    match lines.next().and_then(begins) {
        Some(0) => Score::Certain,
        Some(_) => Score::Likely,
        None if lines.any(|line| begins(line) == Some(0)) => Score::Possible,
        None => Score::No,
    }
}

/// The folder that a file stands for: its name, less the path and the extension.
pub(super) fn folder_of_file(name: &str, extensions: &[&str]) -> Folder {
    let name = name.rsplit(['/', '\\', '!']).find(|part| !part.is_empty()).unwrap_or(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extensions.iter().any(|e| e.eq_ignore_ascii_case(extension)) => {
            stem
        }
        _ => name,
    };
    Folder { path: FolderPath::new([stem]), role: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_decides() {
        let score =
            |octets: &[u8]| score(&Head { octets, len: octets.len() as u64, name: "" }, &[b"VCALENDAR", b"VEVENT"]);
        assert_eq!(score(b"\xef\xbb\xbf\r\n begin :vcalendar\r\n"), Score::Certain);
        assert_eq!(score(b"\xff\xfeB\0E\0G\0I\0N\0:\0V\0C\0A\0L\0E\0N\0D\0A\0R\0\r\0\n\0"), Score::Certain);
        assert_eq!(score(b"BEGIN:VEVENT\nUID:1\n"), Score::Likely);
        assert_eq!(score(b"junk\nBEGIN:VCALENDAR\n"), Score::Possible);
        assert_eq!(score(b"From x\nSubject: BEGIN:VCALENDAR\n"), Score::No);
    }
}
