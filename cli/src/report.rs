use crate::{Outcome, args};
use mailferry::convert::write_page;
use std::process::ExitCode;

pub(crate) fn run(arguments: &args::Report) -> Outcome {
    write_page(&arguments.destination, &arguments.html)?;
    println!("Page: {}", arguments.html.display());
    Ok(ExitCode::SUCCESS)
}
