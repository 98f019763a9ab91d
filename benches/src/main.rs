//! Rivals and measurements; `benches/README.md` says how they are run and what came out.

mod compare;
mod contestants;
mod contestants_pst;
mod generate;
mod generate_pst;
mod measure;
mod random;
mod rivals;

use std::{env, error::Error, path::PathBuf, process::ExitCode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HELP: &str = "\
benches compare [--size 1.5G] [--dir DIR] [--runs 3] [--only WORD]
    generates a mailbox like those of Google Takeout and measures every program that is installed
benches compare-pst [--messages 10000] [--dir DIR] [--runs 3] [--only WORD]
    the same for a PST; JAVA_LIBPST=DIR names the classes of java-libpst, where it is to take part
benches generate FILE [--size 1.5G]
    writes that mailbox only
benches generate-pst FILE [--messages 10000]
    writes that PST only
benches generate-attachment FILE [--size 1.5G]
    writes a PST with one attachment of that size
benches rival NAME FILE
    reads a mailbox with another crate: mail-parser, mbox-reader
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
    let mut messages = 10_000;
    let mut runs = 3;
    let mut folder = None;
    let mut only = None;
    let mut arguments = env::args().skip(1);
    while let Some(word) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{word} needs a value"));
        match &*word {
            "--size" => size = parse_size(&value()?)?,
            "--messages" => messages = value()?.parse()?,
            "--runs" => runs = value()?.parse()?,
            "--dir" => folder = Some(PathBuf::from(value()?)),
            "--only" => only = Some(value()?),
            _ => words.push(word),
        }
    }
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compare"] => compare::run(&compare::Options { mailbox: compare::Mailbox::Mbox { size }, runs, folder, only }),
        ["compare-pst"] => {
            compare::run(&compare::Options { mailbox: compare::Mailbox::Pst { messages }, runs, folder, only })
        }
        ["generate-pst", file] => generate_pst::to_file(file.as_ref(), messages),
        ["generate-attachment", file] => generate_pst::large_attachment(file.as_ref(), size),
        ["generate", file] => generate::to_file(file.as_ref(), size).map(|mailbox| println!("{mailbox}")),
        ["rival", name, file] => rivals::run(name, file.as_ref()),
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
