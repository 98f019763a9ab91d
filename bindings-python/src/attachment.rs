use crate::{error::detached, item::Item};
use mailferry::model::{self, Message};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyTuple},
};
use std::io;

/// A file, a picture or a message in a message.
#[pyclass(frozen, module = "mailferry")]
pub(crate) struct Attachment {
    item: Py<Item>,
    /// Its number among the attachments of the item.
    number: usize,
    #[pyo3(get)]
    name: Option<String>,
    #[pyo3(get)]
    media_type: String,
    #[pyo3(get)]
    disposition: Option<String>,
    #[pyo3(get)]
    content_id: Option<String>,
}

impl Attachment {
    pub(crate) fn new(item: Py<Item>, number: usize, attachment: &model::Attachment<'_>) -> Self {
        Self {
            item,
            number,
            name: attachment.file_name(),
            media_type: attachment.media_type().to_owned(),
            disposition: attachment.disposition().map(str::to_owned),
            content_id: attachment.content_id().map(str::to_owned),
        }
    }

    fn octets(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let item = self.item.get();
        let (message, number) = (item.message()?.clone(), self.number);
        let read = detached(py, move || read(&message, number))?;
        item.came_out(py, read)
    }
}

fn read(message: &Message, number: usize) -> mailferry::Result<Vec<u8>> {
    let mut octets = Vec::new();
    if let Some(attachment) = message.attachments()?.get(number) {
        io::copy(&mut attachment.reader(), &mut octets)?;
    }
    Ok(octets)
}

#[pymethods]
impl Attachment {
    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.octets(py)?))
    }

    fn __repr__(&self) -> String {
        let name = self.name.as_deref().unwrap_or("without a name");
        format!("<Attachment {name:?}, {}>", self.media_type)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let restore = py.import("mailferry._native")?.getattr("_restore_attachment")?;
        Ok((restore, (self.item.clone_ref(py), self.number).into_pyobject(py)?))
    }
}
