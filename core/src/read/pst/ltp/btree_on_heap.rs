//! B-trees on heaps ([MS-PST] 2.3.2).

use super::heap::Heap;
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::Octets,
    pst::le::u32_at,
};

/// Levels above the leaves that are followed: with 447 entries each, 8 hold more than any heap.
const DEPTH: u8 = 8;

/// A B-tree in a heap: records of a fixed size, in the order of their keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BtreeOnHeap {
    key: usize,
    entry: usize,
    levels: u8,
    root: u32,
}

impl BtreeOnHeap {
    /// The B-tree whose header is `hid`, with keys of `key` octets and at least `entry` octets beside each.
    pub(crate) fn open(heap: &Heap, hid: u32, key: usize, entry: usize) -> Result<Self> {
        let broken = |what| Error::new(ErrorKind::Malformed, what).non_fatal();
        let header = heap.get(hid)?;
        let header = header.as_slice().unwrap_or_default();
        let (Some(0xB5), Some(cb_key), Some(cb_entry), Some(levels), Some(root)) =
            (header.first(), header.get(1), header.get(2), header.get(3), u32_at(header, 4))
        else {
            return Err(broken("the B-tree of the heap was not found"));
        };
        if usize::from(*cb_key) != key || usize::from(*cb_entry) < entry || *levels > DEPTH {
            return Err(broken("the B-tree of the heap has records of another kind"));
        }
        Ok(Self { key, entry: (*cb_entry).into(), levels: *levels, root })
    }

    /// Starts to go through the records.
    pub(crate) fn cursor(&self, heap: &Heap) -> Cursor {
        let mut cursor = Cursor { tree: *self, stack: Vec::new(), budget: heap.len(), error: None };
        cursor.descend(heap, self.root, self.levels);
        cursor
    }
}

/// A place among the records of a B-tree, to go on from. It holds one list of records a level.
#[derive(Debug)]
pub(crate) struct Cursor {
    tree: BtreeOnHeap,
    /// From the root down: what is listed, how far it was read, its level.
    stack: Vec<(Octets, usize, u8)>,
    /// Octets of records that may still be gone through: no more than the heap has, so that no circle is endless.
    budget: u64,
    error: Option<Error>,
}

impl Cursor {
    fn descend(&mut self, heap: &Heap, hid: u32, level: u8) {
        if hid == 0 {
            return;
        }
        match heap.get(hid) {
            Ok(octets) => match self.budget.checked_sub(octets.len().max(1)) {
                Some(left) => {
                    self.budget = left;
                    self.stack.push((octets, 0, level));
                }
                None => {
                    self.stack.clear();
                    let what = "the B-tree of the heap has more records than the heap has room";
                    self.error = Some(Error::new(ErrorKind::Malformed, what).non_fatal());
                }
            },
            Err(e) => self.error = Some(e),
        }
    }

    /// Whether the next record stands in a list that was read already, so that going on to it cannot fail.
    pub(crate) fn is_within_list(&self) -> bool {
        let is_whole = |(octets, at, level): &(Octets, usize, u8)| {
            let record = *at..*at + self.tree.key + self.tree.entry;
            *level == 0 && octets.as_slice().is_some_and(|octets| octets.get(record).is_some())
        };
        self.error.is_none() && self.stack.last().is_some_and(is_whole)
    }

    /// Calls `f` with the next record, key first.
    ///
    /// # Errors
    /// Where records are lost; the next call goes on behind them.
    pub(crate) fn next<T>(&mut self, heap: &Heap, f: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
        loop {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let Some((octets, at, level)) = self.stack.last_mut() else { return Ok(None) };
            let level = *level;
            let size = self.tree.key + if level == 0 { self.tree.entry } else { 4 };
            let octets = octets.as_slice().unwrap_or_default();
            let Some(record) = octets.get(*at..*at + size) else {
                self.stack.pop();
                continue;
            };
            *at += size;
            if level == 0 {
                return Ok(f(record));
            }
            let child = u32_at(record, self.tree.key).unwrap_or(0);
            self.descend(heap, child, level - 1);
        }
    }
}
