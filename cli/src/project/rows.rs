//! The rows of a project as the mailboxes that `mailferry convert` would be given.

use crate::{
    args::{Arguments, Command},
    convert,
};
use clap::{ArgAction, CommandFactory, Parser};
use mailferry::{
    Error, ErrorKind,
    convert::{Project, ProjectMailbox, ProjectRow},
};
use std::{
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

/// Whether this is the table of a project: a CSV file whose heading has the columns of one.
pub(crate) fn is_project(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) && Project::open(path).is_ok()
}

/// The mailboxes of the table at `path`; with `pilot` those of a test migration. `at_a_time` of them share the processors.
///
/// # Errors
/// When the table cannot be read, or has a column that is unknown: all of them are named.
pub(super) fn mailboxes(
    path: &Path,
    pilot: bool,
    at_a_time: NonZeroUsize,
) -> Result<Vec<ProjectMailbox>, Box<dyn std::error::Error>> {
    let project = Project::open(path)?;
    let settings = Settings::new();
    let unknown: Vec<String> = project
        .settings
        .iter()
        .filter(|name| settings.action(name).is_none())
        .map(|name| match settings.nearest(name) {
            Some(nearest) => format!("the column \"{name}\" is not known: do you mean \"{nearest}\"?"),
            None => format!(
                "the column \"{name}\" is not known: columns are source, destination, pilot, name, mailbox, email, and the options of \
                 `mailferry convert`"
            ),
        })
        .collect();
    if !unknown.is_empty() {
        return Err(format!("{}: {}", path.display(), unknown.join("; ")).into());
    }
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = (cores.get() / at_a_time.get()).max(1);
    Ok(project.rows.into_iter().filter_map(|row| mailbox(row, pilot, threads, &settings)).collect())
}

/// The mailbox of a row, as `mailferry convert` would be given it; none that a test migration leaves out.
fn mailbox(
    row: Result<ProjectRow, (u64, Error)>,
    pilot: bool,
    threads: usize,
    settings: &Settings,
) -> Option<ProjectMailbox> {
    let row = match row {
        Ok(row) => row,
        Err((line, error)) => return Some(ProjectMailbox::new(line, Vec::new(), PathBuf::new(), Err(error))),
    };
    let sample = if pilot { Some(row.pilot?) } else { None };
    let destination = if pilot { row.pilot_destination() } else { row.destination.clone() };
    let mut words: Vec<OsString> = ["convert", "--jobs"].map(Into::into).to_vec();
    words.push(threads.to_string().into());
    words.extend(sample.into_iter().flat_map(|sample| ["--sample".into(), sample.to_string().into()]));
    let set = row.settings.iter().filter(|(name, _)| sample.is_none() || *name != "sample");
    words.extend(set.flat_map(|(name, value)| settings.words(name, value)));
    words.extend(["--to".into(), destination.clone().into(), "--".into()]);
    words.extend(row.sources.iter().map(Into::into));
    let parsed = Arguments::try_parse_from(["mailferry".into()].iter().chain(&words));
    let options = match parsed.map(|arguments| arguments.command) {
        Ok(Command::Convert(arguments)) => Ok(convert::options(&arguments, words)),
        Ok(_) => Err(Error::new(ErrorKind::Options, "is not a conversion")),
        Err(error) => Err(Error::new(ErrorKind::Options, convert::first_line(&error))),
    };
    Some(ProjectMailbox::new(row.line, row.sources, destination, options).named(row.name))
}

/// The options of `mailferry convert` that a column may set.
struct Settings(clap::Command);

impl Settings {
    fn new() -> Self {
        let mut all = Arguments::command();
        all.build();
        Self(all.find_subcommand("convert").cloned().unwrap_or_default())
    }

    fn action(&self, name: &str) -> Option<&ArgAction> {
        let is_it = |argument: &&clap::Arg| argument.get_long() == Some(name);
        let own = ["to", "progress", "help"];
        self.0.get_arguments().find(is_it).filter(|_| !own.contains(&name)).map(clap::Arg::get_action)
    }

    /// The known column whose name is most like this one, if one is.
    fn nearest(&self, name: &str) -> Option<String> {
        /// Of 1, how alike they must be.
        const ALIKE: f64 = 0.8;
        let own = ["source", "destination", "pilot", "name", "mailbox", "email"].map(str::to_owned);
        let options = self.0.get_arguments().filter_map(clap::Arg::get_long).map(str::to_owned);
        let known = own.into_iter().chain(options.filter(|option| self.action(option).is_some()));
        let alike = known.map(|known| (strsim::jaro_winkler(&known, name), known)).filter(|(alike, _)| *alike >= ALIKE);
        alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
    }

    /// The words that set `name` to the cell `value`.
    fn words(&self, name: &str, value: &str) -> Vec<OsString> {
        let option = |value: &str| format!("--{name}={value}").into();
        match self.action(name) {
            Some(ArgAction::SetTrue) => match &*value.to_ascii_lowercase() {
                "0" | "-" | "n" | "no" | "false" => Vec::new(),
                _ => vec![format!("--{name}").into()],
            },
            Some(ArgAction::Append) => value.split('|').map(str::trim).map(option).collect(),
            _ => vec![option(value)],
        }
    }
}
