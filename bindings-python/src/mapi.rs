//! The properties of a message object as a mapping.

use crate::{date_time, error::raised};
use mailferry::{
    mapi::{CodePage, FileTime, Guid, MapiMessage, PropertyBag, PropertyName, PropertyValue, pid},
    model::{self, Object},
};
use pyo3::{
    exceptions::PyKeyError,
    intern,
    prelude::*,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyIterator, PyList, PyString, PyTuple},
};

/// Octets of a value that are read.
const MOST: usize = 64 << 20;
/// Units of a second in a point in time, and in a microsecond.
const SECOND: u64 = 10_000_000;
const MICROSECOND: u64 = 10;

#[doc = stub!("MapiProperties")]
#[pyclass(frozen, module = "mailferry")]
pub(crate) struct MapiProperties {
    object: Object,
    /// Of which recipient; otherwise of the message itself.
    recipient: Option<usize>,
}

impl MapiProperties {
    /// Those of the object that an item was made of.
    pub(crate) fn of(item: &model::Item) -> Option<Self> {
        let object = item.object.clone().filter(|object| object.get::<MapiMessage>().is_some())?;
        Some(Self { object, recipient: None })
    }

    fn message(&self) -> Option<&MapiMessage> {
        self.object.get()
    }

    fn bag(&self) -> Option<&PropertyBag> {
        let message = self.message()?;
        self.recipient.map_or(Some(&message.properties), |row| message.recipients.get(row))
    }

    /// The identifier that a key means: an identifier or a tag, a name, or a property set and what is named in it.
    fn id(&self, key: &Bound<'_, PyAny>) -> Option<u16> {
        if let Ok(number) = key.extract::<u32>() {
            let high = u16::try_from(number >> 16).ok().filter(|id| *id != 0);
            return high.or_else(|| u16::try_from(number).ok());
        }
        if let Ok(name) = key.extract::<String>() {
            let name = name.strip_prefix("PidTag").unwrap_or(&name);
            return pid::NAMES.iter().find(|(known, _)| *known == name).map(|(_, id)| *id);
        }
        let (set, name): (Bound<'_, PyAny>, Bound<'_, PyAny>) = key.extract().ok()?;
        let set = guid(&set.str().ok()?.to_cow().ok()?)?;
        let name = match name.extract::<u32>() {
            Ok(number) => PropertyName::Lid(set, number),
            Err(_) => PropertyName::Name(set, name.extract().ok()?),
        };
        self.bag()?.names().id(&name)
    }

    fn find(&self, key: &Bound<'_, PyAny>) -> Option<&PropertyValue> {
        self.bag()?.get(self.id(key)?)
    }

    fn to_python<'py>(&self, py: Python<'py>, value: &PropertyValue) -> PyResult<Bound<'py, PyAny>> {
        let page = self.message().map_or(CodePage::WINDOWS_1252, |message| message.code_page);
        to_python(py, value, page)
    }

    fn pairs<'py>(&self, py: Python<'py>) -> PyResult<Vec<(Bound<'py, PyAny>, &PropertyValue)>> {
        let Some(bag) = self.bag() else { return Ok(Vec::new()) };
        bag.iter()
            .map(|(id, value)| {
                let key = match bag.names().name(id) {
                    Some(PropertyName::Lid(set, number)) => (uuid(py, *set)?, *number).into_pyobject(py)?.into_any(),
                    Some(PropertyName::Name(set, name)) => (uuid(py, *set)?, name).into_pyobject(py)?.into_any(),
                    None => PyInt::new(py, id).into_any(),
                };
                Ok((key, value))
            })
            .collect()
    }
}

#[pymethods]
impl MapiProperties {
    fn __getitem__<'py>(&self, py: Python<'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let value = self.find(key).ok_or_else(|| PyKeyError::new_err(key.clone().unbind()))?;
        self.to_python(py, value)
    }

    #[doc = stub!("MapiProperties.get")]
    #[pyo3(signature = (key, default=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.find(key) {
            Some(value) => self.to_python(py, value),
            None => Ok(default.unwrap_or_else(|| py.None().into_bound(py))),
        }
    }

    #[doc = stub!("MapiProperties.keys")]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        Ok(self.pairs(py)?.into_iter().map(|(key, _)| key).collect())
    }

    #[doc = stub!("MapiProperties.values")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.pairs(py)?.into_iter().map(|(_, value)| self.to_python(py, value)).collect()
    }

    #[doc = stub!("MapiProperties.items")]
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
        self.pairs(py)?.into_iter().map(|(key, value)| Ok((key, self.to_python(py, value)?))).collect()
    }

    #[doc = stub!("MapiProperties.recipients")]
    #[getter]
    fn recipients(&self) -> Vec<Self> {
        let rows = self.message().filter(|_| self.recipient.is_none()).map_or(0, |message| message.recipients.len());
        (0..rows).map(|row| Self { object: self.object.clone(), recipient: Some(row) }).collect()
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> bool {
        self.find(key).is_some()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.keys(py)?)?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.bag().map_or(0, |bag| bag.iter().count())
    }

    fn __repr__(&self) -> String {
        format!("<MapiProperties: {} properties>", self.__len__())
    }
}

/// A value as Python has it; `None` for none, and for a point in time that stands for none.
fn to_python<'py>(py: Python<'py>, value: &PropertyValue, page: CodePage) -> PyResult<Bound<'py, PyAny>> {
    let none = || py.None().into_bound(py);
    Ok(match value {
        PropertyValue::Integer16(number) => PyInt::new(py, *number).into_any(),
        PropertyValue::Integer32(number) => PyInt::new(py, *number).into_any(),
        PropertyValue::Integer64(number) => PyInt::new(py, *number).into_any(),
        PropertyValue::Floating(number) | PropertyValue::FloatingTime(number) => PyFloat::new(py, *number).into_any(),
        PropertyValue::Boolean(value) => PyBool::new(py, *value).to_owned().into_any(),
        PropertyValue::Time(time) => date(py, *time)?.unwrap_or_else(none),
        PropertyValue::Guid(guid) => uuid(py, *guid)?,
        PropertyValue::String8(octets) | PropertyValue::String(octets) => {
            let octets = octets.to_vec(MOST).map_err(|error| raised(py, &error))?.into();
            let held = match value {
                PropertyValue::String8(_) => PropertyValue::String8(octets),
                _ => PropertyValue::String(octets),
            };
            PyString::new(py, &held.text(page, MOST).unwrap_or_default()).into_any()
        }
        PropertyValue::Binary(octets) => {
            PyBytes::new(py, &octets.to_vec(MOST).map_err(|error| raised(py, &error))?).into_any()
        }
        PropertyValue::Multiple(values) => {
            let values = values.iter().map(|value| to_python(py, value, page)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, values)?.into_any()
        }
        _ => none(),
    })
}

fn date(py: Python<'_>, time: FileTime) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(date) = time.date_time() else { return Ok(None) };
    let Some(date) = date_time::to_python(py, date)? else { return Ok(None) };
    let keywords = PyDict::new(py);
    keywords.set_item("microsecond", time.0 % SECOND / MICROSECOND)?;
    date.call_method(intern!(py, "replace"), (), Some(&keywords)).map(Some)
}

fn uuid(py: Python<'_>, guid: Guid) -> PyResult<Bound<'_, PyAny>> {
    py.import(intern!(py, "uuid"))?.getattr(intern!(py, "UUID"))?.call1((guid.to_string(),))
}

/// A property set by its name, with or without braces.
fn guid(text: &str) -> Option<Guid> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect();
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = u128::from_str_radix(&digits, 16).ok()?.to_be_bytes();
    let [d0, d1, d2, d3, d4, d5, d6, d7] = rest;
    // The first three fields are stored the other way round.
    Some(Guid([a3, a2, a1, a0, b1, b0, c1, c0, d0, d1, d2, d3, d4, d5, d6, d7]))
}
