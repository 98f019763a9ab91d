//! Runs into the same destination, one after the other: what the next adds, what verify finds, what undo removes.

use crate::{
    archive::{self, Archive},
    run::{Bench, run},
};
use std::{fs, path::PathBuf};

/// An mbox of messages with these numbers, each with a text.
fn mbox(messages: &[(u32, &str)]) -> Vec<u8> {
    crate::run::mbox(messages.iter().map(|(number, text)| {
        format!("From: Ann <ann@example.org>\nMessage-ID: <m{number}@x>\nSubject: number {number}\n\n{text}\n")
    }))
}

const FORMS: [(&str, &[&str]); 4] = [("out", &[]), ("out.zip", &[]), ("out.zip", &["--split", "1M"]), ("out.tgz", &[])];

fn files(bench: &Bench) -> Vec<PathBuf> {
    fn walk(folder: PathBuf, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    walk(bench.path(""), &mut files);
    files.sort();
    files
}

#[test]
fn a_second_run_adds_what_is_new_or_changed_and_lists_what_is_gone() {
    for (to, options) in FORMS {
        let bench = Bench::new(&mbox(&[(1, "a"), (2, "b"), (3, "c"), (3, "c")]));
        bench.converted_somehow(to, options);
        // The first is gone, so that all others move; the second is changed; one of two equal ones is gone.
        bench.file("in.mbox", &mbox(&[(2, "B"), (3, "c"), (4, "d")]));
        let second = bench.convert(to, options);
        assert_eq!(second.status, Some(0), "{to}: {}", second.stderr);
        let log = archive::log(&bench.path(&format!("{to}.sync002.items.jsonl")));
        let ends: Vec<_> = log.iter().map(|line| line["reason"].as_str().unwrap_or("migrated")).collect();
        assert_eq!(ends, ["migrated", "already_migrated", "migrated"], "{to}");
        assert!(log.iter().all(|line| line["sync"] == 2));
        let report = fs::read_to_string(bench.path(&format!("{to}.sync002.report.json"))).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let totals = &report["totals"];
        assert_eq!((totals["available"].as_u64(), totals["migrated"].as_u64()), (Some(3), Some(2)));
        // What one key stands for tells changed items from those that are gone: two share the third one.
        let told = report["sync"]["gone"].as_u64().unwrap() + report["sync"]["changed"].as_u64().unwrap();
        assert_eq!((told, report["sync"]["changed"].as_u64()), (3, Some(1)), "{to}");
        let gone = archive::log(&bench.path(&format!("{to}.sync002.gone.jsonl")));
        let subjects: Vec<_> = gone.iter().map(|line| line["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["number 1", "number 3"], "{to}");

        let third = bench.convert(to, options);
        assert_eq!(third.status, Some(0), "{to}: {}", third.stderr);
        let log = archive::log(&bench.path(&format!("{to}.sync003.items.jsonl")));
        assert!(log.iter().all(|line| line["reason"] == "already_migrated"), "{to}: {log:?}");

        let verified = bench.run(&["verify", to, "in.mbox"]);
        assert_eq!(verified.status, Some(0), "{to}: {}{}", verified.stdout, verified.stderr);
    }
}

#[test]
fn other_forms_go_on_in_the_folder_or_beside_it() {
    for form in ["maildir", "proton", "mbox", "bundle", "ediscovery"] {
        let options = ["--as", form];
        let bench = Bench::new(&mbox(&[(1, "a"), (2, "b"), (2, "b")]));
        let convert = || bench.convert("out", &options);
        assert_eq!(convert().status, Some(0), "{form}");
        let first = files(&bench);
        bench.file("in.mbox", &mbox(&[(2, "b"), (2, "b"), (2, "b"), (3, "c")]));
        let second = convert();
        assert_eq!(second.status, Some(0), "{form}: {}{}", second.stdout, second.stderr);
        let log = archive::log(&bench.path("out.sync002.items.jsonl"));
        let ends: Vec<_> = log.iter().map(|line| line["reason"].as_str().unwrap_or("migrated")).collect();
        assert_eq!(ends, ["already_migrated", "already_migrated", "migrated", "migrated"], "{form}");
        let goes_on = form == "maildir";
        assert_eq!(bench.path("out.sync002").exists(), !goes_on, "{form}");
        let to = if goes_on { "out" } else { "out.sync002" };
        for line in log.iter().filter_map(|line| line["path"].as_str()) {
            assert!(bench.path(to).join(line).is_file(), "{form}: {line}");
            assert!(!goes_on || !first.contains(&bench.path("out").join(line)), "{form}: {line} is a new file");
        }
        let third = convert();
        assert_eq!(third.status, Some(0), "{form}: {}", third.stderr);
        let log = archive::log(&bench.path("out.sync003.items.jsonl"));
        assert!(log.iter().all(|line| line["reason"] == "already_migrated"), "{form}: {log:?}");
        assert!(!bench.path("out.sync003").exists(), "{form}: there was nothing new");
        let verified = bench.run(&["verify", "out", "in.mbox"]);
        assert_eq!(verified.status, Some(0), "{form}: {}{}", verified.stdout, verified.stderr);
        let undone = bench.run(&["undo", "out", "--since", "2"]);
        assert_eq!(undone.status, Some(0), "{form}: {}{}", undone.stdout, undone.stderr);
        assert!(!bench.path("out.sync002").exists(), "{form}: {:?}", files(&bench));
        let verified = bench.run(&["verify", "out"]);
        assert_eq!(verified.status, Some(0), "{form}: {}{}", verified.stdout, verified.stderr);
        let undone = bench.run(&["undo", "out"]);
        assert_eq!(undone.status, Some(0), "{form}: {}{}", undone.stdout, undone.stderr);
        assert!(!bench.path("out").exists(), "{form}: {:?}", files(&bench));
    }
}

#[test]
fn a_maildir_that_is_in_use_goes_on() {
    let message = |number: u32, keys: &str| {
        format!("X-Keywords: {keys}\nMessage-ID: <m{number}@x>\nSubject: number {number}\n\nx\n")
    };
    let bench = Bench::new(&crate::run::mbox([message(1, "work"), message(2, "")]));
    let first = bench.converted("out", &["--as", "maildir"]);
    let path = bench.path("out").join(first.log[0]["path"].as_str().unwrap());
    // Somebody reads a message, and his server learns a keyword.
    fs::rename(&path, format!("{}S", path.display())).unwrap();
    let keywords = path.parent().unwrap().parent().unwrap().join("dovecot-keywords");
    assert_eq!(fs::read_to_string(&keywords).unwrap(), "0 work\n");
    fs::write(&keywords, "0 work\n1 theirs\n").unwrap();
    bench.file("in.mbox", &crate::run::mbox([message(1, "work"), message(2, ""), message(3, "ours")]));
    let second = bench.convert("out", &["--as", "maildir"]);
    assert_eq!(second.status, Some(0), "{}{}", second.stdout, second.stderr);
    let log = archive::log(&bench.path("out.sync002.items.jsonl"));
    let ends: Vec<_> = log.iter().map(|line| line["reason"].as_str().unwrap_or("migrated")).collect();
    assert_eq!(ends, ["already_migrated", "already_migrated", "migrated"]);
    assert!(log[2]["path"].as_str().unwrap().ends_with(":2,c"), "{}", log[2]);
    assert_eq!(fs::read_to_string(&keywords).unwrap(), "0 work\n1 theirs\n2 ours\n");
}

#[test]
fn calendars_and_cards_get_a_further_file() {
    let event = |name: &str| {
        format!("BEGIN:VEVENT\r\nUID:{name}\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n")
    };
    let calendar = |names: &[&str]| {
        let events: String = names.iter().map(|name| event(name)).collect();
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n")
    };
    let bench = Bench::new(b"");
    bench.file("work.ics", calendar(&["a", "b"]).as_bytes());
    let convert = || bench.run(&["convert", "work.ics", "--to", "out"]);
    assert_eq!(convert().status, Some(0));
    let first = fs::read(bench.path("out/work/work.ics")).unwrap();
    bench.file("work.ics", calendar(&["a", "b", "c"]).as_bytes());
    assert_eq!(convert().status, Some(0));
    assert_eq!(crate::run::names(&bench.path("out/work")), ["work (2).ics", "work.ics"]);
    assert!(fs::read(bench.path("out/work/work.ics")).unwrap() == first, "what was written is not touched");
    let second = fs::read_to_string(bench.path("out/work/work (2).ics")).unwrap();
    assert!(second.contains("SUMMARY:c") && !second.contains("SUMMARY:a"), "{second}");
    let verified = bench.run(&["verify", "out", "work.ics"]);
    assert_eq!(verified.status, Some(0), "{}", verified.stdout);
    let undone = bench.run(&["undo", "out", "--since", "2"]);
    assert_eq!(undone.status, Some(0), "{}", undone.stdout);
    assert_eq!(crate::run::names(&bench.path("out/work")), ["work.ics"]);
}

#[test]
fn files_of_many_items_are_found_in_the_parts_of_an_archive() {
    let bench = Bench::new(&mbox(&[(1, "a"), (2, "b")]));
    bench.file("book.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nN:Ann\r\nEND:VCARD\r\n");
    let convert = || bench.run(&["convert", "in.mbox", "book.vcf", "--to", "out.zip", "--split", "600"]);
    assert_eq!(convert().status, Some(0));
    assert!(bench.path("out.part002.zip").exists(), "{:?}", crate::run::names(&bench.path("")));
    let verified = bench.run(&["verify", "out.zip", "in.mbox", "book.vcf"]);
    assert_eq!(verified.status, Some(0), "{}", verified.stdout);
    assert_eq!(convert().status, Some(0));
    let log = archive::log(&bench.path("out.zip.sync002.items.jsonl"));
    assert!(log.iter().all(|line| line["reason"] == "already_migrated"), "{log:?}");
    let undone = bench.run(&["undo", "out.zip"]);
    assert_eq!(undone.status, Some(0), "{}{}", undone.stdout, undone.stderr);
    assert_eq!(crate::run::names(&bench.path("")), ["book.vcf", "in.mbox", "out.zip.undo001.jsonl"]);
}

#[test]
fn a_file_that_somebody_removed_is_written_again() {
    let bench = Bench::new(&mbox(&[(1, "a"), (2, "b")]));
    let archive = bench.converted("out", &[]);
    let path = archive.log[0]["path"].as_str().unwrap().to_owned();
    fs::remove_file(bench.path("out").join(&path)).unwrap();
    assert_eq!(bench.convert("out", &[]).status, Some(0));
    assert!(bench.path("out").join(&path).is_file());
    assert_eq!(bench.run(&["verify", "out", "in.mbox"]).status, Some(0));
}

#[test]
fn what_cannot_be_continued_is_refused_and_left_as_it_is() {
    let bench = Bench::new(&mbox(&[(1, "a")]));
    bench.converted("out", &[]);
    bench.converted("none", &["--checksums", "none"]);
    bench.file("map.tsv", b"/O=X/CN=ANN\tann@example.org\n");
    let before = files(&bench);
    for (to, options, told) in [
        ("out", &["--eol", "crlf"][..], "other line ends"),
        ("out", &["--as", "mbox"], "another form"),
        ("out", &["--mbox-quoting", "raw"], "(--mbox-quoting)"),
        ("out", &["--tnef", "decode"], "(--tnef)"),
        ("out", &["--keep-rtf", "--eol", "lf"], "(--keep-rtf, --eol)"),
        ("out", &["--address-map", "map.tsv"], "(--address-map)"),
        ("out", &["--root-folder", "Old"], "(--root-folder)"),
        ("out", &["--iana-zones"], "(--iana-zones)"),
        ("none", &["--checksums", "none"], "changes since then cannot be detected"),
    ] {
        let run = bench.convert(to, options);
        assert_eq!(run.status, Some(2), "{to} {options:?}: {}", run.stdout);
        assert!(run.stderr.contains(told), "{}", run.stderr);
        assert_eq!(files(&bench), before, "{to} {options:?}");
    }
    // A file of somebody else, where the new one would go.
    bench.file("in.mbox", &mbox(&[(1, "a"), (2, "b")]));
    let elsewhere = bench.converted("elsewhere", &[]);
    let path = elsewhere.log[1]["path"].as_str().unwrap().to_owned();
    fs::write(bench.path("out").join(&path), "mine").unwrap();
    let run = bench.convert("out", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(bench.path("out").join(&path)).unwrap(), b"mine");
    let log = archive::log(&bench.path("out.sync002.items.jsonl"));
    assert_eq!(log[1]["path"], path.replace(".eml", " (2).eml"), "it gets another name");
    assert!(
        run.stdout.contains(&format!("Kept, because it was changed since it was written: {path}")),
        "{}",
        run.stdout
    );
}

#[test]
fn verify_names_each_difference() {
    for (to, options) in FORMS {
        let bench = Bench::new(&mbox(&[(1, "a"), (2, "b"), (3, "c")]));
        bench.converted_somehow(to, options);
        let verified = bench.run(&["verify", to, "--json"]);
        assert_eq!(verified.status, Some(0), "{to}: {}", verified.stdout);
        // The log of another item, as if its file were another.
        let log = bench.path(&format!("{to}.items.jsonl"));
        let text = fs::read_to_string(&log).unwrap();
        let digest = text.split("\"sha256\":\"").nth(1).unwrap()[..64].to_owned();
        fs::write(&log, text.replace(&digest, &"0".repeat(64)).replace("number-3.eml", "number-4.eml")).unwrap();
        let verified = bench.run(&["verify", to]);
        assert_eq!(verified.status, Some(1), "{to}: {}", verified.stdout);
        for told in ["was changed since it was written", "is not listed in the log", "is missing", "3 differences"] {
            assert!(verified.stdout.contains(told), "{to}: {told}: {}", verified.stdout);
        }
        let undone = bench.run(&["undo", to, "--dry-run"]);
        assert_eq!(undone.status, Some(1), "{to}: {}", undone.stdout);
    }
    let bench = Bench::new(&mbox(&[(1, "a")]));
    bench.converted("out", &[]);
    bench.file("in.mbox", &mbox(&[(1, "a"), (2, "b")]));
    let verified = bench.run(&["verify", "out", "in.mbox"]);
    assert_eq!(verified.status, Some(1));
    assert!(verified.stdout.contains("1:2 of in.mbox") && verified.stdout.contains("number 2"), "{}", verified.stdout);
    let none = bench.run(&["verify", "nowhere"]);
    assert_eq!(none.status, Some(2));
    assert!(none.stderr.contains("no item log"), "{}", none.stderr);
}

#[test]
fn the_attachments_that_the_log_lists_are_verified() {
    let mail = "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b\n\
                Content-Disposition: attachment; filename=a.bin\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n";
    let bench = Bench::new(&crate::run::mbox([mail]));
    bench.converted("out", &["--attachments"]);
    assert_eq!(bench.run(&["verify", "out"]).status, Some(0));
    let log = bench.path("out.items.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replace("a.bin", "b.bin")).unwrap();
    let verified = bench.run(&["verify", "out"]);
    assert_eq!(verified.status, Some(1));
    assert!(verified.stdout.contains("attachments that differ from those in the log"), "{}", verified.stdout);
}

#[test]
fn undo_removes_what_is_unchanged_and_nothing_else() {
    for (to, options) in FORMS {
        let bench = Bench::new(&mbox(&[(1, "a"), (2, "b")]));
        let before = files(&bench);
        bench.converted_somehow(to, options);
        let first = files(&bench);
        bench.file("in.mbox", &mbox(&[(1, "a"), (2, "b"), (3, "c")]));
        assert_eq!(bench.convert(to, options).status, Some(0));
        let undone = bench.run(&["undo", to, "--since", "2"]);
        assert_eq!(undone.status, Some(0), "{to}: {}{}", undone.stdout, undone.stderr);
        let list = bench.path(&format!("{to}.undo001.jsonl"));
        let removed = archive::log(&list);
        assert_eq!((removed.len(), removed[0]["done"].as_str()), (1, Some("removed")), "{to}");
        fs::remove_file(list).unwrap();
        assert_eq!(files(&bench), first, "{to}");
        assert_eq!(bench.run(&["verify", to]).status, Some(0), "{to}");
        assert_eq!(bench.run(&["undo", to]).status, Some(0), "{to}");
        fs::remove_file(bench.path(&format!("{to}.undo001.jsonl"))).unwrap();
        assert_eq!(files(&bench), before, "{to}");
        assert!(!bench.path(to).exists(), "{to}");
        let again = bench.run(&["undo", to]);
        assert_eq!(again.status, Some(2), "{to}");
    }
    let bench = Bench::new(&mbox(&[(1, "a"), (2, "b")]));
    let archive: Archive = bench.converted("out", &[]);
    let path = bench.path("out").join(archive.log[0]["path"].as_str().unwrap());
    let changed = fs::read_to_string(&path).unwrap().replace("\na\n", "\nA\n");
    fs::write(&path, &changed).unwrap();
    fs::write(bench.path("out/in/mine"), "mine").unwrap();
    let undone = bench.run(&["undo", "out"]);
    assert_eq!(undone.status, Some(1), "{}", undone.stderr);
    assert!(
        undone.stdout.contains("kept: in/") && undone.stdout.contains("1 files removed, 1 kept"),
        "{}",
        undone.stdout
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    assert_eq!(crate::run::names(&bench.path("out/in")).len(), 2);
}

#[test]
fn a_project_converts_every_row_it_can() {
    let bench = Bench::new(&mbox(&[(1, "a"), (2, "b")]));
    bench.file("bad.pdf", b"%PDF-1.7");
    let table = "source;destination;pilot;eol;skip-trash\r\n*;;;crlf;yes\r\nin.mbox;out/a;yes;;\r\nnone.mbox;out/b;;;\r\n\
                 in.mbox;out/a;;;\r\nin.mbox;out/c.zip;1;keep;\r\nin.mbox;out/d;;cr;\r\n;x;;;\r\nin.mbox|bad.pdf;out/e;;;\r\n";
    bench.file("p.csv", table.as_bytes());
    let pilot = bench.run(&["run", "p.csv", "--pilot"]);
    assert_eq!(pilot.status, Some(1), "the bad row is told: {}{}", pilot.stdout, pilot.stderr);
    assert!(bench.path("out/a.pilot").is_dir() && bench.path("out/c.pilot.zip").is_file());
    assert!(!bench.path("out/a").exists());
    let states = |bench: &Bench| {
        let report = fs::read_to_string(bench.path("p.report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let of = |mailbox: &serde_json::Value| format!("{} {}", mailbox["line"], mailbox["state"].as_str().unwrap());
        report["mailboxes"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let expected = ["3 done", "4 failed", "5 failed", "6 done", "7 failed", "8 failed", "9 incomplete"];
    let first = bench.run(&["run", "p.csv", "--jobs", "3"]);
    assert_eq!(first.status, Some(1), "{}", first.stderr);
    assert_eq!(states(&bench), expected);
    for told in ["none.mbox", "also the destination of line 3", "--eol", "no source or no destination", "PDF"] {
        assert!(first.stdout.contains(told), "{told}: {}", first.stdout);
    }
    let a = archive::log(&bench.path("out/a.items.jsonl"));
    assert_eq!((a.len(), a[0]["fidelity"].as_str()), (2, Some("normalized")), "the row of defaults holds");
    let again = bench.run(&["run", "p.csv"]);
    assert_eq!(again.status, Some(1));
    let done = expected.map(|state| state.replace(" done", " done_before"));
    assert_eq!(states(&bench), done);
    assert!(!bench.path("out/a.sync002.items.jsonl").exists());
    bench.run(&["run", "p.csv", "--delta"]);
    assert_eq!(states(&bench), expected);
    assert!(bench.path("out/a.sync002.items.jsonl").exists());
    let verified = bench.run(&["verify", "out/a", "in.mbox"]);
    assert_eq!(verified.status, Some(0), "with the line ends of the row: {}{}", verified.stdout, verified.stderr);

    bench.file("q.csv", b"source,destination,no-such-thing\na,b,c\n");
    let unknown = bench.run(&["run", "q.csv"]);
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.stderr.contains("no-such-thing"), "{}", unknown.stderr);
}

#[test]
fn no_password_of_an_omm_project_is_shown() {
    let bench = Bench::new(b"");
    assert_eq!(bench.run(&["project", "omm", "--to", "empty.csv"]).status, Some(0));
    let header = fs::read_to_string(bench.path("empty.csv")).unwrap();
    let row = |row: &str| format!("{header}{row}");
    bench.file("good.csv", row("IMAP;imap.x;a@x;s3cret-1;IMAP;;b@y;s3cret-2;;\n").as_bytes());
    bench.file("bad.csv", row("FTP;;;s3cret-1;;;s3cret-2;s3cret-3;;\n\"s3cret-4;;\n").as_bytes());
    bench.file("broken.csv", b"s3cret-1;s3cret-2\n");
    let good = bench.run(&["project", "omm", "good.csv", "--to", "again.csv"]);
    assert_eq!(good.status, Some(0), "{}", good.stdout);
    assert_eq!(fs::read(bench.path("again.csv")).unwrap(), fs::read(bench.path("good.csv")).unwrap());
    let bad = bench.run(&["project", "omm", "bad.csv"]);
    assert_eq!(bad.status, Some(1), "{}", bad.stderr);
    let broken = run(["project", "omm", bench.path("broken.csv").to_str().unwrap()]);
    assert_eq!(broken.status, Some(2));
    for run in [good, bad, broken] {
        for password in ["s3cret-1", "s3cret-2", "s3cret-3", "s3cret-4"] {
            assert!(!run.stdout.contains(password) && !run.stderr.contains(password), "{}{}", run.stdout, run.stderr);
        }
    }
    // It is not written over.
    assert_eq!(bench.run(&["project", "omm", "good.csv", "--to", "again.csv"]).status, Some(2));
}
