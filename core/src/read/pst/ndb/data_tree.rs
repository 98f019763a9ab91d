//! The data of a node: one block, or a tree of them ([MS-PST] 2.2.2.8.3.1, 2.2.2.8.3.2).

use super::{Ndb, block::is_internal, page::BlockEntry};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    pst::{
        Variant,
        le::{u16_at, u32_at},
    },
    source::{Content, ReadAt, Source},
};
use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

/// The data of a node, read block by block.
///
/// A block that is lost in the middle keeps its place, filled with NUL, so that what follows stays where it belongs.
pub(crate) struct DataTree {
    ndb: Arc<Ndb>,
    branches: Vec<Branch>,
    len: u64,
    /// The blocks of the branch that was used last.
    current: Mutex<Option<(usize, Arc<[Leaf]>)>>,
}

/// An XBLOCK, or the single block that is all there is.
#[derive(Clone, Copy)]
struct Branch {
    bid: u64,
    /// Octets of data before it.
    start: u64,
    /// Blocks of data before it.
    first: u64,
}

/// A block of data.
#[derive(Clone, Copy)]
struct Leaf {
    /// `None` when it is lost.
    entry: Option<BlockEntry>,
    /// Octets of its branch before it.
    start: u64,
    size: u32,
}

impl Leaf {
    /// Octets of its branch up to its end.
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size.into())
    }
}

impl DataTree {
    /// The data whose block, or tree of blocks, is `bid`; no data for 0.
    pub(crate) fn open(ndb: &Arc<Ndb>, bid: u64) -> Result<Self> {
        let mut tree = Self { ndb: ndb.clone(), branches: Vec::new(), len: 0, current: Mutex::new(None) };
        if bid == 0 {
            return Ok(tree);
        }
        let mut budget = ndb.len().checked_div(ndb.variant.block_slot() as u64).unwrap_or(0).saturating_add(1);
        if is_internal(bid) {
            let top = ndb.block(bid)?;
            match (top.first(), top.get(1)) {
                (Some(1), Some(1)) => tree.push(bid, tree.listed(bid, &top)?, &mut budget)?,
                (Some(1), Some(2)) => {
                    for branch in identifiers(&top, ndb.variant) {
                        if let Err(e) = tree.leaves(branch).and_then(|leaves| tree.push(branch, leaves, &mut budget)) {
                            if e.is_fatal() {
                                return Err(e);
                            }
                            tree.lost(branch);
                            break;
                        }
                    }
                }
                _ => {
                    return Err(Error::new(
                        ErrorKind::Malformed,
                        format!("block {bid:#x} is not a tree of data blocks"),
                    )
                    .non_fatal());
                }
            }
        } else {
            let leaves = tree.leaves(bid)?;
            if leaves.iter().all(|leaf| leaf.entry.is_none()) {
                return Err(Error::new(ErrorKind::Malformed, format!("block {bid:#x} is not in the file")).non_fatal());
            }
            tree.push(bid, leaves, &mut budget)?;
        }
        Ok(tree)
    }

    fn push(&mut self, bid: u64, leaves: Arc<[Leaf]>, budget: &mut u64) -> Result<()> {
        let first = self.blocks();
        *budget = budget.checked_sub(leaves.len() as u64).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "a tree of data blocks has more blocks than the file").non_fatal()
        })?;
        let index = self.branches.len();
        self.branches.push(Branch { bid, start: self.len, first });
        self.len = self.len.saturating_add(leaves.last().map_or(0, Leaf::end));
        *self.current.get_mut().unwrap_or_else(PoisonError::into_inner) = Some((index, leaves));
        Ok(())
    }

    /// The number of blocks.
    pub(crate) fn blocks(&self) -> u64 {
        let Some((i, last)) = self.branches.len().checked_sub(1).and_then(|i| Some((i, self.branches.get(i)?))) else {
            return 0;
        };
        last.first.saturating_add(self.branch(i).map_or(0, |leaves| leaves.len() as u64))
    }

    fn branch(&self, index: usize) -> Result<Arc<[Leaf]>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((i, leaves)) = &*current
            && *i == index
        {
            return Ok(leaves.clone());
        }
        let bid = self.branches.get(index).map_or(0, |branch| branch.bid);
        let leaves = self.leaves(bid)?;
        *current = Some((index, leaves.clone()));
        Ok(leaves)
    }

    /// The blocks of an XBLOCK, or the block `bid` itself.
    fn leaves(&self, bid: u64) -> Result<Arc<[Leaf]>> {
        if !is_internal(bid) {
            let entry = self.ndb.block_entry(bid)?;
            return Ok(Arc::new([Leaf { entry, start: 0, size: entry.map_or(0, |e| e.size.into()) }]));
        }
        self.listed(bid, &self.ndb.block(bid)?)
    }

    /// The blocks that `block` lists, which is the XBLOCK `bid`.
    fn listed(&self, bid: u64, block: &[u8]) -> Result<Arc<[Leaf]>> {
        if block.first() != Some(&1) || block.get(1) != Some(&1) {
            return Err(
                Error::new(ErrorKind::Malformed, format!("block {bid:#x} is not a list of data blocks")).non_fatal()
            );
        }
        let claimed = u64::from(u32_at(block, 4).unwrap_or(0));
        let mut leaves = Vec::new();
        let mut start = 0_u64;
        let mut identifiers = identifiers(block, self.ndb.variant).peekable();
        while let Some(leaf) = identifiers.next() {
            let entry = if is_internal(leaf) { None } else { self.ndb.block_entry(leaf)? };
            let full = self.ndb.variant.block_data() as u64;
            let size = match entry {
                Some(entry) => entry.size.into(),
                None => {
                    self.lost(leaf);
                    if identifiers.peek().is_some() { full } else { claimed.saturating_sub(start).min(full) }
                }
            };
            leaves.push(Leaf { entry, start, size: size as u32 });
            start = start.saturating_add(size);
        }
        Ok(leaves.into())
    }

    fn lost(&self, bid: u64) {
        let what = format!("block {bid:#x} is lost and was replaced by NUL octets");
        self.ndb.defects.add(bid | 1 << 63, Defect::new(DefectKind::Truncated, what));
    }

    /// The data of the block at `index`, counted from 0 ([MS-PST] 2.3.1: a heap is read by its blocks).
    pub(crate) fn block(&self, index: u64) -> Result<Arc<[u8]>> {
        let after = self.branches.partition_point(|branch| branch.first <= index);
        let missing = || Error::new(ErrorKind::Malformed, format!("a node has no block {index}")).non_fatal();
        let at = after.checked_sub(1).ok_or_else(missing)?;
        let first = self.branches.get(at).map_or(0, |branch| branch.first);
        let leaves = self.branch(at)?;
        let leaf = usize::try_from(index.saturating_sub(first)).ok().and_then(|i| leaves.get(i)).ok_or_else(missing)?;
        self.ndb.block_at(leaf.entry.ok_or_else(missing)?)
    }

    /// Where a position lies: the blocks of its branch, which of them it is in, and the offset in that one's data.
    fn locate(&self, position: u64) -> Result<(Arc<[Leaf]>, usize, u64)> {
        let at = self.branches.partition_point(|branch| branch.start <= position).saturating_sub(1);
        let start = self.branches.get(at).map_or(0, |branch| branch.start);
        let leaves = self.branch(at)?;
        let inside = position.saturating_sub(start);
        let at = leaves.partition_point(|leaf| leaf.start <= inside).checked_sub(1);
        let found = at.and_then(|at| Some((at, inside.saturating_sub(leaves.get(at)?.start))));
        let (at, from) = found.ok_or_else(|| Error::new(ErrorKind::Malformed, "a tree of data blocks has changed"))?;
        Ok((leaves, at, from))
    }

    /// The octets as content.
    pub(crate) fn content(self) -> Content {
        let source: Source = Arc::new(self);
        Content::from(source)
    }
}

/// The identifiers that an XBLOCK or XXBLOCK lists, as many as it says and holds.
pub(super) fn identifiers(block: &[u8], variant: Variant) -> impl Iterator<Item = u64> {
    let count = u16_at(block, 2).unwrap_or(0);
    variant.words(block.get(8..).unwrap_or_default()).take(count.into())
}

impl ReadAt for DataTree {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len {
            return Ok(0);
        }
        let (leaves, at, from) = self.locate(offset).map_err(io::Error::other)?;
        let leaves = leaves.get(at..).unwrap_or_default();
        if from == 0 {
            let whole = |leaf: &Leaf| leaf.entry.filter(|entry| u32::from(entry.stored) == leaf.size);
            match self.ndb.read_blocks_into(leaves.iter().map_while(whole), buf) {
                Ok(0) => {}
                Ok(n) => return Ok(n),
                Err(e) if e.is_fatal() => return Err(io::Error::other(e)),
                Err(_) => {}
            }
        }
        let (entry, size) = leaves.first().map_or((None, 0), |leaf| (leaf.entry, u64::from(leaf.size)));
        let data = match entry.map(|entry| self.ndb.block_at(entry)) {
            Some(Ok(data)) => Some(data),
            Some(Err(e)) if e.is_fatal() => return Err(io::Error::other(e)),
            Some(Err(_)) => {
                self.lost(entry.map_or(0, |entry| entry.bid));
                None
            }
            None => None,
        };
        let left = usize::try_from(size.saturating_sub(from)).unwrap_or(0);
        let n = left.min(buf.len());
        let to = buf.get_mut(..n).unwrap_or_default();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let octets = data.as_deref().and_then(|data| data.get(from..)).unwrap_or_default();
        let have = octets.len().min(n);
        let (there, missing) = to.split_at_mut(have);
        there.copy_from_slice(octets.get(..have).unwrap_or_default());
        missing.fill(0);
        Ok(n)
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.ndb.defects.take()
    }
}

impl fmt::Debug for DataTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataTree({} octets)", self.len)
    }
}
