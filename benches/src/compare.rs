//! One mailbox, every program, one table.

use crate::{
    Result,
    contestants::{Contestant, Workload},
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
    pub(crate) workload: &'static Workload,
    pub(crate) size: u64,
    pub(crate) runs: u32,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) only: Option<String>,
}

/// A program that takes longer than this is run once.
const LONG: Duration = Duration::from_secs(20);

/// Generates what is converted, runs all that is installed, and prints a table in Markdown.
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
    println!();
    println!("| | read MB | CPU s | wall s | peak MB | CPU to `cp` | CPU MB/s | written MB |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut copy = None;
    let mut file = folder.join(options.workload.file);
    let mut share = 0;
    for contestant in options.workload.contestants {
        let is_asked =
            options.only.as_ref().is_none_or(|word| contestant.name == "cp" || contestant.name.contains(word));
        if !is_asked {
            continue;
        }
        if !contestant.is_installed() {
            println!("| {} | not installed |||||", contestant.name);
            continue;
        }
        if share != contestant.share {
            share = contestant.share;
            if file.exists() {
                fs::remove_file(&file)?;
            }
            file = folder.join(options.workload.file);
            generate(&file, options.size / share)?;
        }
        let read = fs::metadata(&file)?.len();
        match best(contestant, &file, folder, options.runs) {
            Ok((cost, written)) => {
                let per_octet = cost.cpu.as_secs_f64() / read as f64;
                let ratio = per_octet / *copy.get_or_insert(per_octet);
                println!(
                    "| {} | {:.0} | {:.2} | {:.2} | {:.1} | {ratio:.2} | {:.0} | {:.0} |",
                    contestant.name,
                    megabytes(read),
                    cost.cpu.as_secs_f64(),
                    cost.wall.as_secs_f64(),
                    megabytes(cost.peak),
                    1e-6 / per_octet,
                    megabytes(written),
                );
            }
            Err(error) => println!("| {} | fails: {error} |||||", contestant.name),
        }
    }
    Ok(())
}

/// In a process of its own: what this one holds would count as the peak of every process that it starts.
fn generate(file: &Path, size: u64) -> Result<()> {
    let mut command = Command::new(env::current_exe()?);
    let generated = command.arg("generate").arg(file).args(["--size", &size.to_string()]).status()?;
    if generated.success() { Ok(()) } else { Err(format!("{} cannot be generated", file.display()).into()) }
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
