//! Table contexts ([MS-PST] 2.3.4).

use super::{
    btree_on_heap::{BtreeOnHeap, Cursor},
    heap::{Client, Heap, is_subnode},
    value,
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{NamedProperties, Octets, PropertyBag, PropertyTag, PropertyValue, fixed, fixed_size},
    pst::le::{u16_at, u32_at},
    read::pst::ndb::{DataTree, Ndb, Node, at_node},
};
use std::{ops::Range, sync::Arc};

/// A node whose data is a table: columns, rows, and an index from row identifiers to rows.
#[derive(Debug)]
pub(crate) struct TableContext {
    heap: Heap,
    columns: Vec<Column>,
    /// Where the bits that say which cells exist begin in a row, and where a row ends.
    existence: usize,
    row_size: usize,
    index: Option<BtreeOnHeap>,
    rows: Rows,
}

/// A column (TCOLDESC).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    tag: PropertyTag,
    offset: usize,
    size: usize,
    bit: usize,
}

/// Where the rows are.
#[derive(Debug)]
enum Rows {
    None,
    Heap(Octets),
    Subnode(DataTree),
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    block: Octets,
    range: Range<usize>,
}

impl TableContext {
    pub(crate) fn open(ndb: &Arc<Ndb>, node: &Node) -> Result<Self> {
        let broken = |what| Error::new(ErrorKind::Malformed, what).at(at_node(node.nid)).non_fatal();
        let heap = Heap::open(ndb, node, Client::TableContext)?;
        let info = heap.get(heap.root)?;
        let info = info.as_slice().unwrap_or_default();
        let (Some(0x7C), Some(count)) = (info.first(), info.get(1)) else {
            return Err(broken("the table was not found"));
        };
        let field = |at| u16_at(info, at).map(usize::from);
        let (Some(existence), Some(row_size), Some(index), Some(rows)) =
            (field(6), field(8), u32_at(info, 10), u32_at(info, 14))
        else {
            return Err(broken("the description of the table is cut short"));
        };
        let columns = (0..usize::from(*count))
            .map_while(|i| {
                let at = 22 + 8 * i;
                Some(Column {
                    tag: PropertyTag(u32_at(info, at)?),
                    offset: u16_at(info, at + 4)?.into(),
                    size: usize::from(*info.get(at + 6)?),
                    bit: usize::from(*info.get(at + 7)?),
                })
            })
            .collect();
        let rows = match rows {
            0 => Rows::None,
            nid if is_subnode(nid) => heap.subnodes().data(nid).map_or(Rows::None, Rows::Subnode),
            hid => heap.get(hid).map_or(Rows::None, Rows::Heap),
        };
        // A table without a usable index still has its rows.
        let index = BtreeOnHeap::open(&heap, index, 4, 2).ok();
        Ok(Self { heap, columns, existence, row_size: row_size.max(1), index, rows })
    }

    /// Row identifiers with the number of their rows, in the order of the identifiers; `None` when the index is lost.
    pub(crate) fn index(&self) -> Option<Cursor> {
        self.index.map(|index| index.cursor(&self.heap))
    }

    /// The next identifier of the index and the number of its row.
    pub(crate) fn next_indexed(&self, cursor: &mut Cursor) -> Result<Option<(u32, u32)>> {
        cursor.next(&self.heap, |record| {
            let row = u32_at(record, 4).or_else(|| u16_at(record, 4).map(u32::from))?;
            Some((u32_at(record, 0)?, row))
        })
    }

    /// The row identifiers in their order, `limit` of them at most: from the index, or from the rows where it is lost.
    pub(crate) fn identifiers(&self, limit: usize) -> Result<Vec<u32>> {
        let mut identifiers = Vec::new();
        match self.index() {
            Some(mut cursor) => {
                while identifiers.len() < limit
                    && let Some((identifier, _)) = self.next_indexed(&mut cursor)?
                {
                    identifiers.push(identifier);
                }
            }
            None => {
                for i in 0..self.room().min(limit as u64) {
                    let Some(row) = self.row(i)? else { break };
                    identifiers.extend(self.identifier(&row));
                }
                identifiers.sort_unstable();
                identifiers.dedup();
            }
        }
        Ok(identifiers)
    }

    /// The row at `index`, counted from 0. Rows never reach from one block into the next.
    pub(crate) fn row(&self, index: u64) -> Result<Option<Row>> {
        let (block, at) = match &self.rows {
            Rows::None => return Ok(None),
            Rows::Heap(octets) => (octets.clone(), index),
            Rows::Subnode(tree) => {
                let full = self.heap.subnodes().ndb().variant.block_data();
                let a_block = (full / self.row_size).max(1) as u64;
                if index / a_block >= tree.blocks() {
                    return Ok(None);
                }
                let block = tree.block(index / a_block)?;
                let end = block.len();
                (Octets::of_block(block, 0..end), index % a_block)
            }
        };
        let start = usize::try_from(at).unwrap_or(usize::MAX).saturating_mul(self.row_size);
        let end = start.saturating_add(self.row_size);
        Ok((end as u64 <= block.len()).then(|| Row { block, range: start..end }))
    }

    /// How many rows there is room for.
    pub(crate) fn room(&self) -> u64 {
        match &self.rows {
            Rows::None => 0,
            Rows::Heap(octets) => octets.len() / self.row_size as u64,
            Rows::Subnode(tree) => {
                let full = self.heap.subnodes().ndb().variant.block_data();
                tree.blocks() * (full / self.row_size).max(1) as u64
            }
        }
    }

    /// The identifier of a row: of its node, in the tables of folders and attachments.
    pub(crate) fn identifier(&self, row: &Row) -> Option<u32> {
        u32_at(row.octets()?, 0)
    }

    /// The cells of a row that exist, and what was wrong with them.
    pub(crate) fn bag(&self, row: &Row, names: &Arc<NamedProperties>, kind: DefectKind) -> (PropertyBag, Vec<Defect>) {
        let mut bag = PropertyBag::new(names.clone());
        let mut defects = Vec::new();
        for column in &self.columns {
            match self.cell(row, column) {
                Ok(Some(value)) => bag.insert(column.tag.id(), value),
                Ok(None) => {}
                Err(e) => defects.push(Defect::new(kind, format!("property {:?}: {e}", column.tag))),
            }
        }
        (bag, defects)
    }

    /// The columns of these properties; `None` where the table lacks one.
    pub(crate) fn columns(&self, ids: &[u16]) -> Option<Vec<Column>> {
        let column = |id: &u16| self.columns.iter().find(|column| column.tag.id() == *id).copied();
        ids.iter().map(column).collect()
    }

    /// The cells of a row in `columns` that exist; `None` where one cannot be read.
    pub(crate) fn cells(&self, row: &Row, columns: &[Column]) -> Option<PropertyBag> {
        let mut bag = PropertyBag::default();
        for column in columns {
            if let Some(value) = self.cell(row, column).ok()? {
                bag.insert(column.tag.id(), value);
            }
        }
        Some(bag)
    }

    /// One cell of a row, if it exists.
    pub(crate) fn get(&self, row: &Row, id: u16) -> Result<Option<PropertyValue>> {
        match self.columns.iter().find(|column| column.tag.id() == id) {
            Some(column) => self.cell(row, column),
            None => Ok(None),
        }
    }

    fn cell(&self, row: &Row, column: &Column) -> Result<Option<PropertyValue>> {
        let octets = row.octets().unwrap_or_default();
        let bits = octets.get(self.existence + column.bit / 8).copied().unwrap_or(0);
        if bits & 0x80 >> (column.bit % 8) == 0 {
            return Ok(None);
        }
        let Some(kind) = column.tag.property_type() else { return Ok(None) };
        let Some(cell) = octets.get(column.offset..column.offset + column.size) else {
            return Err(Error::new(ErrorKind::Malformed, "the cell lies outside of its row").non_fatal());
        };
        if fixed_size(kind).is_some_and(|size| size <= 8) {
            return Ok(fixed(kind, cell));
        }
        match u32_at(cell, 0) {
            None | Some(0) => value::whole(kind, Octets::from(Vec::new())).map(Some),
            Some(hnid) => value::whole(kind, self.heap.value(hnid)?).map(Some),
        }
    }
}

impl Row {
    fn octets(&self) -> Option<&[u8]> {
        self.block.as_slice()?.get(self.range.clone())
    }
}
