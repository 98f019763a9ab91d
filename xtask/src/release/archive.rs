//! The archive of the command for one system, as a release has it: the program, its man pages, its completions, its bill of
//! materials, the licences; and its SHA-256 beside it.

use super::name;
use crate::{
    Result, python, root,
    step::{cargo, installed, output, run},
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Shells, by what they are to `mailferry completions`, and where their scripts have to lie.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "mailferry.bash"),
    ("zsh", "_mailferry"),
    ("fish", "mailferry.fish"),
    ("elvish", "mailferry.elv"),
    ("powershell", "_mailferry.ps1"),
];
/// Where `cargo deb` looks for them.
const DOCUMENTS: &str = "target/documents";
const SBOM: &str = "mailferry-cli.cdx";

/// Builds the command for `target` as it is published and packs it into target/dist.
pub(crate) fn build(target: &str) -> Result<PathBuf> {
    run(cargo().args(["build", "--release", "--locked", "--package", "mailferry-cli", "--target", target]))?;
    pack(target)
}

/// Packs what was built for `target`, which has to run here.
pub(crate) fn pack(target: &str) -> Result<PathBuf> {
    let is_windows = target.contains("windows");
    let file = if is_windows { "mailferry.exe" } else { "mailferry" };
    let program = fs::canonicalize(root().join("target").join(target).join("release").join(file))?;
    let dist = python::room("dist")?;
    let folder = dist.join(format!("mailferry-{target}"));
    fs::create_dir(&folder)?;
    fs::copy(&program, folder.join(file))?;
    for document in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md"] {
        fs::copy(root().join(document), folder.join(document))?;
    }
    bill_of_materials(target, &folder)?;
    documents(&program, &folder)?;
    let archive = dist.join(format!("mailferry-{target}.{}", if is_windows { "zip" } else { "tar.gz" }));
    let mut packer = Command::new(if is_windows { "7z" } else { "tar" });
    packer.arg(if is_windows { "a" } else { "-czf" }).arg(&archive).arg(name(&folder));
    run_in(&mut packer, &dist)?;
    fs::remove_dir_all(&folder)?;
    let sum: String = Sha256::digest(fs::read(&archive)?).iter().map(|octet| format!("{octet:02x}")).collect();
    fs::write(dist.join(format!("{}.sha256", name(&archive))), format!("{sum}  {}\n", name(&archive)))?;
    println!("{}: {} octets, SHA-256 {sum}", archive.display(), fs::metadata(&archive)?.len());
    Ok(archive)
}

/// Unpacks an archive elsewhere, and has the program do its work there.
pub(crate) fn try_out(archive: &Path) -> Result<()> {
    let room = python::room("dist-tried")?;
    run_in(Command::new("tar").arg("-xzf").arg(archive), &room)?;
    let sum = archive.with_file_name(format!("{}.sha256", name(archive)));
    if let Some(beside) = sum.parent() {
        run_in(Command::new("sha256sum").arg("--check").arg("--quiet").arg(&sum), beside)?;
    }
    let folder = room.join(name(archive).trim_end_matches(".tar.gz"));
    let program = folder.join("mailferry");
    let version = output(Command::new(&program).arg("--version"))?;
    if version.trim() != concat!("mailferry ", env!("CARGO_PKG_VERSION")) {
        return Err(format!("the packed program says that it is {version:?}").into());
    }
    run_in(Command::new(&program).arg("convert").arg(takeout()?).args(["--to", "out.zip"]), &room)?;
    run_in(Command::new(&program).args(["verify", "out.zip"]), &room)?;
    run_in(Command::new("bash").arg("-n").arg(folder.join("completions/mailferry.bash")), &room)?;
    let pages = fs::read_dir(folder.join("man/man1"))?.count();
    if pages < 10 || !folder.join(format!("{SBOM}.json")).is_file() {
        return Err(format!("{pages} man pages are packed, or the bill of materials is missing").into());
    }
    println!("{pages} man pages, {} completion scripts, and a bill of materials", COMPLETIONS.len());
    Ok(())
}

/// Man pages and completions, in the archive and where other packages take them from.
fn documents(program: &Path, folder: &Path) -> Result<()> {
    let overview = output(Command::new(program).arg("--help"))?;
    let commands = commands(&overview);
    if commands.is_empty() {
        return Err("mailferry --help lists no commands".into());
    }
    let (completions, pages) = (folder.join("completions"), folder.join("man/man1"));
    fs::create_dir(&completions)?;
    fs::create_dir_all(&pages)?;
    for (shell, file) in COMPLETIONS {
        fs::write(completions.join(file), output(Command::new(program).args(["completions", shell]))?)?;
    }
    fs::write(pages.join("mailferry.1"), output(Command::new(program).arg("man"))?)?;
    for command in commands {
        let page = output(Command::new(program).args(["man", command]))?;
        fs::write(pages.join(format!("mailferry-{command}.1")), page)?;
    }
    let shared = root().join(DOCUMENTS);
    if shared.exists() {
        fs::remove_dir_all(&shared)?;
    }
    for from in [completions, pages] {
        let to = shared.join(name(&from));
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// What the program is made of, in CycloneDX.
fn bill_of_materials(target: &str, folder: &Path) -> Result<()> {
    let tool = installed("cargo-cyclonedx", "0.5")?;
    let made = root().join("cli").join(format!("{SBOM}.json"));
    let written = run(Command::new(tool)
        .args(["cyclonedx", "--manifest-path", "cli/Cargo.toml", "--format", "json", "--target", target])
        .args(["--override-filename", SBOM]));
    let copied = written.and_then(|()| Ok(fs::copy(&made, folder.join(name(&made))).map(drop)?));
    // It writes beside every manifest that it goes through.
    for member in ["core", "cli", "benches", "xtask", "bindings-python", "bindings-wasm"] {
        let _none = fs::remove_file(root().join(member).join(format!("{SBOM}.json")));
    }
    copied
}

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let listed = help.split_once("\nCommands:\n").and_then(|(_, rest)| rest.split("\n\n").next()).unwrap_or_default();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    names.filter_map(|line| line.split(' ').next()).filter(|name| *name != "help").collect()
}

fn takeout() -> Result<PathBuf> {
    Ok(fs::canonicalize(root().join("fixtures/mbox/takeout.mbox"))?)
}

fn run_in(command: &mut Command, folder: &Path) -> Result<()> {
    let status = command.current_dir(folder).status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_those_of_the_help() {
        let help = "About.\n\nCommands:\n  convert  Convert\n           more\n  man      A page\n  help     Print\n\nOptions:\n  -h\n";
        assert_eq!(super::commands(help), ["convert", "man"]);
    }
}
