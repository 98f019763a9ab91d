//! What is written into a PST is read out of it: every layout, every scrambling, every type of value.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::{AttachmentBody, FileTime, Guid, MapiMessage, PropertyBag, PropertyValue, pid},
    model::Role,
    read::{ItemReader, ReadOptions, pst::PstReader},
    write::pst::{Layout, Scrambling},
};
use proptest::prelude::*;
use pst_support::{CODE_PAGE, Dump, LAYOUTS, SCRAMBLINGS, Writer, dump, mail, octets, store};
use std::{io::Cursor, sync::Arc};

fn as_written(messages: &[(&str, MapiMessage)]) -> String {
    let mut dump = Dump::default();
    for (folder, message) in messages {
        dump.text.push_str(&format!("{folder}:\n"));
        dump.message(message, 1);
    }
    dump.text
}

#[test]
fn every_item_comes_back_in_every_layout() {
    for layout in LAYOUTS {
        for scrambling in SCRAMBLINGS {
            let found = dump(store(layout, scrambling), &ReadOptions::default()).unwrap();
            assert_eq!((found.messages, found.errors, found.defects), (44, 0, 0), "{layout:?} {scrambling:?}");
            assert_eq!(found.folders, ["Deleted Items", "Inbox", "Inbox/Ärenden/2024", "Calendar"]);
            let mut written = vec![
                ("Inbox", mail(layout, "first", &"long body ".repeat(2000))),
                ("Inbox", pst_support::attachments(layout, 100_000)),
                ("Inbox/Ärenden/2024", pst_support::nested(layout, 3)),
            ];
            for i in 0..40 {
                written.push(("Inbox/Ärenden/2024", mail(layout, &format!("number {i}"), "short")));
            }
            written.push(("Calendar", pst_support::every_type(layout)));
            assert_eq!(found.text, as_written(&written), "{layout:?} {scrambling:?}");
        }
    }
}

#[test]
fn hidden_and_lost_items_come_on_request() {
    let mut options = ReadOptions::default();
    options.hidden = true;
    let found = dump(store(Layout::Unicode, SCRAMBLINGS[1]), &options).unwrap();
    assert_eq!(found.messages, 45);
    assert!(found.text.contains("h\\x00i\\x00d\\x00d\\x00e\\x00n"));
    options.hidden = false;
    options.recover = true;
    let found = dump(store(Layout::Unicode, SCRAMBLINGS[1]), &options).unwrap();
    assert_eq!(found.messages, 45);
    let recovered = found.text.split("Recovered:\n").nth(1).unwrap();
    assert!(recovered.contains("o\\x00r\\x00p\\x00h\\x00a\\x00n"));
}

/// A personal address book is laid out as a PST is, under another name ([MS-PST] 2.2.2.6, wMagicClient).
#[test]
fn a_personal_address_book_is_read_and_named() {
    let mut octets = store(Layout::Unicode, SCRAMBLINGS[1]);
    octets[8..10].copy_from_slice(b"AB");
    for (checked, at) in [(8..479, 4), (8..524, 524)] {
        let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
        hasher.update(&octets[checked]);
        octets[at..at + 4].copy_from_slice(&(!hasher.finalize()).to_le_bytes());
    }
    let source = Arc::new(octets);
    let mut reader = PstReader::open(source, "a.pab", &ReadOptions::default()).unwrap();
    let mut items = 0;
    let mut defects = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items += 1;
        defects.extend(item.defects);
    }
    defects.extend(reader.take_defects());
    assert_eq!(items, 44);
    let told: Vec<String> = defects.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("personal address book (PAB)")), "{told:?}");
}

/// Entries of a size for which there is no room, under a right checksum, and a page that is of two types at once.
#[test]
fn leaves_that_describe_themselves_wrongly_are_read() {
    let whole = store(Layout::Unicode, SCRAMBLINGS[1]);
    let is_leaf = |page: &[u8]| page[496..498] == [0x81, 0x81] && page[491] == 0 && page[490] == 32;
    let leaves: Vec<usize> = (0..whole.len() - 511).step_by(512).filter(|at| is_leaf(&whole[*at..])).collect();
    assert!(!leaves.is_empty());
    for leaf in leaves {
        let mut sealed = whole.clone();
        sealed[leaf + 490] = 185;
        let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
        hasher.update(&sealed[leaf..leaf + 496]);
        sealed[leaf + 500..leaf + 504].copy_from_slice(&(!hasher.finalize()).to_le_bytes());
        let mut doubtful = whole.clone();
        doubtful[leaf + 496] = 0xD3;
        for broken in [sealed, doubtful] {
            let found = dump(broken, &ReadOptions::default()).unwrap();
            assert!(found.messages >= 44 && found.defects > 0, "{} messages, leaf at {leaf}", found.messages);
        }
    }
}

#[test]
fn a_folder_of_many_messages_is_read_row_by_row() {
    for layout in LAYOUTS {
        let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[0]).unwrap();
        let folder = pst.add_folder(Writer::MAILBOX, "Many", "IPF.Note");
        for i in 0..3_000 {
            pst.add_message(folder, &mail(layout, &format!("{i}"), "")).unwrap();
        }
        let mut reader =
            PstReader::open(Arc::new(pst.finish().unwrap().into_inner()), "many", &ReadOptions::default()).unwrap();
        for i in 0..3_000 {
            let stored = reader.next_message().unwrap().unwrap();
            assert_eq!(stored.message.properties.text(pid::SUBJECT, CODE_PAGE, 64), Some(i.to_string()));
        }
        assert!(reader.next_message().unwrap().is_none());
    }
}

#[test]
fn an_attachment_of_many_blocks_is_read_anywhere() {
    for (layout, len) in [(Layout::Ansi, 20 << 20), (Layout::Unicode, 10 << 20), (Layout::Unicode4k, 10 << 20)] {
        let large = octets(len, 1);
        let mut message = mail(layout, "large", "");
        let body = AttachmentBody::Data(large.clone().into());
        message.attachments = Arc::new(vec![pst_support::attachment(layout, "large.bin", 1, body)]);
        let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[2]).unwrap();
        pst.add_message(Writer::DELETED_ITEMS, &message).unwrap();
        let mut reader =
            PstReader::open(Arc::new(pst.finish().unwrap().into_inner()), "large", &ReadOptions::default()).unwrap();
        let stored = reader.next_message().unwrap().unwrap();
        assert_eq!(stored.folder.role, Some(Role::Trash));
        let AttachmentBody::Data(content) = stored.message.attachments.open(0).unwrap().body else { panic!() };
        assert_eq!(content.len(), len as u64);
        for from in [0, 8_175, 8_176, 8_180, 65_511, 65_512, 8_347_700, len as u64 - 5] {
            let read = content.slice(from..from + 10).to_vec(10).unwrap();
            let from = from as usize;
            assert_eq!(read, large[from..(from + 10).min(len)]);
        }
        assert_eq!(content.to_vec(len).unwrap(), large);
    }
}

fn value(layout: Layout) -> impl Strategy<Value = PropertyValue> {
    let one = prop_oneof![
        any::<i16>().prop_map(PropertyValue::Integer16),
        any::<i32>().prop_map(PropertyValue::Integer32),
        any::<i64>().prop_map(PropertyValue::Integer64),
        any::<bool>().prop_map(PropertyValue::Boolean),
        any::<u64>().prop_map(|time| PropertyValue::Time(FileTime(time))),
        any::<[u8; 16]>().prop_map(|octets| PropertyValue::Guid(Guid(octets))),
        "[ -ÿ]{0,40}".prop_map(move |text| pst_support::text(layout, &text)),
        // Around the sizes at which a value leaves the heap, and at which it needs more than one block.
        prop_oneof![0..20_usize, 3_570..3_590_usize, 8_170..8_190_usize, 65_500..65_530_usize]
            .prop_map(|len| PropertyValue::Binary(octets(len, len as u32).into())),
    ];
    let several = prop_oneof![
        prop::collection::vec(any::<i32>().prop_map(PropertyValue::Integer32), 1..2_000),
        prop::collection::vec("[ -ÿ]{0,9}".prop_map(move |text| pst_support::text(layout, &text)), 1..400),
    ];
    prop_oneof![4 => one, 1 => several.prop_map(PropertyValue::Multiple)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_properties_come_back(
        (layout, scrambling, properties) in (0..3_usize, 0..3_usize).prop_flat_map(|(layout, scrambling)| {
            let properties = prop::collection::btree_map(0x6000_u16..0x67F0, value(LAYOUTS[layout]), 0..60);
            (Just(LAYOUTS[layout]), Just(SCRAMBLINGS[scrambling]), properties)
        })
    ) {
        let mut bag = PropertyBag::default();
        for (id, value) in properties {
            bag.insert(id, value);
        }
        let message = MapiMessage::new(bag);
        let mut pst = Writer::new(Cursor::new(Vec::new()), layout, scrambling).unwrap();
        pst.add_message(Writer::DELETED_ITEMS, &message).unwrap();
        let found = dump(pst.finish().unwrap().into_inner(), &ReadOptions::default()).unwrap();
        prop_assert_eq!(found.errors + found.defects, 0);
        prop_assert_eq!(found.text, as_written(&[("Deleted Items", message)]));
    }
}

/// Progress is the part of the messages that is behind, whatever sizes the store claims for them.
#[test]
fn the_position_grows_with_every_message_to_the_end_of_the_file() {
    let octets = store(Layout::Unicode, SCRAMBLINGS[1]);
    let len = octets.len() as u64;
    let mut reader = PstReader::open(Arc::new(octets), "a.pst", &ReadOptions::default()).unwrap();
    let mut positions = vec![reader.position()];
    while reader.next_item().unwrap().is_some() {
        positions.push(reader.position());
    }
    // The store has one message more, which no folder lists.
    let (first, last) = (positions[0], positions[44]);
    assert!(first == 0 && last > len * 9 / 10 && last <= len, "{last} of {len}");
    assert!(
        positions.windows(2).all(|pair| pair[1] - pair[0] <= len / 44 + 1 && (pair[0] < pair[1] || pair[1] == last))
    );
}

/// The packages of other languages cannot make one.
#[test]
fn a_store_lies_where_the_tests_of_other_languages_look() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/store.pst");
    std::fs::write(path, store(Layout::Unicode, Scrambling::Permute)).unwrap();
}
