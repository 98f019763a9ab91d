use crate::item::Item;
use mailferry::{mime::Entity, model::Message};
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
    /// Its place among the entities of the message.
    place: usize,
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
    pub(crate) fn new(item: Py<Item>, number: usize, place: usize, entity: &Entity) -> Self {
        let disposition = entity.disposition().map(|disposition| disposition.kind().to_owned());
        Self {
            item,
            number,
            place,
            name: entity.file_name(),
            media_type: entity.media_type().essence().to_owned(),
            disposition: disposition.filter(|kind| !kind.is_empty()),
            content_id: entity.content_id().map(str::to_owned),
        }
    }

    fn octets(&self, py: Python<'_>) -> PyResult<Vec<u8>> {
        let item = self.item.get();
        let (message, place) = (item.message()?.clone(), self.place);
        let read = py.detach(move || read(&message, place));
        item.came_out(py, read)
    }
}

fn read(message: &Message, place: usize) -> mailferry::Result<Vec<u8>> {
    let mut octets = Vec::new();
    if let Some(entity) = message.structure()?.entities().get(place) {
        io::copy(&mut entity.reader(message.content()), &mut octets)?;
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
