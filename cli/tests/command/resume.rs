//! A conversion that is killed at any point and run again leaves what one leaves that was not.

use crate::run::{Bench, mailferry, many};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What is in a folder: the octets and the date of every file; of a report all but the seconds that it took.
fn everything(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, Option<u64>)> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files.insert(path.strip_prefix(folder).unwrap().join(""), (Vec::new(), None));
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_owned();
            let mut octets = fs::read(&path).unwrap();
            if name.to_string_lossy().ends_with(".report.json") {
                let mut report: serde_json::Value = serde_json::from_slice(&octets).unwrap();
                report["seconds"] = 0.into();
                octets = report.to_string().into_bytes();
            }
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let dated = is_dated(&name);
            files.insert(name, (octets, dated.then_some(modified)));
        }
    }
    files
}

/// Whether a file has the date of its item.
fn is_dated(name: &Path) -> bool {
    let text = name.to_string_lossy();
    text.ends_with(".eml") || text.contains("/cur/")
}

/// Points in time that always are the same, as parts of a thousand of a whole.
struct Moments(u64);

impl Moments {
    const START: Self = Self(88_172_645_463_325_252);

    fn next(&mut self, whole: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        whole.mul_f64((self.0 % 1000) as f64 / 1000.0).min(Duration::from_secs(5))
    }
}

/// A conversion to `to`, in a folder that is emptied each time.
struct Storm {
    bench: Bench,
    to: &'static str,
    options: &'static [&'static str],
    moments: Moments,
}

impl Storm {
    fn new(to: &'static str, options: &'static [&'static str]) -> Self {
        let bench = Bench::new(&many(400, 3_000));
        let events = (0..50).map(|i| format!("BEGIN:VEVENT\r\nUID:{i}\r\nDTSTAMP:20240101T000000Z\r\nEND:VEVENT\r\n"));
        let calendar =
            format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n", events.collect::<String>());
        bench.file("work.ics", calendar.as_bytes());
        Self { bench, to, options, moments: Moments::START }
    }

    fn command(&self) -> Command {
        let mut command = mailferry();
        let words = ["convert", "../in.mbox", "../work.ics", "--to", self.to, "--progress", "none"];
        command.current_dir(self.here()).args(words).args(self.options).env("SOURCE_DATE_EPOCH", "1700000000");
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn here(&self) -> PathBuf {
        self.bench.path("here")
    }

    fn anew(&self) {
        let _none = fs::remove_dir_all(self.here());
        fs::create_dir(self.here()).unwrap();
    }

    /// How long it takes where nobody kills it.
    fn whole(&self) -> Duration {
        self.anew();
        let started = Instant::now();
        assert!(self.command().status().unwrap().success());
        started.elapsed()
    }

    /// Kills it somewhere; tells whether it was still at work.
    fn kill(&mut self, whole: Duration) -> bool {
        let mut child = self.command().spawn().unwrap();
        std::thread::sleep(self.moments.next(whole));
        let killed = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        killed
    }

    fn is_reported(&self) -> bool {
        self.here().join(format!("{}.report.json", self.to)).exists()
    }
}

/// Kills a conversion to `to` so many times, each at another point, and compares what it leaves in the end.
fn storm(kills: u32, to: &'static str, options: &'static [&'static str]) {
    let mut storm = Storm::new(to, options);
    let whole = storm.whole();
    let expected = everything(&storm.here());
    let mut killed = 0;
    while killed < kills {
        storm.anew();
        // A few times at random points, then to the end.
        for _ in 0..3 {
            killed += u32::from(storm.kill(whole));
            if storm.is_reported() {
                break;
            }
        }
        if !storm.is_reported() {
            let output = storm.command().output().unwrap();
            assert!(output.status.success(), "{to} {options:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        // One that was killed behind its report has this left to remove.
        let _none = fs::remove_file(storm.here().join(format!("{to}.unfinished.json")));
        let got = everything(&storm.here());
        let names: Vec<_> = expected.keys().filter(|name| got.get(*name) != expected.get(*name)).collect();
        assert!(names.is_empty() && got.len() == expected.len(), "{to} {options:?}: {names:?} differ");
    }
    println!("{to} {options:?}: {killed} kills");
}

/// Kills a conversion to `to` so many times, and undoes each: nothing is left but what no log could name yet, and that is told.
fn undo_storm(kills: u32, to: &'static str, options: &'static [&'static str]) {
    let mut storm = Storm::new(to, options);
    let whole = storm.whole();
    let (mut killed, mut named) = (0, 0);
    while killed < kills {
        storm.anew();
        killed += u32::from(storm.kill(whole));
        let started = storm.here().join(format!("{to}.unfinished.json")).metadata().is_ok_and(|file| file.len() > 0);
        if !started && !storm.is_reported() {
            continue;
        }
        let output = mailferry().current_dir(storm.here()).args(["undo", to]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let unknown: Vec<_> = told.lines().filter(|line| line.contains("no log lists it")).collect();
        let status = if unknown.is_empty() { 0 } else { 1 };
        assert_eq!(output.status.code(), Some(status), "{told}{}", String::from_utf8_lossy(&output.stderr));
        let _list = fs::remove_file(storm.here().join(format!("{to}.undo001.jsonl")));
        let left: Vec<_> = everything(&storm.here()).into_keys().collect();
        let files: Vec<_> = left.iter().filter(|name| !name.to_string_lossy().ends_with('/')).collect();
        // The form that has two files a message may have written both.
        assert!(files.len() == unknown.len() && files.len() <= 2, "{to} {options:?}: {left:?}\n{told}");
        assert!(!files.is_empty() || left.is_empty(), "{to} {options:?}: {left:?}\n{told}");
        named += files.len();
    }
    println!("{to} {options:?}: {killed} kills undone, {named} files named");
}

const FORMS: [&[&str]; 6] = [
    &["--jobs", "2"],
    &["--jobs", "2", "--as", "maildir"],
    &["--jobs", "2", "--as", "mbox"],
    &["--jobs", "2", "--as", "bundle"],
    &["--jobs", "2", "--as", "proton"],
    &["--jobs", "2", "--as", "ediscovery"],
];

/// How often each form is killed: more where a longer proof is asked for.
fn kills() -> u32 {
    std::env::var("MAILFERRY_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(2)
}

#[test]
fn a_folder_is_resumed() {
    storm(kills(), "out", &["--jobs", "1"]);
    storm(kills(), "out", &["--jobs", "2", "--shard", "50"]);
}

#[test]
fn a_zip_archive_is_resumed() {
    storm(kills(), "out.zip", &["--jobs", "1"]);
    storm(kills(), "out.zip", &["--jobs", "2"]);
}

#[test]
fn split_zip_archives_are_resumed() {
    storm(kills(), "out.zip", &["--jobs", "1", "--split", "150K"]);
    storm(kills(), "out.zip", &["--jobs", "2", "--split", "150K"]);
}

#[test]
fn every_form_is_resumed_in_a_folder() {
    for options in &FORMS {
        storm(kills(), "out", options);
    }
}

#[test]
fn forms_in_one_file_are_resumed() {
    storm(kills(), "out.zip", &["--as", "mbox"]);
    storm(kills(), "out.tar", &["--as", "bundle"]);
}

#[test]
fn a_run_that_was_killed_is_undone_in_every_form() {
    for options in &FORMS {
        undo_storm(kills(), "out", options);
        undo_storm(kills(), "out.tar", options);
    }
    undo_storm(kills(), "out.zip", &["--split", "150K"]);
}

/// A conversion that was killed after some lines.
fn killed(bench: &Bench, to: &str) {
    let mut child = mailferry()
        .current_dir(bench.path(""))
        .args(["convert", "in.mbox", "--to", to, "--jobs", "1"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let log = bench.path(&format!("{to}.items.jsonl"));
    let started = Instant::now();
    while fs::metadata(&log).map_or(0, |log| log.len()) < 2_000 {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing is done");
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = bench.run(&["convert", "in.mbox", "--to", to, "--jobs", "1"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(second.status, Some(2), "two at once: {}", second.stdout);
    assert!(second.stderr.contains("is running"), "{}", second.stderr);
}

#[test]
fn other_options_or_another_source_are_refused_and_the_run_can_be_undone() {
    let bench = Bench::new(&many(6_000, 10_000));
    killed(&bench, "out");
    let other = bench.run(&["convert", "in.mbox", "--to", "out", "--jobs", "1", "--eol", "crlf"]);
    assert_eq!(other.status, Some(2));
    assert!(other.stderr.contains("other sources or options") && other.stderr.contains("undo"), "{}", other.stderr);
    bench.file("in.mbox", &many(50, 2_000));
    let changed = bench.run(&["convert", "in.mbox", "--to", "out", "--jobs", "1"]);
    assert_eq!(changed.status, Some(1), "{}", changed.stderr);
    assert!(changed.stdout.contains("undo"), "{}", changed.stdout);
    let undone = bench.run(&["undo", "out"]);
    // The file that it wrote last may have no line yet: that one is named, and stays.
    let is_last =
        undone.status == Some(1) && undone.stdout.contains(", 1 kept") && undone.stdout.contains("no log lists it");
    assert!(undone.status == Some(0) || is_last, "{}{}", undone.stdout, undone.stderr);
    let left = crate::run::names(&bench.path(""));
    assert!(!left.contains(&"out.items.jsonl".to_owned()), "{left:?}");
}
