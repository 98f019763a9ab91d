#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use super::*;
use recorded::{Call, Loss, Record, after_power_loss};
use std::{
    fs,
    io::{Read, Write},
    path::Path,
};

fn text(path: &Path) -> String {
    let mut text = String::new();
    fs::File::open(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_file_is_made_anew_and_never_emptied() {
    let root = tempfile::tempdir().unwrap();
    let disk = Disk::default();
    fs::write(root.path().join("victim"), "keep").unwrap();
    fs::hard_link(root.path().join("victim"), root.path().join("x")).unwrap();
    let at = At::new(root.path(), "x");
    assert_eq!(disk.create(at).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
    disk.create_anew(at).unwrap().write_all(b"new").unwrap();
    assert_eq!((text(&root.path().join("victim")), text(&root.path().join("x"))), ("keep".into(), "new".into()));
}

#[cfg(unix)]
#[test]
fn no_link_is_written_through_and_each_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (base, elsewhere) = (root.path().join("out"), root.path().join("elsewhere"));
    fs::create_dir_all(base.join("a")).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("victim"), "keep").unwrap();
    let link = |to: &Path, at: &str| std::os::unix::fs::symlink(to, base.join(at)).unwrap();
    link(&elsewhere, "folder");
    link(&elsewhere.join("victim"), "file");
    link(&elsewhere.join("victim"), "a/file");
    link(&elsewhere.join("nothing"), "dangling");
    let disk = Disk::default();
    let at = |within| At::new(&base, within);
    for (outcome, link) in [
        (disk.create(at("file")).map(drop), "file"),
        (disk.create_anew(at("a/file")).map(drop), "a/file"),
        (disk.open(at("file")).map(drop), "file"),
        (disk.open(at("dangling")).map(drop), "dangling"),
        (disk.create_anew(at("dangling")).map(drop), "dangling"),
        (disk.create(at("folder/new")).map(drop), "folder"),
        (disk.make_folder(at("folder/below/deeper")), "folder"),
        (disk.make_folder(at("folder")), "folder"),
        (disk.remove(at("folder/victim")), "folder"),
        (disk.rename(at("a"), at("folder/a")), "folder"),
    ] {
        let error = outcome.unwrap_err();
        assert_eq!(link_in(&error), Some(&*base.join(link)), "{error}");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
    assert_eq!(text(&elsewhere.join("victim")), "keep");
    // The base itself is what the user has named.
    link(&base.join("a"), "base");
    disk.create(At::new(&base.join("base"), "x")).unwrap();
    assert!(base.join("a/x").exists());
    assert!(disk.create(at("../x")).is_err());
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_alone_unless_the_umask_is_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode() & 0o777;
    let disk = Disk::new(Fsync::None, Mode::Private);
    disk.make_folder(At::new(root.path(), "a/b")).unwrap();
    disk.make_base(&root.path().join("base/below")).unwrap();
    disk.create(At::new(root.path(), "a/b/x")).unwrap();
    disk.open(At::new(root.path(), "y")).unwrap();
    for name in ["a", "a/b", "base", "base/below"] {
        assert_eq!(mode(name), 0o700, "{name}");
    }
    assert_eq!((mode("a/b/x"), mode("y")), (0o600, 0o600));
    let kept = disk.temporary_folder(Some(root.path()), "x").unwrap();
    assert_eq!(mode(kept.path().file_name().unwrap().to_str().unwrap()), 0o700);
    fs::write(root.path().join("theirs"), "").unwrap();
    fs::create_dir(root.path().join("their-folder")).unwrap();
    let disk = Disk::new(Fsync::None, Mode::Umask);
    disk.make_folder(At::new(root.path(), "c")).unwrap();
    disk.create(At::new(root.path(), "c/x")).unwrap();
    assert_eq!((mode("c"), mode("c/x")), (mode("their-folder"), mode("theirs")));
}

#[test]
fn a_batch_is_synced_each_thousand_files_and_each_file_only_where_it_must_be() {
    for (fsync, whole, expected) in [
        (Fsync::None, true, (0, 0)),
        (Fsync::End, true, (1, 1)),
        (Fsync::Batch, true, (3, 3)),
        // Each file, and the folder around it for each batch.
        (Fsync::Batch, false, (2_003, 2_003)),
    ] {
        if whole && !cfg!(target_os = "linux") {
            continue;
        }
        let root = tempfile::tempdir().unwrap();
        let record = Record::default();
        let disk = record.usual_disk(fsync, whole);
        for number in 0..2_000 {
            disk.create(At::new(root.path(), "new")).unwrap().write_all(b"x").unwrap();
            disk.rename(At::new(root.path(), "new"), At::new(root.path(), &number.to_string())).unwrap();
        }
        disk.create(At::new(root.path(), "last")).unwrap();
        disk.sync().unwrap();
        let syncs = || record.calls().iter().filter(|call| call.is_sync()).count();
        let first = syncs();
        disk.sync().unwrap();
        assert_eq!((first, syncs()), expected, "{fsync} {whole}");
    }
}

#[test]
fn what_was_not_synced_is_lost_in_each_way() {
    let root = tempfile::tempdir().unwrap();
    let record = Record::default();
    let disk = record.disk(Fsync::End, false);
    let of = root.path().join("live");
    disk.make_base(&of).unwrap();
    let mut file = disk.create(At::new(&of, "x")).unwrap();
    file.write_all(b"safe").unwrap();
    disk.sync().unwrap();
    file.write_all(b"lost").unwrap();
    disk.create(At::new(&of, "new")).unwrap().write_all(b"1234").unwrap();
    let left = |loss, kept| {
        let to = tempfile::tempdir().unwrap();
        after_power_loss(&record.calls(), &of, to.path(), loss, kept);
        let new = to.path().join("new");
        (text(&to.path().join("x")), new.exists().then(|| text(&new)))
    };
    assert_eq!(left(Loss::Dropped, false), ("safe".into(), None));
    assert_eq!(left(Loss::Dropped, true), ("safe".into(), Some(String::new())));
    assert_eq!(left(Loss::Zeroed, true), ("safe\0\0\0\0".into(), Some("\0\0\0\0".into())));
    assert_eq!(left(Loss::Torn, true), ("safelo".into(), Some("12".into())));
    assert!(record.calls().iter().any(|call| matches!(call, Call::SyncFile(_))));
}
