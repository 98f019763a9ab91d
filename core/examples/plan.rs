//! What a target accepts of a mailbox, what it rejects and why; nothing is written.
//!
//!     cargo run -p mailferry --example plan -- fixtures/mbox/takeout.mbox icloud

use mailferry::{
    Result,
    convert::{self, ConvertOptions},
    platform::Target,
    read::Given,
};
use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
};

/// Tells what would become of `source` at the target of this name.
pub(crate) fn run(source: impl Into<Given>, target: &str, out: &mut dyn Write) -> Result<()> {
    let target = Target::named(target)?;
    let plan = convert::plan([source], target, &ConvertOptions::default(), &mut |_, _| ControlFlow::Continue(()))?;
    writeln!(out, "{}: {} of {} items go", target.title, plan.goes.items, plan.available.items)?;
    for (reason, refused) in &plan.refused {
        writeln!(out, "{reason}: {} items: {}", refused.size.items, refused.because)?;
    }
    for (limit, flagged) in &plan.flagged {
        writeln!(out, "{limit}: {} items: {}", flagged.size.items, flagged.first.join(", "))?;
    }
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let mut arguments = std::env::args();
    let source = arguments.nth(1).unwrap_or_else(|| "fixtures/mbox/takeout.mbox".into());
    let target = arguments.next().unwrap_or_else(|| "icloud".into());
    run(PathBuf::from(source), &target, &mut io::stdout())
}
