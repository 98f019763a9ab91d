//! What is wrong with the octets of a message in the eyes of a strict server.

use crate::source::Content;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, io};

/// What a server may refuse a message for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Flaw {
    /// A NUL octet.
    Nul,
    /// A line in the header section that is no field (RFC 5322 §2.2), as a From_ line is.
    HeaderLine,
    /// An octet above 127 in the header section, where no RFC 6532 message is meant: RFC 5322 knows none.
    EightBitHeader,
    /// No blank line behind the header section.
    NoBlankLine,
}

/// The flaws of a message, which is gone through once.
pub(super) fn flaws_of(content: &Content) -> io::Result<BTreeSet<Flaw>> {
    let mut flaws = BTreeSet::new();
    let mut at = Place::LineStart { first: true };
    content.for_each_chunk(|chunk| {
        if memchr::memchr(0, chunk).is_some() {
            flaws.insert(Flaw::Nul);
        }
        let mut rest = chunk;
        while at != Place::Body
            && let Some((&octet, behind)) = rest.split_first()
        {
            if !octet.is_ascii() {
                flaws.insert(Flaw::EightBitHeader);
            }
            at = match (at, octet) {
                (Place::LineStart { .. } | Place::Return, b'\n') => Place::Body,
                (Place::LineStart { .. }, b'\r') => Place::Return,
                (Place::LineStart { first: false }, b' ' | b'\t') => Place::Line,
                (Place::LineStart { .. }, 33..=57 | 59..=126) | (Place::Name, 33..=57 | 59..=126) => Place::Name,
                (Place::Name, b':') | (Place::Line, _) if octet != b'\n' => Place::Line,
                (Place::Line, _) => Place::LineStart { first: false },
                _ => {
                    flaws.insert(Flaw::HeaderLine);
                    if octet == b'\n' { Place::LineStart { first: false } } else { Place::Line }
                }
            };
            rest = behind;
            if at == Place::Line {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                if !line.is_ascii() {
                    flaws.insert(Flaw::EightBitHeader);
                }
                rest = behind;
            }
        }
        Ok(())
    })?;
    if at != Place::Body {
        flaws.insert(Flaw::NoBlankLine);
    }
    Ok(flaws)
}

/// How far into the header section it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart {
        first: bool,
    },
    /// Behind a CR at the start of a line.
    Return,
    Name,
    /// In the value of a field, or in a line that is none.
    Line,
    Body,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_strict_server_refuses() {
        use Flaw::{EightBitHeader, HeaderLine, NoBlankLine, Nul};
        for (message, flaws) in [
            ("A: b\r\nC:d\r\n e: f\r\n\r\nno field\r\n", &[][..]),
            ("A: b\n\nx\n", &[]),
            ("\r\nx", &[]),
            ("A: b\r\n\r\nx\0y", &[Nul]),
            ("From ann Thu May  3 10:04:05 2018\r\nA: b\r\n\r\n", &[HeaderLine]),
            (">From ann\nA: b\n\n", &[HeaderLine]),
            ("A : b\r\n\r\n", &[HeaderLine]),
            (" A: b\r\n\r\n", &[HeaderLine]),
            ("A: b\r\nwords\r\n\r\n", &[HeaderLine]),
            ("\u{e9}: b\r\n\r\n", &[HeaderLine, EightBitHeader]),
            ("Subject: caf\u{e9}\r\n\r\n", &[EightBitHeader]),
            ("Subject: x\r\n \u{e9}\r\n\r\n", &[EightBitHeader]),
            ("Subject: x\r\n\r\ncaf\u{e9}\r\n", &[]),
            ("A: b\r\n", &[NoBlankLine]),
            ("A: b\r\nwords\0", &[Nul, HeaderLine, NoBlankLine]),
            ("", &[NoBlankLine]),
        ] {
            let found = flaws_of(&Content::from(message.as_bytes().to_vec())).unwrap();
            assert_eq!(found, flaws.iter().copied().collect(), "{message:?}");
        }
    }
}
