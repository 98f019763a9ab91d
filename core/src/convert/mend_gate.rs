use super::{
    Place, Skip,
    card_identities::{CardIdentities, Twice},
    decision::Gate,
    same_uid::SameUid,
};
use crate::{
    error,
    mend::{CalendarMender, CardMender, IcsOptions, Notes},
    model::{FolderPath, Item, ItemKind, VCard},
    read::{Opened, ReadOptions},
    write::Collections,
};

/// Mends calendar objects and cards for what their target needs, and notes in each what was done.
pub(super) struct MendGate {
    calendars: CalendarMender,
    /// Brings together what has one UID.
    same_uid: Option<SameUid>,
    cards: Option<Cards>,
    read: ReadOptions,
}

impl MendGate {
    /// What mends as `collections` say; nothing where they ask for nothing.
    pub(super) fn new(collections: &Collections, read: &ReadOptions) -> Option<Self> {
        let asked = collections.ics != IcsOptions::default() || collections.vcf.is_mending();
        asked.then(|| Self {
            calendars: CalendarMender::new(collections.ics.clone()),
            same_uid: collections.ics.mend.then(SameUid::default),
            cards: collections
                .vcf
                .mender()
                .map(|mender| Cards { mender, identities: collections.vcf.mend.then(CardIdentities::default) }),
            read: read.clone(),
        })
    }

    /// Learns of UIDs of calendar objects that files have which others read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn know_uids(&mut self, uids: &[u64]) {
        self.same_uid.iter_mut().for_each(|same_uid| same_uid.know(uids));
    }

    /// Learns that the items that follow are of this source.
    pub(super) fn open(&mut self, opened: &Opened) {
        if let Some(same_uid) = &mut self.same_uid {
            same_uid.open(opened, &self.read);
        }
    }

    fn mend(&mut self, item: &mut Item, place: Place) -> std::result::Result<Notes, Skip> {
        let mut notes = Notes::default();
        let other_uid = match (&mut self.same_uid, &item.kind) {
            (Some(same_uid), ItemKind::Calendar(_)) => same_uid.decide(item, place, &mut notes)?,
            _ => None,
        };
        let mended = match (&mut item.kind, &mut self.cards) {
            (ItemKind::Calendar(object), _) => match other_uid {
                Some(uid) => self.calendars.mend_apart(object, &uid),
                None => self.calendars.mend(object),
            },
            (ItemKind::Contact(card), Some(cards)) => match cards.mend(card, &item.folder.path, place) {
                Ok(mended) => Ok(mended?),
                Err(error) => Err(error),
            },
            _ => return Ok(notes),
        };
        // What cannot be read fails where it is rendered, which tells why.
        mended.iter().for_each(|mended| notes.add(mended));
        Ok(notes)
    }
}

impl Gate for MendGate {
    fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        match self.mend(item, place) {
            Ok(notes) => {
                if !notes.mended.is_empty() {
                    item.note_change();
                }
                item.mended.extend(notes.mended);
                item.defects.extend(notes.flagged);
                notes.refusal.map(Skip::because)
            }
            Err(skip) => Some(skip),
        }
    }
}

/// What mends cards.
struct Cards {
    mender: CardMender,
    /// Where a UID may stand once in an address book.
    identities: Option<CardIdentities>,
}

impl Cards {
    /// Mends a card; of two with one UID the later gets another, or is left out where they are equal.
    fn mend(&mut self, card: &mut VCard, book: &FolderPath, place: Place) -> error::Result<Result<Notes, Skip>> {
        let mut notes = self.mender.mend(card)?;
        let twice = match &mut self.identities {
            Some(identities) => identities.look_at(card, book, place)?,
            None => None,
        };
        match twice {
            Some(Twice::Same(kept)) => return Ok(Err(Skip { reason: "duplicate", duplicate_of: Some(kept) })),
            Some(Twice::Other(kept)) => self.mender.replace_uid(card, &kept.to_string(), &mut notes)?,
            None => {}
        }
        Ok(Ok(notes))
    }
}
