use super::{
    ItemName, ItemWriter, Placement, Rendered, Renderer, WriteOptions, Written,
    collection::{Grouping, OpenCollection},
    container::{self, Container, Entry},
    entry_name::Paths,
};
use crate::{
    error::{Error, Result},
    model::{Folder, Item, ItemKind},
};
#[cfg(not(target_family = "wasm"))]
use std::path::Path;
use std::{collections::HashSet, io::Write};

/// Files that take more than one item and are open at a time.
const OPEN: usize = 32;

/// An EML archive: every message a file, in the folders of its source; calendar objects and cards together in one file a
/// calendar or an address book, unless [`Collections`] says otherwise.
pub struct EmlArchive {
    container: Box<dyn Container>,
    options: WriteOptions,
    paths: Paths,
    /// The files that take more than one item, the one used last at the end.
    open: Vec<OpenCollection>,
}

impl EmlArchive {
    /// An archive at `path`, in the [`Packaging`](super::Packaging) that its name tells.
    ///
    /// # Errors
    /// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when something is there already, or it cannot be written;
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) when what is no ZIP archive is to be split.
    #[cfg(not(target_family = "wasm"))]
    pub fn create(path: impl AsRef<Path>, options: WriteOptions) -> Result<Self> {
        Ok(Self::new(container::create(path.as_ref(), &options)?, options))
    }

    /// A ZIP archive written to `writer` in one pass; [`WriteOptions::zip_split`] is not heeded.
    pub fn zip(writer: impl Write + Send + 'static, options: WriteOptions) -> Self {
        Self::new(container::zip(writer, &options), options)
    }

    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        Self { container, paths: Paths::new(options.shard), options, open: Vec::new() }
    }

    fn folders(&self, item: &Item) -> Vec<Folder> {
        let mut folders: Vec<Folder> = Vec::new();
        if self.options.placement == Placement::Every {
            let mut seen = HashSet::new();
            let of_labels = item.labels.iter().filter_map(|label| label.folder.as_ref());
            folders.extend(of_labels.filter(|folder| seen.insert(&folder.path)).cloned());
        }
        if folders.is_empty() {
            folders.push(item.folder.clone());
        }
        folders
    }

    /// Adds a calendar object or a card to the file of its folder and gives the path that file will have.
    fn collect(&mut self, item: &Item, folder: &Folder, extension: &'static str) -> Result<String> {
        let found = self.open.iter().rposition(|open| open.takes(item, folder, extension));
        let mut open = match found {
            Some(found) => self.open.remove(found),
            None => {
                if self.open.len() >= OPEN {
                    let oldest = self.open.remove(0);
                    self.close(oldest)?;
                }
                let path = self.paths.collection(&folder.path, extension);
                OpenCollection::new(path, item, folder, extension, &self.options.collections)
            }
        };
        let path = open.path().to_owned();
        let added = open.add(item);
        match open.is_full(&self.options.collections.grouping) {
            true => self.close(open)?,
            false => self.open.push(open),
        }
        added.map(|()| path)
    }

    fn close(&mut self, open: OpenCollection) -> Result<()> {
        let path = open.path().to_owned();
        let rendered = open.finish().and_then(|content| self.renderer().render_octets(content));
        let written = rendered.and_then(|rendered| self.container.entry(Entry::file(&path, None), &rendered));
        // All its items are lost with it, however many there are.
        written.map(drop).map_err(|error| match error.is_fatal() {
            true => error,
            false => Error::new(error.kind(), "the items of this file cannot be written").because(error).in_file(path),
        })
    }
}

impl ItemWriter for EmlArchive {
    fn renderer(&self) -> Renderer {
        Renderer::new(self.options.eol, self.options.checksums, self.container.zip_level())
            .with_collections(self.options.collections.clone())
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let extension = match &item.kind {
            ItemKind::Message(_) => ".eml",
            ItemKind::Calendar(_) => ".ics",
            ItemKind::Contact(_) => ".vcf",
        };
        let mut written = Vec::new();
        for folder in self.folders(item) {
            if self.options.collections.grouping != Grouping::EachItem && item.message().is_none() {
                let path = self.collect(item, &folder, extension)?;
                written.push(Written { path, folder });
                continue;
            }
            let path = self.paths.file(
                &folder.path,
                &self.options.names,
                name,
                rendered.name_digest(),
                item.origin.ordinal,
                extension,
            );
            let path = self.container.entry(Entry::file(&path, name.date), &rendered)?;
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.paths.keep(&folder.path);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        for open in std::mem::take(&mut self.open) {
            self.close(open)?;
        }
        for path in self.paths.empty_folders() {
            self.container.add_folder(path)?;
        }
        self.container.finish()
    }
}
