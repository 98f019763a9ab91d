//! Where the properties of a component stand.

use crate::{content_line::Marker, mend::draft::Draft};
use std::ops::Range;

/// The properties that rules look at, by the length of their names.
fn known(name: &[u8]) -> Option<&'static str> {
    let names: &[&str] = match name.len() {
        3 => &["UID", "DUE", "URL", "GEO"],
        4 => &["TZID"],
        5 => &["DTEND", "RRULE", "CLASS", "RDATE", "IMAGE"],
        6 => &["STATUS", "TRANSP", "ATTACH", "EXDATE", "EXRULE", "ACTION", "REPEAT"],
        7 => &["DTSTAMP", "DTSTART", "SUMMARY", "CREATED", "TRIGGER", "COMMENT", "CONTACT"],
        8 => &["SEQUENCE", "LOCATION", "ATTENDEE", "DURATION", "PRIORITY"],
        9 => &["ORGANIZER", "COMPLETED", "RESOURCES"],
        10 => &["CATEGORIES", "RELATED-TO"],
        11 => &["DESCRIPTION"],
        13 => &["LAST-MODIFIED", "RECURRENCE-ID"],
        16 => &["PERCENT-COMPLETE"],
        _ => &[],
    };
    names.iter().find(|known| name.eq_ignore_ascii_case(known.as_bytes())).copied()
}

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
    /// Which names are there, and which are there twice, each as one bit that it may share: most rules find that there is nothing for them.
    names: u64,
    twice: u64,
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
                match draft.marker(number) {
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
            if let Some(known) = known(draft.name(number)) {
                let bit = bit(known);
                index.twice |= index.names & bit;
                index.names |= bit;
                index.lines.push((known, number));
            }
        }
        index
    }

    /// The number of the first line of this name.
    pub(super) fn first(&self, name: &str) -> Option<usize> {
        if self.names & bit(name) == 0 {
            return None;
        }
        self.lines.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }

    /// The numbers of all lines of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + use<'a> {
        let lines = if self.names & bit(name) == 0 { &[] } else { self.lines.as_slice() };
        lines.iter().filter(move |(known, _)| *known == name).map(|(_, number)| *number)
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
        if self.twice == 0 {
            return Vec::new();
        }
        ONCE.iter().filter(|name| self.twice & bit(name) != 0).filter(more).copied().collect()
    }
}

/// The bit of a name.
fn bit(name: &str) -> u64 {
    let octet = |octet: Option<&u8>| octet.map_or(0, |octet| u32::from(*octet));
    let (first, last) = (octet(name.as_bytes().first()), octet(name.as_bytes().last()));
    1 << ((name.len() as u32 * 11 + first * 3 + last) % 64)
}
