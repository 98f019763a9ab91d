//! Attachments, and messages that are attached ([MS-PST] 2.4.6).

use super::{
    Check,
    context::{BINARY, OBJECT, Properties},
    findings::Place,
    heap::Subnode,
    ids::{ATTACH_DATA, ATTACH_FILENAME, ATTACH_METHOD, ATTACH_SIZE, RENDERING_POSITION},
    messages::Kind,
    nodes::ATTACHMENT_COLUMNS,
    rules::Rule,
    table::Row,
};
use crate::{error::Result, pst::nid};

const BY_VALUE: u32 = 1;
const EMBEDDED: u32 = 5;
const OLE: u32 = 6;
const LAST_METHOD: u32 = 7;

impl Check {
    /// The attachments of a message, and how many rows there are of them.
    pub(super) fn attachments(&self, message: &Place, properties: &Properties<'_>, kind: Kind) -> Result<u64> {
        let subnodes = &properties.heap.subnodes;
        // Which subnodes have a row.
        let mut has_row = vec![false; subnodes.all.len()];
        let mut rows = 0;
        if let Some(node) = subnodes.named(nid::ATTACHMENT_TABLE) {
            let below = message.below(nid::ATTACHMENT_TABLE);
            if let Some(table) = self.table(&below, node.data, node.below)? {
                self.require_columns(&table, &[&ATTACHMENT_COLUMNS]);
                rows = table.each_row(&mut |id, row| {
                    if let Some(has_row) = subnodes.position(id).and_then(|at| has_row.get_mut(at)) {
                        *has_row = true;
                    }
                    match subnodes.named(id).filter(|_| nid::kind(id) == nid::ATTACHMENT) {
                        Some(attachment) => self.attachment(&message.below(id), attachment, row, kind),
                        None => {
                            self.add(Rule::AttachmentNode, &below.in_row(id), || {
                                "the attachment of this row was not found".to_owned()
                            });
                            Ok(())
                        }
                    }
                })?;
                table.heap.tell_unnamed();
            }
        }
        let without = subnodes.all.iter().zip(has_row).filter(|(_, has_row)| !has_row).map(|(subnode, _)| subnode);
        for subnode in without.filter(|subnode| nid::kind(subnode.nid) == nid::ATTACHMENT) {
            subnodes.named(subnode.nid);
            self.add(Rule::AttachmentNode, &message.below(subnode.nid), || {
                "the attachment has no row in the attachment table".to_owned()
            });
        }
        Ok(rows)
    }

    fn attachment(&self, place: &Place, node: Subnode, row: &Row<'_, '_>, kind: Kind) -> Result<()> {
        let Some(properties) = self.properties(place, node.data, node.below)? else { return Ok(()) };
        for id in [ATTACH_SIZE, ATTACH_METHOD, RENDERING_POSITION] {
            if !properties.has(id) {
                self.add(Rule::AttachmentProperty, &place.of(id), || "the property is missing".to_owned());
            }
        }
        for id in [ATTACH_SIZE, ATTACH_FILENAME, ATTACH_METHOD, RENDERING_POSITION] {
            let (Some((tag, in_row)), Some(property)) = (row.of(id)?, properties.find(id)) else { continue };
            let Some(own) = properties.value(property, 4096)? else { continue };
            if in_row != own && tag == property.kind && (id != ATTACH_SIZE || self.is_recent()) {
                self.add(Rule::AttachmentMirror, &place.of(id), || {
                    format!(
                        "the row has {}, the attachment {}",
                        super::folders::shown(Some(&in_row)),
                        super::folders::shown(Some(&own))
                    )
                });
            }
        }
        self.attachment_size(place, &properties)?;
        let method = properties.number(ATTACH_METHOD).unwrap_or(u32::MAX);
        let data = properties.find(ATTACH_DATA);
        let is_wrong = match method {
            BY_VALUE => data.is_none_or(|data| data.kind != BINARY),
            EMBEDDED | OLE => data.is_none_or(|data| data.kind != OBJECT && data.kind != BINARY),
            _ => method > LAST_METHOD,
        };
        if is_wrong && properties.has(ATTACH_METHOD) {
            self.add(Rule::AttachmentMethod, &place.of(ATTACH_METHOD), || {
                let kind = data.map_or_else(|| "missing".to_owned(), |data| format!("of the type {:#06x}", data.kind));
                format!("the method is {method}, and the data is {kind}")
            });
        }
        if let Some((object, size)) = properties.object(ATTACH_DATA)?
            && let Some(node) = properties.heap.subnodes.named(object)
        {
            let place = place.below(object);
            if method == EMBEDDED {
                self.embedded(&place, node, Kind { depth: kind.depth.saturating_add(1), ..kind })?;
            } else {
                let real = self.data_size(node.data)?;
                if size != 0 && u64::from(size) != real.min(u32::MAX.into()) {
                    self.add(Rule::AttachmentObject, &place, || {
                        format!("the stated size (ulSize) is {size} bytes, and the node has {real}")
                    });
                }
            }
        }
        properties.heap.tell_unnamed();
        Ok(())
    }

    fn attachment_size(&self, place: &Place, properties: &Properties<'_>) -> Result<()> {
        let Some(stated) = properties.number(ATTACH_SIZE).filter(|_| self.is_recent()) else { return Ok(()) };
        let mut total = 0_u64;
        for property in &properties.all {
            let size = match properties.object_of(*property)? {
                Some((object, _)) => match properties.heap.subnodes.find(object) {
                    Some(node) => self.node_size(node.data, node.below, 0)?,
                    None => Some(0),
                },
                None => Some(properties.size(*property)?),
            };
            let Some(size) = size else {
                self.add(Rule::Unreadable, place, || {
                    "its subnodes are too many or too deep to add up its size".to_owned()
                });
                return Ok(());
            };
            total = total.saturating_add(size);
        }
        if u64::from(stated) != total.min(u32::MAX.into()) {
            self.add(Rule::AttachmentSize, &place.of(ATTACH_SIZE), || {
                format!("the stated size is {stated} bytes, and the values have {total}")
            });
        }
        Ok(())
    }

    fn embedded(&self, place: &Place, node: Subnode, kind: Kind) -> Result<()> {
        if nid::kind(node.nid) != nid::NORMAL_MESSAGE && !self.file.is_cache {
            self.add(Rule::AttachmentObject, place, || "the attached message is a node of another type".to_owned());
        }
        if !Self::goes_on(kind.depth) {
            self.add(Rule::Unreadable, place, || {
                format!("messages are attached to one another {} deep, and what is deeper was not checked", kind.depth)
            });
            return Ok(());
        }
        let Some(properties) = self.properties(place, node.data, node.below)? else { return Ok(()) };
        self.message_size(place, &properties, node.data, node.below)?;
        self.message_properties(place, &properties, kind)?;
        self.parts(place, &properties, kind)?;
        properties.heap.tell_unnamed();
        Ok(())
    }
}
