//! What libpff, java-libpst and pffexport find in real files is found here too.
//!
//! Skipped with one line when the corpus is not there.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]

use mailferry::{
    mapi::{AttachmentBody, MapiMessage},
    read::{ItemReader, ReadOptions, pst::PstReader},
    source::FileSource,
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

#[derive(Default, Debug)]
struct Found {
    items: u64,
    errors: Vec<String>,
    folders: usize,
    embedded: u64,
    attachments: u64,
    /// sha256 in hexadecimal and length, with how often each occurs.
    data: BTreeMap<String, u32>,
    defects: Vec<String>,
}

impl Found {
    fn message(&mut self, message: &MapiMessage) {
        self.defects.extend(message.defects.iter().map(ToString::to_string));
        for i in 0..message.attachments.len() {
            let attachment = match message.attachments.open(i) {
                Ok(attachment) => attachment,
                Err(e) => {
                    self.errors.push(format!("attachment: {e}"));
                    continue;
                }
            };
            self.attachments += 1;
            self.defects.extend(attachment.defects.iter().map(ToString::to_string));
            match attachment.body {
                AttachmentBody::Data(content) | AttachmentBody::Ole(content) => {
                    let mut hash = Sha256::new();
                    let read = content.for_each_chunk(|chunk| {
                        hash.update(chunk);
                        Ok(())
                    });
                    if let Err(e) = read {
                        self.errors.push(format!("attachment: {e}"));
                    }
                    let hex: String = hash.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
                    *self.data.entry(format!("{hex}:{}", content.len())).or_default() += 1;
                }
                AttachmentBody::Message(embedded) => match embedded.open() {
                    Ok(message) => {
                        self.embedded += 1;
                        self.message(&message);
                    }
                    Err(e) => self.errors.push(format!("embedded: {e}")),
                },
                AttachmentBody::None => {}
            }
        }
    }
}

fn read(path: &Path, options: &ReadOptions) -> mailferry::Result<Found> {
    let mut reader = PstReader::open(Arc::new(FileSource::open(path)?), &path.to_string_lossy(), options)?;
    let mut found = Found::default();
    loop {
        match reader.next_message() {
            Ok(Some(stored)) => {
                found.items += 1;
                found.message(&stored.message);
            }
            Ok(None) => break,
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => found.errors.push(e.to_string()),
        }
    }
    found.folders = reader.folders().len();
    found.defects.extend(reader.take_defects().iter().map(ToString::to_string));
    Ok(found)
}

fn hashes(value: &Value) -> BTreeMap<String, u32> {
    let mut hashes = BTreeMap::new();
    for hash in value.as_array().into_iter().flatten() {
        *hashes.entry(hash.as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    hashes
}

/// What a peer says of one file.
struct Peer<'a> {
    name: &'static str,
    truth: &'a Value,
}

impl Peer<'_> {
    fn number(&self, what: &str) -> u64 {
        self.truth[what].as_u64().unwrap_or(0)
    }

    /// How many attachments of the peer have octets that were not found.
    fn missing(&self, found: &Found) -> u64 {
        hashes(&self.truth["attachment_sha256"])
            .iter()
            .map(|(hash, n)| u64::from(n.saturating_sub(found.data.get(hash).copied().unwrap_or(0))))
            .sum()
    }
}

/// Files of the corpus that are no PST: no peer opens them either.
const NO_PST: &[&str] = &["albert_meyers_000.pst"];

#[test]
fn every_item_and_attachment_that_a_peer_finds_is_found() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let truth = std::io::read_to_string(std::fs::File::open(corpus.join("truth/pst.jsonl")).unwrap()).unwrap();
    let mut files = 0;
    for line in truth.lines() {
        let truth: Value = serde_json::from_str(line).unwrap();
        let path = truth["path"].as_str().unwrap();
        if NO_PST.iter().any(|name| path.ends_with(name)) {
            assert!(read(&corpus.join(path), &ReadOptions::default()).is_err(), "{path}");
            continue;
        }
        let found = read(&corpus.join(path), &ReadOptions::default()).unwrap();
        files += 1;
        assert!(found.errors.is_empty(), "{path}: {:?}", found.errors);
        for (name, peer) in [("libpff", "libpff_python"), ("java-libpst", "java_libpst")] {
            let peer = Peer { name, truth: &truth[peer] };
            for (what, ours) in
                [("items", found.items), ("embedded", found.embedded), ("attachments", found.attachments)]
            {
                let theirs = peer.number(what);
                assert!(ours >= theirs, "{path}: {ours} {what}, {} has {theirs}", peer.name);
            }
            // libpff gives the heap of an embedded message as the data of its attachment.
            let explained = if name == "libpff" { found.embedded } else { 0 };
            let missing = peer.missing(&found);
            assert!(missing <= explained, "{path}: {missing} attachments of {} have other octets here", peer.name);
        }
        let peer = Peer { name: "pffexport", truth: &truth["pffexport"]["export"] };
        let missing = peer.missing(&found);
        assert_eq!(missing, 0, "{path}: attachments of {} have other octets here", peer.name);
    }
    assert!(files >= 46, "only {files} files of the corpus were read");
}

/// The special folders of a mailbox are known by entry identifiers, never by name.
#[test]
fn special_folders_have_their_roles() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let roles = |path: &str| {
        let path = corpus.join("files").join(path);
        let options = ReadOptions::default();
        let mut reader =
            PstReader::open(Arc::new(FileSource::open(&path).unwrap()), &path.to_string_lossy(), &options).unwrap();
        while reader.next_message().unwrap().is_some() {}
        let mut roles: Vec<_> = reader
            .folders()
            .iter()
            .filter_map(|folder| Some(format!("{}: {}", folder.role?.as_str(), folder.path)))
            .collect();
        roles.sort();
        roles
    };
    assert_eq!(
        roles("ost/epfromer+pst-extractor/example/testdata/pstextractortestpdf@outlook.com.ost"),
        [
            "archive: Archive",
            "drafts: Drafts",
            "inbox: Inbox",
            "junk: Junk Email",
            "sent: Sent Items",
            "trash: Deleted Items"
        ]
    );
    assert_eq!(
        roles("pst/hughbe+PstReader/Resources/hughbe/hughbe_Outlook.pst"),
        ["drafts: Drafts", "inbox: Inbox", "junk: Junk E-mail", "sent: Sent Items", "trash: Deleted Items"]
    );
}

/// Seven mails that were deleted from this file, which no other reader finds; what pffexport recovers elsewhere are older versions of
/// items that are still there.
#[test]
fn deleted_messages_are_recovered() {
    let Some(corpus) = corpus() else {
        println!("skipped: no corpus of real files");
        return;
    };
    let path = corpus.join("files/pst/hughbe+PstReader/aranetic/process-pst/multiple_to_cc.pst");
    let mut options = ReadOptions::default();
    assert_eq!(read(&path, &options).unwrap().items, 1);
    options.recover = true;
    assert_eq!(read(&path, &options).unwrap().items, 8);
}
