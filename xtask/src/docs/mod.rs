//! `cargo xtask docs`: one static site of the handbook, the command, the crate and the packages, its links checked.

use crate::{
    Result, python, root,
    step::{cargo, run},
};
use std::{fs, path::Path, process::Command};

const GENERATOR: &str = "mkdocs-material>=9.5,<10";
const SCRIPT: &str = "xtask/src/docs/site.py";

/// Builds the site into target/docs/site, which works wherever it is put.
pub(crate) fn build() -> Result<()> {
    let room = python::room("docs")?;
    let site = room.join("site");
    let python = python::environment_for("docs-venv", &[GENERATOR])?;
    run(cargo().args(["build", "--package", "mailferry-cli", "--locked"]))?;
    run(cargo().args(["doc", "--package", "mailferry", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-Dwarnings"))?;
    let command = root().join("target/debug").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    run(Command::new(&python).args([SCRIPT, "sources"]).arg(fs::canonicalize(command)?).arg(&room))?;
    run(Command::new(&python)
        .args(["-m", "mkdocs", "build", "--strict", "--quiet", "--config-file"])
        .arg(room.join("mkdocs.yml")))?;
    copy(&root().join("target/doc"), &site.join("rust"))?;
    // It is of a server's root, where the site may not be.
    let _none = fs::remove_file(site.join("404.html"));
    run(Command::new(&python).args([SCRIPT, "check"]).arg(&site))?;
    println!("{}", site.display());
    Ok(())
}

/// What rustdoc made of this crate; of others that lie there, nothing.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let is_ours = ["mailferry", "src", "static.files", "search.index", "trait.impl", "type.impl"]
            .iter()
            .any(|ours| name.as_os_str() == *ours);
        if path.is_dir() && (is_ours || from.file_name() != Some("doc".as_ref())) {
            copy(&path, &to.join(name))?;
        } else if path.is_file() {
            fs::copy(path, to.join(name))?;
        }
    }
    Ok(())
}
