//! What a check reads: pages, blocks, and what the two B-trees say. It believes nothing, and mends nothing: the reader of stores, which
//! does, stands above.

use crate::{
    error::{Error, ErrorKind, Location, Result},
    limits::Stop,
    pst::{
        Variant,
        encoding::Encoding,
        le::{u16_at, u32_at, u64_at},
    },
    source::Source,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    sync::Arc,
};

/// Octets of the header that are looked at.
const HEADER: usize = 564;
/// Levels of a B-tree that are followed: with 15 entries a page it is more than a file can hold.
pub(super) const LEVELS: u8 = 9;
/// Octets of pages, and of blocks, that are kept.
const PAGES_KEPT: usize = 4 << 20;
const BLOCKS_KEPT: usize = 6 << 20;
/// A check may go through this many times the octets of the file, and these besides, before it gives up: structures that share one
/// another could have it go round for ever. Stores of Outlook need up to 5 times their octets, and one of nothing but recipients 13 times.
const TIMES: u64 = 48;
const BESIDES: u64 = 8 << 20;
/// What a look-up or a small value counts for, and a record that is sorted.
pub(super) const STEP: usize = 64;
pub(super) const RECORD: usize = 16;
/// Whether to stop is asked after so many octets, as a power of 2.
const ASKED: u32 = 16;

/// Where a page is and which identifier it has (BREF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageRef {
    pub(super) bid: u64,
    pub(super) ib: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Blocks,
    Nodes,
}

/// An entry of the block B-tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockEntry {
    pub(super) bid: u64,
    pub(super) ib: u64,
    pub(super) stored: u16,
    /// Octets once inflated.
    pub(super) size: u16,
    pub(super) references: u16,
}

/// An entry of the node B-tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeEntry {
    pub(super) nid: u32,
    /// What stands in the upper half of the identifier.
    pub(super) high: u32,
    pub(super) data: u64,
    pub(super) subnodes: u64,
    pub(super) parent: u32,
}

/// The store as its header describes it.
pub(super) struct File {
    source: Source,
    pub(super) len: u64,
    pub(super) variant: Variant,
    pub(super) encoding: Encoding,
    pub(super) header: Vec<u8>,
    /// Offsets of octets that hold the root, and the values in it.
    pub(super) root_at: usize,
    pub(super) nodes: PageRef,
    pub(super) blocks: PageRef,
    /// Whether it is the cache of a mailbox (OST).
    pub(super) is_cache: bool,
    pages: RefCell<Cache>,
    read: RefCell<Cache>,
    /// Octets that were gone through, and those that may be.
    work: Cell<u64>,
    most_work: u64,
    stop: Stop,
}

impl File {
    /// Reads the header.
    pub(super) fn open(source: Source, stop: &Stop) -> Result<Self> {
        let len = source.len();
        let mut header = vec![0; HEADER];
        let have = usize::try_from(len).unwrap_or(HEADER).min(HEADER);
        source.read_exact_at(0, header.get_mut(..have).unwrap_or_default())?;
        let is_store = header.starts_with(b"!BDN") || matches!(header.get(8..10), Some(b"SM" | b"SO"));
        if !is_store {
            let message = "is not an Outlook data file (PST or OST): its first bytes are those of something else";
            return Err(Error::new(ErrorKind::UnknownFormat, message).at(Location::Byte(0)));
        }
        if have < HEADER {
            let message = format!(
                "the file is cut off after {len} bytes, before its header ends: copy it again, or take it from a backup"
            );
            return Err(Error::new(ErrorKind::Malformed, message).at(Location::Byte(len)));
        }
        let version = u16_at(&header, 10).unwrap_or(0);
        let is_cache = u16_at(&header, 12) == Some(12) || matches!(version, 36 | 37);
        let mut variant = match version {
            14 | 15 => Variant::Ansi,
            36 | 37 => Variant::Unicode4k,
            _ => Variant::Unicode,
        };
        let root_at = if variant == Variant::Ansi { 164 } else { 180 };
        let word = |at: usize| word_at(&header, at, variant.word()).unwrap_or(0);
        // Behind four octets that are reserved and four words on the whole file.
        let root = |index: usize| word(root_word_at(root_at, variant, index));
        let nodes = PageRef { bid: root(4), ib: root(5) };
        let blocks = PageRef { bid: root(6), ib: root(7) };
        if version == 37 {
            let kind_at = |ib: u64, body: u64| {
                let mut kind = [0; 1];
                ib.checked_add(body).is_some_and(|at| at < len && source.read_exact_at(at, &mut kind).is_ok())
                    && kind == [0x81]
            };
            if !kind_at(nodes.ib, 4072) && kind_at(nodes.ib, 496) {
                variant = Variant::Unicode;
            }
        }
        let code = header.get(if variant == Variant::Ansi { 461 } else { 513 }).copied().unwrap_or(0);
        if code == 0x10 {
            let message = "the data of the store is protected with Windows Information Protection and cannot be checked without the keys of \
                its owner: export it in Outlook on a computer of that organization into a new PST";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let encoding = Encoding::from_code(code).unwrap_or(Encoding::Permute);
        Ok(Self {
            source,
            len,
            variant,
            encoding,
            header,
            root_at,
            nodes,
            blocks,
            is_cache,
            pages: RefCell::new(Cache::new(PAGES_KEPT)),
            read: RefCell::new(Cache::new(BLOCKS_KEPT)),
            work: Cell::new(0),
            most_work: len.saturating_mul(TIMES).saturating_add(BESIDES),
            stop: stop.clone(),
        })
    }

    /// A value of the header's root by its number: the end, the last map, what is free.
    pub(super) fn root_word(&self, index: usize) -> u64 {
        word_at(&self.header, root_word_at(self.root_at, self.variant, index), self.variant.word()).unwrap_or(0)
    }

    /// Where that value is.
    pub(super) fn root_place(&self, index: usize) -> u64 {
        root_word_at(self.root_at, self.variant, index) as u64
    }

    pub(super) fn first_map(&self) -> u64 {
        if self.variant == Variant::Unicode4k { 0x2_2000 } else { 0x4400 }
    }

    /// Octets of an allocation map: one bit a slot.
    pub(super) fn map_size(&self) -> usize {
        if self.variant == Variant::Unicode4k { 4072 } else { 496 }
    }

    /// Octets of the file that a map is for.
    pub(super) fn section(&self) -> u64 {
        self.map_size().saturating_mul(8).saturating_mul(self.variant.block_slot()) as u64
    }

    /// Octets at `offset`; nothing where they are not all inside the file.
    pub(super) fn octets(&self, offset: u64, len: usize) -> Result<Option<Vec<u8>>> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let mut octets = vec![0; len];
        self.source.read_exact_at(offset, &mut octets)?;
        Ok(Some(octets))
    }

    /// A page at `ib`.
    pub(super) fn page(&self, ib: u64) -> Result<Option<Arc<[u8]>>> {
        if let Some(page) = self.pages.borrow_mut().get(ib) {
            self.charge(RECORD)?;
            return Ok(Some(page));
        }
        self.charge(self.variant.page_size())?;
        let page: Option<Arc<[u8]>> = self.octets(ib, self.variant.page_size())?.map(Into::into);
        if let Some(page) = &page {
            self.pages.borrow_mut().put(ib, page.clone());
        }
        Ok(page)
    }

    fn find(&self, root: PageRef, tree: Tree, key: u64) -> Result<Option<Vec<u8>>> {
        self.charge(STEP)?;
        let mut at = root.ib;
        for _ in 0..LEVELS {
            let Some(octets) = self.page(at)? else { return Ok(None) };
            let Some(page) = TreePage::parse(&octets, self.variant, tree) else { return Ok(None) };
            // The last entry whose key is not above.
            let (mut low, mut high) = (0, page.count);
            while low < high {
                let middle = low.midpoint(high);
                match page.key(middle) <= key {
                    true => low = middle.saturating_add(1),
                    false => high = middle,
                }
            }
            let Some(hit) = low.checked_sub(1) else { return Ok(None) };
            if page.level == 0 {
                return Ok((page.key(hit) == key).then(|| page.entry(hit).to_vec()));
            }
            at = page.child(hit).ib;
        }
        Ok(None)
    }

    /// The entry of a block.
    pub(super) fn block_entry(&self, bid: u64) -> Result<Option<BlockEntry>> {
        let entry = self.find(self.blocks, Tree::Blocks, bid & !1)?;
        Ok(entry.and_then(|entry| block_entry(&entry, self.variant)))
    }

    /// The entry of a node.
    pub(super) fn node_entry(&self, nid: u32) -> Result<Option<NodeEntry>> {
        let entry = self.find(self.nodes, Tree::Nodes, nid.into())?;
        let entry = entry.and_then(|entry| node_entry(&entry, self.variant));
        // Bit 0 is nobody's; where it is set is told once.
        Ok(entry.map(|entry| NodeEntry { data: entry.data & !1, subnodes: entry.subnodes & !1, ..entry }))
    }

    pub(super) fn has_node(&self, nid: u32) -> Result<bool> {
        Ok(self.node_entry(nid)?.is_some())
    }

    /// Counts `octets` that are gone through; an error, which ends the check, when there are more than any store needs, or when it is to
    /// stop. Every loop whose length the file decides calls this.
    pub(super) fn charge(&self, octets: usize) -> Result<()> {
        let before = self.work.get();
        let work = before.saturating_add(octets as u64);
        self.work.set(work);
        if self.is_exhausted() {
            return Err(self.exhaust());
        }
        if before >> ASKED != work >> ASKED { self.go_on() } else { Ok(()) }
    }

    /// Ends the check as if too much had been gone through; gives the error for it.
    pub(super) fn exhaust(&self) -> Error {
        self.work.set(u64::MAX);
        Error::new(ErrorKind::Limit, "the check stopped early")
    }

    /// Whether to go on; an error where not.
    pub(super) fn go_on(&self) -> Result<()> {
        match self.stop.is_asked() {
            true => Err(Error::new(ErrorKind::Cancelled, "the check was stopped")),
            false => Ok(()),
        }
    }

    /// Whether it was more than any store needs.
    pub(super) fn is_exhausted(&self) -> bool {
        self.work.get() > self.most_work
    }

    /// The data of a block, unscrambled and inflated; nothing where it cannot be had.
    pub(super) fn block(&self, bid: u64) -> Result<Option<Arc<[u8]>>> {
        let bid = bid & !1;
        if let Some(block) = self.read.borrow_mut().get(bid) {
            self.charge(STEP)?;
            return Ok(Some(block));
        }
        let Some(entry) = self.block_entry(bid)? else { return Ok(None) };
        if entry.stored == 0 {
            return Ok(None);
        }
        self.charge(entry.stored.max(entry.size).into())?;
        let Some(mut octets) = self.octets(entry.ib, entry.stored.into())? else { return Ok(None) };
        let block = self.decoded(&mut octets, entry);
        if let Some(block) = &block {
            self.read.borrow_mut().put(bid, block.clone());
        }
        Ok(block)
    }

    /// The data that the octets of a block stand for.
    pub(super) fn decoded(&self, octets: &mut [u8], entry: BlockEntry) -> Option<Arc<[u8]>> {
        let is_scrambled = !is_internal(entry.bid);
        if entry.size == entry.stored {
            if is_scrambled {
                self.encoding.decode(octets, entry.bid);
            }
            return Some(Arc::from(&*octets));
        }
        inflate(octets, entry.size.into()).or_else(|| {
            if is_scrambled {
                self.encoding.decode(octets, entry.bid);
            }
            inflate(octets, entry.size.into())
        })
    }
}

/// Where a word of the header's root is.
fn root_word_at(root_at: usize, variant: Variant, index: usize) -> usize {
    root_at.saturating_add(4).saturating_add(index.saturating_mul(variant.word()))
}

/// An unsigned integer of 4 or 8 octets.
pub(super) fn word_at(octets: &[u8], at: usize, size: usize) -> Option<u64> {
    if size == 4 { u32_at(octets, at).map(u64::from) } else { u64_at(octets, at) }
}

/// Whether a block holds the format's own structures rather than data.
pub(super) fn is_internal(bid: u64) -> bool {
    bid & 2 != 0
}

pub(super) fn block_entry(entry: &[u8], variant: Variant) -> Option<BlockEntry> {
    let size = variant.word();
    let word = |index: usize| index.saturating_mul(size);
    let stored = u16_at(entry, word(2))?;
    let (inflated, references) = match variant {
        Variant::Unicode4k => (u16_at(entry, 18)?, u16_at(entry, 20)?),
        Variant::Ansi | Variant::Unicode => (stored, u16_at(entry, word(2).saturating_add(2))?),
    };
    Some(BlockEntry {
        bid: word_at(entry, 0, size)?,
        ib: word_at(entry, size, size)?,
        stored,
        size: inflated,
        references,
    })
}

pub(super) fn node_entry(entry: &[u8], variant: Variant) -> Option<NodeEntry> {
    let size = variant.word();
    Some(NodeEntry {
        nid: u32_at(entry, 0)?,
        high: if size == 8 { u32_at(entry, 4)? } else { 0 },
        data: word_at(entry, size, size)?,
        subnodes: word_at(entry, size.saturating_mul(2), size)?,
        parent: u32_at(entry, size.saturating_mul(3))?,
    })
}

/// The entries of a page of a B-tree.
pub(super) struct TreePage<'a> {
    octets: &'a [u8],
    word: usize,
    tree: Tree,
    pub(super) level: u8,
    pub(super) count: usize,
    pub(super) count_stated: usize,
    /// Octets of an entry as the page says, and as they must be.
    pub(super) stated: usize,
    pub(super) entry: usize,
    pub(super) most_stated: usize,
    pub(super) most: usize,
    pub(super) padding: u32,
}

impl<'a> TreePage<'a> {
    pub(super) fn parse(octets: &'a [u8], variant: Variant, tree: Tree) -> Option<Self> {
        let at = variant.page_entries();
        let behind = |more: usize| at.saturating_add(more);
        let octet = |at: usize| octets.get(at).copied().map(usize::from);
        let (count, most_stated, stated, level, padding) = match variant {
            Variant::Unicode4k => {
                (u16_at(octets, at)?.into(), u16_at(octets, behind(2))?.into(), octet(behind(4))?, octet(behind(5))?, 0)
            }
            Variant::Ansi => (octet(at)?, octet(behind(1))?, octet(behind(2))?, octet(behind(3))?, 0),
            Variant::Unicode => {
                (octet(at)?, octet(behind(1))?, octet(behind(2))?, octet(behind(3))?, u32_at(octets, behind(4))?)
            }
        };
        let word = variant.word();
        let entry = match (level, tree, variant) {
            (0, Tree::Nodes, Variant::Ansi) => 16,
            (0, Tree::Nodes, _) => 32,
            (0, Tree::Blocks, Variant::Ansi) => 12,
            (0, Tree::Blocks, _) => 24,
            _ => word.saturating_mul(3),
        };
        let most = at.checked_div(entry)?;
        let count: usize = count;
        Some(Self {
            octets,
            word,
            tree,
            level: level as u8,
            count: count.min(most),
            count_stated: count,
            stated,
            entry,
            most_stated,
            most,
            padding,
        })
    }

    /// Where an entry is in the page.
    pub(super) fn entry_at(&self, index: usize) -> usize {
        index.saturating_mul(self.entry)
    }

    pub(super) fn entry(&self, index: usize) -> &'a [u8] {
        let at = self.entry_at(index);
        self.octets.get(at..at.saturating_add(self.entry)).unwrap_or_default()
    }

    pub(super) fn key(&self, index: usize) -> u64 {
        let key = word_at(self.octets, self.entry_at(index), self.word).unwrap_or(0);
        if self.tree == Tree::Nodes { key & 0xFFFF_FFFF } else { key & !u64::from(self.level == 0) }
    }

    pub(super) fn child(&self, index: usize) -> PageRef {
        let bid = self.entry_at(index).saturating_add(self.word);
        let ib = bid.saturating_add(self.word);
        PageRef {
            bid: word_at(self.octets, bid, self.word).unwrap_or(0),
            ib: word_at(self.octets, ib, self.word).unwrap_or(0),
        }
    }
}

/// Octets by a number; when there are too many, those that were not asked for lately are forgotten.
struct Cache {
    young: HashMap<u64, Arc<[u8]>>,
    old: HashMap<u64, Arc<[u8]>>,
    octets: usize,
    most: usize,
}

impl Cache {
    fn new(most: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), octets: 0, most }
    }

    fn get(&mut self, key: u64) -> Option<Arc<[u8]>> {
        if let Some(found) = self.young.get(&key) {
            return Some(found.clone());
        }
        let found = self.old.remove(&key)?;
        self.put(key, found.clone());
        Some(found)
    }

    fn put(&mut self, key: u64, octets: Arc<[u8]>) {
        self.octets = self.octets.saturating_add(octets.len()).saturating_add(64);
        self.young.insert(key, octets);
        if self.octets > self.most {
            self.old = std::mem::take(&mut self.young);
            self.octets = 0;
        }
    }
}

/// Exactly `size` octets out of a zlib stream.
fn inflate(octets: &[u8], size: usize) -> Option<Arc<[u8]>> {
    let whole = inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut inflated = vec![0; size];
    let mut decoder = Box::new(DecompressorOxide::new());
    let (_, _, there) = decompress(&mut decoder, octets, &mut inflated, 0, whole);
    (there == size && size > 0).then(|| inflated.into())
}
