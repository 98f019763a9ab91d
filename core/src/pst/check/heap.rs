//! Heaps on nodes and B-trees on them ([MS-PST] 2.3.1, 2.3.2), data and subnodes of nodes.

use super::{
    Check,
    file::{is_internal, word_at},
    findings::Place,
    rules::Rule,
};
use crate::{
    error::Result,
    pst::{
        Variant,
        le::{u16_at, u32_at},
    },
};
use std::{cell::RefCell, collections::HashSet, ops::Range, sync::Arc};

/// Blocks that the data of a node has at most: as many as an XXBLOCK of a Unicode store can list.
const LEAVES: usize = 1021 * 1021;
/// Subnodes of one node that are held; more than a store of Outlook can have.
const SUBNODES: usize = 1 << 18;
/// Levels of subnodes that are counted: a message that is attached is two below that around it.
const SUBLEVELS: usize = 2 * super::DEPTH + 4;
/// The largest allocation of a heap.
const ALLOCATION: usize = 3580;
/// Keys out of order after which the rest of a tree is not gone through.
const DISORDER: usize = 16;

/// A subnode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subnode {
    pub(super) nid: u32,
    pub(super) data: u64,
    pub(super) below: u64,
}

/// The subnodes of a node, and which of them something names.
#[derive(Default)]
pub(super) struct Subnodes {
    pub(super) all: Vec<Subnode>,
    used: RefCell<HashSet<u32>>,
}

impl Subnodes {
    pub(super) fn find(&self, nid: u32) -> Option<Subnode> {
        let at = self.all.binary_search_by_key(&nid, |subnode| subnode.nid).ok()?;
        self.all.get(at).copied()
    }

    /// The subnode, which is named hereby.
    pub(super) fn named(&self, nid: u32) -> Option<Subnode> {
        let found = self.find(nid)?;
        self.used.borrow_mut().insert(nid);
        Some(found)
    }

    pub(super) fn unnamed(&self) -> Vec<u32> {
        let used = self.used.borrow();
        self.all.iter().map(|subnode| subnode.nid).filter(|nid| !used.contains(nid)).collect()
    }
}

impl Check {
    /// The data blocks of a node in order.
    pub(super) fn leaves(&self, bid: u64) -> Result<Vec<u64>> {
        let mut leaves = Vec::new();
        if bid == 0 {
            return Ok(leaves);
        }
        if !is_internal(bid) {
            return Ok(vec![bid]);
        }
        let entries = |block: &[u8]| -> Vec<u64> {
            let word = self.file.variant.word();
            let count = usize::from(u16_at(block, 2).unwrap_or(0));
            (0..count).map_while(|index| word_at(block, 8 + index * word, word)).map(|bid| bid & !1).collect()
        };
        let Some(list) = self.file.block(bid)? else { return Ok(leaves) };
        if list.first() != Some(&1) {
            return Ok(leaves);
        }
        if list.get(1) == Some(&1) {
            leaves = entries(&list);
            leaves.retain(|bid| !is_internal(*bid));
        } else {
            for below in entries(&list) {
                let Some(list) = self.file.block(below)? else { continue };
                if list.get(..2) != Some(&[1, 1]) {
                    continue;
                }
                leaves.extend(entries(&list).into_iter().filter(|bid| !is_internal(*bid)));
                if leaves.len() > LEAVES || !self.file.may_read(list.len()) {
                    break;
                }
            }
        }
        Ok(leaves)
    }

    /// Octets of the data of a node.
    pub(super) fn data_size(&self, bid: u64) -> Result<u64> {
        if bid == 0 {
            return Ok(0);
        }
        if is_internal(bid) {
            let list = self.file.block(bid)?;
            return Ok(list.and_then(|list| u32_at(&list, 4)).unwrap_or(0).into());
        }
        Ok(self.file.block_entry(bid)?.map_or(0, |entry| entry.size.into()))
    }

    /// The data of a node, the first octets of it.
    pub(super) fn data(&self, bid: u64, most: usize) -> Result<Vec<u8>> {
        let mut data = Vec::new();
        for leaf in self.leaves(bid)? {
            if data.len() >= most {
                break;
            }
            let Some(block) = self.file.block(leaf)? else { break };
            data.extend_from_slice(&block);
        }
        data.truncate(most);
        Ok(data)
    }

    /// Octets of the data of a node and of all its subnodes.
    pub(super) fn node_size(&self, data: u64, subnodes: u64, depth: usize) -> Result<u64> {
        let mut size = self.data_size(data)?;
        if depth < SUBLEVELS {
            for subnode in &self.subnodes(subnodes)?.all {
                size += self.node_size(subnode.data, subnode.below, depth + 1)?;
            }
        }
        Ok(size)
    }

    pub(super) fn subnodes(&self, bid: u64) -> Result<Subnodes> {
        let mut all = Vec::new();
        let list = if is_internal(bid) { self.file.block(bid)? } else { None };
        let Some(list) = list.filter(|list| list.first() == Some(&2)) else { return Ok(Subnodes::default()) };
        let word = self.file.variant.word();
        let first = if word == 8 { 8 } else { 4 };
        let mut take = |list: &[u8]| {
            let count = usize::from(u16_at(list, 2).unwrap_or(0));
            for index in 0..count {
                let at = first + index * 3 * word;
                let Some(below) = word_at(list, at + 2 * word, word) else { break };
                let (nid, data) = (u32_at(list, at).unwrap_or(0), word_at(list, at + word, word).unwrap_or(0));
                all.push(Subnode { nid, data: data & !1, below: below & !1 });
            }
            self.file.may_read(list.len()) && all.len() < SUBNODES
        };
        if list.get(1) == Some(&0) {
            take(&list);
        } else {
            let count = usize::from(u16_at(&list, 2).unwrap_or(0));
            for index in 0..count {
                let Some(child) = word_at(&list, first + index * 2 * word + word, word) else { break };
                let below = if is_internal(child) { self.file.block(child)? } else { None };
                let Some(below) = below.filter(|below| below.get(..2) == Some(&[2, 0])) else { continue };
                if !take(&below) {
                    break;
                }
            }
        }
        all.sort_by_key(|subnode| subnode.nid);
        all.dedup_by_key(|subnode| subnode.nid);
        Ok(Subnodes { all, used: RefCell::default() })
    }
}

/// A heap.
pub(super) struct Heap<'a> {
    check: &'a Check,
    pub(super) place: Place,
    blocks: Vec<u64>,
    first: Arc<[u8]>,
    pub(super) root: u32,
    pub(super) subnodes: Subnodes,
    /// Of each block, which allocations something names; empty ones need nothing.
    named: RefCell<Vec<Vec<u64>>>,
}

/// An allocation of a heap: octets of a block.
pub(super) struct Allocation {
    block: Arc<[u8]>,
    range: Range<usize>,
}

impl Allocation {
    pub(super) fn octets(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

impl<'a> Heap<'a> {
    /// The heap that a node's data is; nothing where it is none.
    pub(super) fn open(check: &'a Check, place: &Place, data: u64, subnodes: u64, client: u8) -> Result<Option<Self>> {
        let blocks = check.leaves(data)?;
        let first = match blocks.first() {
            Some(first) => check.file.block(*first)?,
            None => None,
        };
        let Some(first) = first.filter(|first| first.len() >= 12) else {
            if !check.file.is_exhausted() {
                check.add(Rule::HeapSignature, place, || "its data is missing or cannot be read".to_owned());
            }
            return Ok(None);
        };
        let signature = (first.get(2).copied().unwrap_or(0), first.get(3).copied().unwrap_or(0));
        if signature != (0xEC, client) {
            check.add(Rule::HeapSignature, place, || {
                format!(
                    "the octets are {:#04x} {:#04x}, and 0xec {client:#04x} were expected",
                    signature.0, signature.1
                )
            });
            return Ok(None);
        }
        let root = u32_at(&first, 4).unwrap_or(0);
        let subnodes = check.subnodes(subnodes)?;
        let heap = Self { check, place: place.clone(), blocks, first, root, subnodes, named: RefCell::default() };
        heap.maps()?;
        Ok(Some(heap))
    }

    fn block(&self, index: usize) -> Result<Option<Arc<[u8]>>> {
        match self.blocks.get(index) {
            _ if index == 0 => Ok(Some(self.first.clone())),
            Some(bid) => self.check.file.block(*bid),
            None => Ok(None),
        }
    }

    /// Checks the map of every block.
    fn maps(&self) -> Result<()> {
        let variant = self.check.file.variant;
        let mut levels = self.first.get(8..12).unwrap_or_default().to_vec();
        let mut of_levels = 0;
        for index in 0..self.blocks.len() {
            self.named.borrow_mut().push(Vec::new());
            let Some(block) = self.block(index)? else { continue };
            let header = match index {
                0 => 12,
                _ if index >= 8 && (index - 8).is_multiple_of(128) => 66,
                _ => 2,
            };
            if header == 66 {
                levels = block.get(2..66).unwrap_or_default().to_vec();
                of_levels = index;
            }
            let add = |rule: Rule, found: &dyn Fn() -> String| {
                let place = self.place.clone().with_block(self.blocks.get(index).copied().unwrap_or(0));
                self.check.add(rule, &place, || format!("block {index} of the heap: {}", found()));
            };
            let map = usize::from(u16_at(&block, 0).unwrap_or(0));
            let counts = (u16_at(&block, map).map(usize::from), u16_at(&block, map + 2));
            let ((Some(count), Some(free)), true) = (counts, map >= header) else {
                add(Rule::HeapMap, &|| format!("the map is at {map} of {} octets", block.len()));
                continue;
            };
            let offsets: Vec<usize> =
                (0..=count).map_while(|index| u16_at(&block, map + 4 + 2 * index)).map(usize::from).collect();
            if offsets.len() != count + 1 {
                add(Rule::HeapMap, &|| format!("{count} allocations do not fit"));
                continue;
            }
            let last = offsets.last().copied().unwrap_or(0);
            let rises = offsets.is_sorted();
            if offsets.first() != Some(&header) || !rises || last > map || map - last > 1 {
                add(Rule::HeapMap, &|| {
                    let first = offsets.first().copied().unwrap_or(0);
                    format!("allocations from {first} to {last}, the header is {header} octets and the map at {map}")
                });
            }
            let sizes = || offsets.windows(2).filter_map(|pair| pair.last()?.checked_sub(*pair.first()?));
            let mut named = vec![u64::MAX; count.div_ceil(64)];
            for (number, _) in sizes().enumerate().filter(|(_, size)| *size > 0) {
                if let Some(bits) = named.get_mut(number / 64) {
                    *bits &= !(1 << (number % 64));
                }
            }
            if let Some(last) = self.named.borrow_mut().last_mut() {
                *last = named;
            }
            let empty = sizes().filter(|size| *size == 0).count();
            if empty != usize::from(free) {
                add(Rule::HeapFree, &|| format!("cFree is {free}, and {empty} are empty"));
            }
            if variant == Variant::Unicode4k {
                continue;
            }
            if let Some(size) = sizes().find(|size| *size > ALLOCATION) {
                add(Rule::HeapId, &|| format!("an allocation has {size} octets"));
            }
            let nibble = index - of_levels;
            let level = levels.get(nibble / 2).map_or(0, |octet| octet >> (4 * (nibble % 2)) & 15);
            let room = variant.block_data().saturating_sub(map + 4 + 2 * (count + 1));
            let expected = fill_level(room);
            // At the very end Outlook writes either.
            if level != expected && !(level >= 14 && expected >= 14) {
                add(Rule::HeapFill, &|| format!("the level is {level}, and {room} octets are free (level {expected})"));
            }
        }
        Ok(())
    }

    /// The allocation of an identifier.
    pub(super) fn allocation(&self, hid: u32) -> Result<Option<Allocation>> {
        let (block, index) = self.parts(hid);
        if hid & 31 != 0 || index == 0 {
            return Ok(None);
        }
        let Some(block) = self.block(block)? else { return Ok(None) };
        let map = usize::from(u16_at(&block, 0).unwrap_or(0));
        if u16_at(&block, map).is_none_or(|count| index > usize::from(count)) {
            return Ok(None);
        }
        let offset = |index: usize| u16_at(&block, map + 4 + 2 * index).map(usize::from);
        let range = offset(index - 1).zip(offset(index)).map(|(from, to)| from..to);
        let range = range.filter(|range| range.start <= range.end && range.end <= block.len());
        Ok(range.map(|range| Allocation { block: block.clone(), range }))
    }

    /// The number of the block and that of the allocation in it.
    fn parts(&self, hid: u32) -> (usize, usize) {
        let (index, block) = match self.check.file.variant {
            Variant::Unicode4k => (hid >> 5 & 0x3FFF, hid >> 19),
            Variant::Ansi | Variant::Unicode => (hid >> 5 & 0x7FF, hid >> 16),
        };
        (block as usize, index as usize)
    }

    /// Notes that a value is in an allocation, which no other one may be in.
    pub(super) fn note(&self, hid: u32, what: &Place) {
        let (block, index) = self.parts(hid);
        let Some(number) = index.checked_sub(1).filter(|_| hid & 31 == 0) else { return };
        let mut named = self.named.borrow_mut();
        let Some(bits) = named.get_mut(block).and_then(|block| block.get_mut(number / 64)) else { return };
        let bit = 1 << (number % 64);
        if *bits & bit != 0 && self.check.is_recent() {
            self.check.add(Rule::HeapShared, what, || format!("{hid:#x} is empty, or another value is in it too"));
        }
        *bits |= bit;
    }

    /// Octets of what an identifier of the heap or of a subnode names.
    pub(super) fn size_of(&self, hnid: u32) -> Result<Option<u64>> {
        match hnid {
            0 => Ok(Some(0)),
            _ if hnid & 31 == 0 => Ok(self.allocation(hnid)?.map(|found| found.octets().len() as u64)),
            _ => match self.subnodes.named(hnid) {
                Some(subnode) => self.check.data_size(subnode.data).map(Some),
                None => Ok(None),
            },
        }
    }

    /// What an identifier of the heap or of a subnode names, the first octets of it.
    pub(super) fn value(&self, hnid: u32, most: usize) -> Result<Option<Vec<u8>>> {
        match hnid {
            0 => Ok(Some(Vec::new())),
            _ if hnid & 31 == 0 => {
                let found = self.allocation(hnid)?;
                Ok(found.map(|found| found.octets().get(..most).unwrap_or(found.octets()).to_vec()))
            }
            _ => match self.subnodes.named(hnid) {
                Some(subnode) => self.check.data(subnode.data, most).map(Some),
                None => Ok(None),
            },
        }
    }

    /// The records of a B-tree on this heap in order; whether it is one.
    pub(super) fn records(
        &self,
        hid: u32,
        what: &'static str,
        (key, entry): (usize, usize),
        visit: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<bool> {
        let header = self.allocation(hid)?;
        self.note(hid, &self.place);
        let header = header.as_ref().map(Allocation::octets).unwrap_or_default();
        let octet = |at: usize| header.get(at).copied().unwrap_or(0);
        let stated = (usize::from(octet(1)), usize::from(octet(2)));
        let levels = octet(3);
        if header.len() < 8 || octet(0) != 0xB5 || stated != (key, entry) || levels > 8 {
            self.check.add(Rule::BthHeader, &self.place, || match header.len() < 8 {
                true => format!("{what}: {hid:#x} has no header"),
                false => format!(
                    "{what}: signature {:#04x}, cbKey {}, cbEnt {}, bIdxLevels {levels}; 0xb5, {key}, {entry} were expected",
                    octet(0),
                    stated.0,
                    stated.1
                ),
            });
            return Ok(false);
        }
        let root = u32_at(header, 4).unwrap_or(0);
        let mut walk = Walk { what, key, entry, last: None, disorder: 0, visit };
        if root != 0 {
            self.level(root, levels, None, &mut walk)?;
        }
        Ok(true)
    }

    fn level(&self, hid: u32, level: u8, above: Option<u64>, walk: &mut Walk<'_>) -> Result<()> {
        let what = walk.what;
        let found = self.allocation(hid)?.filter(|found| !found.octets().is_empty());
        let Some(found) = found else {
            self.check.add(Rule::HeapId, &self.place, || format!("{what}: {hid:#x} names no allocation"));
            return Ok(());
        };
        self.note(hid, &self.place);
        let octets = found.octets();
        let size = walk.key + if level == 0 { walk.entry } else { 4 };
        if octets.len() % size != 0 {
            self.check.add(Rule::BthRecords, &self.place, || {
                format!("{what}: {} octets for records of {size}", octets.len())
            });
        }
        if !self.check.file.may_read(octets.len()) {
            return Ok(());
        }
        for (index, record) in octets.chunks_exact(size).enumerate() {
            let (key, rest) = record.split_at(walk.key.min(record.len()));
            let key = key.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet));
            if let Some(above) = above.filter(|above| index == 0 && *above != key) {
                self.check.add(Rule::BthRecords, &self.place, || {
                    format!("{what}: the key above is {above:#x}, the first {key:#x}")
                });
            }
            if level > 0 {
                self.level(u32_at(rest, 0).unwrap_or(0), level - 1, Some(key), walk)?;
            } else {
                if let Some(last) = walk.last.filter(|last| *last >= key) {
                    self.check.add(Rule::BthOrder, &self.place, || {
                        format!("{what}: the key {key:#x} comes behind {last:#x}")
                    });
                    walk.disorder += 1;
                }
                walk.last = Some(key);
                (walk.visit)(key, rest)?;
            }
            if walk.disorder > DISORDER {
                break;
            }
        }
        Ok(())
    }

    /// Tells of subnodes that nothing names. Outlook before 2007 SP2 leaves some behind, and so does the cache of a mailbox.
    pub(super) fn tell_unnamed(&self) {
        let named = self.named.borrow();
        let unused: u32 = named.iter().flatten().map(|bits| bits.count_zeros()).sum();
        if unused > 0 && self.check.is_recent() {
            self.check.add(Rule::HeapUnused, &self.place, || format!("nothing names {unused} allocations of the heap"));
        }
        let mut unnamed = self.subnodes.unnamed();
        // Outlook keeps some of its own in tables.
        unnamed.retain(|nid| nid & 31 != 1);
        if !unnamed.is_empty() && self.check.is_recent() {
            self.check.add(Rule::SubnodeUnused, &self.place, || {
                let some: Vec<String> = unnamed.iter().take(8).map(|nid| format!("{nid:#x}")).collect();
                format!("nothing names {}", some.join(", "))
            });
        }
    }
}

struct Walk<'a> {
    what: &'static str,
    key: usize,
    entry: usize,
    last: Option<u64>,
    disorder: usize,
    visit: &'a mut dyn FnMut(u64, &[u8]) -> Result<()>,
}

/// The level of a block with so many octets free ([MS-PST] 2.3.1.2).
fn fill_level(free: usize) -> u8 {
    const LEAST: [usize; 15] = [3584, 2560, 2048, 1792, 1536, 1280, 1024, 768, 512, 256, 128, 64, 32, 16, 8];
    LEAST.iter().take_while(|least| free < **least).count() as u8
}
