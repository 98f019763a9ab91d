//! Property contexts and table contexts ([MS-PST] 2.3.3, 2.3.4).

use super::{
    file::File,
    heap::{ALLOCATION, Heap},
    tree::{Data, Subnode},
    value::{Stored, as_text_of, stored},
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, PropertyBag, PropertyType, PropertyValue, pid},
    order,
    pst::Variant,
};
use std::io::{Seek, Write};

/// The first index of the subnodes that hold single values (NID_TYPE_LTP).
const FIRST_VALUE: u32 = 0x41;

/// The value of an attachment's data that is a subnode ([MS-PST] 2.3.3.5).
pub(super) struct Object {
    pub(super) id: u16,
    pub(super) nid: u32,
    pub(super) size: u32,
}

/// The blocks of a node, and how many octets its data and that of its subnodes have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) data: u64,
    pub(super) subnodes: u64,
    pub(super) size: u64,
}

impl Written {
    pub(super) fn under(self, nid: u32) -> Subnode {
        Subnode { nid, data: self.data, below: self.subnodes, size: self.size }
    }
}

/// Puts values into a heap, or into subnodes where they are too large.
struct Values {
    heap: Heap,
    subnodes: Vec<Subnode>,
    next: u32,
}

impl Values {
    fn new(variant: Variant, client: u8, subnodes: Vec<Subnode>) -> Self {
        Self { heap: Heap::new(variant, client), subnodes, next: FIRST_VALUE }
    }

    fn add_subnode(&mut self, data: Data) -> u32 {
        self.next += 1;
        let nid = self.next << 5 | 0x1F;
        self.subnodes.push(Subnode { nid, data: data.bid, below: 0, size: data.size });
        nid
    }

    /// Where a value is (HNID); 0 for one without octets.
    fn place<W: Write + Seek>(&mut self, file: &mut File<W>, value: Stored) -> Result<u32> {
        Ok(match value {
            Stored::Inline(octets) => u32::from_le_bytes(octets),
            Stored::Eight(octets) => self.heap.add(&octets),
            Stored::Octets(octets) if octets.is_empty() => 0,
            Stored::Octets(octets) if octets.len() <= ALLOCATION as u64 => match octets.as_slice() {
                Some(octets) => self.heap.add(octets),
                None => self.heap.add(&octets.to_vec(ALLOCATION)?),
            },
            Stored::Octets(octets) => {
                let data = match octets.as_slice() {
                    Some(octets) => file.data_of_octets(octets)?,
                    None => file.data(&octets.content())?,
                };
                self.add_subnode(data)
            }
        })
    }

    fn size(&self) -> u64 {
        self.heap.octets() + self.subnodes.iter().map(|subnode| subnode.size).sum::<u64>()
    }

    /// Writes the heap and the subnodes.
    fn finish<W: Write + Seek>(self, file: &mut File<W>) -> Result<Written> {
        let size = self.size();
        let blocks = self.heap.finish(file)?;
        let data = file.data_of_leaves(&blocks)?.bid;
        Ok(Written { data, subnodes: file.subnodes(self.subnodes)?, size })
    }
}

impl<W: Write + Seek> File<W> {
    /// Writes properties, and gives the blocks of their data and subnodes. PidTagMessageSize, where it is among them, gets the octets of
    /// all of these.
    pub(super) fn properties(
        &mut self,
        properties: &[(u16, PropertyValue)],
        object: Option<Object>,
        subnodes: Vec<Subnode>,
    ) -> Result<Written> {
        let mut values = Values::new(self.variant, 0xBC, subnodes);
        let tree = values.heap.add(&[0; 8]);
        let mut records = Vec::new();
        for (id, value) in properties {
            let (kind, value) = stored(value)?;
            records.push((*id, kind, values.place(self, value)?));
        }
        if let Some(object) = object {
            let place = [object.nid.to_le_bytes(), object.size.to_le_bytes()].concat();
            records.push((object.id, PropertyType::Object, values.heap.add(&place)));
        }
        order::sort_by_key(&mut records, |(id, ..)| *id);
        let octets: Vec<u8> = records
            .iter()
            .flat_map(|(id, kind, value)| {
                id.to_le_bytes().into_iter().chain(kind.code().to_le_bytes()).chain(value.to_le_bytes())
            })
            .collect();
        let leaves = values.heap.tree(tree, 2, 6, &octets);
        values.heap.root = tree;
        if let Some(at) = records.iter().position(|(id, ..)| *id == pid::MESSAGE_SIZE) {
            let size = u32::try_from(values.size()).unwrap_or(u32::MAX);
            let a_leaf = values.heap.records(8);
            if let Some(leaf) = leaves.get(at / a_leaf) {
                values.heap.replace(*leaf, at % a_leaf * 8 + 4, &size.to_le_bytes());
            }
        }
        values.finish(self)
    }

    /// Writes a table with these columns and rows, each row under its identifier; a row's cells are found by identifier.
    pub(super) fn table(
        &mut self,
        columns: &[(u16, PropertyType)],
        rows: &[(u32, PropertyBag)],
        code_page: CodePage,
    ) -> Result<Written> {
        let mut table = Table::new(self, columns);
        let mut order: Vec<_> = rows.iter().collect();
        order::sort_by_key(&mut order, |(identifier, _)| *identifier);
        for (identifier, bag) in order {
            table.row(self, *identifier, bag, code_page)?;
        }
        table.finish(self)
    }
}

/// A table in the making: rows come one at a time, in the order of their identifiers.
pub(super) struct Table {
    layout: Layout,
    values: Values,
    tree: u32,
    info: u32,
    /// The identifiers of the rows, as the index has them.
    index: Vec<u8>,
    index_entry: usize,
    rows: u32,
    last: Option<u32>,
    /// Rows that are in no block yet, and the blocks.
    matrix: Vec<u8>,
    blocks: Vec<(u64, u64)>,
}

impl Table {
    pub(super) fn new<W: Write + Seek>(file: &File<W>, columns: &[(u16, PropertyType)]) -> Self {
        let layout = Layout::new(columns);
        let mut values = Values::new(file.variant, 0x7C, Vec::new());
        let tree = values.heap.add(&[0; 8]);
        let info = values.heap.add(&vec![0; 22 + 8 * layout.cells.len()]);
        let index_entry = if file.variant == Variant::Ansi { 2 } else { 4 };
        Self {
            layout,
            values,
            tree,
            info,
            index: Vec::new(),
            index_entry,
            rows: 0,
            last: None,
            matrix: Vec::new(),
            blocks: Vec::new(),
        }
    }

    pub(super) fn row<W: Write + Seek>(
        &mut self,
        file: &mut File<W>,
        identifier: u32,
        bag: &PropertyBag,
        code_page: CodePage,
    ) -> Result<()> {
        if self.last.is_some_and(|last| last >= identifier) || self.index_entry == 2 && self.rows > u32::from(u16::MAX)
        {
            return Err(Error::new(ErrorKind::Limit, "a table of the store cannot have this row"));
        }
        self.last = Some(identifier);
        let in_a_block = file.variant.block_data() / self.layout.size * self.layout.size;
        if self.matrix.len() >= in_a_block.max(ALLOCATION) {
            self.write_rows(file, in_a_block)?;
        }
        let row = self.layout.row(file, &mut self.values, identifier, bag, code_page)?;
        self.matrix.extend(row);
        self.index.extend(identifier.to_le_bytes());
        self.index.extend(self.rows.to_le_bytes().into_iter().take(self.index_entry));
        self.rows += 1;
        self.values.heap.relieve(file)
    }

    /// Writes a block of rows that others follow.
    fn write_rows<W: Write + Seek>(&mut self, file: &mut File<W>, size: usize) -> Result<()> {
        let rest = self.matrix.split_off(size.min(self.matrix.len()));
        let mut block = std::mem::replace(&mut self.matrix, rest);
        block.resize(file.variant.block_data(), 0);
        self.blocks.push((file.block(&block, false)?, block.len() as u64));
        Ok(())
    }

    pub(super) fn finish<W: Write + Seek>(mut self, file: &mut File<W>) -> Result<Written> {
        self.values.heap.tree(self.tree, 4, self.index_entry, &self.index);
        let place = if self.matrix.is_empty() {
            0
        } else if self.blocks.is_empty() && self.matrix.len() <= ALLOCATION {
            self.values.heap.add(&self.matrix)
        } else {
            let in_a_block = file.variant.block_data() / self.layout.size * self.layout.size;
            while self.matrix.len() > in_a_block {
                self.write_rows(file, in_a_block)?;
            }
            self.blocks.push((file.block(&self.matrix, false)?, self.matrix.len() as u64));
            let data = file.data_of_leaves(&self.blocks)?;
            self.values.add_subnode(data)
        };
        self.values.heap.replace(self.info, 0, &self.layout.info(self.tree, place));
        self.values.heap.root = self.info;
        self.values.finish(file)
    }
}

/// Where each cell lies in a row (TCINFO, TCOLDESC).
struct Layout {
    /// Cells in the order in which they lie.
    cells: Vec<Cell>,
    /// Where cells of four and more octets end, those of one begin, and the bits begin.
    wide: usize,
    existence: usize,
    size: usize,
}

struct Cell {
    id: u16,
    kind: PropertyType,
    offset: usize,
    width: usize,
}

/// PidTagLtpRowId and PidTagLtpRowVer, which every table begins with.
const ROW: [(u16, PropertyType); 2] = [(0x67F2, PropertyType::Integer32), (0x67F3, PropertyType::Integer32)];

impl Layout {
    fn new(columns: &[(u16, PropertyType)]) -> Self {
        let width = |kind| match kind {
            PropertyType::Integer64 | PropertyType::Time | PropertyType::Floating64 => 8,
            PropertyType::Boolean => 1,
            _ => 4,
        };
        let mut offset = 0;
        let mut cells = Vec::new();
        let mut add = |id, kind| {
            cells.push(Cell { id, kind, offset, width: width(kind) });
            offset += width(kind);
            offset
        };
        let mut wide = 0;
        for (id, kind) in ROW {
            wide = add(id, kind);
        }
        let mut existence = wide;
        for wanted in [8, 4, 1] {
            for (id, kind) in columns.iter().filter(|(_, kind)| width(*kind) == wanted) {
                existence = add(*id, *kind);
            }
            if wanted > 1 {
                wide = existence;
            }
        }
        let size = existence + cells.len().div_ceil(8);
        Self { cells, wide, existence, size }
    }

    fn row<W: Write + Seek>(
        &self,
        file: &mut File<W>,
        values: &mut Values,
        identifier: u32,
        bag: &PropertyBag,
        code_page: CodePage,
    ) -> Result<Vec<u8>> {
        let mut row = vec![0; self.size];
        for (i, cell) in self.cells.iter().enumerate() {
            let octets = match (i, bag.get(cell.id)) {
                (0, _) => identifier.to_le_bytes().to_vec(),
                (1, _) => 1_u32.to_le_bytes().to_vec(),
                (_, None) => continue,
                (_, Some(value)) => match stored(&as_text_of(cell.kind, value, code_page))? {
                    (kind, _) if kind != cell.kind => continue,
                    (_, Stored::Eight(octets)) => octets.to_vec(),
                    (_, value) => values.place(file, value)?.to_le_bytes().to_vec(),
                },
            };
            for (to, from) in row.iter_mut().skip(cell.offset).take(cell.width).zip(octets) {
                *to = from;
            }
            if let Some(bits) = row.get_mut(self.existence + i / 8) {
                *bits |= 0x80 >> (i % 8);
            }
        }
        Ok(row)
    }

    fn info(&self, index: u32, rows: u32) -> Vec<u8> {
        let mut info = vec![0x7C, self.cells.len() as u8];
        for end in [self.wide, self.wide, self.existence, self.size] {
            info.extend((end as u16).to_le_bytes());
        }
        info.extend(index.to_le_bytes());
        info.extend(rows.to_le_bytes());
        info.extend([0; 4]);
        let mut columns: Vec<_> = self.cells.iter().enumerate().collect();
        order::sort_by_key(&mut columns, |(_, cell)| (cell.id, cell.kind.code()));
        for (bit, cell) in columns {
            info.extend(cell.kind.code().to_le_bytes());
            info.extend(cell.id.to_le_bytes());
            info.extend((cell.offset as u16).to_le_bytes());
            info.extend([cell.width as u8, bit as u8]);
        }
        info
    }
}
