//! What a caller names as a source: a path, octets, or a file object.

use crate::watch::Watch;
use mailferry::{
    Stop,
    read::{Given, Mailbox, ReadOptions},
    source::{ReadAt, Source},
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pybacked::PyBackedBytes,
    sync::MutexExt,
    types::{PyBytes, PyList, PyTuple},
};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// The name of a source that has none of its own.
const NAMELESS: &str = "mailbox";

/// The first exception that came out of a caller's own code, until it is raised.
#[derive(Default)]
pub(crate) struct Raised(Mutex<Option<PyErr>>);

impl Raised {
    pub(crate) fn keep(&self, error: PyErr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(crate) fn take(&self) -> Option<PyErr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn is_any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// The sources of one call, which can be read any number of times.
pub(crate) struct Sources {
    /// What the caller gave.
    pub(crate) given: Py<PyAny>,
    pub(crate) name: Option<String>,
    opened: Vec<Given>,
    pub(crate) raised: Arc<Raised>,
}

impl Sources {
    /// One source, or a list or tuple of them.
    pub(crate) fn new(given: &Bound<'_, PyAny>, name: Option<String>) -> PyResult<Self> {
        let raised = Arc::new(Raised::default());
        let one = |given: &Bound<'_, PyAny>| given_as(given, name.as_deref(), &raised);
        let opened = match given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
            true => given.try_iter()?.map(|given| one(&given?)).collect::<PyResult<_>>()?,
            false => vec![one(given)?],
        };
        Ok(Self { given: given.clone().unbind(), name, opened, raised })
    }

    /// What was given, as the core takes it.
    pub(crate) fn all(&self) -> impl Iterator<Item = Given> {
        self.opened.iter().cloned()
    }

    /// Asked within the core while it reads, on any thread: what was raised, or a signal such as Ctrl-C, stops it.
    pub(crate) fn stop(&self) -> Stop {
        let (raised, watch) = (Arc::clone(&self.raised), Mutex::new(Watch::new()));
        Stop::when(move || {
            let is_due = || watch.lock().unwrap_or_else(PoisonError::into_inner).is_due();
            if !raised.is_any()
                && is_due()
                && let Err(signal) = Python::attach(|py| py.check_signals())
            {
                raised.keep(signal);
            }
            raised.is_any()
        })
    }

    /// The items of the sources, from the start.
    pub(crate) fn mailbox(&self, options: &ReadOptions) -> Mailbox {
        let mut options = options.clone();
        options.limits.stop = self.stop();
        let mut mailbox = Mailbox::new(options);
        self.all().for_each(|given| mailbox.add(given));
        mailbox
    }

    /// The sources for a person; octets are not shown.
    pub(crate) fn describe(&self) -> String {
        let name = |given: &Given| match given {
            Given::Path(path) => path.display().to_string(),
            Given::Source(name, _) => name.to_string(),
        };
        self.opened.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// One source as the core takes it.
pub(crate) fn given_as(given: &Bound<'_, PyAny>, name: Option<&str>, raised: &Arc<Raised>) -> PyResult<Given> {
    let named = |source: Source| Given::Source(name.unwrap_or(NAMELESS).into(), source);
    if let Ok(octets) = given.extract::<PyBackedBytes>() {
        return Ok(named(Arc::new(Octets(octets))));
    }
    if let Ok(path) = given.extract::<PathBuf>() {
        return Ok(Given::Path(path));
    }
    if !given.hasattr("seek")? || !given.hasattr("read")? {
        let given = given.get_type().name()?;
        let message = format!("a source is a path, bytes, or a binary file object with seek and read, not {given}");
        return Err(PyTypeError::new_err(message));
    }
    let own_name = given.getattr("name").and_then(|name| name.extract::<String>()).ok();
    let name = name.or(own_name.as_deref()).unwrap_or(NAMELESS).into();
    Ok(Given::Source(name, Arc::new(FileObject::new(given, Arc::clone(raised))?)))
}

/// Octets that the interpreter holds.
struct Octets(PyBackedBytes);

impl ReadAt for Octets {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.get(from..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(buf), Some(rest)) = (buf.get_mut(..n), rest.get(..n)) {
            buf.copy_from_slice(rest);
        }
        Ok(n)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}

/// A caller's file object. Its descriptor, if it has one, is let alone: that of a `GzipFile` has compressed octets.
struct FileObject {
    file: Py<PyAny>,
    len: u64,
    /// Held between `seek` and `read`.
    position: Mutex<()>,
    raised: Arc<Raised>,
}

impl FileObject {
    fn new(file: &Bound<'_, PyAny>, raised: Arc<Raised>) -> PyResult<Self> {
        let len = match file.call_method1("seek", (0, 2))?.extract() {
            Ok(len) => len,
            // Some objects do not say where they are.
            Err(_) => file.call_method0("tell")?.extract()?,
        };
        Ok(Self { file: file.clone().unbind(), len, position: Mutex::new(()), raised })
    }

    fn read(&self, py: Python<'_>, offset: u64, buf: &mut [u8]) -> PyResult<usize> {
        let _position = self.position.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner);
        self.file.call_method1(py, "seek", (offset,))?;
        let read = self.file.call_method1(py, "read", (buf.len(),))?;
        let octets = read.bind(py).cast::<PyBytes>().map_err(|_| {
            PyTypeError::new_err("read() of a source did not return bytes: it must be a binary, blocking file object")
        })?;
        let octets = octets.as_bytes();
        let Some(buf) = buf.get_mut(..octets.len()) else {
            return Err(PyValueError::new_err("read() of a source returned more bytes than requested"));
        };
        buf.copy_from_slice(octets);
        Ok(octets.len())
    }
}

impl ReadAt for FileObject {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = left.min(buf.len());
        let Some(buf) = buf.get_mut(..n).filter(|buf| !buf.is_empty()) else { return Ok(0) };
        // What was raised once is to come out before more is asked for.
        if self.raised.is_any() {
            return Err(io::Error::other("an earlier read() raised an exception"));
        }
        match Python::attach(|py| self.read(py, offset, buf)) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => Ok(n),
            Err(error) => {
                self.raised.keep(error);
                Err(io::Error::other("read() of the source raised an exception"))
            }
        }
    }
}
