//! Pages of the two B-trees ([MS-PST] 2.2.2.7.7).

use super::{Ndb, header::PageRef};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Location, Result},
    pst::{
        Variant, checksum,
        le::{u16_at, u32_at, u64_at},
    },
};
use std::sync::Arc;

/// Which of the two B-trees a page belongs to (ptype).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// Identifiers of blocks to where they are.
    Blocks,
    /// Identifiers of nodes to their blocks.
    Nodes,
}

impl Tree {
    pub(crate) fn page_type(self) -> u8 {
        match self {
            Self::Blocks => 0x80,
            Self::Nodes => 0x81,
        }
    }
}

/// A page of a B-tree.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    octets: Arc<[u8]>,
    variant: Variant,
    tree: Tree,
    /// 0 for a leaf.
    pub(crate) level: u8,
    pub(crate) count: usize,
    entry_size: usize,
    pub(crate) bid: u64,
    /// Whether checksum and identifier are what they should be.
    pub(crate) sound: bool,
}

/// Where a block is (BBTENTRY, [MS-PST] 2.2.2.7.7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockEntry {
    pub(crate) bid: u64,
    pub(crate) ib: u64,
    /// Octets of data in the file.
    pub(crate) stored: u16,
    /// Octets of data once they are inflated.
    pub(crate) size: u16,
}

/// A node: its data and its subnodes (NBTENTRY, [MS-PST] 2.2.2.7.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) nid: u32,
    pub(crate) data: u64,
    pub(crate) subnodes: u64,
    pub(crate) parent: u32,
}

impl Page {
    /// Makes sense of the octets of a page, which must be a page of `tree`.
    pub(crate) fn parse(octets: Arc<[u8]>, variant: Variant, tree: Tree) -> Option<Self> {
        let (body, entries) = (variant.page_body(), variant.page_entries());
        let (trailer, about) = (octets.get(body..)?, octets.get(entries..)?);
        let kind = Some(tree.page_type());
        // The type stands there twice: one of them may be damaged.
        let kinds = [trailer.first().copied(), trailer.get(1).copied()];
        if !kinds.contains(&kind) {
            return None;
        }
        let (bid, crc) = match variant {
            Variant::Ansi => (u32_at(trailer, 4)?.into(), u32_at(trailer, 8)?),
            Variant::Unicode | Variant::Unicode4k => (u64_at(trailer, 8)?, u32_at(trailer, 4)?),
        };
        let (count, entry_size, level) = match variant {
            Variant::Ansi | Variant::Unicode => (usize::from(*about.first()?), *about.get(2)?, *about.get(3)?),
            Variant::Unicode4k => (usize::from(u16_at(about, 0)?), *about.get(4)?, *about.get(5)?),
        };
        let entry_size = usize::from(entry_size);
        let (words, more) = match (tree, level) {
            (Tree::Nodes, 0) => (3, 4),
            (Tree::Blocks, 0) => (2, 4),
            _ => (3, 0),
        };
        let smallest = variant.word().saturating_mul(words).saturating_add(more);
        if entry_size < smallest {
            return None;
        }
        // Where there is no room for so many entries of this size, they are as large as ever, in whole words.
        let fits = count.saturating_mul(entry_size) <= entries;
        let entry_size = if fits { entry_size } else { smallest.next_multiple_of(variant.word()) };
        let sound = fits && kinds == [kind; 2] && octets.get(..body).map(checksum::crc) == Some(crc);
        let count = count.min(entries.checked_div(entry_size).unwrap_or(0));
        Some(Self { octets, variant, tree, level, count, entry_size, bid, sound })
    }

    /// What stands in an entry behind so many words.
    fn behind(&self, index: usize, words: usize) -> &[u8] {
        let words = words.saturating_mul(self.variant.word());
        let at = index.saturating_mul(self.entry_size).saturating_add(words);
        self.octets.get(at..).unwrap_or_default()
    }

    fn word(&self, index: usize, field: usize) -> u64 {
        let octets = self.behind(index, field);
        match self.variant {
            Variant::Ansi => u32_at(octets, 0).unwrap_or(0).into(),
            Variant::Unicode | Variant::Unicode4k => u64_at(octets, 0).unwrap_or(0),
        }
    }

    /// The key of an entry; the low bit of a BID is no part of it.
    pub(crate) fn key(&self, index: usize, tree: Tree) -> u64 {
        match tree {
            Tree::Blocks => self.word(index, 0) & !1,
            Tree::Nodes => self.word(index, 0) & u64::from(u32::MAX),
        }
    }

    /// The page that an entry of a page above the leaves points to.
    pub(crate) fn child(&self, index: usize) -> PageRef {
        PageRef { bid: self.word(index, 1), ib: self.word(index, 2) }
    }

    /// An entry of a leaf of the block B-tree.
    pub(crate) fn block(&self, index: usize) -> BlockEntry {
        let sizes = self.behind(index, 2);
        let stored = u16_at(sizes, 0).unwrap_or(0);
        let size = match self.variant {
            Variant::Ansi | Variant::Unicode => stored,
            Variant::Unicode4k => u16_at(sizes, 2).unwrap_or(0),
        };
        BlockEntry { bid: self.word(index, 0) & !1, ib: self.word(index, 1), stored, size }
    }

    /// An entry of a leaf of the node B-tree.
    pub(crate) fn node(&self, index: usize) -> Node {
        Node {
            nid: self.word(index, 0) as u32,
            data: self.word(index, 1),
            subnodes: self.word(index, 2),
            parent: u32_at(self.behind(index, 3), 0).unwrap_or(0),
        }
    }

    /// How many entries have a key of at most `key`, which is where its successor stands.
    pub(crate) fn up_to(&self, key: u64, tree: Tree) -> usize {
        if !self.sound {
            return (0..self.count).rev().find(|i| self.key(*i, tree) <= key).map_or(0, |i| i.saturating_add(1));
        }
        let (mut low, mut high) = (0_usize, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle, tree) <= key { low = middle.saturating_add(1) } else { high = middle }
        }
        low
    }
}

impl Ndb {
    /// Reads a page of `tree`. A wrong checksum or identifier is a defect; another kind of page is an error.
    pub(super) fn page(&self, at: PageRef, tree: Tree) -> Result<Page> {
        let broken = |what| Error::new(ErrorKind::Malformed, what).at(Location::Byte(at.ib)).non_fatal();
        let mut page = match self.pages.get(at.ib) {
            Some(page) if page.tree == tree => page,
            _ => {
                let size = self.variant.page_size();
                if at.ib == 0 || at.ib.checked_add(size as u64).is_none_or(|end| end > self.source.len()) {
                    return Err(broken("a page of the B-tree lies outside the file"));
                }
                let mut octets = vec![0; size];
                self.read_exact_at(at.ib, &mut octets)?;
                let page = Page::parse(octets.into(), self.variant, tree)
                    .ok_or_else(|| broken("a page of the B-tree was not found"))?;
                self.pages.insert(at.ib, page.clone(), size);
                page
            }
        };
        page.sound &= page.bid == at.bid;
        if !page.sound {
            self.tell_of_file(
                at.ib,
                Defect::new(DefectKind::Checksum, "a page of the B-tree has a wrong checksum or identifier").at(at.ib),
            );
        }
        Ok(page)
    }
}
