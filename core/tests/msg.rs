//! MSG files are read as stores are: the same message object gives the same item, whichever of the two it lies in.
#![cfg(feature = "outlook")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

mod dice;
mod msg_support;
mod pst_support;

use dice::Dice;
use mailferry::{
    Defect, DefectKind, ErrorKind, Limits,
    mapi::{
        AttachmentBody, FileTime, Guid, MapiMessage, NamedProperties, PropertyBag, PropertyName, PropertyValue, pid,
    },
    model::{Item, ItemKind},
    read::{Event, ItemReader, Mailbox, ReadOptions, msg::MsgReader, pst::PstReader},
    write::pst::{Layout, Scrambling},
};
use msg_support::{
    compound::{Made, Node, compound},
    large::Large,
    made, msg,
};
use pst_support::{Dump, Writer, attachment, attachments, every_type, mail, nested, octets, recipient, text};
use std::{
    fmt::Write as _,
    io::Cursor,
    sync::Arc,
    time::{Duration, Instant},
};

const UNICODE: Layout = Layout::Unicode;
/// The longest that one broken file may take; it is far more than any needs.
const PATIENCE: Duration = Duration::from_secs(20);

fn open(octets: Vec<u8>) -> MsgReader {
    MsgReader::open(Arc::new(octets), "test.msg", &ReadOptions::default()).unwrap()
}

fn item(octets: Vec<u8>) -> Item {
    let mut reader = open(octets);
    let item = reader.next_item().unwrap().unwrap();
    assert!(reader.next_item().unwrap().is_none());
    item
}

/// A message of a class with named properties, besides what a mail has.
fn of_class(layout: Layout, class: &str, named: &[(PropertyName, PropertyValue)]) -> MapiMessage {
    let mut names = NamedProperties::default();
    for (i, (name, _)) in named.iter().enumerate() {
        names.insert(0x8000 + i as u16, name.clone());
    }
    let mut message = mail(layout, "Zoë's item", "What it is about");
    let mut bag = PropertyBag::new(Arc::new(names));
    message.properties.iter().for_each(|(id, value)| bag.insert(id, value.clone()));
    named.iter().enumerate().for_each(|(i, (_, value))| bag.insert(0x8000 + i as u16, value.clone()));
    bag.set(pid::MESSAGE_CLASS, text(layout, class));
    message.properties = bag;
    message
}

/// A message object of every kind.
fn every_kind(layout: Layout) -> Vec<(&'static str, MapiMessage)> {
    let lid = |set, lid| PropertyName::Lid(set, lid);
    let time = |hour: u64| PropertyValue::Time(FileTime(132_000_000_000_000_000 + hour * 36_000_000_000));
    let mut exchange = mail(layout, "from Exchange", "body");
    exchange.properties.set(0x0C1E, text(layout, "EX"));
    exchange.properties.set(0x0C1F, text(layout, "/o=Org/cn=ann"));
    exchange.recipients = vec![
        recipient(layout, 1, "Bob", "bob@example.com"),
        recipient(layout, 2, "Ann", "/o=Org/cn=ann"),
        recipient(layout, 3, "Gruppe Süd", "south@example.com"),
    ];
    exchange.recipients[1].set(0x3002, text(layout, "EX"));
    exchange.recipients[1].insert(0x39FE, text(layout, "ann@example.com"));
    exchange.attachments =
        Arc::new(vec![attachment(layout, "inner", 5, AttachmentBody::Message(Arc::new(exchange.clone())))]);
    let mut html = mail(layout, "html", "plain");
    html.properties.insert(0x1013, PropertyValue::Binary(b"<p>Gr\xc3\xbc\xc3\x9fe</p>".to_vec().into()));
    html.properties.insert(0x3FDE, PropertyValue::Integer32(65_001));
    let mut picture = attachment(layout, "a.png", 1, AttachmentBody::Data(octets(7_000, 8).into()));
    picture.properties.insert(0x3712, text(layout, "pic@1"));
    html.attachments = Arc::new(vec![picture]);
    let mut linked = mail(layout, "a link", "see there");
    let mut link = attachment(layout, "plan.doc", 7, AttachmentBody::None);
    link.properties.insert(pid::ATTACH_LONG_PATHNAME, text(layout, "https://x.example/plan.doc"));
    linked.attachments = Arc::new(vec![link]);
    vec![
        ("mail", mail(layout, "first", &"long body ".repeat(2000))),
        ("attachments", attachments(layout, 100_000)),
        ("nested", nested(layout, 3)),
        ("every type", every_type(layout)),
        ("exchange", exchange),
        ("html", html),
        ("link", linked),
        (
            "appointment",
            of_class(
                layout,
                "IPM.Appointment",
                &[
                    (lid(Guid::PSETID_APPOINTMENT, 0x820D), time(1)),
                    (lid(Guid::PSETID_APPOINTMENT, 0x820E), time(2)),
                    (lid(Guid::PSETID_APPOINTMENT, 0x8208), text(layout, "Raum 7")),
                    (lid(Guid::PSETID_COMMON, 0x8503), PropertyValue::Boolean(true)),
                    (
                        PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned()),
                        PropertyValue::Multiple(vec![text(layout, "rot"), text(layout, "grün")]),
                    ),
                ],
            ),
        ),
        (
            "task",
            of_class(
                layout,
                "IPM.Task",
                &[
                    (lid(Guid::PSETID_TASK, 0x8105), time(30)),
                    (lid(Guid::PSETID_TASK, 0x8102), PropertyValue::Floating(0.25)),
                    (lid(Guid::PSETID_TASK, 0x811F), text(layout, "Zoë")),
                ],
            ),
        ),
        (
            "contact",
            of_class(
                layout,
                "IPM.Contact",
                &[
                    (lid(Guid::PSETID_ADDRESS, 0x8083), text(layout, "zoe@example.com")),
                    (lid(Guid::PSETID_ADDRESS, 0x8005), text(layout, "Zoë Doe")),
                    (lid(Guid::PSETID_ADDRESS, 0x8062), text(layout, "zoe@chat.example")),
                ],
            ),
        ),
        ("list", of_class(layout, "IPM.DistList", &[(lid(Guid::PSETID_ADDRESS, 0x8053), text(layout, "Gruppe Süd"))])),
        ("note", of_class(layout, "IPM.StickyNote", &[(lid(Guid::PSETID_NOTE, 0x8B00), PropertyValue::Integer32(3))])),
        ("journal", of_class(layout, "IPM.Activity", &[(lid(Guid::PSETID_LOG, 0x8706), time(5))])),
        ("report", of_class(layout, "REPORT.IPM.Note.NDR", &[])),
        ("unknown", of_class(layout, "IPM.Custom.Thing", &[])),
    ]
}

/// What becomes of an item: its octets, and all that is told beside them.
fn seen(item: &Item) -> (Vec<u8>, String) {
    let mut octets = Vec::new();
    match &item.kind {
        ItemKind::Message(message) => drop(message.content().write_to(&mut octets).unwrap()),
        ItemKind::Calendar(calendar) => drop(calendar.to_content().unwrap().write_to(&mut octets).unwrap()),
        ItemKind::Contact(card) => drop(card.content().write_to(&mut octets).unwrap()),
        other => panic!("{other:?}"),
    }
    let mut told = format!("{:?} {:?}", item.keywords, item.received);
    item.defects.iter().for_each(|defect| writeln!(told, "{defect}").unwrap());
    (octets, told)
}

#[test]
fn an_item_is_the_same_out_of_a_store_and_out_of_a_file() {
    for layout in [Layout::Ansi, Layout::Unicode] {
        for (what, message) in every_kind(layout) {
            let mut pst = Writer::new(Cursor::new(Vec::new()), layout, Scrambling::Permute).unwrap();
            let folder = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
            pst.add_message(folder, &message).unwrap();
            let store = pst.finish().unwrap().into_inner();
            let mut options = ReadOptions::default();
            // What is taken for the code page of 8-bit text is told for a store once, and here for the message.
            options.code_page = Some(1252);
            let mut reader = PstReader::open(Arc::new(store), "a.pst", &options).unwrap();
            let stored = seen(&reader.next_item().unwrap().unwrap());
            for sector in [512, 4096] {
                let file = made(&message, sector).octets;
                let mut reader = MsgReader::open(Arc::new(file), "a.msg", &options).unwrap();
                let read = seen(&reader.next_item().unwrap().unwrap());
                assert_eq!(String::from_utf8_lossy(&read.0), String::from_utf8_lossy(&stored.0), "{what}, {layout:?}");
                assert_eq!(read.1, stored.1, "{what}, {layout:?}");
            }
        }
    }
}

/// All that is in a file, read to its last octet, and what is told.
fn everything(octets: &[u8]) -> Option<(Dump, Vec<String>)> {
    let start = Instant::now();
    let mut dump = Dump::default();
    let mut told = Vec::new();
    let mut reader = MsgReader::open(Arc::new(octets.to_vec()), "test.msg", &ReadOptions::default()).ok()?;
    if let Ok(message) = reader.message() {
        dump.message(&message, 0);
    }
    let mut reader_again = MsgReader::open(Arc::new(octets.to_vec()), "test.msg", &ReadOptions::default()).ok()?;
    if let Ok(Some(item)) = reader_again.next_item() {
        let (octets, _) = seen(&item);
        assert!(!octets.is_empty());
        told.extend(item.defects.iter().map(ToString::to_string));
    }
    told.extend(reader.take_defects().iter().map(ToString::to_string));
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    Some((dump, told))
}

fn is_told(octets: &[u8], what: &str) {
    let (_, told) = everything(octets).unwrap_or_default();
    assert!(told.iter().any(|told| told.contains(what)), "{what}: {told:?}");
}

/// The number of the first sector of the stream of an entry.
fn start_of(file: &Made, entry: usize) -> usize {
    file.get(entry + 116) as usize
}

/// The entry of the large attachment in a file with one.
fn large(file: &Made) -> usize {
    let entries = file.entries("__substg1.0_37010102");
    *entries.iter().find(|at| file.get(**at + 120) == 100_000).unwrap()
}

#[test]
fn chains_that_are_broken_are_told_and_what_is_before_is_kept() {
    let message = attachments(UNICODE, 100_000);
    for sector in [512, 4096] {
        let whole = || made(&message, sector);
        let link = |file: &Made, sector: usize| file.at(file.fat) + 4 * sector;
        let (_, told) = everything(&whole().octets).unwrap();
        assert!(told.len() == 1 && told[0].contains("no data for the attachment \"empty.txt\""), "{told:?}");
        // A circle, at its first sector, and further on back to an earlier one.
        for (from, to) in [(0, 0), (1, 0), (10, 3)] {
            let mut file = whole();
            let start = start_of(&file, large(&file));
            let at = link(&file, start + from);
            file.set(at, (start + to) as u32);
            is_told(&file.octets, "linked in a circle");
        }
        // Beyond the end, free, and too early an end.
        for (to, what) in [
            (0x00FF_FFFF, "beyond the end of the file"),
            (0xFFFF_FFFF, "fewer sectors than it should"),
            (0xFFFF_FFFE, "fewer sectors than it should"),
            (0xFFFF_FFFB, "fewer sectors than it should"),
        ] {
            let mut file = whole();
            let at = link(&file, start_of(&file, large(&file)) + 4);
            file.set(at, to);
            is_told(&file.octets, what);
        }
        // More than the file has, and the sectors of another stream.
        let mut file = whole();
        let at = large(&file);
        file.set(at + 120, 0x7FFF_FFFF);
        is_told(&file.octets, "fewer sectors than it should");
        let mut file = whole();
        let other = file.entries("__substg1.0_37010102").into_iter().find(|at| file.get(*at + 120) == 20_000).unwrap();
        let start = file.get(large(&file) + 116);
        file.set(other + 116, start);
        is_told(&file.octets, "belong to another stream too");
        // Short streams: a circle gives no more than their length, and one beyond the end is told.
        for (to, what) in [(0, None), (0x00FF_FFFF, Some("fewer sectors"))] {
            let mut file = whole();
            let properties = file.entries("__properties_version1.0")[0];
            let at = file.at(file.mini_fat) + 4 * start_of(&file, properties);
            file.set(at, if to == 0 { start_of(&file, properties) as u32 } else { to });
            match what {
                Some(what) => is_told(&file.octets, what),
                None => assert!(everything(&file.octets).is_some()),
            }
        }
    }
}

#[test]
fn a_file_that_is_cut_off_is_told_as_cut_short_wherever_it_is() {
    for sector in [512, 4096] {
        let whole = made(&every_kind(Layout::Unicode).remove(0).1, sector).octets;
        let cuts_short = |octets: &[u8]| {
            let mut reader = MsgReader::open(Arc::new(octets.to_vec()), "a.msg", &ReadOptions::default()).ok()?;
            while let Ok(Some(_)) = reader.next_item() {}
            Some(reader.take_defects().iter().any(Defect::cuts_short))
        };
        assert_eq!(cuts_short(&whole), Some(false));
        let mut cut = 0;
        for twelfths in 1..12 {
            // What has no directory any more is an error.
            let Some(told) = cuts_short(&whole[..whole.len() * twelfths / 12]) else { continue };
            assert!(told, "{sector}: {twelfths} twelfths");
            cut += 1;
        }
        assert!(cut > 2, "{sector}: {cut}");
    }
}

#[test]
fn storages_in_a_circle_are_gone_through_once() {
    let message = nested(UNICODE, 2);
    let names = ["__attach_version1.0_#00000000", "__substg1.0_3701000D", "__properties_version1.0"];
    for name in names {
        let count = made(&message, 512).entries(name).len();
        for (i, field, to_root) in (0..count)
            .flat_map(|i| [68, 72, 76].map(|field| (i, field)))
            .flat_map(|(i, field)| [true, false].map(|to_root| (i, field, to_root)))
        {
            let mut file = made(&message, 512);
            let at = file.entries(name)[i];
            let own = (at - file.at(file.directory)) / 128;
            file.set(at + field, if to_root { 0 } else { own as u32 });
            // The child of a stream is nobody's.
            if field != 76 || name != "__properties_version1.0" {
                is_told(&file.octets, "linked in a circle, or belong to another one too");
            } else {
                assert!(everything(&file.octets).is_some());
            }
            file.set(at + field, 0x00FF_FFFF);
            assert!(everything(&file.octets).is_some());
        }
    }
}

#[test]
fn lists_of_the_allocation_table_are_followed_as_far_as_the_file_goes() {
    // More of the table than the header has room for.
    let message = || {
        let mut message = mail(UNICODE, "large", "see there");
        let body = AttachmentBody::Data(octets(8_000_000, 1).into());
        message.attachments = Arc::new(vec![attachment(UNICODE, "large.bin", 1, body)]);
        message
    };
    let (whole, told) = everything(&made(&message(), 512).octets).unwrap();
    assert!(told.is_empty() && whole.attachments == 1);
    let next = |file: &Made| file.at(0) + 508;
    // A list that goes on in itself, in a sector beyond the end, and that repeats one sector of the table.
    for break_it in [
        (|file: &mut Made, at: usize| file.set(at, 0)) as fn(&mut Made, usize),
        |file, at| file.set(at, 0x00FF_FFFF),
        |file, at| (0..127).for_each(|i| file.set(at - 508 + 4 * i, 1)),
        |file, _| file.set(68, 0x00FF_FFFF),
        |file, _| file.set(68, 0xFFFF_FFFE),
        |file, _| (0..109).for_each(|i| file.set(76 + 4 * i, 1)),
        |file, _| (0..109).for_each(|i| file.set(76 + 4 * i, 0x00FF_FFFF)),
    ] {
        let mut file = made(&message(), 512);
        let at = next(&file);
        break_it(&mut file, at);
        // What is behind it is lost and that is told, or nothing that was needed is.
        if let Some((dump, told)) = everything(&file.octets) {
            assert!(told.len() < 100 && (!told.is_empty() || dump.text == whole.text), "{told:?}");
        }
    }
}

#[test]
fn lists_of_the_allocation_table_in_a_circle_are_told() {
    let mut message = mail(UNICODE, "large", "see there");
    let body = AttachmentBody::Data(octets(5_000, 1).into());
    message.attachments = Arc::new(vec![attachment(UNICODE, "large.bin", 1, body)]);
    // Two lists, the second of which is needed.
    let mut large = Large::new(&message, "__substg1.0_37010102", (32 << 10, false), |at| at as u8);
    large.is_circular = true;
    let start = Instant::now();
    let mut reader = MsgReader::open(Arc::new(large), "large.msg", &ReadOptions::default()).unwrap();
    let item = reader.next_item().unwrap().unwrap();
    assert!(told(&item).contains("is damaged"), "{}", told(&item));
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
}

#[test]
fn tables_that_are_broken_are_told_or_refused() {
    const CIRCLE: &str = "its sectors belong to another stream too, or are linked in a circle";
    const BEYOND: &str = "its sectors lie beyond the end of the file";
    let message = attachments(UNICODE, 100_000);
    for sector in [512, 4096] {
        let whole = || made(&message, sector);
        let root = |file: &Made| file.entries("Root Entry")[0];
        let first = |file: &Made, table: usize| match table {
            0 => file.directory,
            1 => file.get(root(file) + 116) as usize,
            _ => file.mini_fat,
        };
        for (table, what) in
            ["the directory", "the stream of short streams", "the table of short streams"].iter().enumerate()
        {
            // Each goes on in its first sector, and beyond the end of the file.
            for (circular, why) in [(true, CIRCLE), (false, BEYOND)] {
                let mut file = whole();
                let start = first(&file, table);
                let at = file.at(file.fat) + 4 * start;
                let is_one_sector = file.get(at) == 0xFFFF_FFFE;
                file.set(at, if circular { start as u32 } else { 0x00FF_FFFF });
                // The stream of short streams has a length: behind it nothing is looked at.
                if table == 1 && is_one_sector {
                    continue;
                }
                let what = format!("{what} of the compound file is damaged: {why}");
                match MsgReader::open(Arc::new(file.octets.clone()), "a.msg", &ReadOptions::default()) {
                    Ok(_) => is_told(&file.octets, &what),
                    Err(error) => {
                        assert!(error.kind() == ErrorKind::Malformed && error.to_string().contains(&what), "{error}");
                    }
                }
            }
        }
        for (at, lost) in [(48, true), (60, false)] {
            let mut file = whole();
            file.set(at, 0x00FF_FFFF);
            match MsgReader::open(Arc::new(file.octets.clone()), "a.msg", &ReadOptions::default()) {
                Ok(_) => is_told(&file.octets, BEYOND),
                Err(error) => assert!(lost && error.kind() == ErrorKind::Malformed, "{error}"),
            }
        }
    }
}

#[test]
fn defects_of_many_parts_are_told_in_part() {
    const MANY: usize = 2_500;
    for (prefix, kind) in [("__recip_version1.0_#", "recipients"), ("__attach_version1.0_#", "attachments")] {
        // None has its stream of properties.
        let mut inside: Vec<_> =
            (0..MANY).map(|i| (format!("{prefix}{i:08X}"), Node::Storage(vec![stream("x", vec![1])]))).collect();
        inside.push(stream("__properties_version1.0", vec![0; 32]));
        let item = item(compound(inside, 512).octets);
        let last = item.defects.last().unwrap().to_string();
        assert!((1_000..1_100).contains(&item.defects.len()), "{}", item.defects.len());
        assert!(told(&item).contains(&format!("more defects of {kind}")), "{last}");
    }
}

#[test]
fn objects_in_objects_are_taken_out_to_the_limit() {
    let write = || {
        let mut inside = vec![stream("CONTENTS", vec![7; 100])];
        for _ in 0..1_000 {
            inside = vec![("deeper".to_owned(), Node::Storage(inside))];
        }
        let attached = Node::Storage(vec![
            stream("__properties_version1.0", [vec![0; 8], record(0x3705_0003, 6)].concat()),
            ("__substg1.0_3701000D".to_owned(), Node::Storage(inside)),
        ]);
        let message = vec![
            stream("__properties_version1.0", vec![0; 32]),
            ("__attach_version1.0_#00000000".to_owned(), attached),
        ];
        compound(message, 512).octets
    };
    let writer = std::thread::Builder::new().stack_size(64 << 20).spawn(write).unwrap();
    let item = item(writer.join().unwrap());
    assert!(told(&item).contains("too many storages and streams"), "{}", told(&item));
}

#[test]
fn properties_of_any_length_are_read_as_far_as_they_go() {
    let stream = |name: &str, octets: Vec<u8>| (name.to_owned(), Node::Stream(octets));
    let subject = "Hi".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for len in (0..120).chain([5_000, 70_000, 2_000_000]) {
        let mut properties = vec![0; len];
        let flags: Vec<u8> = [0x0E07_0003_u32, 6, 9, 0].iter().flat_map(|number| number.to_le_bytes()).collect();
        // What stands before them has 24 octets where 32 would leave no whole number of properties.
        let header = if len % 16 == 8 { 24 } else { 32 };
        if let Some(place) = properties.get_mut(header..header + 16) {
            place.copy_from_slice(&flags);
        }
        let inside = vec![
            stream("__properties_version1.0", properties),
            stream("__substg1.0_0037001F", subject.clone()),
            stream("__substg1.0_zzzz", Vec::new()),
        ];
        let item = item(compound(inside, 512).octets);
        // What is a value is there, listed or not.
        assert_eq!(item.message().unwrap().subject().unwrap().as_deref(), Some("Hi"), "{len}");
        let is_whole = len >= 24 && len % 8 == 0 && len < 1 << 20;
        let of_properties = item.defects.iter().filter(|defect| defect.kind() == DefectKind::Property);
        let (unknown, told): (Vec<_>, Vec<_>) = of_properties.partition(|defect| defect.detail().contains("zzzz"));
        assert_eq!(unknown.len(), 1, "{len}");
        assert_eq!(told.is_empty(), is_whole, "{len}: {told:?}");
        if len >= 48 && len % 8 == 0 {
            assert!(item.keywords.contains("$seen"), "{len}");
        }
    }
}

#[test]
fn what_a_file_says_of_its_values_is_not_believed() {
    let stream = |name: &str, octets: Vec<u8>| (name.to_owned(), Node::Stream(octets));
    let record = |tag: u32, value: u64| [&tag.to_le_bytes()[..], &[6, 0, 0, 0], &value.to_le_bytes()].concat();
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let properties = [
        vec![0; 32],
        record(0x0037_001F, 0x7FFF_FFFF),
        record(0x1000_001F, 500),
        record(0x0C1A_001F, 0),
        record(0x8001_9999, 1),
        record(0x0039_0040, u64::MAX),
        record(0x0E1D_001E, 3),
    ]
    .concat();
    let item = item(
        compound(
            vec![
                stream("__properties_version1.0", properties),
                stream("__substg1.0_0037001F", text("Right")),
                // Listed as 8-bit text, stored as Unicode.
                stream("__substg1.0_0E1D001F", text("Right")),
                stream("__substg1.0_1035001E", b"<id@x>".to_vec()),
            ],
            512,
        )
        .octets,
    );
    let message = item.message().unwrap();
    assert_eq!(message.subject().unwrap().as_deref(), Some("Right"));
    assert_eq!(message.message_id().unwrap().as_deref(), Some("id@x"), "a value that is not listed");
    let told: Vec<String> = item.defects.iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    assert!(told.contains("property 0x1000: its value is not in the file"), "{told}");
    assert!(told.contains("property 0x8001: its type is unknown"), "{told}");
    assert!(!told.contains("0x0e1d") && !told.contains("0x0037") && !told.contains("0x0c1a"), "{told}");
}

#[test]
fn a_hundred_thousand_recipients_and_attachments_take_no_square() {
    const MANY: usize = 100_000;
    let mut names = mail(UNICODE, "many", "see there");
    names.recipients = vec![recipient(UNICODE, 1, "Bob", "bob@example.com")];
    names.attachments = Arc::new(vec![attachment(UNICODE, "a.bin", 1, AttachmentBody::Data(vec![7; 9].into()))]);
    for (prefix, kind) in [("__recip_version1.0_#", "recipients"), ("__attach_version1.0_#", "attachments")] {
        let start = Instant::now();
        let part = || {
            let record = |tag: u32, value: u64| [&tag.to_le_bytes()[..], &[6, 0, 0, 0], &value.to_le_bytes()].concat();
            let address: Vec<u8> = "b@x.example".encode_utf16().flat_map(u16::to_le_bytes).collect();
            let properties = [vec![0; 8], record(0x0C15_0003, 1), record(0x3705_0003, 1)].concat();
            Node::Storage(vec![
                ("__properties_version1.0".to_owned(), Node::Stream(properties)),
                ("__substg1.0_3003001F".to_owned(), Node::Stream(address)),
                ("__substg1.0_37010102".to_owned(), Node::Stream(vec![7; 9])),
            ])
        };
        let mut inside: Vec<_> = (0..=MANY).map(|i| (format!("{prefix}{i:08X}"), part())).collect();
        inside.push(("__properties_version1.0".to_owned(), Node::Stream(vec![0; 32])));
        let octets = compound(inside, 512).octets;
        let item = item(octets);
        let told: Vec<String> = item.defects.iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|told| told.contains(&format!("only the first 100000 of 100001 {kind} are read"))),
            "{told:?}"
        );
        let (octets, _) = seen(&item);
        let found = memchr::memmem::find_iter(
            &octets,
            if kind == "recipients" { &b"b@x.example"[..] } else { b"BwcHBwcHBwcH" },
        );
        assert_eq!(found.count(), MANY);
        assert!(start.elapsed() < 6 * PATIENCE, "{kind}: took {:?}", start.elapsed());
    }
}

/// A record of the stream of properties.
fn record(tag: u32, value: u64) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &[6, 0, 0, 0], &value.to_le_bytes()].concat()
}

fn stream(name: &str, octets: Vec<u8>) -> (String, Node) {
    (name.to_owned(), Node::Stream(octets))
}

fn told(item: &Item) -> String {
    item.defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn sectors_of_short_streams_are_given_once() {
    const MANY: usize = 20_000;
    let part = || {
        let properties = [vec![0; 8], record(0x3705_0003, 1)].concat();
        Node::Storage(vec![stream("__properties_version1.0", properties), stream("__substg1.0_37010102", vec![7; 9])])
    };
    let mut inside: Vec<_> = (0..MANY).map(|i| (format!("__attach_version1.0_#{i:08X}"), part())).collect();
    inside.push(stream("__properties_version1.0", vec![0; 32]));
    inside.push(stream("shared", vec![8; 4000]));
    let mut file = compound(inside, 512);
    let start = file.get(file.entries("shared")[0] + 116);
    for at in file.entries("__substg1.0_37010102") {
        file.set(at + 116, start);
        file.set(at + 120, 4000);
    }
    let octets = file.octets.len();
    let item = item(file.octets);
    assert!(told(&item).contains("belong to another stream too"), "{}", told(&item));
    let len = item.message().unwrap().content().len();
    assert!(len < 3 * octets as u64, "{len} octets of {octets}");
    // A circle is told, too, and what is read twice is the same twice.
    let mut file = compound(
        vec![stream("__properties_version1.0", vec![0; 32]), stream("__substg1.0_0037001F", b"a\0".repeat(1000))],
        512,
    );
    let start = file.get(file.entries("__substg1.0_0037001F")[0] + 116) as usize;
    let at = file.at(file.mini_fat) + 4 * (start + 3);
    file.set(at, start as u32);
    let reader = open(file.octets);
    let subjects = [(); 3].map(|()| reader.message().unwrap().properties.octets(pid::SUBJECT).unwrap().len());
    assert_eq!(subjects, [256; 3]);
}

#[test]
fn what_is_listed_again_and_again_takes_no_square() {
    let start = Instant::now();
    let several = 0x8000_101F_u32;
    let mut inside: Vec<_> =
        (0..4000).map(|i| stream(&format!("__substg1.0_{several:08X}-{i:08X}"), b"a\0".repeat(20))).collect();
    inside.push(stream(&format!("__substg1.0_{several:08X}"), vec![0; 16_000]));
    let records: Vec<u8> = (0..60_000).flat_map(|_| record(several, 16_000)).collect();
    inside.push(stream("__properties_version1.0", [vec![0; 32], records].concat()));
    let item = item(compound(inside, 512).octets);
    assert!(told(&item).contains("property 0x8000 is listed again: the first one is used"), "{}", told(&item));
    assert!(told(&item).contains("59983 more properties"), "{}", told(&item));
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
}

#[test]
fn what_is_not_read_is_told() {
    let text = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let inside = vec![
        stream("__properties_version1.0", [vec![0; 32], record(0x3FF1_0003, 7)].concat()),
        stream("__substg1.0_0037001F", text("Right")),
        stream("__substg1.0_ZZZZ001F", text("no number")),
        stream("__substg1.0_0037001F0", text("too long a number")),
        stream("__substg1.0_8005001F-+0000001", text("a sign")),
        stream("__recip_version1.0_#0000000G", Vec::new()),
        stream("__recip_version1.0_#00000001", Vec::new()),
        ("__attach_version1.0_#".to_owned(), Node::Storage(Vec::new())),
        stream("__substg1.0_80010099", text("a type of no kind")),
        stream("__substg1.0_8002001F", text(&"x".repeat(200_000))),
        stream("__substg1.0_1000001F", text(&"x".repeat(200_000))),
        stream("__substg1.0_80031003", vec![1; (1 << 20) + 4]),
        stream("__substg1.0_8004101F-00000000", text("alone")),
    ];
    let inside: Vec<_> = inside
        .into_iter()
        .chain((0..5000).map(|i| stream(&format!("__substg1.0_8006101F-{i:08X}"), text("x"))))
        .collect();
    let octets = compound(inside, 512).octets;
    let item = item(octets.clone());
    assert_eq!(item.message().unwrap().subject().unwrap().as_deref(), Some("Right"));
    let told = told(&item);
    for what in [
        "\"__substg1.0_ZZZZ001F\" has no valid name",
        "\"__substg1.0_0037001F0\" has no valid name",
        "\"__substg1.0_8005001F-+0000001\" has no valid name",
        "\"__recip_version1.0_#0000000G\" has no valid name",
        "\"__recip_version1.0_#00000001\" has no valid name",
        "\"__attach_version1.0_#\" has no valid name",
        "property 0x8001: its type is unknown",
        "property 0x8002 has 400000 octets: only the first 262144 are read",
        "property 0x8003 has 1048580 octets: only the first 1048576 are read",
        "property 0x8006 has 5000 values: only the first 4096 are read",
    ] {
        assert_eq!(told.matches(what).count(), 1, "{what}: {told}");
    }
    assert!(!told.contains("0x1000") && !told.contains("0x8004"), "{told}");
    let message = open(octets).message().unwrap();
    let alone = message.properties.get(0x8004).unwrap().values().len();
    assert_eq!((alone, message.properties.get(0x8006).unwrap().values().len()), (1, 4096));
}

#[test]
fn names_of_properties_that_lead_nowhere_are_told() {
    let lid = |lid| PropertyName::Lid(Guid::PSETID_APPOINTMENT, lid);
    let time = |hour: u64| PropertyValue::Time(FileTime(132_000_000_000_000_000 + hour * 36_000_000_000));
    let named = [(lid(0x8208), text(UNICODE, "Raum 7")), (lid(0x820D), time(1)), (lid(0x820E), time(2))];
    let message = of_class(UNICODE, "IPM.Appointment", &named);
    let damaged = |damage: &dyn Fn(&mut Made, usize)| {
        let mut file = made(&message, 512);
        // The stream of entries is short: it lies in the stream of the root, behind which nothing is moved.
        let root = file.entries("Root Entry")[0];
        let mini = file.at(file.get(root + 116) as usize);
        let entries = file.entries("__substg1.0_00030102")[0];
        let at = mini + 64 * start_of(&file, entries);
        damage(&mut file, at);
        item(file.octets)
    };
    let whole = damaged(&|_, _| {});
    assert!(seen(&whole).0.windows(6).any(|octets| octets == b"Raum 7"));
    assert!(!told(&whole).contains("names of"), "{}", told(&whole));
    for (damage, what) in [
        ((|file: &mut Made, at: usize| file.octets[at + 4] = 0) as fn(&mut Made, usize), "belongs to no property set"),
        (|file, at| file.octets[at + 4] = 200, "belongs to property set 98 of 1"),
        (|file, at| file.octets[at + 4] |= 1, "where there is none of that length"),
        (|file, at| file.octets[at + 7] = 0xFF, "there are only 32768"),
    ] {
        let item = damaged(&damage);
        assert!(told(&item).contains("1 entries are damaged") && told(&item).contains(what), "{what}: {}", told(&item));
        assert!(!seen(&item).0.windows(6).any(|octets| octets == b"Raum 7"), "{what}");
    }
}

#[test]
fn damage_is_told_once() {
    let mut file = made(&attachments(UNICODE, 20_000), 512);
    let entries = file.entries("__attach_version1.0_#00000000");
    file.set(entries[0] + 76, 0x00FF_FFFF);
    let item = item(file.octets);
    let what = "the storage \"__attach_version1.0_#00000000\" is damaged";
    assert_eq!(told(&item).matches(what).count(), 1, "{}", told(&item));
    // The root is gone through to know the file, and once more to read it.
    let mut file = made(&mail(UNICODE, "root", "short"), 512);
    let entry = file.entries("__nameid_version1.0")[0];
    file.set(entry + 68, 0x00FF_FFFF);
    let mut reader = open(file.octets);
    let item = reader.next_item().unwrap().unwrap();
    let rest: Vec<String> = reader.take_defects().iter().map(ToString::to_string).collect();
    assert_eq!(told(&item).matches("the storage \"Root Entry\"").count() + rest.len(), 1, "{} {rest:?}", told(&item));
}

/// A source that refuses to read behind an offset, once it is told to.
struct Failing(Vec<u8>, u64, Arc<std::sync::atomic::AtomicBool>);

impl mailferry::source::ReadAt for Failing {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let fails = self.2.load(std::sync::atomic::Ordering::Relaxed);
        if fails && offset + buf.len() as u64 > self.1 {
            return Err(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
        }
        let rest = &self.0[offset as usize..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

#[test]
fn what_the_system_refuses_is_no_damage_and_a_stop_stops() {
    let octets = msg(&attachments(UNICODE, 100_000));
    let mut refused = 0;
    for part in 1..20 {
        let fails = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let source = Failing(octets.clone(), octets.len() as u64 * part / 20, Arc::clone(&fails));
        let mut reader = MsgReader::open(Arc::new(source), "a.msg", &ReadOptions::default()).unwrap();
        fails.store(true, std::sync::atomic::Ordering::Relaxed);
        match reader.next_item() {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                refused += 1;
            }
            // What was not needed yet fails where it is.
            Ok(item) => assert!(!told(&item.unwrap()).contains("lost")),
        }
    }
    assert!(refused > 0);
    let mut options = ReadOptions::default();
    options.limits.stop = mailferry::Stop::when(|| true);
    let mut reader = MsgReader::open(Arc::new(octets), "a.msg", &options).unwrap();
    assert_eq!(reader.next_item().unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_document_with_a_message_in_it_is_a_document() {
    let inner = Node::Storage(vec![stream("__substg1.0_0037001F", vec![0; 20])]);
    let pool = Node::Storage(vec![("_1".to_owned(), inner)]);
    let word = compound(vec![stream("WordDocument", vec![7; 500]), ("ObjectPool".to_owned(), pool)], 512).octets;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(folder.path().join("letter.doc"), word).unwrap();
    std::fs::write(folder.path().join("a.msg"), msg(&mail(UNICODE, "one", "short"))).unwrap();
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(folder.path());
    let seen = events(mailbox);
    assert!(seen[0].starts_with("source msg") && seen.len() == 3, "{seen:?}");
    assert!(seen.iter().any(|seen| seen.starts_with("passed letter.doc: is an OLE compound file")), "{seen:?}");
}

#[test]
fn messages_in_messages_are_read_to_the_limit() {
    let write = || {
        let mut inside = vec![("__properties_version1.0".to_owned(), Node::Stream(vec![0; 24]))];
        for level in 0..1_000 {
            let header = if level == 999 { 32 } else { 24 };
            let method: Vec<u8> =
                [0_u32, 0, 0x3705_0003, 6, 5, 0].iter().flat_map(|number| number.to_le_bytes()).collect();
            let attached = Node::Storage(vec![
                ("__properties_version1.0".to_owned(), Node::Stream(method)),
                ("__substg1.0_3701000D".to_owned(), Node::Storage(inside)),
            ]);
            inside = vec![
                ("__properties_version1.0".to_owned(), Node::Stream(vec![0; header])),
                ("__attach_version1.0_#00000000".to_owned(), attached),
            ];
        }
        compound(inside, 512).octets
    };
    // What writes it goes a thousand levels down; what reads it has the stack that every test has.
    let writer = std::thread::Builder::new().stack_size(64 << 20).spawn(write).unwrap();
    let item = item(writer.join().unwrap());
    let told: Vec<String> = item.defects.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("too deeply")), "{told:?}");
    let (octets, _) = seen(&item);
    let levels = memchr::memmem::find_iter(&octets, b"Content-Type: message/rfc822").count();
    assert_eq!(levels, Limits::default().nesting);
}

#[test]
fn an_object_is_taken_out_as_the_file_that_it_would_be() {
    let stream = |name: &str, octets: Vec<u8>| (name.to_owned(), Node::Stream(octets));
    let method: Vec<u8> = [0_u32, 0, 0x3705_0003, 6, 6, 0].iter().flat_map(|number| number.to_le_bytes()).collect();
    let object = Node::Storage(vec![
        stream("\u{1}Ole", vec![1; 20]),
        stream("CONTENTS", octets(50_000, 3)),
        ("inner".to_owned(), Node::Storage(vec![stream("x", vec![2; 4096])])),
    ]);
    let file = compound(
        vec![
            stream("__properties_version1.0", vec![0; 32]),
            (
                "__attach_version1.0_#00000000".to_owned(),
                Node::Storage(vec![
                    stream("__properties_version1.0", method),
                    ("__substg1.0_3701000D".to_owned(), object),
                ]),
            ),
        ],
        512,
    );
    let message = open(file.octets).message().unwrap();
    let AttachmentBody::Ole(content) = message.attachments.open(0).unwrap().body else { panic!("an object") };
    let taken = content.to_vec(1 << 20).unwrap();
    assert!(taken.starts_with(b"\xd0\xcf\x11\xe0") && taken.len() % 512 == 0);
    let has = |octets: &[u8]| memchr::memmem::find(&taken, octets).is_some();
    assert!(has(&octets(50_000, 3)) && has(&[2; 4096]) && has(b"C\0O\0N\0T\0E\0N\0T\0S\0"));
}

#[test]
fn no_compound_file_is_a_message_without_one() {
    let stream = |name: &str| (name.to_owned(), Node::Stream(vec![0; 100]));
    for inside in [vec![], vec![stream("WordDocument"), stream("1Table")]] {
        let octets = compound(inside, 512).octets;
        let error = MsgReader::open(Arc::new(octets), "a.doc", &ReadOptions::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::UnknownFormat, "{error}");
    }
    for cut in [0, 7, 8, 100, 511] {
        let whole = msg(&mail(UNICODE, "cut", "short"));
        let error = MsgReader::open(Arc::new(whole[..cut].to_vec()), "a.msg", &ReadOptions::default()).err().unwrap();
        assert!(matches!(error.kind(), ErrorKind::UnknownFormat | ErrorKind::Malformed), "{cut}: {error}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_read_or_refused() {
    let whole = msg(&attachments(UNICODE, 30_000));
    let mut read = 0;
    for cut in (512..whole.len()).step_by(997) {
        read += usize::from(everything(&whole[..cut]).is_some());
    }
    assert!(read > 0);
}

#[test]
fn files_broken_in_a_thousand_ways() {
    let mut dice = Dice(24);
    let wholes: Vec<Vec<u8>> = every_kind(UNICODE)
        .iter()
        .map(|(_, message)| msg(message))
        .chain([made(&nested(Layout::Ansi, 3), 4096).octets])
        .collect();
    for round in 0..1_000 {
        let mut broken = wholes[round % wholes.len()].clone();
        for _ in 0..=dice.below(20) {
            let at = dice.below(if round % 3 == 0 { 512 } else { broken.len() });
            broken[at] = match dice.below(4) {
                0 => 0,
                1 => 0xFF,
                _ => dice.below(256) as u8,
            };
        }
        if round % 5 == 0 {
            let (from, to, len) = (dice.below(broken.len()), dice.below(broken.len()), dice.below(600));
            let part: Vec<u8> = broken[from..].iter().take(len).copied().collect();
            broken.splice(to..(to + part.len()).min(broken.len()), part);
        }
        everything(&broken);
    }
}

/// The sources that a path or an archive has, with their items, and what was passed over.
fn events(mut mailbox: Mailbox) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(event) = mailbox.next_event() {
        match event {
            Event::Opened(opened) => seen.push(format!("source {}", opened.format)),
            Event::Item(item) => {
                let subject = item.message().and_then(|message| message.subject().unwrap());
                let subject = subject.unwrap_or_else(|| item.kind.as_str().to_owned());
                seen.push(format!("{}: {subject} in {}", item.origin.ordinal, item.folder.path));
            }
            Event::Failed { error, within } => seen.push(format!("failed {within} {error}")),
            Event::Passed(passed) => {
                seen.push(format!("passed {}: {}", passed.name.rsplit(['/', '!']).next().unwrap(), passed.why))
            }
            _ => {}
        }
    }
    seen
}

#[test]
fn a_tree_of_messages_is_one_source_wherever_it_lies() {
    let message = |subject: &str| msg(&mail(UNICODE, subject, "short"));
    let contact = msg(&of_class(UNICODE, "IPM.Contact", &[]));
    let with_one = {
        let mut outer = mail(UNICODE, "outer", "see there");
        let inner = AttachmentBody::Data(message("inside").into());
        outer.attachments = Arc::new(vec![attachment(UNICODE, "inner.msg", 1, inner)]);
        msg(&outer)
    };
    let word = compound(vec![("WordDocument".to_owned(), Node::Stream(vec![7; 5000]))], 512).octets;
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("Inbox/1.msg", message("one")),
        ("Inbox/2.MSG", message("two")),
        ("Inbox/letter.doc", word),
        ("Inbox/messages.msg", b"::msgcat::mcset de \"Yes\" \"Ja\"\n".to_vec()),
        ("Inbox/text.msg", b"From: a@x.example\r\nSubject: a text\r\n\r\nhi\r\n".to_vec()),
        ("Inbox/without extension", message("three")),
        ("Projects/Zoe.msg", contact),
        ("Projects/reply.oft", with_one),
    ];
    let wanted = [
        "source msg",
        "1: one in Inbox",
        "2: two in Inbox",
        "passed letter.doc: is an OLE compound file (such as a Word document or an Outlook .msg)",
        "passed messages.msg: contains text that is not mail, a calendar or contacts",
        "source eml",
        "1: a text in Inbox",
        "source msg",
        "1: three in Inbox",
        "2: contact in Projects",
        "3: outer in Projects",
    ];
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut tar = tar::Builder::new(Vec::new());
    for (name, octets) in &files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, octets).unwrap();
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, octets).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(octets.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, name, &octets[..]).unwrap();
    }
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(folder.path());
    assert_eq!(events(mailbox), wanted, "a folder");
    for (name, octets) in [("a.zip", zip.finish().unwrap().into_inner()), ("a.tar", tar.into_inner().unwrap())] {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_source(name, Arc::new(octets));
        assert_eq!(events(mailbox), wanted, "{name}");
    }
    // What is attached stays attached.
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(folder.path().join("Projects/reply.oft"));
    let item = mailbox.next().unwrap().unwrap();
    let attachments = item.message().unwrap().attachments().unwrap();
    let names: Vec<_> = attachments.iter().map(|attachment| attachment.file_name().unwrap()).collect();
    assert_eq!(names, ["inner.msg"]);
    assert!(mailbox.next().is_none());
}

#[test]
fn a_message_is_known_by_its_octets_wherever_its_directory_lies() {
    // The directory lies behind the attachment, and behind what is looked at first.
    let mut message = mail(UNICODE, "far", "see there");
    message.attachments =
        Arc::new(vec![attachment(UNICODE, "a.bin", 1, AttachmentBody::Data(octets(300_000, 2).into()))]);
    let mut file = made(&message, 4096);
    let (end, directory) = ((file.octets.len() - 1) / 4096, file.directory);
    // Its one sector moves to the end.
    let entries = file.at(directory)..file.at(directory + 1);
    let count = (directory..).take_while(|sector| file.get(file.at(file.fat) + 4 * sector) != 0xFFFF_FFFE).count() + 1;
    let octets = file.octets[entries.start..entries.start + count * 4096].to_vec();
    file.octets[entries.start..entries.start + count * 4096].fill(0);
    file.octets.extend(&octets);
    for i in 0..count {
        let next = if i + 1 == count { 0xFFFF_FFFE } else { (end + i + 1) as u32 };
        let at = file.at(file.fat) + 4 * (end + i);
        file.set(at, next);
    }
    file.set(48, end as u32);
    for name in ["far.msg", "far", "far.bin"] {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_source(name, Arc::new(file.octets.clone()));
        assert_eq!(events(mailbox)[0], "source msg", "{name}");
    }
}
