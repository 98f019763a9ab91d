//! Where the properties of a component stand.

use crate::{content_line::Marker, mend::draft::Draft};
use std::ops::Range;

/// The properties that rules look at.
const KNOWN: [&str; 38] = [
    "ATTACH",
    "ATTENDEE",
    "CLASS",
    "COMPLETED",
    "CREATED",
    "DESCRIPTION",
    "DTEND",
    "DTSTAMP",
    "DTSTART",
    "DUE",
    "DURATION",
    "EXDATE",
    "EXRULE",
    "GEO",
    "IMAGE",
    "LAST-MODIFIED",
    "LOCATION",
    "ORGANIZER",
    "PERCENT-COMPLETE",
    "PRIORITY",
    "RDATE",
    "RECURRENCE-ID",
    "RRULE",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "TRANSP",
    "UID",
    "URL",
    "ACTION",
    "TRIGGER",
    "REPEAT",
    "COMMENT",
    "CATEGORIES",
    "RESOURCES",
    "RELATED-TO",
    "CONTACT",
    "TZID",
];

/// Those that a component has at most once (RFC 5545 §3.6.1 to §3.6.3).
const ONCE: [&str; 23] = [
    "CLASS",
    "COMPLETED",
    "CREATED",
    "DESCRIPTION",
    "DTEND",
    "DTSTAMP",
    "DTSTART",
    "DUE",
    "DURATION",
    "GEO",
    "LAST-MODIFIED",
    "LOCATION",
    "ORGANIZER",
    "PERCENT-COMPLETE",
    "PRIORITY",
    "RECURRENCE-ID",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "TRANSP",
    "UID",
    "URL",
    "RRULE",
];

/// The lines of a component, by name, and the components inside it.
#[derive(Default)]
pub(super) struct Index {
    lines: Vec<(&'static str, usize)>,
    /// The components inside it, each with its name in capitals.
    pub(super) inner: Vec<(Vec<u8>, Range<usize>)>,
}

impl Index {
    /// The lines between those of `range`, which open and close the component, at `depth`.
    pub(super) fn of(draft: &Draft, range: Range<usize>, depth: usize) -> Self {
        let mut index = Self::default();
        for number in range.clone().skip(1) {
            let own = draft.depth(number);
            if own < depth || (own == depth && number + 1 >= range.end) {
                break;
            }
            if own > depth {
                match Marker::of(draft.text(number)) {
                    Some(Marker::Begin(name)) if own == depth + 1 => {
                        index.inner.push((name.to_ascii_uppercase(), number..range.end));
                    }
                    Some(Marker::End(_)) if own == depth + 1 => {
                        index.inner.iter_mut().last().into_iter().for_each(|(_, range)| range.end = number + 1);
                    }
                    _ => {}
                }
                continue;
            }
            let text = draft.text(number);
            let len = text.iter().position(|octet| matches!(octet, b':' | b';')).unwrap_or(0);
            let name = text.get(..len).unwrap_or_default().trim_ascii();
            let known =
                KNOWN.iter().find(|known| known.len() == name.len() && name.eq_ignore_ascii_case(known.as_bytes()));
            index.lines.extend(known.map(|known| (*known, number)));
        }
        index
    }

    /// The number of the first line of this name.
    pub(super) fn first(&self, name: &str) -> Option<usize> {
        self.lines.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }

    /// The numbers of all lines of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + use<'a> {
        self.lines.iter().filter(move |(known, _)| *known == name).map(|(_, number)| *number)
    }

    /// Forgets a line.
    pub(super) fn forget(&mut self, number: usize) {
        // They stand in their order.
        if let Ok(at) = self.lines.binary_search_by_key(&number, |(_, number)| *number) {
            self.lines.get_mut(at).into_iter().for_each(|line| line.0 = "");
        }
    }

    /// The names that may stand once and stand there more often.
    pub(super) fn repeated(&self) -> Vec<&'static str> {
        let more = |name: &&&str| self.lines.iter().filter(|(known, _)| *known == **name).nth(1).is_some();
        if self.lines.len() < 2 {
            return Vec::new();
        }
        ONCE.iter().filter(more).copied().collect()
    }
}
