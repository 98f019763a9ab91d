//! What a selection takes, and what it says of the rest.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    Error, ErrorKind,
    convert::{Conversion, Dedupe, Inspection, Report, Selection, Selector, Tagging},
    model::{Folder, Item},
    read::{Mailbox, ReadOptions},
    write::{EmlArchive, ItemName, ItemWriter, Product, Rendered, Renderer, WriteOptions, Written},
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

/// A mailbox of one mbox, each message under its label.
fn mailbox(messages: &[(&str, String)]) -> Mailbox {
    let mut mbox = Vec::new();
    for (label, message) in messages {
        mbox.extend_from_slice(b"From a@example.org Mon Jan  1 00:00:00 2024\n");
        if !label.is_empty() {
            mbox.extend_from_slice(format!("X-Gmail-Labels: {label}\n").as_bytes());
        }
        mbox.extend_from_slice(message.as_bytes());
        mbox.extend_from_slice(b"\n");
    }
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("in.mbox", Arc::new(mbox));
    mailbox
}

fn convert(messages: &[(&str, String)], selection: &Selection, tagging: Tagging) -> (Report, Vec<Value>) {
    let selector = Selector::surveying(selection, mailbox(messages), &mut |_| ControlFlow::Continue(())).unwrap();
    let mut log = Vec::new();
    let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
    let report = Conversion::new(mailbox(messages), Box::new(archive), &mut log)
        .with_selector(selector)
        .with_tagging(tagging)
        .run(&mut |_| ControlFlow::Continue(()));
    let lines: Vec<Value> =
        log.split(|octet| *octet == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let totals = report.totals;
    assert_eq!(totals.available, totals.migrated + totals.failed + totals.skipped);
    assert_eq!((totals.available, lines.len()), (messages.len() as u64, messages.len()));
    (report, lines)
}

fn migrated(lines: &[Value]) -> Vec<u64> {
    let is_migrated = |line: &&Value| line["status"] == "migrated";
    lines.iter().filter(is_migrated).map(|line| line["source"]["ordinal"].as_u64().unwrap()).collect()
}

fn dedupe(how: Dedupe) -> Selection {
    let mut selection = Selection::default();
    selection.dedupe = how;
    selection
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_sample_is_even_and_the_same_for_its_seed(
        folders in proptest::collection::vec(0_usize..5, 1..80),
        size in 0_u64..100,
        seed: u64,
    ) {
        let names = ["A", "B", "C", "D", "E"];
        let messages: Vec<_> = folders.iter().map(|folder| (names[*folder], format!("Subject: {folder}\n\nx\n"))).collect();
        let mut selection = Selection::default();
        (selection.sample, selection.seed) = (Some(size), seed);
        let (report, lines) = convert(&messages, &selection, Tagging::default());
        prop_assert_eq!(report.totals.migrated, size.min(messages.len() as u64));
        prop_assert_eq!(migrated(&lines), migrated(&convert(&messages, &selection, Tagging::default()).1));
        // A folder gives fewer than another by more than one only if it has no more.
        let most = report.folders.values().map(|folder| folder.columns.migrated).max().unwrap();
        for folder in report.folders.values() {
            prop_assert!(folder.columns.migrated + 1 >= most || folder.columns.migrated == folder.columns.available);
        }
    }
}

#[test]
fn exact_duplicates_differ_in_nothing_but_what_a_mailbox_adds() {
    let message = |added: &str, rest: &str| format!("{added}Message-ID: <1@x>\nSubject: s\n\nbody{rest}\n");
    let messages = [
        ("Inbox", message("", "")),
        ("Work,\"Inbox\"", message("Status: RO\nX-Mozilla-Status: 0001\nX-GM-THRID: 7\nX-Keywords: a\n", "")),
        ("Inbox", message("", "!")),
        ("Inbox", message("X-Other: 1\n", "")),
        ("Inbox", message("", "")),
    ];
    let (report, lines) = convert(&messages, &dedupe(Dedupe::Exact), Tagging::default());
    assert_eq!(migrated(&lines), [1, 3, 4]);
    assert_eq!(report.reasons, BTreeMap::from([("duplicate".to_owned(), 2)]));
    assert_eq!((&lines[1]["duplicateOf"], &lines[4]["duplicateOf"]), (&"1:1".into(), &"1:1".into()));
    assert_eq!(lines[0]["labels"], serde_json::json!(["Inbox"]));
    assert_eq!(lines[0]["labelsAdded"], serde_json::json!(["Work"]));
}

#[test]
fn loose_duplicates_say_the_same() {
    let head = "Message-ID: <1@x>\nDate: Mon, 1 Jan 2024 10:00:00 +0100\nFrom: Ann <ann@example.org>\n";
    let messages = [
        ("", format!("{head}Subject: Gr\u{fc}\u{df}e\n\ncaf\u{e9}  au lait\n")),
        // Another zone, another spelling, another encoding; a mailing list's field more.
        ("", "List-Id: <l>\nMessage-ID: <1@x>\nDate: Mon, 1 Jan 2024 09:00:00 +0000\nFrom: ANN@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 au=\n lait\n\n".into()),
        // The same identifier is not enough.
        ("", format!("{head}Subject: Gr\u{fc}\u{df}e\n\ncaf\u{e9} au lait, please\n")),
        ("", format!("{head}Subject: Re: Gr\u{fc}\u{df}e\n\ncaf\u{e9} au lait\n")),
    ];
    assert_eq!(migrated(&convert(&messages, &dedupe(Dedupe::Loose), Tagging::default()).1), [1, 3, 4]);
    assert_eq!(migrated(&convert(&messages, &dedupe(Dedupe::Exact), Tagging::default()).1), [1, 2, 3, 4]);
}

#[test]
fn what_is_below_trash_is_left_out_though_it_comes_before_it() {
    let mut tar = tar::Builder::new(Vec::new());
    for path in ["Trash/Old/1.eml", "[Gmail]/Papierkorb/Sub/2.eml", "Trash/3.eml", "Work/Trash/4.eml", "Spam/x/5.eml"] {
        let mut header = tar::Header::new_gnu();
        let octets = format!("Subject: {path}\n\nx\n");
        header.set_size(octets.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, octets.as_bytes()).unwrap();
    }
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("mail.tar", Arc::new(tar.into_inner().unwrap()));
    let mut selection = Selection::default();
    (selection.skip_trash, selection.skip_junk) = (true, true);
    let mut log = Vec::new();
    let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
    Conversion::new(mailbox, Box::new(archive), &mut log)
        .with_selector(Selector::new(&selection).unwrap())
        .run(&mut |_| ControlFlow::Continue(()));
    let lines = log.split(|octet| *octet == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let told: Vec<_> = lines
        .map(|line| format!("{} {}", line["subject"].as_str().unwrap(), line["reason"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(
        told,
        [
            "Trash/Old/1.eml excluded_trash",
            "[Gmail]/Papierkorb/Sub/2.eml excluded_trash",
            "Trash/3.eml excluded_trash",
            "Work/Trash/4.eml -",
            "Spam/x/5.eml excluded_junk",
        ]
    );
}

/// Octets that are looked at after they were written.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the lines say of each item: its subject, where it went, its keywords, and why it was left out.
fn told_of(mbox: &str, recover: bool, skip_trash: bool) -> (Report, Vec<String>, Vec<u8>) {
    let mut options = ReadOptions::default();
    options.recover = recover;
    let mut mailbox = Mailbox::new(options);
    mailbox.add_source("Inbox", Arc::new(mbox.as_bytes().to_vec()));
    let mut selection = Selection::default();
    selection.skip_trash = skip_trash;
    let (mut log, archive) = (Vec::new(), Shared::default());
    let mut options = WriteOptions::default();
    options.zip_level = mailferry::write::ZipLevel::Store;
    let report = Conversion::new(mailbox, Box::new(EmlArchive::zip(archive.clone(), options)), &mut log)
        .with_selector(Selector::new(&selection).unwrap())
        .run(&mut |_| ControlFlow::Continue(()));
    let totals = report.totals;
    assert_eq!(totals.available, totals.migrated + totals.failed + totals.skipped);
    let lines = log.split(|octet| *octet == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let words = |value: &Value| {
        value
            .as_array()
            .map_or(String::new(), |all| all.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" "))
    };
    let told = lines.map(|line| {
        let text = |key: &str| line[key].as_str().unwrap_or("-").to_owned();
        assert_eq!(words(&line["warnings"]).contains("and recovered"), text("fidelity") == "normalized");
        format!("{} {} [{}] {}", text("subject"), text("folder"), words(&line["keywords"]), text("reason"))
    });
    let (told, octets) = (told.collect(), archive.0.lock().unwrap().clone());
    (report, told, octets)
}

#[test]
fn deleted_is_deleted() {
    const MBOX: &str = "From - Mon Jan  1 10:00:00 2024\nX-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\nSubject: gone\n\n1\n\n\
                        From - Mon Jan  1 10:00:01 2024\nX-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000\nSubject: marked\n\n2\n\n\
                        From - Mon Jan  1 10:00:02 2024\nStatus: ROD\nSubject: old\n\n3\n\n\
                        From - Mon Jan  1 10:00:03 2024\nX-Mozilla-Status: 0001\nSubject: live\n\n4\n";
    let (report, told, _) = told_of(MBOX, false, false);
    assert_eq!(
        told,
        [
            "gone Inbox [$deleted $seen] expunged",
            "marked Inbox [$deleted $seen] -",
            "old Inbox [$deleted $seen] -",
            "live Inbox [$seen] -"
        ]
    );
    assert_eq!((report.totals.skipped, report.reasons["expunged"]), (1, 1));
    let (_, told, _) = told_of(MBOX, false, true);
    assert_eq!(
        told,
        [
            "gone Inbox [$deleted $seen] expunged",
            "marked Inbox [$deleted $seen] excluded_trash",
            "old Inbox [$deleted $seen] excluded_trash",
            "live Inbox [$seen] -"
        ]
    );
    let (_, told, archive) = told_of(MBOX, true, false);
    assert_eq!(told[0], "gone Recovered [$deleted $seen] -");
    let has = |text: &[u8]| archive.windows(text.len()).any(|octets| octets == text);
    assert!(has(b"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\nSubject: gone") && !has(b"Status: 0009"));
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("Inbox", Arc::new(MBOX.as_bytes().to_vec()));
    let mut inspection = Inspection::new(9);
    while let Some(event) = mailbox.next_event() {
        inspection.count(event);
    }
    let Inspection { items, deleted, expunged, .. } = inspection;
    assert_eq!((items, deleted, expunged, inspection.largest.len()), (3, 2, 1, 3));
}

/// An expunged message is no copy in whose stead others may be left out.
#[test]
fn what_is_expunged_has_no_duplicates() {
    let message = |status: &str| format!("X-Mozilla-Status: {status}\nSubject: one\n\n1\n");
    let messages = [("", message("0008")), ("", message("0001")), ("", message("0001"))];
    let (report, lines) = convert(&messages, &dedupe(Dedupe::Exact), Tagging::default());
    assert_eq!(migrated(&lines), [2]);
    assert_eq!((report.reasons["expunged"], report.reasons["duplicate"]), (1, 1));
}

#[test]
fn what_is_left_out_says_why() {
    let messages = [
        (
            "Inbox",
            "From: Zo\u{eb} <zoe@example.org>\nTo: b@example.org\nSubject: =?utf-8?q?RECHNUNG_=C3=84?=\n\n1\n"
                .to_owned(),
        ),
        ("Papierkorb", "Subject: rechnung \u{e4}\n\n2\n".to_owned()),
        ("Spam", "Subject: rechnung \u{e4}\n\n3\n".to_owned()),
        ("Projects/Alpha", "From: zoe@example.org\nSubject: rechnung \u{e4}\n\n4\n".to_owned()),
        ("Inbox", "From: other@example.org\nSubject: rechnung \u{e4}\n\n5\n".to_owned()),
        ("Inbox", "From: ZOE@EXAMPLE.ORG\nSubject: else\n\n6\n".to_owned()),
    ];
    let selection: Selection = serde_json::from_value(serde_json::json!({
        "kinds": ["mail"], "skipFolders": ["projects/**"], "skipTrash": true, "skipJunk": true,
        "after": "2024-01-01", "before": "2024-01-02", "from": ["zoe@"], "subject": ["Rechnung \u{c4}"],
    }))
    .unwrap();
    let (_, lines) = convert(&messages, &selection, Tagging::default());
    let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap_or("-")).collect();
    assert_eq!(
        reasons,
        ["-", "excluded_trash", "excluded_junk", "excluded_folder", "excluded_from", "excluded_subject"]
    );
    assert!(serde_json::from_str::<Selection>(r#"{"skipTrsh": true}"#).is_err());
}

#[test]
fn tags_are_told_beside_what_the_source_says() {
    let messages = [("Inbox", "Subject: one\n\nx\n".to_owned())];
    let mut tagging = Tagging::default();
    tagging.add_labels = vec!["moved".into()];
    tagging.map_folders = vec![("inbox".into(), "In/2024".into())];
    tagging.root_folder = Some("Old".into());
    tagging.subject_suffix = Some(" [x]".into());
    let (_, lines) = convert(&messages, &Selection::default(), tagging);
    let line = &lines[0];
    assert_eq!((&line["folder"], &line["targetFolder"]), (&"Inbox".into(), &"Old/In/2024".into()));
    assert_eq!((&line["labels"], &line["labelsAdded"]), (&serde_json::json!(["Inbox"]), &serde_json::json!(["moved"])));
    assert_eq!((&line["subject"], &line["fidelity"]), (&"one [x]".into(), &"normalized".into()));
    assert!(line["path"].as_str().unwrap().starts_with("Old/In/2024/"));
}

#[test]
fn the_report_and_its_page_are_made_again_from_the_files() {
    let messages = [
        ("<b>", "Subject: </script><script>alert(1)</script>\n\nx\n".to_owned()),
        ("Spam", "Subject: two\n\nx\n".to_owned()),
    ];
    let mut selection = Selection::default();
    selection.folders = vec!["Spam".into()];
    let (report, lines) = convert(&messages, &selection, Tagging::default());
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&report).unwrap());
    assert_eq!(report.years[&2024], report.totals);
    let log = lines.iter().map(|line| line.to_string() + "\n").collect::<String>();
    let mut page = Vec::new();
    again.write_page("out", "out.items.jsonl", log.as_bytes(), &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert_eq!((page.matches("<script>").count(), page.matches("</script>").count()), (1, 1));
    assert_eq!(page.matches("<tr data-reason=\"excluded_folder\">").count(), 1);
    let mut line = lines.iter().find(|line| line["status"] == "skipped").unwrap().clone();
    (line["status"], line["reason"]) = ("failed".into(), "io: no room".into());
    let mut page = Vec::new();
    again.write_page("out", "log", format!("{log}{line}\n").as_bytes(), &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    let at = |reason: &str| page.find(&format!("<tr data-reason=\"{reason}\">")).unwrap();
    assert!(at("io") < at("excluded_folder"), "what failed comes first");
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&lt;b&gt;"));
}

/// Refuses the first item that it is given.
struct RefusesFirst(EmlArchive, bool);

impl ItemWriter for RefusesFirst {
    fn renderer(&self) -> Renderer {
        self.0.renderer()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> mailferry::Result<Vec<Written>> {
        if !std::mem::replace(&mut self.1, true) {
            return Err(Error::new(ErrorKind::Destination, "no room").non_fatal());
        }
        self.0.write(item, name, rendered)
    }

    fn folder(&mut self, folder: &Folder) -> mailferry::Result<()> {
        self.0.folder(folder)
    }

    fn finish_telling(&mut self, tell: &mut dyn FnMut(Product) -> mailferry::Result<()>) -> mailferry::Result<()> {
        self.0.finish_telling(tell)
    }
}

#[test]
fn nothing_is_left_out_in_the_stead_of_an_item_that_failed() {
    let messages = [0, 1, 2].map(|_| ("Inbox", "Subject: s\n\nbody\n".to_owned()));
    let selection = dedupe(Dedupe::Exact);
    let selector = Selector::surveying(&selection, mailbox(&messages), &mut |_| ControlFlow::Continue(())).unwrap();
    let writer = RefusesFirst(EmlArchive::zip(std::io::sink(), WriteOptions::default()), false);
    let report = Conversion::new(mailbox(&messages), Box::new(writer), std::io::sink())
        .with_selector(selector)
        .run(&mut |_| ControlFlow::Continue(()));
    assert_eq!((report.totals.failed, report.totals.skipped, report.totals.migrated), (3, 0, 0));
}
