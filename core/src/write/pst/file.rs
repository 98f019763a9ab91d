//! Pages and blocks, laid one behind the other ([MS-PST] 2.2).

use super::{
    super::growing::{Growing, refused},
    spill::Records,
};
use crate::{
    error::{Error, ErrorKind, Result},
    order,
    pst::{Variant, checksum, encoding::Encoding, nid},
};
use std::io::{Seek, SeekFrom, Write};

/// Types of pages.
const BLOCK_PAGE: u8 = 0x80;
const NODE_PAGE: u8 = 0x81;
const FREE_MAP: u8 = 0x82;
const PAGE_MAP: u8 = 0x83;
const ALLOCATION_MAP: u8 = 0x84;
const FREE_PAGE_MAP: u8 = 0x85;
const DENSITY_LIST: u8 = 0x86;

/// Sections that a density list names at most ([MS-PST] 2.2.2.7.4.1), and how many are remembered before the fullest are forgotten.
const DENSITIES: usize = 119;
const DENSITIES_HELD: usize = 256;
/// The most free slots that an entry of the density list can tell.
const MOST_FREE: u64 = 0xFFF;

/// A page of a tree and where it is.
type PageRef = (u64, u64);

/// A file in the making: what is written stays where it is.
///
/// The section at hand is in memory until it is full, so that its map stands before it without going back; only the header and the
/// density list are written when all else is. The entries of blocks come in the order of their identifiers, and those of messages
/// too: both wait on disk, and the trees are made of them at the end without being held.
pub(super) struct File<W> {
    out: W,
    pub(super) variant: Variant,
    encoding: Encoding,
    /// Sections that an allocation map covers: how many are full, and the map and the octets of the one at hand.
    section: u64,
    map: Vec<u8>,
    octets: Vec<u8>,
    free: u64,
    /// The sections with most free slots.
    densities: Vec<(u64, u64)>,
    next_block: u64,
    next_page: u64,
    /// What waits for the end; the entries of blocks and of messages among it.
    pub(super) spill: Growing,
    blocks: usize,
    messages: usize,
    last_message: u32,
    nodes: Vec<NodeEntry>,
    /// Whether something may be taken back, and the section that was at hand then, once another one is.
    marked: bool,
    marked_section: Option<(Vec<u8>, Vec<u8>)>,
}

/// How far a file was written: to take back what comes behind.
pub(super) struct Mark {
    section: u64,
    octets: usize,
    free: u64,
    densities: Vec<(u64, u64)>,
    next_block: u64,
    blocks: u64,
    nodes: usize,
}

#[derive(Clone, Copy)]
struct NodeEntry {
    nid: u32,
    data: u64,
    subnodes: u64,
    parent: u32,
}

/// Octets of an entry of a block, and of a message, that waits.
const BLOCK_ENTRY: usize = 18;
const MESSAGE_ENTRY: usize = 24;

impl<W: Write + Seek> File<W> {
    pub(super) fn new(out: W, variant: Variant, encoding: Encoding, mut spill: Growing) -> Result<Self> {
        let (blocks, messages) = (spill.begin(), spill.begin());
        let mut file = Self {
            out,
            variant,
            encoding,
            section: 0,
            map: Vec::new(),
            octets: Vec::new(),
            free: 0,
            densities: Vec::new(),
            next_block: 4,
            next_page: 4,
            spill,
            blocks,
            messages,
            last_message: 0,
            nodes: Vec::new(),
            marked: false,
            marked_section: None,
        };
        let zeros = vec![0; usize::try_from(file.first_map()).unwrap_or_default()];
        file.out.write_all(&zeros)?;
        file.begin_section();
        Ok(file)
    }

    /// Where the next octet goes.
    fn at(&self) -> u64 {
        self.section_start() + self.octets.len() as u64
    }

    /// How long the file is so far, with the section at hand.
    pub(super) fn len(&self) -> u64 {
        self.section_start() + self.section_size()
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

    fn begin_section(&mut self) {
        self.map.clear();
        self.map.resize(self.map_size() as usize, 0);
        let maps = self.maps().len() * self.variant.page_size();
        self.octets.clear();
        self.octets.resize(maps, 0);
        self.mark(self.section_start(), maps);
    }

    fn end_section(&mut self) -> Result<()> {
        let start = self.section_start();
        self.octets.resize(self.section_size() as usize, 0);
        let free = self.map.iter().map(|octet| u64::from(octet.count_zeros())).sum::<u64>();
        self.free += free * self.variant.block_slot() as u64;
        self.densities.push((free, self.section));
        if self.densities.len() >= DENSITIES_HELD {
            self.keep_emptiest();
        }
        let map = std::mem::take(&mut self.map);
        let mut pages = Vec::new();
        for kind in self.maps() {
            let place = start + pages.len() as u64;
            let body = match kind {
                ALLOCATION_MAP => map.clone(),
                // The others are out of use: all ones say so ([MS-PST] 2.2.2.7.3, 2.2.2.7.5, 2.2.2.7.6).
                _ => vec![0xFF; self.map_size() as usize],
            };
            // In the ANSI layout the bits stand behind four octets of padding.
            let padding = if self.variant == Variant::Ansi { 4 } else { 0 };
            pages.extend(self.page_octets([vec![0; padding], body].concat(), kind, place, place, false));
        }
        for (to, from) in self.octets.iter_mut().zip(pages) {
            *to = from;
        }
        self.out.write_all(&self.octets)?;
        if self.marked && self.marked_section.is_none() {
            self.marked_section = Some((std::mem::take(&mut self.octets), map));
        }
        self.octets.clear();
        self.section += 1;
        Ok(())
    }

    /// Notes how far the file is written, until it is [released](Self::release) or [taken back](Self::take_back).
    pub(super) fn set_mark(&mut self) -> Mark {
        (self.marked, self.marked_section) = (true, None);
        Mark {
            section: self.section,
            octets: self.octets.len(),
            free: self.free,
            densities: self.densities.clone(),
            next_block: self.next_block,
            blocks: self.spill.len(self.blocks),
            nodes: self.nodes.len(),
        }
    }

    pub(super) fn release(&mut self) {
        (self.marked, self.marked_section) = (false, None);
    }

    /// Takes back what was written since.
    pub(super) fn take_back(&mut self, mark: Mark) -> Result<()> {
        if let Some((octets, map)) = self.marked_section.take() {
            (self.octets, self.map) = (octets, map);
            self.section = mark.section;
            (self.free, self.densities) = (mark.free, mark.densities);
            self.out.seek(SeekFrom::Start(self.section_start()))?;
        }
        self.marked = false;
        self.octets.truncate(mark.octets);
        let slots = mark.octets.div_ceil(self.variant.block_slot());
        for slot in slots..self.map.len() * 8 {
            if let Some(octet) = self.map.get_mut(slot / 8) {
                *octet &= !(0x80 >> (slot % 8));
            }
        }
        self.next_block = mark.next_block;
        self.nodes.truncate(mark.nodes);
        self.spill.truncate(self.blocks, mark.blocks).map_err(refused)
    }

    fn keep_emptiest(&mut self) {
        order::sort_by(&mut self.densities, |(one, first), (other, second)| other.cmp(one).then(first.cmp(second)));
        self.densities.truncate(DENSITIES);
    }

    /// Where there is room in sections, apart from the last ([MS-PST] 2.2.2.7.4).
    fn density_list(&mut self, last: u64) -> Vec<u8> {
        self.densities.retain(|(free, section)| *free > 0 && *section != last);
        self.keep_emptiest();
        let mut body = vec![1, self.densities.len() as u8, 0, 0];
        body.extend((last as u32).to_le_bytes());
        for (free, section) in &self.densities {
            body.extend(((free.min(&MOST_FREE) << 20 | section & 0xF_FFFF) as u32).to_le_bytes());
        }
        let bid = self.next_page;
        self.next_page += 4;
        self.page_octets(body, DENSITY_LIST, self.density_place(), bid, true)
    }

    fn density_place(&self) -> u64 {
        self.first_map() - self.variant.page_size() as u64
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

    /// The place that `size` octets get, at the next multiple of `alignment`: what is written next goes there.
    fn next_place(&mut self, size: usize, alignment: u64) -> Result<u64> {
        if self.at().next_multiple_of(alignment) + size as u64 > self.section_start() + self.section_size() {
            self.end_section()?;
            self.begin_section();
        }
        let place = self.at().next_multiple_of(alignment);
        self.octets.resize((place - self.section_start()) as usize, 0);
        self.mark(place, size);
        Ok(place)
    }

    /// Writes a block of data, or of the format's own structures, and gives its identifier.
    pub(super) fn block(&mut self, data: &[u8], internal: bool) -> Result<u64> {
        let variant = self.variant;
        let stored = u16::try_from(data.len()).ok().filter(|n| usize::from(*n) <= variant.block_data() && *n > 0);
        let stored = stored.ok_or_else(|| Error::new(ErrorKind::Limit, "a block of this size cannot be written"))?;
        let bid = self.next_block | if internal { 2 } else { 0 };
        self.next_block += 4;
        let size = variant.block_size(data.len());
        let place = self.next_place(size, variant.block_slot() as u64)?;
        let (start, end) = (self.octets.len(), self.octets.len() + size);
        self.octets.extend_from_slice(data);
        let octets = self.octets.get_mut(start..).unwrap_or_default();
        if !internal {
            self.encoding.encode(octets, bid);
        }
        let crc = checksum::crc(octets);
        let octets = &mut self.octets;
        octets.resize(end - variant.block_trailer(), 0);
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
        let mut entry = [0; BLOCK_ENTRY];
        let octets = bid.to_le_bytes().into_iter().chain(place.to_le_bytes()).chain(stored.to_le_bytes());
        entry.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
        self.spill.append(self.blocks, &entry).map_err(refused)?;
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
    pub(super) fn node(&mut self, nid: u32, data: u64, subnodes: u64, parent: u32) -> Result<()> {
        if nid::kind(nid) == nid::NORMAL_MESSAGE && nid > self.last_message {
            self.last_message = nid;
            let mut entry = [0; MESSAGE_ENTRY];
            let octets = nid.to_le_bytes().into_iter().chain(data.to_le_bytes());
            let octets = octets.chain(subnodes.to_le_bytes()).chain(parent.to_le_bytes());
            entry.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
            return self.spill.append(self.messages, &entry).map_err(refused);
        }
        self.nodes.push(NodeEntry { nid, data, subnodes, parent });
        Ok(())
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

    /// Writes a page of a B-tree, and gives what the page above has of it.
    fn tree_page(&mut self, kind: u8, page: &TreePage, size: usize, level: u8) -> Result<(u64, Vec<u8>, PageRef)> {
        let most = self.variant.page_entries() / size;
        let mut body = page.entries.clone();
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
        let ib = self.next_place(self.variant.page_size(), self.variant.page_size() as u64)?;
        let octets = self.page_octets(body, kind, ib, bid, true);
        self.octets.extend(octets);
        let key = page.key;
        Ok((key, [self.word(key), self.word(bid), self.word(ib)].concat(), (bid, ib)))
    }

    /// Ends a B-tree whose leaves are written, and gives its root.
    fn end_tree(&mut self, kind: u8, tree: Tree) -> Result<PageRef> {
        let Tree { size, page, mut above } = tree;
        if !page.entries.is_empty() || above.is_empty() {
            above.push(self.tree_page(kind, &page, size, 0)?);
        }
        let size = 3 * self.variant.word();
        for level in 1.. {
            if let [(_, _, root)] = &above[..] {
                return Ok(*root);
            }
            let mut next = Vec::new();
            for list in above.chunks(self.variant.page_entries() / size) {
                let key = list.first().map_or(0, |(key, ..)| *key);
                let entries = list.iter().flat_map(|(_, entry, _)| entry).copied().collect();
                next.push(self.tree_page(kind, &TreePage { key, entries }, size, level)?);
            }
            above = next;
        }
        Err(Error::new(ErrorKind::Limit, "a tree of the file is too deep"))
    }

    /// Adds an entry to a B-tree; keys rise.
    fn add_to_tree(&mut self, kind: u8, tree: &mut Tree, key: u64, entry: &[u8]) -> Result<()> {
        if tree.page.entries.len() + tree.size > self.variant.page_entries() / tree.size * tree.size {
            let written = self.tree_page(kind, &tree.page, tree.size, 0)?;
            tree.above.push(written);
            tree.page.entries.clear();
        }
        if tree.page.entries.is_empty() {
            tree.page.key = key;
        }
        tree.page.entries.extend_from_slice(entry);
        Ok(())
    }

    fn node_tree(&mut self) -> Result<PageRef> {
        let unicode = self.variant != Variant::Ansi;
        let mut tree = Tree::of(if unicode { 32 } else { 16 });
        let mut nodes = std::mem::take(&mut self.nodes);
        order::sort_by_key(&mut nodes, |node| node.nid);
        let mut nodes = nodes.into_iter().peekable();
        let mut add = |file: &mut Self, node: NodeEntry| {
            let mut entry = [file.word(node.nid.into()), file.word(node.data), file.word(node.subnodes)].concat();
            entry.extend(node.parent.to_le_bytes());
            entry.extend(if unicode { &[0; 4][..] } else { &[] });
            file.add_to_tree(NODE_PAGE, &mut tree, node.nid.into(), &entry)
        };
        let mut messages = Records::new(self.spill.take(self.messages)?);
        while let Some(entry) = messages.next::<MESSAGE_ENTRY>()? {
            let [a, b, c, d, rest @ ..] = entry;
            let nid = u32::from_le_bytes([a, b, c, d]);
            let word = |at| crate::pst::le::u64_at(&rest, at).unwrap_or_default();
            let parent = crate::pst::le::u32_at(&rest, 16).unwrap_or_default();
            while let Some(node) = nodes.next_if(|node| node.nid < nid) {
                add(self, node)?;
            }
            add(self, NodeEntry { nid, data: word(0), subnodes: word(8), parent })?;
        }
        for node in nodes {
            add(self, node)?;
        }
        self.end_tree(NODE_PAGE, tree)
    }

    fn block_tree(&mut self) -> Result<PageRef> {
        let mut tree = Tree::of(if self.variant == Variant::Ansi { 12 } else { 24 });
        let mut blocks = Records::new(self.spill.take(self.blocks)?);
        while let Some(entry) = blocks.next::<BLOCK_ENTRY>()? {
            let word = |at| crate::pst::le::u64_at(&entry, at).unwrap_or_default();
            let (bid, ib) = (word(0), word(8));
            let size = crate::pst::le::u16_at(&entry, 16).unwrap_or_default();
            let mut entry = [self.word(bid), self.word(ib)].concat();
            entry.extend(size.to_le_bytes());
            match self.variant {
                Variant::Ansi => entry.extend([2, 0]),
                Variant::Unicode => entry.extend([2, 0, 0, 0, 0, 0]),
                Variant::Unicode4k => {
                    entry.extend(size.to_le_bytes());
                    entry.extend([2, 0, 0, 0]);
                }
            }
            self.add_to_tree(BLOCK_PAGE, &mut tree, bid, &entry)?;
        }
        self.end_tree(BLOCK_PAGE, tree)
    }

    /// Writes the two B-trees and the header, and gives back what was written to.
    pub(super) fn finish(mut self, highest: &[(usize, u32)]) -> Result<W> {
        let node_root = self.node_tree()?;
        let block_root = self.block_tree()?;
        let (last, last_map) = (self.section, self.section_start());
        self.end_section()?;
        let end = self.section_start();
        if self.variant == Variant::Ansi && end > u64::from(u32::MAX >> 1) {
            return Err(Error::new(ErrorKind::Limit, "an ANSI store cannot be larger than 2 GB"));
        }
        // How the list looks where pages have 4,096 octets is not published.
        if self.variant != Variant::Unicode4k {
            let list = self.density_list(last);
            self.out.seek(SeekFrom::Start(self.density_place()))?;
            self.out.write_all(&list)?;
        }
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
        for (kind, least) in
            [(nid::SEARCH_FOLDER, 0x4000), (nid::NORMAL_MESSAGE, 0x1_0000), (nid::ASSOCIATED_MESSAGE, 0x8000)]
        {
            if let Some(counter) = counters.get_mut(kind as usize) {
                *counter = least;
            }
        }
        for (kind, value) in highest {
            if let Some(counter) = counters.get_mut(*kind) {
                *counter = (*counter).max(*value);
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

/// A B-tree whose leaves are written as they become full.
struct Tree {
    size: usize,
    page: TreePage,
    above: Vec<(u64, Vec<u8>, PageRef)>,
}

impl Tree {
    fn of(size: usize) -> Self {
        Self { size, page: TreePage { key: 0, entries: Vec::new() }, above: Vec::new() }
    }
}

/// The first key of a page and its entries.
struct TreePage {
    key: u64,
    entries: Vec<u8>,
}
