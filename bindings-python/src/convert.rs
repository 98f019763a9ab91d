//! Conversions and what is told of them.

use crate::{
    document::{by_number, document, table},
    error::{of_kind, options as refused, raised},
    item::Item,
    mailbox::{Opening, raises},
    options::Keywords,
    progress::Progress,
    restore::kind_of,
    source::{Raised, Sources},
    watch::Watch,
};
use mailferry::{
    Defect, DefectKind,
    convert::{self as core, ConvertOptions, Difference, ProjectMailbox, ProjectOptions, Transform},
    model::ItemKind,
    target::Target,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyBytes, PyDict},
};
use serde_json::{Value, json};
use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

document! {
    /// What became of all items of a conversion.
    Report {
        version = "version",
        cancelled = "cancelled",
        error = "error",
        totals = "totals",
        kinds = "kinds",
        folders = "folders",
        years = "years" as by_number,
        reasons = "reasons",
        warnings = "warnings",
        preflight = "preflight",
        sources = "sources",
        passed = "passed",
        seconds = "seconds",
    }
}

document! {
    /// What mailboxes hold.
    Inspection {
        items = "items",
        failed = "failed",
        bytes = "bytes",
        earliest = "earliest",
        latest = "latest",
        kinds = "kinds",
        folders = "folders",
        years = "years" as by_number,
        warnings = "warnings",
        preflight = "preflight",
        largest = "largest",
        sources = "sources",
        problems = "problems",
        passed = "passed",
    }
}

document! {
    /// What will become of mailboxes at a target.
    Plan {
        target = "target",
        available = "available",
        goes = "goes",
        kinds = "kinds",
        refused = "refused",
        flagged = "flagged",
        missing = "missing",
        left_out = "leftOut",
        problems = "problems",
        parts = "parts",
        estimate = "estimate",
    }
}

document! {
    /// What differs between a destination and its logs.
    Verification {
        syncs = "syncs",
        files = "files",
        bytes = "bytes",
        items = "items",
        source_items = "sourceItems",
        gone = "gone",
        without_proof = "withoutProof",
        differences = "differences",
        found = "found",
    }
}

document! {
    /// What was removed of a destination.
    Undoing {
        syncs = "syncs",
        removed = "removed",
        missing = "missing",
        kept = "kept",
        without_proof = "withoutProof",
        list_file = "list",
        found = "found",
    }
}

document! {
    /// What became of all mailboxes of a project.
    ProjectReport {
        cancelled = "cancelled",
        totals = "totals",
        mailboxes = "mailboxes",
    }
}

/// Differences that are told one by one.
const MOST_TOLD: usize = 10_000;
const COLUMNS: [&str; 5] = ["available", "migrated", "failed", "skipped", "bytes"];

/// The number under `key`, as text.
fn count(row: &Value, key: &str) -> String {
    row.get(key).unwrap_or(&Value::Null).to_string()
}

fn rows<'v>(of: &'v Value, keys: &'v [&'v str]) -> impl Iterator<Item = Vec<String>> + 'v {
    of.as_object()
        .into_iter()
        .flatten()
        .map(move |(name, row)| std::iter::once(name.clone()).chain(keys.iter().map(|key| count(row, key))).collect())
}

fn listed(found: &Value) -> impl Iterator<Item = Vec<String>> {
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = found.as_array().into_iter().flatten();
    found.map(move |row| ["kind", "what", "told"].map(|key| text(row, key)).to_vec())
}

impl Report {
    fn html(&self) -> String {
        let mut heading = vec!["folder"];
        heading.extend(COLUMNS);
        let all = std::iter::once("(all)".to_owned()).chain(COLUMNS.iter().map(|key| count(self.field("totals"), key)));
        table("Report", &heading, std::iter::once(all.collect()).chain(rows(self.field("folders"), &COLUMNS)))
    }

    fn text(&self) -> String {
        let told = COLUMNS.map(|key| format!("{key}={}", count(self.field("totals"), key)));
        format!("<Report {}>", told.join(" "))
    }
}

impl Inspection {
    fn html(&self) -> String {
        table("Inspection", &["folder", "items", "bytes"], rows(self.field("folders"), &["items", "bytes"]))
    }

    fn text(&self) -> String {
        format!(
            "<Inspection items={} bytes={} failed={}>",
            self.field("items"),
            self.field("bytes"),
            self.field("failed")
        )
    }
}

impl Plan {
    fn html(&self) -> String {
        table("Plan", &["kind", "items", "bytes"], rows(self.field("kinds"), &["items", "bytes"]))
    }

    fn text(&self) -> String {
        let items = |key: &str| count(self.field(key), "items");
        format!("<Plan goes={} available={}>", items("goes"), items("available"))
    }
}

impl Verification {
    fn html(&self) -> String {
        table("Differences", &["kind", "what", "told"], listed(self.field("found")))
    }

    fn text(&self) -> String {
        format!("<Verification files={} differences={}>", self.field("files"), self.field("differences"))
    }
}

impl Undoing {
    fn html(&self) -> String {
        table("Kept", &["kind", "what", "told"], listed(self.field("found")))
    }

    fn text(&self) -> String {
        format!("<Undoing removed={} kept={}>", self.field("removed"), self.field("kept"))
    }
}

impl ProjectReport {
    fn html(&self) -> String {
        let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mailboxes = self.field("mailboxes").as_array().into_iter().flatten();
        let rows = mailboxes.map(|row| vec![text(row, "destination"), text(row, "state"), text(row, "error")]);
        table("Project", &["destination", "state", "error"], rows)
    }

    fn text(&self) -> String {
        let told = COLUMNS.map(|key| format!("{key}={}", count(self.field("totals"), key)));
        format!("<ProjectReport {}>", told.join(" "))
    }
}

/// The options of `convert` that are plain data.
fn options_of(py: Python<'_>, keywords: &Keywords<'_>) -> PyResult<ConvertOptions> {
    let mut options = ConvertOptions::default();
    options.read = keywords.reading()?;
    options.selection = keywords.selection()?;
    options.tagging = keywords.tagging()?;
    options.archive = keywords.writing()?;
    options.target = keywords.take::<String>("target")?.map(|name| target(py, &name)).transpose()?;
    options.attachments = keywords.flag("attachments")?;
    options.table = keywords.flag("csv")?;
    options.page = keywords.take("page")?;
    options.threads = jobs(py, keywords.take("jobs")?)?;
    Ok(options)
}

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
            let octets = made.cast::<PyBytes>().map_err(|_| {
                PyTypeError::new_err("transform has to give an Item, bytes, or None for an item that is left out")
            })?;
            let form = match &item.kind {
                ItemKind::Calendar(_) => "ics",
                ItemKind::Contact(_) => "vcf",
                _ => "eml",
            };
            item.kind = kind_of(form, octets.as_bytes()).map_err(|error| raised(py, &error))?;
            item.origin.mbox = None;
            item.defects.push(Defect::new(DefectKind::Transformed, "the octets are those of a transform"));
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
    last: Option<(u64, Option<u64>)>,
}

impl Observer<'_> {
    /// Whether to go on after `position` of `total` octets.
    fn look(&mut self, position: u64, total: Option<u64>) -> ControlFlow<()> {
        self.last = Some((position, total));
        if self.watch.is_due() {
            let told = Python::attach(|py| {
                py.check_signals()?;
                self.progress.tell(py, position, total)
            });
            if let Err(error) = told {
                self.inside.keep(error);
            }
        }
        if self.inside.is_any() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(self, py: Python<'_>) {
        let Self { progress, inside, last, .. } = self;
        let told = last.map_or(Ok(()), |(position, total)| progress.tell(py, position, total));
        if let Err(error) = told.and_then(|()| progress.end(py)) {
            inside.keep(error);
        }
    }
}

#[pyfunction]
#[pyo3(signature = (source, to, *, name=None, on_error="skip", progress=None, transform=None, **options))]
#[expect(clippy::too_many_arguments, reason = "they are the keyword arguments of the Python function")]
pub(crate) fn convert(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    to: PathBuf,
    name: Option<String>,
    on_error: &str,
    progress: Option<&Bound<'_, PyAny>>,
    transform: Option<Py<PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Report> {
    let keywords = Keywords::new(py, options)?;
    let mut options = options_of(py, &keywords)?;
    keywords.end()?;
    let stops = raises(py, on_error)?;
    let sources = Sources::new(source, name)?;
    let inside = Arc::clone(&sources.raised);
    options.transform = transform.map(|callable| transform_of(callable, Arc::clone(&inside)));
    let mut progress = Progress::new(progress)?;
    let mut observer = Observer { watch: Watch::new(), progress: &mut progress, inside: &inside, last: None };
    let mut failed = false;
    let converted = py.detach(|| {
        core::convert(sources.all(), &to, &options, &mut |now| {
            let went_wrong = |source: &core::SourceReport| source.error.is_some();
            failed = stops && (now.report.totals.failed > 0 || now.report.sources.iter().any(went_wrong));
            if failed { ControlFlow::Break(()) } else { observer.look(now.position, now.total) }
        })
    });
    observer.end(py);
    if let Some(error) = inside.take() {
        return Err(error);
    }
    let report = converted.map_err(|error| raised(py, &error))?;
    if let Some(error) = report.error.as_deref() {
        return Err(of_kind(py, "destination", error, None));
    }
    if failed {
        let kind = report.reasons.keys().next().map_or("malformed", String::as_str);
        let source = report.sources.iter().find_map(|source| source.error.clone());
        let told = source.unwrap_or_else(|| format!("an item failed: the item log beside {} says why", to.display()));
        return Err(of_kind(py, kind, &told, None));
    }
    Report::of(py, &report)
}

#[pyfunction]
#[pyo3(signature = (source, *, name=None, largest=10, progress=None, **options))]
pub(crate) fn inspect(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    largest: usize,
    progress: Option<&Bound<'_, PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Inspection> {
    let opening = Opening::new(py, source, name, "skip", options)?;
    let mut reading = opening.start(py)?;
    let inside = &opening.sources.raised;
    let mut progress = Progress::new(progress)?;
    let mut observer = Observer { watch: Watch::new(), progress: &mut progress, inside, last: None };
    let mut inspection = core::Inspection::new(largest);
    py.detach(|| {
        while let Some((event, selected)) = reading.event() {
            if selected {
                inspection.count(event);
            }
            if observer.look(reading.mailbox.position(), reading.mailbox.total()).is_break() {
                break;
            }
        }
    });
    observer.end(py);
    match inside.take() {
        Some(error) => Err(error),
        None => Inspection::of(py, &inspection),
    }
}

#[pyfunction]
#[pyo3(signature = (source, target, *, name=None, **options))]
pub(crate) fn plan(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    target: &str,
    name: Option<String>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Plan> {
    let keywords = Keywords::new(py, options)?;
    let options = options_of(py, &keywords)?;
    keywords.end()?;
    let target = self::target(py, target)?;
    let sources = Sources::new(source, name)?;
    let inside = &sources.raised;
    let mut progress = Progress::new(None)?;
    let mut observer = Observer { watch: Watch::new(), progress: &mut progress, inside, last: None };
    let planned = py.detach(|| core::plan(sources.all(), target, &options, &mut || observer.look(0, None)));
    match inside.take() {
        Some(error) => Err(error),
        None => Plan::of(py, &planned.map_err(|error| raised(py, &error))?),
    }
}

#[pyfunction]
#[pyo3(signature = (to, source=None, *, name=None, **options))]
pub(crate) fn verify(
    py: Python<'_>,
    to: PathBuf,
    source: Option<&Bound<'_, PyAny>>,
    name: Option<String>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Verification> {
    let keywords = Keywords::new(py, options)?;
    let options = options_of(py, &keywords)?;
    keywords.end()?;
    let sources = source.map(|source| Sources::new(source, name)).transpose()?;
    let mut found = Vec::new();
    let verified = py.detach(|| {
        let sources: Vec<_> = sources.iter().flat_map(Sources::all).collect();
        core::verify(&to, sources, &options, &mut |difference| keep(&mut found, difference))
    });
    if let Some(error) = sources.and_then(|sources| sources.raised.take()) {
        return Err(error);
    }
    let mut verification = Verification::of(py, &verified.map_err(|error| raised(py, &error))?)?;
    add(&mut verification.json, found);
    Ok(verification)
}

#[pyfunction]
#[pyo3(signature = (to, *, since=1, dry=false))]
pub(crate) fn undo(py: Python<'_>, to: PathBuf, since: u32, dry: bool) -> PyResult<Undoing> {
    let mut found = Vec::new();
    let undone = py.detach(|| core::undo(&to, since, dry, &mut |kept| keep(&mut found, kept)));
    let mut undoing = Undoing::of(py, &undone.map_err(|error| raised(py, &error))?)?;
    add(&mut undoing.json, found);
    Ok(undoing)
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

#[pyfunction]
#[pyo3(signature = (mailboxes, *, at_a_time=1, delta=false, ended=None))]
pub(crate) fn run_project(
    py: Python<'_>,
    mailboxes: &Bound<'_, PyAny>,
    at_a_time: usize,
    delta: bool,
    ended: Option<Py<PyAny>>,
) -> PyResult<ProjectReport> {
    let project = mailboxes.try_iter()?.zip(1..).map(|(mailbox, line)| {
        let keywords = Keywords::new(py, Some(mailbox?.cast::<PyDict>()?))?;
        let needed = |name: &str| PyValueError::new_err(format!("mailbox {line} has no {name}"));
        let given = keywords.object("source")?.ok_or_else(|| needed("source"))?;
        let sources = match given.extract::<PathBuf>() {
            Ok(path) => vec![path],
            Err(_) => given.extract()?,
        };
        let destination = keywords.take("to")?.ok_or_else(|| needed("to"))?;
        let options = options_of(py, &keywords)?;
        keywords.end()?;
        Ok(ProjectMailbox::new(line, sources, destination, Ok(options)))
    });
    let project: Vec<_> = project.collect::<PyResult<_>>()?;
    let mut options = ProjectOptions::default();
    options.at_a_time = jobs(py, Some(at_a_time))?;
    options.delta = delta;
    let (inside, watch) = (Raised::default(), Mutex::new(Watch::new()));
    // The mailboxes are converted on threads of their own, and signals are handled on this one only.
    let done = py.detach(|| {
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                let observe = |_: usize, _: core::Progress<'_>| match inside.is_any() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                };
                let tell = |mailbox: &core::MailboxReport| {
                    let Some(ended) = &ended else { return };
                    let told = Python::attach(|py| {
                        let row = serde_json::to_value(mailbox).unwrap_or_default();
                        ended.call1(py, (crate::document::to_python(py, &row)?,)).map(drop)
                    });
                    if let Err(error) = told {
                        inside.keep(error);
                    }
                };
                core::run_project(&project, options, &observe, &tell)
            });
            while !run.is_finished() {
                std::thread::sleep(std::time::Duration::from_millis(10));
                if let Err(error) = watch.lock().unwrap_or_else(PoisonError::into_inner).signals() {
                    inside.keep(error);
                }
            }
            run.join()
        })
    });
    if let Some(error) = inside.take() {
        return Err(error);
    }
    match done {
        Ok(report) => ProjectReport::of(py, &report),
        Err(panicked) => std::panic::resume_unwind(panicked),
    }
}

#[pyfunction]
pub(crate) fn targets(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    crate::document::to_python(py, &json!(Target::all()))
}
