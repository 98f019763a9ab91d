//! Cards (RFC 6350, RFC 2426, vCard 2.1).

mod required;

use super::{Notes, draft::Draft};
use crate::{error::Result, model::VCard};

/// Mends cards, one after the other.
#[derive(Debug, Default)]
pub struct CardMender(());

impl CardMender {
    /// One that brings cards to what the standards require.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mends `card` and gives what was done; its octets stay where nothing is wrong.
    ///
    /// # Errors
    /// Errors of its source; then nothing of it is changed.
    pub fn mend(&mut self, card: &mut VCard) -> Result<Notes> {
        let mut notes = Notes::default();
        match Draft::read(&card.content())? {
            Some(mut draft) => {
                required::require_name(&mut draft, card, &mut notes);
                if draft.is_changed() {
                    *card = card.replaced(draft.finish())?;
                }
            }
            None => notes.flag("too large to be mended"),
        }
        card.set_mended();
        Ok(notes)
    }
}
