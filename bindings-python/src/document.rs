//! Results that are plain data: the JSON of the core, with an attribute for each of its fields.

use pyo3::{prelude::*, types::PyDict};
use serde_json::Value;

/// A value of JSON as Python has it.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}

/// The same with numbers for keys, which JSON cannot have.
pub(crate) fn by_number<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let rows = PyDict::new(py);
    for (key, row) in value.as_object().into_iter().flatten() {
        rows.set_item(key.parse::<i64>().unwrap_or_default(), to_python(py, row)?)?;
    }
    Ok(rows.into_any())
}

/// Text as HTML has it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A table of HTML.
pub(crate) fn table(caption: &str, heading: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
        cells.map(|cell| format!("<{tag}>{}</{tag}>", escaped(cell))).collect::<String>()
    };
    let heading = cells("th", &mut heading.iter().copied());
    let rows: String =
        rows.into_iter().map(|row| format!("<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str)))).collect();
    format!(
        "<table><caption>{}</caption><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>",
        escaped(caption)
    )
}

/// A class over a JSON object: an attribute for each field, whose key may be spelled otherwise, `to_dict`, `to_json`, equality, and pickling.
macro_rules! document {
    ($class:ident { $($field:ident $(= $key:literal)? $(as $convert:path)?,)+ } $(with { $($more:tt)* })?) => {
        #[doc = stub!(stringify!($class))]
        #[pyo3::pyclass(frozen, eq, weakref, module = "mailferry")]
        #[derive(Clone, PartialEq)]
        pub(crate) struct $class {
            pub(crate) json: serde_json::Value,
        }

        impl $class {
            pub(crate) fn of(py: pyo3::Python<'_>, result: &impl serde::Serialize) -> pyo3::PyResult<Self> {
                let json = serde_json::to_value(result);
                let json = json.map_err(|wrong| crate::error::of_kind(py, "malformed", &wrong.to_string(), None))?;
                Ok(Self { json })
            }

            fn field(&self, key: &str) -> &serde_json::Value {
                self.json.get(key).unwrap_or(&serde_json::Value::Null)
            }
        }

        #[pyo3::pymethods]
        impl $class {
            #[new]
            fn new(py: pyo3::Python<'_>, json: &str) -> pyo3::PyResult<Self> {
                let json = serde_json::from_str(json);
                let json = json.map_err(|wrong| crate::error::options(py, &wrong.to_string()))?;
                Ok(Self { json })
            }

            $(
                #[doc = stub!(concat!(stringify!($class), ".", stringify!($field)))]
                #[getter]
                fn $field<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                    $crate::document::document!(@convert py, self.field($crate::document::document!(@key $field $(, $key)?)) $(, $convert)?)
                }
            )+

            #[doc = stub!("_Document.to_dict")]
            fn to_dict<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                crate::document::to_python(py, &self.json)
            }

            #[doc = stub!("_Document.to_json")]
            fn to_json(&self) -> String {
                format!("{:#}", self.json)
            }

            $($($more)*)?

            fn _repr_html_(&self) -> String {
                self.html()
            }

            fn __repr__(&self) -> String {
                self.text()
            }

            fn __reduce__<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> (pyo3::Bound<'py, pyo3::types::PyType>, (String,)) {
                (py.get_type::<Self>(), (self.json.to_string(),))
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident, $key:literal) => { $key };
    (@convert $py:ident, $value:expr) => { crate::document::to_python($py, $value) };
    (@convert $py:ident, $value:expr, $convert:path) => { $convert($py, $value) };
}

pub(crate) use document;
