//! What ends a call from another thread.

use crate::{error::of_kind, watch::Watch};
use pyo3::{exceptions::PyTypeError, intern, prelude::*};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

#[doc = stub!("CancelToken")]
#[pyclass(frozen, weakref, module = "mailferry")]
#[derive(Default)]
pub(crate) struct CancelToken(Arc<AtomicBool>);

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[doc = stub!("CancelToken.cancel")]
    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[doc = stub!("CancelToken.cancelled")]
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn __repr__(&self) -> &'static str {
        if self.cancelled() { "<CancelToken cancelled>" } else { "<CancelToken>" }
    }
}

/// A token, or an event such as `threading.Event`.
#[derive(Clone, Default)]
pub(crate) struct Cancel {
    asked: Arc<AtomicBool>,
    event: Option<Arc<(Py<PyAny>, Mutex<Watch>)>>,
}

impl Cancel {
    pub(crate) fn new(given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Ok(Self::default()) };
        if let Ok(token) = given.cast::<CancelToken>() {
            return Ok(Self { asked: Arc::clone(&token.get().0), event: None });
        }
        if !given.hasattr(intern!(given.py(), "is_set"))? {
            return Err(PyTypeError::new_err(
                "cancel is a CancelToken, or an event with is_set() such as threading.Event",
            ));
        }
        let is_set = given.call_method0(intern!(given.py(), "is_set"))?.is_truthy()?;
        let event = (given.clone().unbind(), Mutex::new(Watch::new()));
        Ok(Self { asked: Arc::new(AtomicBool::new(is_set)), event: Some(Arc::new(event)) })
    }

    /// Whether it was asked for; events are asked every now and then. On any thread.
    pub(crate) fn is_asked(&self) -> bool {
        if let Some((event, watch)) = self.event.as_deref()
            && !self.asked.load(Ordering::Relaxed)
            && watch.lock().unwrap_or_else(PoisonError::into_inner).is_due()
        {
            let is_set = Python::attach(|py| event.call_method0(py, intern!(py, "is_set"))?.is_truthy(py));
            if is_set.unwrap_or(true) {
                self.asked.store(true, Ordering::Relaxed);
            }
        }
        self.asked.load(Ordering::Relaxed)
    }

    /// Raises it where it was asked for.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_asked() { Err(Self::error(py)) } else { Ok(()) }
    }

    /// The exception of it.
    pub(crate) fn error(py: Python<'_>) -> PyErr {
        of_kind(py, "cancelled", "was cancelled by the caller", None)
    }
}
