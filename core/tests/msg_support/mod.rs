//! Messages written as files of their own ([MS-OXMSG]) for tests.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod compound;
pub(crate) mod large;

use compound::{Made, Node, compound};
use mailferry::mapi::{AttachmentBody, Guid, MapiMessage, PropertyBag, PropertyName, PropertyValue, pid};

/// The octets of the file that holds a message.
pub(crate) fn msg(message: &MapiMessage) -> Vec<u8> {
    made(message, 512).octets
}

pub(crate) fn made(message: &MapiMessage, sector: usize) -> Made {
    let mut names = Names::default();
    let mut inside = names.message(message, 32);
    inside.push(("__nameid_version1.0".to_owned(), names.storage()));
    compound(inside, sector)
}

/// The names of properties, in the order in which they were met.
#[derive(Default)]
struct Names(Vec<PropertyName>);

type Inside = Vec<(String, Node)>;

impl Names {
    fn id(&mut self, id: u16, bag: &PropertyBag) -> u16 {
        let Some(name) = bag.names().name(id).filter(|_| id >= 0x8000) else { return id };
        let place = self.0.iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| {
            self.0.push(name.clone());
            self.0.len() - 1
        });
        0x8000 + place as u16
    }

    /// The three streams ([MS-OXMSG] 2.2.3.1).
    fn storage(&self) -> Node {
        let (mut sets, mut entries, mut strings): (Vec<Guid>, Vec<u8>, Vec<u8>) = Default::default();
        for (index, name) in self.0.iter().enumerate() {
            let (set, number, is_string) = match name {
                PropertyName::Lid(set, lid) => (set, *lid, 0),
                PropertyName::Name(set, name) => {
                    let at = strings.len() as u32;
                    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
                    strings.extend((units.len() as u32).to_le_bytes());
                    strings.extend(units);
                    strings.resize(strings.len().next_multiple_of(4), 0);
                    (set, at, 1)
                }
            };
            let place = match *set {
                Guid::PS_MAPI => 1,
                Guid::PS_PUBLIC_STRINGS => 2,
                set => {
                    let known = sets.iter().position(|known| *known == set);
                    3 + known.unwrap_or_else(|| {
                        sets.push(set);
                        sets.len() - 1
                    }) as u16
                }
            };
            entries.extend(number.to_le_bytes());
            entries.extend((place << 1 | is_string).to_le_bytes());
            entries.extend((index as u16).to_le_bytes());
        }
        let sets = sets.iter().flat_map(|set| set.0).collect();
        let stream = |id: &str, octets| (format!("__substg1.0_{id}0102"), Node::Stream(octets));
        Node::Storage(vec![stream("0002", sets), stream("0003", entries), stream("0004", strings)])
    }

    fn message(&mut self, message: &MapiMessage, header: usize) -> Inside {
        let mut inside = self.bag(&message.properties, header, None);
        for (i, recipient) in message.recipients.iter().enumerate() {
            inside.push((format!("__recip_version1.0_#{i:08X}"), Node::Storage(self.bag(recipient, 8, None))));
        }
        for i in 0..message.attachments.len() {
            let attachment = message.attachments.open(i).unwrap();
            let stream = |content: &mailferry::source::Content| Node::Stream(content.to_vec(usize::MAX).unwrap());
            let data = match &attachment.body {
                AttachmentBody::None => None,
                AttachmentBody::Data(content) | AttachmentBody::Ole(content) => Some((0x0102, stream(content))),
                AttachmentBody::Message(embedded) => {
                    Some((0x000D, Node::Storage(self.message(&embedded.open().unwrap(), 24))))
                }
            };
            let inside_it = self.bag(&attachment.properties, 8, data);
            inside.push((format!("__attach_version1.0_#{i:08X}"), Node::Storage(inside_it)));
        }
        inside
    }

    fn bag(&mut self, bag: &PropertyBag, header: usize, data: Option<(u16, Node)>) -> Inside {
        let mut records = vec![0; header];
        let mut inside = Inside::new();
        let mut record = |tag: u32, value: [u8; 8]| {
            records.extend(tag.to_le_bytes());
            records.extend(6_u32.to_le_bytes());
            records.extend(value);
        };
        for (id, value) in bag.iter() {
            let (kind, stored) = stored(value);
            let tag = u32::from(self.id(id, bag)) << 16 | u32::from(kind);
            match stored {
                Stored::Here(value) => record(tag, value),
                Stored::Stream(octets, terminator) => {
                    record(tag, (octets.len() as u64 + terminator).to_le_bytes());
                    inside.push((format!("__substg1.0_{tag:08X}"), Node::Stream(octets)));
                }
                Stored::Streams(list, streams) => {
                    record(tag, (list.len() as u64).to_le_bytes());
                    inside.push((format!("__substg1.0_{tag:08X}"), Node::Stream(list)));
                    for (i, octets) in streams.into_iter().enumerate() {
                        inside.push((format!("__substg1.0_{tag:08X}-{i:08X}"), Node::Stream(octets)));
                    }
                }
            }
        }
        if let Some((kind, node)) = data {
            let tag = u32::from(pid::ATTACH_DATA) << 16 | u32::from(kind);
            record(tag, if kind == 0x000D { [255, 255, 255, 255, 1, 0, 0, 0] } else { [0; 8] });
            inside.push((format!("__substg1.0_{tag:08X}"), node));
        }
        inside.push(("__properties_version1.0".to_owned(), Node::Stream(records)));
        inside
    }
}

enum Stored {
    Here([u8; 8]),
    /// In a stream, and how many octets its end mark would have.
    Stream(Vec<u8>, u64),
    /// The stream of lengths, and one for each value.
    Streams(Vec<u8>, Vec<Vec<u8>>),
}

/// The type of a value, and how it is stored.
fn stored(value: &PropertyValue) -> (u16, Stored) {
    let here = |octets: &[u8]| {
        let mut value = [0; 8];
        value[..octets.len()].copy_from_slice(octets);
        Stored::Here(value)
    };
    let octets = |octets: &mailferry::mapi::Octets| octets.to_vec(usize::MAX).unwrap();
    match value {
        PropertyValue::Null => (0x0001, here(&[])),
        PropertyValue::Integer16(value) => (0x0002, here(&value.to_le_bytes())),
        PropertyValue::Integer32(value) => (0x0003, here(&value.to_le_bytes())),
        PropertyValue::Floating(value) => (0x0005, here(&value.to_le_bytes())),
        PropertyValue::FloatingTime(value) => (0x0007, here(&value.to_le_bytes())),
        PropertyValue::ErrorCode(value) => (0x000A, here(&value.to_le_bytes())),
        PropertyValue::Boolean(value) => (0x000B, here(&[u8::from(*value)])),
        PropertyValue::Integer64(value) => (0x0014, here(&value.to_le_bytes())),
        PropertyValue::Time(value) => (0x0040, here(&value.0.to_le_bytes())),
        PropertyValue::Guid(value) => (0x0048, Stored::Stream(value.0.to_vec(), 0)),
        PropertyValue::String8(value) => (0x001E, Stored::Stream(octets(value), 1)),
        PropertyValue::String(value) => (0x001F, Stored::Stream(octets(value), 2)),
        PropertyValue::Binary(value) => (0x0102, Stored::Stream(octets(value), 0)),
        PropertyValue::Multiple(values) => {
            let values: Vec<_> = values.iter().map(stored).collect();
            let kind = values.first().map_or(0x001F, |(kind, _)| *kind);
            if matches!(kind, 0x001E | 0x001F | 0x0102) {
                let (mut list, mut streams) = (Vec::new(), Vec::new());
                for (_, value) in values {
                    let Stored::Stream(octets, _) = value else { panic!("a text or octets") };
                    list.extend((octets.len() as u32).to_le_bytes());
                    if kind == 0x0102 {
                        list.extend([0; 4]);
                    }
                    streams.push(octets);
                }
                return (kind | 0x1000, Stored::Streams(list, streams));
            }
            let size = match kind {
                0x0002 => 2,
                0x0003 => 4,
                0x0048 => 16,
                _ => 8,
            };
            let one = |(_, value): (u16, Stored)| match value {
                Stored::Here(value) => value[..size].to_vec(),
                Stored::Stream(octets, _) | Stored::Streams(octets, _) => octets,
            };
            (kind | 0x1000, Stored::Stream(values.into_iter().flat_map(one).collect(), 0))
        }
        other => panic!("{other:?} is of no type that is written"),
    }
}
