use crate::{Outcome, args::Arguments};
use clap::CommandFactory;
use std::{io, process::ExitCode};

pub(crate) fn completions(shell: clap_complete::Shell) -> Outcome {
    clap_complete::generate(shell, &mut Arguments::command(), "mailferry", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn man() -> Outcome {
    clap_mangen::Man::new(Arguments::command()).render(&mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
