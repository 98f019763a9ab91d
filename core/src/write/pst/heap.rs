//! Heaps and the B-trees on them ([MS-PST] 2.3.1, 2.3.2).

use crate::pst::Variant;

/// The most octets of one allocation.
pub(super) const ALLOCATION: usize = 3580;

/// A heap in the making.
pub(super) struct Heap {
    variant: Variant,
    client: u8,
    pub(super) root: u32,
    blocks: Vec<HeapBlock>,
}

/// A block of a heap: its octets, and where each allocation starts and the last one ends.
struct HeapBlock {
    octets: Vec<u8>,
    offsets: Vec<u16>,
}

impl Heap {
    pub(super) fn new(variant: Variant, client: u8) -> Self {
        let mut heap = Self { variant, client, root: 0, blocks: Vec::new() };
        heap.add_block();
        heap
    }

    fn add_block(&mut self) {
        let header = match self.blocks.len() {
            0 => 12,
            n if n % 128 == 8 => 66,
            _ => 2,
        };
        self.blocks.push(HeapBlock { octets: vec![0; header], offsets: vec![header as u16] });
    }

    /// Adds an allocation of at most [`ALLOCATION`] octets and gives its identifier (HID).
    pub(super) fn add(&mut self, octets: &[u8]) -> u32 {
        let full = |block: &HeapBlock| {
            block.octets.len() + octets.len() + 2 * block.offsets.len() + 10 > self.variant.block_data()
                || block.offsets.len() >= 2040
        };
        if self.blocks.last().is_none_or(full) {
            self.add_block();
        }
        let index = self.blocks.len() as u32 - 1;
        let Some(block) = self.blocks.last_mut() else { return 0 };
        block.octets.extend_from_slice(octets);
        block.offsets.push(block.octets.len() as u16);
        let shift = if self.variant == Variant::Unicode4k { 19 } else { 16 };
        index << shift | (block.offsets.len() as u32 - 1) << 5
    }

    /// Replaces the octets of an allocation of the first block.
    pub(super) fn replace(&mut self, hid: u32, octets: &[u8]) {
        let Some(block) = self.blocks.first_mut() else { return };
        let start = block.offsets.get((hid >> 5) as usize - 1).copied().map_or(0, usize::from);
        for (to, from) in block.octets.iter_mut().skip(start).zip(octets) {
            *to = *from;
        }
    }

    /// Writes a B-tree of records of one size, in the order of their keys, under the header `hid`.
    pub(super) fn tree(&mut self, hid: u32, key: usize, entry: usize, records: Vec<Vec<u8>>) {
        let mut records = records;
        let mut level = 0;
        let mut root = 0;
        while !records.is_empty() {
            let size = records.first().map_or(1, Vec::len);
            let mut above = Vec::new();
            for list in records.chunks(ALLOCATION / size) {
                let first = list.first().and_then(|record| record.get(..key)).unwrap_or_default();
                let hid = self.add(&list.concat());
                above.push([first, &hid.to_le_bytes()].concat());
                root = hid;
            }
            if above.len() == 1 {
                break;
            }
            records = above;
            level += 1;
        }
        let mut header = vec![0xB5, key as u8, entry as u8, level];
        header.extend(root.to_le_bytes());
        self.replace(hid, &header);
    }

    /// The blocks as they are written.
    pub(super) fn blocks(self) -> Vec<Vec<u8>> {
        let last = self.blocks.len() - 1;
        let (variant, client, root) = (self.variant, self.client, self.root);
        let blocks = self.blocks.into_iter().enumerate().map(|(i, HeapBlock { mut octets, offsets })| {
            octets.resize(octets.len().next_multiple_of(2), 0);
            let map = octets.len() as u16;
            octets.extend((offsets.len() as u16 - 1).to_le_bytes());
            octets.extend([0, 0]);
            octets.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
            let mut header = map.to_le_bytes().to_vec();
            if i == 0 {
                header.extend([0xEC, client]);
                header.extend(root.to_le_bytes());
            }
            for (to, from) in octets.iter_mut().zip(header) {
                *to = from;
            }
            if i < last {
                octets.resize(variant.block_data(), 0);
            }
            octets
        });
        blocks.collect()
    }
}
