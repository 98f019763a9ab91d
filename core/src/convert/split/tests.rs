use super::{
    decide_splits, finish, finish_of, plan_splits, plan_splits_of, receipts_at,
    run::{local, run_on},
    run_split, run_split_of, *,
};
use crate::{
    convert::{ConvertOptions, ITEM_LOG, REPORT, Report, beside, convert, undo, verify},
    disk::{Disk, Fsync},
    error::ErrorKind,
    limits::Stop,
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// An mbox message whose lines are told by `body`.
fn message(number: usize, body: &str) -> String {
    format!("From a@example.org Mon Jan  1 00:00:{:02} 2024\nSubject: {number}\n\n{body}\n\n", number % 60)
}

fn mbox(messages: usize) -> String {
    (0..messages).map(|number| message(number, &format!("Text {number}\n>From here"))).collect()
}

fn options() -> ConvertOptions {
    let mut options = ConvertOptions::default();
    options.archive.fsync = Fsync::None;
    options
}

/// What the item log says, but for places.
fn lines(destination: &Path) -> Vec<Value> {
    let log = fs::read_to_string(beside(destination, ITEM_LOG)).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let fields = line.as_object_mut().unwrap();
        ["path", "copies"].into_iter().for_each(|name| drop(fields.remove(name)));
        line
    };
    log.lines().map(line).collect()
}

/// What a report says, but for places and times.
fn counts(report: &Report) -> Value {
    let mut report = serde_json::to_value(report).unwrap();
    let fields = report.as_object_mut().unwrap();
    ["files", "seconds", "options", "sync"].into_iter().for_each(|name| drop(fields.remove(name)));
    report
}

fn run_all(splits: &[Split], destination: &Path) -> Vec<Receipt> {
    // The order of the shares does not matter.
    let mut receipts: Vec<_> = splits.iter().rev().map(|split| run_split(split, destination).unwrap()).collect();
    receipts.reverse();
    receipts
}

fn one_run(sources: &[PathBuf], destination: &Path, options: &ConvertOptions) -> Report {
    convert(sources.to_vec(), destination, options, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Holds shares of about `target_size` octets against one run, and gives how many there were.
fn compare(root: &Path, sources: &[PathBuf], options: &ConvertOptions, target_size: u64, ending: &str) -> usize {
    let splits = plan_splits(sources.to_vec(), options, target_size).unwrap();
    compare_splits(root, sources, options, &splits, ending);
    splits.len()
}

fn compare_splits(root: &Path, sources: &[PathBuf], options: &ConvertOptions, splits: &[Split], ending: &str) {
    let (one, many) = (root.join(format!("one{ending}")), root.join(format!("many{ending}")));
    let report = one_run(sources, &one, options);
    let looked = run_all(splits, &many);
    let decided = decide_splits(&many, splits, &looked).unwrap();
    assert_eq!(decide_splits(&many, splits, &looked).unwrap(), decided);
    // What was decided travels as JSON.
    let splits: &[Split] = &serde_json::from_str::<Vec<Split>>(&serde_json::to_string(&decided).unwrap()).unwrap();
    assert_eq!(splits, decided);
    let receipts = run_all(splits, &many);
    let shared = finish(&many, splits, &receipts).unwrap();
    let (of_many, of_one) = (lines(&many), lines(&one));
    of_many.iter().zip(&of_one).for_each(|(many, one)| assert_eq!(many, one));
    assert_eq!(of_many.len(), of_one.len());
    assert_eq!(counts(&shared), counts(&report));
    // What is there is what the log says, and all of the sources is in it.
    let mut found = Vec::new();
    verify(&many, sources.to_vec(), options, &mut |difference| found.push(difference.clone())).unwrap();
    found.retain(|difference| difference.kind != "unreadable");
    assert_eq!(found, []);
    // Nothing that is done is done again.
    let names = names_in(&many);
    assert_eq!(run_all(splits, &many).len(), splits.len());
    assert_eq!(counts(&finish(&many, splits, &receipts).unwrap()), counts(&shared));
    assert_eq!(names_in(&many), names);
    let undone = undo(&many, 1, false, &Stop::default(), &mut |_| {}).unwrap();
    assert!(undone.kept == 0 && names_in(&many).is_empty(), "{:?} stay", names_in(&many));
    assert!(!many.exists() && !beside(&many, SPLITS).exists() && !beside(&many, REPORT).exists());
    undo(&one, 1, false, &Stop::default(), &mut |_| {}).unwrap();
}

fn names_in(folder: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        names.extend(if path.is_dir() { names_in(&path) } else { Vec::new() });
        names.push(path);
    }
    names.sort();
    names
}

/// The shares of one mbox with borders at `cuts`.
fn at_cuts(source: &Path, options: &ConvertOptions, cuts: &[u64]) -> Vec<Split> {
    let split = &plan_splits([source], options, u64::MAX).unwrap()[0];
    let size = split.sources[0].size;
    let mut borders: Vec<u64> = [0, size].into_iter().chain(cuts.iter().map(|cut| cut % size.max(1))).collect();
    borders.sort_unstable();
    borders.dedup();
    let ranges = borders.windows(2).map(|pair| SplitRange::Octets { start: pair[0], end: pair[1] });
    ranges
        .enumerate()
        .map(|(at, range)| Split { id: format!("split{at}"), number: at as u64 + 1, range, ..split.clone() })
        .collect()
}

/// Pieces of mboxes in which it is not easy to see what starts a message.
fn pieces() -> impl Strategy<Value = String> {
    let attached = |closed: bool| {
        let inner = message(7, "inner").replace("Subject", "To: x\nSubject");
        let close = if closed { "--frontier--\n" } else { "" };
        format!(
            "From a@example.org Mon Jan  1 00:00:00 2024\nContent-Type: multipart/mixed; boundary=\"frontier\"\n\n\
             --frontier\n\n{inner}{inner}{close}\n"
        )
    };
    let with_length = |body: &str, length: usize| {
        format!("From a@example.org Mon Jan  1 00:00:00 2024\nContent-Length: {length}\n\n{body}\n")
    };
    let inner = message(3, "in its body");
    prop_oneof![
        4 => (0..60_usize, "[a-z \n]{0,80}").prop_map(|(number, body)| message(number, &body)),
        1 => Just(attached(true)),
        1 => Just(attached(false)),
        1 => Just(with_length(&inner, inner.len())),
        1 => (0..400_usize).prop_map(move |length| with_length("text", length)),
        1 => Just("From nobody\nSubject: undated\n\nx\n\n".to_owned()),
        1 => Just(">From quoted\nFrom here to there\n\n".to_owned()),
        1 => Just("\n\n\n".to_owned()),
        1 => (0..5_usize).prop_map(|number| message(number, "cr").replace('\n', "\r\n")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn wherever_an_mbox_is_cut_the_shares_are_what_one_run_reads(
        garbage in prop_oneof![4 => Just(""), 1 => Just("no mail here\n\n")],
        parts in proptest::collection::vec(pieces(), 1..12),
        nuls in prop_oneof![4 => Just(0_usize), 1 => 1..300_usize],
        cuts in proptest::collection::vec(any::<u64>(), 0..6)
    ) {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("in.mbox");
        let text = format!("{garbage}{}{}{}", message(0, "first"), parts.concat(), "\0".repeat(nuls));
        fs::write(&source, text).unwrap();
        let options = options();
        let splits = at_cuts(&source, &options, &cuts);
        compare_splits(root.path(), &[source], &options, &splits, "");
    }
}

#[test]
fn sources_of_every_kind_are_shared_as_one_run_reads_them() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::write(at("a.mbox"), mbox(12)).unwrap();
    fs::write(at("b.mbox"), mbox(2)).unwrap();
    let card = |name: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nEND:VCARD\n");
    fs::write(at("c.vcf"), card("Ann") + &card("Bob")).unwrap();
    fs::write(
        at("d.ics"),
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nDTSTAMP:20240101T000000Z\n\
         DTSTART:20240101T000000Z\nEND:VEVENT\nEND:VCALENDAR\n",
    )
    .unwrap();
    fs::write(at("none.mbox"), "%PDF-1.7").unwrap();
    let tree = at("tree");
    for folder in ["Inbox", "Sent/2024", ".hidden", "Empty"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
    }
    for number in 0..9 {
        let folder = ["Inbox", "Sent", "Sent/2024"][number % 3];
        let text = format!("Subject: {number}\nDate: Mon, 1 Jan 2024 00:00:0{number} +0000\n\nText\n");
        fs::write(tree.join(folder).join(format!("{number}.eml")), text).unwrap();
    }
    fs::write(tree.join("Inbox/list.mbox"), mbox(3)).unwrap();
    fs::write(tree.join("Inbox/photo.jpg"), b"\xff\xd8\xff").unwrap();
    fs::write(tree.join("Sent/none.mbox"), "%PDF-1.7").unwrap();
    let sources: Vec<_> = ["a.mbox", "b.mbox", "c.vcf", "d.ics", "none.mbox", "tree"].into_iter().map(at).collect();
    for (target_size, at_least, ending) in [(100, 12, ""), (600, 4, ".zip"), (u64::MAX, 1, "")] {
        let splits = compare(root.path(), &sources, &options(), target_size, ending);
        assert!(splits >= at_least, "{splits} splits of {target_size}");
    }
    let mut options = options();
    options.selection.subject = vec!["1".into()];
    options.attachments = true;
    options.tagging.root_folder = Some("Old".into());
    compare(root.path(), &sources, &options, 500, "");
}

#[test]
fn what_only_one_run_can_do_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(2)).unwrap();
    for (option, set) in [
        ("split", r#"{"archive":{"split":5000000}}"#),
        ("names", r#"{"archive":{"names":"{ordinal}"}}"#),
        ("as", r#"{"archive":{"as":"bundle"}}"#),
    ] {
        let options: ConvertOptions = serde_json::from_str(set).unwrap();
        let error = plan_splits([&source], &options, 10).unwrap_err();
        assert!(error.kind() == ErrorKind::Options && error.to_string().contains(option), "{error}");
    }
    assert!(plan_splits([root.path().join("none")], &options(), 10).is_err());
    let splits = plan_splits([&source], &options(), 10).unwrap();
    for destination in ["a.tar", "a.tgz", "a.pst"] {
        let error = run_split(&splits[0], &root.path().join(destination)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Destination, "{error}");
    }
}

#[test]
fn what_cannot_be_cut_is_one_share_and_says_why() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let with_length = "From a@example.org Mon Jan  1 00:00:00 2024\nContent-Length: 3\n\nHi\n\n".repeat(50);
    fs::write(at("length.mbox"), with_length).unwrap();
    fs::write(at("mmdf.mbox"), "\u{1}\u{1}\u{1}\u{1}\nSubject: a\n\nHi\n\u{1}\u{1}\u{1}\u{1}\n".repeat(50)).unwrap();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(mbox(9).bytes().flat_map(|octet| [octet, 0])).collect();
    fs::write(at("utf16.mbox"), utf16).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut gzip, mbox(9).as_bytes()).unwrap();
    fs::write(at("packed.mbox.gz"), gzip.finish().unwrap()).unwrap();
    for (name, why) in [
        ("length.mbox", "Content-Length"),
        ("mmdf.mbox", "From_ lines"),
        ("utf16.mbox", "UTF-16"),
        ("packed.mbox.gz", "compressed"),
    ] {
        let splits = plan_splits([at(name)], &options(), 100).unwrap();
        assert_eq!(splits.len(), 1, "{name}");
        assert!(splits[0].because.as_ref().is_some_and(|because| because.contains(why)), "{splits:?}");
        compare_splits(root.path(), &[at(name)], &options(), &splits, "");
    }
}

#[test]
fn a_source_that_changed_is_refused_with_both_versions() {
    let root = tempfile::tempdir().unwrap();
    let (source, tree) = (root.path().join("a.mbox"), root.path().join("tree"));
    fs::write(&source, mbox(4)).unwrap();
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("1.eml"), "Subject: a\n\nx\n").unwrap();
    let to = root.path().join("to");
    let splits = plan_splits([&source, &tree], &options(), 5).unwrap();
    fs::write(&source, mbox(5)).unwrap();
    fs::write(tree.join("2.eml"), "Subject: b\n\nx\n").unwrap();
    for split in &splits {
        let error = run_split(split, &to).unwrap_err();
        let told = error.to_string();
        let version = &split.sources[0].version;
        assert!(error.kind() == ErrorKind::Options && told.contains(version) && told.contains("now it has"), "{told}");
    }
    assert!(receipts_at(&to, &splits).unwrap().is_empty());
}

#[test]
fn nothing_that_is_written_is_a_source() {
    let root = tempfile::tempdir().unwrap();
    let octets = mbox(3);
    for (name, to, page) in [
        ("a.mbox", "a.mbox", None),
        ("to.report.json", "to", None),
        ("b.mbox", "to", Some("b.mbox")),
        ("c.mbox", ".", None),
    ] {
        let source = root.path().join(name);
        fs::write(&source, &octets).unwrap();
        let options = ConvertOptions { page: page.map(|page| root.path().join(page)), ..options() };
        let splits = plan_splits([&source], &options, 1 << 20).unwrap();
        let error = run_split(&splits[0], &root.path().join(to)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Destination, "{error}");
        assert_eq!(fs::read(&source).unwrap(), octets.as_bytes(), "{name}");
        fs::remove_file(&source).unwrap();
    }
}

#[test]
fn receipts_must_be_those_of_the_plan() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(20)).unwrap();
    let to = root.path().join("to");
    let splits = plan_splits([&source], &options(), 300).unwrap();
    let receipts = run_all(&splits, &to);
    let error = finish(&to, &splits, &receipts[1..]).unwrap_err().to_string();
    assert!(error.contains("1 of ") && error.contains("bytes 0 to"), "{error}");
    let mut foreign = receipts.clone();
    foreign.push(Receipt { split: "other".into(), ..Receipt::default() });
    let error = finish(&to, &splits, &foreign).unwrap_err().to_string();
    assert!(error.contains("of another plan: other"), "{error}");
    // One that was written to somewhere else.
    let error = finish(&root.path().join("elsewhere"), &splits, &receipts).unwrap_err().to_string();
    assert!(error.contains("not done at this destination"), "{error}");
    assert!(!to.exists(), "nothing stands there until all is done");
    finish(&to, &splits, &receipts).unwrap();
    let others = plan_splits([&source], &options(), 500).unwrap();
    let error = finish(&to, &others, &[]).unwrap_err().to_string();
    assert!(error.contains("another plan was completed"), "{error}");
}

#[test]
fn of_two_attempts_at_once_one_counts() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(30)).unwrap();
    let to = root.path().join("to");
    let splits = plan_splits([&source], &options(), u64::MAX).unwrap();
    let split = &splits[0];
    let mut inner = None;
    // Another one is begun and done while the first is in the middle.
    let outer = run_split_of(split, &to, &mut local, &mut |_| {
        inner.get_or_insert_with(|| run_split(split, &to).unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(outer.attempt, inner.unwrap().attempt);
    let report = finish(&to, &splits, &[outer]).unwrap();
    assert_eq!(report.totals.migrated, 30);
    assert_eq!(lines(&to).len(), 30);
}

#[test]
fn one_that_was_cut_off_anywhere_leaves_nothing_that_counts() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(10)).unwrap();
    let to = root.path().join("to");
    let options = options();
    let splits = plan_splits([&source], &options, 400).unwrap();
    for after in 0..3 {
        let mut items = 0;
        let stopped = run_split_of(&splits[0], &to, &mut local, &mut |_| {
            items += 1;
            if items > after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(receipts_at(&to, &splits).unwrap().is_empty());
    }
    // One that was killed leaves its folder.
    let left = beside(&to, SPLITS).join("_tmp").join("killed.1");
    fs::create_dir_all(left.join("mail/a")).unwrap();
    fs::write(left.join("mail/a/x.eml"), "half").unwrap();
    let receipts = run_all(&splits, &to);
    let one = root.path().join("one");
    let report = one_run(&[source], &one, &options);
    // The driver died in the middle of its work, after some parts had been put to their places.
    let shared = finish_of(&to, &splits, &receipts, &mut local).unwrap();
    assert_eq!(counts(&shared), counts(&report));
    assert!(!left.exists());
}

/// Every call that changes a file fails once, on one worker.
#[test]
fn a_full_disk_fails_the_share_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(10)).unwrap();
    let to = root.path().join("to");
    let splits = plan_splits([&source], &options(), 400).unwrap();
    run_split(&splits[1], &to).unwrap();
    // A file stands where the folder of what is under way should.
    let under_way = beside(&to, SPLITS).join("_tmp");
    fs::remove_dir_all(&under_way).unwrap();
    fs::write(&under_way, "x").unwrap();
    let error = run_on(&Disk::default(), &splits[0], options(), &to, &mut local, &mut |_| ControlFlow::Continue(()));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Destination);
    fs::remove_file(&under_way).unwrap();
    let receipts = run_all(&splits, &to);
    assert_eq!(finish(&to, &splits, &receipts).unwrap().totals.migrated, 10);
}

#[test]
fn an_item_that_fails_is_counted_once() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir(&tree).unwrap();
    for number in 0..6 {
        fs::write(tree.join(format!("{number}.eml")), format!("Subject: {number}\n\nx\n")).unwrap();
    }
    // It says what it is by its name, and is not.
    fs::write(tree.join("3.msg"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off").unwrap();
    let splits = compare(root.path(), &[tree], &options(), 1, "");
    assert_eq!(splits, 7);
}

#[test]
fn a_great_many_shares_are_put_together() {
    let root = tempfile::tempdir().unwrap();
    let source = root.path().join("a.mbox");
    fs::write(&source, mbox(300)).unwrap();
    let options = options();
    let size = fs::metadata(&source).unwrap().len();
    let splits = plan_splits([&source], &options, size / 10_000 + 1).unwrap();
    assert!(splits.len() > 5_000, "{}", splits.len());
    let ids: std::collections::HashSet<_> = splits.iter().map(|split| &split.id).collect();
    assert_eq!(ids.len(), splits.len());
    // A share of a few octets is done at once where no message starts in it.
    // What it takes grows with the splits alone, however long the command line was.
    let long = ConvertOptions { arguments: Some(vec!["x".repeat(100); 1000]), ..options.clone() };
    let splits = plan_splits([&source], &long, size / 1_000).unwrap();
    let octets = serde_json::to_string(&splits).unwrap().len();
    assert!(octets < 1000 * 1000, "{octets}");
    let few = plan_splits([&source], &options, size / 200).unwrap();
    compare_splits(root.path(), &[source], &options, &few, "");
}

#[test]
fn octets_from_anywhere_are_shared_too() {
    let root = tempfile::tempdir().unwrap();
    let to = root.path().join("to");
    let octets: crate::source::Source = std::sync::Arc::new(mbox(20).into_bytes());
    let at = |octets: &crate::source::Source| SplitSource::new("s3://bucket/a.mbox", octets.clone(), "etag-1");
    let splits = plan_splits_of(vec![at(&octets)], &options(), 400).unwrap();
    assert!(splits.len() > 3);
    let mut open = |_: &SourceId| Ok(at(&octets));
    let receipts: Vec<_> = splits
        .iter()
        .map(|split| run_split_of(split, &to, &mut open, &mut |_| ControlFlow::Continue(())).unwrap())
        .collect();
    let json: Vec<Receipt> = serde_json::from_str(&serde_json::to_string(&receipts).unwrap()).unwrap();
    assert_eq!(finish_of(&to, &splits, &json, &mut open).unwrap().totals.migrated, 20);
}

/// An mbox in which every third message is there before, and labels tell folders.
fn with_duplicates(messages: usize, first: usize) -> String {
    let labels = ["Inbox,Opened", "Sent", "Projects/Alpha", "Inbox,Work"];
    let text = |number: usize| {
        let number = first + if number % 3 == 2 { number / 2 } else { number };
        let label = labels[(number * 7 + messages) % 4];
        format!(
            "From a@example.org Mon Jan  1 00:00:{:02} 2024\nX-Gmail-Labels: {label}\nMessage-ID: <{number}@x>\nSubject: {number}\n\n\
             Text {number}\n\n",
            number % 60
        )
    };
    (0..messages).map(text).collect()
}

/// Sources in which items are equal to others of the same source, of another one, and of a tree.
fn equal_sources(root: &Path) -> Vec<PathBuf> {
    let at = |name: &str| root.join(name);
    fs::write(at("a.mbox"), with_duplicates(30, 0)).unwrap();
    fs::write(at("b.mbox"), with_duplicates(14, 20)).unwrap();
    let card = |name: &str| format!("BEGIN:VCARD\nVERSION:3.0\nFN:{name}\nTEL:1\nEND:VCARD\n");
    fs::write(at("c.vcf"), card("Ann") + &card("Bob") + &card("Ann")).unwrap();
    let tree = at("tree");
    for number in 0..9 {
        let folder = tree.join(["Inbox", "Sent", "Sent/2024"][number % 3]);
        fs::create_dir_all(&folder).unwrap();
        let text = format!("Subject: {0}\nMessage-ID: <{0}@y>\n\nText\n", number / 2);
        fs::write(folder.join(format!("{number}.eml")), text).unwrap();
    }
    fs::write(tree.join("Inbox/list.mbox"), with_duplicates(6, 3)).unwrap();
    ["a.mbox", "b.mbox", "none.mbox", "c.vcf", "tree"].into_iter().map(at).filter(|path| path.exists()).collect()
}

#[test]
fn duplicates_are_found_across_shares_as_in_one_run() {
    let root = tempfile::tempdir().unwrap();
    let sources = equal_sources(root.path());
    for selection in [
        r#"{"dedupe":"exact"}"#,
        r#"{"dedupe":"loose"}"#,
        r#"{"dedupe":"exact","subject":["1"]}"#,
        r#"{"dedupe":"loose","folders":["Inbox","Sent"]}"#,
    ] {
        let options = ConvertOptions { selection: serde_json::from_str(selection).unwrap(), ..options() };
        for (target_size, ending) in [(150, ""), (700, ".zip"), (1 << 20, "")] {
            let splits = plan_splits(sources.clone(), &options, target_size).unwrap();
            assert!(splits.iter().all(|split| split.pass == Pass::Survey));
            compare_splits(root.path(), &sources, &options, &splits, ending);
        }
    }
}

#[test]
fn a_sample_is_the_same_however_it_is_shared() {
    let root = tempfile::tempdir().unwrap();
    let sources = equal_sources(root.path());
    for selection in [
        r#"{"sample":7}"#,
        r#"{"sample":9,"seed":5}"#,
        r#"{"sample":0}"#,
        r#"{"sample":1000}"#,
        r#"{"sample":6,"dedupe":"exact"}"#,
        r#"{"sample":5,"seed":2,"dedupe":"loose","kinds":["mail"]}"#,
    ] {
        let options = ConvertOptions { selection: serde_json::from_str(selection).unwrap(), ..options() };
        for target_size in [150, 900] {
            compare(root.path(), &sources, &options, target_size, "");
        }
    }
}

#[test]
fn calendar_objects_of_one_uid_are_told_of_across_shares() {
    let root = tempfile::tempdir().unwrap();
    let event = |uid: &str, sequence: usize, more: &str| {
        format!(
            "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20240101T000000Z\r\nSEQUENCE:{sequence}\r\nDTSTART:20240101T000000Z\r\n\
             SUMMARY:{uid}\r\n{more}END:VEVENT\r\n"
        )
    };
    let calendar = |events: &[String]| {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n", events.concat())
    };
    let changed = event("1", 0, "RECURRENCE-ID:20240108T000000Z\r\n");
    let series = event("1", 0, "RRULE:FREQ=WEEKLY;COUNT=4\r\n");
    let texts = [
        calendar(&[series, event("2", 0, "")]) + &calendar(&[changed]),
        calendar(&[event("2", 1, ""), event("3", 0, "")]),
        calendar(&[event("3", 1, ""), event("4", 0, "")]) + &calendar(&[event("4", 2, "")]),
        calendar(&[event("1", 2, ""), event("5", 0, "")]),
    ];
    let mut sources = vec![root.path().join("mail.mbox")];
    fs::write(&sources[0], mbox(6)).unwrap();
    for (number, text) in texts.iter().enumerate() {
        // They are of one calendar.
        let folder = root.path().join(format!("{number}"));
        fs::create_dir(&folder).unwrap();
        sources.push(folder.join("Cal.ics"));
        fs::write(&sources[number + 1], text).unwrap();
    }
    for set in
        [r#"{"archive":{"collections":{"ics":{"mend":true}}}}"#, r#"{"archive":{"collections":{"vcf":{"mend":true}}}}"#]
    {
        let mut options: ConvertOptions = serde_json::from_str(set).unwrap();
        options.archive.fsync = Fsync::None;
        for target_size in [10, 400, 1 << 20] {
            let splits = plan_splits(sources.clone(), &options, target_size).unwrap();
            // Nothing has to be known of the messages.
            let looks = |split: &Split| split.pass == Pass::Survey;
            assert!(splits.iter().any(|split| !looks(split)));
            assert_eq!(splits.iter().any(looks), target_size < 1 << 20 && set.contains("ics"), "{set} {target_size}");
            compare_splits(root.path(), &sources, &options, &splits, "");
        }
    }
}

#[test]
fn what_was_not_looked_at_is_not_decided_upon() {
    let root = tempfile::tempdir().unwrap();
    let (source, to) = (root.path().join("a.mbox"), root.path().join("to"));
    fs::write(&source, with_duplicates(20, 0)).unwrap();
    let options = ConvertOptions { selection: serde_json::from_str(r#"{"dedupe":"exact"}"#).unwrap(), ..options() };
    let splits = plan_splits([&source], &options, 500).unwrap();
    let looked = run_all(&splits, &to);
    let error = decide_splits(&to, &splits, &looked[1..]).unwrap_err().to_string();
    assert!(error.contains("1 of ") && error.contains("have no receipt"), "{error}");
    let error = finish(&to, &splits, &looked).unwrap_err().to_string();
    assert!(error.contains("only look at the items"), "{error}");
    let undecided = Split { pass: Pass::Convert, id: "x".into(), ..splits[0].clone() };
    let error = run_split(&undecided, &to).unwrap_err().to_string();
    assert!(error.contains("split decide"), "{error}");
    // A worker that is cut off leaves nothing that counts; what is damaged is said.
    let keys = beside(&to, SPLITS).join(&splits[1].id).join("keys");
    let octets = fs::read(&keys).unwrap();
    fs::write(&keys, &octets[1..]).unwrap();
    let error = decide_splits(&to, &splits, &looked).unwrap_err().to_string();
    assert!(error.contains("is cut off"), "{error}");
    fs::write(&keys, &octets).unwrap();
    let decided = decide_splits(&to, &splits, &looked).unwrap();
    let mut damaged = serde_json::to_value(&decided[1]).unwrap();
    damaged["decided"]["items"] = "/w==".into();
    let error = run_split(&serde_json::from_value(damaged).unwrap(), &to).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    // The source changes between the passes.
    fs::write(&source, with_duplicates(21, 0)).unwrap();
    let error = run_split(&decided[0], &to).unwrap_err().to_string();
    assert!(error.contains("now it has"), "{error}");
}

/// The item that is kept fails in one share: its duplicate, in another one, may not be left out in its stead.
#[test]
fn a_duplicate_of_what_failed_elsewhere_fails_too() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let text = |subject: &str| format!("Subject: {subject}\n\nThe same in all of them\n");
    for (number, subject) in ["one", "two", "one", "three", "two"].into_iter().enumerate() {
        fs::write(tree.join(format!("{number}.eml")), text(subject)).unwrap();
    }
    let mut options = ConvertOptions { selection: serde_json::from_str(r#"{"dedupe":"exact"}"#).unwrap(), ..options() };
    options.transform = None;
    let to = root.path().join("to");
    let splits = plan_splits([&tree], &options, 1).unwrap();
    let looked = run_all(&splits, &to);
    let splits = decide_splits(&to, &splits, &looked).unwrap();
    assert_eq!(splits.len(), 5);
    let receipts = run_all(&splits, &to);
    // As if the first had failed to be written.
    let log = beside(&to, SPLITS).join(&splits[0].id).join("mail.items.jsonl");
    let line = fs::read_to_string(&log).unwrap().replace("\"migrated\"", "\"failed\"");
    fs::write(&log, line).unwrap();
    let report = finish(&to, &splits, &receipts).unwrap();
    let lines = lines(&to);
    assert_eq!(lines[2]["status"], "failed");
    assert!(lines[2]["reason"].as_str().unwrap().contains("duplicate of item 1:1"), "{}", lines[2]);
    assert!(lines[4]["status"] == "skipped" && lines[4]["duplicateOf"] == "1:2", "{}", lines[4]);
    assert_eq!((report.totals.failed, report.totals.skipped, report.reasons["duplicate"]), (1, 1, 1));
}
