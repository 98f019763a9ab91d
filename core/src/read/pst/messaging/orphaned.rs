//! Objects whose nodes are lost: what is left of them is their blocks.

use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    mapi::{CodePage, PropertyType, pid},
    pst::nid,
    read::pst::{
        ltp::{PropertyContext, TableContext},
        ndb::{Ndb, Node, Orphans, Subnodes},
    },
};
use std::sync::Arc;

/// How many blocks may lie between an object's data and the list of its subnodes. Outlook writes them one soon after the other.
const REACH: u64 = 64;
/// How near they must be where nothing else tells that they belong together.
const BESIDE: u64 = 8;
/// Comparisons in a small store, and octets of a large one to each: ten times as many as whole stores without nodes need.
const FITS: u64 = 1 << 10;
/// Subnodes that data names and a list is asked for.
const NAMED: usize = 64;
/// Recipients that are compared with the names that the message itself tells.
const COMPARED: u64 = 64;
/// Octets of the names that a message tells.
const NAMES: usize = 1 << 16;
/// Values of PidTagRecipientType ([MS-OXCMSG] 2.2.3.1).
const TO: i64 = 1;
const CC: i64 = 2;
const BCC: i64 = 3;
/// Bits of PidTagMessageFlags ([MS-OXCMSG] 2.2.1.6).
const HAS_ATTACHMENTS: i64 = 0x10;
const ASSOCIATED: i64 = 0x40;

/// Messages that no node leads to, in the order in which they were written.
#[derive(Debug)]
pub(super) struct Orphaned {
    ndb: Arc<Ndb>,
    orphans: Orphans,
    code_page: CodePage,
    after: Option<u64>,
    /// How often data and lists may still be compared: no more often than there is room for either, lest crowds of them take for ever.
    fits_left: u64,
}

impl Orphaned {
    pub(super) fn new(ndb: &Arc<Ndb>, code_page: CodePage) -> Result<Self> {
        let fits_left = FITS + ndb.len() / FITS;
        Ok(Self { ndb: ndb.clone(), orphans: ndb.orphans()?, code_page, after: None, fits_left })
    }

    /// The next message as a node without a name, and what is to be told of it.
    pub(super) fn next_message(&mut self, hidden: bool) -> Result<Option<(Node, Vec<Defect>)>> {
        while let Some(bid) = self.orphans.data_after(self.after) {
            self.after = Some(bid);
            let Some(message) = self.message(bid)? else { continue };
            if flags(&message) & ASSOCIATED != 0 && !hidden {
                continue;
            }
            let subnodes = self.subnodes_of(bid, &message)?;
            let what = "this message is no longer listed in the store: it was recovered from its data";
            let mut defects = vec![Defect::new(DefectKind::Structure, what)];
            if subnodes.is_none() {
                let what = "its recipients and attachments cannot be distinguished from those of other messages, and are left out";
                defects.push(Defect::new(DefectKind::Attachment, what));
            }
            return Ok(Some((node(bid, subnodes), defects)));
        }
        Ok(None)
    }

    /// The map of named properties ([MS-PST] 2.4.7): streams of octets under the identifiers 2 to 4, and buckets from 0x1000 on.
    pub(super) fn names(&mut self) -> Result<Option<Node>> {
        let mut before = None;
        while let Some(bid) = self.orphans.data_before(before) {
            before = Some(bid);
            let Some(context) = self.properties(bid)? else { continue };
            let streams = context.types().filter(|(id, _)| matches!(id, 2..=4)).count();
            let all_binary = context.types().all(|(id, kind)| match id {
                1 => kind == Some(PropertyType::Integer32),
                2..=4 | 0x1000.. => kind == Some(PropertyType::Binary),
                _ => true,
            });
            if streams == 3 && all_binary {
                return Ok(Some(node(bid, self.subnodes_of(bid, &context)?)));
            }
        }
        Ok(None)
    }

    fn properties(&self, bid: u64) -> Result<Option<PropertyContext>> {
        match PropertyContext::open(&self.ndb, &node(bid, None)) {
            Ok(context) => Ok(Some(context)),
            Err(e) if e.is_fatal() => Err(e),
            Err(_) => Ok(None),
        }
    }

    fn message(&self, bid: u64) -> Result<Option<PropertyContext>> {
        let is_message = |context: &PropertyContext| {
            let mut types = context.types();
            types.any(|(id, kind)| {
                id == pid::MESSAGE_CLASS && matches!(kind, Some(PropertyType::String | PropertyType::String8))
            })
        };
        Ok(self.properties(bid)?.filter(is_message))
    }

    /// The list of subnodes that must be that of this data: nearest to it of all that fit, and to no other that it fits nearer.
    fn subnodes_of(&mut self, bid: u64, context: &PropertyContext) -> Result<Option<u64>> {
        let mut lists: Vec<(u64, u64)> =
            self.orphans.subnodes_near(bid, REACH).iter().map(|list| (Orphans::distance(bid, *list), *list)).collect();
        lists.sort_unstable();
        let mut nearest: Option<(u64, Fit, u64)> = None;
        for (distance, list) in lists {
            if nearest.is_some_and(|(least, ..)| distance > least) {
                break;
            }
            let Some(fit) = self.fit(context, list) else { continue };
            if nearest.replace((distance, fit, list)).is_some() {
                return Ok(None);
            }
        }
        let Some((distance, fit, list)) = nearest else { return Ok(None) };
        if distance > BESIDE && fit != Fit::ByNames {
            return Ok(None);
        }
        let others: Vec<u64> = self.orphans.data_near(list, distance).to_vec();
        for other in others.into_iter().filter(|other| *other != bid) {
            self.fits_left = self.fits_left.saturating_sub(1);
            if let Some(message) = self.message(other)?
                && self.fit(&message, list).is_some()
            {
                return Ok(None);
            }
        }
        Ok((self.fits_left > 0).then_some(list))
    }

    /// Whether the list can be that of these properties: it has the subnodes that they name, and its recipients are theirs.
    fn fit(&mut self, context: &PropertyContext, list: u64) -> Option<Fit> {
        self.fits_left = self.fits_left.checked_sub(1)?;
        let subnodes = Subnodes::new(&self.ndb, list);
        let has = |nid| subnodes.get(nid).is_ok_and(|node| node.is_some());
        let mut named = context.subnodes().take(NAMED).peekable();
        let has_any = named.peek().is_some() || has(nid::RECIPIENT_TABLE) || has(nid::ATTACHMENT_TABLE);
        let lacks_attachments = flags(context) & HAS_ATTACHMENTS != 0 && !has(nid::ATTACHMENT_TABLE);
        if !has_any || lacks_attachments || !named.all(has) {
            return None;
        }
        match self.has_its_recipients(context, &subnodes) {
            Some(true) => Some(Fit::ByNames),
            Some(false) => None,
            None => Some(Fit::BySubnodes),
        }
    }

    /// Whether the recipients of the list are those that the message tells by name: `None` where neither all are nor none is, or where it
    /// tells none of their type.
    fn has_its_recipients(&self, context: &PropertyContext, subnodes: &Subnodes) -> Option<bool> {
        let shown = |id| context.get(id).ok().flatten()?.text(self.code_page, NAMES).filter(|names| !names.is_empty());
        let shown = [(TO, shown(pid::DISPLAY_TO)), (CC, shown(pid::DISPLAY_CC)), (BCC, shown(pid::DISPLAY_BCC))];
        let table = TableContext::open(&self.ndb, &subnodes.get(nid::RECIPIENT_TABLE).ok()??).ok()?;
        let (mut compared, mut same) = (0, 0);
        for i in 0..table.room().min(COMPARED) {
            let Some(row) = table.row(i).ok()? else { break };
            let kind = table.get(&row, pid::RECIPIENT_TYPE).ok().flatten().and_then(|kind| kind.integer());
            let name =
                table.get(&row, pid::DISPLAY_NAME).ok().flatten().and_then(|name| name.text(self.code_page, NAMES));
            let names = shown.iter().find_map(|(known, names)| names.as_ref().filter(|_| Some(*known) == kind));
            if let (Some(name), Some(names)) = (name, names) {
                compared += 1;
                same += u64::from(names.contains(&name));
            }
        }
        match same {
            _ if compared == 0 => None,
            0 => Some(false),
            _ => (same == compared).then_some(true),
        }
    }
}

/// What tells that a list of subnodes may be that of some properties.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    ByNames,
    BySubnodes,
}

fn node(data: u64, subnodes: Option<u64>) -> Node {
    Node { nid: 0, data, subnodes: subnodes.unwrap_or(0), parent: 0 }
}

fn flags(message: &PropertyContext) -> i64 {
    message.get(pid::MESSAGE_FLAGS).ok().flatten().and_then(|flags| flags.integer()).unwrap_or(0)
}
