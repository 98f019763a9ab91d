use crate::mapi::{address_book::MapiAddress, pid, values::Values};

/// Where the parts of an address stand among the properties of a message.
struct AddressProperties {
    name: u16,
    kind: u16,
    address: u16,
    smtp: u16,
    entry_id: u16,
}

const SENT_REPRESENTING: AddressProperties = AddressProperties {
    name: pid::SENT_REPRESENTING_NAME,
    kind: pid::SENT_REPRESENTING_ADDRESS_TYPE,
    address: pid::SENT_REPRESENTING_EMAIL_ADDRESS,
    smtp: pid::SENT_REPRESENTING_SMTP_ADDRESS,
    entry_id: pid::SENT_REPRESENTING_ENTRY_ID,
};

const SENDER: AddressProperties = AddressProperties {
    name: pid::SENDER_NAME,
    kind: pid::SENDER_ADDRESS_TYPE,
    address: pid::SENDER_EMAIL_ADDRESS,
    smtp: pid::SENDER_SMTP_ADDRESS,
    entry_id: pid::SENDER_ENTRY_ID,
};

impl AddressProperties {
    fn of(&self, values: Values<'_>) -> MapiAddress {
        MapiAddress {
            name: values.text(self.name),
            kind: values.text(self.kind),
            address: values.text(self.address),
            smtp: values.text(self.smtp),
        }
        .or_in(values, &[self.entry_id])
    }
}

/// Whom a message is from: whoever is represented, else whoever sent it ([MS-OXCMAIL] 2.1.3.1.2).
pub(in crate::mapi) fn from(values: Values<'_>) -> Option<MapiAddress> {
    [&SENT_REPRESENTING, &SENDER].map(|at| at.of(values)).into_iter().find(|address| !address.is_empty())
}

/// Whoever sent it, perhaps for someone else.
pub(in crate::mapi) fn sender(values: Values<'_>) -> Option<MapiAddress> {
    Some(SENDER.of(values)).filter(|sender| !sender.is_empty())
}

/// The subject without the two characters that tell the length of its prefix ([MS-PST] 2.5.3.1.1.1).
pub(in crate::mapi) fn subject(values: Values<'_>) -> Option<String> {
    let whole = values.text(pid::SUBJECT).map(|subject| match subject.strip_prefix('\u{1}') {
        Some(rest) => rest.chars().skip(1).collect(),
        None => subject,
    });
    whole.filter(|subject| !subject.is_empty()).or_else(|| {
        let rest = values.text(pid::NORMALIZED_SUBJECT)?;
        Some(format!("{}{rest}", values.text(pid::SUBJECT_PREFIX).unwrap_or_default()))
    })
}
