//! Attachments ([MS-PST] 2.4.6).

use super::message::Opening;
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{Attachment, AttachmentBody, Attachments, EmbeddedMessage, MapiMessage, PropertyType, PropertyValue, pid},
    read::pst::{
        ltp::PropertyContext,
        ndb::{DataTree, Node, Subnodes, at_node},
    },
};
use std::sync::Arc;

/// Values of PidTagAttachMethod ([MS-OXCMSG] 2.2.2.9).
const EMBEDDED_MESSAGE: i64 = 5;
const OLE: i64 = 6;

/// The attachments of a message: subnodes that are opened one at a time.
#[derive(Debug)]
pub(super) struct AttachmentTable {
    nodes: Vec<u32>,
    subnodes: Subnodes,
    opening: Opening,
}

impl AttachmentTable {
    pub(super) fn new(nodes: Vec<u32>, subnodes: Subnodes, opening: Opening) -> Self {
        Self { nodes, subnodes, opening }
    }
}

impl Attachments for AttachmentTable {
    fn len(&self) -> usize {
        self.nodes.len()
    }

    fn open(&self, index: usize) -> Result<Attachment> {
        let lost = || Error::new(ErrorKind::Malformed, "the attachment is not in the file").non_fatal();
        let nid = *self.nodes.get(index).ok_or_else(lost)?;
        let node = self.subnodes.get(nid)?.ok_or_else(|| lost().at(at_node(nid)))?;
        let context = PropertyContext::open(&self.opening.ndb, &node)?;
        let (properties, mut defects) = context.bag(&self.opening.names, Some(pid::ATTACH_DATA));
        let method = properties.integer(pid::ATTACH_METHOD);
        let body = self.body(&context, method).unwrap_or_else(|e| {
            defects.push(Defect::new(DefectKind::Attachment, format!("the data of an attachment is lost: {e}")));
            AttachmentBody::None
        });
        Ok(Attachment { properties, body, defects })
    }
}

impl AttachmentTable {
    fn body(&self, context: &PropertyContext, method: Option<i64>) -> Result<AttachmentBody> {
        let Some((kind, raw)) = context.raw(pid::ATTACH_DATA) else { return Ok(AttachmentBody::None) };
        if PropertyType::from_code(kind) != Some(PropertyType::Object) {
            return Ok(match context.get(pid::ATTACH_DATA)? {
                Some(
                    PropertyValue::Binary(octets) | PropertyValue::String8(octets) | PropertyValue::String(octets),
                ) => {
                    let content = octets.content();
                    if method == Some(OLE) { AttachmentBody::Ole(content) } else { AttachmentBody::Data(content) }
                }
                _ => AttachmentBody::None,
            });
        }
        let nid = context.object_node(raw)?;
        let node = context
            .heap()
            .subnodes()
            .get(nid)?
            .ok_or_else(|| Error::new(ErrorKind::Malformed, format!("subnode {nid:#x} not found")).non_fatal())?;
        if method == Some(EMBEDDED_MESSAGE) {
            return Ok(AttachmentBody::Message(Arc::new(Embedded { node, opening: self.opening.clone() })));
        }
        let content = DataTree::open(&self.opening.ndb, node.data)?.content();
        Ok(if method == Some(OLE) { AttachmentBody::Ole(content) } else { AttachmentBody::Data(content) })
    }
}

#[derive(Debug)]
struct Embedded {
    node: Node,
    opening: Opening,
}

impl EmbeddedMessage for Embedded {
    fn open(&self) -> Result<MapiMessage> {
        self.opening.embedded(&self.node)
    }
}
