//! A consultant's project, as somebody does it for the first time: twenty commands from a table of mailboxes to its report.

use crate::run::{Bench, Run, mailferry};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};

fn mailbox(from: u32, until: u32) -> Vec<u8> {
    let message = |n: u32| {
        format!(
            "From ann@example.org Mon Jan  1 00:{:02}:{:02} 2024\nFrom: Ann <ann@example.org>\nTo: bob@example.org\nSubject: letter {n}\nDate: Mon, 01 \
             Jan 2024 00:00:00 +0000\nMessage-ID: <{n}@example.org>\n\n{}\n\n",
            n / 60 % 60,
            n % 60,
            format!("line of letter {n}\n").repeat(200)
        )
    };
    (from..until).map(message).collect::<String>().into_bytes()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn well(run: Run) -> Run {
    assert_eq!(run.status, Some(0), "{}{}", run.stdout, run.stderr);
    run
}

#[test]
fn twenty_commands_of_a_newcomer() {
    let bench = Bench::new(&mailbox(0, 1));
    bench.file("ann.mbox", &mailbox(0, 400));
    bench.file("bob.mbox", &mailbox(1_000, 1_040));
    bench.file("bob.vcf", b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nN:Bob;;;;\r\nEND:VCARD\r\n");
    bench.file(
        "p.csv",
        b"source,destination,name,email,pilot,target,skip-trsh\nann.mbox,out/ann.zip,Ann,ann@example.org,10,zoho,yes\n\
          bob.mbox|bob.vcf,out/bob,Bob,,,,\n",
    );
    // 1, 2: what there is.
    assert!(well(bench.run(&["inspect", "ann.mbox"])).stdout.contains("400 items"));
    assert!(well(bench.run(&["targets"])).stdout.contains("zoho"));
    // 3: a misspelled column is named, with the right one.
    let misspelled = bench.run(&["plan", "p.csv"]);
    assert_eq!(misspelled.status, Some(2));
    assert!(
        misspelled.stderr.contains("\"skip-trsh\" is not known: do you mean \"skip-trash\"?"),
        "{}",
        misspelled.stderr
    );
    let table = fs::read_to_string(bench.path("p.csv")).unwrap();
    bench.file("p.csv", table.replace("skip-trsh", "skip-trash").as_bytes());
    // 4, 5: a preview, in either way.
    let plan = well(bench.run(&["plan", "p.csv"]));
    assert!(
        plan.stdout.contains("Ann, ann@example.org (out/ann.zip)") && plan.stdout.contains("Zoho"),
        "{}",
        plan.stdout
    );
    assert_eq!(well(bench.run(&["run", "p.csv", "--dry-run"])).stdout, plan.stdout);
    assert!(!bench.path("out").exists(), "a preview writes nothing");
    // 6: a pilot, which says what is only not in its sample.
    well(bench.run(&["run", "p.csv", "--pilot"]));
    let pilot = json(&bench.path("p.pilot.report.json"));
    assert_eq!(pilot["mailboxes"][0]["sampled"], 390);
    let page = fs::read_to_string(bench.path("p.pilot.report.html")).unwrap();
    assert!(page.contains("390 of the skipped items were only left out because they are not part of its sample"));
    // 7: the run, killed in the middle if the machine is quick enough for that.
    let mut killed = mailferry().args(["run", "p.csv"]).current_dir(bench.path(".")).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(60));
    let _ended = killed.kill();
    killed.wait().unwrap();
    // 8: run again, with progress for programs and a command that is told of the end.
    let notify = if cfg!(windows) { "more > told.json" } else { "cat > told.json" };
    let resumed = well(bench.run(&["run", "p.csv", "--progress", "json", "--notify", notify]));
    let events: Vec<Value> = resumed.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |event: &str| events.iter().filter(|line| line["event"] == event).count();
    assert_eq!((of("mailbox"), of("end")), (2, 1), "{}", resumed.stderr);
    let told = json(&bench.path("told.json"));
    assert_eq!((&told["event"], &told["complete"], &told["mailboxes"]), (&"end".into(), &true.into(), &2.into()));
    let report = json(&bench.path("p.report.json"));
    assert_eq!((&report["totals"]["migrated"], &report["totals"]["failed"]), (&441.into(), &0.into()), "{report}");
    // 9, 10: proof.
    let verified = well(bench.run(&["verify", "p.csv"]));
    assert!(
        verified.stdout.contains("400 items of the sources were compared")
            && verified.stdout.contains("2 of 2 mailboxes")
    );
    let verified = well(bench.run(&["verify", "p.csv", "--json"]));
    let verified: Value = serde_json::from_str(&verified.stdout).unwrap();
    assert_eq!((&verified["ok"], &verified["mailboxes"][1]["result"]["differences"]), (&2.into(), &0.into()));
    // 11: what is done is not done again.
    well(bench.run(&["run", "p.csv"]));
    assert_eq!(json(&bench.path("p.report.json"))["mailboxes"][0]["state"], "done_before");
    // 12, 13: new mail comes, and a delta takes it; the page tells the whole migration.
    bench.file("ann.mbox", &mailbox(0, 403));
    well(bench.run(&["run", "p.csv", "--delta", "--progress", "none"]));
    let ann = json(&bench.path("p.report.json"))["mailboxes"][0].clone();
    assert_eq!(
        (&ann["columns"]["migrated"], &ann["whole"]["migrated"], &ann["whole"]["skipped"]),
        (&3.into(), &403.into(), &0.into())
    );
    well(bench.run(&["verify", "p.csv"]));
    // 14: somebody changes a file of Bob's, which is told.
    let folder = bench.path("out/bob/Mailbox");
    let folder = if folder.is_dir() { folder } else { bench.path("out/bob") };
    let letter = letters(&folder).into_iter().next().unwrap();
    fs::write(&letter, b"changed").unwrap();
    let harmed = bench.run(&["verify", "p.csv"]);
    assert_eq!(harmed.status, Some(1));
    assert!(harmed.stdout.contains("the log says") && harmed.stdout.contains("1 of 2 mailboxes"), "{}", harmed.stdout);
    // 15, 16: pages, of one mailbox and of all.
    well(bench.run(&["report", "out/bob", "--html", "bob.html"]));
    well(bench.run(&["report", "p.csv", "--html", "all.html"]));
    let page = fs::read_to_string(bench.path("all.html")).unwrap();
    assert!(page.contains("href=\"./out/ann.zip.report.html\"") && page.contains(">403<"), "{page}");
    assert!(bench.path("out/ann.zip.report.html").is_file());
    // 17, 18: back again; what was changed stays.
    let dry = bench.run(&["undo", "p.csv", "--dry-run"]);
    assert!(dry.stdout.contains("would be removed") && letter.exists(), "{}{}", dry.stdout, dry.stderr);
    let undone = bench.run(&["undo", "p.csv"]);
    assert_eq!(undone.status, Some(1), "the changed file is kept: {}", undone.stdout);
    assert_eq!(fs::read(&letter).unwrap(), b"changed");
    assert!(!bench.path("out/ann.part001.zip").exists() && !bench.path("out/ann.zip").exists());
    // 19, 20: what was never written cannot be proven, and once more from the start.
    let nothing = bench.run(&["verify", "p.csv"]);
    assert_eq!(nothing.status, Some(1));
    assert!(nothing.stdout.contains("nothing was converted to it"), "{}", nothing.stdout);
    let kept = bench.run(&["run", "p.csv"]);
    assert!(kept.stdout.contains("out/bob: is not empty"), "{}", kept.stdout);
    fs::remove_dir_all(bench.path("out/bob")).unwrap();
    well(bench.run(&["run", "p.csv"]));
}

fn letters(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                waiting.push(entry)
            } else if entry.extension().is_some_and(|e| e == "eml") {
                found.push(entry)
            }
        }
    }
    found
}
