use super::{Collections, Grouping, IcsCollection, VcfCollection};
use crate::{
    error::Result,
    model::{Folder, FolderPath, Item, ItemKind},
    source::Content,
};
use std::sync::Arc;

/// A file of an archive that takes the calendar objects or the cards of one folder of one source.
pub(in crate::write) struct OpenCollection {
    path: String,
    source: Arc<str>,
    folder: FolderPath,
    extension: &'static str,
    file: File,
}

/// Octets that a calendar may have around its objects.
const FRAME: u64 = 1_000;

enum File {
    Ics(Box<IcsCollection>),
    Vcf(Box<VcfCollection>),
}

impl OpenCollection {
    pub(in crate::write) fn new(
        path: String,
        item: &Item,
        folder: &Folder,
        extension: &'static str,
        collections: &Collections,
    ) -> Self {
        let file = match &item.kind {
            ItemKind::Contact(_) => File::Vcf(Box::new(VcfCollection::new(collections.vcf.clone()))),
            _ if matches!(collections.grouping, Grouping::Parts { .. }) => {
                File::Ics(Box::new(IcsCollection::part(collections.ics.clone())))
            }
            _ => File::Ics(Box::new(IcsCollection::new(collections.ics.clone()))),
        };
        Self { path, source: item.origin.source.clone(), folder: folder.path.clone(), extension, file }
    }

    /// Whether it takes cards, and not calendar objects.
    pub(in crate::write) fn is_of_cards(&self) -> bool {
        matches!(self.file, File::Vcf(_))
    }

    /// Its path, relative to the archive.
    pub(in crate::write) fn path(&self) -> &str {
        &self.path
    }

    /// Whether the item goes here.
    pub(in crate::write) fn takes(&self, item: &Item, folder: &Folder, extension: &str) -> bool {
        self.extension == extension && self.folder == folder.path && self.source == item.origin.source
    }

    pub(in crate::write) fn add(&mut self, item: &Item) -> Result<()> {
        match (&mut self.file, &item.kind) {
            (File::Ics(file), ItemKind::Calendar(object)) => file.add(object),
            (File::Vcf(file), ItemKind::Contact(card)) => file.add(card).map(drop),
            _ => Ok(()),
        }
        .map_err(crate::Error::non_fatal)
    }

    /// Whether the octets of the item fit into it.
    pub(in crate::write) fn has_room(&self, item: &Item, grouping: &Grouping) -> bool {
        let Grouping::Parts { octets, .. } = *grouping else { return true };
        let len = match &self.file {
            File::Ics(file) => file.len(),
            File::Vcf(file) => file.len(),
        };
        len == 0 || len + item.size() + FRAME <= octets
    }

    /// Whether it is to be closed.
    pub(in crate::write) fn is_full(&self, grouping: &Grouping) -> bool {
        let Grouping::Parts { items, octets } = *grouping else { return false };
        let len = match &self.file {
            File::Ics(file) => file.len(),
            File::Vcf(file) => file.len(),
        };
        self.items() >= items || len >= octets
    }

    /// How many items are in it.
    pub(in crate::write) fn items(&self) -> u64 {
        match &self.file {
            File::Ics(file) => file.objects(),
            File::Vcf(file) => file.cards(),
        }
    }

    /// All its octets.
    pub(in crate::write) fn finish(self) -> Result<Content> {
        match self.file {
            File::Ics(file) => file.finish(),
            File::Vcf(file) => file.finish(),
        }
    }
}
