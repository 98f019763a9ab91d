//! One mailbox, every program, one table.

use crate::{
    Result,
    contestants::{Contestant, OF_MBOX},
    contestants_pst::OF_PST,
    measure::{Cost, measure},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// What `compare` was asked for.
pub(crate) struct Options {
    pub(crate) mailbox: Mailbox,
    pub(crate) runs: u32,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) only: Option<String>,
}

/// What the programs are run on.
pub(crate) enum Mailbox {
    /// Octets of a mailbox like those of Google Takeout.
    Mbox { size: u64 },
    /// A store of so many messages.
    Pst { messages: u64 },
}

impl Mailbox {
    fn contestants(&self) -> &'static [Contestant] {
        match self {
            Self::Mbox { .. } => OF_MBOX,
            Self::Pst { .. } => OF_PST,
        }
    }

    /// The name of its file, and the arguments that generate it.
    fn file(&self) -> (&'static str, [String; 3]) {
        match self {
            Self::Mbox { size } => ("takeout.mbox", ["generate".into(), "--size".into(), size.to_string()]),
            Self::Pst { messages } => {
                ("outlook.pst", ["generate-pst".into(), "--messages".into(), messages.to_string()])
            }
        }
    }
}

/// A program that takes longer than this is run once.
const LONG: Duration = Duration::from_secs(20);

/// Generates a mailbox, runs all that is installed, and prints a table in Markdown.
pub(crate) fn run(options: &Options) -> Result<()> {
    build_mailferry()?;
    let folder = options.folder.clone().unwrap_or_else(default_folder).join("mailferry-compare");
    if folder.exists() {
        return Err(format!("{} is there already: remove it", folder.display()).into());
    }
    fs::create_dir_all(&folder)?;
    let done = compare(options, &folder);
    fs::remove_dir_all(&folder)?;
    done
}

fn compare(options: &Options, folder: &Path) -> Result<()> {
    let (name, arguments) = options.mailbox.file();
    let mailbox = folder.join(name);
    // In a process of its own: what this one holds would count as the peak of every process that it starts.
    let generated = Command::new(env::current_exe()?).args(arguments).arg(&mailbox).status()?;
    if !generated.success() {
        return Err("the mailbox cannot be generated".into());
    }
    println!();
    println!("| | CPU s | wall s | peak MB | CPU to `cp` | written MB |\n|---|--:|--:|--:|--:|--:|");
    let mut copy = None;
    for contestant in options.mailbox.contestants() {
        let is_asked =
            options.only.as_ref().is_none_or(|word| contestant.name == "cp" || contestant.name.contains(word));
        if !is_asked {
            continue;
        }
        if !contestant.is_installed() {
            println!("| {} | not installed |||||", contestant.name);
            continue;
        }
        match best(contestant, &mailbox, folder, options.runs) {
            Ok((cost, written)) => {
                let copy = copy.get_or_insert(cost.cpu);
                let ratio = cost.cpu.as_secs_f64() / copy.as_secs_f64();
                println!(
                    "| {} | {:.2} | {:.2} | {:.1} | {ratio:.2} | {:.0} |",
                    contestant.name,
                    cost.cpu.as_secs_f64(),
                    cost.wall.as_secs_f64(),
                    megabytes(cost.peak),
                    megabytes(written),
                );
            }
            Err(error) => println!("| {} | fails: {error} |||||", contestant.name),
        }
    }
    Ok(())
}

/// The run with the least processor time, and the octets it wrote.
fn best(contestant: &Contestant, mailbox: &Path, folder: &Path, runs: u32) -> Result<(Cost, u64)> {
    let out = folder.join("out");
    let mut best: Option<(Cost, u64)> = None;
    for _ in 0..runs {
        fs::create_dir(&out)?;
        let cost = (contestant.command)(mailbox, &out.join("out")).and_then(|mut command| measure(&mut command));
        let written = size_of(&out)?;
        fs::remove_dir_all(&out)?;
        let cost = cost?;
        if best.is_none_or(|(best, _)| cost.cpu < best.cpu) {
            best = Some((cost, written));
        }
        if cost.wall > LONG {
            break;
        }
    }
    best.ok_or("--runs must be at least 1".into())
}

fn build_mailferry() -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", "mailferry-cli", "--manifest-path", manifest])
        .status()?;
    if built.success() { Ok(()) } else { Err("mailferry does not build".into()) }
}

/// A folder in memory where there is one, so that no disk is measured.
fn default_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { env::temp_dir() }
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(size)
}

fn megabytes(octets: u64) -> f64 {
    octets as f64 / 1e6
}
