//! `cargo xtask targets FOLDER`: all that is in a folder to every target, as one project, and read back by Python.

use crate::{
    Result, python, root,
    step::{cargo, output, run},
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Runs a project that converts all that is below `folder` to each target, and prints a row for each.
///
/// Folders are given as they are; a Maildir or an archive in them is what it is.
pub(crate) fn run_all(folder: &str) -> Result<()> {
    python::set_up()?;
    run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let command = root().join("target/release").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    let targets: Vec<Value> = serde_json::from_str(&output(Command::new(&command).args(["targets", "--json"]))?)?;
    let room = fs::canonicalize(root())?.join("target/targets");
    fs::remove_dir_all(&room).or_else(not_there)?;
    fs::create_dir_all(&room)?;
    let project = room.join("project.csv");
    fs::write(&project, table(folder, &targets)?)?;
    let status = Command::new(&command).arg("run").arg(&project).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("the project ended with {status}").into());
    }
    let report: Value = serde_json::from_slice(&fs::read(project.with_extension("report.json"))?)?;
    let mailboxes = report["mailboxes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if mailboxes.len() != targets.len() {
        return Err(format!("{} mailboxes are reported for {} targets", mailboxes.len(), targets.len()).into());
    }
    println!("| target | available | migrated | failed | skipped | read back | octets | seconds |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let mut wrong = String::new();
    for (target, mailbox) in targets.iter().zip(mailboxes) {
        println!("{}", row(target, mailbox, &mut wrong)?);
    }
    eprint!("{wrong}");
    // Of a calendar that is broken in its source, two readers need not find the same number of components.
    if wrong.lines().any(|line| !line.ends_with(" lines") || !line.contains(" components for ")) {
        return Err("not all that was written is read back".into());
    }
    Ok(fs::remove_dir_all(&room)?)
}

fn not_there(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The table of the project: a row for each target.
fn table(folder: &str, targets: &[Value]) -> Result<String> {
    let mut sources: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| fs::canonicalize(entry?.path())).collect::<std::io::Result<_>>()?;
    sources.sort();
    let sources: Vec<_> = sources.iter().map(|source| source.to_string_lossy()).collect();
    let mut table = String::from("source,destination,target\n");
    for target in targets {
        let name = target["name"].as_str().ok_or("a target has no name")?;
        let destination = match target["packaging"][0].as_str() {
            None | Some("folder") => name.to_owned(),
            Some(package) => format!("{name}.{package}"),
        };
        writeln!(table, "{},{destination},{name}", sources.join("|"))?;
    }
    Ok(table)
}

/// The row of one target; what Python did not find goes to `wrong`.
fn row(target: &Value, mailbox: &Value, wrong: &mut String) -> Result<String> {
    let name = target["name"].as_str().unwrap_or_default();
    if !matches!(mailbox["state"].as_str(), Some("done" | "incomplete")) {
        return Err(format!("{name}: {} {}", mailbox["state"], mailbox["error"]).into());
    }
    let destination = mailbox["destination"].as_str().ok_or("a mailbox has no destination")?;
    let column = |name: &str| mailbox["columns"][name].as_u64().unwrap_or(0);
    let [available, migrated, failed, skipped] = ["available", "migrated", "failed", "skipped"].map(column);
    let log = BufReader::new(fs::File::open(format!("{destination}.items.jsonl"))?);
    let lines = log.split(b'\n').count() as u64;
    if available != migrated + failed + skipped || available != lines {
        return Err(format!("{name}: {available} items, {lines} lines, {migrated} + {failed} + {skipped}").into());
    }
    let read = python::read_back(Path::new(destination), target["form"].as_str().unwrap_or_default())?;
    let read: Value = serde_json::from_str(&read)?;
    let told = read["wrong"].as_array().into_iter().flatten().filter_map(Value::as_str);
    told.for_each(|told| wrong.extend([name, ": ", told, "\n"]));
    Ok(format!(
        "| {name} | {available} | {migrated} | {failed} | {skipped} | {} | {} | {} |",
        read["found"],
        column("bytes"),
        mailbox["seconds"]
    ))
}
