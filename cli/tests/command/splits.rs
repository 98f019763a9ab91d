//! A conversion shared among processes: planned, done and finished by the command, whatever becomes of the processes.

use crate::run::{Bench, mailferry, many, run};
use serde_json::Value;
use std::{fs, path::Path, process::Stdio, thread, time::Duration};

/// What the item log says, but for places.
fn log(destination: &Path) -> Vec<Value> {
    let log = fs::read_to_string(format!("{}.items.jsonl", destination.display())).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("path");
        line
    };
    log.lines().map(line).collect()
}

fn plan(bench: &Bench, size: &str, more: &[&str]) -> usize {
    let (source, to) = (bench.path("in.mbox"), bench.path("many"));
    let (source, to) = (source.to_str().unwrap(), to.to_str().unwrap());
    let planned =
        run(["split", "plan", source, "--to", to, "--fsync", "none", "--target-size", size].iter().chain(more));
    assert_eq!(planned.status, Some(0), "{}", planned.stderr);
    fs::write(bench.path("plan.jsonl"), &planned.stdout).unwrap();
    planned.stdout.lines().count()
}

fn one_run(bench: &Bench) {
    let converted = run([
        "convert",
        bench.path("in.mbox").to_str().unwrap(),
        "--to",
        bench.path("one").to_str().unwrap(),
        "--fsync",
        "none",
    ]);
    assert_eq!(converted.status, Some(0), "{}", converted.stderr);
}

#[test]
fn splits_are_planned_done_in_any_order_and_finished() {
    let bench = Bench::new(&many(200, 100));
    one_run(&bench);
    let splits = plan(&bench, "4k", &[]);
    assert!(splits > 3, "{splits}");
    let (plan, to) = (bench.path("plan.jsonl"), bench.path("many"));
    let split = |command: &str, more: &[&str]| {
        run(["split", command, plan.to_str().unwrap(), "--to", to.to_str().unwrap()].iter().chain(more))
    };
    let early = split("finish", &[]);
    assert!(early.status == Some(2) && early.stderr.contains("have no receipt"), "{}", early.stderr);
    for number in (1..=splits).rev() {
        let done = split("run", &["--only", &number.to_string()]);
        assert!(done.status == Some(0) && done.stdout.lines().count() == 1, "{}", done.stderr);
    }
    assert_eq!(split("run", &["--only", "9999"]).status, Some(2));
    let finished = split("finish", &[]);
    assert!(finished.status == Some(0) && finished.stdout.contains("200 migrated"), "{}", finished.stderr);
    assert_eq!(log(&to), log(&bench.path("one")));
    assert_eq!(run(["verify", to.to_str().unwrap(), bench.path("in.mbox").to_str().unwrap()]).status, Some(0));
    // All of it again is nothing.
    assert_eq!(split("run", &[]).stdout.lines().count(), splits);
    assert_eq!(split("finish", &[]).status, Some(0));
    assert_eq!(run(["undo", to.to_str().unwrap()]).status, Some(0));
    assert!(!to.exists() && !bench.path("many.splits").exists());
}

#[cfg(unix)]
#[test]
fn workers_that_are_killed_leave_nothing_that_counts() {
    let bench = Bench::new(&many(600, 100));
    one_run(&bench);
    let splits = plan(&bench, "8k", &[]);
    let (plan, to) = (bench.path("plan.jsonl"), bench.path("many"));
    let arguments = ["split", "run", plan.to_str().unwrap(), "--to", to.to_str().unwrap()];
    for kill in 0..12_u64 {
        // Two at once do the same splits.
        let start = || mailferry().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut workers = [start(), start()];
        thread::sleep(Duration::from_millis(15 + 17 * (kill % 5)));
        for worker in &mut workers {
            let _ended = worker.kill();
            worker.wait().unwrap();
        }
    }
    let done = run(arguments);
    assert!(done.status == Some(0) && done.stdout.lines().count() == splits, "{}", done.stderr);
    let finish = ["split", "finish", plan.to_str().unwrap(), "--to", to.to_str().unwrap()];
    for _ in 0..3 {
        let mut driver = mailferry().args(finish).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(20));
        let _ended = driver.kill();
        driver.wait().unwrap();
    }
    assert_eq!(run(finish).status, Some(0));
    assert_eq!(log(&to), log(&bench.path("one")));
    assert_eq!(run(["verify", to.to_str().unwrap()]).status, Some(0));
    assert!(!bench.path("many.splits/_tmp").exists());
}

#[test]
fn processes_share_a_conversion() {
    let bench = Bench::new(&many(100, 100));
    bench.file("other.mbox", &many(30, 100));
    let (to, others) = (bench.path("shared.zip"), [bench.path("in.mbox"), bench.path("other.mbox")]);
    let command = |more: &[&str]| {
        let mut arguments = vec!["convert", others[0].to_str().unwrap(), others[1].to_str().unwrap()];
        arguments.extend(["--to", to.to_str().unwrap(), "--processes", "2", "--progress", "none"]);
        run(arguments.iter().chain(more))
    };
    let refused = command(&["--names", "{ordinal}"]);
    assert!(refused.status == Some(2) && refused.stderr.contains("names"), "{}", refused.stderr);
    let converted = command(&[]);
    assert!(
        converted.status == Some(0) && converted.stdout.contains("130"),
        "{} {}",
        converted.stdout,
        converted.stderr
    );
    assert_eq!(run(["verify", to.to_str().unwrap()]).status, Some(0));
}

#[test]
fn duplicates_and_samples_are_found_by_processes_and_in_two_passes() {
    let bench = Bench::new(&many(60, 100));
    bench.file("other.mbox", &many(90, 100));
    let sources = [bench.path("in.mbox"), bench.path("other.mbox")].map(|path| path.to_str().unwrap().to_owned());
    let [one, shared, split] = ["one", "shared", "split"].map(|name| bench.path(name).to_str().unwrap().to_owned());
    for select in [&["--dedupe", "exact"][..], &["--sample", "20", "--dedupe", "loose"]] {
        let convert = |to: &str, more: &[&str]| {
            let base = ["convert", &sources[0], &sources[1], "--to", to, "--fsync", "none", "--progress", "none"];
            let converted = run(base.iter().chain(select).chain(more));
            assert_eq!(converted.status, Some(0), "{}", converted.stderr);
        };
        convert(&one, &[]);
        convert(&shared, &["--processes", "2"]);
        assert_eq!(log(Path::new(&shared)), log(Path::new(&one)));
        // The same, and nothing is done again.
        convert(&shared, &["--processes", "2"]);
        let [first, second] = ["first.jsonl", "second.jsonl"].map(|name| bench.path(name).to_str().unwrap().to_owned());
        let base =
            ["split", "plan", &sources[0], &sources[1], "--to", &split, "--fsync", "none", "--target-size", "2k"];
        let planned = run(base.iter().chain(select));
        assert!(planned.status == Some(0) && planned.stderr.contains("split decide"), "{}", planned.stderr);
        fs::write(&first, &planned.stdout).unwrap();
        let of_plan = |command: &str, plan: &str| run(["split", command, plan, "--to", &split]);
        let early = of_plan("decide", &first);
        assert!(early.status == Some(2) && early.stderr.contains("have no receipt"), "{}", early.stderr);
        assert_eq!(of_plan("run", &first).status, Some(0));
        assert_eq!(of_plan("finish", &first).status, Some(2));
        let decided = of_plan("decide", &first);
        assert!(decided.status == Some(0) && decided.stdout.lines().count() > 3, "{}", decided.stderr);
        fs::write(&second, &decided.stdout).unwrap();
        assert_eq!(of_plan("run", &second).status, Some(0));
        assert_eq!(of_plan("finish", &second).status, Some(0));
        assert_eq!(log(Path::new(&split)), log(Path::new(&one)));
        for to in [&one, &shared, &split] {
            assert_eq!(run(["undo", to]).status, Some(0));
        }
    }
}
