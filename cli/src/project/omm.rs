use crate::{Outcome, SOME_FAILED, args::Omm, table, terminal::plain};
use mailferry::convert::{OmmAccount, OmmTable};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// Shows the accounts without their passwords, and what the migrator would refuse.
pub(super) fn run(arguments: &Omm) -> Outcome {
    let table = match &arguments.table {
        Some(path) => {
            let with_path = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let file = File::open(path).map_err(|error| with_path(&error))?;
            OmmTable::read(file).map_err(|error| with_path(&error))?
        }
        None => OmmTable::default(),
    };
    if let Some(path) = &arguments.to {
        create(path)
            .and_then(|file| table.write(file))
            .map_err(|error| format!("{}: cannot be written: {error}", path.display()))?;
    }
    let mut out = io::stdout().lock();
    let rows: Vec<_> = table
        .accounts
        .iter()
        .map(|(_, account)| {
            let password = |is_empty: bool| if is_empty { "none" } else { "given" }.to_owned();
            // A password in the wrong column is shown no more than one in its own.
            let address = |cell: &str| if cell.contains('@') { plain(cell) } else { "(no address)".to_owned() };
            let server = |cell: &str| if OmmAccount::is_type(cell) { plain(cell) } else { "(unknown)".to_owned() };
            [
                address(&account.source_login),
                server(&account.source_type),
                password(account.source_password.is_empty()),
                address(&account.destination_mail),
                server(&account.destination_type),
                password(account.destination_password.is_empty()),
            ]
        })
        .collect();
    table::print(&mut out, ["Source", "type", "password", "destination", "type", "password"], &rows)?;
    let problems = table.problems();
    for (line, problem) in &problems {
        writeln!(out, "line {line}: {problem}")?;
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// A new file that nobody else may read, where the system knows that.
#[expect(clippy::disallowed_methods, reason = "a table is in no destination")]
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
