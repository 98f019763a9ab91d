use super::{
    Place, Skip,
    card_identities::{CardIdentities, Twice},
    decision::Gate,
};
use crate::{
    error::Result,
    mend::{CalendarMender, CardMender, IcsOptions, Notes},
    model::{FolderPath, Item, ItemKind, VCard},
    write::Collections,
};

/// Mends calendar objects and cards for what their target needs, and notes in each what was done.
pub(super) struct MendGate {
    calendars: CalendarMender,
    cards: Option<Cards>,
}

impl MendGate {
    /// What mends as `collections` say; nothing where they ask for nothing.
    pub(super) fn new(collections: &Collections) -> Option<Self> {
        let asked = collections.ics != IcsOptions::default() || collections.vcf.is_mending();
        asked.then(|| Self {
            calendars: CalendarMender::new(collections.ics.clone()),
            cards: collections
                .vcf
                .mender()
                .map(|mender| Cards { mender, identities: collections.vcf.mend.then(CardIdentities::default) }),
        })
    }
}

impl Gate for MendGate {
    fn decide(&mut self, item: &mut Item, place: Place) -> Option<Skip> {
        let notes = match (&mut item.kind, &mut self.cards) {
            (ItemKind::Calendar(object), _) => self.calendars.mend(object).map(Ok),
            (ItemKind::Contact(card), Some(cards)) => cards.mend(card, &item.folder.path, place),
            _ => return None,
        };
        // What cannot be read fails where it is rendered, which tells why.
        let notes = match notes.ok()? {
            Ok(notes) => notes,
            Err(skip) => return Some(skip),
        };
        if !notes.mended.is_empty() {
            item.note_change();
        }
        item.mended.extend(notes.mended);
        item.defects.extend(notes.flagged);
        notes.refusal.map(Skip::because)
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
    fn mend(&mut self, card: &mut VCard, book: &FolderPath, place: Place) -> Result<std::result::Result<Notes, Skip>> {
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
