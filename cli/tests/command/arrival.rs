//! What importing programs need of what was written for them.

use crate::{
    archive,
    run::{Bench, mbox, message},
};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// The files below a folder, and their octets.
fn files(bench: &Bench, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let root = bench.path(folder);
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

/// A bench with folders of some languages in a directory `src`.
fn mailboxes(names: &[&str]) -> Bench {
    let bench = Bench::new(b"");
    for name in names {
        let path = bench.path("src").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, mbox([message(name)])).unwrap();
    }
    bench
}

const NAMES: [&str; 7] = [
    "Boîte de réception.mbox",
    "Inbox.mbox",
    "Posteingang/Kunden.mbox",
    "Éléments supprimés.mbox",
    "Projects/Sent.mbox",
    "#1 %*.mbox",
    "~x.mbox",
];

#[test]
fn all_inboxes_of_a_maildir_are_one_and_every_folder_is_subscribed() {
    let bench = mailboxes(&NAMES);
    let run = |to: &str, options: &[&str]| {
        let all = [&["convert", "src", "--to", to], options].concat();
        let done = bench.run(&all);
        assert_eq!(done.status, Some(0), "{}{}", done.stdout, done.stderr);
        let files = files(&bench, to);
        let count = |folder: &str| {
            let start = format!("{folder}cur/");
            files.keys().filter(|name| name.starts_with(&start)).count()
        };
        let subscribed = String::from_utf8(files["subscriptions"].clone()).unwrap();
        let mut subscribed: Vec<_> = subscribed.lines().map(str::to_owned).collect();
        subscribed.sort();
        (count(""), count(".INBOX.Kunden/"), subscribed)
    };
    let trash = "&AMk-l&AOk-ments supprim&AOk-s";
    let target = ["INBOX", "INBOX.Kunden", "Projects.Sent", "Trash", "_1 __", "_x"].map(str::to_owned);
    assert_eq!(run("target", &["--target", "maildir"]), (2, 1, target.to_vec()));
    let form = [trash, "INBOX", "INBOX.Kunden", "Projects.Sent", "_1 __", "_x"].map(str::to_owned);
    assert_eq!(run("form", &["--as", "maildir"]), (2, 1, form.to_vec()));
    let kept = run("kept", &["--target", "maildir", "--keep-folder-names"]);
    assert_eq!((kept.0, kept.1), (1, 0));
    assert!(kept.2.contains(&"Bo&AO4-te de r&AOk-ception".to_owned()) && kept.2.contains(&trash.to_owned()));

    let log = archive::log(&bench.path("target.items.jsonl"));
    let of = |folder: &str| log.iter().find(|line| line["folder"] == folder).unwrap()["targetFolder"].clone();
    assert_eq!(of("Boîte de réception"), "INBOX");
    assert_eq!((of("~x"), of("Projects/Sent")), ("_x".into(), Value::Null));
    let verified = bench.run(&["verify", "target", "src"]);
    assert_eq!(verified.status, Some(0), "{}", verified.stdout);
}

#[test]
fn the_plan_shows_what_goes_where() {
    let bench = mailboxes(&NAMES);
    let plan = |options: &[&str]| -> BTreeMap<String, String> {
        let told = bench.run(&[&["plan", "src", "--json"], options].concat());
        let plan: Value = serde_json::from_str(&told.stdout).unwrap();
        let mapping = plan["mapping"].as_array().unwrap().iter();
        mapping.map(|way| (way["folder"].as_str().unwrap().into(), way["target"].as_str().unwrap().into())).collect()
    };
    let zimbra = plan(&["--target", "zimbra"]);
    assert_eq!(zimbra["Boîte de réception"], "Inbox");
    assert_eq!(zimbra["Posteingang/Kunden"], "Inbox/Kunden");
    assert_eq!(zimbra["#1 %*"], "#1 %*");
    assert_eq!(plan(&["--target", "thunderbird"])["#1 %*"], "_1 %*");
    assert_eq!(plan(&["--target", "proton"])["Projects/Sent"], "Projects/Sent (2)");
    assert_eq!(plan(&["--target", "zoho", "--map-folder", "Inbox=Old"])["Inbox"], "Old");
    assert_eq!(plan(&["--target", "zimbra", "--keep-folder-names"])["Inbox"], "Inbox");
    let table = bench.run(&["plan", "src", "--target", "maildir"]);
    assert!(table.stdout.contains("goes to") && table.stdout.contains("INBOX/Kunden"), "{}", table.stdout);
}

#[test]
fn a_restore_of_proton_finds_every_label() {
    let bench = mailboxes(&NAMES);
    assert_eq!(bench.run(&["convert", "src", "--to", "proton", "--target", "proton"]).status, Some(0));
    let files = files(&bench, "proton");
    let json = |octets: &[u8]| -> Value { serde_json::from_slice(octets).unwrap() };
    let labels = json(&files["labels.json"])["Payload"].as_array().unwrap().clone();
    let ids: Vec<_> = labels.iter().map(|label| label["ID"].as_str().unwrap()).collect();
    for id in ["0", "3", "4", "6", "7", "8", "10"] {
        assert!(ids.contains(&id), "{id}");
    }
    for label in &labels {
        assert!(label["Path"].is_string(), "{label}");
        assert_eq!(label["Type"] == 4, label["ID"].as_str().unwrap().parse::<u32>().is_ok(), "{label}");
        let parent = label["ParentID"].as_str().unwrap();
        assert!(parent.is_empty() || ids.contains(&parent), "{label}");
    }
    let metadata: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".metadata.json")).collect();
    assert_eq!(metadata.len(), NAMES.len());
    for (name, octets) in metadata {
        let of = json(octets)["Payload"]["LabelIDs"].as_array().unwrap().clone();
        assert!(!of.is_empty() && of.iter().all(|id| ids.contains(&id.as_str().unwrap())), "{name}");
    }
}

#[test]
fn every_reader_takes_the_lines_between_messages() {
    let crlf = message("crlf").replace('\n', "\r\n");
    let lines =
        ["From ann@example.org", "From - Thu May  3 10:04:05 2018", "From 123@xxx Thu May 03 10:04:05 +0000 2018"];
    let source: String = lines.iter().map(|line| format!("{line}\r\n{crlf}\r\n")).collect();
    let bench = Bench::new(source.as_bytes());
    let separators = |to: &str, options: &[&str], path: &str| -> (Vec<String>, bool) {
        assert_eq!(bench.run(&[&["convert", "in.mbox", "--to", to], options].concat()).status, Some(0));
        let text = String::from_utf8(files(&bench, to).remove(path).unwrap()).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("From ")).map(str::to_owned).collect();
        (lines, text.contains('\r'))
    };
    let (kept, is_crlf) = separators("kept", &["--as", "mbox"], "in.mbox");
    assert!(kept == lines && is_crlf, "{kept:?}");
    for (target, path, crlf) in [
        ("roundcube", "in.mbox", false),
        ("thunderbird", "in", true),
        ("gmail", "in.mbox", true),
        ("apple-mail", "in.mbox/mbox", false),
    ] {
        let (made, is_crlf) = separators(target, &["--target", target], path);
        assert_eq!(is_crlf, crlf, "{target}");
        assert_eq!(made.len(), 3, "{target}");
        for line in made {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            assert!(words.len() == 7 && words[6].len() == 4 && !line.contains('+'), "{target}: {line}");
        }
    }
}

#[test]
fn what_goes_up_over_imap_has_crlf_and_the_plan_names_what_servers_refuse() {
    let nul = message("nul").replace("\n\n", "\n\nx\0y");
    let odd = message("odd").replacen("Subject", "no field\nSubject", 1);
    let bench = Bench::new(&mbox([message("good"), nul, odd]));
    let archive = bench.converted("out", &["--target", "mx-plan"]);
    assert!(archive.files.values().all(|octets| octets.windows(2).all(|two| two[1] != b'\n' || two[0] == b'\r')));
    let told = bench.run(&["plan", "in.mbox", "--target", "mx-plan", "--json"]);
    let plan: Value = serde_json::from_str(&told.stdout).unwrap();
    let flagged = plan["flagged"].as_object().unwrap();
    let first = |word: &str| flagged.iter().find(|(because, _)| because.contains(word)).unwrap().1["first"][0].clone();
    assert_eq!((first("NUL"), first("invalid header")), ("1:2".into(), "1:3".into()));
    assert_eq!(flagged.len(), 2, "{flagged:?}");
}

#[test]
fn gmail_is_told_no_states_of_its_own_and_gets_no_empty_mailbox() {
    let labelled = |labels: &str, subject: &str| format!("X-Gmail-Labels: {labels}\n{}", message(subject));
    let bench = Bench::new(&mbox([
        labelled("=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Ouvert,Travail?=", "read"),
        labelled("=?UTF-8?Q?Cat=C3=A9gorie=C2=A0:_Promotions,Non_lus,Archiv=C3=A9?=", "unread"),
    ]));
    fs::create_dir(bench.path("src")).unwrap();
    fs::rename(bench.path("in.mbox"), bench.path("src/All.mbox")).unwrap();
    fs::write(bench.path("src/Empty.mbox"), b"").unwrap();
    let event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240101T000000Z\r\nEND:VEVENT\r\n";
    let calendar = format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}END:VCALENDAR\r\n");
    fs::write(bench.path("src/Agenda.ics"), calendar).unwrap();
    assert_eq!(bench.run(&["convert", "src", "--to", "out", "--target", "gmail"]).status, Some(0));
    let files = files(&bench, "out");
    assert_eq!(bench.run(&["convert", "src", "--to", "maildir", "--target", "maildir"]).status, Some(0));
    assert!(!bench.path("maildir/.Agenda").exists() && bench.path("maildir/calendars/Agenda.ics").exists());
    let mboxes: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".mbox")).collect();
    let told: Vec<_> = mboxes
        .iter()
        .flat_map(|(_, octets)| String::from_utf8_lossy(octets).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with("X-Gmail-Labels") && !line.contains("=?"))
        .collect();
    assert_eq!(told, ["X-Gmail-Labels: Unread", "X-Gmail-Labels: Inbox,Travail"], "{:?}", files.keys());
    assert!(mboxes.iter().all(|(_, octets)| !octets.is_empty()), "{:?}", files.keys());
}

#[test]
fn one_part_alone_has_the_name_that_was_asked_for() {
    let bench = Bench::new(&crate::run::many(20, 300));
    let archive = bench.converted("one.zip", &["--split", "480M"]);
    archive.check();
    assert!(bench.path("one.zip").is_file() && !bench.path("one.part001.zip").exists());
    assert!(archive.column("path").iter().all(|path| !path.contains('!')));
    let report = |name: &str| -> Value { serde_json::from_slice(&fs::read(bench.path(name)).unwrap()).unwrap() };
    let files = report("one.zip.report.json")["files"].clone();
    assert_eq!(files.as_array().unwrap().len(), 1);
    assert_eq!(
        (&files[0]["name"], &files[0]["bytes"]),
        (&"one.zip".into(), &fs::metadata(bench.path("one.zip")).unwrap().len().into())
    );
    for command in [&["verify", "one.zip", "in.mbox"][..], &["verify", "one.zip"]] {
        let verified = bench.run(command);
        assert_eq!(verified.status, Some(0), "{}", verified.stdout);
    }

    assert_eq!(bench.convert("many.zip", &["--split", "2K"]).status, Some(0));
    assert!(!bench.path("many.zip").exists() && bench.path("many.part002.zip").exists());
    let names: Vec<_> = report("many.zip.report.json")["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.len() > 1 && names.iter().all(|name| bench.path(name).is_file()), "{names:?}");
    assert_eq!(bench.convert("box", &["--as", "mbox"]).status, Some(0));
    assert_eq!(report("box.report.json")["files"][0]["name"], "in.mbox");
    let undone = bench.run(&["undo", "one.zip"]);
    assert!(undone.status == Some(0) && !bench.path("one.zip").exists(), "{}", undone.stdout);
}

#[test]
fn a_sync_with_nothing_new_leaves_only_its_log_and_report() {
    for (to, options) in [
        ("out.zip", &[][..]),
        ("out.zip", &["--split", "480M"]),
        ("out.tgz", &[]),
        ("out", &["--as", "mbox"]),
        ("out", &["--as", "bundle"]),
        ("out", &["--as", "proton"]),
        ("out", &["--as", "ediscovery"]),
    ] {
        let bench = Bench::new(&mbox([message("one"), message("two")]));
        for _ in 0..2 {
            assert_eq!(bench.convert(to, options).status, Some(0), "{to} {options:?}");
        }
        let own = fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let own: Vec<_> = own.filter(|name| name.contains("sync002")).collect();
        assert!(
            own.iter().all(|name| name.ends_with(".json") || name.ends_with(".jsonl")),
            "{to} {options:?}: {own:?}"
        );
        let verified = bench.run(&["verify", to, "in.mbox"]);
        assert_eq!(verified.status, Some(0), "{to} {options:?}: {}", verified.stdout);
        bench.file("in.mbox", &mbox([message("one"), message("two"), message("three")]));
        assert_eq!(bench.convert(to, options).status, Some(0), "{to} {options:?}");
        let verified = bench.run(&["verify", to, "in.mbox"]);
        assert_eq!(verified.status, Some(0), "{to} {options:?}: {}", verified.stdout);
        let undone = bench.run(&["undo", to, "--since", "2"]);
        assert!(undone.status == Some(0) && !undone.stdout.contains("missing"), "{to} {options:?}: {}", undone.stdout);
    }
}

#[test]
fn a_guide_is_in_two_languages() {
    let bench = Bench::new(&mbox([message("one")]));
    let english = bench.run(&["targets", "maildir"]).stdout;
    let french = bench.run(&["targets", "maildir", "--lang", "fr"]).stdout;
    assert!(english.contains("\nTake it back\n") && english.contains("doveadm import") && english.contains("2026-"));
    assert!(french.contains("\nRevenir en arrière\n") && french.contains("doveadm import"));
    assert_eq!(bench.run(&["targets", "maildir", "--lang", "de"]).status, Some(2));
    let page = bench.path("page.html");
    let done =
        bench.run(&["convert", "in.mbox", "--to", "out", "--target", "maildir", "--html", page.to_str().unwrap()]);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("How to import it: Maildir++") && page.contains("lang=\"fr\"") && page.contains("doveadm"));
}

/// A date that IMAP cannot say stops programs that upload a Maildir (mbsync) at that message, and all behind it.
#[test]
fn no_file_of_a_maildir_is_of_a_year_that_imap_cannot_say() {
    let bench = Bench::new(b"From a@example.org Mon Jan  1 12:00:00 0001\nFrom: a@example.org\nSubject: old\n\nx\n");
    assert_eq!(bench.run(&["convert", "in.mbox", "--to", "out", "--target", "maildir"]).status, Some(0));
    let (name, _) = files(&bench, "out").into_iter().find(|(name, _)| name.contains("cur/")).unwrap();
    let written = fs::metadata(bench.path("out").join(name)).unwrap().modified().unwrap();
    assert_eq!(written, std::time::UNIX_EPOCH);
    let log = fs::read_to_string(bench.path("out.items.jsonl")).unwrap();
    assert!(log.contains(r#""receivedAt":"0001-01-01T12:00:00Z""#), "{log}");
}
