//! What `verify` and `undo` make of every form, whole and harmed.

use crate::run::Bench;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Forms in folders, and what is asked for to have more kinds of files in them.
const FOLDERS: [&[&str]; 8] = [
    &[],
    &["--collect", "item", "--shard", "2"],
    &["--as", "mbox"],
    &["--target", "thunderbird"],
    &["--as", "maildir"],
    &["--as", "proton"],
    &["--as", "bundle"],
    &["--as", "ediscovery"],
];
const ARCHIVES: [(&str, &[&str]); 10] = [
    ("out.zip", &[]),
    ("out.zip", &["--split", "1500"]),
    ("out.tgz", &[]),
    ("out.tar", &["--as", "mbox"]),
    ("out.zip", &["--as", "mbox"]),
    ("out.zip", &["--as", "maildir"]),
    ("out.zip", &["--as", "bundle"]),
    ("out.tar", &["--as", "bundle"]),
    ("out.tgz", &["--as", "proton"]),
    ("out.zip", &["--as", "ediscovery"]),
];

/// Mail in a tree of folders, a calendar and an address book.
fn bench() -> Bench {
    let message = |number: u32| {
        format!(
            "From: Ann <ann@example.org>\nMessage-ID: <m{number}@x>\nX-Keywords: work\nSubject: number {number}\n\nText {number}\n"
        )
    };
    let bench = Bench::new(&crate::run::mbox((1..6).map(message)));
    fs::create_dir_all(bench.path("tree/Inbox.sbd")).unwrap();
    fs::write(bench.path("tree/Inbox"), crate::run::mbox((6..9).map(message))).unwrap();
    fs::write(bench.path("tree/Inbox.sbd/Below"), crate::run::mbox([message(9)])).unwrap();
    fs::write(bench.path("tree/Inbox.sbd/None"), b"").unwrap();
    fs::write(bench.path("tree/Inbox.sbd/old.ics"), crate::run::mbox([message(10)])).unwrap();
    let event = |name: &str| {
        format!(
            "BEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240102T100000Z\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n"
        )
    };
    let events = event("a") + &event("b");
    let calendar = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n");
    bench.file("work.ics", calendar.as_bytes());
    bench.file("book.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nN:Ann\r\nUID:u\r\nEND:VCARD\r\n");
    bench
}

fn convert(bench: &Bench, to: &str, options: &[&str]) {
    let words = ["convert", "in.mbox", "tree", "work.ics", "book.vcf", "--to", to];
    let run = bench.run(&words.iter().chain(options).copied().collect::<Vec<_>>());
    assert_eq!(run.status, Some(0), "{to} {options:?}: {}{}", run.stdout, run.stderr);
}

/// All that is there: files and their octets, folders with a slash behind them.
fn everything(at: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![at.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(at).unwrap().to_owned();
            if path.is_dir() {
                all.insert(name.join(""), Vec::new());
                folders.push(path);
            } else {
                all.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    all
}

fn is_file(name: &Path) -> bool {
    !name.to_string_lossy().ends_with('/')
}

/// Undoes all, and gives what is there then, less the list of what was removed.
fn undone(bench: &Bench, to: &str, status: i32) -> BTreeMap<PathBuf, Vec<u8>> {
    let undone = bench.run(&["undo", to]);
    assert_eq!(undone.status, Some(status), "{to}: {}{}", undone.stdout, undone.stderr);
    fs::remove_file(bench.path(&format!("{to}.undo001.jsonl"))).unwrap();
    everything(&bench.path(""))
}

#[test]
fn what_every_form_has_written_is_verified_and_undone() {
    let folders = FOLDERS.map(|options| ("out", options));
    for (to, options) in folders.into_iter().chain(ARCHIVES) {
        let bench = bench();
        let before = everything(&bench.path(""));
        convert(&bench, to, options);
        let verified = bench.run(&["verify", to, "in.mbox", "tree", "work.ics", "book.vcf"]);
        assert_eq!(verified.status, Some(0), "{to} {options:?}: {}{}", verified.stdout, verified.stderr);
        assert!(verified.stdout.contains("13 items in"), "{to} {options:?}: {}", verified.stdout);
        let after = undone(&bench, to, 0);
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{to} {options:?}");
    }
}

#[test]
fn every_file_that_is_changed_or_gone_is_named_and_the_rest_is_undone() {
    for options in FOLDERS {
        let bench = bench();
        let before = everything(&bench.path(""));
        convert(&bench, "out", options);
        let whole = everything(&bench.path("out"));
        let indices = ["dovecot-keywords", "labels.json", "subscriptions"];
        for (name, octets) in whole.iter().filter(|(name, _)| is_file(name)) {
            let path = bench.path("out").join(name);
            let named = name.to_string_lossy();
            let told = |what: &str| {
                let verified = bench.run(&["verify", "out"]);
                assert_eq!(verified.status, Some(1), "{options:?}: {named} {what}: {}", verified.stdout);
                assert!(verified.stdout.contains(&*named), "{options:?}: {named} {what}: {}", verified.stdout);
            };
            fs::remove_file(&path).unwrap();
            told("gone");
            let mut flipped = octets.clone();
            let at = flipped.len() / 2;
            match flipped.get_mut(at) {
                // A digit stays one, so that a digest in a manifest stays readable, whatever it is.
                Some(octet) if octet.is_ascii_hexdigit() => *octet = if *octet == b'0' { b'1' } else { b'0' },
                Some(octet) => *octet ^= 1,
                None => flipped.push(b'x'),
            }
            fs::write(&path, &flipped).unwrap();
            // A server writes these anew whenever it likes.
            if !indices.iter().any(|index| named.ends_with(index)) {
                told("flipped");
            }
            fs::write(&path, octets).unwrap();
        }
        let verified = bench.run(&["verify", "out"]);
        assert_eq!(verified.status, Some(0), "{options:?}: {}", verified.stdout);
        // One file is changed, one is of somebody else: they stay, and nothing else.
        let full = || whole.iter().filter(|(name, octets)| !octets.is_empty() && is_file(name));
        let book = full().find(|(name, _)| name.to_string_lossy().contains("book"));
        let (name, octets) = book.or(full().next()).unwrap();
        fs::write(bench.path("out").join(name), [&octets[..], b"\n"].concat()).unwrap();
        fs::write(bench.path("out/mine"), b"mine").unwrap();
        let after = undone(&bench, "out", 1);
        let stays: Vec<_> = after
            .into_iter()
            .filter(|(name, octets)| !octets.is_empty() && !before.contains_key(name))
            .map(|(name, _)| name)
            .collect();
        let mut expected = vec![Path::new("out").join(name), PathBuf::from("out/mine")];
        expected.sort();
        assert_eq!(stays, expected, "{options:?}");
    }
}
