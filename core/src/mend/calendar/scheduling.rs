//! What would make a server send invitations (RFC 6638 §7.1).

use crate::{
    content_line::{Property, RawParameter, escape_text},
    mend::{
        Notes,
        draft::{Draft, rebuilt},
    },
};

/// Who sends invitations, and what says that they are to be.
const AGENT: &str = "SCHEDULE-AGENT";
const ASKING: [&str; 2] = ["RSVP", "SCHEDULE-FORCE-SEND"];
const MARK: &[u8] = b";SCHEDULE-AGENT=CLIENT";

/// Attendees that are named in a description.
const NAMED: usize = 100;

/// The numbers of the lines that name an organizer or attendees.
fn parties(draft: &Draft) -> Vec<usize> {
    let is_party =
        |number: &usize| draft.start_of(*number).is_some_and(|line| line.is("ATTENDEE") || line.is("ORGANIZER"));
    draft.numbers().filter(is_party).collect()
}

fn is_named(parameter: &RawParameter<'_>, name: &str) -> bool {
    parameter.name.eq_ignore_ascii_case(name.as_bytes())
}

/// Marks the organizer and the attendees so that a CalDAV server leaves invitations and replies to the client.
pub(super) fn leave_to_client(draft: &mut Draft, notes: &mut Notes) {
    for number in parties(draft) {
        let Some(line) = draft.line(number) else { continue };
        let (mut agent, mut asks) = (None, false);
        for parameter in line.parameters() {
            if is_named(&parameter, AGENT) {
                agent = agent.or(Some(parameter));
            } else {
                asks |= ASKING.iter().any(|name| is_named(&parameter, name));
            }
        }
        let stated = agent.and_then(|agent| agent.values().next());
        let is_quiet =
            stated.is_some_and(|agent| agent.eq_ignore_ascii_case(b"CLIENT") || agent.eq_ignore_ascii_case(b"NONE"));
        let (gone, add): (&[&str], &[u8]) = match (is_quiet, agent.is_some() || asks) {
            (true, _) if asks => (&ASKING, b""),
            (true, _) => continue,
            (false, true) => (&[ASKING[0], ASKING[1], AGENT], MARK),
            (false, false) => (&[], MARK),
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
