//! The subnodes of a node ([MS-PST] 2.2.2.8.3.3).

use super::{DataTree, Ndb, Node};
use crate::{
    error::{Error, ErrorKind, Result},
    order,
    pst::{Variant, le::u16_at},
};
use std::sync::Arc;

/// Levels that are followed; the standard knows two.
const DEPTH: u8 = 4;

/// The subnodes below one block (SLBLOCK or SIBLOCK).
#[derive(Clone, Debug)]
pub(crate) struct Subnodes {
    ndb: Arc<Ndb>,
    bid: u64,
}

impl Subnodes {
    /// The subnodes whose block is `bid`; none for 0.
    pub(crate) fn new(ndb: &Arc<Ndb>, bid: u64) -> Self {
        Self { ndb: ndb.clone(), bid }
    }

    pub(crate) fn ndb(&self) -> &Arc<Ndb> {
        &self.ndb
    }

    /// The subnode `nid`, if there is one.
    pub(crate) fn get(&self, nid: u32) -> Result<Option<Node>> {
        let mut bid = self.bid;
        for _ in 0..DEPTH {
            if bid == 0 {
                return Ok(None);
            }
            let block = self.list(bid)?;
            if block.level == 0 {
                return Ok(block.nodes().find(|node| node.nid == nid));
            }
            let below = block.children().take_while(|(first, _)| *first <= nid).last();
            let Some((_, child)) = below else { return Ok(None) };
            bid = child;
        }
        Ok(None)
    }

    /// All subnodes, `limit` of them at most; blocks that cannot be read are passed over.
    pub(crate) fn all(&self, limit: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut blocks = vec![(self.bid, DEPTH)];
        let mut budget = limit;
        while let Some((bid, depth)) = blocks.pop() {
            let Some(left) = budget.checked_sub(1) else { break };
            budget = left;
            let Ok(block) = self.list(bid) else { continue };
            if block.level == 0 {
                nodes.extend(block.nodes().take(limit.saturating_sub(nodes.len())));
            } else if depth > 1 {
                blocks.extend(block.children().map(|(_, child)| (child, depth.saturating_sub(1))));
            }
        }
        order::sort_by_key(&mut nodes, |node| node.nid);
        nodes
    }

    /// The data of the subnode `nid`.
    pub(crate) fn data(&self, nid: u32) -> Result<DataTree> {
        let node = self
            .get(nid)?
            .ok_or_else(|| Error::new(ErrorKind::Malformed, format!("subnode {nid:#x} not found")).non_fatal())?;
        DataTree::open(&self.ndb, node.data)
    }

    fn list(&self, bid: u64) -> Result<List> {
        let octets = self.ndb.block(bid)?;
        let (Some(2), Some(level)) = (octets.first(), octets.get(1)) else {
            return Err(
                Error::new(ErrorKind::Malformed, format!("block {bid:#x} is not a list of subnodes")).non_fatal()
            );
        };
        Ok(List { level: *level, variant: self.ndb.variant, octets })
    }
}

/// Gives every block that an SLBLOCK or SIBLOCK refers to.
pub(super) fn each_reference(octets: &[u8], variant: Variant, refer: &mut dyn FnMut(u64)) {
    match octets.get(1) {
        Some(0) => {
            entries(octets, variant).for_each(|[_, data, subnodes]| [data, subnodes].into_iter().for_each(&mut *refer))
        }
        _ => entries(octets, variant).for_each(|[_, bid]| refer(bid)),
    }
}

/// Entries of `N` words each.
fn entries<const N: usize>(octets: &[u8], variant: Variant) -> impl Iterator<Item = [u64; N]> {
    let start = match variant {
        Variant::Ansi => 4,
        Variant::Unicode | Variant::Unicode4k => 8,
    };
    let count = u16_at(octets, 2).unwrap_or(0);
    let entries = octets.get(start..).unwrap_or_default().chunks_exact(variant.word().saturating_mul(N));
    entries.take(count.into()).map(move |octets| {
        let mut entry = [0; N];
        entry.iter_mut().zip(variant.words(octets)).for_each(|(field, word)| *field = word);
        entry
    })
}

/// One SLBLOCK (level 0) or SIBLOCK.
struct List {
    octets: Arc<[u8]>,
    level: u8,
    variant: Variant,
}

impl List {
    fn nodes(&self) -> impl Iterator<Item = Node> {
        entries(&self.octets, self.variant).map(|[nid, data, subnodes]| Node {
            nid: nid as u32,
            data,
            subnodes,
            parent: 0,
        })
    }

    fn children(&self) -> impl Iterator<Item = (u32, u64)> {
        entries(&self.octets, self.variant).map(|[nid, bid]| (nid as u32, bid))
    }
}
