//! What the scan keeps of nodes and blocks, in as few octets as they can be told apart by.

use super::{
    super::page::{BlockEntry, Node},
    table::Entry,
};
use crate::pst::Variant;
use std::cmp::Ordering;

/// Octets that a node needs with what belongs to it: to a node there are about four blocks, of which few are damaged.
const SHARE: usize = size_of::<NodeEntry>() + 4 * size_of::<Block>() + size_of::<Mention>() + 2 * size_of::<Claim>();

/// How many of each are kept.
pub(super) struct Room {
    pub(super) nodes: usize,
    pub(super) blocks: usize,
    pub(super) mentions: usize,
    pub(super) claimed: usize,
}

impl Room {
    /// As many as `octets` have room for.
    pub(super) fn within(octets: usize) -> Self {
        // A vector grows by doubling: at a power of two it is full.
        let nodes = (octets / SHARE).checked_ilog2().map_or(0_usize, |log| 1 << log);
        Self { nodes, blocks: nodes.saturating_mul(4), mentions: nodes, claimed: nodes.saturating_mul(2) }
    }
}

/// A node and how young the page that told it is.
pub(super) struct NodeEntry {
    nid: u32,
    parent: u32,
    data: u64,
    subnodes: u64,
    age: u32,
}

impl NodeEntry {
    pub(super) fn new(Node { nid, data, subnodes, parent }: Node, age: u64) -> Self {
        Self { nid, parent, data, subnodes, age: short(age) }
    }

    pub(super) fn node(&self) -> Node {
        Node { nid: self.nid, data: self.data, subnodes: self.subnodes, parent: self.parent }
    }
}

/// The age of a page: its identifier, of which the two low bits are always the same; 0 for a page that is damaged.
fn short(age: u64) -> u32 {
    u32::try_from(age.div_ceil(4)).unwrap_or(u32::MAX)
}

impl Entry for NodeEntry {
    type Key = u32;

    fn key(&self) -> u32 {
        self.nid
    }

    fn rank(&self, other: &Self) -> Ordering {
        self.age.cmp(&other.age)
    }
}

/// A block and where it is.
pub(super) struct Block {
    pub(super) bid: u64,
    /// In slots: a block starts at a multiple of them.
    slot: u32,
    stored: u16,
    size: u16,
}

impl Block {
    /// `None` where no block can be.
    pub(super) fn new(entry: BlockEntry, variant: Variant) -> Option<Self> {
        let slot = variant.block_slot() as u64;
        let place = entry.ib.checked_div(slot).filter(|_| entry.ib.is_multiple_of(slot))?;
        Some(Self { bid: entry.bid, slot: u32::try_from(place).ok()?, stored: entry.stored, size: entry.size })
    }

    pub(super) fn entry(&self, variant: Variant) -> BlockEntry {
        let ib = u64::from(self.slot).saturating_mul(variant.block_slot() as u64);
        BlockEntry { bid: self.bid, ib, stored: self.stored, size: self.size }
    }
}

impl Entry for Block {
    type Key = u64;

    fn key(&self) -> u64 {
        self.bid
    }

    /// What is written later lies behind, mostly.
    fn rank(&self, other: &Self) -> Ordering {
        self.slot.cmp(&other.slot)
    }
}

/// A block as a page tells of it.
pub(super) struct Mention {
    pub(super) block: Block,
    age: u32,
}

impl Mention {
    pub(super) fn new(block: Block, age: u64) -> Self {
        Self { block, age: short(age) }
    }
}

impl Entry for Mention {
    type Key = u64;

    fn key(&self) -> u64 {
        self.block.bid
    }

    fn rank(&self, other: &Self) -> Ordering {
        self.age.cmp(&other.age)
    }
}

/// A block that belongs to a node.
pub(super) struct Claim(pub(super) u64);

impl Claim {
    pub(super) fn of(bid: u64) -> Option<Self> {
        (bid & !1 != 0).then_some(Self(bid & !1))
    }
}

impl Entry for Claim {
    type Key = u64;

    fn key(&self) -> u64 {
        self.0
    }

    fn rank(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}
