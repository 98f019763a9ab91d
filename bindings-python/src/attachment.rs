use crate::{error::detached, item::Item};
use mailferry::{
    mime::BodyReader,
    model::{self, Message},
    write::file_name,
};
use pyo3::{
    exceptions::{PyFileExistsError, PyOSError, PyValueError},
    prelude::*,
    types::{PyBytes, PyDict, PySlice, PyTuple},
};
use std::{
    io::{self, Read as _},
    sync::{Mutex, PoisonError},
};

#[doc = stub!("Attachment")]
#[pyclass(frozen, weakref, module = "mailferry")]
pub(crate) struct Attachment {
    item: Py<Item>,
    /// Its number among the attachments of the item.
    number: usize,
    #[doc = stub!("Attachment.name")]
    #[pyo3(get)]
    name: Option<String>,
    #[doc = stub!("Attachment.media_type")]
    #[pyo3(get)]
    media_type: String,
    #[doc = stub!("Attachment.disposition")]
    #[pyo3(get)]
    disposition: Option<String>,
    #[doc = stub!("Attachment.content_id")]
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

/// Octets that are saved at a time.
const AT_A_TIME: usize = 256 << 10;

fn size(message: &Message, number: usize) -> mailferry::Result<u64> {
    let attachments = message.attachments()?;
    Ok(attachments.get(number).map_or(Ok(0), |attachment| io::copy(&mut attachment.reader(), &mut io::sink()))?)
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
    #[doc = stub!("Attachment.size")]
    #[getter]
    fn size(&self, py: Python<'_>) -> PyResult<u64> {
        let (message, number) = (self.item.get().message()?.clone(), self.number);
        self.item.get().came_out(py, detached(py, move || size(&message, number))?)
    }

    #[doc = stub!("Attachment.open")]
    fn open<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (message, number) = (self.item.get().message()?.clone(), self.number);
        let reader = detached(py, move || Ok(message.attachments()?.get(number).map(model::Attachment::reader)))?;
        let reader = self.item.get().came_out(py, reader)?;
        let raw = AttachmentFile { item: self.item.clone_ref(py), reader: Mutex::new(reader) };
        py.import("io")?.call_method1("BufferedReader", (Bound::new(py, raw)?,))
    }

    #[doc = stub!("Attachment.save")]
    #[pyo3(signature = (path, *, overwrite=false))]
    fn save<'py>(&self, py: Python<'py>, path: &Bound<'py, PyAny>, overwrite: bool) -> PyResult<Bound<'py, PyAny>> {
        let path = py.import("pathlib")?.getattr("Path")?.call1((path,))?;
        let mode = if overwrite { "wb" } else { "xb" };
        let (path, file) = if path.call_method0("is_dir")?.is_truthy()? {
            let name = self.name.as_deref().unwrap_or("attachment");
            let mut number = 1;
            loop {
                let named = path.call_method1("joinpath", (file_name(name, number),))?;
                match named.call_method1("open", ("xb",)) {
                    Ok(file) => break (named, file),
                    Err(error) if error.is_instance_of::<PyFileExistsError>(py) && number < 1_000_000 => number += 1,
                    Err(error) => return Err(error),
                }
            }
        } else {
            let file = path.call_method1("open", (mode,))?;
            (path, file)
        };
        let octets = self.open(py)?;
        let lengths = PyDict::new(py);
        lengths.set_item("length", AT_A_TIME)?;
        let copied = py.import("shutil")?.call_method("copyfileobj", (octets, &file), Some(&lengths));
        file.call_method0("close")?;
        copied?;
        Ok(path)
    }

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

/// The decoded octets of an attachment, as `io.BufferedReader` takes them.
#[pyclass(frozen, name = "_AttachmentFile", module = "mailferry._native")]
pub(crate) struct AttachmentFile {
    item: Py<Item>,
    reader: Mutex<Option<BodyReader>>,
}

#[pymethods]
impl AttachmentFile {
    fn readable(&self) -> bool {
        true
    }

    fn writable(&self) -> bool {
        false
    }

    fn seekable(&self) -> bool {
        false
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.reader.lock().unwrap_or_else(PoisonError::into_inner).is_none())
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = None);
    }

    fn flush(&self) {}

    fn readall<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let read = detached(py, || {
            let mut octets = Vec::new();
            match self.reader.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                Some(reader) => io::copy(reader, &mut octets).map(|_| Some(octets)),
                None => Ok(None),
            }
        })?;
        let octets = self.item.get().came_out(py, read.map_err(mailferry::Error::from))?;
        Ok(PyBytes::new(py, &octets.ok_or_else(|| PyValueError::new_err("the file is closed"))?))
    }

    fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut octets = vec![0; buffer.len()?.min(AT_A_TIME)];
        let read = detached(py, || {
            self.reader.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(|reader| reader.read(&mut octets))
        })?;
        let read = read.ok_or_else(|| PyValueError::new_err("the file is closed"))?;
        let read = self.item.get().came_out(py, read.map_err(mailferry::Error::from))?;
        let octets = octets.get(..read).ok_or_else(|| PyOSError::new_err("more was read than there is room for"))?;
        let length = isize::try_from(read).unwrap_or(isize::MAX);
        buffer.set_item(PySlice::new(py, 0, length, 1), PyBytes::new(py, octets))?;
        Ok(read)
    }
}
