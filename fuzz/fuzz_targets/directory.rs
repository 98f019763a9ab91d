#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    convert::Inspection,
    read::{Event, Mailbox, ReadOptions},
};
use std::{fs, path::Path};

/// Names that mean something to somebody, and some that mean nothing.
const NAMES: [&str; 32] = [
    "cur",
    "new",
    "tmp",
    "1",
    "12",
    "3.",
    "msg.Ab3d",
    "Inbox",
    "Inbox.msf",
    "Inbox.sbd",
    ".inbox.directory",
    ".Foo_2EBar",
    "..maildir++",
    "X.mbox",
    "mbox",
    "a.eml",
    "a.eml.meta",
    "a.meta",
    "a-metadata.xml",
    "b.mbox.gz",
    "c.txt.bz2",
    "labels.json",
    "dovecot-keywords",
    "meta",
    "items.jsonl",
    "bagit.txt",
    "a.zip",
    "b.tar",
    "Takeout",
    ",7",
    "x.partial.emlx",
    "Messages",
];

/// Writes what the octets say: a directory, the way up, or a file and its octets.
fn plant(root: &Path, mut octets: &[u8]) {
    let mut at = root.to_owned();
    let mut depth = 0;
    for _ in 0..64 {
        let [what, len, rest @ ..] = octets else { return };
        octets = rest;
        let name = NAMES[usize::from(*what) % NAMES.len()];
        match what / 32 {
            0 | 1 if depth < 6 => {
                at.push(name);
                depth += 1;
                if fs::create_dir_all(&at).is_err() {
                    return;
                }
            }
            2 if depth > 0 => {
                at.pop();
                depth -= 1;
            }
            _ => {
                let (file, rest) = octets.split_at(usize::from(*len).min(octets.len()));
                octets = rest;
                let _there_already = fs::write(at.join(name), file);
            }
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let Ok(root) = tempfile::tempdir() else { return };
    plant(root.path(), octets);
    let told = || {
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_path(root.path());
        let mut inspection = Inspection::new(1);
        let (mut items, mut read) = (0_u64, 0_u64);
        while let Some(event) = mailbox.next_event() {
            if let Event::Item(item) = &event {
                items += 1;
                read += item.size();
            }
            inspection.count(event);
        }
        assert_eq!((inspection.items, inspection.bytes), (items, read));
        serde_json::to_string(&inspection).expect("numbers and names")
    };
    assert_eq!(told(), told(), "two runs tell the same");
});
