//! What is written as a PST opens in programs that others wrote.
//!
//! Each program that is not installed is passed over with one line.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::{Guid, MapiMessage, NamedProperties, PropertyName},
    write::pst::{Layout, Scrambling},
};
use pst_support::{LAYOUTS, Writer, attachments, every_type, mail};
use std::{fs, io::Cursor, path::Path, process::Command, sync::Arc};

/// What the messages of a store have of named properties: libpff and others refuse a map of names that lacks what they look for.
const NAMES: [&str; 5] = ["none", "a number of a known set", "a number of its own set", "a string", "all kinds"];

fn message(layout: Layout, names: &str) -> MapiMessage {
    let name = match names {
        "a number of a known set" => PropertyName::Lid(Guid::PS_MAPI, 0x8001),
        "a number of its own set" => PropertyName::Lid(Guid::PSETID_TASK, 0x8104),
        "a string" => PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned()),
        "all kinds" => return every_type(layout),
        _ => return mail(layout, "plain", "no names"),
    };
    let mut message = mail(layout, "named", "one name");
    let mut map = NamedProperties::default();
    map.insert(0x8000, name);
    let mut bag = mailferry::mapi::PropertyBag::new(Arc::new(map));
    for (id, value) in message.properties.iter() {
        bag.insert(id, value.clone());
    }
    bag.insert(0x8000, pst_support::text(layout, "value"));
    message.properties = bag;
    message
}

/// A store of three messages and two attachments with octets.
fn store(layout: Layout, names: &str) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, Scrambling::Permute).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    pst.add_message(inbox, &mail(layout, "first", "body")).unwrap();
    pst.add_message(inbox, &message(layout, names)).unwrap();
    pst.add_message(inbox, &attachments(layout, 9_000)).unwrap();
    pst.finish().unwrap().into_inner()
}

/// How many files under `folder` have this name, or this ending of it.
fn count(folder: &Path, end: &str) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| if path.is_dir() { count(&path, end) } else { usize::from(path.to_string_lossy().ends_with(end)) })
        .sum()
}

/// Writes stores of every layout with every kind of names, and gives each to `look`, with an empty folder beside it.
fn each_store(layouts: &[Layout], look: impl Fn(&Path, &Path, &str)) {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts {
        for names in NAMES {
            let what = format!("{layout:?}, {names}");
            let (path, out) = (folder.path().join(format!("{what}.pst")), folder.path().join(format!("{what} out")));
            fs::write(&path, store(*layout, names)).unwrap();
            look(&path, &out, &what);
        }
    }
}

#[test]
fn pffexport_finds_every_message() {
    if Command::new("pffexport").arg("-V").output().is_err() {
        println!("skipped: pffexport is not installed");
        return;
    }
    each_store(&LAYOUTS, |store, out, what| {
        let said = Command::new("pffexport").arg("-q").arg("-t").arg(out).arg(store).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let out = out.with_file_name(format!("{}.export", out.file_name().unwrap().to_string_lossy()));
        assert_eq!(count(&out, "OutlookHeaders.txt") + count(&out, "Appointment.txt"), 3, "{what}: {said}");
        assert_eq!(count(&out, ".bin"), 2, "{what}: {said}");
    });
}

#[test]
fn readpst_finds_every_message() {
    if Command::new("readpst").arg("-V").output().is_err() {
        println!("skipped: readpst is not installed");
        return;
    }
    each_store(&LAYOUTS[..2], |store, out, what| {
        fs::create_dir(out).unwrap();
        let said =
            Command::new("readpst").args(["-e", "-j", "0", "-t", "eajc", "-o"]).arg(out).arg(store).output().unwrap();
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert_eq!(count(out, ".eml") + count(out, ".ics"), 3, "{what}: {said}");
    });
}
