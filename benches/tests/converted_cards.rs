//! Cards that are converted to vCard 4.0 are read by `calcard` with the values that they had.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use calcard::vcard::{VCardProperty, VCardValue, VCardVersion as Version};
use mailferry::{
    model::{VCard, VCardVersion},
    read::{ItemReader, ReadOptions, vcf::VcfReader},
    write::{VcfCollection, VcfOptions},
};
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Properties whose values are the same text in all versions.
const SAME: [VCardProperty; 7] = [
    VCardProperty::Fn,
    VCardProperty::Email,
    VCardProperty::Nickname,
    VCardProperty::Title,
    VCardProperty::Role,
    VCardProperty::Note,
    VCardProperty::Org,
];

fn files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            self::files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "vcf") {
            files.push(path);
        }
    }
}

fn converted(card: &VCard) -> String {
    let mut options = VcfOptions::default();
    options.version = Some(VCardVersion::V4);
    let mut collection = VcfCollection::new(options);
    collection.add(card).unwrap();
    String::from_utf8(collection.finish().unwrap().to_vec(1 << 30).unwrap()).unwrap()
}

/// The texts of the properties that stay the same, by name.
fn texts(card: &calcard::vcard::VCard) -> BTreeSet<String> {
    let same = card.entries.iter().filter(|entry| SAME.contains(&entry.name));
    same.map(|entry| {
        let values = entry.values.iter().map(|value| match value {
            VCardValue::Text(text) => text.trim().to_owned(),
            VCardValue::Component(parts) => parts.join(" "),
            other => format!("{other:?}"),
        });
        format!("{:?} {}", entry.name, values.collect::<Vec<_>>().join(" "))
    })
    .collect()
}

#[test]
fn calcard_reads_converted_cards_as_it_read_them_before() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = env::var_os("MAILFERRY_CORPUS").map_or(root.join("../shared/corpus"), PathBuf::from);
    let mut paths = Vec::new();
    files(&root.join("fixtures/vcf"), &mut paths);
    match corpus.is_dir() {
        true => files(&corpus.join("files/vcf"), &mut paths),
        false => println!("skipped: there is no corpus at {}", corpus.display()),
    }
    let (mut compared, mut unread, mut differ) = (0, Vec::new(), Vec::new());
    for path in paths {
        let source = Arc::new(fs::read(&path).unwrap());
        let mut reader = VcfReader::open(source, &path.to_string_lossy(), &ReadOptions::default()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            let card = item.card().unwrap();
            if card.version() == Some(VCardVersion::V4) {
                continue;
            }
            let octets = converted(card);
            let Ok(after) = calcard::vcard::VCard::parse(&octets) else {
                unread.push(format!("{} {}", path.display(), item.origin.ordinal));
                continue;
            };
            assert_eq!(after.version(), Some(Version::V4_0), "{}", path.display());
            // Its view of the source is worth having where the octets are UTF-8 and nothing is encoded.
            // It reads 3.0's escapes in cards of 2.1 too, where a backslash is a backslash (2.1 has no escape but `\;`).
            let escapes = card.version() == Some(VCardVersion::V2_1);
            let before = String::from_utf8(card.content().to_vec(1 << 30).unwrap());
            let before = before.ok().filter(|text| {
                let is_encoded = text.to_ascii_uppercase().contains("QUOTED-PRINTABLE");
                !(is_encoded || escapes && text.contains('\\'))
            });
            let Some(before) = before else {
                continue;
            };
            let Ok(before) = calcard::vcard::VCard::parse(&before) else { continue };
            compared += 1;
            let after = texts(&after);
            differ.extend(
                texts(&before)
                    .into_iter()
                    .filter(|text| !after.contains(text))
                    .map(|text| format!("{} {}: {text:.200}", path.display(), item.origin.ordinal)),
            );
        }
    }
    println!("{compared} cards compared");
    assert!(compared > 10 && unread.is_empty(), "{unread:#?}");
    assert!(differ.is_empty(), "{differ:#?}");
}
