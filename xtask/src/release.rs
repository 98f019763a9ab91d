//! `cargo xtask release --dry-run` and `cargo xtask version`: what has to hold before a release, as far as one machine can tell.

use crate::{
    Result, python, root,
    step::{Steps, cargo, run},
};
use std::{fs, path::Path};

/// Where the version stands, each with what is in front of it and behind it.
const VERSIONS: &[(&str, &str, &str)] = &[
    ("Cargo.toml", "[workspace.package]\nversion = \"", "\""),
    ("cli/Cargo.toml", "mailferry = { path = \"../core\", version = \"", "\""),
    ("bindings-wasm/Cargo.toml", "mailferry = { path = \"../core\", version = \"", "\""),
    ("bindings-python/Cargo.toml", "mailferry = { path = \"../core\", version = \"", "\""),
    ("bindings-python/Cargo.toml", "mailferry-cli = { path = \"../cli\", version = \"", "\""),
    ("bindings-wasm/npm/package.json", "\"version\": \"", "\""),
];

/// What a file has between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

fn read(path: &str) -> Result<String> {
    Ok(fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?.replace("\r\n", "\n"))
}

/// Writes the version everywhere, and the lock of the workspace anew.
pub(crate) fn set_version(version: &str) -> Result<()> {
    let is_version = version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok());
    if !is_version {
        return Err(format!("{version} is not a version: three numbers are needed, such as 0.2.0").into());
    }
    for (path, before, after) in VERSIONS {
        let text = read(path)?;
        let old = between(&text, before, after).ok_or_else(|| format!("{path}: {before:?} not found"))?;
        fs::write(root().join(path), text.replacen(&format!("{before}{old}"), &format!("{before}{version}"), 1))?;
    }
    run(cargo().args(["update", "--workspace", "--offline"]))
}

/// All of it; nothing is published.
pub(crate) fn dry_run() -> Result<()> {
    let mut steps = Steps::default();
    steps.run("the versions agree, and the changelog has them", versions)?;
    steps.run("the address and the licences are the same everywhere", metadata)?;
    steps.run("the crates are complete", crates)?;
    steps.run("the source distribution of Python installs", python::source_distribution)?;
    steps.run("the wheel of Python is well formed", python::wheel)?;
    steps.report()
}

fn versions() -> Result<()> {
    let mut found = Vec::new();
    for (path, before, after) in VERSIONS {
        let text = read(path)?;
        let version = between(&text, before, after).ok_or_else(|| format!("{path}: {before:?} not found"))?;
        found.push((*path, version.to_owned()));
    }
    let version = found.first().map(|(_, version)| version.clone()).unwrap_or_default();
    if let Some((path, other)) = found.iter().find(|(_, other)| *other != version) {
        return Err(
            format!("{path} has version {other}, the workspace {version}: cargo xtask version {version}").into()
        );
    }
    if !read("CHANGELOG.md")?.contains(&format!("\n## [{version}]")) {
        return Err(format!("CHANGELOG.md has no section [{version}]: move what is under [Unreleased] there").into());
    }
    println!("version {version}");
    Ok(())
}

fn metadata() -> Result<()> {
    let manifest = read("Cargo.toml")?;
    let address = between(&manifest, "\nrepository = \"", "\"").ok_or("Cargo.toml has no repository")?;
    if !read("bindings-python/pyproject.toml")?.contains(&format!("Repository = \"{address}\"")) {
        return Err(format!("bindings-python/pyproject.toml has another Repository than {address}").into());
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let text = read(licence)?;
        for folder in ["core", "cli", "bindings-python"] {
            if read(&format!("{folder}/{licence}"))? != text {
                return Err(format!("{folder}/{licence} is not {licence}: copy it").into());
            }
        }
    }
    Ok(())
}

/// Packs the crates that are published, and compiles what was packed.
fn crates() -> Result<()> {
    run(cargo().args([
        "package",
        "--locked",
        "--allow-dirty",
        "--package",
        "mailferry",
        "--package",
        "mailferry-cli",
    ]))?;
    let packed = root().join("target/package");
    for entry in fs::read_dir(&packed)? {
        let path = entry?.path();
        if path.extension() == Some("crate".as_ref()) {
            println!("{}: {} octets", name(&path), fs::metadata(&path)?.len());
        }
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_address_and_the_licences_are_the_same_everywhere() {
        super::metadata().unwrap();
    }
}
