//! What is told how far a call is: a callable, or a bar such as tqdm's.

use pyo3::{prelude::*, types::PyDict, types::PyType};

/// Who is told, in octets of the sources.
pub(crate) enum Progress {
    Callable(Py<PyAny>),
    /// An object with `update(n)`, and its own count.
    Bar {
        bar: Py<PyAny>,
        shown: u64,
        made_here: bool,
    },
    Nobody,
}

impl Progress {
    /// A class such as `tqdm` is made a bar of; a bar has `update`; anything else is called.
    pub(crate) fn new(given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Self::Nobody) };
        if !given.hasattr("update")? {
            return Ok(Self::Callable(given.clone().unbind()));
        }
        if !given.is_instance_of::<PyType>() {
            return Ok(Self::Bar { bar: given.clone().unbind(), shown: 0, made_here: false });
        }
        let look = PyDict::new(given.py());
        look.set_item("unit", "B")?;
        look.set_item("unit_scale", true)?;
        let bar = given.call((), Some(&look))?.unbind();
        Ok(Self::Bar { bar, shown: 0, made_here: true })
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
        }
        Ok(())
    }

    /// Closes the bar that was made here.
    pub(crate) fn end(&self, py: Python<'_>) -> PyResult<()> {
        match self {
            Self::Bar { bar, made_here: true, .. } => bar.call_method0(py, "close").map(drop),
            _ => Ok(()),
        }
    }
}
