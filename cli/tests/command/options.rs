//! What each option of `convert` does.

use crate::{
    archive::{beside, sha256},
    run::{Bench, many, mbox, message, names},
};
use serde_json::{Value, json};
use std::fs;

fn labelled(labels: &str, subject: &str) -> String {
    format!("X-Gmail-Labels: {labels}\n{}", message(subject))
}

#[test]
fn every_label_can_have_its_file() {
    let bench = Bench::new(&mbox([labelled("Inbox,Work,Clients/One,Important", "many"), labelled("Work", "one")]));
    let archive = bench.converted("primary", &[]);
    archive.check();
    assert_eq!(archive.files.len(), 2);
    assert_eq!(archive.line("many")["labels"], json!(["Inbox", "Work", "Clients/One", "Important"]));

    let archive = bench.converted("every", &["--labels", "every"]);
    archive.check();
    let line = archive.line("many");
    let copies: Vec<_> = line["copies"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    let places = [&[line["path"].as_str().unwrap()], &copies[..]].concat();
    let folders: Vec<_> = places.iter().map(|path| path.rsplit_once('/').unwrap().0).collect();
    assert_eq!(folders, ["Inbox", "Work", "Clients/One"], "Important is a state, not a folder");
    assert!(places.iter().all(|place| archive.files[*place] == archive.files[places[0]]));
    assert_eq!(archive.line("one").get("copies"), None);
}

#[test]
fn line_ends_are_normalized_only_where_that_changes_something() {
    let bench = Bench::new(&mbox([message("lf"), message("crlf").replace('\n', "\r\n")]));
    let told = |to: &str, options: &[&str]| {
        let archive = bench.converted(to, options);
        archive.check();
        let octets = ["lf", "crlf"].map(|subject| archive.octets(subject).to_vec());
        (archive.column("fidelity").join(" "), octets)
    };
    let (lf, crlf) = (message("lf").into_bytes(), message("crlf").replace('\n', "\r\n").into_bytes());
    let other = |octets: &[u8]| {
        let text = String::from_utf8(octets.to_vec()).unwrap();
        if text.contains('\r') { text.replace('\r', "") } else { text.replace('\n', "\r\n") }.into_bytes()
    };
    assert_eq!(told("keep", &[]), ("verbatim verbatim".into(), [lf.clone(), crlf.clone()]));
    assert_eq!(told("crlf", &["--eol", "crlf"]), ("normalized verbatim".into(), [other(&lf), crlf.clone()]));
    assert_eq!(told("lf.zip", &["--eol", "lf"]), ("verbatim normalized".into(), [lf.clone(), other(&crlf)]));
}

#[test]
fn digests_can_be_left_out() {
    let bench = Bench::new(&mbox([message("one")]));
    let with = bench.converted("with", &[]);
    let without = bench.converted("without", &["--checksums", "none"]);
    without.check();
    let line = without.line("one");
    assert_eq!(line.get("sha256"), None);
    let name = with.line("one")["path"].as_str().unwrap();
    assert!(name.contains(&sha256(message("one").as_bytes())[..12]), "{name}");
    assert_ne!(line["path"], name);
}

#[test]
fn names_follow_a_template() {
    let bench = Bench::new(&mbox([message("one"), message("two")]));
    let archive = bench.converted("out", &["--names", "{ordinal} {from} {subject}"]);
    assert_eq!(
        archive.check().column("path"),
        ["in/000001 ann-example-org one.eml", "in/000002 ann-example-org two.eml"]
    );
    // All that are offered can be asked for.
    bench.converted("all", &["--names", "{date} {hash} {subject} {from} {messageid} {ordinal}"]);
}

#[test]
fn the_placeholders_that_the_help_names_are_all_there_are() {
    let bench = Bench::new(b"");
    let refused = bench.convert("out", &["--names", "{nonsense}"]);
    let known: Vec<_> =
        refused.stderr.split_whitespace().filter(|word| word.starts_with('{') && word.ends_with('}')).collect();
    assert!(known.len() >= 6, "{}", refused.stderr);
    let help = bench.run(&["convert", "--help"]).stdout;
    assert!(known.iter().all(|word| help.contains(word)), "{known:?}");
    let told = help.split_once("made of").unwrap().1.split("[default").next().unwrap();
    assert!(told.split_whitespace().filter(|word| word.starts_with('{')).all(|word| known.contains(&word)), "{told}");
}

#[test]
fn a_folder_can_be_kept_small() {
    let bench = Bench::new(&many(5, 100));
    let archive = bench.converted("out", &["--shard", "2"]);
    let folders: Vec<_> = archive.check().column("path").iter().map(|path| &path[..8]).collect();
    assert_eq!(folders, ["in/00001", "in/00001", "in/00002", "in/00002", "in/00003"]);
}

#[test]
fn an_archive_can_be_split_into_parts_that_stay_below_a_size() {
    let bench = Bench::new(&many(100, 2_000));
    let archive = bench.converted("x.zip", &["--split", "40K", "--zip-level", "store"]);
    archive.check();
    let parts: Vec<_> = bench.names().into_iter().filter(|name| name.ends_with(".zip")).collect();
    assert!(parts.len() >= 5 && parts.iter().all(|part| part.starts_with("x.part0")), "{parts:?}");
    for part in &parts {
        let size = fs::metadata(bench.path(part)).unwrap().len();
        assert!(size < 40 << 10, "{part} has {size} octets");
    }
}

#[test]
fn an_item_that_no_part_has_room_for_fails_alone() {
    let big = format!("Subject: big\n\n{}", "x".repeat(50_000));
    let bench = Bench::new(&mbox([message("before"), big, message("after")]));
    let run = bench.convert("x.zip", &["--split", "40K", "--zip-level", "store"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let archive = bench.archive("x.zip");
    archive.check();
    assert_eq!(archive.column("status"), ["migrated", "failed", "migrated"]);
    let reason = archive.line("big")["reason"].as_str().unwrap();
    assert!(reason.starts_with("destination: ") && reason.contains("40960"), "{reason}");
    assert_eq!(archive.report["reasons"], json!({"destination": 1}));
}

#[test]
fn harder_compression_makes_smaller_archives() {
    let bench = Bench::new(&many(20, 20_000));
    let sizes = ["store", "fast", "best"].map(|level| {
        let to = format!("{level}.zip");
        bench.converted(&to, &["--zip-level", level]).check();
        fs::metadata(bench.path(&to)).unwrap().len()
    });
    assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
}

/// `Hello, file.` in base64, which has one name in ASCII and one that is a formula for a spreadsheet.
pub(crate) const WITH_ATTACHMENT: &str = "From: \"Doe, Ann\" <ann@example.org>\n\
    To: Bob <bob@example.org>, carol@example.org\n\
    Cc: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\n\
    Date: Mon, 1 Jan 2024 10:00:00 +0100\n\
    Message-ID: <1@example.org>\n\
    Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\
    MIME-Version: 1.0\n\
    Content-Type: multipart/mixed; boundary=b\n\n\
    --b\nContent-Type: text/plain; charset=utf-8\n\nGuten Tag\n\
    --b\nContent-Type: application/octet-stream; name=\"a.bin\"\n\
    Content-Disposition: attachment; filename=\"a.bin\"\nContent-ID: <c1@example.org>\n\
    Content-Transfer-Encoding: base64\n\nSGVsbG8sIGZpbGUu\n--b--\n";

pub(crate) fn its_attachment() -> Value {
    json!({
        "name": "a.bin",
        "type": "application/octet-stream",
        "size": 12,
        "sha256": sha256(b"Hello, file."),
        "cid": "c1@example.org",
    })
}

#[test]
fn attachments_can_be_listed() {
    let bench = Bench::new(&mbox([WITH_ATTACHMENT, &message("none")]));
    assert!(bench.converted("without", &[]).log.iter().all(|line| line.get("attachments").is_none()));
    let archive = bench.converted("with", &["--attachments"]);
    archive.check();
    assert_eq!(archive.line("Grüße")["attachments"], json!([its_attachment()]));
    assert_eq!(archive.line("none")["attachments"], json!([]));
}

#[test]
fn the_table_is_csv_that_no_spreadsheet_takes_for_formulas() {
    let names = ["=1+2", "+1", "-1", "@SUM(A1)", "a, \"quoted\" name", "plain"];
    let quoted = |name: &&str| format!("\"{}\"", name.replace('"', "\"\""));
    let bench = Bench::new(&mbox(names.iter().map(|name| labelled(&quoted(name), "x"))));
    bench.converted("out", &["--csv"]).check();
    let csv = fs::read_to_string(beside(&bench.path("out"), ".report.csv")).unwrap();
    let size = labelled(&quoted(&"plain"), "x").len();
    assert!(csv.contains(&format!("\r\nfolder,plain,,1,1,0,0,{size}\r\n")), "{csv}");
    assert!(csv.contains("\r\nfolder,\"a, \"\"quoted\"\" name\",,1,1,0,0,"), "{csv}");
    for name in ["'=1+2", "'+1", "'-1", "'@SUM(A1)"] {
        assert!(csv.contains(&format!("\r\nfolder,{name},,1,1,0,0,")), "{name}: {csv}");
    }
    assert!(csv.starts_with("by,name,role,available,migrated,failed,skipped,bytes\r\nall,,,6,6,0,0,"), "{csv}");
    assert_eq!(csv.matches('\n').count(), csv.matches("\r\n").count());
}

#[test]
fn progress_is_told_as_json_to_another_program() {
    let bench = Bench::new(&mbox([message("one")]));
    let run = bench.convert("out", &["--progress", "json"]);
    let last: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    let length = fs::metadata(bench.path("in.mbox")).unwrap().len();
    assert_eq!(last["position"], length);
    assert_eq!(last["total"], length);
    assert_eq!(last["totals"], bench.archive("out").report["totals"]);
}

#[test]
fn nothing_is_said_to_a_pipe_that_is_not_worth_a_line() {
    let bench = Bench::new(&mbox([message("one")]));
    for how in ["none", "auto"] {
        let run = bench.convert(how, &["--progress", how]);
        assert_eq!((run.status, &*run.stderr), (Some(0), ""));
        assert!(run.stdout.contains("in.mbox") || run.stdout.contains("migrated"), "{}", run.stdout);
    }
}

#[test]
fn quoted_lines_are_unquoted_as_asked() {
    let bench = Bench::new(&mbox(["Subject: x\n\n>From here\n>>From there\n"]));
    for (rule, body) in [
        ("auto", "From here\n>From there\n"),
        ("rd", "From here\n>From there\n"),
        ("o", "From here\n>>From there\n"),
        ("raw", ">From here\n>>From there\n"),
    ] {
        let archive = bench.converted(rule, &["--mbox-quoting", rule]);
        let octets = String::from_utf8(archive.check().octets("x").to_vec()).unwrap();
        assert_eq!(octets.split_once("\n\n").unwrap().1, body, "{rule}");
    }
}

#[test]
fn the_folder_at_hand_is_a_destination_too() {
    let bench = Bench::new(&mbox([message("one")]));
    fs::create_dir(bench.path("here")).unwrap();
    let mut command = crate::run::mailferry();
    let run = command.current_dir(bench.path("here")).args(["convert", "../in.mbox", "--to", "."]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    bench.archive("here").check();
    assert_eq!(bench.names(), ["here", "here.files.jsonl", "here.items.jsonl", "here.report.json", "in.mbox"]);
    assert_eq!(names(&bench.path("here")), ["in"]);
}
