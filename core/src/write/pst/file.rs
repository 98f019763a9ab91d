//! Pages and blocks, laid one behind the other ([MS-PST] 2.2).

use crate::{
    error::{Error, ErrorKind, Result},
    pst::{Variant, checksum, encoding::Encoding},
};
use std::io::{Seek, SeekFrom, Write};

/// Types of pages.
const BLOCK_PAGE: u8 = 0x80;
const NODE_PAGE: u8 = 0x81;
const FREE_MAP: u8 = 0x82;
const PAGE_MAP: u8 = 0x83;
const ALLOCATION_MAP: u8 = 0x84;
const FREE_PAGE_MAP: u8 = 0x85;

/// A page of a tree and where it is.
type PageRef = (u64, u64);

/// A file in the making: what is written stays where it is.
pub(super) struct File<W> {
    out: W,
    pub(super) variant: Variant,
    encoding: Encoding,
    /// Where the next octet goes.
    at: u64,
    /// Sections that an allocation map covers: how many are full, and the map of the one at hand.
    section: u64,
    map: Vec<u8>,
    free: u64,
    next_block: u64,
    next_page: u64,
    blocks: Vec<BlockEntry>,
    nodes: Vec<NodeEntry>,
}

struct BlockEntry {
    bid: u64,
    ib: u64,
    size: u16,
}

struct NodeEntry {
    nid: u32,
    data: u64,
    subnodes: u64,
    parent: u32,
}

impl<W: Write + Seek> File<W> {
    pub(super) fn new(out: W, variant: Variant, encoding: Encoding) -> Result<Self> {
        let mut file = Self {
            out,
            variant,
            encoding,
            at: 0,
            section: 0,
            map: Vec::new(),
            free: 0,
            next_block: 4,
            next_page: 4,
            blocks: Vec::new(),
            nodes: Vec::new(),
        };
        file.fill_to(file.first_map())?;
        file.begin_section()?;
        Ok(file)
    }

    /// The offset of the first allocation map.
    fn first_map(&self) -> u64 {
        match self.variant {
            Variant::Ansi | Variant::Unicode => 0x4400,
            Variant::Unicode4k => 0x2_2000,
        }
    }

    /// Octets of an allocation map: one bit a slot.
    fn map_size(&self) -> u64 {
        match self.variant {
            Variant::Ansi | Variant::Unicode => 496,
            Variant::Unicode4k => 4072,
        }
    }

    fn section_size(&self) -> u64 {
        self.map_size() * 8 * self.variant.block_slot() as u64
    }

    fn section_start(&self) -> u64 {
        self.first_map() + self.section * self.section_size()
    }

    /// Pages at the start of the section at hand: the map of its slots, and now and then maps of maps ([MS-PST] 2.2.2.7.2).
    fn maps(&self) -> Vec<u8> {
        let mut maps = vec![ALLOCATION_MAP];
        if self.variant != Variant::Unicode4k {
            if self.section.is_multiple_of(8) {
                maps.push(PAGE_MAP);
            }
            if self.section >= 128 && (self.section - 128).is_multiple_of(496) {
                maps.push(FREE_MAP);
            }
            if self.section >= 8192 && (self.section - 8192).is_multiple_of(496 * 64) {
                maps.push(FREE_PAGE_MAP);
            }
        }
        maps
    }

    fn begin_section(&mut self) -> Result<()> {
        self.map = vec![0; self.map_size() as usize];
        let maps = self.maps().len() * self.variant.page_size();
        self.fill_to(self.section_start() + maps as u64)?;
        self.mark(self.section_start(), maps);
        Ok(())
    }

    fn end_section(&mut self) -> Result<()> {
        let (start, end) = (self.section_start(), self.section_start() + self.section_size());
        self.fill_to(end)?;
        self.free +=
            self.map.iter().map(|octet| u64::from(octet.count_zeros())).sum::<u64>() * self.variant.block_slot() as u64;
        self.out.seek(SeekFrom::Start(start))?;
        let mut place = start;
        for kind in self.maps() {
            let body = match kind {
                ALLOCATION_MAP => std::mem::take(&mut self.map),
                FREE_MAP => vec![0; self.map_size() as usize],
                _ => vec![0xFF; self.map_size() as usize],
            };
            // In the ANSI layout the bits stand behind four octets of padding.
            let padding = if self.variant == Variant::Ansi { 4 } else { 0 };
            let page = self.page_octets([vec![0; padding], body].concat(), kind, place, place, false);
            self.out.write_all(&page)?;
            place += page.len() as u64;
        }
        self.out.seek(SeekFrom::Start(end))?;
        self.section += 1;
        Ok(())
    }

    fn mark(&mut self, from: u64, size: usize) {
        let slot = self.variant.block_slot() as u64;
        let first = (from - self.section_start()) / slot;
        for bit in first..first + (size as u64).div_ceil(slot) {
            if let Some(octet) = self.map.get_mut((bit / 8) as usize) {
                *octet |= 0x80 >> (bit % 8);
            }
        }
    }

    fn fill_to(&mut self, place: u64) -> Result<()> {
        let zeros = [0; 4096];
        while self.at < place {
            let n = usize::try_from(place - self.at).unwrap_or(zeros.len()).min(zeros.len());
            self.out.write_all(zeros.get(..n).unwrap_or_default())?;
            self.at += n as u64;
        }
        Ok(())
    }

    /// Writes `octets` at the next multiple of `alignment` and says where that is.
    fn put(&mut self, octets: &[u8], alignment: u64) -> Result<u64> {
        let mut place = self.at.next_multiple_of(alignment);
        if place + octets.len() as u64 > self.section_start() + self.section_size() {
            self.end_section()?;
            self.begin_section()?;
            place = self.at.next_multiple_of(alignment);
        }
        self.fill_to(place)?;
        self.out.write_all(octets)?;
        self.at += octets.len() as u64;
        self.mark(place, octets.len());
        Ok(place)
    }

    /// The place that [`File::put`] will choose.
    fn next_place(&mut self, size: usize, alignment: u64) -> Result<u64> {
        let place = self.at.next_multiple_of(alignment);
        if place + size as u64 > self.section_start() + self.section_size() {
            self.end_section()?;
            self.begin_section()?;
        }
        Ok(self.at.next_multiple_of(alignment))
    }

    /// Writes a block of data, or of the format's own structures, and gives its identifier.
    pub(super) fn block(&mut self, data: &[u8], internal: bool) -> Result<u64> {
        let variant = self.variant;
        let stored = u16::try_from(data.len()).ok().filter(|n| usize::from(*n) <= variant.block_data() && *n > 0);
        let stored = stored.ok_or_else(|| Error::new(ErrorKind::Limit, "a block of this size cannot be written"))?;
        let bid = self.next_block | if internal { 2 } else { 0 };
        self.next_block += 4;
        let mut octets = data.to_vec();
        if !internal {
            self.encoding.encode(&mut octets, bid);
        }
        let crc = checksum::crc(&octets);
        let size = variant.block_size(data.len());
        let place = self.next_place(size, variant.block_slot() as u64)?;
        octets.resize(size - variant.block_trailer(), 0);
        octets.extend(stored.to_le_bytes());
        octets.extend(checksum::signature(place, bid).to_le_bytes());
        match variant {
            Variant::Ansi => {
                octets.extend((bid as u32).to_le_bytes());
                octets.extend(crc.to_le_bytes());
            }
            Variant::Unicode | Variant::Unicode4k => {
                octets.extend(crc.to_le_bytes());
                octets.extend(bid.to_le_bytes());
            }
        }
        if variant == Variant::Unicode4k {
            octets.extend([2, 0]);
            octets.extend(stored.to_le_bytes());
            octets.extend([0; 4]);
        }
        let ib = self.put(&octets, variant.block_slot() as u64)?;
        self.blocks.push(BlockEntry { bid, ib, size: stored });
        Ok(bid)
    }

    /// An identifier or an offset as this layout writes it.
    pub(super) fn word(&self, value: u64) -> Vec<u8> {
        match self.variant {
            Variant::Ansi => (value as u32).to_le_bytes().to_vec(),
            Variant::Unicode | Variant::Unicode4k => value.to_le_bytes().to_vec(),
        }
    }

    /// Enters a node into the node B-tree.
    pub(super) fn node(&mut self, nid: u32, data: u64, subnodes: u64, parent: u32) {
        self.nodes.push(NodeEntry { nid, data, subnodes, parent });
    }

    fn page_octets(&self, mut body: Vec<u8>, kind: u8, ib: u64, bid: u64, signed: bool) -> Vec<u8> {
        body.resize(self.variant.page_body(), 0);
        let crc = checksum::crc(&body);
        body.extend([kind, kind]);
        body.extend(if signed { checksum::signature(ib, bid) } else { 0 }.to_le_bytes());
        match self.variant {
            Variant::Ansi => {
                body.extend((bid as u32).to_le_bytes());
                body.extend(crc.to_le_bytes());
            }
            Variant::Unicode | Variant::Unicode4k => {
                body.extend(crc.to_le_bytes());
                body.extend(bid.to_le_bytes());
            }
        }
        body.resize(self.variant.page_size(), 0);
        body
    }

    /// Writes a B-tree of these entries, which are in order, and gives its root.
    fn tree(&mut self, kind: u8, entries: Vec<(u64, Vec<u8>)>, entry_size: usize) -> Result<PageRef> {
        let mut entries = entries;
        let mut size = entry_size;
        let mut level = 0_u8;
        loop {
            let most = self.variant.page_entries() / size;
            let mut above = Vec::new();
            let none = [(0, Vec::new())];
            for page in if entries.is_empty() { &none[..] } else { &entries[..] }.chunks(most) {
                let key = page.first().map_or(0, |(key, _)| *key);
                let mut body: Vec<u8> = page.iter().flat_map(|(_, entry)| entry).copied().collect();
                let count = body.len() / size;
                body.resize(self.variant.page_entries(), 0);
                match self.variant {
                    Variant::Ansi | Variant::Unicode => body.extend([count as u8, most as u8, size as u8, level]),
                    Variant::Unicode4k => {
                        body.extend((count as u16).to_le_bytes());
                        body.extend((most as u16).to_le_bytes());
                        body.extend([size as u8, level]);
                    }
                }
                let bid = self.next_page;
                self.next_page += 4;
                let alignment = self.variant.page_size() as u64;
                let ib = self.next_place(self.variant.page_size(), alignment)?;
                let octets = self.page_octets(body, kind, ib, bid, true);
                self.put(&octets, alignment)?;
                above.push((key, [self.word(key), self.word(bid), self.word(ib)].concat(), (bid, ib)));
            }
            if let [(_, _, root)] = &above[..] {
                return Ok(*root);
            }
            entries = above.into_iter().map(|(key, entry, _)| (key, entry)).collect();
            size = 3 * self.variant.word();
            level += 1;
        }
    }

    /// Writes the two B-trees and the header, and gives back what was written to.
    pub(super) fn finish(mut self, highest: &[(usize, u32)]) -> Result<W> {
        self.nodes.sort_by_key(|node| node.nid);
        let unicode = self.variant != Variant::Ansi;
        let nodes = self.nodes.iter().map(|node| {
            let mut entry = [self.word(node.nid.into()), self.word(node.data), self.word(node.subnodes)].concat();
            entry.extend(node.parent.to_le_bytes());
            entry.extend(if unicode { &[0; 4][..] } else { &[] });
            (node.nid.into(), entry)
        });
        let nodes = nodes.collect();
        let node_root = self.tree(NODE_PAGE, nodes, if unicode { 32 } else { 16 })?;
        let blocks = self.blocks.iter().map(|block| {
            let mut entry = [self.word(block.bid), self.word(block.ib)].concat();
            entry.extend(block.size.to_le_bytes());
            match self.variant {
                Variant::Ansi => entry.extend([2, 0]),
                Variant::Unicode => entry.extend([2, 0, 0, 0, 0, 0]),
                Variant::Unicode4k => {
                    entry.extend(block.size.to_le_bytes());
                    entry.extend([2, 0, 0, 0]);
                }
            }
            (block.bid, entry)
        });
        let mut blocks: Vec<_> = blocks.collect();
        blocks.sort_by_key(|(bid, _)| *bid);
        let block_root = self.tree(BLOCK_PAGE, blocks, if unicode { 24 } else { 12 })?;
        let last_map = self.section_start();
        self.end_section()?;
        let end = self.at;
        let header = self.header(end, last_map, node_root, block_root, highest);
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header)?;
        self.out.seek(SeekFrom::Start(end))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn header(&self, end: u64, last_map: u64, nodes: PageRef, blocks: PageRef, highest: &[(usize, u32)]) -> Vec<u8> {
        let ansi = self.variant == Variant::Ansi;
        let mut counters = [0x400_u32; 32];
        for (kind, value) in highest {
            if let Some(counter) = counters.get_mut(*kind) {
                *counter = *value;
            }
        }
        let counters: Vec<u8> = counters.iter().flat_map(|counter| counter.to_le_bytes()).collect();
        let version: u16 = match self.variant {
            Variant::Ansi => 15,
            Variant::Unicode => 23,
            Variant::Unicode4k => 36,
        };
        let mut body = b"SM".to_vec();
        body.extend(version.to_le_bytes());
        body.extend([19, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        if ansi {
            body.extend((self.next_block as u32).to_le_bytes());
            body.extend((self.next_page as u32).to_le_bytes());
        } else {
            body.extend(4_u64.to_le_bytes());
            body.extend(self.next_page.to_le_bytes());
        }
        body.extend(1_u32.to_le_bytes());
        body.extend(counters);
        body.extend(if ansi { &[][..] } else { &[0; 8] });
        body.extend([0; 4]);
        for value in [end, last_map, self.free, 0, nodes.0, nodes.1, blocks.0, blocks.1] {
            body.extend(self.word(value));
        }
        body.extend([2, 0, 0, 0]);
        body.extend(if ansi { &[][..] } else { &[0; 4] });
        body.extend([0xFF; 256]);
        body.extend([0x80, self.encoding.code(), 0, 0]);
        if ansi {
            body.extend([0; 16]);
        } else {
            body.extend(self.next_block.to_le_bytes());
            let full = checksum::crc(&body);
            body.extend(full.to_le_bytes());
        }
        let partial = checksum::crc(body.get(..471).unwrap_or_default());
        let mut header = b"!BDN".to_vec();
        header.extend(partial.to_le_bytes());
        header.append(&mut body);
        header.resize(if ansi { 512 } else { 564 }, 0);
        header
    }
}
