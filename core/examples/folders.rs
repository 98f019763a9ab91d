//! The folders of a PST or OST with the number of messages in each, without translating any; empty folders too.
//!
//!     cargo run -p mailferry --example folders -- outlook.pst

use mailferry::{
    Result,
    read::{ItemReader, ReadOptions, pst::PstReader},
    source::Source,
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
};

/// Lists the folders of `store`.
pub(crate) fn run(store: Source, out: &mut dyn Write) -> Result<()> {
    let mut reader = PstReader::open(store, "store", &ReadOptions::default())?;
    let mut folders: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(stored) = reader.next_message()? {
        *folders.entry(stored.folder.path.to_string()).or_default() += 1;
    }
    for folder in reader.folders() {
        folders.entry(folder.path.to_string()).or_default();
    }
    for (folder, messages) in folders {
        writeln!(out, "{folder}: {messages}")?;
    }
    for defect in reader.take_defects() {
        writeln!(out, "{defect}")?;
    }
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "outlook.pst".into());
    run(Arc::new(mailferry::source::FileSource::open(path)?), &mut io::stdout())
}
