//! Everything in one call, from paths to a path: an EML archive, or an import bundle.
//!
//!     cargo run -p mailferry --example convert -- fixtures/mbox/takeout.mbox archive.zip
//!     cargo run -p mailferry --example convert -- fixtures/mbox/takeout.mbox bundle.zip bundle

use mailferry::{
    Result,
    convert::{self, ConvertOptions},
    read::Given,
    write::OutputForm,
};
use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// Converts `source` into `form` at `destination`. The item log and the report stand beside it.
pub(crate) fn run(source: impl Into<Given>, destination: &Path, form: OutputForm, out: &mut dyn Write) -> Result<()> {
    let mut options = ConvertOptions::default();
    options.archive.form = form;
    let go_on = &mut |_progress: convert::Progress<'_>| ControlFlow::Continue(());
    let report = convert::convert([source], destination, &options, go_on)?;
    let totals = &report.totals;
    writeln!(
        out,
        "{} items: {} migrated, {} failed, {} skipped",
        totals.available, totals.migrated, totals.failed, totals.skipped
    )?;
    Ok(())
}

#[allow(dead_code, reason = "a test calls what it calls")]
fn main() -> Result<()> {
    let mut arguments = std::env::args();
    let source = arguments.nth(1).unwrap_or_else(|| "fixtures/mbox/takeout.mbox".into());
    let destination = arguments.next().unwrap_or_else(|| "archive.zip".into());
    let form = arguments.next().map_or(Ok(OutputForm::Eml), |form| form.parse())?;
    run(PathBuf::from(source), Path::new(&destination), form, &mut io::stdout())
}
