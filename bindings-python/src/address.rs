use mailferry::mime;
use pyo3::{prelude::*, types::PyTuple};

#[doc = stub!("Address")]
#[pyclass(frozen, eq, hash, module = "mailferry")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    #[doc = stub!("Address.name")]
    #[pyo3(get)]
    name: Option<String>,
    #[doc = stub!("Address.address")]
    #[pyo3(get)]
    address: String,
}

impl Address {
    pub(crate) fn of(mailbox: &mime::Mailbox) -> Self {
        Self { name: mailbox.name.clone(), address: mailbox.address.clone() }
    }

    /// The mailboxes, the members of groups among them.
    pub(crate) fn all(addresses: &[mime::Address]) -> Vec<Self> {
        addresses.iter().flat_map(mime::Address::mailboxes).map(Self::of).collect()
    }
}

#[pymethods]
impl Address {
    #[new]
    fn new(name: Option<String>, address: String) -> Self {
        Self { name, address }
    }

    pub(crate) fn __str__(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} <{}>", self.address),
            None => self.address.clone(),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = self.name.as_deref().into_pyobject(py)?.repr()?;
        let address = (&self.address).into_pyobject(py)?.repr()?;
        Ok(format!("Address(name={name}, address={address})"))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let arguments = (self.name.clone(), self.address.clone()).into_pyobject(py)?;
        Ok((py.get_type::<Self>().into_any(), arguments))
    }
}
