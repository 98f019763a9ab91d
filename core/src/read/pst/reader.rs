use super::messaging::{Place, Store, Walk, Wanted};
use crate::{
    defect::Defect,
    error::Result,
    mapi::{MapiMessage, pid},
    model::{Folder, Origin},
    read::ReadOptions,
    source::Source,
};
use std::{fmt, sync::Arc};

/// Reads the messages of a PST or OST, folder by folder in the order of their nodes.
pub struct PstReader {
    name: Arc<str>,
    walk: Walk,
    ordinal: u64,
    /// Octets of the messages given so far, as the store counts them.
    behind: u64,
}

/// A message of a PST or OST, in its place.
#[derive(Debug)]
pub struct StoredMessage {
    /// The folder it is in.
    pub folder: Folder,
    /// Where in the file it came from.
    pub origin: Origin,
    /// Its node ([MS-PST] 2.2.2.1).
    ///
    /// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
    pub node: u32,
    /// The message.
    pub message: MapiMessage,
}

impl PstReader {
    /// Opens the PST or OST in `source`, which the user calls `name`.
    ///
    /// # Errors
    /// [`UnknownFormat`](crate::ErrorKind::UnknownFormat) when it is neither, [`Io`](crate::ErrorKind::Io) when it cannot be read. Damage is survived.
    pub fn open(name: impl Into<Arc<str>>, source: Source, options: &ReadOptions) -> Result<Self> {
        let store = Store::open(source, options.limits.clone())?;
        let wanted = Wanted { hidden: options.hidden, lost: options.recover };
        Ok(Self { name: name.into(), walk: Walk::new(store, wanted), ordinal: 0, behind: 0 })
    }

    /// Whether a password is set on the store. It protects nothing in the file.
    pub fn has_password(&self) -> bool {
        self.walk.store().password
    }

    /// The next message as MAPI has it, or `None` after the last.
    ///
    /// # Errors
    /// As [`ItemReader::next_item`](crate::read::ItemReader::next_item).
    pub fn next_message(&mut self) -> Result<Option<StoredMessage>> {
        let Some(Place { folder, node, message }) = self.walk.next()? else { return Ok(None) };
        self.ordinal += 1;
        let length = message.properties.integer(pid::MESSAGE_SIZE).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        self.behind = self.behind.saturating_add(length).min(self.walk.store().ndb.len());
        let origin = Origin {
            source: self.name.clone(),
            ordinal: self.ordinal,
            offset: self.walk.store().ndb.location(&node),
            length,
            ..Origin::default()
        };
        Ok(Some(StoredMessage { folder, origin, node: node.nid, message }))
    }

    /// The folders met so far, those without a message included.
    pub fn folders(&self) -> &[Folder] {
        self.walk.folders()
    }

    /// What was wrong with the store itself since the last call.
    pub fn take_defects(&mut self) -> Vec<Defect> {
        let mut defects = std::mem::take(&mut self.walk.defects);
        defects.append(&mut self.walk.store().ndb.defects.take());
        defects
    }
}

impl fmt::Debug for PstReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PstReader({}, {} messages read)", self.name, self.ordinal)
    }
}
