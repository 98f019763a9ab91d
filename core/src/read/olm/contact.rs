//! Contacts and groups.

use super::{
    fields::{Fields, is_html, people, text},
    xml::Element,
};
use crate::{
    content_line::{Component, Property},
    mapi::{Guid, MapiMessage, PropertyValue, one_off, pid},
};

const SET: Guid = Guid::PSETID_ADDRESS;

/// What stands in an element of this name, `OPFContactCopy` left out, and its property.
const TEXTS: [(&str, u16); 44] = [
    ("DisplayName", pid::DISPLAY_NAME),
    ("FirstName", pid::GIVEN_NAME),
    ("MiddleName", pid::MIDDLE_NAME),
    ("LastName", pid::SURNAME),
    ("NickName", pid::NICKNAME),
    ("Title", pid::DISPLAY_NAME_PREFIX),
    ("SetNameSuffix", pid::GENERATION),
    ("BusinessCompany", pid::COMPANY_NAME),
    ("BusinessDepartment", pid::DEPARTMENT_NAME),
    ("BusinessOffice", pid::OFFICE_LOCATION),
    ("BusinessTitle", pid::TITLE),
    ("BusinessPhone", pid::BUSINESS_TELEPHONE),
    ("BusinessPhone2", pid::BUSINESS2_TELEPHONE),
    ("BusinessFax", pid::BUSINESS_FAX),
    ("BusinessHomePage", pid::BUSINESS_HOME_PAGE),
    ("HomePhone", pid::HOME_TELEPHONE),
    ("HomePhone2", pid::HOME2_TELEPHONE),
    ("HomeFax", pid::HOME_FAX),
    ("HomeWebPage", pid::PERSONAL_HOME_PAGE),
    ("HomeStreetAddress", pid::HOME_STREET),
    ("HomeCity", pid::HOME_LOCALITY),
    ("HomeState", pid::HOME_STATE),
    ("HomeZip", pid::HOME_POSTAL_CODE),
    ("HomeCountry", pid::HOME_COUNTRY),
    ("OtherStreetAddress", pid::OTHER_STREET),
    ("OtherCity", pid::OTHER_LOCALITY),
    ("OtherState", pid::OTHER_STATE),
    ("OtherZip", pid::OTHER_POSTAL_CODE),
    ("OtherCountry", pid::OTHER_COUNTRY),
    ("OtherPhone", pid::OTHER_TELEPHONE),
    ("OtherFax", pid::PRIMARY_FAX),
    ("CellPhone", pid::MOBILE_TELEPHONE),
    ("Pager", pid::PAGER_TELEPHONE),
    ("RadioPhone", pid::RADIO_TELEPHONE),
    ("AssistantPhone", pid::ASSISTANT_TELEPHONE),
    ("MainPhone", pid::COMPANY_TELEPHONE),
    ("SpousesName", pid::SPOUSE_NAME),
    ("Interests", pid::HOBBIES),
    ("BusinessStreetAddress", pid::STREET_ADDRESS),
    ("BusinessCity", pid::LOCALITY),
    ("BusinessState", pid::STATE),
    ("BusinessZip", pid::POSTAL_CODE),
    ("BusinessCountry", pid::COUNTRY),
    ("PrimaryPhone", pid::PRIMARY_TELEPHONE),
];

/// The same for named properties: the user's own fields.
const NAMED: [(&str, u32); 4] =
    [("Custom1Data", 0x804F), ("Custom2Data", 0x8050), ("Custom3Data", 0x8051), ("Custom4Data", 0x8052)];

/// Elements that are read in another way, or that say nothing of the contact.
const OTHERWISE: [&str; 10] = [
    "Birthday",
    "Anniversary",
    "Notes",
    "NotesPlain",
    "ModDate",
    "ContactImage",
    "Age",
    "DueDateTime",
    "StartDateTime",
    "ReminderDateTime",
];

/// E-mail addresses that MAPI has room for ([MS-OXOCNTC] 2.2.1.2).
const EMAILS: [u32; 3] = [0x8080, 0x8090, 0x80A0];

/// What the name of an element says, which begins with `OPFContactCopy`, or `OPFContact` alone.
fn meaning(element: &Element) -> Option<&str> {
    let name = element.name.strip_prefix("OPFContact")?;
    Some(name.strip_prefix("Copy").unwrap_or(name))
}

/// The addresses in lists whose names begin so, each once.
fn addresses<'e>(item: &'e Element, list: &str) -> Vec<&'e str> {
    let lists = item.children.iter().filter(|child| meaning(child).is_some_and(|name| name.starts_with(list)));
    let mut found: Vec<&str> = Vec::new();
    for address in lists.flat_map(|list| people(Some(list))).filter_map(|(address, _)| address) {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            found.push(address);
        }
    }
    found
}

fn emails(item: &Element) -> Vec<&str> {
    // The default address stands alone, and in the list again.
    let mut emails = addresses(item, "DefaultEmailAddress");
    for email in addresses(item, "EmailAddressList") {
        if !emails.iter().any(|known| known.eq_ignore_ascii_case(email)) {
            emails.push(email);
        }
    }
    emails
}

/// A contact ([MS-OXOCNTC] 2.2.1).
pub(super) fn contact(item: &Element) -> MapiMessage {
    let mut fields = Fields::of("IPM.Contact", item);
    for child in &item.children {
        let Some(name) = meaning(child) else { continue };
        if let Some((_, id)) = TEXTS.iter().find(|(known, _)| *known == name) {
            fields.text(*id, child.own_text());
        } else if let Some((_, lid)) = NAMED.iter().find(|(known, _)| *known == name) {
            fields.named_text(SET, *lid, child.own_text());
        }
    }
    for (first, email) in EMAILS.into_iter().zip(emails(item)) {
        fields.named_text(SET, first + 2, Some("SMTP"));
        fields.named_text(SET, first + 3, Some(email));
    }
    fields.named_text(SET, 0x8062, addresses(item, "IMAddressList").first().copied());
    for (id, name) in
        [(pid::BIRTHDAY, "OPFContactCopyBirthday"), (pid::WEDDING_ANNIVERSARY, "OPFContactCopyAnniversary")]
    {
        fields.time(id, item.time(name));
    }
    let children = item.child("OPFContactCopyChildren").into_iter().flat_map(|list| &list.children);
    let children: Vec<_> = children.filter_map(|child| Some(text(child.own_text()?.trim()))).collect();
    if !children.is_empty() {
        fields.set(pid::CHILDRENS_NAMES, PropertyValue::Multiple(children));
    }
    let (notes, plain) = (item.text("OPFContactCopyNotes"), item.text("OPFContactCopyNotesPlain"));
    let html = notes.filter(|notes| is_html(notes) && plain.is_none());
    fields.bodies(html, plain.or_else(|| notes.filter(|notes| !is_html(notes))));
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFContactCopyModDate"));
    fields.categories(item.child("OPFContactCopyCategoryList"));
    fields.message(Vec::new(), Vec::new())
}

/// What MAPI has no property for: further addresses, and whatever else has a text.
pub(super) fn add_to(card: &mut Component, item: &Element) {
    let more = emails(item).into_iter().skip(EMAILS.len());
    card.properties.extend(more.map(|email| Property::text("EMAIL", email).with("TYPE", "INTERNET")));
    let more = addresses(item, "IMAddressList").into_iter().skip(1);
    card.properties.extend(more.map(|address| Property::text("X-MS-IMADDRESS", address)));
    for child in &item.children {
        let (Some(name), Some(value)) = (meaning(child), child.own_text()) else { continue };
        let is_known = TEXTS.iter().any(|(known, _)| *known == name)
            || NAMED.iter().any(|(known, _)| *known == name)
            || OTHERWISE.contains(&name)
            || ["Can", "Get", "Is", "Type", "AddPicture", "ExchangeID"].iter().any(|state| name.starts_with(state));
        if !is_known && name.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
            card.properties.push(Property::text(format!("X-OLM-{}", name.to_ascii_uppercase()), value.trim()));
        }
    }
}

/// A group, as a distribution list ([MS-OXOCNTC] 2.2.2).
pub(super) fn group(item: &Element) -> MapiMessage {
    let mut fields = Fields::of("IPM.DistList", item);
    let name = item.text("OPFGroupCopyDisplayName");
    fields.text(pid::SUBJECT, name);
    fields.named_text(SET, 0x8053, name);
    let members = people(item.child("OPFGroupCopyMemberList")).into_iter().filter_map(|(address, name)| {
        let address = address?;
        Some(PropertyValue::Binary(one_off(name.unwrap_or(address), "SMTP", address).into()))
    });
    let members: Vec<_> = members.collect();
    fields.named(SET, 0x8055, Some(PropertyValue::Multiple(members.clone())));
    fields.named(SET, 0x8054, Some(PropertyValue::Multiple(members)));
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFGroupCopyModDate"));
    fields.categories(item.child("OPFGroupCopyCategoryList"));
    fields.message(Vec::new(), Vec::new())
}
