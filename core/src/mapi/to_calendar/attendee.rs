use crate::{
    Defect,
    content_line::Property,
    mapi::{
        MapiMessage, Translation,
        address_book::{AddressBook, MapiAddress},
        contents, pid,
        values::Values,
    },
    mime::Mailbox,
};

/// The flag of a recipient who is the organizer ([MS-OXOCAL] 2.2.4.10.1).
const IS_ORGANIZER: i64 = 2;

/// ORGANIZER and ATTENDEE from the recipients ([MS-OXCICAL] 2.1.3.1.1.20.2, 2.1.3.1.1.20.17).
pub(super) fn attendees(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Vec<Property> {
    let book = AddressBook::new(message, &translation.addresses);
    let rows = || message.recipients.iter().map(|row| Values::of_part(row, message));
    let is_organizer = |row: &Values<'_>| row.integer(pid::RECIPIENT_FLAGS).unwrap_or(0) & IS_ORGANIZER != 0;
    let organizer = rows().find(is_organizer).map(MapiAddress::of_recipient);
    let organizer = organizer.or_else(|| contents::from(Values::of(message)));
    let organizer = organizer.map(|organizer| book.resolve(&organizer, defects));
    let organizers =
        organizer.iter().map(|organizer| sent_by(person("ORGANIZER", organizer), organizer, message, &book));
    let mut properties: Vec<Property> = organizers.collect();
    for row in rows().filter(|row| !is_organizer(row)) {
        let mailbox = book.resolve(&MapiAddress::of_recipient(row), defects);
        let (role, kind) = match row.integer(pid::RECIPIENT_TYPE).unwrap_or(1) & 0xF {
            2 => ("OPT-PARTICIPANT", None),
            3 => ("NON-PARTICIPANT", Some("RESOURCE")),
            _ => ("REQ-PARTICIPANT", None),
        };
        let status = match row.integer(pid::RECIPIENT_TRACK_STATUS) {
            Some(2) => "TENTATIVE",
            Some(3) => "ACCEPTED",
            Some(4) => "DECLINED",
            _ => "NEEDS-ACTION",
        };
        let mut attendee = person("ATTENDEE", &mailbox);
        if let Some(kind) = kind {
            attendee = attendee.with("CUTYPE", kind);
        }
        properties.push(attendee.with("ROLE", role).with("PARTSTAT", status));
    }
    properties
}

/// Who answers whom in an answer to a meeting request (RFC 5546 §3.2.3).
pub(super) fn reply(
    message: &MapiMessage,
    translation: &Translation,
    status: &str,
    defects: &mut Vec<Defect>,
) -> Vec<Property> {
    let book = AddressBook::new(message, &translation.addresses);
    let organizer = message.recipients.first().map(|row| MapiAddress::of_recipient(Values::of_part(row, message)));
    let organizer = organizer.map(|organizer| person("ORGANIZER", &book.resolve(&organizer, defects)));
    let attendee = contents::from(Values::of(message));
    let attendee = attendee.map(|from| {
        let attendee = book.resolve(&from, defects);
        sent_by(person("ATTENDEE", &attendee), &attendee, message, &book).with("PARTSTAT", status)
    });
    organizer.into_iter().chain(attendee).collect()
}

/// Tells who wrote in the name of whom (RFC 5545 §3.2.18), in a message that a delegate sent for this person.
fn sent_by(property: Property, person: &Mailbox, message: &MapiMessage, book: &AddressBook<'_>) -> Property {
    let values = Values::of(message);
    // An unresolved address says nothing; whose it is was told where the person was resolved.
    let mut unsaid = Vec::new();
    let mut resolve = |address: Option<MapiAddress>| address.map(|address| book.resolve(&address, &mut unsaid).address);
    let (from, sender) = (resolve(contents::from(values)), resolve(contents::sender(values)));
    match sender.filter(|sender| from.as_ref() == Some(&person.address) && *sender != person.address) {
        Some(sender) if unsaid.is_empty() => property.with("SENT-BY", format!("mailto:{sender}")),
        _ => property,
    }
}

fn person(name: &str, mailbox: &Mailbox) -> Property {
    let property = Property::new(name, format!("mailto:{}", mailbox.address));
    match &mailbox.name {
        Some(name) => property.with("CN", name.clone()),
        None => property,
    }
}
