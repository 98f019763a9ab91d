//! The npm package: the core compiled for the browser, the JavaScript around it, and the tests of both.

use crate::{
    Result, python, root,
    step::{cargo, output, run},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
const NODE: &str = "Node 20 or newer, with npm, is needed for the npm package (node --version)";

/// How the core is compiled.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// As it is published: the fastest, which takes minutes to link.
    Release,
    /// For tests.
    Quick,
}

impl Profile {
    fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Quick => "quick",
        }
    }
}

/// Compiles the core and writes what the package is made of beside its JavaScript.
pub(crate) fn build(profile: Profile) -> Result<()> {
    let name = profile.as_str();
    run(cargo().args(["build", "--package", "mailferry-wasm", "--target", TARGET, "--profile", name, "--locked"]))?;
    let bundler = "bindings-wasm/bundler/Cargo.toml";
    let linked = target().join(TARGET).join(name).join("mailferry_wasm.wasm");
    let package = package();
    run(cargo()
        .args(["run", "--quiet", "--manifest-path", bundler, "--locked", "--target-dir"])
        .arg(target().join("bundler"))
        .arg("--")
        .arg(linked)
        .arg(package.join("wasm")))?;
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(root().join(licence), package.join(licence))?;
    }
    let octets = fs::metadata(compiled())?.len();
    println!("mailferry_bg.wasm: {octets} octets");
    Ok(())
}

/// The core as it stands in the package.
pub(crate) fn compiled() -> PathBuf {
    package().join("wasm/mailferry_bg.wasm")
}

/// Makes sure that the compiler has the standard library for the browser.
pub(crate) fn add_target() -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if !Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
        run(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    Ok(())
}

/// Has the store that tests of other languages read, too, written; where it lies.
pub(crate) fn store() -> Result<PathBuf> {
    run(cargo().args(["test", "--quiet", "--package", "mailferry", "--test", "pst", "--locked", "--", "lies_where"]))?;
    Ok(target().join("tmp/store.pst"))
}

/// Packs the package, installs it where its tests are, with what they need, and gives the command that runs them.
pub(crate) fn tests() -> Result<Command> {
    let tests = root().join("bindings-wasm/tests");
    store()?;
    let packed = target().join("npm");
    fs::create_dir_all(&packed)?;
    run(npm().args(["pack", "--silent", "--pack-destination"]).arg(&packed).arg(package()))?;
    let package = packed.join(concat!("mailferry-", env!("CARGO_PKG_VERSION"), ".tgz"));
    for folder in [&tests, &tests.join("bundlers")] {
        run(npm().args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(folder))?;
        run(npm()
            .args(["install", "--silent", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix"])
            .arg(folder)
            .arg(&package))?;
    }
    let mut command = npm();
    command.args(["test", "--silent", "--prefix"]).arg(tests);
    Ok(command)
}

/// What takes longer: ten tasks in each browser, axe, Lighthouse, publint and attw. The page and the package are there already.
pub(crate) fn full_tests() -> Result<Command> {
    let full = root().join("bindings-wasm/tests/full");
    run(npm().args(["ci", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&full))?;
    let mut command = npm();
    command.args(["test", "--silent", "--prefix"]).arg(full);
    Ok(command)
}

/// Makes sure that there is a Node that is new enough.
pub(crate) fn set_up() -> Result<()> {
    let version = output(Command::new("node").arg("--version")).map_err(|_| NODE)?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < 20) {
        return Err(NODE.into());
    }
    browser("CHROMIUM", "chromium", &["chromium", "chromium-browser", "google-chrome"]);
    browser("FIREFOX", "firefox-esr", &["firefox", "firefox-esr"]);
    Ok(())
}

/// Fetches a browser for the tests of the page, where that is one command; else they say that they are left out.
fn browser(variable: &str, package: &str, names: &[&str]) {
    let is_there =
        std::env::var_os(variable).is_some() || names.iter().any(|name| Path::new("/usr/bin").join(name).exists());
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0");
    if is_there || !is_root || !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    if let Err(error) = run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", package])) {
        println!("the page is not tested in it: {package} cannot be installed ({error})");
    }
}

/// `npm pack` in a fresh clone, which has to compile the core, and what was packed in a folder that has nothing else.
pub(crate) fn pack_from_clone() -> Result<()> {
    let room = python::room("npm-clone")?;
    let clone = room.join("clone");
    run(Command::new("git").args(["clone", "--quiet", "--no-hardlinks"]).arg(fs::canonicalize(root())?).arg(&clone))?;
    let package = clone.join("bindings-wasm/npm");
    // What is compiled of other crates is shared.
    let target = fs::canonicalize(target())?;
    run(npm().args(["pack", "--pack-destination"]).arg(&room).arg(&package).env("CARGO_TARGET_DIR", target))?;
    let packed = room.join(concat!("mailferry-", env!("CARGO_PKG_VERSION"), ".tgz"));
    let empty = room.join("empty");
    fs::create_dir(&empty)?;
    fs::write(empty.join("package.json"), "{}")?;
    run(npm().args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&empty).arg(packed))?;
    let mailbox = fs::canonicalize(root().join("fixtures/mbox/takeout.mbox"))?;
    for (file, program) in TRIALS {
        fs::write(empty.join(file), program)?;
        run(Command::new("node").arg(empty.join(file)).arg(&mailbox))?;
    }
    Ok(())
}

/// A first program, as a module and as CommonJS.
const TRIALS: [(&str, &str); 2] = [
    (
        "trial.mjs",
        "import { fileSource, inspect } from 'mailferry';\n\
         const { items } = await inspect(fileSource(process.argv[2]));\n\
         if (items !== 24) throw new Error(`${items} items`);\n",
    ),
    (
        "trial.cjs",
        "const { fileSource, inspect } = require('mailferry');\n\
         inspect(fileSource(process.argv[2])).then(({ items }) => process.exit(items === 24 ? 0 : 1));\n",
    ),
];

pub(crate) fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn package() -> PathBuf {
    root().join("bindings-wasm/npm")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
