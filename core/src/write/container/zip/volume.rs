use super::refused;
#[cfg(not(target_family = "wasm"))]
use crate::crew::Hands;
use crate::{
    error::Result,
    write::{Product, spool::Spool},
};
use std::{
    borrow::Cow,
    hash::Hasher,
    io::{self, Write},
};
use twox_hash::XxHash3_64;

/// The name of a part of an archive whose name is `stem` and an ending.
pub(super) fn part_name(stem: &str, number: u32) -> String {
    format!("{stem}.part{number:03}.zip")
}

/// Where the octets of one archive, or of one after another, go.
pub(crate) trait Volumes: Write + Send {
    /// Begins the next archive.
    fn begin(&mut self) -> Result<()>;

    /// Has the octets of the archive at hand written by other threads, where there are any and that gains something.
    #[cfg(not(target_family = "wasm"))]
    fn use_hands(&mut self, _hands: Option<&Hands>) {}

    /// What the central directory of the archive at hand is kept in until its end.
    fn directory(&self) -> Spool {
        Spool::default()
    }

    /// The archive at hand is the last; if it is the only one, it is no part.
    fn be_last(&mut self) {}

    /// What is to be told of the archive at hand, all octets of which were written, before it gets its name.
    ///
    /// # Errors
    /// When the destination refuses the last of them.
    fn written(&mut self) -> Result<Option<Product>> {
        Ok(None)
    }

    /// Completes the archive at hand.
    fn complete(&mut self) -> Result<()>;

    /// Gives up the archive at hand, and the room that it takes.
    fn discard(&mut self) {}

    /// There are no more archives.
    ///
    /// # Errors
    /// When what a run that was cut off has left cannot be removed.
    fn end(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether an archive was completed.
    fn any(&self) -> bool;

    /// The name of the archive at hand, where there can be several.
    fn part(&self) -> Option<&str> {
        None
    }

    /// Where files that grow can be kept for the time being, where there is a folder.
    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<super::super::Home> {
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

/// One archive, or one after another, each to a writer that is asked for by the name of the archive.
pub(crate) struct Named<F, W> {
    name: String,
    split: bool,
    number: u32,
    /// The name of the archive at hand.
    part: String,
    /// Its octets so far.
    size: u64,
    digest: XxHash3_64,
    open: F,
    writer: Option<W>,
}

impl<F: FnMut(&str) -> io::Result<W>, W: Write> Named<F, W> {
    pub(crate) fn new(name: &str, split: bool, open: F) -> Self {
        Self {
            name: name.to_owned(),
            split,
            number: 0,
            part: String::new(),
            size: 0,
            digest: XxHash3_64::new(),
            open,
            writer: None,
        }
    }

    fn writer(&mut self) -> io::Result<&mut W> {
        self.writer.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<F: FnMut(&str) -> io::Result<W>, W: Write> Write for Named<F, W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.writer()?.write(octets)?;
        self.size += written as u64;
        self.digest.write(octets.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer()?.flush()
    }
}

impl<F: FnMut(&str) -> io::Result<W> + Send, W: Write + Send> Volumes for Named<F, W> {
    fn begin(&mut self) -> Result<()> {
        self.number += 1;
        let stem = self.name.rsplit_once('.').map_or(&*self.name, |(stem, _)| stem);
        self.part = if self.split { part_name(stem, self.number) } else { self.name.clone() };
        self.writer = Some((self.open)(&self.part).map_err(|error| refused(error, &self.part))?);
        (self.size, self.digest) = (0, XxHash3_64::new());
        Ok(())
    }

    fn written(&mut self) -> Result<Option<Product>> {
        Ok(Some(Product::Archive {
            path: self.part.clone(),
            size: self.size,
            xxh3: Some(format!("{:016x}", self.digest.finish())),
            part: None,
        }))
    }

    fn complete(&mut self) -> Result<()> {
        self.flush().map_err(|error| refused(error, &self.part))?;
        self.writer = None;
        Ok(())
    }

    fn any(&self) -> bool {
        self.number > 0
    }

    fn part(&self) -> Option<&str> {
        self.split.then_some(&*self.part)
    }

    fn path(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.part)
    }
}
