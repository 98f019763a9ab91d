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

/// A one-off entry identifier in Unicode.
fn one_off(name: &str, address: &str) -> Vec<u8> {
    let mut entry = vec![0; 4];
    entry.extend([0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02]);
    entry.extend([0, 0, 1, 0x90]);
    entry.extend(format!("{name}\0SMTP\0{address}\0").encode_utf16().flat_map(u16::to_le_bytes));
    entry
}

/// The members of a list are those of its stream; what stands beside it is older ([MS-OXOCNTC] 2.2.2.2.4).
#[test]
fn a_list_with_a_stream_has_the_members_of_the_stream() {
    let stream = |members: &[(&[u8], &[u8])], count: u32| {
        let mut stream = vec![1, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0];
        stream.extend(count.to_le_bytes());
        stream.extend([0; 12]);
        for part in members.iter().flat_map(|(entry, one_off)| [*entry, *one_off, b""]) {
            stream.extend((part.len() as u32).to_le_bytes());
            stream.extend(part);
        }
        stream.extend([0; 8]);
        binary(&stream)
    };
    let (ann, bob, old) =
        (one_off("Ann", "ann@example.org"), one_off("Bob", "bob@example.org"), one_off("Old", "old@example.org"));
    let old = PropertyValue::Multiple(vec![binary(&old)]);
    let of = |stream: PropertyValue| {
        let lids = [(SET, 0x8053, text("Team")), (SET, 0x8055, old.clone()), (SET, 0x8064, stream)];
        let (card, defects) = written(group, &message_with_lids([], lids));
        let members =
            card.lines().filter_map(|line| Some(line.strip_prefix("MEMBER;")?.split_once("mailto:")?.1.to_owned()));
        (members.collect::<Vec<_>>(), defects.len())
    };
    // The parts of a member: an identifier of a contact in the store beside a one-off one; only one of the two; neither.
    let parts: [(&[u8], &[u8]); 3] = [(b"a contact", &ann), (&bob, b""), (b"", b"")];
    let both = ["ann@example.org", "bob@example.org"].map(str::to_owned).to_vec();
    assert_eq!(of(stream(&parts, 3)), (both.clone(), 1));
    assert_eq!(of(stream(&parts[..2], 2)), (both.clone(), 0));
    assert_eq!(of(stream(&parts[..2], 5)), (both, 1), "it counts more than it has");
    assert_eq!(of(stream(&[], 0)), (Vec::new(), 0));
    assert_eq!(of(binary(b"no stream")), (vec!["old@example.org".to_owned()], 1));
}
