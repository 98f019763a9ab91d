use super::{message::Opening, storage::is_message};
use crate::{
    cfb::CompoundFile,
    defect::Defect,
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, MapiMessage},
    model::{Folder, Item, Origin},
    read::{
        ItemReader, ReadOptions,
        message_object::{translated_item, unless_stopped},
        metadata::folder_of_file,
    },
    source::{Source, Watched},
};
use std::{fmt, sync::Arc};

/// Reads the one item that an MSG or OFT file holds.
pub struct MsgReader {
    name: Arc<str>,
    folder: Folder,
    len: u64,
    source: Arc<Watched>,
    opening: Opening,
    options: ReadOptions,
    is_read: bool,
}

impl MsgReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`UnknownFormat`](ErrorKind::UnknownFormat) when it is no compound file, or one without a message,
    /// [`Malformed`](ErrorKind::Malformed) when its directory is lost or the message in it, [`Io`](ErrorKind::Io) when it cannot be read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let len = source.len();
        let source = Arc::new(Watched::new(source));
        let file = CompoundFile::open(source.clone())?;
        if !is_message(&file)? {
            let what = "the compound file contains no Outlook message";
            return Err(match file.take_defects().first() {
                Some(damage) => Error::new(ErrorKind::Malformed, format!("{what}, or it is lost: {}", damage.detail())),
                None => Error::new(ErrorKind::UnknownFormat, what),
            });
        }
        let opening = Opening::new(file, &options.limits, options.code_page.map(CodePage));
        let folder = folder_of_file(name);
        Ok(Self { name: name.into(), folder, len, source, opening, options: options.clone(), is_read: false })
    }

    /// The message as MAPI has it.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn message(&self) -> Result<MapiMessage> {
        let message = self.opening.message(self.opening.file.root());
        self.refused()?;
        let mut message = message?;
        message.defects.append(&mut self.opening.file.take_defects());
        Ok(message)
    }

    /// What the system refused to read: the message is not damaged then, though it looks so.
    fn refused(&self) -> Result<()> {
        self.source.take_failure().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

impl ItemReader for MsgReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        if std::mem::replace(&mut self.is_read, true) {
            return Ok(None);
        }
        let translation = self.options.translation();
        let message = unless_stopped(self.message(), &translation.limits.stop)?;
        let origin = Origin { source: self.name.clone(), ordinal: 1, length: self.len, ..Origin::default() };
        let item = translated_item(message, (self.folder.clone(), origin), &translation, |_, defects| {
            defects.append(&mut self.opening.file.take_defects());
            self.refused()
        });
        item.map(Some)
    }

    fn position(&self) -> u64 {
        if self.is_read { self.len } else { 0 }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        let cut = self.is_read.then(|| self.opening.file.cut().cloned()).flatten();
        self.opening.file.take_defects().into_iter().chain(cut).collect()
    }
}

impl fmt::Debug for MsgReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MsgReader({})", self.name)
    }
}
