//! Folds, and the end of a card.

use super::Context;
use crate::{
    content_line::Marker,
    mend::{Notes, draft::Draft},
};

/// Notes that a card that was never closed now is.
pub(super) fn close(draft: &mut Draft, notes: &mut Notes) {
    if !draft.was_open() {
        return;
    }
    notes.mended("END added");
    // The draft closes it; what was its last line may have no line end.
    for number in draft.numbers().rev() {
        let is_end = matches!(Marker::of(draft.text(number)), Some(Marker::End(_)));
        if draft.is_whole(number) && !draft.text(number).is_empty() {
            draft.refold(number);
            if !is_end {
                break;
            }
        }
    }
}

/// Writes BEGIN and END as most cards have them: capitals make no difference to the standard, but Xandikos wants them.
pub(super) fn markers(draft: &mut Draft, notes: &mut Notes) {
    for number in draft.numbers() {
        let right: &[u8] = match Marker::of(draft.text(number)) {
            Some(Marker::Begin(name)) if name.eq_ignore_ascii_case(b"VCARD") => b"BEGIN:VCARD",
            Some(Marker::End(name)) if name.eq_ignore_ascii_case(b"VCARD") => b"END:VCARD",
            _ => continue,
        };
        if draft.is_whole(number) && draft.text(number) != right {
            draft.replace(number, right.to_vec());
            notes.mended("BEGIN and END in capitals");
        }
    }
}

/// Folds again what is folded after more than 75 octets or inside a character. Line ends are the writer's.
pub(super) fn refold(draft: &mut Draft, context: &Context, notes: &mut Notes) {
    for number in draft.numbers() {
        // Soft line breaks of vCard 2.1 are no folds.
        let is_encoded =
            |text: &[u8]| text.windows(16).take(256).any(|word| word.eq_ignore_ascii_case(b"QUOTED-PRINTABLE"));
        let stays = draft.is_well_folded(number) || (context.is_v2() && is_encoded(draft.text(number)));
        if !stays {
            notes.mended("lines folded anew");
            draft.refold(number);
        }
    }
}
