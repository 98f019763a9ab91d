//! The header section of a message as a mapping.

use pyo3::{
    exceptions::PyKeyError,
    prelude::*,
    types::{PyInt, PyIterator, PyList, PySlice, PyString, PyTuple},
};

#[doc = stub!("Headers")]
#[pyclass(frozen, eq, module = "mailferry")]
#[derive(Clone, PartialEq)]
pub(crate) struct Headers {
    fields: Vec<(String, String)>,
}

impl Headers {
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        Self { fields }
    }

    fn named<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h String> {
        self.fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[pymethods]
impl Headers {
    #[new]
    fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields }
    }

    /// By name; by number or slice the pairs themselves.
    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if key.is_instance_of::<PyInt>() || key.is_instance_of::<PySlice>() {
            return PyList::new(py, &self.fields)?.as_any().get_item(key);
        }
        let name = key.cast::<PyString>()?.to_cow()?;
        let value = self.named(&name).next().ok_or_else(|| PyKeyError::new_err(name.to_string()))?;
        Ok(PyString::new(py, value).into_any())
    }

    #[doc = stub!("Headers.get")]
    #[pyo3(signature = (name, default=None))]
    fn get<'py>(&self, py: Python<'py>, name: &str, default: Option<Bound<'py, PyAny>>) -> Bound<'py, PyAny> {
        let value = self.named(name).next().map(|value| PyString::new(py, value).into_any());
        value.or(default).unwrap_or_else(|| py.None().into_bound(py))
    }

    #[doc = stub!("Headers.get_all")]
    fn get_all(&self, name: &str) -> Vec<String> {
        self.named(name).cloned().collect()
    }

    #[doc = stub!("Headers.keys")]
    fn keys(&self) -> Vec<&str> {
        self.fields.iter().map(|(name, _)| &**name).collect()
    }

    #[doc = stub!("Headers.values")]
    fn values(&self) -> Vec<&str> {
        self.fields.iter().map(|(_, value)| &**value).collect()
    }

    #[doc = stub!("Headers.items")]
    fn items(&self) -> Vec<(String, String)> {
        self.fields.clone()
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        name.extract::<String>().is_ok_and(|name| self.named(&name).next().is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys())?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.fields.len()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Headers({})", PyList::new(py, &self.fields)?.repr()?))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        Ok((py.get_type::<Self>().into_any(), (self.fields.clone(),).into_pyobject(py)?))
    }
}
