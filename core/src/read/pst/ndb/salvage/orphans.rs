//! Blocks that nothing refers to any more: the data and the subnodes of nodes whose pages are lost.

use super::super::{Ndb, block::is_internal, btree::Found, data_tree, subnodes};
use crate::{error::Result, pst::Variant};

/// Identifiers of blocks grow by this with each block that is written.
const STEP: u64 = 4;

/// The blocks that no node and no block refers to, in the order in which they were written.
///
/// A node whose page of the B-tree is lost leaves two of them: its data, and the list of its subnodes. That they belong together
/// stands nowhere else.
#[derive(Debug)]
pub(crate) struct Orphans {
    /// Heaps, or trees of blocks that may be some.
    data: Vec<u64>,
    /// Lists of subnodes.
    subnodes: Vec<u64>,
}

impl Orphans {
    /// The data of a node without a page behind `after`, or the first of all.
    pub(crate) fn data_after(&self, after: Option<u64>) -> Option<u64> {
        let place = after.map_or(0, |after| self.data.partition_point(|bid| *bid <= after));
        self.data.get(place).copied()
    }

    /// The data that was written last before `before`, or last of all.
    pub(crate) fn data_before(&self, before: Option<u64>) -> Option<u64> {
        let end = before.map_or(self.data.len(), |before| self.data.partition_point(|bid| *bid < before));
        self.data.get(end.checked_sub(1)?).copied()
    }

    /// Data that was written at most `reach` blocks before or after the block `bid`.
    pub(crate) fn data_near(&self, bid: u64, reach: u64) -> &[u64] {
        near(&self.data, bid, reach)
    }

    /// Lists of subnodes that were written at most `reach` blocks before or after the block `bid`.
    pub(crate) fn subnodes_near(&self, bid: u64, reach: u64) -> &[u64] {
        near(&self.subnodes, bid, reach)
    }

    /// How many blocks were written from one to the other.
    pub(crate) fn distance(one: u64, other: u64) -> u64 {
        (one / STEP).abs_diff(other / STEP)
    }
}

fn near(bids: &[u64], bid: u64, reach: u64) -> &[u64] {
    let number = bid / STEP;
    let first = bids.partition_point(|other| *other / STEP < number.saturating_sub(reach));
    let end = bids.partition_point(|other| *other / STEP <= number.saturating_add(reach));
    bids.get(first..end).unwrap_or_default()
}

/// One bit for each block that was found.
struct Marks(Vec<u64>);

impl Marks {
    fn set(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn is_set(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & 1 << (place % 64) != 0)
    }
}

impl Ndb {
    /// What nodes left behind whose pages of the B-tree are lost: blocks that proved themselves, and that neither a page nor a block
    /// refers to. Those that the B-tree of blocks does not have any more are none.
    pub(crate) fn orphans(&self) -> Result<Orphans> {
        let salvage = self.salvage()?;
        let blocks = salvage.blocks.as_slice();
        let mut referred = Marks(vec![0; blocks.len().div_ceil(64)]);
        let mut lists = Marks(vec![0; blocks.len().div_ceil(64)]);
        let mut refer = |bid: u64| {
            if let Some(place) = salvage.blocks.position(&(bid & !1)) {
                referred.set(place);
            }
        };
        let mut after = None;
        while let Some(node) = self.next_node(after)? {
            after = Some(node.nid);
            refer(node.data);
            refer(node.subnodes);
        }
        salvage.claimed.as_slice().iter().for_each(|claim| refer(claim.0));
        for (place, block) in blocks.iter().enumerate().filter(|(_, block)| is_internal(block.bid)) {
            let octets = match self.block_at(block.entry(self.variant)) {
                Ok(octets) => octets,
                Err(e) if e.is_fatal() => return Err(e),
                Err(_) => continue,
            };
            if octets.first() == Some(&2) {
                lists.set(place);
            }
            each_reference(&octets, self.variant, &mut refer);
        }
        let mut orphans = Orphans { data: Vec::new(), subnodes: Vec::new() };
        for (place, block) in blocks.iter().enumerate().filter(|(place, _)| !referred.is_set(*place)) {
            if matches!(self.find_block(block.bid)?, Found::Nothing) {
                continue;
            }
            if lists.is_set(place) { &mut orphans.subnodes } else { &mut orphans.data }.push(block.bid);
        }
        Ok(orphans)
    }
}

/// The blocks that one of the format's own structures refers to.
fn each_reference(octets: &[u8], variant: Variant, mut refer: impl FnMut(u64)) {
    match octets.first() {
        Some(1) => data_tree::identifiers(octets, variant).for_each(refer),
        Some(2) => subnodes::each_reference(octets, variant, &mut refer),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bits of an identifier are no part of its number ([MS-PST] 2.2.2.2).
    #[test]
    fn what_is_as_near_on_either_side_is_near() {
        let orphans = Orphans { data: vec![4, 12, 20, 28], subnodes: vec![18] };
        assert_eq!(orphans.data_near(18, 1), [12, 20]);
        assert_eq!(orphans.data_near(18, 3), [4, 12, 20, 28]);
        assert_eq!((Orphans::distance(18, 12), Orphans::distance(18, 20)), (1, 1));
        assert_eq!(
            (orphans.data_after(Some(12)), orphans.data_before(Some(12)), orphans.data_before(None)),
            (Some(20), Some(4), Some(28))
        );
    }
}
