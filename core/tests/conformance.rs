//! Every fixture is read as its expectation says; `fixtures/README.md` has the keys.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

use mailferry::{
    Defect, Limits, Result,
    mime::HeaderSection,
    model::{CalendarObject, Item, ItemKind, VCard, VCardVersion},
    read::{
        Found, Inputs, ItemReader, ReadOptions,
        mbox::{MboxReader, Unquoting},
    },
    source::Source,
    write::{IcsCollection, IcsOptions, VcfCollection, VcfOptions},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const EXPECTED: &str = ".expected.jsonl";

#[test]
fn every_fixture_is_read_as_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        let path = case.to_string_lossy();
        wrong.extend(compare(&case, || {
            let octets: Source = Arc::new(fs::read(&case).unwrap());
            let mut items = Vec::new();
            let mut defects = Vec::new();
            for found in Inputs::new(&*path, octets, &Limits::default())? {
                if let Found::Input(input) = found? {
                    let mut reader = input.open(&options(&case))?;
                    read_all(&mut *reader, &mut items, &mut defects)?;
                }
            }
            Ok((items, defects))
        }));
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_window_of_an_mbox_does_not_matter() {
    let mut wrong = Vec::new();
    let is_mbox = |case: &PathBuf| case.extension().is_some_and(|extension| extension == "mbox");
    for case in cases().filter(|case| is_mbox(case) && !is_utf16(case)) {
        let octets = Arc::new(fs::read(&case).unwrap());
        for window in [1, 7, 64, 4096] {
            if octets.len() > 1000 * window {
                continue; // So that the smallest windows do not read the largest files.
            }
            let path = case.to_string_lossy();
            let found = compare(&case, || {
                let mut reader = MboxReader::open_with_window(octets.clone(), &path, &options(&case), window)?;
                let (mut items, mut defects) = (Vec::new(), Vec::new());
                read_all(&mut reader, &mut items, &mut defects)?;
                Ok((items, defects))
            });
            wrong.extend(found.into_iter().map(|text| format!("window {window}: {text}")));
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_fixture_stands_alone() {
    let files = files();
    let (expectations, inputs): (Vec<_>, Vec<_>) =
        files.iter().filter(|path| !path.ends_with("README.md")).partition(|path| name(path).ends_with(EXPECTED));
    for input in &inputs {
        assert!(expectations.contains(&&expectation_of(input)), "{} has no expectation", input.display());
    }
    assert_eq!(inputs.len(), expectations.len(), "an expectation has no fixture");
    assert!(inputs.len() > 80);
}

/// What differs between what a case says and what was read.
fn compare(case: &Path, read: impl FnOnce() -> Result<(Vec<Item>, Vec<Defect>)>) -> Vec<String> {
    let case_name = case.strip_prefix(folder()).unwrap().display().to_string();
    let expected = expectation(case);
    let file = expected.first().expect("a line about the file");
    let (items, defects) = match read() {
        Ok(read) => read,
        Err(error) => return vec![format!("{case_name}: {error}")],
    };
    let mut found = vec![about_file(case, &items, &defects)];
    found.extend(items.iter().map(about_item));
    if file.get("items") != found.first().and_then(|line| line.get("items")) {
        let offsets: Vec<u64> = items.iter().map(|item| item.origin.offset).collect();
        return vec![format!("{case_name}: {} items wanted, found at {offsets:?}", file["items"])];
    }
    let mut wrong = Vec::new();
    for (line, (expected, found)) in expected.iter().zip(&found).enumerate() {
        for (key, value) in expected {
            if !matches!(&**key, "rule" | "quoting") && found.get(key) != Some(value) {
                let found = found.get(key).map_or("(nothing)".to_owned(), Value::to_string);
                wrong.push(format!("{case_name} line {}: {key} is {found}, not {value}", line + 1));
            }
        }
    }
    wrong
}

fn about_file(case: &Path, items: &[Item], defects: &[Defect]) -> Map<String, Value> {
    let mut length = fs::metadata(case).unwrap().len();
    if is_utf16(case) {
        let octets = fs::read(case).unwrap();
        let units = octets.as_chunks().0.iter().map(|pair| match octets.first() {
            Some(0xff) => u16::from_le_bytes(*pair),
            _ => u16::from_be_bytes(*pair),
        });
        length = char::decode_utf16(units).skip(1).map(|c| c.unwrap().len_utf8() as u64).sum();
    }
    let end = items.last().map_or(0, |item| item.origin.offset + item.origin.length);
    let line = json!({
        "items": items.len(),
        "leading": items.first().map_or(0, |item| item.origin.offset),
        "tail": length.saturating_sub(end),
        "defects": kinds(defects),
        "comesBack": items.iter().all(|item| item.message().is_none()) && comes_back(case, items),
    });
    line.as_object().unwrap().clone()
}

fn about_item(item: &Item) -> Map<String, Value> {
    let message = match &item.kind {
        ItemKind::Message(message) => message,
        ItemKind::Calendar(object) => return about_calendar(item, object),
        ItemKind::Contact(card) => return about_card(item, card),
        _ => return Map::new(),
    };
    let octets = message.content().to_vec(64 << 20).unwrap();
    let limits = Limits::default();
    let header = HeaderSection::read(message.content(), &limits).unwrap();
    let text = |name: &str| header.first(name).map(|field| field.text());
    let mbox = item.origin.mbox.clone().unwrap_or_default();
    let attachments = message.attachments().unwrap();
    let digest = |octets: &[u8]| Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let attached = attachments.iter().map(|attachment| {
        let mut octets = Vec::new();
        std::io::Read::read_to_end(&mut attachment.reader(), &mut octets).unwrap();
        digest(&octets)
    });
    let line = json!({
        "offset": item.origin.offset,
        "length": item.origin.length,
        "fromLine": String::from_utf8_lossy(&mbox.from_line),
        "separator": String::from_utf8_lossy(&mbox.separator),
        "size": octets.len(),
        "sha256": digest(&octets),
        "text": message.text().unwrap(),
        "attachments": attachments.iter().map(|each| json!([each.file_name(), each.media_type()])).collect::<Vec<_>>(),
        "attached": attached.collect::<Vec<_>>(),
        "unquotedLines": mbox.unquoted_lines,
        "defects": kinds(&item.defects),
        "subject": text("Subject"),
        "messageId": text("Message-ID").map(|id| id.trim_matches(['<', '>']).to_owned()),
        "key": item.origin.key.as_deref(),
        "folder": item.folder.path.to_string(),
        "role": item.folder.role.map(|role| role.as_str()),
        "labels": item.labels.iter().map(|label| &*label.name).collect::<Vec<_>>(),
        "keywords": item.keywords.iter().collect::<Vec<_>>(),
        "receivedAt": item.received.map(|received| received.at.to_string()),
        "dateSource": item.received.map(|received| received.source.as_str()),
    });
    line.as_object().unwrap().clone()
}

fn about_calendar(item: &Item, object: &CalendarObject) -> Map<String, Value> {
    let zones: Vec<_> = object.components().iter().flat_map(|component| component.zone_ids()).collect();
    let line = json!({
        "kind": item.kind.as_str(),
        "uid": object.uid(),
        "subject": object.summary(),
        "start": object.start().map(ToString::to_string),
        "recurring": object.is_recurring(),
        "components": object.components().len(),
        "zones": zones,
        "folder": item.folder.path.to_string(),
        "defects": kinds(&item.defects),
    });
    line.as_object().unwrap().clone()
}

fn about_card(item: &Item, card: &VCard) -> Map<String, Value> {
    let line = json!({
        "kind": item.kind.as_str(),
        "uid": card.uid(),
        "subject": card.name(),
        "version": card.version().map(VCardVersion::as_str),
        "group": card.is_group(),
        "folder": item.folder.path.to_string(),
        "defects": kinds(&item.defects),
    });
    line.as_object().unwrap().clone()
}

/// Whether calendar objects or cards, put together again, are the file.
fn comes_back(case: &Path, items: &[Item]) -> bool {
    let mut calendars = IcsCollection::new(IcsOptions::default());
    let mut cards = VcfCollection::new(VcfOptions::default());
    for item in items {
        item.calendar().into_iter().for_each(|object| calendars.add(object).unwrap());
        item.card().into_iter().for_each(|card| drop(cards.add(card).unwrap()));
    }
    let written = if cards.is_empty() { calendars.finish() } else { cards.finish() };
    written.unwrap().to_vec(1 << 20).unwrap() == fs::read(case).unwrap()
}

fn kinds(defects: &[Defect]) -> Vec<&'static str> {
    defects.iter().map(|defect| defect.kind().as_str()).collect()
}

fn read_all(reader: &mut dyn ItemReader, items: &mut Vec<Item>, defects: &mut Vec<Defect>) -> Result<()> {
    while let Some(item) = reader.next_item()? {
        items.push(item);
    }
    defects.extend(reader.take_defects());
    Ok(())
}

/// Whether the file is in UTF-16, which is decoded before the reader of a format sees it.
fn is_utf16(case: &Path) -> bool {
    let octets = fs::read(case).unwrap();
    octets.starts_with(b"\xff\xfe") || octets.starts_with(b"\xfe\xff")
}

/// The options that the case asks for.
fn options(case: &Path) -> ReadOptions {
    let mut options = ReadOptions::default();
    options.unquoting = match expectation(case)[0].get("quoting").and_then(Value::as_str) {
        None => Unquoting::Auto,
        Some("rd") => Unquoting::Mboxrd,
        Some("o") => Unquoting::Mboxo,
        Some("raw") => Unquoting::Raw,
        Some(other) => panic!("{}: quoting {other:?}", case.display()),
    };
    options
}

fn expectation(case: &Path) -> Vec<Map<String, Value>> {
    let text = fs::read_to_string(expectation_of(case)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn expectation_of(case: &Path) -> PathBuf {
    let name = name(case);
    case.with_file_name(format!("{}{EXPECTED}", name.rsplit_once('.').map_or(&*name, |(stem, _)| stem)))
}

fn cases() -> impl Iterator<Item = PathBuf> {
    files().into_iter().filter(|path| !name(path).ends_with(EXPECTED) && !path.ends_with("README.md"))
}

/// Every file in `fixtures/`.
fn files() -> Vec<PathBuf> {
    let mut folders = vec![folder()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                // The hard cases of mail are one table, walked by a test of its own.
                true if path.ends_with("mime") => {}
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
