//! Real stores, translated: what comes out is well-formed by our own reading of mail, holds every attachment octet for octet,
//! names nobody by an Exchange address, and is the same on every run.
//!
//! Skipped with one line when the corpus is not there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use mailferry::{
    DefectKind,
    mapi::{AttachmentBody, MapiMessage, Translated, Translation, translate},
    mime::Address,
    model::Message,
    read::{ReadOptions, pst::PstReader},
    source::{Content, FileSource},
};
use sha2::{Digest, Sha256};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Octets of a message that the test holds.
const LIMIT: usize = 256 << 20;

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    path.is_dir().then_some(path)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = folder.read_dir() else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The digests of what is attached to a message object, and to the mail made of it.
fn attached(message: &MapiMessage) -> Vec<[u8; 32]> {
    let opened = (0..message.attachments.len()).filter_map(|i| message.attachments.open(i).ok());
    let contents = opened.filter_map(|attachment| match attachment.body {
        AttachmentBody::Data(content) | AttachmentBody::Ole(content) if !content.is_empty() => Some(content),
        _ => None,
    });
    let digest = |content: Content| Sha256::digest(content.to_vec(LIMIT).unwrap()).into();
    contents.map(digest).collect()
}

fn attached_to_mail(message: &Message) -> Vec<[u8; 32]> {
    let attachments = message.attachments().unwrap();
    let digest = |attachment: &mailferry::model::Attachment<'_>| {
        let mut octets = Vec::new();
        io::copy(&mut attachment.reader(), &mut octets).unwrap();
        Sha256::digest(octets).into()
    };
    attachments.iter().map(digest).collect()
}

fn check(message: &MapiMessage, place: &str) -> &'static str {
    let translation = Translation::default();
    let octets = |translated: Translated| match translated {
        Translated::Message(content) => content.to_vec(LIMIT).unwrap(),
        Translated::Calendar(component) | Translated::Card(component) => {
            let mut octets = Vec::new();
            component.write_to(&mut octets);
            octets
        }
    };
    let translated = translate(message, &translation, &mut Vec::new());
    let kind = match &translated {
        Translated::Message(_) => "mail",
        Translated::Calendar(_) => "calendar",
        Translated::Card(_) => "card",
    };
    let once = octets(translated);
    assert_eq!(once, octets(translate(message, &translation, &mut Vec::new())), "{place}: two runs differ");
    if kind != "mail" {
        return kind;
    }
    let mail = Message::new(Content::from(once));
    for defect in mail.defects().unwrap() {
        let is_structural = matches!(
            defect.kind(),
            DefectKind::MissingBoundary
                | DefectKind::UnclosedMultipart
                | DefectKind::TransferEncoding
                | DefectKind::NoHeader
        );
        assert!(!is_structural, "{place}: {defect}");
    }
    let people = [mail.from(), mail.sender(), mail.to(), mail.cc(), mail.bcc(), mail.reply_to()];
    for mailbox in people.iter().flat_map(|list| list.as_ref().unwrap()).flat_map(Address::mailboxes) {
        assert!(!mailbox.address.starts_with('/'), "{place}: {mailbox:?}");
    }
    let in_mail = attached_to_mail(&mail);
    for digest in attached(message) {
        assert!(in_mail.contains(&digest), "{place}: an attachment is not in the mail");
    }
    kind
}

#[test]
fn real_stores_become_sound_mail() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let mut paths = Vec::new();
    files(&corpus.join("files/pst"), &mut paths);
    files(&corpus.join("files/ost"), &mut paths);
    let mut mails = 0;
    for path in &paths {
        let source = Arc::new(FileSource::open(path).unwrap());
        let Ok(mut reader) = PstReader::open(source, &path.to_string_lossy(), &ReadOptions::default()) else {
            continue;
        };
        loop {
            match reader.next_message() {
                Ok(Some(stored)) => {
                    let place = format!("{} node {:#x}", path.display(), stored.node);
                    mails += usize::from(check(&stored.message, &place) == "mail");
                }
                Ok(None) => break,
                Err(error) if error.is_fatal() => break,
                Err(_) => {}
            }
        }
    }
    assert!(mails > 0, "no mail was found");
}
