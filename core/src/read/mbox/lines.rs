//! Lines around an offset: what a From_ line is judged by.

use super::{from_line::MAX_FROM_LINE, window::Window};
use crate::{error::Result, mime};

/// The octet that ends a line: LF (alone or behind CR), or CR in files of the classic Mac OS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineEnd(u8);

impl LineEnd {
    /// What the first line of `head` ends with.
    pub(super) fn of(head: &[u8]) -> Self {
        match memchr::memchr2(b'\n', b'\r', head) {
            Some(at) if head.get(at) == Some(&b'\r') && memchr::memchr(b'\n', head).is_none() => Self(b'\r'),
            _ => Self(b'\n'),
        }
    }

    pub(super) fn octet(self) -> u8 {
        self.0
    }

    /// The first line of `octets`, without its end.
    pub(super) fn first_line(self, octets: &[u8]) -> &[u8] {
        let line = octets.split(|octet| *octet == self.0).next().unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Whether a line starts at `at`.
    pub(super) fn starts_line(self, window: &Window, at: u64) -> Result<bool> {
        Ok(window.before(at)?.is_none_or(|octet| octet == self.0))
    }

    /// The octets of the line from `at` on without its end, cut after `max`, and where the next line starts.
    pub(super) fn line(self, window: &Window, at: u64, max: usize) -> Result<(Vec<u8>, Option<u64>)> {
        let octets = window.octets(at, max)?;
        let end = memchr::memchr(self.0, &octets);
        let line = octets.get(..end.unwrap_or(octets.len())).unwrap_or_default();
        let next = match end {
            Some(end) => Some(at + end as u64 + 1),
            None if octets.len() < max => Some(window.end()),
            None => None,
        };
        Ok((line.strip_suffix(b"\r").unwrap_or(line).to_vec(), next))
    }

    /// The length of the blank line that ends at `at` and starts at or after `floor`; 0 if that line is not blank.
    pub(super) fn blank_line_before(self, window: &Window, at: u64, floor: u64) -> Result<u64> {
        let ends: &[&[u8]] = if self.0 == b'\n' { &[b"\r\n", b"\n"] } else { &[b"\r"] };
        for end in ends {
            let Some(start) = at.checked_sub(end.len() as u64).filter(|start| *start >= floor) else { continue };
            let line_is_blank = *window.octets(start, end.len())? == **end;
            if line_is_blank && (start == floor || self.starts_line(window, start)?) {
                return Ok(end.len() as u64);
            }
        }
        Ok(0)
    }
}

/// What the line behind a From_ line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextLine {
    /// There is none.
    End,
    Blank,
    /// `From ` or `>From `.
    FromLine,
    /// A header field whose name is known.
    KnownField,
    /// A line that follows the grammar of a header field (RFC 5322 §2.2).
    Field,
    Other,
}

impl NextLine {
    pub(super) fn read(window: &Window, line_end: LineEnd, at: u64) -> Result<Self> {
        if at >= window.end() {
            return Ok(Self::End);
        }
        let (line, _) = line_end.line(window, at, MAX_FROM_LINE)?;
        Ok(match &*line {
            [] => Self::Blank,
            line if line.starts_with(b"From ") || line.starts_with(b">From ") => Self::FromLine,
            line if !mime::is_field_line(line) => Self::Other,
            line if is_known_field(line) => Self::KnownField,
            _ => Self::Field,
        })
    }

    pub(super) fn is_field(self) -> bool {
        matches!(self, Self::KnownField | Self::Field)
    }
}

/// Whether `line` is a header field of a known name.
pub(super) fn is_known_field(line: &[u8]) -> bool {
    let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
    mime::is_field_line(line) && mime::is_known_field_name(name.trim_ascii_end())
}
