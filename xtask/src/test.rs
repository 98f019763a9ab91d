//! `cargo xtask test`: everything that must hold before a change goes in, cheapest first, tests last.

use crate::{
    Result, budget, features, fixtures, licences, python, rust_version,
    step::{self, Steps, cargo, output},
    wasm, web,
};
use std::process::Command;

pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.run("set-up", set_up)?;
    steps.run("format", || step::run(cargo().args(["fmt", "--all", "--check"])))?;
    steps.run("licences", licences::check)?;
    steps.run("fixtures are what their generator writes", fixtures::check)?;
    steps.run("clippy", || {
        step::run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    })?;
    steps.run("rustdoc", || {
        step::run(cargo().args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-Dwarnings"))
    })?;
    steps.run("the core builds for the browser", || {
        step::run(cargo().args(["check", "--package", "mailferry", "--target", wasm::TARGET, "--locked"]))
    })?;
    steps.run("the features of the core", features::compile)?;
    steps.run("the stated rust-version", rust_version::check)?;
    steps.run("build", || step::run(cargo().args(["build", "--package", "mailferry-cli", "--locked"])))?;
    steps.run("what is written is what it was", || budget::run(&["--digests"]))?;
    steps.run("the Python package", python::package)?;
    let mut pytest = python::pytest()?;
    steps.run("the npm package and the page", || {
        wasm::build(wasm::Profile::Quick)?;
        web::assemble().map(drop)
    })?;
    steps.tests("JavaScript reads and writes through the npm package", &mut wasm::tests()?)?;
    steps.tests("Python reads what is written, and through the package", &mut pytest)?;
    steps.tests("Rust tests", cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]))?;
    steps.report()?;
    budget::note_seconds(steps.total().as_secs())
}

/// What the other steps need beside cargo itself; nothing is fetched that is there already.
fn set_up() -> Result<()> {
    for (component, program) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if output(cargo().args([program, "--version"])).is_err() {
            step::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    wasm::add_target()?;
    wasm::set_up()?;
    python::set_up()
}
