use crate::{
    content_line::ContentLines,
    defect::{Defect, DefectKind},
    error::Result,
    model::{Folder, Item, ItemKind, Origin, read_card},
    read::{ItemReader, ReadOptions, content_lines},
    source::Source,
};
use std::sync::Arc;

/// Reads the cards of a file.
pub struct VcfReader {
    source: Source,
    name: Arc<str>,
    folder: Folder,
    lines: ContentLines,
    defects: Vec<Defect>,
    ordinal: u64,
}

impl VcfReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it cannot be read.
    pub fn open(source: Source, name: &str, _options: &ReadOptions) -> Result<Self> {
        let (source, lines, defects) = content_lines::open(source)?;
        let folder = content_lines::folder_of_file(name, super::FORMAT.extensions);
        Ok(Self { source, name: name.into(), folder, lines, defects, ordinal: 0 })
    }
}

impl ItemReader for VcfReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        let before = if self.ordinal == 0 { 0 } else { self.lines.offset() };
        let Some(card) = read_card(&mut self.lines, &self.source, before)? else {
            if self.ordinal == 0 && !self.source.is_empty() {
                self.defects.push(Defect::new(DefectKind::LeadingGarbage, "no vCard in the whole file").at(0));
            }
            return Ok(None);
        };
        if self.ordinal == 0 && card.offset() > 3 {
            let detail = format!("{} octets before the first card", card.offset());
            self.defects.push(Defect::new(DefectKind::LeadingGarbage, detail).at(0));
        }
        self.ordinal += 1;
        let origin = Origin {
            source: self.name.clone(),
            ordinal: self.ordinal,
            offset: card.offset(),
            length: card.content().len(),
            ..Origin::default()
        };
        let defects = card.defects().to_vec();
        Ok(Some(Item { defects, ..Item::new(ItemKind::Contact(card), self.folder.clone(), origin) }))
    }

    fn position(&self) -> u64 {
        self.lines.offset()
    }

    fn folders(&self) -> Vec<Folder> {
        vec![self.folder.clone()]
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}
