//! Keeping an ear open for Ctrl-C while the core works.

use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// Between two looks at the signals.
const BETWEEN: Duration = Duration::from_millis(50);

/// Tells when it is time to look again at what only the interpreter knows.
pub(crate) struct Watch(Instant);

impl Watch {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    /// Whether it is time.
    pub(crate) fn is_due(&mut self) -> bool {
        let due = self.0.elapsed() >= BETWEEN;
        if due {
            self.0 = Instant::now();
        }
        due
    }

    /// Lets the handlers of signals run, if it is time: `KeyboardInterrupt` is what that of Ctrl-C raises.
    pub(crate) fn signals(&mut self) -> PyResult<()> {
        if self.is_due() { Python::attach(|py| py.check_signals()) } else { Ok(()) }
    }
}
