use pyo3::{prelude::*, types::PyTuple};

#[doc = stub!("Defect")]
#[pyclass(frozen, eq, hash, module = "mailferry")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Defect {
    #[doc = stub!("Defect.kind")]
    #[pyo3(get)]
    pub(crate) kind: String,
    #[doc = stub!("Defect.detail")]
    #[pyo3(get)]
    pub(crate) detail: String,
    #[doc = stub!("Defect.offset")]
    #[pyo3(get)]
    pub(crate) offset: Option<u64>,
}

impl Defect {
    pub(crate) fn of(defect: &mailferry::Defect) -> Self {
        Self { kind: defect.kind().as_str().into(), detail: defect.detail().into(), offset: defect.offset() }
    }
}

#[pymethods]
impl Defect {
    #[new]
    #[pyo3(signature = (kind, detail, offset=None))]
    fn new(kind: String, detail: String, offset: Option<u64>) -> Self {
        Self { kind, detail, offset }
    }

    fn __str__(&self) -> String {
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        let place = self.offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
        format!("{}{detail}{place}", self.kind)
    }

    fn __repr__(&self) -> String {
        format!("<Defect {}>", self.__str__())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let arguments = (self.kind.clone(), self.detail.clone(), self.offset).into_pyobject(py)?;
        Ok((py.get_type::<Self>().into_any(), arguments))
    }
}
