//! Stores of blocks and nodes as they are given, whatever these say: to see what comes of structures that refer to one another without
//! end. Checksums, maps and counters are left out, which is told of, and nothing more.
#![allow(dead_code, reason = "each test uses a part of it")]

const START: usize = 0x4800;

/// A Unicode store whose data is not scrambled.
#[derive(Default)]
pub(crate) struct Raw {
    blocks: Vec<(u64, Vec<u8>)>,
    nodes: Vec<(u32, u64, u64, u32)>,
}

impl Raw {
    fn next(&self) -> u64 {
        (self.blocks.len() as u64 + 1) * 4
    }

    /// A block of data; its identifier.
    pub(crate) fn data(&mut self, octets: Vec<u8>) -> u64 {
        self.blocks.push((self.next(), octets));
        self.blocks.last().unwrap().0
    }

    /// A list of blocks or of subnodes, which is told its own identifier.
    pub(crate) fn list(&mut self, list: impl FnOnce(u64) -> Vec<u8>) -> u64 {
        let bid = self.next() | 2;
        self.blocks.push((bid, list(bid)));
        bid
    }

    /// The identifier of the list that is made after `others` more blocks.
    pub(crate) fn list_after(&self, others: u64) -> u64 {
        (self.next() + others * 4) | 2
    }

    pub(crate) fn node(&mut self, nid: u32, data: u64, subnodes: u64, parent: u32) {
        self.nodes.push((nid, data, subnodes, parent));
    }

    /// Messages of one folder that share all they have.
    pub(crate) fn messages(&mut self, count: u32, data: u64, subnodes: u64) {
        for index in 1..=count {
            self.node(index << 5 | 4, data, subnodes, 0x122);
        }
    }

    /// The octets of the file; `place` is where a block of an identifier is, which without a change is its own place.
    pub(crate) fn finish_with(mut self, place: impl Fn(u64, u64) -> u64) -> Vec<u8> {
        let mut file = vec![0; START];
        file[..4].copy_from_slice(b"!BDN");
        file[8..16].copy_from_slice(&[b'S', b'M', 23, 0, 19, 0, 1, 1]);
        // No map of maps is in use.
        file[256..512].fill(0xFF);
        let mut blocks = Vec::new();
        for (bid, octets) in &self.blocks {
            let ib = file.len() as u64;
            let mut entry = [bid.to_le_bytes(), place(*bid, ib).to_le_bytes()].concat();
            entry.extend((octets.len() as u16).to_le_bytes());
            entry.extend([2, 0, 0, 0, 0, 0]);
            blocks.push((*bid, entry));
            file.extend(octets);
            file.resize((file.len() + 16).next_multiple_of(64), 0);
        }
        self.nodes.sort_unstable();
        let nodes = self.nodes.iter().map(|(nid, data, subnodes, parent)| {
            let words = [u64::from(*nid), *data, *subnodes, u64::from(*parent)];
            (u64::from(*nid), words.map(u64::to_le_bytes).concat())
        });
        let nodes = nodes.collect();
        let of_nodes = tree(&mut file, nodes, 0x81);
        let of_blocks = tree(&mut file, blocks, 0x80);
        for (at, word) in [(184, file.len() as u64), (216, 0), (224, of_nodes), (232, 0), (240, of_blocks)] {
            file[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        file
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.finish_with(|_, ib| ib)
    }
}

/// Appends a B-tree; where its root is.
fn tree(file: &mut Vec<u8>, mut entries: Vec<(u64, Vec<u8>)>, kind: u8) -> u64 {
    let mut level = 0;
    loop {
        let size = entries.first().map_or(24, |(_, entry)| entry.len());
        let mut above = Vec::new();
        for part in entries.chunks(488 / size) {
            let ib =
                page(file, &part.iter().flat_map(|(_, entry)| entry.clone()).collect::<Vec<_>>(), size, level, kind);
            above.push((part[0].0, [part[0].0, 0, ib].map(u64::to_le_bytes).concat()));
        }
        match above.as_slice() {
            [] => return page(file, &[], 24, 0, kind),
            [_] => return file.len() as u64 - 512,
            _ => (entries, level) = (above, level + 1),
        }
    }
}

/// Appends a page of a B-tree; where it is.
pub(crate) fn page(file: &mut Vec<u8>, entries: &[u8], size: usize, level: u8, kind: u8) -> u64 {
    file.resize(file.len().next_multiple_of(512), 0);
    let ib = file.len();
    file.extend(entries);
    file.resize(ib + 488, 0);
    file.extend([(entries.len() / size) as u8, (488 / size) as u8, size as u8, level, 0, 0, 0, 0, kind, kind]);
    file.resize(ib + 512, 0);
    ib as u64
}

/// An XBLOCK or an XXBLOCK that says that there is as much data as can be.
pub(crate) fn data_list(level: u8, blocks: &[u64]) -> Vec<u8> {
    let mut list = vec![1, level];
    list.extend((blocks.len() as u16).to_le_bytes());
    list.extend([0xFF; 4]);
    list.extend(blocks.iter().flat_map(|bid| bid.to_le_bytes()));
    list
}

/// An SLBLOCK of subnodes, their data, and the subnodes below.
pub(crate) fn subnodes(all: impl IntoIterator<Item = (u32, u64, u64)>) -> Vec<u8> {
    let all = all.into_iter().map(|(nid, data, below)| [u64::from(nid), data, below]);
    list_of(0, &all.collect::<Vec<_>>())
}

/// An SIBLOCK of SLBLOCKs.
pub(crate) fn lists(all: impl IntoIterator<Item = (u32, u64)>) -> Vec<u8> {
    let all = all.into_iter().map(|(nid, bid)| [u64::from(nid), bid]);
    list_of(1, &all.collect::<Vec<_>>())
}

fn list_of<const N: usize>(level: u8, all: &[[u64; N]]) -> Vec<u8> {
    let mut list = vec![2, level];
    list.extend((all.len() as u16).to_le_bytes());
    list.extend([0; 4]);
    list.extend(all.iter().flatten().flat_map(|word| word.to_le_bytes()));
    list
}

/// A heap in one block; the first allocation is that of its root, and each is named by its number, from 1 on, times 32.
pub(crate) fn heap(client: u8, allocations: &[Vec<u8>]) -> Vec<u8> {
    let mut heap = vec![0, 0, 0xEC, client, 0x20, 0, 0, 0, 0, 0, 0, 0];
    let mut offsets = vec![12_u16];
    for allocation in allocations {
        heap.extend(allocation);
        offsets.push(heap.len() as u16);
    }
    let map = heap.len() as u16;
    heap[..2].copy_from_slice(&map.to_le_bytes());
    heap.extend((allocations.len() as u16).to_le_bytes());
    heap.extend([0, 0]);
    heap.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
    assert!(heap.len() <= 8176);
    heap
}

/// The header of a B-tree on a heap.
pub(crate) fn bth(key: u8, entry: u8, levels: u8, root: u32) -> Vec<u8> {
    [vec![0xB5, key, entry, levels], root.to_le_bytes().to_vec()].concat()
}

/// A property context: identifiers, types, and what stands in their records. Values in the heap are numbers 3 and up.
pub(crate) fn properties(all: &[(u16, u16, u32)], values: &[Vec<u8>]) -> Vec<u8> {
    let record = |(id, kind, value): &(u16, u16, u32)| {
        [&id.to_le_bytes()[..], &kind.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let records = all.iter().flat_map(record).collect();
    heap(0xBC, &[vec![bth(2, 6, 0, 0x40), records], values.to_vec()].concat())
}

/// A table of the two columns that each one has, rows of `size` octets in what `rows` names, and an index of these rows.
pub(crate) fn table(size: u16, rows: u32, index: &[(u32, u32)], more: &[Vec<u8>]) -> Vec<u8> {
    let ends = [8, 8, 8, size].map(u16::to_le_bytes).concat();
    let info = [vec![0x7C, 2], ends, 0x40_u32.to_le_bytes().to_vec(), rows.to_le_bytes().to_vec(), vec![0; 4]].concat();
    let column = |tag: u32, at: u8, bit: u8| [&tag.to_le_bytes()[..], &[at, 0, 4, bit]].concat();
    let info = [info, column(0x67F2_0003, 0, 0), column(0x67F3_0003, 4, 1)].concat();
    let index = index.iter().flat_map(|(id, row)| [id.to_le_bytes(), row.to_le_bytes()].concat()).collect();
    heap(0x7C, &[vec![info, bth(4, 4, 0, 0x60), index], more.to_vec()].concat())
}
