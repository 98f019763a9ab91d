//! Heaps on nodes ([MS-PST] 2.3.1).

use crate::{
    error::{Error, ErrorKind, Result},
    mapi::Octets,
    pst::{
        Variant,
        le::{u16_at, u32_at},
    },
    read::pst::ndb::{DataTree, Ndb, Node, Subnodes, at_node},
};
use std::sync::Arc;

/// What a heap holds (bClientSig).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    PropertyContext = 0xBC,
    TableContext = 0x7C,
}

/// A node whose data is a heap, with the node's subnodes.
#[derive(Debug)]
pub(crate) struct Heap {
    nid: u32,
    data: DataTree,
    /// The first block, which most heaps do with.
    first: Arc<[u8]>,
    subnodes: Subnodes,
    /// What the client starts from.
    pub(crate) root: u32,
}

/// An identifier that is either of the heap (HID) or of a subnode (NID) ([MS-PST] 2.3.3.2).
pub(crate) fn is_subnode(hnid: u32) -> bool {
    hnid & 0x1F != 0
}

impl Heap {
    pub(crate) fn open(ndb: &Arc<Ndb>, node: &Node, client: Client) -> Result<Self> {
        let fail = |e: Error| e.at(at_node(node.nid));
        let broken = |what| Error::new(ErrorKind::Malformed, what).at(at_node(node.nid)).non_fatal();
        let data = DataTree::open(ndb, node.data).map_err(fail)?;
        let first = data.block(0).map_err(fail)?;
        if first.get(2) != Some(&0xEC) {
            return Err(broken("the node's data is not a heap"));
        }
        if first.get(3) != Some(&(client as u8)) {
            return Err(broken("the heap has unexpected contents"));
        }
        let root = u32_at(&first, 4).ok_or_else(|| broken("the heap is cut short"))?;
        Ok(Self { nid: node.nid, data, first, subnodes: Subnodes::new(ndb, node.subnodes), root })
    }

    pub(crate) fn subnodes(&self) -> &Subnodes {
        &self.subnodes
    }

    /// Octets of the heap as a whole, which no structure in it can exceed.
    pub(crate) fn len(&self) -> u64 {
        crate::source::ReadAt::len(&self.data)
    }

    /// What is allocated under `hid`; nothing for 0.
    pub(crate) fn get(&self, hid: u32) -> Result<Octets> {
        if hid == 0 {
            return Ok(Octets::from(Vec::new()));
        }
        let (block, index) = match self.subnodes.ndb().variant {
            Variant::Ansi | Variant::Unicode => (hid >> 16, hid >> 5 & 0x7FF),
            Variant::Unicode4k => (hid >> 19, hid >> 5 & 0x3FFF),
        };
        let octets = if block == 0 { self.first.clone() } else { self.data.block(block.into())? };
        self.allocation(&octets, index).map(|range| Octets::of_block(octets.clone(), range)).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, format!("nothing is allocated under {hid:#x} in the heap"))
                .at(at_node(self.nid))
                .non_fatal()
        })
    }

    /// Where the allocation `index`, counted from 1, lies in a block (HNPAGEMAP, [MS-PST] 2.3.1.5).
    fn allocation(&self, block: &[u8], index: u32) -> Option<std::ops::Range<usize>> {
        let map = usize::from(u16_at(block, 0)?);
        let count = u32::from(u16_at(block, map)?);
        if index == 0 || index > count {
            return None;
        }
        let at = map + 4 + 2 * (usize::try_from(index).ok()? - 1);
        let (start, end) = (usize::from(u16_at(block, at)?), usize::from(u16_at(block, at + 2)?));
        (start <= end && end <= block.len()).then_some(start..end)
    }

    /// The octets under an identifier of the heap or of a subnode.
    pub(crate) fn value(&self, hnid: u32) -> Result<Octets> {
        if is_subnode(hnid) {
            Ok(Octets::from(self.subnodes.data(hnid).map_err(|e| e.at(at_node(self.nid)))?.content()))
        } else {
            self.get(hnid)
        }
    }
}
