use crate::model::{Item, ItemKind};
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// What a calendar or an address book is likely to refuse or to spoil, counted before anything is moved there.
///
/// The bounds are the narrowest that are common: Google and Exchange Online stop at 1 MB an item, iCloud at 256 KB a card
/// and 224 KB a photo; dates outside 1970 to 2037 do not fit the 32-bit clocks of phones. A KB is 1,000 octets. Counts of
/// items add up:
///
/// ```
/// use mailferry::{convert::Preflight, read::{ItemReader, ReadOptions, vcf::VcfReader}};
/// use std::sync::Arc;
///
/// let cards = b"BEGIN:VCARD\nFN:Ann\nTEL:unknown\nTEL:+1 555 0100\nEND:VCARD\n".to_vec();
/// let mut reader = VcfReader::open(Arc::new(cards), "people.vcf", &ReadOptions::default())?;
/// let mut preflight = Preflight::default();
/// while let Some(item) = reader.next_item()? {
///     preflight += Preflight::of(&item);
/// }
/// assert_eq!((preflight.odd_telephones, preflight.large_cards), (1, 0));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preflight {
    /// Calendar objects and cards of more than [`Preflight::LARGE_ITEM`] octets.
    pub large_items: u64,
    /// Cards of more than [`Preflight::LARGE_CARD`] octets, those of [`Preflight::large_items`] too.
    pub large_cards: u64,
    /// Cards with a PHOTO or LOGO that takes more than [`Preflight::LARGE_PHOTO`] octets as in them.
    pub large_photos: u64,
    /// Calendar objects with a date before 1970.
    pub before_1970: u64,
    /// Calendar objects with a date after 2037, the end of a recurrence among them.
    pub after_2037: u64,
    /// TEL values that are not telephone numbers.
    pub odd_telephones: u64,
}

impl Preflight {
    /// Octets of a large calendar object or card: 1 MB.
    pub const LARGE_ITEM: u64 = 1_000_000;
    /// Octets of a card that is large for iCloud: 256 KB.
    pub const LARGE_CARD: u64 = 256_000;
    /// Octets of a photo that is large for iCloud: 224 KB.
    pub const LARGE_PHOTO: u64 = 224_000;

    /// The counts of one item; none of a message.
    pub fn of(item: &Item) -> Self {
        let mut counts = Self::default();
        match &item.kind {
            ItemKind::Message(_) => {}
            ItemKind::Calendar(object) => {
                counts.large_items = u64::from(object.len() > Self::LARGE_ITEM);
                for (first, last) in object.components().iter().filter_map(|component| component.years()) {
                    counts.before_1970 |= u64::from(first < 1970);
                    counts.after_2037 |= u64::from(last > 2037);
                }
            }
            ItemKind::Contact(card) => {
                let octets = card.content().len();
                counts.large_items = u64::from(octets > Self::LARGE_ITEM);
                counts.large_cards = u64::from(octets > Self::LARGE_CARD);
                counts.large_photos = u64::from(card.photo_len() > Self::LARGE_PHOTO);
                counts.odd_telephones = u64::from(card.odd_telephones());
            }
        }
        counts
    }

    /// The counts that are not 0, each with what it counts.
    pub fn counts(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let Self { large_items, large_cards, large_photos, before_1970, after_2037, odd_telephones } = *self;
        [
            (large_items, "over 1 MB"),
            (large_cards, "cards over 256 KB"),
            (large_photos, "photos over 224 KB"),
            (before_1970, "dates before 1970"),
            (after_2037, "dates after 2037"),
            (odd_telephones, "invalid telephone numbers"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
    }
}

impl Add for Preflight {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            large_items: self.large_items + other.large_items,
            large_cards: self.large_cards + other.large_cards,
            large_photos: self.large_photos + other.large_photos,
            before_1970: self.before_1970 + other.before_1970,
            after_2037: self.after_2037 + other.after_2037,
            odd_telephones: self.odd_telephones + other.odd_telephones,
        }
    }
}

impl AddAssign for Preflight {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{ItemReader, ReadOptions, ics::IcsReader, vcf::VcfReader};
    use std::sync::Arc;

    fn counts(octets: &str) -> Preflight {
        let (source, options) = (Arc::new(octets.as_bytes().to_vec()), ReadOptions::default());
        let mut reader: Box<dyn ItemReader> = match octets.starts_with("BEGIN:VCARD") {
            true => Box::new(VcfReader::open(source, "x.vcf", &options).unwrap()),
            false => Box::new(IcsReader::open(source, "x.ics", &options).unwrap()),
        };
        let mut counts = Preflight::default();
        while let Some(item) = reader.next_item().unwrap() {
            counts += Preflight::of(&item);
        }
        counts
    }

    #[test]
    fn dates_outside_32_bits_are_counted_once_an_object() {
        let event = |lines: &str| format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
        for (lines, early, late) in [
            ("DTSTART:19691231T235959Z\nDTEND:19691231T235959Z", 1, 0),
            ("DTSTART:19700101", 0, 0),
            ("DTSTART:20371231\nDUE:20380101", 0, 1),
            ("DTSTART:20240101\nRRULE:FREQ=DAILY;UNTIL=20991231T000000Z", 0, 1),
            ("DTSTART:20240101\nRRULE:UNTIL=20301231;FREQ=DAILY", 0, 0),
            ("DTSTART:TODAY", 0, 0),
        ] {
            let counts = counts(&event(lines));
            assert_eq!((counts.before_1970, counts.after_2037), (early, late), "{lines}");
        }
    }

    #[test]
    fn what_is_just_as_large_as_is_allowed_is_not_counted() {
        for (octets, expected) in
            [(224_000, (0, 0, 0)), (224_001, (1, 0, 0)), (256_000, (1, 1, 0)), (1_000_000, (1, 1, 1))]
        {
            let photo = format!("PHOTO:{}\n", "A".repeat(octets - 7));
            let counts = counts(&format!("BEGIN:VCARD\n{photo}END:VCARD\n"));
            assert_eq!((counts.large_photos, counts.large_cards, counts.large_items), expected, "{octets}");
        }
    }
}
