//! The digests of what every form, container and target writes over `fixtures/` and the store of the tests.

use super::{ROOM, room};
use crate::{
    Result, fixtures, root,
    step::{self, cargo, output},
    tree, wasm,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// From the root of the workspace.
const FILE: &str = "xtask/budget/digests.txt";

const HEAD: &str = "\
# What each form and each target writes, over each folder of fixtures/ and the store of core/tests/pst.rs: the number of files, their
# octets, a digest of them and their names, and one of the item log and the list of files. `cargo xtask budget --write` writes
# this anew; the commit that changes a line says why.
";

const FORMS: [&str; 7] = ["eml", "mbox", "maildir", "bundle", "proton", "ediscovery", "pst"];

/// The store of the tests, where logs name it the same everywhere.
const STORE: &str = "target/budget/store.pst";

/// A conversion: what stands in its line, and what it is given.
struct Run {
    name: String,
    to: &'static str,
    options: Vec<String>,
    sources: Vec<String>,
}

/// Fails where a line is not what is written now.
pub(crate) fn compare(binary: Option<&str>) -> Result<()> {
    let now = lines(binary)?;
    let before = fs::read_to_string(root().join(FILE)).unwrap_or_default();
    let before: Vec<_> = before.lines().filter(|line| !line.starts_with('#')).collect();
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.iter().copied().collect(), now.iter().map(String::as_str).collect());
    if old == new {
        println!("{} digests", new.len());
        return Ok(());
    }
    let mut told = String::new();
    old.difference(&new).try_for_each(|line| writeln!(told, "  - {line}"))?;
    new.difference(&old).try_for_each(|line| writeln!(told, "  + {line}"))?;
    Err(format!(
        "what is written has changed. If it should: `cargo xtask budget --write`, and the commit says why\n{told}"
    )
    .into())
}

pub(crate) fn write(binary: Option<&str>) -> Result<()> {
    let lines = lines(binary)?;
    let file = root().join(FILE);
    fs::create_dir_all(file.parent().unwrap_or(&file))?;
    fs::write(file, format!("{HEAD}{}\n", lines.join("\n")))?;
    println!("{} digests", lines.len());
    Ok(())
}

/// The lines of the command that is given, or else of the one that is built.
fn lines(binary: Option<&str>) -> Result<Vec<String>> {
    let command = match binary {
        Some(binary) => fs::canonicalize(binary)?,
        None => {
            step::run(cargo().args(["build", "--package", "mailferry-cli", "--locked"]))?;
            root().join("target/debug").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX))
        }
    };
    fs::create_dir_all(room())?;
    fs::copy(wasm::store()?, root().join(STORE))?;
    let store = fs::read(root().join(STORE))?;
    let mut lines =
        vec![format!("{:<24}{:>5}{:>10}  {}", "the store", 1, store.len(), digest([("", &*store)].into_iter()))];
    for run in runs(&command)? {
        lines.push(line(&command, &run)?);
    }
    Ok(lines)
}

/// Every form in a folder, the first in every container, and every target.
fn runs(command: &Path) -> Result<Vec<Run>> {
    let folders: Vec<String> =
        fixtures::FOLDERS.iter().map(|folder| (*folder).to_owned()).chain([STORE.to_owned()]).collect();
    let mut runs = Vec::new();
    let mut add = |name: String, to, options: &[&str], sources: &[String]| {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        runs.push(Run { name, to, options, sources: sources.to_vec() });
    };
    for form in FORMS {
        for folder in &folders {
            let name = folder.strip_prefix("fixtures/").unwrap_or("pst");
            add(format!("{form} {name}"), "out", &["--as", form], std::slice::from_ref(folder));
        }
        add(format!("{form} all, zip"), "out.zip", &["--as", form], &folders);
        add(format!("{form} all, tar"), "out.tar", &["--as", form], &folders);
    }
    add("eml all, tgz".to_owned(), "out.tgz", &[], &folders);
    add("eml all, split".to_owned(), "out.zip", &["--split", "500K"], &folders);
    add("eml all, item".to_owned(), "out", &["--collect", "item"], &folders);
    let targets: Vec<Value> = serde_json::from_str(&output(Command::new(command).args(["targets", "--json"]))?)?;
    for target in &targets {
        let name = target["name"].as_str().ok_or("a target has no name")?;
        let to = match target["packaging"][0].as_str() {
            None | Some("folder") => "out",
            Some("zip") => "out.zip",
            Some("tar") => "out.tar",
            Some("tgz") => "out.tgz",
            Some("pst") => "out.pst",
            Some(other) => return Err(format!("{name}: not a packaging: {other}").into()),
        };
        add(format!("{name} all, target"), to, &["--target", name], &folders);
    }
    Ok(runs)
}

/// Converts, and tells of what was written.
fn line(command: &Path, run: &Run) -> Result<String> {
    let out = room().join("written");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let mut convert = Command::new(command);
    convert.current_dir(root()).arg("convert").args(&run.sources).arg("--to").arg(format!("{ROOM}/written/{}", run.to));
    convert.args(&run.options).args(["--jobs", "1", "--progress", "none", "--checksums", "sha256"]);
    let output = convert.env("SOURCE_DATE_EPOCH", "1700000000").stdin(Stdio::null()).output()?;
    // Some fixtures are damaged, and some targets take no mail.
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(format!("{}: {}\n{}", run.name, output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    let tree = tree::read(&out)?;
    let is_written = |name: &str| !tree::is_record(name);
    let is_log = |name: &str| tree::is_record(name) && name.ends_with(".jsonl");
    let written = || tree.files().filter(|(name, _)| is_written(name));
    let (files, octets) = (written().count(), written().map(|(_, octets)| octets.len()).sum::<usize>());
    let log = digest(tree.files().filter(|(name, _)| is_log(name)));
    Ok(format!("{:<24}{files:>5}{octets:>10}  {}  {log}", run.name, digest(written())))
}

/// Of names and octets, enough of it to tell two apart.
fn digest<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sha256 = Sha256::new();
    for (name, octets) in files {
        sha256.update(format!("{} {} {name}\n", octets.len(), name.len()));
        sha256.update(octets);
    }
    let mut text = String::new();
    for octet in sha256.finalize().iter().take(8) {
        let _written = write!(text, "{octet:02x}");
    }
    text
}
