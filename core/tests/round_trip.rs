//! What is written in a form and read again is the same mail: octets, folders, flags and dates.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    convert::{ConvertOptions, convert},
    model::Keywords,
    read::{Mailbox, ReadOptions},
    write::{OutputForm, StateFields},
};
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Every file below `root`, and its octets.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut folders = vec![root.to_owned()];
    let mut files = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut octets = Vec::new();
                std::io::copy(&mut fs::File::open(&path).unwrap(), &mut octets).unwrap();
                files.insert(path.strip_prefix(root).unwrap().to_owned(), octets);
            }
        }
    }
    files
}

fn converted(source: &Path, destination: &Path, form: OutputForm) {
    let mut options = ConvertOptions::default();
    options.archive.form = form;
    options.archive.mbox.state = StateFields::None;
    let report = convert([source], destination, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_complete(), "{report:?}");
}

/// Folder, octets, date of arrival in seconds, and keywords, sorted.
type Mail = (String, Vec<u8>, i64, Vec<String>);

fn mail(path: &Path) -> Vec<Mail> {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_path(path);
    let mut mail: Vec<Mail> = mailbox
        .map(|item| {
            let item = item.unwrap();
            let octets = item.message().unwrap().content().to_vec(usize::MAX).unwrap();
            let keywords = item.keywords.iter().map(str::to_owned).collect();
            let received = item.received.map_or(0, |received| received.at.unix_seconds());
            (item.folder.path.to_string(), octets, received, keywords)
        })
        .collect();
    mail.sort();
    mail
}

/// A message with a header section and a body whose lines may look like From_ lines.
fn message() -> impl Strategy<Value = String> {
    let line = prop_oneof!["[a-zA-Z0-9 .é]{0,30}", Just("From here".to_owned()), Just(">From there".to_owned())];
    ("[a-zA-Z ]{1,20}", proptest::collection::vec(line, 0..6), 0..1_000_000_u32).prop_map(|(subject, lines, id)| {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        format!("From: ann@example.org\nSubject: x{subject}\nMessage-ID: <{id}@example.org>\n\n{body}")
    })
}

/// mboxrd, as it is written by the rules.
fn mbox(messages: &[(String, u32)]) -> String {
    let quoted = |message: &String| -> String {
        let lines = message.split_inclusive('\n').map(|line| {
            let is_quoted = line.trim_start_matches('>').starts_with("From ") && line.contains("From ");
            if is_quoted { format!(">{line}") } else { line.to_owned() }
        });
        lines.collect()
    };
    let one = |(message, seconds): &(String, u32)| {
        let date = mailferry::DateTime::from_unix_seconds(i64::from(*seconds)).to_asctime();
        format!("From ann@example.org {date}\n{}\n", quoted(message))
    };
    messages.iter().map(one).collect()
}

#[test]
fn the_mbox_of_this_test_quotes_lines_of_bodies_only() {
    let mbox = mbox(&[("From: a\n\nFrom b\n>From c\n".to_owned(), 0)]);
    assert_eq!(mbox, "From ann@example.org Thu Jan  1 00:00:00 1970\nFrom: a\n\n>From b\n>>From c\n\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_mbox_that_went_through_a_bundle_is_the_same_but_for_the_order_of_its_messages(
        messages in proptest::collection::vec((message(), 1..2_000_000_000_u32), 1..6),
        archived: bool,
    ) {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("Work.mbox");
        let octets = mbox(&messages);
        fs::write(&source, &octets).unwrap();
        let bundle = root.path().join(if archived { "bundle.zip" } else { "bundle" });
        converted(&source, &bundle, OutputForm::Bundle);
        let back = root.path().join("back");
        converted(&bundle, &back, OutputForm::Mbox);
        let found = files(&back);
        prop_assert_eq!(found.len(), 1);
        let (path, found) = found.into_iter().next().unwrap();
        prop_assert_eq!(path, Path::new("Work.mbox"));
        // The files of a bundle are read in the order of their names: by date, not as they stood in the mbox.
        let sorted = |octets: &[u8]| -> Vec<String> {
            let text = String::from_utf8(octets.to_vec()).unwrap();
            let mut parts: Vec<String> = format!("\n{}", text.strip_suffix('\n').unwrap()).split("\nFrom ").map(str::to_owned).collect();
            parts.sort();
            parts
        };
        prop_assert_eq!(sorted(&found), sorted(octets.as_bytes()));
    }

    #[test]
    fn a_maildir_that_went_through_an_archive_keeps_flags_and_dates(
        messages in proptest::collection::vec((
            message(),
            1..2_000_000_000_u32,
            proptest::sample::subsequence(vec!['D', 'F', 'P', 'R', 'S', 'T'], 0..=6),
            prop_oneof![Just(""), Just(".Work"), Just(".Work.Alpha"), Just(".Entw&APw-rfe")],
        ), 1..6),
        extension in prop_oneof![Just("zip"), Just("tgz"), Just("tar")],
    ) {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("Maildir");
        for folder in ["", ".Work", ".Work.Alpha", ".Entw&APw-rfe"] {
            for part in ["cur", "new", "tmp"] {
                fs::create_dir_all(source.join(folder).join(part)).unwrap();
            }
        }
        for (i, (message, seconds, flags, folder)) in messages.iter().enumerate() {
            let flags: String = flags.iter().collect();
            let path = source.join(folder).join(format!("cur/{seconds}.{i}.host:2,{flags}"));
            fs::write(&path, message).unwrap();
            let date = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(*seconds));
            fs::File::options().write(true).open(&path).unwrap().set_modified(date).unwrap();
        }
        let expected = mail(&source);
        prop_assert_eq!(expected.len(), messages.len());
        let archive = root.path().join(format!("Maildir.{extension}"));
        converted(&source, &archive, OutputForm::Maildir);
        let back = root.path().join("back");
        converted(&archive, &back, OutputForm::Maildir);
        prop_assert_eq!(mail(&back), expected);
    }
}

#[test]
fn state_that_only_the_mailbox_knows_goes_into_an_mbox() {
    let root = tempfile::tempdir().unwrap();
    let cur = root.path().join("Maildir/cur");
    fs::create_dir_all(&cur).unwrap();
    fs::create_dir_all(root.path().join("Maildir/new")).unwrap();
    fs::create_dir_all(root.path().join("Maildir/tmp")).unwrap();
    fs::write(cur.join("1.a.host:2,FS"), "From: a@example.org\nSubject: x\n\ny\n").unwrap();
    let mut options = ConvertOptions::default();
    options.archive.form = OutputForm::Mbox;
    let back = root.path().join("back");
    convert([root.path().join("Maildir")], &back, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let (_, octets) = files(&back).into_iter().next().unwrap();
    assert!(String::from_utf8(octets).unwrap().contains("\nStatus: RO\nX-Status: F\nFrom: a@example.org\n"));
    let mut keywords = Keywords::default();
    keywords.insert(Keywords::SEEN);
    keywords.insert(Keywords::FLAGGED);
    let (path, ..) = files(&back).into_iter().next().unwrap();
    assert_eq!(mail(&back.join(path))[0].3, keywords.iter().map(str::to_owned).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_message_comes_out_of_an_mbox_as_it_went_in(
        fields in proptest::collection::vec(prop_oneof![
            Just("Subject: x"), Just(" folded"), Just(">From b Mon Jan  1 00:00:00 2024"), Just(">>From d"), Just("no field"),
        ], 0..4),
        lines in proptest::collection::vec(prop_oneof![
            Just("From a"), Just(">From b Mon Jan  1 00:00:00 2024"), Just(""), Just(">>From d"), Just("X: y"),
            Just("From c@example.org Mon Jan  1 00:00:00 2024"), Just("text"), Just(">"),
        ], 0..9),
        crlf: bool,
    ) {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("one.eml");
        let line_end = if crlf { "\r\n" } else { "\n" };
        let all = [&["From: ann@example.org"], &fields[..], &[""], &lines[..]].concat();
        let octets = all.join(line_end) + line_end;
        fs::write(&source, &octets).unwrap();
        let back = root.path().join("back");
        converted(&source, &back, OutputForm::Mbox);
        let (path, _) = files(&back).into_iter().next().unwrap();
        let found = mail(&back.join(path));
        prop_assert_eq!(found.len(), 1, "{:?}", found);
        prop_assert_eq!(String::from_utf8_lossy(&found[0].1), octets);
    }
}

#[test]
fn a_from_line_that_names_nobody_is_made_anew() {
    let bench = tempfile::tempdir().unwrap();
    let (source, to) = (bench.path().join("in.mbox"), bench.path().join("out"));
    fs::write(&source, "From \nSubject: a\n\nx\n\nFrom -\nSubject: b\n\ny\n").unwrap();
    converted(&source, &to, OutputForm::Mbox);
    let written: Vec<_> = files(&to).into_values().collect();
    let text = String::from_utf8(written.concat()).unwrap();
    assert!(text.starts_with("From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n"), "{text}");
    assert!(text.contains("\n\nFrom -\n"), "{text}");
}
