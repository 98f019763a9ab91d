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

/// A project of two mailboxes, which has come as far as some lines of the first log.
fn project_under_way(bench: &Bench) -> Child {
    bench.file("p.csv", b"source,destination,zip-level\nin.mbox,out/a,\nin.mbox,out/b.zip,best\n");
    let mut command = mailferry();
    command.current_dir(bench.path("")).args(["run", "p.csv"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    // In a group of its own, to which a terminal's signals to stop go.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().unwrap();
    waits_for(|| lines_of(bench) > 2_000);
    child
}

fn lines_of(bench: &Bench) -> u64 {
    fs::metadata(bench.path("out/a.items.jsonl")).map_or(0, |log| log.len())
}

fn waits_for(is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn state(child: &Child) -> String {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &child.id().to_string()]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_project_is_paused_by_a_signal() {
    let bench = bench();
    let mut child = project_under_way(&bench);
    send("-TSTP", &child);
    waits_for(|| state(&child).starts_with('T'));
    let before = lines_of(&bench);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(lines_of(&bench), before, "nothing is done meanwhile");
    assert!(child.try_wait().unwrap().is_none());
    send("-CONT", &child);
    assert!(child.wait().unwrap().success());
    for to in ["out/a", "out/b.zip"] {
        assert_eq!(Archive::at(&bench.path(to)).check().log.len(), 3_000);
    }
}

#[test]
fn a_project_that_was_stopped_goes_on_when_it_is_run_again() {
    let bench = bench();
    let child = project_under_way(&bench);
    send("-INT", &child);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("run it again to continue"), "{stderr}");
    let first = archive::log(&bench.path("out/a.items.jsonl")).len();
    assert!((1..3_000).contains(&first), "{first} items");
    assert!(!bench.path("out/b.zip").exists());
    let states = || {
        let report: serde_json::Value =
            serde_json::from_slice(&fs::read(bench.path("p.report.json")).unwrap()).unwrap();
        [0, 1].map(|at| report["mailboxes"][at]["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(states(), ["stopped", "not_started"]);
    let again = bench.run(&["run", "p.csv"]);
    assert_eq!(again.status, Some(0), "{}{}", again.stdout, again.stderr);
    assert_eq!(states(), ["done", "done"]);
    let second = archive::log(&bench.path("out/a.sync002.items.jsonl"));
    let already = second.iter().filter(|line| line["reason"] == "already_migrated").count();
    assert_eq!((already, second.len()), (first, 3_000), "what is there is not written again");
    for to in ["out/a", "out/b.zip"] {
        let verified = bench.run(&["verify", to, "in.mbox"]);
        assert_eq!(verified.status, Some(0), "{to}: {}{}", verified.stdout, verified.stderr);
    }
}
