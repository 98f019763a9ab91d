//! What is told how far a call is: a callable, or a bar of tqdm or rich.

use pyo3::{
    exceptions::{PyImportError, PyTypeError},
    prelude::*,
    types::{PyBool, PyDict, PyType},
};

/// Who is told, in octets of the sources.
pub(crate) enum Progress {
    Callable(Py<PyAny>),
    /// An object with `update(n)`, and its own count, such as that of tqdm.
    Bar {
        bar: Py<PyAny>,
        shown: u64,
        made_here: bool,
    },
    /// A task of an object with `add_task` and `update(task, completed=…)`, such as that of rich.
    Task {
        progress: Py<PyAny>,
        task: Py<PyAny>,
        started_here: bool,
    },
    /// A line of text on the standard error, if that is a terminal.
    Line(Py<PyAny>),
    Nobody,
}

impl Progress {
    /// `True` takes what is installed; a class is made a bar of; anything else is asked what it is.
    pub(crate) fn new(given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Self::Nobody) };
        let py = given.py();
        if let Ok(wanted) = given.cast::<PyBool>() {
            return if wanted.is_true() { Self::automatic(py) } else { Ok(Self::Nobody) };
        }
        let is_class = given.is_instance_of::<PyType>();
        if given.hasattr("add_task")? {
            let progress = if is_class { given.call0()? } else { given.clone() };
            // What stands in a `with` is started there.
            let is_started = progress.getattr("live").and_then(|live| live.getattr("is_started"));
            let is_started = is_started.and_then(|started| started.is_truthy()).unwrap_or(true);
            if !is_started {
                progress.call_method0("start")?;
            }
            let look = PyDict::new(py);
            look.set_item("total", py.None())?;
            let task = progress.call_method("add_task", ("mailferry",), Some(&look))?.unbind();
            return Ok(Self::Task { progress: progress.unbind(), task, started_here: !is_started });
        }
        if given.hasattr("update")? {
            return if is_class {
                Self::bar_of(given)
            } else {
                Ok(Self::Bar { bar: given.clone().unbind(), shown: 0, made_here: false })
            };
        }
        if !given.is_callable() {
            return Err(PyTypeError::new_err("progress is True, a function of two numbers, or a bar of tqdm or rich"));
        }
        Ok(Self::Callable(given.clone().unbind()))
    }

    fn bar_of(class: &Bound<'_, PyAny>) -> PyResult<Self> {
        let look = PyDict::new(class.py());
        look.set_item("unit", "B")?;
        look.set_item("unit_scale", true)?;
        Ok(Self::Bar { bar: class.call((), Some(&look))?.unbind(), shown: 0, made_here: true })
    }

    fn automatic(py: Python<'_>) -> PyResult<Self> {
        for (module, class) in [("tqdm.auto", "tqdm"), ("rich.progress", "Progress")] {
            match py.import(module) {
                Ok(module) => return Self::new(Some(&module.getattr(class)?)),
                Err(missing) if missing.is_instance_of::<PyImportError>(py) => {}
                Err(error) => return Err(error),
            }
        }
        let stderr = py.import("sys")?.getattr("stderr")?;
        let is_terminal = !stderr.is_none() && stderr.call_method0("isatty")?.is_truthy()?;
        Ok(if is_terminal { Self::Line(stderr.unbind()) } else { Self::Nobody })
    }

    /// Tells that `position` of `total` octets are done with.
    pub(crate) fn tell(&mut self, py: Python<'_>, position: u64, total: Option<u64>) -> PyResult<()> {
        match self {
            Self::Nobody => {}
            Self::Callable(callable) => {
                callable.call1(py, (position, total))?;
            }
            Self::Bar { bar, shown, .. } => {
                if bar.bind(py).hasattr("total")? {
                    bar.setattr(py, "total", total)?;
                }
                bar.call_method1(py, "update", (position.saturating_sub(*shown),))?;
                *shown = position.max(*shown);
            }
            Self::Task { progress, task, .. } => {
                let now = PyDict::new(py);
                now.set_item("completed", position)?;
                now.set_item("total", total)?;
                progress.call_method(py, "update", (&*task,), Some(&now))?;
            }
            Self::Line(stderr) => {
                let megabytes = |octets: u64| format!("{}.{} MB", octets / 1_000_000, octets / 100_000 % 10);
                let total = total.map(|total| format!(" of {}", megabytes(total))).unwrap_or_default();
                stderr.call_method1(py, "write", (format!("\r{}{total}   ", megabytes(position)),))?;
                stderr.call_method0(py, "flush")?;
            }
        }
        Ok(())
    }

    /// Closes what was opened here.
    pub(crate) fn end(&self, py: Python<'_>) -> PyResult<()> {
        match self {
            Self::Bar { bar, made_here: true, .. } => bar.call_method0(py, "close").map(drop),
            Self::Task { progress, started_here: true, .. } => progress.call_method0(py, "stop").map(drop),
            Self::Line(stderr) => stderr.call_method1(py, "write", ("\n",)).map(drop),
            _ => Ok(()),
        }
    }
}
