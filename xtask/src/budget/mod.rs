//! `cargo xtask budget`: what is written stays the same, and what it costs stays within limits.

mod digests;
mod limits;
mod measure;

use crate::{Result, root};
use limits::Limit;
use std::{fs, path::PathBuf};

/// Where things that are measured lie; below the root, so that logs name it the same everywhere.
const ROOM: &str = "target/budget";

/// Compares all; `--digests` only what is written, `--write` writes that anew, `--only` compares limits whose names start so.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    match words {
        [] => {
            let written = digests::compare(None);
            let held = hold("");
            written.and(held)
        }
        ["--digests"] => digests::compare(None),
        ["--digests", "--binary", binary] => digests::compare(Some(binary)),
        ["--write"] => digests::write(None),
        ["--write", "--binary", binary] => digests::write(Some(binary)),
        ["--only", names] => hold(names),
        _ => Err("cargo xtask budget [--digests [--binary FILE] | --write [--binary FILE] | --only NAME]".into()),
    }
}

/// What `cargo xtask test` took, for the next comparison.
pub(crate) fn note_seconds(seconds: u64) -> Result<()> {
    fs::create_dir_all(room())?;
    Ok(fs::write(room().join(measure::SECONDS), seconds.to_string())?)
}

/// Measures what limits are there for, and prints a table.
fn hold(names: &str) -> Result<()> {
    let limits = limits::read()?;
    fs::create_dir_all(room())?;
    let mut rows = Vec::new();
    let mut over = Vec::new();
    for limit in limits.iter().filter(|limit| limit.name.starts_with(names)) {
        let measured = measure::measure(&limit.name)?;
        let verdict = verdict(limit, measured);
        if verdict == OVER || verdict == UNSET {
            over.push(limit.name.clone());
        }
        let measured = measured.map_or_else(|| "-".to_owned(), thousands);
        rows.push([limit.name.clone(), measured, thousands(limit.in_force()), limit.unit.clone(), verdict.to_owned()]);
    }
    println!("\n| what | measured | limit | | |\n|---|--:|--:|---|---|");
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(format!(
        "over the limit, or without one: {}. Make it less; or raise the limit in {} with a line of `raised` that says why",
        over.join(", "),
        limits::FILE
    )
    .into())
}

const OVER: &str = "OVER";
const UNSET: &str = "NO LIMIT YET: write it down";

fn verdict(limit: &Limit, measured: Option<u64>) -> &'static str {
    match measured {
        None => "not measured here: run cargo xtask test",
        Some(_) if limit.in_force() == 0 => UNSET,
        Some(measured) if measured > limit.most() => OVER,
        Some(measured) if measured < limit.least() => "ok; the limit can be lowered",
        Some(_) => "ok",
    }
}

fn room() -> PathBuf {
    root().join(ROOM)
}

/// `1234567` as `1,234,567`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_its_tolerance_on_both_sides() {
        let limit = Limit::new("mbox", 10_000, 1.0);
        let is = |measured| verdict(&limit, Some(measured));
        assert_eq!([is(10_100), is(10_101), is(9_900), is(9_899)], ["ok", OVER, "ok", "ok; the limit can be lowered"]);
        assert_eq!(verdict(&Limit::new("mbox", 0, 1.0), Some(1)), UNSET);
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            [thousands(0), thousands(999), thousands(1_000), thousands(2_827_055)],
            ["0", "999", "1,000", "2,827,055"]
        );
    }
}
