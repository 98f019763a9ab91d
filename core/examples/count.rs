//! An [`ItemWriter`] of one's own: counts what a conversion would write, by folder, and keeps nothing.
//!
//!     cargo run -p mailferry --example count -- fixtures/mbox/takeout.mbox

use mailferry::{
    Result,
    convert::Conversion,
    model::{Folder, Item},
    read::{Given, Mailbox, ReadOptions},
    write::{ItemName, ItemWriter, Product, Rendered, Renderer, WriteOptions, Written},
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Items and octets of a folder.
type Counts = BTreeMap<String, (u64, u64)>;

/// The writer is the conversion's; what it counts is shared.
struct Counter {
    counts: Arc<Mutex<Counts>>,
}

impl Counter {
    fn count(&self, folder: &Folder, items: u64, octets: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let (all_items, all_octets) = counts.entry(folder.path.to_string()).or_default();
        *all_items += items;
        *all_octets += octets;
    }
}

impl ItemWriter for Counter {
    /// What does the work that can be spread over threads.
    fn renderer(&self) -> Renderer {
        Renderer::of(&WriteOptions::default())
    }

    /// Called in the order of the source.
    fn write(&mut self, item: &Item, _name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut octets = 0;
        rendered.for_each_chunk(|chunk| {
            octets += chunk.len() as u64;
            Ok(())
        })?;
        self.count(&item.folder, 1, octets);
        // Where the item is now: this stands in its line of the log.
        let path = format!("{}/{}", item.folder.path, rendered.name_digest());
        Ok(vec![Written { path, folder: item.folder.clone() }])
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.count(folder, 0, 0);
        Ok(())
    }

    fn finish_telling(&mut self, _tell: &mut dyn FnMut(Product) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

/// Counts what `source` holds.
pub(crate) fn run(source: impl Into<Given>, out: &mut dyn Write) -> Result<()> {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add(source);
    let counts = Arc::default();
    let counter = Counter { counts: Arc::clone(&counts) };
    let report =
        Conversion::new(mailbox, Box::new(counter), io::sink()).run(&mut |_progress| ControlFlow::Continue(()));
    for (folder, (items, octets)) in &*counts.lock().unwrap_or_else(PoisonError::into_inner) {
        writeln!(out, "{folder}: {items} items, {octets} octets")?;
    }
    writeln!(out, "{} of {} items", report.totals.migrated, report.totals.available)?;
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).unwrap_or_else(|| "fixtures/mbox/takeout.mbox".into());
    run(PathBuf::from(path), &mut io::stdout())
}
