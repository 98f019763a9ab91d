//! Each combination of the features of the crate `mailferry` compiles, and what is left without any, reading, passes its tests.

use crate::{
    Result,
    step::{cargo, run},
};
use std::process::Command;

/// The combinations beside none and all, which the tests are for; `convert` brings `write` with it.
const COMBINATIONS: [&str; 4] = ["outlook", "write", "write,outlook", "convert"];

/// Whether each compiles.
pub(crate) fn compile() -> Result<()> {
    for features in COMBINATIONS {
        println!("features: {features}");
        run(cargo_of_core("check").args(["--features", features]))?;
    }
    println!("features: none");
    run(&mut cargo_of_core("check"))
}

/// Whether each compiles, and reading alone passes its tests.
pub(crate) fn check() -> Result<()> {
    compile()?;
    run(cargo_of_core("test").arg("--lib"))
}

/// `cargo COMMAND` on the core alone, so that no other package turns its features on.
fn cargo_of_core(command: &str) -> Command {
    let mut cargo = cargo();
    cargo.args([command, "--package", "mailferry", "--no-default-features", "--locked"]);
    cargo
}
