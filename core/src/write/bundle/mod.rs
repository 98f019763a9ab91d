//! The import bundle: a bag (RFC 8493) in the layout of the Personal Data Portability Archive; `docs/bundle.md`.

mod documents;
mod folder;

use super::{
    Checksums, ItemName, ItemWriter, Lost, Product, Rendered, Renderer, ReportTexts, WriteOptions, Written,
    container::{Bag, Container, Entry},
    files::{Files, room},
    growing::{Growing, refused},
    product::Tell,
};
use crate::{
    error::{Error, ErrorKind, Result},
    model::{Folder, FolderPath, Item},
    source::Content,
};
use folder::FolderIndex;
use std::collections::{BTreeSet, HashMap};

/// The revision of the layout that is followed.
pub const BUNDLE_LAYOUT: &str = "draft-ietf-mailmaint-pdparchive-00";
/// What this crate adds to it; `docs/bundle.md` says what that is.
pub const BUNDLE_PROFILE: &str = "mailferry-bundle-1";

const MAIL: &str = "mail";
const INDEX: &str = "folder.json";
const ITEM_LOG: &str = "meta/items.jsonl";

/// Writes an import bundle.
pub(super) struct BundleWriter {
    files: Files,
    growing: Growing,
    folders: HashMap<FolderPath, FolderIndex>,
    /// In the order in which they were met.
    order: Vec<FolderPath>,
    base: String,
    log: usize,
    report: ReportTexts,
    data_types: BTreeSet<&'static str>,
}

impl BundleWriter {
    /// A bundle in `container`: in the folder `base` there, which has a slash behind it, if it is an archive.
    pub(super) fn new(container: Box<dyn Container>, base: &str, mut options: WriteOptions) -> Result<Self> {
        if options.zip_split.is_some() {
            return Err(Error::new(ErrorKind::Options, "an import bundle is one archive and cannot be split"));
        }
        options.checksums = Checksums::Sha256;
        #[cfg(not(target_family = "wasm"))]
        let mut growing = Growing::within(container.home());
        #[cfg(target_family = "wasm")]
        let mut growing = Growing::default();
        let log = growing.begin();
        let container = Box::new(Bag::new(container, base.to_owned(), options.created, BUNDLE_LAYOUT));
        Ok(Self {
            files: Files::new(container, options),
            growing,
            folders: HashMap::new(),
            order: Vec::new(),
            base: base.to_owned(),
            log,
            report: ReportTexts::default(),
            data_types: BTreeSet::new(),
        })
    }

    /// The names under which a folder stands in the bundle: bags whose paths have a `%` are not read alike by all.
    fn place(folder: &FolderPath) -> FolderPath {
        let names = if folder.names().is_empty() { &["INBOX".to_owned()] } else { folder.names() };
        FolderPath::new([MAIL.to_owned()].into_iter().chain(names.iter().map(|name| name.replace('%', "_"))))
    }

    fn index(&mut self, folder: &Folder) -> Result<&mut FolderIndex> {
        if !self.folders.contains_key(&folder.path) {
            let directory = self.files.paths.folder(&Self::place(&folder.path));
            let index = FolderIndex::begin(directory, folder, &mut self.growing)?;
            self.order.push(folder.path.clone());
            self.folders.insert(folder.path.clone(), index);
        }
        let unknown = || Error::new(ErrorKind::Destination, "a folder was lost");
        self.folders.get_mut(&folder.path).ok_or_else(unknown)
    }

    fn write_message(&mut self, item: &Item, name: &ItemName, folder: &Folder, rendered: &Rendered) -> Result<String> {
        self.index(folder)?;
        let Files { paths, options, container, .. } = &mut self.files;
        let place = Self::place(&folder.path);
        let path = paths.file(&place, &options.names, item, name, rendered.name_digest());
        let recorded = container.entry(Entry::file(&path, name.date), rendered)?;
        if let Some(index) = self.folders.get_mut(&folder.path) {
            index.add(item, &path, &mut self.growing)?;
        }
        Ok(recorded)
    }

    fn add_grown(&mut self, path: &str, grown: usize, tell: &mut Tell<'_>) -> Result<()> {
        let content = self.growing.take(grown)?;
        self.add_document(path, content, tell)
    }

    /// Adds a file of the bundle itself, in place of the one that a run has written which was cut off.
    fn add_document(&mut self, path: &str, content: impl Into<Content>, tell: &mut Tell<'_>) -> Result<()> {
        let rendered = self.files.plain_renderer().render_octets(content.into())?;
        self.files.add(Entry { replaces: true, ..Entry::file(path, None) }, &rendered, tell)
    }
}

impl ItemWriter for BundleWriter {
    fn renderer(&self) -> Renderer {
        self.files.renderer()
    }

    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
        let mut written = Vec::new();
        for folder in self.files.folders(item) {
            let path = match item.message() {
                Some(_) => self.write_message(item, name, &folder, &rendered)?,
                None => {
                    let path = self.files.beside_mail(item, name, &folder, &rendered)?;
                    if self.files.is_collected(item) { format!("{}data/{path}", self.base) } else { path }
                }
            };
            self.data_types.insert(room(&item.kind));
            written.push(Written { path, folder });
        }
        Ok(written)
    }

    fn folder(&mut self, folder: &Folder) -> Result<()> {
        if folder.path.names().is_empty() { Ok(()) } else { self.index(folder).map(drop) }
    }

    fn log_line(&mut self, line: &[u8]) -> Result<()> {
        self.growing.append(self.log, line).map_err(refused)
    }

    fn wants_report(&self) -> bool {
        true
    }

    fn report(&mut self, report: ReportTexts) {
        self.report = report;
    }

    fn take_products(&mut self) -> Vec<Product> {
        self.files.take_products()
    }

    fn take_lost(&mut self) -> Vec<Lost> {
        let mut lost = self.files.take_lost();
        for lost in &mut lost {
            if let Lost::File { path, .. } = lost {
                *path = format!("{}data/{path}", self.base);
            }
        }
        lost
    }

    fn finish_telling(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        // A bag without its manifest is none.
        self.complete(tell).inspect_err(|error| self.files.lose_all(error))
    }
}

impl BundleWriter {
    fn complete(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        self.files.close_all(tell)?;
        for folder in std::mem::take(&mut self.order) {
            if let Some(index) = self.folders.remove(&folder) {
                let (path, grown) = index.end(&mut self.growing)?;
                self.add_grown(&path, grown, tell)?;
            }
        }
        self.add_grown(ITEM_LOG, self.log, tell)?;
        let report = std::mem::take(&mut self.report);
        let manifest = documents::manifest(&report, self.files.options.created)?;
        self.add_document("meta/manifest.json", manifest, tell)?;
        self.add_document("meta/report.csv", report.csv, tell)?;
        let complete = report.complete && !self.files.has_lost();
        let archive = documents::archive(&self.data_types, complete, self.files.options.created)?;
        self.add_document("archive.json", archive, tell)?;
        self.files.finish_container(tell)
    }
}
