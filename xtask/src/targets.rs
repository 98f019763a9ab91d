//! `cargo xtask targets FOLDER`: everything in a folder to every target, with columns that add up.

use crate::{
    Result, root,
    step::{cargo, output, run},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Converts all files below `folder` to each target and prints a row for each.
///
/// Folders are given as they are; a Maildir or an archive in them is what it is.
pub(crate) fn run_all(folder: &str) -> Result<()> {
    run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let command = root().join("target/release").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    let targets: Vec<Value> = serde_json::from_str(&output(Command::new(&command).args(["targets", "--json"]))?)?;
    let room = root().join("target/targets");
    let mut sources: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    sources.sort();
    println!("| target | available | migrated | failed | skipped | octets | seconds |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for target in &targets {
        let name = target["name"].as_str().ok_or("a target has no name")?;
        let package = target["packaging"][0].as_str().unwrap_or("folder");
        fs::remove_dir_all(&room).or_else(not_there)?;
        fs::create_dir_all(&room)?;
        let destination = room.join(if package == "folder" { "out".to_owned() } else { format!("out.{package}") });
        println!("{}", row(&command, &sources, name, &destination)?);
    }
    fs::remove_dir_all(&room)?;
    Ok(())
}

fn not_there(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn row(command: &Path, sources: &[PathBuf], name: &str, destination: &Path) -> Result<String> {
    let start = Instant::now();
    let mut convert = Command::new(command);
    convert.arg("convert").args(sources).args(["--target", name, "--progress", "none", "--to"]).arg(destination);
    let status = convert.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if !matches!(status.code(), Some(0 | 1)) {
        return Err(format!("{name}: the command ended with {status}").into());
    }
    let seconds = start.elapsed().as_secs_f64();
    let report: Value = serde_json::from_slice(&fs::read(format!("{}.report.json", destination.display()))?)?;
    if let Some(error) = report["error"].as_str() {
        return Err(format!("{name}: {error}").into());
    }
    let column = |name: &str| report["totals"][name].as_u64().unwrap_or(0);
    let [available, migrated, failed, skipped] = ["available", "migrated", "failed", "skipped"].map(column);
    let lines = fs::read_to_string(format!("{}.items.jsonl", destination.display()))?.lines().count() as u64;
    if available != migrated + failed + skipped || available != lines {
        return Err(format!("{name}: {available} items, {lines} lines, {migrated} + {failed} + {skipped}").into());
    }
    Ok(format!("| {name} | {available} | {migrated} | {failed} | {skipped} | {} | {seconds:.1} |", column("bytes")))
}
