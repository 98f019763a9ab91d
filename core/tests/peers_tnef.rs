//! What two of tnef, ytnef and tnefparse find in real TNEF streams is found here too, octet for octet.
//!
//! Skipped with one line when the corpus is not there.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    Limits,
    mapi::{AttachmentBody, MapiMessage, Translated, Translation, tnef::read_tnef, translate},
    source::{Content, FileSource},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

fn corpus() -> Option<PathBuf> {
    let path = std::env::var_os("MAILFERRY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus"), PathBuf::from);
    path.is_dir().then_some(path)
}

/// The digests of what is attached, in messages that are attached too.
fn attached(message: &MapiMessage, digests: &mut Vec<String>) {
    for i in 0..message.attachments.len() {
        match message.attachments.open(i).unwrap().body {
            AttachmentBody::Data(content) | AttachmentBody::Ole(content) => {
                let digest = Sha256::digest(content.to_vec(16 << 20).unwrap());
                digests.push(digest.iter().map(|octet| format!("{octet:02x}")).collect());
            }
            AttachmentBody::Message(embedded) => attached(&embedded.open().unwrap(), digests),
            AttachmentBody::None => {}
        }
    }
}

#[test]
fn attachments_that_two_peers_agree_on_are_found() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let truth = std::io::read_to_string(std::fs::File::open(corpus.join("truth/tnef.jsonl")).unwrap()).unwrap();
    let (mut files, mut agreed_on) = (0, 0);
    for line in truth.lines() {
        // Names that are no text stand there as lone surrogates, which are no JSON.
        let truth: Value = serde_json::from_str(&line.replace("\\udc", "\\u00")).unwrap();
        let path = truth["path"].as_str().unwrap();
        let stream = Content::from(Arc::new(FileSource::open(corpus.join(path)).unwrap()) as mailferry::source::Source);
        let message = read_tnef(&stream, &Limits::default()).unwrap();
        let mut ours = Vec::new();
        attached(&message, &mut ours);
        let lists = [&truth["tnef"]["files"], &truth["ytnef"]["files"], &truth["tnefparse"]["attachments"]];
        let mut votes: BTreeMap<&str, u32> = BTreeMap::new();
        for list in lists {
            let mut digests: Vec<_> =
                list.as_array().into_iter().flatten().map(|file| file["sha256"].as_str().unwrap()).collect();
            digests.dedup();
            digests.into_iter().for_each(|digest| *votes.entry(digest).or_default() += 1);
        }
        for digest in votes.iter().filter(|(_, votes)| **votes >= 2).map(|(digest, _)| *digest) {
            assert!(ours.iter().any(|ours| ours == digest), "{path}: {digest} is not among {ours:?}");
            agreed_on += 1;
        }
        match translate(&message, &Translation::default(), &mut Vec::new()) {
            Translated::Message(mail) => {
                assert!(mail.to_vec(64 << 20).unwrap().starts_with(b"") && !mail.is_empty(), "{path}")
            }
            Translated::Calendar(component) | Translated::Card(component) => {
                assert!(!component.properties.is_empty() || !component.components.is_empty(), "{path}")
            }
        }
        files += 1;
    }
    assert!(files > 15 && agreed_on > 20, "{files} files, {agreed_on} attachments");
}
