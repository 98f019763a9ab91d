use std::collections::BTreeMap;

/// A set of nodes, 64 neighbours in one word: there are at most 2^27 of a type, and they lie close together.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<u32, u64>);

impl Seen {
    /// Adds a node; `false` when it was there already.
    pub(super) fn insert(&mut self, nid: u32) -> bool {
        let (word, bit) = place(nid);
        let bits = self.0.entry(word).or_default();
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
        let mut seen = Seen::default();
        for nid in [0x2004, 0x2005, 0x2024, 0xFFFF_FFE4, 4] {
            assert!(seen.insert(nid));
            assert!(!seen.insert(nid));
        }
    }
}
