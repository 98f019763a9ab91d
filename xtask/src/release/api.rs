//! The public names and types of the crate, written down, so that a release says what of them changed. The stub of the Python package and
//! the types of the npm package are such records already.

use crate::{
    Result, root,
    step::{installed, output, run},
};
use std::{fs, process::Command};

/// It reads what this compiler's rustdoc writes.
const TOOL: (&str, &str) = ("cargo-public-api", "0.52");
const TOOLCHAIN: &str = "nightly-2026-05-20";
const RECORD: &str = "xtask/api/mailferry.txt";

/// Compares the crate with the record, or writes that anew.
pub(crate) fn record(writes: bool) -> Result<()> {
    let (tool, version) = TOOL;
    let tool = installed(tool, version)?;
    run(Command::new("rustup").args(["toolchain", "install", TOOLCHAIN, "--profile", "minimal", "--no-self-update"]))?;
    let mut command = Command::new(tool);
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    let now = output(
        command
            .args(["public-api", "--package", "mailferry", "--all-features", "-sss"])
            .args(["--target-dir", "target/public-api"])
            .env("RUSTUP_TOOLCHAIN", TOOLCHAIN),
    )?;
    let path = root().join(RECORD);
    if writes {
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(&path, &now)?;
        println!("{} lines in {RECORD}", now.lines().count());
        return Ok(());
    }
    let then = fs::read_to_string(&path)?.replace("\r\n", "\n");
    let changes = changes(&then, &now);
    if changes.is_empty() {
        println!("{} lines, as in {RECORD}", now.lines().count());
        return Ok(());
    }
    Err(format!(
        "the public API is not what {RECORD} has; if the changelog tells of it: cargo xtask release --write-api\n{changes}"
    )
    .into())
}

/// Lines that one has and the other has not; both are sorted.
fn changes(then: &str, now: &str) -> String {
    let missing = |of: &str, sign: &str, from: &str| -> String {
        let there: std::collections::HashSet<&str> = from.lines().collect();
        of.lines().filter(|line| !there.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    missing(then, "-", now) + &missing(now, "+", then)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_went_and_what_came_is_told() {
        assert_eq!(super::changes("a\nb\n", "b\nc\n"), "- a\n+ c\n");
        assert_eq!(super::changes("a\n", "a\n"), "");
    }
}
