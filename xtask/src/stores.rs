//! `cargo xtask stores DIR`: stores of Outlook at the limits, written, checked, and read back.

use crate::{Result, dice::Dice, root, step::cargo, step::run};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What is written, and how much of it.
struct Case {
    name: &'static str,
    messages: u64,
    /// Octets of the body of each message.
    body: usize,
    /// Folders and fields of headers among which the messages are spread.
    folders: u64,
    fields: u64,
    /// Octets of a file that is attached to each message.
    attached: u64,
    /// The size at which a further store is begun.
    split: Option<&'static str>,
    /// The least octets that the stores have together.
    least: u64,
}

const ONE: Case = Case { name: "", messages: 1, body: 200, folders: 1, fields: 0, attached: 0, split: None, least: 0 };

/// Text takes two octets a character in a store.
const CASES: [Case; 6] = [
    Case { name: "items", messages: 500_000, ..ONE },
    Case { name: "folders", messages: 10_000, folders: 5_000, ..ONE },
    Case { name: "names", messages: 2_000, fields: 1_000, ..ONE },
    Case { name: "large", messages: 36_000, body: 60_000, folders: 40, least: 4 << 30, ..ONE },
    Case { name: "split", messages: 45_000, body: 60_000, folders: 40, split: Some("1G"), least: 5 << 30, ..ONE },
    Case { name: "attachment", attached: 2 << 30, least: 2 << 30, ..ONE },
];

/// Writes each case into `dir`, or those that `options` name, prints what it took, and removes it; `--binary FILE` comes first.
///
/// # Errors
/// When the check finds anything, or what is read back is not what was written.
pub(crate) fn run_all(dir: &str, options: &[&str]) -> Result<()> {
    let (command, only) = match options {
        ["--binary", file, only @ ..] => (PathBuf::from(file), only),
        only => {
            run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
            (root().join("target/release").join(format!("mailferry{}", env::consts::EXE_SUFFIX)), only)
        }
    };
    println!(
        "| case | messages | octets of stores | stores | written in | peak | checked in | peak | read back in | peak |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for case in CASES.iter().filter(|case| only.is_empty() || only.contains(&case.name)) {
        let room = Path::new(dir).join(format!("mailferry-stores-{}", case.name));
        fs::create_dir_all(&room)?;
        let done = one(case, &room, &command);
        fs::remove_dir_all(&room)?;
        done.map_err(|error| format!("{}: {error}", case.name))?;
    }
    Ok(())
}

fn one(case: &Case, room: &Path, command: &Path) -> Result<()> {
    let (source, store, back) = (room.join("mail.mbox"), room.join("mail.pst"), room.join("back.mbox"));
    let expected = write_mbox(case, &source)?;
    let mut convert = Command::new(command);
    convert.arg("convert").arg(&source).args(["--as", "pst", "--to"]).arg(&store).args(["--progress", "none"]);
    convert.args(case.split.map(|size| ["--split", size]).into_iter().flatten());
    let written = measured(&mut convert)?;
    fs::remove_file(&source)?;
    let mut stores: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(room)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pst") {
            stores.push(path);
        }
    }
    stores.sort();
    let mut octets = 0;
    let (mut checked, mut read) = (Took::default(), Took::default());
    let mut found = Seen::default();
    for store in &stores {
        octets += fs::metadata(store)?.len();
        checked.and(&measured(Command::new(command).arg("check").arg(store))?);
        let mut convert = Command::new(command);
        convert.arg("convert").arg(store).args(["--as", "mbox", "--to"]).arg(&back).args(["--progress", "none"]);
        read.and(&measured(&mut convert)?);
        found.add_all(&back)?;
        fs::remove_dir_all(&back).or_else(|_| fs::remove_file(&back))?;
        for entry in fs::read_dir(room)? {
            let path = entry?.path();
            let is_of_back = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("back."));
            if is_of_back {
                fs::remove_file(path)?;
            }
        }
    }
    if octets < case.least || (case.split.is_some() && stores.len() < 5) {
        return Err(format!("{} stores of {octets} octets", stores.len()).into());
    }
    if found.messages != expected {
        let (lost, more) = (expected.len(), found.messages.len());
        let lacking = expected.iter().find(|(digest, count)| found.messages.get(*digest) != Some(count));
        return Err(format!("{lost} bodies were written, {more} read back; lacking: {lacking:?}").into());
    }
    let count: u64 = expected.values().sum();
    println!("| {} | {count} | {octets} | {} | {written} | {checked} | {read} |", case.name, stores.len());
    Ok(())
}

/// Seconds, and the most memory.
#[derive(Default)]
struct Took {
    time: Duration,
    peak: u64,
}

impl Took {
    fn and(&mut self, other: &Self) {
        self.time += other.time;
        self.peak = self.peak.max(other.peak);
    }
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} s | {} MB", self.time.as_secs_f64(), self.peak >> 20)
    }
}

/// Runs a program, and looks now and then at the most memory that it has had, where the system tells that.
fn measured(command: &mut Command) -> Result<Took> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Some(ended) = child.try_wait()? {
            if !ended.success() {
                return Err(format!("{command:?} failed: {ended}").into());
            }
            return Ok(Took { time: start.elapsed(), peak });
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) << 10);
        thread::sleep(Duration::from_millis(20));
    }
}

/// How often each digest of a body, or of an attached file, is there.
type Bodies = BTreeMap<[u8; 32], u64>;

const LINE: usize = 57;

fn write_mbox(case: &Case, path: &Path) -> Result<Bodies> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut dice = Dice::new(0);
    let mut bodies = Bodies::new();
    for number in 0..case.messages {
        let folder = number % case.folders;
        // Folders of ten below one another.
        let label =
            if case.folders == 1 { "Inbox".to_owned() } else { format!("Group {:04}/Folder {folder:05}", folder / 10) };
        write!(out, "From MAILER-DAEMON Sat Jan  1 10:00:00 2022\nX-Gmail-Labels: {label}\n")?;
        write!(out, "From: Sender {0} <s{0}@x.test>\nTo: Bob <bob@x.test>\n", number % 1000)?;
        write!(
            out,
            "Subject: Message {number}\nMessage-ID: <{number}@x.test>\nDate: Sat, 1 Jan 2022 10:00:00 +0000\n"
        )?;
        if case.fields > 0 {
            for field in 0..5 {
                let field = (number * 5 + field) % case.fields;
                writeln!(out, "X-Field-{field}: {number}")?;
            }
        }
        if case.attached > 0 {
            write!(
                out,
                "Content-Type: application/octet-stream; name=file.bin\nContent-Disposition: attachment; filename=file.bin\n"
            )?;
            write!(out, "Content-Transfer-Encoding: base64\n\n")?;
            let mut digest = Sha256::new();
            let mut left = case.attached;
            while left > 0 {
                let mut line = [0; LINE];
                line.iter_mut().for_each(|octet| *octet = dice.next() as u8);
                let line = line.get(..(LINE as u64).min(left) as usize).unwrap_or_default();
                digest.update(line);
                writeln!(out, "{}", base64(line))?;
                left -= line.len() as u64;
            }
            writeln!(out)?;
            *bodies.entry(digest.finalize().into()).or_default() += 1;
            continue;
        }
        writeln!(out)?;
        let mut digest = Sha256::new();
        let mut written = 0;
        while written < case.body {
            let line = format!("{:016x} {number} {:016x} {:016x}\n", dice.next(), dice.next(), dice.next());
            digest.update(&line);
            out.write_all(line.as_bytes())?;
            written += line.len();
        }
        writeln!(out)?;
        *bodies.entry(digest.finalize().into()).or_default() += 1;
    }
    out.flush()?;
    Ok(bodies)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(octets: &[u8]) -> String {
    let mut text = String::new();
    for three in octets.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, octet| bits << 8 | u32::from(*octet)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = ALPHABET.get((bits >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if place > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// The octets of a line of base64; nothing where it is none.
fn decoded(line: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for four in line.chunks(4) {
        let mut bits = 0_u32;
        let letters = four.iter().take_while(|letter| **letter != b'=').count();
        for letter in four.iter().take(letters) {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let bits = bits << (6 * (4 - letters));
        octets.extend(bits.to_be_bytes().into_iter().skip(1).take(letters.saturating_sub(1)));
    }
    Some(octets)
}

/// What was read back.
#[derive(Default)]
struct Seen {
    messages: Bodies,
}

impl Seen {
    /// Adds all mboxes at or below `path`.
    fn add_all(&mut self, path: &Path) -> Result<()> {
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                self.add_all(&entry?.path())?;
            }
            return Ok(());
        }
        if path.extension().is_some_and(|extension| extension == "mbox") || path.extension().is_none() {
            self.add(path)
        } else {
            Ok(())
        }
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let mut lines = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut body: Option<Sha256> = None;
        // Whether what comes is text, a part in base64, or something else.
        let (mut is_header, mut is_attachment, mut is_base64, mut has_attachment) = (true, false, false, false);
        let mut line = Vec::new();
        let mut blank = false;
        loop {
            line.clear();
            let is_end = lines.read_until(b'\n', &mut line)? == 0;
            if is_end || line.starts_with(b"From ") {
                if let Some(body) = body.take() {
                    *self.messages.entry(body.finalize().into()).or_default() += 1;
                }
                if is_end {
                    return Ok(());
                }
                (is_header, is_attachment, is_base64, has_attachment, blank) = (true, false, false, false, false);
                body = Some(Sha256::new());
                continue;
            }
            let text = line.trim_ascii_end();
            if is_header {
                let lower = text.to_ascii_lowercase();
                is_attachment |= lower.starts_with(b"content-disposition: attachment");
                is_base64 |= lower == b"content-transfer-encoding: base64";
                if text.is_empty() {
                    is_header = false;
                    has_attachment |= is_attachment;
                    if is_attachment {
                        body = Some(Sha256::new());
                    }
                }
                continue;
            }
            if text.starts_with(b"--") {
                // The head of the next part.
                (is_header, is_attachment, is_base64, blank) = (true, false, false, false);
                continue;
            }
            let Some(body) = &mut body else { continue };
            if is_attachment && is_base64 {
                body.update(decoded(text).ok_or("an attachment is not base64")?);
            } else if !has_attachment {
                // The empty line before a separator is the separator's.
                if blank {
                    body.update(b"\n");
                }
                blank = text.is_empty();
                if !blank {
                    body.update(text);
                    body.update(b"\n");
                }
            }
        }
    }
}
