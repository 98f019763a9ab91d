//! `cargo xtask growth`: whether time and memory grow no more than what is read.

use crate::{
    Result, root,
    step::{cargo, run},
};
use std::{env, fs, path::PathBuf, process::Command};

/// Measures every kind of source that `*.py` beside this make, or those whose names begin as `words` say, in four sizes each.
///
/// # Errors
/// When a doubling takes more than 2.3 times as long, or more memory is taken than is promised.
pub(crate) fn measure(words: &[&str]) -> Result<()> {
    let (mut binary, mut room, mut names) = (None, root().join("target"), Vec::new());
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        match word {
            "--binary" => binary = Some(PathBuf::from(words.next().ok_or("--binary needs a file")?)),
            "--dir" => room = PathBuf::from(words.next().ok_or("--dir needs a folder")?),
            name => names.push(name),
        }
    }
    let binary = match binary {
        Some(binary) => binary,
        None => {
            run(cargo().args(["build", "--release", "--package", "mailferry-cli", "--locked"]))?;
            root().join("target/release").join(format!("mailferry{}", env::consts::EXE_SUFFIX))
        }
    };
    fs::create_dir_all(&room)?;
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("xtask/src/growth/growth.py"));
    run(python.args([fs::canonicalize(binary)?, fs::canonicalize(room)?]).args(names))
}
