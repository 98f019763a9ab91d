use super::{Place, Skip, decision::Gate};
use crate::{
    mend::{CalendarMender, CardMender, IcsOptions},
    model::{Item, ItemKind},
    write::Collections,
};

/// Mends calendar objects and cards for what their target needs, and notes in each what was done.
pub(super) struct MendGate {
    calendars: CalendarMender,
    cards: Option<CardMender>,
}

impl MendGate {
    /// What mends as `collections` say; nothing where they ask for nothing.
    pub(super) fn new(collections: &Collections) -> Option<Self> {
        let asked = collections.ics != IcsOptions::default() || collections.vcf.is_mending();
        asked.then(|| Self {
            calendars: CalendarMender::new(collections.ics.clone()),
            cards: collections.vcf.mender(),
        })
    }
}

impl Gate for MendGate {
    fn decide(&mut self, item: &mut Item, _place: Place) -> Option<Skip> {
        let notes = match (&mut item.kind, &mut self.cards) {
            (ItemKind::Calendar(object), _) => self.calendars.mend(object),
            (ItemKind::Contact(card), Some(cards)) => cards.mend(card),
            _ => return None,
        };
        // What cannot be read fails where it is rendered, which tells why.
        let notes = notes.ok()?;
        if !notes.mended.is_empty() {
            item.note_change();
        }
        item.mended.extend(notes.mended);
        item.defects.extend(notes.flagged);
        notes.refusal.map(Skip::because)
    }
}
