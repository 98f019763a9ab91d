//! The rows of a table as dicts, for who reads no Arrow.

use super::Reader;
use crate::{cancel::Cancel, date_time, error};
use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyList},
};
use std::sync::{Mutex, PoisonError};

/// What a loop over an index takes its rows from.
#[pyclass(frozen, module = "mailferry._native", name = "_IndexRows")]
pub(crate) struct IndexRows {
    taken: Mutex<Taken>,
    cancel: Cancel,
}

struct Taken {
    reader: Reader,
    batch: Option<RecordBatch>,
    /// Rows of the batch that were given already.
    given: usize,
}

impl IndexRows {
    pub(super) fn new(reader: Reader, cancel: Cancel) -> Self {
        Self { taken: Mutex::new(Taken { reader, batch: None, given: 0 }), cancel }
    }
}

#[pymethods]
impl IndexRows {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let row = error::detached(py, || self.taken.lock().unwrap_or_else(PoisonError::into_inner).next())?;
        // Reading that was stopped fails as if the system had refused.
        let row = row.map_err(|failed| self.cancel.check(py).err().unwrap_or_else(|| raised(py, failed)))?;
        let Some((batch, at)) = row else { return Ok(None) };
        let row = PyDict::new(py);
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            row.set_item(field.name(), value(py, column, at)?)?;
        }
        Ok(Some(row))
    }
}

impl Taken {
    /// The next row: a batch, and which of it.
    fn next(&mut self) -> Result<Option<(RecordBatch, usize)>, ArrowError> {
        loop {
            match &self.batch {
                Some(batch) if self.given < batch.num_rows() => {
                    self.given += 1;
                    return Ok(Some((batch.clone(), self.given - 1)));
                }
                _ => match self.reader.next().transpose()? {
                    Some(batch) => (self.batch, self.given) = (Some(batch), 0),
                    None => {
                        self.batch = None;
                        return Ok(None);
                    }
                },
            }
        }
    }
}

/// What ended the reading, as it would be raised without a table in between.
fn raised(py: Python<'_>, failed: ArrowError) -> PyErr {
    let ArrowError::ExternalError(inner) = failed else {
        return error::of_kind(py, "internal", &failed.to_string(), None);
    };
    match inner.downcast::<PyErr>() {
        Ok(raised) => *raised,
        Err(other) => match other.downcast_ref::<mailferry::Error>() {
            Some(known) => error::raised(py, known),
            None => error::of_kind(py, "internal", &other.to_string(), None),
        },
    }
}

/// What a column has in a row.
fn value<'py>(py: Python<'py>, column: &dyn Array, at: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
    if column.is_null(at) {
        return Ok(None);
    }
    let value = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).into_pyobject(py)?.into_any(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(at).into_pyobject(py)?.into_any(),
        DataType::Boolean => column.as_boolean().value(at).into_pyobject(py)?.to_owned().into_any(),
        DataType::Binary => PyBytes::new(py, column.as_binary::<i32>().value(at)).into_any(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(at);
            let date = mailferry::DateTime::from_unix_seconds(micros.div_euclid(1_000_000));
            return date_time::to_python(py, date);
        }
        DataType::List(_) => {
            let values = column.as_list::<i32>().value(at);
            let values = (0..values.len()).map(|at| self::value(py, &values, at)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, values)?.into_any()
        }
        DataType::Struct(fields) => {
            let row = PyDict::new(py);
            for (field, column) in fields.iter().zip(column.as_struct().columns()) {
                row.set_item(field.name(), self::value(py, column, at)?)?;
            }
            row.into_any()
        }
        other => return Err(error::of_kind(py, "internal", &format!("a column of {other}"), None)),
    };
    Ok(Some(value))
}
