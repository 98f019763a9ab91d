//! Messages, their recipients and attachments ([MS-PST] 2.4.5, 2.4.6).

use super::{context::Object, file::File, names::Names};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{Attachment, AttachmentBody, MapiMessage, PropertyBag, PropertyType, PropertyValue, pid},
    pst::{Variant, nid},
};
use std::io::{Seek, Write};

/// Messages in one another that are written.
const DEPTH: usize = 64;

/// The next index of nodes that are named in the order in which they come.
pub(super) struct Counters {
    pub(super) messages: u32,
    pub(super) attachments: u32,
}

/// The blocks of a message.
pub(super) struct Written {
    pub(super) data: u64,
    pub(super) subnodes: u64,
}

/// Columns of text are of the type that the layout's programs expect.
pub(super) fn text(variant: Variant) -> PropertyType {
    match variant {
        Variant::Ansi => PropertyType::String8,
        Variant::Unicode | Variant::Unicode4k => PropertyType::String,
    }
}

pub(super) fn recipient_columns(variant: Variant) -> Vec<(u16, PropertyType)> {
    use PropertyType::{Binary, Boolean, Integer32};
    let text = text(variant);
    vec![
        (0x0C15, Integer32),
        (0x0E0F, Boolean),
        (0x0FF9, Binary),
        (0x0FFE, Integer32),
        (0x0FFF, Binary),
        (0x3001, text),
        (0x3002, text),
        (0x3003, text),
        (0x300B, Binary),
        (0x3900, Integer32),
        (0x39FE, text),
        (0x39FF, text),
        (0x3A40, Boolean),
        (0x5FF6, text),
        (0x5FFF, Integer32),
    ]
}

pub(super) fn attachment_columns(variant: Variant) -> Vec<(u16, PropertyType)> {
    use PropertyType::Integer32;
    vec![(0x0E20, Integer32), (0x3704, text(variant)), (0x3705, Integer32), (0x370B, Integer32)]
}

impl<W: Write + Seek> File<W> {
    /// Writes a message and all that is in it.
    pub(super) fn message(
        &mut self,
        message: &MapiMessage,
        names: &mut Names,
        counters: &mut Counters,
        depth: usize,
    ) -> Result<Written> {
        if depth > DEPTH {
            return Err(Error::new(ErrorKind::Limit, "messages are attached to one another deeper than is written"));
        }
        let mut subnodes = Vec::new();
        let rows: Vec<_> = (0..).zip(&message.recipients).map(|(i, bag)| (i, bag.clone())).collect();
        let (data, below) = self.table(&recipient_columns(self.variant), &rows, Vec::new())?;
        subnodes.push((nid::RECIPIENT_TABLE, data, below));
        let mut rows = Vec::new();
        for i in 0..message.attachments.len() {
            let attachment = message.attachments.open(i)?;
            let nid = counters.attachments << 5 | nid::ATTACHMENT;
            counters.attachments += 1;
            let written = self.attachment(&attachment, names, counters, depth)?;
            subnodes.push((nid, written.data, written.subnodes));
            rows.push((nid, attachment.properties));
        }
        if !rows.is_empty() {
            let (data, below) = self.table(&attachment_columns(self.variant), &rows, Vec::new())?;
            subnodes.push((nid::ATTACHMENT_TABLE, data, below));
        }
        let (data, subnodes) = self.properties(&names.translated(&message.properties), None, subnodes)?;
        Ok(Written { data, subnodes })
    }

    fn attachment(
        &mut self,
        attachment: &Attachment,
        names: &mut Names,
        counters: &mut Counters,
        depth: usize,
    ) -> Result<Written> {
        let mut properties = names.translated(&attachment.properties);
        properties.retain(|(id, _)| *id != pid::ATTACH_DATA);
        let mut subnodes = Vec::new();
        let mut object = None;
        match &attachment.body {
            AttachmentBody::None => {}
            AttachmentBody::Data(content) => {
                properties.push((pid::ATTACH_DATA, PropertyValue::Binary(content.clone().into())));
            }
            AttachmentBody::Ole(content) => {
                let nid = counters.messages << 5 | nid::LTP;
                counters.messages += 1;
                subnodes.push((nid, self.data(content)?, 0));
                let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
                object = Some(Object { id: pid::ATTACH_DATA, nid, size });
            }
            AttachmentBody::Message(embedded) => {
                let nid = counters.messages << 5 | nid::NORMAL_MESSAGE;
                counters.messages += 1;
                let written = self.message(&embedded.open()?, names, counters, depth + 1)?;
                subnodes.push((nid, written.data, written.subnodes));
                object = Some(Object { id: pid::ATTACH_DATA, nid, size: 0 });
            }
        }
        let (data, subnodes) = self.properties(&properties, object, subnodes)?;
        Ok(Written { data, subnodes })
    }
}

/// What the contents table of a folder says of a message.
pub(super) fn contents_row(columns: &[(u16, PropertyType)], message: &PropertyBag) -> PropertyBag {
    let mut row = PropertyBag::default();
    for (id, _) in columns {
        if let Some(value) = message.get(*id) {
            row.insert(*id, value.clone());
        }
    }
    row
}
