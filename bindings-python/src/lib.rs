//! The Python package `mailferry`: each function converts its arguments, makes a call of the core, and converts the result.
//!
//! The interpreter is detached from the thread around each call of the core, so that other Python threads go on; a panic in it
//! becomes an exception.

/// The docstring in the stub of a class, or of `Class.member`.
macro_rules! stub {
    ($name:expr) => {
        include_str!(concat!(env!("OUT_DIR"), "/", $name, ".txt"))
    };
}

mod access;
mod address;
mod attachment;
mod cancel;
mod command;
mod convert;
mod date_time;
mod defect;
mod document;
mod documents;
mod error;
mod folder;
mod headers;
mod index;
mod item;
mod log;
mod made;
mod mailbox;
mod mapi;
mod options;
mod progress;
mod restore;
mod results;
mod source;
mod splits;
mod watch;

use mailferry::read::FORMATS;
use pyo3::{
    prelude::*,
    types::{PyDict, PyMapping},
};

/// All that `mailferry/__init__.py` has.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    error::add_to(module)?;
    module.add_class::<address::Address>()?;
    module.add_class::<attachment::Attachment>()?;
    module.add_class::<attachment::AttachmentFile>()?;
    module.add_class::<cancel::CancelToken>()?;
    module.add_class::<defect::Defect>()?;
    module.add_class::<folder::Folder>()?;
    module.add_class::<headers::Headers>()?;
    PyMapping::register::<headers::Headers>(module.py())?;
    module.add_class::<item::Item>()?;
    module.add_class::<mailbox::Mailbox>()?;
    module.add_class::<mapi::MapiProperties>()?;
    PyMapping::register::<mapi::MapiProperties>(module.py())?;
    module.add_class::<index::Index>()?;
    module.add_class::<results::Report>()?;
    module.add_class::<results::Inspection>()?;
    module.add_class::<results::ProjectReport>()?;
    module.add_class::<results::Undoing>()?;
    module.add_class::<results::Verification>()?;
    module.add_class::<results::Plan>()?;
    module.add_function(wrap_pyfunction!(mailbox::open, module)?)?;
    module.add_function(wrap_pyfunction!(convert::convert, module)?)?;
    module.add_function(wrap_pyfunction!(convert::write, module)?)?;
    module.add_function(wrap_pyfunction!(convert::inspect, module)?)?;
    module.add_function(wrap_pyfunction!(convert::plan, module)?)?;
    module.add_function(wrap_pyfunction!(convert::verify, module)?)?;
    module.add_function(wrap_pyfunction!(convert::undo, module)?)?;
    module.add_function(wrap_pyfunction!(convert::check, module)?)?;
    module.add_function(wrap_pyfunction!(convert::run_project, module)?)?;
    module.add_function(wrap_pyfunction!(convert::targets, module)?)?;
    module.add_function(wrap_pyfunction!(formats, module)?)?;
    module.add_function(wrap_pyfunction!(command::cli_main, module)?)?;
    module.add_function(wrap_pyfunction!(splits::plan, module)?)?;
    module.add_function(wrap_pyfunction!(splits::run, module)?)?;
    module.add_function(wrap_pyfunction!(splits::decide, module)?)?;
    module.add_function(wrap_pyfunction!(splits::finish, module)?)?;
    module.add_function(wrap_pyfunction!(splits::columns, module)?)?;
    module.add_function(wrap_pyfunction!(splits::schema, module)?)?;
    module.add_function(wrap_pyfunction!(splits::table_of, module)?)?;
    // By these pickled objects are made anew.
    module.add_function(wrap_pyfunction!(index::index, module)?)?;
    module.add_function(wrap_pyfunction!(mailbox::reopen, module)?)?;
    module.add_function(wrap_pyfunction!(restore::restore_attachment, module)?)?;
    module.add_function(wrap_pyfunction!(restore::restore_item, module)?)?;
    #[cfg(debug_assertions)]
    module.add_function(wrap_pyfunction!(_panic, module)?)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    // The list of what is public stands in one place, `mailferry/__init__.py`.
    module.delattr("__all__")
}

/// Fails as nothing should, for a test of what becomes of it; no published package has it.
#[cfg(debug_assertions)]
#[pyfunction]
#[expect(clippy::panic, reason = "that is what it is for")]
fn _panic(py: Python<'_>) -> PyResult<()> {
    error::detached(py, || panic!("on purpose"))
}

#[doc = include_str!(concat!(env!("OUT_DIR"), "/formats.txt"))]
#[pyfunction]
#[pyo3(text_signature = None)]
fn formats(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let row = |format: &mailferry::read::FormatInfo| {
        let row = PyDict::new(py);
        row.set_item("name", format.name)?;
        row.set_item("title", format.title)?;
        row.set_item("extensions", format.extensions)?;
        row.set_item("media_types", format.media_types)?;
        Ok(row)
    };
    FORMATS.iter().map(row).collect()
}
