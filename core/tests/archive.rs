//! What an archive holds is what was written: folders and ZIP archives, read back by others than their writer.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may fail"
)]

use mailferry::{
    DateTime, ErrorKind,
    model::{Folder, FolderPath, Item, ItemKind, Message},
    source::Content,
    write::{EmlArchive, EmlOptions, ItemName, ItemWriter, Written, ZipLevel},
};
use std::{fs, path::Path};

fn item(folder: &[&str], octets: &[u8]) -> Item {
    Item {
        folder: Folder { path: FolderPath::new(folder.iter().copied()), role: None },
        origin: Default::default(),
        keywords: Default::default(),
        labels: Vec::new(),
        received: None,
        kind: ItemKind::Message(Message::new(Content::from(octets.to_vec()))),
        defects: Vec::new(),
    }
}

fn name(subject: &str, seconds: i64) -> ItemName {
    ItemName { subject: Some(subject.into()), date: Some(DateTime::from_unix_seconds(seconds)), ..ItemName::default() }
}

fn write(archive: &mut EmlArchive, item: &Item, name: &ItemName) -> mailferry::Result<Vec<Written>> {
    let rendered = archive.renderer().render(item)?;
    archive.write(item, name, rendered)
}

fn path(written: &[Written]) -> &str {
    let [written] = written else { panic!("one place, not {written:?}") };
    &written.path
}

#[test]
fn a_folder_holds_the_octets_and_dates_of_its_items() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("out");
    let mut archive = EmlArchive::create(&dest, EmlOptions::default()).unwrap();
    let written = write(&mut archive, &item(&["Inbox", "a/b"], b"Subject: x\n\ny"), &name("x", 1_700_000_000)).unwrap();
    archive.folder(&Folder { path: FolderPath::new(["Empty"]), role: None }).unwrap();
    archive.finish().unwrap();

    assert!(path(&written).starts_with("Inbox/a_b/20231114-221320Z_"), "{written:?}");
    let file = dest.join(path(&written));
    assert_eq!(fs::read(&file).unwrap(), b"Subject: x\n\ny");
    let modified = fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_700_000_000);
    assert!(dest.join("Empty").is_dir());
    assert_eq!(fs::read_dir(dest.join("Inbox/a_b")).unwrap().count(), 1, "nothing unfinished is left");
}

#[test]
fn a_destination_that_holds_something_else_is_refused() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    fs::write(root.path().join("x.zip"), "x").unwrap();
    for dest in [root.path().to_owned(), root.path().join("file"), root.path().join("x.zip")] {
        let Err(error) = EmlArchive::create(&dest, EmlOptions::default()) else { panic!("{dest:?} was taken") };
        assert_eq!(error.kind(), ErrorKind::Destination, "{error}");
    }
    assert_eq!(fs::read(root.path().join("x.zip")).unwrap(), b"x");
}

fn zip_of(dest: &Path, level: ZipLevel, messages: &[Vec<u8>]) {
    let mut options = EmlOptions::default();
    options.zip_level = level;
    let mut archive = EmlArchive::create(dest, options).unwrap();
    for (i, octets) in messages.iter().enumerate() {
        write(&mut archive, &item(&["Été"], octets), &name(&format!("m{i}"), 1_700_000_000)).unwrap();
    }
    archive.folder(&Folder { path: FolderPath::new(["Leer"]), role: None }).unwrap();
    archive.finish().unwrap();
}

#[test]
fn a_zip_archive_appears_under_its_name_when_it_is_finished() {
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("x.zip");
    zip_of(&dest, ZipLevel::Fast, &[b"a".repeat(100_000), b"b".to_vec()]);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    let same = root.path().join("y.zip");
    zip_of(&same, ZipLevel::Fast, &[b"a".repeat(100_000), b"b".to_vec()]);
    assert_eq!(fs::read(&dest).unwrap(), fs::read(&same).unwrap(), "the same items give the same octets");
}
