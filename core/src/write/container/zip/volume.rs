use super::refused;
use crate::{error::Result, write::spool::Spool};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// Where the octets of one archive, or of one after another, go.
pub(crate) trait Volumes: Write + Send {
    /// Begins the next archive.
    fn begin(&mut self) -> Result<()>;

    /// What the central directory of the archive at hand is kept in until its end.
    fn directory(&self) -> Spool {
        Spool::default()
    }

    /// Completes the archive at hand.
    fn complete(&mut self) -> Result<()>;

    /// Whether an archive was completed.
    fn any(&self) -> bool;

    /// The name of the archive at hand, where there can be several.
    fn part(&self) -> Option<&str> {
        None
    }

    /// The folder that it is in, where there is one.
    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<std::path::PathBuf> {
        None
    }

    /// What an error names.
    fn path(&self) -> Cow<'_, str>;
}

/// One archive, to a writer that the caller has.
pub(crate) struct Stream<W> {
    writer: W,
    complete: bool,
}

impl<W> Stream<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer, complete: false }
    }
}

impl<W: Write> Write for Stream<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.writer.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl<W: Write + Send> Volumes for Stream<W> {
    fn begin(&mut self) -> Result<()> {
        Ok(())
    }

    fn complete(&mut self) -> Result<()> {
        self.complete = true;
        self.flush().map_err(|error| refused(error, &self.path()))
    }

    fn any(&self) -> bool {
        self.complete
    }

    fn path(&self) -> Cow<'_, str> {
        Cow::Borrowed("the archive")
    }
}
