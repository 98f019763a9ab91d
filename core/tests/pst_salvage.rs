//! What is left of a store whose B-trees are lost: every message is found by its own blocks.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::{MapiMessage, pid},
    read::{ItemReader, ReadOptions, pst::PstReader},
    write::pst::Layout,
};
use pst_support::{
    BLOCK_PAGES, Dump, LAYOUTS, NODE_PAGES, SCRAMBLINGS, Writer, attachments, dump, mail, nested, recipient, store,
    tree_pages, without_leaves,
};
use std::{io::Cursor, ops::Range, sync::Arc};

/// Each message as text, in the order of the texts, with the folder it is in and what was wrong with it.
fn messages(store: Vec<u8>) -> Vec<(String, String, Vec<String>)> {
    let mut options = ReadOptions::default();
    options.recover = true;
    options.hidden = true;
    let mut reader = PstReader::open(Arc::new(store), "damaged.pst", &options).unwrap();
    let mut messages = Vec::new();
    loop {
        match reader.next_message() {
            Ok(Some(stored)) => {
                let mut dump = Dump::default();
                dump.message(&stored.message, 0);
                assert_eq!(dump.errors, 0);
                let mut defects = stored.message.defects.clone();
                let attachments = &stored.message.attachments;
                (0..attachments.len()).for_each(|i| defects.extend(attachments.open(i).unwrap().defects));
                let defects = defects.iter().map(ToString::to_string).collect();
                messages.push((dump.text, stored.folder.path.to_string(), defects));
            }
            Ok(None) => break,
            // A folder may list what is found elsewhere.
            Err(e) => assert!(!e.is_fatal(), "{e}"),
        }
    }
    messages.sort();
    messages
}

fn texts(messages: &[(String, String, Vec<String>)]) -> Vec<&str> {
    messages.iter().map(|(text, ..)| text.as_str()).collect()
}

/// Bodies, recipients, names of properties, and the octets of every attachment, embedded messages with theirs.
#[test]
fn every_message_comes_back_without_the_trees() {
    for layout in LAYOUTS {
        for scrambling in SCRAMBLINGS {
            let whole = store(layout, scrambling);
            let sound = messages(whole.clone());
            assert_eq!(sound.len(), 46);
            for (lost, header) in [
                (&[NODE_PAGES][..], true),
                (&[BLOCK_PAGES], true),
                (&[NODE_PAGES, BLOCK_PAGES], true),
                (&[NODE_PAGES, BLOCK_PAGES], false),
            ] {
                let what = format!("{layout:?}, {scrambling:?}, lost: {lost:x?}, header: {header}");
                let mut broken = whole.clone();
                lost.iter().for_each(|kind| assert!(without_leaves(&mut broken, layout, *kind) > 0));
                if !header {
                    broken[..600].fill(0);
                }
                let found = messages(broken);
                assert_eq!(texts(&found), texts(&sound), "{what}");
                if lost.contains(&NODE_PAGES) {
                    assert!(found.iter().all(|(_, folder, _)| folder == "Recovered"), "{what}");
                    let told = |defects: &[String]| {
                        defects.iter().any(|defect| defect.contains("no longer listed in the store"))
                    };
                    assert!(found.iter().all(|(.., defects)| told(defects)), "{what}");
                }
            }
        }
    }
}

/// One page is lost of several: what the others have stays in its folder, and nothing comes twice.
#[test]
fn the_loss_of_a_page_moves_its_messages_only() {
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout, SCRAMBLINGS[1]);
        let sound = messages(whole.clone());
        let leaves: Vec<_> =
            tree_pages(&whole, layout, NODE_PAGES).into_iter().filter(|(_, level)| *level == 0).collect();
        assert!(leaves.len() > 2);
        for (leaf, _) in leaves {
            let mut broken = whole.clone();
            broken[leaf.clone()].fill(0);
            let found = messages(broken);
            assert_eq!(texts(&found), texts(&sound), "{layout:?}, leaf at {}", leaf.start);
        }
    }
}

/// Where each block of the format's own lists of subnodes is, with its trailer.
fn lists_of_subnodes(store: &[u8]) -> Vec<Range<usize>> {
    (64..=store.len())
        .step_by(64)
        .filter_map(|end| {
            let size = usize::from(u16::from_le_bytes([store[end - 16], store[end - 15]]));
            let start = end.checked_sub((size + 16).next_multiple_of(64))?;
            let internal = store[end - 8] & 2 != 0 && size > 8;
            (internal && store[start] == 2 && crc(&store[start..start + size]) == store[end - 12..end - 8])
                .then_some(start..end)
        })
        .collect()
}

fn crc(octets: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
    hasher.update(octets);
    (!hasher.finalize()).to_le_bytes()
}

/// Where the list of subnodes is lost as well, a message has no recipients and attachments, and says so: never those of another.
#[test]
fn no_message_gets_the_attachments_of_another() {
    let layout = Layout::Unicode;
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[0]).unwrap();
    for i in 0..6 {
        let mut message: MapiMessage = if i % 2 == 0 { attachments(layout, 9_000) } else { nested(layout, 1) };
        message.recipients = vec![recipient(layout, 1, &format!("Person {i}"), "person@example.com")];
        pst.add_message(Writer::DELETED_ITEMS, &message).unwrap();
    }
    let mut whole = pst.finish().unwrap().into_inner();
    let sound = messages(whole.clone());
    assert_eq!(sound.len(), 6);
    without_leaves(&mut whole, layout, NODE_PAGES);
    let mut bare = 0;
    for list in lists_of_subnodes(&whole) {
        let mut broken = whole.clone();
        broken[list].fill(0);
        for (text, _, defects) in messages(broken) {
            if texts(&sound).contains(&&*text) {
                continue;
            }
            let left_out = defects.iter().any(|defect| defect.contains("cannot be distinguished from those of other"));
            let lost = defects.iter().any(|defect| defect.contains("lost") || defect.contains("not found"));
            let embedded = text.contains(r"l\x00e\x00v\x00e\x00l\x00 \x001");
            assert!(left_out || lost || embedded, "{text}\n{defects:?}");
            if left_out {
                bare += 1;
                assert!(!text.contains("recipient") && !text.contains("attachment\n"), "{text}");
            }
        }
    }
    assert!(bare >= 6, "{bare}");
}

/// An entry of the B-tree of blocks is gone: its block is free, and what lies there is no message any more.
#[test]
fn what_was_freed_is_not_recovered_as_lost() {
    let layout = Layout::Unicode;
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[1]).unwrap();
    pst.add_message(Writer::DELETED_ITEMS, &mail(layout, "freed", "")).unwrap();
    pst.add_message(Writer::DELETED_ITEMS, &mail(layout, "kept", "")).unwrap();
    let mut store = pst.finish().unwrap().into_inner();
    without_leaves(&mut store, layout, NODE_PAGES);
    assert_eq!(messages(store.clone()).len(), 2);
    // The first message is written first: a table of recipients, its properties, the list of its subnodes.
    let (leaf, _) = tree_pages(&store, layout, BLOCK_PAGES).into_iter().find(|(_, level)| *level == 0).unwrap();
    let count = usize::from(store[leaf.start + 488]);
    store.copy_within(leaf.start + 3 * 24..leaf.start + count * 24, leaf.start);
    store[leaf.start + 488] -= 3;
    let sum = crc(&store[leaf.start..leaf.start + 496]);
    store[leaf.start + 500..leaf.start + 504].copy_from_slice(&sum);
    let found = messages(store);
    assert_eq!(found.len(), 1);
    assert!(found[0].0.contains("k\\x00e\\x00p\\x00t"), "{}", found[0].0);
}

/// What does not fit is told: nothing is left out in silence.
#[test]
fn what_finds_no_room_is_told() {
    let mut store = store(Layout::Unicode, SCRAMBLINGS[1]);
    without_leaves(&mut store, Layout::Unicode, NODE_PAGES);
    let mut options = ReadOptions::default();
    options.limits.salvage = 5_000;
    let found = dump(store, &options).unwrap();
    assert!(found.messages < 46, "{}", found.messages);
    assert!(found.told.iter().any(|told| told.contains("more nodes or blocks than can be kept")), "{:?}", found.told);
}

/// Folders that no node is the neighbour of another's, or of too long names.
#[test]
fn folders_that_find_no_room_are_told() {
    let mut pst = Writer::new(Cursor::new(Vec::new()), Layout::Unicode, SCRAMBLINGS[1]).unwrap();
    for _ in 0..200 {
        pst.add_folder(Writer::MAILBOX, &"long ".repeat(50), "IPF.Note");
    }
    let store = pst.finish().unwrap().into_inner();
    let mut options = ReadOptions::default();
    assert_eq!(dump(store.clone(), &options).unwrap().folders.len(), 201);
    options.limits.salvage = 40_000;
    let found = dump(store, &options).unwrap();
    assert!((10..100).contains(&found.folders.len()), "{}", found.folders.len());
    assert!(found.told.iter().any(|told| told.contains("more folders than are kept")), "{:?}", found.told);
}

/// Of its recipients a message tells some only: those that it does not tell speak for no other message.
#[test]
fn recipients_that_a_message_tells_in_part_are_its_own() {
    let layout = Layout::Unicode;
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[1]).unwrap();
    for i in 0..8 {
        let mut message = attachments(layout, 9_000);
        message.properties.insert(pid::DISPLAY_TO, pst_support::text(layout, &format!("Person {i}")));
        let people = [(1, format!("Person {i}")), (2, format!("Copy {i}"))];
        message.recipients = people.map(|(kind, name)| recipient(layout, kind, &name, "person@example.com")).to_vec();
        pst.add_message(Writer::DELETED_ITEMS, &message).unwrap();
    }
    let mut store = pst.finish().unwrap().into_inner();
    let sound = messages(store.clone());
    without_leaves(&mut store, layout, NODE_PAGES);
    assert_eq!(texts(&messages(store)), texts(&sound));
}

/// The store with another version and encryption in its header (wVer, bCryptMethod), its checksums right again.
fn of_version(mut store: Vec<u8>, version: u16, encryption: Option<u8>) -> Vec<u8> {
    store[10..12].copy_from_slice(&version.to_le_bytes());
    if let Some(encryption) = encryption {
        store[513] = encryption;
    }
    let crc = |octets: &[u8]| {
        let mut hasher = crc32fast::Hasher::new_with_initial(u32::MAX);
        hasher.update(octets);
        !hasher.finalize()
    };
    let partial = crc(&store[8..479]);
    store[4..8].copy_from_slice(&partial.to_le_bytes());
    let full = crc(&store[8..524]);
    store[524..528].copy_from_slice(&full.to_le_bytes());
    store
}

/// [MS-PST] 2.2.2.6: version 37 says nothing of the size of pages, but that data may be protected.
#[test]
fn a_store_of_version_37_is_read_in_the_layout_that_its_pages_have() {
    for layout in [Layout::Unicode, Layout::Unicode4k] {
        for scrambling in SCRAMBLINGS {
            let sound = dump(store(layout, scrambling), &ReadOptions::default()).unwrap();
            let renamed = dump(of_version(store(layout, scrambling), 37, None), &ReadOptions::default()).unwrap();
            assert!(sound.text == renamed.text && sound.messages == renamed.messages, "{layout:?}");
            // The root of one tree alone tells it, too.
            let mut broken = of_version(store(layout, scrambling), 37, None);
            let root = u64::from_le_bytes(broken[224..232].try_into().unwrap()) as usize;
            broken[root..root + 64].fill(0);
            assert_eq!(dump(broken, &ReadOptions::default()).unwrap().messages, 45, "{layout:?}");
        }
    }
}

#[test]
fn a_store_that_is_protected_or_of_an_unknown_version_is_told_as_such() {
    let open = |octets: Vec<u8>| PstReader::open(Arc::new(octets), "a.pst", &ReadOptions::default());
    for layout in [Layout::Unicode, Layout::Unicode4k] {
        let whole = store(layout, SCRAMBLINGS[1]);
        for (version, encryption, word) in [
            (37, Some(0x10), "Windows Information Protection"),
            (36, Some(0x10), "Windows Information Protection"),
            (38, None, "version 38"),
            (40, None, "version 40"),
            (1000, None, "version 1000"),
        ] {
            let error = open(of_version(whole.clone(), version, encryption)).err().unwrap();
            assert_eq!(error.kind(), mailferry::ErrorKind::Unsupported);
            assert!(error.to_string().contains(word) && error.to_string().contains("export it"), "{error}");
        }
        // Where the checksum says that the number is damaged, the pages tell.
        let mut damaged = whole.clone();
        damaged[10..12].copy_from_slice(&99_u16.to_le_bytes());
        assert_eq!(dump(damaged, &ReadOptions::default()).unwrap().messages, 45, "{layout:?}");
    }
}

/// A store in which nothing can be found is no empty store.
#[test]
fn a_store_in_which_nothing_is_found_is_an_error() {
    for layout in LAYOUTS {
        let whole = store(layout, SCRAMBLINGS[1]);
        let empty =
            Writer::new(Cursor::new(Vec::new()), layout, SCRAMBLINGS[1]).unwrap().finish().unwrap().into_inner();
        let header_only = whole[..1024].to_vec();
        let zeroed = [&whole[..564], &vec![0; whole.len() - 564][..]].concat();
        let emptied = [&empty[..564], &vec![0; empty.len() - 564][..]].concat();
        for recover in [false, true] {
            let mut options = ReadOptions::default();
            options.recover = recover;
            for (octets, what) in [(&header_only, "header only"), (&zeroed, "zeroed"), (&emptied, "emptied")] {
                let mut reader = PstReader::open(Arc::new(octets.clone()), "a.pst", &options).unwrap();
                let error = reader.next_item().err().unwrap_or_else(|| panic!("{layout:?}, {what}"));
                assert!(error.is_fatal() && error.to_string().contains("nothing was found in the store"), "{error}");
                assert!(!error.to_string().contains("--recover"), "the whole file was searched already");
                assert!(reader.next_item().unwrap().is_none());
            }
            let mut reader = PstReader::open(Arc::new(empty.clone()), "a.pst", &options).unwrap();
            assert!(reader.next_item().unwrap().is_none(), "{layout:?}: an empty store is one");
            assert_eq!(reader.take_defects(), [], "{layout:?}");
        }
    }
}

/// Wherever a store is cut: that it is shorter than its header says is told once, though its trees may lie behind the cut, and the
/// header then leads nowhere.
#[test]
fn a_store_that_is_cut_says_so_wherever_it_is_cut() {
    for layout in LAYOUTS {
        let whole = store(layout, SCRAMBLINGS[0]);
        let (mut opened, steps) = (0, 24);
        for step in 1..steps {
            let cut = whole[..whole.len() * step / steps].to_vec();
            let Ok(mut reader) = PstReader::open(Arc::new(cut), "cut.pst", &ReadOptions::default()) else { continue };
            opened += 1;
            while !matches!(reader.next_item(), Ok(None)) {}
            let told = reader.take_defects().iter().filter(|defect| defect.cuts_short()).count();
            assert_eq!(told, 1, "{layout:?} cut to {step} of {steps}");
        }
        assert!(opened > 12, "{layout:?}: {opened}");
    }
}
