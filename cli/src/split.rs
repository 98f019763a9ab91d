//! A conversion shared among processes.

use crate::{
    Outcome, SOME_FAILED, args, convert,
    interrupt::Interrupt,
    terminal::{complain, plain},
};
use mailferry::convert::{
    Pass, SourceId, Split, SplitSource, decide_splits_of, finish_of, plan_splits_of, receipts_at, run_split_of,
};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

pub(crate) fn run(command: &args::SplitCommand) -> Outcome {
    match command {
        args::SplitCommand::Plan(arguments) => plan(arguments),
        args::SplitCommand::Run(arguments) => run_some(arguments),
        args::SplitCommand::Decide(arguments) => decide(arguments),
        args::SplitCommand::Finish(arguments) => finish_all(arguments),
    }
}

fn plan(arguments: &args::SplitPlan) -> Outcome {
    let convert = &arguments.convert;
    if convert.processes.is_some() {
        return Err("--processes is of `mailferry convert`: leave it out, and run the splits with as many processes as you like".into());
    }
    let options = convert::options(convert, std::env::args_os().skip(1));
    let splits = plan_splits_of(sources(&convert.source.sources)?, &options, arguments.target_size)?;
    print(&splits)?;
    if splits.iter().any(|split| split.pass == Pass::Survey) {
        complain("these splits look at the items first: when they are done, `mailferry split decide` prints those that convert".to_owned());
    }
    Ok(ExitCode::SUCCESS)
}

fn print(splits: &[Split]) -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    splits.iter().try_for_each(|split| writeln!(out, "{}", serde_json::to_string(split)?))?;
    tell_large(splits);
    Ok(())
}

fn decide(arguments: &args::Planned) -> Outcome {
    let splits = read_plan(&arguments.plan)?;
    let receipts = receipts_at(&arguments.to, &splits)?;
    print(&decide_splits_of(&arguments.to, &splits, &receipts, &mut local)?)?;
    Ok(ExitCode::SUCCESS)
}

fn sources(paths: &[PathBuf]) -> mailferry::Result<Vec<SplitSource>> {
    paths.iter().map(|path| SplitSource::at(path)).collect()
}

/// Says why sources are not shared.
fn tell_large(splits: &[Split]) {
    for split in splits {
        if let (Some(because), Some(source)) = (&split.because, split.sources.first()) {
            complain(plain(&format!("{}: is one split, because {because}", source.uri)));
        }
    }
}

/// The splits in the file at `path`.
fn read_plan(path: &Path) -> Result<Vec<Split>, Box<dyn std::error::Error>> {
    let lines: Box<dyn BufRead> = match path == Path::new("-") {
        true => Box::new(BufReader::new(io::stdin())),
        false => {
            let file = File::open(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
            Box::new(BufReader::new(file))
        }
    };
    let mut splits = Vec::new();
    for (line, number) in lines.lines().zip(1..) {
        let line = line?;
        if !line.trim().is_empty() {
            splits.push(serde_json::from_str(&line).map_err(|error| {
                format!("{}: line {number} is no split of `mailferry split plan`: {error}", path.display())
            })?);
        }
    }
    Ok(splits)
}

fn local(id: &SourceId) -> mailferry::Result<SplitSource> {
    SplitSource::at(Path::new(&id.uri))
}

fn run_some(arguments: &args::SplitRun) -> Outcome {
    let interrupt = Interrupt::catch();
    let args::Planned { plan, to } = &arguments.planned;
    let splits = read_plan(plan)?;
    if let Some(number) = arguments.only.iter().find(|number| !splits.iter().any(|split| split.number == **number)) {
        return Err(format!("{}: has no split {number}", plan.display()).into());
    }
    let is_asked = |split: &&Split| arguments.only.is_empty() || arguments.only.contains(&split.number);
    for split in splits.iter().filter(is_asked) {
        let receipt = run_split_of(split, to, &mut local, &mut |_| match interrupt.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })?;
        writeln!(io::stdout().lock(), "{}", serde_json::to_string(&receipt)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn finish_all(arguments: &args::Planned) -> Outcome {
    let splits = read_plan(&arguments.plan)?;
    let receipts = receipts_at(&arguments.to, &splits)?;
    let report = finish_of(&arguments.to, &splits, &receipts, &mut local)?;
    let outcome = report.outcome();
    let totals = report.totals;
    writeln!(
        io::stdout().lock(),
        "{} items: {} migrated, {} failed, {} skipped",
        totals.available,
        totals.migrated,
        totals.failed,
        totals.skipped
    )?;
    if outcome.is_complete() {
        return Ok(ExitCode::SUCCESS);
    }
    complain(plain(&outcome.to_string()));
    Ok(ExitCode::from(SOME_FAILED))
}

/// Splits of each process: with more of them none has to wait long for another.
const EACH: u64 = 8;
/// Octets of a split at least and at most, where this command chooses.
const SIZES: (u64, u64) = (16 << 20, 1 << 30);
/// How often a split is tried whose process ended before it was done.
const TRIES: usize = 3;

/// Converts with so many processes.
pub(crate) fn convert(arguments: &args::Convert, processes: NonZeroUsize) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut options = convert::options(arguments, std::env::args_os().skip(1));
    let threads = options.threads.get() / processes;
    options.threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let sources = sources(&arguments.source.sources)?;
    let size = sources.iter().fold(0_u64, |sum, source| sum.saturating_add(source.id.size));
    let shares = u64::try_from(processes.get()).unwrap_or(u64::MAX).saturating_mul(EACH);
    let splits = plan_splits_of(sources, &options, (size / shares).clamp(SIZES.0, SIZES.1))?;
    tell_large(&splits);
    let looking: Vec<_> = splits.iter().filter(|split| split.pass == Pass::Survey).collect();
    do_all(arguments, &looking, processes, &interrupt)?;
    let receipts = receipts_at(&arguments.to, &splits)?;
    let splits = decide_splits_of(&arguments.to, &splits, &receipts, &mut local)?;
    do_all(arguments, &splits.iter().collect::<Vec<_>>(), processes, &interrupt)?;
    let report = finish_of(&arguments.to, &splits, &receipts_at(&arguments.to, &splits)?, &mut local)?;
    Ok(convert::tell(&report, arguments))
}

/// Does splits in so many processes at a time.
fn do_all(
    arguments: &args::Convert,
    splits: &[&Split],
    processes: NonZeroUsize,
    interrupt: &Interrupt,
) -> Result<(), Box<dyn std::error::Error>> {
    let shared = Shared {
        to: &arguments.to,
        splits: splits.len(),
        waiting: Mutex::new(splits.iter().map(|split| (*split, 1)).collect()),
        ended: Mutex::default(),
        quiet: matches!(arguments.progress, args::Progress::None),
        interrupt,
    };
    thread::scope(|scope| {
        for _ in 0..processes.get() {
            scope.spawn(|| shared.work());
        }
    });
    let ended = shared.ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = ended.error {
        return Err(error.into());
    }
    if shared.interrupt.is_asked() {
        return Err("stopped; splits that are done stay done: run the same command again to continue".into());
    }
    Ok(())
}

/// What the threads share that look after a process each.
struct Shared<'s> {
    to: &'s Path,
    splits: usize,
    /// Splits that are yet to be done, with how often they were begun then.
    waiting: Mutex<VecDeque<(&'s Split, usize)>>,
    ended: Mutex<Ended>,
    quiet: bool,
    interrupt: &'s Interrupt,
}

#[derive(Default)]
struct Ended {
    done: usize,
    error: Option<String>,
}

impl Shared<'_> {
    fn work(&self) {
        let lock =
            |ended: &Mutex<Ended>, f: &dyn Fn(&mut Ended)| f(&mut ended.lock().unwrap_or_else(PoisonError::into_inner));
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some((split, times)) = next.filter(|_| !self.interrupt.is_asked()) else { return };
            match self.run(split) {
                Ok(()) => lock(&self.ended, &|ended| {
                    ended.done += 1;
                    if !self.quiet {
                        complain(format!("{} of {} splits are done", ended.done, self.splits));
                    }
                }),
                Err(_) if self.interrupt.is_asked() => return,
                Err((_, true)) if times < TRIES => {
                    self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((split, times + 1));
                }
                Err((error, _)) => {
                    lock(&self.ended, &|ended| ended.error = ended.error.take().or_else(|| Some(error.clone())));
                    self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    return;
                }
            }
        }
    }

    /// Does a split in a process of its own; where that fails, tells whether it was killed.
    fn run(&self, split: &Split) -> Result<(), (String, bool)> {
        let cannot = |what: &str, error: io::Error| (format!("{what}: {error}"), false);
        let program = program().map_err(|error| cannot("this program cannot be started again", error))?;
        let mut child = Command::new(program)
            .args(["split", "run", "-", "--to"])
            .arg(self.to)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot("a process cannot be started", error))?;
        if let Some(mut plan) = child.stdin.take() {
            // A process that ended before it had read it tells why itself.
            let _ended = serde_json::to_writer(&mut plan, split);
        }
        let output = child.wait_with_output().map_err(|error| cannot("a process cannot be waited for", error))?;
        if output.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let killed = output.status.code().is_none();
        let why = match killed {
            true => format!("its process was ended ({})", output.status),
            false => told.strip_prefix("mailferry: ").unwrap_or(&told).to_owned(),
        };
        Err((format!("split {} of {} could not be done: {why}", split.number, self.splits), killed))
    }
}

/// The program to start: this one, or the script that has an interpreter run it.
fn program() -> io::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let is_interpreter = this.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    match std::env::args_os().next().filter(|_| is_interpreter) {
        Some(script) => Ok(script.into()),
        None => Ok(this),
    }
}
