//! Real ICS and VCF files of the corpus, where it is there: octets come back, and counts and texts are those of other tools.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

use mailferry::{
    model::{ItemKind, VCard, VCardVersion},
    read::{ItemReader, ReadOptions, ics::IcsReader, vcf::VcfReader},
    source::Source,
    time_zone,
    write::{IcsCollection, IcsOptions, VcfCollection, VcfOptions},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files whose octets do not come back, and why.
const CHANGED: &[(&str, &str)] = &[
    ("Recurrence/Bug2912657.ics", "UTF-16, written as UTF-8"),
    ("src/utf-16_sample.vcf", "UTF-16, written as UTF-8"),
    ("native/02417_315-Kien.vcf", "the text \"Attachment … not found!\": no card"),
    ("libebook/vcard/7.vcf", "properties without a BEGIN:VCARD: no card"),
    ("ressources/property_error.vcf", "single lines without a BEGIN:VCARD: no card"),
    ("Jobs/stub.vcf", "the text \"card\": no card"),
];

/// Where the two judges agree and we do not: the file and why.
const COUNTS: &[(&str, &str)] = &[(
    "issue_178_custom_component_contains_other.ics",
    "the VEVENT stands inside an X- component, which is the item: it is kept whole",
)];

/// Where our text differs from that of icalendar or vobject: the file and why.
const TEXTS: &[(&str, &str)] = &[
    ("test-data/0.ics", "two SUMMARYs: the first counts, icalendar gives a list of both"),
    ("issue_178_custom_component_contains_other.ics", "as above: the item has no UID of its own"),
    ("Serialization/Bug2148092.ics", "Latin-1 that is not declared, which icalendar replaces"),
    ("Serialization/ProdID2.ics", "windows-1252 that is not declared, which icalendar replaces"),
    ("data/importLatin1.ics", "as above"),
    ("ical/150.ics", "as Event3.ics"),
    ("Serialization/Event3.ics", "a backslash before a quotation mark is an escape of old programs"),
    ("ical/245.ics", "as Event3.ics"),
    ("ical/004.ics", "white space before a UID is no part of it"),
    ("ical/005.ics", "as 004.ics"),
    ("ical/214.ics", "white space behind a UID is no part of it"),
    ("ical/220.ics", "two UIDs: the first counts, icalendar gives a list of both"),
    ("v3-uri-binary-jpeg.vcf", "FN has a bare comma: it is no list, vobject takes the first part"),
    ("v3-uri-binary-png.vcf", "as above"),
    ("v3-uri-binary-webp.vcf", "as above"),
    ("v3-uri-uri-png.vcf", "as above"),
    ("v3-uri-uri-webp.vcf", "as above"),
    ("v4-uri-jpeg.vcf", "as above"),
    ("v4-uri-png.vcf", "as above"),
    ("John_Doe_GMAIL.vcf", "as above"),
    ("data/vcard5.vcf", "as above"),
    ("data/vcard9.vcf", "UTF-8, which the judge was given as Latin-1"),
];

fn known(list: &[(&str, &str)], path: &str) -> bool {
    list.iter().any(|(name, _)| path.ends_with(name))
}

fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = env::var_os("MAILFERRY_CORPUS").map_or(default, PathBuf::from);
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: there is no corpus at {}", corpus.display());
    None
}

fn truth(corpus: &Path, name: &str) -> Vec<Value> {
    let lines = fs::read_to_string(corpus.join("truth").join(name)).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a file holds, and what it is written as.
struct Read {
    octets: Vec<u8>,
    written: Vec<u8>,
    counts: BTreeMap<&'static str, u64>,
    /// UID and SUMMARY of each component, in order.
    components: Vec<(String, String)>,
    cards: Vec<VCard>,
}

fn read(corpus: &Path, path: &str) -> Read {
    let octets = fs::read(corpus.join(path)).unwrap();
    let source: Source = Arc::new(octets.clone());
    let options = ReadOptions::default();
    let mut reader: Box<dyn ItemReader> = match path.contains("files/vcf/") {
        true => Box::new(VcfReader::open(source, path, &options).unwrap()),
        false => Box::new(IcsReader::open(source, path, &options).unwrap()),
    };
    let mut calendars = IcsCollection::new(IcsOptions::default());
    let mut collection = VcfCollection::new(VcfOptions::default());
    let (mut counts, mut components, mut cards) = (BTreeMap::new(), Vec::new(), Vec::new());
    while let Some(item) = reader.next_item().unwrap() {
        match item.kind {
            ItemKind::Calendar(object) => {
                calendars.add(&object).unwrap();
                for component in object.components() {
                    *counts.entry(component.kind().as_str()).or_default() += 1;
                    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                    components.push((text(component.uid()), text(component.summary())));
                }
            }
            ItemKind::Contact(card) => {
                collection.add(&card).unwrap();
                cards.push(card);
            }
            _ => panic!("a message in {path}"),
        }
    }
    let written = if calendars.is_empty() { collection.finish() } else { calendars.finish() };
    Read { octets, written: written.unwrap().to_vec(1 << 30).unwrap(), counts, components, cards }
}

#[test]
fn calendars_come_back_and_are_what_others_see() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in truth(&corpus, "ics.jsonl") {
        let path = row["path"].as_str().unwrap();
        let read = read(&corpus, path);
        if (read.octets == read.written) == known(CHANGED, path) {
            wrong.push(format!("{path}: its octets do not come back, or do and are listed"));
        }
        let judges = [&row["icalendar"]["components"], &row["ical_js"]["components"]];
        if !row["disagree"].is_null() || !judges[0].is_object() || known(COUNTS, path) {
            continue;
        }
        for (kind, name) in [("event", "VEVENT"), ("task", "VTODO"), ("journal", "VJOURNAL"), ("freebusy", "VFREEBUSY")]
        {
            let ours = read.counts.get(kind).copied().unwrap_or(0);
            let theirs = judges[0][name].as_u64().unwrap_or(0);
            if ours != theirs {
                wrong.push(format!("{path}: {ours} {name}, icalendar {theirs}"));
            }
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = row["items"].as_array().into_iter().flatten();
        let mut theirs: Vec<_> = items.map(|item| (text(&item[0]), text(&item[1]))).collect();
        let mut ours = read.components;
        theirs.sort();
        ours.sort();
        if theirs.len() == ours.len() && theirs != ours && !known(TEXTS, path) {
            let differ = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
            wrong.push(format!("{path}: {differ:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn cards_come_back_and_are_what_vobject_sees() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in truth(&corpus, "vcf.jsonl") {
        let path = row["path"].as_str().unwrap();
        let read = read(&corpus, path);
        if (read.octets == read.written) == known(CHANGED, path) {
            wrong.push(format!("{path}: its octets do not come back, or do and are listed"));
        }
        let Some(theirs) = row["vobject"]["cards"].as_u64() else { continue };
        if theirs != read.cards.len() as u64 {
            wrong.push(format!("{path}: {} cards, vobject {theirs}", read.cards.len()));
            continue;
        }
        let theirs: Vec<_> = row["vobject"]["fn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let ours: Vec<_> = read.cards.iter().filter_map(VCard::name).collect();
        if theirs.len() == ours.len() && theirs != ours && !known(TEXTS, path) {
            wrong.push(format!("{path}: {ours:?}, vobject {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every property of the source is found again, under its name or the one it has in the new version.
#[test]
fn converted_cards_keep_every_property() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in truth(&corpus, "vcf.jsonl") {
        let path = row["path"].as_str().unwrap();
        for card in read(&corpus, path).cards {
            for version in [VCardVersion::V3, VCardVersion::V4].into_iter().filter(|v| card.version() != Some(*v)) {
                let mut options = VcfOptions::default();
                options.version = Some(version);
                let mut collection = VcfCollection::new(options);
                collection.add(&card).unwrap();
                let octets = collection.finish().unwrap().to_vec(1 << 30).unwrap();
                if std::str::from_utf8(&octets).is_err() {
                    wrong.push(format!("{path}: {} is no UTF-8", version.as_str()));
                }
                let again = VCard::parse(Arc::new(octets.clone())).unwrap();
                if again.version() != Some(version) || !again.defects().is_empty() {
                    wrong.push(format!("{path}: {} reads as {again:?}", version.as_str()));
                }
                let before = names(&card.content().to_vec(1 << 30).unwrap());
                let after = names(&octets);
                for (name, count) in before {
                    let found: u64 = after.iter().filter(|(n, _)| same(&name, n)).map(|(_, count)| count).sum();
                    if found < count {
                        wrong.push(format!("{path}: {} {name}: {count}, then {found}", version.as_str()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// How often each property stands in a card.
fn names(octets: &[u8]) -> BTreeMap<String, u64> {
    let unfolded = mailferry::content_line::unfold(octets);
    let mut names = BTreeMap::new();
    let mut depth = 0;
    for line in unfolded.split(|octet| matches!(octet, b'\n' | b'\r')) {
        let Some(line) = mailferry::content_line::ContentLine::parse(line) else { continue };
        depth += i32::from(line.is("BEGIN")) - i32::from(line.is("END"));
        let name = String::from_utf8_lossy(line.name).to_uppercase();
        if depth == 1 && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') && name != "BEGIN" {
            *names.entry(name).or_default() += 1;
        }
    }
    names
}

fn same(before: &str, after: &str) -> bool {
    let kept = after.strip_prefix("X-ADDRESSBOOKSERVER-").or(after.strip_prefix("X-")).unwrap_or(after);
    let was = before.strip_prefix("X-ADDRESSBOOKSERVER-").or(before.strip_prefix("X-")).unwrap_or(before);
    kept == was
        || matches!(
            (before, after),
            ("LABEL", "ADR") | ("AGENT", "RELATED") | ("SORT-STRING", "N") | ("END" | "VERSION", _)
        )
}

/// The zones that real calendars name, by whatever name, are found in the IANA database, or their name is an offset: 92 of 146 by
/// calcard 0.3.14.
#[test]
fn zones_of_real_calendars_are_known() {
    let Some(corpus) = corpus() else { return };
    let mut zones = BTreeSet::new();
    for row in truth(&corpus, "ics.jsonl") {
        let octets = fs::read(corpus.join(row["path"].as_str().unwrap())).unwrap();
        let mut reader = IcsReader::open(Arc::new(octets), "x.ics", &ReadOptions::default()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            for component in item.calendar().unwrap().components() {
                zones.extend(component.zone_ids().iter().filter(|zone| !zone.is_empty()).cloned());
            }
        }
    }
    let is_known = |zone: &str| time_zone::iana_name(zone).is_some() || time_zone::offset_in_name(zone).is_some();
    let unknown: Vec<_> = zones.iter().filter(|zone| !is_known(zone)).collect();
    println!("{} of {} TZIDs are known; not {unknown:?}", zones.len() - unknown.len(), zones.len());
    assert!(unknown.len() * 4 < zones.len(), "{} of {}: {unknown:?}", unknown.len(), zones.len());
}
