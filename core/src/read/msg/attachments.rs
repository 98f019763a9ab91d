//! Attachments ([MS-OXMSG] 2.2.2).

use super::{
    message::Opening,
    storage::{Object, Slot, Storage},
};
use crate::{
    cfb::{Composed, CompoundFile, Entry, EntryKind, Inside, compose},
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{Attachment, AttachmentBody, Attachments, EmbeddedMessage, MapiMessage, pid},
    source::Content,
};
use std::sync::Arc;

/// Values of PidTagAttachMethod ([MS-OXCMSG] 2.2.2.9).
const EMBEDDED_MESSAGE: i64 = 5;
const OLE: i64 = 6;

/// The attachments of a message: storages that are opened one at a time.
#[derive(Debug)]
pub(super) struct AttachmentTable {
    slots: Vec<Slot>,
    opening: Opening,
}

impl AttachmentTable {
    pub(super) fn new(slots: Vec<Slot>, opening: Opening) -> Self {
        Self { slots, opening }
    }
}

impl Attachments for AttachmentTable {
    fn len(&self) -> usize {
        self.slots.len()
    }

    fn open(&self, index: usize) -> Result<Attachment> {
        let Some(slot) = self.slots.get(index) else { return ().open(index) };
        let Opening { file, names, .. } = &self.opening;
        let storage = slot.open(file).and_then(|entry| Storage::list(file, &entry)).map_err(Error::non_fatal)?;
        let mut defects = Vec::new();
        let bag = storage.bag(file, Object::Part, names, Some(pid::ATTACH_DATA), &mut defects);
        let properties = bag.map_err(Error::non_fatal)?;
        let body = self.body(&storage, properties.integer(pid::ATTACH_METHOD)).unwrap_or_else(|e| {
            let what = match e.kind() {
                ErrorKind::Limit => format!("the data of an attachment was left out because of a limit: {e}"),
                _ => format!("the data of an attachment is lost: {e}"),
            };
            defects.push(Defect::new(DefectKind::Attachment, what));
            AttachmentBody::None
        });
        Ok(Attachment { properties, body, defects })
    }
}

impl AttachmentTable {
    fn body(&self, storage: &Storage, method: Option<i64>) -> Result<AttachmentBody> {
        let file = &self.opening.file;
        let Some(slot) = storage.value(pid::ATTACH_DATA) else { return Ok(AttachmentBody::None) };
        let entry = slot.open(file)?;
        if entry.kind == EntryKind::Stream {
            let content = file.stream(&entry)?.content();
            return Ok(if method == Some(OLE) { AttachmentBody::Ole(content) } else { AttachmentBody::Data(content) });
        }
        if method == Some(EMBEDDED_MESSAGE) || Storage::list(file, &entry)?.is_object() {
            let embedded = Embedded { entry, opening: self.opening.clone() };
            return Ok(AttachmentBody::Message(Arc::new(embedded)));
        }
        Ok(AttachmentBody::Ole(self.object(&entry)?))
    }

    /// An OLE object as the file that it would be on its own.
    fn object(&self, entry: &Entry) -> Result<Content> {
        let mut left = self.opening.limits.entities;
        let inside = taken_out(&self.opening.file, entry, self.opening.limits.nesting, &mut left)?;
        Ok(compose(inside))
    }
}

fn taken_out(file: &CompoundFile, entry: &Entry, depth: usize, left: &mut usize) -> Result<Composed> {
    let too_much = || Error::new(ErrorKind::Limit, "the object has too many storages and streams in it").non_fatal();
    *left = left.checked_sub(1).ok_or_else(too_much)?;
    let inside = match entry.kind {
        EntryKind::Stream => Inside::Stream(file.stream(entry)?.content()),
        EntryKind::Storage => {
            let depth = depth.checked_sub(1).ok_or_else(too_much)?;
            let mut entries = Vec::new();
            file.children(entry, &mut |entry| entries.push(entry))?;
            let inside = entries.iter().map(|entry| taken_out(file, entry, depth, left)).collect::<Result<_>>()?;
            Inside::Storage(inside)
        }
    };
    Ok(Composed { name: entry.name.clone(), class: entry.class, inside })
}

/// A message attached to a message.
#[derive(Debug)]
struct Embedded {
    entry: Entry,
    opening: Opening,
}

impl EmbeddedMessage for Embedded {
    fn open(&self) -> Result<MapiMessage> {
        self.opening.embedded(&self.entry).map_err(Error::non_fatal)
    }
}
