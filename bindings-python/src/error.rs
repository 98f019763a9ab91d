//! `mailferry.Error`, a subclass for each kind, and what of the core becomes which.

use mailferry::{Error, ErrorKind, Location};
use pyo3::{
    exceptions::{PyException, PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyTuple, PyType},
};
use std::{
    error::Error as _,
    io,
    panic::{self, AssertUnwindSafe},
};

const KINDS: &[(ErrorKind, &str, &str)] = &[
    (ErrorKind::UnknownFormat, "UnknownFormatError", "Unknown format."),
    (ErrorKind::Malformed, "MalformedError", "A structure is too damaged to be read."),
    (ErrorKind::Unsupported, "UnsupportedError", "A variant of a format that is not supported."),
    (ErrorKind::Encrypted, "EncryptedError", "The octets are encrypted, and no key was given."),
    (ErrorKind::Limit, "LimitError", "A limit was exceeded."),
    (ErrorKind::Destination, "DestinationError", "The destination cannot be written as requested."),
    (ErrorKind::Options, "OptionsError", "An option is invalid, or contradicts another."),
    (ErrorKind::Cancelled, "CancelledError", "It was stopped."),
    (ErrorKind::Internal, "InternalError", "A fault of mailferry itself, to be reported."),
];

/// The kind of the error that tells of a whole project.
pub(crate) const PROJECT: &str = "project";

struct Types {
    error: Py<PyType>,
    kinds: Vec<(&'static str, Py<PyType>)>,
}

static TYPES: PyOnceLock<Types> = PyOnceLock::new();

/// Makes the exceptions.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let types = TYPES.get_or_try_init(py, || Types::new(py))?;
    module.add("Error", types.error.clone_ref(py))?;
    for (_, kind) in &types.kinds {
        module.add(&kind.bind(py).name()?, kind.clone_ref(py))?;
    }
    Ok(())
}

impl Types {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let doc = stub!("Error");
        let error = class(py, "Error", doc, &[py.get_type::<PyException>()], "io")?;
        error.setattr("fatal", true)?;
        for name in ["path", "offset", "node"] {
            error.setattr(name, py.None())?;
        }
        let mut kinds = Vec::new();
        for (kind, name, doc) in KINDS {
            let mut bases = vec![error.clone()];
            if *kind == ErrorKind::Options {
                bases.push(py.get_type::<PyValueError>());
            }
            kinds.push((kind.as_str(), class(py, name, doc, &bases, kind.as_str())?.unbind()));
        }
        kinds.push((
            PROJECT,
            class(
                py,
                "ProjectError",
                "Mailboxes of a project are not complete.",
                std::slice::from_ref(&error),
                PROJECT,
            )?
            .unbind(),
        ));
        Ok(Self { error: error.unbind(), kinds })
    }

    fn of(&self, kind: &str) -> &Py<PyType> {
        self.kinds.iter().find(|(name, _)| *name == kind).map_or(&self.error, |(_, class)| class)
    }
}

/// The exception of an error: `OSError` where the operating system refused, else the subclass of its kind.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    match os_error(error) {
        Some(refused) => from_io(py, &refused, error.path(), &error.to_string()),
        None => of_kind(py, error.kind().as_str(), &error.to_string(), Some(error)),
    }
}

/// Calls the core with the interpreter detached. A panic becomes an `InternalError`: the exception that PyO3 makes of one passes by
/// `except Exception`.
pub(crate) fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    // What the work left half done is dropped with it, or is behind a lock whose holders take it as it is.
    let done = py.detach(|| panic::catch_unwind(AssertUnwindSafe(work)));
    done.map_err(|panic| raised(py, &Error::panicked(&*panic)))
}

/// The exception of a kind that is known by its name only.
pub(crate) fn of_kind(py: Python<'_>, kind: &str, message: &str, error: Option<&Error>) -> PyErr {
    let Some(types) = TYPES.get(py) else { return PyRuntimeError::new_err(message.to_owned()) };
    let raised = PyErr::from_type(types.of(kind).bind(py).clone(), message.to_owned());
    if let Some(error) = error {
        let value = raised.value(py);
        let (offset, node) = match error.location() {
            Some(Location::Byte(offset)) => (Some(offset), None),
            Some(Location::Node(node)) => (None, Some(node)),
            _ => (None, None),
        };
        let set = value
            .setattr("path", error.path())
            .and_then(|()| value.setattr("offset", offset))
            .and_then(|()| value.setattr("node", node))
            .and_then(|()| value.setattr("fatal", error.is_fatal()));
        if let Err(unset) = set {
            return unset;
        }
    }
    raised
}

/// `ValueError` and `mailferry.Error` in one: an option that is none.
pub(crate) fn options(py: Python<'_>, message: &str) -> PyErr {
    of_kind(py, ErrorKind::Options.as_str(), message, None)
}

fn class<'py>(
    py: Python<'py>,
    name: &str,
    doc: &str,
    bases: &[Bound<'py, PyType>],
    kind: &str,
) -> PyResult<Bound<'py, PyType>> {
    let attributes = PyDict::new(py);
    attributes.set_item("__module__", "mailferry")?;
    attributes.set_item("__doc__", doc)?;
    attributes.set_item("kind", kind)?;
    let made = py.get_type::<PyType>().call1((name, PyTuple::new(py, bases)?, attributes))?;
    Ok(made.cast_into()?)
}

/// What the operating system said, if it is at the root of the error.
enum Refused {
    Code(i32),
    Kind(io::ErrorKind),
}

fn os_error(error: &Error) -> Option<Refused> {
    let mut kind = (error.kind() == ErrorKind::Io).then_some(io::ErrorKind::Other);
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            if let Some(code) = io.raw_os_error() {
                return Some(Refused::Code(code));
            }
            kind = kind.map(|_| io.kind());
            // What wraps another error shows its own cause as that of the other.
            cause = io.get_ref().map(|wrapped| wrapped as _);
        } else {
            cause = inner.source();
        }
    }
    kind.map(Refused::Kind)
}

fn from_io(py: Python<'_>, refused: &Refused, path: Option<&str>, message: &str) -> PyErr {
    let made = (|| {
        let errno = py.import("errno")?;
        let code = match refused {
            Refused::Code(code) => *code,
            Refused::Kind(kind) => {
                let name = match kind {
                    io::ErrorKind::NotFound => "ENOENT",
                    io::ErrorKind::PermissionDenied => "EACCES",
                    io::ErrorKind::StorageFull => "ENOSPC",
                    _ => "EIO",
                };
                errno.getattr(name)?.extract()?
            }
        };
        let text = match refused {
            Refused::Code(code) => py.import("os")?.call_method1("strerror", (*code,))?.extract()?,
            Refused::Kind(_) => message.to_owned(),
        };
        let exception = py.get_type::<PyOSError>().call1((code, text, path))?;
        Ok(PyErr::from_value(exception))
    })();
    made.unwrap_or_else(|error: PyErr| error)
}
