//! Selecting, tagging, and the page.

use crate::run::{Bench, many, mbox, message};
use std::fs;

#[test]
fn a_plan_knows_what_is_selected_marked_and_split() {
    let bench = Bench::new(&many(20, 10_000));
    let plan = |options: &[&str]| {
        let run = bench.run(&[&["plan", "in.mbox", "--target", "zoho", "--json"], options].concat());
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()
    };
    assert_eq!(plan(&[])["parts"], 1);
    let long = "x".repeat(150);
    let told = plan(&["--sample", "6", "--split", "25K", "--root-folder", &long]);
    assert_eq!((&told["goes"]["items"], &told["parts"], &told["shortenedFolders"]), (&6.into(), &3.into(), &1.into()));
    assert_eq!(told["leftOut"]["excluded_sample"]["items"], 14);
    let run = bench.run(&[
        "convert",
        "in.mbox",
        "--target",
        "zoho",
        "--to",
        "out.zip",
        "--sample",
        "6",
        "--split",
        "25K",
        "--zip-level",
        "store",
    ]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert_eq!(crate::run::names(&bench.path("")).iter().filter(|name| name.starts_with("out.part")).count(), 3);
}

#[test]
fn a_plan_counts_a_file_for_each_label() {
    let bench = Bench::new(b"From a\nX-Gmail-Labels: Work,Home,Opened\nSubject: x\n\nHi\n");
    let plan = |labels: &str| {
        let run = bench.run(&["plan", "in.mbox", "--target", "zoho", "--json", "--labels", labels]);
        let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        (told["folders"].as_u64().unwrap(), told["estimate"]["bytes"].as_u64().unwrap())
    };
    let ((_, once), (folders, every)) = (plan("primary"), plan("every"));
    let run = bench.run(&["convert", "in.mbox", "--target", "zoho", "--to", "out.zip", "--labels", "every"]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let log = crate::archive::log(&bench.path("out.zip.items.jsonl"));
    let files = 1 + log[0]["copies"].as_array().unwrap().len() as u64;
    assert_eq!((files, folders, every), (2, 2, 2 * once), "{log:?}");
}

#[test]
fn a_sample_is_listed_as_it_is_converted() {
    let bench = Bench::new(&mbox((0..30).map(|number| message(&format!("number {number}")))));
    let sample = ["--sample", "7", "--seed", "3"];
    let listed = bench.run(&[&["list", "in.mbox"][..], &sample].concat());
    assert_eq!(listed.stdout.lines().count(), 7);
    let archive = bench.converted("out", &sample);
    archive.check();
    assert_eq!(archive.report["totals"]["migrated"], 7);
    assert_eq!(archive.report["reasons"]["excluded_sample"], 23);
}

#[test]
fn the_page_is_written_at_once_or_afterwards() {
    let bench = Bench::new(&mbox([message("one"), message("<two>"), message("one")]));
    bench.converted("out", &["--dedupe", "loose", "--subject", "two", "--html", "page.html"]).check();
    let page = fs::read_to_string(bench.path("page.html")).unwrap();
    assert!(page.contains("excluded_subject") && !page.contains("<two>"), "{page}");
    assert_eq!(bench.run(&["report", "out", "--html", "again.html"]).status, Some(0));
    assert_eq!(fs::read_to_string(bench.path("again.html")).unwrap(), page);
    assert_eq!(bench.run(&["report", "nothing", "--html", "none.html"]).status, Some(2));
}

#[test]
fn options_that_cannot_be_met_are_refused() {
    let bench = Bench::new(&mbox([message("one")]));
    for wrong in [
        ["--after", "yesterday"],
        ["--map-folder", "Inbox"],
        ["--kind", "letter"],
        ["--larger", "big"],
        ["--subject-suffix", "a\nb"],
    ] {
        assert_eq!(bench.convert("out", &wrong).status, Some(2), "{wrong:?}");
    }
    assert_eq!(bench.names(), ["in.mbox"]);
}
