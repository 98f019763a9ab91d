//! What is measured: octets, instructions, dependencies, seconds.

use super::{ROOM, room};
use crate::{
    Result, root,
    step::{self, cargo, output},
    wasm,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where `cargo xtask test` leaves its seconds, in the room.
pub(crate) const SECONDS: &str = "test-seconds";

/// The dependencies are counted for one platform, so that they are as many on each.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Measures what the limit of this name is there for; nothing, where that can only be noted elsewhere.
pub(crate) fn measure(name: &str) -> Result<Option<u64>> {
    match name {
        "wasm" => Ok(Some(fs::metadata(wasm_file()?)?.len())),
        "wasm, gzipped" => gzipped(&wasm_file()?).map(Some),
        "instructions, MBOX to ZIP" => instructions("mailbox.mbox", "8M", "out.zip").map(Some),
        "instructions, PST to EML" => instructions("store.pst", "8M", "out").map(Some),
        "instructions, ICS" => instructions("calendar.ics", "2M", "out").map(Some),
        "dependencies of the core" => dependencies().map(Some),
        "seconds of cargo xtask test" => {
            Ok(fs::read_to_string(room().join(SECONDS)).ok().and_then(|text| text.trim().parse().ok()))
        }
        _ => Err(format!("nothing is known that measures \"{name}\"").into()),
    }
}

/// The core for browsers, as it is published.
fn wasm_file() -> Result<PathBuf> {
    wasm::add_target()?;
    wasm::build(wasm::Profile::Release)?;
    Ok(wasm::compiled())
}

fn gzipped(file: &Path) -> Result<u64> {
    let output = Command::new("gzip").args(["--best", "--no-name", "--stdout"]).arg(file).output()?;
    if !output.status.success() {
        return Err(format!("gzip failed: {}", output.status).into());
    }
    Ok(output.stdout.len() as u64)
}

/// The instructions of a whole conversion, as it is published, on one thread; counted by callgrind, which counts all processors alike.
fn instructions(source: &str, size: &str, to: &str) -> Result<u64> {
    valgrind()?;
    step::run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
    let source = generated(source, size)?;
    let out = room().join("counted");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(root().join("target/release/mailferry")).arg("convert").arg(root().join(source));
    command.arg("--to").arg(out.join(to)).args(["--jobs", "1", "--progress", "none"]);
    let output = command.env("SOURCE_DATE_EPOCH", "1700000000").output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("callgrind failed: {}\n{told}", output.status).into());
    }
    collected(&told).ok_or_else(|| format!("callgrind did not tell a count:\n{told}").into())
}

/// The number in `==17== Collected : 1234`.
fn collected(told: &str) -> Option<u64> {
    told.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

fn valgrind() -> Result<()> {
    let is_there = || output(Command::new("valgrind").arg("--version")).is_ok();
    if !is_there() && Path::new("/usr/bin/apt-get").exists() {
        println!("valgrind is installed");
        step::run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "valgrind"]))?;
    }
    if is_there() { Ok(()) } else { Err("valgrind is needed to count instructions (apt-get install valgrind)".into()) }
}

/// A mailbox, store or calendar that is always the same; its path from the root.
fn generated(name: &str, size: &str) -> Result<String> {
    fs::create_dir_all(room())?;
    let path = format!("{ROOM}/{name}");
    let file = root().join(&path);
    if file.exists() {
        fs::remove_file(&file)?;
    }
    let generate = ["run", "--quiet", "--package", "benches", "--bin", "benches", "--locked", "--", "generate"];
    step::run(cargo().args(generate).arg(&path).args(["--size", size]))?;
    Ok(path)
}

fn dependencies() -> Result<u64> {
    let tree = output(cargo().current_dir(root()).args([
        "tree",
        "--package",
        "mailferry",
        "--edges",
        "normal",
        "--target",
        PLATFORM,
        "--prefix",
        "none",
        "--locked",
    ]))?;
    let names: BTreeSet<_> =
        tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect();
    // The core itself is one of them.
    Ok(names.len().saturating_sub(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn reads_what_callgrind_counts() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 12345\n==7==\n"), Some(12_345));
        assert_eq!(collected("==7== Events    : Ir\n"), None);
    }
}
