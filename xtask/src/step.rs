//! Running other programs, one step at a time, and remembering how long each took and what its tests said.

use crate::{Result, root};
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The steps that have run.
#[derive(Default)]
pub(crate) struct Steps {
    times: Vec<(String, Duration)>,
    summaries: Vec<String>,
    failures: Vec<String>,
    /// How the names of those begin that are asked for.
    names: String,
}

impl Steps {
    /// Of the steps to come only those whose names begin so.
    pub(crate) fn only(names: &str) -> Self {
        Self { names: names.to_owned(), ..Self::default() }
    }

    /// Runs `step` under a heading.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        self.timed(name, |_| step())
    }

    /// Runs a test runner under a heading and keeps its summary lines for the end. If tests fail, [`Steps::report`] says so:
    /// one run tells all that is wrong.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) -> Result<()> {
        self.timed(name, |steps| {
            let mut child = command.current_dir(root()).stdout(Stdio::piped()).spawn().map_err(not_started(name))?;
            if let Some(output) = child.stdout.take() {
                for line in BufReader::new(output).lines() {
                    let line = line?;
                    println!("{line}");
                    if is_summary(&line) {
                        steps.summaries.push(line);
                    }
                }
            }
            if !child.wait()?.success() {
                steps.failures.push(name.to_owned());
            }
            Ok(())
        })
    }

    /// The same with a runner that has to be set up first.
    pub(crate) fn run_tests(&mut self, name: &str, set_up: impl FnOnce() -> Result<Command>) -> Result<()> {
        if !name.starts_with(&self.names) {
            return Ok(());
        }
        let mut command = set_up()?;
        self.tests(name, &mut command)
    }

    /// Prints the time of each step, then what each test runner said of itself; fails where tests failed.
    pub(crate) fn report(&self) -> Result<()> {
        println!("\n== times");
        for (name, time) in &self.times {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
        println!("\n== tests");
        for summary in &self.summaries {
            println!("{summary}");
        }
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(format!("tests failed: {}", self.failures.join("; ")).into())
        }
    }

    /// How long all of it took.
    pub(crate) fn total(&self) -> Duration {
        self.times.iter().map(|(_, time)| *time).sum()
    }

    fn timed(&mut self, name: &str, step: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if !name.starts_with(&self.names) {
            return Ok(());
        }
        println!("\n== {name}");
        let start = Instant::now();
        step(self).map_err(|error| format!("{name}: {error}"))?;
        self.times.push((name.to_owned(), start.elapsed()));
        Ok(())
    }
}

/// Runs a program in the root of the workspace; it must succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.current_dir(root()).status().map_err(not_started(&name))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed: {status}").into()) }
}

/// What a program prints, which must be UTF-8; it must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.current_dir(root()).stderr(Stdio::inherit()).output().map_err(not_started(&name))?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What is built once is quicker and smaller without what the next build would take up.
    cargo.env("CARGO_INCREMENTAL", "0");
    cargo
}

/// A program of crates.io, compiled into target/tools where it is not there yet.
pub(crate) fn installed(name: &str, version: &str) -> Result<PathBuf> {
    let tools = root().join("target/tools");
    run(cargo()
        .args(["install", "--quiet", "--locked", name, "--version", &format!("~{version}"), "--root"])
        .arg(&tools))?;
    Ok(std::fs::canonicalize(tools.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))?)
}

fn not_started(name: &str) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{name} cannot be started: {error}")
}

/// A closing line of libtest, of pytest, or of Node's test runner.
fn is_summary(line: &str) -> bool {
    let pytest = line.contains(" passed") && line.contains(" in ") && line.ends_with("s");
    let node = ["pass", "fail", "skipped"]
        .iter()
        .any(|word| line.strip_prefix("# ").or(line.strip_prefix("ℹ ")).is_some_and(|said| said.starts_with(word)));
    line.starts_with("test result:") || node || (pytest && !line.contains("::"))
}

#[cfg(test)]
mod tests {
    use super::is_summary;

    #[test]
    fn knows_the_closing_lines_of_test_runners() {
        assert!(is_summary("test result: ok. 3 passed; 0 failed; 0 ignored; finished in 0.00s"));
        assert!(is_summary("# pass 24") && is_summary("ℹ fail 0"));
        assert!(is_summary("5 passed, 1 skipped in 0.31s"));
        assert!(!is_summary("test tests::something_passed ... ok"));
    }
}
