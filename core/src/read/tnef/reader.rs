use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    mapi::tnef::read_tnef,
    model::{Folder, Item, Origin},
    read::{ItemReader, ReadOptions, message_object::translated_item},
    source::{Content, Source},
};
use std::sync::Arc;

/// Reads the one item that a TNEF stream holds.
#[derive(Debug)]
pub struct TnefReader {
    name: Arc<str>,
    stream: Content,
    options: ReadOptions,
    is_read: bool,
}

impl TnefReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`UnknownFormat`](crate::ErrorKind::UnknownFormat) when it is not a TNEF stream, [`Io`](crate::ErrorKind::Io) when it cannot be
    /// read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let stream = Content::from(source);
        read_tnef(&stream, &options.limits)?;
        Ok(Self { name: name.into(), stream, options: options.clone(), is_read: false })
    }
}

impl ItemReader for TnefReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        if std::mem::replace(&mut self.is_read, true) {
            return Ok(None);
        }
        let mut message = read_tnef(&self.stream, &self.options.limits)?;
        message.defects.push(Defect::new(DefectKind::Rewritten, "composed of the properties in the TNEF stream"));
        let origin = Origin { source: self.name.clone(), ordinal: 1, length: self.stream.len(), ..Origin::default() };
        let place = (Folder::default(), origin);
        translated_item(message, place, &self.options.translation(), |_, _| Ok(())).map(Some)
    }

    fn position(&self) -> u64 {
        if self.is_read { self.stream.len() } else { 0 }
    }
}
