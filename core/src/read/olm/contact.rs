//! Contacts and groups.

use super::{
    element::Element,
    fields::{Fields, is_html, octets, people, text},
};
use crate::{
    content_line::{Component, Property},
    defect::{Defect, DefectKind},
    error::Result,
    mapi::{Guid, MapiMessage, PropertyValue, one_off, pid},
    mime::compose::to_base64,
    read::archive::ZipIndex,
};
use std::collections::HashSet;

const SET: Guid = Guid::PSETID_ADDRESS;
/// Octets of a picture.
const PICTURE: usize = 10 << 20;

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

/// The addresses in lists whose names begin in one of these ways, each once, those of the first way first.
fn addresses<'e>(item: &'e Element, lists: &[&str]) -> Vec<&'e str> {
    let lists = lists.iter().flat_map(|list| {
        item.children.iter().filter(move |child| meaning(child).is_some_and(|name| name.starts_with(list)))
    });
    let listed = lists.flat_map(|list| people(Some(list))).filter_map(|(address, _)| address);
    let mut known = HashSet::new();
    listed.filter(|address| known.insert(address.to_ascii_lowercase())).collect()
}

/// The default address stands alone, and in the list again.
const EMAIL_LISTS: [&str; 2] = ["DefaultEmailAddress", "EmailAddressList"];
const IM_LISTS: [&str; 1] = ["IMAddressList"];

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
    for (first, email) in EMAILS.into_iter().zip(addresses(item, &EMAIL_LISTS)) {
        fields.named_text(SET, first + 2, Some("SMTP"));
        fields.named_text(SET, first + 3, Some(email));
    }
    fields.named_text(SET, 0x8062, addresses(item, &IM_LISTS).first().copied());
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

/// What MAPI has no property for: further addresses, the picture, and whatever else has a text.
///
/// # Errors
/// When the archive cannot be read.
pub(super) fn add_to(
    card: &mut Component,
    item: &Element,
    archive: &mut ZipIndex,
    defects: &mut Vec<Defect>,
) -> Result<()> {
    let more = addresses(item, &EMAIL_LISTS).into_iter().skip(EMAILS.len());
    card.properties.extend(more.map(|email| Property::text("EMAIL", email).with("TYPE", "INTERNET")));
    let more = addresses(item, &IM_LISTS).into_iter().skip(1);
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
    card.properties.extend(picture(item, archive, defects)?);
    Ok(())
}

/// The picture: the octets in base64, or a file of the archive. A number only says that there is one.
fn picture(item: &Element, archive: &mut ZipIndex, defects: &mut Vec<Defect>) -> Result<Option<Property>> {
    let Some(element) = item.child("OPFContactCopyContactImage") else { return Ok(None) };
    let said = element.own_text().into_iter().chain(element.values()).map(str::trim).filter(|said| !said.is_empty());
    let mut is_there = false;
    for said in said.filter(|said| *said != "preserve") {
        if let Ok(number) = said.parse::<f64>() {
            is_there |= number != 0.0;
            continue;
        }
        is_there = true;
        let base64 = said.split_once(";base64,").map_or(said, |(_, base64)| base64);
        let kind = [("/9j/", "JPEG"), ("iVBORw0KGgo", "PNG"), ("R0lGOD", "GIF")];
        let kind = kind.into_iter().find(|(start, _)| base64.starts_with(start)).map(|(_, kind)| kind);
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || c.is_ascii_whitespace();
        let property = |base64: String, kind| Property::new("PHOTO", base64).with("ENCODING", "b").with("TYPE", kind);
        if let Some(kind) = kind.filter(|_| base64.len() <= 2 * PICTURE && base64.chars().all(is_base64)) {
            return Ok(Some(property(base64.split_ascii_whitespace().collect(), kind)));
        }
        let (content, what) = octets(said, archive)?;
        defects
            .extend(what.map(|what| Defect::new(DefectKind::Attachment, format!("the picture of the contact {what}"))));
        if let Some(content) = content.filter(|content| content.len() <= PICTURE as u64) {
            let octets = content.to_vec(PICTURE)?;
            let kind = if octets.starts_with(b"\x89PNG") { "PNG" } else { "JPEG" };
            return Ok(Some(property(to_base64(&octets), kind)));
        }
    }
    if is_there {
        let what = "the contact has a picture that is not in the archive, or cannot be read: it is left out";
        defects.push(Defect::new(DefectKind::Attachment, what));
    }
    Ok(None)
}

/// The members of a group that have a name only.
pub(super) fn add_to_group(card: &mut Component, item: &Element) {
    let members = people(item.child("OPFGroupCopyMemberList")).into_iter();
    let members = members.filter(|(address, _)| address.is_none()).filter_map(|(_, name)| name);
    card.properties.extend(members.map(|name| Property::text("X-OLM-MEMBER", name.trim())));
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
