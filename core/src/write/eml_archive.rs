use super::{
    ItemName, ItemWriter, Lost, Product, Rendered, Renderer, Standing, WriteOptions, Written,
    container::{self, Container, Entry},
    files::Files,
    product::Tell,
};
use crate::{
    error::Result,
    model::{Folder, Item, Keywords},
};
use std::io::Write;
#[cfg(not(target_family = "wasm"))]
use std::path::Path;

/// The permissions of a message that was not read, where [`WriteOptions::unread_mode`] asks for it.
const UNREAD: u32 = 0o444;

/// An EML archive: every message a file, in the folders of its source; calendar objects and cards together in one file a
/// calendar or an address book, unless [`Collections`](super::Collections) says otherwise.
pub struct EmlArchive {
    files: Files,
}

impl EmlArchive {
    /// An archive at `path`, in the [`Packaging`](super::Packaging) that its name decides.
    ///
    /// # Errors
    /// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when something is there already, or it cannot be written;
    /// [`ErrorKind::Options`](crate::ErrorKind::Options) when what is not a ZIP archive is to be split.
    #[cfg(not(target_family = "wasm"))]
    pub fn create(path: impl AsRef<Path>, options: WriteOptions) -> Result<Self> {
        let disk = crate::disk::Disk::new(options.fsync, options.mode);
        Ok(Self::new(container::create(path.as_ref(), &options, false, None, &disk)?, options))
    }

    /// A ZIP archive written to `writer` in one pass; [`WriteOptions::zip_split`] is not heeded.
    pub fn zip(writer: impl Write + Send + 'static, options: WriteOptions) -> Self {
        Self::new(container::zip(writer, &options), options)
    }

    pub(super) fn new(container: Box<dyn Container>, options: WriteOptions) -> Self {
        Self { files: Files::new(container, options) }
    }
}

impl ItemWriter for EmlArchive {
    fn renderer(&self) -> Renderer {
        let renderer = self.files.renderer();
        #[cfg(not(target_family = "wasm"))]
        let renderer = renderer.with_ahead(self.files.container.ahead());
        renderer
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for folder in self.files.folders(item) {
            if self.files.is_collected(item) {
                let path =
                    self.files.collect(item, &folder, |paths, extension| paths.collection(&folder.path, extension))?;
                written.push(Written { path, folder });
                continue;
            }
            let options = &self.files.options;
            let path = self.files.paths.file(&folder.path, &options.names, item, name, rendered.name_digest());
            let mut entry = Entry::file(&path, name.date);
            if options.unread_mode && item.message().is_some() && !item.keywords.contains(Keywords::SEEN) {
                entry.mode = UNREAD;
            }
            let path = self.files.container.entry(entry, &rendered)?;
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        self.files.paths.keep(&folder.path);
        Ok(())
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        self.files.take_lost()
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn adopt(&mut self, standing: Standing<'_>) {
        self.files.adopt(standing);
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.files.finish(tell)
    }
}
