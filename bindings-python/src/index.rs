//! Tables of items: the Arrow PyCapsule interface.

mod columns;
mod rows;

use crate::{
    error::detached,
    mailbox::{Mailbox, Next, Reading},
    splits::table,
};
use arrow_array::{RecordBatch, RecordBatchReader, ffi_stream::FFI_ArrowArrayStream};
use arrow_schema::{ArrowError, SchemaRef, ffi::FFI_ArrowSchema};
use columns::Columns;
use pyo3::{
    exceptions::PyKeyboardInterrupt,
    prelude::*,
    types::{PyCapsule, PyDict, PyTuple},
};
use std::sync::Arc;

const STREAM: &std::ffi::CStr = c"arrow_array_stream";
const SCHEMA: &std::ffi::CStr = c"arrow_schema";

#[doc = stub!("Index")]
#[pyclass(frozen, weakref, module = "mailferry")]
pub(crate) struct Index {
    mailbox: Py<Mailbox>,
    content: bool,
    rows: usize,
    /// Those that were asked for, in place of the usual ones.
    columns: Option<Vec<String>>,
}

impl Index {
    pub(crate) fn new(
        py: Python<'_>,
        mailbox: Py<Mailbox>,
        content: bool,
        rows: usize,
        columns: Option<Vec<String>>,
    ) -> PyResult<Self> {
        columns.iter().try_for_each(|columns| table::check(py, columns))?;
        Ok(Self { mailbox, content, rows: rows.max(1), columns })
    }
}

impl Index {
    /// Begins to read.
    fn reader(&self, py: Python<'_>) -> PyResult<Reader> {
        let opening = &self.mailbox.get().opening;
        if let Some(columns) = &self.columns {
            let reading = opening.start_with(py, table::lists(columns, &opening.selection))?;
            let raised = Arc::clone(&opening.sources.raised);
            let items = table::Items { mailbox: reading.mailbox, selector: reading.selector, raises: opening.raises };
            return table::reader(py, items, columns, self.rows, raised);
        }
        let rows = Rows {
            schema: columns::schema(self.content),
            mailbox: self.mailbox.clone_ref(py),
            reading: Some(opening.start(py)?),
            content: self.content,
            rows: self.rows,
        };
        Ok(Box::new(rows))
    }
}

#[pymethods]
impl Index {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer that cannot cast give its own schema.
        let _other_schema = requested_schema;
        stream_capsule(py, self.reader(py)?)
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<rows::IndexRows> {
        Ok(rows::IndexRows::new(self.reader(py)?, self.mailbox.get().opening.sources.cancel.clone()))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        if let Some(columns) = &self.columns {
            return table::schema_capsule(py, columns);
        }
        let schema = FFI_ArrowSchema::try_from(&*columns::schema(self.content));
        let schema = schema.map_err(|wrong| crate::error::of_kind(py, "unsupported", &wrong.to_string(), None))?;
        PyCapsule::new_with_value(py, schema, SCHEMA)
    }

    #[doc = stub!("Index.column_names")]
    #[getter]
    fn column_names(&self) -> Vec<String> {
        if let Some(columns) = &self.columns {
            return columns.clone();
        }
        columns::schema(self.content).fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __repr__(&self) -> String {
        format!("<Index of {} columns>", self.column_names().len())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let index = py.import("mailferry._native")?.getattr("_index")?;
        Ok((index, (self.mailbox.clone_ref(py), self.content, self.rows, self.columns.clone()).into_pyobject(py)?))
    }
}

/// What gives the rows of a table, some at a time.
pub(crate) type Reader = Box<dyn RecordBatchReader + Send>;

/// A table as those take it who read Arrow.
pub(crate) fn stream_capsule(py: Python<'_>, reader: Reader) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(Consumed(reader))), STREAM)
}

/// A table on its way to who reads Arrow.
struct Consumed(Reader);

impl Iterator for Consumed {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.0.next();
        if let Some(Err(ArrowError::ExternalError(error))) = &batch
            && let Some(raised) = error.downcast_ref::<PyErr>()
        {
            // Its text is made before Ctrl-C comes again, which would end the making of it and be lost.
            let text = raised.to_string();
            ring_again(raised);
            return Some(Err(ArrowError::ExternalError(text.into())));
        }
        batch
    }
}

impl RecordBatchReader for Consumed {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

/// A stream of Arrow carries the text of an exception only: who catches its error would never learn of Ctrl-C, were it not
/// to come once more.
fn ring_again(raised: &PyErr) {
    Python::attach(|py| {
        if raised.is_instance_of::<PyKeyboardInterrupt>(py) {
            let again = py.import("_thread").and_then(|thread| thread.call_method0("interrupt_main"));
            if let Err(error) = again {
                error.write_unraisable(py, None);
            }
        }
    });
}

/// What a pickled index is made anew by.
#[pyfunction]
#[pyo3(name = "_index", signature = (mailbox, content, rows, columns=None))]
pub(crate) fn index<'py>(
    mailbox: &Bound<'py, PyAny>,
    content: bool,
    rows: usize,
    columns: Option<Vec<String>>,
) -> PyResult<Bound<'py, PyAny>> {
    let keywords = PyDict::new(mailbox.py());
    keywords.set_item("content", content)?;
    keywords.set_item("batch_size", rows)?;
    keywords.set_item("columns", columns)?;
    mailbox.call_method("index", (), Some(&keywords))
}

/// The rows of a table, a batch at a time.
struct Rows {
    schema: SchemaRef,
    mailbox: Py<Mailbox>,
    reading: Option<Reading>,
    content: bool,
    rows: usize,
}

impl Rows {
    fn batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        let mut columns = Columns::new(self.content);
        let Some(reading) = &mut self.reading else { return Ok(None) };
        let opening = &self.mailbox.get().opening;
        let failed = |error: mailferry::Error| match opening.sources.raised.take() {
            Some(raised) => ArrowError::ExternalError(Box::new(raised)),
            None => ArrowError::ExternalError(Box::new(error)),
        };
        while columns.len() < self.rows && columns.octets() < MOST_OCTETS {
            match reading.next() {
                Next::Item(item, source) => match columns.add(&item, source) {
                    Ok(()) => {}
                    Err(error) => return Err(failed(error)),
                },
                Next::Failed(error) if opening.raises || opening.sources.raised.is_any() => return Err(failed(error)),
                Next::Failed(_) | Next::Nothing => {}
                Next::End => {
                    self.reading = None;
                    break;
                }
            }
        }
        if columns.len() == 0 {
            return Ok(None);
        }
        columns.into_batch(&self.schema).map(Some)
    }
}

/// Octets of texts in one batch.
const MOST_OCTETS: usize = 8 << 20;

impl Iterator for Rows {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // A consumer may call with the interpreter attached, and what is read may need it on another thread.
        let batch = Python::attach(|py| detached(py, || self.batch()));
        let batch = batch.unwrap_or_else(|panicked| Err(ArrowError::ExternalError(Box::new(panicked))));
        if batch.is_err() {
            self.reading = None;
        }
        batch.transpose()
    }
}

impl RecordBatchReader for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
