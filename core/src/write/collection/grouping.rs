use crate::{
    error::{Error, ErrorKind, Result},
    word::parsed,
    write::size,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// How many items a file of an archive takes.
///
/// It is asked for as `calendar`, `item`, or the bound of a part: a number of items, or of octets with a unit.
///
/// ```
/// use mailferry::write::Grouping;
///
/// assert_eq!("item".parse::<Grouping>()?, Grouping::EachItem);
/// assert_eq!("500".parse::<Grouping>()?, Grouping::Parts { items: 500, octets: u64::MAX });
/// assert_eq!("900K".parse::<Grouping>()?, Grouping::Parts { items: u64::MAX, octets: 900 << 10 });
/// assert!("0".parse::<Grouping>().is_err());
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// One file for each calendar or address book of each source.
    #[default]
    OneFile,
    /// One file for each UID or card: Outlook reads only the first card of a file.
    EachItem,
    /// Files of at most so many items, and of at most so many octets where more than one item is in them.
    Parts {
        /// Items of one file.
        items: u64,
        /// Octets of one file.
        octets: u64,
    },
}

impl FromStr for Grouping {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "calendar" => Ok(Self::OneFile),
            "item" => Ok(Self::EachItem),
            bounds => match bounds.split_once(',') {
                None => part(text, bounds),
                Some((items, octets)) => match (part(text, items)?, part(text, octets)?) {
                    (Self::Parts { items, octets: u64::MAX }, Self::Parts { items: u64::MAX, octets }) => {
                        Ok(Self::Parts { items, octets })
                    }
                    _ => Err(refused(text)),
                },
            },
        }
    }
}

/// A part of at most so many items, or of at most so many octets.
fn part(text: &str, bound: &str) -> Result<Grouping> {
    match (bound.parse::<u64>(), size(bound)) {
        (Ok(0), _) => Err(Error::new(ErrorKind::Options, "a part takes at least one item")),
        (Ok(items), _) => Ok(Grouping::Parts { items, octets: u64::MAX }),
        (Err(_), Ok(octets)) => Ok(Grouping::Parts { items: u64::MAX, octets }),
        _ => Err(refused(text)),
    }
}

fn refused(text: &str) -> Error {
    let message = format!(
        "{text:?} is not calendar, item or a size of parts: examples are 500 (items), 900K (octets) and 500,900K (both)"
    );
    Error::new(ErrorKind::Options, message)
}

/// As it is asked for; octets are told to the last.
impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneFile => f.write_str("calendar"),
            Self::EachItem => f.write_str("item"),
            Self::Parts { items, octets: u64::MAX } => write!(f, "{items}"),
            Self::Parts { items: u64::MAX, octets } => write!(f, "{octets}B"),
            Self::Parts { items, octets } => write!(f, "{items},{octets}B"),
        }
    }
}

impl Serialize for Grouping {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grouping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        for asked in ["calendar", "item", "500", "900K", "500,900K", "1,1B"] {
            let grouping: Grouping = asked.parse().unwrap();
            assert_eq!(grouping.to_string().parse::<Grouping>().unwrap(), grouping, "{asked}");
        }
        for wrong in ["", "0", "0,9K", "9K,500", "500,", "9K,9K", "500,500", "files"] {
            assert!(wrong.parse::<Grouping>().is_err(), "{wrong}");
        }
    }
}
