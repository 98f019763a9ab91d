//! Directories and archives of messages: which items come out, in which folder and state, and what is passed over.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

use flate2::{Compression, write::GzEncoder};
use mailferry::{
    convert::{ConvertOptions, convert},
    read::{Event, Mailbox, ReadOptions},
    write::{OutputForm, Placement},
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Cursor, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tempfile::TempDir;
use zip::{ZipWriter, write::SimpleFileOptions};

/// A file of a tree: its path, when it was last changed, its octets.
type Entry = (&'static str, u64, Vec<u8>);

fn message(subject: &str) -> Vec<u8> {
    format!("From: a@example.org\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nSubject: {subject}\n\nbody\n").into_bytes()
}

fn directory(entries: &[Entry]) -> TempDir {
    let root = tempfile::Builder::new().prefix("tree").tempdir().unwrap();
    for (path, modified, octets) in entries {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = File::create(path).unwrap();
        file.write_all(octets).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(*modified)).unwrap();
    }
    root
}

fn tar(entries: &[Entry], mode: impl Fn(&str) -> u32) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, modified, octets) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(octets.len() as u64);
        header.set_mtime(*modified);
        header.set_mode(mode(path));
        builder.append_data(&mut header, path, &octets[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, _, octets) in entries {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(octets).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a mailbox told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// The sources and their formats.
    sources: Vec<(String, &'static str)>,
    /// Subject, folder with its role, keywords, date and what told it.
    items: Vec<[String; 5]>,
    keys: Vec<String>,
    passed: Vec<String>,
    failed: Vec<String>,
    folders: Vec<String>,
    defects: Vec<String>,
}

impl Told {
    fn of(mut mailbox: Mailbox) -> Self {
        let mut told = Self::default();
        let mut ordinal = 0;
        while let Some(event) = mailbox.next_event() {
            match event {
                Event::Opened(opened) => {
                    ordinal = 0;
                    told.sources.push((opened.name.to_string(), opened.format));
                }
                Event::Item(item) => {
                    ordinal += 1;
                    assert_eq!(item.origin.ordinal, ordinal, "ordinals count up in a source");
                    let subject = item.message().map(|message| message.subject().unwrap().unwrap_or_default());
                    let role = item.folder.role.map_or("", |role| role.as_str());
                    told.keys.push(item.origin.key.as_deref().unwrap_or_default().to_owned());
                    told.defects.extend(item.defects.iter().map(ToString::to_string));
                    told.items.push([
                        subject.unwrap_or_else(|| item.kind.as_str().to_owned()),
                        format!("{}:{role}", item.folder.path),
                        item.keywords.iter().collect::<Vec<_>>().join(" "),
                        item.received.map(|received| received.at.to_string()).unwrap_or_default(),
                        item.received.map(|received| received.source.as_str().to_owned()).unwrap_or_default(),
                    ]);
                }
                Event::Passed(passed) => told.passed.push(passed.name.to_string()),
                Event::Failed { error, within } => {
                    ordinal += u64::from(within);
                    told.failed.push(format!("{within} {error}"));
                }
                Event::Closed(closed) => {
                    told.folders.extend(closed.folders.iter().map(|folder| folder.path.to_string()));
                    told.defects.extend(closed.defects.iter().map(ToString::to_string));
                }
                _ => {}
            }
        }
        told
    }

    fn path(path: &Path) -> Self {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_path(path);
        Self::of(mailbox)
    }

    fn octets(name: &str, octets: Vec<u8>) -> Self {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_source(name, Arc::new(octets));
        Self::of(mailbox)
    }

    fn columns(&self, columns: &[usize]) -> Vec<String> {
        self.items.iter().map(|item| columns.iter().map(|n| &*item[*n]).collect::<Vec<_>>().join(" | ")).collect()
    }
}

const NAMED: u64 = 1_700_000_000;

fn maildir() -> Vec<Entry> {
    vec![
        (".Archive.2024/cur/1700000001.a.host:2,", NAMED, message("archived")),
        (".Archive.2024/maildirfolder", NAMED, Vec::new()),
        (".Entw&APw-rfe/cur/1700000002.b.host:2,DS", NAMED + 2, message("draft")),
        (".Entw&APw-rfe/new/ignored.txt", NAMED, b"no header".to_vec()),
        ("cur/1700000003.c.host,S=75:2,FRSa", NAMED - 86_400, message("answered")),
        ("cur/1700000004.d.host:2,Sb", NAMED + 1_000_000, message("copied")),
        ("dovecot-keywords", NAMED, b"0 $Forwarded\n".to_vec()),
        ("dovecot-uidlist", NAMED, b"3 V1 N2\n".to_vec()),
        ("new/1700000005.e.host", NAMED, message("new")),
        ("tmp/1700000006.f.host", NAMED, message("half")),
    ]
}

#[test]
fn a_maildir_is_one_source_with_folders_flags_and_dates() {
    let root = directory(&maildir());
    let told = Told::path(root.path());
    assert_eq!(told.sources, [(root.path().to_string_lossy().into_owned(), "maildir")]);
    assert_eq!(
        told.columns(&[0, 1, 2, 3, 4]),
        [
            "archived | Archive/2024: |  | 2023-11-14T22:13:20Z | file_time",
            "draft | Entwürfe:drafts | $draft $seen | 2023-11-14T22:13:22Z | file_time",
            " | Entwürfe:drafts |  | 2023-11-14T22:13:20Z | file_time",
            "answered | INBOX:inbox | $answered $flagged $forwarded $seen | 2023-11-13T22:13:20Z | file_time",
            "copied | INBOX:inbox | $seen | 2023-11-14T22:13:24Z | file_name",
            "new | INBOX:inbox |  | 2023-11-14T22:13:20Z | file_time",
        ]
    );
    assert_eq!(told.keys[0], ".Archive.2024/1700000001.a.host");
    assert_eq!(told.keys[3], "1700000003.c.host");
    assert_eq!(told.passed.len(), 4, "{:?}", told.passed);
    assert!(told.failed.is_empty(), "{:?}", told.failed);
    let letters: Vec<_> = told.defects.iter().filter(|defect| defect.contains("letters b")).collect();
    assert_eq!(letters.len(), 1, "{:?}", told.defects);
}

#[test]
fn folders_without_an_item_are_told() {
    let root = directory(&[("cur/1700000001.a.host:2,", NAMED, message("x"))]);
    for name in [".Empty.Inner/cur", ".Empty.Inner/new", "new", "tmp"] {
        fs::create_dir_all(root.path().join(name)).unwrap();
    }
    assert_eq!(Told::path(root.path()).folders, ["Empty/Inner"]);
    let root = directory(&[
        ("bagit.txt", 0, Vec::new()),
        ("data/mail/Inbox/1.eml", 0, message("x")),
        ("other/1.eml", 0, message("x")),
    ]);
    fs::create_dir_all(root.path().join("data/mail/Work/2024")).unwrap();
    assert_eq!(Told::path(root.path()).folders, ["Work/2024"]);
}

#[test]
fn folders_of_archives_without_an_item_are_told() {
    for form in [OutputForm::Eml, OutputForm::Maildir, OutputForm::Bundle] {
        let source = directory(&[("cur/1700000001.a.host:2,", NAMED, message("x"))]);
        for name in [".Empty.Inner/cur", ".Empty.Inner/new", ".Full/new", "new", "tmp"] {
            fs::create_dir_all(source.path().join(name)).unwrap();
        }
        fs::create_dir_all(source.path().join(".Full/cur")).unwrap();
        fs::write(source.path().join(".Full/cur/1700000002.b.host:2,S"), message("y")).unwrap();
        let bench = tempfile::tempdir().unwrap();
        for extension in ["", ".zip", ".tar", ".tgz"] {
            let to = bench.path().join(format!("mine{extension}"));
            let mut options = ConvertOptions::default();
            options.archive.form = form;
            convert([source.path()], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
            let told = Told::path(&to);
            assert_eq!(told.folders, ["Empty/Inner"], "{form}{extension}");
            assert_eq!(told.items.len(), 2, "{form}{extension}");
        }
    }
}

#[test]
fn a_bundle_says_what_its_folders_are_called() {
    let source = directory(&[(".R&AOk-ponses.50% off/cur/1700000001.a.host:2,", NAMED, message("x"))]);
    fs::create_dir_all(source.path().join("cur")).unwrap();
    fs::create_dir_all(source.path().join("new")).unwrap();
    for name in [".Trash/cur", ".Trash/new"] {
        fs::create_dir_all(source.path().join(name)).unwrap();
    }
    let wanted = Told::path(source.path());
    assert_eq!(wanted.columns(&[1]), ["Réponses/50% off:"]);
    let bench = tempfile::tempdir().unwrap();
    let to = bench.path().join("bundle");
    let mut options = ConvertOptions::default();
    options.archive.form = OutputForm::Bundle;
    convert([source.path()], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    for with_log in [true, false] {
        if !with_log {
            fs::remove_file(bench.path().join("bundle.items.jsonl")).unwrap();
            fs::remove_file(to.join("data/meta/items.jsonl")).unwrap();
        }
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_path(&to);
        let mut folders = Vec::new();
        while let Some(event) = mailbox.next_event() {
            match event {
                Event::Item(item) => folders.push(item.folder.clone()),
                Event::Closed(closed) => folders.extend(closed.folders),
                _ => {}
            }
        }
        let told: Vec<_> = folders.iter().map(|folder| (folder.path.names().to_vec(), folder.role)).collect();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(told.contains(&(names(&["Réponses", "50% off"]), None)), "{told:?}");
        assert!(told.contains(&(names(&["Trash"]), Some(mailferry::model::Role::Trash))), "{told:?}");
    }
}

#[test]
fn a_key_outlives_flags_and_delivery() {
    let before = Told::path(
        directory(&[("new/1700000005.e.host", NAMED, message("x")), ("cur/1.x", NAMED, message("y"))]).path(),
    );
    let after = Told::path(
        directory(&[("cur/1700000005.e.host,S=9:2,S", NAMED, message("x")), ("new/1.x", NAMED, message("y"))]).path(),
    );
    let sorted = |mut keys: Vec<String>| {
        keys.sort();
        keys
    };
    assert_eq!(sorted(before.keys), sorted(after.keys));
}

#[test]
fn a_maildir_in_an_archive_is_the_same() {
    let entries: Vec<Entry> =
        maildir().into_iter().filter(|(path, ..)| !path.contains("ignored") && !path.contains("tmp")).collect();
    let wanted = Told::path(directory(&entries).path());
    let mut first_words = entries.clone();
    first_words.sort_by_key(|(path, ..)| *path != "dovecot-keywords");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar(&first_words, |_| 0o644)).unwrap();
    for (name, octets) in [("m.tar", tar(&entries, |_| 0o600)), ("m.tgz", encoder.finish().unwrap())] {
        let told = Told::octets(name, octets);
        assert_eq!(told.items, wanted.items, "{name}");
        assert_eq!(told.keys, wanted.keys);
        assert_eq!(told.sources.len(), 1);
    }
    let zipped = Told::octets("m.zip", zip(&entries));
    assert_eq!(zipped.columns(&[0, 1, 2]), wanted.columns(&[0, 1, 2]));
    assert_eq!(zipped.items[0][4], "file_name", "the date of a ZIP entry has no zone");
}

#[test]
fn trees_of_files_are_folders_of_messages() {
    let entries = vec![
        ("Inbox/1.eml", 0, message("one")),
        ("Inbox/2.EML", 0, message("two")),
        ("Inbox/notes.txt", 0, b"no mail".to_vec()),
        ("Projects/Sent/3.eml", 0, message("three")),
        ("Work/Calendar.ics", 0, b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".to_vec()),
        ("Work/old.mbox", 0, [b"From a Mon Jan  1 00:00:00 2024\n".to_vec(), message("boxed")].concat()),
    ];
    let root = directory(&entries);
    let wanted = [
        "one | Inbox:inbox",
        "two | Inbox:inbox",
        "three | Projects/Sent:",
        "event | Work/Calendar:",
        "boxed | Work/old:",
    ];
    let told = Told::path(root.path());
    assert_eq!(told.columns(&[0, 1]), wanted);
    let formats: Vec<_> = told.sources.iter().map(|(_, format)| *format).collect();
    assert_eq!(formats, ["eml", "ics", "mbox"]);
    for (name, octets) in [("t.zip", zip(&entries)), ("t.tar", tar(&entries, |_| 0o644))] {
        let packed = Told::octets(name, octets);
        assert_eq!((packed.items, packed.passed.len()), (told.items.clone(), 1), "{name}");
    }
}

#[test]
fn a_thunderbird_profile_has_mailboxes_without_extension() {
    let mailbox = |subject: &str| [b"From - Mon Jan  1 00:00:00 2024\n".to_vec(), message(subject)].concat();
    let root = directory(&[
        ("prefs.js", 0, b"user_pref".to_vec()),
        ("ImapMail/imap.example.org/INBOX", 0, mailbox("in")),
        ("ImapMail/imap.example.org/INBOX.msf", 0, b"// <!-- <mdb:mork:z".to_vec()),
        ("ImapMail/imap.example.org/INBOX.sbd/B&APw-ro", 0, mailbox("office")),
        ("ImapMail/imap.example.org/lists.example.org", 0, mailbox("list")),
        ("ImapMail/imap.example.org/lists.example.org.msf", 0, b"x".to_vec()),
        ("Mail/Local Folders/Empty", 0, Vec::new()),
        ("Mail/Local Folders/Empty.msf", 0, b"x".to_vec()),
        ("places.sqlite", 0, b"SQLite format 3\0".to_vec()),
        ("LICENSE", 0, b"words".to_vec()),
    ]);
    let told = Told::path(root.path());
    assert_eq!(
        told.columns(&[0, 1]),
        [
            "in | imap.example.org/INBOX:inbox",
            "office | imap.example.org/INBOX/Büro:",
            "list | imap.example.org/lists.example.org:"
        ]
    );
    assert_eq!(told.folders, ["Local Folders/Empty"]);
    assert_eq!(told.passed.len(), 6, "{:?}", told.passed);
    assert!(told.failed.is_empty(), "{:?}", told.failed);
}

fn emlx(subject: &str, plist: &str) -> Vec<u8> {
    let message = message(subject);
    [format!("{:<10}\n", message.len()).into_bytes(), message, plist.as_bytes().to_vec()].concat()
}

#[test]
fn apple_mail_keeps_state_behind_the_message() {
    let plist = "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>date-received</key><integer>1700000000</integer>\
                 <key>flags</key><integer>8590195729</integer></dict></plist>\n";
    let root = directory(&[
        ("V10/ACCOUNT/Archive.mbox/2024.mbox/UUID/Data/1/Messages/1.emlx", 0, emlx("flagged", plist)),
        ("V10/ACCOUNT/INBOX.mbox/UUID/Data/Messages/2.partial.emlx", 0, emlx("partial", "")),
        ("V10/ACCOUNT/INBOX.mbox/UUID/Data/Messages/3.emlx", 0, b"999999\nSubject: cut\n\nx\n".to_vec()),
        ("V10/ACCOUNT/INBOX.mbox/UUID/Data/Messages/4.emlx", 0, b"no length\n".to_vec()),
        ("V10/ACCOUNT/INBOX.mbox/table_of_contents", 0, b"x".to_vec()),
    ]);
    let told = Told::path(root.path());
    assert_eq!(told.columns(&[0, 1, 2, 4])[0], "flagged | Archive/2024: | $flagged $seen | recorded");
    assert_eq!(told.items[0][3], "2023-11-14T22:13:20Z");
    assert_eq!(told.columns(&[0, 1])[1..], ["partial | INBOX:inbox", "cut | INBOX:inbox"]);
    assert_eq!(told.sources.len(), 1);
    assert_eq!(told.failed.len(), 1, "{:?}", told.failed);
    assert!(told.failed[0].starts_with("true") && told.failed[0].contains("4.emlx"), "{:?}", told.failed);
    for word in ["attachments are in separate files", "truncated", "state is unknown"] {
        assert!(told.defects.iter().any(|defect| defect.contains(word)), "{word}: {:?}", told.defects);
    }
}

/// Whatever program saved it, and whatever its body quotes: given by itself, in a directory, and in an archive.
#[test]
fn an_eml_is_one_message_behind_a_from_line() {
    let body = "Subject: one\n\nhi\n\nFrom ann@example.org Mon Jan  1 10:00:00 2024\nSubject: pasted\n\nbye\n";
    for (start, end) in [
        ("From - Tue Jul 05 18:44:15 2022", "\n"),
        ("From ann@example.org Tue Jul  5 18:44:15 METDST 2022", "\r\n"),
        ("From ???@??? Tue Jul  5 18:44:15 2022", "\r"),
        ("From ann", "\n"),
        ("\u{feff}From nobody Tue Jul  5 18:44:15 2022", "\n"),
        ("\nFrom -", "\n"),
    ] {
        let octets = format!("{start}\n{body}").replace('\n', end).into_bytes();
        let root = directory(&[("Mail/saved.EML", 0, octets.clone())]);
        for told in [
            Told::octets("saved.eml", octets),
            Told::path(root.path()),
            Told::path(&root.path().join("Mail/saved.EML")),
        ] {
            assert_eq!(told.columns(&[0]), ["one"], "{start}");
            assert!(
                told.defects.iter().any(|defect| defect.contains("doubtful_separator")),
                "{start}: {:?}",
                told.defects
            );
        }
    }
    // What starts with a header field says nothing of its quotations.
    let told = Told::octets("plain.eml", body.as_bytes().to_vec());
    assert_eq!(told.columns(&[0]), ["one"]);
    assert!(told.defects.iter().all(|defect| !defect.contains("doubtful_separator")), "{:?}", told.defects);
    // Any other name is that of a mailbox.
    let octets = format!("From - Tue Jul 05 18:44:15 2022\n{body}").into_bytes();
    assert_eq!(Told::octets("saved.mbox", octets).columns(&[0]), ["one", "pasted"]);
}

/// Thunderbird's mark counts where Thunderbird keeps its states, and nowhere else.
#[test]
fn an_old_mark_hides_nothing_in_a_maildir() {
    let octets = || b"X-Mozilla-Status: 0008\nSubject: shown\n\nx\n".to_vec();
    let root = directory(&[
        ("cur/1700000000.1.h:2,S", 0, octets()),
        ("cur/1700000000.2.h:2,ST", 0, octets()),
        ("new/1700000000.3.h", 0, octets()),
        ("tmp/x", 0, Vec::new()),
    ]);
    assert_eq!(Told::path(root.path()).columns(&[2]), ["$seen", "$deleted $seen", ""]);
}

#[test]
fn a_partial_message_says_what_it_is_without() {
    let message = b"Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\
        Content-Type: application/pdf; name=plan.pdf\nContent-Disposition: attachment; filename=plan.pdf\n\
        X-Apple-Content-Length: 99\n\n--b--\n";
    let octets = [format!("{:<10}\n", message.len()).as_bytes(), message].concat();
    let told = Told::octets("1.partial.emlx", octets);
    assert!(told.defects.iter().any(|defect| defect.ends_with("not included: plan.pdf")), "{:?}", told.defects);
}

/// A message that Apple Mail keeps in parts: what stands in `Messages/7.partial.emlx` and in the files of its parts, and what it was
/// before.
fn partial() -> (Vec<u8>, Vec<Entry>, String) {
    let part = |fields: &str, body: &str| format!("--b\n{fields}\n\n{body}\n");
    let photo = "/9j/4AAQ".repeat(20);
    let lines = format!("{}\n{}\n", &photo[..76], &photo[76..152]);
    let lines = format!("{lines}{}\n", &photo[152..]);
    let before = [
        "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n".to_owned(),
        part("Content-Type: text/plain", "text"),
        part("Content-Transfer-Encoding: base64\nContent-Type: image/jpeg; name=a.jpg", &lines),
        part("Content-Type: image/jpeg; name=b.jpg\nContent-Transfer-Encoding: base64", &lines),
        part("Content-Type: text/csv; name=c.csv", "1;2\n3;4"),
        "--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\nx\n--i\nContent-Type: text/calendar; name=d.ics\n\nBEGIN:VCALENDAR\n--i--\n"
            .to_owned(),
        "--b\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\ny\n--m\n\
         Content-Type: text/plain; name=e.txt\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--m--\n"
            .to_owned(),
        "--b--\n".to_owned(),
    ]
    .concat();
    let without = |message: String, body: &str, length: usize| {
        let (head, rest) = message.split_once(&format!("\n\n{body}")).unwrap();
        format!("{head}\nX-Apple-Content-Length: {length}\n\n{rest}")
    };
    let crlf = lines.len() + 3;
    let mut message = without(before.clone(), &lines, crlf);
    message = without(message, &lines, crlf);
    for (body, length) in [("1;2\n3;4", 8), ("BEGIN:VCALENDAR", 15), ("=C3=A9", 6)] {
        message = without(message, body, length);
    }
    assert_eq!(message.matches("X-Apple").count(), 5);
    let octets = photo.len() / 4 * 3;
    let photo: Vec<u8> = [0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10].into_iter().cycle().take(octets).collect();
    let files: Vec<Entry> = vec![
        ("X.mbox/Data/Messages/7.2.emlxpart", 0, lines.into_bytes()),
        ("X.mbox/Data/Attachments/7/3/b.jpg", 0, photo),
        ("X.mbox/Data/Attachments/7/3/.DS_Store", 0, b"x".to_vec()),
        ("X.mbox/Data/Attachments/7/4/c.csv", 0, b"1;2\n3;4".to_vec()),
        ("X.mbox/Data/Attachments/7/5.2/d.ics", 0, b"BEGIN:VCALENDAR".to_vec()),
        ("X.mbox/Data/Attachments/7/6.2/e.txt", 0, "\u{e9}".as_bytes().to_vec()),
    ];
    ([format!("{:<10}\n", message.len()).as_bytes(), message.as_bytes()].concat(), files, before)
}

/// The octets of the only message at `path`, and its defects.
fn only_message(path: &Path) -> (String, Vec<String>) {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(path);
    let mut found = None;
    while let Some(event) = mailbox.next_event() {
        if let Event::Item(item) = event {
            assert!(found.is_none(), "no attachment is an item of its own");
            let octets = item.message().unwrap().content().to_vec(1 << 20).unwrap();
            let defects = item.defects.iter().map(ToString::to_string).collect();
            found = Some((String::from_utf8(octets).unwrap(), defects));
        }
    }
    found.unwrap()
}

#[test]
fn parts_that_apple_mail_keeps_in_files_are_put_back() {
    let (message, files, before) = partial();
    let mut entries = vec![("X.mbox/Data/Messages/7.partial.emlx", 0, message)];
    entries.extend(files);
    let root = directory(&entries);
    let lone = root.path().join("X.mbox/Data/Messages/7.partial.emlx");
    for path in [root.path(), &lone] {
        let (octets, defects) = only_message(path);
        assert_eq!(octets, before);
        assert!(defects.iter().any(|defect| defect.ends_with("a.jpg, b.jpg, c.csv, d.ics, e.txt")), "{defects:?}");
        assert!(!defects.iter().any(|defect| defect.contains("attachment:")), "{defects:?}");
    }
}

#[test]
fn a_message_that_is_attached_is_put_back_and_what_cannot_be_read_harms_no_other() {
    let message = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822; name=m.eml\n\
        X-Apple-Content-Length: 18\n\n\n--b\nContent-Type: application/pdf; name=p.pdf\nContent-Transfer-Encoding: x-uuencode\n\
        X-Apple-Content-Length: 9\n\n\n--b\nContent-Type: text/plain; name=t.txt\nX-Apple-Content-Length: 1\n\n--b--\n";
    let octets = [format!("{}\n", message.len()).as_bytes(), message.as_bytes()].concat();
    let root = directory(&[
        ("M/Messages/1.partial.emlx", 0, octets),
        ("M/Attachments/1/1/m.eml", 0, b"Subject: inner\n\ny".to_vec()),
        ("M/Attachments/1/2/p.pdf", 0, b"%PDF".to_vec()),
        ("M/Attachments/1/3", 0, b"a file, no directory".to_vec()),
    ]);
    let (octets, defects) = only_message(&root.path().join("M/Messages/1.partial.emlx"));
    let taken = message.replacen("X-Apple-Content-Length: 18\n\n", "\nSubject: inner\n\ny", 1);
    assert_eq!(octets, taken);
    for told in ["cannot be read: p.pdf (", ", t.txt (", "separate files: m.eml"] {
        assert!(defects.iter().any(|defect| defect.contains(told)), "{told}: {defects:?}");
    }
}

#[test]
fn a_part_that_is_not_there_or_is_cut_short_is_named() {
    let (message, files, before) = partial();
    let mut entries = vec![("X.mbox/Data/Messages/7.partial.emlx", 0, message)];
    entries.extend(files.into_iter().take(1));
    entries[1].2.truncate(100);
    entries.push(("X.mbox/Data/Attachments/7/4/one", 0, b"1".to_vec()));
    entries.push(("X.mbox/Data/Attachments/7/4/two", 0, b"2".to_vec()));
    let root = directory(&entries);
    let (octets, defects) = only_message(root.path());
    assert!(octets.starts_with(&before[..before.find("/9j/").unwrap() + 100]));
    assert_eq!(octets.matches("X-Apple-Content-Length").count(), 4);
    assert!(
        defects.iter().any(|defect| defect.contains("attachment") && defect.ends_with("b.jpg, c.csv, d.ics, e.txt")),
        "{defects:?}"
    );
    assert!(
        defects.iter().any(|defect| defect.contains("truncated") && defect.ends_with("than stated: a.jpg")),
        "{defects:?}"
    );
}

#[test]
fn zimbra_and_proton_tell_state_beside_the_message() {
    let zimbra: Vec<Entry> = vec![
        ("Inbox/0000000261-Test.eml", 1_700_000_000, message("unread")),
        ("Inbox/0000000262-Test.eml", 1_700_000_000, message("read")),
        ("Sent/0000000282-Fw_ Test.eml.meta", 0, br#"{"Path":"/Sent/","FlagStr":"sf","date":1562655467}"#.to_vec()),
        ("Sent/0000000282-Fw_ Test.eml", 0, message("meta")),
    ];
    let told = Told::octets("z.tar", tar(&zimbra, |path| if path.contains("261") { 0o444 } else { 0o660 }));
    assert_eq!(
        told.columns(&[0, 1, 2, 3]),
        [
            "unread | Inbox:inbox |  | 2023-11-14T22:13:20Z",
            "read | Inbox:inbox | $seen | 2023-11-14T22:13:20Z",
            "meta | Sent:sent | $flagged $seen | 2019-07-09T06:57:47Z",
        ]
    );
    let proton: Vec<Entry> = vec![
        ("abc==.eml", 0, message("labelled")),
        (
            "abc==.metadata.json",
            0,
            br#"{"Version":1,"Payload":{"LabelIDs":["5","f1"],"Unread":0,"Time":1700000000}}"#.to_vec(),
        ),
        ("def==.eml", 0, message("broken")),
        ("def==.metadata.json", 0, b"{".to_vec()),
        (
            "labels.json",
            0,
            br#"{"Version":1,"Payload":[{"ID":"f1","Name":"Taxes","Path":"Home/Taxes","Type":3}]}"#.to_vec(),
        ),
    ];
    let root = directory(&proton);
    for told in [Told::path(root.path()), Told::octets("p.zip", zip(&proton))] {
        assert_eq!(told.columns(&[0, 1, 2, 3])[0], "labelled | Home/Taxes: | $seen | 2023-11-14T22:13:20Z");
        assert_eq!(told.items[1][0], "broken");
        assert!(told.defects.iter().any(|defect| defect.contains("def==.metadata.json")), "{:?}", told.defects);
        assert_eq!(told.passed.len(), 3);
    }
}

/// An mbox with folders from labels, states, and a name that holds a slash.
fn takeout() -> Vec<u8> {
    let mut octets = Vec::new();
    for (n, labels) in ["Inbox,Unread,Work", "Sent,Starred", "Home/Taxes,Opened", "Trash"].iter().enumerate() {
        octets.extend(
            format!("From x Mon Jan  1 00:00:0{n} 2024\nX-Gmail-Labels: {labels}\nMessage-ID: <{n}@x>\n").bytes(),
        );
        octets.extend([message(&n.to_string()), b"\n".to_vec()].concat());
    }
    octets
}

#[test]
fn an_archive_of_ours_comes_back_with_its_item_log() {
    let bench = tempfile::tempdir().unwrap();
    let source = bench.path().join("takeout.mbox");
    fs::write(&source, takeout()).unwrap();
    let mut wanted = Told::path(&source).items;
    wanted.sort();
    for (name, placement) in [
        ("a", Placement::Primary),
        ("a.zip", Placement::Primary),
        ("all", Placement::Every),
        ("all.zip", Placement::Every),
    ] {
        let to = bench.path().join(name);
        let mut options = ConvertOptions::default();
        options.archive.placement = placement;
        let report = convert([&source], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(report.is_complete(), "{:?}", report.error);
        let mut back = Told::path(&to);
        back.items.sort();
        assert_eq!(back.items, wanted, "{name}");
        assert_eq!(back.sources.len(), 1, "{:?}", back.sources);
        fs::remove_file(bench.path().join(format!("{name}.items.jsonl"))).unwrap();
        let without = Told::path(&to);
        assert!(without.items.len() >= wanted.len(), "without its log every file is a message");
    }
}

#[test]
fn what_is_written_in_other_forms_comes_back() {
    let bench = tempfile::tempdir().unwrap();
    let source = bench.path().join("takeout.mbox");
    fs::write(&source, takeout()).unwrap();
    let sorted = |told: &Told, columns: &[usize]| {
        let mut rows = told.columns(columns);
        rows.sort();
        rows
    };
    let wanted = Told::path(&source);
    for (form, extension, columns) in [
        (OutputForm::Bundle, "", &[0, 1, 2, 3, 4][..]),
        (OutputForm::Bundle, ".zip", &[0, 1, 2, 3, 4]),
        (OutputForm::Bundle, ".tar", &[0, 1, 2, 3, 4]),
        (OutputForm::Maildir, "", &[0, 2, 3]),
        (OutputForm::Maildir, ".tar", &[0, 2, 3]),
    ] {
        let to = bench.path().join(format!("{form}{extension}"));
        let mut options = ConvertOptions::default();
        options.archive.form = form;
        let report = convert([&source], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(report.is_complete(), "{:?}", report.error);
        for log in [format!("{form}{extension}.items.jsonl"), format!("{form}.items.jsonl")] {
            // A bundle holds its own, a Maildir needs none.
            let _absent = fs::remove_file(bench.path().join(log));
        }
        let back = Told::path(&to);
        assert_eq!(sorted(&back, columns), sorted(&wanted, columns), "{form}{extension}");
        assert!(back.failed.is_empty(), "{:?}", back.failed);
    }
}

#[test]
fn a_bag_has_its_mail_in_its_payload() {
    let log = r#"{"path":"data/mail/Inbox/1.eml","folder":"Posteingang","role":"inbox","keywords":["$seen"],"receivedAt":"2020-02-02T02:02:02Z","dateSource":"delivery_time"}"#;
    let bag: Vec<Entry> = vec![
        ("bagit.txt", 0, b"BagIt-Version: 1.0\n".to_vec()),
        ("data/archive.json", 0, b"{}".to_vec()),
        ("data/contacts/Friends.vcf", 0, b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A;;;;\r\nEND:VCARD\r\n".to_vec()),
        ("data/mail/Inbox/1.eml", 0, message("logged")),
        ("data/mail/Work/2024/folder.json", 0, b"{}".to_vec()),
        ("data/mail/Work/2024/2.eml", 0, message("plain")),
        (
            "data/mail/a_b/folder.json",
            0,
            format!("{{\"path\":[\"a/b\"],\"items\":[\n{}]}}", "{},\n".repeat(50_000)).into_bytes(),
        ),
        ("data/mail/a_b/3.eml", 0, message("indexed")),
        ("meta/items.jsonl", 0, log.as_bytes().to_vec()),
    ];
    let root = directory(&bag);
    let wanted = ["contact | Friends:", "logged | Posteingang:inbox", "plain | Work/2024:", "indexed | a/b:"];
    for told in [Told::path(root.path()), Told::octets("b.zip", zip(&bag)), Told::octets("b.tar", tar(&bag, |_| 0o644))]
    {
        assert_eq!(told.columns(&[0, 1]), wanted, "{:?}", told.sources);
        assert_eq!(told.columns(&[2, 3, 4])[1], "$seen | 2020-02-02T02:02:02Z | delivery_time");
    }
}

#[cfg(unix)]
#[test]
fn nothing_leads_out_of_a_tree_and_no_name_is_lost() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let outside = directory(&[("secret.eml", 0, message("outside"))]);
    let root = directory(&[("Inbox/1.eml", 0, message("inside")), (".git/x.eml", 0, message("hidden"))]);
    symlink(outside.path(), root.path().join("link")).unwrap();
    symlink(outside.path().join("secret.eml"), root.path().join("Inbox/link.eml")).unwrap();
    symlink(root.path(), root.path().join("Inbox/loop")).unwrap();
    symlink("nowhere", root.path().join("dangling.eml")).unwrap();
    let fifo = root.path().join("pipe.eml");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for octets in [&b"a\xff.eml"[..], b"a\xfe.eml", b"line\nbreak.eml"] {
        fs::write(root.path().join("Inbox").join(std::ffi::OsStr::from_bytes(octets)), message("odd")).unwrap();
    }
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(root.path());
    let mut names: Vec<String> = mailbox.map(|item| item.unwrap().origin.source.to_string()).collect();
    assert_eq!(names.len(), 4);
    assert!(names.iter().all(|name| !name.contains('\n')));
    names.dedup();
    assert_eq!(names.len(), 4, "two names that are no UTF-8 stay apart");
    let told = Told::path(root.path());
    assert_eq!(told.passed.len(), 6, "{:?}", told.passed);
    assert_eq!(told.failed, [""; 0]);
}

#[test]
fn what_cannot_be_read_does_not_stop_the_rest() {
    let root = directory(&[
        ("a/1.eml", 0, message("first")),
        ("a/2.eml", 0, Vec::new()),
        ("a/3.eml", 0, b"%PDF-1.4".to_vec()),
        ("a/4.mbox", 0, b"\0\x01\x02".to_vec()),
        ("a/5.zip", 0, b"PK\x03\x04 cut".to_vec()),
        ("a/6.zip", 0, zip(&[("In/x.eml", 0, message("zipped"))])),
        ("z/7.eml", 0, message("last")),
    ]);
    let told = Told::path(root.path());
    let subjects = told.columns(&[0]);
    assert!(
        subjects.starts_with(&["first".to_owned()]) && subjects.ends_with(&["zipped".to_owned(), "last".to_owned()]),
        "{subjects:?}"
    );
    assert!(told.failed.iter().any(|failed| failed.contains("2.eml") && failed.contains("empty")), "{:?}", told.failed);
    for name in ["4.mbox", "5.zip"] {
        assert!(told.failed.iter().any(|failed| failed.contains(name)), "{name}: {:?}", told.failed);
    }
}

fn corpus(kind: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let path = std::env::var_os("MAILFERRY_CORPUS").map_or(beside, PathBuf::from).join("files").join(kind);
    if !path.is_dir() {
        println!("skipped: no corpus beside the workspace and MAILFERRY_CORPUS is not set");
        return None;
    }
    Some(path)
}

/// The file of an item and the offset there.
type Key = (String, u64);
/// The octets of an item, its keywords and when it arrived.
type State = (Vec<u8>, String, String);

/// The octets, states and dates of items by their files; and how many could not be read.
fn read(mailbox: Mailbox) -> (BTreeMap<Key, State>, usize) {
    let (mut items, mut failed) = (BTreeMap::new(), 0);
    for item in mailbox {
        let Ok(item) = item else {
            failed += 1;
            continue;
        };
        let octets = item.to_content().unwrap().to_vec(64 << 20).unwrap();
        let keywords = item.keywords.iter().collect::<Vec<_>>().join(" ");
        let key = (item.origin.source.to_string(), item.origin.offset);
        let clash = items.insert(key, (octets, keywords, format!("{:?}", item.received)));
        assert!(clash.is_none(), "{}: source and offset name an item", item.origin.source);
    }
    (items, failed)
}

#[test]
fn real_messages_as_a_tree_are_those_read_one_by_one() {
    let Some(corpus) = corpus("eml") else { return };
    let mut tree = Mailbox::new(ReadOptions::default());
    tree.add_path(&corpus);
    let (tree, failed) = read(tree);
    let mut alone = Mailbox::new(ReadOptions::default());
    let mut folders = vec![corpus];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension.eq_ignore_ascii_case("eml") => {
                    files += 1;
                    alone.add_path(path);
                }
                _ => {}
            }
        }
    }
    let (alone, failed_alone) = read(alone);
    assert!(files > 500);
    for (key, item) in &alone {
        assert!(tree.get(key) == Some(item), "{key:?}");
    }
    assert!(failed >= failed_alone);
}

#[test]
fn real_maildirs_hold_what_their_names_say() {
    let Some(corpus) = corpus("maildir") else { return };
    let root = corpus.join("artefactual+archivematica-sampledata/Maildir");
    let told = Told::path(&root);
    let mut folders = BTreeMap::<&str, (usize, usize)>::new();
    for item in &told.items {
        let folder = folders.entry(item[1].split(':').next().unwrap()).or_default();
        folder.0 += 1;
        folder.1 += usize::from(item[2].contains("$seen"));
    }
    // Messages and those with the flag S; what git left of each folder, read with Python's mailbox.Maildir.
    let wanted = [
        ("INBOX", (15, 10)),
        ("Personal", (2, 2)),
        ("Personal.Recipes", (2, 2)),
        ("[Gmail].All Mail", (21, 16)),
        ("[Gmail].Drafts", (1, 1)),
        ("[Gmail].Important", (2, 1)),
        ("[Gmail].Sent Mail", (4, 4)),
        ("[Gmail].Trash", (8, 4)),
    ];
    for (folder, counts) in wanted {
        assert_eq!(folders.get(folder), Some(&counts), "{folder}");
    }
    assert!(told.failed.is_empty(), "{:?}", told.failed);
}

fn mailbox(subjects: &[&str]) -> Vec<u8> {
    let one =
        |subject: &&str| [&b"From a@example.org Mon Jan  1 00:00:00 2024\n"[..], &message(subject), b"\n"].concat();
    subjects.iter().flat_map(one).collect()
}

fn gz(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

/// Trees of every kind: their files, and the subject, folder and role of each item that comes out, from a directory and from archives.
#[test]
fn octets_decide_what_a_file_is_in_every_tree() {
    let cases: Vec<(&str, Vec<Entry>, Vec<&str>)> = vec![
        (
            "MH of nmh, Enron, Claws, Sylpheed",
            vec![
                ("Mail/inbox/,3", 0, message("removed")),
                ("Mail/inbox/.mh_sequences", 0, b"cur: 12\nunseen: 7\n".to_vec()),
                ("Mail/inbox/12", 0, message("twelve")),
                ("Mail/inbox/7", 0, message("seven")),
                ("Mail/lists/rust/1.", 0, message("enron")),
                (
                    "Mail/lists/rust/msg.Ab3d",
                    0,
                    [b"From a@example.org Mon Jan  1 00:00:00 2024\n".to_vec(), message("procmail")].concat(),
                ),
            ],
            vec!["twelve | inbox:inbox", "seven | inbox:inbox", "enron | lists/rust:", "procmail | lists/rust:"],
        ),
        (
            "mailboxes by any name",
            vec![
                ("a/2019-March.txt.gz", 0, gz(&mailbox(&["one", "two"]))),
                ("a/b/9.mbs", 0, mailbox(&["opera"])),
                ("a/list", 0, mailbox(&["plain"])),
                ("a/mail.backup", 0, mailbox(&["backup"])),
                ("a/notes.txt", 0, b"Dear diary,\nFrom here on\n".to_vec()),
                ("a/photo", 0, b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec()),
                ("a/zero", 0, Vec::new()),
            ],
            vec![
                "one | a/2019-March:",
                "two | a/2019-March:",
                "opera | a/b/9:",
                "plain | a/list:",
                "backup | a/mail.backup:",
            ],
        ),
        (
            "messages by any name",
            vec![
                ("Work/Letter to Ann", 0, message("no extension")),
                ("Work/letter.txt", 0, message("text")),
                ("Work/letter.txt.gz", 0, gz(&message("packed"))),
                ("Work/saved.message", 0, message("message")),
            ],
            vec!["no extension | Work:", "text | Work:", "packed | Work:", "message | Work:"],
        ),
        (
            "Apple Mail",
            vec![
                ("Archive/2023.mbox/mbox", 0, mailbox(&["below"])),
                ("Archive.mbox/mbox", 0, mailbox(&["top"])),
                ("Archive.mbox/table_of_contents", 0, b"\0\0\0\x01".to_vec()),
                ("Sent Messages.mbox/mbox", 0, mailbox(&["sent"])),
                ("Trash.mbox/Sub.mbox/mbox", 0, mailbox(&["within"])),
            ],
            vec!["below | Archive/2023:", "top | Archive:archive", "sent | Sent Messages:sent", "within | Trash/Sub:"],
        ),
        (
            "KMail",
            vec![
                ("Mail/.inbox.directory/.Sub.directory/Deep", 0, mailbox(&["deep"])),
                ("Mail/.inbox.directory/Work", 0, mailbox(&["work"])),
                ("Mail/.inbox.index", 0, b"# KMail-Index V1506\n\0".to_vec()),
                ("Mail/inbox", 0, mailbox(&["in"])),
            ],
            vec!["deep | inbox/Sub/Deep:", "work | inbox/Work:", "in | inbox:inbox"],
        ),
        (
            "Evolution",
            vec![
                ("..maildir++", 0, b"maildir++ 1".to_vec()),
                ("..Below/cur/1700000000.1.h:2,S", 0, message("inbox")),
                ("..Below/new/.keep", 0, Vec::new()),
                (".Foo_2EBar/cur/1700000000.1.h:2,S", 0, message("dot")),
                (".Foo_2EBar/new/.keep", 0, Vec::new()),
                (".a.to_5Fdo/cur/1700000000.1.h:2,S", 0, message("underscore")),
                (".a.to_5Fdo/new/.keep", 0, Vec::new()),
                (".b_C3_BCro/cur/1700000000.1.h:2,S", 0, message("letter")),
                (".b_C3_BCro/new/.keep", 0, Vec::new()),
            ],
            vec!["inbox | INBOX/Below:", "dot | Foo.Bar:", "underscore | a/to_do:", "letter | büro:"],
        ),
    ];
    for (kind, entries, wanted) in cases {
        let told = Told::path(directory(&entries).path());
        assert_eq!(told.columns(&[0, 1]), wanted, "{kind}");
        assert!(told.failed.is_empty(), "{kind}: {:?}", told.failed);
        for (name, octets) in [("t.zip", zip(&entries)), ("t.tar", tar(&entries, |_| 0o644))] {
            let packed = Told::octets(name, octets);
            assert_eq!(packed.columns(&[0, 1]), wanted, "{kind} in {name}");
            assert_eq!(packed.passed.len(), told.passed.len(), "{kind} in {name}: {:?}", packed.passed);
        }
    }
}

#[test]
fn what_apple_mail_is_given_comes_back() {
    let source = directory(&[
        (".Archive.2024/cur/1700000001.a.host:2,", NAMED, message("archived")),
        (".Archive.2024/new/.keep", NAMED, Vec::new()),
        (".Empty/cur/.keep", NAMED, Vec::new()),
        (".Empty/new/.keep", NAMED, Vec::new()),
        ("cur/1700000003.c.host:2,S", NAMED, message("in")),
        ("new/.keep", NAMED, Vec::new()),
    ]);
    let bench = tempfile::tempdir().unwrap();
    let to = bench.path().join("apple");
    let mut options = ConvertOptions::default();
    options.archive.form = OutputForm::Mbox;
    options.archive.mbox.tree = mailferry::write::MboxTree::Apple;
    convert([source.path()], &to, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let told = Told::path(&to);
    assert_eq!(told.columns(&[0, 1]), ["archived | Archive/2024:", "in | INBOX:inbox"], "{told:?}");
}

#[test]
fn an_empty_mailbox_is_an_empty_folder() {
    for entries in [
        vec![("Work.mbox/mbox", 0, Vec::new())],
        vec![("Work.mbox", 0, Vec::new())],
        vec![("Work.mbox/mbox", 0, Vec::new()), ("Work.mbox/table_of_contents", 0, b"\0".to_vec())],
    ] {
        let root = directory(&entries);
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_path(root.path());
        mailbox.start().unwrap();
        let told = Told::of(mailbox);
        assert_eq!(
            (told.folders.as_slice(), told.items.len(), told.failed.len()),
            (&["Work".to_owned()][..], 0, 0),
            "{told:?}"
        );
    }
    let root = directory(&[]);
    fs::create_dir(root.path().join("Work.mbox")).unwrap();
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(root.path());
    mailbox.start().unwrap();
    assert_eq!(Told::of(mailbox).folders, ["Work"]);
}

#[test]
fn what_is_ignored_is_told_by_name_and_then_by_extension() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("0.eml"), message("x")).unwrap();
    for n in 0..1_200 {
        fs::write(
            root.path().join(format!("picture{n:04}.{}", if n % 2 == 0 { "JPG" } else { "png" })),
            b"\x89PNG\r\n",
        )
        .unwrap();
    }
    fs::write(root.path().join("zz"), b"\0\x01\x02").unwrap();
    let bench = tempfile::tempdir().unwrap();
    let to = bench.path().join("out");
    let report = convert([root.path()], &to, &ConvertOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.totals.migrated, report.ignored.count, report.ignored.entries.len()), (1, 1_201, 1_000));
    assert!(
        report.ignored.entries[0].name.ends_with("picture0000.JPG")
            && report.ignored.entries[0].why == "is a PNG image"
    );
    let others: Vec<_> = report.ignored.others.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(others, [("", 1), ("jpg", 100), ("png", 100)]);
}

#[test]
fn containers_are_no_messages() {
    let root = directory(&[
        ("cur/1700000001.a.host:2,S", NAMED, gz(&message("gzip"))),
        ("cur/1700000002.a.host:2,S", NAMED, b"Dovecot-LZ4\r*\x9b\xc5 octets".to_vec()),
        ("cur/1700000003.a.host:2,S", NAMED, gz(&gz(&message("twice")))),
        ("cur/1700000004.a.host:2,S", NAMED, b"CRYPTED\x03\x07\x02 octets".to_vec()),
        ("cur/1700000005.a.host:2,S", NAMED, b"\x04\x22\x4d\x18 octets".to_vec()),
        ("new/.keep", NAMED, Vec::new()),
        ("single/letter.eml", NAMED, b"\x1f\x9d\x90 octets".to_vec()),
    ]);
    let told = Told::path(root.path());
    assert_eq!(told.columns(&[0]), ["gzip"]);
    assert_eq!(told.failed.len(), 5, "{:?}", told.failed);
    for (failed, word) in told.failed.iter().zip(["LZ4 by Dovecot", "gzip once more", "mail-crypt", "LZ4", "compress"])
    {
        assert!(failed.contains(word), "{failed}");
    }
}

#[test]
fn a_source_that_breaks_off_is_told() {
    let whole = mailbox(&["one", "two", "three"]);
    let cut = |octets: &[u8], by: usize| octets[..octets.len() - by].to_vec();
    let in_multipart = b"From a Mon Jan  1 00:00:00 2024\nSubject: m\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\nmo".to_vec();
    let in_header = [mailbox(&["one"]), b"From a Mon Jan  1 00:00:00 2024\nSubject: two\nMessage-I".to_vec()].concat();
    let entries = [("a/1.eml", 0, message("one")), ("a/2.eml", 0, message(&"two ".repeat(200)))];
    let packed = gz(&whole);
    for (name, octets) in [
        ("a.mbox.gz", cut(&packed, 1)),
        ("a.mbox.gz", cut(&packed, 12)),
        ("a.mbox", in_multipart),
        ("a.mbox", in_header),
        ("a.tar", cut(&tar(&entries, |_| 0o644), 1_600)),
        ("a.tgz", cut(&gz(&tar(&entries, |_| 0o644)), 9)),
    ] {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_source(name, Arc::new(octets.clone()));
        let (mut at_the_break, mut sources) = (0, Vec::new());
        while let Some(event) = mailbox.next_event() {
            match event {
                Event::Item(item) => {
                    let is_cut = |defect: &mailferry::Defect| defect.kind() == mailferry::DefectKind::Truncated;
                    at_the_break += usize::from(item.defects.iter().any(is_cut));
                }
                Event::Closed(closed) => sources.extend(closed.cut_short),
                Event::Failed { error, .. } => panic!("{name}: {error}"),
                _ => {}
            }
        }
        assert!(!sources.is_empty() && sources[0].contains("byte"), "{name} of {}: {sources:?}", octets.len());
        assert!(at_the_break == 1 || name == "a.tgz", "{name} of {}", octets.len());
    }
    // Whole ones say nothing, and a missing last line end alone is nothing; a part of a character is a doubt.
    for (octets, doubts) in [
        (whole.clone(), 0),
        (cut(&whole, 2), 0),
        (b"From a Mon Jan  1 00:00:00 2024\nSubject: x\n\nGr\xc3".to_vec(), 1),
    ] {
        let told = Told::octets("a.mbox", octets);
        assert_eq!(
            told.defects.iter().filter(|defect| defect.contains("truncated")).count(),
            doubts,
            "{:?}",
            told.defects
        );
    }
}

#[test]
fn a_vault_export_has_its_labels_and_dates() {
    let xml = |name: &str| {
        let document = |id: &str, labels: &str, date: &str| {
            format!(
                "<Document DocID='{id}' DocType='Message'><Tags><Tag TagName='#Subject' TagDataType='Text' TagValue='x'/>\
                 <Tag TagName='#DateReceived' TagDataType='DateTime' TagValue='{date}'/>\
                 <Tag TagName='Labels' TagDataType='Text' TagValue='{labels}'/>\
                 <Tag TagName='RfcMessageId' TagDataType='Text' TagValue='&lt;{id}@{name}&gt;'/></Tags></Document>\n"
            )
        };
        format!(
            "<?xml version='1.0'?><Root DataInterchangeType='Update'><Batch><Documents>{}{}{}</Documents></Batch></Root>",
            document("1", "^INBOX,^OPENED,Clients/A &amp; B", "2019-01-02T03:04:05.0Z"),
            document("2", "^SENT,^STARRED", "2019-01-03T03:04:05.0Z"),
            document("3", "^TRASH,^UNREAD", "2019-01-04T03:04:05.0Z")
        )
        .into_bytes()
    };
    let mbox = |name: &str| -> Vec<u8> {
        (1..=4)
            .flat_map(|n| {
                format!("From {n}@xxx Mon Jan  1 00:00:00 2018\nSubject: m{n}\nMessage-ID: <{n}@{name}>\n\nx\n\n")
                    .into_bytes()
            })
            .collect()
    };
    let wanted = [
        "m1 | Inbox:inbox | $seen | 2019-01-02T03:04:05Z | recorded",
        "m2 | Sent:sent | $flagged $seen | 2019-01-03T03:04:05Z | recorded",
        "m3 | Trash:trash |  | 2019-01-04T03:04:05Z | recorded",
    ];
    let columns = |told: Told| told.columns(&[0, 1, 2, 3, 4]).into_iter().take(3).collect::<Vec<_>>();
    let entries =
        [("Exp-1.mbox", 0, mbox("a")), ("Exp-metadata.xml", 0, xml("a")), ("Other-metadata.xml", 0, xml("b"))];
    let root = directory(&entries);
    assert_eq!(columns(Told::path(root.path())), wanted, "in a directory");
    assert_eq!(columns(Told::path(&root.path().join("Exp-1.mbox"))), wanted, "by itself");
    assert_eq!(columns(Told::octets("x.zip", zip(&entries))), wanted, "in one archive");
    let beside = directory(&[
        ("Exp-2.zip", 0, zip(&[("user@example.org.mbox", 0, mbox("a"))])),
        ("Exp-metadata.xml", 0, xml("a")),
    ]);
    assert_eq!(columns(Told::path(beside.path())), wanted, "beside an archive in a directory");
    assert_eq!(columns(Told::path(&beside.path().join("Exp-2.zip"))), wanted, "beside an archive");
}

#[test]
fn backups_of_gmail_keep_their_labels_or_say_so() {
    let meta = |labels: &str, flags: &str| {
        format!("{{\"msg_id\": \"a@b\", \"gm_id\": 1, \"labels\": [{labels}], \"flags\": [{flags}], \"internal_date\": 1347243329}}").into_bytes()
    };
    let entries = [
        ("db/2012-09/1412679471642059988.eml", 0, message("plain")),
        ("db/2012-09/1412679471642059988.meta", 0, meta("\"\\\\Inbox\", \"Perso/Foo\"", "\"\\\\Seen\"")),
        ("db/2012-09/1412679471642059989.eml.gz", 0, gz(&message("packed"))),
        ("db/2012-09/1412679471642059989.meta", 0, meta("\"\\\\Sent\"", "\"\\\\Flagged\"")),
        ("db/2012-10/1412679471642059990.eml", 0, message("archived")),
        ("db/2012-10/1412679471642059990.meta", 0, meta("", "")),
    ];
    let wanted = [
        "plain | Inbox:inbox | $seen | 2012-09-10T02:15:29Z",
        "packed | Sent:sent | $flagged | 2012-09-10T02:15:29Z",
        "archived | All Mail:all |  | 2012-09-10T02:15:29Z",
    ];
    assert_eq!(Told::path(directory(&entries).path()).columns(&[0, 1, 2, 3]), wanted);
    assert_eq!(Told::octets("g.zip", zip(&entries)).columns(&[0, 1, 2, 3]), wanted);
    let gyb = directory(&[("2020/1/2/17.eml", 0, message("gyb")), ("msg-db.sqlite", 0, b"SQLite format 3\0".to_vec())]);
    let told = Told::path(gyb.path());
    assert_eq!(told.items.len(), 1);
    assert!(told.defects.iter().any(|defect| defect.contains("msg-db.sqlite")), "{:?}", told.defects);
}
