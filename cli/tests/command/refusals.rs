//! What cannot start ends with status 2 and leaves nothing; what fails on its way ends with status 1.

use crate::run::{Bench, mbox, message};
use std::fs;

fn bench() -> Bench {
    Bench::new(&mbox([message("one")]))
}

/// Runs `convert` with `arguments`, which must be refused with all of `told` in the error, and leave nothing.
#[track_caller]
fn refused(bench: &Bench, arguments: &[&str], told: &[&str]) {
    let before = bench.names();
    let run = bench.run(&[&["convert"], arguments].concat());
    assert_eq!(run.status, Some(2), "{arguments:?}: {}", run.stderr);
    assert!(told.iter().all(|told| run.stderr.contains(told)), "{arguments:?}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{arguments:?}");
    assert_eq!(bench.names(), before, "{arguments:?}");
}

#[test]
fn a_source_that_is_not_there() {
    refused(&bench(), &["none.mbox", "--to", "out"], &["none.mbox", "cannot be opened"]);
    refused(&bench(), &["none.mbox", "--to", "new/x.zip"], &["none.mbox", "cannot be opened"]);
}

#[test]
fn a_directory_without_a_source() {
    let bench = bench();
    fs::create_dir(bench.path("folder")).unwrap();
    fs::write(bench.path("folder/notes.txt"), "words").unwrap();
    refused(&bench, &["folder", "--to", "out"], &["nothing readable was found"]);
}

#[test]
fn a_source_of_no_known_format() {
    let bench = bench();
    bench.file("letter.pdf", b"%PDF-1.7 and so on");
    refused(&bench, &["letter.pdf", "--to", "out"], &["letter.pdf: is a PDF document", "mbox"]);
    bench.file("x", &[0x81, 0, 0xfe, 7].repeat(1000));
    refused(&bench, &["x", "--to", "out"], &["x: unknown format", "81 00 fe 07"]);
    bench.file("nothing", b"");
    refused(&bench, &["nothing", "--to", "out"], &["nothing: is empty"]);
}

#[cfg(unix)]
#[test]
fn a_source_that_may_not_be_read() {
    use crate::bad_input::{as_somebody, is_root};
    use std::os::unix::fs::PermissionsExt;
    let bench = bench();
    let mode = |name: &str, mode| fs::set_permissions(bench.path(name), fs::Permissions::from_mode(mode)).unwrap();
    mode("", 0o777);
    mode("in.mbox", 0o000);
    let mut command = if is_root() { as_somebody(&bench.path("")) } else { crate::run::mailferry() };
    let output = command.arg("convert").arg(bench.path("in.mbox")).arg("--to").arg(bench.path("out")).output().unwrap();
    mode("in.mbox", 0o644);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("in.mbox: cannot be opened for reading"), "{stderr}");
    assert!(!bench.names().iter().any(|name| name.starts_with("out")), "{:?}", bench.names());
}

#[cfg(unix)]
#[test]
fn a_destination_that_may_not_be_written() {
    use crate::bad_input::{as_somebody, is_root};
    use std::os::unix::fs::PermissionsExt;
    let bench = bench();
    let mode = |name: &str, mode| fs::set_permissions(bench.path(name), fs::Permissions::from_mode(mode)).unwrap();
    mode("", 0o755);
    fs::create_dir(bench.path("locked")).unwrap();
    mode("locked", 0o555);
    for to in ["locked/out", "locked/x.zip", "locked/new/out", "locked"] {
        let mut command = if is_root() { as_somebody(&bench.path("")) } else { crate::run::mailferry() };
        let output =
            command.arg("convert").arg(bench.path("in.mbox")).arg("--to").arg(bench.path(to)).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{to}: {stderr}");
        assert!(stderr.contains("locked") && stderr.contains("where you have write permission"), "{to}: {stderr}");
        assert_eq!(crate::run::names(&bench.path("locked")), [""; 0], "{to}");
    }
    mode("locked", 0o755);
}

#[test]
fn a_destination_that_holds_something() {
    let bench = bench();
    fs::create_dir(bench.path("full")).unwrap();
    bench.file("full/file", b"x");
    bench.file("file", b"x");
    bench.file("x.zip", b"x");
    bench.file("y.part003.zip", b"x");
    refused(&bench, &["in.mbox", "--to", "full"], &["full: is not empty", "choose"]);
    refused(&bench, &["in.mbox", "--to", "full/"], &["full/: is not empty"]);
    refused(&bench, &["in.mbox", "--to", "file"], &["file: is a file"]);
    refused(&bench, &["in.mbox", "--to", "in.mbox"], &["in.mbox: would be both the destination and a source"]);
    refused(&bench, &["in.mbox", "--to", "file/below"], &["file"]);
    refused(&bench, &["in.mbox", "--to", "x.zip"], &["x.zip: exists already"]);
    refused(&bench, &["in.mbox", "--to", "y.zip", "--split", "1M"], &["y.part003.zip: exists already"]);
}

#[test]
fn the_log_of_an_earlier_conversion() {
    for name in ["out.items.jsonl", "out.report.json", "out.report.csv"] {
        let bench = bench();
        bench.file(name, b"precious");
        refused(&bench, &["in.mbox", "--to", "out"], &[name, "exists already", "move it away"]);
        assert_eq!(fs::read(bench.path(name)).unwrap(), b"precious");
    }
}

#[test]
fn an_option_that_cannot_be_met() {
    for (options, told) in [
        (&["--names", "{sender}"][..], &["{sender}", "{date}", "{messageid}"][..]),
        (&["--names", "{date}/{subject}"], &["not folders"]),
        (&["--split", "0"], &["not a possible size"]),
        (&["--split", "12X"], &["not a unit of size"]),
        (&["--split", "1M"], &["cannot be split", ".zip"]),
        (&["--jobs", "0"], &["--jobs"]),
        (&["--shard", "0"], &["--shard"]),
        (&["--eol", "cr"], &["--eol", "crlf"]),
        (&["--nonsense"], &["--nonsense"]),
    ] {
        refused(&bench(), &[&["in.mbox", "--to", "out"], options].concat(), told);
    }
    refused(&bench(), &["in.mbox"], &["--to"]);
    refused(&bench(), &["--to", "out"], &["SOURCE"]);
}

#[test]
fn one_bad_source_does_not_keep_the_others_from_being_converted() {
    let bench = bench();
    bench.file("letter.pdf", b"%PDF-1.7");
    bench.file("two.mbox", &mbox([message("two"), message("three")]));
    let run = bench.run(&["convert", "none.mbox", "in.mbox", "letter.pdf", "two.mbox", "--to", "out"]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let archive = bench.archive("out");
    archive.check();
    assert_eq!(archive.column("subject"), ["one", "two", "three"]);
    assert_eq!(archive.column("id"), ["2:1", "4:1", "4:2"], "the number of a source is its place on the command line");
    let sources = archive.report["sources"].as_array().unwrap();
    let errors: Vec<_> = sources.iter().map(|source| source["error"].as_str().unwrap_or_default()).collect();
    assert!(errors[0].contains("cannot be opened") && errors[2].contains("a PDF document"), "{errors:?}");
    assert_eq!((errors[1], errors[3]), ("", ""));
    assert!(run.stdout.contains("none.mbox") && run.stdout.contains("letter.pdf"), "{}", run.stdout);

    let list = bench.run(&["list", "--json", "none.mbox", "in.mbox", "letter.pdf", "two.mbox"]);
    assert_eq!(list.status, Some(1));
    for id in archive.column("id") {
        assert!(list.stdout.contains(&format!("\"id\":\"{id}\"")), "{id} in {}", list.stdout);
    }
    let inspect = bench.run(&["inspect", "none.mbox", "in.mbox", "letter.pdf", "two.mbox"]);
    assert_eq!(inspect.status, Some(1));
    assert!(inspect.stdout.contains("  4:2  three"), "{}", inspect.stdout);
}
