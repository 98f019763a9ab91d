//! Nothing that is written destroys mail, and no loss is called a success.

use crate::run::{Bench, Run, mailferry, many, mbox, message};
use std::{fs, path::Path, process::Command};

fn bench() -> Bench {
    Bench::new(&mbox((1..15).map(|number| message(&format!("number {number}")))))
}

fn report(bench: &Bench, to: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(bench.path(&format!("{to}.report.json"))).unwrap()).unwrap()
}

fn log(bench: &Bench, name: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(bench.path(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn verified(bench: &Bench, to: &str) {
    let run = bench.run(&["verify", to]);
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
}

/// All mail in a folder and below, by its octets, sorted.
fn mail(at: &Path) -> Vec<Vec<u8>> {
    let mut mail = Vec::new();
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            mail.extend(self::mail(&path));
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            mail.push(fs::read(&path).unwrap());
        }
    }
    mail.sort();
    mail
}

fn first_eml(bench: &Bench) -> std::path::PathBuf {
    let folder = bench.path("out/in");
    let names = crate::run::names(&folder);
    folder.join(&names[0])
}

#[test]
fn no_output_is_a_source_or_another_output() {
    for (to, page) in [
        ("out", "in.mbox"),
        ("out", "IN.MBOX"),
        ("out", "./sub/../in.mbox"),
        ("out.zip", "out.zip"),
        ("out", "out.items.jsonl"),
        ("out", "out.report.json"),
        ("out", "out.report.csv"),
        ("out", "out.files.jsonl"),
        ("out", "out.unfinished.json"),
        ("in.mbox", "page.html"),
    ] {
        let bench = bench();
        fs::create_dir(bench.path("sub")).unwrap();
        let before = fs::read(bench.path("in.mbox")).unwrap();
        let run = bench.convert(to, &["--html", page]);
        assert_eq!(run.status, Some(2), "{to} {page}: {}{}", run.stdout, run.stderr);
        assert_eq!(bench.names(), ["in.mbox", "sub"], "{to} {page}");
        assert_eq!(fs::read(bench.path("in.mbox")).unwrap(), before);
        if to != "in.mbox" {
            assert!(run.stderr.contains("would be both"), "{to} {page}: {}", run.stderr);
        }
    }
    // A further sync is held against what the one before has written.
    let bench = bench();
    bench.converted_somehow("out.zip", &[]);
    for page in ["out.zip", "out.zip.items.jsonl", "out.sync002.zip"] {
        let run = bench.convert("out.zip", &["--html", page]);
        assert_eq!(run.status, Some(2), "{page}: {}", run.stderr);
    }
    verified(&bench, "out.zip");
}

#[test]
fn a_page_of_others_is_not_replaced_and_one_of_ours_is() {
    let bench = bench();
    bench.file("page.html", b"<!DOCTYPE html><title>Mine</title>");
    let run = bench.convert("out", &["--html", "page.html"]);
    assert_eq!(run.status, Some(2), "{}", run.stderr);
    assert_eq!(bench.names(), ["in.mbox", "page.html"]);
    bench.converted_somehow("out", &["--html", "other.html"]);
    bench.converted_somehow("out", &["--html", "other.html"]);
    let before = fs::read(bench.path("in.mbox")).unwrap();
    assert_eq!(bench.run(&["report", "out", "--html", "in.mbox"]).status, Some(2));
    assert_eq!(fs::read(bench.path("in.mbox")).unwrap(), before);
    assert_eq!(bench.run(&["report", "out", "--html", "other.html"]).status, Some(0));
}

#[test]
fn a_project_writes_over_nothing_that_it_reads_or_makes() {
    let bench = bench();
    bench.file("P.csv", b"source,destination\nin.mbox,P\n");
    let run = bench.run(&["run", "P.csv"]);
    assert_eq!(run.status, Some(2), "{}{}", run.stdout, run.stderr);
    assert!(run.stderr.contains("P.report.json"), "{}", run.stderr);
    assert_eq!(bench.names(), ["P.csv", "in.mbox"]);
    bench.file("Q.csv", b"source,destination\nin.mbox,out\n");
    bench.file("Q.report.csv", b"my own table\n");
    assert_eq!(bench.run(&["run", "Q.csv"]).status, Some(2));
    assert_eq!(fs::read(bench.path("Q.report.csv")).unwrap(), b"my own table\n");
}

#[test]
fn a_destination_in_the_tree_that_is_read_is_left_out() {
    for to in ["tree/out", "tree/sub/out.zip"] {
        let bench = bench();
        fs::create_dir_all(bench.path("tree/sub")).unwrap();
        fs::rename(bench.path("in.mbox"), bench.path("tree/in.mbox")).unwrap();
        let convert = || bench.run(&["convert", "tree", "--to", to, "--html", "tree/page.html"]);
        let first = convert();
        assert_eq!(first.status, Some(0), "{}", first.stderr);
        for _ in 0..2 {
            let next = convert();
            assert_eq!(next.status, Some(0), "{}", next.stderr);
            assert!(next.stdout.contains("14 × already_migrated"), "{}", next.stdout);
            assert!(next.stdout.contains("ignored: this destination"), "{}", next.stdout);
        }
        let entries = report(&bench, &format!("{to}.sync002"));
        let entries = entries["ignored"]["entries"].as_array().unwrap();
        assert!(entries.iter().any(|entry| entry["why"] == "this destination"), "{entries:?}");
        verified(&bench, to);
    }
}

#[test]
fn what_is_missing_or_of_another_size_is_written_again_and_told() {
    for to in ["out", "out.zip", "box"] {
        let form: &[&str] = if to == "box" { &["--as", "mbox"] } else { &[] };
        for kind in ["empty", "gone"] {
            let bench = bench();
            bench.converted_somehow(to, form);
            let (file, items) = match to {
                "out" => (first_eml(&bench), 1),
                "box" => (bench.path("box/in.mbox"), 14),
                _ => (bench.path(to), 14),
            };
            match kind {
                "empty" => fs::write(&file, b"").unwrap(),
                _ => fs::remove_file(&file).unwrap(),
            }
            let run = bench.convert(to, form);
            assert_eq!(run.status, Some(0), "{}", run.stderr);
            assert!(
                run.stdout.contains(&format!("{items} items written before are missing")),
                "{to} {kind}: {}",
                run.stdout
            );
            let report = report(&bench, &format!("{to}.sync002"));
            assert_eq!(report["totals"]["migrated"], items, "{to} {kind}");
            assert_eq!(report["sync"]["damaged"], items);
            assert_eq!(report["sync"]["rewritten"], items);
            if to == "out" {
                assert_eq!(mail(&bench.path("out")).len(), 14);
                verified(&bench, to);
            }
        }
    }
}

#[test]
fn octets_that_were_changed_are_found_where_they_are_to_be_compared() {
    let bench = bench();
    bench.converted_somehow("out", &[]);
    let file = first_eml(&bench);
    let mut octets = fs::read(&file).unwrap();
    let last = octets.len() - 2;
    octets[last] ^= 1;
    fs::write(&file, &octets).unwrap();
    let run = bench.convert("out", &[]);
    assert!(run.stdout.contains("14 × already_migrated"), "{}", run.stdout);
    let run = bench.convert("out", &["--check"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("1 items written before"), "{}", run.stdout);
    assert_eq!(fs::read(&file).unwrap(), octets, "it may be an edit");
    assert_eq!(mail(&bench.path("out")).len(), 15);
    verified(&bench, "out");

    let bench = self::bench();
    bench.converted_somehow("out.zip", &["--zip-level", "store"]);
    let mut octets = fs::read(bench.path("out.zip")).unwrap();
    let at = octets.windows(4).position(|octets| octets == b"This").unwrap();
    octets[at] ^= 1;
    fs::write(bench.path("out.zip"), octets).unwrap();
    let run = bench.convert("out.zip", &["--zip-level", "store", "--check"]);
    assert!(run.stdout.contains("1 items written before"), "{}{}", run.stdout, run.stderr);
    assert_eq!(report(&bench, "out.zip.sync002")["totals"]["migrated"], 1);
}

#[test]
fn what_a_loss_of_power_leaves_locks_nobody_out() {
    type Tear = fn(&Bench);
    let torn: [(&str, Tear); 7] = [
        ("empty report", |bench| drop(bench.file("out.report.json", b""))),
        ("torn report", |bench| {
            let whole = fs::read(bench.path("out.report.json")).unwrap();
            bench.file("out.report.json", &whole[..whole.len() / 2]);
        }),
        ("report of zeros", |bench| drop(bench.file("out.report.json", &[0; 4096]))),
        ("no report and an empty note", |bench| {
            fs::remove_file(bench.path("out.report.json")).unwrap();
            bench.file("out.unfinished.json", b"");
        }),
        ("no report and a torn note", |bench| {
            fs::remove_file(bench.path("out.report.json")).unwrap();
            bench.file("out.unfinished.json", b"{\"sync\":1,\"sett");
        }),
        ("a torn log", |bench| {
            fs::remove_file(bench.path("out.report.json")).unwrap();
            let whole = fs::read(bench.path("out.items.jsonl")).unwrap();
            bench.file("out.items.jsonl", &whole[..whole.len() - 40]);
        }),
        ("an empty log", |bench| {
            bench.file("out.items.jsonl", b"");
            bench.file("out.report.json", b"");
        }),
    ];
    for (what, tear) in torn {
        let bench = bench();
        bench.converted_somehow("out", &[]);
        let before = mail(&bench.path("out"));
        tear(&bench);
        let unfinished = bench.run(&["verify", "out"]);
        assert_eq!(unfinished.status, Some(1), "{what}: {}{}", unfinished.stdout, unfinished.stderr);
        let again = bench.convert("out", &[]);
        assert_eq!(again.status, Some(0), "{what}: {}{}", again.stdout, again.stderr);
        assert_eq!(mail(&bench.path("out")), before, "{what}");
        assert!(!bench.path("out.sync002.report.json").exists(), "{what}");
        verified(&bench, "out");
        tear(&bench);
        let undone = bench.run(&["undo", "out"]);
        assert!(matches!(undone.status, Some(0 | 1)), "{what}: {}{}", undone.stdout, undone.stderr);
    }
}

#[test]
fn files_of_others_under_our_names_are_refused_and_stay() {
    for (name, octets) in [
        ("out.report.json", &b"{\"mine\": 1}"[..]),
        ("out.unfinished.json", b"my notes"),
        ("out.items.jsonl", b"my list\n"),
        ("out.files.jsonl", b"my list\n"),
    ] {
        let bench = bench();
        bench.file(name, octets);
        let run = bench.convert("out", &[]);
        assert_eq!(run.status, Some(2), "{name}: {}{}", run.stdout, run.stderr);
        assert_eq!(fs::read(bench.path(name)).unwrap(), octets, "{name}");
        assert_eq!(bench.names().len(), 2, "{name}: {:?}", bench.names());
    }
}

/// A conversion whose files may not grow beyond so many blocks of 512 octets.
#[cfg(unix)]
fn convert_within(bench: &Bench, blocks: u32, to: &str, options: &[&str]) -> Run {
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.current_dir(bench.path("")).args(["-c", &script]).arg(mailferry().get_program());
    command.args(["convert", "in.mbox", "--to", to, "--checksums", "sha256"]).args(options);
    command.output().unwrap().into()
}

#[cfg(unix)]
#[test]
fn an_archive_that_cannot_be_finished_counts_its_items_as_failed_and_the_next_run_completes_it() {
    for (to, options) in [
        ("out.zip", &[][..]),
        ("out.zip", &["--split", "200000"]),
        ("out.tgz", &[]),
        ("out.tar", &[]),
        ("out", &["--as", "mbox"]),
        ("out.zip", &["--as", "mbox"]),
        ("out.zip", &["--as", "bundle"]),
    ] {
        let bench = Bench::new(&many(150, 4_000));
        let run = convert_within(&bench, 260, to, options);
        assert_eq!(run.status, Some(1), "{to} {options:?}: {}{}", run.stdout, run.stderr);
        let first = report(&bench, to);
        assert_ne!(first["outcome"]["state"], "complete");
        // What is called migrated stands in a file that is there.
        let migrated =
            log(&bench, &format!("{to}.items.jsonl")).into_iter().filter(|line| line["status"] == "migrated");
        let migrated: Vec<_> = migrated.collect();
        assert_eq!(first["totals"]["migrated"], migrated.len(), "{to} {options:?}");
        for line in migrated {
            let path = line["path"].as_str().unwrap();
            let file = match path.split_once('!') {
                Some((part, _)) => bench.path(part),
                None if to == "out" => bench.path(to).join(path),
                None => bench.path(to),
            };
            assert!(file.exists(), "{to} {options:?}: {path}");
        }
        assert!(first["totals"]["failed"].as_u64().unwrap() > 0, "{to} {options:?}: {first}");
        let again = bench.convert(to, &[&["--checksums", "sha256"], options].concat());
        assert_eq!(again.status, Some(0), "{to} {options:?}: {}{}", again.stdout, again.stderr);
        assert_eq!(report(&bench, to)["totals"]["migrated"], 150, "{to} {options:?}");
        assert!(!bench.names().iter().any(|name| name.contains("sync002") || name.contains("unfinished")));
        verified(&bench, to);
    }
}

#[test]
fn an_edit_of_the_user_stays_when_a_run_goes_on() {
    let bench = bench();
    bench.converted_somehow("out", &[]);
    // As if it had been cut off before its report.
    let cut_off = |bench: &Bench| {
        fs::remove_file(bench.path("out.report.json")).unwrap();
        bench.file("out.unfinished.json", b"");
    };
    cut_off(&bench);
    let file = first_eml(&bench);
    fs::write(&file, "my own words, longer than what was there before: ".repeat(20)).unwrap();
    let run = bench.convert("out", &[]);
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(fs::read(&file).unwrap().starts_with(b"my own words"));
    assert!(run.stdout.contains("Kept"), "{}", run.stdout);
    assert_eq!(mail(&bench.path("out")).len(), 15);
    assert_eq!(report(&bench, "out")["kept"]["count"], 1);
    verified(&bench, "out");
}

#[test]
fn an_edit_of_the_user_stays_in_a_delta() {
    let bench = bench();
    bench.converted_somehow("out", &[]);
    let file = first_eml(&bench);
    fs::write(&file, "my own words, longer than what was there before: ".repeat(20)).unwrap();
    let run = bench.convert("out", &[]);
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    assert!(fs::read(&file).unwrap().starts_with(b"my own words"));
    assert_eq!(report(&bench, "out.sync002")["totals"]["migrated"], 1);
    assert_eq!(report(&bench, "out.sync002")["kept"]["count"], 1);
    assert_eq!(mail(&bench.path("out")).len(), 15);
    verified(&bench, "out");
}

#[test]
fn an_mbox_that_the_user_put_there_stays() {
    for edit in ["appended", "own"] {
        let bench = bench();
        bench.converted_somehow("out", &["--as", "mbox"]);
        fs::remove_file(bench.path("out.report.json")).unwrap();
        bench.file("out.unfinished.json", b"");
        let file = bench.path("out/in.mbox");
        let octets = match edit {
            "appended" => [fs::read(&file).unwrap(), mbox([message("mine")])].concat(),
            _ => mbox([message("mine")]),
        };
        fs::write(&file, &octets).unwrap();
        let run = bench.convert("out", &["--as", "mbox"]);
        assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
        assert_eq!(fs::read(&file).unwrap(), octets, "{edit}");
        assert!(run.stdout.contains("Kept"), "{}", run.stdout);
        assert_eq!(report(&bench, "out")["kept"]["files"][0]["instead"], "in (2).mbox");
        verified(&bench, "out");
    }
}

/// What the run of a conversion ends in: exit status, `outcome.state`, and what it printed.
fn ended(bench: &Bench, words: &[&str]) -> (Option<i32>, String, String) {
    let run = bench.run(&[&["convert"], words, &["--to", "out", "--html", "page.html"]].concat());
    let state = report(bench, "out")["outcome"]["state"].as_str().unwrap().to_owned();
    let page = fs::read_to_string(bench.path("page.html")).unwrap();
    let verdict = match &*state {
        "complete" => "Complete: nothing failed",
        "incomplete" => "Incomplete",
        _ => "Nothing was migrated",
    };
    assert!(page.contains(&format!("\">{verdict}</p>")), "{state}");
    (run.status, state, run.stdout + &run.stderr)
}

#[test]
fn every_end_tells_the_truth() {
    let gzipped = {
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write as _;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&many(20, 2_000)).unwrap();
        encoder.finish().unwrap()
    };
    let bench = || {
        let bench = self::bench();
        bench.file("cut.mbox.gz", &gzipped[..gzipped.len() / 2]);
        bench.file("letter.docx", b"PK no mail");
        bench.file("empty.txt", b"");
        bench.file("none.mbox", b"");
        bench
    };
    let is = |words: &[&str], status, state: &str, told: &str| {
        let (ended, found, text) = ended(&bench(), words);
        assert_eq!((ended, &*found), (Some(status), state), "{words:?}: {text}");
        assert!(text.contains(told), "{words:?}: {text}");
    };
    is(&["in.mbox"], 0, "complete", "");
    is(&["in.mbox", "cut.mbox.gz"], 1, "incomplete", "cut.mbox is cut short");
    is(&["in.mbox", "letter.docx"], 1, "incomplete", "letter.docx");
    is(&["in.mbox", "empty.txt"], 1, "incomplete", "empty.txt");
    is(&["none.mbox"], 1, "nothing_migrated", "the sources contain no items");
    is(&["in.mbox", "--after", "2030-01-01"], 1, "nothing_migrated", "all 14 items were skipped");
    is(&["in.mbox", "--target", "nextcloud"], 1, "nothing_migrated", "target_takes_no_mail");
    // The table of a project has the same end.
    let bench = bench();
    bench.file("P.csv", b"source,destination,target\ncut.mbox.gz,a,\nnone.mbox,b,\nin.mbox,c,nextcloud\nin.mbox,d,\n");
    let run = bench.run(&["run", "P.csv", "--json"]);
    assert_eq!(run.status, Some(1), "{}{}", run.stdout, run.stderr);
    let project: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let states: Vec<_> =
        project["mailboxes"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["incomplete", "nothing_migrated", "nothing_migrated", "done"]);
    assert!(project["mailboxes"][0]["defects"][0].as_str().unwrap().contains("cut off"));
    // What was lost then is lost still.
    let again = bench.run(&["run", "P.csv"]);
    assert_eq!(again.status, Some(1), "{}", again.stdout);
}

#[cfg(unix)]
#[test]
fn stopped_while_calendars_are_put_together_fails_nothing() {
    use std::process::Stdio;
    let bench = bench();
    let mut calendar = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n");
    for number in 0..40_000 {
        calendar +=
            &format!("BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20240101T000000Z\r\nSUMMARY:{number}\r\nEND:VEVENT\r\n");
    }
    bench.file("work.ics", (calendar + "END:VCALENDAR\r\n").as_bytes());
    for moment in [40, 120, 300, 600, 1_200] {
        let mut command = mailferry();
        command.current_dir(bench.path("")).args(["convert", "work.ics", "in.mbox", "--to", "out"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(moment));
        let _ended_before = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        if bench.path("out.report.json").exists() {
            let report = report(&bench, "out");
            assert_eq!(report["totals"]["failed"], 0, "{moment} ms: {report}");
            let complete = output.status.code() == Some(0);
            assert_eq!(report["cancelled"], !complete, "{moment} ms");
            verified(&bench, "out");
        }
        let undone = bench.run(&["undo", "out"]);
        assert!(matches!(undone.status, Some(0 | 2)), "{}{}", undone.stdout, undone.stderr);
    }
}

#[cfg(unix)]
#[test]
fn killed_after_the_report_a_rerun_adds_no_sync() {
    for (to, options) in [("out.zip", &[][..]), ("out.zip", &["--split", "200000"]), ("out", &["--as", "mbox"])] {
        let bench = Bench::new(&many(150, 4_000));
        convert_within(&bench, 260, to, options);
        let note = bench.path(&format!("{to}.unfinished.json"));
        let begun = fs::read(&note).unwrap();
        bench.converted_somehow(to, options);
        assert!(!note.exists());
        let before = (bench.names(), report(&bench, to)["totals"].clone());
        // The note is the last thing that goes.
        fs::write(&note, begun).unwrap();
        bench.converted_somehow(to, options);
        assert_eq!((bench.names(), report(&bench, to)["totals"].clone()), before, "{to} {options:?}");
        verified(&bench, to);
    }
}
