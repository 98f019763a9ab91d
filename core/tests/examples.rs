//! What `examples/` shows works: each is run on octets of its own, and says what it should.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../examples/convert.rs"]
mod convert;
#[path = "../examples/count.rs"]
mod count;
#[path = "../examples/folders.rs"]
mod folders;
#[path = "../examples/inputs.rs"]
mod inputs;
#[path = "../examples/plan.rs"]
mod plan;
#[path = "../examples/read.rs"]
mod read;
#[path = "../examples/verify.rs"]
mod verify;

use mailferry::{
    Result,
    mapi::{MapiMessage, PropertyBag, PropertyValue, pid},
    read::Given,
    source::Source,
    write::{
        OutputForm,
        pst::{Layout, PstWriter, Scrambling},
    },
};
use std::{fs, io::Cursor, io::Write, sync::Arc};

const MBOX: &[u8] = b"From a\nSubject: =?utf-8?q?caf=C3=A9?=\n\nHi\n\nFrom b\nSubject: two\n\nHello\n";
const ICS: &[u8] =
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\n\
    DTSTART:20240101T000000Z\r\nSUMMARY:New year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const VCF: &[u8] = b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Example;Ann;;;\r\nFN:Ann Example\r\nEND:VCARD\r\n";

fn given(name: &str, octets: &[u8]) -> Given {
    Given::Source(name.into(), Arc::new(octets.to_vec()))
}

/// What an example prints.
fn printed(example: impl FnOnce(&mut dyn Write) -> Result<()>) -> String {
    let mut out = Vec::new();
    example(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_writer_of_ones_own_counts() {
    let told = printed(|out| count::run(given("Inbox.mbox", MBOX), out));
    assert_eq!(told, "Inbox: 2 items, 55 octets\n2 of 2 items\n");
}

#[test]
fn every_format_is_read_into_one_model() {
    let read = |name: &str, octets: &[u8]| printed(|out| read::run(given(name, octets), out));
    assert_eq!(read("Inbox.mbox", MBOX), "mail Inbox: café\nmail Inbox: two\n");
    assert_eq!(read("Work.ics", ICS), "event Work: New year\n");
    assert_eq!(read("Friends.vcf", VCF), "contact Friends: Ann Example\n");
}

#[test]
fn what_is_wrapped_is_opened_as_it_is() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(MBOX).unwrap();
    let packed: Source = Arc::new(packed.finish().unwrap());
    assert_eq!(printed(|out| inputs::run("Inbox.mbox.gz", packed, out)), "Inbox.mbox: 2 items\n");
}

#[test]
fn the_folders_of_a_store_are_listed() {
    let mut store = PstWriter::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute).unwrap();
    let inbox = store.add_folder(PstWriter::<Cursor<Vec<u8>>>::MAILBOX, "Inbox", "IPF.Note");
    store.add_folder(PstWriter::<Cursor<Vec<u8>>>::MAILBOX, "Nothing", "IPF.Note");
    let mut properties = PropertyBag::default();
    properties.insert(pid::MESSAGE_CLASS, PropertyValue::String8(b"IPM.Note".to_vec().into()));
    store.add_message(inbox, &MapiMessage::new(properties)).unwrap();
    let store: Source = Arc::new(store.finish().unwrap().into_inner());
    let told = printed(|out| folders::run(store, out));
    assert!(told.contains("Inbox: 1\n") && told.contains("Nothing: 0\n"), "{told}");
}

#[test]
fn a_plan_says_what_does_not_go_and_why() {
    let told = printed(|out| plan::run(given("Inbox.mbox", MBOX), "nextcloud", out));
    assert!(
        told.starts_with("Nextcloud") && told.contains(": 0 of 2 items go\ntarget_takes_no_mail: 2 items: "),
        "{told}"
    );
}

#[test]
fn a_destination_is_what_its_log_says_until_somebody_changes_it() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Inbox.mbox");
    fs::write(&source, MBOX).unwrap();
    let zip = folder.path().join("mail.zip");
    let told = printed(|out| convert::run(source.clone(), &zip, OutputForm::Eml, out));
    assert_eq!(told, "2 items: 2 migrated, 0 failed, 0 skipped\n");
    let told =
        printed(|out| verify::run(&zip, vec![source.clone()], out).map(|differences| assert_eq!(differences, 0)));
    assert!(told.ends_with("0 differences\n"), "{told}");

    let mail = folder.path().join("mail");
    let told = printed(|out| convert::run(source, &mail, OutputForm::Bundle, out));
    assert_eq!(told, "2 items: 2 migrated, 0 failed, 0 skipped\n");
    fs::write(mail.join("bagit.txt"), "changed").unwrap();
    let told = printed(|out| verify::run(&mail, Vec::new(), out).map(|differences| assert_ne!(differences, 0)));
    assert!(told.contains("bagit.txt"), "{told}");
}
