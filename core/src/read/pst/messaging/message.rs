//! Messages ([MS-PST] 2.4.5).

use super::{
    attachments::AttachmentTable,
    directory::{Known, StoreDirectory},
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{self, Directory, Fallback, MapiMessage, NamedProperties, Nesting, PropertyBag},
    pst::nid,
    read::pst::{
        ltp::{PropertyContext, TableContext},
        ndb::{Ndb, Node, Subnodes},
    },
};
use std::sync::Arc;

/// What messages are opened with, and how far into one another they may reach.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) ndb: Arc<Ndb>,
    pub(super) names: Arc<NamedProperties>,
    /// The code page of 8-bit strings where a message does not say.
    pub(super) code_page: Fallback,
    directory: Arc<StoreDirectory>,
    /// The data of the messages around this one, outermost first: a message in itself would have no end.
    around: Vec<u64>,
    nesting: Nesting,
}

impl Opening {
    pub(super) fn new(ndb: &Arc<Ndb>, names: &Arc<NamedProperties>, code_page: Fallback, known: &Known) -> Self {
        Self {
            ndb: ndb.clone(),
            names: names.clone(),
            code_page,
            directory: Arc::new(StoreDirectory::new(ndb, names, known)),
            around: Vec::new(),
            nesting: Nesting::new(&ndb.limits),
        }
    }

    /// The same for what is embedded in the message of `node`.
    fn inside(&self, node: &Node, code_page: Fallback) -> Self {
        let mut inside = Self { code_page, nesting: self.nesting.inside(), ..self.clone() };
        inside.around.push(node.data);
        inside
    }

    /// Opens a message that is attached to another one.
    pub(super) fn embedded(&self, node: &Node) -> Result<MapiMessage> {
        if self.around.contains(&node.data) {
            let what = "the message is attached to itself";
            return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
        }
        self.nesting.enter()?;
        self.message(node)
    }

    /// Opens the message of `node`.
    pub(super) fn message(&self, node: &Node) -> Result<MapiMessage> {
        let context = PropertyContext::open(&self.ndb, node)?;
        let (properties, mut defects) = context.bag(&self.names, None);
        let subnodes = context.heap().subnodes();
        let recipients = self.recipients(subnodes, &mut defects);
        let choice = mapi::choose(&properties, &recipients, self.code_page, &mut defects);
        let code_page = if choice.is_sure { Fallback::settled(choice.page) } else { self.code_page };
        let attachments = self.attachments(subnodes, self.inside(node, code_page), &mut defects);
        let (attachments, code_page) = (Arc::new(attachments), choice.page);
        let directory: Option<Arc<dyn Directory>> = Some(self.directory.clone());
        Ok(MapiMessage { properties, recipients, attachments, code_page, directory, defects })
    }

    fn recipients(&self, subnodes: &Subnodes, defects: &mut Vec<Defect>) -> Vec<PropertyBag> {
        let mut recipients = Vec::new();
        if let Err(e) = self.each_recipient(subnodes, defects, &mut recipients) {
            defects.push(Defect::new(DefectKind::Recipient, format!("recipients are lost: {e}")));
        }
        recipients
    }

    fn each_recipient(
        &self,
        subnodes: &Subnodes,
        defects: &mut Vec<Defect>,
        recipients: &mut Vec<PropertyBag>,
    ) -> Result<()> {
        let Some(node) = subnodes.get(nid::RECIPIENT_TABLE)? else { return Ok(()) };
        let table = TableContext::open(&self.ndb, &node)?;
        for i in 0..table.room().min(self.ndb.limits.entities as u64) {
            let Some(row) = table.row(i)? else { break };
            let (bag, mut wrong) = table.bag(&row, &self.names, DefectKind::Recipient);
            recipients.push(bag);
            defects.append(&mut wrong);
        }
        Ok(())
    }

    fn attachments(&self, subnodes: &Subnodes, inside: Self, defects: &mut Vec<Defect>) -> AttachmentTable {
        let listed = self.attachment_nodes(subnodes).unwrap_or_else(|e| {
            defects.push(Defect::new(DefectKind::Attachment, format!("the table of attachments is lost: {e}")));
            let all = subnodes.all(self.ndb.limits.entities);
            all.iter().map(|node| node.nid).filter(|nid| nid::kind(*nid) == nid::ATTACHMENT).collect()
        });
        AttachmentTable::new(listed, subnodes.clone(), inside)
    }

    /// The attachments in the order of their table's index.
    fn attachment_nodes(&self, subnodes: &Subnodes) -> Result<Vec<u32>> {
        let Some(node) = subnodes.get(nid::ATTACHMENT_TABLE)? else { return Ok(Vec::new()) };
        let table = TableContext::open(&self.ndb, &node)?;
        table.identifiers(self.ndb.limits.entities)
    }
}
