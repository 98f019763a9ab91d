//! `cargo xtask mutations DIR`: mail that is broken in many ways, written into stores that are held to their specification.

mod mutator;

use crate::{
    Result, root,
    step::{cargo, run},
};
use mutator::Mutator;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    env,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// Messages of a store.
const OF_A_STORE: usize = 500;
/// Octets of a message that is taken for mutation: what is larger shows nothing else and takes longer.
const MOST: usize = 256 << 10;
/// What the command line asks for.
struct Options {
    messages: usize,
    seed: u64,
    from: Vec<PathBuf>,
    binary: Option<PathBuf>,
    /// How many stores are left in the folder.
    keep: usize,
}

impl Options {
    fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self { messages: 100_000, seed: 1, from: Vec::new(), binary: None, keep: 0 };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let value = *words.next().ok_or(format!("{word} needs a value"))?;
            match word {
                "--messages" => options.messages = value.parse()?,
                "--seed" => options.seed = value.parse()?,
                "--from" => options.from.push(value.into()),
                "--binary" => options.binary = Some(fs::canonicalize(value)?),
                "--keep" => options.keep = value.parse()?,
                _ => return Err(format!("not an option of `cargo xtask mutations`: {word}").into()),
            }
        }
        if options.from.is_empty() {
            options.from.push(root().join("fixtures"));
        }
        Ok(options)
    }
}

/// What came of the messages.
#[derive(Default)]
struct Totals {
    given: u64,
    migrated: u64,
    failed: u64,
    skipped: u64,
    /// Files in which no mail was found, and said so.
    refused: u64,
    octets: u64,
    stores: u64,
}

/// Messages of the small run: half a minute on two threads.
const FEW: &str = "2000";

/// The same with few messages, in a folder of its own.
///
/// # Errors
/// As [`run_all`].
pub(crate) fn run_small() -> Result<()> {
    let room = root().join("target/mutations");
    let dir = room.to_str().ok_or("the name of the folder target is not UTF-8")?;
    run_all(dir, &["--messages", FEW])
}

/// Mutates messages, writes them into stores in `dir`, and holds each store to its specification and to what went in.
///
/// # Errors
/// When a store has a finding, or has not as many messages as went in and were not said as failed; all such stores are left in `dir`,
/// with what they were made of.
pub(crate) fn run_all(dir: &str, words: &[&str]) -> Result<()> {
    let options = Options::read(words)?;
    let command = match &options.binary {
        Some(file) => file.clone(),
        None => {
            run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
            fs::canonicalize(root())?.join("target/release").join(format!("mailferry{}", env::consts::EXE_SUFFIX))
        }
    };
    let mut messages = Vec::new();
    for folder in &options.from {
        gather(folder, &mut messages)?;
    }
    if messages.is_empty() {
        return Err("no mail was found to be mutated".into());
    }
    println!("{} messages to be mutated", messages.len());
    let mut mutator = Mutator::new(messages, options.seed);
    let mut totals = Totals::default();
    let mut wrong = 0_usize;
    let start = Instant::now();
    let mut left = options.messages;
    for number in 1.. {
        if left == 0 {
            break;
        }
        let count = left.min(OF_A_STORE);
        left -= count;
        let room = Path::new(dir).join(format!("mutations-{number:04}"));
        fs::create_dir_all(&room)?;
        for index in 0..count {
            // Two folders, and the message alone in its file: what went in is what the files are.
            let folder = room.join("mail").join(if index % 2 == 0 { "Inbox" } else { "Other" });
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{index:04}.eml")), mutator.next())?;
        }
        match one(&command, &room, count, &mut totals) {
            Ok(()) if number <= options.keep => fs::remove_dir_all(room.join("mail"))?,
            Ok(()) => fs::remove_dir_all(&room)?,
            Err(error) => {
                wrong += 1;
                println!("{}: {error}", room.display());
            }
        }
        if number % 20 == 0 {
            println!(
                "{} messages, {} stores, {wrong} of them wrong, {:.0} s",
                totals.given,
                totals.stores,
                start.elapsed().as_secs_f64()
            );
        }
    }
    let Totals { given, migrated, failed, skipped, refused, octets, stores } = totals;
    println!(
        "| messages | stores | octets | migrated | failed | skipped | no mail | wrong stores |\n|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    println!("| {given} | {stores} | {octets} | {migrated} | {failed} | {skipped} | {refused} | {wrong} |");
    if wrong > 0 {
        return Err(format!("{wrong} stores are wrong: they are left in {dir}, with their mail").into());
    }
    Ok(())
}

/// Writes the mail in `room` into a store, checks the store, and reads it.
fn one(command: &Path, room: &Path, given: usize, totals: &mut Totals) -> Result<()> {
    let (source, store) = (room.join("mail"), room.join("mail.pst"));
    let mut convert = Command::new(command);
    convert.arg("convert").arg(&source).args(["--as", "pst", "--progress", "none", "--to"]).arg(&store);
    ended(&mut convert, &[0, 1])?;
    let report: Value = serde_json::from_slice(&fs::read(room.join("mail.pst.report.json"))?)?;
    let count = |name: &str| report["totals"][name].as_u64().unwrap_or_default();
    let (available, migrated, failed, skipped) =
        (count("available"), count("migrated"), count("failed"), count("skipped"));
    // Every file is in the item log, once or more, or was refused with a reason.
    let refused: BTreeSet<&str> = (report["sources"].as_array().into_iter().flatten())
        .filter(|source| source["error"].is_string())
        .filter_map(|source| source["file"].as_str())
        .collect();
    let log = fs::read_to_string(room.join("mail.pst.items.jsonl"))?;
    let lines: Vec<Value> = log.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    let logged = lines.iter().filter_map(|line| line["source"]["file"].as_str());
    // A file in which there is nothing is a failed item of its folder.
    let (of_folder, logged): (Vec<&str>, Vec<&str>) = logged.partition(|file| Path::new(file) == source);
    let files: BTreeSet<&str> = refused.iter().copied().chain(logged).collect();
    let told = files.len() + of_folder.len();
    let is_in_store = |line: &&Value| line["status"] == "migrated" && line["kind"] == "mail";
    let mail = lines.iter().filter(is_in_store).count() as u64;
    totals.given += given as u64;
    totals.migrated += migrated;
    totals.failed += failed;
    totals.skipped += skipped;
    totals.refused += refused.len() as u64;
    totals.stores += 1;
    totals.octets += fs::metadata(&store)?.len();
    if available != migrated + failed + skipped || lines.len() as u64 != available || told != given {
        return Err(format!(
            "of {given} files {told} are in the log; {available} messages, {migrated} migrated, {failed} failed, {skipped} skipped"
        )
        .into());
    }
    let checked = ended(Command::new(command).arg("check").arg("--json").arg(&store), &[0, 1])?;
    let checked: Value = serde_json::from_str(&checked)?;
    let findings = checked["findings"].as_array().map_or(usize::MAX, Vec::len);
    if findings > 0 || checked["messages"].as_u64() != Some(mail) {
        return Err(format!(
            "{findings} findings, {} messages where {mail} were written: {}",
            checked["messages"], checked["rules"]
        )
        .into());
    }
    let read = ended(Command::new(command).args(["inspect", "--json"]).arg(&store), &[0, 1])?;
    let read: Value = serde_json::from_str(&read)?;
    if read["items"].as_u64() != Some(mail) || read["failed"].as_u64() != Some(0) {
        return Err(format!("{} messages were read where {mail} were written", read["items"]).into());
    }
    Ok(())
}

/// Runs the command to its end, which must be one of these, and gives what it printed.
fn ended(command: &mut Command, ends: &[i32]) -> Result<String> {
    let output = command.output()?;
    if output.status.code().is_none_or(|code| !ends.contains(&code)) {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}: {said}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Adds all mail in a folder: each message of a file that begins with a From_ line, and each file that begins with a header field; and
/// what lines of JSON have as `message`, an octet a character.
fn gather(path: &Path, messages: &mut Vec<Vec<u8>>) -> Result<()> {
    if path.is_dir() {
        let entries: std::io::Result<Vec<_>> = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
        let mut entries = entries?;
        entries.sort();
        return entries.iter().try_for_each(|entry| gather(entry, messages));
    }
    let mut octets = Vec::new();
    File::open(path)?.take(16 << 20).read_to_end(&mut octets)?;
    if path.extension().is_some_and(|extension| extension == "jsonl") {
        for line in octets.split(|octet| *octet == b'\n') {
            let line: Value = serde_json::from_slice(line).unwrap_or_default();
            let Some(text) = line["message"].as_str() else { continue };
            messages.push(text.chars().filter_map(|char| u8::try_from(char).ok()).collect());
        }
    } else if octets.starts_with(b"From ") {
        messages.extend(of_mbox(&octets));
    } else if begins_as_mail(&octets) {
        octets.truncate(MOST);
        messages.push(octets);
    }
    Ok(())
}

/// Whether the first line is a header field of mail.
fn begins_as_mail(octets: &[u8]) -> bool {
    let line = octets.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let Some(colon) = line.iter().position(|octet| *octet == b':') else { return false };
    let name = line.get(..colon).unwrap_or_default();
    !name.is_empty() && name != b"BEGIN" && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
}

fn of_mbox(octets: &[u8]) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b"From ") {
            messages.push(Vec::new());
        } else if let Some(message) = messages.last_mut()
            && message.len() < MOST
        {
            message.extend_from_slice(line);
        }
    }
    messages.retain(|message| begins_as_mail(message));
    messages
}
