//! Conversions that are disturbed, and what is left of them: `cargo xtask faults` and `cargo xtask storm`.

mod calls;
mod case;
mod input;
pub(crate) mod random;

use crate::{
    Result, root,
    step::{self, cargo},
    tree,
};
use calls::{Disturbance, Position};
use case::{Bench, Case};
use input::Input;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

/// How many calls fail, and at how many the conversion is killed, over all forms.
const POSITIONS: usize = 300;

/// A form that is written, and how it is asked for.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) to: &'static str,
    pub(crate) options: &'static [&'static str],
    /// Whether the mailbox was written before, undisturbed: what is disturbed then adds the other sources.
    pub(crate) again: bool,
}

impl Form {
    /// Whether a later run adds its messages to what is there.
    fn takes_more(&self) -> bool {
        matches!(self.name, "folder" | "maildir" | "folder-again" | "maildir-again")
    }
}

const fn form(name: &'static str, to: &'static str, options: &'static [&'static str]) -> Form {
    Form { name, to, options, again: false }
}

const fn again(name: &'static str, to: &'static str, options: &'static [&'static str]) -> Form {
    Form { name, to, options, again: true }
}

const FORMS: [Form; 15] = [
    form("folder", "out", &[]),
    form("zip", "out.zip", &[]),
    form("split", "out.zip", &[]),
    form("tgz", "out.tgz", &[]),
    form("mbox", "out", &["--as", "mbox"]),
    form("maildir", "out", &["--as", "maildir"]),
    form("bundle", "out", &["--as", "bundle"]),
    form("proton", "out", &["--as", "proton"]),
    form("ediscovery", "out", &["--as", "ediscovery"]),
    form("pst", "out.pst", &["--as", "pst"]),
    again("folder-again", "out", &[]),
    again("zip-again", "out.zip", &[]),
    again("maildir-again", "out", &["--as", "maildir"]),
    again("mbox-again", "out", &["--as", "mbox"]),
    again("pst-again", "out.pst", &["--as", "pst"]),
];

/// What the command line asks for.
struct Options {
    binary: Option<PathBuf>,
    /// Where conversions run.
    room: PathBuf,
    positions: usize,
    input: Input,
    forms: Vec<String>,
    kinds: Vec<String>,
    case: Option<String>,
}

impl Options {
    fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self {
            binary: None,
            room: fs::canonicalize(root())?.join("target"),
            positions: POSITIONS,
            input: Input::Large,
            forms: Vec::new(),
            kinds: Vec::new(),
            case: None,
        };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let value = *words.next().ok_or(format!("{word} needs a value"))?;
            match word {
                "--binary" => options.binary = Some(fs::canonicalize(value)?),
                "--dir" => options.room = fs::canonicalize(value)?,
                "--positions" => options.positions = value.parse()?,
                "--input" => options.input = Input::named(value).ok_or("--input is large or small")?,
                "--form" => options.forms.push(value.to_owned()),
                "--kind" => options.kinds.push(value.to_owned()),
                "--case" => options.case = Some(value.to_owned()),
                _ => return Err(format!("not an option of `cargo xtask faults`: {word}").into()),
            }
        }
        if let Some(unknown) = options.forms.iter().find(|name| FORMS.iter().all(|form| form.name != **name)) {
            return Err(format!("not a form: {unknown}; these are: {}", FORMS.map(|form| form.name).join(", ")).into());
        }
        Ok(options)
    }

    fn takes(&self, form: &Form, disturbance: Disturbance) -> bool {
        let named = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
        named(&self.forms, form.name) && named(&self.kinds, disturbance.name())
    }
}

/// One call of many conversions fails, or is where they are killed; run again, they must come to what one run comes to.
pub(crate) fn faults(words: &[&str]) -> Result<()> {
    let options = Options::read(words)?;
    set_up()?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => {
            step::run(cargo().args(["build", "--package", "mailferry-cli", "--locked"]))?;
            fs::canonicalize(root())?.join("target/debug/mailferry")
        }
    };
    let room = options.room.join("faults");
    if room.exists() {
        fs::remove_dir_all(&room)?;
    }
    input::write(&room, options.input)?;
    if let Some(case) = &options.case {
        return one(case, &room, &binary, options.input);
    }
    let mut cases = Vec::new();
    let mut expected = BTreeMap::new();
    for form in &FORMS {
        let bench = Bench::new(&room, "clean", &binary, options.input)?;
        let calls = bench.calls(form)?;
        expected.insert(form.name, tree::read(&bench.here())?);
        for set in [&Disturbance::FAULTS[..], &Disturbance::KILLS[..]] {
            let each = options.positions.div_ceil(FORMS.len());
            let positions = calls::spread(&calls, set, each);
            cases.extend(
                positions.into_iter().filter(|at| options.takes(form, at.disturbance)).map(|at| Case { form, at }),
            );
        }
    }
    println!("{} cases", cases.len());
    let outcomes = run_all(&cases, &room, &binary, options.input, &expected)?;
    report(&cases, &outcomes)
}

/// What a case came to: what is wrong, if anything is.
type Outcome = Result<Option<String>>;

/// Runs all cases, as many at a time as there are processors.
fn run_all(
    cases: &[Case<'_>],
    room: &Path,
    binary: &Path,
    input: Input,
    expected: &BTreeMap<&str, tree::Tree>,
) -> Result<BTreeMap<usize, Option<String>>> {
    let next = Mutex::new(0..cases.len());
    let outcomes = Mutex::new(BTreeMap::new());
    let work = |name: String| -> std::result::Result<(), String> {
        let bench = Bench::new(room, &name, binary, input).map_err(|error| error.to_string())?;
        loop {
            let Some(index) = next.lock().map_err(|error| error.to_string())?.next() else { return Ok(()) };
            let Some(case) = cases.get(index) else { return Ok(()) };
            let whole = expected.get(case.form.name).ok_or("no clean run")?;
            let outcome: Outcome = case.run(&bench, whole);
            let wrong = outcome.map_err(|error| format!("{}: {error}", case.name()))?;
            if let Some(wrong) = &wrong {
                println!("{}: {wrong}", case.name());
            }
            outcomes.lock().map_err(|error| error.to_string())?.insert(index, wrong);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| -> Result<()> {
        let work = &work;
        let threads: Vec<_> = (0..workers).map(|number| scope.spawn(move || work(format!("w{number}")))).collect();
        for thread in threads {
            thread.join().map_err(|_| "a worker panicked")??;
        }
        Ok(())
    })?;
    Ok(outcomes.into_inner().map_err(|error| error.to_string())?)
}

/// A table of forms and kinds, and what failed.
fn report(cases: &[Case<'_>], outcomes: &BTreeMap<usize, Option<String>>) -> Result<()> {
    let mut rows: BTreeMap<(usize, &str), (usize, usize)> = BTreeMap::new();
    let mut failed = 0;
    for (case, outcome) in cases.iter().zip(outcomes.values()) {
        let place = FORMS.iter().position(|form| form.name == case.form.name).unwrap_or_default();
        let row = rows.entry((place, case.at.disturbance.name())).or_default();
        row.0 += 1;
        row.1 += usize::from(outcome.is_some());
        failed += usize::from(outcome.is_some());
    }
    println!("\n| form | kind | cases | failed |\n|---|---|--:|--:|");
    for ((place, kind), (all, wrong)) in rows {
        println!("| {} | {kind} | {all} | {wrong} |", FORMS.get(place).map_or("", |form| form.name));
    }
    println!("\n{} cases, {failed} failed", outcomes.len());
    if failed == 0 {
        return Ok(());
    }
    println!("one again, its files left: cargo xtask faults --case FORM:CALL:KIND:N");
    Err(format!("{failed} conversions that were disturbed did not come to what one run comes to").into())
}

/// Runs one case that is named as the table names it, tells each command, and leaves what it wrote.
fn one(name: &str, room: &Path, binary: &Path, input: Input) -> Result<()> {
    let words: Vec<&str> = name.split(':').collect();
    let &[form, call, kind, number] = words.as_slice() else {
        return Err("a case is FORM:CALL:KIND:N, such as folder:write:ENOSPC:17".into());
    };
    let form = FORMS.iter().find(|one| one.name == form).ok_or(format!("not a form: {form}"))?;
    let disturbance = Disturbance::named(kind).ok_or(format!("not a kind: {kind}"))?;
    let case = Case { form, at: Position { call: call.to_owned(), number: number.parse()?, disturbance } };
    let clean = Bench::new(room, "clean", binary, input)?;
    clean.calls(form)?;
    let whole = tree::read(&clean.here())?;
    let mut bench = Bench::new(room, "w0", binary, input)?;
    bench.tells = true;
    let outcome = case.run(&bench, &whole)?;
    println!("left in {}", bench.here().display());
    match outcome {
        None => Ok(()),
        Some(wrong) => Err(wrong.into()),
    }
}

/// strace must be there; it is installed where that is one command.
fn set_up() -> Result<()> {
    let is_there = || step::output(Command::new("strace").arg("-V")).is_ok();
    if !is_there() && Path::new("/usr/bin/apt-get").exists() {
        println!("strace is installed");
        step::run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "strace"]))?;
    }
    if is_there() { Ok(()) } else { Err("strace is needed, which only Linux has (apt-get install strace)".into()) }
}
