//! The directory: storages, and in each a tree of what is in it ([MS-CFB] 2.6).

use super::{ENTRY, NO_ENTRY, pages::Pages};
use crate::{
    error::Result,
    pst::le::{u16_at, u32_at, u64_at},
    source::Content,
};
use std::collections::HashSet;

/// Entries that are known: a directory of 512 MiB.
const ENTRIES: u64 = 1 << 22;
/// Units of a name.
const UNITS: usize = 31;
/// What has no owner yet.
const NOBODY: u32 = u32::MAX;

/// A storage or a stream.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its place in the directory.
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) kind: EntryKind,
    pub(crate) class: [u8; 16],
    pub(super) child: u32,
    pub(super) start: u32,
    /// The octets of a stream, as the directory says.
    pub(crate) len: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A storage; the root is one too.
    Storage,
    Stream,
}

/// All entries, read where they are asked for.
pub(super) struct Directory {
    pages: Pages,
    count: u32,
    /// Whether sizes have 32 bits: what stands behind them is no part of them (version 3, [MS-CFB] 2.6.1).
    short_sizes: bool,
    /// The storage that an entry was met in first: it is in no other.
    owners: Vec<u32>,
}

impl Directory {
    pub(super) fn new(content: Content, short_sizes: bool) -> Self {
        let count = u32::try_from((content.len() / ENTRY).min(ENTRIES)).unwrap_or(0);
        Self { pages: Pages::new(content), count, short_sizes, owners: Vec::new() }
    }

    /// An entry and its neighbours in the tree that it is in; `None` where there is none.
    pub(super) fn entry(&mut self, id: u32) -> Result<Option<(Entry, [u32; 2])>> {
        if id >= self.count {
            return Ok(None);
        }
        let short_sizes = self.short_sizes;
        let octets = self.pages.at(u64::from(id) * ENTRY)?;
        let read = || {
            let kind = match octets.get(66)? {
                1 | 5 => EntryKind::Storage,
                2 => EntryKind::Stream,
                _ => return None,
            };
            let units = usize::from(u16_at(octets, 64)? / 2).saturating_sub(1).min(UNITS);
            let (name, _) = octets.as_chunks::<2>();
            let size = u64_at(octets, 120)?;
            let entry = Entry {
                id,
                name: name_of(name.get(..units)?),
                kind,
                class: octets.get(80..96)?.try_into().ok()?,
                child: u32_at(octets, 76)?,
                start: u32_at(octets, 116)?,
                len: if short_sizes { size & 0xFFFF_FFFF } else { size },
            };
            Some((entry, [u32_at(octets, 68)?, u32_at(octets, 72)?]))
        };
        Ok(read())
    }

    /// Goes through what is in a storage, in whatever order; the answer is what is wrong there.
    pub(super) fn children(&mut self, storage: &Entry, each: &mut dyn FnMut(Entry)) -> Result<Option<&'static str>> {
        let mut waiting = vec![storage.child];
        let mut met = HashSet::new();
        let mut wrong = None;
        while let Some(id) = waiting.pop() {
            if id == NO_ENTRY {
                continue;
            }
            let is_own = match self.owner(id) {
                Some(owner) if *owner == NOBODY || *owner == storage.id => {
                    *owner = storage.id;
                    id != 0 && met.insert(id)
                }
                Some(_) => false,
                None => {
                    wrong = Some("entries of it lie beyond the end of the directory");
                    continue;
                }
            };
            if !is_own {
                wrong = Some("entries of it are linked in a circle, or belong to another one too");
                continue;
            }
            match self.entry(id)? {
                Some((entry, [left, right])) => {
                    each(entry);
                    waiting.extend([right, left]);
                }
                None => wrong = Some("entries of it are not valid"),
            }
        }
        Ok(wrong)
    }

    fn owner(&mut self, id: u32) -> Option<&mut u32> {
        let at = usize::try_from(id).ok().filter(|_| id < self.count)?;
        if self.owners.len() <= at {
            self.owners.resize(at.saturating_add(1), NOBODY);
        }
        self.owners.get_mut(at)
    }
}

/// The name in these units, up to a NUL.
fn name_of(units: &[[u8; 2]]) -> String {
    // Names are read for each value of a message: they are ASCII, and take one allocation.
    let mut name = String::new();
    name.reserve(UNITS);
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    for unit in char::decode_utf16(units) {
        name.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    name
}
