//! Changes single fields of a sound Unicode store whose data is not scrambled: of its header, maps, trees, blocks, heaps, and tables. Most
//! have their checksums made anew, as a program that writes a field wrongly would; the others are left as damage leaves them.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use crate::dice::Dice;

impl Dice {
    fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        if all.is_empty() { None } else { Some(all[self.below(all.len())]) }
    }
}

fn crc(octets: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(octets);
    !hasher.finalize()
}

fn signature(ib: u64, bid: u64) -> u16 {
    let mixed = (ib ^ bid) as u32;
    ((mixed >> 16) ^ mixed) as u16
}

const PAGE: usize = 512;
const FIRST_MAP: usize = 0x4400;
const SECTION: usize = 496 * 8 * 64;

#[derive(Clone, Copy)]
struct Block {
    bid: u64,
    ib: usize,
    cb: usize,
}

impl Block {
    fn trailer(&self) -> usize {
        self.ib + (self.cb + 16).next_multiple_of(64) - 16
    }
}

/// A store and where its parts are.
pub(crate) struct Mutator {
    sound: Vec<u8>,
    octets: Vec<u8>,
    dice: Dice,
    /// Pages of trees: offset, type, level.
    pages: Vec<(usize, u8, u8)>,
    blocks: Vec<Block>,
}

type Mutation = fn(&mut Mutator) -> Option<String>;

/// Each kind as often as it stands there.
const KINDS: [Mutation; 24] = [
    Mutator::header_field,
    Mutator::header_field,
    Mutator::header_field,
    Mutator::allocation_bit,
    Mutator::other_map,
    Mutator::page_trailer,
    Mutator::page_head,
    Mutator::inner_entry,
    Mutator::block_entry,
    Mutator::block_entry,
    Mutator::node_entry,
    Mutator::node_entry,
    Mutator::entry_removed,
    Mutator::block_trailer,
    Mutator::list,
    Mutator::list,
    Mutator::heap,
    Mutator::heap,
    Mutator::tree_on_heap,
    Mutator::property,
    Mutator::property,
    Mutator::table,
    Mutator::table,
    Mutator::stale,
];

impl Mutator {
    pub(crate) fn new(sound: &[u8], seed: u64) -> Self {
        let mut mutator = Self {
            sound: sound.to_vec(),
            octets: sound.to_vec(),
            dice: Dice(seed | 1),
            pages: Vec::new(),
            blocks: Vec::new(),
        };
        for root in [216, 232] {
            let mut waiting = vec![mutator.u64(root + 8) as usize];
            while let Some(ib) = waiting.pop() {
                let (kind, level, count) =
                    (mutator.octets[ib + 496], mutator.octets[ib + 491], mutator.octets[ib + 488]);
                mutator.pages.push((ib, kind, level));
                for index in 0..usize::from(count) {
                    if level > 0 {
                        waiting.push(mutator.u64(ib + 24 * index + 16) as usize);
                    } else if kind == 0x80 {
                        let at = ib + 24 * index;
                        let (bid, place) = (mutator.u64(at), mutator.u64(at + 8) as usize);
                        let cb = usize::from(mutator.u16(at + 16));
                        mutator.blocks.push(Block { bid, ib: place, cb });
                    }
                }
            }
        }
        mutator
    }

    /// The store with one field changed, and what was changed.
    pub(crate) fn next(&mut self) -> (Vec<u8>, String) {
        loop {
            self.octets.clear();
            self.octets.extend_from_slice(&self.sound);
            let kind = KINDS[self.dice.below(KINDS.len())];
            if let Some(what) = kind(self)
                && self.octets != self.sound
            {
                return (self.octets.clone(), what);
            }
        }
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.octets[at..at + 2].try_into().unwrap())
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.octets[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.octets[at..at + 8].try_into().unwrap())
    }

    fn put(&mut self, at: usize, octets: &[u8]) {
        self.octets[at..at + octets.len()].copy_from_slice(octets);
    }

    fn flip(&mut self, at: usize, bits: usize) {
        let bit = self.dice.below(bits);
        self.octets[at + bit / 8] ^= 1 << (bit % 8);
    }

    /// Adds or takes away 1, 2 or 3.
    fn nudge16(&mut self, at: usize) {
        let by = 1 + self.dice.below(3) as u16;
        let value = self.u16(at);
        let value = if self.dice.below(2) == 0 { value.wrapping_add(by) } else { value.wrapping_sub(by) };
        self.put(at, &value.to_le_bytes());
    }

    fn seal_header(&mut self) {
        let (partial, full) = (crc(&self.octets[8..8 + 471]), crc(&self.octets[8..8 + 516]));
        self.put(4, &partial.to_le_bytes());
        self.put(524, &full.to_le_bytes());
        let partial = crc(&self.octets[8..8 + 471]);
        self.put(4, &partial.to_le_bytes());
    }

    fn seal_page(&mut self, ib: usize) {
        let sum = crc(&self.octets[ib..ib + 496]);
        self.put(ib + 500, &sum.to_le_bytes());
    }

    fn seal_block(&mut self, block: Block) {
        let sum = crc(&self.octets[block.ib..block.ib + block.cb]);
        self.put(block.trailer() + 4, &sum.to_le_bytes());
    }

    fn sections(&self) -> usize {
        (self.octets.len() - FIRST_MAP) / SECTION
    }

    fn header_field(&mut self) -> Option<String> {
        const FIELDS: [(&str, usize, usize); 27] = [
            ("dwMagic", 0, 32),
            ("wMagicClient", 8, 16),
            ("wVer", 10, 5),
            ("wVerClient", 12, 16),
            ("bPlatformCreate", 14, 8),
            ("bPlatformAccess", 15, 8),
            ("bidNextP", 32, 0),
            ("rgnid folders", 52, 0),
            ("rgnid messages", 60, 0),
            ("rgnid attachments", 64, 0),
            ("rgnid hidden messages", 76, 0),
            ("qwUnused", 176, 16),
            ("dwReserved", 180, 32),
            ("ibFileEof", 184, 32),
            ("ibAMapLast", 192, 32),
            ("cbAMapFree", 200, 32),
            ("cbPMapFree", 208, 32),
            ("BREFNBT bid", 216, 16),
            ("BREFNBT ib", 224, 20),
            ("BREFBBT bid", 232, 16),
            ("BREFBBT ib", 240, 20),
            ("fAMapValid", 248, 2),
            ("rgbFM", 256, 8),
            ("rgbFP", 384, 128 * 8),
            ("bSentinel", 512, 8),
            ("bCryptMethod", 513, 2),
            ("bidNextB", 516, 0),
        ];
        let (name, at, bits) = self.dice.one_of(&FIELDS)?;
        if bits == 0 {
            let value = self.u32(at);
            let less = self.dice.below(value as usize) as u32;
            let lower = if self.dice.below(2) == 0 { value - 1 } else { less };
            self.put(at, &lower.to_le_bytes());
        } else {
            self.flip(at, bits);
        }
        if self.dice.below(4) > 0 {
            self.seal_header();
        }
        Some(format!("header {name}"))
    }

    fn allocation_bit(&mut self) -> Option<String> {
        let at = FIRST_MAP + self.dice.below(self.sections()) * SECTION;
        self.flip(at, 496 * 8);
        self.seal_page(at);
        Some(format!("AMap at {at:#x}"))
    }

    fn other_map(&mut self) -> Option<String> {
        let (name, at, bits) = self.dice.one_of(&[
            ("PMap", FIRST_MAP + PAGE, 496 * 8),
            ("DList cEntDList", FIRST_MAP - PAGE + 1, 8),
            ("DList ulCurrentPage", FIRST_MAP - PAGE + 4, 32),
            ("DList entry", FIRST_MAP - PAGE + 8, 32),
        ])?;
        if name == "DList entry" && self.octets[FIRST_MAP - PAGE + 1] == 0 {
            return None;
        }
        self.flip(at, bits);
        self.seal_page(at / PAGE * PAGE);
        Some(name.to_owned())
    }

    fn page_trailer(&mut self) -> Option<String> {
        let maps: Vec<usize> = (0..self.sections()).map(|section| FIRST_MAP + section * SECTION).collect();
        let pages: Vec<usize> = self.pages.iter().map(|page| page.0).chain(maps).chain([FIRST_MAP + PAGE]).collect();
        let at = self.dice.one_of(&pages)?;
        let (name, field, bits) = self.dice.one_of(&[
            ("ptype", 496, 8),
            ("ptypeRepeat", 497, 8),
            ("wSig", 498, 16),
            ("dwCRC", 500, 32),
            ("bid", 504, 24),
        ])?;
        self.flip(at + field, bits);
        if name == "bid" && self.u16(at + 498) != 0 {
            let of = signature(at as u64, self.u64(at + 504));
            self.put(at + 498, &of.to_le_bytes());
        }
        Some(format!("{name} of the page at {at:#x}"))
    }

    fn page_head(&mut self) -> Option<String> {
        let (at, ..) = self.dice.one_of(&self.pages.clone())?;
        let (name, field) = self.dice.one_of(&[("cEnt", 488), ("cEntMax", 489), ("cbEnt", 490), ("cLevel", 491)])?;
        let by = 1 + self.dice.below(3) as u8;
        let value = self.octets[at + field];
        self.octets[at + field] = if self.dice.below(2) == 0 { value.wrapping_add(by) } else { value.wrapping_sub(by) };
        self.seal_page(at);
        Some(format!("{name} of the page at {at:#x}"))
    }

    /// An entry of a page of this type and whether it is a leaf.
    fn entry(&mut self, kind: Option<u8>, is_leaf: bool) -> Option<(usize, usize, usize)> {
        let fits = |page: &&(usize, u8, u8)| kind.is_none_or(|kind| kind == page.1) && (page.2 == 0) == is_leaf;
        let pages: Vec<_> = self.pages.iter().filter(fits).copied().collect();
        let (ib, kind, _) = self.dice.one_of(&pages)?;
        let size = if is_leaf && kind == 0x81 { 32 } else { 24 };
        let index = self.dice.below(self.octets[ib + 488].into());
        Some((ib, ib + size * index, size))
    }

    fn inner_entry(&mut self) -> Option<String> {
        let (page, at, _) = self.entry(None, false)?;
        let (name, field, bits) = self.dice.one_of(&[("btkey", 0, 16), ("BREF bid", 8, 16), ("BREF ib", 16, 24)])?;
        self.flip(at + field, bits);
        self.seal_page(page);
        Some(format!("{name} in the page at {page:#x}"))
    }

    fn block_entry(&mut self) -> Option<String> {
        let (page, at, _) = self.entry(Some(0x80), true)?;
        let (name, field, bits) =
            self.dice.one_of(&[("bid", 0, 16), ("ib", 8, 24), ("cb", 16, 14), ("cRef", 18, 4)])?;
        self.flip(at + field, bits);
        self.seal_page(page);
        Some(format!("{name} of a BBTENTRY at {at:#x}"))
    }

    fn node_entry(&mut self) -> Option<String> {
        let (page, at, _) = self.entry(Some(0x81), true)?;
        let (name, field) = self.dice.one_of(&[("nid", 0), ("bidData", 8), ("bidSub", 16), ("nidParent", 24)])?;
        if self.dice.below(2) == 0 && (name == "bidData" || name == "bidSub") {
            let other = self.dice.one_of(&self.blocks.clone())?.bid;
            let value = if self.dice.below(4) == 0 { 0 } else { other };
            self.put(at + field, &value.to_le_bytes());
        } else {
            self.flip(at + field, if name == "nid" { 24 } else { 16 });
        }
        self.seal_page(page);
        Some(format!("{name} of the node {:#x}", u32::from_le_bytes(self.sound[at..at + 4].try_into().ok()?)))
    }

    fn entry_removed(&mut self) -> Option<String> {
        let kind = self.dice.one_of(&[0x80, 0x81])?;
        let (page, at, size) = self.entry(Some(kind), true)?;
        let end = page + size * usize::from(self.octets[page + 488]);
        let what = if self.dice.below(3) == 0 && at + 2 * size <= end {
            let (one, other) = (self.octets[at..at + size].to_vec(), self.octets[at + size..at + 2 * size].to_vec());
            self.put(at, &other);
            self.put(at + size, &one);
            "two entries swapped"
        } else {
            self.octets.copy_within(at + size..end, at);
            self.octets[end - size..end].fill(0);
            self.octets[page + 488] -= 1;
            "an entry removed"
        };
        self.seal_page(page);
        let key = u64::from_le_bytes(self.sound[at..at + 8].try_into().ok()?);
        Some(format!("{what}, {key:#x}, in the page at {page:#x} of type {kind:#x}"))
    }

    fn block_trailer(&mut self) -> Option<String> {
        let block = self.dice.one_of(&self.blocks.clone())?;
        let (name, field, bits) =
            self.dice.one_of(&[("cb", 0, 13), ("wSig", 2, 16), ("dwCRC", 4, 32), ("bid", 8, 20)])?;
        let field_at = block.trailer() + field;
        if name == "bid" {
            // Bit 0 is reserved.
            self.octets[field_at] ^= 2 << self.dice.below(7);
        } else {
            self.flip(field_at, bits);
        }
        Some(format!("{name} in the trailer of the block {:#x}", block.bid))
    }

    /// A field of an XBLOCK, XXBLOCK, SLBLOCK or SIBLOCK.
    fn list(&mut self) -> Option<String> {
        let lists: Vec<Block> = self.blocks.iter().filter(|block| block.bid & 2 != 0).copied().collect();
        let block = self.dice.one_of(&lists)?;
        let is_data = self.octets[block.ib] == 1;
        let count = usize::from(self.u16(block.ib + 2));
        let size = if is_data { 8 } else { 24 };
        let entry = block.ib + 8 + size * self.dice.below(count);
        let name = match (self.dice.below(5), is_data) {
            (0, _) => {
                self.flip(block.ib, 16);
                "btype or cLevel"
            }
            (1, _) => {
                self.nudge16(block.ib + 2);
                "cEnt"
            }
            (2, true) => {
                self.flip(block.ib + 4, 32);
                "lcbTotal"
            }
            (2, false) => {
                self.flip(entry, 20);
                "nid"
            }
            (3, false) => {
                let other = self.dice.one_of(&self.blocks.clone())?.bid;
                self.put(entry + 8, &other.to_le_bytes());
                "bidData"
            }
            (_, false) => {
                self.flip(entry + 16, 16);
                "bidSub"
            }
            (_, true) => {
                let other = self.dice.one_of(&self.blocks.clone())?.bid;
                self.put(entry, &other.to_le_bytes());
                "a bid"
            }
        };
        self.seal_block(block);
        Some(format!("{name} of the list {:#x}", block.bid))
    }

    /// A heap of this kind that is one block, and its allocations.
    fn a_heap(&mut self, client: Option<u8>) -> Option<(Block, Vec<(usize, usize)>)> {
        let is_heap = |block: &&Block| {
            let at = block.ib;
            let is_first = block.bid & 2 == 0 && block.cb > 16 && self.octets[at + 2] == 0xEC;
            is_first
                && client
                    .map_or_else(|| matches!(self.octets[at + 3], 0x7C | 0xBC), |client| self.octets[at + 3] == client)
        };
        let heaps: Vec<Block> = self.blocks.iter().filter(is_heap).copied().collect();
        let block = self.dice.one_of(&heaps)?;
        let map = block.ib + usize::from(self.u16(block.ib));
        let count = usize::from(self.u16(map));
        let offset = |index: usize| block.ib + usize::from(self.u16(map + 4 + 2 * index));
        Some((block, (0..count).map(|index| (offset(index), offset(index + 1))).collect()))
    }

    fn heap(&mut self) -> Option<String> {
        let (block, allocations) = self.a_heap(None)?;
        let map = block.ib + usize::from(self.u16(block.ib));
        let name = match self.dice.below(8) {
            0 => {
                self.flip(block.ib, 12);
                "ibHnpm"
            }
            1 => {
                self.flip(block.ib + 2, 16);
                "bSig or bClientSig"
            }
            2 => {
                self.flip(block.ib + 4, 16);
                "hidUserRoot"
            }
            3 => {
                self.flip(block.ib + 8, 4);
                "rgbFillLevel"
            }
            4 => {
                self.nudge16(map);
                "cAlloc"
            }
            5 => {
                self.nudge16(map + 2);
                "cFree"
            }
            _ => {
                let at = map + 4 + 2 * self.dice.below(allocations.len() + 1);
                self.nudge16(at);
                "rgibAlloc"
            }
        };
        self.seal_block(block);
        Some(format!("{name} of the heap {:#x}", block.bid))
    }

    fn tree_on_heap(&mut self) -> Option<String> {
        let (block, allocations) = self.a_heap(None)?;
        let headers: Vec<_> =
            allocations.iter().filter(|(from, to)| to - from == 8 && self.octets[*from] == 0xB5).copied().collect();
        let (at, _) = self.dice.one_of(&headers)?;
        let (name, field, bits) = self.dice.one_of(&[
            ("bType", 0, 8),
            ("cbKey", 1, 5),
            ("cbEnt", 2, 5),
            ("bIdxLevels", 3, 3),
            ("hidRoot", 4, 20),
        ])?;
        // A tree without records has no root.
        if self.u32(at + 4) == 0 {
            return None;
        }
        self.flip(at + field, bits);
        self.seal_block(block);
        Some(format!("{name} of a BTH in {:#x}", block.bid))
    }

    /// A record of a property context.
    fn property(&mut self) -> Option<String> {
        let (block, allocations) = self.a_heap(Some(0xBC))?;
        let (header, _) = *allocations.iter().find(|(from, to)| to - from == 8 && self.octets[*from] == 0xB5)?;
        let root = self.u32(header + 4);
        // One level, in the same block.
        if self.octets[header + 3] != 0 || root == 0 || root >> 16 != 0 {
            return None;
        }
        let (from, to) = *allocations.get((root >> 5) as usize - 1)?;
        let at = from + 8 * self.dice.below((to - from) / 8);
        let (id, kind) = (self.u16(at), self.u16(at + 2));
        let is_inline = matches!(kind, 2..=4 | 0x0A | 0x0B);
        let name = match self.dice.below(3) {
            0 => {
                self.flip(at, 15);
                "the identifier"
            }
            1 => {
                self.flip(at + 2, 13);
                "the type"
            }
            _ if is_inline => {
                // Numbers that anything else tells too.
                if !matches!(id, 0x0E08 | 0x0E20 | 0x3602 | 0x3603 | 0x360A | 0x3705 | 0x370B | 0x0017 | 0x0E07) {
                    return None;
                }
                self.flip(at + 4, if kind == 0x0B { 1 } else { 16 });
                if id == 0x0E07
                    && (self.u32(at + 4) ^ u32::from_le_bytes(self.sound[at + 4..at + 8].try_into().ok()?)) == 2
                {
                    return None;
                }
                "the number"
            }
            _ => {
                self.flip(at + 4, 20);
                "the HNID"
            }
        };
        self.seal_block(block);
        Some(format!("{name} of the property {id:#06x} (type {kind:#x}) in {:#x}", block.bid))
    }

    fn table(&mut self) -> Option<String> {
        let (block, allocations) = self.a_heap(Some(0x7C))?;
        let root = self.u32(block.ib + 4);
        let (info, end) = *allocations.get((root >> 5) as usize - 1)?;
        if self.octets[info] != 0x7C || (end - info - 22) % 8 != 0 {
            return None;
        }
        let columns = usize::from(self.octets[info + 1]);
        let column = info + 22 + 8 * self.dice.below(columns);
        let rows = self.u32(info + 14);
        let row_size = usize::from(self.u16(info + 8));
        let bits_at = usize::from(self.u16(info + 6));
        let matrix =
            allocations.get((rows >> 5).wrapping_sub(1) as usize).copied().filter(|_| rows != 0 && rows & 31 == 0);
        let name = match (self.dice.below(8), matrix) {
            (0, _) => {
                self.flip(info, 16);
                "bType or cCols".to_owned()
            }
            (1, _) => {
                self.flip(info + 2, 64);
                "rgib".to_owned()
            }
            (2, _) => {
                self.flip(info + 10, 20);
                "hidRowIndex".to_owned()
            }
            (3, _) => {
                if rows == 0 {
                    return None;
                }
                self.flip(info + 14, 20);
                "hnidRows".to_owned()
            }
            (4, _) => {
                self.flip(column, 64);
                "a TCOLDESC".to_owned()
            }
            (of, Some((from, to))) if to > from && rows >> 16 == 0 => {
                let row = from + row_size * self.dice.below((to - from) / row_size);
                match of {
                    5 => {
                        self.flip(row, 24);
                        "dwRowID".to_owned()
                    }
                    6 => {
                        self.flip(row + bits_at, columns);
                        "the CEB".to_owned()
                    }
                    _ => {
                        // Cells of which the object tells the same.
                        let (tag, at) = (self.u32(column), usize::from(self.u16(column + 4)));
                        let bit = usize::from(self.octets[column + 7]);
                        let has = self.octets[row + bits_at + bit / 8] & (0x80 >> (bit % 8)) != 0;
                        let told = [
                            0x001A_001F,
                            0x0037_001F,
                            0x0E07_0003,
                            0x0017_0003,
                            0x3602_0003,
                            0x3603_0003,
                            0x3705_0003,
                            0x3001_001F,
                            0x0E06_0040,
                        ];
                        if !told.contains(&tag) || !has {
                            return None;
                        }
                        // One bit of the flags says that the row was changed.
                        self.flip(row + at, if tag == 0x0E07_0003 { 1 } else { 16 });
                        format!("the cell {tag:#x}")
                    }
                }
            }
            _ => return None,
        };
        self.seal_block(block);
        Some(format!("{name} of the table {:#x}", block.bid))
    }

    /// An octet of anything, without its checksum.
    fn stale(&mut self) -> Option<String> {
        let (at, len) = match self.dice.below(3) {
            0 => (8, 516),
            1 => (self.dice.one_of(&self.pages.clone())?.0, 496),
            _ => self.dice.one_of(&self.blocks.clone()).map(|block| (block.ib, block.cb))?,
        };
        let at = at + self.dice.below(len);
        self.flip(at, 8);
        Some(format!("a bit at {at:#x}, with the checksum as it was"))
    }
}
