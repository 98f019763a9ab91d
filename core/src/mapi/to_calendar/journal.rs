use super::{calendar, clock::utc, common};
use crate::{
    Defect,
    content_line::{Component, Property},
    mapi::{Guid, MapiMessage, Translation, pid, values::Values},
};

const LOG_TYPE: u32 = 0x8700;
const LOG_START: u32 = 0x8706;
const LOG_DURATION: u32 = 0x8707;
const LOG_END: u32 = 0x8708;
const NOTE_COLOUR: u32 = 0x8B00;

/// A journal entry as a VJOURNAL ([MS-OXOJRNL] 2.2.1).
pub(in crate::mapi) fn journal(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Component {
    let values = Values::of(message);
    let mut journal = entry(message, translation, defects);
    let start = values.time((Guid::PSETID_LOG, LOG_START)).or_else(|| values.time(pid::CREATION_TIME));
    journal.properties.extend(start.map(|start| utc("DTSTART", start)));
    // A VJOURNAL takes up no time: its end and its duration have no property of their own (RFC 5545 §3.6.3).
    let end = values.time((Guid::PSETID_LOG, LOG_END));
    journal.properties.extend(end.map(|end| utc("X-LOG-END", end)));
    if let Some(minutes) = values.integer((Guid::PSETID_LOG, LOG_DURATION)).filter(|minutes| *minutes > 0) {
        journal.properties.push(Property::new("X-LOG-DURATION", format!("PT{minutes}M")));
    }
    let kind = values.text((Guid::PSETID_LOG, LOG_TYPE));
    journal.properties.extend(kind.map(|kind| Property::text("X-LOG-TYPE", &kind)));
    common::attach(&mut journal, message, translation, defects);
    calendar(None, Vec::new(), vec![journal])
}

/// A sticky note as a VJOURNAL ([MS-OXONOTE] 2.2.1).
pub(in crate::mapi) fn note(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Component {
    let values = Values::of(message);
    let mut note = entry(message, translation, defects);
    note.properties.extend(values.time(pid::CREATION_TIME).map(|created| utc("DTSTART", created)));
    let colour = match values.integer((Guid::PSETID_NOTE, NOTE_COLOUR)) {
        Some(0) => Some("blue"),
        Some(1) => Some("green"),
        Some(2) => Some("pink"),
        Some(3) => Some("yellow"),
        Some(4) => Some("white"),
        _ => None,
    };
    note.properties.extend(colour.map(|colour| Property::new("COLOR", colour)));
    common::attach(&mut note, message, translation, defects);
    calendar(None, Vec::new(), vec![note])
}

fn entry(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Component {
    let mut entry = Component::new("VJOURNAL");
    common::describe(&mut entry, &common::uid(Values::of(message)), message, translation, defects);
    entry
}
