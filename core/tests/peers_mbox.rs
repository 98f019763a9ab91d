//! The real mboxes of the corpus, where it is there: as many messages as other programs find, or a reason why not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its files are small"
)]

use mailferry::{
    ErrorKind, Limits, Result,
    model::Item,
    read::{Found, Inputs, ReadOptions},
    source::Source,
};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

#[rustfmt::skip] // One line a file.
/// Where Python's mailbox, git mailsplit and formail do not all agree, or agree on something else: the file, the
/// messages in it, and why so many.
const VERDICTS: &[(&str, usize, &str)] = &[
    ("tika/resources/test-documents/simple.mbox", 2, "formail wants a header field behind the From_ line: RFC 5322 has a message without a blank line before its body, but both From_ lines are dated and stand behind a blank line"),
    ("samples/google-takeout/takeout.mbox", 39, "all are Takeout's dated lines behind a blank line; git does not know the zone before the year, formail not the CRLF"),
    ("samples/vault-export-mbox/ubuntu_me@u.jaylee.us_0.mbox", 53, "formail does not know a blank line that ends in CRLF"),
    ("git/t/t5100/0001mboxrd", 0, "the text of a commit message, whose first line is prose that starts with `From `: no header field, no date"),
    ("grepmail/t/mailboxes/mailarc-1.txt", 14, "two messages have a third attached as it stood in a mailbox, From_ line and all, inside a multipart that is closed behind it; the peers split these. The fourth From_ line is dated and stands before Received, but not behind a blank line, which only formail misses"),
    ("grepmail/t/mailboxes/mailarc-1.txt.gz", 14, "as mailarc-1.txt, compressed"),
    ("mailarchive/tests/data/mailbox_mmdf", 5, "MMDF, which only Python knows"),
    ("corpus/no_date.mbox", 1, "a bare `From ` before List-Id; git wants a date"),
    ("neomutt-test-files/mbox/cherry.mbox", 0, "a text without any From_ line or header field; formail calls any text one message"),
    ("neomutt-test-files/mbox/fig.mbox", 0, "MMDF that opens a message and ends: a mailbox without a message, as NeoMutt has it"),
    ("mboxshell/tests/fixtures/google_groups.mbox", 3, "git does not know the zone before the year"),
    ("messages/tests/resources/messages.mbox", 3, "as takeout.mbox"),
    ("imap-test/esearch.mbox", 7, "messages without a header section behind dated From_ lines and blank lines; formail wants a header field"),
    ("imap-test/search-partial.mbox", 5, "as esearch.mbox"),
    ("imap-test/sort-arrival.mbox", 5, "as esearch.mbox"),
    ("imap-test/sort-subject.mbox", 15, "as esearch.mbox: one message has no header section"),
    ("roundcubemail/tests/src/import.mbox", 3, "dated From_ lines before header fields, without a blank line before them"),
    ("MimeKit/TestData/mbox/content-length.mbox.txt", 29, "each line, dated or `From - `, stands before Return-Path, Received or Message-ID; git wants a date, formail a blank line"),
    ("MimeKit/TestData/mbox/issue1189.mbox.txt", 4, "an id alone behind `From `, between a blank line and MIME-Version; git wants a date, formail another form"),
    ("MimeKit/TestData/mbox/unmunged.mbox.txt", 2, "two of `From -` before a header field, the first behind a byte-order mark; `From Russia with love` is prose, which Python takes for a message"),
    ("notmuch/corpora/insert/mbox-attachment.eml", 1, "a patch is attached, inside a multipart that is closed behind it; the peers agree on 2 because all of them split it"),
    ("comm-central/test/data/mbox_unquoted", 2, "the second `From ` stands before prose, as the text around it says itself; Python takes it for a message"),
];

#[test]
fn every_message_of_every_mbox_is_found() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for row in truth(&corpus) {
        let path = row["path"].as_str().unwrap();
        let verdict = VERDICTS.iter().find(|(name, ..)| path.ends_with(name));
        let expected = match verdict {
            Some((_, count, _)) => *count,
            None if row["disagree"] == false => usize::try_from(row["python_mailbox_count"].as_u64().unwrap()).unwrap(),
            None => {
                let found = read(&corpus.join(path)).map(|(items, _)| items.len());
                wrong.push(format!("{path}: peers disagree and there is no verdict; found {found:?}"));
                continue;
            }
        };
        match read(&corpus.join(path)) {
            Ok((items, _)) if items.len() == expected => {}
            Err(error) if expected == 0 && error.kind() == ErrorKind::UnknownFormat => {}
            Ok((items, _)) => wrong.push(format!("{path}: {} found, not {expected}", items.len())),
            Err(error) => wrong.push(format!("{path}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{} disagreements:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_octet_of_every_mbox_has_its_place() {
    let Some(corpus) = corpus() else { return };
    for row in truth(&corpus) {
        let path = row["path"].as_str().unwrap();
        let Ok((items, source)) = read(&corpus.join(path)) else { continue };
        let mut at = items.first().map_or(0, |item| item.origin.offset);
        for item in &items {
            let origin = &item.origin;
            let mbox = origin.mbox.as_ref().expect("where an mbox had it");
            assert_eq!(origin.offset, at, "{path}: item {} does not follow the one before", origin.ordinal);
            at += origin.length;
            let message = item.message().unwrap().content().len();
            let around = (mbox.from_line.len() + mbox.separator.len()) as u64;
            assert_eq!(around + message + mbox.unquoted_lines, origin.length, "{path}: item {}", origin.ordinal);
            let mut from_line = vec![0; mbox.from_line.len()];
            source.read_exact_at(origin.offset, &mut from_line).unwrap();
            assert_eq!(from_line, mbox.from_line, "{path}: item {}", origin.ordinal);
        }
        let mut tail = vec![0; usize::try_from(source.len() - at).unwrap()];
        source.read_exact_at(at, &mut tail).unwrap();
        assert!(tail.iter().all(|octet| b"\0\r\n\x01".contains(octet)), "{path}: {} octets are lost", tail.len());
    }
}

#[test]
fn messages_carry_the_ids_that_python_reads() {
    let Some(corpus) = corpus() else { return };
    let mut compared = 0;
    for row in truth(&corpus).iter().filter(|row| row["disagree"] == false) {
        let path = row["path"].as_str().unwrap();
        let Ok((items, _)) = read(&corpus.join(path)) else { continue };
        for (item, peer) in items.iter().zip(row["python_messages"].as_array().unwrap()) {
            let header = mailferry::mime::HeaderSection::read(item.message().unwrap().content(), &Limits::default());
            let header = header.unwrap();
            let ours = header.first("Message-ID").map(|field| field.text());
            let theirs = peer["message_id"].as_str();
            assert_eq!(ours.as_deref().map(str::trim), theirs.map(str::trim), "{path}: item {}", item.origin.ordinal);
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} messages were compared");
}

fn read(path: &Path) -> Result<(Vec<Item>, Source)> {
    let mut items = Vec::new();
    let mut source = None;
    for found in Inputs::at_path(path, &Limits::default())? {
        let Found::Input(input) = found? else { continue };
        let mut reader = input.open(&ReadOptions::default())?;
        while let Some(item) = reader.next_item()? {
            items.push(item);
        }
        source = Some(input.source().clone());
    }
    Ok((items, source.expect("a source")))
}

fn truth(corpus: &Path) -> Vec<Value> {
    let rows = fs::read_to_string(corpus.join("truth/mbox.jsonl")).unwrap();
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The corpus of real files, which is no part of the project.
fn corpus() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = env::var_os("MAILFERRY_CORPUS").map_or(default, PathBuf::from);
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: there is no corpus at {}", corpus.display());
    None
}
