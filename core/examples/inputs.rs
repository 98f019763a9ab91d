//! gzip, ZIP, tar and UTF-16 are opened as they are: the sources in a file or folder, and what is passed over there and why.
//!
//!     cargo run -p mailferry --example inputs -- takeout.tgz

use mailferry::{
    Limits, Result,
    read::{Found, Inputs, ReadOptions},
    source::Source,
};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// Counts the items of each source in the octets of `name`.
pub(crate) fn run(name: &str, octets: Source, out: &mut dyn Write) -> Result<()> {
    for found in Inputs::new(name, octets, &Limits::default())? {
        match found? {
            Found::Input(input) => {
                let (name, mut items) = (input.name().to_owned(), 0_u64);
                let mut reader = input.open(&ReadOptions::default())?;
                while reader.next_item()?.is_some() {
                    items += 1;
                }
                writeln!(out, "{name}: {items} items")?;
            }
            Found::Passed(passed) => writeln!(out, "{}: {}", passed.name, passed.why)?,
        }
    }
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "fixtures/mbox/takeout.mbox".into());
    let file = mailferry::source::FileSource::open(&path)?;
    run(&path, Arc::new(file), &mut io::stdout())
}
