use super::{message::Opening, storage::is_message};
use crate::{
    cfb::CompoundFile,
    defect::Defect,
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, MapiMessage, keywords, received, translate},
    model::{Fidelity, Folder, Item, Origin},
    read::{ItemReader, ReadOptions, metadata::folder_of_file},
    source::Source,
};
use std::{fmt, sync::Arc};

/// Reads the one item that an MSG or OFT file holds.
pub struct MsgReader {
    name: Arc<str>,
    folder: Folder,
    len: u64,
    opening: Opening,
    options: ReadOptions,
    is_read: bool,
}

impl MsgReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`UnknownFormat`](ErrorKind::UnknownFormat) when it is no compound file, or one without a message,
    /// [`Malformed`](ErrorKind::Malformed) when its directory is lost, [`Io`](ErrorKind::Io) when it cannot be read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let len = source.len();
        let file = CompoundFile::open(source)?;
        if !is_message(&file)? {
            let what = "a compound file without a message of Outlook in it";
            return Err(Error::new(ErrorKind::UnknownFormat, what));
        }
        let opening = Opening::new(file, &options.limits, options.code_page.map(CodePage));
        let folder = folder_of_file(name);
        Ok(Self { name: name.into(), folder, len, opening, options: options.clone(), is_read: false })
    }

    /// The message as MAPI has it.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn message(&self) -> Result<MapiMessage> {
        let mut message = self.opening.message(self.opening.file.root())?;
        message.defects.append(&mut self.opening.file.take_defects());
        Ok(message)
    }
}

impl ItemReader for MsgReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        if std::mem::replace(&mut self.is_read, true) {
            return Ok(None);
        }
        let message = self.message()?;
        let mut defects = message.defects.clone();
        let translation = self.options.translation();
        let kind = translate(&message, &translation, &mut defects).into_kind(&translation.limits)?;
        defects.append(&mut self.opening.file.take_defects());
        if translation.limits.stop.is_asked() {
            let what = "stopped while the message was read: what looks like damage may not be any";
            return Err(Error::new(ErrorKind::Cancelled, what));
        }
        let origin = Origin { source: self.name.clone(), ordinal: 1, length: self.len, ..Origin::default() };
        let (keywords, received) = (keywords(&message.properties), received(&message.properties));
        let folder = self.folder.clone();
        Ok(Some(Item {
            keywords,
            received,
            defects,
            provenance: Fidelity::Synthesized,
            ..Item::new(kind, folder, origin)
        }))
    }

    fn position(&self) -> u64 {
        if self.is_read { self.len } else { 0 }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        self.opening.file.take_defects()
    }
}

impl fmt::Debug for MsgReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgReader({})", self.name)
    }
}
