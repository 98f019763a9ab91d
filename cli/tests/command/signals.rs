//! What stops a conversion from outside.

use crate::{
    archive::{self, Archive, beside, sha256},
    run::{Bench, mailferry, many, names},
};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A conversion of many megabytes to `to`, which has come as far as some lines of its log.
fn under_way(bench: &Bench, to: &str) -> Child {
    let mut command = mailferry();
    command.current_dir(bench.path("")).args(["convert", "in.mbox", "--to", to, "--jobs", "1", "--zip-level", "best"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let log = beside(&bench.path(to), ".items.jsonl");
    let started = Instant::now();
    while fs::metadata(&log).map_or(0, |log| log.len()) < 2_000 {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

fn bench() -> Bench {
    Bench::new(&many(3_000, 10_000))
}

fn stops_after_the_item_in_hand(signal: &str, to: &str) {
    let bench = bench();
    let child = under_way(&bench, to);
    send(signal, &child);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("stopped; what was migrated until then is complete and valid"), "{stderr}");
    let archive = Archive::at(&bench.path(to));
    archive.check();
    assert_eq!(archive.report["cancelled"], true);
    assert!((1..3_000).contains(&archive.log.len()), "{} items", archive.log.len());
    assert_eq!(archive.log.len(), archive.files.len());
    assert_eq!(archive.report["totals"]["failed"], 0);
    assert!(!bench.names().iter().any(|name| name.contains("unfinished")));
}

#[test]
fn an_interrupted_zip_archive_is_valid() {
    stops_after_the_item_in_hand("-INT", "out.zip");
}

#[test]
fn an_interrupted_folder_is_complete() {
    stops_after_the_item_in_hand("-INT", "out");
}

#[test]
fn a_terminated_conversion_ends_as_an_interrupted_one() {
    stops_after_the_item_in_hand("-TERM", "out.zip");
}

#[test]
fn a_killed_conversion_leaves_no_half_file() {
    let bench = bench();
    let source = || {
        let path = bench.path("in.mbox");
        (sha256(&fs::read(&path).unwrap()), fs::metadata(path).unwrap().modified().unwrap())
    };
    let before = source();
    let mut child = under_way(&bench, "out");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    assert!(source() == before);
    assert!(!bench.path("out.report.json").exists(), "no report of what did not end");
    let mut complete = 0;
    for name in names(&bench.path("out/in")) {
        if name != ".mailferry-unfinished" {
            let octets = fs::read(bench.path("out/in").join(&name)).unwrap();
            assert_eq!(name.split('_').nth(1).unwrap(), &sha256(&octets)[..12], "{name} is whole");
            complete += 1;
        }
    }
    let log = archive::log(&bench.path("out.items.jsonl"));
    for line in &log {
        assert!(bench.path("out").join(line["path"].as_str().unwrap()).is_file(), "{line}");
    }
    assert!(log.len() <= complete && complete <= log.len() + 1, "{} lines, {complete} files", log.len());

    let mut child = under_way(&bench, "out.zip");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!Path::new(&bench.path("out.zip")).exists(), "no archive that is not whole");
}
