//! `cargo xtask release --dry-run` and `cargo xtask version`: what has to hold before a release, as far as one machine can tell.

mod api;
mod archive;
mod workflows;

use crate::{
    Result, docs, python, root,
    step::{Steps, cargo, output, run},
    wasm,
};
use std::{fs, path::Path, process::Command};

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

/// What `cargo xtask release` is asked for.
pub(crate) fn command(words: &[&str]) -> Result<()> {
    match words {
        ["--dry-run"] => dry_run(""),
        ["--dry-run", "--only", names] => dry_run(names),
        ["--pack", target] => archive::pack(target).map(drop),
        ["--write-api"] => api::record(true),
        _ => Err("cargo xtask release --dry-run [--only NAME] | --pack TARGET | --write-api".into()),
    }
}

/// All of it, or the steps whose names begin so; nothing is published.
fn dry_run(names: &str) -> Result<()> {
    let mut steps = Steps::only(names);
    steps.run("versions agree, and the changelog has them", versions)?;
    steps.run("metadata: the address and the licences are the same everywhere", metadata)?;
    steps.run("workflows are well formed", workflows::lint)?;
    steps.run("public names and types are those that are written down", || api::record(false))?;
    steps.run("crates are complete, and compile as they are packed", crates)?;
    steps.run("documentation is one site without broken links", docs::build)?;
    steps.run("command, with man pages and completions, is packed", || {
        let host = host()?;
        archive::try_out(&archive::build(&host)?)
    })?;
    steps.run("sdist of Python installs as pip does it, and passes its tests", || {
        python::source_distribution(python::Build::Published)
    })?;
    steps.run("wheel of Python is well formed, and passes its tests", python::wheel)?;
    steps.run("npm package is compiled", || wasm::build(wasm::Profile::Release))?;
    steps.run_tests("npm package as it is packed passes its tests", wasm::tests)?;
    steps.report()
}

/// The system that compiles.
fn host() -> Result<String> {
    let said = output(Command::new("rustc").arg("-vV"))?;
    Ok(said.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?.to_owned())
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
    let changelog = read("CHANGELOG.md")?;
    let unreleased = between(&changelog, "\n## [Unreleased]\n", "\n## [").unwrap_or_default().trim();
    let is_tagged = output(Command::new("git").args(["tag", "--list", &format!("v{version}")]))
        .is_ok_and(|tag| !tag.trim().is_empty());
    if !unreleased.is_empty() && is_tagged {
        return Err(format!(
            "{version} has a tag, and CHANGELOG.md has more under [Unreleased]: the version has to be a new one"
        )
        .into());
    }
    if !unreleased.is_empty() {
        println!(
            "{} lines of CHANGELOG.md stand under [Unreleased]: before the tag they belong to [{version}]",
            unreleased.lines().count()
        );
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
