//! Conversions, and what goes with them.

use crate::{
    cancel::Cancel,
    error::{detached, of_kind, options as refused, raised},
    item::Item,
    log::{Level, log},
    made,
    mailbox::{Opening, raises},
    options::Keywords,
    progress::Progress,
    results::{Inspection, Plan, ProjectReport, Report, Undoing, Verification},
    source::{Raised, Sources},
    watch::Watch,
};
use mailferry::{
    Stop,
    convert::{self as core, Difference, ProjectMailbox, ProjectOptions, Transform},
    platform::Target,
    read::Event,
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyDict};
use serde_json::{Value, json};
use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Differences that are told one by one.
const MOST_TOLD: usize = 10_000;

fn target(py: Python<'_>, name: &str) -> PyResult<&'static Target> {
    Target::named(name).map_err(|error| raised(py, &error))
}

fn jobs(py: Python<'_>, jobs: Option<usize>) -> PyResult<NonZeroUsize> {
    let jobs = jobs.map_or(Some(NonZeroUsize::MIN), NonZeroUsize::new);
    jobs.ok_or_else(|| refused(py, "jobs=0: at least one is needed"))
}

/// The transform that calls `callable` with each item.
fn transform_of(callable: Py<PyAny>, inside: Arc<Raised>) -> Transform {
    Transform::new(move |item| {
        let called = Python::attach(|py| {
            let given = Bound::new(py, Item::new(item.clone(), 1, Arc::clone(&inside)))?;
            let made = callable.bind(py).call1((&given,))?;
            if made.is_none() {
                return Ok(ControlFlow::Break("dropped_by_transform"));
            }
            if let Ok(made) = made.cast::<Item>() {
                if !made.is(&given) {
                    *item = made.get().item.clone();
                }
                return Ok(ControlFlow::Continue(()));
            }
            made::replace_content(
                item,
                &made,
                "transform must return an EmailMessage, Item, bytes, or None to leave the item out",
            )?;
            Ok::<_, PyErr>(ControlFlow::Continue(()))
        });
        called.unwrap_or_else(|error| {
            inside.keep(error);
            ControlFlow::Break("transform_failed")
        })
    })
}

/// Looks after a call of the core from between its steps.
struct Observer<'o> {
    watch: Watch,
    progress: &'o mut Progress,
    inside: &'o Raised,
    cancel: &'o Cancel,
    last: Option<(u64, Option<u64>)>,
}

impl Observer<'_> {
    /// Whether to go on after `position` of `total` octets.
    fn look(&mut self, position: u64, total: Option<u64>) -> ControlFlow<()> {
        self.last = Some((position, total));
        if self.watch.is_due() {
            let outcome = Python::attach(|py| {
                py.check_signals()?;
                self.progress.tell(py, position, total)
            });
            if let Err(error) = outcome {
                self.inside.keep(error);
            }
        }
        if self.inside.is_any() || self.cancel.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(self, py: Python<'_>) {
        let Self { progress, inside, last, .. } = self;
        let outcome = last.map_or(Ok(()), |(position, total)| progress.tell(py, position, total));
        if let Err(error) = outcome.and_then(|()| progress.end(py)) {
            inside.keep(error);
        }
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/convert.txt"))]
#[pyfunction]
#[pyo3(signature = (source, to, *, name=None, on_error="skip", progress=None, cancel=None, transform=None, **options), text_signature = None)]
#[expect(clippy::too_many_arguments, reason = "they are the keyword arguments of the Python function")]
pub(crate) fn convert(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    to: PathBuf,
    name: Option<String>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    transform: Option<Py<PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Report> {
    let mut options = Keywords::new(py, options)?.options()?;
    let stops = raises(py, on_error)?;
    let sources = Sources::new(source, name, Cancel::new(cancel)?)?;
    sources.cancel.check(py)?;
    log(py, Level::Info, || format!("converting {} to {}", sources.describe(), to.display()))?;
    let inside = Arc::clone(&sources.raised);
    options.read.limits.stop = sources.stop();
    options.older = Some(mailferry_cli::read_arguments);
    options.transform = transform.map(|callable| transform_of(callable, Arc::clone(&inside)));
    let mut progress = Progress::new(progress)?;
    let mut observer =
        Observer { watch: Watch::new(), progress: &mut progress, inside: &inside, cancel: &sources.cancel, last: None };
    let mut failed = false;
    let converted = detached(py, || {
        core::convert(sources.all(), &to, &options, &mut |now| {
            let went_wrong = |source: &core::SourceReport| source.error.is_some();
            failed = stops && (now.report.totals.failed > 0 || now.report.sources.iter().any(went_wrong));
            if failed { ControlFlow::Break(()) } else { observer.look(now.position, now.total) }
        })
    })?;
    observer.end(py);
    if let Some(error) = inside.take() {
        return Err(error);
    }
    let report = converted.map_err(|error| sources.raised_of(py, &error))?;
    if let Some(error) = report.error.as_deref() {
        return Err(of_kind(py, "destination", error, None));
    }
    if failed {
        let kind = report.reasons.keys().next().map_or("malformed", String::as_str);
        let source = report.sources.iter().find_map(|source| source.error.clone());
        let outcome = source.unwrap_or_else(|| format!("an item failed: see the item log next to {}", to.display()));
        return Err(of_kind(py, kind, &outcome, None));
    }
    for error in report.sources.iter().filter_map(|source| source.error.as_ref()) {
        log(py, Level::Warning, || error.clone())?;
    }
    let told = Report::of(py, &report)?;
    let level = if told.is_complete() { Level::Info } else { Level::Warning };
    log(py, level, || format!("{}: {}", to.display(), told.summary()))?;
    Ok(told)
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/write.txt"))]
#[pyfunction]
#[pyo3(signature = (to, items, *, name=None, progress=None, cancel=None, **options), text_signature = None)]
pub(crate) fn write(
    py: Python<'_>,
    to: PathBuf,
    items: &Bound<'_, PyAny>,
    name: Option<String>,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Report> {
    let options = options.map_or_else(|| Ok(PyDict::new(py)), |options| options.copy())?;
    let is_store = to.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pst"));
    if is_store && !options.contains("as_")? && !options.contains("target")? {
        options.set_item("as_", "pst")?;
    }
    convert(py, items, to, name, "raise", progress, cancel, None, Some(&options))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/inspect.txt"))]
#[pyfunction]
#[pyo3(signature = (source, *, name=None, largest=10, progress=None, cancel=None, **options), text_signature = None)]
pub(crate) fn inspect(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    largest: usize,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Inspection> {
    let opening = Opening::new(py, source, name, "skip", cancel, options)?;
    let mut reading = opening.start(py)?;
    let inside = &opening.sources.raised;
    let mut progress = Progress::new(progress)?;
    let mut observer =
        Observer { watch: Watch::new(), progress: &mut progress, inside, cancel: &opening.sources.cancel, last: None };
    let mut inspection = core::Inspection::new(largest);
    detached(py, || {
        while let Some((event, selected)) = reading.event() {
            // What its mail program shows no more is counted apart.
            if selected || matches!(&event, Event::Item(item) if item.expunged) {
                inspection.count(event);
            }
            if observer.look(reading.mailbox.position(), reading.mailbox.total()).is_break() {
                break;
            }
        }
    })?;
    observer.end(py);
    match inside.take() {
        Some(error) => Err(error),
        None if opening.sources.cancel.is_asked() => Err(Cancel::error(py)),
        None => Inspection::of(py, &inspection),
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/plan.txt"))]
#[pyfunction]
#[pyo3(signature = (source, target, *, name=None, progress=None, cancel=None, **options), text_signature = None)]
pub(crate) fn plan(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    target: &str,
    name: Option<String>,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Plan> {
    let mut options = Keywords::new(py, options)?.options()?;
    let target = self::target(py, target)?;
    let sources = Sources::new(source, name, Cancel::new(cancel)?)?;
    options.read.limits.stop = sources.stop();
    let inside = &sources.raised;
    let mut progress = Progress::new(progress)?;
    let mut observer =
        Observer { watch: Watch::new(), progress: &mut progress, inside, cancel: &sources.cancel, last: None };
    let mut observe = |position, total| observer.look(position, total);
    let planned = detached(py, || core::plan(sources.all(), target, &options, &mut observe))?;
    observer.end(py);
    match inside.take() {
        Some(error) => Err(error),
        None => Plan::of(py, &planned.map_err(|error| sources.raised_of(py, &error))?),
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/verify.txt"))]
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "they are the keyword arguments of the Python function")]
#[pyo3(signature = (to, source=None, *, name=None, progress=None, cancel=None, transform=None, **options), text_signature = None)]
pub(crate) fn verify(
    py: Python<'_>,
    to: PathBuf,
    source: Option<&Bound<'_, PyAny>>,
    name: Option<String>,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
    transform: Option<Py<PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Verification> {
    let keywords = Keywords::new(py, options)?;
    // Those that are given are all of them; where there are none, the report tells them.
    let given = !keywords.is_empty();
    let mut options = keywords.options()?;
    if !given && source.is_some() {
        let recorded = detached(py, || core::recorded_options(&to, Some(mailferry_cli::read_arguments)))?;
        options = recorded.map_err(|error| raised(py, &error))?;
    }
    options.older = Some(mailferry_cli::read_arguments);
    let cancel = Cancel::new(cancel)?;
    let sources = match source {
        Some(source) => Sources::new(source, name, cancel)?,
        None => Sources::none(py, cancel),
    };
    options.read.limits.stop = sources.stop();
    options.transform = transform.map(|callable| transform_of(callable, Arc::clone(&sources.raised)));
    let mut found = Vec::new();
    let mut progress = Progress::new(progress)?;
    let (inside, cancel) = (&*sources.raised, &sources.cancel);
    let mut observer = Observer { watch: Watch::new(), progress: &mut progress, inside, cancel, last: None };
    let verified = detached(py, || {
        let mut tell = |difference: &Difference| keep(&mut found, difference);
        core::verify_observed(&to, sources.all(), &options, &mut tell, &mut |position| {
            // What is to stop it does so by the limits of the options.
            let _goes_on = observer.look(position, None);
        })
    })?;
    observer.end(py);
    if let Some(error) = sources.raised.take() {
        return Err(error);
    }
    let mut verification = Verification::of(py, &verified.map_err(|error| sources.raised_of(py, &error))?)?;
    add(&mut verification.json, found);
    let differences = verification.json.get("differences").and_then(Value::as_u64).unwrap_or_default();
    let level = if differences == 0 { Level::Info } else { Level::Warning };
    log(py, level, || format!("{}: verified, {differences} differences", to.display()))?;
    Ok(verification)
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/undo.txt"))]
#[pyfunction]
#[pyo3(signature = (to, *, since=1, dry=false), text_signature = None)]
pub(crate) fn undo(py: Python<'_>, to: PathBuf, since: u32, dry: bool) -> PyResult<Undoing> {
    let sources = Sources::none(py, Cancel::default());
    let stop = sources.stop();
    let mut found = Vec::new();
    let undone = detached(py, || core::undo(&to, since, dry, &stop, &mut |kept| keep(&mut found, kept)))?;
    if let Some(error) = sources.raised.take() {
        return Err(error);
    }
    let mut undoing = Undoing::of(py, &undone.map_err(|error| raised(py, &error))?)?;
    add(&mut undoing.json, found);
    Ok(undoing)
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/check.txt"))]
#[pyfunction]
#[pyo3(signature = (path), text_signature = None)]
pub(crate) fn check(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let sources = Sources::none(py, Cancel::default());
    let stop = sources.stop();
    let report = detached(py, || {
        let source = mailferry::source::FileSource::open(&path)?;
        let named = |error: mailferry::Error| error.in_file(path.display().to_string());
        mailferry::pst::check::check(Arc::new(source), &stop).map_err(named)
    })?;
    if let Some(error) = sources.raised.take() {
        return Err(error);
    }
    crate::document::to_python(py, &json!(report.map_err(|error| raised(py, &error))?))
}

fn keep(found: &mut Vec<Difference>, difference: &Difference) {
    if found.len() < MOST_TOLD {
        found.push(difference.clone());
    }
}

fn add(document: &mut Value, found: Vec<Difference>) {
    if let Some(document) = document.as_object_mut() {
        document.insert("found".into(), json!(found));
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/run_project.txt"))]
#[pyfunction]
#[pyo3(signature = (mailboxes, *, at_a_time=1, delta=false, ended=None, progress=None, cancel=None), text_signature = None)]
pub(crate) fn run_project(
    py: Python<'_>,
    mailboxes: &Bound<'_, PyAny>,
    at_a_time: usize,
    delta: bool,
    ended: Option<Py<PyAny>>,
    progress: Option<&Bound<'_, PyAny>>,
    cancel: Option<&Bound<'_, PyAny>>,
) -> PyResult<ProjectReport> {
    let (mut progress, cancel) = (Progress::new(progress)?, Cancel::new(cancel)?);
    cancel.check(py)?;
    let (inside, mut watch) = (Arc::new(Raised::default()), Watch::new());
    let project = mailboxes.try_iter()?.zip(1..).map(|(mailbox, line)| {
        let keywords = Keywords::new(py, Some(mailbox?.cast::<PyDict>()?))?;
        let needed = |name: &str| PyValueError::new_err(format!("{name} is missing in mailbox {line}"));
        let given = keywords.object("source")?.ok_or_else(|| needed("source"))?;
        let sources = match given.extract::<PathBuf>() {
            Ok(path) => vec![path],
            Err(_) => given.extract()?,
        };
        let destination = keywords.take("to")?.ok_or_else(|| needed("to"))?;
        let mut options = keywords.options()?;
        options.older = Some(mailferry_cli::read_arguments);
        let (raised, cancel) = (Arc::clone(&inside), cancel.clone());
        options.read.limits.stop = Stop::when(move || raised.is_any() || cancel.is_asked());
        Ok(ProjectMailbox::new(line, sources, destination, Ok(options)))
    });
    let project: Vec<_> = project.collect::<PyResult<_>>()?;
    let mut options = ProjectOptions::default();
    options.at_a_time = jobs(py, Some(at_a_time))?;
    options.delta = delta;
    let positions: Vec<AtomicU64> = project.iter().map(|_| AtomicU64::new(0)).collect();
    let all = || positions.iter().map(|position| position.load(Ordering::Relaxed)).sum::<u64>();
    // The mailboxes are converted on threads of their own, and signals are handled on this one only.
    let done = py.detach(|| {
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                let observe = |mailbox: usize, now: core::Progress<'_>| {
                    if let Some(position) = positions.get(mailbox) {
                        position.store(now.position, Ordering::Relaxed);
                    }
                    match inside.is_any() || cancel.is_asked() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    }
                };
                let tell = |mailbox: &core::MailboxReport| {
                    let outcome = Python::attach(|py| {
                        let level = if mailbox.state.is_complete() { Level::Info } else { Level::Warning };
                        let why = mailbox.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
                        log(py, level, || format!("{}: {}{why}", mailbox.title(), mailbox.state.as_str()))?;
                        let Some(ended) = &ended else { return Ok(()) };
                        let row = serde_json::to_value(mailbox).unwrap_or_default();
                        ended.call1(py, (crate::document::to_python(py, &row)?,)).map(drop)
                    });
                    if let Err(error) = outcome {
                        inside.keep(error);
                    }
                };
                core::run_project(&project, options, &observe, &tell)
            });
            while !run.is_finished() {
                std::thread::sleep(std::time::Duration::from_millis(10));
                if watch.is_due() {
                    let told = Python::attach(|py| py.check_signals().and_then(|()| progress.tell(py, all(), None)));
                    if let Err(error) = told {
                        inside.keep(error);
                    }
                }
            }
            run.join()
        })
    });
    let told = progress.tell(py, all(), None).and_then(|()| progress.end(py));
    if let Some(error) = inside.take().or(told.err()) {
        return Err(error);
    }
    match done {
        Ok(report) => ProjectReport::of(py, &report),
        Err(panicked) => Err(raised(py, &mailferry::Error::panicked(&*panicked))),
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/targets.txt"))]
#[pyfunction]
#[pyo3(text_signature = None)]
pub(crate) fn targets(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    crate::document::to_python(py, &json!(Target::all()))
}
