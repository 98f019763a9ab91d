//! ZIP archives (PKWARE APPNOTE 6.3) written to anything that takes octets, in one pass.

#[cfg(not(target_family = "wasm"))]
mod files;
mod record;
mod volume;

#[cfg(not(target_family = "wasm"))]
pub(crate) use files::ZipFiles;
pub(crate) use volume::{Named, Stream, Volumes};

use super::{Container, Entry, Stopped, copy, not_completed, refused};
use crate::{
    error::{Error, ErrorKind, Result},
    write::{Lost, Product, Rendered, ZipLevel, product::Tell, spool::Spool},
};
use record::Record;
use std::io::{self, Write};

/// One ZIP archive, or several that are each complete and shorter than a limit.
///
/// Sizes stand before the octets, so that any reader can take the archive as a stream; the central directory is spooled
/// as it will be written, 55 octets and the name for each entry.
pub(crate) struct Zip<V> {
    volumes: V,
    level: ZipLevel,
    /// Octets that no volume may reach.
    limit: Option<u64>,
    offset: u64,
    central: Spool,
    entries: u64,
    /// Whether the volume at hand has been begun and not completed.
    open: bool,
    /// Why the volume at hand can never be completed: the destination refused octets.
    broken: Option<String>,
    /// What was broken, until it is told.
    lost: Option<Lost>,
    products: Vec<Product>,
}

impl<V: Volumes> Zip<V> {
    pub(crate) fn new(volumes: V, level: ZipLevel, limit: Option<u64>) -> Self {
        Self {
            volumes,
            level,
            limit,
            offset: 0,
            central: Spool::default(),
            entries: 0,
            open: false,
            broken: None,
            lost: None,
            products: Vec::new(),
        }
    }

    /// Makes sure that a volume is open that `record` fits into.
    fn make_room(&mut self, record: &Record<'_>) -> Result<()> {
        if let Some(limit) = self.limit {
            let after = |start: u64, central: u64, entries: u64| {
                let offset = start + record.local().len() as u64 + record.stored_size;
                let central = central + record.central_len(start);
                offset + central + record::end(entries + 1, central, offset).len() as u64
            };
            if after(0, 0, 0) >= limit {
                let message =
                    format!("{} octets, compressed, are too many for a part of {limit} octets", record.stored_size);
                return Err(Error::new(ErrorKind::Destination, message).non_fatal());
            }
            if self.open && after(self.offset, self.central.len(), self.entries) >= limit {
                let mut products = Vec::new();
                let completed = self.complete(&mut |product| {
                    products.push(product);
                    Ok(())
                });
                self.products.append(&mut products);
                completed?;
            }
        }
        if self.open { Ok(()) } else { self.begin() }
    }

    /// Begins a volume, so that a destination which cannot be written is known before the first item.
    pub(crate) fn begin(&mut self) -> Result<()> {
        self.volumes.begin()?;
        self.central = self.volumes.directory();
        self.open = true;
        Ok(())
    }

    fn write(&mut self, octets: &[u8]) -> Result<()> {
        if let Err(error) = self.volumes.write_all(octets) {
            return Err(self.broken_by(error));
        }
        self.offset += octets.len() as u64;
        Ok(())
    }

    fn broken_by(&mut self, error: io::Error) -> Error {
        let error = refused(error, &self.volumes.path());
        self.broken(error)
    }

    /// Gives up the volume at hand, with all that is in it.
    fn broken(&mut self, error: Error) -> Error {
        if self.broken.is_none() {
            let reason = Lost::because("the archive that it was put into", &error);
            self.lost = Some(match self.volumes.part() {
                Some(part) => Lost::Part { name: part.to_owned(), reason: reason.clone() },
                None => Lost::All { reason: reason.clone() },
            });
            self.broken = Some(reason);
            self.volumes.discard();
        }
        error
    }

    fn complete(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        let central = std::mem::take(&mut self.central);
        let end = record::end(self.entries, central.len(), self.offset);
        if let Err(error) = central.write_to(&mut self.volumes) {
            return Err(self.broken_by(error));
        }
        self.write(&end)?;
        let written = self.volumes.written().and_then(|product| product.map_or(Ok(()), &mut *tell));
        let completed = written.and_then(|()| self.volumes.complete());
        (self.offset, self.entries, self.open) = (0, 0, false);
        completed.map_err(|error| self.broken(error))
    }

    fn record(&mut self, record: &Record<'_>, offset: u64) -> Result<()> {
        if let Err(error) = self.central.write_all(&record.central(offset)) {
            return Err(self.broken_by(error));
        }
        self.entries += 1;
        Ok(())
    }

    fn recorded(&self, path: &str) -> String {
        match self.volumes.part() {
            Some(part) => format!("{part}!{path}"),
            None => path.to_owned(),
        }
    }
}

impl<V: Volumes> Container for Zip<V> {
    fn zip_level(&self) -> Option<ZipLevel> {
        Some(self.level)
    }

    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        let record = Record::file(entry, rendered)?;
        self.make_room(&record)?;
        #[cfg(not(target_family = "wasm"))]
        self.volumes.use_hands(rendered.hands());
        let offset = self.offset;
        self.write(&record.local())?;
        let mut written = 0;
        let volumes = &mut self.volumes;
        let outcome = copy(rendered, true, |octets| {
            volumes.write_all(octets)?;
            written += octets.len() as u64;
            Ok(())
        });
        self.offset += written;
        match outcome {
            Ok(()) => {
                self.record(&record, offset)?;
                Ok(self.recorded(entry.path))
            }
            // What stands there already is in no directory: readers pass it by.
            Err(Stopped::Source(error)) => Err(Error::from(error).non_fatal()),
            Err(Stopped::Destination(error)) => Err(self.broken_by(error)),
        }
    }

    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<super::Home> {
        self.volumes.home()
    }

    #[cfg(not(target_family = "wasm"))]
    fn ahead(&self) -> Option<super::Ahead> {
        self.volumes.home().map(super::Ahead::within)
    }

    fn add_folder(&mut self, path: &str) -> Result<()> {
        let path = format!("{path}/");
        let record = Record::folder(&path);
        self.make_room(&record)?;
        let offset = self.offset;
        self.write(&record.local())?;
        self.record(&record, offset)
    }

    fn take_products(&mut self) -> Vec<Product> {
        std::mem::take(&mut self.products)
    }

    fn take_lost(&mut self) -> Option<Lost> {
        if self.open {
            self.broken(not_completed());
        }
        self.lost.take()
    }

    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        if self.broken.is_some() {
            let message = "the archive could not be completed: free some space, and run the same conversion again";
            return Err(Error::new(ErrorKind::Destination, message).in_file(self.volumes.path()));
        }
        std::mem::take(&mut self.products).into_iter().try_for_each(&mut *tell)?;
        // An archive of nothing is an archive too.
        if !self.open && !self.volumes.any() {
            self.begin()?;
        }
        if self.open {
            self.volumes.be_last();
            self.complete(tell)?;
        }
        self.volumes.end()
    }
}
