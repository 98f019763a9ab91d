//! What would make a server send invitations.

use crate::mend::{Notes, draft::Draft};

/// Takes RSVP from attendees.
pub(super) fn quiet(draft: &mut Draft, notes: &mut Notes) {
    for number in draft.numbers() {
        let Some(line) = draft.line(number) else { continue };
        if !line.is("ATTENDEE") || line.parameter("RSVP").is_none() {
            continue;
        }
        let Some(mut property) = draft.property(number) else { continue };
        property.parameters.retain(|parameter| !parameter.name.eq_ignore_ascii_case("RSVP"));
        draft.replace(number, property.to_string().into_bytes());
        notes.mended("RSVP removed");
    }
}
