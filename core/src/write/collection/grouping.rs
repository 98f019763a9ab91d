use crate::{
    error::{Error, ErrorKind, Result},
    write::size,
};
use std::str::FromStr;

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
        let refuse = |told: String| Err(Error::new(ErrorKind::Options, told));
        match text.trim() {
            "calendar" => Ok(Self::OneFile),
            "item" => Ok(Self::EachItem),
            bound => match (bound.parse::<u64>(), size(bound)) {
                (Ok(0), _) => refuse("a part takes at least one item".into()),
                (Ok(items), _) => Ok(Self::Parts { items, octets: u64::MAX }),
                (Err(_), Ok(octets)) => Ok(Self::Parts { items: u64::MAX, octets }),
                _ => refuse(format!(
                    "{text:?} is neither calendar nor item nor a bound: 500 (items) and 900K (octets) are some"
                )),
            },
        }
    }
}
