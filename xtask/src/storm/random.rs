//! `cargo xtask kill-storm`: conversions are killed at random points, many times over, and compared with one that was not.

use crate::{Result, step};
use std::process::Command;

/// Kills of each form and number of threads; the everyday tests make do with two.
const KILLS: &str = "20";

pub(crate) fn run() -> Result<()> {
    let mut test = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    test.args(["test", "--package", "mailferry-cli", "--test", "command", "--locked"]);
    step::run(test.args(["--", "resume::", "--nocapture", "--test-threads", "1"]).env("MAILFERRY_KILLS", KILLS))
}
