//! Property contexts and table contexts ([MS-PST] 2.3.3, 2.3.4).

use super::{
    file::File,
    heap::{ALLOCATION, Heap},
    tree::Subnode,
    value::{Stored, stored},
};
use crate::{
    error::Result,
    mapi::{PropertyBag, PropertyType, PropertyValue},
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

/// Puts values into a heap, or into subnodes where they are too large.
struct Values<'f, W> {
    file: &'f mut File<W>,
    heap: Heap,
    subnodes: Vec<Subnode>,
    next: u32,
}

impl<'f, W: Write + Seek> Values<'f, W> {
    fn new(file: &'f mut File<W>, client: u8, subnodes: Vec<Subnode>) -> Self {
        let heap = Heap::new(file.variant, client);
        Self { file, heap, subnodes, next: FIRST_VALUE }
    }

    fn next_subnode(&mut self) -> u32 {
        self.next += 1;
        self.next << 5 | 0x1F
    }

    /// Where a value is (HNID); 0 for one without octets.
    fn place(&mut self, value: Stored) -> Result<u32> {
        Ok(match value {
            Stored::Inline(octets) => u32::from_le_bytes(octets),
            Stored::Eight(octets) => self.heap.add(&octets),
            Stored::Octets(octets) if octets.is_empty() => 0,
            Stored::Octets(octets) if octets.len() <= ALLOCATION as u64 => self.heap.add(&octets.to_vec(ALLOCATION)?),
            Stored::Octets(octets) => {
                let data = self.file.data(&octets.content())?;
                let nid = self.next_subnode();
                self.subnodes.push((nid, data, 0));
                nid
            }
        })
    }

    /// Writes the heap and the subnodes.
    fn finish(self) -> Result<(u64, u64)> {
        let data = self.file.data_of_blocks(&self.heap.blocks())?;
        Ok((data, self.file.subnodes(self.subnodes)?))
    }
}

impl<W: Write + Seek> File<W> {
    /// Writes properties, and gives the blocks of their data and subnodes.
    pub(super) fn properties(
        &mut self,
        properties: &[(u16, PropertyValue)],
        object: Option<Object>,
        subnodes: Vec<Subnode>,
    ) -> Result<(u64, u64)> {
        let mut values = Values::new(self, 0xBC, subnodes);
        let tree = values.heap.add(&[0; 8]);
        let mut records = Vec::new();
        for (id, value) in properties {
            let (kind, value) = stored(value)?;
            records.push((*id, kind, values.place(value)?));
        }
        if let Some(object) = object {
            let place = [object.nid.to_le_bytes(), object.size.to_le_bytes()].concat();
            records.push((object.id, PropertyType::Object, values.heap.add(&place)));
        }
        records.sort_by_key(|(id, ..)| *id);
        let records = records.into_iter().map(|(id, kind, value)| {
            [&id.to_le_bytes()[..], &kind.code().to_le_bytes(), &value.to_le_bytes()].concat()
        });
        let records = records.collect();
        values.heap.tree(tree, 2, 6, records);
        values.heap.root = tree;
        values.finish()
    }

    /// Writes a table with these columns and rows, each row under its identifier; a row's cells are found by identifier.
    pub(super) fn table(
        &mut self,
        columns: &[(u16, PropertyType)],
        rows: &[(u32, PropertyBag)],
        subnodes: Vec<Subnode>,
    ) -> Result<(u64, u64)> {
        let layout = Layout::new(columns);
        let block_data = self.variant.block_data();
        let index_entry = if self.variant == Variant::Ansi { 2 } else { 4 };
        let mut values = Values::new(self, 0x7C, subnodes);
        let tree = values.heap.add(&[0; 8]);
        let info = values.heap.add(&vec![0; 22 + 8 * layout.cells.len()]);
        let mut matrix: Vec<Vec<u8>> = Vec::new();
        for (identifier, bag) in rows {
            matrix.push(layout.row(&mut values, *identifier, bag)?);
        }
        let mut index: Vec<_> = rows.iter().enumerate().map(|(i, (identifier, _))| (*identifier, i as u32)).collect();
        index.sort_unstable();
        let index = index.into_iter().map(|(identifier, row)| {
            let row = row.to_le_bytes();
            [&identifier.to_le_bytes()[..], row.get(..index_entry).unwrap_or_default()].concat()
        });
        let index = index.collect();
        values.heap.tree(tree, 4, index_entry, index);
        let rows_place = match matrix.len() * layout.size {
            0 => 0,
            size if size <= ALLOCATION => values.heap.add(&matrix.concat()),
            _ => {
                let mut blocks: Vec<Vec<u8>> = matrix.chunks(block_data / layout.size).map(<[_]>::concat).collect();
                let last = blocks.len() - 1;
                blocks.iter_mut().take(last).for_each(|block| block.resize(block_data, 0));
                let data = values.file.data_of_blocks(&blocks)?;
                let nid = values.next_subnode();
                values.subnodes.push((nid, data, 0));
                nid
            }
        };
        values.heap.replace(info, &layout.info(tree, rows_place));
        values.heap.root = info;
        values.finish()
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

    fn row<W: Write + Seek>(&self, values: &mut Values<'_, W>, identifier: u32, bag: &PropertyBag) -> Result<Vec<u8>> {
        let mut row = vec![0; self.size];
        for (i, cell) in self.cells.iter().enumerate() {
            let octets = match (i, bag.get(cell.id)) {
                (0, _) => identifier.to_le_bytes().to_vec(),
                (1, _) => 1_u32.to_le_bytes().to_vec(),
                (_, None) => continue,
                (_, Some(value)) => match stored(value)? {
                    (kind, _) if kind != cell.kind => continue,
                    (_, Stored::Eight(octets)) => octets.to_vec(),
                    (_, value) => values.place(value)?.to_le_bytes().to_vec(),
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
        columns.sort_by_key(|(_, cell)| cell.id);
        for (bit, cell) in columns {
            info.extend(cell.kind.code().to_le_bytes());
            info.extend(cell.id.to_le_bytes());
            info.extend((cell.offset as u16).to_le_bytes());
            info.extend([cell.width as u8, bit as u8]);
        }
        info
    }
}
