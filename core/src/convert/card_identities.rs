use super::Place;
use crate::{
    error::Result,
    model::{FolderPath, VCard},
};
use std::collections::HashMap;
use twox_hash::{XxHash3_64, XxHash3_128};

/// Cards that were looked at; of each 40 octets are kept. Those beyond are taken for the first of their UID.
const MOST: usize = 1 << 22;

/// The UIDs of the cards of each address book, in which each may stand once (RFC 6352 §5.1).
#[derive(Default)]
pub(super) struct CardIdentities {
    seen: HashMap<u128, (u64, Place)>,
}

/// A card of the same UID that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twice {
    /// It has the same octets.
    Same(Place),
    /// It has others.
    Other(Place),
}

impl CardIdentities {
    /// The card of the same UID that came before this one in its book.
    ///
    /// # Errors
    /// Errors of the source.
    pub(super) fn look_at(&mut self, card: &VCard, book: &FolderPath, place: Place) -> Result<Option<Twice>> {
        let Some(uid) = card.uid().filter(|uid| !uid.is_empty()) else { return Ok(None) };
        let key = format!("{}\0{book}\0{uid}", place.source);
        let key = XxHash3_128::oneshot(key.as_bytes());
        let mut octets = XxHash3_64::default();
        card.content().for_each_chunk(|chunk| {
            std::hash::Hasher::write(&mut octets, chunk);
            Ok(())
        })?;
        let digest = std::hash::Hasher::finish(&octets);
        match self.seen.get(&key) {
            Some((other, kept)) if *other == digest => Ok(Some(Twice::Same(*kept))),
            Some((_, kept)) => Ok(Some(Twice::Other(*kept))),
            None => {
                if self.seen.len() < MOST {
                    self.seen.insert(key, (digest, place));
                }
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_uid_stands_once_in_a_book() {
        let card =
            |lines: &str| VCard::parse(Arc::new(format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n").into_bytes())).unwrap();
        let mut known = CardIdentities::default();
        let book = FolderPath::new(["people"]);
        let mut look_at = |lines: &str, source, ordinal, book: &FolderPath| {
            known.look_at(&card(lines), book, Place { source, ordinal }).unwrap()
        };
        let first = Place { source: 1, ordinal: 1 };
        assert_eq!(look_at("UID:1\nFN:A", 1, 1, &book), None);
        assert_eq!(look_at("UID:1\nFN:A", 1, 2, &book), Some(Twice::Same(first)));
        assert_eq!(look_at("UID:1\nFN:B", 1, 3, &book), Some(Twice::Other(first)));
        assert_eq!(look_at("UID:2\nFN:B", 1, 4, &book), None);
        assert_eq!(look_at("FN:B", 1, 5, &book), None);
        assert_eq!(look_at("FN:B", 1, 6, &book), None);
        assert_eq!(look_at("UID:1\nFN:A", 1, 7, &FolderPath::new(["others"])), None);
        assert_eq!(look_at("UID:1\nFN:A", 2, 1, &book), None);
    }
}
