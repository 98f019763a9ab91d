//! A conversion, or a table, shared among processes: what `mailferry/splits.py` and `mailferry/spark.py` rest on.

pub(crate) mod table;

use crate::{
    cancel::Cancel,
    error::{detached, raised},
    options::Keywords,
    results::Report,
    source::{Raised, Sources, given_as},
};
use mailferry::{
    Error, ErrorKind,
    convert::{self as core, Receipt, SourceId, Split, SplitSource},
    read::Given,
};
use pyo3::{
    prelude::*,
    types::{PyCapsule, PyDict, PyTuple},
};
use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What opens sources: a function of Python that gives a file object and what changes with its octets, or None for a path.
struct Opener {
    open: Option<Py<PyAny>>,
    sources: Sources,
}

impl Opener {
    fn new(py: Python<'_>, open: Option<Py<PyAny>>) -> PyResult<Self> {
        Ok(Self { open, sources: Sources::new(PyTuple::empty(py).as_any(), None, Cancel::default())? })
    }

    fn raised(&self) -> &Arc<Raised> {
        &self.sources.raised
    }

    fn open(&self, uri: &str) -> mailferry::Result<SplitSource> {
        let opened = Python::attach(|py| {
            let Some(open) = &self.open else { return Ok(None) };
            let opened = open.bind(py).call1((uri,))?;
            if opened.is_none() {
                return Ok(None);
            }
            let (file, version): (Bound<'_, PyAny>, String) = opened.extract()?;
            Ok::<_, PyErr>(Some((given_as(&file, Some(uri), self.raised())?, version)))
        });
        match opened {
            Ok(Some((Given::Source(_, source), version))) => Ok(SplitSource::new(uri, source, version)),
            Ok(_) => SplitSource::at(Path::new(uri)),
            Err(error) => {
                self.raised().keep(error);
                Err(Error::new(ErrorKind::Io, "the source cannot be opened").in_file(uri))
            }
        }
    }

    /// What came of a call of the core, or what was raised in it.
    fn ended<T>(&self, py: Python<'_>, outcome: PyResult<mailferry::Result<T>>) -> PyResult<T> {
        match self.raised().take() {
            Some(error) => Err(error),
            None => outcome?.map_err(|error| raised(py, &error)),
        }
    }
}

fn parsed<T: serde::de::DeserializeOwned>(py: Python<'_>, what: &str, json: &str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|error| crate::error::options(py, &format!("this is not {what}: {error}")))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The splits of a conversion of `uris`, as JSON.
#[pyfunction]
#[pyo3(name = "_plan_splits")]
pub(crate) fn plan(
    py: Python<'_>,
    uris: Vec<String>,
    target_size: u64,
    open: Option<Py<PyAny>>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<String>> {
    let mut options = Keywords::new(py, options)?.options()?;
    let opener = Opener::new(py, open)?;
    options.read.limits.stop = opener.sources.stop();
    let planned = detached(py, || {
        let sources = uris.iter().map(|uri| opener.open(uri)).collect::<mailferry::Result<Vec<_>>>()?;
        core::plan_splits_of(sources, &options, target_size)
    });
    let splits = opener.ended(py, planned)?;
    Ok(splits.iter().map(json).collect())
}

/// Does a split, and gives its receipt as JSON.
#[pyfunction]
#[pyo3(name = "_run_split")]
pub(crate) fn run(py: Python<'_>, split: &str, to: PathBuf, open: Option<Py<PyAny>>) -> PyResult<String> {
    let split: Split = parsed(py, "a split", split)?;
    let opener = Opener::new(py, open)?;
    let stop = opener.sources.stop();
    let done = detached(py, || {
        core::run_split_of(&split, &to, &mut |id: &SourceId| opener.open(&id.uri), &mut |_| match stop.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    });
    opener.ended(py, done).map(|receipt| json(&receipt))
}

/// The splits that convert, of a plan whose first pass is done, as JSON; the receipts are those at the destination where none are given.
#[pyfunction]
#[pyo3(name = "_decide_splits")]
pub(crate) fn decide(
    py: Python<'_>,
    to: PathBuf,
    splits: Vec<String>,
    receipts: Option<Vec<String>>,
    open: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let splits: Vec<Split> = splits.iter().map(|split| parsed(py, "a split", split)).collect::<PyResult<_>>()?;
    let given = receipts
        .map(|all| all.iter().map(|receipt| parsed(py, "a receipt", receipt)).collect::<PyResult<Vec<Receipt>>>())
        .transpose()?;
    let opener = Opener::new(py, open)?;
    let decided = detached(py, || {
        let receipts = given.map_or_else(|| core::receipts_at(&to, &splits), Ok)?;
        core::decide_splits_of(&to, &splits, &receipts, &mut |id: &SourceId| opener.open(&id.uri))
    });
    Ok(opener.ended(py, decided)?.iter().map(json).collect())
}

/// Makes one result of all splits; the receipts are those at the destination where none are given.
#[pyfunction]
#[pyo3(name = "_finish_splits")]
pub(crate) fn finish(
    py: Python<'_>,
    to: PathBuf,
    splits: Vec<String>,
    receipts: Option<Vec<String>>,
    open: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let splits: Vec<Split> = splits.iter().map(|split| parsed(py, "a split", split)).collect::<PyResult<_>>()?;
    let given = receipts
        .map(|all| all.iter().map(|receipt| parsed(py, "a receipt", receipt)).collect::<PyResult<Vec<Receipt>>>())
        .transpose()?;
    let opener = Opener::new(py, open)?;
    let finished = detached(py, || {
        let receipts = given.map_or_else(|| core::receipts_at(&to, &splits), Ok)?;
        core::finish_of(&to, &splits, &receipts, &mut |id: &SourceId| opener.open(&id.uri))
    });
    let report = opener.ended(py, finished)?;
    Report::of(py, &report)
}

/// The names of the columns of a table, and whether they are there where none are named.
#[pyfunction]
#[pyo3(name = "_table_columns")]
pub(crate) fn columns() -> Vec<(&'static str, bool)> {
    table::COLUMNS.iter().map(|column| (column.name, column.usual)).collect()
}

/// A capsule of the Arrow schema of a table with these columns.
#[pyfunction]
#[pyo3(name = "_table_schema")]
pub(crate) fn schema(py: Python<'_>, columns: Vec<String>) -> PyResult<Bound<'_, PyCapsule>> {
    table::schema_capsule(py, &columns)
}

/// A capsule of the Arrow stream of the items of a split, with these columns.
#[pyfunction]
#[pyo3(name = "_table_of_split")]
pub(crate) fn table_of<'py>(
    py: Python<'py>,
    split: &str,
    columns: Vec<String>,
    rows: usize,
    open: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let split: Split = parsed(py, "a split", split)?;
    let opener = Opener::new(py, open)?;
    let stop = opener.sources.stop();
    let opened = detached(py, || {
        let selection = split.options()?.selection;
        let lists = table::lists(&columns, &selection);
        let mailbox = split.mailbox(&mut |id: &SourceId| opener.open(&id.uri), lists, stop)?;
        Ok((mailbox, core::Selector::new(&selection)?))
    });
    let (mailbox, selector) = opener.ended(py, opened)?;
    let items = table::Items { mailbox, selector, raises: false };
    crate::index::stream_capsule(py, table::reader(py, items, &columns, rows, Arc::clone(opener.raised()))?)
}
