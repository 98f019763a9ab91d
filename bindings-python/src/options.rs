//! Keyword arguments, which have the names of the options of the command.

use crate::{date_time, error};
use mailferry::convert::{ConvertOptions, OptionInfo};
use pyo3::{
    conversion::FromPyObjectOwned,
    exceptions::PyTypeError,
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyInt, PyMapping, PyString},
};
use serde_json::{Map, Value};

/// Keyword arguments, less those that were taken.
pub(crate) struct Keywords<'py> {
    py: Python<'py>,
    given: Bound<'py, PyDict>,
}

impl<'py> Keywords<'py> {
    pub(crate) fn new(py: Python<'py>, given: Option<&Bound<'py, PyDict>>) -> PyResult<Self> {
        let given = given.map_or_else(|| Ok(PyDict::new(py)), |given| given.copy())?;
        Ok(Self { py, given })
    }

    /// The argument `name`; `None` where it was not given, or is None.
    pub(crate) fn object(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.given.get_item(name)?;
        if value.is_some() {
            self.given.del_item(name)?;
        }
        Ok(value.filter(|value| !value.is_none()))
    }

    /// The argument as what it has to be.
    pub(crate) fn take<T: FromPyObjectOwned<'py>>(&self, name: &str) -> PyResult<Option<T>> {
        let Some(value) = self.object(name)? else { return Ok(None) };
        value.extract().map(Some).map_err(|wrong: T::Error| {
            let wrong: PyErr = wrong.into();
            PyTypeError::new_err(format!("{name}={value:?}: {}", wrong.value(self.py)))
        })
    }

    /// Whether no options are left.
    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// The options of `convert` that the arguments left are.
    pub(crate) fn options(self) -> PyResult<ConvertOptions> {
        self.read(|_| true)
    }

    /// The options of reading and selecting that they are.
    pub(crate) fn reading(self) -> PyResult<ConvertOptions> {
        self.read(OptionInfo::is_of_reading)
    }

    fn read(self, is_known: impl Fn(&OptionInfo) -> bool) -> PyResult<ConvertOptions> {
        let mut all = Map::new();
        for (name, value) in &self.given {
            let name: String = name.extract()?;
            if !OptionInfo::named(&name).is_some_and(|option| !option.places.is_empty() && is_known(option)) {
                return Err(PyTypeError::new_err(format!("unknown option {name}")));
            }
            let value = json(&value).map_err(|wrong| {
                let message = format!("{name}={value:?}: {}", wrong.value(self.py));
                if wrong.is_instance_of::<PyTypeError>(self.py) { PyTypeError::new_err(message) } else { wrong }
            })?;
            all.insert(name, value);
        }
        ConvertOptions::from_names(&all).map_err(|wrong| error::raised(self.py, &wrong))
    }
}

/// A value as JSON: dates as RFC 3339 has them, paths as text, mappings as pairs, whose order may matter.
fn json(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = value.py();
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(flag.is_true().into());
    }
    if value.is_instance_of::<PyInt>() {
        return value.extract::<u64>().map(Value::from).or_else(|_| value.extract::<i64>().map(Value::from));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(text.to_string().into());
    }
    if value.hasattr(intern!(py, "isoformat"))? {
        return Ok(date_time::from_python(value)?.to_string().into());
    }
    if value.hasattr(intern!(py, "__fspath__"))? {
        return json(&value.call_method0(intern!(py, "__fspath__"))?);
    }
    let entries = match value.cast::<PyMapping>() {
        Ok(mapping) => mapping.items()?.into_any(),
        Err(_) => value.clone(),
    };
    entries.try_iter()?.map(|entry| json(&entry?)).collect::<PyResult<Vec<_>>>().map(Value::Array)
}
