//! What stops a conversion, or one item of it, and where.

use std::{any::Any, borrow::Cow, fmt, io};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Whose fault an [`Error`] is, so that a caller can decide what to do next.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The operating system, or a caller's own reader or writer, refused.
    Io,
    /// The octets are of no format that this crate reads.
    UnknownFormat,
    /// The format was recognised but its structure is broken beyond what can be read.
    Malformed,
    /// A variant of the format that is not read (yet).
    Unsupported,
    /// The octets are encrypted and no key was given.
    Encrypted,
    /// A bound of [`Limits`](crate::Limits) was reached.
    Limit,
    /// The destination cannot be written as requested.
    Destination,
    /// An option contradicts another or cannot be met.
    Options,
    /// The observer asked to stop.
    Cancelled,
    /// A fault of this crate: a panic, which somebody who calls it has caught. Nothing in the crate gives it.
    Internal,
}

impl ErrorKind {
    /// The kind as a stable lower-case word, as in the item log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::UnknownFormat => "unknown_format",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::Encrypted => "encrypted",
            Self::Limit => "limit",
            Self::Destination => "destination",
            Self::Options => "options",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

/// Where in a source something was found.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// An offset in octets from the start of the source.
    Byte(u64),
    /// A node of a PST or OST ([MS-PST] 2.2.2.1, NID).
    Node(u32),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(offset) => write!(f, "byte {offset}"),
            Self::Node(nid) => write!(f, "node {nid:#x}"),
        }
    }
}

/// What went wrong, in which file, and at which place.
///
/// A fatal error ends its source; after any other, the next item can be asked for.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    path: Option<String>,
    location: Option<Location>,
    fatal: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A fatal error of `kind`; `message` says what happened and what to do, without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), path: None, location: None, fatal: true, source: None }))
    }

    /// What a panic that was caught is told as: [`ErrorKind::Internal`], with the words of the panic.
    ///
    /// ```
    /// let caught = std::panic::catch_unwind(|| panic!("no number {}", 7)).unwrap_err();
    /// let error = mailferry::Error::panicked(&*caught);
    /// assert!(error.to_string().contains("no number 7"));
    /// ```
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text =
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("for a reason that it does not tell");
        let message =
            format!("mailferry itself failed: {text}. Please report this with the file that it happened with");
        Self::new(ErrorKind::Internal, message)
    }

    /// The same error, for one item only: the reader can go on.
    #[must_use]
    pub fn non_fatal(mut self) -> Self {
        self.0.fatal = false;
        self
    }

    /// The same error with the place where it happened, unless one is known already.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.0.location.get_or_insert(location);
        self
    }

    /// The same error with the file it happened in, unless one is known already.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.0.path.get_or_insert_with(|| path.into());
        self
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The place in the source, where one is known.
    pub fn location(&self) -> Option<Location> {
        self.0.location
    }

    /// The file, where one is known.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// Whether nothing more can come from the same source.
    pub fn is_fatal(&self) -> bool {
        self.0.fatal
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(path) = &inner.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&inner.message)?;
        if let Some(location) = &inner.location {
            write!(f, " (at {location})")?;
        }
        if let Some(source) = &inner.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|e| &**e as _)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => "the source ended before the length it had when it was opened",
            io::ErrorKind::StorageFull => "the disk is full",
            _ => "input or output failed",
        };
        Self::new(ErrorKind::Io, message).because(error)
    }
}
