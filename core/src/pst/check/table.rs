//! Table contexts ([MS-PST] 2.3.4).

use super::{
    Check,
    context::{BINARY, BOOLEAN, GUID, STRING, STRING8, Value, fixed, is_known, text},
    file::STEP,
    findings::Place,
    heap::{Allocation, Heap},
    ids,
    rules::Rule,
};
use crate::{
    error::Result,
    pst::{
        Variant,
        le::{u16_at, u32_at},
        nid::HIERARCHY_TABLE,
    },
};
use std::collections::HashSet;

const TABLE_CONTEXT: u8 = 0x7C;
/// Octets of a cell that are looked at.
pub(super) const LOOKED_AT: usize = 64 << 10;
/// The columns of the identifier and the version of a row.
const ROW_ID: u32 = (ids::ROW_ID as u32) << 16 | 3;
const ROW_VERSION: u32 = (ids::ROW_VERSION as u32) << 16 | 3;

#[derive(Clone, Copy, Debug)]
struct Column {
    tag: u32,
    at: usize,
    size: usize,
    bit: usize,
}

impl Column {
    fn end(&self) -> usize {
        self.at.saturating_add(self.size)
    }
}

/// A table.
pub(super) struct Table<'a> {
    check: &'a Check,
    pub(super) heap: Heap<'a>,
    columns: Vec<Column>,
    /// Where the existence bits begin and end.
    bits: (usize, usize),
    index: u32,
    /// The row matrix: blocks of it, or an allocation of the heap.
    blocks: Vec<u64>,
    held: Vec<u8>,
    pub(super) rows: u64,
}

/// A row of a table.
pub(super) struct Row<'a, 'b> {
    table: &'b Table<'a>,
    octets: Vec<u8>,
}

impl Check {
    /// The table that a node is; nothing where it cannot be read.
    pub(super) fn table(&self, place: &Place, data: u64, subnodes: u64) -> Result<Option<Table<'_>>> {
        let Some(heap) = Heap::open(self, place, data, subnodes, TABLE_CONTEXT)? else { return Ok(None) };
        let info = heap.allocation(heap.root)?;
        heap.note(heap.root, place);
        let info = info.as_ref().map(Allocation::octets).unwrap_or_default();
        let count = usize::from(info.get(1).copied().unwrap_or(0));
        let size = count.saturating_mul(8).saturating_add(22);
        let add = |rule: Rule, found: &dyn Fn() -> String| self.add(rule, place, found);
        let signature = info.first().copied().unwrap_or(0);
        if info.len() < 22 || signature != TABLE_CONTEXT || info.len() != size {
            add(Rule::TableHeader, &|| {
                format!("TCINFO: signature {signature:#04x}, {count} columns in {} bytes", info.len())
            });
            if info.len() < size {
                return Ok(None);
            }
        }
        let end = |at: usize| usize::from(u16_at(info, at).unwrap_or(0));
        let ends = [end(2), end(4), end(6), end(8)];
        let end_of_bits = ends[2].saturating_add(count.div_ceil(8));
        if !ends.is_sorted() || ends[3] != end_of_bits {
            add(Rule::TableHeader, &|| format!("the areas of a row end at {ends:?}, with {count} columns"));
            if ends[3] < end_of_bits {
                return Ok(None);
            }
        }
        let rows = u32_at(info, 14).unwrap_or(0);
        if u32_at(info, 18) != Some(0) {
            add(Rule::TableHeader, &|| format!("hidIndex is {:#x}", u32_at(info, 18).unwrap_or(0)));
        }
        let columns = self.columns(place, info, count, ends)?;
        let mut table = Table {
            check: self,
            columns,
            bits: (ends[2], ends[3]),
            index: u32_at(info, 10).unwrap_or(0),
            blocks: Vec::new(),
            held: Vec::new(),
            rows: 0,
            heap,
        };
        if !table.matrix(rows)? {
            self.too_much(place);
            return Ok(None);
        }
        Ok(Some(table))
    }

    /// The columns, 255 at most, as their number is an octet.
    fn columns(
        &self,
        place: &Place,
        info: &[u8],
        count: usize,
        [four, two, one, _]: [usize; 4],
    ) -> Result<Vec<Column>> {
        let mut columns: Vec<Column> = Vec::new();
        let mut bits = HashSet::new();
        for info in info.get(22..).unwrap_or_default().chunks_exact(8).take(count) {
            self.file.charge(STEP)?;
            let octet = |at: usize| usize::from(info.get(at).copied().unwrap_or(0));
            let column = Column {
                tag: u32_at(info, 0).unwrap_or(0),
                at: u16_at(info, 4).unwrap_or(0).into(),
                size: octet(6),
                bit: octet(7),
            };
            let (id, kind) = ((column.tag >> 16) as u16, column.tag as u16);
            let place = &place.of(id);
            if columns.last().is_some_and(|before| before.tag >= column.tag) {
                self.add(Rule::TableColumns, place, || "the column is there twice or out of order".to_owned());
            }
            if !bits.insert(column.bit) || column.bit >= count {
                self.add(Rule::TableColumns, place, || {
                    format!("iBit is {}, which is there twice or not below the {count} columns", column.bit)
                });
            }
            if self.is_recent() {
                self.note_named(id, place);
            }
            self.kind(place, kind);
            let expected = fixed(kind).filter(|size| *size <= 8).unwrap_or(4);
            let area = match expected {
                8 | 4 => 0..four,
                2 => four..two,
                _ => two..one,
            };
            if (column.size != expected && is_known(kind)) || column.at < area.start || column.end() > area.end {
                self.add(Rule::TableColumns, place, || {
                    format!("ibData is {} and cbData {}, in the area {area:?} of a row", column.at, column.size)
                });
            }
            let overlaps = |other: &&Column| other.at < column.end() && column.at < other.end();
            if let Some(other) = columns.iter().find(overlaps) {
                self.add(Rule::TableColumns, place, || format!("the column overlaps the column {:#x}", other.tag));
            }
            columns.push(column);
        }
        for (tag, at, bit) in [(ROW_ID, 0, 0), (ROW_VERSION, 4, 1)] {
            let is_there = columns.iter().any(|column| column.tag == tag && column.at == at && column.bit == bit);
            if !is_there {
                self.add(Rule::TableColumns, &place.of((tag >> 16) as u16), || {
                    format!("there is no such column with ibData {at} and iBit {bit}")
                });
            }
        }
        Ok(columns)
    }
}

impl<'a> Table<'a> {
    fn row_size(&self) -> usize {
        self.bits.1.max(1)
    }

    /// Rows in so many octets.
    fn rows_in(&self, octets: usize) -> usize {
        octets.checked_div(self.row_size()).unwrap_or(0)
    }

    fn a_block(&self) -> usize {
        self.rows_in(self.check.file.variant.block_data()).max(1)
    }

    /// Finds the rows, and counts them; whether where they are can be held.
    fn matrix(&mut self, hnid: u32) -> Result<bool> {
        let (check, size) = (self.check, self.row_size());
        let add = |found: &dyn Fn() -> String| check.add(Rule::TableRows, &self.heap.place, found);
        if hnid == 0 {
            return Ok(true);
        }
        if hnid & 31 == 0 {
            let Some(found) = self.heap.allocation(hnid)? else {
                add(&|| format!("hnidRows {hnid:#x} names no allocation"));
                return Ok(true);
            };
            self.heap.note(hnid, &self.heap.place);
            let octets = found.octets();
            if !octets.len().is_multiple_of(size) {
                add(&|| format!("{} bytes for rows of {size}", octets.len()));
            }
            if !self.heap.held.take(octets.len()) {
                return Ok(false);
            }
            self.rows = self.rows_in(octets.len()) as u64;
            self.held = octets.to_vec();
            return Ok(true);
        }
        let Some(subnode) = self.heap.subnodes.named(hnid) else {
            add(&|| format!("hnidRows {hnid:#x} is no subnode"));
            return Ok(true);
        };
        let a_block = self.a_block();
        let mut blocks = Vec::new();
        let (mut rows, mut before, mut is_held) = (0_u64, None, true);
        check.each_leaf(subnode.data, &mut |leaf| {
            // All blocks but the last one are full.
            if let Some(rows) = before.filter(|rows| *rows != a_block) {
                let index = blocks.len().saturating_sub(1);
                add(&|| format!("block {index} holds {rows} rows of {size} bytes instead of {a_block}"));
            }
            is_held = self.heap.held.take(size_of::<u64>());
            blocks.push(leaf);
            let octets = check.file.block_entry(leaf)?.map_or(0, |entry| usize::from(entry.size));
            let there = self.rows_in(octets);
            rows = rows.saturating_add(there as u64);
            before = Some(there);
            Ok(is_held)
        })?;
        (self.rows, self.blocks) = (rows, blocks);
        Ok(is_held)
    }

    fn row_octets(&self, index: usize) -> Result<Option<Vec<u8>>> {
        let size = self.row_size();
        self.check.file.charge(STEP)?;
        let of = |octets: &[u8], index: usize| -> Result<Option<Vec<u8>>> {
            let from = index.checked_mul(size);
            let row = from.and_then(|from| octets.get(from..from.checked_add(size)?));
            self.check.file.charge(row.map_or(0, <[u8]>::len))?;
            Ok(row.map(<[u8]>::to_vec))
        };
        if self.blocks.is_empty() {
            return of(&self.held, index);
        }
        let a_block = self.a_block();
        let (block, index) = (index.checked_div(a_block), index.checked_rem(a_block).unwrap_or(0));
        let Some(bid) = block.and_then(|block| self.blocks.get(block)) else { return Ok(None) };
        match self.check.file.block(*bid)? {
            Some(block) => of(&block, index),
            None => Ok(None),
        }
    }

    /// The rows in the order of their identifiers, each checked; gives their number.
    pub(super) fn each_row(&self, visit: &mut dyn FnMut(u32, &Row<'a, '_>) -> Result<()>) -> Result<u64> {
        let check = self.check;
        let entry = if check.file.variant == Variant::Ansi { 2 } else { 4 };
        let place = &self.heap.place;
        let words = usize::try_from(self.rows.div_ceil(64)).unwrap_or(usize::MAX);
        let held = check.hold();
        if !held.take(words.saturating_mul(8)) {
            check.too_much(place);
            return Ok(0);
        }
        let mut met = vec![0_u64; words];
        let mut count = 0_u64;
        self.heap.records(self.index, "the row index", (4, entry), &mut |id, record| {
            count = count.saturating_add(1);
            let id = id as u32;
            let index = match entry {
                2 => usize::from(u16_at(record, 0).unwrap_or(0)),
                _ => u32_at(record, 0).unwrap_or(0) as usize,
            };
            let Some(octets) = self.row_octets(index)? else {
                check.add(Rule::TableIndex, &place.in_row(id), || {
                    format!("the index names the row number {index}, and there are {} rows", self.rows)
                });
                return Ok(());
            };
            if let Some(bits) = met.get_mut(index / 64) {
                let bit = 1 << (index % 64);
                if *bits & bit != 0 {
                    check.add(Rule::TableIndex, &place.in_row(id), || {
                        format!("the index names the row number {index} for another row too")
                    });
                }
                *bits |= bit;
            }
            let own = u32_at(&octets, 0).unwrap_or(0);
            if own != id {
                check.add(Rule::TableIndex, &place.in_row(id), || {
                    format!("the row number {index} says that it is {own:#x}")
                });
            }
            let row = Row { table: self, octets };
            row.check(&place.in_row(id))?;
            visit(id, &row)
        })?;
        let is_spare = self.rows > count && !check.is_recent();
        if count != self.rows && !is_spare {
            check.add(Rule::TableRows, place, || format!("the index has {count} rows, and {} are there", self.rows));
        }
        Ok(count)
    }

    /// The identifiers of the columns that there are.
    pub(super) fn lacks(&self, columns: &[u16]) -> Vec<u16> {
        let has = |id: &u16| self.columns.iter().any(|column| column.tag >> 16 == u32::from(*id));
        columns.iter().copied().filter(|id| !has(id)).collect()
    }

    pub(super) fn column_tags(&self) -> impl Iterator<Item = u32> {
        self.columns.iter().map(|column| column.tag)
    }
}

impl Row<'_, '_> {
    fn has_bit(&self, bit: usize) -> bool {
        self.octets.get(self.table.bits.0.saturating_add(bit / 8)).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0)
    }

    fn number(&self, column: &Column) -> u64 {
        let octets = self.octets.get(column.at..column.end()).unwrap_or_default();
        octets.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet))
    }

    fn check(&self, place: &Place) -> Result<()> {
        let check = self.table.check;
        let count = self.table.columns.len();
        let bits = self.table.bits.1.saturating_sub(self.table.bits.0).saturating_mul(8);
        check.file.charge(self.octets.len())?;
        // The first one tells it.
        if let Some(bit) = (count..bits).find(|bit| self.has_bit(*bit)) {
            check.add(Rule::TableBits, place, || {
                format!("the existence bit {bit} is set, and there are {count} columns")
            });
        }
        for column in &self.table.columns {
            check.file.charge(STEP)?;
            let place = &place.of((column.tag >> 16) as u16);
            if !self.has_bit(column.bit) {
                // Outlook leaves some behind in rows of messages.
                let is_inside =
                    place.nodes.len() > 1 || place.nodes.first().is_some_and(|node| node & 31 == HIERARCHY_TABLE);
                if self.number(column) != 0 && is_inside && check.is_recent() {
                    check.add(Rule::TableBits, place, || {
                        "its existence bit is clear, but the cell has a value".to_owned()
                    });
                }
                if matches!(column.tag, ROW_ID | ROW_VERSION) {
                    check.add(Rule::TableBits, place, || "its existence bit is clear".to_owned());
                }
                continue;
            }
            let kind = column.tag as u16;
            if fixed(kind).is_some_and(|size| size <= 8) {
                if kind == BOOLEAN && self.number(column) > 1 && !check.file.is_cache {
                    check.add(Rule::TableCell, place, || {
                        format!("a boolean has the value {} instead of 0 or 1", self.number(column))
                    });
                }
                continue;
            }
            let hnid = self.number(column) as u32;
            if hnid == 0 && !matches!(kind, STRING | STRING8) && place.nodes.len() == 1 && check.is_recent() {
                check.add(Rule::TableBits, place, || "its existence bit is set, but the cell has no value".to_owned());
            }
            self.table.heap.note(hnid, place);
            match self.table.heap.size_of(hnid)? {
                None => {
                    check.add(Rule::TableCell, place, || format!("{hnid:#x} names neither an allocation nor a subnode"))
                }
                Some(size) if kind == GUID && size != 16 => {
                    check.add(Rule::TableCell, place, || format!("{size} bytes instead of 16"));
                }
                Some(_) if is_known(kind) && kind != BINARY => {
                    let octets = self.table.heap.value(hnid, LOOKED_AT)?.unwrap_or_default();
                    check.octets_of(place, kind, &octets)?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The value of a cell, if the row has one.
    pub(super) fn value(&self, tag: u32) -> Result<Option<Value>> {
        let column = self.table.columns.iter().find(|column| column.tag == tag && self.has_bit(column.bit));
        let Some(column) = column else { return Ok(None) };
        let number = self.number(column);
        match fixed(tag as u16) {
            Some(size) if size <= 8 => Ok(Some(Value::Number(number))),
            _ => Ok(self.table.heap.value(number as u32, LOOKED_AT)?.map(Value::Octets)),
        }
    }

    /// The value of the column of a property, and its type.
    pub(super) fn of(&self, id: u16) -> Result<Option<(u16, Value)>> {
        let column = self.table.columns.iter().find(|column| column.tag >> 16 == u32::from(id));
        let Some(tag) = column.map(|column| column.tag) else { return Ok(None) };
        Ok(self.value(tag)?.map(|value| (tag as u16, value)))
    }

    pub(super) fn number_of(&self, id: u16) -> Result<Option<u64>> {
        Ok(match self.of(id)? {
            Some((_, Value::Number(number))) => Some(number),
            _ => None,
        })
    }

    pub(super) fn octets_of(&self, id: u16) -> Result<Option<Vec<u8>>> {
        Ok(match self.of(id)? {
            Some((_, Value::Octets(octets))) => Some(octets),
            _ => None,
        })
    }

    pub(super) fn text_of(&self, id: u16) -> Result<Option<String>> {
        Ok(match self.of(id)? {
            Some((kind, Value::Octets(octets))) => Some(text(kind, &octets)),
            _ => None,
        })
    }
}
