use super::{common, structured};
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    mapi::{
        AttachmentBody, FileTime, Guid, MapiMessage, Translation,
        address_book::{AddressBook, MapiAddress},
        pid,
        values::Values,
    },
    mime::compose::to_base64,
};

const SET: Guid = Guid::PSETID_ADDRESS;
const FILE_UNDER: u32 = 0x8005;
const HTML: u32 = 0x802B;
const WORK_ADDRESS: u32 = 0x801B;
const WORK_STREET: u32 = 0x8045;
const WORK_CITY: u32 = 0x8046;
const WORK_STATE: u32 = 0x8047;
const WORK_POSTAL_CODE: u32 = 0x8048;
const WORK_COUNTRY: u32 = 0x8049;
const WORK_POST_OFFICE_BOX: u32 = 0x804A;
const HOME_ADDRESS: u32 = 0x801A;
const OTHER_ADDRESS: u32 = 0x801C;
const INSTANT_MESSAGING: u32 = 0x8062;
const FREE_BUSY_LOCATION: u32 = 0x80D8;
const BIRTHDAY_LOCAL: u32 = 0x80DE;
const ANNIVERSARY_LOCAL: u32 = 0x80DF;

/// The first property of each of the three e-mail addresses: display name, type, address, original display name follow.
const EMAILS: [u32; 3] = [0x8080, 0x8090, 0x80A0];

/// Octets of a picture that are put into a card.
const MAX_PICTURE: usize = 4 << 20;

/// Telephones and the types that vCard 3.0 has for them (RFC 2426 §3.3.1).
const TELEPHONES: [(u16, &str); 14] = [
    (pid::PRIMARY_TELEPHONE, "PREF,VOICE"),
    (pid::BUSINESS_TELEPHONE, "WORK,VOICE"),
    (pid::BUSINESS2_TELEPHONE, "WORK,VOICE"),
    (pid::HOME_TELEPHONE, "HOME,VOICE"),
    (pid::HOME2_TELEPHONE, "HOME,VOICE"),
    (pid::MOBILE_TELEPHONE, "CELL,VOICE"),
    (pid::CAR_TELEPHONE, "CAR,VOICE"),
    (pid::OTHER_TELEPHONE, "VOICE"),
    (pid::PAGER_TELEPHONE, "PAGER"),
    (pid::BUSINESS_FAX, "WORK,FAX"),
    (pid::HOME_FAX, "HOME,FAX"),
    (pid::PRIMARY_FAX, "FAX"),
    (pid::ISDN, "ISDN"),
    (pid::TELEX, "MSG"),
];

/// Those that it has no type for, as Outlook writes them ([MS-OXVCARD] 2.1.3.4).
const OTHER_TELEPHONES: [(u16, &str); 5] = [
    (pid::ASSISTANT_TELEPHONE, "ASSISTANT"),
    (pid::CALLBACK_TELEPHONE, "CALLBACK"),
    (pid::COMPANY_TELEPHONE, "COMPANY"),
    (pid::RADIO_TELEPHONE, "RADIO"),
    (pid::TTY_TDD, "TTYTDD"),
];

/// Texts that vCard has no property for.
const EXTENSIONS: [(u16, &str); 8] = [
    (pid::SPOUSE_NAME, "X-MS-SPOUSE"),
    (pid::MANAGER_NAME, "X-MS-MANAGER"),
    (pid::ASSISTANT, "X-MS-ASSISTANT"),
    (pid::HOBBIES, "X-MS-INTERESTS"),
    (pid::INITIALS, "X-INITIALS"),
    (pid::GOVERNMENT_ID, "X-GOVERNMENT-ID"),
    (pid::ORGANIZATIONAL_ID, "X-ORGANIZATIONAL-ID"),
    (pid::LANGUAGE, "X-LANGUAGE"),
];

/// The same for named ones: phonetic names and the user's own fields.
const NAMED_EXTENSIONS: [(u32, &str); 7] = [
    (0x802C, "X-PHONETIC-FIRST-NAME"),
    (0x802D, "X-PHONETIC-LAST-NAME"),
    (0x802E, "X-PHONETIC-ORG"),
    (0x804F, "X-USER-FIELD-1"),
    (0x8050, "X-USER-FIELD-2"),
    (0x8051, "X-USER-FIELD-3"),
    (0x8052, "X-USER-FIELD-4"),
];

/// A contact as a vCard 3.0 ([MS-OXVCARD] 2.1.3).
pub(in crate::mapi) fn contact(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Component {
    let values = Values::of(message);
    let emails = emails(message, translation, defects);
    let mut card = Component::new("VCARD").with(Property::new("VERSION", "3.0"));
    let mut add = |property: Option<Property>| card.properties.extend(property);
    let text = |id: u16| values.text(id);
    let names = [text(pid::SURNAME), text(pid::GIVEN_NAME), text(pid::MIDDLE_NAME)];
    let names = [&names[..], &[text(pid::DISPLAY_NAME_PREFIX), text(pid::GENERATION)]].concat();
    add(Some(Property::text("FN", &formatted_name(values, &names, &emails))));
    add(Some(Property::new("N", structured(&names).unwrap_or_else(|| ";;;;".to_owned()))));
    add(text(pid::NICKNAME).map(|name| Property::text("NICKNAME", name.trim())));
    let organization = match text(pid::DEPARTMENT_NAME) {
        None => structured(&[text(pid::COMPANY_NAME)]),
        department => structured(&[text(pid::COMPANY_NAME), department]),
    };
    add(organization.map(|organization| Property::new("ORG", organization)));
    add(text(pid::TITLE).map(|title| Property::text("TITLE", title.trim())));
    add(text(pid::PROFESSION).map(|role| Property::text("ROLE", role.trim())));
    for (i, (address, name)) in emails.iter().enumerate() {
        let email = Property::text("EMAIL", address).with("TYPE", if i == 0 { "INTERNET,PREF" } else { "INTERNET" });
        add(Some(match name {
            Some(name) => types(email).with("X-CN", name.clone()),
            None => types(email),
        }));
    }
    for (id, kinds) in TELEPHONES {
        for number in values.texts(id) {
            add(Some(types(Property::text("TEL", &number).with("TYPE", kinds))));
        }
    }
    for (id, kind) in OTHER_TELEPHONES {
        for number in values.texts(id) {
            add(Some(Property::text("X-MS-TEL", &number).with("TYPE", kind)));
        }
    }
    for address in addresses(values) {
        add(Some(address));
    }
    add(values.text((SET, INSTANT_MESSAGING)).map(|im| Property::text("X-MS-IMADDRESS", im.trim())));
    let page = |url: Option<String>, kind: &str| url.map(|url| Property::new("URL", url.trim()).with("TYPE", kind));
    let business = text(pid::BUSINESS_HOME_PAGE).or_else(|| values.text((SET, HTML)));
    add(page(business, "WORK"));
    add(page(text(pid::PERSONAL_HOME_PAGE), "HOME"));
    add(values.text((SET, FREE_BUSY_LOCATION)).map(|url| Property::new("FBURL", url.trim())));
    let day = |local: u32, id: u16| values.time((SET, local)).or_else(|| values.time(id)).map(nearest_day);
    add(day(BIRTHDAY_LOCAL, pid::BIRTHDAY).map(|day| Property::new("BDAY", day)));
    add(day(ANNIVERSARY_LOCAL, pid::WEDDING_ANNIVERSARY).map(|day| Property::new("X-ANNIVERSARY", day)));
    for (id, name) in EXTENSIONS {
        add(text(id).map(|value| Property::text(name, value.trim())));
    }
    for (lid, name) in NAMED_EXTENSIONS {
        add(values.text((SET, lid)).map(|value| Property::text(name, value.trim())));
    }
    for child in values.texts(pid::CHILDRENS_NAMES) {
        add(Some(Property::text("X-MS-CHILD", &child)));
    }
    let gender = match values.integer(pid::GENDER) {
        Some(1) => Some("F"),
        Some(2) => Some("M"),
        _ => None,
    };
    add(gender.map(|gender| Property::new("X-GENDER", gender)));
    card.properties.extend(common(message, translation, defects));
    card.properties.extend(picture(message, defects));
    card
}

/// The types as values of one parameter each, not as one value that holds commas.
fn types(mut property: Property) -> Property {
    for parameter in &mut property.parameters {
        let values = parameter.values.iter().flat_map(|value| value.split(',').map(str::to_owned));
        parameter.values = values.collect();
    }
    property
}

fn formatted_name(values: Values<'_>, names: &[Option<String>], emails: &[(String, Option<String>)]) -> String {
    let from_parts = || {
        let [surname, given, middle, prefix, suffix] = names else { return None };
        let parts = [prefix, given, middle, surname, suffix].into_iter().flatten();
        let joined = parts.map(|part| part.trim()).collect::<Vec<_>>().join(" ");
        (!joined.is_empty()).then_some(joined)
    };
    let name = values.text(pid::DISPLAY_NAME).or_else(from_parts).or_else(|| values.text((SET, FILE_UNDER)));
    let name = name.or_else(|| values.text(pid::COMPANY_NAME)).or_else(|| values.text(pid::SUBJECT));
    let name = name.or_else(|| emails.first().map(|(address, _)| address.clone()));
    name.map_or_else(|| "Unnamed".to_owned(), |name| name.trim().to_owned())
}

/// The e-mail addresses with their display names; those of Exchange are resolved.
fn emails(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Vec<(String, Option<String>)> {
    let values = Values::of(message);
    let book = AddressBook::new(message, &translation.addresses);
    let mut emails = Vec::new();
    for first in EMAILS {
        let text = |lid: u32| values.text((SET, first + lid));
        let Some(stored) = text(3) else { continue };
        let address = MapiAddress { name: text(0), kind: text(2), address: Some(stored), smtp: text(4) };
        if address.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("FAX")) {
            continue;
        }
        let mailbox = book.resolve(&address, defects);
        let is_said_by_address = |name: &String| name.contains(&mailbox.address);
        emails.push((mailbox.address.clone(), mailbox.name.filter(|name| !is_said_by_address(name))));
    }
    emails
}

/// Work, home and other address with their parts in vCard's order: box, office, street, city, state, code, country.
fn addresses(values: Values<'_>) -> Vec<Property> {
    let lid = |lid: u32| values.text((SET, lid));
    let id = |id: u16| values.text(id);
    let work = [WORK_STREET, WORK_CITY, WORK_STATE, WORK_POSTAL_CODE, WORK_COUNTRY].map(lid);
    let work = if work.iter().any(Option::is_some) {
        work
    } else {
        [pid::STREET_ADDRESS, pid::LOCALITY, pid::STATE, pid::POSTAL_CODE, pid::COUNTRY].map(id)
    };
    let home =
        [pid::HOME_STREET, pid::HOME_LOCALITY, pid::HOME_STATE, pid::HOME_POSTAL_CODE, pid::HOME_COUNTRY].map(id);
    let other =
        [pid::OTHER_STREET, pid::OTHER_LOCALITY, pid::OTHER_STATE, pid::OTHER_POSTAL_CODE, pid::OTHER_COUNTRY].map(id);
    let work_box = lid(WORK_POST_OFFICE_BOX).or_else(|| id(pid::POST_OFFICE_BOX));
    let office = id(pid::OFFICE_LOCATION);
    let kinds = [
        (Some("WORK"), work_box, office, work, WORK_ADDRESS),
        (Some("HOME"), id(pid::HOME_POST_OFFICE_BOX), None, home, HOME_ADDRESS),
        (None, id(pid::OTHER_POST_OFFICE_BOX), None, other, OTHER_ADDRESS),
    ];
    let addresses = kinds.into_iter().filter_map(|(kind, post_office_box, office, mut parts, whole)| {
        if parts.iter().all(Option::is_none)
            && let [street, ..] = &mut parts
        {
            *street = lid(whole);
        }
        let [street, city, state, code, country] = parts;
        let value = structured(&[post_office_box, office, street, city, state, code, country])?;
        let address = Property::new("ADR", value);
        Some(match kind {
            Some(kind) => address.with("TYPE", kind),
            None => address,
        })
    });
    addresses.collect()
}

/// The day nearest to a time: a birthday is kept as midnight in a zone that is not.
fn nearest_day(time: FileTime) -> String {
    const HALF_A_DAY: u64 = 12 * 3600 * 10_000_000;
    let day = FileTime(time.0.saturating_add(HALF_A_DAY)).date_time().map(|time| time.to_compact_utc());
    let day = day.unwrap_or_default();
    match (day.get(..4), day.get(4..6), day.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => day,
    }
}

/// The picture of the contact; any other attachment has no place in a card.
fn picture(message: &MapiMessage, defects: &mut Vec<Defect>) -> Option<Property> {
    let mut picture = None;
    for index in 0..message.attachments.len() {
        let Ok(attachment) = message.attachments.open(index) else {
            defects.push(Defect::new(DefectKind::Attachment, format!("attachment {} cannot be read", index + 1)));
            continue;
        };
        let values = Values::of_part(&attachment.properties, message);
        let name = values.text(pid::ATTACH_LONG_FILENAME).or_else(|| values.text(pid::ATTACH_FILENAME));
        let is_picture = values.is_true(pid::ATTACHMENT_CONTACT_PHOTO)
            || name.as_deref().is_some_and(|name| name.to_ascii_lowercase().starts_with("contactp"));
        let octets = match &attachment.body {
            AttachmentBody::Data(content) if is_picture && picture.is_none() => content.to_vec(MAX_PICTURE).ok(),
            _ => None,
        };
        let Some(octets) = octets else {
            let name = name.unwrap_or_else(|| format!("{}", index + 1));
            let detail = format!("attachment {name} cannot be written in a vCard");
            defects.push(Defect::new(DefectKind::Attachment, detail));
            continue;
        };
        let kind = if octets.starts_with(b"\x89PNG") { "PNG" } else { "JPEG" };
        picture = Some(Property::new("PHOTO", to_base64(&octets)).with("ENCODING", "b").with("TYPE", kind));
    }
    picture
}
