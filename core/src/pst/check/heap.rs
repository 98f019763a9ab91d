//! Heaps on nodes and B-trees on them ([MS-PST] 2.3.1, 2.3.2), data and subnodes of nodes.

use super::{
    Check,
    file::{STEP, is_internal, word_at},
    findings::Place,
    held::Held,
    rules::Rule,
};
use crate::{
    error::Result,
    pst::{
        Variant,
        le::{u16_at, u32_at},
    },
};
use std::{cell::RefCell, ops::Range, sync::Arc};

/// Subnodes of one node that are held; more than a store of Outlook can have.
const SUBNODES: usize = 1 << 18;
/// Levels of subnodes that are counted: a message that is attached is two below that around it.
const SUBLEVELS: usize = 2 * super::DEPTH + 4;
/// Lists of subnodes of which the octets are remembered.
const SIZES: usize = 4096;
/// The largest allocation of a heap.
const ALLOCATION: usize = 3580;
/// Keys out of order, and parts that are missing, after which the rest of a tree is not gone through.
const DISORDER: usize = 16;
/// Levels above the leaves of a B-tree on a heap that are followed, as many as reading follows.
const BTH_LEVELS: u8 = 8;

/// A subnode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subnode {
    pub(super) nid: u32,
    pub(super) data: u64,
    pub(super) below: u64,
}

/// The subnodes of a node, and which of them something names.
pub(super) struct Subnodes<'a> {
    pub(super) all: Vec<Subnode>,
    used: RefCell<Vec<bool>>,
    _held: Held<'a>,
}

impl Subnodes<'_> {
    /// Where a subnode is among all.
    pub(super) fn position(&self, nid: u32) -> Option<usize> {
        self.all.binary_search_by_key(&nid, |subnode| subnode.nid).ok()
    }

    pub(super) fn find(&self, nid: u32) -> Option<Subnode> {
        self.all.get(self.position(nid)?).copied()
    }

    /// The subnode, which is named hereby.
    pub(super) fn named(&self, nid: u32) -> Option<Subnode> {
        let at = self.position(nid)?;
        if let Some(used) = self.used.borrow_mut().get_mut(at) {
            *used = true;
        }
        self.all.get(at).copied()
    }
}

impl Check {
    /// Goes through the data blocks of a node in order, until `visit` says that it is enough. What is no data block keeps its place, as 0,
    /// so that those behind it keep their numbers; behind a list that is lost there are none, as in reading.
    pub(super) fn each_leaf(&self, bid: u64, visit: &mut dyn FnMut(u64) -> Result<bool>) -> Result<()> {
        if bid == 0 {
            return Ok(());
        }
        if !is_internal(bid) {
            visit(bid)?;
            return Ok(());
        }
        let Some(list) = self.file.block(bid)?.filter(|list| list.first() == Some(&1)) else { return Ok(()) };
        if list.get(1) == Some(&1) {
            self.each_listed(&list, visit)?;
            return Ok(());
        }
        self.each_entry(&list, &mut |below| {
            let list = if is_internal(below) { self.file.block(below)? } else { None };
            match list.filter(|list| list.get(..2) == Some(&[1, 1])) {
                Some(list) => self.each_listed(&list, visit),
                None => Ok(false),
            }
        })?;
        Ok(())
    }

    fn each_listed(&self, list: &[u8], visit: &mut dyn FnMut(u64) -> Result<bool>) -> Result<bool> {
        self.each_entry(list, &mut |leaf| visit(if is_internal(leaf) { 0 } else { leaf }))
    }

    /// The entries of an XBLOCK or an XXBLOCK; whether all were gone through.
    fn each_entry(&self, list: &[u8], visit: &mut dyn FnMut(u64) -> Result<bool>) -> Result<bool> {
        let word = self.file.variant.word();
        let count = usize::from(u16_at(list, 2).unwrap_or(0));
        let entries = list.get(8..).unwrap_or_default().chunks_exact(word).take(count);
        for entry in entries {
            self.file.charge(word)?;
            if !visit(word_at(entry, 0, word).unwrap_or(0) & !1)? {
                return Ok(false);
            }
        }
        Ok(true)
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
        self.each_leaf(bid, &mut |leaf| {
            let Some(block) = self.file.block(leaf)? else { return Ok(false) };
            let lacking = most.saturating_sub(data.len());
            let part = block.get(..lacking).unwrap_or(&block);
            self.file.charge(part.len())?;
            data.extend_from_slice(part);
            Ok(data.len() < most)
        })?;
        Ok(data)
    }

    /// Octets of the data of a node and of all its subnodes; nothing where these are too many or too deep to be added up.
    pub(super) fn node_size(&self, data: u64, subnodes: u64, depth: usize) -> Result<Option<u64>> {
        let size = self.data_size(data)?;
        if subnodes == 0 {
            return Ok(Some(size));
        }
        let known = self.sizes.borrow().get(&subnodes).copied();
        if let Some(below) = known {
            return Ok(Some(size.saturating_add(below)));
        }
        let list = if depth < SUBLEVELS { self.subnodes(subnodes)? } else { None };
        let Some(list) = list else { return Ok(None) };
        let mut below = 0_u64;
        for subnode in &list.all {
            let Some(one) = self.node_size(subnode.data, subnode.below, depth.saturating_add(1))? else {
                return Ok(None);
            };
            below = below.saturating_add(one);
        }
        let mut sizes = self.sizes.borrow_mut();
        if sizes.len() >= SIZES {
            sizes.clear();
        }
        sizes.insert(subnodes, below);
        Ok(Some(size.saturating_add(below)))
    }

    /// The subnodes of a node; nothing where they are more than may be held.
    pub(super) fn subnodes(&self, bid: u64) -> Result<Option<Subnodes<'_>>> {
        let held = self.hold();
        let mut all: Vec<Subnode> = Vec::new();
        let list = if is_internal(bid) { self.file.block(bid)? } else { None };
        let list = list.filter(|list| list.first() == Some(&2));
        let word = self.file.variant.word();
        let entries = |list: &[u8], size: usize| -> Vec<u8> {
            let count = usize::from(u16_at(list, 2).unwrap_or(0));
            let octets = list.get(if word == 8 { 8 } else { 4 }..).unwrap_or_default();
            octets.get(..count.saturating_mul(size)).unwrap_or(octets).to_vec()
        };
        let mut take = |list: &[u8]| -> Result<bool> {
            let size = word.saturating_mul(3);
            let entries = entries(list, size);
            // They are looked at more than once.
            self.file.charge(list.len().saturating_mul(2))?;
            if !held.take(entries.len()) || all.len() > SUBNODES {
                return Ok(false);
            }
            all.extend(entries.chunks_exact(size).map(|entry| {
                let bid = |index: usize| word_at(entry, word.saturating_mul(index), word).unwrap_or(0) & !1;
                Subnode { nid: u32_at(entry, 0).unwrap_or(0), data: bid(1), below: bid(2) }
            }));
            Ok(true)
        };
        match list {
            Some(list) if list.get(1) == Some(&0) => {
                let is_held = take(&list)?;
                if !is_held {
                    return Ok(None);
                }
            }
            Some(list) => {
                let size = word.saturating_mul(2);
                for entry in entries(&list, size).chunks_exact(size) {
                    let child = word_at(entry, word, word).unwrap_or(0);
                    let below = if is_internal(child) { self.file.block(child)? } else { None };
                    let below = below.filter(|below| below.get(..2) == Some(&[2, 0]));
                    if let Some(below) = below
                        && !take(&below)?
                    {
                        return Ok(None);
                    }
                }
            }
            None => {}
        }
        // Out of order they were told of with their block.
        if !all.is_sorted_by(|one, next| one.nid < next.nid) {
            all.sort_by_key(|subnode| subnode.nid);
            all.dedup_by_key(|subnode| subnode.nid);
        }
        let used = RefCell::new(vec![false; all.len()]);
        Ok(Some(Subnodes { all, used, _held: held }))
    }

    /// Tells that something takes more memory than may be held.
    pub(super) fn too_much(&self, place: &Place) {
        self.add(Rule::Unreadable, place, || {
            "it and what is around it take more memory than a check may use".to_owned()
        });
    }
}

/// A heap.
pub(super) struct Heap<'a> {
    check: &'a Check,
    pub(super) place: Place,
    blocks: Vec<u64>,
    first: Arc<[u8]>,
    pub(super) root: u32,
    pub(super) subnodes: Subnodes<'a>,
    /// Of each block, which allocations something names; empty ones need nothing.
    named: RefCell<Vec<Vec<u64>>>,
    pub(super) held: Held<'a>,
}

/// An allocation of a heap: octets of a block.
#[derive(Clone)]
pub(super) struct Allocation {
    block: Arc<[u8]>,
    range: Range<usize>,
}

impl Allocation {
    pub(super) fn octets(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

/// The map of the allocations of a block of a heap (HNPAGEMAP).
struct Map<'a> {
    block: &'a [u8],
    at: usize,
    count: usize,
    /// How many are empty, as it says.
    free: usize,
}

impl<'a> Map<'a> {
    fn of(block: &'a [u8]) -> Option<Self> {
        let at = usize::from(u16_at(block, 0)?);
        let count = u16_at(block, at)?.into();
        let free = u16_at(block, at.checked_add(2)?)?.into();
        Some(Self { block, at, count, free })
    }

    /// Where an allocation begins, counted from 0; it ends where the next one begins.
    fn offset(&self, index: usize) -> Option<usize> {
        let at = self.at.checked_add(4)?.checked_add(index.checked_mul(2)?)?;
        u16_at(self.block, at).map(usize::from)
    }

    /// Where the map ends.
    fn end(&self) -> usize {
        self.at.saturating_add(4).saturating_add(self.count.saturating_add(1).saturating_mul(2))
    }
}

impl<'a> Heap<'a> {
    /// The heap that a node's data is; nothing where it is none.
    pub(super) fn open(check: &'a Check, place: &Place, data: u64, subnodes: u64, client: u8) -> Result<Option<Self>> {
        let held = check.hold();
        let most = blocks_named(check.file.variant);
        let mut blocks = Vec::new();
        let mut is_held = true;
        check.each_leaf(data, &mut |leaf| {
            if blocks.len() >= most {
                check.add(Rule::HeapId, place, || {
                    format!("the heap has more than {most} blocks, and no identifier names what is in the others")
                });
                return Ok(false);
            }
            is_held &= held.take(size_of::<(u64, Vec<u64>)>());
            blocks.push(leaf);
            Ok(is_held)
        })?;
        let first = match blocks.first() {
            Some(first) => check.file.block(*first)?,
            None => None,
        };
        let Some(first) = first.filter(|first| first.len() >= 12) else {
            check.add(Rule::HeapSignature, place, || "its data is missing or cannot be read".to_owned());
            return Ok(None);
        };
        let signature = (first.get(2).copied().unwrap_or(0), first.get(3).copied().unwrap_or(0));
        if signature != (0xEC, client) {
            check.add(Rule::HeapSignature, place, || {
                format!(
                    "it starts with {:#04x} {:#04x}, and 0xec {client:#04x} were expected",
                    signature.0, signature.1
                )
            });
            return Ok(None);
        }
        let root = u32_at(&first, 4).unwrap_or(0);
        let subnodes = check.subnodes(subnodes)?;
        let Some(subnodes) = subnodes.filter(|_| is_held && held.take(first.len())) else {
            check.too_much(place);
            return Ok(None);
        };
        let heap = Self { check, place: place.clone(), blocks, first, root, subnodes, named: RefCell::default(), held };
        if !heap.maps()? {
            check.too_much(place);
            return Ok(None);
        }
        Ok(Some(heap))
    }

    fn block(&self, index: usize) -> Result<Option<Arc<[u8]>>> {
        match self.blocks.get(index) {
            Some(_) if index == 0 => {
                self.check.file.charge(STEP)?;
                Ok(Some(self.first.clone()))
            }
            Some(bid) => self.check.file.block(*bid),
            None => Ok(None),
        }
    }

    /// Checks the map of every block; whether what is noted of them can be held.
    fn maps(&self) -> Result<bool> {
        // The levels of the blocks from one on; none where they are lost.
        let (mut levels, mut of_levels) = (self.first.get(8..12).unwrap_or_default().to_vec(), 0);
        for index in 0..self.blocks.len() {
            let block = self.block(index)?;
            let header = match index {
                0 => 12,
                _ if index >= 8 && index.wrapping_sub(8).is_multiple_of(128) => 66,
                _ => 2,
            };
            if header == 66 {
                levels = block.as_ref().and_then(|block| block.get(2..66)).unwrap_or_default().to_vec();
                of_levels = index;
            }
            let nibble = index.saturating_sub(of_levels);
            let level = levels.get(nibble / 2).map(|octet| octet >> if nibble % 2 == 0 { 0 } else { 4 } & 15);
            // A block that is lost keeps its number.
            let named = match block {
                Some(block) => self.map(index, &block, header, level)?,
                None => Some(Vec::new()),
            };
            let Some(named) = named else { return Ok(false) };
            self.named.borrow_mut().push(named);
        }
        Ok(true)
    }

    /// Checks the map of one block, whose `header` has so many octets, and of which `level` says how full it is. Gives the allocations that
    /// need no name; nothing where they cannot be held.
    fn map(&self, index: usize, block: &[u8], header: usize, level: Option<u8>) -> Result<Option<Vec<u64>>> {
        let variant = self.check.file.variant;
        let add = |rule: Rule, found: &dyn Fn() -> String| {
            let place = self.place.clone().with_block(self.blocks.get(index).copied().unwrap_or(0));
            self.check.add(rule, &place, || format!("block {index} of the heap: {}", found()));
        };
        let Some(map) = Map::of(block).filter(|map| map.at >= header) else {
            let at = u16_at(block, 0).unwrap_or(0);
            add(Rule::HeapMap, &|| format!("the map is at {at} of {} bytes", block.len()));
            return Ok(Some(Vec::new()));
        };
        let count = map.count;
        if map.end() > block.len() {
            add(Rule::HeapMap, &|| format!("{count} allocations do not fit"));
            return Ok(Some(Vec::new()));
        }
        self.check.file.charge(map.end().saturating_sub(map.at))?;
        if !self.held.take(count.div_ceil(8)) {
            return Ok(None);
        }
        let offsets: Vec<usize> = (0..=count).map_while(|index| map.offset(index)).collect();
        let first = offsets.first().copied().unwrap_or(0);
        let last = offsets.last().copied().unwrap_or(0);
        let before_map = map.at.checked_sub(last);
        if first != header || !offsets.is_sorted() || before_map.is_none_or(|gap| gap > 1) {
            add(Rule::HeapMap, &|| {
                format!("allocations from {first} to {last}, the header is {header} bytes and the map at {}", map.at)
            });
        }
        // One that ends before it begins has none, and keeps its number.
        let sizes = || {
            offsets.windows(2).map(|pair| match pair {
                [from, to] => to.saturating_sub(*from),
                _ => 0,
            })
        };
        let mut named = vec![u64::MAX; count.div_ceil(64)];
        for (number, _) in sizes().enumerate().filter(|(_, size)| *size > 0) {
            if let Some(bits) = named.get_mut(number / 64) {
                *bits &= !(1 << (number % 64));
            }
        }
        let empty = sizes().filter(|size| *size == 0).count();
        if empty != map.free {
            add(Rule::HeapFree, &|| format!("cFree is {}, and {empty} are empty", map.free));
        }
        if variant == Variant::Unicode4k {
            return Ok(Some(named));
        }
        if let Some(size) = sizes().find(|size| *size > ALLOCATION) {
            add(Rule::HeapId, &|| format!("an allocation has {size} bytes"));
        }
        let room = variant.block_data().saturating_sub(map.end());
        let expected = fill_level(room);
        // At the very end Outlook writes either.
        if let Some(level) = level.filter(|level| *level != expected && !(*level >= 14 && expected >= 14)) {
            add(Rule::HeapFill, &|| format!("the level is {level}, and {room} bytes are free (level {expected})"));
        }
        Ok(Some(named))
    }

    /// The allocation of an identifier.
    pub(super) fn allocation(&self, hid: u32) -> Result<Option<Allocation>> {
        let (block, index) = self.parts(hid);
        let Some(number) = index.checked_sub(1).filter(|_| hid & 31 == 0) else { return Ok(None) };
        let Some(block) = self.block(block)? else { return Ok(None) };
        let range = Map::of(&block).filter(|map| index <= map.count).and_then(|map| {
            let (from, to) = (map.offset(number)?, map.offset(index)?);
            (from <= to && to <= block.len()).then_some(from..to)
        });
        Ok(range.map(|range| Allocation { block, range }))
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
                let Some(found) = self.allocation(hnid)? else { return Ok(None) };
                let octets = found.octets().get(..most).unwrap_or(found.octets());
                self.check.file.charge(octets.len())?;
                Ok(Some(octets.to_vec()))
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
        if header.len() < 8 || octet(0) != 0xB5 || stated != (key, entry) || levels > BTH_LEVELS {
            self.check.add(Rule::BthHeader, &self.place, || match header.len() < 8 {
                true => format!("{what}: {hid:#x} has no header"),
                false => format!(
                    "{what}: signature {:#04x}, cbKey {}, cbEnt {}, bIdxLevels {levels}; 0xb5, {key}, {entry} and at most \
                     {BTH_LEVELS} were expected",
                    octet(0),
                    stated.0,
                    stated.1
                ),
            });
            return Ok(false);
        }
        let root = u32_at(header, 4).unwrap_or(0);
        if root != 0 {
            self.walk(root, levels, what, (key, entry), visit)?;
        }
        Ok(true)
    }

    fn walk(
        &self,
        root: u32,
        levels: u8,
        what: &'static str,
        (key_size, entry): (usize, usize),
        visit: &mut dyn FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let add = |rule: Rule, found: &dyn Fn() -> String| {
            self.check.add(rule, &self.place, || format!("{what}: {}", found()));
        };
        let size_at = |level: u8| key_size.saturating_add(if level == 0 { entry } else { 4 });
        // The part of the tree under an identifier.
        let part = |hid: u32, level: u8| -> Result<Option<Allocation>> {
            let Some(found) = self.allocation(hid)?.filter(|found| !found.octets().is_empty()) else {
                add(Rule::HeapId, &|| format!("the part {hid:#x} was not found on the heap"));
                return Ok(None);
            };
            self.note(hid, &self.place);
            let (len, size) = (found.octets().len(), size_at(level));
            if !len.is_multiple_of(size) {
                add(Rule::BthRecords, &|| format!("{len} bytes for records of {size}"));
            }
            self.check.file.charge(len)?;
            Ok(Some(found))
        };
        let (mut last, mut disorder) = (None, 0_usize);
        // From the root down: a part of the tree, how far it was gone through, its level, the key above.
        let mut way: Vec<(Allocation, usize, u8, Option<u64>)> = Vec::new();
        way.extend(part(root, levels)?.map(|found| (found, 0, levels, None)));
        while let Some((found, at, level, above)) = way.pop() {
            let next = at.saturating_add(size_at(level));
            let Some(record) = found.octets().get(at..next) else { continue };
            let (key, rest) = record.split_at_checked(key_size).unwrap_or_default();
            let key = key.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet));
            if let Some(above) = above.filter(|above| *above != key) {
                add(Rule::BthRecords, &|| format!("the key above is {above:#x}, the first {key:#x}"));
            }
            way.push((found.clone(), next, level, None));
            if let Some(below) = level.checked_sub(1) {
                match part(u32_at(rest, 0).unwrap_or(0), below)? {
                    Some(found) => way.push((found, 0, below, Some(key))),
                    None => disorder = disorder.saturating_add(1),
                }
            } else {
                if let Some(last) = last.filter(|last| *last >= key) {
                    add(Rule::BthOrder, &|| format!("the key {key:#x} comes behind {last:#x}"));
                    disorder = disorder.saturating_add(1);
                }
                last = Some(key);
                visit(key, rest)?;
            }
            if disorder > DISORDER {
                break;
            }
        }
        Ok(())
    }

    /// Tells of subnodes that nothing names. Outlook before 2007 SP2 leaves some behind, and so does the cache of a mailbox.
    pub(super) fn tell_unnamed(&self) {
        if !self.check.is_recent() {
            return;
        }
        let unused = self.named.borrow().iter().flatten().map(|bits| u64::from(bits.count_zeros())).sum::<u64>();
        if unused > 0 {
            self.check.add(Rule::HeapUnused, &self.place, || format!("nothing names {unused} allocations of the heap"));
        }
        let used = self.subnodes.used.borrow();
        // Outlook keeps some of its own in tables.
        let unnamed = || {
            let all = self.subnodes.all.iter().zip(&*used);
            all.filter(|(subnode, used)| !**used && subnode.nid & 31 != 1).map(|(subnode, _)| subnode.nid)
        };
        if unnamed().next().is_some() {
            self.check.add(Rule::SubnodeUnused, &self.place, || {
                let some: Vec<String> = unnamed().take(8).map(|nid| format!("{nid:#x}")).collect();
                let more = unnamed().skip(8).count();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("nothing names {}{more}", some.join(", "))
            });
        }
    }
}

/// Blocks of a heap that its identifiers can name ([MS-PST] 2.3.1.1).
fn blocks_named(variant: Variant) -> usize {
    if variant == Variant::Unicode4k { 1 << 13 } else { 1 << 16 }
}

/// The level of a block with so many octets free ([MS-PST] 2.3.1.2).
fn fill_level(free: usize) -> u8 {
    const LEAST: [usize; 15] = [3584, 2560, 2048, 1792, 1536, 1280, 1024, 768, 512, 256, 128, 64, 32, 16, 8];
    LEAST.iter().take_while(|least| free < **least).count() as u8
}
