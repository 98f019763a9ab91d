//! Searching the two B-trees ([MS-PST] 2.2.2.7.7).

use super::{
    Ndb,
    header::PageRef,
    page::{BlockEntry, Node, Page, Tree},
};
use crate::error::{Error, ErrorKind, Location, Result};

/// Levels that are followed: with the smallest fan-out of 15 this is more than any file can hold.
const DEPTH: u8 = 16;

/// What a search found.
pub(super) enum Found<T> {
    Entry(T),
    Nothing,
    /// Nothing, but a page on the way was damaged and may have hidden it.
    Damaged,
}

impl Ndb {
    /// The block of an identifier in the block B-tree.
    pub(super) fn find_block(&self, bid: u64) -> Result<Found<BlockEntry>> {
        self.find(self.blocks, Tree::Blocks, bid & !1, Page::block)
    }

    /// The node of an identifier in the node B-tree.
    pub(super) fn find_node(&self, nid: u32) -> Result<Found<Node>> {
        self.find(self.nodes, Tree::Nodes, nid.into(), Page::node)
    }

    fn find<T>(&self, root: PageRef, tree: Tree, key: u64, entry: fn(&Page, usize) -> T) -> Result<Found<T>> {
        let mut at = root;
        let mut above = None;
        let mut damaged = false;
        for _ in 0..DEPTH {
            let page = match self.page(at, tree).and_then(|page| below(page, above, at)) {
                Ok(page) => page,
                Err(e) if e.is_fatal() => return Err(e),
                Err(_) => return Ok(Found::Damaged),
            };
            damaged |= !page.sound;
            // Where entries may be wrong, what stands in order tells nothing.
            let exact = (page.level == 0 && !page.sound).then(|| (0..page.count).find(|i| page.key(*i, tree) == key));
            let hit = exact.unwrap_or_else(|| page.up_to(key, tree).checked_sub(1));
            let none = if damaged { Found::Damaged } else { Found::Nothing };
            let Some(hit) = hit else { return Ok(none) };
            if page.level == 0 {
                let exact = page.key(hit, tree) == key;
                return Ok(if exact { Found::Entry(entry(&page, hit)) } else { none });
            }
            above = Some(page.level);
            at = page.child(hit);
        }
        Ok(Found::Damaged)
    }

    /// How many nodes the tree lists whose identifiers are `wanted`, for progress: what cannot be read does not count.
    pub(crate) fn count_nodes(&self, wanted: impl Fn(u32) -> bool) -> u64 {
        let mut count = 0_u64;
        self.each_leaf(|page| {
            let here = (0..page.count).filter(|i| wanted(page.node(*i).nid)).count();
            count = count.saturating_add(here as u64);
        });
        count
    }

    /// Whether nodes may be missing, because a page of their tree is damaged or there is no tree.
    pub(crate) fn lacks_nodes(&self) -> bool {
        let mut sound = true;
        !self.each_leaf(|page| sound &= page.sound) || !sound
    }

    /// Goes through the leaves of the tree of nodes, and tells whether every page could be read.
    fn each_leaf(&self, mut look: impl FnMut(&Page)) -> bool {
        // No tree has more pages than the file has room for, however they refer to one another.
        let mut budget = self.len().checked_div(self.variant.page_size() as u64).unwrap_or(0);
        let mut waiting = vec![(self.nodes, None)];
        let mut whole = true;
        while let Some((at, above)) = waiting.pop() {
            let Some(left) = budget.checked_sub(1) else { return false };
            budget = left;
            match self.page(at, Tree::Nodes).and_then(|page| below(page, above, at)) {
                Ok(page) if page.level == 0 => look(&page),
                Ok(page) if waiting.len() < usize::from(u16::MAX) => {
                    whole &= page.sound;
                    waiting.extend((0..page.count).map(|i| (page.child(i), Some(page.level))));
                }
                _ => whole = false,
            }
        }
        whole
    }

    /// The node with the smallest identifier above `after`, or the first of all; pages that cannot be read are passed over
    /// and told by `damaged`.
    pub(super) fn successor(&self, after: Option<u32>, damaged: &mut bool) -> Result<Option<Node>> {
        self.successor_below(self.nodes, None, after, damaged, DEPTH)
    }

    fn successor_below(
        &self,
        at: PageRef,
        above: Option<u8>,
        after: Option<u32>,
        damaged: &mut bool,
        depth: u8,
    ) -> Result<Option<Node>> {
        let page = match self.page(at, Tree::Nodes).and_then(|page| below(page, above, at)) {
            Ok(page) if depth > 0 => page,
            Err(e) if e.is_fatal() => return Err(e),
            _ => {
                *damaged = true;
                return Ok(None);
            }
        };
        *damaged |= !page.sound;
        let first = after.map_or(0, |after| page.up_to(after.into(), Tree::Nodes));
        if page.level == 0 {
            let above = |node: &Node| after.is_none_or(|after| node.nid > after);
            return Ok((first..page.count).map(|i| page.node(i)).find(above));
        }
        for i in first.saturating_sub(1)..page.count {
            let found =
                self.successor_below(page.child(i), Some(page.level), after, damaged, depth.saturating_sub(1))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The page, if it is one level below the one that pointed to it: so no path can be a circle.
fn below(page: Page, above: Option<u8>, at: PageRef) -> Result<Page> {
    match above {
        Some(above) if page.level.checked_add(1) != Some(above) => {
            Err(Error::new(ErrorKind::Malformed, "a page of the B-tree has the wrong level")
                .at(Location::Byte(at.ib))
                .non_fatal())
        }
        _ => Ok(page),
    }
}
