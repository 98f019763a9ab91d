//! The archives that one Google Takeout comes in: `takeout-20240131T120000Z-001.zip`, `…-002.zip`; since 2024 also `…Z-1-001.zip`.

use crate::error::{Error, ErrorKind};
use std::{borrow::Cow, path::Path};

const ENDINGS: [&str; 4] = ["zip", "tgz", "tar.gz", "tbz"];

/// What the name of an archive says of its place in a Takeout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The name up to the number of the part: the parts of one Takeout share it, and how they are packed.
    set: String,
    number: u32,
    ending: &'static str,
}

impl Part {
    /// The part that a file of this name is, if it is one. A browser calls a second download `…-001 (1).zip`.
    pub(super) fn named(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next()?;
        let (stem, ending) = ENDINGS.iter().find_map(|ending| {
            let (stem, last) = name.split_at_checked(name.len().checked_sub(ending.len() + 1)?)?;
            last.get(1..)
                .filter(|last| last.eq_ignore_ascii_case(ending) && name.as_bytes().get(stem.len()) == Some(&b'.'))?;
            Some((stem, *ending))
        })?;
        let stem = stem.rsplit_once(" (").filter(|(_, copy)| copy.ends_with(')')).map_or(stem, |(stem, _)| stem);
        let (set, number) = stem.rsplit_once('-')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        let of_takeout = set.get(..8)?.eq_ignore_ascii_case("takeout-").then(|| set.get(8..)).flatten()?;
        let time = of_takeout.split('-').next()?.as_bytes();
        let is_time = time.len() == 16
            && time.iter().enumerate().all(|(at, octet)| match at {
                8 => *octet == b'T',
                15 => *octet == b'Z',
                _ => octet.is_ascii_digit(),
            });
        let middle = of_takeout.split('-').skip(1).all(is_number);
        (is_time && middle && is_number(number) && number.len() <= 6).then_some(())?;
        Some(Self { set: set.to_owned(), number: number.parse().ok().filter(|number| *number > 0)?, ending })
    }

    /// Whether both are of one Takeout.
    pub(super) fn is_of_set(&self, other: &Self) -> bool {
        self.set == other.set && self.ending == other.ending
    }

    /// The name of the part of this number.
    fn numbered(&self, number: u32) -> String {
        format!("{}-{number:03}.{}", self.set, self.ending)
    }

    /// The name of the next part.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn next(&self) -> String {
        self.numbered(self.number.saturating_add(1))
    }
}

/// Where among `places` one called `name` belongs: the parts of a Takeout stand together, in their order; all else comes last.
pub(super) fn place_of<'n>(name: &str, places: impl Iterator<Item = Cow<'n, str>> + Clone) -> Option<usize> {
    let part = Part::named(name)?;
    let of_set = |other: &str| Part::named(other).filter(|other| other.is_of_set(&part));
    let after = |(_, other): &(usize, Cow<'n, str>)| of_set(other).is_some_and(|other| other.number <= part.number);
    let before = |(_, other): &(usize, Cow<'n, str>)| of_set(other).is_some_and(|other| other.number > part.number);
    let last = places.clone().enumerate().filter(after).last().map(|(at, _)| at + 1);
    last.or_else(|| places.enumerate().find(before).map(|(at, _)| at))
}

/// Follows the parts as they come, in their order.
#[derive(Default)]
pub(super) struct Parts {
    last: Option<Part>,
}

impl Parts {
    /// Notes the next archive, called `name`; where parts before it are missing, what to say of them.
    pub(super) fn missing_before(&mut self, name: &str) -> Option<Error> {
        let part = Part::named(name)?;
        let last = self.last.replace(part.clone()).filter(|last| last.is_of_set(&part)).map_or(0, |last| last.number);
        let first = last.saturating_add(1);
        if first >= part.number {
            return None;
        }
        let (first, until) = (part.numbered(first), part.numbered(part.number - 1));
        let missing =
            if first == until { format!("{first} is missing") } else { format!("{first} to {until} are missing") };
        let directory =
            Path::new(name).parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default();
        let message = format!(
            "part of a Google Takeout that is not complete: {missing}. What is in the missing parts is not read: download them{}, \
             and give all parts together",
            if directory.is_empty() { String::new() } else { format!(" into {directory}") }
        );
        Some(Error::new(ErrorKind::Io, message).in_file(name).non_fatal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> Option<(String, u32, &'static str)> {
        Part::named(name).map(|part| (part.set, part.number, part.ending))
    }

    #[test]
    fn parts_are_known_by_their_names() {
        let set = "takeout-20240131T120000Z";
        for (name, expected) in [
            ("takeout-20240131T120000Z-001.zip", Some((set, 1, "zip"))),
            ("/a b/takeout-20240131T120000Z-012.tgz", Some((set, 12, "tgz"))),
            ("C:\\Mail\\takeout-20240131T120000Z-002.ZIP", Some((set, 2, "zip"))),
            ("takeout-20240131T120000Z-003 (1).zip", Some((set, 3, "zip"))),
            ("takeout-20240131T120000Z-1-001.zip", Some(("takeout-20240131T120000Z-1", 1, "zip"))),
            ("takeout-20240131T120000Z-2-1000.tar.gz", Some(("takeout-20240131T120000Z-2", 1000, "tar.gz"))),
            ("takeout-20240131T120000Z.zip", None),
            ("takeout-20240131T120000Z-000.zip", None),
            ("takeout-2024-001.zip", None),
            ("takeout-20240131T120000Z-001.mbox", None),
            ("takeout-20240131T120000Z-x-001.zip", None),
            ("drive-download-20240131T120000Z-001.zip", None),
            ("takeout-é", None),
            ("zip", None),
            (".zip", None),
        ] {
            assert_eq!(part(name), expected.map(|(set, number, ending)| (set.to_owned(), number, ending)), "{name}");
        }
    }

    #[test]
    fn parts_come_together_in_order() {
        let name = |set: &str, number| format!("takeout-2024013{set}T120000Z-{number:03}.zip");
        let mut places: Vec<String> = Vec::new();
        for given in [
            "a.mbox".to_owned(),
            name("1", 3),
            name("2", 2),
            "b.mbox".to_owned(),
            name("1", 1),
            name("2", 1),
            name("1", 2),
        ] {
            let at = place_of(&given, places.iter().map(|place| place.as_str().into())).unwrap_or(places.len());
            places.insert(at, given);
        }
        let expected = [
            "a.mbox".to_owned(),
            name("1", 1),
            name("1", 2),
            name("1", 3),
            name("2", 1),
            name("2", 2),
            "b.mbox".to_owned(),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn missing_parts_are_named() {
        let name = |number| format!("d/takeout-20240131T120000Z-{number:03}.zip");
        let missing = |numbers: &[u32]| {
            let mut parts = Parts::default();
            let found = numbers.iter().filter_map(|number| parts.missing_before(&name(*number)));
            found.map(|error| error.to_string()).collect::<Vec<_>>()
        };
        assert!(missing(&[1, 2, 3]).is_empty());
        assert!(missing(&[1, 1, 2]).is_empty());
        assert!(missing(&[2])[0].contains("takeout-20240131T120000Z-001.zip is missing"));
        assert!(missing(&[1, 5])[0].contains("-002.zip to takeout-20240131T120000Z-004.zip are missing"));
        assert_eq!(missing(&[2, 4]).len(), 2);
    }
}
