use super::{
    Input,
    archive::{Budget, Tar, Zip, is_tar, is_zip, without_gz},
    detect::extension,
};
use crate::{
    defect::Defect,
    error::{Error, Result},
    limits::Limits,
    source::{Inflated, Source, is_gzip},
};
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
/// A file is one source, without its gzip layer if it has one (RFC 1952); of a ZIP or tar archive, compressed or not, each
/// entry is one that is called like mail, a calendar or contacts. An archive is read where it lies, never unpacked.
///
/// After an error that is not [fatal](crate::Error::is_fatal) the iteration goes on with the next entry; after a fatal one it ends.
pub struct Inputs {
    kind: Kind,
    defects: Vec<Defect>,
}

enum Kind {
    One(Input),
    Zip(Zip),
    Tar(Tar),
    Done,
}

impl Inputs {
    /// The sources in `source`, which the user calls `name`.
    ///
    /// A gzip layer is inflated once here, to find its length.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be read, [`ErrorKind::Malformed`](crate::ErrorKind::Malformed)
    /// when it is an archive without its list of entries, [`ErrorKind::Limit`](crate::ErrorKind::Limit) when it expands
    /// beyond `limits`.
    pub fn new(name: impl Into<Arc<str>>, source: Source, limits: &Limits) -> Result<Self> {
        let name: Arc<str> = name.into();
        let in_file = |e: Error| e.in_file(&*name);
        let len = source.len();
        let input = Input::new(Arc::clone(&name), source)?;
        let input = if is_gzip(input.head()) {
            let inflated = Inflated::gzip(input.source().clone(), limits).map_err(in_file)?;
            let inner = without_gz(&name).map_or_else(|| Arc::clone(&name), Arc::from);
            Input::new(inner, Arc::new(inflated))?
        } else {
            input
        };
        let (mut defects, source) = (Vec::new(), input.source().clone());
        let budget = Budget::new(Arc::clone(&name), len, limits);
        let kind = if is_tar(input.head()) {
            defects = source.take_defects();
            Kind::Tar(Tar::new(source, budget))
        } else if is_zip(input.head()) {
            Kind::Zip(Zip::open(&source, budget)?)
        } else if is_called_zip(&name) {
            // The archive may stand behind a program that unpacks it.
            match Zip::open(&source, budget) {
                Ok(zip) => Kind::Zip(zip),
                Err(e) if input.format().is_err() => return Err(e),
                Err(_) => Kind::One(input),
            }
        } else {
            Kind::One(input)
        };
        Ok(Self { kind, defects })
    }

    /// The sources at `path`: a file, or an Apple Mail folder `X.mbox` that holds a file `mbox`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be opened, [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) when it is any other
    /// directory, a device or a pipe; otherwise as [`Inputs::new`].
    #[cfg(not(target_family = "wasm"))]
    pub fn at_path(path: impl AsRef<std::path::Path>, limits: &Limits) -> Result<Self> {
        use crate::{error::ErrorKind, source::FileSource};
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

impl Inputs {
    /// What was wrong with the archive itself, since the last call.
    pub fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}

fn is_called_zip(name: &str) -> bool {
    extension(name).is_some_and(|e| e.eq_ignore_ascii_case("zip") || e.eq_ignore_ascii_case("exe"))
}

impl Iterator for Inputs {
    type Item = Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = match &mut self.kind {
            Kind::Zip(zip) => zip.next_found().transpose(),
            Kind::Tar(tar) => tar.next_found().transpose(),
            Kind::One(_) | Kind::Done => match std::mem::replace(&mut self.kind, Kind::Done) {
                Kind::One(input) => Some(Ok(Found::Input(input))),
                _ => None,
            },
        };
        if found.as_ref().is_none_or(|found| found.as_ref().is_err_and(Error::is_fatal)) {
            self.kind = Kind::Done;
        }
        found
    }
}
