//! The two B-trees, the blocks, and who refers to them ([MS-PST] 2.2.2.7.7, 2.2.2.8).

use super::{
    Check,
    file::{
        BlockEntry, LEVELS, NodeEntry, PageRef, RECORD, STEP, Tree, TreePage, block_entry, is_internal, node_entry,
        word_at,
    },
    findings::Place,
    header::is_known,
    rules::Rule,
    sorted::{Sorter, record},
};
use crate::{
    error::Result,
    pst::{
        Variant, checksum,
        le::{u16_at, u32_at, u64_at},
        nid,
    },
};

/// What refers to a block: another block or a node.
const FROM_BLOCK: u8 = 0;
const FROM_NODE: u8 = 1;

/// Octets of the file that a page or a block takes: its offset, its size, what it is, its identifier.
pub(super) type Regions = Sorter<21>;
pub(super) const A_PAGE: u8 = 0;
pub(super) const A_BLOCK: u8 = 1;
pub(super) const A_MAP: u8 = 2;

pub(super) fn region(ib: u64, len: usize, kind: u8, bid: u64) -> [u8; 21] {
    record(&[&ib.to_be_bytes(), &(len as u32).to_be_bytes(), &[kind], &bid.to_be_bytes()])
}

/// What the way through the trees leaves for the other checks.
#[derive(Default)]
pub(super) struct Walked {
    pub(super) regions: Regions,
    /// Folders and messages: parent, a type (folder 0, message 1, hidden 2), and node.
    pub(super) children: Sorter<9>,
    /// Nodes of folders and their parents, in order of the nodes, as far as they are held; and how many there are.
    pub(super) folders: Vec<(u32, u32)>,
    pub(super) folder_count: u64,
    references: Sorter<17>,
    pages: Sorter<16>,
    highest: [u32; 32],
    highest_block: u64,
    highest_page: u64,
}

impl Walked {
    fn note_index(&mut self, nid: u32) {
        if let Some(highest) = self.highest.get_mut(nid::kind(nid) as usize) {
            *highest = (*highest).max(nid >> 5);
        }
    }
}

/// What is done with an entry: what the way leaves, where that is asked for, the entry's offset, and the entry.
pub(super) type Visit<'a> = dyn FnMut(Option<&mut Walked>, u64, &[u8]) -> Result<()> + 'a;

/// A page that waits to be looked at.
struct Waiting {
    at: PageRef,
    level: Option<u8>,
    key: Option<u64>,
    upper: Option<u64>,
}

/// Folders that are held to see whether they hang together.
const FOLDERS: usize = 1 << 20;

impl Check {
    /// Goes through both trees and all blocks.
    pub(super) fn trees(&self) -> Result<Walked> {
        let mut walked = Walked::default();
        let mut blocks = 0_u64;
        let mut last = None;
        self.walk(self.file.blocks, Tree::Blocks, Some(&mut walked), &mut |walked, offset, entry| {
            blocks = blocks.saturating_add(1);
            let (Some(entry), Some(walked)) = (block_entry(entry, self.file.variant), walked) else { return Ok(()) };
            walked.highest_block = walked.highest_block.max(entry.bid & !1);
            if entry.bid & 1 != 0 {
                self.add(Rule::BlockId, &Place::at(offset).with_block(entry.bid), || {
                    "bit 0 of its identifier is set".to_owned()
                });
            }
            let entry = BlockEntry { bid: entry.bid & !1, ..entry };
            // An identifier that is there twice was told of with the order of keys.
            if last.replace(entry.bid) == Some(entry.bid) {
                return Ok(());
            }
            self.one_block(entry, walked)
        })?;
        self.blocks.set(blocks);
        self.walk(self.file.nodes, Tree::Nodes, Some(&mut walked), &mut |walked, offset, entry| match (
            node_entry(entry, self.file.variant),
            walked,
        ) {
            (Some(entry), Some(walked)) => self.one_node(offset, entry, walked),
            _ => Ok(()),
        })?;
        if !walked.folders.is_sorted() {
            walked.folders.sort_unstable();
        }
        self.references(std::mem::take(&mut walked.references))?;
        let mut pages = std::mem::take(&mut walked.pages).sorted()?;
        let mut before: Option<[u8; 16]> = None;
        while let Some(record) = pages.next()? {
            self.file.charge(RECORD)?;
            let (bid, ib) = (be(record.get(..8)), be(record.get(8..)));
            if before.is_some_and(|before| be(before.get(..8)) == bid && be(before.get(8..)) != ib) {
                self.add(Rule::PageBid, &Place::at(ib).with_block(bid), || {
                    "another page has the same identifier".to_owned()
                });
            }
            before = Some(record);
        }
        let page = walked.highest_page.max(self.density_bid()?);
        self.counters(&walked.highest, walked.highest_block, page);
        Ok(walked)
    }

    /// The entries of a tree in the order of their keys; pages are checked where `walked` is given.
    pub(super) fn walk(
        &self,
        root: PageRef,
        tree: Tree,
        mut walked: Option<&mut Walked>,
        visit: &mut Visit<'_>,
    ) -> Result<()> {
        let variant = self.file.variant;
        let mut waiting = vec![Waiting { at: root, level: None, key: None, upper: None }];
        // No tree has more pages than the file, however they refer to one another.
        let mut left = self.file.len.checked_div(variant.page_size() as u64).unwrap_or(0);
        let mut before = None;
        while let Some(one) = waiting.pop() {
            let place = Place::at(one.at.ib).with_block(one.at.bid);
            let add = |rule: Rule, found: &dyn Fn() -> String| self.add(rule, &place, found);
            let checked = walked.is_some();
            let Some(still) = left.checked_sub(1) else {
                add(Rule::TreePages, &|| "pages of the tree refer to one another in circles".to_owned());
                return Err(self.file.exhaust());
            };
            left = still;
            let kind = if tree == Tree::Blocks { 0x80 } else { 0x81 };
            let Some(octets) = self.file.page(one.at.ib)? else {
                if checked {
                    add(Rule::PageRange, &|| format!("the page lies outside the file of {} bytes", self.file.len));
                }
                continue;
            };
            let Some(page) = TreePage::parse(&octets, variant, tree) else { continue };
            if let Some(walked) = walked.as_deref_mut() {
                self.page_trailer(one.at.ib, &octets, kind, Some(one.at.bid));
                walked.highest_page = walked.highest_page.max(one.at.bid);
                walked.regions.push(region(one.at.ib, variant.page_size(), A_PAGE, one.at.bid))?;
                walked.pages.push(record(&[&one.at.bid.to_be_bytes(), &one.at.ib.to_be_bytes()]))?;
                self.tree_page(&place, &page, &one);
            }
            let is_wrong_level = one.level.is_some_and(|level| level != page.level) || page.level >= LEVELS;
            if is_wrong_level {
                if checked {
                    add(Rule::TreeLevel, &|| match one.level {
                        Some(level) => format!("cLevel is {}, and {level} was expected", page.level),
                        None => format!("cLevel of the root is {}", page.level),
                    });
                }
                if page.level > one.level.unwrap_or(LEVELS.saturating_sub(1)) {
                    continue;
                }
            }
            if let Some(below) = page.level.checked_sub(1) {
                let mut upper = one.upper;
                for index in (0..page.count).rev() {
                    let key = Some(page.key(index));
                    waiting.push(Waiting { at: page.child(index), level: Some(below), key, upper });
                    upper = key;
                }
                continue;
            }
            for index in 0..page.count {
                let key = page.key(index);
                if checked && before.is_some_and(|before| before >= key) {
                    add(Rule::TreeOrder, &|| format!("the key {key:#x} comes behind {:#x}", before.unwrap_or(0)));
                }
                before = Some(key);
                let offset = one.at.ib.saturating_add(page.entry_at(index) as u64);
                visit(walked.as_deref_mut(), offset, page.entry(index))?;
            }
        }
        Ok(())
    }

    fn tree_page(&self, place: &Place, page: &TreePage<'_>, one: &Waiting) {
        let add = |rule: Rule, found: &dyn Fn() -> String| self.add(rule, place, found);
        if page.stated != page.entry || page.most_stated != page.most {
            add(Rule::TreeEntries, &|| {
                format!(
                    "cbEnt {} and cEntMax {} instead of {} and {}",
                    page.stated, page.most_stated, page.entry, page.most
                )
            });
        }
        if page.count_stated > page.most || (page.count_stated == 0 && one.level.is_some()) {
            add(Rule::TreeEntries, &|| format!("cEnt is {}, of at most {}", page.count_stated, page.most));
        }
        if page.padding != 0 {
            add(Rule::TreeReserved, &|| format!("dwPadding is {:#x}", page.padding));
        }
        if page.level > 0 {
            let keys = || (0..page.count).map(|index| page.key(index));
            for (before, key) in keys().zip(keys().skip(1)).filter(|(before, key)| key <= before) {
                add(Rule::TreeOrder, &|| format!("the key {key:#x} comes behind {before:#x}"));
            }
        }
        let Some(last) = page.count.checked_sub(1) else { return };
        if let Some(key) = one.key.filter(|key| *key != page.key(0)) {
            add(Rule::TreeKey, &|| {
                format!("the parent has {key:#x}, and the first key of the page is {:#x}", page.key(0))
            });
        }
        if let Some(upper) = one.upper.filter(|upper| page.key(last) >= *upper) {
            add(Rule::TreeOrder, &|| {
                format!("the key {:#x} is not below {upper:#x}, the next one of the parent", page.key(last))
            });
        }
    }

    /// The trailer of a page; `bid` is what it must have, where that is known.
    pub(super) fn page_trailer(&self, ib: u64, octets: &[u8], kind: u8, bid: Option<u64>) {
        let place = Place::at(ib);
        let place = if let Some(bid) = bid { place.with_block(bid) } else { place };
        let variant = self.file.variant;
        if !ib.is_multiple_of(variant.page_size() as u64) || ib < self.density_place() {
            self.add(Rule::PageRange, &place, || format!("the page is at {ib:#x}"));
        }
        let body = variant.page_body();
        let trailer = octets.get(body..).unwrap_or_default();
        let types = (trailer.first().copied().unwrap_or(0), trailer.get(1).copied().unwrap_or(0));
        if types != (kind, kind) {
            self.add(Rule::PageType, &place, || {
                format!("ptype is {:#x} and {:#x}, and {kind:#x} was expected", types.0, types.1)
            });
        }
        let stored = u16_at(trailer, 2).unwrap_or(0);
        let (own, crc) = match variant {
            Variant::Ansi => (u32_at(trailer, 4).map(u64::from), u32_at(trailer, 8)),
            Variant::Unicode | Variant::Unicode4k => (u64_at(trailer, 8), u32_at(trailer, 4)),
        };
        let (own, crc) = (own.unwrap_or(0), crc.unwrap_or(0));
        let signature = if (0x82..=0x85).contains(&kind) { 0 } else { checksum::signature(ib, own) };
        if stored != signature {
            self.add(Rule::PageSignature, &place, || {
                format!("the signature is {stored:#06x}, and {signature:#06x} was computed")
            });
        }
        let computed = octets.get(..body).map(checksum::crc).unwrap_or(0);
        if crc != computed {
            self.add(Rule::PageCrc, &place, || {
                format!("the checksum is {crc:#010x}, and {computed:#010x} was computed")
            });
        }
        if let Some(bid) = bid.filter(|bid| *bid != own) {
            self.add(Rule::PageBid, &place, || format!("the trailer has {own:#x}, and {bid:#x} was expected"));
        }
    }

    fn one_block(&self, entry: BlockEntry, walked: &mut Walked) -> Result<()> {
        let (file, variant) = (&self.file, self.file.variant);
        let place = Place::at(entry.ib).with_block(entry.bid);
        let stored = usize::from(entry.stored);
        let size = variant.block_size(stored);
        // They are read, and their checksum is computed.
        self.file.charge(size.saturating_mul(2))?;
        if stored == 0 || stored > variant.block_data() {
            self.add(Rule::BlockSize, &place, || format!("its size (cb) is {stored}"));
        }
        if !entry.ib.is_multiple_of(variant.block_slot() as u64) {
            self.add(Rule::BlockPlace, &place, || format!("its offset is not a multiple of {}", variant.block_slot()));
        }
        let octets = match entry.ib >= file.first_map() {
            true => file.octets(entry.ib, size)?,
            false => None,
        };
        let Some(mut octets) = octets else {
            self.add(Rule::BlockPlace, &place, || {
                format!("its {size} bytes are not all in the file of {} bytes", file.len)
            });
            return Ok(());
        };
        walked.regions.push(region(entry.ib, size, A_BLOCK, entry.bid))?;
        let trailer = octets.get(size.saturating_sub(variant.block_trailer())..).unwrap_or_default();
        let cb = u16_at(trailer, 0).unwrap_or(0);
        let signature = u16_at(trailer, 2).unwrap_or(0);
        let (crc, bid) = match variant {
            Variant::Ansi => (u32_at(trailer, 8), u32_at(trailer, 4).map(u64::from)),
            Variant::Unicode | Variant::Unicode4k => (u32_at(trailer, 4), u64_at(trailer, 8)),
        };
        let (crc, bid) = (crc.unwrap_or(0), bid.unwrap_or(0));
        if cb != entry.stored || bid & !1 != entry.bid {
            self.add(Rule::BlockTrailer, &place, || {
                format!("the trailer has {cb} bytes and {bid:#x}, and the tree {stored} bytes and {:#x}", entry.bid)
            });
        }
        let expected = checksum::signature(entry.ib, entry.bid);
        if signature != expected && signature != checksum::signature(entry.ib, bid) {
            self.add(Rule::BlockSignature, &place, || {
                format!("the signature is {signature:#06x}, and {expected:#06x} was computed")
            });
        }
        octets.truncate(stored);
        let computed = checksum::crc(&octets);
        if crc != computed {
            self.add(Rule::BlockCrc, &place, || {
                format!("the checksum is {crc:#010x}, and {computed:#010x} was computed")
            });
        }
        let is_packed = entry.size != entry.stored;
        if !is_internal(entry.bid) && !is_packed {
            return Ok(());
        }
        match file.decoded(&mut octets, entry) {
            None => self.add(Rule::BlockInflate, &place, || format!("{stored} bytes do not expand to {}", entry.size)),
            Some(data) if is_internal(entry.bid) => self.internal_block(entry.bid, &place, &data, walked)?,
            Some(_) => {}
        }
        Ok(())
    }

    fn internal_block(&self, bid: u64, place: &Place, data: &[u8], walked: &mut Walked) -> Result<()> {
        let kind = data.first().copied().unwrap_or(0);
        let level = data.get(1).copied().unwrap_or(0);
        match (kind, level) {
            (1, 1 | 2) => self.data_list(bid, place, data, level, walked),
            (2, 0 | 1) => self.subnode_list(bid, place, data, level, walked),
            _ => {
                let rule = if kind == 2 { Rule::SubnodeType } else { Rule::XblockType };
                self.add(rule, place, || format!("btype is {kind} and cLevel {level}"));
                Ok(())
            }
        }
    }

    /// An XBLOCK or an XXBLOCK.
    fn data_list(&self, bid: u64, place: &Place, data: &[u8], level: u8, walked: &mut Walked) -> Result<()> {
        let word = self.file.variant.word();
        let count = usize::from(u16_at(data, 2).unwrap_or(0));
        let total = u32_at(data, 4).unwrap_or(0);
        if count == 0 || count.saturating_mul(word).saturating_add(8) != data.len() {
            self.add(Rule::XblockEntries, place, || format!("{count} entries in {} bytes", data.len()));
        }
        let mut sum = 0_u64;
        for entry in data.get(8..).unwrap_or_default().chunks_exact(word).take(count) {
            let child = word_at(entry, 0, word).unwrap_or(0);
            self.reference(walked, child, FROM_BLOCK, bid)?;
            let is_list = is_internal(child);
            if is_list != (level == 2) {
                self.add(Rule::XblockType, place, || {
                    format!(
                        "cLevel is {level}, and the entry {child:#x} is {}",
                        if is_list { "a list" } else { "data" }
                    )
                });
            }
            let Some(entry) = self.file.block_entry(child)? else { continue };
            let octets = match is_list {
                false => u64::from(entry.size),
                true => {
                    let list = self.file.block(child)?;
                    if list.as_ref().is_some_and(|list| list.get(1) != Some(&1)) {
                        self.add(Rule::XblockType, place, || format!("the entry {child:#x} is no XBLOCK"));
                    }
                    list.and_then(|list| u32_at(&list, 4)).unwrap_or(0).into()
                }
            };
            sum = sum.saturating_add(octets);
        }
        if sum != u64::from(total) {
            self.add(Rule::XblockTotal, place, || format!("lcbTotal is {total}, and the blocks have {sum} bytes"));
        }
        Ok(())
    }

    /// An SLBLOCK or an SIBLOCK.
    fn subnode_list(&self, bid: u64, place: &Place, data: &[u8], level: u8, walked: &mut Walked) -> Result<()> {
        let word = self.file.variant.word();
        let first = if word == 8 { 8 } else { 4 };
        let size = word.saturating_mul(if level == 0 { 3 } else { 2 });
        let count = usize::from(u16_at(data, 2).unwrap_or(0));
        if count == 0 || count.saturating_mul(size).saturating_add(first) != data.len() {
            self.add(Rule::SubnodeEntries, place, || format!("{count} entries in {} bytes", data.len()));
        }
        let mut before = None;
        for entry in data.get(first..).unwrap_or_default().chunks_exact(size).take(count) {
            let (nid, child) = (u32_at(entry, 0).unwrap_or(0), word_at(entry, word, word).unwrap_or(0));
            if before.is_some_and(|before| before >= nid) {
                self.add(Rule::SubnodeOrder, place, || {
                    format!("the subnode {nid:#x} comes behind {:#x}", before.unwrap_or(0))
                });
            }
            before = Some(nid);
            self.reference(walked, child, FROM_BLOCK, bid)?;
            if level == 0 && nid::kind(nid) == nid::ATTACHMENT && self.is_recent() {
                walked.note_index(nid);
            }
            if level == 0 {
                let below = word_at(entry, word.saturating_mul(2), word).unwrap_or(0);
                self.reference(walked, below, FROM_BLOCK, bid)?;
                if below & !1 != 0 && !is_internal(below) {
                    self.add(Rule::NodeSubnodes, place, || {
                        format!("those of the subnode {nid:#x} are the data block {below:#x}")
                    });
                }
                continue;
            }
            let list = if is_internal(child) { self.file.block(child)? } else { None };
            let found = list.as_ref().map(|list| (list.get(..2).map(<[u8]>::to_vec), u32_at(list, first)));
            match found {
                Some((kind, _)) if kind.as_deref() != Some(&[2, 0]) => {
                    self.add(Rule::SubnodeType, place, || format!("the entry {child:#x} is no SLBLOCK"));
                }
                Some((_, key)) if key != Some(nid) => {
                    let key = key.unwrap_or(0);
                    self.add(Rule::SubnodeOrder, place, || {
                        format!("its key is {nid:#x}, and the first of {child:#x} is {key:#x}")
                    });
                }
                None if !is_internal(child) => {
                    self.add(Rule::SubnodeType, place, || format!("the entry {child:#x} is a data block"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn reference(&self, walked: &mut Walked, bid: u64, kind: u8, from: u64) -> Result<()> {
        // Outlook sets it in lists of subnodes now and then.
        if bid & 1 != 0 && kind == FROM_NODE && self.is_recent() {
            self.add(Rule::BlockId, &Place::node(from as u32), || {
                format!("it refers to the block {bid:#x}, whose bit 0 is set")
            });
        }
        if bid & !1 == 0 {
            return Ok(());
        }
        self.file.charge(STEP)?;
        walked.references.push(record(&[&(bid & !1).to_be_bytes(), &[kind], &from.to_be_bytes()]))
    }

    fn one_node(&self, offset: u64, entry: NodeEntry, walked: &mut Walked) -> Result<()> {
        let NodeEntry { nid, data, subnodes, parent, high } = entry;
        let place = Place { offset: Some(offset), ..Place::node(nid) };
        let kind = nid::kind(nid);
        if high != 0 && self.is_recent() {
            self.add(Rule::TreeReserved, &place, || format!("the upper half of the identifier is {high:#x}"));
        }
        if !is_known(kind) && !self.file.is_cache {
            self.add(Rule::NodeType, &place, || format!("nidType is {kind:#x}"));
        }
        walked.note_index(nid);
        self.reference(walked, data, FROM_NODE, nid.into())?;
        self.reference(walked, subnodes, FROM_NODE, nid.into())?;
        let (data, subnodes) = (data & !1, subnodes & !1);
        if data == 0 && !matches!(kind, 1 | 6 | 0x0A | 0x0B | 0x0C | 0x13) {
            self.add(Rule::NodeData, &place, || "the node has no data".to_owned());
        }
        let is_list_of = |bid: u64, kind: u8| -> Result<bool> {
            let block = if is_internal(bid) { self.file.block(bid)? } else { None };
            Ok(block.is_none_or(|block| block.first() == Some(&kind)))
        };
        if subnodes != 0 && (!is_internal(subnodes) || !is_list_of(subnodes, 2)?) {
            self.add(Rule::NodeSubnodes, &place, || format!("bidSub is {subnodes:#x}, which is another kind of block"));
        }
        if data != 0 && is_internal(data) && !is_list_of(data, 1)? {
            self.add(Rule::XblockType, &place, || format!("bidData is {data:#x}, which is another kind of block"));
        }
        let group = match kind {
            nid::NORMAL_FOLDER | nid::SEARCH_FOLDER => {
                walked.folder_count = walked.folder_count.saturating_add(1);
                if walked.folders.len() < FOLDERS {
                    walked.folders.push((nid, parent));
                }
                if nid == nid::ROOT_FOLDER {
                    return Ok(());
                }
                0
            }
            nid::NORMAL_MESSAGE => 1,
            nid::ASSOCIATED_MESSAGE => 2,
            _ => {
                if parent != 0 && (self.is_recent() || (0x0D..=0x12).contains(&kind)) {
                    self.add(Rule::NodeParent, &place, || {
                        format!("it has the parent {parent:#x}, and should have none")
                    });
                }
                return Ok(());
            }
        };
        walked.children.push(record(&[&parent.to_be_bytes(), &[group], &nid.to_be_bytes()]))
    }

    /// Holds the references against the counts of blocks.
    fn references(&self, references: Sorter<17>) -> Result<()> {
        let mut references = references.sorted()?;
        let mut waiting = 0_u32;
        let missing = |record: [u8; 17]| {
            let from = be(record.get(9..));
            let place = match record.get(8) {
                Some(&FROM_NODE) => Place::node(from as u32),
                _ => Place::default().with_block(from),
            };
            self.add(Rule::BlockMissing, &place, || {
                format!("it refers to the block {:#x}, which was not found", be(record.get(..8)))
            });
        };
        self.walk(self.file.blocks, Tree::Blocks, None, &mut |_, _, entry| {
            let Some(entry) = block_entry(entry, self.file.variant) else { return Ok(()) };
            let bid = entry.bid & !1;
            let mut count = 0_u64;
            while let Some(record) = references.peek()? {
                let to = be(record.get(..8));
                if to > bid {
                    break;
                }
                references.next()?;
                self.file.charge(RECORD)?;
                if to == bid {
                    count = count.saturating_add(1);
                } else {
                    missing(record);
                }
            }
            let place = Place::at(entry.ib).with_block(bid);
            let stated = entry.references;
            if count == 0 {
                // Outlook leaves blocks behind that wait to be freed.
                waiting = waiting.saturating_add(u32::from(stated == 1));
                if stated != 1 && !self.file.is_cache {
                    self.add(Rule::BlockUnreferenced, &place, || format!("nothing refers to it, and cRef is {stated}"));
                }
            } else if u64::from(stated) != count.saturating_add(1) && !(self.file.is_cache && u64::from(stated) > count)
            {
                self.add(Rule::BlockReferences, &place, || {
                    format!("cRef is {stated}, and {count} references are there")
                });
            }
            Ok(())
        })?;
        while let Some(record) = references.next()? {
            self.file.charge(RECORD)?;
            missing(record);
        }
        if self.waiting().is_some_and(|stated| stated != waiting) {
            let stated = self.waiting().unwrap_or(0);
            self.add(Rule::HeaderReserved, &Place::at(176), || {
                format!("qwUnused counts {stated} blocks that wait to be freed, and {waiting} are there")
            });
        }
        Ok(())
    }
}

/// A big-endian integer of a record.
pub(super) fn be(octets: Option<&[u8]>) -> u64 {
    octets.unwrap_or_default().iter().fold(0, |value, octet| value << 8 | u64::from(*octet))
}
