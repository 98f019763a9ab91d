use crate::{Outcome, args::Arguments};
use clap::CommandFactory;
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "mailferry", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn man(of: Option<&str>) -> Outcome {
    let mut command = Arguments::command();
    // So that the pages of its commands know whose they are.
    command.build();
    if let Some(name) = of {
        command = command
            .find_subcommand(name)
            .ok_or_else(|| format!("unknown command {name:?}: see `mailferry --help`"))?
            .clone();
    }
    clap_mangen::Man::new(command).render(&mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
