//! What a caller names as a source: a path, octets, a file object, or items.

use crate::{cancel::Cancel, error::raised, made, watch::Watch};
use mailferry::{
    Stop,
    read::{Given, Mailbox, ReadOptions},
    source::{ReadAt, Source},
};
use pyo3::{
    exceptions::{PyOSError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    pybacked::PyBackedBytes,
    sync::MutexExt,
    types::{PyBytes, PyDict, PyList, PyMapping, PySequence, PyString},
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
    pub(crate) cancel: Cancel,
    /// Whether there is an iterator among them.
    pub(crate) are_read_once: bool,
}

impl Sources {
    /// One source, or a sequence of them; items that follow one another in it are one source.
    pub(crate) fn new(given: &Bound<'_, PyAny>, name: Option<String>, cancel: Cancel) -> PyResult<Self> {
        let raised = Arc::new(Raised::default());
        let (mut opened, mut are_read_once) = (Vec::new(), false);
        if is_sequence(given)? {
            let mut items = PyList::empty(given.py());
            for given in given.try_iter()? {
                let given = given?;
                if made::is_item(&given)? {
                    items.append(given)?;
                    continue;
                }
                opened.extend(items_of(&mut items, name.as_deref(), &raised)?);
                are_read_once |= made::is_read_once(&given)?;
                opened.push(given_as(&given, name.as_deref(), &raised)?);
            }
            opened.extend(items_of(&mut items, name.as_deref(), &raised)?);
        } else {
            are_read_once = made::is_read_once(given)?;
            opened.push(given_as(given, name.as_deref(), &raised)?);
        }
        Ok(Self { given: given.clone().unbind(), name, opened, raised, cancel, are_read_once })
    }

    /// No source, for calls that read only what was written.
    pub(crate) fn none(py: Python<'_>, cancel: Cancel) -> Self {
        Self { given: py.None(), name: None, opened: Vec::new(), raised: Arc::default(), cancel, are_read_once: false }
    }

    /// What was given, as the core takes it.
    pub(crate) fn all(&self) -> impl Iterator<Item = Given> {
        self.opened.iter().cloned()
    }

    /// The exception of an error: of the token, where that stopped it.
    pub(crate) fn raised_of(&self, py: Python<'_>, error: &mailferry::Error) -> PyErr {
        self.cancel.check(py).err().unwrap_or_else(|| raised(py, error))
    }

    /// Asked within the core while it reads, on any thread: what was raised, or a signal such as Ctrl-C, stops it.
    pub(crate) fn stop(&self) -> Stop {
        let (raised, watch, cancel) = (Arc::clone(&self.raised), Mutex::new(Watch::new()), self.cancel.clone());
        Stop::when(move || {
            let is_due = || watch.lock().unwrap_or_else(PoisonError::into_inner).is_due();
            if !raised.is_any()
                && is_due()
                && let Err(signal) = Python::attach(|py| py.check_signals())
            {
                raised.keep(signal);
            }
            raised.is_any() || cancel.is_asked()
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
            Given::Source(name, _) | Given::Items(name, _) => name.to_string(),
        };
        self.opened.iter().map(name).collect::<Vec<_>>().join(", ")
    }
}

/// Octets of what cannot be read by position that are kept in memory; and that are kept at all, in a temporary file.
const IN_MEMORY: u64 = 8 << 20;
const MOST_SPOOLED: u64 = 64 << 30;

/// Whether it is a list of sources: neither text nor octets, which are sequences too.
fn is_sequence(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    let is_one = given.is_instance_of::<PyString>() || given.extract::<PyBackedBytes>().is_ok() || is_view(given)?;
    Ok(!is_one && given.cast::<PySequence>().is_ok() && !given.hasattr("read")?)
}

fn is_view(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    given.is_instance(&given.py().import("builtins")?.getattr("memoryview")?)
}

/// The source of items that were gathered, if there are any.
fn items_of<'py>(items: &mut Bound<'py, PyList>, name: Option<&str>, raised: &Arc<Raised>) -> PyResult<Option<Given>> {
    let gathered = std::mem::replace(items, PyList::empty(items.py()));
    match gathered.is_empty() {
        true => Ok(None),
        false => made::given(gathered.as_any(), name.unwrap_or(NAMELESS), raised).map(Some),
    }
}

/// One source as the core takes it.
pub(crate) fn given_as(given: &Bound<'_, PyAny>, name: Option<&str>, raised: &Arc<Raised>) -> PyResult<Given> {
    let py = given.py();
    let named = |source: Source| Given::Source(name.unwrap_or(NAMELESS).into(), source);
    if let Ok(octets) = given.extract::<PyBackedBytes>() {
        return Ok(named(Arc::new(Octets(octets))));
    }
    if is_view(given)? {
        return Ok(named(Arc::new(Octets(given.call_method0(intern!(py, "tobytes"))?.extract()?))));
    }
    if let Ok(path) = given.extract::<PathBuf>() {
        if let Some(url) = path.to_str().filter(|text| is_url(text) && !path.exists()) {
            let file = py.import("fsspec").map_err(|_| {
                PyOSError::new_err(format!(
                    "{url} is an address: `pip install fsspec` to read it, or download it first"
                ))
            })?;
            let file = file.call_method1("open", (url, "rb"))?.call_method0("open")?;
            return opened_file(&file, name.or(Some(url.rsplit('/').next().unwrap_or(url))), raised);
        }
        if is_pipe(&path) {
            let file = py.import("io")?.call_method1("open", (&path, "rb"))?;
            return opened_file(&file, name.or(Some(NAMELESS)), raised);
        }
        return Ok(Given::Path(path));
    }
    if made::is_item(given)? {
        return made::given(PyList::new(py, [given])?.as_any(), name.unwrap_or(NAMELESS), raised);
    }
    if given.hasattr("read")? {
        return opened_file(given, name, raised);
    }
    // `zipfile.Path` and other objects like paths, and what fsspec will open.
    if given.hasattr("open")? {
        let file = match given.hasattr("read_bytes")? {
            true => given.call_method1("open", ("rb",))?,
            false => given.call_method0("open")?,
        };
        let own =
            given.getattr("name").or_else(|_| given.getattr("path")).and_then(|name| name.extract::<String>()).ok();
        let own = own.as_deref().map(|own| own.rsplit('/').next().unwrap_or(own));
        return opened_file(&file, name.or(own), raised);
    }
    if given.try_iter().is_ok() && !given.is_instance_of::<PyString>() && given.cast::<PyMapping>().is_err() {
        return made::given(given, name.unwrap_or(NAMELESS), raised);
    }
    let given = given.get_type().name()?;
    let message = format!(
        "a source is a path, an address, bytes, a binary file object, an Item, an EmailMessage, or an iterable of these, not {given}"
    );
    Err(PyTypeError::new_err(message))
}

fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.len() > 1
            && !rest.is_empty()
            && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+.-:".contains(&octet))
    })
}

/// Whether it can be read once only.
fn is_pipe(path: &std::path::Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        path.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo() || metadata.file_type().is_char_device())
    }
    #[cfg(not(unix))]
    {
        let _no_such_files = path;
        false
    }
}

/// A file object, spooled if it cannot be read by position, or only by reading it from its start again.
fn opened_file(file: &Bound<'_, PyAny>, name: Option<&str>, raised: &Arc<Raised>) -> PyResult<Given> {
    let own_name = file.getattr("name").and_then(|name| name.extract::<String>()).ok();
    let name = name.or(own_name.as_deref()).unwrap_or(NAMELESS).into();
    let is_closed = file.getattr("closed").and_then(|closed| closed.is_truthy()).unwrap_or(false);
    let can_seek = match file.hasattr("seekable")? && !is_closed {
        true => file.call_method0("seekable")?.is_truthy()?,
        false => file.hasattr("seek")?,
    };
    let goes_back_slowly = file.get_type().name()? == "ZipExtFile";
    let file = if can_seek && !goes_back_slowly { file.clone() } else { spooled(file)? };
    Ok(Given::Source(name, Arc::new(FileObject::new(&file, Arc::clone(raised))?)))
}

/// All that `file` gives, in memory or a temporary file.
fn spooled<'py>(file: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = file.py();
    let keywords = PyDict::new(py);
    keywords.set_item("max_size", IN_MEMORY)?;
    let spool = py.import("tempfile")?.getattr("SpooledTemporaryFile")?.call((), Some(&keywords))?;
    let mut len = 0;
    loop {
        let octets = file.call_method1("read", (1 << 20,))?;
        if octets.is_none() {
            return Err(PyValueError::new_err("read() of a source returned None: it must be a blocking file object"));
        }
        let octets = octets.cast_into::<PyBytes>().map_err(|_| {
            PyTypeError::new_err("read() of a source did not return bytes: it must be a binary file object")
        })?;
        if octets.as_bytes().is_empty() {
            return Ok(spool);
        }
        len += octets.as_bytes().len() as u64;
        if len > MOST_SPOOLED {
            let most = MOST_SPOOLED >> 30;
            return Err(PyOSError::new_err(format!(
                "a source that cannot be read by position has more than {most} GiB: save it to a file first"
            )));
        }
        spool.call_method1("write", (octets,))?;
        py.check_signals()?;
    }
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
