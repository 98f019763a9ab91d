//! How a source can be shared among readers.

use super::{Input, ReadOptions, archive};
use crate::{
    error::{Error, Result},
    source::{Compression, SIGNATURE, Source, Window},
};

/// How the items of a source can be shared among readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shares {
    /// By octets: it is an mbox.
    Octets,
    /// By their numbers, of which there are so many.
    Items(u64),
    /// Not at all, because of this.
    None(&'static str),
}

/// Calls `f` with the path of every file in the directory `root`, and with what else is no directory, in the order in which they are
/// read; nothing is opened.
///
/// # Errors
/// When a directory cannot be listed; what `f` gives.
pub(crate) fn for_each_file(
    root: &std::path::Path,
    limits: &crate::limits::Limits,
    f: &mut dyn FnMut(&std::path::Path) -> Result<()>,
) -> Result<()> {
    let mut directory = super::tree::Directory::new(root.to_owned(), &root.to_string_lossy(), None, limits)?;
    while let Some(path) = directory.next_path()? {
        f(&path)?;
    }
    Ok(())
}

/// Messages at the start of an mbox whose header sections tell how it separates them.
const FIRST_MESSAGES: usize = 8;
/// Octets before the first message of an mbox that every reader of a part looks through.
const MOST_LEADING: u64 = 1 << 20;

impl Shares {
    /// How those of `source` can.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(name: &str, source: Source, options: &ReadOptions) -> Result<Self> {
        let in_file = |error: std::io::Error| Error::from(error).in_file(name);
        let start = Window::new(source.clone()).octets(0, SIGNATURE).map_err(in_file)?;
        if Compression::of(&start).is_some() {
            return Ok(Self::None("it is compressed, so that a part of it cannot be read without what is before"));
        }
        let input = Input::new(name.into(), source)?;
        if archive::is_zip(input.head()) || archive::is_tar(input.head()) {
            return Ok(Self::None("it is an archive"));
        }
        if input.is_transcoded() {
            return Ok(Self::None("its text is in UTF-16"));
        }
        // What cannot be opened is told by whoever reads it.
        let Ok(format) = input.format() else { return Ok(Self::None("it is of no format that is known")) };
        match format.name {
            "mbox" => Self::of_mbox(&input, options),
            #[cfg(feature = "outlook")]
            "pst" => Self::of_store(&input, options),
            _ => Ok(Self::None("files of its format are read whole")),
        }
    }

    fn of_mbox(input: &Input, options: &ReadOptions) -> Result<Self> {
        let Ok(mut reader) = input.open(options) else { return Ok(Self::None("it cannot be opened")) };
        let mut with_length = 0;
        for number in 0..FIRST_MESSAGES {
            let Ok(Some(item)) = reader.next_item() else { break };
            let Some(mbox) = &item.origin.mbox else { break };
            if !mbox.from_line.starts_with(b"From ") {
                return Ok(Self::None("its messages are not separated by From_ lines"));
            }
            if number == 0 && item.origin.offset > MOST_LEADING {
                return Ok(Self::None("its first message stands behind many octets that belong to none"));
            }
            let header = item.message().map(|message| message.header()).transpose()?;
            if header.is_none_or(|header| header.first("Content-Length").is_none()) {
                return Ok(Self::Octets);
            }
            with_length += 1;
        }
        Ok(if with_length > 0 { Self::None("its messages are separated by Content-Length") } else { Self::Octets })
    }

    /// A store whose tables are damaged is searched as a whole.
    #[cfg(feature = "outlook")]
    fn of_store(input: &Input, options: &ReadOptions) -> Result<Self> {
        let Ok(mut reader) = input.open(options) else { return Ok(Self::None("it cannot be opened")) };
        let mut items = 0;
        loop {
            if options.limits.stop.is_asked() {
                return Err(stopped());
            }
            if reader.next_ahead().is_some() {
                items += 1;
                continue;
            }
            match reader.next_item() {
                Ok(Some(_)) => items += 1,
                Ok(None) => break,
                Err(error) if error.is_fatal() => return Ok(Self::None("it cannot be read to its end")),
                Err(_) => items += 1,
            }
        }
        let damaged = "it is damaged, so that all of it has to be searched";
        Ok(if reader.depends_on_rest() { Self::None(damaged) } else { Self::Items(items) })
    }
}

#[cfg(feature = "outlook")]
fn stopped() -> Error {
    Error::new(crate::error::ErrorKind::Cancelled, "stopped before everything was looked at")
}
