//! What is opened: plain files, gzip, ZIP and tar archives, Apple Mail folders, and files that are none of these.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use flate2::{Compression, write::GzEncoder};
use mailferry::{
    DefectKind, Error, ErrorKind, Limits, Result,
    read::{Found, Input, Inputs, ReadOptions},
    source::Source,
};
use memchr::memmem;
use std::{
    fs,
    io::{Cursor, Write},
    sync::Arc,
};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const MAIL: &[u8] = b"From a@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\nbody\n\n";

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn zip(entries: &[(&str, &[u8], SimpleFileOptions)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets, options) in entries {
        if name.ends_with('/') {
            writer.add_directory(*name, *options).unwrap();
        } else {
            writer.start_file(*name, *options).unwrap();
            writer.write_all(octets).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, octets) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(octets.len() as u64);
        builder.append_data(&mut header, name, *octets).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The entries of an archive; the writers refuse a name twice and one that leads out, so `renamed` puts those right.
fn takeout() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("Takeout/archive_browser.html", b"<html>".to_vec()),
        ("Takeout/Mail/All mail.mbox", MAIL.repeat(5_000)),
        ("Takeout/Mail/Empty.MBOX", Vec::new()),
        ("Takeout/Mail/Packed.mbox.gz", gzip(MAIL)),
        ("__MACOSX/Takeout/Mail/._All mail.mbox", b"\0\x05\x16\x07".to_vec()),
        ("xx/xx/etc/evil.mbox", MAIL.to_vec()),
        ("Takeout/Mail/All ma1l.mbox", MAIL.to_vec()),
    ]
}

fn renamed(archive: &[u8]) -> Vec<u8> {
    replace(&replace(archive, b"xx/xx/etc", b"../../etc"), b"All ma1l", b"All mail")
}

fn replace(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = octets.to_vec();
    for place in memmem::find_iter(octets, from) {
        replaced[place..place + to.len()].copy_from_slice(to);
    }
    replaced
}

/// The names of a Takeout's sources, and the octets that each holds.
fn expected(archive: &str) -> Vec<(String, Vec<u8>)> {
    [
        ("Takeout/Mail/All mail.mbox", MAIL.repeat(5_000)),
        ("Takeout/Mail/Empty.MBOX", Vec::new()),
        ("Takeout/Mail/Packed.mbox", MAIL.to_vec()),
        ("../../etc/evil.mbox", MAIL.to_vec()),
        ("Takeout/Mail/All mail.mbox", MAIL.to_vec()),
    ]
    .map(|(name, octets)| (format!("{archive}!{name}"), octets))
    .to_vec()
}

fn open(name: &str, octets: Vec<u8>) -> Result<Inputs> {
    Inputs::new(name, Arc::new(octets), &Limits::default())
}

fn octets(source: &Source) -> std::io::Result<Vec<u8>> {
    let mut octets = vec![0; usize::try_from(source.len()).unwrap()];
    source.read_exact_at(0, &mut octets)?;
    Ok(octets)
}

fn one(inputs: &mut Inputs) -> Input {
    match inputs.next() {
        Some(Ok(Found::Input(input))) => input,
        other => panic!("{other:?}"),
    }
}

/// All sources with their octets, all that is passed, and all errors.
#[derive(Default)]
struct All {
    sources: Vec<(String, Vec<u8>)>,
    passed: Vec<String>,
    errors: Vec<Error>,
}

fn all(inputs: Inputs) -> All {
    let mut all = All::default();
    for found in inputs {
        match found {
            Ok(Found::Input(input)) => all.sources.push((input.name().to_owned(), octets(input.source()).unwrap())),
            Ok(Found::Passed(passed)) => all.passed.push(passed.name.to_string()),
            Err(e) => all.errors.push(e),
        }
    }
    all
}

#[test]
fn a_zip_gives_its_sources_in_order_and_names_what_it_passes() {
    let takeout = takeout();
    for options in [stored(), deflated(), stored().large_file(true), deflated().large_file(true)] {
        let mut entries: Vec<_> = takeout.iter().map(|(name, octets)| (*name, &octets[..], options)).collect();
        entries.insert(1, ("Takeout/Mail/", b"", options));
        let archive = renamed(&zip(&entries));
        for prefix in [&b""[..], b"MZ program that unpacks itself"] {
            let found = all(open("t.zip", [prefix, &archive].concat()).unwrap());
            assert!(found.errors.is_empty(), "{:?}", found.errors);
            assert!(found.sources == expected("t.zip"));
            let passed = ["t.zip!Takeout/archive_browser.html", "t.zip!__MACOSX/Takeout/Mail/._All mail.mbox"];
            assert_eq!(found.passed, passed);
        }
    }
}

#[test]
fn a_tar_gives_the_same_with_and_without_gzip() {
    let takeout = takeout();
    let entries: Vec<_> = takeout.iter().map(|(name, octets)| (*name, &octets[..])).collect();
    let mut archive = renamed(&tar(&entries));
    for name in ["../../etc/evil", "Takeout/Mail/All mail"] {
        for place in memmem::find_iter(&archive.clone(), name) {
            if place % 512 == 0 {
                let header = &mut archive[place..place + 512];
                let mut mended = tar::Header::from_byte_slice(header).clone();
                mended.set_cksum();
                header.copy_from_slice(mended.as_bytes());
            }
        }
    }
    for (name, octets) in [("t.tar", archive.clone()), ("t.tgz", gzip(&archive)), ("t.tar.gz", gzip(&archive))] {
        let found = all(open(name, octets).unwrap());
        assert!(found.errors.is_empty(), "{:?}", found.errors);
        assert!(found.sources == expected(name));
        assert_eq!(found.passed.len(), 2);
    }
}

#[test]
fn tar_names_may_be_long_and_lengths_in_pax_records() {
    let long = format!("{}Inbox.mbox", "Übergröße/".repeat(30));
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(MAIL.len() as u64);
    builder.append_data(&mut header, &long, MAIL).unwrap();
    let size = MAIL.len().to_string();
    builder.append_pax_extensions([("path", &b"pax/Sent.mbox"[..]), ("size", size.as_bytes())]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("short").unwrap();
    header.set_size(MAIL.len() as u64);
    header.set_cksum();
    builder.append(&header, MAIL).unwrap();
    let found = all(open("a.tar", builder.into_inner().unwrap()).unwrap());
    let names: Vec<_> = found.sources.iter().map(|(name, _)| &name[..]).collect();
    assert_eq!(names, [&*format!("a.tar!{long}"), "a.tar!pax/Sent.mbox"]);
    assert!(found.sources.iter().all(|(_, octets)| octets == MAIL));
}

#[test]
fn gzip_is_taken_off_a_file_and_off_its_name() {
    let both = [gzip(MAIL), gzip(MAIL)].concat();
    let mut inputs = open("mail/Inbox.mbox.gz", both).unwrap();
    let input = one(&mut inputs);
    assert_eq!((input.name(), octets(input.source()).unwrap()), ("mail/Inbox.mbox", MAIL.repeat(2)));
    assert!(inputs.next().is_none());
}

/// Its messages are XML; what looks like a message in it is an attachment.
#[test]
fn an_archive_of_outlook_for_mac_is_one_source() {
    let of_local = ("Local/com.microsoft.__Messages/Inbox/message_00000.xml", &b"<emails/>"[..], deflated());
    let of_account = ("Accounts/a@b.example/com.microsoft.__Attachments/x.eml", MAIL, stored());
    for (name, entries) in [
        ("mail.olm", vec![of_local, of_account]),
        ("renamed.zip", vec![("Categories.xml", &b"<categories/>"[..], stored()), of_account]),
        ("only.olm", vec![("Categories.xml", &b"<categories/>"[..], stored())]),
    ] {
        let mut inputs = open(name, zip(&entries)).unwrap();
        assert_eq!(one(&mut inputs).format().unwrap().name, "olm", "{name}");
        assert!(inputs.next().is_none());
    }
    let other = zip(&[("Local/mail.mbox", MAIL, deflated())]);
    assert_eq!(all(open("t.zip", other).unwrap()).sources.len(), 1);
}

#[test]
fn the_messages_of_an_archive_come_out() {
    let archive = zip(&[("a.mbox", &MAIL.repeat(40_000), deflated()), ("b.mbox.gz", &gzip(MAIL), stored())]);
    let mut messages = 0;
    for found in open("t.zip", archive).unwrap() {
        let Ok(Found::Input(input)) = found else { panic!("{found:?}") };
        let mut reader = input.open(&ReadOptions::default()).unwrap();
        while let Some(item) = reader.next_item().unwrap() {
            let content = item.message().unwrap().content().to_vec(100).unwrap();
            assert_eq!(content, b"Subject: one\n\nbody\n");
            assert_eq!(&*item.origin.source, input.name());
            messages += 1;
        }
        assert_eq!(reader.take_defects(), []);
    }
    assert_eq!(messages, 40_001);
}

#[test]
fn an_entry_that_cannot_be_read_does_not_stop_the_others() {
    let whole = zip(&[("a.mbox", MAIL, deflated()), ("b.mbox", MAIL, deflated()), ("c.mbox", MAIL, deflated())]);
    let at = memmem::find_iter(&whole, b"PK\x01\x02").nth(1).unwrap();
    // Fields of a record of the central directory (APPNOTE 4.3.12), and what is to be said of each.
    let changes: [(usize, &[u8], ErrorKind, &str); 6] = [
        (8, &[1], ErrorKind::Encrypted, "password"),
        (10, &[12], ErrorKind::Unsupported, "bzip2"),
        (10, &[200], ErrorKind::Unsupported, "method 200"),
        (20, &[0, 0, 0, 0x7f], ErrorKind::Malformed, "more than the archive holds"),
        (24, &[0, 0, 0, 0x7f], ErrorKind::Limit, "bomb"),
        (42, &[3, 0, 0, 0], ErrorKind::Malformed, "local header"),
    ];
    for (place, octets, kind, word) in changes {
        let mut archive = whole.clone();
        archive[at + place..at + place + octets.len()].copy_from_slice(octets);
        let found = all(open("t.zip", archive).unwrap());
        assert_eq!(found.sources.len(), 2, "{word}");
        let [error] = &found.errors[..] else { panic!("{word}: {:?}", found.errors) };
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(word) && error.path() == Some("t.zip!b.mbox"), "{error}");
        assert!(!error.is_fatal());
    }
}

#[test]
fn entries_that_share_their_octets_are_stopped_before_they_cost_much() {
    let one = zip(&[("a.mbox", &vec![0; 8 << 20], deflated())]);
    let record = memmem::find(&one, b"PK\x01\x02").unwrap();
    let end = memmem::rfind(&one, b"PK\x05\x06").unwrap();
    let entries = 1_000_u16;
    let mut archive = one[..record].to_vec();
    archive.extend(one[record..end].repeat(entries.into()));
    let size = u32::try_from(archive.len() - record).unwrap();
    let mut last = one[end..].to_vec();
    last[8..10].copy_from_slice(&entries.to_le_bytes());
    last[10..12].copy_from_slice(&entries.to_le_bytes());
    last[12..16].copy_from_slice(&size.to_le_bytes());
    archive.extend(last);
    let (mut read, mut error) = (0, None);
    for found in open("bomb.zip", archive).unwrap() {
        match found {
            Ok(Found::Input(input)) => read += input.source().len(),
            Ok(Found::Passed(passed)) => panic!("{passed:?}"),
            Err(e) => error = Some(e),
        }
    }
    assert_eq!(error.unwrap().kind(), ErrorKind::Limit);
    assert!(read > 0 && read <= Limits::default().expansion_floor, "{read}");
}

#[test]
fn a_count_of_entries_that_lies_is_told_after_the_entries() {
    let mut archive = zip(&[("a.mbox", MAIL, stored()), ("b.mbox", MAIL, stored())]);
    let end = archive.len() - 22;
    archive[end + 10] = 9;
    let found = all(open("t.zip", archive).unwrap());
    assert_eq!((found.sources.len(), found.errors.len()), (2, 1));
    assert!(found.errors[0].to_string().contains("9 entries but lists 2"), "{}", found.errors[0]);
}

#[test]
fn too_many_entries_are_refused() {
    let mut limits = Limits::default();
    limits.archive_entries = 2;
    for archive in [
        zip(&[("a.mbox", MAIL, stored()), ("b.mbox", MAIL, stored()), ("c.mbox", MAIL, stored())]),
        tar(&[("a.mbox", MAIL), ("b.mbox", MAIL), ("c.mbox", MAIL)]),
    ] {
        let found = all(Inputs::new("a", Arc::new(archive), &limits).unwrap());
        assert_eq!(found.sources.len(), 2);
        assert_eq!(found.errors[0].kind(), ErrorKind::Limit);
    }
}

#[test]
fn a_wrong_octet_in_a_stored_entry_is_a_defect_of_that_entry() {
    let mut archive = zip(&[("a.mbox", MAIL, stored()), ("b.mbox", MAIL, stored())]);
    let place = memmem::find(&archive, b"body").unwrap();
    archive[place] = b'B';
    let mut inputs = open("t.zip", archive).unwrap();
    for damaged in [true, false] {
        let mut reader = one(&mut inputs).open(&ReadOptions::default()).unwrap();
        while reader.next_item().unwrap().is_some() {}
        let kinds: Vec<_> = reader.take_defects().iter().map(mailferry::Defect::kind).collect();
        assert_eq!(kinds, if damaged { vec![DefectKind::Damaged] } else { vec![] });
    }
}

#[test]
fn every_truncation_and_every_changed_octet_ends_in_a_clear_result() {
    let packed = gzip(MAIL);
    let entries: [(&str, &[u8]); 3] = [("a.mbox", MAIL), ("x.txt", b"text"), ("b.mbox.gz", &packed)];
    let zipped: Vec<_> = entries.iter().map(|(name, octets)| (*name, *octets, deflated())).collect();
    for (name, archive) in
        [("t.zip", zip(&zipped)), ("t.tar", tar(&entries)), ("t.tgz", gzip(&tar(&entries))), ("t.gz", gzip(MAIL))]
    {
        for len in 0..archive.len() {
            visit(name, archive[..len].to_vec(), &format!("{len} octets"));
        }
        for place in 0..archive.len() {
            for bits in [0x01, 0x80, 0xff] {
                let mut changed = archive.clone();
                changed[place] ^= bits;
                visit(name, changed, &format!("octet {place} ^ {bits:#x}"));
            }
        }
    }
}

/// Reads all that is found; every error must name the file, and the iteration must end.
fn visit(name: &str, archive: Vec<u8>, what: &str) {
    let inputs = match open(name, archive) {
        Ok(inputs) => inputs,
        Err(e) => return assert!(e.path().is_some(), "{name}, {what}: {e}"),
    };
    for (i, found) in inputs.enumerate() {
        assert!(i < 100, "{name}, {what}: does not end");
        match found {
            Ok(Found::Input(input)) => match input.open(&ReadOptions::default()) {
                Ok(mut reader) => while let Ok(Some(_)) = reader.next_item() {},
                Err(e) => assert!(e.path().is_some(), "{name}, {what}: {e}"),
            },
            Ok(Found::Passed(passed)) => assert!(passed.name.starts_with(name)),
            Err(e) => assert!(e.path().is_some_and(|path| path.starts_with(name)), "{name}, {what}: {e}"),
        }
    }
}

#[test]
fn a_tar_that_is_cut_gives_what_it_holds_and_a_defect() {
    let archive = tar(&[("a.mbox", &MAIL.repeat(20))]);
    let input = one(&mut open("t.tar", archive[..1_000].to_vec()).unwrap());
    assert_eq!(octets(input.source()).unwrap(), MAIL.repeat(20)[..488]);
    let mut reader = input.open(&ReadOptions::default()).unwrap();
    assert_eq!(reader.take_defects()[0].kind(), DefectKind::Truncated);
}

#[test]
fn a_zip_that_is_cut_says_so() {
    let archive = zip(&[("a.mbox", MAIL, stored())]);
    let error = open("t.zip", archive[..archive.len() - 30].to_vec()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(error.to_string().starts_with("t.zip: ") && error.to_string().contains("download it again"), "{error}");
}

#[test]
fn an_archive_without_entries_has_no_sources() {
    assert!(open("t.zip", zip(&[])).unwrap().next().is_none());
    assert!(open("t.zip", zip(&[("d/", b"", stored())])).unwrap().next().is_none());
}

#[test]
fn an_apple_mail_folder_is_one_source() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("Inbox.mbox");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mbox"), MAIL).unwrap();
    fs::write(folder.join("table_of_contents"), b"x").unwrap();
    let mut inputs = Inputs::at_path(&folder, &Limits::default()).unwrap();
    let input = one(&mut inputs);
    assert_eq!((input.name(), octets(input.source()).unwrap()), (&*folder.to_string_lossy(), MAIL.to_vec()));
    assert!(inputs.next().is_none());
}

#[test]
fn an_apple_mail_folder_in_an_archive_is_a_source() {
    let archive = zip(&[("E/Inbox.mbox/mbox", MAIL, stored()), ("E/Inbox.mbox/table_of_contents", b"x", stored())]);
    let found = all(open("t.zip", archive).unwrap());
    assert_eq!(found.sources, [("t.zip!E/Inbox.mbox".to_owned(), MAIL.to_vec())]);
    assert_eq!(found.passed.len(), 1);
}

#[test]
fn what_is_no_mailbox_is_told_by_what_it_is() {
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty", b"", "empty"),
        ("junk.mbox", b"\0\x01\x02\x03\xff\xfe\xfd", "00 01 02 03"),
        ("mail.mbox", b"%PDF-1.4", "PDF"),
        ("mail.mbox.7z", b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    ];
    for (name, octets, word) in cases {
        let error = one(&mut open(name, octets.to_vec()).unwrap()).open(&ReadOptions::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::UnknownFormat, "{error}");
        assert!(error.to_string().contains(word) && error.path() == Some(name), "{error}");
    }
}

#[test]
fn an_mbox_in_utf_16_is_read_as_utf_8_and_said_to_be() {
    let text = "From a@example.org Mon Jan  1 00:00:00 2024\r\nSubject: Grüße\r\n\r\n\u{1f600}\r\n\r\n".repeat(3_000);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&b"\xff\xfe"[..], &utf16].concat();
    let zipped = zip(&[("a.mbox", &marked, deflated())]);
    for (name, octets) in [("a.mbox", utf16), ("b.mbox", marked), ("c.zip", zipped)] {
        let mut reader = one(&mut open(name, octets).unwrap()).open(&ReadOptions::default()).unwrap();
        let mut messages = 0;
        while let Some(item) = reader.next_item().unwrap() {
            let content = item.message().unwrap().content().to_vec(100).unwrap();
            assert_eq!(content, "Subject: Grüße\r\n\r\n\u{1f600}\r\n".as_bytes());
            assert!(item.defects.iter().any(|defect| defect.kind() == DefectKind::Utf16));
            messages += 1;
        }
        assert_eq!(messages, 3_000);
        let kinds: Vec<_> = reader.take_defects().iter().map(mailferry::Defect::kind).collect();
        assert_eq!(kinds, [DefectKind::Utf16]);
    }
}

#[test]
fn an_empty_mbox_has_no_messages() {
    let mut reader = one(&mut open("Drafts.mbox", Vec::new()).unwrap()).open(&ReadOptions::default()).unwrap();
    assert!(reader.next_item().unwrap().is_none());
}

#[test]
fn a_file_that_is_not_there_names_itself() {
    let error = Inputs::at_path("no/such/file.mbox", &Limits::default()).err().unwrap();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some("no/such/file.mbox")));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error_with_its_name_and_place() {
    let mut file = tempfile::Builder::new().suffix(".mbox").tempfile().unwrap();
    file.write_all(&MAIL.repeat(60_000)).unwrap();
    let mut inputs = Inputs::at_path(file.path(), &Limits::default()).unwrap();
    let mut reader = one(&mut inputs).open(&ReadOptions::default()).unwrap();
    assert!(reader.next_item().unwrap().is_some());
    file.as_file().set_len(2_000_000).unwrap();
    let error = loop {
        match reader.next_item() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a file that was cut looks finished"),
            Err(e) => break e,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Io);
    let message = error.to_string();
    assert!(message.contains(&*file.path().to_string_lossy()) && message.contains("byte 2000000"), "{message}");
}
