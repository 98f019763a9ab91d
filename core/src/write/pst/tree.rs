//! The data of nodes and their subnodes ([MS-PST] 2.2.2.8.3).

use super::file::File;
use crate::{
    error::{Error, ErrorKind, Result},
    pst::Variant,
    source::Content,
};
use std::io::{self, Seek, Write};

/// A subnode: its identifier, its data, its own subnodes.
pub(super) type Subnode = (u32, u64, u64);

impl<W: Write + Seek> File<W> {
    /// Writes these blocks, in order, as the data of one node.
    pub(super) fn data_of_blocks(&mut self, blocks: &[Vec<u8>]) -> Result<u64> {
        let mut leaves = Vec::new();
        for block in blocks {
            leaves.push((self.block(block, false)?, block.len() as u64));
        }
        self.data_of_leaves(&leaves)
    }

    /// Writes octets as the data of one node; they are never held as a whole.
    pub(super) fn data(&mut self, content: &Content) -> Result<u64> {
        let full = self.variant.block_data();
        let mut leaves = Vec::new();
        let mut block = Vec::new();
        let mut failed = None;
        let walked = content.for_each_chunk(|mut chunk| {
            while !chunk.is_empty() {
                let (now, later) = chunk.split_at(chunk.len().min(full - block.len()));
                block.extend_from_slice(now);
                chunk = later;
                if block.len() == full {
                    let written = self.block(&block, false);
                    leaves.push((written.map_err(|e| stop(&mut failed, e))?, full as u64));
                    block.clear();
                }
            }
            Ok(())
        });
        if let Some(error) = failed {
            return Err(error);
        }
        walked?;
        if !block.is_empty() || leaves.is_empty() {
            let block = if block.is_empty() { &[0][..] } else { &block };
            leaves.push((self.block(block, false)?, block.len() as u64));
        }
        self.data_of_leaves(&leaves)
    }

    fn data_of_leaves(&mut self, leaves: &[(u64, u64)]) -> Result<u64> {
        let a_list = (self.variant.block_data() - 8) / self.variant.word();
        if let [(only, _)] = leaves {
            return Ok(*only);
        }
        let mut lists = Vec::new();
        for list in leaves.chunks(a_list) {
            lists.push((self.list(1, list)?, list.iter().map(|(_, size)| size).sum::<u64>()));
        }
        match &lists[..] {
            [(only, _)] => Ok(*only),
            lists if lists.len() <= a_list => self.list(2, lists),
            _ => Err(Error::new(ErrorKind::Limit, "a value is too large for a PST")),
        }
    }

    /// An XBLOCK (level 1) or XXBLOCK (level 2).
    fn list(&mut self, level: u8, entries: &[(u64, u64)]) -> Result<u64> {
        let mut block = vec![1, level];
        block.extend((entries.len() as u16).to_le_bytes());
        block.extend((entries.iter().map(|(_, size)| size).sum::<u64>() as u32).to_le_bytes());
        for (bid, _) in entries {
            block.extend(self.word(*bid));
        }
        self.block(&block, true)
    }

    /// Writes the list of subnodes, or a tree of two levels; 0 for none.
    pub(super) fn subnodes(&mut self, mut subnodes: Vec<Subnode>) -> Result<u64> {
        subnodes.sort_unstable();
        let room = self.variant.block_data() - 8;
        let mut lists = Vec::new();
        for list in subnodes.chunks(room / (3 * self.variant.word())) {
            let entries = list.iter().map(|(nid, data, below)| [u64::from(*nid), *data, *below].to_vec()).collect();
            lists.push((list.first().map_or(0, |(nid, ..)| *nid), self.subnode_list(0, entries)?));
        }
        match &lists[..] {
            [] => Ok(0),
            [(_, only)] => Ok(*only),
            lists if lists.len() <= room / (2 * self.variant.word()) => {
                let entries = lists.iter().map(|(nid, bid)| [u64::from(*nid), *bid].to_vec()).collect();
                self.subnode_list(1, entries)
            }
            _ => Err(Error::new(ErrorKind::Limit, "a node has too many subnodes for a PST")),
        }
    }

    fn subnode_list(&mut self, level: u8, entries: Vec<Vec<u64>>) -> Result<u64> {
        let mut block = vec![2, level];
        block.extend((entries.len() as u16).to_le_bytes());
        block.extend(if self.variant == Variant::Ansi { &[][..] } else { &[0; 4] });
        for value in entries.into_iter().flatten() {
            block.extend(self.word(value));
        }
        self.block(&block, true)
    }
}

/// Ends a walk over content, and keeps why.
fn stop(failed: &mut Option<Error>, error: Error) -> io::Error {
    *failed = Some(error);
    io::ErrorKind::Other.into()
}
