//! Rivals and measurements; `benches/README.md` says how they are run and what came out.

mod bare;
mod compare;
mod contestants;
mod contestants_pst;
mod generate;
mod generate_pst;
mod measure;
mod pim;
mod random;
mod rivals;

use contestants::WORKLOADS;
use std::{env, error::Error, path::PathBuf, process::ExitCode};

/// What is compared where nothing is named.
const MBOX: &str = "mbox";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HELP: &str = "\
benches compare [mbox|pst|ics|vcf] [--size 1.5G] [--dir DIR] [--runs 3] [--only WORD]
    generates a mailbox like those of Google Takeout, a store, a calendar or an address book, and measures every program that
    is installed; JAVA_LIBPST=DIR names the classes of java-libpst, PYTHON=FILE the Python that has icalendar and vobject
benches generate FILE [--size 1.5G]
    writes that file only; its extension says which
benches generate-attachment FILE [--size 1.5G]
    writes a PST with one attachment of that size
benches rival NAME FILE [OUT]
    reads a file with another crate, or with this one as a library
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut words = Vec::new();
    let mut size = parse_size("1.5G")?;
    let mut runs = 3;
    let mut folder = None;
    let mut only = None;
    let mut arguments = env::args().skip(1);
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{word} needs a value"));
        match &*word {
            "--size" => size = parse_size(&value()?)?,
            "--runs" => runs = value()?.parse()?,
            "--dir" => folder = Some(PathBuf::from(value()?)),
            "--only" => only = Some(value()?),
            _ => words.push(word),
        }
    }
    let compare = |name: &str| {
        let workload = WORKLOADS.iter().find(|workload| workload.name == name).ok_or(HELP)?;
        compare::run(&compare::Options { workload, size, runs, folder: folder.clone(), only: only.clone() })
    };
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compare"] => compare(MBOX),
        ["compare", name] => compare(name),
        ["generate-attachment", file] => generate_pst::large_attachment(file.as_ref(), size),
        ["generate", file] if file.ends_with(".ics") => pim::calendar(file.as_ref(), size),
        ["generate", file] if file.ends_with(".vcf") => pim::cards(file.as_ref(), size),
        ["generate", file] if file.ends_with(".pst") => generate_pst::to_file(file.as_ref(), size),
        ["generate", file] => generate::to_file(file.as_ref(), size).map(|mailbox| println!("{mailbox}")),
        ["rival", name, file] => rivals::run(name, file.as_ref(), None),
        ["rival", name, file, out] => rivals::run(name, file.as_ref(), Some(out.as_ref())),
        _ => Err(HELP.into()),
    }
}

/// Reads `1500000`, `300M`, `1.5G`: octets, or mebibytes and gibibytes.
fn parse_size(text: &str) -> Result<u64> {
    let (number, unit) = match text.chars().last() {
        Some('K') => (text.trim_end_matches('K'), 1 << 10),
        Some('M') => (text.trim_end_matches('M'), 1 << 20),
        Some('G') => (text.trim_end_matches('G'), 1 << 30),
        _ => (text, 1),
    };
    let number: f64 = number.parse()?;
    Ok((number * f64::from(unit)) as u64)
}
