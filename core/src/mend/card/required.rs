//! Properties that a card must have.

use crate::{
    content_line::Property,
    mend::{Notes, draft::Draft},
    model::VCard,
};

/// Adds an FN that says what the card is called by N, ORG or an address, where there is none.
pub(super) fn require_name(draft: &mut Draft, card: &VCard, notes: &mut Notes) {
    let is_name = |number: &usize| draft.depth(*number) == 1 && draft.line(*number).is_some_and(|line| line.is("FN"));
    let found: Vec<_> = draft.numbers().filter(is_name).collect();
    if found.iter().any(|number| draft.line(*number).is_some_and(|line| !line.value.trim_ascii().is_empty())) {
        return;
    }
    let Some(name) = card.name().filter(|name| !name.trim().is_empty()) else {
        notes.flag("FN is missing, and nothing tells the name");
        return;
    };
    let name = Property::text("FN", name.trim()).to_string().into_bytes();
    match found.first() {
        Some(empty) => draft.replace(*empty, name),
        None => draft.insert(draft.end(), name),
    }
    notes.mended("FN added");
}
