use std::collections::BTreeMap;

/// A set of nodes, 64 neighbours in one word: there are at most 2^27 of a type, and they lie close together. Where they do not, there is
/// room for so many words.
#[derive(Debug)]
pub(super) struct Seen {
    words: BTreeMap<u32, u64>,
    room: usize,
    /// Whether there were more than there is room for.
    pub(super) is_full: bool,
}

impl Seen {
    pub(super) fn new(room: usize) -> Self {
        Self { words: BTreeMap::new(), room, is_full: false }
    }

    /// Adds a node; `false` when it was there already, or finds no room.
    pub(super) fn insert(&mut self, nid: u32) -> bool {
        let (word, bit) = place(nid);
        if self.words.len() >= self.room && !self.words.contains_key(&word) {
            self.is_full = true;
            return false;
        }
        let bits = self.words.entry(word).or_default();
        let new = *bits & bit == 0;
        *bits |= bit;
        new
    }
}

/// Nodes of one type share words.
fn place(nid: u32) -> (u32, u64) {
    let (kind, index) = (nid & 0x1F, nid >> 5);
    (kind << 27 | index >> 6, 1 << (index & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_is_new_once() {
        let mut seen = Seen::new(4);
        for nid in [0x2004, 0x2005, 0x2024, 0xFFFF_FFE4, 4] {
            assert!(seen.insert(nid));
            assert!(!seen.insert(nid) && !seen.is_full);
        }
        assert!(!seen.insert(0x20_0004) && seen.is_full);
    }
}
