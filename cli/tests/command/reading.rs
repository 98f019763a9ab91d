//! The commands that only read: show, list, inspect, formats; and what the command tells of itself.

use crate::{
    options::{WITH_ATTACHMENT, its_attachment},
    run::{Bench, mailferry, many, mbox, message, run},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn an_item_is_shown_to_a_person() {
    let bench = Bench::new(&mbox([&message("first"), WITH_ATTACHMENT]));
    let shown = bench.run(&["show", "in.mbox"]);
    assert_eq!((shown.status, &*shown.stderr), (Some(0), ""));
    assert_eq!(shown.stdout, "From:     Ann <ann@example.org>\nSubject:  first\n\nThis is first.\n");
    let shown = bench.run(&["show", "in.mbox", "2"]).stdout;
    for line in [
        "From:     Doe, Ann <ann@example.org>\n",
        "To:       Bob <bob@example.org>, carol@example.org\n",
        "Cc:       Jürgen <j@example.org>\n",
        "Date:     2024-01-01T10:00:00+01:00\n",
        "Subject:  Grüße\n",
        "Attached: a.bin (application/octet-stream, 12 B)\n",
        "\nGuten Tag\n",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert_eq!(bench.run(&["show", "in.mbox", "2", "--raw"]).stdout, WITH_ATTACHMENT);
}

#[test]
fn an_item_is_shown_as_json_of_one_shape() {
    let bench = Bench::new(&mbox([WITH_ATTACHMENT, "\nonly a body\n"]));
    assert_eq!(
        json(&bench.run(&["show", "in.mbox", "--json"]).stdout),
        json!({
            "subject": "Grüße",
            "from": [{"name": "Doe, Ann", "address": "ann@example.org"}],
            "to": [{"name": "Bob", "address": "bob@example.org"}, {"name": null, "address": "carol@example.org"}],
            "cc": [{"name": "Jürgen", "address": "j@example.org"}],
            "date": "2024-01-01T10:00:00+01:00",
            "messageId": "1@example.org",
            "text": "Guten Tag",
            "html": null,
            "attachments": [its_attachment()],
            "defects": [],
        })
    );
    let bare = json(&bench.run(&["show", "in.mbox", "2", "--json"]).stdout);
    assert_eq!((&bare["subject"], &bare["from"], &bare["attachments"]), (&json!(null), &json!([]), &json!([])));
}

#[test]
fn a_calendar_object_and_a_contact_are_shown_as_json_too() {
    for (name, octets, kind, summary, component) in [
        (
            "a.ics",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20240101T100000Z\r\nSUMMARY:Lunch\\, then work\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "event",
            "Lunch, then work",
            "VEVENT",
        ),
        (
            "b.ics",
            "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Pay\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
            "task",
            "Pay",
            "VTODO",
        ),
        (
            "c.vcf",
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nTEL;TYPE=home:1\r\nEND:VCARD\r\n",
            "contact",
            "Ann Lee",
            "",
        ),
    ] {
        let bench = Bench::new(b"");
        std::fs::write(bench.path(name), octets).unwrap();
        let shown = json(&bench.run(&["show", name, "--json"]).stdout);
        assert_eq!((&shown["kind"], &shown["summary"]), (&json!(kind), &json!(summary)), "{name}");
        let inside = shown["document"]["components"].as_array().unwrap();
        match inside.first() {
            Some(inside) => assert_eq!(inside["name"], component),
            None => assert_eq!(
                shown["document"]["properties"][2],
                json!({"name": "TEL", "parameters": {"TYPE": ["home"]}, "value": "1"})
            ),
        }
        assert!(bench.run(&["show", name]).stdout.starts_with("BEGIN:"), "{name}");
    }
}

#[test]
fn an_item_that_is_not_there_is_not_shown() {
    let bench = Bench::new(&mbox([message("one")]));
    let shown = bench.run(&["show", "in.mbox", "2"]);
    assert_eq!((shown.status, &*shown.stdout), (Some(1), ""));
    assert!(shown.stderr.contains("in.mbox: item 2 not found, there are 1 items"), "{}", shown.stderr);
    for number in ["0", "-1", "x"] {
        assert_eq!(bench.run(&["show", "in.mbox", number]).status, Some(2), "{number}");
    }
    assert_eq!(bench.run(&["show", "none.mbox"]).status, Some(2));
}

#[test]
fn items_are_listed_a_line_each() {
    let bench = Bench::new(&mbox([message("one"), message("two")]));
    let list = bench.run(&["list", "in.mbox"]).stdout;
    let size = message("one").len();
    assert_eq!(
        list,
        format!(
            "     1:1  2024-01-01T00:00:01Z       {:>12}  in  one\n     1:2  2024-01-01T00:00:02Z       {:>12}  in  two\n",
            format!("{size} B"),
            format!("{size} B")
        )
    );
    let list = bench.run(&["list", "in.mbox", "--json"]).stdout;
    let archive = bench.converted("out", &[]);
    for (listed, logged) in list.lines().map(json).zip(&archive.log) {
        for (key, value) in listed.as_object().unwrap() {
            assert_eq!(value, &logged[key], "{key} is as in the item log");
        }
    }
    assert_eq!(list.lines().count(), archive.log.len());
}

#[test]
fn a_mailbox_is_inspected_without_a_trace() {
    let bench = Bench::new(&mbox([&message("one"), WITH_ATTACHMENT]));
    let bytes = message("one").len() + WITH_ATTACHMENT.len();
    let inspected = json(&bench.run(&["inspect", "in.mbox", "--json", "--largest", "1"]).stdout);
    assert_eq!((&inspected["items"], &inspected["bytes"]), (&json!(2), &json!(bytes)));
    assert_eq!(inspected["earliest"], "2024-01-01T00:00:01Z");
    assert_eq!(inspected["latest"], "2024-01-01T00:00:02Z");
    assert_eq!(inspected["folders"], json!({"in": {"items": 2, "bytes": bytes}}));
    assert_eq!(inspected["kinds"], json!({"mail": {"items": 2, "bytes": bytes}}));
    assert_eq!(inspected["largest"].as_array().unwrap().len(), 1);
    assert_eq!(inspected["largest"][0]["subject"], "Grüße");
    let inspected = bench.run(&["inspect", "in.mbox"]).stdout;
    for told in ["in.mbox: mbox\n", "2 items, ", "from 2024-01-01T00:00:01Z to 2024-01-01T00:00:02Z", "1:2  Grüße"] {
        assert!(inspected.contains(told), "{told} in {inspected}");
    }
    assert_eq!(bench.names(), ["in.mbox"]);
}

#[test]
fn the_formats_are_told() {
    let formats = json(&run(["formats", "--json"]).stdout);
    let mbox = &formats.as_array().unwrap()[0];
    assert_eq!(mbox["name"], "mbox");
    assert_eq!(mbox["mediaTypes"][0], "application/mbox");
    assert!(mbox["extensions"].as_array().unwrap().contains(&json!("mbox")));
    let table = run(["formats"]).stdout;
    for format in formats.as_array().unwrap() {
        let line = table.lines().find(|line| line.split_whitespace().next() == format["name"].as_str());
        assert!(line.is_some_and(|line| line.ends_with(format["title"].as_str().unwrap())), "{table}");
    }
}

const COMMANDS: [&str; 5] = ["convert", "inspect", "list", "show", "formats"];

#[test]
fn every_command_has_its_help_and_its_man_page() {
    let top = run(["--help"]).stdout;
    assert!(top.contains("Exit status: 0"), "{top}");
    let page = run(["man"]).stdout;
    assert!(page.contains(".TH mailferry 1"), "{page}");
    for command in COMMANDS {
        assert!(top.contains(command));
        assert!(page.contains(&format!("mailferry\\-{command}(1)")), "{page}");
        let help = run([command, "--help"]);
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains(&format!("Usage: mailferry {command}")), "{}", help.stdout);
        let page = run(["man", command]);
        assert_eq!(page.status, Some(0));
        assert!(page.stdout.contains(&format!(".TH mailferry-{command} 1")), "{}", page.stdout);
        for option in help.stdout.split_whitespace().filter(|word| word.starts_with("--")) {
            let escaped = option.trim_end_matches(',').replace('-', "\\-");
            assert!(page.stdout.contains(&escaped), "{option} in {}", page.stdout);
        }
    }
    assert_eq!(run(["man", "nonsense"]).status, Some(2));
}

#[test]
fn shells_can_complete_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(["completions", shell]);
        assert_eq!(script.status, Some(0));
        assert!(COMMANDS.iter().all(|command| script.stdout.contains(command)), "{shell}");
        assert!(script.stdout.contains("zip-level"), "{shell}");
        // Where the shell is at hand, it shall understand its script.
        let Ok(mut child) = std::process::Command::new(shell).arg("-n").arg("/dev/stdin").stdin(Stdio::piped()).spawn()
        else {
            continue;
        };
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.stdout.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new(&many(3_000, 100));
    let path = bench.path("in.mbox");
    for arguments in [&["list"][..], &["list", "--json"], &["show", "--raw"], &["inspect"], &["inspect", "--json"]] {
        let mut child =
            mailferry().args(arguments).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), &*stderr), (Some(0), ""), "{arguments:?}");
        assert!(!first.is_empty());
    }
}

#[test]
fn nobody_needs_to_read_what_is_printed() {
    let bench = Bench::new(&mbox([message("one")]));
    let convert = ["convert", "in.mbox", "--to", "out", "--progress", "json"];
    let others = [&["formats"][..], &["inspect", "in.mbox"], &["completions", "bash"], &["man"], &["--help"]];
    for arguments in others.into_iter().chain([&convert[..]]) {
        let mut command = mailferry();
        command.current_dir(bench.path("")).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        if arguments == convert {
            drop(child.stderr.take());
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
    bench.archive("out").check();
}

#[test]
fn no_escape_sequence_of_a_mailbox_reaches_the_terminal() {
    let encoded = |text: &str| {
        let octets: String = text.bytes().map(|octet| format!("={octet:02X}")).collect();
        format!("=?utf-8?q?{octets}?=")
    };
    let evil = encoded("\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\r\u{7f}\u{202e}");
    let bench = Bench::new(&mbox([format!(
        "X-Gmail-Labels: {evil}\nFrom: {evil} <a@example.org>\nSubject: {evil}\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody \u{1b}[2J\r more\n\
         --b\nContent-Disposition: attachment; filename=\"{evil}\"\n\nx\n--b--\n"
    )]));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let entry = "\u{1b}[31m.mbox";
    for name in [entry, "good.mbox"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, if name == entry { b"%PDF-1.7" } else { b"From a\nSubject: x\n\nx\n" })
            .unwrap();
    }
    bench.file("takeout.zip", zip.finish().unwrap().get_ref());
    for (arguments, status) in [
        (&["list", "in.mbox", "takeout.zip"][..], 1),
        (&["inspect", "in.mbox", "takeout.zip"], 1),
        (&["show", "in.mbox"], 0),
        (&["show", "takeout.zip", "2"], 0),
        (&["convert", "in.mbox", "takeout.zip", "--to", "out"], 1),
    ] {
        let run = bench.run(arguments);
        assert_eq!(run.status, Some(status), "{arguments:?} {}", run.stderr);
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{arguments:?}: {text:?}");
        }
    }
    let paths = bench.archive("out");
    assert!(paths.check().files.keys().all(|path| !path.chars().any(char::is_control)), "{:?}", paths.files.keys());
}

#[test]
fn a_store_that_is_not_scrambled_is_sound_and_holds_the_same() {
    let bench = Bench::new(&mbox([&message("first"), WITH_ATTACHMENT]));
    for (to, arguments) in [("as-ever.pst", &[][..]), ("plain.pst", &["--pst-scrambling", "none"])] {
        let words = ["convert", "in.mbox", "--as", "pst", "--to", to];
        assert_eq!(bench.run(&[&words, arguments].concat()).status, Some(0), "{to}");
        let checked = bench.run(&["check", to]);
        assert!(
            checked.status == Some(0) && checked.stdout.ends_with(": 0 errors, 0 warnings\n"),
            "{}",
            checked.stdout
        );
        let back = ["convert", to, "--to", &format!("{to}.back")];
        assert_eq!(bench.run(&back).status, Some(0), "{to}");
    }
    let method = |store: &str| std::fs::read(bench.path(store)).unwrap()[513];
    assert_eq!((method("as-ever.pst"), method("plain.pst")), (1, 0));
    let back = |store: &str| {
        let paths = bench.archive(&format!("{store}.back"));
        paths.check().files.values().map(|octets| octets.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(back("as-ever.pst"), back("plain.pst"));
    let report = json(&std::fs::read_to_string(bench.path("plain.pst.report.json")).unwrap());
    assert_eq!(report["options"]["archive"]["pstScrambling"], "none");
    let refused = bench.run(&["convert", "in.mbox", "--to", "mail", "--pst-scrambling", "none"]);
    assert!(refused.status == Some(2) && refused.stderr.contains("the form is eml"), "{}", refused.stderr);
    assert!(!bench.path("mail").exists());
}

#[test]
fn a_store_is_checked_with_an_exit_status_that_says_what_came_of_it() {
    let bench = Bench::new(&mbox([&message("first"), WITH_ATTACHMENT]));
    assert_eq!(bench.run(&["convert", "in.mbox", "--as", "pst", "--to", "out.pst"]).status, Some(0));
    let sound = bench.run(&["check", "out.pst"]);
    assert_eq!((sound.status, &*sound.stderr), (Some(0), ""));
    assert!(
        sound.stdout.contains(" 2 messages, ") && sound.stdout.ends_with(": 0 errors, 0 warnings\n"),
        "{}",
        sound.stdout
    );
    let path = bench.path("out.pst");
    let mut octets = std::fs::read(&path).unwrap();
    octets[0x4400] ^= 0x80;
    std::fs::write(&path, octets).unwrap();
    let broken = bench.run(&["check", "out.pst"]);
    assert_eq!(broken.status, Some(1));
    assert!(
        broken.stdout.contains("Error page-crc: the checksum of a page is that of its bytes ([MS-PST] 2.2.2.7.1)\n")
    );
    assert!(broken.stdout.contains("  block 0x4400, byte 17408: the checksum is 0x"), "{}", broken.stdout);
    let report = json(&bench.run(&["check", "out.pst", "--json"]).stdout);
    assert_eq!(
        (&report["file"], &report["layout"], &report["errors"]),
        (&json!("out.pst"), &json!("Unicode"), &json!(3))
    );
    assert_eq!(report["findings"][0]["place"]["offset"], 0x4400);
    assert_eq!(broken.stdout.lines().last(), report["advice"].as_str());
    // Of each rule as many places as are printed, and how many more there are, make up its count.
    let mut octets = std::fs::read(&path).unwrap();
    octets.iter_mut().skip(0x4800).step_by(64).for_each(|octet| *octet ^= 1);
    std::fs::write(&path, octets).unwrap();
    let report = json(&bench.run(&["check", "out.pst", "--json"]).stdout);
    let broken = bench.run(&["check", "out.pst"]).stdout;
    let rules = report["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["count"].as_u64() > Some(10)), "{rules:?}");
    for rule in rules {
        let name = format!(" {}: ", rule["rule"].as_str().unwrap());
        let lines = broken.lines().skip_while(|line| line.starts_with("  ") || !line.contains(&name)).skip(1);
        let count: u64 = lines
            .take_while(|line| line.starts_with("  "))
            .map(|line| match line.strip_prefix("  and ").and_then(|line| line.strip_suffix(" more")) {
                Some(more) => more.parse().unwrap(),
                None => 1,
            })
            .sum();
        assert_eq!(Some(count), rule["count"].as_u64(), "{name}{broken}");
    }
    assert_eq!(bench.run(&["check", "in.mbox"]).status, Some(2));
    assert_eq!(bench.run(&["check", "none.pst"]).status, Some(2));
}
