//! Finding nodes and blocks without the B-trees' roots: a scan of every page and block that proves itself.
//!
//! A leaf page proves itself by its type, checksum and signature, a block by its trailer's size, signature and checksum. Pages that
//! were replaced but not overwritten are found as well; of two entries with the same key the one on the younger page counts
//! (page identifiers only grow).

use super::{
    block::{Trailer, is_internal},
    header::{Header, PageRef},
    page::{BlockEntry, Node, Page, Tree},
};
use crate::{
    error::Result,
    pst::{Variant, checksum, encoding::Encoding, le::u16_at},
    source::ReadAt,
};
use std::{collections::BTreeMap, ops::Bound, sync::Arc};

/// Octets read at a time.
const WINDOW: usize = 1 << 20;

/// Nodes and blocks that are kept: those of a store of 32 GB, in at most 500 MB of memory. Of more, the first of the file count.
const ROOM: Room = Room { nodes: 1 << 21, blocks: 1 << 22 };

/// How many nodes and blocks are kept.
#[derive(Clone, Copy)]
struct Room {
    nodes: usize,
    blocks: usize,
}

/// Nodes that are asked for the scrambling.
const VOTERS: usize = 64;

/// What the scan found. Each entry carries the identifier of the page that told it; 0 for a page that is damaged.
#[derive(Default)]
pub(super) struct Salvage {
    nodes: BTreeMap<u32, (u64, Node)>,
    /// Blocks that proved themselves where they lie.
    blocks: BTreeMap<u64, BlockEntry>,
    /// Blocks that only a page speaks of.
    told: BTreeMap<u64, (u64, BlockEntry)>,
    /// Whether there were more than are kept.
    pub(super) is_cut: bool,
}

impl Salvage {
    pub(super) fn scan(source: &dyn ReadAt, variant: Variant) -> Result<Self> {
        Self::scan_into(ROOM, source, variant)
    }

    fn scan_into(room: Room, source: &dyn ReadAt, variant: Variant) -> Result<Self> {
        let mut found = Self::default();
        let reach = variant.block_size(variant.block_data()).max(variant.page_size());
        let slot = variant.block_slot();
        let mut window = vec![0; WINDOW + reach];
        // A window holds `reach` octets of what came before it, for blocks that end in it.
        let mut start = 0_u64;
        while start < source.len() {
            let new = usize::try_from(source.len() - start).unwrap_or(WINDOW).min(WINDOW);
            window.copy_within(WINDOW.., 0);
            let fresh = window.get_mut(reach..reach + new).unwrap_or_default();
            source.read_exact_at(start, fresh)?;
            for end in (slot..=new).step_by(slot) {
                let before = window.get(..reach + end).unwrap_or_default();
                let place = start + end as u64;
                found.page_ending_at(before, place, variant, room);
                found.block_ending_at(before, place, variant, room);
            }
            start += new as u64;
            if new < WINDOW {
                break;
            }
        }
        // What a page tells and the block itself proves need not be held twice.
        let blocks = &found.blocks;
        found.told.retain(|bid, (_, told)| blocks.get(bid).is_none_or(|proved| proved.ib != told.ib));
        Ok(found)
    }

    fn page_ending_at(&mut self, before: &[u8], end: u64, variant: Variant, room: Room) {
        let size = variant.page_size();
        let (Some(ib), Some(from)) = (end.checked_sub(size as u64), before.len().checked_sub(size)) else { return };
        if ib % 512 != 0 {
            return;
        }
        let octets = before.get(from..).unwrap_or_default();
        let tree = match octets.get(variant.page_body()..variant.page_body() + 2) {
            Some([0x80, 0x80]) => Tree::Blocks,
            Some([0x81, 0x81]) => Tree::Nodes,
            _ => return,
        };
        let Some(page) = Page::parse(Arc::from(octets), variant, tree) else { return };
        let signature = u16_at(octets, variant.page_body() + 2);
        if page.level != 0 || signature != Some(checksum::signature(ib, page.bid)) {
            return;
        }
        // What a damaged page tells counts only where no other page tells anything.
        let age = if page.sound { page.bid } else { 0 };
        for i in 0..page.count {
            match tree {
                Tree::Nodes => {
                    let node = page.node(i);
                    if self.nodes.len() >= room.nodes && !self.nodes.contains_key(&node.nid) {
                        self.is_cut = true;
                        continue;
                    }
                    let known = self.nodes.entry(node.nid).or_insert((age, node));
                    if known.0 < age {
                        *known = (age, node);
                    }
                }
                Tree::Blocks => {
                    let block = page.block(i);
                    if self.told.len() >= room.blocks && !self.told.contains_key(&block.bid) {
                        self.is_cut = true;
                        continue;
                    }
                    let known = self.told.entry(block.bid).or_insert((age, block));
                    if known.0 < age {
                        *known = (age, block);
                    }
                }
            }
        }
    }

    fn block_ending_at(&mut self, before: &[u8], end: u64, variant: Variant, room: Room) {
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
        let data = before.get(from..from + stored).unwrap_or_default();
        if checksum::crc(data) != trailer.crc {
            return;
        }
        let bid = trailer.bid & !1;
        if self.blocks.len() >= room.blocks && !self.blocks.contains_key(&bid) {
            self.is_cut = true;
            return;
        }
        self.blocks.insert(bid, BlockEntry { bid, ib, stored: trailer.size, size: trailer.inflated });
    }

    /// The scrambling under which the data of the first nodes are heaps, as most are.
    pub(super) fn encoding(&self, source: &dyn ReadAt) -> Result<Option<Encoding>> {
        let mut votes = [(0, Encoding::Plain), (0, Encoding::Permute), (0, Encoding::Cyclic)];
        let blocks = self.nodes.values().filter(|(_, node)| !is_internal(node.data));
        for block in blocks.filter_map(|(_, node)| self.blocks.get(&(node.data & !1))).take(VOTERS) {
            let mut start = [0; 4];
            if block.stored < 4 || block.stored != block.size {
                continue;
            }
            source.read_exact_at(block.ib, &mut start)?;
            for (count, encoding) in &mut votes {
                let mut heap = start;
                encoding.decode(&mut heap, block.bid);
                *count += u32::from(matches!(heap, [_, _, 0xEC, 0xBC | 0x7C]));
            }
        }
        Ok(votes
            .into_iter()
            .max_by_key(|(count, _)| *count)
            .filter(|(count, _)| *count > 0)
            .map(|(_, encoding)| encoding))
    }

    pub(super) fn node(&self, nid: u32) -> Option<Node> {
        self.nodes.get(&nid).map(|(_, node)| *node)
    }

    pub(super) fn next_node(&self, after: Option<u32>) -> Option<Node> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.nodes.range((from, Bound::Unbounded)).next().map(|(_, (_, node))| *node)
    }

    /// A block that proved itself, or else one that a page speaks of.
    pub(super) fn block(&self, bid: u64) -> Option<BlockEntry> {
        let bid = bid & !1;
        self.blocks.get(&bid).copied().or_else(|| self.told.get(&bid).map(|(_, entry)| *entry))
    }

    /// A block that proved itself at another place than the youngest page says.
    pub(super) fn replaced_block(&self, bid: u64) -> Option<BlockEntry> {
        let bid = bid & !1;
        let proved = *self.blocks.get(&bid)?;
        let told = self.told.get(&bid);
        told.is_none_or(|(_, told)| told.ib != proved.ib).then_some(proved)
    }
}

/// A header made up for a file whose own cannot be read, and what was found under it: the variant under which pages and blocks prove
/// themselves. Without a root every search goes through the scan.
pub(super) fn guess_header(source: &dyn ReadAt) -> Result<Option<(Header, Salvage)>> {
    for variant in [Variant::Unicode, Variant::Unicode4k, Variant::Ansi] {
        let found = Salvage::scan(source, variant)?;
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
        let all = Salvage::scan(&file, Variant::Unicode).unwrap();
        assert!(!all.is_cut && all.nodes.len() == 300 && all.blocks.len() == 200, "{} blocks", all.blocks.len());
        let room = Room { nodes: 30, blocks: 50 };
        let some = Salvage::scan_into(room, &file, Variant::Unicode).unwrap();
        assert!(some.is_cut);
        assert_eq!((some.nodes.len(), some.blocks.len()), (30, 50));
        assert!(some.told.len() <= 50);
        assert!(some.nodes.keys().all(|nid| all.nodes.contains_key(nid)), "the first of the file count");
    }
}
