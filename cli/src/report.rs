use crate::{Outcome, args, project};
use mailferry::convert::write_page;
use std::process::ExitCode;

pub(crate) fn run(arguments: &args::Report) -> Outcome {
    if project::is_project(&arguments.destination) {
        return project::report(&arguments.destination, &arguments.html);
    }
    write_page(&arguments.destination, &arguments.html)?;
    println!("Page: {}", arguments.html.display());
    Ok(ExitCode::SUCCESS)
}
