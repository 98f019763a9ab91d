//! Heaps and the B-trees on them ([MS-PST] 2.3.1, 2.3.2).

use super::file::File;
use crate::{error::Result, pst::Variant};
use std::io::{Seek, Write};

/// The most octets of one allocation.
pub(super) const ALLOCATION: usize = 3580;
/// Blocks that are held before those are written that are full.
const HELD: usize = 32;
/// The blocks whose fill levels stand in the first one, and in each bitmap behind it ([MS-PST] 2.3.1.2, 2.3.1.4).
const OF_HEADER: usize = 8;
const OF_BITMAP: usize = 128;

/// Free octets from which on a block has a fill level ([MS-PST] 2.3.1.2).
const LEVELS: [usize; 15] = [3584, 2560, 2048, 1792, 1536, 1280, 1024, 768, 512, 256, 128, 64, 32, 16, 8];

/// A heap in the making.
pub(super) struct Heap {
    variant: Variant,
    client: u8,
    pub(super) root: u32,
    blocks: Vec<Slot>,
    /// How many blocks are held.
    held: usize,
}

enum Slot {
    Held(HeapBlock),
    /// Written already: its identifier and its octets.
    Written(u64, u64),
}

/// A block of a heap: its octets, and where each allocation starts and the last one ends.
struct HeapBlock {
    octets: Vec<u8>,
    offsets: Vec<u16>,
}

impl HeapBlock {
    /// The octets as they are written, without what only the whole heap knows.
    fn finish(mut self, variant: Variant, is_last: bool) -> Vec<u8> {
        let Self { octets, offsets } = &mut self;
        octets.resize(octets.len().next_multiple_of(2), 0);
        let map = octets.len() as u16;
        octets.extend((offsets.len() as u16 - 1).to_le_bytes());
        octets.extend([0, 0]);
        octets.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        put(octets, 0, &map.to_le_bytes());
        if !is_last {
            octets.resize(variant.block_data(), 0);
        }
        self.octets
    }

    /// The fill level of the block ([MS-PST] 2.3.1.2).
    fn level(&self, variant: Variant) -> u8 {
        let most = if variant == Variant::Unicode4k { 8176 } else { variant.block_data() };
        let used = self.octets.len().next_multiple_of(2) + 4 + 2 * self.offsets.len();
        let free = most.saturating_sub(used);
        LEVELS.iter().position(|least| free >= *least).unwrap_or(LEVELS.len()) as u8
    }
}

fn put(octets: &mut [u8], at: usize, value: &[u8]) {
    octets.iter_mut().skip(at).zip(value).for_each(|(to, from)| *to = *from);
}

/// Octets of the header of a block.
fn header_of(index: usize) -> usize {
    match index {
        0 => 12,
        n if n % OF_BITMAP == OF_HEADER => 66,
        _ => 2,
    }
}

/// The block that has the fill level of another one, and the octet and the half there.
fn place_of_level(index: usize) -> (usize, usize, u32) {
    let half = (index as u32 % 2) * 4;
    match index.checked_sub(OF_HEADER) {
        None => (0, 8 + index / 2, half),
        Some(behind) => (OF_HEADER + behind / OF_BITMAP * OF_BITMAP, 2 + behind % OF_BITMAP / 2, half),
    }
}

impl Heap {
    pub(super) fn new(variant: Variant, client: u8) -> Self {
        let mut heap = Self { variant, client, root: 0, blocks: Vec::new(), held: 0 };
        heap.add_block();
        heap
    }

    fn add_block(&mut self) {
        self.note_level(self.blocks.len().saturating_sub(1));
        let header = header_of(self.blocks.len());
        self.blocks.push(Slot::Held(HeapBlock { octets: vec![0; header], offsets: vec![header as u16] }));
        self.held += 1;
    }

    /// Notes the fill level of a block where the heap has it.
    fn note_level(&mut self, index: usize) {
        let Some(Slot::Held(block)) = self.blocks.get(index) else { return };
        let level = block.level(self.variant);
        let (of, at, half) = place_of_level(index);
        if let Some(Slot::Held(block)) = self.blocks.get_mut(of)
            && let Some(octet) = block.octets.get_mut(at)
        {
            *octet = *octet & !(0xF << half) | level << half;
        }
    }

    /// Adds an allocation of at most [`ALLOCATION`] octets and gives its identifier (HID).
    pub(super) fn add(&mut self, octets: &[u8]) -> u32 {
        let full = |slot: &Slot| {
            let Slot::Held(block) = slot else { return true };
            block.octets.len() + octets.len() + 2 * block.offsets.len() + 10 > self.variant.block_data()
                || block.offsets.len() >= 2040
        };
        if self.blocks.last().is_none_or(full) {
            self.add_block();
        }
        let index = self.blocks.len() as u32 - 1;
        let Some(Slot::Held(block)) = self.blocks.last_mut() else { return 0 };
        block.octets.extend_from_slice(octets);
        block.offsets.push(block.octets.len() as u16);
        let shift = if self.variant == Variant::Unicode4k { 19 } else { 16 };
        index << shift | (block.offsets.len() as u32 - 1) << 5
    }

    /// Replaces octets of an allocation that is still held: one of the first block, or of a heap that was never written in part.
    pub(super) fn replace(&mut self, hid: u32, at: usize, octets: &[u8]) {
        let shift = if self.variant == Variant::Unicode4k { 19 } else { 16 };
        let Some(Slot::Held(block)) = self.blocks.get_mut((hid >> shift) as usize) else { return };
        let index = (hid & ((1 << shift) - 1)) >> 5;
        let start = block.offsets.get(index as usize - 1).copied().map_or(0, usize::from);
        put(&mut block.octets, start + at, octets);
    }

    /// Writes a B-tree of records of one size, in the order of their keys, under the header `hid`; gives where its leaves are, and how many
    /// records each holds.
    pub(super) fn tree(&mut self, hid: u32, key: usize, entry: usize, records: &[u8]) -> Vec<u32> {
        let mut leaves = Vec::new();
        let (mut level, mut root) = (0, 0);
        let mut size = key + entry;
        let mut records = std::borrow::Cow::Borrowed(records);
        while !records.is_empty() {
            let mut above = Vec::new();
            let mut count = 0;
            for list in records.chunks(self.records(size) * size) {
                root = self.add(list);
                above.extend_from_slice(list.get(..key).unwrap_or_default());
                above.extend(root.to_le_bytes());
                count += 1;
                if level == 0 {
                    leaves.push(root);
                }
            }
            if count == 1 {
                break;
            }
            records = above.into();
            size = key + 4;
            level += 1;
        }
        let mut header = vec![0xB5, key as u8, entry as u8, level];
        header.extend(root.to_le_bytes());
        self.replace(hid, 0, &header);
        leaves
    }

    /// How many records of this size an allocation holds.
    #[expect(clippy::unused_self, reason = "it is a fact of heaps")]
    pub(super) fn records(&self, size: usize) -> usize {
        ALLOCATION / size
    }

    /// How many octets its blocks have.
    pub(super) fn octets(&self) -> u64 {
        let last = self.blocks.len() - 1;
        let of = |(index, slot): (usize, &Slot)| match slot {
            Slot::Written(_, size) => *size,
            Slot::Held(_) if index < last => self.variant.block_data() as u64,
            Slot::Held(block) => (block.octets.len().next_multiple_of(2) + 4 + 2 * block.offsets.len()) as u64,
        };
        self.blocks.iter().enumerate().map(of).sum()
    }

    /// Writes the blocks that nothing changes any more, once many are held.
    pub(super) fn relieve<W: Write + Seek>(&mut self, file: &mut File<W>) -> Result<()> {
        if self.held < HELD + self.blocks.len() / OF_BITMAP {
            return Ok(());
        }
        for index in 0..self.blocks.len() - 1 {
            // The first one has the root, and those with bitmaps the levels of others.
            if header_of(index) == 2 {
                self.write(file, index, false)?;
            }
        }
        Ok(())
    }

    fn write<W: Write + Seek>(&mut self, file: &mut File<W>, index: usize, is_last: bool) -> Result<()> {
        let Some(slot) = self.blocks.get_mut(index) else { return Ok(()) };
        if let Slot::Held(block) = slot {
            let block = std::mem::replace(block, HeapBlock { octets: Vec::new(), offsets: Vec::new() });
            let mut octets = block.finish(self.variant, is_last);
            if index == 0 {
                put(&mut octets, 2, &[0xEC, self.client]);
                put(&mut octets, 4, &self.root.to_le_bytes());
            }
            *slot = Slot::Written(file.block(&octets, false)?, octets.len() as u64);
            self.held -= 1;
        }
        Ok(())
    }

    /// Writes what is not written yet, and gives the blocks in order with their octets.
    pub(super) fn finish<W: Write + Seek>(mut self, file: &mut File<W>) -> Result<Vec<(u64, u64)>> {
        let last = self.blocks.len() - 1;
        self.note_level(last);
        for index in 0..=last {
            self.write(file, index, index == last)?;
        }
        let written = self.blocks.into_iter().map(|slot| match slot {
            Slot::Written(bid, size) => (bid, size),
            Slot::Held(_) => (0, 0),
        });
        Ok(written.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_fill_stand_where_readers_look_for_them() {
        for (index, expected) in
            [(0, (0, 8, 0)), (7, (0, 11, 4)), (8, (8, 2, 0)), (9, (8, 2, 4)), (135, (8, 65, 4)), (136, (136, 2, 0))]
        {
            assert_eq!(place_of_level(index), expected, "{index}");
        }
        let mut heap = Heap::new(Variant::Unicode, 0xBC);
        let Slot::Held(block) = &heap.blocks[0] else { panic!() };
        assert_eq!(block.level(Variant::Unicode), 0);
        for _ in 0..2 {
            heap.add(&[1; 3500]);
        }
        let Slot::Held(block) = &heap.blocks[0] else { panic!() };
        // 8176 less 12, 7000, and a map of 4 + 2 * 3.
        assert_eq!(block.level(Variant::Unicode), 6, "1154 octets are free");
    }
}
