//! One conversion that is disturbed, run again, and held against one that was not.

use super::{
    Form,
    calls::{self, Disturbance, Position},
    input::{self, Input},
};
use crate::{
    Result,
    tree::{self, Tree},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// Seconds after which a command counts as one that never ends.
const PATIENCE: &str = "120";

/// A place where cases run, one after the other.
pub(crate) struct Bench {
    room: PathBuf,
    folder: PathBuf,
    binary: PathBuf,
    input: Input,
    /// Whether each command and what it came to are printed.
    pub(crate) tells: bool,
}

impl Bench {
    pub(crate) fn new(room: &Path, name: &str, binary: &Path, input: Input) -> Result<Self> {
        let folder = room.join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self { room: room.to_owned(), folder, binary: binary.to_owned(), input, tells: false })
    }

    /// The folder that conversions run in, and write to.
    pub(crate) fn here(&self) -> PathBuf {
        self.folder.join("here")
    }

    fn trace(&self) -> PathBuf {
        self.folder.join("trace")
    }

    fn anew(&self) -> Result<()> {
        for folder in [self.here(), self.folder.join("tmp")] {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        Ok(())
    }

    /// An empty place, or what an earlier conversion has left there.
    fn begin(&self, form: &Form) -> Result<()> {
        self.anew()?;
        if !form.again {
            return Ok(());
        }
        let output = self.run(&[], &self.convert(form, &input::NAMES[..1]))?;
        if output.status.success() { Ok(()) } else { Err(format!("{}: first, {}", form.name, told(&output)).into()) }
    }

    /// The calls of a conversion that nothing disturbs; what it writes is left.
    pub(crate) fn calls(&self, form: &Form) -> Result<BTreeMap<String, Vec<usize>>> {
        self.begin(form)?;
        let strace = ["-y".to_owned(), "-s".to_owned(), "0".to_owned(), "-e".to_owned(), calls::traced()];
        let output = self.run(&strace, &self.convert(form, &input::NAMES))?;
        if !output.status.success() {
            return Err(format!("{}: undisturbed, {}", form.name, told(&output)).into());
        }
        Ok(calls::of_files(&fs::read_to_string(self.trace())?, &format!("{}/", self.room.display())))
    }

    fn convert(&self, form: &Form, sources: &[&'static str]) -> Vec<&'static str> {
        let mut words = vec!["convert"];
        words.extend(sources);
        words.extend(["--to", form.to, "--jobs", "1", "--progress", "none"]);
        words.extend(form.options);
        if form.name == "split" {
            words.extend(["--split", self.input.split()]);
        }
        words
    }

    /// Runs mailferry, under strace where options for it are given.
    fn run(&self, strace: &[String], words: &[&str]) -> Result<Output> {
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", PATIENCE]);
        if !strace.is_empty() {
            command.args(["strace", "-f", "-o"]).arg(self.trace()).args(strace);
        }
        command.arg(&self.binary).args(words).current_dir(self.here());
        command.env("SOURCE_DATE_EPOCH", "1700000000").env("TMPDIR", self.folder.join("tmp"));
        let output = command.stdin(Stdio::null()).output()?;
        if self.tells {
            println!("$ {}{}", strace.iter().map(|word| format!("{word} ")).collect::<String>(), words.join(" "));
            println!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            println!("{}\n", output.status);
        }
        Ok(output)
    }
}

/// A form, and the call that is disturbed where it is written.
pub(crate) struct Case<'a> {
    pub(crate) form: &'a Form,
    pub(crate) at: Position,
}

impl Case<'_> {
    pub(crate) fn name(&self) -> String {
        let Position { call, number, disturbance } = &self.at;
        format!("{}:{call}:{}:{number}", self.form.name, disturbance.name())
    }

    /// The options of strace. Where calls fail, what is not traced runs at its own speed; kills that are sent so come to nothing (6.1).
    fn options(&self) -> Vec<String> {
        let quick = (self.at.disturbance != Disturbance::Kill).then(|| "--seccomp-bpf".to_owned());
        quick.into_iter().chain(self.at.options()).collect()
    }

    /// Tells what is wrong, if anything is.
    pub(crate) fn run(&self, bench: &Bench, whole: &Tree) -> Result<Option<String>> {
        bench.begin(self.form)?;
        let is_kill = self.at.disturbance == Disturbance::Kill;
        let first = bench.run(&self.options(), &bench.convert(self.form, &input::NAMES))?;
        let is_hit = is_kill && first.status.code().is_none()
            || fs::read_to_string(bench.trace())?.lines().any(|line| line.contains("(INJECTED"));
        if !is_hit {
            return Ok(Some(format!("the call was not made ({})", told(&first))));
        }
        if !is_kill {
            match first.status.code() {
                Some(0) => {
                    if let Some(difference) = tree::lost(whole, &tree::read(&bench.here())?) {
                        return Ok(Some(format!("exit 0 in spite of a loss: {difference}")));
                    }
                }
                Some(1 | 2) => {}
                _ => return Ok(Some(told(&first))),
            }
        }
        let second = bench.run(&[], &bench.convert(self.form, &input::NAMES))?;
        if !second.status.success() {
            return Ok(Some(format!("the rerun: {}", told(&second))));
        }
        let mut with_sources = vec!["verify", self.form.to];
        with_sources.extend(input::NAMES);
        let verified = bench.run(&[], &with_sources)?;
        if !verified.status.success() {
            return Ok(Some(format!("verify: {}", told(&verified))));
        }
        let got = tree::read(&bench.here())?;
        let difference = if is_kill {
            tree::all(whole, &got)
        } else if !got.is_synced() {
            tree::delivered(whole, &got)
        } else if self.form.takes_more() {
            tree::messages(whole, &got)
        } else {
            // What failed stands in a sync that is whole in itself; `verify` held it against the sources.
            None
        };
        Ok(difference.map(|difference| format!("not what one run writes: {difference}")))
    }
}

/// How a command ended and the first of what it said of it.
fn told(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: Vec<_> = errors.lines().chain(text.lines()).filter(|line| !line.trim().is_empty()).take(2).collect();
    format!("{}: {}", output.status, said.join(" / "))
}
