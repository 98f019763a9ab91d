//! Whatever is wrong with a message, every other one comes out.

use crate::run::{Bench, Run, mbox, message};
use std::fs;

/// `bad` between two good messages, and behind them if it `ends` the file: the good ones must come out, and the bad one with
/// all of its octets.
#[track_caller]
fn others_come_out(bad: &[u8], options: &[&str]) -> Bench {
    let between = [message("before").as_bytes(), bad, message("after").as_bytes()].map(<[u8]>::to_vec);
    let bench = Bench::new(&mbox(&between));
    let archive = bench.converted("out.zip", options);
    archive.check();
    let octets: Vec<_> = archive.column("path").iter().map(|path| &archive.files[*path]).collect();
    assert!(octets == between.iter().collect::<Vec<_>>(), "{:?}", archive.column("subject"));
    bench
}

#[test]
fn an_empty_file() {
    let bench = Bench::new(b"");
    let run = bench.convert("out", &[]);
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was migrated: the sources contain no items"), "{}", run.stderr);
    let archive = bench.archive("out");
    archive.check();
    assert!(archive.log.is_empty());
    assert_eq!(crate::run::names(&bench.path("out")), ["in"], "its folder is kept");
}

#[test]
fn binary_junk() {
    let mut state = 1_u32;
    let noise = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let junk: Vec<u8> = (0..300_000).map(noise).chain(*b"\n").collect();
    others_come_out(&[b"Subject: junk\n\n", &*junk].concat(), &["--attachments"]);
    // In a header field, and in place of a part.
    others_come_out(&[b"Subject: ", &*junk].concat(), &["--attachments"]);
    let part = [b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", &*junk, b"--b--\n"].concat();
    others_come_out(&part, &["--attachments"]);
}

#[test]
fn a_file_that_is_cut_off() {
    let whole = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from h\u{fc}\nContent-Type: text/plain; charset=utf-8\n\
        Content-Transfer-Encoding: base64\n\nR3LDvMOfZSBhdXMgZGVyIFN0YWR0\n";
    let good = mbox([message("before")]);
    let bench = Bench::new(b"");
    for end in 1..whole.len() {
        let cut = [&*good, b"From a@example.org Mon Jan  1 00:00:02 2024\n", &whole.as_bytes()[..end]].concat();
        // A sample is enough of the run; the reader's own tests cut everywhere.
        if end % 12 != 0 && ![46, 47].contains(&end) {
            continue;
        }
        bench.file("in.mbox", &cut);
        let to = format!("{end}");
        // A header section that is not at its end was cut off for sure; a line of text may lack its end.
        let last = &whole.as_bytes()[..end];
        let in_header = !last.windows(2).any(|pair| pair == b"\n\n") && !last.ends_with(b"\n");
        let run = bench.convert(&to, &["--attachments"]);
        assert_eq!(run.status, Some(i32::from(in_header)), "cut at {end}: {}", run.stderr);
        let archive = bench.archive(&to);
        archive.check();
        assert_eq!(archive.log.len(), 2, "cut at {end}");
        assert_eq!(archive.octets("before"), message("before").as_bytes());
        assert_eq!(archive.files[archive.column("path")[1]], &whole.as_bytes()[..end]);
        assert_eq!(bench.run(&["show", "in.mbox", "2"]).status, Some(0), "cut at {end}");
    }
}

#[test]
fn every_command_tells_that_a_source_breaks_off() {
    let bench = Bench::new(b"");
    let cut = b"From a Mon Jan  1 00:00:00 2024\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n\nmo";
    bench.file("cut.mbox", cut);
    for arguments in [&["list", "cut.mbox"][..], &["inspect", "cut.mbox"], &["convert", "cut.mbox", "--to", "out.zip"]]
    {
        let run = bench.run(arguments);
        assert_eq!(run.status, Some(1), "{arguments:?}: {}", run.stderr);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.contains("cut.mbox: ends too early: ") && told.contains(&format!("byte {}", cut.len())), "{told}");
    }
    let report = fs::read_to_string(bench.path("out.zip.report.json")).unwrap();
    assert!(report.contains("\"cutShort\": \"cut.mbox: ends too early: "), "{report}");
}

#[test]
fn a_line_of_a_hundred_megabytes() {
    let head = "Subject: long\n\n";
    let bench = Bench::new(&mbox([message("before"), head.to_owned()]));
    // Without the separator's line end: the line begins there, a hole in the file.
    let path = bench.path("in.mbox");
    let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let start = file.metadata().unwrap().len() - 1;
    let line = 100 << 20;
    file.set_len(start + line).unwrap();
    std::io::Write::write_all(&mut &file, &[b"\n\n", &*mbox([message("after")])].concat()).unwrap();
    let run = peak(&bench, &["convert", "in.mbox", "--to", "out.zip", "--jobs", "2", "--progress", "none"]);
    assert_eq!(run.0.status, Some(0), "{}", run.0.stderr);
    let archive = bench.archive("out.zip");
    archive.check();
    assert_eq!(archive.column("subject"), ["before", "long", "after"]);
    assert_eq!(archive.line("long")["size"], head.len() as u64 + line + 1);
    assert_eq!(archive.octets("after"), message("after").as_bytes());
    assert!(run.1 <= 64 << 20, "{} octets at the peak", run.1);
}

#[test]
fn a_header_section_of_ten_megabytes() {
    let folded = format!("Subject: long\n{}\nbody\n", "X-Folded: a\n b\n".repeat(700_000));
    let bench = others_come_out(folded.as_bytes(), &["--attachments"]);
    let (run, peak) = peak(&bench, &["list", "in.mbox"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stdout.contains("  long\n"), "{}", run.stdout);
    assert!(peak <= 64 << 20, "{peak} octets at the peak");
    others_come_out(format!("Subject: x\nReferences: {}\n\nbody\n", "<a@b> ".repeat(1_700_000)).as_bytes(), &[]);
    others_come_out(format!("X-Long: {}\n\nbody\n", "x".repeat(10 << 20)).as_bytes(), &[]);
}

#[test]
fn a_hundred_thousand_nested_multiparts() {
    let mut nested = String::from("Subject: deep\n");
    for level in 0..100_000 {
        nested += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    }
    let bench = others_come_out(nested.as_bytes(), &["--attachments"]);
    assert_eq!(bench.run(&["show", "in.mbox", "2", "--json"]).status, Some(0));

    let closed: String = (0..100_000).rev().map(|level| format!("--b{level}--\n")).collect();
    others_come_out(format!("{nested}\n{closed}").as_bytes(), &["--attachments"]);

    let same = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(100_000);
    others_come_out(same.as_bytes(), &["--attachments"]);

    let messages = "Content-Type: message/rfc822\n\n".repeat(100_000);
    others_come_out(messages.as_bytes(), &["--attachments"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    use crate::archive::log;
    use std::process::Command;

    let bench = Bench::new(&crate::run::many(400, 10_000));
    fs::create_dir(bench.path("disk")).unwrap();
    // Whoever may have a name space of his own may mount in it.
    let script = r#"mount -t tmpfs -o size=1m none disk || exit 77
        "$0" convert in.mbox --to disk/out --progress none; echo "status $?"
        cp -r disk/out disk/out.items.jsonl disk/out.report.json . ; ls -A disk
        rm -r disk/*
        "$0" convert in.mbox --to disk/out.zip --zip-level store --progress none; echo "status $?"
        cp disk/out.zip.items.jsonl disk/out.zip.report.json . ; ls -A disk"#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_mailferry")])
        .current_dir(bench.path(""))
        .output();
    let Some(output) = output.ok().filter(|output| String::from_utf8_lossy(&output.stdout).contains("status")) else {
        eprintln!("skipped: no file system can be mounted here");
        return;
    };
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.matches("status 1\n").count(), 2, "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("the disk is full"), "{stdout}");
    let lines = log(&bench.path("out.items.jsonl"));
    let migrated: Vec<_> = lines.iter().filter(|line| line["status"] == "migrated").collect();
    assert!(migrated.len() > 10, "{} items fit", migrated.len());
    for line in migrated {
        let octets = fs::read(bench.path("out").join(line["path"].as_str().unwrap())).unwrap();
        assert_eq!(line["sha256"], crate::archive::sha256(&octets));
    }
    // The note that the run is to be gone on with stays, and nothing else.
    assert!(!stdout.replace(".unfinished.json", "").contains("unfinished"), "{stdout}");
    let lines = log(&bench.path("out.zip.items.jsonl"));
    assert!(lines.iter().all(|line| line["status"] == "failed"), "what was in the archive is lost with it");
    assert!(!stdout.lines().any(|line| line == "out.zip"), "no archive that is not whole: {stdout}");
}

/// Runs the binary in `bench`, and tells the most memory that it had at a time; none where nobody tells.
fn peak(bench: &Bench, arguments: &[&str]) -> (Run, u64) {
    let mut command = crate::run::mailferry();
    command.current_dir(bench.path("")).args(arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
        let kibibytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
        peak = peak.max(kibibytes << 10);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    (child.wait_with_output().unwrap().into(), peak)
}

/// Whether no file can be kept from this process.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|of_this_process| of_this_process.uid() == 0)
}

/// The binary, copied into `folder` and run by a user who owns nothing.
#[cfg(unix)]
pub(crate) fn as_somebody(folder: &std::path::Path) -> std::process::Command {
    use std::os::unix::process::CommandExt;
    let binary = folder.join(".mailferry-of-somebody");
    if !binary.exists() {
        // By a process of its own: what other tests start meanwhile would hold the copy open for writing, and it could not be run.
        let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_mailferry")).arg(&binary).status();
        assert!(copied.unwrap().success());
    }
    let mut command = std::process::Command::new(binary);
    command.stdin(std::process::Stdio::null()).uid(65_534).gid(65_534);
    command
}
