use super::Input;
use crate::{error::Result, limits::Limits, source::Source};
use std::sync::Arc;

/// What is found in a file: a source to read, or something that is passed over and why.
#[derive(Clone, Debug)]
pub enum Found {
    /// A source to open.
    Input(Input),
    /// An entry of an archive that is no source.
    Passed(Passed),
}

/// An entry of an archive that is passed over.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The name: `archive.zip!Takeout/archive_browser.html`.
    pub name: Arc<str>,
    /// Its length in octets, as the archive tells it.
    pub size: u64,
    /// Why it is passed over.
    pub why: &'static str,
}

/// The sources in one file, in the order of the file, found one at a time and in constant memory.
///
/// After an error that is not [fatal](crate::Error::is_fatal) the iteration goes on with the next entry; after a fatal one it ends.
pub struct Inputs {
    kind: Kind,
}

enum Kind {
    One(Option<Input>),
}

impl Inputs {
    /// The sources in `source`, which the user calls `name`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be read.
    pub fn new(name: impl Into<Arc<str>>, source: Source, _limits: &Limits) -> Result<Self> {
        Ok(Self { kind: Kind::One(Some(Input::new(name.into(), source)?)) })
    }

    /// The sources at `path`: a file, or an Apple Mail folder `X.mbox` that holds a file `mbox`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be opened, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) when it is any other
    /// directory, a device or a pipe; otherwise as [`Inputs::new`].
    #[cfg(not(target_family = "wasm"))]
    pub fn at_path(path: impl AsRef<std::path::Path>, limits: &Limits) -> Result<Self> {
        use crate::{
            error::{Error, ErrorKind},
            source::FileSource,
        };
        let path = path.as_ref();
        let name = path.to_string_lossy();
        let apple_mail = path.join("mbox");
        let file = match (path.is_dir(), apple_mail.is_file()) {
            (true, true) => FileSource::open(apple_mail)?,
            (true, false) => {
                let message =
                    "is a directory: name the files in it, or an Apple Mail folder that holds a file \"mbox\"";
                return Err(Error::new(ErrorKind::Unsupported, message).in_file(name));
            }
            (false, _) => FileSource::open(path)?,
        };
        Self::new(&*name, Arc::new(file), limits)
    }
}

impl Iterator for Inputs {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.kind {
            Kind::One(input) => input.take().map(|input| Ok(Found::Input(input))),
        }
    }
}
