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
const MEMBER_STREAM: u32 = 0x8064;

/// Octets of the stream of members that are read.
const MAX_STREAM: usize = 64 << 20;

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
    let book = AddressBook::new(message, &translation.addresses);
    for (index, member) in members(values, &name, defects).into_iter().enumerate() {
        // A member that is a contact of this mailbox is referred to; the other list has its address as it was.
        let addresses = [&member.one_off, &member.entry].into_iter().map(|id| entry_id::address(id, message.code_page));
        let addresses: Vec<_> = addresses.flatten().collect();
        let known = addresses.iter().find(|address| !address.address.trim().is_empty()).or_else(|| addresses.first());
        let Some(member) = known.cloned().map(MapiAddress::from) else {
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

/// The entry identifiers of a member.
struct Member {
    entry: Vec<u8>,
    one_off: Vec<u8>,
}

/// The members: of the stream, where there is one, for then the two properties may be what is left of an older list
/// ([MS-OXOCNTC] 2.2.2.2.4); else of those.
fn members(values: Values<'_>, name: &str, defects: &mut Vec<Defect>) -> Vec<Member> {
    let set = Guid::PSETID_ADDRESS;
    if let Some(octets) = values.octets((set, MEMBER_STREAM)) {
        let mut tell = |what: &str| {
            let detail = format!("the list of the members of \"{name}\" {what}");
            defects.push(Defect::new(DefectKind::Recipient, detail));
        };
        let stream = octets.first(MAX_STREAM).unwrap_or_default();
        match entry_id::list_stream(&stream) {
            Some((members, is_cut)) => {
                if is_cut {
                    tell("is incomplete: some members are lost");
                }
                let owned = |member: entry_id::Member<'_>| Member {
                    entry: member.entry.to_vec(),
                    one_off: member.one_off.to_vec(),
                };
                return members.into_iter().map(owned).collect();
            }
            None => tell("cannot be read: its members were taken from an older list in the same item"),
        }
    }
    let entries = |lid: u32| -> Vec<Vec<u8>> {
        let entries = values.get((set, lid)).map(PropertyValue::values).unwrap_or_default();
        let octets = |entry: &PropertyValue| entry.octets().and_then(|octets: &Octets| octets.first(64 << 10).ok());
        entries.iter().map(|entry| octets(entry).unwrap_or_default()).collect()
    };
    let (members, one_offs) = (entries(MEMBERS), entries(ONE_OFF_MEMBERS));
    let count = members.len().max(one_offs.len());
    let at = |list: &[Vec<u8>], index: usize| list.get(index).cloned().unwrap_or_default();
    (0..count).map(|index| Member { entry: at(&members, index), one_off: at(&one_offs, index) }).collect()
}
