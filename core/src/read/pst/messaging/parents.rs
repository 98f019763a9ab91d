use crate::{error::Result, pst::nid, read::pst::ndb::Ndb};

/// Folders and messages by the folder that they themselves name as theirs, for where a folder's own list is lost.
#[derive(Debug)]
pub(super) struct Parents {
    /// Parent and node, in order.
    nodes: Vec<(u32, u32)>,
    /// Whether there were more than are kept.
    pub(super) is_cut: bool,
    /// Whether damage was known when the nodes were listed: with it more of them are found.
    pub(super) damaged: bool,
}

impl Parents {
    pub(super) fn list(ndb: &Ndb) -> Result<Self> {
        let mut nodes = Vec::new();
        let mut is_cut = false;
        let room = ndb.limits.salvage / 8 / size_of::<(u32, u32)>();
        let damaged = ndb.is_damaged();
        let mut after = None;
        while let Some(node) = ndb.next_node(after)? {
            after = Some(node.nid);
            let kind = nid::kind(node.nid);
            if nodes.len() >= room {
                is_cut = true;
                break;
            }
            if matches!(kind, nid::NORMAL_FOLDER | nid::NORMAL_MESSAGE | nid::ASSOCIATED_MESSAGE) {
                nodes.push((node.parent, node.nid));
            }
        }
        nodes.sort_unstable();
        Ok(Self { nodes, is_cut, damaged })
    }

    /// The nodes of this parent and type with an identifier above `after`, in order.
    pub(super) fn of(&self, parent: u32, kind: u32, after: Option<u32>) -> impl Iterator<Item = u32> {
        let first = self.nodes.partition_point(|node| *node <= (parent, after.unwrap_or(0)));
        let same = self.nodes.iter().skip(first).take_while(move |(other, _)| *other == parent);
        same.map(|(_, nid)| *nid).filter(move |nid| nid::kind(*nid) == kind && *nid != parent)
    }
}
