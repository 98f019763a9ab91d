//! Messages, their recipients and attachments ([MS-PST] 2.4.5, 2.4.6).

use super::{
    columns::{attachment_columns, recipient_columns},
    context::{Object, Written},
    file::File,
    names::Names,
    value::counted,
    whole::Whole,
};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{Attachment, AttachmentBody, CodePage, MapiMessage, PropertyBag, PropertyType, PropertyValue, pid},
    pst::nid,
};
use std::io::{Seek, Write};

/// Messages in one another that are written.
const DEPTH: usize = 64;

/// What all messages of a store share.
pub(super) struct Shared {
    pub(super) names: Names,
    /// The next index of nodes that are named in the order in which they come.
    pub(super) messages: u32,
    pub(super) attachments: u32,
    /// What messages get that they lack; nothing where they are written as they are.
    pub(super) whole: Option<Whole>,
}

impl Shared {
    pub(super) fn next_message(&mut self) -> Result<u32> {
        next(&mut self.messages).map(|index| index << 5 | nid::NORMAL_MESSAGE)
    }

    fn next_attachment(&mut self) -> Result<u32> {
        next(&mut self.attachments).map(|index| index << 5 | nid::ATTACHMENT)
    }
}

/// Takes the next index of nodes: it has 27 bits.
pub(super) fn next(counter: &mut u32) -> Result<u32> {
    let index = *counter;
    *counter += 1;
    if index >= 1 << 27 {
        return Err(Error::new(ErrorKind::Limit, "the store has as many items as a PST can hold: split it"));
    }
    Ok(index)
}

impl<W: Write + Seek> File<W> {
    /// Writes a message and all that is in it; its properties then are those that were written.
    pub(super) fn message(
        &mut self,
        nid: u32,
        message: &mut MapiMessage,
        shared: &mut Shared,
        depth: usize,
    ) -> Result<Written> {
        if depth > DEPTH {
            return Err(Error::new(ErrorKind::Limit, "messages are attached to one another deeper than is written"));
        }
        if let Some(whole) = &shared.whole {
            whole.complete(nid, message, self.variant);
        }
        let code_page = message.code_page;
        let mut subnodes = Vec::new();
        let rows: Vec<_> = (0..).zip(message.recipients.iter().cloned()).collect();
        subnodes.push(self.table(&recipient_columns(self.variant), &rows, code_page)?.under(nid::RECIPIENT_TABLE));
        let mut rows = Vec::new();
        for i in 0..message.attachments.len() {
            let mut attachment = message.attachments.open(i)?;
            let nid = shared.next_attachment()?;
            let written = self.attachment(&mut attachment, code_page, shared, depth)?;
            subnodes.push(written.under(nid));
            rows.push((nid, attachment.properties));
        }
        if !rows.is_empty() {
            let written = self.table(&attachment_columns(self.variant), &rows, code_page)?;
            subnodes.push(written.under(nid::ATTACHMENT_TABLE));
        }
        let properties = shared.names.translated(&message.properties)?;
        let written = self.properties(&properties, None, subnodes)?;
        if message.properties.get(pid::MESSAGE_SIZE).is_some() {
            // Beyond 2 GB the number is read as one without a sign.
            let size = u32::try_from(written.size).unwrap_or(u32::MAX) as i32;
            message.properties.set(pid::MESSAGE_SIZE, PropertyValue::Integer32(size));
        }
        Ok(written)
    }

    fn attachment(
        &mut self,
        attachment: &mut Attachment,
        code_page: CodePage,
        shared: &mut Shared,
        depth: usize,
    ) -> Result<Written> {
        if let Some(whole) = &shared.whole {
            whole.complete_attachment(attachment, code_page, self.variant);
        }
        let mut properties = shared.names.translated(&attachment.properties)?;
        properties.retain(|(id, _)| *id != pid::ATTACH_DATA);
        let mut subnodes = Vec::new();
        let mut object = None;
        let mut of_object = 0;
        match &attachment.body {
            AttachmentBody::None => {}
            AttachmentBody::Data(content) => {
                properties.push((pid::ATTACH_DATA, PropertyValue::Binary(content.clone().into())));
            }
            AttachmentBody::Ole(content) => {
                let nid = next(&mut shared.messages)? << 5 | nid::LTP;
                let data = self.data(content)?;
                of_object = data.size;
                subnodes.push(Written { data: data.bid, subnodes: 0, size: data.size }.under(nid));
                let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
                object = Some(Object { id: pid::ATTACH_DATA, nid, size });
            }
            AttachmentBody::Message(embedded) => {
                let nid = shared.next_message()?;
                let written = self.message(nid, &mut embedded.open()?, shared, depth + 1)?;
                of_object = written.size;
                subnodes.push(written.under(nid));
                let size = u32::try_from(written.size).unwrap_or(u32::MAX);
                object = Some(Object { id: pid::ATTACH_DATA, nid, size });
            }
        }
        // What scanpst holds against it: the octets of all values, this one's own among them.
        if shared.whole.is_some() {
            let mut size = of_object;
            for (_, value) in &properties {
                size += counted(value)?;
            }
            let size = PropertyValue::Integer32(u32::try_from(size).unwrap_or(u32::MAX) as i32);
            for (id, value) in &mut properties {
                if *id == pid::ATTACH_SIZE {
                    *value = size.clone();
                }
            }
            attachment.properties.set(pid::ATTACH_SIZE, size);
        }
        self.properties(&properties, object, subnodes)
    }
}

/// What a table of a folder says of a message.
pub(super) fn contents_row(columns: &[(u16, PropertyType)], message: &PropertyBag) -> PropertyBag {
    let mut row = PropertyBag::default();
    for (id, _) in columns {
        if let Some(value) = message.get(*id) {
            row.insert(*id, value.clone());
        }
    }
    row
}
