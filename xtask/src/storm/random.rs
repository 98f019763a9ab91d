//! `cargo xtask storm`: kills at random points and at chosen ones, calls that fail, losses of power.

use super::faults;
use crate::{Result, step};
use std::process::Command;

/// Kills of each form and number of threads; the everyday tests make do with two.
const KILLS: &str = "20";
/// Calls that fail, and as many at which the conversion is killed, over all forms: of a mailbox with large mail, and of one
/// without, where a case takes a fifth of the time.
const POSITIONS: [(&str, &str); 2] = [("large", "300"), ("small", "1500")];
/// Points of a run at which the power is lost, in each form and in eight ways at each: more than a thousand losses.
const POWER_LOSSES: &str = "13";

pub(crate) fn run(words: &[&str]) -> Result<()> {
    let cargo = || Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let losses = ["test", "--package", "mailferry", "--lib", "--locked", "--", "power_loss", "--nocapture"];
    step::run(cargo().args(losses).env("MAILFERRY_POWER_LOSSES", POWER_LOSSES))?;
    let kills =
        ["test", "--package", "mailferry-cli", "--test", "command", "--locked", "--", "resume::", "--nocapture"];
    step::run(cargo().args(kills).args(["--test-threads", "1"]).env("MAILFERRY_KILLS", KILLS))?;
    for (input, positions) in POSITIONS {
        let mut chosen = vec!["--input", input, "--positions", positions];
        chosen.extend(words);
        faults(&chosen)?;
    }
    Ok(())
}
