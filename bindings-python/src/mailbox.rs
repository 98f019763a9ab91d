use crate::{
    error::{detached, options, raised},
    index::Index,
    item::Item,
    options::Keywords,
    source::{Raised, Sources},
    watch::Watch,
};
use mailferry::{
    Error,
    convert::{Place, Selection, Selector},
    read::{self, Event, ReadOptions},
};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Errors of items that were skipped, which are told one by one.
const MOST_TOLD: usize = 1_000;

/// The items of sources, one after the other.
#[pyclass(frozen, module = "mailferry")]
pub(crate) struct Mailbox {
    pub(crate) opening: Opening,
    state: Mutex<State>,
}

/// All that it takes to open a mailbox once more.
pub(crate) struct Opening {
    pub(crate) sources: Sources,
    reading: ReadOptions,
    selection: Selection,
    /// Whether what cannot be read is raised, not skipped.
    pub(crate) raises: bool,
    given: Py<PyDict>,
}

struct State {
    reading: Option<Reading>,
    skipped: Vec<Error>,
}

/// A mailbox that is being read.
pub(crate) struct Reading {
    pub(crate) mailbox: read::Mailbox,
    pub(crate) selector: Selector,
    /// The number of the source in hand, from 1.
    source: u64,
}

/// What comes next.
pub(crate) enum Next {
    Item(Box<mailferry::model::Item>, u64),
    Failed(Error),
    /// Something that is no item.
    Nothing,
    End,
}

impl Opening {
    pub(crate) fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        name: Option<String>,
        on_error: &str,
        given: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options = Keywords::new(py, given)?.reading()?;
        let (reading, selection) = (options.read, options.selection);
        let given = given.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        Ok(Self {
            sources: Sources::new(source, name)?,
            reading,
            selection,
            raises: raises(py, on_error)?,
            given: given.unbind(),
        })
    }

    /// Opens the sources, and reads them once where the selection needs it.
    pub(crate) fn start(&self, py: Python<'_>) -> PyResult<Reading> {
        let raised_inside = Arc::clone(&self.sources.raised);
        let interrupted = Raised::default();
        let started = detached(py, || {
            let mut mailbox = self.sources.mailbox(&self.reading);
            mailbox.start()?;
            let mut watch = Watch::new();
            let other = self.sources.mailbox(&self.reading);
            let selector = Selector::surveying(&self.selection, other, &mut |_| match watch.signals() {
                Ok(()) if !raised_inside.is_any() => ControlFlow::Continue(()),
                Ok(()) => ControlFlow::Break(()),
                Err(signal) => {
                    interrupted.keep(signal);
                    ControlFlow::Break(())
                }
            })?;
            Ok(Reading { mailbox, selector, source: 0 })
        })?;
        let inside = interrupted.take().or_else(|| raised_inside.take());
        match inside {
            Some(error) => Err(error),
            None => started.map_err(|error| raised(py, &error)),
        }
    }
}

impl Reading {
    /// What happens next, and whether it is selected.
    pub(crate) fn event(&mut self) -> Option<(Event, bool)> {
        let mut event = self.mailbox.next_event()?;
        let mut selected = true;
        match &mut event {
            Event::Opened(_) | Event::Failed { within: false, .. } => self.source += 1,
            Event::Item(item) => {
                let place = Place { source: self.source, ordinal: item.origin.ordinal };
                selected = self.selector.decide(item, place).is_none();
            }
            _ => {}
        }
        Some((event, selected))
    }

    pub(crate) fn next(&mut self) -> Next {
        match self.event() {
            None => Next::End,
            Some((Event::Item(item), true)) => Next::Item(item, self.source),
            Some((Event::Failed { error, .. }, _)) => Next::Failed(error),
            Some(_) => Next::Nothing,
        }
    }
}

/// Whether `on_error` asks for an exception.
pub(crate) fn raises(py: Python<'_>, on_error: &str) -> PyResult<bool> {
    match on_error {
        "raise" => Ok(true),
        "skip" => Ok(false),
        other => Err(options(py, &format!("on_error={other:?}: choose \"raise\" or \"skip\""))),
    }
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/open.txt"))]
#[pyfunction]
#[pyo3(signature = (source, *, name=None, on_error="raise", **options), text_signature = None)]
pub(crate) fn open(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    on_error: &str,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Mailbox> {
    let opening = Opening::new(py, source, name, on_error, options)?;
    let reading = Some(opening.start(py)?);
    Ok(Mailbox { opening, state: Mutex::new(State { reading, skipped: Vec::new() }) })
}

/// What a pickled mailbox is made anew by.
#[pyfunction]
#[pyo3(name = "_reopen")]
pub(crate) fn reopen(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    name: Option<String>,
    on_error: &str,
    options: &Bound<'_, PyDict>,
) -> PyResult<Mailbox> {
    open(py, source, name, on_error, Some(options))
}

impl Mailbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_reading<T: Send>(&self, py: Python<'_>, read: impl FnOnce(&mut Reading) -> T + Send) -> PyResult<T> {
        let done = detached(py, || self.state().reading.as_mut().map(read));
        // What a panic has left of it is read no further.
        let done = done.inspect_err(|_| self.state().reading = None)?;
        done.ok_or_else(|| PyValueError::new_err("the mailbox is closed"))
    }
}

#[pymethods]
impl Mailbox {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Item>> {
        let mut watch = Watch::new();
        let inside = &self.opening.sources.raised;
        loop {
            let next = self.with_reading(py, Reading::next)?;
            if let Some(error) = inside.take() {
                return Err(error);
            }
            match next {
                Next::Item(item, source) => return Ok(Some(Item::new(*item, source, Arc::clone(inside)))),
                Next::End => return Ok(None),
                Next::Failed(error) if self.opening.raises => return Err(raised(py, &error)),
                Next::Failed(error) => py.detach(|| {
                    let mut state = self.state();
                    if state.skipped.len() < MOST_TOLD {
                        state.skipped.push(error);
                    }
                }),
                Next::Nothing => {}
            }
            if watch.is_due() {
                py.check_signals()?;
            }
        }
    }

    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let state = py.detach(|| self.state().skipped.iter().map(|error| error.to_string()).collect::<Vec<_>>());
        let kinds = py.detach(|| self.state().skipped.iter().map(|error| error.kind().as_str()).collect::<Vec<_>>());
        let errors = kinds.iter().zip(&state).map(|(kind, message)| crate::error::of_kind(py, kind, message, None));
        PyTuple::new(py, errors.map(|error| error.into_value(py)).collect::<Vec<_>>())
    }

    #[getter]
    fn position(&self, py: Python<'_>) -> PyResult<u64> {
        self.with_reading(py, |reading| reading.mailbox.position())
    }

    #[getter]
    fn total(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.with_reading(py, |reading| reading.mailbox.total())
    }

    #[pyo3(signature = (*, content=true, batch_size=8192, columns=None))]
    fn index(slf: Bound<'_, Self>, content: bool, batch_size: usize, columns: Option<Vec<String>>) -> PyResult<Index> {
        Index::new(slf.py(), slf.clone().unbind(), content, batch_size, columns)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.state().reading = None);
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, py: Python<'_>, _exception: &Bound<'_, PyTuple>) {
        self.close(py);
    }

    fn __repr__(&self) -> String {
        format!("<Mailbox {}>", self.opening.sources.describe())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let Opening { sources, raises, given, .. } = &self.opening;
        let on_error = if *raises { "raise" } else { "skip" };
        let arguments = (sources.given.bind(py), &sources.name, on_error, given.bind(py)).into_pyobject(py)?;
        Ok((py.import("mailferry._native")?.getattr("_reopen")?, arguments))
    }
}
