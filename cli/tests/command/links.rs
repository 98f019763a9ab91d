//! Links in a destination are not written through, and mail is its owner's alone.

use crate::run::{Bench, mbox, message};
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

fn bench() -> Bench {
    let bench = Bench::new(&mbox((1..6).map(|number| message(&format!("number {number}")))));
    bench.file("victim", b"keep");
    fs::create_dir(bench.path("elsewhere")).unwrap();
    bench
}

fn is_unharmed(bench: &Bench) {
    assert_eq!(fs::read(bench.path("victim")).unwrap(), b"keep");
    assert!(!bench.path("nothing").exists());
    assert_eq!(fs::read_dir(bench.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_link_beside_the_destination_is_refused_before_anything_is_written() {
    for name in [
        "out.unfinished.json",
        "out.report.json.unfinished",
        "out.report.csv.unfinished",
        "out.items.jsonl",
        "out.items.jsonl.unfinished",
        "out.files.jsonl",
        "out.files.jsonl.unfinished",
        "out.gone.jsonl",
        "out.address-map.tsv.unfinished",
        "out.report.json",
        "page.html.unfinished",
        "out.zip.unfinished",
        "out.zip.directory.unfinished",
        "out.zip.report.json.unfinished",
    ] {
        for to in ["victim", "nothing"] {
            let bench = bench();
            symlink(bench.path(to), bench.path(name)).unwrap();
            let destination = if name.starts_with("out.zip") { "out.zip" } else { "out" };
            let run = bench.run(&["convert", "in.mbox", "--to", destination, "--html", "page.html"]);
            assert_eq!(run.status, Some(2), "{name}: {}", run.stderr);
            assert!(run.stderr.contains(name), "{name}: {}", run.stderr);
            assert!(!bench.path(destination).exists(), "{name}");
            assert!(fs::symlink_metadata(bench.path(name)).unwrap().is_symlink(), "{name} is no file of ours");
            is_unharmed(&bench);
        }
    }
}

#[test]
fn a_link_within_the_destination_is_named_and_not_written_through() {
    for (form, folder) in [("eml", "out/in"), ("maildir", "out/.in/tmp"), ("maildir", "out/.in")] {
        let bench = bench();
        let convert = || bench.run(&["convert", "in.mbox", "--to", "out", "--as", form]);
        assert_eq!(convert().status, Some(0));
        bench.file("in.mbox", &mbox((1..8).map(|number| message(&format!("number {number}")))));
        let kept = bench.path("kept");
        fs::rename(bench.path(folder), &kept).unwrap();
        symlink(bench.path("elsewhere"), bench.path(folder)).unwrap();
        let run = convert();
        assert_eq!(run.status, Some(1), "{form}: {}", run.stderr);
        assert!(run.stderr.contains(folder) && run.stderr.contains("is a symbolic link"), "{form}: {}", run.stderr);
        is_unharmed(&bench);
        // Without it, the same command completes what is missing.
        fs::remove_file(bench.path(folder)).unwrap();
        fs::rename(&kept, bench.path(folder)).unwrap();
        let run = convert();
        assert_eq!(run.status, Some(0), "{form}: {}", run.stderr);
        assert_eq!(bench.run(&["verify", "out"]).status, Some(0), "{form}");
    }
    let bench = bench();
    let convert = || bench.run(&["convert", "in.mbox", "--to", "out"]);
    assert_eq!(convert().status, Some(0));
    bench.file("in.mbox", &mbox((1..8).map(|number| message(&format!("number {number}")))));
    let unfinished = bench.path("out/in/.mailferry-unfinished");
    symlink(bench.path("victim"), &unfinished).unwrap();
    let run = convert();
    assert!(run.stderr.contains(".mailferry-unfinished: is a symbolic link"), "{}", run.stderr);
    assert!(fs::symlink_metadata(unfinished).unwrap().is_symlink(), "it is for its owner to remove");
    is_unharmed(&bench);
}

#[test]
fn undo_removes_nothing_through_a_link() {
    let bench = bench();
    assert_eq!(bench.run(&["convert", "in.mbox", "--to", "out"]).status, Some(0));
    fs::rename(bench.path("out/in"), bench.path("moved")).unwrap();
    symlink(bench.path("moved"), bench.path("out/in")).unwrap();
    let run = bench.run(&["undo", "out"]);
    assert!(run.stdout.contains("5 kept") && run.stdout.contains("symbolic link"), "{}{}", run.stdout, run.stderr);
    assert_eq!(fs::read_dir(bench.path("moved")).unwrap().count(), 5);
}

#[test]
fn all_that_is_written_is_its_owners_alone_unless_the_umask_is_asked_for() {
    fn modes(at: &Path, found: &mut Vec<(bool, u32)>) {
        for entry in fs::read_dir(at).unwrap() {
            let entry = entry.unwrap();
            let (name, metadata) = (entry.file_name(), entry.metadata().unwrap());
            if ["in.mbox", "victim", "elsewhere"].iter().any(|own| name == *own) {
                continue;
            }
            found.push((metadata.is_dir(), metadata.permissions().mode() & 0o777));
            if metadata.is_dir() {
                modes(&entry.path(), found);
            }
        }
    }
    for (to, form) in [
        ("out", "eml"),
        ("out.zip", "eml"),
        ("deep/er/out", "mbox"),
        ("out", "maildir"),
        ("out", "bundle"),
        ("out.pst", "pst"),
        ("out.tgz", "eml"),
    ] {
        for (mode, private) in [("private", true), ("umask", false)] {
            let bench = bench();
            let page = ["--csv", "--html", "page.html", "--mode", mode];
            let run = bench.run(&[&["convert", "in.mbox", "--to", to, "--as", form][..], &page].concat());
            assert_eq!(run.status, Some(0), "{}", run.stderr);
            // What a shell makes tells the umask.
            bench.file("victim", b"keep");
            let usual = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
            let (folder, file) = if private { (0o700, 0o600) } else { (usual("elsewhere"), usual("victim")) };
            let mut found = Vec::new();
            modes(bench.path("in.mbox").parent().unwrap(), &mut found);
            for (is_folder, mode) in found {
                assert_eq!(mode, if is_folder { folder } else { file }, "{to} {form} {is_folder}");
            }
        }
    }
}
