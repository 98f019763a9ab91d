//! The tests in Python, run in a virtual environment of their own under target/.

use crate::{
    Result, root,
    step::{output, run},
};
use std::{fs, path::PathBuf, process::Command};

const REQUIREMENTS: &str = "pytest>=8,<10\nbagit>=1.8,<2\njsonschema>=4,<5\nvobject==0.9.9\n";
const TESTS: &str = "cli/tests/python";

/// Makes the virtual environment, unless it is there with the same requirements.
pub(crate) fn set_up() -> Result<()> {
    let stamp = environment().join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(());
    }
    let python = ["python3", "python"].into_iter().find(|name| is_new_enough(name));
    let python = python.ok_or("Python 3.10 or newer is needed to test what other programs read (python3 --version)")?;
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(environment()))?;
    let requirements = root().join("target/requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    run(in_environment()
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements))?;
    fs::rename(requirements, stamp)?;
    Ok(())
}

/// The command that runs the tests.
pub(crate) fn pytest() -> Result<Command> {
    let mut command = in_environment();
    let binary = root().join("target/debug").join(format!("mailferry{}", std::env::consts::EXE_SUFFIX));
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS]).env("MAILFERRY", fs::canonicalize(binary)?);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn is_new_enough(python: &str) -> bool {
    let script = "import sys; print(sys.version_info >= (3, 10))";
    output(Command::new(python).args(["-c", script])).is_ok_and(|answer| answer.trim() == "True")
}

fn environment() -> PathBuf {
    root().join("target/venv")
}

fn in_environment() -> Command {
    let python = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    Command::new(environment().join(python))
}
