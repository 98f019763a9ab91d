//! Options that a destination was written with: what its report keeps of them, also of an older version (`cli/tests/older`).

use crate::{
    archive,
    run::{Bench, mbox, message},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

const THIRD: &[u8] = b"From a@example.org Mon Jan  1 00:00:03";

/// The destinations of the older version, and the mailboxes that they were written from.
fn older() -> Bench {
    let bench = Bench::new(b"");
    copy(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/older")), &bench.path(""));
    let inbox = fs::read(bench.path("Inbox.mbox")).unwrap();
    let third = inbox.windows(THIRD.len()).position(|octets| octets == THIRD).unwrap();
    let body = inbox[third..].windows(2).position(|octets| octets == b"\n\n").unwrap() + third + 2;
    let mut large = inbox[..body].to_vec();
    large.extend("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n".repeat(1200).bytes());
    large.push(b'\n');
    bench.file("Large.mbox", &large);
    bench
}

const SAME: [&str; 13] = [
    "--mbox-quoting",
    "rd",
    "--tnef",
    "decode",
    "--eol",
    "crlf",
    "--root-folder",
    "Old",
    "--address-map",
    "map.tsv",
    "--names",
    "{ordinal}_{subject}",
    "--csv",
];

fn again(bench: &Bench, options: &[&str]) -> crate::run::Run {
    bench.run(&[&["convert", "Inbox.mbox", "--to", "out"], options].concat())
}

#[test]
fn what_an_older_version_wrote_is_verified_and_takes_a_further_run() {
    let bench = older();
    let verified = bench.run(&["verify", "out", "Inbox.mbox"]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("3 items of the sources"), "{}", verified.stdout);
    let refused =
        again(&bench, &SAME[..12].iter().map(|word| if *word == "rd" { "raw" } else { word }).collect::<Vec<_>>());
    assert_eq!(refused.status, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("(--mbox-quoting)"), "{}", refused.stderr);
    let mut inbox = fs::read(bench.path("Inbox.mbox")).unwrap();
    inbox.extend(mbox([message("a new one")]));
    bench.file("Inbox.mbox", &inbox);
    let delta = again(&bench, &SAME);
    assert_eq!(delta.status, Some(0), "{}", delta.stderr);
    let log = archive::log(&bench.path("out.sync002.items.jsonl"));
    let migrated: Vec<_> =
        log.iter().filter(|line| line["status"] == "migrated").map(|line| &line["subject"]).collect();
    assert_eq!(migrated, ["a new one"]);
    let verified = bench.run(&["verify", "out", "Inbox.mbox"]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.stdout, verified.stderr);
    let undone = bench.run(&["undo", "out"]);
    assert_eq!(undone.status, Some(0), "{}", undone.stderr);
}

#[test]
fn what_an_older_version_was_cut_off_in_is_resumed() {
    let bench = older();
    let other = bench.run(&["convert", "Large.mbox", "--to", "cut", "--jobs", "1"]);
    assert_eq!(other.status, Some(2), "{}", other.stdout);
    assert!(
        other.stderr.contains("begun with other sources or options (mailferry convert Large.mbox"),
        "{}",
        other.stderr
    );
    let resumed = bench.run(&["convert", "Large.mbox", "--to", "cut", "--mbox-quoting", "raw"]);
    assert_eq!(resumed.status, Some(0), "{}", resumed.stderr);
    assert_eq!(archive::log(&bench.path("cut.items.jsonl")).len(), 3);
    let verified = bench.run(&["verify", "cut", "Large.mbox"]);
    assert_eq!(verified.status, Some(0), "{}{}", verified.stdout, verified.stderr);
}

fn report(bench: &Bench, to: &str) -> Value {
    serde_json::from_slice(&fs::read(bench.path(&format!("{to}.report.json"))).unwrap()).unwrap()
}

fn with_options(bench: &Bench, to: &str, options: Option<Value>) {
    let mut report = report(bench, to);
    match options {
        Some(options) => report["options"] = options,
        None => drop(report.as_object_mut().unwrap().remove("options")),
    }
    bench.file(&format!("{to}.report.json"), report.to_string().as_bytes());
}

#[test]
fn where_no_options_are_told_what_is_there_is_verified_and_nothing_is_added() {
    // As the Python package left its reports.
    let bench = older();
    with_options(&bench, "out", None);
    assert_eq!(bench.run(&["verify", "out"]).status, Some(0));
    for refused in [bench.run(&["verify", "out", "Inbox.mbox"]), again(&bench, &SAME)] {
        assert_eq!(refused.status, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains("does not contain the options"), "{}", refused.stderr);
    }
    let undone = bench.run(&["undo", "out"]);
    assert_eq!(undone.status, Some(0), "{}", undone.stderr);
    assert!(!bench.path("out").exists());
}

#[test]
fn an_option_that_cannot_be_read_back_is_named() {
    let bench = older();
    fs::remove_file(bench.path("map.tsv")).unwrap();
    let refused = bench.run(&["verify", "out", "Inbox.mbox"]);
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("--address-map"), "{}", refused.stderr);
    bench.file("in.mbox", &mbox([message("one")]));
    bench.converted("new", &["--eol", "crlf"]);
    let verify = |told: &str| {
        let refused = bench.run(&["verify", "new", "in.mbox"]);
        assert_eq!(refused.status, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
        assert_eq!(bench.run(&["verify", "new"]).status, Some(0));
    };
    for (options, told) in [
        (json!({ "scheme": 1, "archive": { "eol": "cr" } }), "eol: \"cr\" is not a line end"),
        (json!({ "scheme": 1, "archive": { "eof": "lf" } }), "unknown field `eof`"),
        (json!({ "scheme": 2, "archive": { "eol": "crlf" } }), "newer version"),
        (json!({ "arguments": ["convert", "in.mbox", "--to", "new", "--eof", "crlf"] }), "--eof"),
        (json!({}), "does not contain the options"),
    ] {
        with_options(&bench, "new", Some(options));
        verify(told);
    }
}

#[test]
fn the_report_keeps_the_options_and_the_address_map() {
    let bench = Bench::new(&mbox([message("one")]));
    let map = bench.file("map.tsv", b"/O=X/CN=ANN\tann@example.org\n\nno pair\n");
    let options =
        ["--tnef", "decode", "--target", "thunderbird", "--skip-trash", "--iana-zones", "--address-map", "map.tsv"];
    bench.converted_somehow("out", &options);
    let told = report(&bench, "out")["options"].clone();
    let kept = fs::read(bench.path("out.address-map.tsv")).unwrap();
    assert_eq!(kept, b"/o=x/cn=ann\tann@example.org\n");
    assert_eq!(told["read"]["addressMap"]["file"], "out.address-map.tsv");
    assert_eq!(
        (&told["scheme"], &told["target"], &told["read"]["tnef"]),
        (&json!(1), &json!("thunderbird"), &json!("decode"))
    );
    assert_eq!(told["selection"], json!({ "skipTrash": true }));
    assert_eq!(told["archive"], json!({ "collections": { "ics": { "ianaZones": true, "completeZones": true } } }));
    assert_eq!(told["arguments"][0], "convert");
    // From anywhere, and without the file that was given.
    fs::remove_file(&map).unwrap();
    let verify = || {
        let mut command = crate::run::mailferry();
        command.current_dir("/").arg("verify").args([bench.path("out"), bench.path("in.mbox")]);
        crate::run::Run::from(command.output().unwrap())
    };
    let verified = verify();
    assert_eq!(verified.status, Some(0), "{}{}", verified.stdout, verified.stderr);
    assert!(verified.stdout.contains("1 items of the sources"), "{}", verified.stdout);
    fs::write(bench.path("out.address-map.tsv"), "/o=x/cn=ann\tbob@example.org\n").unwrap();
    let refused = verify();
    assert_eq!(refused.status, Some(2));
    assert!(refused.stderr.contains("address-map: ") && refused.stderr.contains("SHA-256"), "{}", refused.stderr);
    fs::write(bench.path("out.address-map.tsv"), kept).unwrap();
    assert_eq!(bench.run(&["undo", "out"]).status, Some(0));
    assert_eq!(bench.names(), ["in.mbox", "out.undo001.jsonl"]);
}
