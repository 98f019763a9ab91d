//! Outlook's messages in files of their own and archives of Outlook for Mac: listed, shown and converted.

use crate::{
    archive::Archive,
    run::{names, run},
};
use serde_json::Value;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

/// The files of a folder of fixtures, in order, without their expectations.
fn inputs(folder: &str) -> Vec<PathBuf> {
    let folder = fixture(folder);
    let names = names(&folder).into_iter().filter(|name| !name.ends_with(".expected.jsonl"));
    names.map(|name| folder.join(name)).collect()
}

fn arguments(command: &[&str], files: &[PathBuf]) -> Vec<OsString> {
    command.iter().map(OsString::from).chain(files.iter().map(OsString::from)).collect()
}

#[test]
fn every_item_is_listed_and_converted() {
    let files = [inputs("msg"), inputs("olm")].concat();
    let listed = run(arguments(&["list", "--json"], &files));
    assert_eq!(listed.status, Some(0), "{}", listed.stderr);
    let lines: Vec<Value> = listed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_kind = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!((files.len(), lines.len()), (16, 23));
    assert_eq!(["mail", "contact", "event", "task", "journal"].map(of_kind), [13, 4, 2, 2, 2]);
    let root = tempfile::tempdir().unwrap();
    let dest = root.path().join("out");
    let mut convert = arguments(&["convert", "--to"], std::slice::from_ref(&dest));
    convert.extend(files.iter().map(OsString::from));
    let converted = run(convert);
    assert_eq!(converted.status, Some(0), "{}", converted.stderr);
    let archive = Archive::at(&dest);
    archive.check();
    assert_eq!(archive.log.iter().filter(|line| line["status"] == "migrated").count(), 23);
    let names =
        archive.log.iter().find(|line| line["source"]["file"].as_str().is_some_and(|f| f.ends_with("names.msg")));
    let told = names.unwrap()["warnings"].to_string();
    assert!(told.contains("the names of properties: 3 entries are damaged"), "{told}");
    // The message that has no such names is the same.
    assert_eq!(archive.column("subject").iter().filter(|subject| **subject == "Zahlen für März").count(), 2);
}

#[test]
fn one_item_is_shown() {
    for (file, number, lines) in [
        (
            "msg/attachments.msg",
            "1",
            &["Subject:  Zahlen für März\n", "Attached: Größen.csv (text/csv, 10 B)\n", "\nHello\n"][..],
        ),
        ("msg/template.oft", "1", &["Subject:  Angebot\n", "\nSehr geehrte …\n"]),
        ("msg/meeting.msg", "1", &["UID:meeting@example.org", "DTSTART:20240305T090000Z", "LOCATION:Raum 7"]),
        ("msg/contact.msg", "1", &["FN:Zoë Doe", "zoe@example.org"]),
        ("olm/first-version.olm", "1", &["Subject:  Grüße\n", "Attached: Größen.csv (text/csv, 200 B)\n"]),
        ("olm/accounts.olm", "2", &["From:     Ann <ann@example.org>\n", "Subject:  two\n"]),
        ("olm/other-items.olm", "4", &["BEGIN:VTODO", "SUMMARY:Invoice"]),
    ] {
        let shown = run(["show".into(), fixture(file).into_os_string(), number.into()]);
        assert_eq!(shown.status, Some(0), "{file}: {}", shown.stderr);
        for line in lines {
            assert!(shown.stdout.contains(line), "{file}: no {line:?} in {}", shown.stdout);
        }
    }
}
