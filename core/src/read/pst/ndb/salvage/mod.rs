//! Finding nodes and blocks without the B-trees' roots: a scan of every page and block that proves itself.
//!
//! A leaf page proves itself by its type, checksum and signature, a block by its trailer's size, signature and checksum. Pages that
//! were replaced but not overwritten are found as well; of two entries with the same key the one on the younger page counts
//! (page identifiers only grow).

mod found;
mod orphans;
mod table;

pub(crate) use orphans::Orphans;

use super::{
    block::{Trailer, is_internal},
    header::{Header, PageRef},
    page::{BlockEntry, Node, Page, Tree},
};
use crate::{
    error::Result,
    limits::Limits,
    pst::{Variant, checksum, encoding::Encoding, le::u16_at},
    source::ReadAt,
};
use found::{Block, Claim, Mention, NodeEntry, Room};
use std::sync::Arc;
use table::Table;

/// Octets read at a time.
const WINDOW: usize = 1 << 20;

/// How many times the octets of the file are gone through for checksums at most: blocks that lie in one another cost more than they can
/// be worth.
const CHECKSUMS: u64 = 4;

/// Octets of blocks that are looked at to tell the scrambling, and heaps that are enough for it.
const ASKED: usize = 1 << 14;
const VOTERS: u32 = 64;

/// What the scan found.
pub(super) struct Salvage {
    variant: Variant,
    nodes: Table<NodeEntry>,
    /// Blocks that proved themselves where they lie.
    blocks: Table<Block>,
    /// Blocks that only a page speaks of.
    mentions: Table<Mention>,
    /// Blocks that a page, however old, names as the data or the subnodes of a node.
    claimed: Table<Claim>,
    /// Octets that may still be gone through for checksums.
    checksums_left: u64,
    too_dense: bool,
}

impl Salvage {
    /// As if nothing had been found.
    pub(super) fn nothing(variant: Variant) -> Self {
        Self::with_room(Room::within(0), variant)
    }

    fn with_room(room: Room, variant: Variant) -> Self {
        Self {
            variant,
            nodes: Table::new(room.nodes),
            blocks: Table::new(room.blocks),
            mentions: Table::new(room.mentions),
            claimed: Table::new(room.claimed),
            checksums_left: 0,
            too_dense: false,
        }
    }

    pub(super) fn scan(source: &dyn ReadAt, variant: Variant, limits: &Limits) -> Result<Self> {
        let mut found = Self::with_room(Room::within(limits.salvage), variant);
        found.checksums_left = source.len().saturating_mul(CHECKSUMS);
        let reach = variant.block_size(variant.block_data()).max(variant.page_size());
        let slot = variant.block_slot();
        let mut window = vec![0; WINDOW.saturating_add(reach)];
        // A window holds `reach` octets of what came before it, for blocks that end in it.
        let mut start = 0_u64;
        while start < source.len() {
            let new = usize::try_from(source.len().saturating_sub(start)).unwrap_or(WINDOW).min(WINDOW);
            window.copy_within(WINDOW.., 0);
            let fresh = window.get_mut(reach..reach.saturating_add(new)).unwrap_or_default();
            source.read_exact_at(start, fresh)?;
            for end in (slot..=new).step_by(slot) {
                let before = window.get(..reach.saturating_add(end)).unwrap_or_default();
                let place = start.saturating_add(end as u64);
                found.page_ending_at(before, place);
                found.block_ending_at(before, place);
            }
            start = start.saturating_add(new as u64);
            if new < WINDOW {
                break;
            }
        }
        found.settle();
        Ok(found)
    }

    fn settle(&mut self) {
        self.nodes.settle();
        self.blocks.settle();
        self.mentions.settle();
        self.claimed.settle();
        // What a page tells and the block itself proves need not be held twice.
        let blocks = &self.blocks;
        self.mentions.retain(|mention| blocks.position(&mention.block.bid).is_none());
    }

    /// Whether there was more than is kept or looked at.
    pub(super) fn is_cut(&self) -> bool {
        self.too_dense || self.nodes.is_cut || self.blocks.is_cut || self.mentions.is_cut || self.claimed.is_cut
    }

    fn page_ending_at(&mut self, before: &[u8], end: u64) {
        let variant = self.variant;
        let size = variant.page_size();
        let (Some(ib), Some(from)) = (end.checked_sub(size as u64), before.len().checked_sub(size)) else { return };
        if ib % 512 != 0 {
            return;
        }
        let octets = before.get(from..).unwrap_or_default();
        let trailer = octets.get(variant.page_body()..).unwrap_or_default();
        let tree = match trailer {
            [0x80, 0x80, ..] => Tree::Blocks,
            [0x81, 0x81, ..] => Tree::Nodes,
            _ => return,
        };
        let Some(page) = Page::parse(Arc::from(octets), variant, tree) else { return };
        let signature = u16_at(trailer, 2);
        if page.level != 0 || signature != Some(checksum::signature(ib, page.bid)) {
            return;
        }
        // What a damaged page tells counts only where no other page tells anything.
        let age = if page.sound { page.bid } else { 0 };
        for i in 0..page.count {
            match tree {
                Tree::Nodes => {
                    let node = page.node(i);
                    [node.data, node.subnodes].into_iter().filter_map(Claim::of).for_each(|c| self.claimed.insert(c));
                    self.nodes.insert(NodeEntry::new(node, age));
                }
                Tree::Blocks => {
                    if let Some(block) = Block::new(page.block(i), variant) {
                        self.mentions.insert(Mention::new(block, age));
                    }
                }
            }
        }
    }

    fn block_ending_at(&mut self, before: &[u8], end: u64) {
        let variant = self.variant;
        let trailer = Trailer::parse(before, variant);
        let stored = usize::from(trailer.size);
        let size = variant.block_size(stored);
        if stored == 0 || stored > variant.block_data() || trailer.bid == 0 {
            return;
        }
        let (Some(ib), Some(from)) = (end.checked_sub(size as u64), before.len().checked_sub(size)) else { return };
        if trailer.signature != checksum::signature(ib, trailer.bid) {
            return;
        }
        let Some(left) = self.checksums_left.checked_sub(stored as u64) else {
            self.too_dense = true;
            return;
        };
        self.checksums_left = left;
        let data = before.get(from..from.saturating_add(stored)).unwrap_or_default();
        if checksum::crc(data) != trailer.crc {
            return;
        }
        let entry = BlockEntry { bid: trailer.bid & !1, ib, stored: trailer.size, size: trailer.inflated };
        match Block::new(entry, variant) {
            Some(block) => self.blocks.insert(block),
            None => self.blocks.is_cut = true,
        }
    }

    /// The scrambling under which blocks are heaps, as the data of most nodes is.
    pub(super) fn encoding(&self, source: &dyn ReadAt) -> Result<Option<Encoding>> {
        let mut votes = [(0_u32, Encoding::Plain), (0, Encoding::Permute), (0, Encoding::Cyclic)];
        let heads = self.nodes.as_slice().iter().filter_map(|node| self.blocks.get(&(node.node().data & !1)));
        // Where no node is left, its data still is.
        for block in heads.chain(self.blocks.as_slice()).take(ASKED) {
            let entry = block.entry(self.variant);
            let mut start = [0; 4];
            if is_internal(entry.bid) || entry.stored < 4 || entry.stored != entry.size {
                continue;
            }
            source.read_exact_at(entry.ib, &mut start)?;
            for (count, encoding) in &mut votes {
                let mut heap = start;
                encoding.decode(&mut heap, entry.bid);
                *count = count.saturating_add(matches!(heap, [_, _, 0xEC, 0xBC | 0x7C]).into());
            }
            if votes.iter().any(|(count, _)| *count >= VOTERS) {
                break;
            }
        }
        let most = votes.into_iter().max_by_key(|(count, _)| *count);
        Ok(most.filter(|(count, _)| *count > 0).map(|(_, encoding)| encoding))
    }

    pub(super) fn node(&self, nid: u32) -> Option<Node> {
        self.nodes.get(&nid).map(NodeEntry::node)
    }

    pub(super) fn next_node(&self, after: Option<u32>) -> Option<Node> {
        match after {
            Some(after) => self.nodes.above(&after),
            None => self.nodes.as_slice().first(),
        }
        .map(NodeEntry::node)
    }

    /// A block that proved itself, or else one that a page speaks of.
    pub(super) fn block(&self, bid: u64) -> Option<BlockEntry> {
        let mention = || self.mentions.get(&(bid & !1)).map(|mention| mention.block.entry(self.variant));
        self.proven_block(bid).or_else(mention)
    }

    /// A block that proved itself, wherever the B-tree has it.
    pub(super) fn proven_block(&self, bid: u64) -> Option<BlockEntry> {
        self.blocks.get(&(bid & !1)).map(|block| block.entry(self.variant))
    }
}

/// A header made up for a file whose own cannot be read, and what was found under it: the variant under which pages and blocks prove
/// themselves. Without a root every search goes through the scan.
pub(super) fn guess_header(source: &dyn ReadAt, limits: &Limits) -> Result<Option<(Header, Salvage)>> {
    for variant in [Variant::Unicode, Variant::Unicode4k, Variant::Ansi] {
        let found = Salvage::scan(source, variant, limits)?;
        if let Some(encoding) = found.encoding(source)? {
            let (nodes, blocks) = (PageRef::default(), PageRef::default());
            let file_end = source.len();
            let header = Header { variant, encoding, nodes, blocks, file_end, sound: false, is_address_book: false };
            return Ok(Some((header, found)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf of a B-tree at `ib` with the keys `keys`, sealed as the format asks ([MS-PST] 2.2.2.7.1).
    fn leaf(kind: u8, ib: u64, keys: std::ops::Range<u64>) -> Vec<u8> {
        let size = if kind == 0x81 { 32 } else { 24 };
        let mut page = vec![0; 512];
        for (i, key) in keys.clone().enumerate() {
            page[i * size..i * size + 8].copy_from_slice(&key.to_le_bytes());
        }
        let count = u8::try_from(keys.end - keys.start).unwrap();
        page[488..492].copy_from_slice(&[count, 15, size as u8, 0]);
        let sum = checksum::crc(&page[..496]);
        page[496..498].fill(kind);
        page[498..500].copy_from_slice(&checksum::signature(ib, ib).to_le_bytes());
        page[500..504].copy_from_slice(&sum.to_le_bytes());
        page[504..512].copy_from_slice(&ib.to_le_bytes());
        page
    }

    /// A block at `ib` of 48 octets with its trailer ([MS-PST] 2.2.2.8.1).
    fn block(ib: u64, bid: u64) -> Vec<u8> {
        let mut block = vec![7; 64];
        let sum = checksum::crc(&block[..48]);
        block[48..50].copy_from_slice(&48_u16.to_le_bytes());
        block[50..52].copy_from_slice(&checksum::signature(ib, bid).to_le_bytes());
        block[52..56].copy_from_slice(&sum.to_le_bytes());
        block[56..64].copy_from_slice(&bid.to_le_bytes());
        block
    }

    #[test]
    fn a_file_of_nothing_but_entries_fills_no_more_than_its_room() {
        let mut file = Vec::new();
        for i in 0..40 {
            file.extend(leaf(if i % 2 == 0 { 0x80 } else { 0x81 }, i * 512, i * 20 + 4..i * 20 + 19));
        }
        for i in 0..200 {
            file.extend(block(file.len() as u64, 4 * (i + 1)));
        }
        let scan = |salvage| Salvage::scan(&file, Variant::Unicode, &Limits { salvage, ..Limits::default() }).unwrap();
        let all = scan(1 << 20);
        assert!(!all.is_cut() && all.nodes.as_slice().len() == 300 && all.blocks.as_slice().len() == 200);
        let some = scan(5_000);
        let kept =
            some.nodes.as_slice().len() * 32 + some.blocks.as_slice().len() * 16 + some.mentions.as_slice().len() * 24;
        assert!(some.is_cut() && (1_000..=5_000).contains(&kept), "{kept} octets");
        assert!(some.nodes.as_slice().iter().all(|entry| all.node(entry.node().nid) == Some(entry.node())));
    }

    /// Each slot ends a block of 4,000 octets, so that each octet would be summed sixty times.
    #[test]
    fn blocks_in_one_another_are_given_up() {
        let mut file = vec![0; 4 << 20];
        for end in (64..=file.len()).step_by(64) {
            file[end - 16..end - 14].copy_from_slice(&4_000_u16.to_le_bytes());
            let ib = end.saturating_sub(Variant::Unicode.block_size(4_000)) as u64;
            file[end - 14..end - 12].copy_from_slice(&checksum::signature(ib, 8).to_le_bytes());
            file[end - 8..end].copy_from_slice(&8_u64.to_le_bytes());
        }
        let found = Salvage::scan(&file, Variant::Unicode, &Limits::default()).unwrap();
        assert!(found.is_cut() && found.checksums_left < 4_000);
    }
}
