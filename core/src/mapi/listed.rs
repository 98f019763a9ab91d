//! What the list of a folder tells of a message in it: a row has some of the message's properties ([MS-PST] 2.4.4.5).

use super::{
    MapiMessage, PropertyValue,
    address_book::{is_internet, unquoted},
    contents::subject,
    pid,
    translation::is_mail,
    values::Values,
};
use crate::mime::{Address, Mailbox, compose::HeaderWriter};

/// What tells when, from whom and about what a message is, and whether it was read.
pub(crate) const HEADERS: &[u16] = &[
    pid::MESSAGE_CLASS,
    pid::SUBJECT,
    pid::SENT_REPRESENTING_NAME,
    pid::CLIENT_SUBMIT_TIME,
    pid::MESSAGE_DELIVERY_TIME,
    pid::MESSAGE_FLAGS,
    pid::MESSAGE_STATUS,
];

/// What tells beside it whether a message was flagged, answered or forwarded.
pub(crate) const STATES: &[u16] = &[pid::FLAG_STATUS, pid::LAST_VERB_EXECUTED];

/// `Subject`, `Date`, and `From` with a name and no address, of the mail whose row has these properties. None where only the message can
/// tell: it is no mail, one of them is missing, or text is in 8 bits, whose code page all of the message decides.
pub(crate) fn listed_header(row: &MapiMessage) -> Option<Vec<u8>> {
    let is_plain = |value: &PropertyValue| match value {
        PropertyValue::String8(octets) => octets.as_slice().is_some_and(<[u8]>::is_ascii),
        _ => true,
    };
    if !is_mail(row) || !row.properties.iter().all(|(_, value)| is_plain(value)) {
        return None;
    }
    let values = Values::of(row);
    let date = [pid::CLIENT_SUBMIT_TIME, pid::MESSAGE_DELIVERY_TIME];
    let date = date.into_iter().find_map(|id| values.time(id)?.date_time())?;
    let (subject, name) = (subject(values)?, values.text(pid::SENT_REPRESENTING_NAME)?);
    let mut header = HeaderWriter::default();
    header.date("Date", date);
    header.text("Subject", &subject);
    // An address in place of a name is none.
    let name = Some(unquoted(&name)).filter(|name| !name.is_empty() && !is_internet(name));
    if let Some(name) = name {
        header.addresses("From", &[Address::Mailbox(Mailbox { name: Some(name.to_owned()), address: String::new() })]);
    }
    Some(header.into_octets())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        mapi::{
            FileTime, Octets,
            support::{message, text},
        },
        model::Message,
    };

    const TIME: PropertyValue = PropertyValue::Time(FileTime(133_485_408_000_000_000));

    #[test]
    fn a_row_tells_what_the_message_would() {
        for (subject, name, shown) in [
            ("Hi", "Ann", (Some("Hi"), Some("Ann"))),
            ("\u{1}\u{5}Re: Grüße  aus Köln", "'Zoë, Dr.'", (Some("Re: Grüße  aus Köln"), Some("Zoë, Dr."))),
            ("Re: ", "ann@example.org", (Some("Re:"), None)),
        ] {
            let row = message([
                (pid::MESSAGE_CLASS, text("IPM.Note")),
                (pid::SUBJECT, text(subject)),
                (pid::SENT_REPRESENTING_NAME, text(name)),
                (pid::MESSAGE_DELIVERY_TIME, TIME),
            ]);
            let listed = Message::new(listed_header(&row).unwrap().into());
            let from = listed.from().unwrap();
            let from = from.iter().flat_map(Address::mailboxes).next().and_then(|from| from.name.clone());
            assert_eq!((listed.subject().unwrap().as_deref(), from.as_deref()), shown);
            assert_eq!(listed.date().unwrap().map(|date| date.to_string()).as_deref(), Some("2024-01-01T00:00:00Z"));
        }
    }

    #[test]
    fn what_only_the_message_tells_is_left_to_it() {
        let ansi = |octets: &[u8]| PropertyValue::String8(Octets::from(octets.to_vec()));
        for (class, subject, time, is_told) in [
            ("IPM.Note", ansi(b"Hi"), TIME, true),
            ("IPM.Note", text(""), TIME, false),
            ("IPM.Note", ansi(b"Gr\xfc\xdfe"), TIME, false),
            ("IPM.Appointment", text("Hi"), TIME, false),
            ("IPM.Contact", text("Hi"), TIME, false),
            ("IPM.Note", text("Hi"), PropertyValue::Time(FileTime(0x0CB3_4557_A3DD_4000)), false),
        ] {
            let name = (pid::SENT_REPRESENTING_NAME, text("Ann"));
            let row = message([
                (pid::MESSAGE_CLASS, text(class)),
                (pid::SUBJECT, subject),
                (pid::CLIENT_SUBMIT_TIME, time),
                name,
            ]);
            assert_eq!(listed_header(&row).is_some(), is_told, "{class}");
        }
        assert!(listed_header(&message([(pid::SUBJECT, text("Hi")), (pid::CLIENT_SUBMIT_TIME, TIME)])).is_none());
    }
}
