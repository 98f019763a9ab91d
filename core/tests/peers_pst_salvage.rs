//! Real stores without the leaves of their B-tree of nodes: what comes back is compared with what the whole store has.
//!
//! Skipped with one line when the corpus is not there.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::{MapiMessage, PropertyBag, pid},
    read::{ReadOptions, pst::PstReader},
    write::pst::Layout,
};
use pst_support::{Dump, NODE_PAGES, without_leaves};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    path.is_dir().then_some(path)
}

/// What a message is known by, and what belongs to it but lies outside of its own properties.
struct Message {
    known_by: String,
    recipients_and_attachments: String,
}

fn message(message: &MapiMessage) -> Message {
    let mut known_by = MapiMessage::new(PropertyBag::default());
    for id in [
        pid::MESSAGE_CLASS,
        pid::SUBJECT,
        pid::CLIENT_SUBMIT_TIME,
        pid::MESSAGE_DELIVERY_TIME,
        pid::CREATION_TIME,
        pid::SEARCH_KEY,
    ] {
        if let Some(value) = message.properties.get(id) {
            known_by.properties.insert(id, value.clone());
        }
    }
    let text = |message: &MapiMessage| {
        let mut dump = Dump::default();
        dump.message(message, 0);
        dump.text
    };
    let all = text(message);
    let outside = ["recipient\n", "attachment\n"].iter().filter_map(|start| all.find(start)).min().unwrap_or(all.len());
    Message { known_by: text(&known_by), recipients_and_attachments: all[outside..].to_owned() }
}

fn messages(store: Vec<u8>) -> Option<Vec<Message>> {
    let mut options = ReadOptions::default();
    options.hidden = true;
    let mut reader = PstReader::open(Arc::new(store), "store.pst", &options).ok()?;
    let mut messages = Vec::new();
    loop {
        match reader.next_message() {
            Ok(Some(stored)) => messages.push(message(&stored.message)),
            Ok(None) => return Some(messages),
            Err(e) => assert!(!e.is_fatal(), "{e}"),
        }
    }
}

/// Of 759 messages 757 come back, and 706 with all that is theirs; most others lie in blocks that are damaged as the files are, or share
/// one. No recipient and no attachment comes to a message that did not have it.
#[test]
fn messages_come_back_without_their_nodes_and_with_nothing_of_others() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let truth = std::io::read_to_string(std::fs::File::open(corpus.join("truth/pst.jsonl")).unwrap()).unwrap();
    let (mut all, mut back, mut complete) = (0, 0, 0);
    for line in truth.lines() {
        let truth: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = corpus.join(truth["path"].as_str().unwrap());
        let mut store = Vec::new();
        std::io::copy(&mut std::fs::File::open(&path).unwrap(), &mut store).unwrap();
        if !store.starts_with(b"!BDN") {
            continue;
        }
        let layout = match u16::from_le_bytes([store[10], store[11]]) {
            14 | 15 => Layout::Ansi,
            36.. => Layout::Unicode4k,
            _ => Layout::Unicode,
        };
        let Some(sound) = messages(store.clone()).filter(|sound| !sound.is_empty()) else { continue };
        assert!(without_leaves(&mut store, layout, NODE_PAGES) > 0, "{path:?} {layout:?}");
        let found = messages(store).unwrap_or_default();
        let mut found_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for message in &found {
            found_by.entry(&message.known_by).or_default().push(&message.recipients_and_attachments);
        }
        let mut own: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for message in &sound {
            let lines = message.recipients_and_attachments.lines();
            own.entry(&message.known_by).or_default().extend(lines);
            all += 1;
            let Some(found) = found_by.get_mut(&*message.known_by) else { continue };
            back += 1;
            if let Some(same) = found.iter().position(|found| *found == message.recipients_and_attachments) {
                found.remove(same);
                complete += 1;
            }
        }
        for message in &found {
            let Some(own) = own.get(&*message.known_by) else { continue };
            // Where the map of names is lost too, a named property has a number.
            let is_named = |line: &str| line.trim_start().starts_with('8');
            for line in message.recipients_and_attachments.lines().filter(|line| !is_named(line)) {
                assert!(own.contains(line), "{path:?}: {line:?} is another's\n{}", message.known_by);
            }
        }
    }
    println!("{all} messages, {back} come back, {complete} with all that is theirs");
    assert!(back * 100 >= all * 95 && complete * 100 >= all * 90, "{all}, {back}, {complete}");
}
