//! What is told to `logging.getLogger("mailferry")`.

use pyo3::{prelude::*, types::PyDict};

/// Levels of the module `logging`.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Info = 20,
    Warning = 30,
}

/// Tells the logger, where the program uses `logging` at all: else nobody has asked for it, and it is not imported for this.
pub(crate) fn log(py: Python<'_>, level: Level, message: impl FnOnce() -> String) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    let Some(logging) = modules.get_item("logging")? else { return Ok(()) };
    let logger = logging.call_method1("getLogger", ("mailferry",))?;
    if logger.call_method1("isEnabledFor", (level as u8,))?.is_truthy()? {
        logger.call_method1("log", (level as u8, "%s", message()))?;
    }
    Ok(())
}
