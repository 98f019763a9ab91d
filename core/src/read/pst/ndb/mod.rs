//! The node database layer: header, pages, blocks, and the nodes made of them ([MS-PST] 2.2).
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod ahead;
mod block;
mod btree;
mod cache;
mod data_tree;
mod defects;
mod header;
mod page;
mod salvage;
mod subnodes;

pub(crate) use data_tree::DataTree;
pub(crate) use page::Node;
use page::Page;
pub(crate) use salvage::Orphans;
pub(crate) use subnodes::Subnodes;

use crate::{
    defect::{Defect, DefectKind},
    error::{ErrorKind, Location, Result},
    limits::Limits,
    pst::{Variant, encoding::Encoding, nid},
    source::Source,
};
use ahead::Ahead;
use btree::Found;
use cache::Cache;
use defects::DefectLog;
use header::{Header, PageRef};
use salvage::Salvage;
use std::sync::{Arc, Mutex, OnceLock};

/// Octets of pages that are kept.
const PAGE_CACHE: usize = 2 << 20;
/// Octets of blocks that are kept.
const BLOCK_CACHE: usize = 1 << 20;

/// The nodes and blocks of one file. Shared by everything that was read from it.
pub(crate) struct Ndb {
    source: Source,
    pub(crate) variant: Variant,
    encoding: Encoding,
    nodes: PageRef,
    blocks: PageRef,
    /// Whether the header is right and the file as long as it says.
    sound: bool,
    pub(crate) limits: Limits,
    pages: Arc<Cache<Page>>,
    blocks_read: Arc<Cache<Arc<[u8]>>>,
    /// Where a block lies with its trailer until it is unscrambled.
    buffer: Mutex<Vec<u8>>,
    /// What is wrong with what was read by this reader alone.
    pub(crate) defects: DefectLog,
    /// What is wrong with pages, which everybody reads, and with the file as a whole.
    pub(crate) of_file: Arc<DefectLog>,
    salvage: Arc<OnceLock<Salvage>>,
    ahead: Ahead,
}

impl Ndb {
    /// Opens the file; a broken header is survived where its variant can be told from the rest.
    pub(crate) fn open(source: Source, limits: Limits) -> Result<Self> {
        // What a sound header says of the length holds, even where it leads behind the end of a file that is cut.
        let mut said = None;
        let read = match Header::read(&*source) {
            Ok(header) => {
                said = header.sound.then_some(header.file_end);
                let ndb = Self::under(header, source.clone(), limits.clone());
                if ndb.sound || ndb.starts_well() {
                    return Ok(ndb);
                }
                Ok(ndb)
            }
            // What is protected, or of a version to come, is whole: nothing of it would be found by a search.
            Err(error) if matches!(error.kind(), ErrorKind::Io | ErrorKind::Unsupported) => return Err(error),
            Err(error) => Err(error),
        };
        // A header that leads nowhere is worth less than what the file itself proves.
        match salvage::guess_header(&*source, &limits)? {
            Some((mut guess, found)) => {
                if let Some(file_end) = said {
                    (guess.file_end, guess.sound) = (file_end, true);
                }
                let ndb = Self::under(guess, source, limits);
                ndb.keep(found);
                Ok(ndb)
            }
            None => read,
        }
    }

    /// The file as this header has it.
    fn under(header: Header, source: Source, limits: Limits) -> Self {
        let cut = header.file_end > source.len();
        let ndb = Self {
            variant: header.variant,
            encoding: header.encoding,
            nodes: header.nodes,
            blocks: header.blocks,
            sound: header.sound && !cut,
            limits,
            pages: Arc::new(Cache::new(PAGE_CACHE)),
            blocks_read: Arc::new(Cache::new(BLOCK_CACHE)),
            buffer: Mutex::default(),
            defects: DefectLog::default(),
            of_file: Arc::default(),
            salvage: Arc::default(),
            ahead: Ahead::default(),
            source,
        };
        if !header.sound {
            ndb.of_file.add(0, Defect::new(DefectKind::Checksum, "the header has a wrong checksum").at(0));
        }
        if header.is_address_book {
            let what =
                "this is a personal address book (PAB): only what it has in folders is read; --recover reads the rest";
            ndb.of_file.add(8, Defect::new(DefectKind::Structure, what).at(8));
        }
        if cut {
            let what = format!("the file has {} octets, its header says {}", ndb.source.len(), header.file_end);
            let defect = Defect::new(DefectKind::Truncated, what).at(ndb.source.len());
            // A wrong header may say anything.
            let defect = if header.sound { defect.cutting_short() } else { defect };
            ndb.of_file.add(ndb.source.len(), defect);
        }
        ndb
    }

    /// Whether both B-trees lead to the properties of the store: then header and scrambling are right where it matters.
    fn starts_well(&self) -> bool {
        let Ok(Found::Entry(node)) = self.find_node(nid::MESSAGE_STORE) else { return false };
        let Ok(Found::Entry(entry)) = self.find_block(node.data) else { return false };
        let block = self.read_block(entry).ok().flatten();
        block.is_some_and(|block| block.data.get(2..4) == Some(&[0xEC, 0xBC]))
    }

    /// Octets of the file.
    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    /// The node `nid`, if there is one.
    pub(crate) fn node(&self, nid: u32) -> Result<Option<Node>> {
        match self.find_node(nid)? {
            Found::Entry(node) => Ok(Some(node)),
            Found::Nothing if !self.is_damaged() => Ok(None),
            _ => Ok(self.salvage()?.node(nid)),
        }
    }

    /// The node `nid`, which something refers to: where no tree has it, the whole file is searched.
    pub(crate) fn node_somewhere(&self, nid: u32) -> Result<Option<Node>> {
        match self.node(nid)? {
            Some(node) => Ok(Some(node)),
            None => Ok(self.salvage()?.node(nid)),
        }
    }

    /// The node with the smallest identifier above `after`, or the first of all.
    pub(crate) fn next_node(&self, after: Option<u32>) -> Result<Option<Node>> {
        let mut damaged = !self.sound;
        let found = self.successor(after, &mut damaged)?;
        if !damaged && self.salvaged_so_far().is_none() {
            return Ok(found);
        }
        let salvaged = self.salvage()?.next_node(after);
        Ok(match (found, salvaged) {
            (Some(found), Some(salvaged)) if salvaged.nid < found.nid => Some(salvaged),
            (found, salvaged) => found.or(salvaged),
        })
    }

    /// Whether anything was found so damaged that the whole file was searched.
    pub(crate) fn is_damaged(&self) -> bool {
        !self.sound || self.salvaged_so_far().is_some()
    }

    /// Where in the file the data of a node starts.
    pub(crate) fn location(&self, node: &Node) -> u64 {
        self.block_entry(node.data).ok().flatten().map_or(0, |entry| entry.ib)
    }

    /// Searches the whole file for nodes and blocks that are in no B-tree any more; from then on they are found as well.
    pub(crate) fn search(&self) -> Result<()> {
        if self.salvage.get().is_none() {
            let found = Salvage::scan(&*self.source, self.variant, &self.limits)?;
            self.keep(found);
        }
        Ok(())
    }

    fn keep(&self, found: Salvage) {
        if found.is_cut() {
            let what = "the damaged store has more nodes or blocks than can be kept in memory: some are not found";
            self.of_file.add(u64::MAX - 1, Defect::new(DefectKind::Structure, what));
        }
        self.salvage.get_or_init(|| found);
    }

    /// Whether a node is in the B-tree, not only left over in the file.
    pub(crate) fn is_live(&self, nid: u32) -> bool {
        matches!(self.find_node(nid), Ok(Found::Entry(_)))
    }

    /// What a search of the whole file finds, made when damage first asks for it.
    fn salvage(&self) -> Result<&Salvage> {
        if self.salvage.get().is_none() {
            self.needs_turn()?;
            let what = "damaged: the whole file was searched for nodes and blocks";
            self.of_file.add(u64::MAX, Defect::new(DefectKind::Structure, what));
        }
        self.search()?;
        Ok(self.salvage.get_or_init(|| Salvage::nothing(self.variant)))
    }

    fn salvaged_so_far(&self) -> Option<&Salvage> {
        self.salvage.get()
    }
}

/// The place of a node, for errors.
pub(crate) fn at_node(nid: u32) -> Location {
    Location::Node(nid)
}

impl std::fmt::Debug for Ndb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ndb({:?}, {} octets)", self.variant, self.source.len())
    }
}
