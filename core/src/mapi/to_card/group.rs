use super::common;
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    mapi::{
        Guid, MapiMessage, Octets, PropertyValue, Translation,
        address_book::{AddressBook, MapiAddress},
        entry_id, pid,
        values::Values,
    },
};

const LIST_NAME: u32 = 0x8053;
const ONE_OFF_MEMBERS: u32 = 0x8054;
const MEMBERS: u32 = 0x8055;

/// A distribution list as a card of the kind "group" (RFC 6350 §6.1.4) with a MEMBER for each address.
pub(in crate::mapi) fn group(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Component {
    let values = Values::of(message);
    let set = Guid::PSETID_ADDRESS;
    let name = values.text((set, LIST_NAME)).or_else(|| values.text(pid::DISPLAY_NAME));
    let name = name.or_else(|| values.text(pid::SUBJECT)).unwrap_or_else(|| "Group".to_owned());
    let mut card = Component::new("VCARD")
        .with(Property::new("VERSION", "4.0"))
        .with(Property::new("KIND", "group"))
        .with(Property::text("FN", name.trim()));
    card.properties.extend(common(message, translation, defects));
    let entries = |lid: u32| -> Vec<Option<Vec<u8>>> {
        let entries = values.get((set, lid)).map(PropertyValue::values).unwrap_or_default();
        entries.iter().map(|entry| entry.octets().and_then(|octets: &Octets| octets.first(64 << 10).ok())).collect()
    };
    let (members, one_offs) = (entries(MEMBERS), entries(ONE_OFF_MEMBERS));
    let book = AddressBook::new(message, &translation.addresses);
    for index in 0..members.len().max(one_offs.len()) {
        let address = |entries: &[Option<Vec<u8>>]| {
            entry_id::address(entries.get(index)?.as_deref()?, message.code_page).map(MapiAddress::from)
        };
        // A member that is a contact of this mailbox is referred to; the other list has its address as it was.
        let Some(member) = address(&one_offs).or_else(|| address(&members)) else {
            let detail = format!("member {} of \"{name}\" has no address", index + 1);
            defects.push(Defect::new(DefectKind::Recipient, detail));
            continue;
        };
        let member = book.resolve(&member, defects);
        let property = Property::new("MEMBER", format!("mailto:{}", member.address));
        card.properties.push(match member.name {
            Some(name) => property.with("X-CN", name),
            None => property,
        });
    }
    card
}
