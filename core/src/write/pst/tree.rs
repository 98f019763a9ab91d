//! The data of nodes and their subnodes ([MS-PST] 2.2.2.8.3).

use super::file::File;
use crate::{
    error::{Error, ErrorKind, Result},
    order,
    pst::Variant,
    source::Content,
};
use std::io::{self, Seek, Write};

/// A subnode: its identifier, its data, its own subnodes, and the octets of all data in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subnode {
    pub(super) nid: u32,
    pub(super) data: u64,
    pub(super) below: u64,
    pub(super) size: u64,
}

/// The data of a node: its block, or the list of its blocks, and its octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data {
    pub(super) bid: u64,
    pub(super) size: u64,
}

impl<W: Write + Seek> File<W> {
    /// Writes octets in memory as the data of one node.
    pub(super) fn data_of_octets(&mut self, octets: &[u8]) -> Result<Data> {
        let mut leaves = Vec::new();
        for block in octets.chunks(self.variant.block_data()) {
            leaves.push((self.block(block, false)?, block.len() as u64));
        }
        if leaves.is_empty() {
            leaves.push((self.block(&[0], false)?, 1));
        }
        self.data_of_leaves(&leaves)
    }

    /// Writes octets as the data of one node; they are never held as a whole.
    pub(super) fn data(&mut self, content: &Content) -> Result<Data> {
        let full = self.variant.block_data();
        let mut leaves = Vec::new();
        let mut block = Vec::new();
        let mut failed = None;
        let walked = content.for_each_chunk(|mut chunk| {
            while !chunk.is_empty() {
                if block.is_empty() && chunk.len() >= full {
                    let (now, later) = chunk.split_at(full);
                    let written = self.block(now, false);
                    leaves.push((written.map_err(|e| stop(&mut failed, e))?, full as u64));
                    chunk = later;
                    continue;
                }
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

    /// Makes blocks that are written the data of one node.
    pub(super) fn data_of_leaves(&mut self, leaves: &[(u64, u64)]) -> Result<Data> {
        let a_list = (self.variant.block_data() - 8) / self.variant.word();
        let size = leaves.iter().map(|(_, size)| size).sum();
        if let [(only, _)] = leaves {
            return Ok(Data { bid: *only, size });
        }
        if size > u64::from(u32::MAX) {
            return Err(Error::new(ErrorKind::Limit, "a value is too large for a PST"));
        }
        let mut lists = Vec::new();
        for list in leaves.chunks(a_list) {
            lists.push((self.list(1, list)?, list.iter().map(|(_, size)| size).sum::<u64>()));
        }
        let bid = match &lists[..] {
            [(only, _)] => *only,
            lists if lists.len() <= a_list => self.list(2, lists)?,
            _ => return Err(Error::new(ErrorKind::Limit, "a value is too large for a PST")),
        };
        Ok(Data { bid, size })
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
        order::sort_by_key(&mut subnodes, |subnode| subnode.nid);
        let room = self.variant.block_data() - 8;
        let mut lists = Vec::new();
        for list in subnodes.chunks(room / (3 * self.variant.word())) {
            let entries = list.iter().map(|sub| [u64::from(sub.nid), sub.data, sub.below].to_vec()).collect();
            lists.push((list.first().map_or(0, |sub| sub.nid), self.subnode_list(0, entries)?));
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
