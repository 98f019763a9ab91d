//! The workspace builds with the `rust-version` it states.

use crate::{
    Result, root,
    step::{output, run},
};
use std::{fs, process::Command};

pub(crate) fn check() -> Result<()> {
    let stated = stated()?;
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let running = rustc.split_whitespace().nth(1).unwrap_or_default();
    if is_release_of(running, &stated) {
        println!("rustc {running} is the stated {stated}: the whole run shows that it builds");
        return Ok(());
    }
    run(Command::new("rustup").args(["toolchain", "install", &stated, "--profile", "minimal", "--no-self-update"]))?;
    let toolchain = format!("+{stated}");
    run(cargo_of_rustup().args([&toolchain, "check", "--workspace", "--locked", "--target-dir", "target/rust-version"]))
}

/// The `rust-version` of the workspace.
fn stated() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let value = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).ok_or("no rust-version")?;
    Ok(value.trim_matches('"').to_owned())
}

/// Whether `version`, such as 1.95.1, is a release of `stated`, such as 1.95.
fn is_release_of(version: &str, stated: &str) -> bool {
    version.strip_prefix(stated).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The `cargo` that takes `+toolchain`: rustup's, not the toolchain's own that runs this program.
fn cargo_of_rustup() -> Command {
    let mut command = Command::new("cargo");
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::is_release_of;

    #[test]
    fn a_release_is_of_its_own_minor_version_only() {
        assert!(is_release_of("1.95.1", "1.95"));
        assert!(!is_release_of("1.950.0", "1.95"));
        assert!(!is_release_of("1.96.0", "1.95"));
    }
}
