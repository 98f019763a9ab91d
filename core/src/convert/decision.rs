//! What is decided upon an item before anything of it is rendered.

use crate::model::{Folder, Item, Label};
use std::fmt;

/// Where an item is in a run: the number of its source and its own in that source, both from 1.
///
/// It is written as the `id` of the item log: `1:42`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The number of the source, those that cannot be opened included.
    pub source: u64,
    /// The number of the item in it, those that cannot be read included.
    pub ordinal: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.ordinal)
    }
}

/// Why an item is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The stable name in the item log, in snake case.
    pub reason: &'static str,
    /// The item that is kept instead of this one.
    pub duplicate_of: Option<Place>,
}

impl Skip {
    /// Why an item is left out that its mail program no longer shows.
    pub const EXPUNGED: &'static str = "expunged";

    /// Why `item` is left out for what its mailbox says of it, whatever is selected.
    pub fn by_state(item: &Item) -> Option<Self> {
        item.expunged.then(|| Self::because(Self::EXPUNGED))
    }

    /// Left out for `reason`.
    pub fn because(reason: &'static str) -> Self {
        Self { reason, duplicate_of: None }
    }
}

/// Decides upon one item after the other, in the order of the sources, before it is rendered.
pub(super) trait Gate: Send {
    /// Why the item is left out; `None` where it goes on. What the gate changes of the item is what is rendered and written.
    fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip>;

    /// Whether a folder that holds no item is kept; the gate may give it another place.
    fn keeps(&mut self, _folder: &mut Folder) -> bool {
        true
    }
}

/// An item that was decided upon.
pub(super) struct Decided {
    pub(super) item: Item,
    pub(super) place: Place,
    /// Why it is left out.
    pub(super) skip: Option<Skip>,
    /// What the source says of it, where it is written otherwise.
    pub(super) in_source: Option<Box<InSource>>,
}

/// What a source says of an item.
pub(super) struct InSource {
    pub(super) folder: Folder,
    pub(super) labels: Vec<Label>,
    /// Octets.
    pub(super) size: u64,
}

impl Decided {
    /// An item upon which there is nothing to decide.
    pub(super) fn unchanged(item: Item, place: Place) -> Self {
        Self { item, place, skip: None, in_source: None }
    }
}
