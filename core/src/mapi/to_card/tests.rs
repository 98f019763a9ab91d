use super::*;
use crate::{
    content_line::Component,
    mapi::{
        FileTime, MapiMessage, PropertyValue,
        support::{Listed, attachment, binary, data, message_with_lids, text},
    },
};
use std::sync::Arc;

const SET: Guid = Guid::PSETID_ADDRESS;

fn written(
    translate: impl FnOnce(&MapiMessage, &Translation, &mut Vec<Defect>) -> Component,
    message: &MapiMessage,
) -> (String, Vec<Defect>) {
    let mut defects = Vec::new();
    let mut octets = Vec::new();
    translate(message, &Translation::default(), &mut defects).write_to(&mut octets);
    (String::from_utf8(octets).unwrap().replace("\r\n ", "").replace("\r\n", "\n"), defects)
}

#[test]
fn a_contact_keeps_what_it_says() {
    let mut message = message_with_lids(
        [
            (pid::DISPLAY_NAME, text("Dr. Zoë Ann Lee")),
            (pid::SURNAME, text("Lee")),
            (pid::GIVEN_NAME, text("Zoë")),
            (pid::MIDDLE_NAME, text("Ann")),
            (pid::DISPLAY_NAME_PREFIX, text("Dr.")),
            (pid::COMPANY_NAME, text("A; B")),
            (pid::DEPARTMENT_NAME, text("C")),
            (pid::BUSINESS_FAX, text("+1 2")),
            (pid::HOME_LOCALITY, text("Town")),
            // Midnight of 2000-02-29 two hours east of UTC.
            (pid::BIRTHDAY, PropertyValue::Time(FileTime((951_775_200 + 11_644_473_600) * 10_000_000))),
            (pid::BODY, text("One\nTwo")),
        ],
        [
            (SET, 0x8080, text("Zoë")),
            (SET, 0x8082, text("EX")),
            (SET, 0x8083, text("/O=X/CN=zoe")),
            (SET, 0x8084, text("zoe@example.org")),
            (SET, 0x8093, text("z2@example.org")),
            (SET, 0x804F, text("mine")),
        ],
    );
    message.attachments = Arc::new(Listed(vec![
        attachment([(pid::ATTACHMENT_CONTACT_PHOTO, PropertyValue::Boolean(true))], data(b"\xff\xd8")),
        attachment([(pid::ATTACH_FILENAME, text("cv.doc"))], data(b"x")),
    ]));
    let (card, defects) = written(contact, &message);
    assert_eq!(
        card,
        "BEGIN:VCARD\nVERSION:3.0\nFN:Dr. Zoë Ann Lee\nN:Lee;Zoë;Ann;Dr.;\nORG:A\\; B;C\n\
         EMAIL;TYPE=INTERNET,PREF;X-CN=Zoë:zoe@example.org\nEMAIL;TYPE=INTERNET:z2@example.org\n\
         TEL;TYPE=WORK,FAX:+1 2\nADR;TYPE=HOME:;;;Town;;;\nBDAY:2000-02-29\nX-USER-FIELD-1:mine\nNOTE:One\\nTwo\n\
         PHOTO;ENCODING=b;TYPE=JPEG:/9g=\nEND:VCARD\n"
    );
    assert_eq!(defects.len(), 1, "{defects:?}");
}

#[test]
fn a_list_has_its_members() {
    let mut entry = vec![0; 4];
    entry.extend([0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02]);
    entry.extend([0, 0, 1, 0x90]);
    entry.extend("Bob\0SMTP\0bob@example.org\0".encode_utf16().flat_map(u16::to_le_bytes));
    let members = PropertyValue::Multiple(vec![binary(&entry), binary(b"no address")]);
    let message = message_with_lids([], [(SET, 0x8053, text("Team")), (SET, 0x8055, members)]);
    let (card, defects) = written(group, &message);
    assert_eq!(
        card,
        "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Team\nMEMBER;X-CN=Bob:mailto:bob@example.org\nEND:VCARD\n"
    );
    assert_eq!(defects.len(), 1);
}
