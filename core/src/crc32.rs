//! CRC-32 (RFC 1952 §8).

#[cfg(any(all(test, feature = "write"), target_family = "wasm"))]
mod folded;

/// The checksum of octets that come piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Crc32(u32);

impl Crc32 {
    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.0 = crc32(self.0, octets);
    }

    pub(crate) fn value(self) -> u32 {
        self.0
    }
}

/// The checksum of `octets` behind those of which it was `before`, 0 where there were none.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn crc32(before: u32, octets: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(octets);
    hasher.finalize()
}

#[cfg(target_family = "wasm")]
pub(crate) use folded::crc32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC in every catalogue of such checksums.
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(0, b""), 0);
    }

    #[cfg(feature = "write")]
    proptest::proptest! {
        #[test]
        fn all_implementations_agree_wherever_octets_are_parted(
            octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20_000),
            at: proptest::sample::Index,
        ) {
            let (head, tail) = octets.split_at(at.index(octets.len() + 1));
            let mut parted = Crc32::default();
            parted.update(head);
            parted.update(tail);
            proptest::prop_assert_eq!(parted.value(), crc32(0, &octets));
            proptest::prop_assert_eq!(parted.value(), zlib_rs::crc32::crc32(zlib_rs::crc32::crc32(0, head), tail));
            proptest::prop_assert_eq!(parted.value(), folded::crc32(folded::crc32(0, head), tail));
        }
    }
}
