//! All fixtures of mailboxes in one run.

use crate::{
    archive::Archive,
    run::{mailferry, names, run},
};
use serde_json::Value;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/mbox");
const EXPECTED: &str = ".expected.jsonl";

/// A fixture and the lines of its expectation.
struct Case {
    path: PathBuf,
    expected: Vec<Value>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases_below(Path::new(FIXTURES), &mut cases);
    assert!(cases.len() > 100, "the fixtures are there");
    cases
}

fn cases_below(folder: &Path, cases: &mut Vec<Case>) {
    let names = names(folder);
    for name in &names {
        let path = folder.join(name);
        if path.is_dir() {
            cases_below(&path, cases);
        } else if let Some(stem) = name.strip_suffix(EXPECTED) {
            let is_case =
                |other: &&String| !other.ends_with(EXPECTED) && other.rsplit_once('.').is_some_and(|(s, _)| s == stem);
            let case = names.iter().find(is_case).unwrap_or_else(|| panic!("{name} tells of no fixture"));
            let expected = fs::read_to_string(&path).unwrap();
            let expected = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            cases.push(Case { path: folder.join(case), expected });
        }
    }
}

fn convert(cases: &[Case], dest: &Path, options: &[&str]) -> Archive {
    let mut arguments: Vec<OsString> = vec!["convert".into(), "--to".into(), dest.into()];
    arguments.extend(options.iter().map(Into::into));
    arguments.extend(cases.iter().map(|case| case.path.clone().into()));
    let run = run(arguments);
    // Some of them are cut short.
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("is cut short"), "{}", run.stderr);
    Archive::at(dest)
}

#[test]
fn every_message_is_written_and_told_once() {
    let cases = cases();
    let root = tempfile::tempdir().unwrap();
    for (dest, options) in [
        ("folder", &[][..]),
        ("x.zip", &[]),
        ("stored.zip", &["--zip-level", "store"]),
        ("parts.zip", &["--split", "300K", "--zip-level", "store"]),
        ("every", &["--labels", "every", "--attachments", "--shard", "3"]),
    ] {
        let archive = convert(&cases, &root.path().join(dest), options);
        archive.check();
        compare(&archive, &cases);
    }
    let parts = names(root.path()).iter().filter(|name| name.starts_with("parts.part")).count();
    assert!(parts > 1, "{parts} parts");
}

/// Every item is as the expectation of its fixture has it, in the order of the fixtures.
fn compare(archive: &Archive, cases: &[Case]) {
    let mut lines = archive.log.iter();
    for (case, source) in cases.iter().zip(archive.report["sources"].as_array().unwrap()) {
        let path = case.path.to_str().unwrap();
        let (head, items) = case.expected.split_first().unwrap();
        assert_eq!(source["file"], path);
        assert_eq!(source["items"].as_u64().unwrap(), items.len() as u64, "{path}");
        for item in items {
            let line = lines.next().unwrap();
            assert_eq!(line["source"]["file"], path);
            // What was expunged is left out, and nothing else.
            if line["reason"] == "expunged" && path.contains("mozilla-status") {
                continue;
            }
            assert_eq!(line["status"], "migrated", "{path}");
            // Otherwise the fixture is read with an option.
            if head.get("quoting").is_none() {
                for key in ["sha256", "size", "subject", "folder", "messageId", "receivedAt"] {
                    let expected = item.get(key).filter(|value| !value.is_null());
                    assert!(
                        expected.is_none() || expected == line.get(key),
                        "{path}: {key} of {line}, not {expected:?}"
                    );
                }
            }
        }
    }
    assert!(lines.next().is_none());
}

#[test]
fn the_outcome_depends_neither_on_threads_nor_on_the_run() {
    let cases = cases();
    for dest in ["out", "out.zip"] {
        let mut first = None;
        for jobs in ["1", "2", "7", "7"] {
            let root = tempfile::tempdir().unwrap();
            let outcome = convert(&cases, &root.path().join(dest), &["--jobs", jobs]).outcome();
            match &first {
                None => first = Some(outcome),
                Some(first) => assert!(*first == outcome, "{dest} of {jobs} threads differs from that of one"),
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn sources_are_never_changed() {
    use crate::bad_input::{as_somebody, is_root};
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let (sources, out) = (root.path().join("in"), root.path().join("out"));
    for (folder, mode) in [(root.path(), 0o755), (&sources, 0o755), (&out, 0o777)] {
        fs::create_dir_all(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut before = Vec::new();
    for (number, case) in cases().iter().enumerate() {
        let path = sources.join(format!("{number}-{}", case.path.file_name().unwrap().to_str().unwrap()));
        fs::copy(&case.path, &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        before.push((fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap(), path));
    }
    fs::set_permissions(&sources, fs::Permissions::from_mode(0o555)).unwrap();
    let paths = || before.iter().map(|(_, _, path)| path);
    let mut command = if is_root() { as_somebody(root.path()) } else { mailferry() };
    let status = command.arg("convert").args(paths()).arg("--to").arg(out.join("x")).output().unwrap().status;
    let status_of_reading =
        run(["inspect".into()].into_iter().chain(paths().map(|path| path.as_os_str().to_owned()))).status;
    fs::set_permissions(&sources, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!((status.code(), status_of_reading), (Some(1), Some(1)), "some of them are cut short");
    assert_eq!(names(&sources).len(), before.len(), "nothing is left beside them");
    for (octets, modified, path) in &before {
        assert!(fs::read(path).unwrap() == *octets, "{}", path.display());
        assert_eq!(fs::metadata(path).unwrap().modified().unwrap(), *modified);
    }
}
