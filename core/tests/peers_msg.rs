//! What extract-msg and msgconvert find in real MSG files is found here too: attachments octet for octet, subjects, dates, numbers of
//! recipients. Where it is not, FIDELITY.md says why.
//!
//! Skipped with one line when the corpus is not there.
#![cfg(feature = "outlook")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    mapi::{AttachmentBody, MapiMessage},
    read::{ItemReader, ReadOptions, msg::MsgReader},
    source::FileSource,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files that a peer reads otherwise, and what of them: reasons stand in FIDELITY.md.
const DIFFERENT: [(&str, &str); 1] = [("testMSG_chinese.msg", "subject")];

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    path.is_dir().then_some(path)
}

/// The digests of what is attached to a message itself.
fn attached(message: &MapiMessage) -> Vec<String> {
    let bodies = (0..message.attachments.len()).filter_map(|i| Some(message.attachments.open(i).ok()?.body));
    let digests = bodies.filter_map(|body| match body {
        AttachmentBody::Data(content) => {
            let digest = Sha256::digest(content.to_vec(64 << 20).unwrap());
            Some(digest.iter().map(|octet| format!("{octet:02x}")).collect())
        }
        _ => None,
    });
    let mut digests: Vec<String> = digests.collect();
    digests.sort();
    digests
}

#[test]
fn real_messages_are_read_as_their_peers_read_them() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let truth = std::io::read_to_string(std::fs::File::open(corpus.join("truth/msg.jsonl")).unwrap()).unwrap();
    let (mut files, mut attachments, mut wrong) = (0, 0, Vec::new());
    for line in truth.lines() {
        let truth: Value = serde_json::from_str(&line.replace("\\udc", "\\u00")).unwrap();
        let path = truth["path"].as_str().unwrap();
        let source = Arc::new(FileSource::open(corpus.join(path)).unwrap());
        let mut reader = MsgReader::open(source, path, &ReadOptions::default()).unwrap();
        let message = reader.message().unwrap();
        let item = reader.next_item().unwrap().unwrap();
        files += 1;
        let peer = &truth["extract_msg"];
        if peer.get("error").is_some() {
            continue;
        }
        let mut differs = |what: &'static str, ours: String, theirs: String| {
            let is_known = DIFFERENT.iter().any(|(file, of)| path.ends_with(file) && *of == what);
            if ours != theirs && !is_known {
                wrong.push(format!("{path}: {what}: {ours} here, {theirs} there"));
            }
        };
        let theirs = peer["attachments"].as_array().into_iter().flatten();
        let mut theirs: Vec<_> = theirs.filter_map(|file| Some(file["sha256"].as_str()?.to_owned())).collect();
        theirs.sort();
        let class = peer["cls"].as_str().unwrap_or_default();
        // The one part of an encrypted or signed mail is no attachment there.
        if !class.contains("SMIME") {
            let ours = attached(&message);
            attachments += ours.len();
            differs("attachments", ours.join(" "), theirs.join(" "));
        }
        if let Some(mail) = item.message() {
            let subject = peer["subject"].as_str().unwrap_or_default();
            let subject =
                subject.split('\0').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            let ours = mail.subject().unwrap().unwrap_or_default();
            differs("subject", ours.split_whitespace().collect::<Vec<_>>().join(" "), subject);
            if let Some(date) = peer["date"].as_str() {
                let ours = mail.date().unwrap().map(|date| date.to_compact_utc()).unwrap_or_default();
                let digits: String = date.chars().take(19).filter(char::is_ascii_digit).collect();
                let ours: String = ours.chars().filter(char::is_ascii_digit).collect();
                differs("date", ours, digits);
            }
            let people = [mail.to(), mail.cc(), mail.bcc()].map(|list| list.unwrap());
            let people = people.iter().flatten().flat_map(mailferry::mime::Address::mailboxes).count();
            differs("recipients", people.to_string(), peer["recipients"].as_u64().unwrap_or(0).to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files == 114 && attachments > 60, "{files} files with {attachments} attachments");
}
