use std::collections::BTreeMap;

type Fingerprint = [u8; 6];

/// Fingerprints in a run before it is parted in two.
const RUN: usize = 512;
/// Fingerprints that a run makes room for at a time.
const STEP: usize = 32;

/// A set of hashes in some seven octets each, whatever they are, that never grows by leaps.
///
/// 48 bits of a hash are kept: among a million names two different ones are taken for the same once in 500 archives.
pub(super) struct Fingerprints {
    /// Sorted runs, each under a number that none of its fingerprints is less than.
    runs: BTreeMap<Fingerprint, Vec<Fingerprint>>,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Self { runs: BTreeMap::from([(Fingerprint::default(), Vec::new())]) }
    }
}

impl Fingerprints {
    /// Adds `hash`; `false` if it is there already.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        let [fingerprint @ .., _, _] = hash.to_be_bytes();
        // The first run is under zero.
        let Some((_, run)) = self.runs.range_mut(..=fingerprint).next_back() else { return false };
        let Err(at) = run.binary_search(&fingerprint) else { return false };
        if run.len() == run.capacity() {
            run.reserve_exact(STEP);
        }
        run.insert(at, fingerprint);
        if run.len() > RUN {
            let upper = run.split_off(RUN / 2);
            run.shrink_to_fit();
            if let Some(first) = upper.first() {
                self.runs.insert(*first, upper);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// Unlike numbers without an order (SplitMix64).
    fn scattered(i: u64) -> u64 {
        let mut z = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    #[test]
    fn a_fingerprint_takes_less_than_ten_octets_in_whatever_order() {
        const COUNT: usize = 200_000;
        let orders: [fn(u64) -> u64; 3] = [scattered, |i| i << 16, |i| !(i << 16)];
        for order in orders {
            let mut fingerprints = Fingerprints::default();
            assert!((0..COUNT as u64).all(|i| fingerprints.insert(order(i))));
            assert!((0..COUNT as u64).all(|i| !fingerprints.insert(order(i))));
            let of_runs: usize = fingerprints.runs.values().map(|run| run.capacity() * size_of::<Fingerprint>()).sum();
            let of_tree = fingerprints.runs.len() * 2 * size_of::<(Fingerprint, Vec<Fingerprint>)>();
            assert!(of_runs + of_tree < 10 * COUNT, "{of_runs} and {of_tree} octets");
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(hashes in proptest::collection::vec(prop_oneof![0..100_u64, any::<u64>()], 0..3_000)) {
            let (mut fingerprints, mut set) = (Fingerprints::default(), HashSet::new());
            for hash in hashes {
                prop_assert_eq!(fingerprints.insert(hash << 16), set.insert(hash << 16));
            }
        }
    }
}
