//! What would make a server send invitations (RFC 6638 §7.1).

use crate::{
    content_line::{Property, escape_text},
    mend::{
        Notes,
        draft::{Draft, rebuilt},
    },
};

/// Attendees that are named in a description.
const NAMED: usize = 100;

/// The numbers of the lines that name an organizer or attendees.
fn parties(draft: &Draft) -> Vec<usize> {
    let is_party =
        |number: &usize| draft.start_of(*number).is_some_and(|line| line.is("ATTENDEE") || line.is("ORGANIZER"));
    draft.numbers().filter(is_party).collect()
}

/// Marks the organizer and the attendees so that a CalDAV server leaves invitations and replies to the client.
pub(super) fn leave_to_client(draft: &mut Draft, notes: &mut Notes) {
    for number in parties(draft) {
        let Some(line) = draft.line(number) else { continue };
        let agent = line.parameter("SCHEDULE-AGENT").and_then(|agent| agent.values().next());
        let is_quiet =
            agent.is_some_and(|agent| agent.eq_ignore_ascii_case(b"CLIENT") || agent.eq_ignore_ascii_case(b"NONE"));
        let asks = line.parameter("RSVP").is_some() || line.parameter("SCHEDULE-FORCE-SEND").is_some();
        if is_quiet && !asks {
            continue;
        }
        let add: &[u8] = if is_quiet { b"" } else { b";SCHEDULE-AGENT=CLIENT" };
        let gone: &[&str] = match is_quiet {
            true => &["RSVP", "SCHEDULE-FORCE-SEND"],
            false => &["RSVP", "SCHEDULE-FORCE-SEND", "SCHEDULE-AGENT"],
        };
        let marked = rebuilt(&line, gone, add);
        draft.replace(number, marked);
        notes.mended("attendees marked so that no invitations are sent");
    }
}

/// Moves the organizer and the attendees to properties that nobody sends to, and names them in the description.
pub(super) fn move_to_text(draft: &mut Draft, notes: &mut Notes) {
    let mut names = Vec::new();
    let numbers: Vec<_> = parties(draft).into_iter().filter(|number| draft.depth(*number) == 1).collect();
    for number in &numbers {
        let Some(property) = draft.property(*number) else { continue };
        let address = property.value.trim();
        let address = address
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
            .and(address.get(7..))
            .unwrap_or(address);
        let name = property.parameter_value("CN").filter(|name| !name.is_empty() && *name != address);
        let told = name.map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>"));
        let told = if property.is("ORGANIZER") { format!("{told} (organizer)") } else { told };
        if names.len() < NAMED {
            names.push(told);
        }
        draft.set_apart(*number);
    }
    if names.is_empty() {
        return;
    }
    notes.mended("attendees moved to the description so that no invitations are sent");
    let told = escape_text(&format!("Attendees:\n{}", names.join("\n")));
    let described = draft
        .numbers()
        .find(|number| draft.depth(*number) == 1 && draft.line(*number).is_some_and(|line| line.is("DESCRIPTION")));
    match described {
        Some(number) => {
            let text = draft.text(number);
            let is_blank = draft.line(number).is_some_and(|line| line.value.trim_ascii().is_empty());
            let text = [text, if is_blank { b"" } else { b"\\n\\n" }, told.as_bytes()].concat();
            draft.replace(number, text);
        }
        None => draft.insert(draft.end(), Property::new("DESCRIPTION", told).to_string().into_bytes()),
    }
}
